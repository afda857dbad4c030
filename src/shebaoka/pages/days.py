"""The day that an address names. Pages that look back ask."""

import datetime as dt
import re

from shebaoka.records import BadInput

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day_asked(asked: str, today: dt.date) -> dt.date:
    """The day that an address names, else today. `BadInput` for none that has been."""
    if not asked:
        return today
    try:
        day = dt.date.fromisoformat(asked) if _DAY.fullmatch(asked) else None
    except ValueError:
        day = None
    if day is None or not dt.date(1900, 1, 1) <= day <= today:
        raise BadInput(f"on: give a day such as 2013-07-01, and none after {today}.")
    return day
