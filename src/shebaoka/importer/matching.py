"""Matching, as SQL for the staging database: files with each other, rows with their twins, people with what is on file.

The checks have left a table for each kind of source: `acc`, `per`, `rec`, `stay` and `held_card`, each row with its
`source`, its `line` and a `reason` where it is held back. Matching gives the rows that do not fit a reason too, and
ends with `ready`: everybody who goes over, with their records a year in one text, in batches, in the order of numbers.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from shebaoka.importer.checks import DOTS, quoted
from shebaoka.importer.reasons import Reason
from shebaoka.importer.specs import SourceSpec
from shebaoka.importer.staging import Staging
from shebaoka.records import Refusal

BATCH = 2000
"""How many people a batch has: one transaction, and what is undone at once at the least."""
TWINS_TOLD = 5
"""Of so many rows about the same person the places are told."""
CHUNK = 200_000
"""How many people's records are put together at once: it bounds the memory that takes."""
LOST_DIGITS = r"regexp_full_match(r.number, '[0-9]+(\.[0-9]+)?E\+?[0-9]+|[0-9]{15}000')"
"""A number that a spreadsheet has rounded."""
_IS_SOMEBODY = f"""number <> '' and coalesce(split_part(reason, '|', 1) not in
    ('{Refusal.IDENTITY_NUMBER_IS_NOT_VALID}', '{Refusal.BIRTH_DATE_IS_IN_THE_FUTURE}',
     '{Reason.NUMBER_LOST_ITS_DIGITS}', '{Reason.FULL_WIDTH_CHARACTERS}'), true)"""
"""Whether a row of accounts names a person by a number that can be somebody's."""
_spec = msgspec.json.Decoder(SourceSpec).decode
PLACEHOLDERS = "?？〓□■�"
"""What an old system wrote in place of a rare character that it lacked."""


def match(staging: Staging, year: int, names: dict[int, str], *, known: bool = False) -> None:
    """Every row with the others. `year` is the cut-over's; `known` people were read, by `read_known`."""
    for table in ("per", "acc"):
        with staging.in_any_order():
            staging.run(f"""
                create or replace table {table} as
                select *, false as known, false as there, false as renamed from {table}_in""")
    resolve(staging)
    leave_earlier_years(staging)
    for table in ("per", "acc", "stay", "held_card"):
        hold_twins(staging, table, names)
    join_persons(staging, names)
    hold_shared_cards(staging, names)
    hold_with_records(staging, names)
    if known:
        match_known(staging, year)
    match_records(staging, names)
    _prepare_ready(staging)


def resolve(staging: Staging) -> None:
    """Rows that name their person by the old system's own id get the social security number of that id."""
    tables = [
        table
        for table in ("acc", "rec", "stay", "held_card")
        if staging.row(f"select exists (select 1 from {table} where number is null and personal_id is not null)")[0]
    ]
    if not tables:
        return
    staging.run("""
        create or replace temp table link as
        select personal_id, min(number) as number, count(distinct number) as people from (
            select personal_id, number from per union all select personal_id, number from acc)
        where personal_id <> '' and number <> '' group by personal_id""")
    for table in tables:
        staging.run(f"""
            update {table} set number = link.number from link
            where {table}.number is null and {table}.personal_id = link.personal_id and people = 1""")
        staging.run(f"""
            update {table} set reason = case when personal_id in (select personal_id from link)
                then '{Reason.PERSONAL_ID_STANDS_FOR_TWO}|' else '{Reason.PERSON_IS_IN_NO_ROW}|' end
                || {_column(staging, f"{table}.source", "personal_id")} || '|'
            where number is null and reason is null""")


