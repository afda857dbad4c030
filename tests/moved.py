"""An export taken through a whole run on the test database, and what must hold of every run. Tests share it."""

import csv
from pathlib import Path
from typing import NamedTuple

from shebaoka.app import House
from shebaoka.importer.mapping import ready_mapping
from shebaoka.importer.specs import Mapping
from shebaoka.importer.steps import Move
from shebaoka.importer.tools import HELD_BACK_FOLDER
from shebaoka.moving import move_of
from shebaoka.records import FileOutcome, RunReport


class Moved(NamedTuple):
    """A run as it ended: its report, and the rows held back by file and line, with reason and sentence."""

    report: RunReport
    held: dict[tuple[str, int], tuple[str, str]]
    output: Path
    move: Move

    def file(self, name: str, kind: str = "") -> FileOutcome:
        """What became of a file's rows."""
        (found,) = (f for f in self.report.files if f.name == name and kind in ("", f.kind))
        return found

    def reason(self, name: str, line: int) -> str:
        """Why a row is held back; empty if it is not."""
        return self.held.get((name, line), ("", ""))[0]

    def sentence(self, name: str, line: int) -> str:
        """What people are told of a row."""
        return self.held[name, line][1]


def moved(house: House, folder: Path, mapping: Mapping | None = None, last: str = "prove") -> Moved:
    """An export after a whole run; every row and fen of every file is accounted for."""
    move = move_of(house, folder, mapping or ready_mapping("invented"), by="test", processes=1)
    report = move.to(last)
    output = move.place / HELD_BACK_FOLDER
    held: dict[tuple[str, int], tuple[str, str]] = {}
    count = 0
    if (output / "held_back.csv").exists():
        with (output / "held_back.csv").open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                count += 1
                held[row["file"], int(row["line"])] = row["reason"], row["sentence"]
    if not report.differences and last == "prove":
        must_account_for_all(report)
        assert report.state == "prove"
        assert report.proof is not None
        assert report.proof.proved
        assert count == sum(r.rows for r in report.reasons) == sum(f.held_back for f in report.files)
    return Moved(report, held, output, move)


def must_account_for_all(report: RunReport) -> None:
    """Rows and money of every file are the sum of what became of them."""
    assert report.accounted_for
    for f in report.files:
        assert f.rows == f.carried_over + f.already_there + f.held_back + f.left, f.name
        assert f.sum_fen == f.carried_over_fen + f.already_there_fen + f.held_back_fen + f.left_fen, f.name
