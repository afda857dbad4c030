"""An employer's list as a file: CSV in UTF-8, GB18030 or UTF-16, xlsx, or old xls; its columns by their headings.

What a file can do is bounded before it is read: bytes, what it unpacks to, rows and columns. `lists` calls it.
"""

import codecs
import csv
import datetime as dt
import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import python_calamine as calamine
import xlrd

from shebaoka.desk import ROWS_MAX, NewRow
from shebaoka.records import BadInput

HEADINGS: dict[str, tuple[str, ...]] = {
    "number": (
        *("社会保障号码", "社會保障號碼", "社会保障号", "社保号码", "公民身份号码", "身份证号码", "身份证号"),
        *("身分證號碼", "number", "social security number", "citizen id number", "id number"),
    ),
    "name": ("姓名", "name"),
    "region": ("区县", "區縣", "区县代码", "區縣代碼", "参保地代码", "參保地代碼", "region", "county"),
    "insured_on": ("参保日期", "參保日期", "insured on", "insured since"),
    "ethnic_group": ("民族", "民族代码", "民族代碼", "ethnic group", "nationality"),
    "collect_at": ("领卡窗口", "領卡窗口", "领卡网点", "領卡網點", "collect at", "window"),
}
"""By field, the headings under which a column may stand; the first two must be there."""
NEEDED = ("number", "name")
TITLE_ROWS = 20
"""The headings may stand below titles."""
CELL_MAX = 200
COLUMNS_MAX = 200
SHEET_ROWS_MAX = 100_000
UNPACKED_MAX = 64 << 20
WHOLE_UNTIL = 10**15
"""From here on a spreadsheet's numbers have no last digit that could be trusted: it keeps fifteen."""
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{0,4})([0-9]{1,9})[\"']")
_CHUNK, _OVERLAP = 1 << 20, 64
_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?: 00:00:00)?|([0-9]{4})([0-9]{2})([0-9]{2})")
_QUOTED = re.compile(r'="(.*)"', re.DOTALL)
_DAMAGE = (
    AssertionError, AttributeError, EOFError, IndexError, KeyError, MemoryError, OverflowError, RecursionError,
    TypeError, UnicodeError, ValueError, ZeroDivisionError, struct.error,
)  # fmt: skip
"""What xlrd raises where a file is not what it says."""
Cells = Sequence[Any]


class _Failed:
    """A cell that holds an error in place of a value."""


_FAILED = _Failed()


def read_list(content: bytes) -> list[NewRow]:
    """The rows of a file, under the numbers that they have there. `BadInput` by code for a file that is no list."""
    if not content:
        raise BadInput("file: it is empty; choose the list.", code="list_is_empty")
    rows = _sheet(content)
    for number, cells in rows:
        place = _columns(cells)
        if place is not None:
            return _rows(rows, place)
        if number >= TITLE_ROWS:
            break
    raise BadInput(
        f"file: there are no headings {' and '.join(HEADINGS[f][0] for f in NEEDED)} in its first {TITLE_ROWS} rows.",
        code="list_headings",
    )


def _rows(rows: Iterator[tuple[int, Cells]], place: dict[str, int]) -> list[NewRow]:
    found: list[NewRow] = []
    for number, cells in rows:
        texts, faults = {}, []
        for field, column in place.items():
            text, fault = _text(cells[column] if column < len(cells) else "")
            texts[field] = _TIDY.get(field, _plain)(text)
            if fault:
                faults.append(fault)
        if not any(texts.values()) and not faults:
            continue
        if len(found) == ROWS_MAX:
            raise BadInput(f"file: it has more than {ROWS_MAX} rows; make several lists of it.", code="list_rows")
        found.append(NewRow(n=number, fault=faults[0] if faults else "", **texts))
    if not found:
        raise BadInput("file: there is no row below the headings.", code="list_is_empty")
    return found


def _columns(cells: Cells) -> dict[str, int] | None:
    """Where each field stands, if this is the row of headings. `BadInput` for a field under two headings."""
    place: dict[str, int] = {}
    for column, cell in enumerate(cells[:COLUMNS_MAX]):
        field = _FIELD_OF.get(_heading(cell)) if isinstance(cell, str) else None
        if field in place:
            raise BadInput(
                f"file: the heading {HEADINGS[field][0]} is there twice; keep one.", code="list_heading_twice"
            )
        if field is not None:
            place[field] = column
    return place if all(field in place for field in NEEDED) else None


