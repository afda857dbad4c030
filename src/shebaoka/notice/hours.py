"""When the hotline answers (5.2): its hours by the day of the week, and the days on which it is closed.

Times are those of a clock in the city. A day that the notice does not name is closed.
"""

import datetime as dt
import itertools
from collections.abc import Iterator

from shebaoka.notice.schema import WEEKDAYS, Parameters

Span = tuple[dt.time, dt.time]


def spans_on(p: Parameters, day: dt.date) -> tuple[Span, ...]:
    """From when until when the hotline answers on a day, in order; none if it is closed."""
    if day in p.hotline_closed_on:
        return ()
    return tuple(read_span(text) for text in p.hotline_hours.get(WEEKDAYS[day.weekday()], ()))


def answers_at(p: Parameters, day: dt.date, at: dt.time) -> bool:
    """Whether the hotline answers then; at the minute in which it closes it does not any more."""
    return any(opens <= at < closes for opens, closes in spans_on(p, day))


def open_days(p: Parameters, since: dt.date, until: dt.date) -> Iterator[dt.date]:
    """The days between the two on which the hotline answers at all, both days with them."""
    for n in range((until - since).days + 1):
        day = since + dt.timedelta(days=n)
        if spans_on(p, day):
            yield day


def read_span(text: str) -> Span:
    """`08:30-12:00` as two times; the notice was checked to have nothing else."""
    opens, _, closes = text.partition("-")
    return dt.time.fromisoformat(opens), dt.time.fromisoformat(closes)


def span_faults(p: Parameters) -> list[str]:
    """A sentence for hours that end before they begin, or that overlap, and for a hotline that never answers."""
    faults = []
    for day, texts in p.hotline_hours.items():
        spans = [read_span(text) for text in texts]
        if any(opens >= closes for opens, closes in spans):
            faults.append(f"parameters.hotline_hours.value.{day}: hours end after they begin.")
        elif any(first[1] > second[0] for first, second in itertools.pairwise(spans)):
            faults.append(f"parameters.hotline_hours.value.{day}: write the hours in order, none within another.")
    if not any(p.hotline_hours.values()):
        faults.append("parameters.hotline_hours.value: the hotline must answer on one day of the week at least.")
    return faults
