"""Challenges for authenticators to sign: drawn here, each for one purpose and one browser, and good once.

They are in the process's memory and nowhere else: whoever asks for many, without being anybody, fills no table, and the
oldest make room. After a restart one presses the button once more.
"""

import collections
import datetime as dt
import hmac
import secrets
import threading

import msgspec

from shebaoka.desk.fresh import Clock

VALID = dt.timedelta(minutes=5)
MOST = 10_000


class _Drawn(msgspec.Struct, frozen=True):
    purpose: str
    browser: str
    until: dt.datetime
    beside: bytes


class Challenges:
    """Draws challenges and takes them back. Safe for many threads."""

    def __init__(self, clock: Clock, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._open: collections.OrderedDict[bytes, _Drawn] = collections.OrderedDict()
        self._lock = threading.Lock()

    def drawn(self, purpose: str, browser: str, beside: bytes = b"") -> bytes:
        """A new challenge of 32 bytes for a purpose and a browser; `beside` is given back with it."""
        challenge, at = secrets.token_bytes(32), self._clock()
        with self._lock:
            while self._open and (len(self._open) >= self._most or next(iter(self._open.values())).until <= at):
                self._open.popitem(last=False)
            self._open[challenge] = _Drawn(purpose, browser, at + VALID, beside)
        return challenge

    def taken(self, challenge: bytes, purpose: str, browser: str) -> bytes | None:
        """What was kept beside a challenge that is used up by this; None if it is none, or of another browser."""
        with self._lock:
            found = self._open.pop(challenge, None)
        if found is None or found.until <= self._clock() or found.purpose != purpose or not browser:
            return None
        return found.beside if hmac.compare_digest(found.browser.encode(), browser.encode()) else None
