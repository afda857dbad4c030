"""Opening a source file in whatever format it has. The importer's taking in and `import inspect` call it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from shebaoka.importer.files.dbf import DbfFile
from shebaoka.importer.files.excel import ExcelFile
from shebaoka.importer.files.fixed import FixedFile
from shebaoka.importer.files.separated import SeparatedFile
from shebaoka.importer.files.shape import Source
from shebaoka.importer.files.workbook import OLE, ZIP
from shebaoka.importer.specs import SourceSpec
from shebaoka.records import BadInput

_READERS: dict[str, Callable[[Path, SourceSpec], Source]] = {
    "csv": SeparatedFile,
    "fixed": FixedFile,
    "excel": ExcelFile,
    "dbf": DbfFile,
}
_DBF_BEGINS = frozenset(b"\x02\x03\x30\x31\x32\x43\x63\x83\x8b\xcb\xf5\xfb")


def format_of(path: Path, spec: SourceSpec) -> str:
    """The format of a file: what the mapping says, else what its first bytes and its name say."""
    if spec.format != "auto":
        return spec.format
    if path.is_dir():
        return "folder"
    if spec.widths:
        return "fixed"
    try:
        with path.open("rb") as file:
            begins = file.read(8)
    except OSError:
        return "csv"  # its reader says why the file cannot be read
    if begins.startswith(b"PK") and path.suffix.lower() == ".zip":
        return "zip"
    if begins == OLE or begins.startswith(ZIP):
        return "excel"
    if path.suffix.lower() == ".dbf" and begins and begins[0] in _DBF_BEGINS:
        return "dbf"
    return "csv"


def open_source(path: Path, spec: SourceSpec) -> Source:
    """A file that can be taken in. `BadInput` says why it cannot, and what to do.

    Every column that `spec` names stands in the file, and each column once.
    """
    source = open_table(path, spec)
    _must_fit(source, spec)
    return source


def open_table(path: Path, spec: SourceSpec) -> Source:
    """A file that can be read, whatever its columns. `BadInput` says why it cannot."""
    form = format_of(path, spec)
    if form not in _READERS:
        raise BadInput(f"{path.name} is a {form}, which may hold photos but no table; unpack it, and name its files.")
    return _READERS[form](path, spec)


def _must_fit(source: Source, spec: SourceSpec) -> None:
    """`BadInput` unless the header names each needed column once."""
    where = f"{source.path.name}, line {source.first_line - 1}" if source.first_line > 1 else source.path.name
    twice = sorted({c for c in source.columns if source.columns.count(c) > 1})
    if twice:
        raise BadInput(f"{where}: the header names {', '.join(map(_shown, twice))} twice; each column may stand once.")
    missing = [c for c in spec.needs() if c not in source.columns]
    if not missing:
        return
    if is_a_row(source.columns):
        raise BadInput(
            f"{where}: this is a row and no header; export the file again with a header, or write `header: false` in "
            f"the mapping and name the columns 1, 2, 3…"
        )
    raise BadInput(
        f"{where}: the header lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; export the file again "
        f"with every column, or say in the mapping what the column is called. `shebaoka import inspect` shows both."
    )


def _shown(column: str) -> str:
    """A column's name as it may be shown: one that may be a value does not show."""
    return "a value" if _looks_like_a_value(column) else column


def is_a_row(columns: Sequence[str]) -> bool:
    """Whether what stands in the place of a header is a row: a number or somebody's sex stands in it."""
    return any(_looks_like_a_value(c) or c in ("男", "女") for c in columns)


def _looks_like_a_value(column: str) -> bool:
    """Whether what stands for a column's name is a number, so that the line is a row."""
    return sum(c.isdigit() for c in column) >= 8
