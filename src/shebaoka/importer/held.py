"""The rows held back, written out: a list with the reason of each, and the rows to correct and take in again.

The list is UTF-8 with a mark, so that a spreadsheet shows it as it is. In the folder `to_correct` each file stands
under its own name and header, with the rows as they came; a workbook or a DBF table is a CSV in UTF-8, named after it.
With `mapping.yaml` and `control_totals.csv`, which counts the rows, the folder is an export of its own.
"""

import codecs
import csv
import shutil
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from glob import escape
from itertools import groupby
from operator import itemgetter
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, TextIO

import msgspec
from msgspec.structs import replace

from shebaoka.cells import as_text
from shebaoka.importer import accounting
from shebaoka.importer.control import CONTROL_COLUMNS, CONTROL_FILE
from shebaoka.importer.files import csv_field, format_of, open_source, photos_named
from shebaoka.importer.mapping import text_of
from shebaoka.importer.reasons import Reason, code_of, told
from shebaoka.importer.report import HELD_BACK_FILE
from shebaoka.importer.specs import Mapping as MappingFile
from shebaoka.importer.specs import SourceSpec
from shebaoka.importer.staging import Staging
from shebaoka.records import ReasonCount

TO_CORRECT_FOLDER, MAPPING_FILE = "to_correct", "mapping.yaml"
_spec = msgspec.json.Decoder(SourceSpec).decode


class _File(NamedTuple):
    """A source as it stands in the staging database."""

    n: int
    name: str
    path: Path
    spec: SourceSpec
    encoding: str


def write_held(output: Path, staging: Staging) -> tuple[ReasonCount, ...]:
    """Write what is held back into `output`, in place of what was there; how many rows for each reason.

    Files are read once from begin to end beside their rows held back, whatever their number. A file that is not there
    any more has its rows in the list by file and line alone.
    """
    files = [
        _File(n, name, Path(path), _spec(spec), encoding)
        for n, name, path, spec, encoding in staging.rows("select n, name, path, spec, encoding from source order by n")
    ]
    accounting.put_held(staging)
    reasons = accounting.reasons(staging)
    fresh = output.with_name(output.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / TO_CORRECT_FOLDER).mkdir(mode=0o700, parents=True)
    fresh.chmod(0o700)
    with _List(fresh, files) as listed:
        if reasons:
            photos = _copy_photos(fresh / TO_CORRECT_FOLDER, staging, files)
            tables = [f for f in files if f.spec.kind != "photos"]
            _write_to_correct(fresh / TO_CORRECT_FOLDER, staging, tables, photos, output.parent.name, listed)
            _list_photos(staging, files, listed)
    staging.run("drop table held")
    shutil.rmtree(output, ignore_errors=True)
    fresh.rename(output)
    return reasons


class _List:
    """The list for people: the rows of each source in their order, one source after the other.

    Sources that are one file are read together, so each has a file of its own until all are through.
    """

    def __init__(self, folder: Path, files: Collection[_File]) -> None:
        self._files = {f.n: f for f in files}
        self._folder = folder
        self._open: dict[int, TextIO] = {}
        self._writers: dict[int, Any] = {}

    def __enter__(self) -> "_List":
        for n in self._files:
            self._open[n] = (self._folder / f"list_{n}").open("w", encoding="utf-8", newline="")
            self._writers[n] = csv.writer(self._open[n])
        return self

    def add(self, source: int, line: int, reason: str, sentence: str, shown: str) -> None:
        """A row, as it stands in the file."""
        name, says = _guarded(self._files[source].name), _guarded(sentence or told(reason))
        self._writers[source].writerow((name, line, code_of(reason), says, as_text(shown)))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for file in self._open.values():
            file.close()
        with (self._folder / HELD_BACK_FILE).open("wb") as out:
            out.write(codecs.BOM_UTF8 + b"file,line,reason,sentence,row\r\n")
            for n in self._files:
                part = self._folder / f"list_{n}"
                with part.open("rb") as rows:
                    shutil.copyfileobj(rows, out)
                part.unlink()


