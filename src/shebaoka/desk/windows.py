"""The service windows (综合服务窗口): which there are, where they are, when they are open, and whether they are in use.

A window's code is the place of staff's accounts, and where a card is collected. The system administrator keeps them.
When a window is open is what is written of it, read as data (`openinghours.py`), and the days that are otherwise. The
public sees what is text of it as two people signed it off (`desk/shownwindows.py`).
"""

import datetime as dt
import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from shebaoka.coordinates import Point, read_point
from shebaoka.desk.configuration import ConfigurationEvent, note
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right
from shebaoka.desk.signoffs import digest_of
from shebaoka.desk.staff import Staff
from shebaoka.openinghours import CLOSED, Day, Week, read_day, read_week
from shebaoka.records import BadInput, NotFound
from shebaoka.store import Views
from shebaoka.store import articles as articles_sql
from shebaoka.store import windows as sql
from shebaoka.store.views import Run

LATEST = 50
EVERY_WINDOW = "*"
"""In place of a window's code: what is said of a day holds for all of them."""
DAYS_MAX = 31
"""So many days are said at once."""
_CODE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_MOST = {"name": 50, "site": 100, "address": 200, "hours": 100}
_WHY_MOST = 50


class Window(msgspec.Struct, frozen=True):
    """A window: its code, its name in Chinese, the site that it is in, that one's address, opening hours, degrees."""

    code: str
    name: str
    site: str
    address: str
    hours: str
    added_at: dt.datetime
    ended_at: dt.datetime | None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def week(self) -> Week | None:
        """When it is open; None where what was written before it was read as data cannot be."""
        return _week_of(self.hours)

    @property
    def at(self) -> Point | None:
        """Where it is, if that is known."""
        if self.latitude is None or self.longitude is None:
            return None
        return Point(self.latitude, self.longitude)

    @property
    def coordinates(self) -> str:
        """Where it is, as it is typed."""
        return f"{self.latitude}, {self.longitude}" if self.at else ""

    def content(self) -> bytes:
        """Everything that is told of it, as it is signed off."""
        return _content(self)


class WindowDay(msgspec.Struct, frozen=True):
    """A day that is not as in the week, of a window or of every one (`*`): its hours, none if it is closed, and why."""

    code: str
    on: dt.date
    hours: str
    why: str

    @property
    def spans(self) -> Day:
        """The hours as data."""
        return read_day(self.hours) if self.hours else CLOSED

    def content(self) -> bytes:
        """Everything that is told of it, as it is signed off."""
        return _content(self)


def content_of_days(days: Iterable[WindowDay]) -> bytes:
    """Days as they are signed off together, a line each."""
    return b"\n".join(day.content() for day in days)


def _content(said: msgspec.Struct) -> bytes:
    fields = {f: getattr(said, f) for f in said.__struct_fields__ if f not in ("added_at", "ended_at")}
    return msgspec.json.encode(sorted(fields.items()))


