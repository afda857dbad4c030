"""Taking in: the files into the staging database, each row with its values and its faults, and what they count."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from shebaoka.importer.checks import check_cards, check_people, check_records, check_stays, quoted
from shebaoka.importer.control import Total
from shebaoka.importer.files import Odd, Source, digest_of, open_source
from shebaoka.importer.mapping import files_of
from shebaoka.importer.reasons import Reason
from shebaoka.importer.specs import NEEDED_OF_ACCOUNTS_ALONE, Mapping, SourceSpec
from shebaoka.importer.staging import Segment, Staging
from shebaoka.records import BadInput, Refusal

ROUNDED_MIN = 2
HEADER_BYTES_MAX = 1 << 16
TABLE_OF = {"persons": "per_in", "accounts": "acc_in", "records": "rec", "stays": "stay", "cards": "held_card"}
"""Where the rows of each kind are staged. Matching makes `per` and `acc` of the first two."""
SUMMED = ("acc_in", "rec", "per_in")
"""The tables whose faults are counted before anything is matched."""
_NUMBER = re.compile(rb"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
_WHOLE_NUMBER = re.compile("[0-9]{15}|[0-9]{17}[0-9X]")
_PEOPLE = """(source integer, line bigint, number varchar, personal_id varchar, name varchar, insured_on date,
    region varchar, old_card_number varchar, in_hospital_since date, in_hospital boolean, fen bigint, year bigint,
    completed boolean, content ubigint, reason varchar)"""
_TABLES = {
    "per_in": _PEOPLE,
    "acc_in": _PEOPLE,
    "rec": """(source integer, line bigint, number varchar, personal_id varchar, spent_on date, total_fen bigint,
        fen bigint, piece varchar, reason varchar)""",
    "stay": """(source integer, line bigint, number varchar, personal_id varchar, admitted_on date, content ubigint,
        reason varchar)""",
    "held_card": """(source integer, line bigint, number varchar, personal_id varchar, old_card_number varchar,
        content ubigint, reason varchar)""",
}
_COLUMNS = {
    "per_in": "line, number, personal_id, name, insured_on, region, old_card_number, in_hospital_since, "
    "in_hospital, fen, year, completed, content, reason",
    "rec": "line, number, personal_id, spent_on, total_fen, fen, piece, reason",
    "stay": "line, number, personal_id, admitted_on, content, reason",
    "held_card": "line, number, personal_id, old_card_number, content, reason",
}
_COLUMNS["acc_in"] = _COLUMNS["per_in"]


class FoundFile(msgspec.Struct, frozen=True):
    """A file of an export, with the source of the mapping that it is: `n` counts them from 0."""

    n: int
    path: Path
    spec: SourceSpec
    digest: str


def found_files(folder: Path, mapping: Mapping) -> list[FoundFile]:
    """The files that a mapping names, in their order, photos not among them. `BadInput` if one is missing."""
    found: list[FoundFile] = []
    digests: dict[Path, str] = {}
    same: dict[tuple[str, str], Path] = {}
    for spec in mapping.sources:
        if spec.kind == "photos":
            continue
        paths = files_of(folder, mapping, spec)
        if not paths:
            raise BadInput(f"{spec.file} is not in the folder; put the old system's export there.")
        for path in paths:
            digests[path] = digests.get(path) or digest_of(path)
            first = same.setdefault((spec.kind, digests[path]), path)
            if first != path and _has_rows(path):
                raise BadInput(
                    f"{first.name} and {path.name} are the same, byte for byte, and their rows would count twice; take "
                    f"one of them out of the folder."
                )
            found.append(FoundFile(len(found), path, spec, digests[path]))
    _must_be_whole(mapping)
    return found


def found_albums(folder: Path, mapping: Mapping, first: int) -> list[FoundFile]:
    """The folders and zips of photos that a mapping names, counted from `first`. `BadInput` if one is missing."""
    found: list[FoundFile] = []
    for spec in mapping.sources:
        if spec.kind == "photos":
            paths = files_of(folder, mapping, spec)
            if not paths:
                raise BadInput(f"{spec.file} is not in the folder; put the photos there, in a folder or a zip.")
            found += [FoundFile(first + len(found) + n, path, spec, digest_of(path)) for n, path in enumerate(paths)]
    return found


def _has_rows(path: Path) -> bool:
    """Whether a file is more than a header: those of two counties without rows are the same, and no harm."""
    with path.open("rb") as file:
        return len(file.read(HEADER_BYTES_MAX).split()) > 1


def _must_be_whole(mapping: Mapping) -> None:
    """`BadInput` unless some source says each thing that a person's account needs."""
    kinds = {spec.kind for spec in mapping.sources}
    if "accounts" not in kinds:
        raise BadInput(f"The mapping {mapping.name} names no source of the kind accounts; add it.")
    said = {
        field for spec in mapping.sources if spec.kind in ("accounts", "persons", "cards") for field in spec.columns
    }
    for field in (*NEEDED_OF_ACCOUNTS_ALONE, "insured_on", "old_card_number"):
        if field not in said:
            raise BadInput(
                f"The mapping {mapping.name} does not say where {field} stands; name its column, or a constant for it."
            )


