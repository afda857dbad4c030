"""A terminal's key, unwrapped, as one process uses it. The vault keeps those it met last, so that not every message
waits for an unwrapping.
"""

import secrets
import threading
from typing import Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import CipherContext
from cryptography.hazmat.primitives.hmac import HMAC

from shebaoka.records import BadInput, Digits, VaultTrouble
from shebaoka.vault import pinblock
from shebaoka.vault.pinblock import PinCipher

MacAlgorithm = Literal["hmac-sha256", "hmac-sm3"]
"""How a terminal signs its messages: HMAC (ISO/IEC 9797-2) over SHA-256 or SM3 (GB/T 32905). Either has 32 bytes."""

SIZE_MIN, SIZE_MAX = 16, 64
"""Bytes. Below the least a key can be tried out; above the most HMAC would cut it to 32."""


class TerminalKey:
    """A key in clear, with the ciphers begun with it. May be asked from several threads at once."""

    __slots__ = ("_decryptors", "_key", "_one_at_a_time", "_sha256", "_sm3")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._sha256 = HMAC(key, hashes.SHA256())
        self._sm3: HMAC | None = None
        self._decryptors: dict[PinCipher, CipherContext] = {}
        self._one_at_a_time = threading.Lock()

    def __repr__(self) -> str:
        return "TerminalKey(hidden)"

    def mac(self, algorithm: MacAlgorithm, message: bytes) -> bytes:
        """32 bytes of HMAC over the message."""
        if algorithm == "hmac-sha256":
            # Not the standard library's `hmac.digest`, which lets go of the interpreter's lock; see `software.py`.
            return _finished(self._sha256, message)
        if algorithm == "hmac-sm3":
            # A copy of one that was begun with the key takes two thirds of the time of beginning anew.
            if self._sm3 is None:
                with pinblock.offered(algorithm):
                    self._sm3 = HMAC(self._key, hashes.SM3())
            return _finished(self._sm3, message)
        raise VaultTrouble(f"The vault knows no message authentication {algorithm!r}.")

    def open_pin_block(self, cipher: PinCipher, block: bytes, card_serial: str) -> Digits:
        """The PIN in a block that was sealed with this key for the card of this serial."""
        pan = pinblock.pan_field(pinblock.bound_digits(card_serial))
        # A decryptor may be used for any number of single blocks, by one thread at a time.
        with self._one_at_a_time:
            decryptor = self._decryptors.get(cipher)
            if decryptor is None:
                decryptor = self._decryptors[cipher] = pinblock.decryptor(self._key, cipher)
            field = pinblock.decipher(decryptor, block, pan)
        return pinblock.read_pin_field(field)


def _finished(begun: HMAC, message: bytes) -> bytes:
    one = begun.copy()
    one.update(message)
    return one.finalize()


def draw(size: int) -> bytes:
    """A key from the system's randomness. `BadInput` for a size that no terminal's key may have."""
    check_size(size)
    return secrets.token_bytes(size)


def check_size(size: int) -> None:
    """`BadInput` for a size that no terminal's key may have."""
    if not SIZE_MIN <= size <= SIZE_MAX:
        raise BadInput(f"key: a terminal's key has {SIZE_MIN} to {SIZE_MAX} bytes, not {size}; take another.")
