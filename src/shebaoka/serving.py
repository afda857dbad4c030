"""All faces put together into one server, the web's and the POS terminals'. Called by the command line and the demo."""

import asyncio
import collections
import contextlib
import gc
import resource
import signal
import sys
from collections.abc import Collection
from typing import Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from litestar import Litestar, Request, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from shebaoka import api, hotline, office, pages, portal, pos, production, terminal, wallet, window
from shebaoka.app import House
from shebaoka.desk import Carrier, Counter, PersonScreen, kept_deleted, kept_findable, kept_sent, open_counter
from shebaoka.records import BadInput
from shebaoka.web import Front, json_troubles, signed_in

BODY_MAX = 10 * 1024 * 1024
CONNECTIONS_MAX, IN_LINE_MAX = 4096, 1024
"""So many connections are served over HTTP at once, and so many more wait until one ends."""
IDLE_MS = 75_000
"""How long a connection may stay silent, and a request's head may take. Proxies let an idle one go after 60 s."""
HEAD_MAX = 32 * 1024
"""Bytes of a request's head: a browser's cookies for us have some hundred, and each is read on the loop."""
FILES = 8192
"""Connections to both ports, to the database, and what else is open."""
SWITCH_S = 0.0005
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class KeptDescription(JsonRenderPlugin):
    """The API's description, put together once: that takes most of a second of the loop that serves everybody, and
    anybody may ask for it.
    """

    _kept = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The description as JSON."""
        self._kept = self._kept or super().render(request, openapi_schema)
        return self._kept


def front_of(house: House, counter: Counter, *, open_to_all: bool = False) -> Front:
    """What the web faces are handed."""

    def person(number: str) -> PersonScreen:
        with house.stores.lent() as store:
            return house.screens.person(store, number, house.screens.today())

    def people(numbers: Collection[str]) -> dict[str, PersonScreen]:
        with house.stores.lent() as store:
            return house.screens.people(store, list(dict.fromkeys(numbers)), house.screens.today())

    # Whatever room the house has under a name that the faces know is handed to them.
    rooms = {name: getattr(house, name) for name in Front.__struct_fields__ if hasattr(house, name)}
    return Front(
        **rooms,
        counter=counter,
        person=person,
        people=people,
        turned_away=collections.Counter(),
        fonts=house.settings.fonts,
        open_to_all=open_to_all,
        carried=house.settings.carrier != "",
        card_reader=house.settings.card_reader,
        proxy=house.settings.proxy,
    )


def make_app(front: Front) -> Litestar:
    """The web application: the API under /api/v1, that of terminals under /terminal/v1, pages under /."""
    description = (
        "A city's social security card, decided by its notice. Every answer, yes or no, carries the clause it rests "
        "on, its sentence, and what to bring or do next. Sign in with a staff token."
    )
    return Litestar(
        [
            Router(
                "/api/v1", route_handlers=api.HANDLERS, exception_handlers=json_troubles(), security=[{"token": []}]
            ),
            Router(
                "/terminal/v1",
                route_handlers=terminal.HANDLERS,
                exception_handlers=terminal.counted_troubles(front),
                security=[{"signature": []}],
            ),
            office.router(),
            window.router(),
            production.router(),
            portal.router(),
            hotline.router(),
            wallet.router(),
        ],
        dependencies={
            "front": Provide(lambda: front, sync_to_thread=False, use_cache=True),
            "staff": Provide(signed_in, sync_to_thread=False),
        },
        state=State({"front": front, "door": terminal.Door(front), "shelf": portal.Shelf(front, portal.FAMILIES)}),
        exception_handlers=pages.troubles(json_troubles(), portal.Page),
        request_max_body_size=BODY_MAX,
        openapi_config=OpenAPIConfig(
            title="shebaoka",
            version="1",
            description=description,
            path="/api/schema",
            render_plugins=[KeptDescription(path="/openapi.json")],
            components=Components(
                security_schemes={
                    "token": SecurityScheme(type="http", scheme="bearer"),
                    "signature": SecurityScheme(
                        type="apiKey", name="Signature", security_scheme_in="header", description="RFC 9421"
                    ),
                }
            ),
        ),
        logging_config=None,
    )


def with_shortcut(app: Litestar) -> terminal.App:
    """The application as it is served: terminals' messages and published pages go a shorter way to the same answers."""
    return terminal.straight(
        portal.straight(app, app.state.shelf, portal.Turnstile(app.state.front, portal.roots())),
        app.state.front,
        app.state.door,
    )


def serve(
    house: House,
    host: str,
    port: int,
    *,
    pos_port: int | None = None,
    workers: int = 2,
    open_to_all: bool = False,
    carrier: Carrier | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; whoever waits at the counter is served first. `workers` desks share the load.

    POS terminals are served where a `pos_port` is given. The outbox is sent by the `carrier`, if there is one.
    `open_to_all` needs a database of invented people and a loopback address: `BadInput` otherwise.
    """
    if open_to_all and (house.screens.meta().get("invented") != "true" or host not in LOOPBACK):
        raise BadInput("Only invented people, and only on this machine, are shown without sign-in.")
    _make_room_for_connections()
    # Threads give way to each other sooner than after 5 ms, since the web server's waits for the desks' at every turn.
    sys.setswitchinterval(SWITCH_S)
    with (
        open_counter(house.desk, workers) as counter,
        kept_findable(house.finding, house.url),
        kept_deleted(house.bookings, house.feedback, house.spent),
        kept_sent(house.outbox, carrier, house.clock),
    ):
        front = front_of(house, counter, open_to_all=open_to_all)
        app = with_shortcut(make_app(front))
        # What is there now stays, and need not be looked through for garbage: that took 10 ms every two seconds.
        gc.collect()
        gc.freeze()
        uvloop.run(_served(app, front, host, port, pos_port))


def _make_room_for_connections() -> None:
    """Raise the process's own limit of open files as far as it may; many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _served(app: terminal.App, front: Front, host: str, port: int, pos_port: int | None) -> None:
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        # With HTTP/2 beside it a connection that says nothing at all would stay for ever, whatever time it is given.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=IDLE_MS, max_buffer_size=HEAD_MAX),
        backlog=IN_LINE_MAX,
        backpressure=CONNECTIONS_MAX,
        log_access=False,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    async with contextlib.AsyncExitStack() as stack:
        if pos_port is not None:
            await stack.enter_async_context(pos.open_pos(front, host, pos_port))
        with contextlib.suppress(asyncio.CancelledError):
            await server.serve()
