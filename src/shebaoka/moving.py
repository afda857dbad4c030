"""Moving a city over with a house: what `Move` is handed, and the processes that share its batches.

The command line, the demonstration and the benchmark call it. A process that dies takes no batch with it: the batch is
on file whole, or the next one to come takes it.
"""

import contextlib
import gc
import multiprocessing
import os
import queue
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any, NamedTuple

from shebaoka.app import House, Settings, load_notices, load_words, open_vault
from shebaoka.desk import Desk, MoveBatch, now
from shebaoka.importer import Move, Told, Tools, carry, foresee
from shebaoka.importer.specs import Mapping
from shebaoka.importer.staging import Staging
from shebaoka.records import Broken, Trouble

IMPORTS_FOLDER, REHEARSALS_FOLDER = "imports", "rehearsals"


def move_of(
    house: House,
    folder: Path,
    mapping: Mapping,
    *,
    by: str,
    processes: int = 0,
    rehearsal: bool = False,
    told: Told = lambda _: None,
) -> Move:
    """A move into a house. `processes` share the batches: 1 is this process alone, 0 as many as there are cores."""
    return Move(folder, mapping, tools_of(house, by=by, processes=processes, rehearsal=rehearsal, told=told))


def tools_of(
    house: House, *, by: str, processes: int = 0, rehearsal: bool = False, told: Told = lambda _: None
) -> Tools:
    """What a move into a house, or the end of one, is handed."""
    at = house.clock()
    on = at.astimezone(house.notices.zone).date()
    count = processes or (os.cpu_count() or 1)
    workers = _Alone(house) if count == 1 else _Several(house, count)
    return Tools(
        url=house.url,
        runs=house.runs,
        desk=house.desk,
        clock=house.clock,
        on=on,
        city=house.notices.on(on).city,
        by=by,
        workers=workers,
        work=house.settings.home / (REHEARSALS_FOLDER if rehearsal else IMPORTS_FOLDER),
        rehearsal=rehearsal,
        told=told,
    )


class _Alone:
    """This process does it all, with the house's own clock."""

    def __init__(self, house: House) -> None:
        self._house = house

    def begin(self) -> None:
        """There is nothing to start."""

    def foresee(
        self, staging: Path, run: str, by: str, batches: Sequence[MoveBatch], told: Callable[[int], None]
    ) -> Counter[str]:
        """What the desk would answer, by ground."""
        desk = self._house.desk()
        with closing(desk.store), Staging(staging, writing=False, threads=1) as read:
            return foresee(desk, read, run, by, batches, told)

    def carry(
        self, staging: Path, run: str, by: str, batches: Sequence[MoveBatch], told: Callable[[int], None]
    ) -> None:
        """Carry batches over."""
        desk = self._house.desk()
        with closing(desk.store), Staging(staging, writing=False, threads=1) as read:
            carry(desk, read, run, by, batches, told)

    def dismiss(self) -> None:
        """There is nothing to end."""

    def close(self) -> None:
        """There is nothing to end."""


class _Job(NamedTuple):
    """What the processes are told: what to do, with which run, where it is staged, and which batches there are."""

    what: str
    staging: Path
    run: str
    by: str
    batches: list[MoveBatch]


class _Several:
    """Several processes, each with a desk of its own, take the batches one by one. The clock is the machine's."""

    def __init__(self, house: House, count: int) -> None:
        if house.clock is not now:
            raise Broken("A clock that a play moves cannot be shared by several processes.")
        self._house = house
        self._context = multiprocessing.get_context("spawn")
        self._count = count
        self._processes: list[SpawnProcess] = []
        self._working: list[SpawnProcess] = []

    def foresee(
        self, staging: Path, run: str, by: str, batches: Sequence[MoveBatch], told: Callable[[int], None]
    ) -> Counter[str]:
        """What the desk would answer, by ground."""
        return self._go(_Job("foresee", staging, run, by, list(batches)), told)

    def carry(
        self, staging: Path, run: str, by: str, batches: Sequence[MoveBatch], told: Callable[[int], None]
    ) -> None:
        """Carry batches over."""
        self._go(_Job("carry", staging, run, by, list(batches)), told)

    def dismiss(self) -> None:
        """Let the processes end, and do not wait for it."""
        for _ in self._working:
            self._jobs.put(None)
        self._working = []

    def close(self) -> None:
        """Let the processes end, and wait until they have."""
        self.dismiss()
        for process in self._processes:
            process.join()
        self._processes = []

    def begin(self) -> None:
        """Start the processes, unless they are there; they stay for the steps to come."""
        if self._working:
            return
        self.close()
        self._jobs: Queue[_Job | None] = self._context.Queue()
        self._heard: Queue[Any] = self._context.Queue()
        self._place = self._context.Value("q", 0)
        told = (self._house.settings, self._house.url, os.getpid(), self._jobs, self._place, self._heard)
        self._processes = [self._context.Process(target=_work, args=told, daemon=True) for _ in range(self._count)]
        for process in self._processes:
            process.start()
        self._working = list(self._processes)

    def _go(self, job: _Job, told: Callable[[int], None]) -> Counter[str]:
        """Let the processes work, hear what they tell, and pass on the first trouble that one of them meets."""
        self.begin()
        self._place.value = 0
        for _ in self._processes:
            self._jobs.put(job)
        grounds, left, trouble = Counter[str](), len(self._processes), None
        while left:
            try:
                said = self._heard.get(timeout=1)
            except queue.Empty:
                if not all(p.is_alive() for p in self._processes):
                    for process in self._processes:
                        process.terminate()
                    self.close()
                    raise Broken("A process of the move died; run the same command again.") from None
                continue
            if isinstance(said, int):
                told(said)
                continue
            left -= 1
            if isinstance(said, Counter):
                grounds += said
            else:
                trouble = trouble or said
        if trouble is not None:
            raise trouble
        return grounds


def _work(
    settings: Settings,
    url: str,
    parent: int,
    jobs: "Queue[_Job | None]",
    place: "Synchronized[int]",
    heard: "Queue[Any]",
) -> None:
    """One process: job after job, batch after batch, until it is let go or its parent is gone."""
    # What a batch makes goes with it and is in no circle: to look for circles is a sixth of the time.
    gc.disable()
    notices, words = load_notices(settings.notice), load_words(settings.words)
    house = House(settings, url, open_vault(settings), notices, words, now)
    desk: Desk = house.desk()
    with closing(desk.store):
        with contextlib.suppress(Trouble):
            desk.store.open()
        while (job := _awaited(jobs, parent)) is not None:
            batches = _next(job, place, parent)
            try:
                with Staging(job.staging, writing=False, threads=1) as staging:
                    if job.what == "foresee":
                        heard.put(foresee(desk, staging, job.run, job.by, batches, heard.put))
                    else:
                        carry(desk, staging, job.run, job.by, batches, heard.put)
                        heard.put(Counter())
            except Trouble as e:
                heard.put(e)


def _awaited(jobs: "Queue[_Job | None]", parent: int) -> _Job | None:
    """The next job; None if there is none to come."""
    while os.getppid() == parent:
        with contextlib.suppress(queue.Empty):
            return jobs.get(timeout=1)
    return None


def _next(job: _Job, place: "Synchronized[int]", parent: int) -> Iterator[MoveBatch]:
    """The batches that no other process has taken, while the process that began it all lives."""
    while os.getppid() == parent:
        with place.get_lock():
            n, place.value = place.value, place.value + 1
        if n >= len(job.batches):
            return
        yield job.batches[n]
