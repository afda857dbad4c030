"""The door of the terminal API: every message is signed, fresh, and from a terminal that may send it.

The signature covers the body's digest, so nothing of a body is taken in before it is known who sends it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from anyio import to_thread
from litestar import Request
from litestar.connection import ASGIConnection

from shebaoka.desk import Institutions, Terminal
from shebaoka.records import BodyTooLarge, BodyTooSlow, NotSignedIn, SignatureWrong
from shebaoka.terminal.nonces import Nonces
from shebaoka.terminal.signatures import (
    WRONG,
    Signed,
    check_digest,
    check_freshness,
    check_signature,
    is_ed25519,
    read_signature,
)
from shebaoka.web import Front

BODY_MAX, DETAILS_MAX = 64 * 1024, 10 * 1024 * 1024
"""Bytes of a message; of one with a cycle's details, 3202, which carries a file."""
WHOLE_S = 15.0
"""How long a body may take."""
Receive = Callable[[], Awaitable[Any]]


class Door:
    """Lets signed messages in, each once. One for a process, since it remembers their nonces."""

    def __init__(self, front: Front) -> None:
        self._institutions: Institutions = front.institutions
        self._clock = front.clock
        self._nonces = Nonces()
        self._opened_at = front.clock()

    async def admit(self, method: str, scope: Any, receive: Receive) -> tuple[Terminal, Signed, bytes]:
        """Who signed this message, and its body. A `Trouble` if the message is to be turned away."""
        path = scope.get("raw_path") or scope["path"].encode()
        signed = read_signature(method, path, scope.get("query_string", b""), scope["headers"], None)
        terminal = self._institutions.known_terminal(signed.keyid)
        if terminal is None:
            terminal = await to_thread.run_sync(self._found, signed.keyid)
        found = terminal
        check_signature(signed, lambda _, alg, base, mac: self._is_right(found, alg, base, mac))
        now = self._clock()
        check_freshness(signed, now, not_before=self._opened_at)
        self._nonces.remember(signed, now)
        most = DETAILS_MAX if scope["path"].rstrip("/").endswith("/3202") else BODY_MAX
        body = await _whole(receive, scope["headers"], most)
        check_digest(signed.digest, body)
        return found, signed, body

    def _found(self, keyid: str) -> Terminal:
        try:
            return self._institutions.terminal(keyid)
        except NotSignedIn:
            raise SignatureWrong(WRONG) from None

    def _is_right(self, terminal: Terminal, alg: str, base: bytes, mac: bytes) -> bool:
        if alg not in ("", terminal.algorithm):
            return False
        if terminal.algorithm == "ed25519":
            return is_ed25519(terminal.signing_key, base, mac)
        return self._institutions.signed_by(terminal, base, mac)


async def _whole(receive: Receive, headers: Any, most: int) -> bytes:
    """The body. `BodyTooLarge`, `BodyTooSlow`."""
    # That there is no more the server says only when it is asked once more, a turn of its thread later.
    announced = next((int(v) for k, v in headers if k == b"content-length" and v.isdigit()), -1)
    parts, size = [], 0
    try:
        async with asyncio.timeout(WHOLE_S):
            more = announced <= most
            while more:
                message = await receive()
                part = message.get("body", b"")
                size += len(part)
                parts.append(part)
                more = message.get("more_body", False) and size != announced and size <= most
    except TimeoutError:
        raise BodyTooSlow(
            f"The body did not come whole within {WHOLE_S:.0f} s. Nothing was done; sign the message anew and send it."
        ) from None
    if max(announced, size) > most:
        raise BodyTooLarge(f"The body is larger than {most // 1024} KB, which is the most for this message.")
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def must_be_signed(connection: ASGIConnection[Any, Any, Any, Any], _: object) -> None:
    """A guard: the message's terminal, before anything of it is read."""
    door: Door = connection.app.state.door

    async def came() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    request = Request[Any, Any, Any](connection.scope, came)
    terminal, signed, body = await door.admit(request.method, connection.scope, connection.receive)
    await request.body()  # keeps it for the handler
    connection.state.terminal = terminal
    connection.state.signed = signed
