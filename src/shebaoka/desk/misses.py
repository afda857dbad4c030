"""Wrong answers about somebody, counted whoever gave them: after many, more is asked, and nobody is locked out.

Called by `desk/entering.py` and `desk/calls.py`.
"""

import collections
import datetime as dt
import threading

from shebaoka.desk.fresh import Clock, now

WITHIN = dt.timedelta(days=1)
MOST = 100_000
"""Things that are remembered; the oldest make room."""


class Misses:
    """Counts wrong answers about a thing, each for a day. Safe for many threads. A restart forgets all of them."""

    def __init__(self, many: int, clock: Clock = now) -> None:
        self._many = many
        self._clock = clock
        self._lock = threading.Lock()
        self._at: collections.OrderedDict[bytes, list[dt.datetime]] = collections.OrderedDict()

    def note(self, about: bytes) -> None:
        """One wrong answer more."""
        with self._lock:
            while len(self._at) >= MOST and about not in self._at:
                self._at.popitem(last=False)
            self._at[about] = [*self._at.get(about, ())[-self._many :], self._clock()]

    def are_many(self, about: bytes) -> bool:
        """Whether there were many within the last day."""
        since = self._clock() - WITHIN
        with self._lock:
            return sum(at > since for at in self._at.get(about, ())) >= self._many
