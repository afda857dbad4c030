"""What lies in the reader, watched by a thread: each time that a card is put in, it is read and told once.

A card that lay there when it was told is not told again until it was taken out: whoever goes back to the page of
search is not thrown back to the last person. Only the card serial leaves this room; the house knows whose it is.
"""

import threading
from collections.abc import Callable
from contextlib import closing

import msgspec

from shebaoka.chip import CardTalk
from shebaoka.reader.pcsc import Readers, Slot, needs_pyscard
from shebaoka.records import Trouble

AGAIN_S = 3.0
"""How long to leave a service alone that was away."""


class Placing(msgspec.Struct, frozen=True):
    """A card that was put in: its serial, or the code of the trouble that kept it from being read."""

    serial: str = ""
    trouble: str = ""


class Watch:
    """One reader, or all of this machine, watched until it is closed: also where none is plugged in yet.

    The service of readers may be away for a while, as on Windows where no reader is plugged in; it is asked again.
    """

    def __init__(self, reader: str = "", readers: Callable[[], Readers] = Readers) -> None:
        self._reader = reader
        self._readers = readers
        self._changed = threading.Condition()
        self._placing: Placing | None = None
        self._askers = 0
        self._ends = threading.Event()
        self._looked = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="card-reader", daemon=True)
        self.has_reader = False
        """Whether there is a reader to put a card into, at the last look."""
        self.trouble: Trouble | None = None
        """Why there is none, where the service itself says so."""

    def begin(self) -> None:
        """Watch; returns after the first look. `ReaderTrouble` if this program lacks what it takes."""
        needs_pyscard()
        self._thread.start()
        self._looked.wait()

    def close(self) -> None:
        """Watch no more, and let whoever waits go."""
        self._ends.set()
        with self._changed:
            self._changed.notify_all()

    def next(self, wait_s: float, is_there: Callable[[], bool]) -> Placing | None:
        """The next card that is put in, or that lies there untold; None if none came, or somebody else asked after.

        Whoever asks last gets it: that is the page in front. `is_there` says whether the asker still listens, so that
        a card is not told to a page that was left.
        """
        with self._changed:
            self._askers += 1
            mine = self._askers
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._placing is not None or self._ends.is_set() or self._askers != mine, wait_s
            )
            if self._placing is None or self._askers != mine or not is_there():
                return None
            told, self._placing = self._placing, None
            return told

    def _watch(self) -> None:
        while not self._ends.is_set():
            try:
                with closing(self._readers()) as readers:
                    self._look(readers)
            except Trouble as e:
                self.trouble, self.has_reader = e, False
                self._put(None)
            self._looked.set()
            self._ends.wait(AGAIN_S)

    def _look(self, readers: Readers) -> None:
        """Look at the readers as long as the service answers."""
        before: list[Slot] | None = None
        while not self._ends.is_set():
            slots = readers.slots(before)
            self.has_reader = any(self._reader in ("", slot.reader) for slot in slots)
            self.trouble = None
            self._looked.set()
            self._compare(readers, before or [], slots)
            before = slots

    def _compare(self, readers: Readers, before: list[Slot], now: list[Slot]) -> None:
        """What came and what went between two looks."""
        had = {slot.reader: slot.state >> 16 if slot.has_card else -1 for slot in before}
        for slot in now:
            if self._reader not in ("", slot.reader):
                continue
            count = slot.state >> 16 if slot.has_card else -1
            if had.get(slot.reader, -1) == count:
                continue
            self._put(_read(readers, slot.reader) if slot.has_card else None)

    def _put(self, placing: Placing | None) -> None:
        """What lies in the reader now, untold; None for nothing."""
        with self._changed:
            self._placing = placing
            self._changed.notify_all()


def _read(readers: Readers, reader: str) -> Placing:
    """What a card that was just put in says."""
    try:
        with readers.card(reader) as carry:
            return Placing(serial=CardTalk(carry).serial())
    except Trouble as e:
        return Placing(trouble=e.code)
