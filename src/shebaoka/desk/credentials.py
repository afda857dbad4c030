"""What a person signs in with: an enrolment code, once; then a password, and six digits of a second factor.

Passwords are kept as argon2id, the second factor's key as the vault wrapped it. Nothing is kept or logged in clear.
"""

import base64
import hashlib
import hmac
import secrets
import threading
import unicodedata

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shebaoka.records import BadInput
from shebaoka.vault import Hidden

PASSWORD_MIN, PASSWORD_MAX = 12, 200
STEP_S = 30
DRIFT = 1
"""As many steps as somebody's clock may be early or late."""
AT_ONCE = 2
"""Each hash takes 64 MiB and a core for a while: so many at a time, and others wait."""
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_GROUPS, _GROUP = 5, 4
_HASHER = PasswordHasher()
_HASHING = threading.BoundedSemaphore(AT_ONCE)
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$c2hlYmFva2FvZm5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""A hash that no password has: comparing with it takes as long as with anybody's."""


def drawn_code() -> str:
    """A new enrolment code: 100 bits, in groups that can be read out, without letters that look like digits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def digest_of_code(code: str) -> bytes:
    """What is kept of an enrolment code, however it was typed."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", code).upper() if c.isalnum())
    return hashlib.sha256(plain.encode()).digest()


def checked_password(name: str, password: str) -> str:
    """The password as it is kept from here on, in NFC. `BadInput` with a code of its own for one that is too weak."""
    plain = unicodedata.normalize("NFC", password)
    if not PASSWORD_MIN <= len(plain) <= PASSWORD_MAX:
        raise BadInput(f"password: take {PASSWORD_MIN} to {PASSWORD_MAX} characters.", code="password_length")
    if plain.casefold() == unicodedata.normalize("NFC", name).casefold():
        raise BadInput("password: take another than the account's name.", code="password_is_the_name")
    if len(set(plain)) == 1:
        raise BadInput("password: take more than one character.", code="password_of_one_character")
    return plain


def hashed(plain: str) -> str:
    """What is kept of a password that was checked: argon2id with the library's own parameters, which stand in it."""
    with _HASHING:
        return _HASHER.hash(_bytes(plain))


def is_password(kept: str | None, password: str) -> bool:
    """Whether a password is the kept one. With None it is not, after as long a time."""
    try:
        with _HASHING:
            return _HASHER.verify(kept or _NOBODYS, _bytes(password[: PASSWORD_MAX * 4])) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than the library's present ones."""
    return _HASHER.check_needs_rehash(kept)


def step_of(key: Hidden, digits: str, at_s: float, after: int) -> int | None:
    """The step whose code these six digits are, among those near this instant that come after one; None if none is.

    Each step's code is good once: `after` is the last step whose code was taken.
    """
    given = "".join(unicodedata.normalize("NFKC", digits).split())
    made, now = _totp(key), int(at_s) // STEP_S
    found = None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(made.generate_otp(step).encode(), given.encode(errors="replace")) and step > after:
            found = step
    return found


def uri_of(key: Hidden, name: str, issuer: str) -> str:
    """The address that an authenticator takes the key from, as a QR code."""
    return _totp(key).provisioning_uri(name=name, issuer_name=issuer)


def typed_key(key: Hidden) -> str:
    """The key as it is typed where no picture can be taken: base32 in groups of four."""
    text = _totp(key).secret
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _bytes(password: str) -> bytes:
    """A password as it is hashed, whatever was typed."""
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")


def _totp(key: Hidden) -> pyotp.TOTP:
    return pyotp.TOTP(base64.b32encode(key.reveal()).decode(), interval=STEP_S)


def wrong_digits() -> BadInput:
    """What whoever enrols is told of six digits that are not the present ones."""
    return BadInput("digits: these are not the six digits that the authenticator shows now.", code="wrong_digits")
