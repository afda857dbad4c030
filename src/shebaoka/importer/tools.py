"""What a move is handed, and how it tells how far a step is. The steps, the end of a run and its report use them."""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from shebaoka.desk import Desk, MoveBatch, Runs
from shebaoka.records import Progress

STAGING_FILE, HELD_BACK_FOLDER = "staging-2.duckdb", "held-back"
"""The number rises with the tables in it: a program that was changed in the middle of a run takes its files in anew."""
Told = Callable[[Progress], None]


class Workers(Protocol):
    """Several processes, or this one, that go through batches: as a dry run, or to carry them over."""

    def begin(self) -> None:
        """There will be something to do soon."""

    def foresee(
        self, staging: Path, run: str, by: str, batches: Sequence[MoveBatch], told: Callable[[int], None]
    ) -> Counter[str]:
        """What the desk would answer, by ground."""

    def carry(
        self, staging: Path, run: str, by: str, batches: Sequence[MoveBatch], told: Callable[[int], None]
    ) -> None:
        """Carry batches over."""

    def dismiss(self) -> None:
        """There is nothing more to do."""

    def close(self) -> None:
        """The same, and whatever was started has ended."""


class Tools(msgspec.Struct, frozen=True):
    """What a move is handed: the database, the desk, and who is at work."""

    url: str
    runs: Runs
    desk: Callable[[], Desk]
    clock: Callable[[], dt.datetime]
    on: dt.date
    city: str
    by: str
    workers: Workers
    work: Path
    rehearsal: bool = False
    told: Told = lambda _: None


class Meter:
    """How far a step is; tells the database and the caller, once a second at most."""

    def __init__(self, run: str, step: str, of: int, unit: str, tools: Tools) -> None:
        self.run, self.step, self.of, self.unit = run, step, of, unit
        self.done = 0
        self._tools = tools
        self._began = self._told = time.monotonic()
        self._first: int | None = None

    def add(self, more: int) -> None:
        """So much more is done."""
        self.to(self.done + more)

    def to(self, done: int) -> None:
        """So much is done."""
        self.done = done
        now = time.monotonic()
        if self._first is None:
            self._first, self._began = done, now
        if now - self._told < 1 and done < self.of:
            return
        self._told = now
        rate = (done - self._first) / max(now - self._began, 1e-6)
        left = (self.of - done) / rate if rate > 0 and done < self.of else None
        progress = Progress(self.step, done, self.of, self.unit, round(rate, 1), left, self._tools.clock())
        self._tools.runs.note_progress(self.run, progress)
        self._tools.told(progress)
