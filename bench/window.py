"""Finding a person among a whole city, and their page, beside a bare select by primary key in the same database.

A city of 3.4 million invented people is put on file first (`bench/window_city.py`) and made findable by name; both are
told in seconds. Then a clerk searches at the desk's room by each kind of key in turn, every search kept as always, and
opens pages of people at a server in a process of its own. The yardstick is one row by its primary key over a connection
that does nothing else. `make bench-window` runs it, `SCALE=0.01` among fewer people, `KEEP=folder` keeps the city in a
folder and uses the one that is there. The last line is JSON.
"""

import argparse
import datetime as dt
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import psycopg

from bench.old_city import CITY_PEOPLE
from bench.window_city import SEED, City, build, card_number, card_serial, old_card_number
from shebaoka.app import House, Settings, open_house, settings_from
from shebaoka.desk import Role, Staff
from shebaoka.names import initials_of
from shebaoka.records import Digits
from shebaoka.store import views as sql

SEARCHES, PAGES, WARM_UP, ROUNDS = 500, 300, 20, 10
TOLD_EVERY_S = 20
GB_EACH = 4.5
"""What a million people take of the disk, with the server's log."""
CLERK = Staff("clerk-1", Role.CLERK, "window 7")
KEPT = "city.json"
"""In a folder that is kept: how many people are in it, whole and findable, and as of which day they were made."""
BARE = "select person_id, number, name, birth_on, region from person where person_id = %s"


class Taken(NamedTuple):
    """What one kind of look took, in ms, sorted; and how many lines came back in the median."""

    ms: list[float]
    lines: int

    def at(self, share: float) -> float:
        """The time that so large a share stayed within."""
        return self.ms[min(int(len(self.ms) * share), len(self.ms) - 1)]


