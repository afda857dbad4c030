"""The house that browsers look at: on a real port of this machine, with a database of the test worker's own.

The server runs in a thread of the tests' process, so that a test can put somebody into a state and move the clock while
a browser has a page open. Its clock begins at noon of 1 July 2013 in Jinzhong, runs as all clocks do, and can be moved
on; nothing moves it back.
"""

import asyncio
import datetime as dt
import itertools
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyotp
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from tests.conftest import FIRST_PIN, RIGHT_PIN, Database
from tests.relay import Relay, relay_to
from tests.webhouse import house_on

from shebaoka.app import House
from shebaoka.desk import CHANNEL_OF, open_counter
from shebaoka.numbers import with_check_digit
from shebaoka.records import SERVICES, Ask, Digits, Material, Receipt, Sender
from shebaoka.serving import front_of, make_app, with_shortcut
from shebaoka.web import Front

NOON = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
PASSWORD = "a long sentence 12"  # noqa: S105 - invented


class RunningClock:
    """A clock that runs, and that a test can move on."""

    def __init__(self, at: dt.datetime) -> None:
        self._at = at
        self._began = time.monotonic()

    def __call__(self) -> dt.datetime:
        return self._at + dt.timedelta(seconds=time.monotonic() - self._began)

    def move(self, **step: float) -> None:
        """Let time pass; nobody waits for it."""
        self._at += dt.timedelta(**step)


class Person(msgspec.Struct, frozen=True):
    """Somebody of the staff, with what they know and have: name, password, authenticator."""

    name: str
    role: str
    totp: pyotp.TOTP
    password: str = PASSWORD


class Running:
    """A house that is being served at `url`. `house` is what the server works with, `clock` its clock."""

    def __init__(
        self, house: House, front: Front, clock: RunningClock, url: str, database: Database, relay: Relay
    ) -> None:
        self.house, self.front, self.clock, self.url, self.database = house, front, clock, url, database
        self.database_away = relay.away
        """`with run.database_away():` the server cannot reach its database; whoever asks it meanwhile is told."""
        self.taken: set[str] = set()
        """Accounts in whose name a window is open; a sign-in in the same name would end it."""
        self.played: dict[str, int] = {}
        """What was put on file once for the whole house, see `pages`."""
        self._staff: list[Person] = []
        self._counts, self._births, self._names = itertools.count(1), itertools.count(1), itertools.count(1)
        self._desk = house.desk()

    def close(self) -> None:
        """Let the desk's connection go."""
        self._desk.store.close()

    def next_number(self) -> int:
        """A number that nobody had before: for names and for requests."""
        return next(self._counts)

    def new_number(self, region: str, born_on: dt.date) -> str:
        """The number of somebody invented whom nobody has on file, born in a region on or soon after a day."""
        n = next(self._births)
        return with_check_digit(f"{region}{born_on + dt.timedelta(days=n // 1000):%Y%m%d}{n % 1000:03d}")

    def digits(self, person: Person) -> str:
        """The six digits that an authenticator shows now; the clock goes on to the next, for each is good once."""
        self.clock.move(seconds=30)
        return person.totp.at(self.clock())

    def enrolled(self, role: str, *, place: str = "w1", name: str = "") -> Person:
        """A new account of a role that has enrolled."""
        name = name or f"{role}-{next(self._names)}"
        code = self.house.staff.add_person(name, role, place)
        key = self.house.sign_in.enrolling(name, code).key.replace(" ", "")
        person = Person(name, role, pyotp.TOTP(key))
        self.house.sign_in.enrol(name, code, PASSWORD, self.digits(person))
        return person

    def free(self, role: str) -> Person:
        """Somebody of a role who sits at no window at the moment."""
        for person in self._staff:
            if person.role == role and person.name not in self.taken:
                return person
        person = self.enrolled(role)
        self._staff.append(person)
        return person

    def forget(self, person: Person) -> None:
        """Somebody whose account a test ended sits at no window any more."""
        self._staff.remove(person)

    def ask(self, service: str, number: str, *, pin: str = "", new_pin: str = "", **fields: Any) -> Receipt:
        """A request at the desk, through a channel that the notice lets ask it; everything is shown unless said."""
        notice = self.house.notices.on(self.clock().astimezone(self.house.notices.zone).date())
        channel = notice.channels_of(service)[0]
        said = {"id": f"step-{self.next_number()}", "person": number, "service": service, "shows": list(Material)}
        sender = Sender({c: r for r, c in CHANNEL_OF.items()}.get(channel, "x") + "-0", channel, "w1")
        made = msgspec.convert(said | fields, SERVICES[service])
        return self._desk.ask(Ask(made, sender, Digits(pin) if pin else None, Digits(new_pin) if new_pin else None))

    def person_id(self, number: str) -> int:
        """Under which id somebody is on file."""
        return self._desk.store.load([number], []).people[number].person_id

    def play(self, number: str, steps: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Requests about one person, one after the other."""
        for service, fields in steps:
            self.ask(service, number, **fields)


PINS = {"first": FIRST_PIN, "own": RIGHT_PIN}


@contextmanager
def running(database: Database, home: Path) -> Iterator[Running]:
    """A house with nobody in it, served until the block ends."""
    database.wipe()
    home.mkdir(parents=True, exist_ok=True)
    clock = RunningClock(NOON)
    with (
        relay_to(database.app, home) as (relay, through),
        house_on(Database(database.owner, through), home, clock) as house,
        open_counter(house.desk, 2) as counter,
    ):
        front = front_of(house, counter)
        with served(front) as url:
            run = Running(house, front, clock, url, database, relay)
            try:
                yield run
            finally:
                run.close()


@contextmanager
def served(front: Front) -> Iterator[str]:
    """The address at which the whole application answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stops: list[Any] = []

    async def serve() -> None:
        server = Server(
            with_shortcut(make_app(front)), address="127.0.0.1", port=port, interface=Interfaces.ASGI,
            http=HTTPModes.http1, log_access=False, log_enabled=False,
        )  # fmt: skip
        loop = asyncio.get_running_loop()
        stops.append(lambda: loop.call_soon_threadsafe(server.stop))
        await server.serve()

    thread = threading.Thread(target=lambda: uvloop.run(serve()), name="server")
    thread.start()
    # `localhost` and not a number, since a passkey is bound to a name.
    url = f"http://localhost:{port}"
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=10)) as client:
            client.get(f"http://127.0.0.1:{port}/api/v1/health").raise_for_status()
        yield url
    finally:
        for stop in stops:
            stop()
        thread.join(timeout=20)
