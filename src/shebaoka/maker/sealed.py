"""A sealed file: encrypted for whom it is for, signed by whom it is from, written and read as a stream.

    magic | length of the head | head | chunks of 1 MiB, each with its tag | manifest, signed | its length | magic

The head (JSON) says what it is and for whom, and holds the file's own key, sealed by HPKE (RFC 9180). Each chunk is
AES-256-GCM under that key; its nonce is its number and whether it is the last, and the head's digest is authenticated
beside it. So chunks can be neither changed, moved, left out nor added. What is encrypted is a tar of data files and
photos. The manifest is a JWS (RFC 7515, Ed25519) over counts and digests, the digest of everything before it among
them: it stands at the end because it is known only then. A reader believes nothing before it has checked all of that.
Its form is told byte by byte in docs/makers.md.
"""

import base64
import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from typing import BinaryIO, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shebaoka.maker import keys
from shebaoka.maker.keys import Keyring, Recipient, Signer
from shebaoka.maker.telling import shown
from shebaoka.records import BadInput

Kind = Literal["cards", "results", "accounts", "answers"]
KINDS: dict[Kind, str] = {
    "cards": "a package for a maker",
    "results": "a maker's results",
    "accounts": "accounts for a bank to open",
    "answers": "a bank's answers",
}
MAGIC, END = b"SBKFILE1", b"SBKSIGN1"
CHUNK = 1048576
_TAG = 16
_HEAD_MAX, _MANIFEST_MAX = 16 * 1024, 16 * 1024 * 1024
_INFO = b"shebaoka/sealed-file/1"
_AHEAD = dt.timedelta(hours=1)
"""As far ahead another's clock may be."""


class Address(msgspec.Struct, frozen=True):
    """What a file is, of which batch, from whom, for whom, and when it was made."""

    kind: Kind
    batch: str
    sender: str
    receiver: str
    made_at: dt.datetime


class DataFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A data file inside: its name, rows, bytes and SHA-256."""

    name: str
    rows: int
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed: whose file it is, what is in it, and the SHA-256 of all that stands before it."""

    kind: Kind
    batch: str
    sender: str
    receiver: str
    made_at: dt.datetime
    format: str
    rows: int
    photos: int
    photo_bytes: int
    files: tuple[DataFile, ...]
    sealed_sha256: str


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a reader must know before anything can be opened."""

    kind: Kind
    batch: str
    sender: str
    receiver: str
    key: str
    sealed_key: str
    suite: Literal["HPKE-X25519-HKDF-SHA256-AES-256-GCM"] = "HPKE-X25519-HKDF-SHA256-AES-256-GCM"
    chunk: Literal[1048576] = 1048576


class Protected(msgspec.Struct, frozen=True):
    """The head of a JWS."""

    alg: Literal["EdDSA"]
    kid: str


class SealedWriter:
    """Encrypts what is written to it into a file, and signs at the end."""

    def __init__(self, out: BinaryIO, address: Address, recipient: Recipient) -> None:
        self._out = out
        self._address = address
        self._digest = hashlib.sha256()
        content_key = AESGCM.generate_key(256)
        head = _Head(
            address.kind,
            address.batch,
            address.sender,
            address.receiver,
            keys.key_id(recipient.public),
            _text(keys.sealed_for(recipient, content_key, _INFO)),
        )
        raw = msgspec.json.encode(head)
        self._cipher = AESGCM(content_key)
        self._beside = hashlib.sha256(raw).digest()
        self._chunks = 0
        self._waiting = bytearray()
        self._put(MAGIC + len(raw).to_bytes(4, "big") + raw)

    def write(self, data: bytes) -> None:
        """Take bytes in; whole chunks go out as soon as it is known that they are not the last."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            chunk = bytes(self._waiting[:CHUNK])
            del self._waiting[:CHUNK]
            self._chunk(chunk, last=False)

    def finish(
        self, signer: Signer, format_: str, files: tuple[DataFile, ...], photos: int = 0, photo_bytes: int = 0
    ) -> Manifest:
        """The last chunk, and the signed manifest."""
        self._chunk(bytes(self._waiting), last=True)
        a = self._address
        manifest = Manifest(
            *(a.kind, a.batch, a.sender, a.receiver, a.made_at.astimezone(dt.UTC)),
            format=format_,
            rows=sum(file.rows for file in files),
            photos=photos,
            photo_bytes=photo_bytes,
            files=files,
            sealed_sha256=self._digest.hexdigest(),
        )
        signed = _signed(signer, manifest)
        self._out.write(signed + len(signed).to_bytes(4, "big") + END)
        return manifest

    def _chunk(self, data: bytes, *, last: bool) -> None:
        self._put(self._cipher.encrypt(_nonce(self._chunks, last=last), data, self._beside))
        self._chunks += 1

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self._out.write(data)


