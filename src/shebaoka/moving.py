"""Moving a city over with a house: what `Move` is handed, and the processes that share its batches.

The command line, the demonstration and the benchmark call it. A process that dies takes no batch with it: the batch is
on file whole, or the next one to come takes it.
"""

import gc
import multiprocessing
import os
import queue
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

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


class _Job:
    """What a process is told: where everything is, what to do, and which batches there are."""

    def __init__(self, house: House, what: str, staging: Path, run: str, by: str, batches: Sequence[MoveBatch]) -> None:
        self.settings: Settings = house.settings
        self.url = house.url
        self.what = what
        self.staging = staging
        self.run = run
        self.by = by
        self.batches = list(batches)
        self.parent = os.getpid()


class _Several:
    """Several processes, each with a desk of its own, take the batches one by one. The clock is the machine's."""

    def __init__(self, house: House, count: int) -> None:
        if house.clock is not now:
            raise Broken("A clock that a play moves cannot be shared by several processes.")
        self._house = house
        self._count = count

    def foresee(
        self, staging: Path, run: str, by: str, batches: Sequence[MoveBatch], told: Callable[[int], None]
    ) -> Counter[str]:
        """What the desk would answer, by ground."""
        return self._go(_Job(self._house, "foresee", staging, run, by, batches), told)

    def carry(
        self, staging: Path, run: str, by: str, batches: Sequence[MoveBatch], told: Callable[[int], None]
    ) -> None:
        """Carry batches over."""
        self._go(_Job(self._house, "carry", staging, run, by, batches), told)

    def _go(self, job: _Job, told: Callable[[int], None]) -> Counter[str]:
        """Let the processes work, hear what they tell, and pass on the first trouble that one of them meets."""
        context = multiprocessing.get_context("spawn")
        heard: Queue[Any] = context.Queue()
        place = context.Value("q", 0)
        processes = [
            context.Process(target=_work, args=(job, place, heard), daemon=True)
            for _ in range(min(self._count, len(job.batches)))
        ]
        for process in processes:
            process.start()
        grounds, left, trouble = Counter[str](), len(processes), None
        while left:
            try:
                said = heard.get(timeout=1)
            except queue.Empty:
                if not any(p.is_alive() for p in processes):
                    trouble = trouble or Broken("A process of the move died; run the same command again.")
                    break
                continue
            if isinstance(said, int):
                told(said)
            elif isinstance(said, Counter):
                grounds += said
                left -= 1
            else:
                trouble = trouble or said
                left -= 1
        for process in processes:
            process.join()
        if trouble is not None:
            raise trouble
        return grounds


def _work(job: _Job, place: "Synchronized[int]", heard: "Queue[Any]") -> None:
    """One process: batch after batch, until there is none left or the parent is gone."""
    try:
        notices, words = load_notices(job.settings.notice), load_words(job.settings.words)
        house = House(job.settings, job.url, open_vault(job.settings), notices, words, now)
        desk: Desk = house.desk()
        # What a batch makes goes with it and is in no circle: to look for circles is a sixth of the time.
        gc.disable()
        with closing(desk.store), Staging(job.staging, writing=False, threads=1) as staging:
            if job.what == "foresee":
                heard.put(foresee(desk, staging, job.run, job.by, _next(job, place), heard.put))
            else:
                carry(desk, staging, job.run, job.by, _next(job, place), heard.put)
                heard.put(Counter())
    except Trouble as e:
        heard.put(e)


def _next(job: _Job, place: "Synchronized[int]") -> Iterator[MoveBatch]:
    """The batches that no other process has taken, while the process that began it all lives."""
    while os.getppid() == job.parent:
        with place.get_lock():
            n, place.value = place.value, place.value + 1
        if n >= len(job.batches):
            return
        yield job.batches[n]
