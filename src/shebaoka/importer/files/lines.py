"""A file of lines in blocks of a few megabytes, whatever its size. The readers of CSV and fixed width call it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

BLOCK_BYTES = 1 << 22
LINE_BYTES_MAX = 1 << 20
LINE_BYTES_KEPT = 1 << 16
"""Of a line that is too long, so much is kept."""


class Lines(msgspec.Struct, frozen=True):
    """Whole lines, each ending in a line feed. Nobody has counted them yet.

    `cut` are the places, from 0, of lines that were too long, and of which only the beginning is here.
    """

    raw: bytes
    cut: frozenset[int] = frozenset()


def blocks_of(path: Path) -> Iterator[Lines]:
    """All lines of a file. The last one gets a line feed if it has none; an empty file has none."""
    rest, skipping, rest_was_cut = b"", False, False
    with path.open("rb") as file:
        while data := file.read(BLOCK_BYTES):
            if skipping:
                at = data.find(b"\n")
                if at < 0:
                    continue
                data, skipping = data[at:], False
            raw = rest + data
            end = raw.rfind(b"\n") + 1
            raw, rest = raw[:end], raw[end:]
            if raw:
                yield _cut_long(raw, rest_was_cut)
                rest_was_cut = False
            if len(rest) > LINE_BYTES_MAX:
                rest, skipping, rest_was_cut = rest[:LINE_BYTES_KEPT], True, True
    if rest:
        yield _cut_long(rest + b"\n", rest_was_cut)


def lines_at(path: Path, wanted: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """Lines by their numbers from 1, which rise, without line ends; a number that the file lacks is left out."""
    numbers = iter(wanted)
    number = next(numbers, None)
    first = 1
    for block in blocks_of(path):
        if number is None:
            return
        after = first + block.raw.count(b"\n")
        lines = block.raw.split(b"\n") if number < after else []
        while number is not None and number < after:
            if number >= first:
                yield number, lines[number - first].rstrip(b"\r\n")
            number = next(numbers, None)
        first = after


def _cut_long(raw: bytes, first_was_cut: bool) -> Lines:
    """The lines, those that are too long cut. The search goes in steps of a megabyte, not line by line."""
    cut = {0} if first_was_cut else set()
    at = 0
    while len(raw) - at > LINE_BYTES_MAX:
        end = raw.rfind(b"\n", at, at + LINE_BYTES_MAX + 1)
        if end < 0:
            cut.add(raw.count(b"\n", 0, at))
            end = raw.find(b"\n", at)
            raw = raw[: at + LINE_BYTES_KEPT] + raw[end:]
            end = at + LINE_BYTES_KEPT
        at = end + 1
    return Lines(raw, frozenset(cut))
