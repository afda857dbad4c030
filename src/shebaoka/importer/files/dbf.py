"""DBF, as dBase and FoxPro write it: records of fixed length under a header that names the fields.

dbfread reads the header; the records are read here, so that no character is lost and no number becomes a float.
`open_source` calls it.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from struct import Struct, error, unpack
from typing import Any

import dbfread

from shebaoka.importer.files.encodings import GB18030, encoding_of
from shebaoka.importer.files.records import SEPARATOR, Records
from shebaoka.importer.files.shape import Block, Odd, Source, named
from shebaoka.importer.specs import SourceSpec
from shebaoka.records import BadInput

BLOCK_BYTES = 1 << 21
RECORD_BYTES_MAX = 1 << 16
CODE_PAGES = {0x4D: GB18030, 0x7A: GB18030}
"""What byte 29 of a header says of Chinese tables; other values are those of programs that left it alone."""
_TEXT, _MEMO = set("CVNFDL"), set("MGPW")
_JULIAN_DAY_0 = 1_721_425
_PADDING = b" \0"


def _whole(raw: bytes) -> bytes:
    return b"%d" % unpack("<i", raw)[0]


def _money(raw: bytes) -> bytes:
    n = unpack("<q", raw)[0]
    return b"%s%d.%04d" % (b"-" * (n < 0), abs(n) // 10_000, abs(n) % 10_000)


def _double(raw: bytes) -> bytes:
    return b"%.15g" % unpack("<d", raw)[0]


def _instant(raw: bytes) -> bytes:
    day, ms = unpack("<ii", raw)
    if day <= _JULIAN_DAY_0:
        return b""
    on = dt.date.fromordinal(day - _JULIAN_DAY_0).strftime("%Y%m%d")
    return f"{on}{f' {ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}' if ms else ''}".encode()


_BINARY: dict[str, Callable[[bytes], bytes]] = {
    "I": _whole, "+": _whole, "Y": _money, "B": _double, "O": _double, "T": _instant, "@": _instant
}  # fmt: skip


class DbfFile(Source):
    """A table. Its rows are its records by number from 1; a deleted record is no row."""

    format = "dbf"

    def __init__(self, path: Path, spec: SourceSpec) -> None:
        """`BadInput` if it is no DBF, was cut off, or a memo field is needed, whose text stands in another file."""
        self.path = path
        self.first_line = 1
        table = _opened(path)
        head = table.header
        self._start, self._width, self._count = head.headerlen, head.recordlen, head.numrecords
        fields = [f for f in table.fields if f.type != "0"]
        if not fields or sum(f.length for f in fields) + 1 > self._width or not 1 < self._width <= RECORD_BYTES_MAX:
            raise BadInput(f"{path.name}: the header's fields do not fit its records; export the table again.")
        self._must_be_whole()
        sample = self._sample(fields)
        found = encoding_of(sample, spec.encoding, path.name)
        said = CODE_PAGES.get(head.language_driver)
        self.encoding, self.found_by, self.doubts = found.encoding, found.by, found.doubts
        if said is not None and (found.encoding == said or sample.isascii()):
            self.encoding, self.found_by = said, f"its code page is 0x{head.language_driver:02X}"
        elif said is None and not sample.isascii():
            self.doubts += (
                f"Its code page is 0x{head.language_driver:02X}, which is not a Chinese one; the encoding was found "
                f"from the values.",
            )
        self._take_fields(fields, spec)
        self.header = _as_csv([c.encode(self.encoding) for c in self.columns])

    def _take_fields(self, fields: list[Any], spec: SourceSpec) -> None:
        """The columns, and how a record is taken apart; memo fields are left out."""
        name = self.path.name
        names: list[str] = []
        layout = "<1s"
        self._convert: dict[int, Callable[[bytes], bytes]] = {}
        for field in fields:
            try:
                called = field.name.encode("latin-1").decode(self.encoding).strip()
            except UnicodeError:
                raise BadInput(
                    f"{name}: the name of field {len(names) + 1} ends in the middle of a character; name the field "
                    f"anew in the old system, in ten bytes at most."
                ) from None
            kind = "memo" if field.type in _MEMO or (field.type == "B" and field.length != 8) else field.type
            if kind == "memo":
                if called in spec.needs():
                    raise BadInput(
                        f"{name}: {called} is a memo field, whose text stands in another file; export it as text."
                    )
                self.doubts += (f"{called} is a memo field and is left out.",)
                layout += f"{field.length}x"
                continue
            if kind not in _TEXT:
                if kind not in _BINARY:
                    raise BadInput(f"{name}: {called} is of a type that cannot be read; export it as text.")
                self._convert[len(names)] = _BINARY[kind]
            layout += f"{field.length}s"
            names.append(called)
        self.columns = named(names)
        self._struct = Struct(layout + f"{self._width - Struct(layout).size}x")
        self._records = Records(names, self.encoding)

    def _must_be_whole(self) -> None:
        """`BadInput` if the file holds fewer records than its header states."""
        there = (self.path.stat().st_size - self._start) // self._width
        if there < self._count:
            raise BadInput(
                f"{self.path.name}: the header states {self._count} records and the file holds {max(there, 0)}; it was "
                f"cut off. Copy or export it again."
            )

    def _sample(self, fields: list[Any]) -> bytes:
        """The text of the first records as lines, to find the encoding from. Field names too: they may be all."""
        texts, at = [], 1
        for field in fields:
            texts += [slice(at, at + field.length)] if field.type == "C" else []
            at += field.length
        with self.path.open("rb") as file:
            names = file.read(self._start)[32:]
            raw = file.read(min(self._count, BLOCK_BYTES // self._width) * self._width)
        records = (raw[n : n + self._width] for n in range(0, len(raw), self._width))
        rows = [b" ".join(r[s].replace(b"\0", b" ") for s in texts) for r in records]
        named = [names[n : n + 11].split(b"\0")[0] for n in range(0, len(names), 32)]
        return b"\n".join([b"-", *(n for n in named if not n.isascii()), *rows, b""])

    def blocks(self) -> Iterator[Block]:
        """All records, in blocks of a few megabytes."""
        for first, raw in self._chunks():
            rows: list[bytes | Odd] = []
            shown = []
            for number, record in enumerate(self._struct.iter_unpack(raw), first):
                values = self._values(record)
                shown.append(_as_csv(values))
                if record[0] == b"*":
                    rows.append(Odd(number, "", "The record is deleted.", shown[-1]))
                else:
                    rows.append(SEPARATOR.join(values))
            yield self._records.block(first, rows, shown)

    def _values(self, record: tuple[bytes, ...]) -> list[bytes]:
        """A record's values as text, without padding."""
        values = [value.strip(_PADDING) for value in record[1:]]
        for n, convert in self._convert.items():
            try:
                values[n] = convert(record[n + 1])
            except (error, ValueError, OverflowError):
                values[n] = b"?"
        return values

    def _chunks(self) -> Iterator[tuple[int, bytes]]:
        """The records' bytes, some at a time, with the number of the first."""
        at_once = max(1, BLOCK_BYTES // self._width)
        with self.path.open("rb") as file:
            file.seek(self._start)
            for first in range(1, self._count + 1, at_once):
                yield first, file.read(min(at_once, self._count + 1 - first) * self._width)

    def raw(self, lines: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """The records with these numbers as CSV in the table's encoding."""
        with self.path.open("rb") as file:
            for number in lines:
                if 1 <= number <= self._count:
                    file.seek(self._start + (number - 1) * self._width)
                    record = self._struct.unpack(file.read(self._width))
                    yield number, _as_csv(self._values(record))


def _as_csv(values: list[bytes]) -> bytes:
    """A record's values as a line of CSV, quoted where they must be. In GB18030 too these bytes are in no character."""
    line = b",".join(values)
    if b'"' not in line and line.count(b",") == len(values) - 1:
        return line
    return b",".join(b'"%b"' % v.replace(b'"', b'""') if b'"' in v or b"," in v else v for v in values)


def _opened(path: Path) -> Any:
    """The table's header as dbfread reads it: names stay bytes, in Latin-1."""
    try:
        return dbfread.DBF(path, encoding="latin-1", ignorecase=False, ignore_missing_memofile=True)
    except FileNotFoundError:
        raise BadInput(f"{path.name} is not in the folder; put the old system's export there.") from None
    except OSError as e:
        raise BadInput(f"{path.name} cannot be read: {e.strerror}.") from None
    except (error, ValueError, TypeError, KeyError, LookupError):
        raise BadInput(f"{path.name} is no DBF table, or its header is damaged; export it again.") from None
