"""Text of fixed width: each value stands in so many bytes of the file's encoding. `open_source` calls it."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from struct import Struct

from shebaoka.importer.files.encodings import BOMS, encoding_of, sample_of
from shebaoka.importer.files.lines import Lines, blocks_of, lines_at
from shebaoka.importer.files.records import SEPARATOR, Records
from shebaoka.importer.files.shape import Block, Odd, OddReason, Source
from shebaoka.importer.specs import SourceSpec
from shebaoka.records import BadInput

_NO_ROW = b"\x1a\r\n \t"


class FixedFile(Source):
    """A file whose columns are those of the mapping's widths. Blanks around a value are not part of it."""

    format = "fixed"

    def __init__(self, path: Path, spec: SourceSpec) -> None:
        """`BadInput` if the file is empty, in another encoding, or its first line is not the header it should be."""
        self.path = path
        widths = spec.widths or ()
        if not widths:
            raise BadInput(f"{path.name} is of fixed width; list its columns and their `widths` in the mapping.")
        self.columns = tuple(w.name for w in widths)
        sample = sample_of(path)
        found = encoding_of(sample, spec.encoding, path.name)
        self.encoding, self.found_by, self.doubts = found.encoding, found.by, found.doubts
        self._mark = next((m for m in BOMS if sample.startswith(m)), b"")
        self._width = sum(w.width for w in widths)
        self._struct = Struct("".join(f"{w.width}s" for w in widths))
        ends = list(accumulate(w.width for w in widths))
        self._slices = [slice(end - w.width, end) for end, w in zip(ends, widths, strict=True)]
        self._records = Records(self.columns, self.encoding)
        self.first_line = 2 if spec.header else 1
        self.header = b""
        if spec.header:
            self.header = sample.removeprefix(self._mark).split(b"\n", 1)[0].rstrip(b"\r\n")
            named = [self.header[s].decode(self.encoding, "replace").strip() for s in self._slices]
            if named != list(self.columns):
                raise BadInput(
                    f"{path.name}, line 1 is not a header with the columns of `widths`; write `header: false` if the "
                    f"file has none, or correct the widths, which are in bytes: two for a Chinese character in GBK."
                )

    def blocks(self) -> Iterator[Block]:
        """All rows, in blocks of a few megabytes."""
        number = 1
        for lines in blocks_of(self.path):
            raw = lines.raw.removeprefix(self._mark) if number == 1 else lines.raw
            as_it_came = [line.rstrip(b"\r") for line in raw.split(b"\n")[:-1]]
            rows = self._rows(number, as_it_came, lines)
            left_out = max(0, self.first_line - number)
            if len(rows) > left_out:
                yield self._records.block(number + left_out, rows[left_out:], as_it_came[left_out:])
            number += len(rows)

    def _rows(self, first: int, as_it_came: list[bytes], lines: Lines) -> list[bytes | Odd]:
        """The lines with their values apart, or odd."""
        width, unpack = self._width, self._struct.unpack
        return [
            SEPARATOR.join([value.strip(b" ") for value in unpack(line)])
            if len(line) == width and SEPARATOR not in line
            else self._irregular(first + n, line, cut=n in lines.cut)
            for n, line in enumerate(as_it_came)
        ]

    def _irregular(self, number: int, line: bytes, *, cut: bool) -> bytes | Odd:
        """A line that is not as wide as the widths make it, blanks and an old end mark behind it left out."""
        if not line.strip(_NO_ROW):
            return Odd(number, "", "The line is empty.", line)
        as_wide = line[: self._width] + line[self._width :].rstrip(b" \x1a")
        if len(as_wide) == self._width and SEPARATOR not in line and not cut:
            return SEPARATOR.join([value.strip(b" ") for value in self._struct.unpack(as_wide)])
        return Odd(
            number,
            OddReason.WRONG_WIDTH.value,
            f"The line has {len(line)} bytes and the widths make {self._width}; it was cut off, or the widths are not "
            f"those of this file.",
            line,
        )

    def raw(self, lines: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """The rows with these line numbers, as they stand in the file."""
        for number, row in lines_at(self.path, lines):
            yield number, row.removeprefix(self._mark) if number == 1 else row
