"""What every vault does, whatever holds its keys: PIN values, marks of requests, seals of the journal (9.1, 9.2, 9.3),
terminals' keys, with what comes under them, the keys of the staff's second factors, papers that are kept sealed, the
keys that files to makers and banks are signed and opened with, and those of credentials for wallets.

The desk calls it before and after deciding, and the installer once. A subclass says only how a keyed value is made,
how a terminal's key is wrapped, and where keys and the first PIN are kept.
"""

import abc
import functools
import hmac
import secrets
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Meta

from shebaoka.records import Digits, NewPin, VaultTrouble
from shebaoka.vault import credentialkey, filekey, pins, terminalkey
from shebaoka.vault.filekey import FileKeyUse
from shebaoka.vault.pinblock import PinCipher
from shebaoka.vault.terminalkey import MacAlgorithm, TerminalKey

Matter = Literal["pin", "seal", "mark"]
"""What a key is for. The mark key has no id, for it never rotates."""

LASTING = ""
"""The id under which the one mark key is asked for."""

KeyId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}$")]
"""The short id of the PIN key and the seal key of one rotation."""

FIRST_PIN = b"shebaoka/first-pin/1"
"""What is authenticated beside a sealed first PIN, so that nothing else sealed could stand in its place."""

TERMINAL_KEY = b"shebaoka/terminal-key/1"
"""What is authenticated beside a wrapped key of a terminal, so that nothing else sealed could stand in its place."""

FACTOR_KEY = b"shebaoka/second-factor/1/"
"""What is authenticated beside a wrapped key of somebody's second factor, with their account's name after it."""

DATA_KEY = b"shebaoka/data-key/1/"
"""What is authenticated beside a wrapped data key, with the key's own name after it."""

FILE_KEY = b"shebaoka/file-key/1/"
"""What is authenticated beside a wrapped key of our files, with what it is for after it."""

CREDENTIAL_KEY = b"shebaoka/credential-key/1"
"""What is authenticated beside a wrapped key of credentials, so that nothing else sealed could stand in its place."""

TERMINAL_KEYS_MAX = 4096
"""As many keys of terminals as a process keeps unwrapped; then the one that was used longest ago goes."""

DATA_KEYS_MAX = 1024
"""As many data keys as a process keeps unwrapped: a token is asked once for each, and not for each paper."""

FACTOR_SIZE = 20
"""Bytes of a second factor's key, as RFC 4226 recommends."""
DATA_KEY_SIZE = 32
NONCE_SIZE = 12
TAG_SIZE = 16
MARK_SIZE = 16
NO_MARK = b""


