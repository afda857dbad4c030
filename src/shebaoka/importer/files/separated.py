"""CSV and its kin: one row a line, values between separators, in quotation marks or not. `open_source` calls it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from shebaoka.importer.files.encodings import BOMS, CALLED, encoding_of, sample_of
from shebaoka.importer.files.lines import Lines, blocks_of, lines_at
from shebaoka.importer.files.shape import Block, Source, named
from shebaoka.importer.files.tidy import Tidy, fields_of
from shebaoka.importer.specs import SourceSpec
from shebaoka.records import BadInput

SEPARATORS = {",": "a comma", "\t": "a tab", ";": "a semicolon", "|": "a vertical bar", "^": "a caret"}


class SeparatedFile(Source):
    """A file with a header, or without one: then its columns are called 1, 2, 3…"""

    format = "csv"

    def __init__(self, path: Path, spec: SourceSpec) -> None:
        """`BadInput` if the file is empty, in another encoding, or its header cannot be read."""
        self.path = path
        self._spec = spec
        sample = sample_of(path)
        found = encoding_of(sample, spec.encoding, path.name)
        self.encoding, self.found_by = found.encoding, found.by
        self._mark = next((m for m in BOMS if sample.startswith(m)), b"")
        first = sample.removeprefix(self._mark).split(b"\n", 1)[0].rstrip(b"\r\n")
        columns = self._columns(first, sample)
        self.columns = columns if spec.header else tuple(str(n) for n in range(1, len(columns) + 1))
        self.header = first if spec.header else ",".join(self.columns).encode()
        self.first_line = 2 if spec.header else 1
        self.doubts = (*found.doubts, *_doubts(sample))
        self._tidy = Tidy(len(self.columns), self.encoding, spec.delimiter)

    def _columns(self, first: bytes, sample: bytes) -> tuple[str, ...]:
        """The fields of the first line; `BadInput` says what is wrong with it."""
        name = self.path.name
        if not first.strip():
            raise BadInput(f"{name} begins with an empty line; export it again, with its header.")
        if b"\r" in first and b"\n" not in sample:
            raise BadInput(f"{name} has lines that end in a carriage return alone; save it with Windows line ends.")
        try:
            text = first.decode(self.encoding)
        except UnicodeDecodeError as e:
            raise BadInput(
                f"{name}, line 1: byte {e.start + 1} is not {CALLED[self.encoding]}, so the header cannot be read; "
                f"export the file again."
            ) from None
        if "\0" in text:
            raise BadInput(f"{name}, line 1: a byte is zero; this is no text. Export the file again.")
        columns = named([c.strip() for c in fields_of(text, self._spec.delimiter)])
        if not columns:
            raise BadInput(f"{name}, line 1: a quotation mark is not closed; export the file again.")
        if len(columns) == 1:
            other = next((s for s in SEPARATORS if s in text and s != self._spec.delimiter), None)
            if other is not None and len(self._spec.columns) > 1:
                raise BadInput(
                    f"{name}, line 1: the values stand between {SEPARATORS[other]} each; write `delimiter: {other!r}` "
                    f"in the mapping."
                )
        return columns

    def blocks(self) -> Iterator[Block]:
        """All rows, in blocks of a few megabytes."""
        number = 1
        for lines in blocks_of(self.path):
            if number == 1:
                lines = self._below_header(lines)
                number = self.first_line
            if lines.raw:
                block = self._tidy.block(number, lines)
                number += block.rows
                yield block

    def _below_header(self, lines: Lines) -> Lines:
        """The file's first lines without byte order mark and header."""
        raw = lines.raw.removeprefix(self._mark)
        if not self._spec.header:
            return Lines(raw, lines.cut)
        return Lines(raw[raw.index(b"\n") + 1 :], frozenset(n - 1 for n in lines.cut if n))

    def raw(self, lines: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """The rows with these line numbers, as they stand in the file."""
        for number, row in lines_at(self.path, lines):
            yield number, row.removeprefix(self._mark) if number == 1 else row


def _doubts(sample: bytes) -> Iterator[str]:
    """What is odd about a text's beginning as a whole."""
    crlf, lf = sample.count(b"\r\n"), sample.count(b"\n")
    if 0 < crlf < lf:
        yield f"Line ends are mixed: of the first {lf} lines {crlf} end in CR LF and {lf - crlf} in LF alone."
    if b"\0" in sample:
        yield "Some bytes are zero; the rows with them are held back."
