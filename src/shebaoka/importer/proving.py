"""The proof: what the old system has of each person beside what is on file here, by the staging database.

The new side comes from the entries themselves, batch by batch, as CSV; the checksum is over those very lines. The old
side is `ready`: what was taken in of the files, or what a second reading of them gives.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from shebaoka.desk import MoveBatch, Moving
from shebaoka.importer.checks import quoted
from shebaoka.importer.staging import Staging
from shebaoka.records import Proof

BATCHES_AT_ONCE = 20
DIFFERENCES_TOLD = 20
COMPARED = (
    "people",
    "opening_money",
    "card_number",
    "records_count",
    "records_sum",
    "records_digest",
    "control_totals",
)
"""What is compared; the report says it in words."""
# Of a chunk of batches: `new_side` has a line for each person and year. Which years came along is what is on file; of
# those years everybody's records must be there.
_COMPARE = """
insert into proved
with carried_year as (select distinct year from new_side where year is not null),
old_people as (
    select source, line, number, region, fen, old_card_number as card, years, counts, totals, accounts, bodies
    from ready where {of_chunk} and number not in (select number from refused)),
old_year as (
    select * from (select number, unnest(years) as year, unnest(counts) as records, unnest(totals) as total,
                          unnest(accounts) as account, unnest(bodies) as body from old_people)
    where year in (select year from carried_year)),
by_year as (
    select coalesce(o.number, n.number) as number, count(o.year) as old_years, count(n.year) as new_years,
           sum(o.records) as old_records, sum(o.account) as old_fen,
           sum(n.records) as new_records, sum(n.account) as new_fen,
           bool_and(o.records = n.records and o.total = n.total and o.account = n.account and o.body = n.body) as same
    from old_year o full join (from new_side where year is not null) n on n.number = o.number and n.year = o.year
    group by all),
new_people as (select number, min(opening) as fen, min(card) as card from new_side group by number)
select o.source, o.line, o.region, o.fen, y.old_records, y.old_fen, n.fen, y.new_records, y.new_fen,
       case when n.number is null then 'the person is not on file'
            when o.number is null then 'the person is on file by this run, and not in the files'
            when o.fen is distinct from n.fen then 'the balance is not the opening entry'
            when o.card is distinct from n.card then 'the card''s number is another'
            when y.old_years <> y.new_years then 'records of a year are missing'
            when not y.same then 'the records are not those of the file' end
from old_people o full join new_people n on n.number = o.number
left join by_year y on y.number = coalesce(o.number, n.number)"""


_BY_BATCH = "batch >= list_min($batches) and batch <= list_max($batches) and list_contains($batches, batch)"
_BY_NUMBER = "number in (select number from new_side)"


def compare(
    staging: Staging,
    moving: Moving,
    batches: Sequence[MoveBatch],
    refused: Iterable[str],
    told: Callable[[int], None],
    *,
    by_number: bool = False,
) -> str:
    """Compare everybody of the batches, a row each in `proved`; the checksum over what is on file of them.

    `refused` are the numbers that the desk refused. `told` hears how many people are compared. `by_number`: the old
    side was read again and does not know the batches; then whoever is missing is not noticed here, but by counting.
    """
    statement = _COMPARE.replace("{of_chunk}", _BY_NUMBER if by_number else _BY_BATCH)
    staging.run("""
        create or replace table proved (source integer, line bigint, region varchar, fen bigint, records bigint,
            records_fen bigint, new_fen bigint, new_records bigint, new_records_fen bigint, what varchar)""")
    staging.run("create or replace temp table refused (number varchar)")
    staging.put("refused", [(number,) for number in refused])
    digest, people = hashlib.sha256(), 0
    chunks = [batches[n : n + BATCHES_AT_ONCE] for n in range(0, len(batches), BATCHES_AT_ONCE)]
    paths = [staging.path.with_name(f"new_side_{n}.tsv") for n in (0, 1)]

    def fetch(n: int) -> None:
        """What is on file of a chunk, into one of two files, while the other is compared."""
        with paths[n % 2].open("wb") as file:
            paths[n % 2].chmod(0o600)
            for batch in chunks[n]:
                lines = moving.carried_by(batch)
                digest.update(lines)
                file.write(lines)

    try:
        with ThreadPoolExecutor(1) as threads:
            fetched = threads.submit(fetch, 0) if chunks else None
            for n, chunk in enumerate(chunks):
                if fetched is not None:
                    fetched.result()
                fetched = threads.submit(fetch, n + 1) if n + 1 < len(chunks) else None
                _read(staging, paths[n % 2])
                staging.run(statement, {} if by_number else {"batches": [b.n for b in chunk]})
                people += sum(b.people for b in chunk)
                told(people)
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
        staging.run("drop table if exists new_side")
    return digest.hexdigest()


def _read(staging: Staging, path: Path) -> None:
    """What is on file of a chunk."""
    staging.run(f"""
        create or replace temp table new_side as
        select * from read_csv({quoted(str(path))}, header = false, auto_detect = false, delim = '\t', quote = '',
            escape = '', null_padding = true, max_line_size = 16777216, columns = {{
            number: 'varchar', opening: 'bigint',
            card: 'varchar', year: 'smallint', records: 'integer', total: 'bigint', account: 'bigint',
            body: 'varchar'}})""")


def proof(
    staging: Staging, batches: Sequence[MoveBatch], *, at: dt.datetime, by: str, source: str, checksum: str
) -> Proof:
    """What the comparison of everybody came to, beside what the batches counted when they were carried over."""
    people, old, new, old_n, new_n, old_fen, new_fen, differing = staging.row("""
        select count(new_fen), coalesce(sum(fen), 0)::bigint, coalesce(sum(new_fen), 0)::bigint,
               coalesce(sum(records), 0)::bigint, coalesce(sum(new_records), 0)::bigint,
               coalesce(sum(records_fen), 0)::bigint, coalesce(sum(new_records_fen), 0)::bigint, count(what)
        from proved""")
    told = staging.rows(
        """select what, count(*), min(line) from proved where what is not null
           group by what order by count(*) desc, what limit ?""",
        [DIFFERENCES_TOLD],
    )
    counted = sum(b.records_carried for b in batches)
    lost = [f"the batches carried {counted} records over, and {new_n} are on file"] if counted != new_n else []
    differing += len(lost)
    return Proof(
        at=at,
        by=by,
        source=source,
        people=people,
        old_opening_fen=old,
        new_opening_fen=new,
        old_records=old_n,
        new_records=new_n,
        old_records_fen=old_fen,
        new_records_fen=new_fen,
        differing=differing,
        differences=(
            *lost,
            *(f"{what}: {n}" + (f", the first in line {line}" if line else "") for what, n, line in told),
        ),
        checksum=checksum,
        compared=COMPARED,
        proved=differing == 0,
    )


def by_county(staging: Staging) -> list[tuple[Any, ...]]:
    """Region; people, opening, records, their money on the old side; and the same on the new side."""
    return staging.rows("""
        select region, count(*), coalesce(sum(fen), 0)::bigint, coalesce(sum(records), 0)::bigint,
               coalesce(sum(records_fen), 0)::bigint, count(new_fen), coalesce(sum(new_fen), 0)::bigint,
               coalesce(sum(new_records), 0)::bigint, coalesce(sum(new_records_fen), 0)::bigint
        from proved where region is not null group by region order by region""")
