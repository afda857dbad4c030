"""One look at a file: its format and encoding, every row counted, and what its columns hold. The command line asks.

Every row is read. Columns are judged by the first rows, and by some rows of each later block.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path, PurePath
from typing import cast

import msgspec
import yaml
from msgspec.structs import replace

from shebaoka.importer.files import OddPhoto, Source, digest_of, format_of, is_a_row, open_table, photos
from shebaoka.importer.files.encodings import encoding_of, sample_of
from shebaoka.importer.files.separated import SEPARATORS
from shebaoka.importer.files.tidy import fields_of
from shebaoka.importer.inspection import values as v
from shebaoka.importer.mapping import READY, ready_mapping
from shebaoka.importer.specs import AMOUNTS, Dates, Encoding, Kind, SourceSpec, Width
from shebaoka.importer.specs import DAYS as DAY_FIELDS

ROWS_AT_FIRST, ROWS_LATER = 20_000, 500
ODD_SHOWN, SAMPLES = 5, 3
_VALUES_KEPT = 12


class Asked(msgspec.Struct, frozen=True):
    """What whoever looks knows already of a file; the rest is found out."""

    encoding: Encoding = "auto"
    delimiter: str | None = None
    sheet: str | None = None
    widths: tuple[Width, ...] | None = None
    header: bool = True


class Seen(msgspec.Struct, frozen=True):
    """One column: how many of its values are filled, of which kinds, three of them masked, and which field it may be.

    `words` are the words of this house that its values may mean, where it is a field that has such.
    """

    name: str
    filled: float
    kinds: tuple[tuple[str, float], ...]
    samples: tuple[str, ...]
    field: str
    doubts: tuple[str, ...]
    words: dict[str, str] = {}

    @property
    def kind(self) -> str:
        """The kind of most of its values; none if it is empty."""
        return self.kinds[0][0] if self.kinds else ""


class OddSeen(msgspec.Struct, frozen=True):
    """Rows that cannot be read for one reason: how many, and the first ones with what to do."""

    reason: str
    rows: int
    lines: tuple[int, ...]
    sentence: str


class Inspection(msgspec.Struct, frozen=True):
    """What a file is. `fits` names the ready mappings that have such a table.

    `rows` counts those that cannot be read too; `no_rows` are empty lines and the like.
    """

    file: str
    format: str
    encoding: str
    found_by: str
    bytes: int
    digest: str
    rows: int
    no_rows: int
    looked_at: int
    odd: tuple[OddSeen, ...]
    columns: tuple[Seen, ...]
    doubts: tuple[str, ...]
    kinds: tuple[Kind, ...]
    fits: tuple[str, ...]
    dates: Dates
    spec: SourceSpec


class Names(msgspec.Struct, frozen=True):
    """`names.yaml`: what fields are called, words that show whole, and what values of two fields mean."""

    fields: dict[str, tuple[str, ...]]
    words: frozenset[str]
    sex: dict[str, str]
    hospital_status: dict[str, str]


@cache
def names() -> Names:
    """What fields and values are called in old systems."""
    text = resources.files(__package__).joinpath("names.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), Names)


def inspect_file(path: Path, asked: Asked) -> Inspection:
    """Look at a file. `BadInput` if it cannot be read at all, with what to do."""
    spec = SourceSpec(
        kind="accounts", file=path.name, encoding=asked.encoding, sheet=asked.sheet, widths=asked.widths,
        header=asked.header, delimiter=asked.delimiter or ",",
    )  # fmt: skip
    form = format_of(path, spec)
    if form in ("folder", "zip"):
        return _of_photos(path, form)
    spec = replace(spec, format=form)
    if form == "csv" and not asked.delimiter:
        spec = replace(spec, delimiter=_delimiter_of(path, spec))
    source = open_table(path, spec)
    doubts = []
    if spec.header and is_a_row(source.columns):
        spec = replace(spec, header=False)
        source = open_table(path, spec)
        doubts.append("The first line is a row and no header; the columns are called 1, 2, 3…")
    return _look(path, source, spec, doubts)


def _delimiter_of(path: Path, spec: SourceSpec) -> str:
    """The separator that divides the first line into most columns; a comma if none does."""
    sample = sample_of(path)
    first = sample.split(b"\n", 1)[0].decode(encoding_of(sample, spec.encoding, path.name).encoding, "replace")
    return max(SEPARATORS, key=lambda s: len(fields_of(first, s)))


class _Tally:
    """What the rows looked at hold, column by column."""

    def __init__(self, columns: int) -> None:
        self.rows = 0
        self.filled = [0] * columns
        self.kinds: list[Counter[str]] = [Counter() for _ in range(columns)]
        self.distinct: list[set[str]] = [set() for _ in range(columns)]
        self.samples: list[dict[str, str]] = [{} for _ in range(columns)]

    def add(self, row: list[str]) -> None:
        """Count a row; one of nothing but empty values is none that could be read."""
        if not any(row):
            return
        self.rows += 1
        for n, value in enumerate(map(str.strip, row)):
            if not value:
                continue
            self.filled[n] += 1
            kind = v.kind_of(value)
            self.kinds[n][kind] += 1
            if len(self.samples[n]) < _VALUES_KEPT:
                self.samples[n].setdefault(value, kind)
            if len(self.distinct[n]) < _VALUES_KEPT:
                self.distinct[n].add(value)


def _look(path: Path, source: Source, spec: SourceSpec, doubts: list[str]) -> Inspection:
    """Read all of a table, and say what stands in it."""
    tally = _Tally(len(source.columns))
    rows = no_rows = 0
    odd: dict[str, OddSeen] = {}
    for block in source.blocks():
        rows += block.rows
        limit = ROWS_AT_FIRST if rows == block.rows else ROWS_LATER
        some = block.text.split(b"\n", limit)[:limit]
        for row in csv.reader(line.decode() for line in some if line):
            tally.add(row)
        for o in block.odd:
            if not o.reason:
                no_rows += 1
                continue
            before = odd.get(o.reason) or OddSeen(o.reason, 0, (), o.sentence)
            lines = before.lines if len(before.lines) >= ODD_SHOWN else (*before.lines, o.line)
            odd[o.reason] = replace(before, rows=before.rows + 1, lines=lines)
    columns = _columns(source.columns, tally)
    fields = {c.field for c in columns if c.field}
    dates = _dates(columns)
    return Inspection(
        file=path.name,
        format=source.format,
        encoding=source.encoding,
        found_by=source.found_by,
        bytes=path.stat().st_size,
        digest=digest_of(path),
        rows=rows - no_rows,
        no_rows=no_rows,
        looked_at=tally.rows,
        odd=tuple(odd.values()),
        columns=columns,
        doubts=(*source.doubts, *doubts, *_doubts(path, source, columns)),
        kinds=_kinds(fields),
        fits=tuple(_fits(path.name, source.columns)),
        dates=dates,
        spec=spec,
    )


def _columns(called: tuple[str, ...], tally: _Tally) -> tuple[Seen, ...]:
    """What each column holds, and which field it may be: by its name, else by its values; each field once."""
    by_name = {_plain(n): field for field, all_names in names().fields.items() for n in all_names}
    fields = [by_name.get(_plain(c), "") for c in called]
    for n, field in enumerate(fields):
        if field in fields[:n]:
            fields[n] = ""
    for kind, field in ((v.NUMBER_18, "number"), (v.SEX, "sex")):
        if field not in fields:
            likely = [n for n, f in enumerate(fields) if not f and tally.kinds[n][kind] > 0.8 * max(1, tally.filled[n])]
            if likely:
                fields[likely[0]] = field
    return tuple(_seen(n, name, fields[n], tally) for n, name in enumerate(called))


def _seen(n: int, name: str, field: str, tally: _Tally) -> Seen:
    filled = tally.filled[n]
    kinds = tally.kinds[n].copy()
    if field not in DAY_FIELDS and v.SERIAL in kinds:
        kinds[v.WHOLE] += kinds.pop(v.SERIAL)
    words = {"sex": names().sex, "hospital_status": names().hospital_status}.get(field, {})
    samples = tally.samples[n]
    # Of few kinds each is shown once before any is shown twice.
    ordered = sorted(samples, key=lambda value: [k for k in samples if samples[k] == samples[value]].index(value))
    return Seen(
        name=name,
        filled=_share(filled, tally.rows),
        kinds=tuple((kind, _share(count, filled)) for kind, count in kinds.most_common()),
        samples=tuple(dict.fromkeys(v.shown(s, samples[s], names().words) for s in ordered[:SAMPLES])),
        field=field,
        doubts=tuple(_doubts_of(field, dict(kinds), filled)),
        words={d: words[d.lower()] for d in sorted(tally.distinct[n]) if d.lower() in words},
    )


def _share(part: int, whole: int) -> float:
    """A share to four places; what is not all is not rounded to all."""
    return 1.0 if part == whole > 0 else min(0.9999, round(part / max(1, whole), 4))


def _doubts_of(field: str, kinds: dict[str, int], filled: int) -> Iterator[str]:
    """What is odd about the values of one column, in words."""
    said = {
        v.FLOAT: "numbers with an exponent: a spreadsheet took off their last digits; export them as text",
        v.ZERO_DAY: "days of nothing but zeros, which are no days",
        v.THOUSANDS: "amounts with thousands separators",
        v.FULL_WIDTH: "full-width digits",
        v.NUMBER_15: "old numbers of 15 digits, which are completed",
        v.NUMBER_18_WRONG: "numbers of 18 characters with a wrong check digit or birth date",
        v.LONG_AMOUNT: "amounts with more than two decimals",
    }
    for kind, words in said.items():
        if kinds.get(kind):
            yield f"{kinds[kind]} of {filled} are {words}."
    known = v.AMOUNT_KINDS if field in AMOUNTS else v.DAYISH if field in DAY_FIELDS else kinds
    other = sum(count for kind, count in kinds.items() if kind not in known)
    if other:
        yield f"{other} of {filled} are no {'amounts' if field in AMOUNTS else 'days'}."
    if field in AMOUNTS and kinds.get(v.BELOW_ZERO):
        yield f"{kinds[v.BELOW_ZERO]} of {filled} are below zero."
    if field in DAY_FIELDS and kinds.get(v.SERIAL):
        yield f"{kinds[v.SERIAL]} of {filled} may be serial numbers of a spreadsheet; write `dates: excel-serial`."
    if field in DAY_FIELDS and sum(k in v.DAY_KINDS for k in kinds) > 1:
        yield "Its days are written in more than one way."
    if field in AMOUNTS and filled and not kinds.get(v.AMOUNT):
        yield "No amount has decimals: they may be in fen; ask, and write `unit: fen`."


def _doubts(path: Path, source: Source, columns: tuple[Seen, ...]) -> Iterator[str]:
    """What is odd about the table as a whole."""
    twice = sorted({c for c in source.columns if source.columns.count(c) > 1})
    if twice:
        yield f"The header names {', '.join(twice)} twice; each column may stand once."
    if source.format == "csv":
        with path.open("rb") as file:
            file.seek(-1, 2)
            if file.read(1) not in b"\n\x1a":
                yield "The last line has no line end; the file may have been cut off."
        if len(columns) == 1:
            yield "There is one column alone: if the values stand in fixed widths, list them by --widths."
    for c in columns:
        yield from (f"{c.name}: {doubt}" for doubt in c.doubts)


def _kinds(fields: set[str]) -> tuple[Kind, ...]:
    """What a table with these fields can be. One with a balance a year is the accounts, and each year's record."""
    if "balance" in fields:
        return ("accounts", "records") if {"year", "total", "account"} <= fields else ("accounts",)
    if fields & {"total", "account"}:
        return ("records",)
    if {"institution", "admitted_on"} <= fields:
        return ("stays",)
    return ("cards",) if "old_card_number" in fields and not fields & {"sex", "birth_on", "region"} else ("persons",)