class SealedReader:
    """A sealed file that was checked: its manifest counts, and its content can be read as often as it is needed."""

    def __init__(
        self, file: BinaryIO, manifest: Manifest, content_key: bytes, beside: bytes, at: int, end: int
    ) -> None:
        self._file = file
        self.manifest = manifest
        self._cipher = AESGCM(content_key)
        self._beside = beside
        self._at, self._end = at, end

    def content(self) -> Iterator[bytes]:
        """The content from its beginning, a chunk at a time. `BadInput` if the file changed since it was checked."""
        at, number = self._at, 0
        while True:
            size = min(CHUNK + _TAG, self._end - at)
            self._file.seek(at)
            data = self._file.read(size)
            at += size
            try:
                yield self._cipher.decrypt(_nonce(number, last=at >= self._end), data, self._beside)
            except InvalidTag:
                raise altered() from None
            if at >= self._end:
                return
            number += 1


def open_sealed(file: BinaryIO, address: Address, keyring: Keyring) -> SealedReader:
    """Check a file whole, but for what is encrypted in it, against what it must be; `address.made_at` is now.

    `BadInput` with a code: `file_unknown` (none of ours, or of another kind), `file_cut`, `file_altered`,
    `file_of_another_batch`, `file_of_another_partner`, `key_unknown`, `key_expired`.
    """
    head, raw, at = _read_head(file)
    _must_be_meant(head, address)
    signed, end = _read_end(file, at)
    manifest = _verified(signed, address, keyring)
    if _digest_until(file, end) != manifest.sealed_sha256:
        raise altered()
    # Only now, for what stands in the head is believed only now. Both were written by whoever signed.
    for name in ("kind", "batch", "sender", "receiver"):
        if getattr(head, name) != getattr(manifest, name):
            raise altered()
    try:
        sealed_key = _bytes(head.sealed_key)
    except ValueError:
        raise keys.not_opened() from None
    content_key = keyring.open(head.key, sealed_key, _INFO)
    return SealedReader(file, manifest, content_key, hashlib.sha256(raw).digest(), at, end)


def addressed(file: BinaryIO) -> Address:
    """What a file says of itself at its beginning, to find out what to check it against. Nobody believes it by that."""
    head, _, _ = _read_head(file)
    return Address(head.kind, head.batch, head.sender, head.receiver, dt.datetime.min.replace(tzinfo=dt.UTC))


def altered() -> BadInput:
    """The trouble of a file that is not as it was signed."""
    return BadInput(
        "The file was altered after it was signed. Nothing of it was taken; fetch it again from its sender.",
        code="file_altered",
    )


def _cut() -> BadInput:
    return BadInput(
        "The file does not end with its signature: it was cut, or something was added. Nothing of it was taken; fetch "
        "it again from its sender.",
        code="file_cut",
    )


