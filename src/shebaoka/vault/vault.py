"""What every vault does, whatever holds its keys: PIN values, marks of requests, seals of the journal (9.1, 9.2, 9.3).

The desk calls it before and after deciding, and the installer once. A subclass says only how a keyed value is made
and where keys and the first PIN are kept.
"""

import abc
import hmac
import secrets
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shebaoka.records import Digits, NewPin, VaultTrouble
from shebaoka.vault import pins

Matter = Literal["pin", "seal", "mark"]
"""What a key is for. The mark key has no id, for it never rotates."""

LASTING = ""
"""The id under which the one mark key is asked for."""

KeyId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}$")]
"""The short id of the PIN key and the seal key of one rotation."""

FIRST_PIN = b"shebaoka/first-pin/1"
"""What is authenticated beside a sealed first PIN, so that nothing else sealed could stand in its place."""

NONCE_SIZE = 12
MARK_SIZE = 16
NO_MARK = b""


class Kept(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A keyed value as the database keeps it: 32 bytes of HMAC-SHA256, and the id of the key it was made with."""

    key_id: str
    value: bytes


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A first PIN under AES-256-GCM."""

    nonce: Annotated[bytes, Meta(min_length=NONCE_SIZE, max_length=NONCE_SIZE)]
    text: bytes


class Vault(abc.ABC):
    """Holds PIN digits and keys, and gives out neither. May be asked from several threads at once."""

    def seal(self, person_id: int, card: int, digits: Digits) -> Kept:
        """The value to keep for a PIN that was assessed as fit, under the current PIN key."""
        if not pins.are_digits(digits):
            raise VaultTrouble("Only digits can be kept as a PIN; assess what the holder chose before keeping it.")
        return self._keep("pin", pins.pin_message(person_id, card, digits))

    def seal_first(self, person_id: int, card: int) -> Kept:
        """The value to keep for a card that carries the city's first PIN (9.1). `VaultTrouble` if none is set."""
        first = self._first()
        if first is None:
            raise VaultTrouble("No first PIN is set, and clause 9.1 needs one; set it before the first card is issued.")
        return self._keep("pin", pins.pin_message(person_id, card, first))

    def check(self, person_id: int, card: int, digits: Digits, kept: Kept) -> bool:
        """Whether the entry is the PIN that was kept for this card. `VaultTrouble` if its key is not here."""
        value = self._value("pin", kept.key_id, pins.pin_message(person_id, card, digits))
        return hmac.compare_digest(value, kept.value)

    def is_current(self, kept: Kept) -> bool:
        """Whether a PIN value was made with the current key; if not, it is made anew after the next right PIN."""
        if kept.key_id == self._current():
            return True
        self._learn("pin", kept.key_id)
        return kept.key_id == self._current()

    def assess(self, digits: Digits, *, length: int, refuse_simple: bool) -> NewPin:
        """What is to be said of a PIN that the holder chose; `length` and `refuse_simple` are the notice's."""
        if not pins.fits_length(digits, length):
            return NewPin.WRONG_LENGTH
        first = self._first()
        if first is not None and hmac.compare_digest(first.reveal(), digits.reveal()):
            return NewPin.SAME_AS_FIRST
        if refuse_simple and pins.is_too_simple(digits):
            return NewPin.TOO_SIMPLE
        return NewPin.FIT

    def mark(self, request_id: str, pin: Digits | None, new_pin: Digits | None) -> bytes:
        """16 bytes that differ when a request is sent again with another PIN; empty when it came with none."""
        if pin is None and new_pin is None:
            return NO_MARK
        return self._value("mark", LASTING, pins.mark_message(request_id, pin, new_pin))[:MARK_SIZE]

    def mac(self, message: bytes) -> Kept:
        """The seal of a day of the journal, under the current seal key."""
        return self._keep("seal", pins.seal_message(message))

    def check_mac(self, message: bytes, kept: Kept) -> bool:
        """Whether a seal is this message's. `VaultTrouble` if its key is not here."""
        return hmac.compare_digest(self._value("seal", kept.key_id, pins.seal_message(message)), kept.value)

    @abc.abstractmethod
    def rotate(self) -> str:
        """Make a new PIN key and a new seal key and use them from now on; the id of both. Old keys stay to check."""

    def has_first_pin(self) -> bool:
        """Whether the city's first PIN is set."""
        return self._first() is not None

    def set_first_pin(self, digits: Digits | None, *, length: int) -> Digits:
        """Set the city's first PIN, once, or draw one; it is returned this one time for the installer to see.

        A given one may be simple, for many cities' is. `VaultTrouble` for a wrong length, and if one is set already.
        """
        pins.check_length(length)
        if digits is None:
            digits = pins.draw(length)
        elif not pins.fits_length(digits, length):
            raise VaultTrouble(f"The first PIN must be exactly {length} digits, each from 0 to 9.")
        self._keep_first(digits)
        return digits

    def _keep(self, matter: Matter, message: bytes) -> Kept:
        key_id = self._current()
        return Kept(key_id, self._value(matter, key_id, message))

    @abc.abstractmethod
    def _current(self) -> str:
        """The id of the current PIN key and seal key."""

    @abc.abstractmethod
    def _value(self, matter: Matter, key_id: str, message: bytes) -> bytes:
        """HMAC-SHA256 under a key; a key that is not known yet is learned first."""

    @abc.abstractmethod
    def _learn(self, matter: Matter, key_id: str) -> None:
        """Make sure that a key is known, looking once at what another process wrote. `VaultTrouble` if it is not."""

    @abc.abstractmethod
    def _first(self) -> Digits | None:
        """The city's first PIN; where none is known, looking once at what another process wrote."""

    @abc.abstractmethod
    def _keep_first(self, digits: Digits) -> None:
        """Keep the first PIN sealed. `VaultTrouble` if one is there already."""


def new_key_id() -> str:
    """A key id, drawn and not counted: after an old backup is put back, a count could name two different keys."""
    return secrets.token_hex(4)


def unknown_key(matter: Matter, key_id: str) -> VaultTrouble:
    """The trouble of a value whose key is not here: nobody's PIN is wrong, the keys of this database are missing."""
    return VaultTrouble(
        f"The vault does not hold the {matter} key {key_id[:16]!r} that a kept value was made with; "
        "restore the keys that belong to this database."
    )


def first_pin_is_set() -> VaultTrouble:
    """The trouble of setting a first PIN a second time."""
    return VaultTrouble("A first PIN is set already and issued cards carry it, so it is not replaced.")