class Windows:
    """Adds, changes and ends windows. Safe for many threads. `by` is nobody where the owner of the machine asks."""

    def __init__(self, views_: Views, clock: Clock = now) -> None:
        self._views = views_
        self._clock = clock

    def everybody(self) -> list[Window]:
        """All windows, those in use first, by code. No secret: people are told where to go."""
        return [Window(*row) for row in self._views.rows(sql.WINDOWS)]

    def in_use(self) -> list[Window]:
        """The windows that people may be sent to now."""
        return [window for window in self.everybody() if window.ended_at is None]

    def days(self, since: dt.date) -> list[WindowDay]:
        """The days from one on that are not as in the week; of a day, what is said of all windows comes first."""
        return [WindowDay(*row) for row in self._views.rows(sql.DAYS, {"since": since})]

    def events(self, *, seen_by: Staff | None = None, limit: int = LATEST) -> list[ConfigurationEvent]:
        """What was done to windows, the latest first."""
        if seen_by is not None:
            seen_by.must(Right.SEE_CONFIGURATION)
        rows = self._views.rows(sql.EVENTS, {"matters": ["window"], "limit": limit})
        return [ConfigurationEvent(*row) for row in rows]

    def add(
        self,
        code: str,
        name: str,
        site: str,
        address: str,
        hours: str,
        coordinates: str = "",
        *,
        by: Staff | None = None,
    ) -> None:
        """A new window. A code is used once: what was done at an ended window still names it. `BadInput`."""
        said, at = _said(by, code, coordinates, name=name, site=site, address=address, hours=hours), self._clock()
        with self._views.together() as run:
            if not run(sql.ADD, {"code": code, "at": at, **said, **_degrees(coordinates)}):
                raise BadInput(f"code: there is a window {code} already; choose another code.")
            note(run, "window", code, "added", by, at, **said)

    def change(
        self,
        code: str,
        name: str,
        site: str,
        address: str,
        hours: str,
        coordinates: str = "",
        *,
        by: Staff | None = None,
    ) -> None:
        """Other words about a window in use; its code stays. `BadInput`, `NotFound`."""
        said = _said(by, code, coordinates, name=name, site=site, address=address, hours=hours)
        with self._views.together() as run:
            for row in run(sql.WINDOWS, {}):
                if row[0] == code:
                    _keep_if_signed(run, Window(*row).content())
            if not run(sql.CHANGE, {"code": code, **said, **_degrees(coordinates)}):
                raise NotFound(f"There is no window {code} in use.")
            note(run, "window", code, "changed", by, self._clock(), **said)

    def say_days(
        self, code: str, first: dt.date, last: dt.date, hours: str | None, why: str = "", *, by: Staff | None = None
    ) -> None:
        """Days on which a window, or every one (`*`), is open otherwise: with other hours, closed (empty), or as usual.

        `None` takes back what was said of them. `BadInput` names the field, `NotFound` is for no window in use.
        """
        _must_keep(by)
        why = why.strip()
        if last < first or (last - first).days >= DAYS_MAX:
            raise BadInput(f"last: give a day from {first} on, at most {DAYS_MAX} days in all.")
        if len(why) > _WHY_MOST or not why.isprintable():
            raise BadInput(f"why: at most {_WHY_MOST} printable characters on one line.")
        hours = None if hours is None else hours.strip()
        if hours:
            read_day(hours)
        days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        with self._views.together() as run:
            if code != EVERY_WINDOW and not (_CODE.fullmatch(code) and run(sql.IN_USE, {"code": code})):
                raise NotFound(f"There is no window {code} in use.")
            _keep_if_signed(run, content_of_days(WindowDay(*row) for row in run(sql.DAYS, {"since": dt.date.min})))
            run(sql.SAY_DAY, {"code": code, "days": days, "hours": hours, "why": why})
            said = {"first": first.isoformat(), "last": last.isoformat(), "hours": hours, "why": why}
            note(run, "window", code, "changed", by, self._clock(), **{k: v for k, v in said.items() if v is not None})

    def end(self, code: str, *, by: Staff | None = None) -> None:
        """The window is used no more: nobody is placed at it or sent to it from now on. Who sits there stays."""
        _must_keep(by)
        if not _CODE.fullmatch(code):
            raise NotFound("There is no such window in use.")
        at = self._clock()
        with self._views.together() as run:
            if not run(sql.END, {"code": code, "at": at}):
                raise NotFound(f"There is no window {code} in use.")
            note(run, "window", code, "ended", by, at)


@lru_cache(maxsize=1024)
def _week_of(hours: str) -> Week | None:
    """What was written as data; None for what cannot be read."""
    try:
        return read_week(hours)
    except BadInput:
        return None


def _keep_if_signed(run: Run, content: bytes) -> None:
    """What was said until now stays, if it is what two people signed off before texts were kept with what is signed."""
    run(articles_sql.KEEP_IF_SIGNED, {"digest": digest_of(content), "content": content})


def _must_keep(by: Staff | None) -> None:
    if by is not None:
        by.must(Right.KEEP_WINDOWS)


def _degrees(coordinates: str) -> dict[str, float | None]:
    point = read_point(coordinates)
    return (
        {"latitude": point.latitude, "longitude": point.longitude} if point else {"latitude": None, "longitude": None}
    )


def _said(by: Staff | None, code: str, coordinates: str, **said: str) -> dict[str, str]:
    """What is said of a window, without spaces at its ends. `BadInput` names the field."""
    _must_keep(by)
    if not _CODE.fullmatch(code):
        raise BadInput("code: give 1 to 64 letters, digits, dots, colons, dashes or underlines.")
    said = {field: text.strip() for field, text in said.items()}
    for field, most in _MOST.items():
        if not said[field] or len(said[field]) > most or not said[field].isprintable():
            raise BadInput(f"{field}: give 1 to {most} printable characters on one line.")
    read_week(said["hours"])
    point = read_point(coordinates)
    return said | ({"coordinates": f"{point.latitude}, {point.longitude}"} if point else {})
