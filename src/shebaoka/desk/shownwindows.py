"""Windows as the public sees them: what is text as two people signed it off, what is data as it is now (9, 5.2).

Text are a window's name, site and address, and why a day is not as in the week. Data are hours, days, coordinates, and
whether a window is in use: they are shown at once, for nobody shall stand before a closed door. Every face that tells
the public of windows reads them here; so do the sentences that an operator reads out, messages, and papers for people.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from shebaoka.desk.accounts import Asked, Rows
from shebaoka.desk.signoffs import ONE_BY_ONE, SignOffs, digest_of
from shebaoka.desk.windows import Window, WindowDay, content_of_days
from shebaoka.records import SealWrong
from shebaoka.store import Views
from shebaoka.store import articles as sql
from shebaoka.store import windows as windows_sql

NAMES = ("window/", "ended_window/", "window_days")
"""How what windows say is named among what is signed off."""
Said = Mapping[str, Any]
"""What is said of a window or a day, by field."""
_EVERYTHING: tuple[Asked, ...] = ((windows_sql.WINDOWS, {}), (windows_sql.DAYS, {"since": dt.date.min}))
_TEXTS = ("name", "site", "address")


def signed_contents(windows: Iterable[Window], days: Sequence[WindowDay]) -> dict[str, bytes]:
    """What two people sign off of windows and of days, by its name."""
    said = {f"{'ended_' if w.ended_at else ''}window/{w.code}": w.content() for w in windows}
    return said | ({"window_days": content_of_days(days)} if days else {})


class Waiting(msgspec.Struct, frozen=True):
    """What the public does not see yet as it is: windows by their codes, and days with their window's code."""

    windows: frozenset[str]
    days: frozenset[tuple[str, dt.date]]

    def __bool__(self) -> bool:
        return bool(self.windows or self.days)


class _Signed(msgspec.Struct, frozen=True):
    """What was signed off of windows, and where it counts.

    `mark` is what it was read under; None is not kept in mind. `binds` is whether anything was signed off as a whole: a
    city that never did shows its windows as they are. `said` are the contents by name, `windows` the texts by code, and
    `days` those with a signed why. `lost` names what was signed off and cannot be shown, for nothing has its digest.
    """

    mark: tuple[Any, ...] | None = None
    binds: bool = True
    said: Mapping[str, list[Said]] = {}
    windows: Mapping[str, Said] = {}
    days: frozenset[tuple[str, str, str]] = frozenset()
    lost: tuple[str, ...] = ()

    def window(self, now: Window) -> Window | None:
        """A window with the text that was signed off; None if there is none."""
        if not self.binds:
            return now
        said = self.windows.get(now.code)
        if said is None:
            return None
        hours = now.hours if now.week or now.hours == said["hours"] else ""  # what cannot be read is text as well
        return msgspec.structs.replace(now, hours=hours, **{field: said[field] for field in _TEXTS})

    def day(self, now: WindowDay) -> WindowDay:
        """A day with its why, if that was signed off for it."""
        if not self.binds or (now.code, now.on.isoformat(), now.why) in self.days:
            return now
        return msgspec.structs.replace(now, why="")


