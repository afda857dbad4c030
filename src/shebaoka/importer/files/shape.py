"""What a source file looks like to whoever takes it in: its columns, its rows as blocks of clean CSV, its odd rows.

Every reader of this room gives a `Source`; the importer's taking in and `import inspect` go through it.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

GB18030_AS_CALLED = "GB18030 (GBK, ANSI, 936)"


class OddReason(StrEnum):
    """Why a row cannot be read at all. What is no row, such as an empty line, has the reason ''."""

    NOT_GB18030 = "not_gb18030"
    NOT_UTF8 = "not_utf8"
    WRONG_NUMBER_OF_COLUMNS = "wrong_number_of_columns"
    QUOTATION_MARK_IS_NOT_CLOSED = "quotation_mark_is_not_closed"
    NUL_BYTE_IN_ROW = "nul_byte_in_row"
    LINE_END_IN_ROW = "line_end_in_row"
    ROW_IS_TOO_LONG = "row_is_too_long"
    WRONG_WIDTH = "wrong_width"
    FIELD_CUTS_A_CHARACTER = "field_cuts_a_character"
    CELL_HOLDS_AN_ERROR = "cell_holds_an_error"
    CELL_HOLDS_A_TRUTH_VALUE = "cell_holds_a_truth_value"


class Odd(msgspec.Struct, frozen=True):
    """A line that is no row (reason ''), or a row that cannot be read: where, why, what to do, its bytes as they came.

    `line` is the number that people see in that file. The bytes hold full numbers and names, and show in no print.
    """

    line: int
    reason: str
    sentence: str
    raw: bytes

    def __repr__(self) -> str:
        return f"Odd(line={self.line}, reason={self.reason!r}, sentence={self.sentence!r}, raw=hidden)"


class Block(msgspec.Struct, frozen=True):
    """Some rows in their order: `text` is UTF-8 CSV with commas, quotation marks and line feeds.

    One line for each physical row, each with as many fields as the source has columns. A line that is odd has nothing
    but empty fields.
    """

    text: bytes
    rows: int
    odd: tuple[Odd, ...] = ()

    def __repr__(self) -> str:
        return f"Block(rows={self.rows}, odd={self.odd!r}, text=hidden)"


class Source(ABC):
    """One file, opened: it can be taken in. Memory stays within a few blocks whatever its size (Excel: one sheet).

    `first_line` is the number of the first row as people see it in the file, so row n of the text, from 0, is line
    `first_line + n`. `found_by` says how the encoding was found out, `doubts` what somebody should look at.
    `header` is the header's bytes without a line end, as it is written before rows that `raw` gives.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    encoding: str
    found_by: str
    doubts: tuple[str, ...]
    first_line: int
    header: bytes

    @abstractmethod
    def blocks(self) -> Iterator[Block]:
        """All rows, in blocks of a few megabytes."""

    @abstractmethod
    def raw(self, lines: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """The rows with these line numbers, which rise, as they stand in the file, without line ends."""


def named(columns: Sequence[str]) -> tuple[str, ...]:
    """The names of columns; one that has none is called by its place, such as `column 7`."""
    return tuple(c or f"column {n}" for n, c in enumerate(columns, 1))


_BLANK = rb"(?:[\t ]|\xe3\x80\x80|\xc2\xa0)*"
_TABS = re.compile(rb'(?:(?<=[,\n"])|^)%b\t%b|%b\t%b(?=[,\n"]|$)' % ((_BLANK,) * 4))


def without_tabs(text: bytes) -> bytes:
    """Clean CSV without the tabs around its values: they are put there so that Excel leaves long digits alone."""
    return _TABS.sub(b"", text) if b"\t" in text else text


def empty_row(columns: int) -> bytes:
    """A line of nothing but empty fields, without its line end. One field alone is quoted: else it were no line."""
    return b"," * (columns - 1) if columns > 1 else b'""'


def csv_field(text: str) -> str:
    """A value as a field of clean CSV, quoted where it must be."""
    if '"' in text or "," in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def csv_row(values: Collection[str]) -> bytes:
    """Values as a line of clean CSV, without its line end."""
    if len(values) == 1 and not next(iter(values)):
        return empty_row(1)
    return ",".join(map(csv_field, values)).encode()