def main() -> None:
    """Build the city, measure, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scale", type=float, default=1, help="1 is 3.4 million people")
    arguments.add_argument("--home", type=Path, help="a folder that keeps the city; one that is there is used again")
    given = arguments.parse_args()
    people = round(given.scale * CITY_PEOPLE)
    with _folder(given.home) as home:
        settings = msgspec.structs.replace(settings_from({}), home=home, database="window")
        kept = _kept(home, people)
        if kept is None:
            _must_have_room(home, people)
        with open_house(settings) as house:
            kept = kept or _made(house, people)
            city = City(people, kept.on)
            if city.person(0)[0] != house.screens.number_of(kept.first):
                sys.exit(f"{home}: the city in it was made by another version of this; name another folder.")
            with served(settings, house) as pages:
                taken = measured(house, city, pages)
            size = house.views.rows("select pg_database_size(current_database()), pg_total_relation_size('finding')")
    _print(taken)
    took = f"made findable by name in {kept.catching_up:.0f} s, and looked through again in {kept.again:.1f} s"
    print(f"\n{took}; {size[0][1] / 1e9:.2f} GB of {size[0][0] / 1e9:.2f} GB")
    seconds = {"seconds_building": round(kept.building), "seconds_catching_up": round(kept.catching_up)}
    print(json.dumps(_told(taken, people, given.scale) | seconds))


class Kept(msgspec.Struct, frozen=True):
    """A city that is whole: its people, the id of the first, the day it was made as of, and how many s it took."""

    people: int
    first: int
    on: dt.date
    building: float
    catching_up: float
    again: float


@contextmanager
def _folder(home: Path | None) -> Iterator[Path]:
    """The folder that was named, or one that is taken away afterwards."""
    if home is not None:
        home.mkdir(parents=True, exist_ok=True)
        yield home.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="bench-window-", ignore_cleanup_errors=True) as work:
        Path(work).chmod(0o755)
        yield Path(work)


def _kept(home: Path, people: int) -> Kept | None:
    """The city that a folder keeps; None if nothing is in it."""
    if not any(home.iterdir()):
        return None
    if not (home / KEPT).exists():
        sys.exit(
            f"{home}: there is something else in it, or a city that is not whole; remove it, or name another folder."
        )
    kept = msgspec.json.decode((home / KEPT).read_bytes(), type=Kept)
    if kept.people != people:
        sys.exit(f"{home}: {kept.people:,} people are in it, and {people:,} were asked for; name another folder.")
    print(f"{people:,} people are on file in {home}", flush=True)
    return kept


def _made(house: House, people: int) -> Kept:
    """Everybody on file and findable."""
    at = dt.datetime.now(dt.UTC)
    city = City(people, at.date())
    house.vault.set_first_pin(Digits("820417"), length=6)
    house.staff.add_person(CLERK.name, CLERK.role, CLERK.place)
    built = build(house.url, city, at)
    print(f"{people:,} people on file after {built:.0f} s", flush=True)
    caught_up, again = _caught_up(house), _caught_up(house)
    print(f"findable by name after {caught_up:.0f} s more", flush=True)
    _settle(house)
    first = int(house.views.rows(sql.PERSON_BY_NUMBER, {"number": city.person(0)[0]})[0][0])
    kept = Kept(people, first, city.on, built, caught_up, again)
    (house.settings.home / KEPT).write_bytes(msgspec.json.encode(kept))
    return kept


def _must_have_room(work: Path, people: int) -> None:
    free_gb, needed_gb = shutil.disk_usage(work).free / 1e9, people / 1e6 * GB_EACH + 1
    print(f"{work}: about {needed_gb:.0f} GB are needed for {people:,} people, {free_gb:.0f} GB are free", flush=True)
    if free_gb < needed_gb:
        sys.exit("That is too little: choose a smaller scale, or name a folder with more room by TMPDIR.")


def _caught_up(house: House) -> float:
    began = told = time.perf_counter()
    for caught in house.finding.catch_up():
        if time.perf_counter() - told > TOLD_EVERY_S:
            told = time.perf_counter()
            print(f"{caught.people:,} people findable by name after {told - began:.0f} s", flush=True)
    return time.perf_counter() - began


def _settle(house: House) -> None:
    """As a server is some time after a bulk: its statistics are there, and nothing is left to be cleaned up."""
    with psycopg.connect(house.url.replace("user=shebaoka_app", "user=postgres"), autocommit=True) as owner:
        owner.execute("vacuum analyze")
        owner.execute("checkpoint")


# What is searched for ------------------------------------------------------------------------------------------------


class Somebody(NamedTuple):
    """A person of the city: their place in it, number, name, and first initials."""

    i: int
    number: str
    name: str
    initials: str


def keys(city: City) -> dict[str, Callable[[Somebody], str]]:
    """Each kind of key, and how somebody's is typed."""
    sample = random.Random(0).sample(range(city.people), min(20_000, city.people))
    names = [city.person(i)[1] for i in sample]
    commonest, surname = (Counter(some).most_common(1)[0][0] for some in (names, [name[0] for name in names]))
    return {
        "number": lambda one: one.number,
        "card number": lambda one: card_number(one.i),
        "card serial": lambda one: card_serial(one.i),
        "old medical card": lambda one: old_card_number(one.i),
        "name": lambda one: one.name,
        f"the commonest name, {commonest}": lambda _: commonest,
        "beginning of a name": lambda one: one.name[:2],
        "surname": lambda one: one.name[0],
        f"the commonest surname, {surname}": lambda _: surname,
        "initials": lambda one: one.initials,
        "one letter": lambda one: one.initials[0],
        "name + 4 digits": lambda one: f"{one.name} {one.number[:4]}",
        "initials + 4 digits": lambda one: f"{one.initials} {one.number[:4]}",
        "initials + 9 digits": lambda one: f"{one.initials} {one.number[:9]}",
        "surname + 14 digits": lambda one: f"{one.name[0]} {one.number[:14]}",
        "one letter + 14 digits": lambda one: f"{one.initials[0]} {one.number[:14]}",
        "nobody's name": lambda one: f"{one.name}龘{one.i % 977}",
    }


class Looks:
    """Looks for people drawn at random, so that common names come often; each is timed."""

    def __init__(self, house: House, city: City, pages: httpx.Client, bare: psycopg.Connection[Any]) -> None:
        self._house, self._city, self._pages, self._bare = house, city, pages, bare
        self._rng = random.Random(f"{SEED}:looks")
        self.keys = keys(city)
        self.took: dict[str, list[tuple[float, int]]] = {}

    def clear(self) -> None:
        """Forget what was timed."""
        self.took.clear()

    def _somebody(self) -> Somebody:
        i = self._rng.randrange(self._city.people)
        number, name, *_ = self._city.person(i)
        return Somebody(i, number, name, initials_of(name)[0])

    def _note(self, what: str, began: float, lines: int) -> None:
        self.took.setdefault(what, []).append(((time.perf_counter() - began) * 1000, lines))

    def find(self, what: str) -> None:
        """A search by one kind of key."""
        text = self.keys[what](self._somebody())
        began = time.perf_counter()
        found = self._house.finding.find(CLERK, text)
        self._note(what, began, len(found.people))

    def _person_id(self) -> int:
        return int(self._house.views.rows(sql.PERSON_BY_NUMBER, {"number": self._somebody().number})[0][0])

    def page(self) -> None:
        """A person's page."""
        path = f"/persons/{self._person_id()}"
        began = time.perf_counter()
        answer = self._pages.get(path)
        self._note("page", began, 1)
        if answer.status_code != 200:
            raise SystemExit(f"A person's page was answered with {answer.status_code}.")

    def row(self) -> None:
        """The yardstick."""
        person_id = self._person_id()
        began = time.perf_counter()
        found = self._bare.execute(BARE, (person_id,)).fetchall()
        self._note("bare", began, len(found))