def _read_head(file: BinaryIO) -> tuple[_Head, bytes, int]:
    file.seek(0)
    begin = file.read(len(MAGIC) + 4)
    if begin[: len(MAGIC)] != MAGIC[: len(begin)] or not begin:
        raise BadInput("This is no sealed file of this system; look which file it is.", code="file_unknown")
    if len(begin) < len(MAGIC) + 4:
        raise _cut()
    size = int.from_bytes(begin[len(MAGIC) :], "big")
    if size > _HEAD_MAX:
        raise altered()
    raw = file.read(size)
    if len(raw) < size:
        raise _cut()
    try:
        head = msgspec.json.decode(raw, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise altered() from None
    return head, raw, len(begin) + size


def _must_be_meant(head: _Head | Manifest, address: Address) -> None:
    """The file is of the kind, batch and partner that it is taken in for. Its own word, so not believed by itself."""
    if head.kind != address.kind:
        raise BadInput(
            f"The file is {KINDS[head.kind]}, and {KINDS[address.kind]} is taken in here.", code="file_unknown"
        )
    if head.batch != address.batch:
        raise BadInput(
            f"The file is of the batch {shown(head.batch)}, and the batch {address.batch} is taken in here. Nothing of "
            "it was taken.",
            code="file_of_another_batch",
        )
    if head.sender != address.sender or head.receiver != address.receiver:
        raise BadInput(
            f"The file is from {shown(head.sender)} for {shown(head.receiver)}; one from {address.sender} for "
            f"{address.receiver} is taken in here.",
            code="file_of_another_partner",
        )


def _read_end(file: BinaryIO, at: int) -> tuple[bytes, int]:
    """The signed manifest, and where it begins."""
    whole = file.seek(0, os.SEEK_END)
    tail = 4 + len(END)
    if whole < at + _TAG + tail:
        raise _cut()
    file.seek(whole - tail)
    footer = file.read(tail)
    size = int.from_bytes(footer[:4], "big")
    begin = whole - tail - size
    if footer[4:] != END or size > _MANIFEST_MAX or begin < at + _TAG:
        raise _cut()
    file.seek(begin)
    return file.read(size), begin


def _verified(signed: bytes, address: Address, keyring: Keyring) -> Manifest:
    try:
        head, body, signature = signed.split(b".")
        protected = msgspec.json.decode(_bytes(head.decode("ascii")), type=Protected)
        given = _bytes(signature.decode("ascii"))
    except (ValueError, msgspec.DecodeError):
        raise altered() from None
    whose, public = keyring.signs(protected.kid)
    if whose != address.sender:
        raise BadInput(
            f"The file is signed by {whose}, and one from {address.sender} is taken in here.",
            code="file_of_another_partner",
        )
    if not keys.is_signed(public, given, head + b"." + body):
        raise altered()
    try:
        manifest = msgspec.json.decode(_bytes(body.decode("ascii")), type=Manifest)
    except (ValueError, msgspec.DecodeError):
        raise BadInput(
            "The signed manifest is not in the form that docs/makers.md asks for; tell the sender.", code="file_unknown"
        ) from None
    _must_be_meant(manifest, address)
    if manifest.made_at.tzinfo is None or manifest.made_at > address.made_at + _AHEAD:
        raise BadInput("The file says that it was made in the future; look at its sender's clock and at ours.")
    return manifest


def _digest_until(file: BinaryIO, end: int) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    left = end
    while left:
        data = file.read(min(CHUNK, left))
        if not data:
            raise _cut()
        digest.update(data)
        left -= len(data)
    return digest.hexdigest()


def _nonce(number: int, *, last: bool) -> bytes:
    """Unlike for each chunk of a file; a file's key is used for that file alone."""
    return number.to_bytes(11, "big") + bytes([last])


def _signed(signer: Signer, manifest: Manifest) -> bytes:
    """A JWS in its compact form."""
    head = _text(msgspec.json.encode(Protected("EdDSA", signer.key_id)))
    body = _text(msgspec.json.encode(manifest))
    message = f"{head}.{body}".encode()
    return message + b"." + _text(signer.sign(message)).encode()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """What was written in base64url without padding. `ValueError` for anything else."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
