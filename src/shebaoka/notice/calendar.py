"""Terms by the calendar: the last day of a year that begins on 29 February, and months of unequal length."""

import calendar
import datetime as dt
from typing import Literal

from shebaoka.notice.schema import Term


def add_term(day: dt.date, term: Term, from_29_february: Literal["28 February", "1 March"] = "28 February") -> dt.date:
    """The day that lies `term` after `day`. A day that the target month lacks becomes the month's last day.

    A whole number of years from 29 February ends where the notice's reading says.
    """
    months = day.year * 12 + day.month - 1 + term.years * 12 + term.months
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    if day.day <= last:
        moved = dt.date(year, month + 1, day.day)
    elif (day.month, day.day) == (2, 29) and month == 1 and from_29_february == "1 March":
        moved = dt.date(year, 3, 1)
    else:
        moved = dt.date(year, month + 1, last)
    return moved + dt.timedelta(days=term.days)
