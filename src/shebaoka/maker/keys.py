"""Keys of files: Ed25519 to sign, X25519 to be sealed for (RFC 8032, RFC 7748). A key's id follows from its bytes.

Whoever writes a file has a `Signer` and a `Recipient`, whoever reads one a `Keyring`; where private keys are is theirs
to know. The desk's are in the vault, those of a maker that the project plays itself in a `KeyPair`.
"""

import hashlib
from typing import Literal, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from shebaoka.maker.telling import shown
from shebaoka.records import BadInput

Use = Literal["sign", "seal"]
"""What a key is for: `sign` signs what its owner writes, `seal` is what files for its owner are sealed with."""
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
"""How a file's key is sealed for its recipient: HPKE in base mode (RFC 9180)."""
_PEM = "-----BEGIN PUBLIC KEY-----"
_PRIVATE_END = "-----END PRIVATE KEY-----"


class Signer(Protocol):
    """Signs what is written here."""

    @property
    def key_id(self) -> str:
        """The id of the key."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519 over a message."""


class Recipient(msgspec.Struct, frozen=True):
    """Whom a file is sealed for: their code and the public key of 32 bytes."""

    code: str
    public: bytes


class Keyring(Protocol):
    """The keys that a file is read with."""

    def signs(self, key_id: str) -> tuple[str, bytes]:
        """Whose this key is, and its public bytes. `BadInput` where it is unknown, expired or ended."""

    def open(self, key_id: str, sealed: bytes, info: bytes) -> bytes:
        """A file's key that was sealed for one of ours. `BadInput` where that is unknown, expired, or not right."""


def key_id(public: bytes) -> str:
    """The id of a key: the first 16 hexadecimal digits of the SHA-256 of its 32 public bytes."""
    return hashlib.sha256(public).hexdigest()[:16]


def public_key_of(text: str) -> tuple[Use, bytes]:
    """What a public key in PEM is for, and its bytes. `BadInput` for anything else."""
    if "PRIVATE KEY" in text:
        raise BadInput("key: this is a private key. Its owner keeps it, and should make another one now.")
    try:
        key = serialization.load_pem_public_key(text.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput(f"key: give a public key in PEM; its first line is {_PEM}.") from None
    if isinstance(key, Ed25519PublicKey):
        return "sign", key.public_bytes_raw()
    if isinstance(key, X25519PublicKey):
        return "seal", key.public_bytes_raw()
    raise BadInput("key: it must be an Ed25519 key to sign with, or an X25519 key to be sealed for.")


def public_text(use: Use, public: bytes) -> str:
    """A public key as PEM."""
    kind = Ed25519PublicKey if use == "sign" else X25519PublicKey
    return (
        kind.from_public_bytes(public)
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature is this message's under the key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def sealed_for(recipient: Recipient, content_key: bytes, info: bytes) -> bytes:
    """A file's key, sealed for whom it is for."""
    return SUITE.encrypt(content_key, X25519PublicKey.from_public_bytes(recipient.public), info)


class KeyPair:
    """Both private keys of a partner that the project plays itself."""

    def __init__(self, signing: Ed25519PrivateKey, sealing: X25519PrivateKey) -> None:
        self._signing = signing
        self._sealing = sealing

    @classmethod
    def drawn(cls) -> "KeyPair":
        """Two new keys."""
        return cls(Ed25519PrivateKey.generate(), X25519PrivateKey.generate())

    @classmethod
    def read(cls, text: str) -> "KeyPair":
        """Both keys from PEM, in any order. `BadInput` unless there is one of each."""
        found: list[object] = []
        for piece in text.split(_PRIVATE_END)[:-1]:
            try:
                found.append(serialization.load_pem_private_key((piece + _PRIVATE_END).strip().encode(), None))
            except (ValueError, TypeError, UnsupportedAlgorithm):
                raise BadInput(
                    "keys: a private key cannot be read; it must be PKCS #8 in PEM without a password."
                ) from None
        signing = [key for key in found if isinstance(key, Ed25519PrivateKey)]
        sealing = [key for key in found if isinstance(key, X25519PrivateKey)]
        if len(found) != 2 or not signing or not sealing:
            raise BadInput("keys: the file must hold one Ed25519 and one X25519 private key in PEM.")
        return cls(signing[0], sealing[0])

    def text(self) -> str:
        """Both keys as PEM, for a file that its owner alone may read."""
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return "".join(key.private_bytes(*form).decode() for key in (self._signing, self._sealing))

    def __repr__(self) -> str:
        return "KeyPair(hidden)"

    @property
    def key_id(self) -> str:
        """The id of the key that signs."""
        return key_id(self.signing_public)

    @property
    def signing_public(self) -> bytes:
        """The public key of what is signed here."""
        return self._signing.public_key().public_bytes_raw()

    @property
    def sealing_public(self) -> bytes:
        """The public key that files for it are sealed with."""
        return self._sealing.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519 over a message."""
        return self._signing.sign(message)

    def open(self, key_id_: str, sealed: bytes, info: bytes) -> bytes:
        """A file's key that was sealed for it."""
        if key_id_ != key_id(self.sealing_public):
            raise not_for_us(key_id_)
        return opened(self._sealing, sealed, info)


class PairKeyring(msgspec.Struct, frozen=True):
    """What one who is played reads files with: their own keys, and the key of whom they deal with."""

    pair: KeyPair
    sender: str
    public: bytes

    def signs(self, key_id_: str) -> tuple[str, bytes]:
        """Whom they deal with, if the key is theirs."""
        if key_id_ != key_id(self.public):
            raise BadInput(f"The file is signed with the key {shown(key_id_)}, which is not known.", code="key_unknown")
        return self.sender, self.public

    def open(self, key_id_: str, sealed: bytes, info: bytes) -> bytes:
        """A file's key that was sealed for them."""
        return self.pair.open(key_id_, sealed, info)


def opened(private: X25519PrivateKey, sealed: bytes, info: bytes) -> bytes:
    """A file's key, unsealed. `BadInput` if it was not sealed for this key and file."""
    try:
        return SUITE.decrypt(sealed, private, info)
    except (InvalidTag, ValueError):
        raise not_opened() from None


def not_opened() -> BadInput:
    """The trouble of a file whose key was not sealed for the key that the file names."""
    return BadInput(
        "The file's key does not open: it was sealed for another key, or altered. Have the file written anew.",
        code="file_altered",
    )


def not_for_us(key_id_: str) -> BadInput:
    """The trouble of a file that was sealed for a key that is not here."""
    return BadInput(
        f"The file is sealed for the key {shown(key_id_)}, which is not ours. Send the partner our present public "
        "keys, and have the file written anew.",
        code="key_unknown",
    )
