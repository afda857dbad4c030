"""Public pages as everybody gets them, beside a plain server of bytes; and the window while somebody floods `/where`.

The load comes from wrk, which Debian has: published pages in every language, packed by gzip as browsers ask for them,
in turn with a server that sends the same bytes and does nothing else. Then a clerk opens people's pages one after
another, alone and, in turn, while one address sends look-ups as fast as they are answered. `make bench-public` runs it;
the last line is JSON.
"""

import argparse
import datetime as dt
import json
import multiprocessing as mp
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import msgspec
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from bench.window import CLERK, Taken, free_port, served
from bench.window_city import City, build, card_number
from shebaoka.app import House, open_house, settings_from
from shebaoka.desk import open_counter
from shebaoka.portal.published import pages
from shebaoka.records import Digits
from shebaoka.serving import front_of
from shebaoka.store import views as sql

PEOPLE = 2_000
CONNECTIONS = 64
LOOKS, WARM_UP = 150, 20
"""Pages that the clerk opens in a round."""
BROWSER = {"Accept-Encoding": "gzip"}
_SCRIPT = """
local asked = {}
init = function()
  for line in io.lines(ADDRESSES) do asked[#asked + 1] = wrk.format(METHOD, line, HEADERS, BODY) end
end
local n = 0
request = function() n = n + 1; return asked[n % #asked + 1] end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"requests":%d,"us":%d,"p50":%d,"p99":%d,"refused":%d,"failed":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
"""


class Load(msgspec.Struct, frozen=True):
    """What wrk says: requests, and microseconds: in all, of half of them, of 99 in a hundred. `refused` had no page."""

    requests: int
    us: int
    p50: int
    p99: int
    refused: int
    failed: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.us * 1e6


class Sent(NamedTuple):
    """What is asked for over and over: addresses in turn, and what goes with each."""

    addresses: list[str]
    method: str = "GET"
    headers: dict[str, str] = BROWSER
    body: str = ""


def main() -> None:
    """Put a small city on file, serve it, measure in turn, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=int, default=5, help="of each load")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--flooded", default="/where", help="what is flooded")
    given = arguments.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing; install it: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="bench-public-", ignore_cleanup_errors=True) as work:
        Path(work).chmod(0o755)
        settings = msgspec.structs.replace(settings_from({}), home=Path(work, "home"), database="public")
        with open_house(settings) as house:
            city = _made(house)
            with open_counter(house.desk, 1) as counter:
                published = list(pages(front_of(house, counter)))
            with served(settings, house) as clerk, plain(clerk.get("/notice").content) as yardstick:
                loads = _loads(Path(work), clerk, yardstick, published, given)
                windows = _windows(Path(work), house, city, clerk, given)
    print(json.dumps(_told(loads, windows)))


def _made(house: House) -> City:
    at = dt.datetime.now(dt.UTC)
    city = City(PEOPLE, at.date())
    house.vault.set_first_pin(Digits("820417"), length=6)
    house.staff.add_person(CLERK.name, CLERK.role, CLERK.place)
    build(house.url, city, at)
    return city


# Public pages --------------------------------------------------------------------------------------------------------


def _loads(
    work: Path, clerk: httpx.Client, yardstick: int, published: list[tuple[str, str]], given: argparse.Namespace
) -> dict[str, list[Load]]:
    port = clerk.base_url.port
    every = [f"{path}?language={language}" for path, language in published]
    kinds = {
        "published": (port, Sent(every)),
        "plain": (yardstick, Sent(["/"])),
    }
    for address in every:  # each page is made once a day, by whoever asks first
        clerk.get(address)
    loads: dict[str, list[Load]] = {name: [] for name in kinds}
    for n in range(given.rounds):
        for name, (where, sent) in kinds.items():
            with wrk(work, where, sent, given.seconds) as ended:
                loads[name].append(ended())
        if any(load.refused or load.failed for load in loads["published"]):
            raise SystemExit("A published page was refused.")
        print(f"round {n + 1} of {given.rounds}: {loads['published'][-1].rate:,.0f} pages a second", flush=True)
    return loads


@contextmanager
def wrk(work: Path, port: int, sent: Sent, seconds: int) -> Iterator[Callable[[], Load]]:
    """Load from wrk, begun; what is yielded waits for its end."""
    lines, script = work / "addresses", work / "load.lua"
    lines.write_text("\n".join(sent.addresses) + "\n", encoding="utf-8")
    headers = ",".join(f"[{json.dumps(k)}]={json.dumps(v)}" for k, v in sent.headers.items())
    said = {"ADDRESSES": json.dumps(str(lines)), "METHOD": json.dumps(sent.method), "HEADERS": f"{{{headers}}}"}
    said["BODY"] = json.dumps(sent.body) if sent.body else "nil"
    script.write_text(re.sub("|".join(said), lambda word: said[word[0]], _SCRIPT), encoding="utf-8")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout=20s", f"-s{script}"]
    with subprocess.Popen([*command, f"http://127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True) as process:

        def ended() -> Load:
            told, _ = process.communicate()
            if process.returncode:
                raise SystemExit(f"wrk stopped: {told}")
            return msgspec.json.decode(told.strip().rpartition("\n")[2], type=Load)

        yield ended


def _plain(port: int, content: bytes) -> None:
    """A server that sends the same bytes to whoever asks for whatever: the yardstick."""
    headers = [(b"content-type", b"text/html"), (b"content-length", b"%d" % len(content))]

    async def app(scope: Any, _: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": content})

    where = {"address": "127.0.0.1", "port": port, "interface": Interfaces.ASGI, "http": HTTPModes.http1}
    uvloop.run(Server(app, log_access=False, log_enabled=False, **where).serve())


@contextmanager
def plain(content: bytes) -> Iterator[int]:
    """The yardstick's port; it sends `content`."""
    port = free_port()
    process = mp.get_context("spawn").Process(target=_plain, args=(port, content))
    process.start()
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=10)) as client:
            client.get(f"http://127.0.0.1:{port}/")
        yield port
    finally:
        process.terminate()
        process.join(20)


