"""A source file as a test makes it, taken in whole: what every reader must hold, and the odd rows that it names."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from shebaoka.importer.files import Odd, Source, open_source
from shebaoka.importer.specs import Column, SourceSpec

LI = ("140702198001010016", "李伟", "100.05")
WANG = ("140702198501010025", "王芳", "0.07")
MA = ("65010219790203001X", "买买提·艾尔肯", "3000.00")
HEADER = ("身份证号", "姓名", "结余")
COLUMNS = {field: Column(column=c) for field, c in zip(("number", "name", "balance"), HEADER, strict=True)}
SPEC = SourceSpec(kind="accounts", file="people.csv", columns=COLUMNS)


class Taken(msgspec.Struct):
    """All that came out of a source: its rows by line number without those that are odd, and the odd ones."""

    source: Source
    rows: dict[int, list[str]]
    odd: list[Odd]

    @property
    def faults(self) -> list[tuple[int, str]]:
        """Line and reason of each row that cannot be read; what is no row is left out."""
        return [(o.line, o.reason) for o in self.odd if o.reason]

    @property
    def no_rows(self) -> list[int]:
        """The lines that are no rows."""
        return [o.line for o in self.odd if not o.reason]

    def sentence(self, line: int) -> str:
        """What is said of a line."""
        (found,) = (o.sentence for o in self.odd if o.line == line)
        return found


def lines(*rows: Sequence[str], end: str = "\r\n", separator: str = ",") -> str:
    """Rows under the header as an old system writes them, without any quoting."""
    return "".join(separator.join(row) + end for row in (HEADER, *rows))


def take(path: Path, spec: SourceSpec = SPEC) -> Taken:
    """Open a file and read it whole, and hold what must hold of every source.

    Each physical row is one line of clean CSV with as many fields as columns; a row is odd or there; what is odd is
    an empty line in the text, stands in the file as `raw` gives it, and has a sentence that shows nobody.
    """
    source = open_source(path, spec)
    text, count, odd = b"", 0, []
    for block in source.blocks():
        assert block.text.count(b"\n") == block.rows
        assert block.text.endswith(b"\n")
        text, count = text + block.text, count + block.rows
        odd += block.odd
    rows = list(csv.reader(io.StringIO(text.decode()), strict=True))
    assert len(rows) == count == text.count(b"\n")
    assert all(len(row) == len(source.columns) for row in rows)
    by_line = dict(enumerate(rows, source.first_line))
    assert [o.line for o in odd] == sorted({o.line for o in odd})
    for o in odd:
        assert not any(by_line.pop(o.line))
        assert o.sentence.endswith(".")
        assert not re.search(r"\d{12}", o.sentence)
        assert not any(name in o.sentence for name in ("李伟", "王芳", "买买提"))
        assert "hidden" in repr(o)
    wanted = [o.line for o in odd]
    assert list(source.raw(wanted)) == [(o.line, o.raw) for o in odd]
    assert [n for n, _ in source.raw(by_line)] == list(by_line)
    return Taken(source, by_line, odd)


def written(folder: Path, content: bytes | str, encoding: str = "gb18030", name: str = "people.csv") -> Path:
    """A file in a folder with this content; text in GB18030."""
    path = folder / name
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path
