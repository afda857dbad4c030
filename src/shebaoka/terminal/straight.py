"""Messages of terminals straight from the server, past the web framework's routing, which cost more than all the rest.

The same functions answer here and behind the framework, which describes them and takes whatever else comes. See
docs/performance.md for what it saves.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from types import SimpleNamespace
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.types import ExceptionHandlersMap

from shebaoka.desk import Terminal
from shebaoka.records import Trouble
from shebaoka.signatures import Signed
from shebaoka.terminal import evening, handlers
from shebaoka.terminal.bodies import Receive
from shebaoka.terminal.door import Door
from shebaoka.web import OUR_FAULT, ErrorBody, Front, json_troubles

log = logging.getLogger(__name__)
Message = MutableMapping[str, Any]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]
_ANSWERED = {
    f"/terminal/v1{path}": handler.fn for handler in (*handlers.HANDLERS, *evening.HANDLERS) for path in handler.paths
}
_encode = msgspec.json.Encoder().encode


class Came:
    """A message as it came, in the part of the framework's request that its functions look at."""

    __slots__ = ("_body", "content_type", "state")

    def __init__(self, content_type: str, body: bytes, terminal: Terminal, signed: Signed) -> None:
        self.content_type: tuple[str, dict[str, str]] = (content_type.partition(";")[0].strip().lower(), {})
        self.state = SimpleNamespace(terminal=terminal, signed=signed)
        self._body = body

    async def body(self) -> bytes:
        """The whole of it."""
        return self._body


def straight(app: App, front: Front, door: Door) -> App:
    """The application with a shorter way for terminals' messages; `app` takes all else."""

    async def entrance(scope: Message, receive: Receive, send: Send) -> None:
        answer = _ANSWERED.get(scope.get("path", "")) if scope["type"] == "http" and scope["method"] == "POST" else None
        if answer is None:
            await app(scope, receive, send)
            return
        status, headers, body = await _answered(front, door, answer, scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return entrance


async def _answered(
    front: Front, door: Door, answer: Callable[..., Awaitable[Response[Any]]], scope: Message, receive: Receive
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of a message's answer, whatever becomes of it."""
    try:
        terminal, signed, body = await door.admit("POST", scope, receive)
        content_type = next((v for k, v in scope["headers"] if k == b"content-type"), b"").decode("latin-1")
        response = await answer(front=front, request=Came(content_type, body, terminal, signed), data=None)
    except Trouble as e:
        return _told(front, ErrorBody(e.code, str(e), e.field), e.status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = "The body is not well-formed JSON in UTF-8. Correct it and send it again."
        return _told(front, ErrorBody("malformed_json", said), 400)
    except Exception:
        log.exception("fault while answering a terminal's message")
        return _told(front, OUR_FAULT, 500)
    content: bytes = response.content
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers.items()]
    return 200, [*_headers(content), *headers], content


def counted_troubles(front: Front) -> ExceptionHandlersMap:
    """How the framework tells a terminal's trouble where it was asked; each is counted, as on the shorter way."""

    def counted(tell: Callable[..., Response[ErrorBody]]) -> Callable[..., Response[ErrorBody]]:
        def told(request: Request[Any, Any, Any], e: Exception) -> Response[ErrorBody]:
            response = tell(request, e)
            front.turned_away[response.content.code] += 1
            return response

        return told

    return {kind: counted(tell) for kind, tell in json_troubles().items()}


def _told(front: Front, error: ErrorBody, status: int) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    front.turned_away[error.code] += 1
    content = _encode(error)
    return status, _headers(content), content


def _headers(content: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
