"""The door of the terminal API: every message is signed, fresh, and from a terminal that may send it.

The signature covers the body's digest, so nothing of a body is taken in before it is known who sends it.
"""

from typing import Any

from anyio import to_thread
from litestar import Request
from litestar.connection import ASGIConnection

from shebaoka.desk import Institutions, Terminal
from shebaoka.records import NotSignedIn, SignatureWrong
from shebaoka.signatures import (
    WRONG,
    Signed,
    check_digest,
    check_freshness,
    check_signature,
    is_ed25519,
    read_signature,
)
from shebaoka.terminal.bodies import Bodies, Receive
from shebaoka.terminal.nonces import Nonces
from shebaoka.web import Front


class Door:
    """Lets signed messages in, each once. One for a process, since it remembers their nonces."""

    def __init__(self, front: Front) -> None:
        self._institutions: Institutions = front.institutions
        self._clock = front.clock
        self._nonces = Nonces()
        self._bodies = Bodies()
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
        body = await self._bodies.whole(scope, receive)
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