def measured(house: House, city: City, pages: httpx.Client) -> dict[str, Taken]:
    """Every kind in turn, some at a time, so that whatever else the machine does meets all of them alike."""
    with psycopg.connect(house.url, autocommit=True, prepare_threshold=0) as bare:
        looks = Looks(house, city, pages, bare)

        def in_turn(searches: int, pages_: int) -> None:
            for what in looks.keys:
                for _ in range(searches):
                    looks.find(what)
            for _ in range(pages_):
                looks.page()
            for _ in range(searches):
                looks.row()

        in_turn(WARM_UP, WARM_UP)
        looks.clear()
        for n in range(ROUNDS):
            in_turn(SEARCHES // ROUNDS, PAGES // ROUNDS)
            print(f"round {n + 1} of {ROUNDS}", flush=True)
    return {
        what: Taken(sorted(ms for ms, _ in took), int(statistics.median(lines for _, lines in took)))
        for what, took in looks.took.items()
    }


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def served(settings: Settings, house: House) -> Iterator[httpx.Client]:
    """A browser in which a clerk is signed in, at a server of its own that has nothing else to do."""
    port = free_port()
    environ = {**os.environ, "SHEBAOKA_HOME": str(settings.home), "SHEBAOKA_DATABASE": settings.database}
    command = [sys.executable, "-m", "shebaoka", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as server:
        try:
            if server.stdout is None or str(port) not in server.stdout.readline():
                raise SystemExit("The server did not start.")
            cookies = {"shebaoka_session": house.sessions.begin(CLERK)}
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}",
                cookies=cookies,
                transport=httpx.HTTPTransport(retries=10),
                timeout=60,
            ) as client:
                client.get("/api/v1/health")
                _wait_for_its_pass(house)
                yield client
        finally:
            server.terminate()


def _wait_for_its_pass(house: House) -> None:
    """A server that starts looks whether everybody is findable by name; it is waited for."""
    listening = "select 1 from pg_stat_activity where query like 'listen %%' and state = 'idle'"
    at_work = "select 1 from pg_locks where locktype = 'advisory' and classid = 5 and objsubid = 2"
    while not house.views.rows(listening):
        time.sleep(0.1)
    quiet = 0
    while quiet < 10:
        # Between two sets of people the lock is free for a moment.
        quiet = 0 if house.views.rows(at_work) else quiet + 1
        time.sleep(0.1)


def _print(taken: dict[str, Taken]) -> None:
    print(f"\n{'ms':<28} {'p50':>8} {'p99':>8} {'max':>8} {'lines':>6}")
    for name, one in taken.items():
        wide = sum(2 if ord(c) > 0x2E7F else 1 for c in name)
        print(f"{name}{' ' * (28 - wide)} {one.at(0.5):>8.2f} {one.at(0.99):>8.2f} {one.ms[-1]:>8.2f} {one.lines:>6}")


def _told(taken: dict[str, Taken], people: int, scale: float) -> dict[str, Any]:
    finds = {name: one for name, one in taken.items() if name not in ("page", "bare")}
    worst = max(finds, key=lambda name: finds[name].at(0.99))
    every = Taken(sorted(ms for one in finds.values() for ms in one.ms), 0)
    yardstick = taken["bare"].at(0.99)
    return {
        "p99_ms_find": round(finds[worst].at(0.99), 2),
        "p99_ms_find_all": round(every.at(0.99), 2),
        "p50_ms_find": round(every.at(0.5), 2),
        "slowest_key": worst,
        "p99_ms_dossier": round(taken["page"].at(0.99), 2),
        "p50_ms_dossier": round(taken["page"].at(0.5), 2),
        "p99_ms_yardstick": round(yardstick, 3),
        "ratio_find": round(finds[worst].at(0.99) / yardstick, 1),
        "ratio_dossier": round(taken["page"].at(0.99) / yardstick, 1),
        "people": people,
        "scale": scale,
    }


if __name__ == "__main__":
    main()
