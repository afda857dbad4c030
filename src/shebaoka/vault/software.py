"""The software vault: keys in an owner-only file, made at the first start. The app opens it; the desk asks it.

Each process reads the file when it opens, and again when it meets a key that it does not know yet.
"""

import secrets
import threading
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Meta

from shebaoka.records import Digits
from shebaoka.vault.ownerfile import OwnerFile
from shebaoka.vault.vault import (
    FIRST_PIN,
    LASTING,
    NONCE_SIZE,
    TERMINAL_KEY,
    KeyId,
    Matter,
    Sealed,
    Vault,
    first_pin_is_set,
    new_key_id,
    not_unwrapped,
    unknown_key,
)

_KEY_SIZE = 32
_MARK = b"shebaoka/mark-key/1"

Key = Annotated[bytes, Meta(min_length=_KEY_SIZE, max_length=_KEY_SIZE)]


class _Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The two keys of one rotation."""

    pin: Key
    seal: Key

    def __repr__(self) -> str:
        return "_Pair(hidden)"


class _Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key file. `lasting` never rotates: the mark key, the first PIN's and the wrapping key come of it."""

    current: KeyId
    pairs: dict[KeyId, _Pair]
    lasting: Key
    first_pin: Sealed | None = None

    def __repr__(self) -> str:
        return "_Keys(hidden)"


class _Held:
    """The keys as they are used, taken from one reading of the file; never changed, only replaced."""

    __slots__ = ("by_matter", "current", "first", "wrapping")

    def __init__(self, keys: _Keys) -> None:
        self.current = keys.current
        self.by_matter: dict[Matter, dict[str, HMAC]] = {
            "pin": {key_id: _begun(pair.pin) for key_id, pair in keys.pairs.items()},
            "seal": {key_id: _begun(pair.seal) for key_id, pair in keys.pairs.items()},
            "mark": {LASTING: _begun(_derive(keys.lasting, _MARK))},
        }
        self.first = None if keys.first_pin is None else _unseal(keys.lasting, keys.first_pin)
        self.wrapping = AESGCM(_derive(keys.lasting, TERMINAL_KEY))


class SoftwareVault(Vault):
    """A vault whose keys are in a file that its owner alone may read, and in this process's memory."""

    def __init__(self, file: OwnerFile[_Keys], held: _Held) -> None:
        super().__init__()
        self._file = file
        self._held = held
        self._reading = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> "SoftwareVault":
        """Open the key file, making it with random keys at the first start.

        `VaultTrouble` if it is open to others than its owner, damaged, of an unknown version, or cannot be made.
        """
        file = OwnerFile(path, _Keys, form="shebaoka-keys", what="The key file")
        return cls(file, _hold(file, file.read_or_make(_new_keys)))

    def __repr__(self) -> str:
        return f"SoftwareVault({str(self._file.path)!r})"

    def rotate(self) -> str:
        """Make a new pair of keys in the key file and use it from now on; its id."""
        with self._file.locked():
            keys = self._file.read()
            key_id = new_key_id()
            self._write(msgspec.structs.replace(keys, current=key_id, pairs={**keys.pairs, key_id: _new_pair()}))
        return key_id

    def _keep_first(self, digits: Digits) -> None:
        with self._file.locked():
            keys = self._file.read()
            if keys.first_pin is not None:
                raise first_pin_is_set()
            self._write(msgspec.structs.replace(keys, first_pin=_seal(keys.lasting, digits)))

    def _current(self) -> str:
        return self._held.current

    def _value(self, matter: Matter, key_id: str, message: bytes) -> bytes:
        # Begun with the key beforehand. The standard library's `hmac.digest` would let go of the interpreter's lock for
        # each value, and wait until a busy thread gives it back: 5 ms at the worst, for what takes a microsecond.
        one = (self._held.by_matter[matter].get(key_id) or self._key(matter, key_id)).copy()
        one.update(message)
        return one.finalize()

    def _learn(self, matter: Matter, key_id: str) -> None:
        self._key(matter, key_id)

    def _key(self, matter: Matter, key_id: str) -> HMAC:
        if key_id not in self._held.by_matter[matter]:
            self._read_again()
        key = self._held.by_matter[matter].get(key_id)
        if key is None:
            raise unknown_key(matter, key_id)
        return key

    def _first(self) -> Digits | None:
        if self._held.first is None:
            self._read_again()
        return self._held.first

    def _wrap(self, key: bytes, beside: bytes = TERMINAL_KEY) -> Sealed:
        nonce = secrets.token_bytes(NONCE_SIZE)
        return Sealed(nonce=nonce, text=self._held.wrapping.encrypt(nonce, key, beside))

    def _unwrap(self, sealed: Sealed, beside: bytes = TERMINAL_KEY) -> bytes:
        try:
            return self._held.wrapping.decrypt(sealed.nonce, sealed.text, beside)
        except InvalidTag:
            raise not_unwrapped() from None

    def _read_again(self) -> None:
        # Read and put in place as one step, or a slow reader could put an older file's keys over newer ones.
        with self._reading:
            self._held = _hold(self._file, self._file.read())

    def _write(self, keys: _Keys) -> None:
        with self._reading:
            self._file.write(keys)
            self._held = _hold(self._file, keys)


def _hold(file: OwnerFile[_Keys], keys: _Keys) -> _Held:
    """The keys ready for use; `VaultTrouble` if they do not belong together."""
    if keys.current not in keys.pairs:
        raise file.damaged()
    try:
        return _Held(keys)
    except InvalidTag:
        raise file.damaged() from None


def _new_keys() -> _Keys:
    key_id = new_key_id()
    return _Keys(current=key_id, pairs={key_id: _new_pair()}, lasting=secrets.token_bytes(_KEY_SIZE))


def _new_pair() -> _Pair:
    return _Pair(pin=secrets.token_bytes(_KEY_SIZE), seal=secrets.token_bytes(_KEY_SIZE))


def _begun(key: bytes) -> HMAC:
    """HMAC-SHA256 begun with a key, to be copied for each value."""
    return HMAC(key, hashes.SHA256())


def _derive(lasting: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=_KEY_SIZE, salt=None, info=purpose).derive(lasting)


def _seal(lasting: bytes, digits: Digits) -> Sealed:
    nonce = secrets.token_bytes(NONCE_SIZE)
    cipher = AESGCM(_derive(lasting, FIRST_PIN))
    return Sealed(nonce=nonce, text=cipher.encrypt(nonce, digits.reveal().encode("ascii"), FIRST_PIN))


def _unseal(lasting: bytes, sealed: Sealed) -> Digits:
    cipher = AESGCM(_derive(lasting, FIRST_PIN))
    return Digits(cipher.decrypt(sealed.nonce, sealed.text, FIRST_PIN).decode("ascii"))