def leave_earlier_years(staging: Staging) -> None:
    """Where somebody has a row of accounts for several years the latest is the account; the others stay behind (1.2).

    Sound or not, they have no part in the account: a faulty one is held back by itself.
    """
    staging.run(
        "create or replace table earlier (source integer, line bigint, number varchar, fen bigint, reason varchar)"
    )
    if not staging.row("select coalesce(min(year) <> max(year), false) from acc")[0]:
        return
    staging.run("""
        insert into earlier
        select source, line, number, fen, reason from acc
        join (select number, max(year) as latest from acc where number <> '' group by number) using (number)
        where year < latest""")
    staging.run("delete from acc where (source, line) in (select (source, line) from earlier)")


def hold_twins(staging: Staging, table: str, names: dict[int, str]) -> None:
    """Of rows about one person that say the same the first stands; of rows that contradict each other none does."""
    staging.run(f"""
        create or replace temp table twins as
        select number, count(distinct content) as contents,
               list(struct_pack(source := source, line := line) order by source, line)[1:{TWINS_TOLD + 1}] as places
        from {table}
        where number in (select number from {table} where number <> '' group by number having count(*) > 1)
        group by number""")
    if not staging.row("select count(*) from twins")[0]:
        return
    place = f"""place.line || case when place.source <> {table}.source
        then ' of ' || {_file("place.source", names)} else '' end"""
    staging.run(f"""
        update {table} set reason = coalesce(reason, case
            when contents > 1 then '{Reason.CONFLICTING_DUPLICATE}||' || array_to_string(list_transform(list_filter(
                places, lambda place: place.source <> {table}.source or place.line <> {table}.line)[1:{TWINS_TOLD}],
                lambda place: {place}), ', ')
            when places[1].source <> {table}.source or places[1].line <> {table}.line
            then '{Reason.DUPLICATE_ROW}||' || list_transform(places[1:1], lambda place: {place})[1] end)
        from twins where {table}.number = twins.number""")


def join_persons(staging: Staging, names: dict[int, str]) -> None:
    """What the accounts do not say of a person comes from the persons, the card holders and the open stays."""
    _join(staging, names, "per", {"name": "name", "insured_on": "insured_on", "region": "region"})
    staging.run(f"""
        update acc set reason = '{Reason.PERSON_IS_IN_NO_ROW}|' || {_number_column("acc.source")} || '|'
        where reason is null and (name is null or insured_on is null or region is null)""")
    _join(staging, names, "held_card", {"old_card_number": "old_card_number"})
    staging.run(f"""
        update acc set reason = '{Reason.OLD_CARD_IS_IN_NO_ROW}|' || {_number_column("acc.source")} || '|'
        where reason is null and old_card_number is null""")
    _join(staging, names, "stay", {"in_hospital_since": "admitted_on"}, contradicts="acc.in_hospital = false")
    staging.run(f"""
        update acc set reason = '{Reason.STAY_HAS_NO_DAY}|'
            || {_column(staging, "acc.source", "hospital_status")} || '|'
        where reason is null and in_hospital and in_hospital_since is null""")


def _join(
    staging: Staging, names: dict[int, str], table: str, same: dict[str, str], contradicts: str = "false"
) -> None:
    """Accounts get the values of another table's row about the same person, and must not have others already."""
    if not staging.row(f"select exists (select 1 from {table})")[0]:
        return
    differ = " or ".join(f"acc.{ours} <> t.{theirs}" for ours, theirs in same.items())
    staging.run(f"""
        update acc set {", ".join(f"{ours} = coalesce(acc.{ours}, t.{theirs})" for ours, theirs in same.items())},
            reason = coalesce(acc.reason, case
                when t.reason is not null
                then '{Reason.ROW_OF_PERSON_IS_HELD_BACK}|' || {_file("t.source", names)} || '|' || t.line
                when {differ} or {contradicts}
                then '{Reason.CONFLICTING_DUPLICATE}||' || t.line || ' of ' || {_file("t.source", names)} end)
        from (select * from {table} qualify row_number() over (
            partition by number order by reason is not null, source, line) = 1) as t
        where acc.number = t.number""")


