"""Who may ask: staff accounts. A program's has a token, of which only the digest is stored; a person's has an enrolment
code, and then a password and a second factor (`desk/signin.py`).
"""

import datetime as dt
import hashlib
import secrets
import unicodedata

import msgspec

from shebaoka.desk.credentials import digest_of_code, drawn_code
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import CHANNEL_OF, POSTS, Right, Role, has, must_have, right_for
from shebaoka.records import AnyRequest, BadInput, Channel, NotAllowed, NotFound, NotSignedIn, Sender, Tender
from shebaoka.store import Views, passkeys, windows
from shebaoka.store import staff as sql
from shebaoka.vault import Vault

CODE_VALID = dt.timedelta(hours=24)
"""How long an enrolment code is good."""
OWNER = ""
"""Whom an account's events name where the owner of the machine acted at the command line; nobody is called so."""


class Staff(msgspec.Struct, frozen=True):
    """Somebody who signed in."""

    name: str
    role: Role
    place: str

    def sender(self, *requests: AnyRequest) -> Sender:
        """As whom and from where this one asks. `NotAllowed` for a role that only reads, or may not ask for these."""
        channel = CHANNEL_OF.get(self.role)
        if channel is None:
            raise NotAllowed(f"The role {self.role} does not ask for services.")
        for request in requests:
            self.must(right_for(request))
        return Sender(by=self.name, channel=channel, place=self.place)

    def takes(self, tender: Tender) -> Tender:
        """How a fee is paid to this one, to go beside a request.

        `NotAllowed` for a role that takes no fees; `BadInput` for an account without a window, which has no till.
        """
        self.must_have_a_till()
        return tender

    def must_have_a_till(self) -> None:
        """The same, wherever somebody takes a fee or pays one back."""
        self.must(Right.TAKE_FEES)
        if not self.place:
            raise BadInput(
                "This account has no window, and so no till; a security administrator gives it one.",
                code="till_no_window",
            )

    def may(self, right: Right) -> bool:
        """Whether the role has a right."""
        return has(self.role, right)

    def must(self, right: Right) -> None:
        """`NotAllowed` unless the role has the right."""
        must_have(self.role, right)

    def must_either(self, right: Right, other: Right) -> None:
        """`NotAllowed` unless the role has one of the two rights; it names the other."""
        if not self.may(right):
            self.must(other)

    def must_see_people(self) -> None:
        """`NotAllowed` unless the role may open dossiers and the journal."""
        self.must(Right.SEE_PEOPLE)


class Account(msgspec.Struct, frozen=True):
    """An account as the list shows it. `signs_in` is token, enrolling (with a code that is out), or person."""

    name: str
    role: str
    place: str
    added_at: dt.datetime
    ended_at: dt.datetime | None
    signs_in: str
    signed_in_at: dt.datetime | None


class StaffEvent(msgspec.Struct, frozen=True):
    """What happened to an account: when, what, and by whom.

    What is added, reset, ended, enrolled, signed_in, missed; of passkeys passkey_added, passkey_used (to sign in),
    passkey_ended, passkey_copied (it counted backwards).
    """

    at: dt.datetime
    what: str
    by: str


