"""Our own keys of files, unwrapped, as one process uses them: Ed25519 to sign, X25519 to be sealed for.

Files to and from makers and banks are signed and opened with them (`maker/sealed.py` says how a file is built). A file
brings a key of its own, sealed by HPKE in base mode (RFC 9180).
"""

import secrets
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

FileKeyUse = Literal["sign", "seal"]
SIZE = 32
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def draw() -> bytes:
    """A private key of either use: 32 bytes of chance."""
    return secrets.token_bytes(SIZE)


def public(use: FileKeyUse, private: bytes) -> bytes:
    """The public key of 32 bytes to a private one."""
    if use == "sign":
        return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def signature(private: bytes, message: bytes) -> bytes:
    """64 bytes of Ed25519 over a message."""
    return Ed25519PrivateKey.from_private_bytes(private).sign(message)


def unsealed(private: bytes, sealed: bytes, info: bytes) -> bytes | None:
    """What was sealed for the key; None if it was sealed for another, or altered."""
    try:
        return _SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info)
    except (InvalidTag, ValueError):
        return None
