"""PIN digits as such: which fit, which are too simple, how one is drawn, and how they are packed for a keyed value.

The two vaults call it. Packing is fixed: to change it is to make every kept value wrong.
"""

import re
import secrets
import struct
from itertools import pairwise

from shebaoka.records import Digits, VaultTrouble

LENGTH_MIN, LENGTH_MAX = 4, 12
"""The lengths that ISO 9564-1 allows."""

_PIN = b"shebaoka/pin/1\0"
_MARK = b"shebaoka/mark/1\0"
_SEAL = b"shebaoka/seal/1\0"
"""One word before each kind of message, so that no value of one kind can stand for one of another."""

_SIMPLE_STEPS = ({0}, {1}, {-1})
_IDS = struct.Struct(">qq")
_COUNT = struct.Struct(">I")
_NOT_GIVEN = _COUNT.pack(0xFFFFFFFF)
_DIGITS = re.compile(r"[0-9]+")


def are_digits(digits: Digits) -> bool:
    """Whether there is at least one character, and each is one of the ASCII digits 0 to 9."""
    return _DIGITS.fullmatch(digits.reveal()) is not None


def fits_length(digits: Digits, length: int) -> bool:
    """Whether the entry is exactly `length` ASCII digits."""
    return len(digits.reveal()) == length and are_digits(digits)


def is_too_simple(digits: Digits) -> bool:
    """Whether the PIN is one digit repeated, or a run that goes up or down by one and does not pass from 9 to 0."""
    return {ord(b) - ord(a) for a, b in pairwise(digits.reveal())} in _SIMPLE_STEPS


def draw(length: int) -> Digits:
    """A PIN drawn from the system's randomness, every one that is not too simple being equally likely."""
    while True:
        digits = Digits("".join(secrets.choice("0123456789") for _ in range(length)))
        if not is_too_simple(digits):
            return digits


def check_length(length: int) -> None:
    """`VaultTrouble` for a PIN length that no city may set."""
    if not LENGTH_MIN <= length <= LENGTH_MAX:
        raise VaultTrouble(f"A PIN has {LENGTH_MIN} to {LENGTH_MAX} digits, not {length}; correct the notice.")


def pin_message(person_id: int, card: int, digits: Digits) -> bytes:
    """What a PIN value is made of: the domain, person and card at 8 bytes each, then the entry to its end."""
    try:
        return b"%b%b%b" % (_PIN, _IDS.pack(person_id, card), _text(digits))
    except struct.error:
        raise VaultTrouble("A person's id and a card's count must be whole numbers of at most 64 bits.") from None


def mark_message(request_id: str, pin: Digits | None, new_pin: Digits | None) -> bytes:
    """What a request's mark is made of: each part after its own length, so that no two sets of parts pack alike."""
    return b"".join((_MARK, _counted(request_id.encode()), _maybe(pin), _maybe(new_pin)))


def seal_message(message: bytes) -> bytes:
    """What the seal under a day of the journal is made of."""
    return _SEAL + message


def _text(digits: Digits) -> bytes:
    # An entry may be anything at all, a lone surrogate too: it must be found wrong, never stop the tray.
    return digits.reveal().encode("utf-8", "surrogatepass")


def _counted(part: bytes) -> bytes:
    return _COUNT.pack(len(part)) + part


def _maybe(digits: Digits | None) -> bytes:
    return _NOT_GIVEN if digits is None else _counted(_text(digits))
