"""Rows that are held back, for whoever corrects them. Crediting contributions calls it.

A row's bytes hold a full number and a name: they go into the files and show in no print.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

import msgspec

from shebaoka.cells import as_text
from shebaoka.importer.reasons import Reason as Reason

HELD_BACK_FILE = "held_back.csv"


class HeldBack(msgspec.Struct, frozen=True):
    """A row that was not taken in: where it stands, why, what to do, and its bytes as they came."""

    line: int
    reason: str
    sentence: str
    raw: bytes

    def __repr__(self) -> str:
        return f"HeldBack(line={self.line}, reason={self.reason!r}, sentence={self.sentence!r}, raw=hidden)"


def write_held_back(path: Path, rows: Iterable[HeldBack]) -> None:
    """The rows held back as a list for people: UTF-8 with a BOM, so that a spreadsheet shows it as it is.

    Bytes that are no GB18030 show as `\\x..`; a row that a spreadsheet would calculate has an apostrophe before it.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("line", "reason", "sentence", "row"))
        for held in rows:
            row = held.raw.decode("gb18030", "backslashreplace")
            writer.writerow((held.line, held.reason, held.sentence, as_text(row)))
