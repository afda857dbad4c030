"""A city for measuring settlements: people with cards, PINs and money, an institution with an open cycle."""

import collections
import datetime as dt
import gc
import itertools
import multiprocessing as mp
import random
import time
from pathlib import Path
from typing import NamedTuple

import psycopg

from shebaoka import numbers
from shebaoka.app import APP_ROLE, load_notices, settings_from
from shebaoka.desk import Desk, Institutions
from shebaoka.records import Ask, Digits, PresentedCard, Receipt, SettleCharge, Terms
from shebaoka.store import REBUILD, Store, Views, as_role, ensure_database, migrate
from shebaoka.vault import SoftwareVault, Vault

FIRST_PERSON = 10_000_000
PIN = Digits("472093")
INSTITUTION, TERMINAL = "H14070200001", "bench-terminal"
BALANCE_FEN = 10_000_000
RATE_AT_MOST = 9_000
"""So many charges a second are made ready for each worker."""


class City(NamedTuple):
    """Where it is and how to send messages to it."""

    owner_url: str
    url: str
    key_file: str
    people: int
    signing_key: bytes
    pin_key: bytes


class Run(NamedTuple):
    """Settlements a second, and how long each tray or message took, sorted, in ms."""

    rate: float
    took: list[float]


def number_of(n: int) -> str:
    """The n-th person's social security number; a valid one."""
    day = dt.date(1950, 1, 1) + dt.timedelta(days=n // 500)
    return numbers.with_check_digit(f"140702{day:%Y%m%d}{n % 500 + 100:03d}")


def card_of(n: int) -> PresentedCard:
    """The n-th person's card."""
    return PresentedCard(f"Z{n:08d}", f"140700{n:026x}")


def found_city(server: object, name: str, vault: Vault, key_file: Path, people: int) -> City:
    """A database with that many people, as a past of the desk would have left them, and a signed-in institution."""
    started = time.perf_counter()
    owner = ensure_database(server, name)
    migrate(owner)
    _fill(owner, vault, people)
    url = as_role(owner, APP_ROLE)
    views = Views(url)
    views.open()
    institutions = Institutions(views, vault)
    institutions.add(INSTITUTION, "汾河湾综合医院", ("outpatient", "pharmacy", "inpatient"))
    keys = institutions.add_terminal(TERMINAL, INSTITUTION)
    institutions.sign_in(institutions.terminal(TERMINAL))
    views.close()
    print(f"{name}: {people:,} people in {time.perf_counter() - started:.0f} s")
    return City(owner, url, str(key_file), people, keys.signing_key, keys.pin_key)


def _fill(owner_url: str, vault: Vault, people: int) -> None:
    with psycopg.connect(owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("create temp table one (i bigint, n bigint, number text)")
        with cursor.copy("copy one from stdin") as target:
            for n in range(people):
                target.write_row((FIRST_PERSON + n, n, number_of(n)))
        for statement in _TABLES:
            cursor.execute(statement, {"balance": BALANCE_FEN})
        with cursor.copy("copy pin (person_id, card, key_id, value) from stdin") as target:
            for n in range(people):
                kept = vault.seal(FIRST_PERSON + n, 1, PIN)
                target.write_row((FIRST_PERSON + n, 1, kept.key_id, kept.value))
        cursor.execute(REBUILD)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


_TABLES = (
    """insert into dossier (person_id, version, chain, balance_fen)
       select i, 1, decode(repeat('00', 32), 'hex'), %(balance)s from one""",
    "insert into person_key (person_id, number) select i, number from one order by number",
    """insert into person (person_id, number, name, sex, birth_on, region, insured_on, standing)
       select i, number, '某某', case when substr(number, 17, 1)::int %% 2 = 1 then 'male' else 'female' end,
              to_date(substr(number, 7, 8), 'YYYYMMDD'), '140702', '2013-01-01', 'insured' from one""",
    """insert into card (person_id, n, kind, number, serial, life, issued_on, loss, pin_tries, locked, unlocks,
                         first_pin, financial, applications)
       select i, 1, 'social_security', 'Z' || lpad(n::text, 8, '0'), '140700' || lpad(to_hex(n), 26, '0'), 'in_use',
              '2013-01-01', 'none', 0, false, 0, false, 'active', '{}' from one""",
)


class Charges:
    """Charges of people drawn at random, each under a message id of its own."""

    def __init__(self, people: int, run: int) -> None:
        self._random = random.Random(run)
        self._people = people
        self._at = dt.datetime(2000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=run)
        self._n = 0

    def message_id(self) -> str:
        """Thirty characters: institution, time, number."""
        self._n += 1
        second, number = divmod(self._n, 10_000)
        return f"{INSTITUTION}{self._at + dt.timedelta(seconds=second):%Y%m%d%H%M%S}{number:04d}"

    def charge(self) -> SettleCharge:
        """One charge at a pharmacy's till."""
        n = int(self._random.random() * self._people)
        fen = 100 + int(self._random.random() * 9_900)
        return SettleCharge(
            id=self.message_id(), person=number_of(n), card=card_of(n), kind="pharmacy", total_fen=fen, account_fen=fen
        )


def _work(city: City, tray: int, seconds: float, run: int, gate: object, out: object) -> None:
    vault = SoftwareVault.open(Path(city.key_file))
    notices = load_notices(settings_from().notice)
    charges = Charges(city.people, run)
    with Store(city.url) as store:
        views = Views(city.url)
        views.open()
        institutions = Institutions(views, vault)
        terminal = institutions.terminal(TERMINAL)
        terms: Terms = institutions.terms(terminal)
        sender = terminal.sender()
        views.close()
        desk = Desk(store, vault, notices)

        def made() -> list[Ask]:
            return [Ask(charges.charge(), sender, PIN, terms=terms) for _ in range(tray)]

        for _ in range(10):
            for receipt in desk.submit(made()):
                if not isinstance(receipt, Receipt) or receipt.answer.outcome != "accepted":
                    raise SystemExit(f"a charge was not settled: {receipt}")
        gate.wait()
        ready = collections.deque(made() for _ in range(int(RATE_AT_MOST * seconds / tray) + 1))
        gc.collect()
        gc.freeze()  # what was made ready belongs to the clients, and is not looked through while we work
        gate.wait()
        took, done = [], 0
        began = time.perf_counter()
        while (start := time.perf_counter()) - began < seconds:
            desk.submit(ready.popleft() if ready else made())
            took.append(time.perf_counter() - start)
            done += tray
        elapsed = time.perf_counter() - began
    out.put((done / elapsed, took))


_run = itertools.count(1)


def next_run() -> int:
    """A number for each sender of messages, so that no message id is ever used twice."""
    return next(_run)


def measure(city: City, tray: int, workers: int, seconds: float) -> Run:
    """That many worker processes, each with trays of its own, made up before the clock starts, as clients make them."""
    context = mp.get_context("spawn")
    gate, out = context.Barrier(workers), context.Queue()
    processes = [
        context.Process(target=_work, args=(city, tray, seconds, next_run(), gate, out)) for _ in range(workers)
    ]
    for process in processes:
        process.start()
    results = [out.get(timeout=seconds * 4 + 120) for _ in processes]
    for process in processes:
        process.join()
    return Run(sum(rate for rate, _ in results), sorted(1000 * t for _, took in results for t in took))
