"""A house for tests of the web faces: on a test database, with a key file of its own and a first PIN."""

import datetime as dt
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.conftest import FIRST_PIN, Database

from shebaoka.app import House, open_house, settings_from
from shebaoka.records import Digits


@contextmanager
def house_on(database: Database, home: Path, at: dt.datetime | None = None) -> Iterator[House]:
    """A house as `serve` opens it; its clock stands at `at`, or runs."""
    settings = settings_from({"SHEBAOKA_HOME": str(home), "SHEBAOKA_DATABASE_URL": database.app})
    clock = {} if at is None else {"clock": lambda: at}
    with open_house(settings, **clock) as house:
        if not house.vault.has_first_pin():
            house.vault.set_first_pin(Digits(FIRST_PIN), length=6)
        yield house


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
