"""Excel, xlsx and old xls: one sheet, its rows as they are numbered there. `open_source` calls it.

A number of 18 digits that Excel took for a number has lost its last ones: it is written with an exponent here, so
that whoever checks it sees what became of it.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from shebaoka.importer.files.shape import Block, Odd, OddReason, Source, csv_field, empty_row, named, without_tabs
from shebaoka.importer.files.workbook import Cell, Failed, open_sheet
from shebaoka.importer.specs import SourceSpec
from shebaoka.records import BadInput

ROWS_IN_A_BLOCK = 10_000
HEADER_WITHIN_ROWS = 20
WHOLE_UNTIL = 10**15
"""From here on Excel's numbers have no last digit that could be trusted: it keeps fifteen."""
_DAYS = {
    "YYYYMMDD": "%Y%m%d", "YYYY-MM-DD": "%Y-%m-%d", "YYYY/MM/DD": "%Y/%m/%d", "YYYY.MM.DD": "%Y.%m.%d",
    "YYYY年MM月DD日": "%Y年%m月%d日",
}  # fmt: skip
_DAY_0 = dt.date(1899, 12, 30)


class ExcelFile(Source):
    """One sheet: the one that the mapping names, else the first. The header may stand below titles."""

    format = "excel"

    def __init__(self, path: Path, spec: SourceSpec) -> None:
        """`BadInput` if it is no workbook, too large, protected, or has no such sheet."""
        self.path = path
        self._spec = spec
        self.encoding, self.found_by = "utf-8", "Excel says so itself"
        self._sheet = open_sheet(path, spec.sheet)
        doubts = []
        if len(self._sheet.names) > 1:
            others = ", ".join(n for n in self._sheet.names if n != self._sheet.name)
            doubts.append(f"There are other sheets, which are not read: {others}.")
        self._header_row, names = self._find_header()
        while names and not names[-1]:
            names.pop()
        if not names:
            raise BadInput(f"{path.name}: the sheet {self._sheet.name} is empty; name another sheet in the mapping.")
        if self._header_row > 1 and spec.header:
            doubts.append(f"The header stands in row {self._header_row}; what is above it is left out.")
        self.doubts = tuple(doubts)
        self.columns = named(names)
        self.first_line = self._header_row + 1 if spec.header else self._header_row
        self.header = ",".join(map(csv_field, self.columns)).encode()
        needed = set(spec.needs())
        self._strict = {n for n, c in enumerate(self.columns) if c in needed}

    def _find_header(self) -> tuple[int, list[str]]:
        """The row of the header and its names: the first that has every needed column, else the first with anything."""
        first: tuple[int, list[str]] | None = None
        for number, row in islice(self._sheet.rows(), HEADER_WITHIN_ROWS):
            names = [self._text(c).strip().replace("\n", "") for c in row]
            if not any(names):
                continue
            if not self._spec.header:
                return number, [str(n) for n in range(1, len(row) + 1)]
            if first is None:
                first = number, names
            if set(self._spec.needs()) <= set(names):
                return number, names
        return first or (1, [])

    def blocks(self) -> Iterator[Block]:
        """All rows, in blocks."""
        rows = self._rows()
        while some := list(islice(rows, ROWS_IN_A_BLOCK)):
            yield Block(
                b"".join(text + b"\n" for _, text, _ in some),
                len(some),
                tuple(odd for *_, odd in some if odd is not None),
            )

    def _rows(self) -> Iterator[tuple[int, bytes, Odd | None]]:
        """Each row by its number: its line of clean CSV, and what is odd about it."""
        width = len(self.columns)
        for number, row in self._sheet.rows():
            if number < self.first_line:
                continue
            cells: list[Cell] = [*row[:width], *[""] * (width - len(row))]
            texts = [self._text(c) for c in cells]
            fault = self._fault(cells, texts)
            if fault is None:
                yield number, _line(texts), None
            else:
                yield number, empty_row(width), Odd(number, fault[0], fault[1], _line(texts))

    def _fault(self, cells: Sequence[Cell], texts: Sequence[str]) -> tuple[str, str] | None:
        """Why a row cannot be read; None if it can. Cells that nothing needs may be what they like."""
        if not any(t.strip() for t in texts):
            return "", "The row is empty."
        for n in sorted(self._strict):
            cell, name = cells[n], self.columns[n]
            if isinstance(cell, Failed):
                return (
                    OddReason.CELL_HOLDS_AN_ERROR.value,
                    f"{name} holds an error such as #N/A, and no value; correct the cell's formula or enter the value.",
                )
            if isinstance(cell, bool):
                return (
                    OddReason.CELL_HOLDS_A_TRUTH_VALUE.value,
                    f"{name} holds TRUE or FALSE, and no value; enter the value as text.",
                )
            if "\n" in texts[n].strip() or "\r" in texts[n].strip():
                return OddReason.LINE_END_IN_ROW.value, f"{name} has a line end within its value; take it out."
            if "\0" in texts[n]:
                return OddReason.NUL_BYTE_IN_ROW.value, f"{name} has a zero character; enter the value again."
        return None

    def _text(self, cell: Cell) -> str:
        """A cell as text."""
        if isinstance(cell, str):
            return cell
        if isinstance(cell, Failed):
            return "#N/A"
        if isinstance(cell, bool):
            return "TRUE" if cell else "FALSE"
        if isinstance(cell, (int, float)):
            return number_as_text(cell)
        if isinstance(cell, dt.date):
            return self._day(cell)
        return str(cell)

    def _day(self, day: dt.date) -> str:
        """A day in the form that the mapping says of the source; an instant keeps its time behind it."""
        on = day.date() if isinstance(day, dt.datetime) else day
        if self._spec.dates == "excel-serial":
            text = str((on - _DAY_0).days)
        else:
            text = on.strftime(_DAYS[self._spec.dates]).zfill(8)
        if isinstance(day, dt.datetime) and day.time() != dt.time():
            return f"{text} {day:%H:%M:%S}"
        return text

    def raw(self, lines: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """The rows with these numbers as CSV in UTF-8."""
        wanted, width = iter(lines), len(self.columns)
        next_one = next(wanted, None)
        for number, row in self._sheet.rows():
            while next_one is not None and next_one < number:
                next_one = next(wanted, None)
            if number == next_one and number >= self.first_line:
                yield number, _line([self._text(c) for c in [*row[:width], *[""] * (width - len(row))]])


def number_as_text(number: float) -> str:
    """A number as people would write it; with an exponent where Excel has lost its last digits."""
    if abs(number) >= WHOLE_UNTIL:
        return f"{number:.14E}"
    if number == int(number):
        return str(int(number))
    return f"{number:.15g}"


def _line(texts: Sequence[str]) -> bytes:
    """A row as one line of clean CSV; line ends and zero characters within values become blanks."""
    joined = ",".join(map(csv_field, texts))
    clean = joined.replace("\r\n", " ").replace("\n", " ").replace("\r", " ").replace("\0", " ").encode()
    return without_tabs(clean) or b'""'
