"""An authenticator in software, for tests of passkeys: it makes keys and signs as a security key does (WebAuthn).

What it says can be turned wrong one part at a time, so that a test sees each part checked.
"""

import base64
import dataclasses
import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "http://localhost:8000"
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def text(value: bytes) -> str:
    """Bytes as pages hold them."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def raw(value: str) -> bytes:
    """The bytes of what pages hold."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


@dataclasses.dataclass
class Authenticator:
    """One key of one account. `count` is what it counted last; with `counts` off it always says zero."""

    key: ec.EllipticCurvePrivateKey = dataclasses.field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = dataclasses.field(default_factory=lambda: secrets.token_bytes(32))
    handle: bytes = b""
    count: int = 0
    counts: bool = True

    def made(self, options: str, **wrong: Any) -> str:
        """The answer to being asked for a key."""
        asked = json.loads(options)
        self.handle = raw(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        public_key = wrong.get("public_key", cbor2.dumps(cose))
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public_key
        data = self._data(asked["rp"]["id"], ATTESTED, attested, wrong)
        statement = cbor2.dumps({"fmt": wrong.get("format", "none"), "attStmt": {}, "authData": data})
        said = {
            "clientDataJSON": text(self._client("webauthn.create", asked, wrong)),
            "attestationObject": text(statement),
            "transports": ["usb", "telepathy"],
        }
        return self._answer(said)

    def signed(self, options: str, **wrong: Any) -> str:
        """The answer to being asked to sign in."""
        asked = json.loads(options)
        client = self._client("webauthn.get", asked, wrong)
        data = self._data(asked["rpId"], 0, b"", wrong)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        said = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(wrong.get("signature", signature)),
            "userHandle": text(wrong.get("handle", self.handle)),
        }
        return self._answer(said)

    def _client(self, kind: str, asked: dict[str, Any], wrong: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": asked["challenge"], "origin": ORIGIN, "crossOrigin": False}
        return json.dumps(said | {k: v for k, v in wrong.items() if k in (*said,)}).encode()

    def _data(self, rp_id: str, flags: int, attested: bytes, wrong: dict[str, Any]) -> bytes:
        self.count = wrong.get("count", self.count + self.counts)
        flags |= wrong.get("flags", PRESENT | VERIFIED)
        rp = hashlib.sha256(wrong.get("rp_id", rp_id).encode()).digest()
        return rp + bytes([flags]) + self.count.to_bytes(4, "big") + attested

    def _answer(self, response: dict[str, Any]) -> str:
        return json.dumps({"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response})