def hold_shared_cards(staging: Staging, names: dict[int, str]) -> None:
    """An old card is one person's: nobody can tell whose a card is that stands with two of them, held back or not."""
    staging.run(f"""
        create or replace temp table shared as
        select old_card_number,
               list(struct_pack(source := source, line := line, number := number) order by source, line) as places
        from acc
        where {_IS_SOMEBODY} and old_card_number in (
            select old_card_number from acc where {_IS_SOMEBODY}
            group by old_card_number having min(number) <> max(number))
        group by old_card_number""")
    if not staging.row("select count(*) from shared")[0]:
        return
    staging.run(f"""
        update acc set reason = '{Reason.OLD_CARD_STANDS_TWICE}|'
            || coalesce({_column(staging, "acc.source", "old_card_number")}, {quoted("old_card_number")}) || '|'
            || list_transform(list_filter(places, lambda place: place.number <> acc.number)[1:1],
                lambda place: place.line || case when place.source <> acc.source
                    then ' of ' || {_file("place.source", names)} else '' end)[1]
        from shared where reason is null and acc.old_card_number = shared.old_card_number""")


def _column(staging: Staging, source: str, field: str) -> str:
    """The name of the column that a field has in a source, as an expression; null where it has none."""
    specs = [(n, _spec(spec)) for n, spec in staging.rows("select n, spec from source")]
    whens = "".join(
        f" when {n} then {quoted(spec.columns[field].column or field)}" for n, spec in specs if field in spec.columns
    )
    return f"case {source}{whens} end" if whens else "null"


def _file(source: str, names: dict[int, str]) -> str:
    """The name of a source's file, as an expression."""
    whens = " ".join(f"when {n} then {quoted(name)}" for n, name in names.items())
    return f"case {source} {whens} end"


def read_known(staging: Staging, path: Path) -> None:
    """Everybody on file, from a CSV file."""
    staging.run(f"""
        create or replace table known as
        select number, name, case when carried then opening end as opening_fen, card, records, records_fen
        from read_csv({quoted(str(path))}, header = false, auto_detect = false, delim = ',', quote = '"', escape = '"',
            nullstr = '', columns = {{number: 'varchar', name: 'varchar', carried: 'boolean', opening: 'bigint',
            card: 'varchar', records: 'bigint', records_fen: 'bigint'}})""")


def match_known(staging: Staging, year: int) -> None:
    """People who are on file: the same account is there already, another one is held back, no account goes over.

    `known` has everybody on file whose number stands in the accounts, with the account that was carried over.
    """
    staging.run("delete from known where number not in (select number from acc where number is not null)")
    bare = f"regexp_replace(translate(%s, '{DOTS}', '{'·' * len(DOTS)}'), '[{PLACEHOLDERS}]', '?', 'g')"
    a, k = bare % "acc.name", bare % "known.name"
    pattern = "'^' || replace(regexp_escape({}), '\\?', '.') || '$'"
    alike = f"""({a} = {k}
        or regexp_matches({k}, {pattern.format(a)}) or regexp_matches({a}, {pattern.format(k)}))"""
    staging.run(f"""
        update acc set known = true, there = known.opening_fen is not null and acc.fen = known.opening_fen
                and acc.old_card_number = known.card,
            renamed = acc.name <> known.name,
            reason = case
                when known.opening_fen is not null and acc.fen = known.opening_fen and acc.old_card_number = known.card
                    and (known.records, known.records_fen) <> (coalesce(f.n_all, 0), coalesce(f.fen_all, 0))
                    and (known.records, known.records_fen) <> (coalesce(f.n_year, 0), coalesce(f.fen_year, 0))
                then '{Reason.CARRIED_OVER_OTHERWISE}||count or sum of records'
                when known.opening_fen is not null and acc.fen <> known.opening_fen
                then '{Reason.CARRIED_OVER_OTHERWISE}||balance'
                when known.opening_fen is not null and acc.old_card_number <> known.card
                then '{Reason.CARRIED_OVER_OTHERWISE}||card number'
                when not {alike} then '{Reason.NAME_DIFFERS_FROM_FILE}||' end
        from known left join (
            select number, count(*) as n_all, sum(fen)::bigint as fen_all,
                   count(*) filter (year(spent_on) = {year}) as n_year,
                   (sum(fen) filter (year(spent_on) = {year}))::bigint as fen_year
            from rec where reason is null and number in (select number from known) group by number) f
          on f.number = known.number
        where acc.number = known.number and acc.reason is null""")
    staging.run("update acc set there = false where reason is not null")


