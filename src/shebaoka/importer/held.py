"""The rows held back, written out: a list with the reason of each, and the rows to correct and take in again.

The list is UTF-8 with a mark, so that a spreadsheet shows it as it is. In the folder `to_correct` each file stands
under its own name and header, with the rows as they came: it is an export of its own.
"""

import csv
import shutil
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import msgspec

from shebaoka.cells import as_text
from shebaoka.importer import accounting
from shebaoka.importer.files import open_source
from shebaoka.importer.reasons import code_of, told
from shebaoka.importer.report import HELD_BACK_FILE
from shebaoka.importer.specs import SourceSpec
from shebaoka.importer.staging import Staging
from shebaoka.records import ReasonCount

TO_CORRECT_FOLDER = "to_correct"
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
        for n, name, path, spec, encoding in staging.rows("select n, name, path, spec, encoding from source")
    }
    held = list(accounting.held_rows(staging))
    fresh = output.with_name(output.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / TO_CORRECT_FOLDER).mkdir(mode=0o700, parents=True)
    fresh.chmod(0o700)
    lines: dict[Path, set[int]] = defaultdict(set)
    for source, line, *_ in held:
        lines[files[source].path].add(line)
    rows: dict[tuple[Path, int], bytes] = {}
    for file in {f.path: f for f in files.values()}.values():
        wanted = lines[file.path]
        if held and file.path.exists():
            # A file without such rows has its header there all the same, so that the folder is an export.
            source_file = open_source(file.path, file.spec)
            with (fresh / TO_CORRECT_FOLDER / file.path.name).open("wb") as out:
                out.write(source_file.header + b"\r\n")
                for line, raw in source_file.raw(wanted) if wanted else ():
                    rows[file.path, line] = raw
                    out.write(raw + b"\r\n")
    with (fresh / HELD_BACK_FILE).open("w", encoding="utf-8-sig", newline="") as file_out:
        writer = csv.writer(file_out)
        writer.writerow(("file", "line", "reason", "sentence", "row"))
        for source, line, reason, sentence, _ in held:
            raw = rows.get((files[source].path, line), b"")
            codec = "utf-8" if files[source].encoding.lower().startswith("utf") else "gb18030"
            shown = raw.decode(codec, "backslashreplace")
            writer.writerow((files[source].name, line, code_of(reason), sentence or told(reason), as_text(shown)))
    shutil.rmtree(output, ignore_errors=True)
    fresh.rename(output)
    return accounting.reasons(held, {n: f.name for n, f in files.items()})
