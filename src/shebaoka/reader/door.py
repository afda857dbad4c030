"""The small server on the clerk's own machine that the window's page asks for the next card. It listens on this
machine alone.

`GET /` says whether there is a reader (204, or 503). `GET /card` waits until a card is put in, and answers with its
serial, or with the code of what was wrong; 204 if none came. It answers the house's pages and nobody else: by the
request's `Origin`, and by `Host`, so that no other site's page and no name that was bent to 127.0.0.1 gets a serial.
See docs/card.md.
"""

import json
import os
import re
import select
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from shebaoka.reader.watching import Watch
from shebaoka.records import BadInput

HOST = "127.0.0.1"
READER_PORT = 35970
"""Where the window's page finds the reader unless told otherwise: free by IANA's list, beside vpcd's own."""
WAIT_S = 25.0
"""How long a page waits for an answer at the most; then it asks again."""
_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(?::\d{1,5})?")


class Door(ThreadingHTTPServer):
    """The server, for one origin. `BadInput` if the origin is none, or the port is taken."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two listen at once

    def __init__(self, watch: Watch, origin: str, port: int = READER_PORT) -> None:
        if not _ORIGIN.fullmatch(origin):
            raise BadInput(
                "--origin: give the address at which the browser sees the window's pages, such as "
                "https://card.example.cn, in small letters and without a path."
            )
        self.watch = watch
        self.origin = origin
        try:
            super().__init__((HOST, port), _Asked)
        except OSError as e:
            raise BadInput(f"--port: {port} cannot be listened on: {e.strerror}.") from None
        self.hosts = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}


class _Asked(BaseHTTPRequestHandler):
    """One request of a page."""

    server: Door
    server_version = "shebaoka-reader"
    sys_version = ""

    def do_GET(self) -> None:
        """The next card."""
        if not self._is_ours():
            return self._say(HTTPStatus.FORBIDDEN)
        if self.path not in ("/", "/card"):
            return self._say(HTTPStatus.NOT_FOUND)
        if not self.server.watch.has_reader:
            return self._say(HTTPStatus.SERVICE_UNAVAILABLE)
        if self.path == "/":
            return self._say(HTTPStatus.NO_CONTENT)
        placing = self.server.watch.next(WAIT_S, self._still_listens)
        if placing is None:
            return self._say(HTTPStatus.NO_CONTENT)
        return self._say(HTTPStatus.OK, json.dumps(msgspec.structs.asdict(placing)).encode())

    def do_OPTIONS(self) -> None:
        """A browser asks beforehand whether a page from outside may ask this machine."""
        self._say(HTTPStatus.NO_CONTENT if self._is_ours() else HTTPStatus.FORBIDDEN)

    def _is_ours(self) -> bool:
        asked_from, asked_as = str(self.headers.get("Origin", "")), str(self.headers.get("Host", ""))
        return asked_from == self.server.origin and asked_as in self.server.hosts

    def _still_listens(self) -> bool:
        """Whether the page that asked is still there: the browser closes its line when it is left."""
        line: socket.socket = self.connection
        try:
            heard, _, _ = select.select([line], [], [], 0)
            return not heard or line.recv(1, socket.MSG_PEEK) != b""
        except OSError:
            return False

    def _say(self, status: HTTPStatus, body: bytes = b"") -> None:
        try:
            self.send_response(status)
            if status != HTTPStatus.FORBIDDEN:
                self.send_header("Access-Control-Allow-Origin", self.server.origin)
                self.send_header("Access-Control-Allow-Private-Network", "true")
            self.send_header("Vary", "Origin")
            self.send_header("Cache-Control", "no-store")
            if body:
                self.send_header("Content-Type", "application/json")
            if status != HTTPStatus.NO_CONTENT:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the page was left meanwhile

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the one it stands for
        """Nothing: which card lay there when is nobody's business but the house's journal's."""
