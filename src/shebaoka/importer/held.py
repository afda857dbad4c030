"""The rows held back, written out: a list with the reason of each, and the rows to correct and take in again.

The list is UTF-8 with a mark, so that a spreadsheet shows it as it is. In the folder `to_correct` each file stands
under its own name and header, with the rows as they came; a workbook or a DBF table is a CSV in UTF-8, named after it.
With `mapping.yaml` and `control_totals.csv`, which counts the rows, the folder is an export of its own.
"""

import csv
import shutil
from collections import defaultdict
from collections.abc import Collection, Mapping
from glob import escape
from pathlib import Path, PurePosixPath
from typing import NamedTuple

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

    name: str
    path: Path
    spec: SourceSpec
    encoding: str


def write_held(output: Path, staging: Staging) -> tuple[ReasonCount, ...]:
    """Write what is held back into `output`, in place of what was there; how many rows for each reason.

    A file that is not there any more has its rows in the list by file and line alone.
    """
    files = {
        n: _File(name, Path(path), _spec(spec), encoding)
        for n, name, path, spec, encoding in staging.rows("select n, name, path, spec, encoding from source order by n")
    }
    held = list(accounting.held_rows(staging))
    fresh = output.with_name(output.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / TO_CORRECT_FOLDER).mkdir(mode=0o700, parents=True)
    fresh.chmod(0o700)
    lines: dict[Path, set[int]] = defaultdict(set)
    for source, line, *_ in held:
        lines[files[source].path].add(line)
    tables = [f for f in files.values() if f.spec.kind != "photos"]
    rows: dict[tuple[Path, int], bytes] = {}
    if held:
        photos = _copy_photos(fresh / TO_CORRECT_FOLDER, staging, files)
        rows = _write_to_correct(fresh / TO_CORRECT_FOLDER, tables, lines, photos, output.parent.name)
    for source, line, entry in staging.rows(
        "select source, line, entry from photo join photo_fate using (source, line) where what = 'held_back'"
    ):
        rows[files[source].path, line] = entry.encode("gb18030", "replace")
    with (fresh / HELD_BACK_FILE).open("w", encoding="utf-8-sig", newline="") as file_out:
        writer = csv.writer(file_out)
        writer.writerow(("file", "line", "reason", "sentence", "row"))
        for source, line, reason, sentence, _ in held:
            shown = rows.get((files[source].path, line), b"").decode(_codec(files[source]), "backslashreplace")
            says = _guarded(sentence or told(reason))
            writer.writerow((_guarded(files[source].name), line, code_of(reason), says, as_text(shown)))
    shutil.rmtree(output, ignore_errors=True)
    fresh.rename(output)
    return accounting.reasons(held, {n: f.name for n, f in files.items()})


def _write_to_correct(
    folder: Path, files: Collection[_File], lines: Mapping[Path, set[int]], photos: Collection[SourceSpec], run: str
) -> dict[tuple[Path, int], bytes]:
    """The rows held back as an export of its own; their bytes by file and line.

    Every file of the run is there, with its header if nothing else, and so are a mapping and a count of the rows.
    """
    rows: dict[tuple[Path, int], bytes] = {}
    sources: list[SourceSpec] = []
    counts: dict[str, int] = {}
    for file in files:
        name, spec = _corrected_as(file, has_rows=bool(lines.get(file.path)))
        sources.append(spec)
        if name in counts or not file.path.exists():
            continue
        source = open_source(file.path, file.spec)
        counts[name] = 0
        with (folder / name).open("wb") as out:
            if spec.header:
                header = source.header or ",".join(map(csv_field, source.columns)).encode(_codec(file))
                out.write(_converted(header, file, name) + b"\r\n")
            for line, raw in source.raw(lines.get(file.path, ())):
                rows[file.path, line] = raw
                out.write(_converted(raw, file, name) + b"\r\n")
                counts[name] += 1
    with (folder / CONTROL_FILE).open("w", encoding="utf-8", newline="") as out_text:
        csv.writer(out_text).writerows([CONTROL_COLUMNS, *((name, n, "") for name, n in counts.items())])
    mapping = MappingFile(name=f"rows held back by run {run}", sources=(*sources, *photos), control=CONTROL_FILE)
    (folder / MAPPING_FILE).write_text(text_of(mapping), encoding="utf-8")
    return rows


def _copy_photos(folder: Path, staging: Staging, files: Mapping[int, _File]) -> list[SourceSpec]:
    """The photos of people whose account is held back, each album's in a folder, and what a mapping says of it."""
    specs = []
    for n, file in files.items():
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
