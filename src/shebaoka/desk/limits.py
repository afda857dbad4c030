"""How often something may be tried: one table, and a room that counts tries in memory.

A flood is turned away here, before anything is read. It is counted by whoever tries, by their address or the session at
their browser, and never by the person who is asked about alone: a stranger's tries must not lock a holder out.
"""

import math
import threading
from collections.abc import Mapping

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.records import TooManyTries


class Limit(msgspec.Struct, frozen=True):
    """So many tries within so many seconds. They come back one by one, evenly, as the time goes on."""

    tries: int
    seconds: int


LIMITS: Mapping[str, Limit] = {
    "book": Limit(60, 3600),
    "book_one": Limit(6, 86_400),
    "feedback": Limit(60, 3600),
    "follow": Limit(120, 600),
    "where": Limit(60, 600),
    "where_number": Limit(8, 3600),
    "slip": Limit(60, 600),
    "search": Limit(120, 60),
    "guide": Limit(300, 60),
    "holder_asks": Limit(30, 600),
    "holder_code": Limit(5, 900),
    "holder_code_day": Limit(15, 86_400),
    "holder_try": Limit(60, 600),
    "holder_telephone": Limit(5, 3600),
    "holder_paper": Limit(20, 600),
    "visit": Limit(40, 2),
    "wallet": Limit(60, 60),
    "ecard": Limit(30, 60),
    "ecard_wallet": Limit(5, 600),
    "caller": Limit(5, 3600),
    "token": Limit(2000, 60),
    "health": Limit(600, 60),
}
"""What is limited: its kind, and how often it may be tried by one key."""
MOST_KEYS = 100_000
"""Keys that are remembered for a kind; beyond them those whose tries have all come back are forgotten."""


class Limits:
    """Counts tries. Safe for many threads. A restart forgets all of them."""

    def __init__(self, clock: Clock = now, limits: Mapping[str, Limit] = LIMITS) -> None:
        self._clock = clock
        self._limits = limits
        self._lock = threading.Lock()
        # Of each key the instant, in seconds, at which all its tries will have come back.
        self._full_at: dict[str, dict[str, float]] = {kind: {} for kind in limits}

    def take(self, kind: str, key: str, tries: int = 1) -> None:
        """So many tries more. `TooManyTries`, with when to try again, if so many are not left; then none counts."""
        limit, at = self._limits[kind], self._clock().timestamp()
        each = limit.seconds / limit.tries * tries
        with self._lock:
            full_at = self._full_at[kind]
            mine = max(full_at.get(key, at), at) + each
            if mine - at > limit.seconds + 1e-6:
                wait_s = mine - at - limit.seconds
                said = f"Too many tries. Wait {max(1, math.ceil(wait_s))} seconds, then try again."
                raise TooManyTries(said, wait_s=wait_s)
            if len(full_at) >= MOST_KEYS and key not in full_at:
                self._forget(full_at, at)
            full_at[key] = mine

    def give_back(self, kind: str, key: str) -> None:
        """The last try shall not have counted: it was a right one."""
        limit = self._limits[kind]
        with self._lock:
            if key in self._full_at[kind]:
                self._full_at[kind][key] -= limit.seconds / limit.tries

    @staticmethod
    def _forget(full_at: dict[str, float], at: float) -> None:
        """Keys whose tries have come back; where none has, the tenth of all that will be soonest."""
        gone = [key for key, until in full_at.items() if until <= at]
        for key in gone or sorted(full_at, key=full_at.__getitem__)[: MOST_KEYS // 10]:
            del full_at[key]