def _write_to_correct(
    folder: Path,
    staging: Staging,
    files: Sequence[_File],
    photos: Collection[SourceSpec],
    run: str,
    listed: _List,
) -> None:
    """The rows held back as an export of its own, and in the list.

    Every file of the run is there, with its header if nothing else, and so are a mapping and a count of the rows.
    """
    have = {n for (n,) in staging.rows("select distinct source from held")}
    by_path: dict[Path, list[_File]] = defaultdict(list)
    for file in files:
        by_path[file.path].append(file)
    sources: list[SourceSpec] = []
    counts: dict[str, int] = {}
    for path, same in by_path.items():
        has_rows = any(f.n in have for f in same)
        named = [_corrected_as(f, has_rows=has_rows) for f in same]
        sources += [spec for _, spec in named]
        held = staging.each(
            """select source, line, reason, sentence from held where list_contains($sources, source)
               order by line, source""",
            {"sources": [f.n for f in same]},
        )
        if not path.exists():
            for n, line, reason, sentence in held:
                listed.add(n, line, reason, sentence, "")
            continue
        name, spec = named[0]
        with (folder / name).open("wb") as out:
            counts[name] = _write_rows(out, name, spec, same[0], held, listed)
    with (folder / CONTROL_FILE).open("w", encoding="utf-8", newline="") as out_text:
        csv.writer(out_text).writerows([CONTROL_COLUMNS, *((name, n, "") for name, n in counts.items())])
    mapping = MappingFile(name=f"rows held back by run {run}", sources=(*sources, *photos), control=CONTROL_FILE)
    (folder / MAPPING_FILE).write_text(text_of(mapping), encoding="utf-8")


def _write_rows(
    out: BinaryIO, name: str, spec: SourceSpec, file: _File, held: Iterator[tuple[Any, ...]], listed: _List
) -> int:
    """The rows of a file as they came, each once, and every one of them in the list; how many were written."""
    source, codec = open_source(file.path, file.spec), _codec(file)
    if spec.header:
        header = source.header or ",".join(map(csv_field, source.columns)).encode(codec)
        out.write(_converted(header, file, name) + b"\r\n")
    by_line = groupby(held, key=itemgetter(1))
    waiting: deque[tuple[int, list[tuple[Any, ...]]]] = deque()

    def lines() -> Iterator[int]:
        for line, rows in by_line:
            waiting.append((line, list(rows)))
            yield line

    def add(raw: bytes) -> None:
        shown = raw.decode(codec, "backslashreplace")
        for n, line, reason, sentence in waiting.popleft()[1]:
            listed.add(n, line, reason, sentence, shown)

    written = 0
    for line, raw in source.raw(lines()):
        while waiting[0][0] < line:
            add(b"")
        add(raw)
        out.write(_converted(raw, file, name) + b"\r\n")
        written += 1
    while waiting or next(lines(), None) is not None:
        add(b"")
    return written


def _list_photos(staging: Staging, files: Collection[_File], listed: _List) -> None:
    """The photos held back, each by the name that it has in its folder or zip."""
    albums = [f.n for f in files if f.spec.kind == "photos"]
    for source, line, reason, sentence, entry in staging.each(
        """select h.source, h.line, h.reason, h.sentence, coalesce(p.entry, '')
           from held h left join photo p on p.source = h.source and p.line = h.line
           where list_contains($sources, h.source) order by h.source, h.line""",
        {"sources": albums},
    ):
        listed.add(source, line, reason, sentence, entry)


def _copy_photos(folder: Path, staging: Staging, files: Collection[_File]) -> list[SourceSpec]:
    """The photos of people whose account is held back, each album's in a folder, and what a mapping says of it."""
    specs = []
    for file in files:
        n = file.n
        if file.spec.kind != "photos" or not file.path.exists():
            continue
        waiting = {
            entry: f"{number}{PurePosixPath(entry).suffix}"
            for entry, number in staging.rows(
                f"""select entry, number from photo join photo_fate f using (source, line)
                    where source = ? and f.reason like '{Reason.ACCOUNT_IS_HELD_BACK}|%' order by line""",
                [n],
            )
        }
        if waiting:
            spec = SourceSpec(kind="photos", file=f"photos_{n}", format="folder")
            (folder / spec.file).mkdir(mode=0o700)
            for entry, data in photos_named(file.path, waiting):
                (folder / spec.file / waiting[entry]).write_bytes(data)
            specs.append(spec)
    return specs


def _corrected_as(file: _File, *, has_rows: bool) -> tuple[str, SourceSpec]:
    """The name and the source of a file in `to_correct`: a workbook or a table is a CSV in UTF-8 there.

    So is a file that has neither a header nor a row: it gets a header, since an empty file is none.
    """
    spec, name = file.spec, f"{file.name}.csv"
    if format_of(file.path, spec) in ("excel", "dbf"):
        return name, replace(spec, file=escape(name), format="csv", encoding="utf-8", sheet=None)
    if not has_rows and not spec.header:
        spec = replace(spec, file=escape(name), format="csv", encoding="utf-8", delimiter=",", widths=None, header=True)
        return name, spec
    return file.name, replace(file.spec, file=escape(file.name))


def _converted(raw: bytes, file: _File, name: str) -> bytes:
    """A row's bytes as they stand in `to_correct`; a damaged character of a table becomes a question mark."""
    return raw if name == file.name else raw.decode(_codec(file), "replace").encode()


def _codec(file: _File) -> str:
    return "utf-8" if file.encoding.lower().startswith("utf") else "gb18030"


def _guarded(words: str) -> str:
    """A file's name or a sentence as a text, though it begin as a formula does."""
    return f"'{words}" if words.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) else words
