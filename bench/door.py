"""Signed settlements over HTTP, as a hospital's system would send them: a server process, and 64 connections to it.

The client is our own and plain: messages are made and signed beforehand, sent as they are, and answers only counted,
so that what is measured is the server. A test holds the server to clients that are not ours (`tests/test_terminal.py`).
"""

import asyncio
import base64
import hashlib
import hmac
import multiprocessing as mp
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench.charges import PIN, TERMINAL, Charges, City, Run, next_run
from shebaoka.app import open_house, settings_from
from shebaoka.serving import serve
from shebaoka.vault import seal_pin_block

CONNECTIONS = 64
PATH = "/terminal/v1/2207"
RATE_AT_MOST = 6_000


def _serve(city: City, port: int, workers: int) -> None:
    settings = msgspec.structs.replace(
        settings_from({}), home=Path(city.key_file).parent, database_url=city.url, owner_url=city.owner_url
    )
    with open_house(settings) as house:
        serve(house, "127.0.0.1", port, workers=workers)


@contextmanager
def serving(city: City, workers: int = 1) -> Iterator[int]:
    """A server process over the city; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = mp.get_context("spawn").Process(target=_serve, args=(city, port, workers))
    process.start()
    try:
        _await_answer(port, process)
        yield port
    finally:
        process.terminate()
        process.join(20)


def _await_answer(port: int, process: mp.process.BaseProcess) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.is_alive():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the server did not come up")


def message(city: City, charges: Charges, created: int) -> bytes:
    """One signed message, with head and body, as it goes over the wire."""
    charge = charges.charge()
    block = seal_pin_block(city.pin_key, "aes", PIN, charge.card.serial, secrets.token_bytes(8))
    yuan = f"{charge.total_fen // 100}.{charge.total_fen % 100:02d}"
    said = {
        "certno": charge.person,
        "mdtrt_cert_no": charge.card.number,
        "card_sn": charge.card.serial,
        "med_type": "41",
        "medfee_sumamt": yuan,
        "acct_pay": yuan,
        "pin_block": block.hex(),
    }
    body = msgspec.json.encode({"msgid": charge.id, "infno": "2207", "input": said})
    digest = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
    parameters = (
        f'("@method" "@path" "content-digest");created={created};keyid="{TERMINAL}";nonce="{charge.id}";'
        f'alg="hmac-sha256"'
    )
    base = f'"@method": POST\n"@path": {PATH}\n"content-digest": {digest}\n"@signature-params": {parameters}'
    mac = base64.b64encode(hmac.digest(city.signing_key, base.encode(), "sha256")).decode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Content-Digest: {digest}\r\nSignature-Input: sig1={parameters}\r\nSignature: sig1=:{mac}:\r\n\r\n"
    )
    return head.encode() + body


def load(city: City, port: int, seconds: float, rate: float = 0) -> Run:
    """Messages from 64 connections for that long: as fast as they are answered, or so many a second by the clock.

    By the clock, a message's time runs from the moment at which it was due, whether or not a connection was free.
    """
    charges, created = Charges(city.people, next_run()), int(time.time())
    count = int((rate or RATE_AT_MOST) * seconds)
    ready = [message(city, charges, created) for _ in range(count)]
    return asyncio.run(_load(port, ready, seconds, rate))


async def _load(port: int, ready: list[bytes], seconds: float, rate: float) -> Run:
    took: list[float] = []
    waiting = iter(enumerate(ready))
    # A till keeps its connection: all are open before the clock starts.
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    began = time.perf_counter()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for n, sent in waiting:
            now = time.perf_counter()
            due = began + n / rate if rate else now
            if rate and due > now:
                await asyncio.sleep(due - now)
            elif now - began > seconds:
                break
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            took.append(time.perf_counter() - due)
            if not head.startswith(b"HTTP/1.1 200") or b'"infcode":0' not in body:
                raise SystemExit(f"a charge was not settled: {body.decode()}")
        writer.close()

    await asyncio.gather(*(connection(*line) for line in lines))
    return Run(len(took) / (time.perf_counter() - began), sorted(1000 * t for t in took))