def _fits(file: str, columns: tuple[str, ...]) -> Iterator[str]:
    """The ready mappings that know such a file, by its name and by all columns that they need of it."""
    for name in READY:
        of_it = [s for s in ready_mapping(name).sources if PurePath(file).match(s.file)]
        if of_it and all(set(s.needs()) <= set(columns) for s in of_it):
            yield f"{name} ({', '.join(s.kind for s in of_it)})"


def _dates(columns: tuple[Seen, ...]) -> Dates:
    """The way in which most days of the table are written."""
    forms: Counter[str] = Counter()
    for c in columns:
        if c.field in DAY_FIELDS:
            for kind, share in c.kinds:
                form = "excel-serial" if kind == v.SERIAL else v.DAY_KINDS.get(kind, "")
                forms[form] += round(1000 * share * c.filled)
    del forms[""]
    found = forms.most_common(1)[0][0] if forms else "YYYYMMDD"
    return cast(Dates, found)


def _of_photos(path: Path, form: str) -> Inspection:
    """A folder or zip of photos: how many can be taken in, and which entries cannot and why."""
    rows, sizes = 0, []
    odd: dict[str, OddSeen] = {}
    for entry in photos(path):
        rows += 1
        if isinstance(entry, OddPhoto):
            before = odd.get(entry.reason) or OddSeen(entry.reason, 0, (), entry.sentence)
            lines = before.lines if len(before.lines) >= ODD_SHOWN else (*before.lines, entry.line)
            odd[entry.reason] = replace(before, rows=before.rows + 1, lines=lines)
        else:
            sizes.append(len(entry.data))
    doubts = () if sizes else ("No entry is a photo that can be taken in.",)
    return Inspection(
        file=path.name, format=form, encoding="", found_by="", bytes=sum(sizes), digest=digest_of(path), rows=rows,
        no_rows=0, looked_at=rows, odd=tuple(odd.values()), columns=(), doubts=doubts, kinds=("photos",), fits=(),
        dates="YYYYMMDD", spec=SourceSpec(kind="photos", file=path.name, format="zip" if form == "zip" else "folder"),
    )  # fmt: skip


def _plain(name: str) -> str:
    """A column's name without blanks, case, and what stands in brackets."""
    return re.sub(r"[（(\[【].*?[）)\]】]|\s", "", name).lower()
