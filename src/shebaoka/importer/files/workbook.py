"""An Excel workbook's sheet as rows of cells: xlsx through calamine, old xls through xlrd. `excel` calls it.

calamine gives an error such as #N/A as an empty cell, so the cells with errors are found in the sheet's XML.
"""

import datetime as dt
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import python_calamine as calamine
import xlrd

from shebaoka.records import BadInput

SHEET_BYTES_MAX = 400 << 20
RATIO_MAX = 300
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ERROR = re.compile(rb"<(?:\w+:)?c\s(?=[^>]*\bt=[\"']e[\"'])[^>]*\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_TEXTS = "xl/sharedStrings.xml"
_CHUNK, _OVERLAP = 1 << 20, 1 << 10


class Failed(msgspec.Struct, frozen=True):
    """A cell that holds an error in place of a value."""


Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | Failed
FAILED = Failed()


class Sheet:
    """One sheet of a workbook: its name, the names of all, its rows. `rows` can be asked again."""

    name: str
    names: Sequence[str]

    def rows(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        """Each row with its number from 1, as Excel numbers it, from the first column on."""
        raise NotImplementedError


def open_sheet(path: Path, name: str | None) -> Sheet:
    """A sheet by name, or the first. `BadInput` says why the file is none that can be read."""
    try:
        with path.open("rb") as file:
            begins = file.read(8)
    except FileNotFoundError:
        raise BadInput(f"{path.name} is not in the folder; put the old system's export there.") from None
    except OSError as e:
        raise BadInput(f"{path.name} cannot be read: {e.strerror}.") from None
    if begins == OLE:
        return _OldSheet(path, name)
    if begins.startswith(ZIP):
        return _NewSheet(path, name)
    raise BadInput(f"{path.name} is no Excel workbook, whatever its name says; save it as xlsx, or as CSV.")


def _choose(path: Path, names: Sequence[str], name: str | None) -> str:
    """The sheet to read."""
    if not names:
        raise BadInput(f"{path.name} has no sheet; export it again.")
    if name and name not in names:
        raise BadInput(f"{path.name} has no sheet {name}; it has {', '.join(names)}. Write one of them in the mapping.")
    return name or names[0]


class _NewSheet(Sheet):
    """A sheet of an xlsx workbook."""

    def __init__(self, path: Path, name: str | None) -> None:
        with _zip_of(path) as archive:
            try:
                part = _parts(archive)
                self.names = list(part)
                self.name = _choose(path, self.names, name)
                self._failed = _failed_cells(archive, part[self.name])
                if _TEXTS in archive.namelist():
                    _failed_cells(archive, _TEXTS)  # read whole: it must be as large as it says
            except (
                KeyError,
                ET.ParseError,
                zipfile.BadZipFile,
                zlib.error,
                EOFError,
                NotImplementedError,
                RuntimeError,
            ):
                raise BadInput(f"{path.name} is damaged, or protected; open it in Excel and save it again.") from None
        try:
            with path.open("rb") as file:  # by its bytes: the name's ending says nothing
                self._sheet = calamine.CalamineWorkbook.from_filelike(file).get_sheet_by_name(self.name)
        except calamine.PasswordError:
            raise BadInput(f"{path.name} is protected by a password; save it without one.") from None
        except calamine.CalamineError:
            raise BadInput(f"{path.name} is damaged; open it in Excel and save it again.") from None

    def rows(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        """Each row with its number."""
        # Empty rows above the table come along, empty columns before it do not.
        left = (self._sheet.start or (0, 0))[1]
        for number, cells in enumerate(self._sheet.iter_rows(), 1):
            row: list[Cell] = [*[""] * left, *cells]
            for column in self._failed.get(number, ()):
                row += [""] * (column + 1 - len(row))
                row[column] = FAILED
            yield number, row


def _zip_of(path: Path) -> zipfile.ZipFile:
    """The archive; `BadInput` if it is none, or would unpack to more than memory should hold."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        # An entry that says to need a program of years to come is not implemented; no workbook has such.
        raise BadInput(f"{path.name} is damaged, perhaps cut off; copy or export it again.") from None
    entries = archive.infolist()
    names = {e.filename for e in entries}
    if "xl/workbook.xml" not in names:
        what = "a binary workbook (xlsb)" if "xl/workbook.bin" in names else "a zip archive and no Excel workbook"
        raise BadInput(f"{path.name} is {what}; save it as xlsx, or unpack it.")
    for e in entries:
        if e.file_size > SHEET_BYTES_MAX or (e.file_size > _CHUNK and e.file_size > RATIO_MAX * e.compress_size):
            raise BadInput(
                f"{path.name} would unpack to {e.file_size // 2**20} MB, which is too much for a workbook; save the "
                f"table as CSV."
            )
    return archive


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The sheets by name, each with the name of its part in the archive."""
    relations = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - expat stops its bombs itself
    target = {r.get("Id"): r.get("Target", "") for r in relations}
    book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    return {
        s.get("name", ""): (t.removeprefix("/") if t.startswith("/") else f"xl/{t}")
        for s in book.iter(f"{_MAIN}sheet")
        if "worksheet" in (t := target.get(s.get(_RELATION), ""))
    }


def _failed_cells(archive: zipfile.ZipFile, part: str) -> dict[int, set[int]]:
    """The cells that hold an error: row, from 1, to columns, from 0."""
    failed: dict[int, set[int]] = {}
    rest = b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            seen = rest + chunk
            if b'"e"' in seen or b"'e'" in seen:
                for letters, number in _ERROR.findall(seen):
                    failed.setdefault(int(number), set()).add(_column(letters))
            rest = seen[-_OVERLAP:]
    return failed


def _column(letters: bytes) -> int:
    """A column's letters as its place from 0."""
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place - 1


class _OldSheet(Sheet):
    """A sheet of an xls workbook, which has 65,536 rows at most."""

    def __init__(self, path: Path, name: str | None) -> None:
        try:
            book = xlrd.open_workbook(path, on_demand=True, ragged_rows=True, logfile=_Silence())
            self.names = book.sheet_names()
            self.name = _choose(path, self.names, name)
            self._sheet = book.sheet_by_name(self.name)
        except (xlrd.XLRDError, xlrd.compdoc.CompDocError) as e:
            if "encrypted" in str(e).lower():
                raise BadInput(f"{path.name} is protected by a password; save it without one.") from None
            raise BadInput(
                f"{path.name} is damaged, protected by a password, or no workbook; save it as xlsx without a password."
            ) from None
        except _DAMAGE:
            raise BadInput(f"{path.name} is damaged; open it in Excel and save it as xlsx.") from None
        self._datemode = book.datemode

    def rows(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        """Each row with its number."""
        for n in range(self._sheet.nrows):
            yield (
                n + 1,
                [
                    self._cell(kind, value)
                    for kind, value in zip(self._sheet.row_types(n), self._sheet.row_values(n), strict=True)
                ],
            )

    def _cell(self, kind: int, value: str | float) -> Cell:
        if kind == xlrd.XL_CELL_ERROR:
            return FAILED
        if kind == xlrd.XL_CELL_BOOLEAN:
            return bool(value)
        if kind == xlrd.XL_CELL_DATE:
            try:
                at: dt.datetime = xlrd.xldate_as_datetime(value, self._datemode)
            except (xlrd.xldate.XLDateError, ValueError, OverflowError):
                return value
            return at
        return value


class _Silence:
    """Where xlrd may write its warnings."""

    def write(self, text: str) -> None:
        """Nothing is kept: it may hold values."""


_DAMAGE = (
    AssertionError, AttributeError, EOFError, IndexError, KeyError, MemoryError, OSError, OverflowError, RecursionError,
    TypeError, UnicodeError, ValueError, ZeroDivisionError, struct.error,
)  # fmt: skip
"""What xlrd raises where a file is not what it says."""
