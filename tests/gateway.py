"""A gateway for notifications as a carrier's owner would run it: a real HTTP server that checks signatures by another's
library, knows what it took by the key of a notification, and answers what a test wants.
"""

import datetime as dt
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature
from http_message_signatures.algorithms import HMAC_SHA256

KEY_ID = "house-1"


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, key: bytes) -> None:
        self.key = key

    def resolve_public_key(self, key_id: str) -> bytes:
        """The one key that there is."""
        return self.key if key_id == KEY_ID else b"another"

    resolve_private_key = resolve_public_key


class _Patient(HTTPMessageVerifier):
    """The library's verifier, but for the day: the house's clock stands in 2013."""

    max_clock_skew = dt.timedelta(days=365_000)


class Gateway:
    """What the server was sent and took. `answers` are what it answers next, before it goes back to taking.

    An answer is a status, with headers beside it; `silent` is to take the call, know it, and close without an answer;
    `hangs` is to keep it until the gateway closes.
    """

    def __init__(self, key: bytes) -> None:
        self.keys = _Keys(key)
        self.port = 0
        self.calls: list[dict[str, Any]] = []
        self.taken: dict[str, dict[str, Any]] = {}
        self.answers: list[tuple[int, dict[str, str]] | str] = []
        self.closes = threading.Event()

    @property
    def url(self) -> str:
        """Where it is called."""
        return f"http://127.0.0.1:{self.port}/v1/messages"

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        """What comes back for a call; None for nothing at all."""
        request = requests.Request("POST", f"http://{headers['host']}{path}", headers=headers, data=body).prepare()
        try:
            verifier = _Patient(signature_algorithm=HMAC_SHA256, key_resolver=self.keys)
            (result,) = verifier.verify(request, max_age=None, body=body)
        except InvalidSignature:
            return 401, {}, b""
        said = json.loads(body)
        self.calls.append(
            said | {"idempotency_key": headers["idempotency-key"], "covered": set(result.covered_components)}
        )
        next_ = self.answers.pop(0) if self.answers else (200, {})
        if isinstance(next_, tuple) and next_[0] != 200:
            return *next_, b""
        if next_ == "hangs":
            self.closes.wait(30)
            return None
        again = said["id"] in self.taken
        self.taken.setdefault(said["id"], said)
        if next_ == "silent":
            return None
        return 200, {}, json.dumps({"reference": f"sms-{len(self.taken)}", "again": again}).encode()


@contextmanager
def open_gateway(key: bytes) -> Iterator[Gateway]:
    """A gateway on a port of its own."""
    gateway = Gateway(key)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """One call."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found = gateway.answer(self.path, headers, body)
            if found is None:
                return
            status, more, said = found
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gateway.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield gateway
        finally:
            gateway.closes.set()
            server.shutdown()
            thread.join()
