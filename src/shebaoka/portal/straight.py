"""Published pages straight from the server, past the web framework's routing, which costs ten times what they do.

`answered` serves them here and behind the framework alike. A browser that has a page is told that it is still so; one
that takes packed pages gets it packed; what is chosen in the address goes into cookies.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from litestar import Response

from shebaoka.notice import LANGUAGES
from shebaoka.pages import HEADERS, Asked, manner
from shebaoka.portal.labels import LABELS
from shebaoka.portal.shelf import Leaf, Shelf, Way
from shebaoka.portal.turnstile import Turnstile
from shebaoka.records import NotFound, TooManyTries, Trouble
from shebaoka.web import in_time

log = logging.getLogger(__name__)
Message = MutableMapping[str, Any]
Send = Callable[[Any], Awaitable[None]]
Receive = Callable[[], Awaitable[Any]]
Header = tuple[bytes, bytes]
App = Callable[[Any, Receive, Send], Awaitable[None]]
QUERY_MAX, FIELDS_MAX = 8 * 1024, 100
"""Bytes and fields of an address's query; no page of ours needs as many. It is read before anything is counted, and a
page repeats it in each of the links that show it otherwise.
"""
SENT = HEADERS | {"Cache-Control": "no-cache", "Vary": "Accept-Encoding, Cookie"}
"""What goes out with every published page. A browser may keep it, and asks each time whether it is still so."""
_HTML = b"text/html; charset=utf-8"
_SENT = [(name.lower().encode(), value.encode()) for name, value in SENT.items()]
_TOO_LONG = {
    "": (b"text/plain; charset=utf-8", "\n".join(LABELS[one]["trouble_413"] for one in LANGUAGES).encode()),
    "/api": (b"application/json", b'{"code":"query_too_long","message":"The query is too long. Send fewer fields."}'),
}
_BUSY = [*((name.lower().encode(), value.encode()) for name, value in HEADERS.items()), (b"content-type", _HTML)]


class Answer(NamedTuple):
    """An answer, but for what goes out with every published page."""

    status: int
    headers: dict[str, str]
    body: bytes


def way_of(query: Mapping[str, str], cookies: Mapping[str, str]) -> Way:
    """How somebody reads, as the address asks or as they chose before."""
    language, size, contrast = (manner.chosen_in(query, cookies, name) for name in manner.CHOICES)
    return Way(language, size == "large", contrast == "high")


def answered(leaf: Leaf, *, encodings: str, known: str) -> Answer:
    """A published page for a browser that takes these `encodings` and has what goes by the `known` marks."""
    packed = takes_packed(encodings)
    mark = f'"{leaf.mark}{"-gz" * packed}"'
    headers = {"ETag": mark}
    if {mark, "*"} & {one.strip().removeprefix("W/") for one in known.split(",")}:
        return Answer(304, headers, b"")
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Answer(200, headers, leaf.packed if packed else leaf.content)


def takes_packed(encodings: str) -> bool:
    """Whether an `Accept-Encoding` takes gzip."""
    for one in encodings.split(","):
        name, _, weight = one.replace(" ", "").lower().partition(";")
        if name in ("gzip", "*"):
            return weight.rstrip("0") not in ("q=", "q=0.")
    return False


async def get_published(request: Asked) -> Response[bytes]:
    """A published page, where it was asked for behind the framework. `NotFound` if there is none at the address."""
    shelf: Shelf = request.app.state.shelf
    leaf = await shelf.find(request.url.path, way_of(request.query_params, request.cookies))
    if leaf is None:
        raise NotFound("There is nothing published at this address.")
    said = request.headers
    answer = answered(leaf, encodings=said.get("Accept-Encoding", ""), known=said.get("If-None-Match", ""))
    return Response(
        answer.body,
        status_code=answer.status,
        media_type=leaf.kind,
        headers=SENT | answer.headers,
        cookies=manner.kept_of(request.query_params),
    )


def straight(app: App, shelf: Shelf, turnstile: Turnstile) -> App:
    """The application with a shorter way to published pages; `app` takes what the turnstile lets through."""

    async def entrance(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        asked: bytes = scope["query_string"]
        if len(asked) > QUERY_MAX or asked.count(b"&") >= FIELDS_MAX:
            kind, told = _TOO_LONG["/api" if scope["path"].startswith("/api/") else ""]
            headers = [*_BUSY[:-1], (b"content-type", kind), (b"content-length", b"%d" % len(told))]
            await _sent(send, scope, 414, headers, told)
            return
        said: dict[bytes, bytes] = dict(scope["headers"])
        query = dict(parse_qsl(asked.decode("latin-1"))) if asked else {}
        cookies = _cookies(said.get(b"cookie", b""))
        way = way_of(query, cookies)
        leaf = await _published(shelf, scope, way)
        if leaf is not None:
            encodings, known = (said.get(h, b"").decode("latin-1") for h in (b"accept-encoding", b"if-none-match"))
            answer = answered(leaf, encodings=encodings, known=known)
            await _sent(send, scope, answer.status, _headers(leaf, answer, query), answer.body)
            return
        try:
            turnstile.pass_through(scope, said, cookies)
        except TooManyTries as e:
            busy = await turnstile.told(way)
            headers = [*_BUSY, (b"retry-after", b"%d" % e.wait_s), (b"content-length", b"%d" % len(busy))]
            await _sent(send, scope, e.status, headers, busy)
            return
        await app(scope, in_time(receive), send)

    return entrance


async def _published(shelf: Shelf, scope: Message, way: Way) -> Leaf | None:
    """The published page that is asked for; None if it is none, or cannot be made, which the framework tells."""
    if scope["method"] not in ("GET", "HEAD"):
        return None
    try:
        return await shelf.find(scope["path"], way)
    except Trouble:
        return None
    except Exception:  # the framework meets the same fault, and has a page for it
        log.exception("fault while making a published page")
        return None


async def _sent(send: Send, scope: Message, status: int, headers: Iterable[Header], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _headers(leaf: Leaf, answer: Answer, query: Mapping[str, str]) -> list[Header]:
    headers = [*_SENT, *((name.lower().encode(), value.encode()) for name, value in answer.headers.items())]
    if answer.status != 304:
        headers.append((b"content-type", f"{leaf.kind}; charset=utf-8".encode()))
        headers.append((b"content-length", b"%d" % len(answer.body)))
    if query:
        asked = ((query.get(name), values) for name, values in manner.CHOICES.items())
        headers += _kept(*(value if value in values else None for value, values in asked))
    return headers


@cache
def _kept(*chosen: str | None) -> tuple[Header, ...]:
    """The cookies that keep what an address asks for; few are ever asked for, and writing one takes long."""
    query = {name: value for name, value in zip(manner.CHOICES, chosen, strict=True) if value is not None}
    return tuple((b"set-cookie", cookie.to_header(header="").encode()) for cookie in manner.kept_of(query))


def _cookies(header: bytes) -> dict[str, str]:
    """A browser's cookies, as far as they say how it reads."""
    pairs = (one.partition("=") for one in header.decode("latin-1").split(";")) if header else ()
    return {name.strip(): value.strip() for name, _, value in pairs}
