"""What one address may ask for of pages that are made for their reader, and how a flood is turned away."""

import asyncio
import collections
import datetime as dt
import json
from types import SimpleNamespace
from typing import Any

import pytest
from litestar.datastructures import Headers
from tests.conftest import StandingClock

from shebaoka.desk import Limits
from shebaoka.desk.limits import Limit
from shebaoka.notice import Notices, Speech, Words
from shebaoka.portal import FAMILIES, Shelf, Turnstile, straight, turnstile
from shebaoka.web import Front, address_of
from shebaoka.web.front import Connection

NOON = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
PROXY = "10.0.0.1"


class Door:
    """The way in, before an application that answers everything; three pages in 15 seconds are one address's."""

    def __init__(self, notices: Notices, words: dict[str, Words]) -> None:
        self.clock = StandingClock(NOON)
        self.handed_on: list[str] = []
        day = NOON.astimezone(notices.zone).date()
        front: Front = SimpleNamespace(  # type: ignore[assignment]
            limits=Limits(self.clock, {"visit": Limit(3, 15)}),
            screens=SimpleNamespace(today=lambda: day),
            speech=lambda notice_id, language: Speech(notices.by_id(notice_id), words[language]),
            notices=notices,
            open_to_all=False,
            card_reader="",
            proxy=PROXY,
            sessions=SimpleNamespace(was_given=lambda cookie: cookie == "ours"),
        )
        self.front = front
        self._entrance = straight(self._app, Shelf(front, FAMILIES), Turnstile(front, {"/where", "/notice"}))

    async def _app(self, scope: Any, _: Any, send: Any) -> None:
        self.handed_on.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"made for you"})

    async def ask(
        self, path: str, address: str = "192.0.2.1", method: str = "GET", query: bytes = b"", **headers: str
    ) -> tuple[Any, bytes]:
        """The start of the answer, and its body."""
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        said = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": said}
        await self._entrance(scope | {"client": (address, 1)}, None, send)  # type: ignore[arg-type]
        return sent[0], sent[1]["body"]

    def asked(self, count: int, path: str, *more: str, **headers: str) -> list[int]:
        """The status of each of so many."""

        async def all_of() -> list[int]:
            return [(await self.ask(path, *more, **headers))[0]["status"] for _ in range(count)]

        return asyncio.run(all_of())


@pytest.fixture
def door(notices: Notices, words: dict[str, Words], monkeypatch: pytest.MonkeyPatch) -> Door:
    """A way in that holds nothing back for long."""
    monkeypatch.setattr(turnstile, "HELD_BACK_S", 0.01)
    return Door(notices, words)


def test_a_flood_is_turned_away_and_nobody_else(door: Door) -> None:
    """The fourth page of an address is not handed on; others, staff, programs and readers of the notice are served."""
    assert door.asked(5, "/where") == [200, 200, 200, 429, 429]
    assert door.asked(1, "/sign-in") == door.asked(1, "/where", cookie="shebaoka_session=ours") == [429]
    assert door.asked(1, "/persons", cookie="shebaoka_session=made-up") == [429]
    assert door.handed_on == ["/where"] * 3
    free = [
        ("/notice", {}),
        ("/persons", {"cookie": "shebaoka_session=ours"}),
        ("/api/v1/requests", {}),
        ("/pages.css", {}),
    ]
    for path, headers in free:
        assert door.asked(9, path, **headers) == [200] * 9
    assert door.asked(1, "/where", "192.0.2.2") == [200]
    door.clock.move(seconds=5)
    assert door.asked(2, "/where") == [200, 429]


