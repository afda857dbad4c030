"""The holder's keypad: PINs on their way from the holder's own window to the request that a draft becomes.

They are kept in this process's memory alone, for some minutes, and are gone once they were used: nothing of them is
written down, sealed or not. Whoever takes up a draft at another window, or after a restart, has them entered anew.
Clauses 9.1, 9.2.
"""

import asyncio
import datetime as dt
import secrets
import threading
from collections.abc import Callable

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.records import Digits, NewPin, NotFound

KEPT = dt.timedelta(minutes=10)
"""How long an invitation, and what was entered, is kept."""
MANY = 2_000
"""More invitations than windows have holders before them; the oldest are let go."""


class Entry(msgspec.Struct):
    """A keypad's invitation, and what the holder entered by it."""

    draft: str
    until: dt.datetime
    asks_present: bool
    asks_new: bool
    pin: Digits | None = None
    new_pin: Digits | None = None


class Keypad:
    """Invitations by a drawn name, and what was entered by them. Safe for many threads.

    `assess` is the vault's word on a PIN that somebody chose, so that the holder is told at the keypad and not later.
    """

    def __init__(self, assess: Callable[[Digits], NewPin], clock: Clock = now) -> None:
        self._assess = assess
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._latest: dict[str, str] = {}
        self._waiting: dict[str, list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}
        self._lock = threading.Lock()

    def invite(self, draft: str, *, asks_present: bool, asks_new: bool) -> str:
        """The name of a new keypad for a draft; one that was invited before serves no more."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._let_go()
            self._entries.pop(self._latest.get(draft, ""), None)
            self._entries[name] = Entry(draft, self._clock() + KEPT, asks_present, asks_new)
            self._latest[draft] = name
        return name

    def entry(self, name: str) -> Entry:
        """The invitation of this name. `NotFound` if it is over, or there never was one."""
        with self._lock:
            self._let_go()
            entry = self._entries.get(name)
        if entry is None or entry.pin is not None or entry.new_pin is not None:
            raise NotFound("This keypad is closed. Ask the clerk to open it again.")
        return entry

    def enter(self, name: str, pin: Digits | None, new_pin: Digits | None) -> NewPin:
        """What the holder entered; kept only if it is all that was asked for, and the new PIN is fit."""
        entry = self.entry(name)
        if entry.asks_new:
            found = NewPin.NOT_GIVEN if new_pin is None else self._assess(new_pin)
            if found is not NewPin.FIT:
                return found
        if entry.asks_present and pin is None:
            return NewPin.NOT_GIVEN
        with self._lock:
            entry.pin, entry.new_pin = pin if entry.asks_present else None, new_pin if entry.asks_new else None
            entry.until = self._clock() + KEPT
            waiting = self._waiting.pop(entry.draft, [])
        for loop, event in waiting:
            loop.call_soon_threadsafe(event.set)
        return NewPin.FIT

    def digits(self, draft: str) -> tuple[Digits | None, Digits | None]:
        """The present and the new PIN that were entered for a draft."""
        with self._lock:
            self._let_go()
            entry = self._entries.get(self._latest.get(draft, ""))
            return (entry.pin, entry.new_pin) if entry else (None, None)

    def forget(self, draft: str) -> None:
        """What was entered for a draft is gone."""
        with self._lock:
            self._entries.pop(self._latest.pop(draft, ""), None)

    async def entered(self, draft: str, within_s: float) -> bool:
        """Wait until something was entered for a draft, or the time is over; whether something was."""
        event = asyncio.Event()
        waits = (asyncio.get_running_loop(), event)
        with self._lock:
            self._waiting.setdefault(draft, []).append(waits)
        try:
            if self.digits(draft) != (None, None):
                return True
            await asyncio.wait_for(event.wait(), within_s)
        except TimeoutError:
            return False
        finally:
            with self._lock:
                others = [w for w in self._waiting.pop(draft, []) if w is not waits]
                if others:
                    self._waiting[draft] = others
        return True

    def _let_go(self) -> None:
        """What is over goes; with the lock held."""
        at = self._clock()
        over = [name for name, entry in self._entries.items() if entry.until <= at]
        over += list(self._entries)[: max(len(self._entries) - MANY, 0)]
        for name in over:
            entry = self._entries.pop(name, None)
            if entry is not None and self._latest.get(entry.draft) == name:
                del self._latest[entry.draft]
