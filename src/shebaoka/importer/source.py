"""A file of the old system as lines of bytes, and a line as its fields. Every reader of the importer starts here.

Always GB18030, strictly, and line by line: the byte 0x0A never stands inside a character of GB18030, so a bad
byte spoils one row and no other. Nothing is held of a file but the line at hand.
"""

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from shebaoka.importer.report import Reason
from shebaoka.records import BadInput

GB18030_BOM = "\ufeff".encode("gb18030")
OTHER_ENCODINGS = {codecs.BOM_UTF8: "UTF-8", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


class Line(msgspec.Struct, frozen=True):
    """A row below the header: its number in the file, the header being 1, and its bytes without the line's end."""

    number: int
    raw: bytes


class SourceFile:
    """One file with a header. Opening it reads the header, and is `BadInput` unless it can be taken in at all."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self.header = _without_end(file.readline())
        except FileNotFoundError:
            raise BadInput(f"{path.name} is not in the folder; put the old system's export there.") from None
        except OSError as e:
            raise BadInput(f"{path.name} cannot be read: {e.strerror}.") from None
        self.columns = self._read_header(columns)

    def _read_header(self, needed: Sequence[str]) -> list[str]:
        """The columns that the header names; `BadInput` says what is wrong with it."""
        name = self.path.name
        if not self.header.strip():
            raise BadInput(f"{name} is empty or begins with an empty line; export it again, with its header.")
        for mark, encoding in OTHER_ENCODINGS.items():
            if self.header.startswith(mark):
                raise _wrong_encoding(name, encoding)
        try:
            columns = [c.strip() for c in _fields(self.header.removeprefix(GB18030_BOM).decode("gb18030"))]
        except (UnicodeDecodeError, csv.Error):
            columns = []
        missing = [c for c in needed if c not in columns]
        if missing and _is_utf8(self.header, needed):
            raise _wrong_encoding(name, "UTF-8")
        if not columns:
            raise BadInput(f"{name}, line 1: the header cannot be read as GB18030; export the file again.")
        if missing:
            raise BadInput(
                f"{name}, line 1: the header lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; "
                f"export the file again with a header that names every column."
            )
        twice = sorted({c for c in columns if columns.count(c) > 1})
        if twice:
            raise BadInput(f"{name}, line 1: the header names {', '.join(twice)} twice; each column may stand once.")
        return columns

    def lines(self) -> Iterator[Line]:
        """The rows, from the first line below the header. An empty line, or the old end mark 0x1A, is no row."""
        with self.path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if number > 1 and raw.strip(b"\x1a\r\n \t"):
                    yield Line(number, _without_end(raw))

    def fields(self, line: Line) -> dict[str, str]:
        """A row by column, without blanks around the values. `BadInput` says why it cannot be read."""
        try:
            values = _fields(line.raw.decode("gb18030"))
        except UnicodeDecodeError as e:
            raise BadInput(
                f"Byte {e.start + 1} of the row is not GB18030, so a character is damaged, often one cut in two; "
                f"enter the row again.",
                code=Reason.NOT_GB18030,
            ) from None
        except csv.Error:
            raise BadInput(
                "A quotation mark in the row is not closed, or text follows it; a value may not go over the end of "
                "a line. Take the quotation mark out.",
                code=Reason.QUOTATION_MARK_IS_NOT_CLOSED,
            ) from None
        if len(values) != len(self.columns):
            raise BadInput(
                f"The row has {len(values)} columns and the header has {len(self.columns)}; look for a comma too "
                f"many or a row that was cut off.",
                code=Reason.WRONG_NUMBER_OF_COLUMNS,
            )
        return {column: value.strip() for column, value in zip(self.columns, values, strict=True)}


def _fields(text: str) -> list[str]:
    """The fields of one line; `csv.Error` if its quotation marks do not match."""
    if '"' not in text:
        return text.split(",")
    return next(csv.reader([text], strict=True))


def _without_end(raw: bytes) -> bytes:
    """A line without its line end."""
    return raw.rstrip(b"\r\n")


def _is_utf8(header: bytes, needed: Sequence[str]) -> bool:
    """Whether the header names the columns if it is read as UTF-8."""
    try:
        return any(column in header.decode("utf-8") for column in needed)
    except UnicodeDecodeError:
        return False


def _wrong_encoding(name: str, encoding: str) -> BadInput:
    """The sentence for a file in another encoding."""
    return BadInput(f"{name} is in {encoding}, and the old system's files are GB18030; save it as GB18030 (ANSI, 936).")


def only(values: Mapping[str, str], column: str) -> str:
    """The value of a column that must not be empty."""
    if not values[column]:
        raise BadInput(f"{column} is empty; fill it in.", code=Reason.VALUE_IS_MISSING)
    return values[column]
