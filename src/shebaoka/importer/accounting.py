"""What became of every row of every file, counted in the staging database once the fate of each person is known."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from shebaoka.desk import BatchOutcome, MoveBatch
from shebaoka.importer.files import OddReason
from shebaoka.importer.reasons import Reason
from shebaoka.importer.staging import Staging
from shebaoka.importer.taking import TABLE_OF
from shebaoka.records import FileOutcome, ReasonCount, Refusal

_outcome = msgspec.json.Decoder(BatchOutcome).decode
WAS_UNDONE = "batch_was_undone"


def settle_fates(staging: Staging, batches: Sequence[MoveBatch], years: Iterable[int]) -> None:
    """What became of the batches, and of those who are ready and did not go over; `years` are those carried over."""
    staging.run("create or replace table batch_fate (n integer, carried boolean, undone boolean)")
    staging.run("create or replace table refused_row (source integer, line bigint, reason varchar)")
    staging.put("batch_fate", [(b.n, b.is_carried and not b.is_undone, b.is_undone) for b in batches])
    refused = [
        (*map(int, place.split(".")), f"{ground}||{clause}")
        for b in batches
        if b.outcome and b.is_carried and not b.is_undone
        for place, ground, clause in _outcome(b.outcome).refused
    ]
    staging.put("refused_row", refused)
    staging.run("create or replace table carried_year (year smallint)")
    staging.put("carried_year", [(y,) for y in years])
    # Those who are ready and did not go over after all: refused by the desk, or of a batch that was undone.
    staging.run(f"""
        create or replace table turned as
        select r.source, r.line, r.number, r.fen, r.batch, coalesce(f.reason, '{WAS_UNDONE}||') as reason
        from ready r join batch_fate b on b.n = r.batch
        left join refused_row f on f.source = r.source and f.line = r.line
        where f.reason is not null or b.undone""")
    staging.run("""
        create or replace table rec_turned as
        select r.source, r.line, coalesce(r.fen, 0) as fen, year(r.spent_on) as year, t.batch,
               t.source as account_source, t.line as account_line
        from rec r join turned t on t.number = r.number where r.reason is null""")


_GONE = "case when coalesce(b.carried, false) then {went} when b.undone then 'held_back' else 'waiting' end"
_ITS_ACCOUNT = """
left join (select number, bool_or(there) as there, bool_or(reason is null) as goes, min(source) as source,
                  min(line) as line from acc where number <> '' group by number) a on a.number = t.number
