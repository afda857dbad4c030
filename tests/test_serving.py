"""The web server as it runs: a process of its own, asked over TCP by a client that is not ours, stopped by a signal."""

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

from shebaoka.numbers import with_check_digit

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
        finally:
            server.send_signal(signal.SIGTERM)
            rest = server.communicate(timeout=30)[0]
    assert server.returncode == 0, rest
    assert "Traceback" not in rest
    assert NUMBER not in rest
    assert "1 entr" in _shebaoka(home, "journal", "verify")
