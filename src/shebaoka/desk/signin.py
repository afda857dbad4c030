"""How a person signs in: enrolling with a code, then name, password and six digits. Asked by the office's pages.

In place of the digits there may be a passkey (`desk/passkeys.py`), which takes its tries here.

Whatever is wrong is answered with one sentence, after as long a time. A try is counted before it is compared: after
five misses in a row an account waits, each time twice as long. Misses and sign-ins are noted with their time, and never
with what was typed.
"""

import datetime as dt
import unicodedata

import msgspec

from shebaoka.desk import credentials
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Role
from shebaoka.desk.staff import Staff
from shebaoka.records import NotSignedIn
from shebaoka.store import Views
from shebaoka.store import staff as sql
from shebaoka.vault import Hidden, Vault

FREE_MISSES = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 30, 15 * 60
ISSUER = "shebaoka"


class Enrolment(msgspec.Struct, frozen=True):
    """What somebody who enrols is shown once: the key of the second factor, as an address for a QR code and to type."""

    uri: str
    key: str

    def __repr__(self) -> str:
        return "Enrolment(hidden)"


class Tried(msgspec.Struct, frozen=True):
    """A try at signing in, and what it is compared with; nothing, where nobody has the name or the account waits."""

    name: str
    at: dt.datetime
    password: str | None
    factor: bytes | None
    step: int

    def __repr__(self) -> str:
        return "Tried(hidden)"


class SignInRoom:
    """Enrols people and tells who signs in. Safe for many threads."""

    def __init__(self, views_: Views, vault: Vault, clock: Clock = now) -> None:
        self._views = views_
        self._vault = vault
        self._clock = clock

    def enrolling(self, name: str, code: str, issuer: str = ISSUER) -> Enrolment:
        """What to show to whoever has the account's enrolment code. `NotSignedIn` if it is none, used or too old."""
        name = unicodedata.normalize("NFC", name)
        key = self._factor(name, code)
        return Enrolment(credentials.uri_of(key, name, issuer), credentials.typed_key(key))

    def enrol(self, name: str, code: str, password: str, digits: str) -> None:
        """The password is set, and the second factor proved by its first code; the enrolment code is used up.

        `NotSignedIn` for a wrong enrolment code; `BadInput` for a password that is too weak, or wrong digits.
        """
        name = unicodedata.normalize("NFC", name)
        key = self._factor(name, code)
        plain = credentials.checked_password(name, password)
        at = self._clock()
        step = credentials.step_of(key, digits, at.timestamp(), 0)
        if step is None:
            raise credentials.wrong_digits()
        said = {"name": name, "enrolment": credentials.digest_of_code(code), "at": at, "step": step}
        kept = credentials.hashed(plain)
        with self._views.together() as run:
            if not run(sql.ENROL, {**said, "password": kept}):
                raise _no_such_code()
            run(sql.NOTE, {"name": name, "at": at, "what": "enrolled", "by": name})

    def sign_in(self, name: str, password: str, digits: str) -> Staff:
        """Who this is. `NotSignedIn`, in one sentence for whatever is wrong and for an account that waits."""
        tried = self.tried(name)
        right = credentials.is_password(tried.password, password)
        step = self._step(tried, digits)
        if right and step is not None:
            staff = self._signed_in(tried, step)
            if staff is not None:
                self.rehash(tried, password)
                return staff
        raise self.refusal(tried)

    def prove(self, staff: Staff, said: str) -> None:
        """Whoever is signed in shows again that it is them, by the password or by six digits. `NotSignedIn`."""
        tried = self.tried(staff.name)
        step = self._step(tried, said)
        kept = {"name": tried.name, "password": tried.password, "step": step}
        proved = []
        if step is not None or credentials.is_password(tried.password, said):
            with self._views.together() as run:
                proved = run(sql.KNOWN if step is None else sql.SIGNED_IN, kept)
        if not proved:
            raise self.refusal(tried)

    def tried(self, name: str) -> Tried:
        """A try at signing in, counted as a miss before anything is compared. Nobody's if the account waits."""
        name, at = unicodedata.normalize("NFC", name.strip()), self._clock()
        waits = {"free": FREE_MISSES, "first_s": FIRST_WAIT_S, "longest_s": LONGEST_WAIT_S}
        rows = []
        if _is_name(name):
            with self._views.together() as run:
                rows = run(sql.TRY, {"name": name, "at": at, **waits})
        return Tried(name, at, *rows[0]) if rows else Tried(name, at, None, None, 0)

    def refusal(self, tried: Tried) -> NotSignedIn:
        """What is said of a try that was not right, whatever was wrong; a miss of somebody's is noted."""
        if tried.password is not None:
            self._views.write(sql.NOTE, {"name": tried.name, "at": tried.at, "what": "missed", "by": tried.name})
        return NotSignedIn(
            "Name, password, code or passkey is wrong, or the account waits after several misses. Try again later."
        )

    def rehash(self, tried: Tried, password: str) -> None:
        """The password that was right is kept by the present parameters."""
        if tried.password is not None and credentials.is_outdated(tried.password):
            anew = credentials.hashed(unicodedata.normalize("NFC", password))
            self._views.write(sql.REHASH, {"name": tried.name, "password": anew, "old": tried.password})

    def _step(self, tried: Tried, digits: str) -> int | None:
        if tried.factor is None:
            return None
        key = self._vault.open_factor(tried.name, tried.factor)
        return credentials.step_of(key, digits, tried.at.timestamp(), tried.step)

    def _signed_in(self, tried: Tried, step: int) -> Staff | None:
        """The step is used up; None if another sign-in used it first, or the account ended or was reset meanwhile."""
        name = tried.name
        with self._views.together() as run:
            rows = run(sql.BY_NAME, {"name": name})
            if not rows or not run(sql.SIGNED_IN, {"name": name, "step": step, "password": tried.password}):
                return None
            run(sql.NOTE, {"name": name, "at": tried.at, "what": "signed_in", "by": name})
        return Staff(rows[0][0], Role(rows[0][1]), rows[0][2])

    def _factor(self, name: str, code: str) -> Hidden:
        said = {"name": name, "enrolment": credentials.digest_of_code(code), "at": self._clock()}
        rows = self._views.rows(sql.ENROLLING, said) if _is_name(name) else []
        if not rows:
            raise _no_such_code()
        return self._vault.open_factor(name, rows[0][0])


def _is_name(name: str) -> bool:
    return 0 < len(name) <= 64 and name.isprintable()


def _no_such_code() -> NotSignedIn:
    return NotSignedIn("This enrolment code is not known, was used, or is older than 24 hours. Ask for another.")
