"""Where a list is gone on with: behind the values of a row by which the list is ordered, and its number.

Not behind the row itself: it may have been taken from the list, or deleted, since the page with it was opened. So
nothing is left out, and nothing is shown twice that did not change. Bookings and feedback are listed so.
"""

import datetime as dt
import re

from shebaoka.records import BadInput

FIRST, LAST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
"""Before and after every instant that a list is ordered by."""
LAST_ID = 2**63 - 1
_TICK = dt.timedelta(microseconds=1)
_PLACE = re.compile(r"(?:[0-9]{1,17}-){1,2}[0-9]{1,18}")


def place_of(*key: dt.datetime | int) -> str:
    """The place behind a row, for an address: its instants in microseconds since 1970, and its number."""
    return "-".join(str((value - FIRST) // _TICK if isinstance(value, dt.datetime) else value) for value in key)


def behind(place: str, first: tuple[dt.datetime | int, ...]) -> tuple[dt.datetime | int, ...]:
    """The key that a place names, or `first` where a list begins. `BadInput` for what is no place in such a list."""
    if not place:
        return first
    parts = place.split("-")
    if not _PLACE.fullmatch(place) or len(parts) != len(first):
        raise BadInput("after: open the list from its beginning, and go on from there.")
    return (*(FIRST + int(part) * _TICK for part in parts[:-1]), int(parts[-1]))
