"""The counter before the desk: whoever asks waits here, and a desk takes all who wait as one tray.

No timer: an idle desk serves a tray of one at once, and a busy one finds a full tray when it comes back.
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

from shebaoka.desk.desk import Desk
from shebaoka.desk.fold import Outcome
from shebaoka.records import Ask, Broken, CycleClosed, NoBlank, PaymentUsed, StoreBusy, StoreDown, Trouble, VaultTrouble

log = logging.getLogger(__name__)
TRAY = 200
"""The most that one tray takes from the counter; measured in `make bench-desk`."""

_Waiting = tuple[Sequence[Ask], bool, "Future[list[Outcome]]"]


class Counter:
    """Takes asks from many threads and gives each its outcomes; `workers` desks serve it."""

    def __init__(self, make_desk: Callable[[], Desk], workers: int = 1) -> None:
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._make_desk = make_desk
        self._threads = [
            threading.Thread(target=self._work, name=f"desk-{n}", daemon=True) for n in range(1, workers + 1)
        ]
        self._closed = False
        self._door = threading.Lock()
        self._alone = threading.Lock()

    def open(self) -> None:
        """Begin to serve."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Serve whoever waits, then stop."""
        with self._door:
            self._closed = True
            for _ in self._threads:
                self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def submit(self, asks: Sequence[Ask], *, dry_run: bool = False) -> "Future[list[Outcome]]":
        """Wait in line; the future has each ask's outcome, or the `Trouble` that kept all of them from being served."""
        future: Future[list[Outcome]] = Future()
        with self._door:  # nobody gets in line behind the word that the office closes, where none would be served
            if self._closed:
                raise StoreDown("The office is closing. Nothing was done; send the same request again.")
            self._queue.put((asks, dry_run, future))
        return future

    def _work(self) -> None:
        desk = self._make_desk()
        try:
            while True:
                first = self._queue.get()
                if first is None:
                    return
                batch, stop = self._everybody_waiting(first)
                # Whoever left the line is not served; whoever is taken up can leave no more.
                batch = [w for w in batch if w[2].set_running_or_notify_cancel()]
                for dry_run in (False, True):
                    waiting = [w for w in batch if w[1] is dry_run]
                    if waiting:
                        with self._alone:  # held for as long as another desk works alone
                            pass
                        _serve(desk, waiting, dry_run, self._alone)
                if stop:
                    return
        finally:
            desk.store.close()

    def _everybody_waiting(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """The first in line and all behind, up to a full tray; and whether the office closes."""
        batch, size = [first], len(first[0])
        while size < TRAY:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                return batch, True
            batch.append(waiting)
            size += len(waiting[0])
        return batch, False


_OF_ONE = (Broken, CycleClosed, NoBlank, PaymentUsed, VaultTrouble)


def _serve(desk: Desk, waiting: list[_Waiting], dry_run: bool, alone: threading.Lock) -> None:
    """One tray for all of them. If one breaks the tray, each is served alone, so that only that one is told.

    So it is with the vault's troubles: a card without a first PIN, or a PIN value whose key is lost, is one person's;
    and with a business cycle that was closed, which is one institution's, a scanned payment that was used before, and a
    window that has no blank card.
    """
    try:
        outcomes = _submit(desk, [a for asks, _, _ in waiting for a in asks], dry_run, alone)
    except Trouble as e:
        if isinstance(e, _OF_ONE) and len(waiting) > 1:
            for one in waiting:
                _serve(desk, [one], dry_run, alone)
            return
        for _, _, future in waiting:
            future.set_exception(e)
    except Exception as e:
        if len(waiting) > 1:
            for one in waiting:
                _serve(desk, [one], dry_run, alone)
            return
        log.exception("a tray broke")
        broken = Broken(
            "The program is at fault. Whether it was done is not known; send the same again, or ask back, and tell the "
            "administrator the time and the request id."
        )
        broken.__cause__ = e
        waiting[0][2].set_exception(broken)
    else:
        start = 0
        for asks, _, future in waiting:
            future.set_result(outcomes[start : start + len(asks)])
            start += len(asks)


def _submit(desk: Desk, asks: Sequence[Ask], dry_run: bool, alone: threading.Lock) -> list[Outcome]:
    """The outcomes of a tray. What kept losing to the other desks of this counter is served while they wait."""
    try:
        outcomes = desk.submit(asks, dry_run=dry_run)
    except StoreBusy:
        with alone:
            return desk.submit(asks, dry_run=dry_run)
    busy = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, StoreBusy)]
    if busy:
        with alone:
            again = desk.submit([asks[n] for n in busy], dry_run=dry_run)
        for n, outcome in zip(busy, again, strict=True):
            outcomes[n] = outcome
    return outcomes


@contextmanager
def open_counter(make_desk: Callable[[], Desk], workers: int = 1) -> Iterator[Counter]:
    """A counter that serves while the block runs."""
    counter = Counter(make_desk, workers)
    counter.open()
    try:
        yield counter
    finally:
        counter.close()
