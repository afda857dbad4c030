"""How whoever writes into a chip proves that they may: an answer to the card's challenge under a key that both have.

The ministry's own keys, and how a card's keys follow from them, are in its key system, behind a PSAM or an HSM, and
are not published. So what proves is a seam, `Prover`: the key of a virtual card, or a PSAM where a city has one. What
stands here is the virtual card's way, after the common one with a session key (过程密钥), under SM4 (GB/T 32907). It
opens no real card.
"""

from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB

UPDATE_KEY = 0x04
"""Which of the card's keys proves that its holder's data may be written."""
KEY_BYTES = 16
PROOF_BYTES = FACTOR_BYTES = 8
Prover = Callable[[int, bytes], bytes]
"""From the key's number and the card's challenge to the data of EXTERNAL AUTHENTICATE."""


def proof_of(key: bytes, challenge: bytes, factor: bytes) -> bytes:
    """Proof and factor, as the virtual card expects them. The factor is drawn anew for each proof."""
    session = _enciphered(key, factor + bytes(255 - b for b in factor))
    whole = _enciphered(session, challenge + factor)
    folded = bytes(a ^ b for a, b in zip(whole[:PROOF_BYTES], whole[PROOF_BYTES:], strict=True))
    return folded + factor


def _enciphered(key: bytes, block: bytes) -> bytes:
    """One block; a block alone needs no mode that chains."""
    cipher = Cipher(SM4(key), ECB()).encryptor()  # noqa: S305 - one block, under a key that is used for one proof
    return cipher.update(block) + cipher.finalize()
