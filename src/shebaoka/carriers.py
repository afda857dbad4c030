"""Who takes notifications to telephones: a console, which tells nobody, and a gateway over HTTP with signed calls.

A call is a POST of JSON with `Idempotency-Key`, signed by RFC 9421 over method, path, host, that key and the body's
digest, under a key that the vault holds. What the gateway answers is told apart by its status: taken, later, or never.
`app` puts a carrier together from the settings.
"""

import http.client
import json
import re
import secrets
import ssl
import time
from collections.abc import Callable

from shebaoka.desk import Clock, Delivered, Later, NotTaken, Outgoing
from shebaoka.numbers import mask_telephone
from shebaoka.records import BadInput
from shebaoka.signatures import sign_message

TIMEOUT_S = 10
"""How long a gateway may take to take a connection, and then for its whole answer."""
ANSWER_MAX = 64 * 1024
PIECE = 4096
LOOPBACK = ("127.0.0.1", "localhost")
_ADDRESS = re.compile(r"(https?)://([A-Za-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?(/[A-Za-z0-9._~/-]{0,200})?")
_LATER = frozenset({401, 403, 404, 405, 407, 408, 409, 421, 425, 429})
"""Refusals that are no verdict on this notification: a setting is wrong, or the gateway is busy."""
_ALL_ALIKE = frozenset({401, 403, 404, 405, 407, 429, 503})
"""Answers that every other notification would get as well."""
Signing = Callable[[bytes], bytes]
"""What is signed → HMAC-SHA256 under the house's key."""


class ConsoleCarrier:
    """Shows what would be sent, with the number in part. It says each time that nobody is told."""

    name = "console"

    def __init__(self, out: Callable[[str], None]) -> None:
        self._out = out

    def carry(self, outgoing: Outgoing) -> Delivered | Later:
        """Show it; where nobody reads the console any more, it waits."""
        try:
            self._out(f"console, nobody is told: {mask_telephone(outgoing.to)} <- {outgoing.text} [{outgoing.key}]")
        except OSError as e:
            return Later(f"the console is closed: {type(e).__name__}", down=True)
        return Delivered("shown on the console")


class HttpCarrier:
    """A gateway at an address, https or on this machine. Its name in the outbox is its host."""

    def __init__(self, url: str, key_id: str, sign: Signing, clock: Clock, *, timeout_s: float = TIMEOUT_S) -> None:
        found = _ADDRESS.fullmatch(url)
        if found is None:
            raise BadInput(
                "SHEBAOKA_CARRIER: give `console`, or an address such as https://sms.example.cn/v1/messages."
            )
        scheme, self.name, port, path = found.groups()
        if scheme == "http" and self.name not in LOOPBACK:
            raise BadInput("SHEBAOKA_CARRIER: give an https address; without TLS only this machine is called.")
        self._tls = ssl.create_default_context() if scheme == "https" else None
        self._port, self._path = int(port) if port else None, path or "/"
        self._authority = f"{self.name}:{port}" if port else self.name
        self._key_id, self._sign, self._clock, self._timeout_s = key_id, sign, clock, timeout_s

    def carry(self, outgoing: Outgoing) -> Delivered | Later | NotTaken:
        """Call the gateway once."""
        said = {
            "id": outgoing.key,
            "to": outgoing.to,
            "text": outgoing.text,
            "about": outgoing.about,
            "language": outgoing.language,
        }
        body = json.dumps(said, ensure_ascii=False).encode()
        covered = {
            "host": self._authority,
            "content-type": "application/json; charset=utf-8",
            "idempotency-key": f'"{outgoing.key}"',
        }
        signed = sign_message(
            "POST",
            self._path,
            covered,
            body,
            created=int(self._clock().timestamp()),
            keyid=self._key_id,
            nonce=secrets.token_hex(12),
            alg="hmac-sha256",
            sign=lambda _keyid, _alg, base: self._sign(base),
        )
        try:
            status, retry_after, answer = self._called(covered | signed, body)
        except (OSError, http.client.HTTPException) as e:
            return Later(f"no answer: {type(e).__name__}", down=True)
        return _told(status, retry_after, answer)

    def _called(self, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """Status, `Retry-After` and body of the answer. Every call has a connection of its own: there are few."""
        connection = (
            http.client.HTTPSConnection(self.name, self._port, timeout=self._timeout_s, context=self._tls)
            if self._tls is not None
            else http.client.HTTPConnection(self.name, self._port, timeout=self._timeout_s)
        )
        until = time.monotonic() + self._timeout_s
        try:
            connection.request("POST", self._path, body=body, headers=headers)
            answer = connection.getresponse()
            said = bytearray()
            while len(said) < ANSWER_MAX and (piece := answer.read1(PIECE)):
                said += piece
                if time.monotonic() > until:
                    raise TimeoutError
            return answer.status, answer.headers.get("Retry-After", ""), bytes(said)
        finally:
            connection.close()


def _told(status: int, retry_after: str, answer: bytes) -> Delivered | Later | NotTaken:
    """What an answer means."""
    if 200 <= status < 300:
        return Delivered(_reference(answer))
    fault = f"answered {status}"
    if status >= 500 or status < 400 or status in _LATER:
        after_s = float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 7 else 0
        return Later(fault, after_s, down=status in _ALL_ALIKE or status < 400)
    return NotTaken(fault)


def _reference(answer: bytes) -> str:
    """The gateway's own number, if it says one that can be shown."""
    try:
        said = json.loads(answer)
    except ValueError:
        return ""
    found = said.get("reference", "") if isinstance(said, dict) else ""
    return found[:200] if isinstance(found, str) and found.isprintable() else ""