class StaffRoom:
    """Adds staff, ends their accounts, gives enrolment codes, and tells who holds a token.

    `by` is who asks: a security administrator, or nobody where the owner of the machine does.
    """

    def __init__(self, views_: Views, vault: Vault, clock: Clock = now) -> None:
        self._views = views_
        self._vault = vault
        self._clock = clock

    def add(self, name: str, role: str, place: str = "", *, by: Staff | None = None) -> str:
        """A new account of a program; its token is returned once and can never be shown again."""
        post = POSTS[_role(role)]
        if not post.token:
            raise BadInput(f"role: accounts of the role {role} are people's; add it as a person (--person).")
        token = "sbk_" + secrets.token_urlsafe(32)
        self._add(_named(name), role, place, by, {"hash": _digest(token)}, None)
        return token

    def add_person(self, name: str, role: str, place: str = "", *, by: Staff | None = None) -> str:
        """A new account of a person; its enrolment code is returned once, and is good once within 24 hours."""
        if not POSTS[_role(role)].person:
            raise BadInput(f"role: accounts of the role {role} are programs'; add it with a token.")
        name, code = _named(name), drawn_code()
        self._add(name, role, place, by, {"hash": None}, self._enrolment(name, code))
        return code

    def reset(self, name: str, *, by: Staff | None = None) -> str:
        """A new enrolment code: password, second factor and passkeys count no more, sessions end. `NotFound`."""
        name, code, at = _named(name), drawn_code(), self._clock()
        _must_keep(by, name)
        with self._views.together() as run:
            if not run(sql.RESET_PERSON, self._enrolment(name, code)):
                raise NotFound(f"There is no open account of a person {name!r}; an account with a token has no code.")
            run(sql.END_SESSIONS, {"name": name, "at": at, "why": "reset"})
            run(passkeys.END_ALL, {"name": name, "at": at})
            run(sql.NOTE, _event(name, at, "reset", by))
        return code

    def end(self, name: str, *, by: Staff | None = None) -> None:
        """The account ends, with its sessions and passkeys; its token is not taken any more."""
        name, at = _named(name), self._clock()
        _must_keep(by, name)
        with self._views.together() as run:
            if not run(sql.END, {"name": name, "at": at}):
                raise NotFound(f"There is no open account {name!r}.")
            run(sql.END_SESSIONS, {"name": name, "at": at, "why": "account_ended"})
            run(passkeys.END_ALL, {"name": name, "at": at})
            run(sql.NOTE, _event(name, at, "ended", by))

    def sign_in(self, token: str) -> Staff:
        """Who holds this token. `NotSignedIn` if nobody does."""
        rows = self._views.rows(sql.BY_TOKEN, {"hash": _digest(token)}) if token else []
        if not rows:
            raise NotSignedIn(
                "The staff token is missing or not known. Sign in with a token from `shebaoka staff add`."
            )
        name, role, place = rows[0]
        return Staff(name, Role(role), place)

    def everybody(self, *, seen_by: Staff | None = None) -> list[Account]:
        """All accounts, by name."""
        if seen_by is not None:
            seen_by.must(Right.SEE_STAFF)
        return [Account(*row) for row in self._views.rows(sql.EVERYBODY)]

    def events(self, name: str, *, limit: int = 100, seen_by: Staff | None = None) -> list[StaffEvent]:
        """What happened to an account, the latest first."""
        if seen_by is not None:
            seen_by.must(Right.SEE_STAFF)
        return [StaffEvent(*row) for row in self._views.rows(sql.EVENTS, {"name": name, "limit": limit})]

    def _enrolment(self, name: str, code: str) -> dict[str, object]:
        until = self._clock() + CODE_VALID
        factor = self._vault.draw_factor(name)
        return {"name": name, "enrolment": digest_of_code(code), "until": until, "factor": factor}

    def _add(
        self,
        name: str,
        role: str,
        place: str,
        by: Staff | None,
        token: dict[str, bytes | None],
        person: dict[str, object] | None,
    ) -> None:
        _must_keep(by, name)
        if not name.strip() or name != name.strip() or len(name) > 64 or not name.isprintable():
            raise BadInput("name: give a name of 1 to 64 printable characters, with no space at its ends.")
        if len(place) > 64 or not place.isprintable():
            raise BadInput("place: give at most 64 printable characters.")
        at = self._clock()
        with self._views.together() as run:
            if place and _sits_at_a_window(role) and not run(windows.PLACE_FITS, {"place": place})[0][0]:
                raise BadInput(f"place: {place!r} is no window in use; choose one of them.", code="place_is_no_window")
            if not run(sql.ADD, {"name": name, "role": role, "place": place, "at": at, **token}):
                raise BadInput(f"name: there is an account {name!r} already; choose another name.")
            if person is not None:
                run(sql.ADD_PERSON, person)
            run(sql.NOTE, _event(name, at, "added", by))


def _must_keep(by: Staff | None, name: str) -> None:
    """`NotAllowed` unless whoever asks may keep staff, and not their own account."""
    if by is not None:
        by.must(Right.KEEP_STAFF)
        if by.name == name:
            raise NotAllowed("Nobody keeps their own account; another security administrator does.")


def _named(name: str) -> str:
    """A name as it is kept: typed in another way it is still the same."""
    return unicodedata.normalize("NFC", name)


def _sits_at_a_window(role: str) -> bool:
    """Whether whoever has the role has a window for a place; others ask from elsewhere, as a program or the hotline."""
    return CHANNEL_OF.get(_role(role), Channel.WINDOW) is Channel.WINDOW


def _role(role: str) -> Role:
    if role not in set(Role):
        raise BadInput(f"role: there is no role {role!r}; choose one of {', '.join(Role)}.")
    return Role(role)


def _event(name: str, at: dt.datetime, what: str, by: Staff | None) -> dict[str, object]:
    return {"name": name, "at": at, "what": what, "by": OWNER if by is None else by.name}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
