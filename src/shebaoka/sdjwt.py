"""SD-JWT VC and Token Status List as texts (RFC 9901, draft-ietf-oauth-sd-jwt-vc, draft-ietf-oauth-status-list).

Pure: whoever asks brings salts, and has the parts signed. `desk/wallets.py` issues with it, and reads a wallet's proof
that it has a key (OpenID4VCI 1.0, appendix F.1).
"""

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from msgspec import Meta

ALGORITHM = "ES256"
VALID, INVALID, SUSPENDED = 0, 1, 2
"""What a status list says of a credential: as it should be, ended for good, not to be relied on for now."""
BITS = 2
PROOF_MAX = 8192
_COORDINATE = 32
_PART = re.compile(r"[A-Za-z0-9_-]+")
_encode = msgspec.json.Encoder().encode

Coordinate = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$(?!\n)")]


class PublicKey(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """A public key on the curve P-256, as a JSON Web Key."""

    x: Coordinate
    y: Coordinate
    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"

    def thumbprint(self) -> str:
        """The key's own name (RFC 7638)."""
        text = f'{{"crv":"{self.crv}","kty":"{self.kty}","x":"{self.x}","y":"{self.y}"}}'
        return b64(hashlib.sha256(text.encode()).digest())

    def jwk(self) -> dict[str, str]:
        """The key as a JSON object."""
        return {"kty": self.kty, "crv": self.crv, "x": self.x, "y": self.y}


class _ProofHeader(msgspec.Struct, frozen=True):
    typ: Literal["openid4vci-proof+jwt"]
    alg: Literal["ES256"]
    jwk: dict[str, Any]
    kid: str | None = None
    x5c: list[str] | None = None
    crit: list[str] | None = None


class Proof(msgspec.Struct, frozen=True):
    """What a wallet signed with the key that a credential shall be bound to."""

    aud: str
    iat: float
    nonce: str = ""


class Unproven(Exception):  # noqa: N818 - an answer to a wallet, not a trouble of the house
    """A proof that does not show that the wallet has the key; the sentence says what is wrong with it."""


def b64(raw: bytes) -> str:
    """base64url without filling."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """The bytes; `ValueError` for anything but base64url without filling."""
    if not _PART.fullmatch(text):
        raise ValueError("no base64url")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError("no base64url") from None


def public_key(point: bytes) -> PublicKey:
    """The key of an uncompressed point: 04, x, y."""
    return PublicKey(x=b64(point[1 : 1 + _COORDINATE]), y=b64(point[1 + _COORDINATE :]))


def signed_part(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """Header and claims of a JWT, which its signature is made over."""
    return f"{b64(_encode(header))}.{b64(_encode(claims))}"


def disclosure(salt: str, name: str, value: Any) -> str:
    """What discloses a claim to whom its holder shows it."""
    return b64(_encode([salt, name, value]))


def with_digests(claims: Mapping[str, Any], disclosures: Iterable[str]) -> dict[str, Any]:
    """The claims that everybody sees, and the digests of those that the holder may keep back, in no telling order."""
    digests = sorted(b64(hashlib.sha256(d.encode()).digest()) for d in disclosures)
    return {**claims, "_sd": digests, "_sd_alg": "sha-256"}


def sd_jwt(jwt: str, disclosures: Iterable[str]) -> str:
    """The credential as its holder gets it."""
    return "~".join([jwt, *disclosures, ""])


def status_list(size: int, statuses: Mapping[int, int], usual: int = VALID) -> str:
    """`size` statuses of two bits each as a status list has them; those that are not named are as usual."""
    packed = bytearray(bytes([usual * 0b01010101]) * (size * BITS // 8))
    for index, status in statuses.items():
        at, shift = divmod(index * BITS, 8)
        packed[at] = packed[at] & ~(0b11 << shift) | status << shift
    return b64(zlib.compress(packed, 9))


def read_proof(token: str) -> tuple[Proof, PublicKey]:
    """What a wallet's proof says, and the key that it is signed with. `Unproven` names what is wrong."""
    if len(token) > PROOF_MAX or token.count(".") != 2:
        raise Unproven("the proof is no JWT")
    header, claims, signature = token.split(".")
    try:
        said = msgspec.json.decode(unb64(header), type=_ProofHeader)
        proof = msgspec.json.decode(unb64(claims), type=Proof)
        key = msgspec.convert(said.jwk, PublicKey)
        raw = unb64(signature)
    except (ValueError, msgspec.DecodeError):
        raise Unproven("the proof needs typ openid4vci-proof+jwt, alg ES256, a P-256 key as jwk, aud and iat") from None
    if said.kid is not None or said.x5c is not None or said.crit is not None:
        raise Unproven("the proof names its key by jwk alone")
    if set(said.jwk) & {"d", "k", "p", "q"}:
        raise Unproven("the proof gives a private key away; draw a new one")
    if len(raw) != 2 * _COORDINATE or not _is_signed(key, f"{header}.{claims}".encode(), raw):
        raise Unproven("the signature is not that of the key in the proof")
    return proof, key


def _is_signed(key: PublicKey, message: bytes, raw: bytes) -> bool:
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(unb64(key.x)), int.from_bytes(unb64(key.y)), ec.SECP256R1())
    signature = encode_dss_signature(int.from_bytes(raw[:_COORDINATE]), int.from_bytes(raw[_COORDINATE:]))
    try:
        numbers.public_key().verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