class ShownWindows:
    """Reads windows as the public sees them. Safe for many threads; one trip, but after a sign-off."""

    ASKS: tuple[Asked, ...] = ((windows_sql.WINDOWS, {}), (sql.MARK, {}))
    """What `shown` is to be told, for whoever reads it along with other things."""

    def __init__(self, views_: Views, signoffs: SignOffs) -> None:
        self._views = views_
        self._signoffs = signoffs
        self._signed = _Signed()

    def everybody(self) -> list[Window]:
        """All windows that people may be told of, those in use first, by code."""
        return self.shown(*self._views.rows_of_all(list(self.ASKS)))

    def shown(self, windows: Rows, mark: Rows) -> list[Window]:
        """The same from what was read."""
        signed = self._under(mark)
        return [shown for row in windows if (shown := signed.window(Window(*row))) is not None]

    def with_days(self, since: dt.date) -> tuple[list[Window], list[WindowDay]]:
        """The same, and the days from one on that are not as in the week."""
        windows, mark, days = self._views.rows_of_all([*self.ASKS, (windows_sql.DAYS, {"since": since})])
        signed = self._under(mark)
        return self.shown(windows, mark), [signed.day(WindowDay(*row)) for row in days]

    def waiting(self, since: dt.date) -> Waiting:
        """What the public does not see as it is until two people have signed it off, of windows in use and of days."""
        windows, mark, days = self._views.rows_of_all([*self.ASKS, (windows_sql.DAYS, {"since": since})])
        signed = self._under(mark)
        in_use = [window for window in (Window(*row) for row in windows) if window.ended_at is None]
        odd = [WindowDay(*row) for row in days]
        return Waiting(
            frozenset(window.code for window in in_use if signed.window(window) != window),
            frozenset((day.code, day.on) for day in odd if signed.day(day) != day),
        )

    def contents(self) -> dict[str, bytes]:
        """What windows say now, by the names under which two people sign it off, whether or not they did."""
        windows, days = self._views.rows_of_all(list(_EVERYTHING))
        return signed_contents((Window(*row) for row in windows), [WindowDay(*row) for row in days])

    def changes(self) -> dict[str, tuple[str, str]]:
        """What is not as it was signed off, by name: what was signed and is not said any more, and what is said now."""
        signed = self._under(self._views.rows(sql.MARK)).said
        now = {name: _lines(content) for name, content in self.contents().items()}
        found = {}
        for name in sorted(signed.keys() | now.keys()):
            before, after = signed.get(name, []), now.get(name, [])
            if before != after:
                found[name] = (_words(before, after), _words(after, before))
        return found

    def lost(self) -> tuple[str, ...]:
        """What was signed off and cannot be shown: it is not kept, or not as it was, and is said otherwise now."""
        return self._under(self._views.rows(sql.MARK)).lost

    def _under(self, mark: Rows) -> _Signed:
        """What was signed off by the sign-off that counts now; read where another one came."""
        signed = self._signed
        if signed.mark is None or signed.mark != (tuple(mark[0]) if mark else ()):
            signed = self._signed = self._read()
        return signed

    def _read(self) -> _Signed:
        """What counts. A content is known by its own digest, so that one that was changed is none that was signed.

        What windows say now counts too where it has the digest: contents are kept since schema 0040 alone.
        """
        try:
            latest = self._signoffs.latest()
        except SealWrong:
            return _Signed()
        digests = latest.digests() if latest else {}
        mark = (latest.n, latest.mac) if latest else ()
        if all(name.startswith(ONE_BY_ONE) for name in digests):
            return _Signed(mark, binds=False)
        digests = {name: digest for name, digest in digests.items() if name.startswith(NAMES)}
        kept, windows, days = self._views.rows_of_all([(sql.TEXTS, {"digests": list(digests.values())}), *_EVERYTHING])
        now = signed_contents((Window(*row) for row in windows), [WindowDay(*row) for row in days])
        by_digest = {digest_of(content): content for content in [*(bytes(row[0]) for row in kept), *now.values()]}
        said = {name: _lines(by_digest[digest]) for name, digest in digests.items() if digest in by_digest}
        lost = tuple(sorted(digests.keys() - said.keys()))
        days_said = said.get("window_days", [])
        return _Signed(
            mark=None if lost else mark,
            said=said,
            windows={lines[0]["code"]: lines[0] for name, lines in said.items() if name != "window_days"},
            days=frozenset((day["code"], day["on"], day["why"]) for day in days_said),
            lost=lost,
        )


def _lines(content: bytes) -> list[Said]:
    """A content as it was signed off: a line for a window, and one for each day."""
    return [dict(msgspec.json.decode(line)) for line in content.split(b"\n")]


def _words(said: Sequence[Said], beside: Sequence[Said]) -> str:
    """What is said, and not beside it, in a line to be read."""
    fields = ("on", "code", "name", "site", "address", "hours", "why", "latitude", "longitude")
    return "; ".join(" · ".join(str(one[f]) for f in fields if one.get(f)) for one in said if one not in beside)
