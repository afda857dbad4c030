"""Sessions at the office's pages, kept in the database: they outlive a restart, and end with their account.

The browser has a drawn name under the vault's seal, the database its digest. One session an account: a sign-in
elsewhere ends the one before. Under the same seal the browser has the mark that its forms bring back, which is sealed
for its session: one that somebody slipped it, or that was another session's, is none.
"""

import datetime as dt
import hashlib
import re
import secrets

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Role
from shebaoka.desk.staff import Staff
from shebaoka.records import NotSignedIn, VaultTrouble
from shebaoka.store import Views
from shebaoka.store import staff as sql
from shebaoka.vault import Kept, Vault

_COOKIE = re.compile(r"([A-Za-z0-9_-]{43})\.([0-9a-f]{8})\.([0-9a-f]{64})")
_SESSION, _MARK = "session", "form"

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

    def over(self, began_at: dt.datetime, seen_at: dt.datetime, at: dt.datetime) -> str:
        """Why a session is over by now, `idle` or `too_long`; empty if it goes on."""
        if at - seen_at >= self.idle:
            return "idle"
        return "too_long" if at - began_at >= self.whole else ""


TIMES = SessionTimes()


class Sessions:
    """Begins, finds and ends sessions. Safe for many threads."""

    def __init__(self, views_: Views, vault: Vault, clock: Clock = now, times: SessionTimes = TIMES) -> None:
        self._views = views_
        self._vault = vault
        self._clock = clock
        self._times = times

    def begin(self, staff: Staff) -> str:
        """A new session's cookie. An earlier session of the account ends. `NotSignedIn` if the account ended."""
        name = secrets.token_urlsafe(32)
        at = self._clock()
        with self._views.together() as run:
            run(sql.LOCK, {"name": staff.name})
            run(sql.END_SESSIONS, {"name": staff.name, "at": at, "why": "elsewhere"})
            if not run(sql.BEGIN_SESSION, {"digest": _digest(name), "name": staff.name, "at": at}):
                raise _ended("account_ended")
        return self._sealed(name, _SESSION)

    def of(self, cookie: str) -> Staff:
        """Whose session this is. `NotSignedIn`, with a code that says why it ended, if it is nobody's."""
        name = self._opened(cookie, _SESSION)
        rows = self._views.rows(sql.SESSION, {"digest": _digest(name)}) if name else []
        if not rows:
            raise NotSignedIn("Sign in to see the office's pages.")
        staff, role, place, began_at, seen_at, ended_at, why = rows[0]
        if ended_at is not None:
            raise _ended(why)
        at = self._clock()
        if because := self._times.over(began_at, seen_at, at):
            self._views.write(sql.END_SESSION, {"digest": _digest(name), "at": at, "why": because})
            raise _ended(because)
        if at - seen_at >= self._times.noted:
            self._views.write(sql.SEEN, {"digest": _digest(name), "at": at})
        return Staff(staff, Role(role), place)

    def was_given(self, cookie: str) -> bool:
        """Whether a cookie was given out here, for a session that may have ended since. Reads no database."""
        return bool(self._opened(cookie, _SESSION))

    def end(self, cookie: str) -> None:
        """The session is signed out; one that is nobody's is left alone."""
        if name := self._opened(cookie, _SESSION):
            self._views.write(sql.END_SESSION, {"digest": _digest(name), "at": self._clock(), "why": "signed_out"})

    def form_mark(self, kept: str, session: str) -> str:
        """The mark for the forms of a session, whose cookie may be empty: the one that is kept, or a new one."""
        return kept if self.is_form_mark(kept, session) else self._sealed(secrets.token_urlsafe(32), _MARK, session)

    def is_form_mark(self, kept: str, session: str) -> bool:
        """Whether a mark was made here, and for this session."""
        return bool(self._opened(kept, _MARK, session))

    def _sealed(self, drawn: str, what: str, session: str = "") -> str:
        return sealed_name(self._vault, drawn, what, session)

    def _opened(self, cookie: str, what: str, session: str = "") -> str:
        return opened_name(self._vault, cookie, what, session)


def sealed_name(vault: Vault, drawn: str, what: str, session: str = "") -> str:
    """A drawn name under the vault's seal, for a cookie of one kind alone."""
    seal = vault.mac(_message(drawn, what, session))
    return f"{drawn}.{seal.key_id}.{seal.value.hex()}"


def opened_name(vault: Vault, cookie: str, what: str, session: str = "") -> str:
    """What was sealed; empty if it was altered, was sealed for something else, or never was."""
    found = _COOKIE.fullmatch(cookie)
    if found is None:
        return ""
    drawn, key_id, mac = found.groups()
    message = _message(drawn, what, session)
    try:
        fits = vault.check_mac(message, Kept(key_id, bytes.fromhex(mac)))
    except VaultTrouble:
        vault.mac(message)  # a vault that is out of order says so; one at work does not know the key
        fits = False
    return drawn if fits else ""


def _message(drawn: str, what: str, session: str) -> bytes:
    """What a cookie's seal is over. Nothing else that is sealed begins so."""
    return f"shebaoka/cookie/1/{what}/{drawn}/{session}".encode(errors="replace")


def _ended(why: str) -> NotSignedIn:
    return NotSignedIn(f"{_SAYS[why]} Sign in again.", code=f"session_{why}")


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode(errors="replace")).digest()
