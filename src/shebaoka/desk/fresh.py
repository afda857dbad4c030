"""Where clock, ids and randomness enter, and nowhere else: instants, ids, card numbers, serials, slip codes."""

import datetime as dt
import re
import secrets
from collections.abc import Callable

from shebaoka.records import Broken
from shebaoka.slipcode import SLIP_CODE_BITS, slip_code_of

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""First characters of card numbers, in the order in which they are used up; I and O look like digits."""
_ONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")


def now() -> dt.datetime:
    """The instant, in UTC, to the microsecond."""
    return dt.datetime.now(dt.UTC)


Clock = Callable[[], dt.datetime]


def card_number(n: int) -> str:
    """The n-th card number of a city: nine characters, a letter and eight digits."""
    letter, digits = divmod(n, 10**8)
    if letter >= len(LETTERS):
        raise Broken("All card numbers of the city are used up.")
    return f"{LETTERS[letter]}{digits:08d}"


def card_serial(region: str) -> str:
    """A card serial: 32 hexadecimal digits, the issuer's region first, the rest drawn."""
    return region + secrets.token_hex(13)


def draw_slip_code() -> str:
    """A new slip code, which nobody can guess; whoever keeps it makes sure that there is no second one."""
    return slip_code_of(secrets.randbits(SLIP_CODE_BITS))


def draw_once() -> str:
    """A word for a form, by which the same form sent twice is known."""
    return secrets.token_urlsafe(16)


def is_once(text: str) -> bool:
    """Whether a text may be such a word."""
    return _ONCE.fullmatch(text) is not None


class Block:
    """Ids taken from the database a block at a time, so that a request need not fetch its own."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._next = 0
        self._end = 0

    def low(self, wanted: int) -> bool:
        """Whether a fresh block should come along with the next load."""
        return self._end - self._next < wanted

    def refill(self, start: int | None) -> None:
        """Take a block that a load brought; what was left of the last one is left out."""
        if start is not None:
            self._next, self._end = start, start + self._size

    def take(self) -> int:
        """One id."""
        if self._next >= self._end:
            raise Broken("A tray needed more ids than a block holds.")
        self._next += 1
        return self._next - 1