def test_a_form_counts_as_several_pages(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form of the public page does, for it costs as much; where staff sign in, one is one."""
    monkeypatch.setattr(turnstile, "FORM", 2)
    assert door.asked(2, "/where", "192.0.2.1", "POST") == [200, 429]
    assert door.asked(2, "/where") == [200, 429]
    assert door.asked(4, "/sign-in", "192.0.2.2", "POST") == [200, 200, 200, 429]


def test_behind_the_proxy_addresses_are_those_that_it_sees(door: Door) -> None:
    """What a browser writes of itself makes it nobody else, and without the proxy it is not even read."""
    forged = [{"x_forwarded_for": f"203.0.113.{n}, 192.0.2.9"} for n in range(4)]
    assert [door.asked(1, "/where", PROXY, **one) for one in forged] == [[200], [200], [200], [429]]
    assert door.asked(1, "/where", PROXY, x_forwarded_for="192.0.2.10") == [200]
    assert [door.asked(1, "/where", **one) for one in forged] == [[200], [200], [200], [429]]


def test_an_address_with_a_long_query_is_read_no_further(door: Door) -> None:
    """Nobody's links are as long, and each page would repeat it in its own: it is told in three languages, and nothing
    is made for it. What people type into a search is not as long.
    """
    for query in (b"a=&" * 100, b"a=" + b"%41" * 3000):
        start, body = asyncio.run(door.ask("/notice", query=query))
        assert (start["status"], body.decode().count("\n"), door.handed_on) == (414, 2, [])
        assert dict(start["headers"])[b"cache-control"] == b"no-store"
    body = asyncio.run(door.ask("/api/v1/journal", query=b"a=&" * 100))[1]
    assert json.loads(body)["code"] == "query_too_long"
    assert asyncio.run(door.ask("/notice", query=b"a=&" * 99))[0]["status"] == 200
    assert asyncio.run(door.ask("/search", query=b"q=" + b"%E5%8D%A1" * 500))[0]["status"] == 200


def test_a_line_of_its_own_is_the_proxys_word_too(door: Door) -> None:
    """Some proxies merge their word into the header, others write a line below that of whoever asks; the last counts,
    for pages and for tries alike.
    """
    lines = [(b"x-forwarded-for", b"203.0.113.1"), (b"x-forwarded-for", b"203.0.113.2, 192.0.2.9")]
    state = SimpleNamespace(front=door.front)
    connection: Connection = SimpleNamespace(  # type: ignore[assignment]
        app=SimpleNamespace(state=state), client=SimpleNamespace(host=PROXY), headers=Headers(lines)
    )
    assert address_of(connection) == "192.0.2.9"


def test_a_network_of_ipv6_is_counted_as_one(door: Door) -> None:
    """Another address of the same /64 is nobody else; an IPv4 address that is written as IPv6 is the same one."""
    assert [door.asked(1, "/where", f"2001:db8:0:7::{n}") for n in range(1, 5)] == [[200], [200], [200], [429]]
    assert door.asked(1, "/where", "2001:db8:0:8::1") == [200]
    assert door.asked(1, "/where", PROXY, x_forwarded_for="2001:db8:0:7:ffff::1%eth0") == [429]
    assert door.asked(3, "/where", "192.0.2.1") == [200] * 3
    assert door.asked(1, "/where", "::ffff:192.0.2.1") == [429]
    assert door.asked(1, "/where", "2001:db8:nonsense") == [200]


def test_whoever_is_turned_away_is_told_in_their_language(door: Door) -> None:
    """With what to do, after how many seconds, and the headers of every page; a HEAD has no body."""
    door.asked(3, "/where")
    start, body = asyncio.run(door.ask("/where", cookie="language=en"))
    headers = dict(start["headers"])
    assert (start["status"], headers[b"retry-after"]) == (429, b"5")
    assert "Wait a little, then try again." in body.decode()
    assert headers[b"cache-control"] == b"no-store"
    assert b"default-src 'none'" in headers[b"content-security-policy"]
    assert "请稍等一会儿再试" in asyncio.run(door.ask("/where"))[1].decode()
    assert asyncio.run(door.ask("/where", method="HEAD"))[1] == b""


def test_answers_are_held_back_and_not_without_end(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many wait together; whoever comes besides is answered at once."""
    door.asked(3, "/where")
    ended: collections.Counter[str] = collections.Counter()
    monkeypatch.setattr(turnstile, "HELD_BACK_MAX", 2)

    async def flood() -> None:
        held, go = asyncio.Event(), asyncio.Event()

        async def sleep(seconds: float) -> None:
            assert seconds == turnstile.HELD_BACK_S
            held.set()
            await go.wait()

        monkeypatch.setattr(turnstile.asyncio, "sleep", sleep)

        async def one(name: str) -> None:
            await door.ask("/where")
            ended[name] += 1

        waiting = [asyncio.create_task(one("held")) for _ in range(2)]
        await held.wait()
        await asyncio.gather(*(one("besides") for _ in range(3)))
        assert ended == {"besides": 3}
        go.set()
        await asyncio.gather(*waiting)

    asyncio.run(flood())
    assert ended == {"besides": 3, "held": 2}
