"""Who may ask, and through which channel: staff accounts with a role and a token. Only a token's digest is stored."""

import datetime as dt
import hashlib
import secrets
from enum import StrEnum

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.records import BadInput, Channel, NotAllowed, NotFound, NotSignedIn, Sender
from shebaoka.store import Views, views


class Role(StrEnum):
    """What somebody may do: each role asks through one channel, and the notice says what that channel may ask."""

    CLERK = "clerk"
    OPERATOR = "operator"
    PRODUCTION = "production"
    MIGRATION = "migration"
    BANK = "bank"
    CALENDAR = "calendar"
    TERMINAL = "terminal"
    AUDITOR = "auditor"


CHANNEL_OF = {
    Role.CLERK: Channel.WINDOW,
    Role.OPERATOR: Channel.PHONE,
    Role.PRODUCTION: Channel.PRODUCTION,
    Role.MIGRATION: Channel.IMPORTER,
    Role.BANK: Channel.BANK,
    Role.CALENDAR: Channel.CALENDAR,
    Role.TERMINAL: Channel.TERMINAL,
}
SEES_PEOPLE = frozenset({Role.CLERK, Role.OPERATOR, Role.AUDITOR})
"""Roles that may open a dossier; an auditor's look is journalled by the channel of the office's window."""


class Staff(msgspec.Struct, frozen=True):
    """Somebody who signed in."""

    name: str
    role: Role
    place: str

    def sender(self) -> Sender:
        """As whom and from where this one asks. `NotAllowed` for a role that only reads."""
        channel = CHANNEL_OF.get(self.role)
        if channel is None:
            raise NotAllowed(f"The role {self.role} reads and does not ask for services.")
        return Sender(by=self.name, channel=channel, place=self.place)

    def must_see_people(self) -> None:
        """`NotAllowed` unless the role may open dossiers and the journal."""
        if self.role not in SEES_PEOPLE:
            raise NotAllowed(f"The role {self.role} may not open dossiers or the journal.")


class StaffRoom:
    """Adds staff, ends their accounts, and tells who holds a token."""

    def __init__(self, views_: Views, clock: Clock = now) -> None:
        self._views = views_
        self._clock = clock

    def add(self, name: str, role: str, place: str = "") -> str:
        """A new account; its token is returned once and can never be shown again."""
        if role not in set(Role):
            raise BadInput(f"role: there is no role {role!r}; choose one of {', '.join(Role)}.")
        if not name.strip() or len(name) > 64:
            raise BadInput("name: give a name of 1 to 64 characters.")
        token = "sbk_" + secrets.token_urlsafe(32)
        row = {"name": name, "role": role, "place": place, "hash": _digest(token), "at": self._clock()}
        if not self._views.write(views.ADD_STAFF, row):
            raise BadInput(f"name: there is an account {name!r} already; choose another name.")
        return token

    def end(self, name: str) -> None:
        """The account ends; its token is not taken any more."""
        if not self._views.write(views.END_STAFF, {"name": name, "at": self._clock()}):
            raise NotFound(f"There is no open account {name!r}.")

    def sign_in(self, token: str) -> Staff:
        """Who holds this token. `NotSignedIn` if nobody does."""
        rows = self._views.rows(views.STAFF_BY_TOKEN, {"hash": _digest(token)}) if token else []
        if not rows:
            raise NotSignedIn(
                "The staff token is missing or not known. Sign in with a token from `shebaoka staff add`."
            )
        name, role, place = rows[0]
        return Staff(name, Role(role), place)

    def by_name(self, name: str) -> Staff:
        """Who has this account, for a session that began with its token. `NotSignedIn` once the account is ended."""
        rows = self._views.rows(views.STAFF_BY_NAME, {"name": name})
        if not rows:
            raise NotSignedIn("This account is ended. Sign in with a token of another.")
        return Staff(rows[0][0], Role(rows[0][1]), rows[0][2])

    def everybody(self) -> list[tuple[str, str, str, dt.datetime, dt.datetime | None]]:
        """All accounts: name, role, place, added at, ended at."""
        return [(r[0], r[1], r[2], r[3], r[4]) for r in self._views.rows(views.STAFF)]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
