"""The web server as it runs: a process of its own, asked over TCP by a client that is not ours, stopped by a signal."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.conftest import Database
from tests.sending import Line, Till
from tests.webhouse import house_on, serving

from shebaoka.numbers import with_check_digit

PHARMACY = "P14070200017"
NUMBER = with_check_digit("14070219850312002")


def _shebaoka(home: Path, *arguments: str) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "shebaoka", *arguments],
        env={**os.environ, "SHEBAOKA_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def home() -> Iterator[Path]:
    """A house that was set up by its command."""
    with tempfile.TemporaryDirectory(prefix="shebaoka-") as folder:
        _shebaoka(Path(folder, "home"), "setup", "--draw-first-pin")
        yield Path(folder, "home")


def test_a_served_house_answers_over_tcp_and_stops_when_told(home: Path) -> None:
    """Set up, served by granian on a port of this machine, asked by httpx, ended by SIGTERM without a fault."""
    token = _shebaoka(home, "staff", "add", "li", "--role", "clerk")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-m", "shebaoka", "serve", "--port", str(port)],
        env={**os.environ, "SHEBAOKA_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            assert f"http://127.0.0.1:{port}" in server.stdout.readline()
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}/api/v1", transport=httpx.HTTPTransport(retries=10), timeout=30
            ) as client:
                assert client.get("/health").json()["status"] == "open"
                request = {
                    "service": "register_person",
                    "id": "tcp-1",
                    "person": NUMBER,
                    "name": "李娜",
                    "region": "140702",
                    "insured_on": "2012-01-01",
                    "shows": ["identity_card", "insurance_proof"],
                }
                answer = client.post(
                    "/requests", json={"request": request}, headers={"Authorization": f"Bearer {token}"}
                ).json()
                assert (answer["answer"]["outcome"], answer["answer"]["clause"]) == ("accepted", "4.1")
                # A head that is longer than any of ours is not read to its end, and the connection is ended.
                with contextlib.suppress(httpx.TransportError):
                    assert client.get("/health", headers={"Cookie": "a=b;" * 20_000}).status_code == 431
        finally:
            server.send_signal(signal.SIGTERM)
            rest = server.communicate(timeout=30)[0]
    assert server.returncode == 0, rest
    assert "Traceback" not in rest
    assert NUMBER not in rest
    assert "1 entr" in _shebaoka(home, "journal", "verify")


def test_hundreds_of_terminals_keep_their_connections(database: Database, tmp_path: Path) -> None:
    """Each signs a message on a connection of its own and keeps it; all are served, and the first one still is."""
    with house_on(database, tmp_path) as house:
        house.institutions.add(PHARMACY, "同仁药房", ("pharmacy",))
        keys = house.institutions.add_terminal("till-1", PHARMACY)

    async def ask(till: Till, lines: list[Line]) -> list[int]:
        return [(await line.ask("9001", till.msgid(), {}))[0] for line in lines]

    with serving(database, tmp_path) as port:
        till = Till(port, PHARMACY, "till-1", keys.signing_key, keys.pin_key)
        lines = [Line(till) for _ in range(300)]
        assert set(asyncio.run(ask(till, [*lines, lines[0]]))) == {200}


@pytest.mark.parametrize(
    "said", [b"", b"POST /terminal/v1/2207 HTT", b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n"]
)
def test_a_silent_connection_over_http_is_ended(database: Database, tmp_path: Path, said: bytes) -> None:
    """One that says nothing at all, one that stops in its head, and one that asks no second time."""
    with house_on(database, tmp_path):
        pass
    with serving(database, tmp_path, IDLE_MS=200) as port, socket.create_connection(("127.0.0.1", port), 20) as line:
        line.sendall(said)
        while line.recv(4096):
            pass