# The window, flooded -------------------------------------------------------------------------------------------------


def _windows(
    work: Path, house: House, city: City, clerk: httpx.Client, given: argparse.Namespace
) -> dict[str, tuple[Taken, float]]:
    """What a person's page takes at the window, alone and flooded, and look-ups a second meanwhile."""
    rng = random.Random(0)
    look_ups = _look_ups(clerk, city, given.flooded)

    def opened(looks: int) -> list[float]:
        took = []
        for _ in range(looks):
            number = city.person(rng.randrange(city.people))[0]
            person = house.views.rows(sql.PERSON_BY_NUMBER, {"number": number})[0][0]
            began = time.perf_counter()
            answer = clerk.get(f"/persons/{person}")
            took.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 200:
                raise SystemExit(f"A person's page was answered with {answer.status_code}.")
        return took

    opened(WARM_UP)
    alone, flooded, floods = [], [], []
    for _ in range(given.rounds):
        alone += opened(LOOKS)
        with wrk(work, clerk.base_url.port, look_ups, 2 * given.seconds) as ended:
            flooded += opened(LOOKS)
            floods.append(ended().rate)
        print(
            f"a person's page: {statistics.median(alone):.1f} ms, flooded {statistics.median(flooded):.1f}", flush=True
        )
    return {
        "alone": (Taken(sorted(alone), 0), 0.0),
        "flooded": (Taken(sorted(flooded), 0), statistics.median(floods)),
    }


def _look_ups(clerk: httpx.Client, city: City, path: str) -> Sent:
    """Guesses at a page's form as a browser sends them, from somebody who is not signed in: each with another card."""
    with httpx.Client(base_url=clerk.base_url) as browser:
        page = browser.get(path)
        mark = re.search(r'name="mark" value="([^"]+)"', page.text)
        if mark is None:
            return Sent([path])
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    typed = {"mark": mark[1], "number": city.person(0)[0], "proof": card_number(1)}
    headers = BROWSER | {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies}
    return Sent([path], "POST", headers, urlencode(typed))


def _told(loads: dict[str, list[Load]], windows: dict[str, tuple[Taken, float]]) -> dict[str, Any]:
    rates = {name: statistics.median(load.rate for load in each) for name, each in loads.items()}
    alone, flooded = windows["alone"][0], windows["flooded"][0]
    return {
        "rps": round(rates["published"]),
        "p99_ms": round(statistics.median(load.p99 for load in loads["published"]) / 1000, 2),
        "p50_ms": round(statistics.median(load.p50 for load in loads["published"]) / 1000, 2),
        "rps_plain": round(rates["plain"]),
        "ratio_plain": round(rates["published"] / rates["plain"], 2),
        "p99_ms_window": round(alone.at(0.99), 1),
        "p99_ms_window_flooded": round(flooded.at(0.99), 1),
        "p50_ms_window": round(alone.at(0.5), 1),
        "p50_ms_window_flooded": round(flooded.at(0.5), 1),
        "flood_rps": round(windows["flooded"][1]),
    }


if __name__ == "__main__":
    main()