def _heading(text: str) -> str:
    """A heading without what people add to it: brackets with a remark, stars, colons, spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("_", " ")
    return "".join(re.sub(r"\(.*?\)|[*:\s]", "", plain).split())


_FIELD_OF = {_heading(name): field for field, names in HEADINGS.items() for name in names}


def _text(cell: Any) -> tuple[str, str]:
    """A cell as a text, and what is wrong with it if it is none that can be trusted."""
    if isinstance(cell, _Failed):
        return "", "cell_formula"
    if isinstance(cell, bool):
        return str(cell), ""
    if isinstance(cell, (int, float)):
        if abs(cell) >= WHOLE_UNTIL:
            return f"{cell:.0f}"[:18], "digits_lost"
        return (str(int(cell)) if cell == int(cell) else str(cell)), ""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat(), ""
    if isinstance(cell, dt.date):
        return cell.isoformat(), ""
    text = str(cell)
    if (quoted := _QUOTED.fullmatch(text.strip())) is not None:
        text = quoted[1].replace('""', '"')  # how a CSV file says that digits are a text
    elif text.startswith("'"):
        text = text[1:]
    elif text.lstrip().startswith("="):
        return "", "cell_formula"
    if len(text) > CELL_MAX:
        return _plain(text[:CELL_MAX]), "cell_unfit"
    if re.fullmatch(r"[0-9](\.[0-9]+)?[Ee]\+1[0-9]", text.strip()):
        return text.strip(), "digits_lost"
    return text, ""


def _plain(text: str) -> str:
    """A text on one line, without what cannot be shown."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _number(text: str) -> str:
    return "".join(_plain(unicodedata.normalize("NFKC", text)).split()).upper()


def _day(text: str) -> str:
    """A day as 2013-07-01; what is none stays as it was typed."""
    plain = _plain(unicodedata.normalize("NFKC", text))
    found = _DAY.fullmatch(plain)
    year, month, day = [part for part in found.groups() if part] if found else ("", "", "")
    return f"{year}-{month:0>2}-{day:0>2}" if found else plain


_TIDY = {"number": _number, "insured_on": _day, "region": _number}


def _sheet(content: bytes) -> Iterator[tuple[int, Cells]]:
    """Each row with its number from 1, as a spreadsheet numbers it."""
    if content.startswith(_ZIP):
        return _new_excel(content)
    if content.startswith(_OLE):
        return _old_excel(content)
    return _separated(content)


def _separated(content: bytes) -> Iterator[tuple[int, Cells]]:
    """A CSV file's rows; its separator is the commonest in its first line that may be one."""
    text = _decoded(content)
    first = text.partition("\n")[0]
    separator = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        yield from enumerate(reader, 1)
    except csv.Error:
        raise BadInput(
            "file: it is no list that can be read; save it as CSV or xlsx.", code="list_cannot_be_read"
        ) from None


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if "\0" not in text:
            return text
    raise BadInput(
        "file: it is neither UTF-8 nor GB18030, nor a workbook; save it as CSV or xlsx.", code="list_cannot_be_read"
    )


def _new_excel(content: bytes) -> Iterator[tuple[int, Cells]]:
    """The first sheet of an xlsx workbook."""
    _must_be_small(content)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = book.get_sheet_by_index(0)
    except calamine.PasswordError:
        raise _protected() from None
    except calamine.CalamineError:
        raise _damaged() from None
    left = (sheet.start or (0, 0))[1]
    for number, cells in enumerate(sheet.iter_rows(), 1):
        yield number, [*[""] * left, *cells]


def _must_be_small(content: bytes) -> None:
    """`BadInput` unless the workbook unpacks to little, and its sheets have few rows and columns.

    Every part is unpacked once for that: what it says of its own size may be untrue.
    """
    left = UNPACKED_MAX
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for part in archive.infolist():
                sheet = part.filename.startswith("xl/worksheets/")
                with archive.open(part) as file:
                    before = b""
                    while chunk := file.read(_CHUNK):
                        left -= len(chunk)
                        if left < 0 or (sheet and _reaches_far(before + chunk)):
                            raise BadInput(
                                "file: the workbook is too large; copy the list alone into a new one.",
                                code="list_is_too_large",
                            )
                        before = chunk[-_OVERLAP:]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise _damaged() from None


def _reaches_far(xml: bytes) -> bool:
    """Whether a cell stands so far away that the sheet between would fill the memory."""
    return any(len(column) > 2 or int(row) > SHEET_ROWS_MAX for column, row in _PLACE.findall(xml))


def _old_excel(content: bytes) -> Iterator[tuple[int, Cells]]:
    """The first sheet of an old xls workbook."""
    try:
        book = xlrd.open_workbook(file_contents=content, logfile=io.StringIO(), on_demand=True, ragged_rows=True)
        sheet = book.sheet_by_index(0)
        for n in range(sheet.nrows):
            cells = zip(sheet.row_types(n), sheet.row_values(n), strict=True)
            yield n + 1, [_old_cell(kind, value, book.datemode) for kind, value in cells]
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError) as e:
        raise (_protected() if "encrypted" in str(e).lower() else _damaged()) from None
    except _DAMAGE:
        raise _damaged() from None


def _old_cell(kind: int, value: Any, datemode: int) -> Any:
    if kind == xlrd.XL_CELL_ERROR:
        return _FAILED
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(value, datemode)
    return value


def _damaged() -> BadInput:
    return BadInput(
        "file: the workbook is damaged, or no workbook; open it and save it as xlsx.", code="list_is_damaged"
    )


def _protected() -> BadInput:
    return BadInput("file: the workbook is protected by a password; save it without one.", code="list_is_protected")
