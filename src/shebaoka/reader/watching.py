"""What lies in the reader, watched by a thread: each time that a card is put in, it is read and told once.

A card that lay there when it was told is not told again until it was taken out: whoever goes back to the page of
search is not thrown back to the last person. Only the card serial leaves this room; the house knows whose it is.
"""

import threading
from collections.abc import Callable
from contextlib import closing

import msgspec

from shebaoka.chip import CardTalk
from shebaoka.reader.pcsc import Readers, Slot
from shebaoka.records import Trouble


class Placing(msgspec.Struct, frozen=True):
    """A card that was put in: its serial, or the code of the trouble that kept it from being read."""

    serial: str = ""
    trouble: str = ""


class Watch:
    """One reader, or all of this machine, watched until it is closed."""

    def __init__(self, reader: str = "", readers: Callable[[], Readers] = Readers) -> None:
        self._reader = reader
        self._readers = readers
        self._changed = threading.Condition()
        self._placing: Placing | None = None
        self._askers = 0
        self._ends = False
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="card-reader", daemon=True)
        self._at_the_end: Callable[[], None] = lambda: None
        self.trouble: Trouble | None = None
        """Why nothing is watched any more."""

    def begin(self) -> None:
        """Watch. The trouble that there is at once, such as a missing service, is raised here."""
        self._thread.start()
        self._began.wait()
        if self.trouble is not None:
            raise self.trouble

    def close(self) -> None:
        """Watch no more, and let whoever waits go."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()

    def when_ended(self, do: Callable[[], None]) -> None:
        """Do something once nothing is watched any more, such as when the reader's service goes."""
        self._at_the_end = do

    def next(self, wait_s: float, is_there: Callable[[], bool]) -> Placing | None:
        """The next card that is put in, or that lies there untold; None if none came, or somebody else asked after.

        Whoever asks last gets it: that is the page in front. `is_there` says whether the asker still listens, so that
        a card is not told to a page that was left.
        """
        with self._changed:
            self._askers += 1
            mine = self._askers
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._placing is not None or self._ends or self._askers != mine, wait_s)
            if self._placing is None or self._askers != mine or not is_there():
                return None
            told, self._placing = self._placing, None
            return told

    def _watch(self) -> None:
        try:
            with closing(self._readers()) as readers:
                before: list[Slot] | None = None
                while not self._ends:
                    slots = readers.slots(before)
                    self._began.set()
                    self._compare(readers, before or [], slots)
                    before = slots
        except Trouble as e:
            self.trouble = e
        finally:
            self._began.set()
            self.close()
            self._at_the_end()

    def _compare(self, readers: Readers, before: list[Slot], now: list[Slot]) -> None:
        """What came and what went between two looks."""
        had = {slot.reader: slot.state >> 16 if slot.has_card else -1 for slot in before}
        for slot in now:
            if self._reader not in ("", slot.reader):
                continue
            count = slot.state >> 16 if slot.has_card else -1
            if had.get(slot.reader, -1) == count:
                continue
            placing = _read(readers, slot.reader) if slot.has_card else None
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