def hold_with_records(staging: Staging, names: dict[int, str]) -> None:
    """A record that cannot be read keeps the account back that it names, by number or by the old system's own id."""
    record_file = _file("r.source", names)
    _hold_rows_of_two_people(staging)
    for key in ("number", "personal_id"):
        staging.run(f"""
            update acc set reason = '{Reason.OLD_RECORD_CANNOT_BE_READ}|' || r.file || '|' || r.line
            from (select {key}, arg_min({record_file}, line) as file, min(line) as line
                  from rec r where reason is not null and {key} <> '' group by {key}) as r
            where acc.{key} = r.{key} and acc.reason is null""")


def match_records(staging: Staging, names: dict[int, str]) -> None:
    """Records follow their accounts, and a held account's are held with it."""
    # Sound records of somebody without a sound account are held back with it, or have none at all.
    staging.run(f"""
        create or replace table rec_held as
        select r.source, r.line, r.number, coalesce(r.fen, 0) as fen, coalesce(r.reason, case
            when w.number is null and ({LOST_DIGITS})
            then '{Reason.NUMBER_LOST_ITS_DIGITS}|' || {_number_column("r.source")} || '|'
            when w.number is null then '{Reason.RECORD_HAS_NO_ACCOUNT}|' || {_number_column("r.source")} || '|'
            else '{Reason.ACCOUNT_IS_HELD_BACK}|' || {_file("w.source", names)} || '|' || w.line end) as reason
        from (select * from rec where reason is not null or number is null
                  or number not in (select number from acc where reason is null)) as r
        left join (select number, arg_min(source, (source, line)) as source, arg_min(line, (source, line)) as line
                   from acc where reason is not null and number <> '' group by number) as w on w.number = r.number""")
    staging.run("""
        create or replace table rec_there as
        select source, count(*) as rows, sum(fen)::bigint as fen from rec
        where reason is null and number in (select number from acc where there) group by source""")


def _hold_rows_of_two_people(staging: Staging) -> None:
    """Records whose number and personal id are not of one person, as the accounts have both; both accounts wait.

    So does an account whose personal id stands beside a number that is nobody's: it was mistyped, and who can tell.
    """
    staging.run(f"""
        create or replace temp table of_two as
        with apart as (
            select r.source, r.line, r.number, r.personal_id, r.reason, a.number as whose
            from rec r left join acc a on a.number = r.number
            where r.personal_id <> ''
              and (a.number is null or (a.personal_id <> '' and a.personal_id <> r.personal_id)))
        select source, line, number, personal_id from apart
        where (whose is not null and (reason is null or reason like '{Reason.ROW_IS_OF_TWO_PEOPLE}|%'))
           or (whose is null and reason is null and number <> ''
               and personal_id in (select personal_id from acc where personal_id <> ''))""")
    if not staging.row("select count(*) from of_two")[0]:
        return
    staging.run(f"""
        update rec set reason = '{Reason.ROW_IS_OF_TWO_PEOPLE}|'
            || {_column(staging, "rec.source", "personal_id")} || '|'
        where reason is null and (source, line) in (select (source, line) from of_two)""")
    staging.run(f"""
        update acc set reason = '{Reason.OLD_RECORD_CANNOT_BE_READ}|' || s.name || '|' || t.line
        from (select personal_id, arg_min(source, line) as source, min(line) as line from of_two group by personal_id) t
        join source s on s.n = t.source
        where acc.personal_id = t.personal_id and acc.reason is null""")


def _number_column(source: str) -> str:
    """The name of the column by which a record names its person."""
    return f"(select number_column from source where source.n = {source})"