left join ready r on r.number = t.number
left join batch_fate b on b.n = r.batch
left join turned u on u.number = t.number"""
_HELD = "t.reason is not null or a.number is null or not a.goes or u.number is not null"


def _beside(staging: Staging) -> list[str]:
    """The tables of persons, stays and card holders that have rows."""
    return [t for t in ("per", "stay", "held_card") if staging.row(f"select exists (select 1 from {t})")[0]]


def outcomes(staging: Staging) -> Iterator[FileOutcome]:
    """What became of each file's rows."""
    counted: dict[int, dict[str, tuple[int, int]]] = defaultdict(dict)

    def count(statement: str) -> None:
        for source, what, rows, fen in staging.rows(statement):
            before_rows, before_fen = counted[source].get(what, (0, 0))
            counted[source][what] = before_rows + rows, before_fen + fen

    count("""
        select source, case when there then 'already_there' else 'held_back' end, count(*),
               coalesce(sum(fen), 0)::bigint
        from acc where there or reason is not null group by all""")
    count("""
        select source, case when reason is null then 'left' else 'held_back' end, count(*),
               coalesce(sum(fen), 0)::bigint
        from earlier group by all""")
    count("select source, 'held_back', count(*), coalesce(sum(fen), 0)::bigint from turned group by source")
    count(f"""
        select s.source, {_GONE.format(went="'carried_over'")}, sum(s.rows - coalesce(t.rows, 0))::bigint,
               sum(s.fen - coalesce(t.fen, 0))::bigint
        from acc_sum s left join batch_fate b on b.n = s.batch
        left join (select source, batch, count(*) as rows, sum(fen)::bigint as fen from turned group by source, batch) t
          on t.source = s.source and t.batch = s.batch
        group by all""")
    count("select source, 'held_back', count(*), sum(fen)::bigint from rec_held group by source")
    count("select source, 'held_back', count(*), sum(fen)::bigint from rec_turned group by source")
    count("select source, 'already_there', rows, fen from rec_there")
    went = "case when s.year in (select year from carried_year) then 'carried_over' else 'left' end"
    count(f"""
        select s.source, {_GONE.format(went=went)}, sum(s.rows - coalesce(t.rows, 0))::bigint,
               sum(s.fen - coalesce(t.fen, 0))::bigint
        from rec_sum s left join batch_fate b on b.n = s.batch
        left join (select source, batch, year, count(*) as rows, sum(fen)::bigint as fen from rec_turned group by all) t
          on t.source = s.source and t.batch = s.batch and t.year = s.year
        group by all""")
    for table in _beside(staging):
        count(f"""
            select t.source, case when {_HELD} then 'held_back' when a.there then 'already_there'
                       else {_GONE.format(went="'carried_over'")} end, count(*), 0
            from {table} t {_ITS_ACCOUNT} group by all""")
    count("select source, what, count(*), 0 from photo_fate group by all")
    for n, name, kind, rows, encoding, digest, size in staging.rows(
        "select n, name, kind, rows, encoding, digest, bytes from source order by n"
    ):
        of = counted[n]
        fields = {f"{what}{suffix}": of.get(what, (0, 0))[i] for what in _WHAT for i, suffix in ((0, ""), (1, "_fen"))}
        money = sum(fen for _, fen in of.values())
        yield FileOutcome(
            name=name, kind=kind, digest=digest, encoding=encoding, bytes=size, rows=rows, sum_fen=money, **fields
        )


def waiting(staging: Staging) -> Iterator[FileOutcome]:
    """Each file before its rows are matched: all of them wait."""
    checked = staging.said("check") is not None
    for n, name, kind, rows, encoding, digest, size in staging.rows(
        "select n, name, kind, rows, encoding, digest, bytes from source order by n"
    ):
        fen = 0
        if checked and kind in ("accounts", "records"):
            (fen,) = staging.row(f"select coalesce(sum(fen), 0)::bigint from {TABLE_OF[kind]} where source = ?", [n])
        yield FileOutcome(
            name=name, kind=kind, digest=digest, encoding=encoding, bytes=size, rows=rows, waiting=rows, sum_fen=fen,
            waiting_fen=fen,
        )  # fmt: skip


_WHAT = ("carried_over", "already_there", "held_back", "left", "waiting")


def put_held(staging: Staging) -> None:
    """Every row that is held back, in `held`: its reason as the checks name it, a sentence of its own, and its fen."""
    statements = [
        "select source, line, reason, coalesce(fen, 0) from acc where reason is not null",
        "select source, line, reason, coalesce(fen, 0) from earlier where reason is not null",
        "select source, line, reason, fen from turned",
        "select source, line, reason, fen from rec_held",
        "select source, line, reason, 0 from photo_fate where what = 'held_back'",
        f"""select t.source, t.line, '{Reason.ACCOUNT_IS_HELD_BACK}|' || s.name || '|' || t.account_line, t.fen
            from rec_turned t join source s on s.n = t.account_source""",
    ]
    statements += [
        f"""
            select t.source, t.line, coalesce(t.reason, case when a.number is null
                       then '{Reason.RECORD_HAS_NO_ACCOUNT}|' || s.number_column || '|'
                       else '{Reason.ACCOUNT_IS_HELD_BACK}|' || coalesce(w.name, '') || '|' || coalesce(a.line, 0)
                       end), 0
            from {table} t join source s on s.n = t.source {_ITS_ACCOUNT}
            left join source w on w.n = a.source
            where {_HELD}"""
        for table in _beside(staging)
    ]
    staging.run(f"""
        create or replace table held as
        select h.source, h.line, h.reason, coalesce(o.sentence, '') as sentence, h.fen
        from ({" union all ".join(statements)}) as h (source, line, reason, fen)
        left join (select source, line, sentence from odd where reason <> ''
                   union all select source, line, sentence from photo where sentence <> '') as o
          on o.source = h.source and o.line = h.line
        order by h.source, h.line""")