class Kept(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A keyed value as the database keeps it: 32 bytes of HMAC-SHA256, and the id of the key it was made with."""

    key_id: str
    value: bytes


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A first PIN, or a terminal's key, under AES-256-GCM."""

    nonce: Annotated[bytes, Meta(min_length=NONCE_SIZE, max_length=NONCE_SIZE)]
    text: bytes


class Hidden:
    """Bytes of a key that show in no print, log or encoding."""

    __slots__ = ("_bytes",)

    def __init__(self, value: bytes) -> None:
        self._bytes = value

    def __repr__(self) -> str:
        return "Hidden"

    def reveal(self) -> bytes:
        """The bytes, for whoever computes with them."""
        return self._bytes


class Vault(abc.ABC):
    """Holds PIN digits and keys. It shows a first PIN and a drawn key once, and gives the desk what a PIN block holds.

    May be asked from several threads at once.
    """

    def __init__(self) -> None:
        self._terminal_key = functools.lru_cache(TERMINAL_KEYS_MAX)(self._open_terminal_key)
        self._data_key = functools.lru_cache(DATA_KEYS_MAX)(self._open_data_key)

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

    def draw_key(self, size: int) -> tuple[bytes, bytes]:
        """A new key of `size` bytes for a terminal: in clear, for its installer to see this once, and wrapped.

        The database keeps the wrapped one. `BadInput` for a size below 16 or above 64.
        """
        key = terminalkey.draw(size)
        return key, self.wrap_key(key)

    def wrap_key(self, key: bytes) -> bytes:
        """A key that an institution brings, wrapped for the database. `BadInput` below 16 or above 64 bytes."""
        terminalkey.check_size(len(key))
        sealed = self._wrap(key)
        return sealed.nonce + sealed.text

    def message_mac(self, wrapped: bytes, algorithm: MacAlgorithm, message: bytes) -> bytes:
        """32 bytes of HMAC over a message, under a terminal's key. `VaultTrouble` if that cannot be unwrapped."""
        return self._terminal_key(wrapped).mac(algorithm, message)

    def check_message_mac(self, wrapped: bytes, algorithm: MacAlgorithm, message: bytes, mac: bytes) -> bool:
        """Whether all 32 bytes of a MAC are this message's. `VaultTrouble` if the key cannot be unwrapped."""
        return hmac.compare_digest(self.message_mac(wrapped, algorithm, message), mac)

    def open_pin_block(self, wrapped: bytes, cipher: PinCipher, block: bytes, card_serial: str) -> Digits:
        """The PIN in an enciphered PIN block (ISO 9564-1 format 4) that a terminal sealed for the card of this serial.

        Ask only after the message's MAC was right. `BadInput`, beginning with `pin_block:` or `card_serial:`, for a
        block that does not open to a PIN; `VaultTrouble` if the key cannot be unwrapped or is none of the cipher's.
        """
        return self._terminal_key(wrapped).open_pin_block(cipher, block, card_serial)

    def draw_factor(self, name: str) -> bytes:
        """A new key of a person's second factor, wrapped for the database; it opens under this account's name alone."""
        sealed = self._wrap(secrets.token_bytes(FACTOR_SIZE), FACTOR_KEY + name.encode())
        return sealed.nonce + sealed.text

    def open_factor(self, name: str, wrapped: bytes) -> Hidden:
        """The key of a person's second factor. `VaultTrouble` if it cannot be unwrapped, or is another account's."""
        try:
            if len(wrapped) != NONCE_SIZE + FACTOR_SIZE + TAG_SIZE:
                raise not_unwrapped()
            sealed = Sealed(nonce=wrapped[:NONCE_SIZE], text=wrapped[NONCE_SIZE:])
            return Hidden(self._unwrap(sealed, FACTOR_KEY + name.encode()))
        except VaultTrouble:
            raise VaultTrouble(
                "Somebody's second factor cannot be opened: it was changed, or another vault wrapped it; restore vault "
                "and database as they belong together, or give the person a new code by `shebaoka staff reset`."
            ) from None

    def draw_data_key(self, name: str) -> bytes:
        """A new key that contents are sealed with, wrapped for the database; it opens under this name alone."""
        sealed = self._wrap(secrets.token_bytes(DATA_KEY_SIZE), DATA_KEY + name.encode())
        return sealed.nonce + sealed.text

    def seal_content(self, name: str, wrapped: bytes, content: bytes, beside: bytes) -> bytes:
        """A content under a data key: its own nonce, AES-256-GCM, tag. What it is for is authenticated `beside` it.

        `VaultTrouble` if the data key cannot be unwrapped.
        """
        nonce = secrets.token_bytes(NONCE_SIZE)
        return nonce + self._data_key(name, wrapped).encrypt(nonce, content, beside)

    def open_content(self, name: str, wrapped: bytes, sealed: bytes, beside: bytes) -> bytes:
        """What was sealed for the same thing. `VaultTrouble` if it was changed, is another's, or lacks its key."""
        key = self._data_key(name, wrapped)
        # A nonce that was cut short is no nonce; in its place stands one that opens nothing.
        nonce, text = (
            (sealed[:NONCE_SIZE], sealed[NONCE_SIZE:]) if len(sealed) > NONCE_SIZE else (bytes(NONCE_SIZE), b"")
        )
        try:
            return key.decrypt(nonce, text, beside)
        except InvalidTag:
            raise VaultTrouble(
                "A sealed content cannot be opened: it was changed, or it stands where another belongs; restore the "
                "database from its backup."
            ) from None

    def draw_file_key(self, use: FileKeyUse) -> tuple[bytes, bytes]:
        """A new key of ours to sign files, or to have files sealed for us: its public bytes, and it wrapped."""
        private = filekey.draw()
        sealed = self._wrap(private, FILE_KEY + use.encode())
        return filekey.public(use, private), sealed.nonce + sealed.text

    def sign_file(self, wrapped: bytes, message: bytes) -> bytes:
        """64 bytes of Ed25519 over what says what is in a file. `VaultTrouble` if the key cannot be unwrapped."""
        return filekey.signature(self._file_key("sign", wrapped), message)

    def open_file(self, wrapped: bytes, sealed: bytes, info: bytes) -> bytes | None:
        """The key of a file that was sealed for us; None if it does not open. `VaultTrouble` as with `sign_file`."""
        return filekey.unsealed(self._file_key("seal", wrapped), sealed, info)

    def draw_credential_key(self) -> tuple[bytes, bytes]:
        """A new key that credentials for wallets are signed with: its public bytes, and it wrapped for the database."""
        private = credentialkey.draw()
        sealed = self._wrap(private, CREDENTIAL_KEY)
        return credentialkey.public(private), sealed.nonce + sealed.text

    def sign_credential(self, wrapped: bytes, message: bytes) -> bytes:
        """64 bytes of ES256 over a credential or a status list. `VaultTrouble` if the key cannot be unwrapped."""
        try:
            if len(wrapped) != NONCE_SIZE + credentialkey.SIZE + TAG_SIZE:
                raise not_unwrapped()
            private = self._unwrap(Sealed(nonce=wrapped[:NONCE_SIZE], text=wrapped[NONCE_SIZE:]), CREDENTIAL_KEY)
        except VaultTrouble:
            raise VaultTrouble(
                "The key of credentials cannot be unwrapped: it was changed, or another vault wrapped it; restore "
                "vault and database as they belong together."
            ) from None
        return credentialkey.signature(private, message)

    def _file_key(self, use: FileKeyUse, wrapped: bytes) -> bytes:
        try:
            if len(wrapped) != NONCE_SIZE + filekey.SIZE + TAG_SIZE:
                raise not_unwrapped()
            return self._unwrap(Sealed(nonce=wrapped[:NONCE_SIZE], text=wrapped[NONCE_SIZE:]), FILE_KEY + use.encode())
        except VaultTrouble:
            raise VaultTrouble(
                "Our key for files cannot be unwrapped: it was changed, or another vault wrapped it; restore vault and "
                "database as they belong together, or draw new keys by `shebaoka maker new-keys`."
            ) from None

    def _open_data_key(self, name: str, wrapped: bytes) -> AESGCM:
        try:
            if len(wrapped) != NONCE_SIZE + DATA_KEY_SIZE + TAG_SIZE:
                raise not_unwrapped()
            sealed = Sealed(nonce=wrapped[:NONCE_SIZE], text=wrapped[NONCE_SIZE:])
            return AESGCM(self._unwrap(sealed, DATA_KEY + name.encode()))
        except VaultTrouble as e:
            said = (
                "The key of sealed contents cannot be unwrapped: it was changed, or another vault wrapped it; restore "
                "vault and database as they belong together."
            )
            # What a token said of itself, where it was the token.
            why = str(e).removeprefix(str(not_unwrapped())).strip()
            raise VaultTrouble(f"{said} {why}".rstrip()) from None

    def _open_terminal_key(self, wrapped: bytes) -> TerminalKey:
        # Cut short, a nonce or a tag is no nonce or tag, and each library has its own words for that.
        if not terminalkey.SIZE_MIN <= len(wrapped) - NONCE_SIZE - TAG_SIZE <= terminalkey.SIZE_MAX:
            raise not_unwrapped()
        return TerminalKey(self._unwrap(Sealed(nonce=wrapped[:NONCE_SIZE], text=wrapped[NONCE_SIZE:])))

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

    @abc.abstractmethod
    def _wrap(self, key: bytes, beside: bytes = TERMINAL_KEY) -> Sealed:
        """A key under the wrapping key, with what it is for authenticated beside it."""

    @abc.abstractmethod
    def _unwrap(self, sealed: Sealed, beside: bytes = TERMINAL_KEY) -> bytes:
        """The key that was wrapped for this. `VaultTrouble` for what this vault did not wrap, or for something else."""


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


def not_unwrapped(why: str = "") -> VaultTrouble:
    """The trouble of a terminal's key that does not open; `why` is a further sentence, where there is one to say."""
    said = (
        "A terminal's key cannot be unwrapped: it was changed, or another vault wrapped it; restore vault and "
        "database as they belong together, or give the terminal a new key."
    )
    return VaultTrouble(f"{said} {why}".rstrip())
