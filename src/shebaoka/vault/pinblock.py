"""Enciphered PIN blocks of ISO 9564-1 format 4: how a PIN comes from a terminal's keypad to the vault (9.1, 9.3).

The vault opens them. Terminals seal them, and so do the demonstration, tests and benchmarks, which play terminals.
Nothing here draws anything or keeps anything.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4

from shebaoka.records import BadInput, Digits, VaultTrouble
from shebaoka.vault import pins

PinCipher = Literal["aes", "sm4"]
"""The block cipher of a PIN block: AES (ISO/IEC 18033-3) or SM4 (GB/T 32907)."""

BLOCK_SIZE = 16
FILL_SIZE = 8
BOUND_DIGITS = 12

_KEY_SIZES: dict[PinCipher, tuple[int, ...]] = {"aes": (16, 24, 32), "sm4": (16,)}
_ALGORITHMS: dict[PinCipher, type[AES | SM4]] = {"aes": AES, "sm4": SM4}
_CONTROL = "4"
_FILLER = "A"
_SERIAL = re.compile(r"[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"[0-9]{12,19}")


def bound_digits(card_serial: str) -> str:
    """The 12 digits that stand for a card in its PIN blocks: the serial read as one number, its last 12 digits.

    A card number has 9 characters, one of them a letter, and so cannot fill the field that binds a block to its card.
    `BadInput` for what is no card serial.
    """
    if not _SERIAL.fullmatch(card_serial):
        raise BadInput("card_serial: a card serial has 32 hexadecimal digits; read the card again.")
    return f"{int(card_serial, 16) % 10**BOUND_DIGITS:0{BOUND_DIGITS}}"


def seal_pin_block(key: bytes, cipher: PinCipher, digits: Digits, serial: str, random_fill: bytes) -> bytes:
    """The 16 bytes that a terminal sends for a PIN that was entered for the card of this serial.

    `random_fill` is 8 random bytes, fresh for every block. `BadInput` for a PIN, a serial or a filling that does not
    fit, `VaultTrouble` for a key that is none of the cipher's.
    """
    return encipher(encryptor(key, cipher), pin_field(digits, random_fill), pan_field(bound_digits(serial)))


def open_pin_block(key: bytes, cipher: PinCipher, block: bytes, serial: str) -> Digits:
    """The PIN in a block that was sealed for the card of this serial.

    `BadInput` for a block that does not open to a PIN, and for what is no serial; `VaultTrouble` for a key that is
    none of the cipher's.
    """
    return read_pin_field(decipher(decryptor(key, cipher), block, pan_field(bound_digits(serial))))


def pin_field(digits: Digits, random_fill: bytes) -> bytes:
    """The plain PIN field: control, length, the PIN, filled up with A to half, then 8 random bytes."""
    pin = digits.reveal()
    if not (pins.are_digits(digits) and pins.LENGTH_MIN <= len(pin) <= pins.LENGTH_MAX):
        raise BadInput(f"pin: a PIN has {pins.LENGTH_MIN} to {pins.LENGTH_MAX} digits, each from 0 to 9.")
    if len(random_fill) != FILL_SIZE:
        raise BadInput(f"random_fill: give {FILL_SIZE} random bytes, not {len(random_fill)}.")
    return bytes.fromhex(f"{_CONTROL}{len(pin):X}{pin}".ljust(2 * FILL_SIZE, _FILLER)) + random_fill


def pan_field(number: str) -> bytes:
    """The plain field of the account number, 12 to 19 digits: how many there are beyond 12, they, then zeros."""
    if not _NUMBER.fullmatch(number):
        raise BadInput("number: an account number has 12 to 19 digits.")
    return bytes.fromhex(f"{len(number) - 12}{number}".ljust(2 * BLOCK_SIZE, "0"))


def encipher(context: CipherContext, pin: bytes, pan: bytes) -> bytes:
    """The enciphered block: the PIN field enciphered, the account number's field added, enciphered once more."""
    return context.update(_added(context.update(pin), pan))


def decipher(context: CipherContext, block: bytes, pan: bytes) -> bytes:
    """The plain PIN field of a block, which may be anything at all where key, card or block are not the right ones."""
    if len(block) != BLOCK_SIZE:
        raise BadInput(f"pin_block: a PIN block has {BLOCK_SIZE} bytes, not {len(block)}.")
    return context.update(_added(context.update(block), pan))


def read_pin_field(field: bytes) -> Digits:
    """The PIN of a plain field. `BadInput` with the same sentence for every fault, so that nobody learns by asking."""
    text = field[:FILL_SIZE].hex().upper()
    length = int(text[1], 16)
    pin, filler = text[2 : 2 + length], text[2 + length :]
    if not (
        text[0] == _CONTROL
        and pins.LENGTH_MIN <= length <= pins.LENGTH_MAX
        and pin.isdecimal()
        and filler == _FILLER * len(filler)
    ):
        raise BadInput(
            "pin_block: this is no PIN block of ISO 9564-1 format 4 for this card and the terminal's PIN key; "
            "look at key, cipher and card serial, and have the PIN entered again."
        )
    return Digits(pin)


def encryptor(key: bytes, cipher: PinCipher) -> CipherContext:
    """What enciphers any number of single blocks. `VaultTrouble` for a key that is none of the cipher's."""
    with offered(cipher):
        return _cipher(key, cipher).encryptor()


def decryptor(key: bytes, cipher: PinCipher) -> CipherContext:
    """What deciphers any number of single blocks. `VaultTrouble` for a key that is none of the cipher's."""
    with offered(cipher):
        return _cipher(key, cipher).decryptor()


@contextlib.contextmanager
def offered(algorithm: str) -> Iterator[None]:
    """Tell it as a trouble of this installation when its cryptographic library was built without an algorithm."""
    try:
        yield
    except UnsupportedAlgorithm:
        raise VaultTrouble(
            f"The cryptographic library of this installation does not offer {algorithm}; install one that does."
        ) from None


def _cipher(key: bytes, cipher: PinCipher) -> Cipher[modes.ECB]:
    sizes = _KEY_SIZES.get(cipher, ())
    if len(key) not in sizes:
        raise VaultTrouble(
            f"A PIN key for {cipher!r} has {' or '.join(map(str, sizes)) or 'no known number of'} bytes, "
            f"and this one has {len(key)}; give the terminal another."
        )
    # One block at a time is what the standard says; the chaining is its own, through the account number's field.
    return Cipher(_ALGORITHMS[cipher](key), modes.ECB())  # noqa: S305


def _added(block: bytes, field: bytes) -> bytes:
    return (int.from_bytes(block) ^ int.from_bytes(field)).to_bytes(BLOCK_SIZE)
