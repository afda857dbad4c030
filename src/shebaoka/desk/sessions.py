"""Sessions at the office's pages, kept in the database: they outlive a restart, and end with their account.

The browser has a drawn name, the database its digest. One session an account: a sign-in elsewhere ends the one before.
"""

import datetime as dt
import hashlib
import secrets

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Role
from shebaoka.desk.staff import Staff
from shebaoka.records import NotSignedIn
from shebaoka.store import Views
from shebaoka.store import staff as sql

_SAYS = {
    "signed_out": "This session was signed out.",
    "elsewhere": "This account signed in elsewhere, which ended this session.",
    "idle": "This session ended because no page was opened for a while.",
    "too_long": "This session ended because it was too long.",
    "account_ended": "This account is ended.",
    "reset": "This account was reset; enrol with the new code.",
}


class SessionTimes(msgspec.Struct, frozen=True):
    """How long a session may be idle, how long it may last at all, and how often it is noted that it was seen."""

    idle: dt.timedelta = dt.timedelta(minutes=15)
    whole: dt.timedelta = dt.timedelta(hours=9)
    noted: dt.timedelta = dt.timedelta(minutes=1)


TIMES = SessionTimes()


class Sessions:
    """Begins, finds and ends sessions. Safe for many threads."""

    def __init__(self, views_: Views, clock: Clock = now, times: SessionTimes = TIMES) -> None:
        self._views = views_
        self._clock = clock
        self._times = times

    def begin(self, staff: Staff) -> str:
        """A new session's name, drawn. An earlier session of the account ends. `NotSignedIn` if the account ended."""
        name = secrets.token_urlsafe(32)
        at = self._clock()
        with self._views.together() as run:
            run(sql.LOCK, {"name": staff.name})
            run(sql.END_SESSIONS, {"name": staff.name, "at": at, "why": "elsewhere"})
            if not run(sql.BEGIN_SESSION, {"digest": _digest(name), "name": staff.name, "at": at}):
                raise _ended("account_ended")
        return name

    def of(self, name: str) -> Staff:
        """Whose session this is. `NotSignedIn`, with a code that says why it ended, if it is nobody's."""
        rows = self._views.rows(sql.SESSION, {"digest": _digest(name)}) if name else []
        if not rows:
            raise NotSignedIn("Sign in to see the office's pages.")
        staff, role, place, began_at, seen_at, ended_at, why = rows[0]
        if ended_at is not None:
            raise _ended(why)
        at = self._clock()
        for reached, because in (
            (at - seen_at >= self._times.idle, "idle"),
            (at - began_at >= self._times.whole, "too_long"),
        ):
            if reached:
                self._views.write(sql.END_SESSION, {"digest": _digest(name), "at": at, "why": because})
                raise _ended(because)
        if at - seen_at >= self._times.noted:
            self._views.write(sql.SEEN, {"digest": _digest(name), "at": at})
        return Staff(staff, Role(role), place)

    def end(self, name: str) -> None:
        """The session is signed out; one that is nobody's is left alone."""
        if name:
            self._views.write(sql.END_SESSION, {"digest": _digest(name), "at": self._clock(), "why": "signed_out"})


def _ended(why: str) -> NotSignedIn:
    return NotSignedIn(f"{_SAYS[why]} Sign in again.", code=f"session_{why}")


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode(errors="replace")).digest()
