"""The key that credentials for wallets are signed with, unwrapped, as one process uses it: ECDSA on P-256 (ES256)."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIZE = 32


def draw() -> bytes:
    """A private key: 32 bytes, a number below the curve's order."""
    return ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(SIZE)


def public(private: bytes) -> bytes:
    """The public key of 65 bytes, an uncompressed point, to a private one."""
    return _key(private).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def signature(private: bytes, message: bytes) -> bytes:
    """64 bytes over a message, r and s one after the other, as JWS has them (RFC 7518)."""
    r, s = decode_dss_signature(_key(private).sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(SIZE) + s.to_bytes(SIZE)


def _key(private: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(private), ec.SECP256R1())
