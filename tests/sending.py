"""Messages of a pharmacy's system over plain sockets: made, signed and sent without any of our own client code."""

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import itertools
import json
import secrets
import time
from typing import Any

from shebaoka.records import Digits
from shebaoka.vault import seal_pin_block


class NoAnswerError(Exception):
    """A message was sent, and no whole answer came."""


class Till:
    """One terminal's keys; numbers, signs and sends its messages."""

    def __init__(self, port: int, institution: str, key_id: str, signing_key: bytes, pin_key: bytes) -> None:
        self.port, self.institution, self.key_id = port, institution, key_id
        self.signing_key, self.pin_key = signing_key, pin_key
        self._began = dt.datetime(2013, 7, 5, tzinfo=dt.UTC)
        self._numbers = itertools.count(1)

    def msgid(self) -> str:
        """A fresh message id."""
        second, number = divmod(next(self._numbers), 10_000)
        return f"{self.institution}{self._began + dt.timedelta(seconds=second):%Y%m%d%H%M%S}{number:04d}"

    def block(self, pin: str, serial: str) -> str:
        """A PIN entry as it travels."""
        return seal_pin_block(self.pin_key, "aes", Digits(pin), serial, secrets.token_bytes(8)).hex()

    def message(self, infno: str, msgid: str, said: dict[str, Any]) -> bytes:
        """A message with head and body, signed just now."""
        path, body = f"/terminal/v1/{infno}", json.dumps({"msgid": msgid, "input": said}).encode()
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
        covered = '("@method" "@path" "content-digest")'
        parameters = f'{covered};created={int(time.time())};keyid="{self.key_id}";nonce="{secrets.token_hex(12)}"'
        base = f'"@method": POST\n"@path": {path}\n"content-digest": {digest}\n"@signature-params": {parameters}'
        mac = base64.b64encode(hmac.digest(self.signing_key, base.encode(), "sha256")).decode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: till\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Content-Digest: {digest}\r\nSignature-Input: sig1={parameters}\r\nSignature: sig1=:{mac}:\r\n\r\n"
        )
        return head.encode() + body


class Line:
    """One connection of a till, made anew whenever it broke."""

    def __init__(self, till: Till, wait_s: float = 20) -> None:
        self.till = till
        self._wait_s = wait_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, infno: str, msgid: str, said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body of a message's answer. `NoAnswerError` if none came, whatever the reason.

        A message that was signed before the server started, in whole seconds, is turned away at the door: to be signed
        again is no answer.
        """
        try:
            status, answer = await asyncio.wait_for(self._ask(self.till.message(infno, msgid, said)), self._wait_s)
        except (OSError, EOFError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as e:
            self.close()
            raise NoAnswerError from e
        if answer.get("code") == "signature_stale":
            raise NoAnswerError
        return status, answer

    async def _ask(self, sent: bytes) -> tuple[int, dict[str, Any]]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.till.port)
        reader, writer = self._streams
        writer.write(sent)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return int(head.split()[1]), json.loads(await reader.readexactly(length))

    def close(self) -> None:
        """Let the connection go."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
