"""Which windows there are for the public, how far they are, and whether they are open now; in words, for every face.

Their texts are those that two people signed off (`desk/shownwindows.py`). Distances are as the crow flies, from a place
of the city (`places.yaml`) or from any point. 5.2 and 7.1: where to go.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from shebaoka.coordinates import Point, metres_between
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.shownwindows import ShownWindows
from shebaoka.desk.windows import EVERY_WINDOW, Window, WindowDay
from shebaoka.notice import Notices, Place, Speech, Words
from shebaoka.notice.speech import WEEKDAYS
from shebaoka.openinghours import DAYS, Day, Opening, Week, alike, clock_time, opening_at

TOLD_AHEAD = 30
"""Days that are not as in the week are told so many days before."""


class Near(msgspec.Struct, frozen=True):
    """A window in use: how far it is and whether it is open, as far as either is known, and its odd days."""

    window: Window
    distance_m: float | None
    opening: Opening | None
    days: tuple[WindowDay, ...]


class NearTold(msgspec.Struct, frozen=True):
    """The same in words: its hours in the week, whether it is open now, its odd days, and how far it is."""

    window: Window
    hours: str
    now: str
    is_open: bool
    days: tuple[str, ...]
    distance: str


class PlacesRoom:
    """Finds windows. Safe for many threads; one trip a call."""

    def __init__(self, shown: ShownWindows, notices: Notices, places: Sequence[Place], clock: Clock = now) -> None:
        self._shown = shown
        self._zone = notices.zone
        self._clock = clock
        self.places = tuple(places)
        self._by_code = {code: place for place in places for code in (place.code, *place.also)}

    def place(self, code: str) -> Place | None:
        """A place by its code, such as that of the county where somebody is insured."""
        return self._by_code.get(code)

    def nearest(self, to: Point | Place | None = None, *, limit: int | None = None) -> list[Near]:
        """The windows in use, nearest first; those of which it is not known where they are come last, by code."""
        at = self._clock().astimezone(self._zone)
        point = Point(*to.at) if isinstance(to, Place) else to
        windows, odd = self._shown.with_days(at.date())
        found = [_near(window, odd, point, at) for window in windows if not window.ended_at]
        found.sort(key=lambda n: (n.distance_m is None, n.distance_m or 0, n.window.code))
        return found[:limit]


def _near(window: Window, odd: Sequence[WindowDay], point: Point | None, at: dt.datetime) -> Near:
    """What is known of one window now. What is said of a day for it alone goes before what is said for all."""
    mine = {day.on: day for day in odd if day.code in (EVERY_WINDOW, window.code)}
    week, on = window.week, at.date()
    special = {day.on: day.spans for day in mine.values()}
    until = on + dt.timedelta(days=TOLD_AHEAD)
    return Near(
        window=window,
        distance_m=metres_between(point, window.at) if point and window.at else None,
        opening=opening_at(week, special, on, at.hour * 60 + at.minute) if week else None,
        days=tuple(day for day in mine.values() if day.on <= until),
    )


def near_told(near: Near, on: dt.date, speech: Speech) -> NearTold:
    """A window in the words of a language, on a day."""
    week, opening = near.window.week, near.opening
    return NearTold(
        window=near.window,
        hours=spoken_week(week, speech.words) if week else near.window.hours,
        now=spoken_opening(opening, on, speech) if opening else "",
        is_open=opening is not None and opening.is_open,
        days=tuple(spoken_days(run, speech) for run in _runs(near.days)),
        distance=spoken_distance(near.distance_m, speech.words) if near.distance_m is not None else "",
    )


def spoken_week(week: Week, words: Words) -> str:
    """Opening hours in a language: `周一至周五 8:30–12:00、14:30–17:30；周六至周日休息`."""
    said = words.windows
    parts = []
    for numbers, day in alike(week):
        parts.append(_of_day(_spoken_days(numbers, said), day, words))
    return said["groups_separator"].join(parts)


def spoken_opening(opening: Opening, on: dt.date, speech: Speech) -> str:
    """Whether it is open and until when, or when it opens next."""
    said, time = speech.words.windows, clock_time(opening.minute)
    if opening.on is None:
        return said["closed"]
    if opening.is_open:
        return said["open_until"].format(time=time)
    ahead = (opening.on - on).days
    weekday = said[WEEKDAYS[opening.on.weekday()]]
    code = {0: "opens_today", 1: "opens_tomorrow"}.get(ahead, "opens_on")
    return said[code].format(time=time, day=weekday if ahead < DAYS else speech.date(opening.on))


def spoken_distance(metres: float, words: Words) -> str:
    """How far it is: to 100 m below 1 km, to 0.1 km below 10 km, and to whole ones beyond."""
    if metres < 950:
        return words.windows["metres"].format(distance=f"{max(100, round(metres, -2)):.0f}")
    km = metres / 1000
    return words.windows["kilometres"].format(distance=f"{km:.1f}" if km < 9.95 else f"{km:.0f}")


def spoken_day(day: WindowDay, speech: Speech) -> str:
    """A day that is not as in the week: its date, its hours, and why."""
    return spoken_days([day], speech)


def spoken_days(run: Sequence[WindowDay], speech: Speech) -> str:
    """Days that lie side by side and are alike: the first and the last date, their hours, and why."""
    said, names = speech.words.windows, [_dated(day.on, speech) for day in (run[0], run[-1])]
    name = said["days"].format(first=names[0], last=names[1]) if len(run) > 1 else names[0]
    return _of_day(name, run[0].spans, speech.words) + (f" {run[0].why}" if run[0].why else "")


def _dated(on: dt.date, speech: Speech) -> str:
    """A day with the name that it has in the week."""
    return f"{speech.date(on)} {speech.words.windows[WEEKDAYS[on.weekday()]]}"


def _runs(days: Iterable[WindowDay]) -> list[list[WindowDay]]:
    """Days in their order, those that lie side by side and are alike together."""
    runs: list[list[WindowDay]] = []
    for day in days:
        before = runs[-1][-1] if runs else None
        if before and before.on + dt.timedelta(days=1) == day.on and (before.hours, before.why) == (day.hours, day.why):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _of_day(name: str, day: Day, words: Words) -> str:
    said = words.windows
    if not day:
        return said["closed_day"].format(day=name)
    spans = [said["span"].format(opens=clock_time(s.opens), closes=clock_time(s.closes)) for s in day]
    return said["day_hours"].format(day=name, hours=words.list_separator.join(spans))


def _spoken_days(numbers: Sequence[int], said: Mapping[str, str]) -> str:
    if len(numbers) == DAYS:
        return said["every_day"]
    first, last = said[WEEKDAYS[numbers[0]]], said[WEEKDAYS[numbers[-1]]]
    return first if len(numbers) == 1 else said["days"].format(first=first, last=last)