def refused(staging: Staging) -> list[str]:
    """The numbers of those whom the desk refused."""
    return [
        number
        for (number,) in staging.rows("""
        select r.number from ready r join refused_row f on f.source = r.source and f.line = r.line""")
    ]


def by_what_is_on_file(reason: str) -> bool:
    """Whether a row is held back by what was on file, or by the desk, and not by anything that stands in the files."""
    of_files = {*Reason, *OddReason, Refusal.IDENTITY_NUMBER_IS_NOT_VALID, Refusal.BIRTH_DATE_IS_IN_THE_FUTURE}
    return reason in (Reason.NAME_DIFFERS_FROM_FILE, Reason.CARRIED_OVER_OTHERWISE) or reason not in of_files


def reasons(staging: Staging) -> tuple[ReasonCount, ...]:
    """How many rows of each file are held back for each reason, the most first; `held` says which."""
    return tuple(
        ReasonCount(name, reason, rows, fen)
        for name, reason, rows, fen in staging.rows("""
            select s.name, split_part(reason, '|', 1) as code, count(*) as rows, sum(fen)::bigint
            from held h join source s on s.n = h.source
            group by h.source, s.name, code order by h.source, rows desc, code""")
    )


def turned(staging: Staging) -> str:
    """A digest of the rows that are held back for what became of the run, and not for what stands in them."""
    return str(
        staging.row("""
            select count(*), bit_xor(hash(source, line, reason)) from (
                select source, line, reason from turned
                union all select source, line, reason from photo_fate where what = 'held_back')""")
    )


def unstated(files: Iterable[FileOutcome]) -> Iterator[tuple[str, int]]:
    """That nobody stated the totals of some files with money."""
    found = {f.name for f in files if f.kind in ("accounts", "records") and f.stated_rows is None}
    if found:
        yield (
            "files have no control totals, so that nobody can tell whether they are whole; ask the old system's keepers"
            " for them",
            len(found),
        )


def warnings(staging: Staging) -> list[tuple[str, int]]:
    """What is odd and was taken in all the same."""
    found = []
    (completed,) = staging.row("select count(*) from acc where completed and reason is null")
    if completed:
        found.append(("15-digit numbers were completed to 18 digits; compare them with the identity cards", completed))
    (renamed,) = staging.row("select count(*) from acc where renamed and reason is null")
    if renamed:
        found.append(
            (
                "names differ from those on file only by the kind of middle dot or a character that the old system "
                "lacked; those on file were kept",
                renamed,
            )
        )
    if twice := _in_two_files(staging):
        found.append(
            (
                "records stand alike in two files and count twice; if the files overlap, undo the run and take one of "
                "them out",
                twice,
            )
        )
    return found


def _in_two_files(staging: Staging) -> int:
    """How many records say the same of the same person in more than one file. Within one file that is two purchases."""
    spans = staging.rows(
        "select min(spent_on), max(spent_on) from rec where reason is null group by source order by 1, 2"
    )
    if all(last < first for (_, last), (first, _) in pairwise(spans)):
        return 0
    (twice,) = staging.row("""
        select count(*) from (
            select number, piece from rec
            where reason is null
              and number in (
                  select number from rec where reason is null group by number having min(source) < max(source))
            group by number, piece having min(source) < max(source))""")
    return int(twice)
