"""The service windows (综合服务窗口): which there are, where they are, when they are open, and whether they are in use.

A window's code is the place of staff's accounts, and where a card is collected. The system administrator keeps them.
"""

import datetime as dt
import re

import msgspec

from shebaoka.desk.configuration import ConfigurationEvent, note
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.records import BadInput, NotFound
from shebaoka.store import Views
from shebaoka.store import windows as sql

LATEST = 50
_CODE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_MOST = {"name": 50, "site": 100, "address": 200, "hours": 100}


class Window(msgspec.Struct, frozen=True):
    """A window: its code, its name in Chinese, the site that it is in, that one's address, and opening hours."""

    code: str
    name: str
    site: str
    address: str
    hours: str
    added_at: dt.datetime
    ended_at: dt.datetime | None


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

    def events(self, *, seen_by: Staff | None = None, limit: int = LATEST) -> list[ConfigurationEvent]:
        """What was done to windows, the latest first."""
        if seen_by is not None:
            seen_by.must(Right.SEE_CONFIGURATION)
        rows = self._views.rows(sql.EVENTS, {"matters": ["window"], "limit": limit})
        return [ConfigurationEvent(*row) for row in rows]

    def add(self, code: str, name: str, site: str, address: str, hours: str, *, by: Staff | None = None) -> None:
        """A new window. A code is used once: what was done at an ended window still names it."""
        said = _said(by, code, name=name, site=site, address=address, hours=hours)
        at = self._clock()
        with self._views.together() as run:
            if not run(sql.ADD, {"code": code, "at": at, **said}):
                raise BadInput(f"code: there is a window {code} already; choose another code.")
            note(run, "window", code, "added", by, at, **said)

    def change(self, code: str, name: str, site: str, address: str, hours: str, *, by: Staff | None = None) -> None:
        """Other words about a window in use; its code stays. `NotFound`."""
        said = _said(by, code, name=name, site=site, address=address, hours=hours)
        with self._views.together() as run:
            if not run(sql.CHANGE, {"code": code, **said}):
                raise NotFound(f"There is no window {code} in use.")
            note(run, "window", code, "changed", by, self._clock(), **said)

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


def _must_keep(by: Staff | None) -> None:
    if by is not None:
        by.must(Right.KEEP_WINDOWS)


def _said(by: Staff | None, code: str, **said: str) -> dict[str, str]:
    """What is said of a window, without spaces at its ends. `BadInput` names the field."""
    _must_keep(by)
    if not _CODE.fullmatch(code):
        raise BadInput("code: give 1 to 64 letters, digits, dots, colons, dashes or underlines.")
    said = {field: text.strip() for field, text in said.items()}
    for field, most in _MOST.items():
        if not said[field] or len(said[field]) > most or not said[field].isprintable():
            raise BadInput(f"{field}: give 1 to {most} printable characters on one line.")
    return said