def _prepare_ready(staging: Staging) -> None:
    """Nobody is ready yet."""
    text = "varchar using compression uncompressed"
    staging.run(f"""
        create or replace table ready (
            batch integer, place bigint, known boolean, source integer, line bigint, number {text}, name {text},
            region {text}, insured_on date, old_card_number {text}, in_hospital_since date, fen bigint,
            years smallint[], counts integer[], totals bigint[], accounts bigint[],
            bodies varchar[] using compression uncompressed)""")


def make_ready(staging: Staging) -> Iterator[int]:
    """Put everybody who goes over into `ready`, by chunks; says how many are in it."""
    staging.run("""
        create or replace table going as
        select source, line, number, name, region, insured_on, old_card_number, in_hospital_since, fen, known,
               row_number() over (partition by known order by number) - 1 as place
        from acc where reason is null and not there""")
    fresh = staging.row("select count(*) from going where not known")[0]
    first_known = -(-fresh // BATCH)
    years = [y for (y,) in staging.rows("select distinct year(spent_on) from rec where reason is null order by 1")]
    put = 0
    for known, first_batch in ((False, 1), (True, 1 + first_known)):
        people = staging.row("select count(*) from going where known = ?", [known])[0]
        for start in range(0, people, CHUNK):
            _put_chunk(staging, known, first_batch, start, years)
            put += min(CHUNK, people - start)
            yield put
    staging.run("drop table going")
    _sum_ready(staging)


def _sum_ready(staging: Staging) -> None:
    """Rows and money of `ready` by batch: of the accounts, and of the records by year."""
    staging.run("""
        create or replace table acc_sum as
        select source, batch, count(*) as rows, sum(fen)::bigint as fen from ready group by source, batch""")
    sources = staging.rows("select n from source where kind = 'records'")
    if len(sources) == 1:
        staging.run(f"""
            create or replace table rec_sum as
            select {sources[0][0]} as source, batch, year, sum(n)::bigint as rows, sum(fen)::bigint as fen
            from (select batch, unnest(years) as year, unnest(counts) as n, unnest(accounts) as fen from ready)
            group by batch, year""")
    else:
        staging.run("""
            create or replace table rec_sum as
            select r.source, batch, year(spent_on) as year, count(*) as rows, sum(r.fen)::bigint as fen
            from rec r join ready on ready.number = r.number where r.reason is null
            group by r.source, batch, year(spent_on)""")


def _put_chunk(staging: Staging, known: bool, first_batch: int, start: int, years: Sequence[int]) -> None:
    """A chunk of people with their records of all years; the records are looked up by the range of numbers."""
    values = [known, start, start + CHUNK]
    low, high = staging.row(
        "select min(number), max(number) from going where known = ? and place >= ? and place < ?", values
    )
    # A join a year is quicker than to gather each person's years into a list and to take that apart by columns.
    joins = "".join(
        f" left join (from by_year where year = {y}) as y{n} on y{n}.number = p.number" for n, y in enumerate(years)
    )
    columns = ", ".join(
        f"list_filter([{', '.join(f'y{n}.{column}' for n in range(len(years)))}], lambda v: v is not null)"
        for column in ("year", "n", "total", "account", "body")
    )
    staging.run(
        f"""
        insert into ready
        with people as (select * from going where known = $known and place >= $start and place < $end),
        by_year as materialized (
            select number, year(spent_on)::smallint as year, count(*)::integer as n, sum(total_fen)::bigint as total,
                   sum(fen)::bigint as account, '[' || array_to_string(list_sort(list(piece)), ',') || ']' as body
            from rec where number >= $low and number <= $high and reason is null group by number, year)
        select {first_batch} + place // {BATCH}, place, known, source, line, p.number, name, region, insured_on,
               old_card_number, in_hospital_since, fen, {columns if years else "null, null, null, null, null"}
        from people p{joins} order by place""",
        {"known": known, "start": start, "end": start + CHUNK, "low": low, "high": high},
    )
