"""Passkeys: a second factor beside the six digits, kept by a key, a phone or a computer that verifies its holder.

A person who is signed in adds one, after showing again that it is them. Signing in takes name and password as ever, and
then the passkey in place of digits: all of it is sent at once, a try is counted before it is compared, and whatever is
wrong with it has the one sentence that digits have. What is wrong before an account comes into it is told as it is: a
challenge that was used or is too old, a page at another address. See decision 0039.
"""

import datetime as dt
import secrets
import unicodedata

import msgspec

from shebaoka.desk import authenticators, credentials
from shebaoka.desk.authenticators import Made, Site
from shebaoka.desk.challenges import Challenges
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Role
from shebaoka.desk.signin import ISSUER, SignInRoom, Tried
from shebaoka.desk.staff import Staff
from shebaoka.records import BadInput, NotFound, NotSignedIn
from shebaoka.store import Views
from shebaoka.store import passkeys as sql
from shebaoka.store import staff as staff_sql

PASSKEYS_MAX = 10
_SIGN_IN, _ADD = "sign in", "add to "


class Passkey(msgspec.Struct, frozen=True):
    """A passkey as its holder sees it; `id` is what ends it."""

    id: str
    called: str
    added_at: dt.datetime
    used_at: dt.datetime | None


class Passkeys:
    """Adds and ends passkeys, and tells who signs in with one. Safe for many threads.

    `browser` is the value of a cookie that the challenge is bound to.
    """

    def __init__(self, views_: Views, sign_in: SignInRoom, site: Site, clock: Clock = now) -> None:
        self._views = views_
        self._sign_in = sign_in
        self.site = site
        self._clock = clock
        self._challenges = Challenges(clock)

    def may_have(self, staff: Staff) -> bool:
        """Whether this is an open account of a person; a program's has a token and no passkeys."""
        return bool(self._views.rows(sql.IS_PERSON, {"name": staff.name}))

    def of(self, staff: Staff) -> list[Passkey]:
        """Somebody's own passkeys, the oldest first."""
        return [
            Passkey(authenticators.key_text(key), called, added_at, used_at)
            for key, called, _, _, added_at, used_at, ended_at in self._views.rows(sql.OF_STAFF, {"name": staff.name})
            if ended_at is None
        ]

    def asked_to_add(self, staff: Staff, again: str, browser: str, issuer: str = ISSUER) -> str:
        """What the browser is asked to make a key by, as JSON, once somebody showed `again` that it is them.

        `NotSignedIn` if they did not, which counts as a miss; `BadInput` if they have as many as one may have.
        """
        self._sign_in.prove(staff, again)
        rows = self._views.rows(sql.OF_STAFF, {"name": staff.name})
        open_ones = [(key, transports) for key, _, _, transports, _, _, ended_at in rows if ended_at is None]
        if len(open_ones) >= PASSKEYS_MAX:
            raise BadInput(f"passkeys: there are {PASSKEYS_MAX}. End one that is not used.", code="passkeys_enough")
        handle = rows[0][2] if rows else secrets.token_bytes(32)
        challenge = self._challenges.drawn(_ADD + staff.name, browser, handle)
        return authenticators.to_add(self.site, issuer, staff.name, handle, challenge, open_ones)

    def add(self, staff: Staff, called: str, answer: str, browser: str) -> None:
        """The key that an authenticator made is added, under a name for people. `BadInput`, each with its code."""
        called, at = unicodedata.normalize("NFC", called.strip()), self._clock()
        if not 0 < len(called) <= 64 or not called.isprintable():
            raise BadInput("name: give the passkey a name of 1 to 64 printable characters.", code="passkey_name")
        made, handle = self._taken(answer, _ADD + staff.name, browser)
        key = authenticators.new_key(made, self.site)
        if key is None:
            raise authenticators.unfit()
        kept = {"id": key.id, "public_key": key.public_key, "count": key.count, "transports": made.transports}
        with self._views.together() as run:
            if not run(sql.HOLD_PERSON, {"name": staff.name}):
                raise authenticators.unfit()
            if not run(sql.ADD, {"name": staff.name, "handle": handle, "called": called, "at": at, **kept}):
                raise BadInput("answer: this passkey was added before; take another.", code="passkey_known")
            run(staff_sql.NOTE, {"name": staff.name, "at": at, "what": "passkey_added", "by": staff.name})

    def end(self, staff: Staff, key: str) -> None:
        """A passkey of one's own ends for good. `NotFound` if there is none such."""
        at = self._clock()
        with self._views.together() as run:
            if not run(sql.END, {"id": authenticators.key_bytes(key), "name": staff.name, "at": at}):
                raise NotFound("There is no such passkey of yours; it may have ended.")
            run(staff_sql.NOTE, {"name": staff.name, "at": at, "what": "passkey_ended", "by": staff.name})

    def asked_to_sign_in(self, browser: str) -> str:
        """What the browser is asked to sign in by, as JSON; the same for everybody but for the challenge."""
        return authenticators.to_sign_in(self.site, self._challenges.drawn(_SIGN_IN, browser))

    def sign_in(self, name: str, password: str, answer: str, browser: str) -> Staff:
        """Who this is. `BadInput` for what is wrong before an account comes into it; `NotSignedIn` for what is after.

        A key that counts backwards has been copied: it ends, and its holder is told, by a code of its own.
        """
        made, _ = self._taken(answer, _SIGN_IN, browser)
        tried = self._sign_in.tried(name)
        right = credentials.is_password(tried.password, password)
        count = self._count(tried, made)
        if right and count is not None:
            staff = self._used(tried, made, count)
            if staff is not None:
                self._sign_in.rehash(tried, password)
                return staff
        raise self._sign_in.refusal(tried)

    def _taken(self, answer: str, purpose: str, browser: str) -> tuple[Made, bytes]:
        """What an authenticator made of a challenge that is used up by this, and what was kept beside that."""
        made = authenticators.read(answer)
        beside = self._challenges.taken(made.challenge, purpose, browser)
        if beside is None:
            raise BadInput("answer: this was used, or took too long. Press the button again.", code="passkey_stale")
        if not self.site.is_at(made.origin):
            raise BadInput(f"answer: passkeys are good at {self.site.shown} only.", code="passkey_elsewhere")
        return made, beside

    def _count(self, tried: Tried, made: Made) -> int | None:
        """What a key of the account counts, if it signed; None for anything else."""
        if tried.password is None:
            return None
        rows = self._views.rows(sql.OPEN, {"id": made.id, "name": tried.name})
        if not rows or made.handle not in (b"", rows[0][1]):
            return None
        return authenticators.count_of(made, self.site, rows[0][0])

    def _used(self, tried: Tried, made: Made, count: int) -> Staff | None:
        """The use is noted; None if the account or the key ended, or was reset, meanwhile."""
        name = tried.name
        said = {"name": name, "at": tried.at, "id": made.id}
        with self._views.together() as run:
            rows = run(staff_sql.BY_NAME, {"name": name})
            if not rows or not run(staff_sql.KNOWN, {"name": name, "password": tried.password}):
                return None
            if run(sql.USE, {**said, "count": count}):
                run(staff_sql.NOTE, {"name": name, "at": tried.at, "what": "passkey_used", "by": name})
                return Staff(rows[0][0], Role(rows[0][1]), rows[0][2])
            if not run(sql.END, said):
                return None
            run(staff_sql.NOTE, {"name": name, "at": tried.at, "what": "passkey_copied", "by": name})
        raise NotSignedIn(
            "This passkey counted backwards, so there is a copy of it somewhere. It is ended. Sign in with the six "
            "digits, and tell the security administrator.",
            code="passkey_copied",
        )
