"""A house for tests of the web faces: on a test database, with a key file of its own and a first PIN."""

import datetime as dt
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar
from litestar.testing import TestClient
from tests.conftest import FIRST_PIN, Database

from shebaoka.app import House, open_house, settings_from
from shebaoka.desk import POSTS, Role, Staff
from shebaoka.records import Digits
from shebaoka.serving import make_app
from shebaoka.web import Front


@contextmanager
def house_on(
    database: Database, home: Path, at: dt.datetime | Callable[[], dt.datetime] | None = None
) -> Iterator[House]:
    """A house as `serve` opens it; its clock stands at `at`, is `at`, or runs."""
    settings = settings_from({"SHEBAOKA_HOME": str(home), "SHEBAOKA_DATABASE_URL": database.app})
    clock = {} if at is None else {"clock": at if callable(at) else lambda: at}
    with open_house(settings, **clock) as house:
        if not house.vault.has_first_pin():
            house.vault.set_first_pin(Digits(FIRST_PIN), length=6)
        yield house


_APPS: list[tuple[Front, Litestar]] = []
_APPS_MAX = 6


def app_of(front: Front) -> Litestar:
    """The application over a front, put together once: that takes most of a second, and it is asked for often."""
    found = next((app for had, app in _APPS if had == front), None)
    if found is None:
        found = make_app(front)
        del _APPS[: -_APPS_MAX + 1]
        _APPS.append((front, found))
    return found


def seat(client: TestClient[Any], front: Front, role: str) -> Staff:
    """Put somebody of a role at the pages, in a session as signing in begins one."""
    staff = Staff(f"{role}-1", Role(role), "")
    if staff.name not in {a.name for a in front.staff.everybody()}:
        add = front.staff.add_person if POSTS[staff.role].person else front.staff.add
        add(staff.name, role)
    client.cookies.set("shebaoka_session", front.sessions.begin(staff))
    return staff


@contextmanager
def serving(database: Database, home: Path, **constants: float) -> Iterator[int]:
    """The port of a server in a process of its own, whose `constants` in `shebaoka.serving` are others than usual."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = (
        f"import shebaoka.serving as s; from shebaoka.cli import main; "
        f"vars(s).update({constants!r}); main(['serve', '--port', '{port}'])"
    )
    environ = {**os.environ, "SHEBAOKA_HOME": str(home), "SHEBAOKA_DATABASE_URL": database.app}
    with subprocess.Popen([sys.executable, "-c", program], env=environ, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert str(port) in server.stdout.readline()
            httpx.Client(transport=httpx.HTTPTransport(retries=10)).get(f"http://127.0.0.1:{port}/api/v1/health")
            yield port
        finally:
            server.terminate()
