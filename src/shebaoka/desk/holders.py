"""Sessions of holders at the public page, as rows: whoever has proven who they are sees their own card there.

The browser has a drawn name under the vault's seal, the database its digest. A session is short, for it may be begun
at a machine that many use.
"""

import datetime as dt
import hashlib
import secrets

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.sessions import SessionTimes, opened_name, sealed_name
from shebaoka.records import HolderNotSignedIn
from shebaoka.store import Views
from shebaoka.store import holders as sql
from shebaoka.vault import Vault

HOLDER_COOKIE = "shebaoka_holder"
"""What the browser keeps a holder's session under."""
TIMES = SessionTimes(idle=dt.timedelta(minutes=10), whole=dt.timedelta(hours=1))
_SEAL = "holder"
_SAYS = {
    "signed_out": "This session was signed out.",
    "idle": "This session ended because no page was opened for a while.",
    "too_long": "This session ended because it was too long.",
    "telephone": "This session ended because the telephone was changed elsewhere.",
    "wallet": "This session ended because a credential in a wallet was ended elsewhere.",
}


class Holder(msgspec.Struct, frozen=True):
    """A holder who is signed in at the public page: who, and how they proved it, `code` or `slip`."""

    person_id: int
    how: str
    began_at: dt.datetime


class Holders:
    """Begins, finds and ends sessions of holders. Safe for many threads."""

    def __init__(self, views_: Views, vault: Vault, clock: Clock = now, times: SessionTimes = TIMES) -> None:
        self._views = views_
        self._vault = vault
        self._clock = clock
        self._times = times

    def begin(self, person_id: int, how: str) -> str:
        """A new session's cookie for somebody who has proven who they are, by a `code` or a `slip`."""
        name = secrets.token_urlsafe(32)
        row = {"digest": _digest(name), "person_id": person_id, "how": how, "at": self._clock()}
        self._views.write(sql.BEGIN, row)
        return sealed_name(self._vault, name, _SEAL)

    def of(self, cookie: str) -> Holder:
        """Whose session this is. `HolderNotSignedIn`, with a code that says why it ended, if it is nobody's."""
        name = opened_name(self._vault, cookie, _SEAL)
        rows = self._views.rows(sql.SESSION, {"digest": _digest(name)}) if name else []
        if not rows:
            raise HolderNotSignedIn("Sign in to see your card.")
        person_id, how, began_at, seen_at, ended_at, why = rows[0]
        if ended_at is not None:
            raise _ended(why)
        at = self._clock()
        if because := self._times.over(began_at, seen_at, at):
            self._views.write(sql.END, {"digest": _digest(name), "at": at, "why": because})
            raise _ended(because)
        if at - seen_at >= self._times.noted:
            self._views.write(sql.SEEN, {"digest": _digest(name), "at": at})
        return Holder(person_id, how, began_at)

    def end(self, cookie: str) -> None:
        """The session is signed out; one that is nobody's is left alone."""
        if name := opened_name(self._vault, cookie, _SEAL):
            self._views.write(sql.END, {"digest": _digest(name), "at": self._clock(), "why": "signed_out"})

    def end_others(self, cookie: str, person_id: int) -> None:
        """Every other session of a holder ends, since their telephone is another one now."""
        row = {"digest": self.digest_of(cookie), "person_id": person_id, "at": self._clock(), "why": "telephone"}
        self._views.write(sql.END_OTHERS, row)

    def digest_of(self, cookie: str) -> bytes:
        """By what a session's row is known, for a room that ends all others along with what it does."""
        return _digest(opened_name(self._vault, cookie, _SEAL))


def _ended(why: str) -> HolderNotSignedIn:
    return HolderNotSignedIn(f"{_SAYS[why]} Sign in again.", code=f"holder_session_{why}")


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode(errors="replace")).digest()