def take_in(staging: Staging, file: FoundFile, on: dt.date, told: Callable[[int], None]) -> None:
    """One file into the staging database, unless it is there already; what is there of it in part is taken anew.

    Its rows are checked as they come in: each stands there with its values, and why it is held back. Each segment is
    there at once: what a transaction has written, the database reads with one core.
    """
    step = f"take_in {file.n}"
    if staging.said(step) is not None:
        return
    source = open_source(file.path, file.spec)
    table, columns = TABLE_OF[file.spec.kind], _COLUMNS[TABLE_OF[file.spec.kind]]
    blank = read = 0

    def take(segment: Segment) -> None:
        nonlocal blank, read
        checked, but = _checked(file.spec, on, segment.first_line), ""
        if segment.odd:
            _keep_odd(staging, file, source, segment.odd)
            but = f" where line not in (select line from odd where source = {file.n})"
        with staging.in_any_order():
            staging.run(f"insert into {table} (source, {columns}) select {file.n}, {columns} from ({checked}){but}")
        blank += sum(not o.reason for o in segment.odd)
        read += segment.bytes
        told(read)

    staging.run("delete from odd where source = ?", [file.n])
    staging.run(f"delete from {table} where source = ?", [file.n])
    lines = staging.load(source, file.spec.needs(), take)
    content = ", content" if table != "rec" else ""
    number = file.spec.columns.get("number") or file.spec.columns.get("personal_id")
    with staging.transaction():
        staging.run(f"""
            insert into {table} (source, line, number, personal_id, reason{content})
            select source, line, full_number(nullif(number, '')), nullif(personal_id, ''),
                   reason{", hash(line, reason)" if content else ""}
            from odd where source = {file.n} and reason <> ''""")
        if table in ("per_in", "acc_in"):
            _doubt_rounded_numbers(staging, table, file)
        staging.run(
            "insert or replace into source values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                file.n,
                file.path.name,
                file.spec.kind,
                source.first_line,
                number.column if number else "",
                lines - blank,
                source.encoding,
                file.digest,
                file.path.stat().st_size,
                str(file.path.resolve()),
                msgspec.json.encode(file.spec).decode(),
            ],
        )
        staging.mark(step, str(lines))


def _checked(spec: SourceSpec, on: dt.date, first_line: int) -> str:
    """The statement that checks a segment."""
    if spec.kind in ("persons", "accounts"):
        return check_people(spec, on, "segment", first_line, accounts=spec.kind == "accounts")
    if spec.kind == "records":
        return check_records(spec, on, "segment", first_line)
    return (check_stays if spec.kind == "stays" else check_cards)(spec, on, "segment", first_line)


def prepare(staging: Staging) -> None:
    """The tables of the first step."""
    staging.run("""
        create table if not exists source (
            n integer primary key, name varchar, kind varchar, first_line bigint, number_column varchar, rows bigint,
            encoding varchar, digest varchar, bytes bigint, path varchar, spec varchar)""")
    staging.run("""
        create table if not exists odd (
            source integer, line bigint, reason varchar, sentence varchar, number varchar, personal_id varchar)""")
    for table, columns in _TABLES.items():
        # To press texts together takes a third of the time in which they come in, and they are read once or twice.
        plain = columns.replace("varchar", "varchar using compression uncompressed")
        staging.run(f"create table if not exists {table} {plain}")


def _keep_odd(staging: Staging, file: FoundFile, source: Source, odd: Sequence[Odd]) -> None:
    """Rows that cannot be read: with the person that seems to stand in them, so that they keep the account back."""
    number, personal_id = (_field_at(source, file.spec, field) for field in ("number", "personal_id"))
    rows = []
    for o in odd:
        whose = number(o.raw).upper()
        if not _WHOLE_NUMBER.fullmatch(whose):
            seen = _NUMBER.search(o.raw)
            whose = seen.group().decode().upper() if seen else ""
        rows.append((file.n, o.line, o.reason, o.sentence, whose, personal_id(o.raw)))
    staging.put("odd", rows)


def _field_at(source: Source, spec: SourceSpec, field: str) -> Callable[[bytes], str]:
    """What seems to stand in a row where a field is, though the row cannot be read; empty if nothing does."""
    column = spec.columns.get(field)
    if column is None or column.column not in source.columns:
        return lambda _: ""
    at = source.columns.index(column.column)
    if source.format == "fixed":
        widths = [w.width for w in spec.widths or ()]
        start, end = sum(widths[:at]), sum(widths[: at + 1])
        return lambda raw: raw[start:end].decode("ascii", "replace").strip()
    separator = spec.delimiter.encode() if source.format == "csv" else b","

    def cut(raw: bytes) -> str:
        values = raw.split(separator, at + 1)
        return values[at].strip(b' "\t').decode("ascii", "replace") if at < len(values) else ""

    return cut


def _doubt_rounded_numbers(staging: Staging, table: str, file: FoundFile) -> None:
    """Where most numbers that end in 000 are not valid, a spreadsheet has rounded them, and one in eleven looks sound.

    None of them can be trusted, then. Of people's own numbers hardly one in a thousand ends so.
    """
    invalid, rounded = f"'{Refusal.IDENTITY_NUMBER_IS_NOT_VALID}|%'", f"source = {file.n} and number like '%000'"
    sound, faulty = staging.row(
        f"select count(*) filter (reason is null), count(*) filter (reason like {invalid}) from {table} where {rounded}"
    )
    if faulty >= ROUNDED_MIN and faulty > sound:
        column = quoted(file.spec.columns["number"].column)
        staging.run(f"""
            update {table} set reason = '{Reason.NUMBER_LOST_ITS_DIGITS}|' || {column} || '|'
            where {rounded} and (reason is null or reason like {invalid})""")


def totals(staging: Staging, file: FoundFile) -> Total:
    """The rows of a file, and the sum of its amounts over every row that has one."""
    (rows,) = staging.row("select rows from source where n = ?", [file.n])
    if file.spec.kind not in ("accounts", "records"):
        return Total(rows, 0)
    table = TABLE_OF[file.spec.kind]
    (fen,) = staging.row(f"select coalesce(sum(fen), 0)::bigint from {table} where source = ?", [file.n])
    return Total(rows, fen)
