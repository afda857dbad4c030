"""An invented city on file, for the measurements of the window: everybody with an account, an old card and a new one.

People are decided by the desk as carrying over decides them and written by COPY, some thousands at a time, by two
processes; memory does not grow with the city. The new card is put into the rows beside what was decided, as a past of
the desk would have left it. Surnames and given names are as unevenly borne as in life.
"""

import datetime as dt
import multiprocessing as mp
import queue
import random
import time
from typing import Any

from bench.old_people import Made, People
from shebaoka.app import load_notices, settings_from
from shebaoka.city import DOUBLE_SURNAMES, FOR_BOTH, FOR_MEN, FOR_WOMEN, SURNAMES
from shebaoka.desk import Note
from shebaoka.desk.takeover import decided
from shebaoka.records import Ask, Card, CardKind, CarryOverAccount, Channel, Dossier, Given, Life, Person, Sender
from shebaoka.store import Store, Writes, card_row, snapshot_row

SEED = 20130625
BATCH = 2_000
PROCESSES = 2
TOP = {"王": 71, "李": 71, "张": 67, "刘": 51, "陈": 44, "杨": 31, "赵": 27, "黄": 22, "周": 20, "吴": 20}
"""Of a thousand people so many bear each of the ten commonest surnames; the others share the rest."""
ONE_CHARACTER = 0.2
DOUBLE_SHARE = 0.003
RARER = 0.9
"""How quickly given names become rarer down their list; by Zipf's law about 1."""
_DRAWS = 1 << 16
TOLD_EVERY_S = 20
NOTHING = Note("select 1", {})


def _drawn(rng: random.Random, texts: list[str], weights: list[float]) -> list[str]:
    """So many draws of texts, beforehand, that drawing one is a look into a list."""
    return rng.choices(texts, weights, k=_DRAWS)


def _zipf(n: int) -> list[float]:
    return [1 / (place + 1) ** RARER for place in range(n)]


class City:
    """Everybody, worked out one by one from their place in it. The same for the same size and day."""

    def __init__(self, people: int, on: dt.date) -> None:
        self.people, self.on = people, on
        self._people = People(Made(people, SEED, on, 1))
        rng = random.Random(f"{SEED}:names")
        others = [s for s in dict.fromkeys(SURNAMES) if s not in TOP]
        left = (1000 - sum(TOP.values())) / len(others)
        surnames = [*TOP, *others, *DOUBLE_SURNAMES]
        double = 1000 * DOUBLE_SHARE / len(DOUBLE_SURNAMES)
        self._surnames = _drawn(rng, surnames, [*TOP.values(), *[left] * len(others), *[double] * len(DOUBLE_SURNAMES)])
        self._given = [self._given_names(rng, last) for last in (FOR_WOMEN, FOR_MEN)]

    @staticmethod
    def _given_names(rng: random.Random, last: str) -> list[str]:
        single = dict(zip(last, _zipf(len(last)), strict=True))
        double = {a + b: x * y for a, x in zip(FOR_BOTH, _zipf(len(FOR_BOTH)), strict=True) for b, y in single.items()}
        whole = sum(double.values()) / (1 - ONE_CHARACTER) * ONE_CHARACTER / sum(single.values())
        return _drawn(rng, [*single, *double], [*(w * whole for w in single.values()), *double.values()])

    def person(self, i: int) -> tuple[str, str, str, dt.date, int]:
        """Number, name, region, insured since, balance in fen."""
        rng = random.Random(i)
        number = self._people.numbers.of(i)
        fields, balance_fen = self._people.fields(i, rng, number)
        drawn = rng.getrandbits(32)
        name = self._surnames[drawn & _DRAWS - 1] + self._given[int(number[16]) % 2][drawn >> 16]
        day = fields[12]
        return number, name, fields[13], dt.date(int(day[:4]), int(day[4:6]), int(day[6:])), balance_fen


def card_number(i: int) -> str:
    """The number of the i-th person's new card."""
    return f"{'ABCDEFGH'[i % 8]}{i:08d}"


def card_serial(i: int) -> str:
    """Its serial."""
    return f"140700{i * 0x9E3779B97F4A7C15 % (1 << 104):026x}"


def old_card_number(i: int) -> str:
    """The number of the i-th person's old medical card."""
    return f"{i * 7919 % 10**10:010d}"


def _asks(city: City, start: int, end: int, sender: Sender) -> list[Ask]:
    asks = []
    for i in range(start, end):
        number, name, region, insured_on, balance_fen = city.person(i)
        request = CarryOverAccount(
            id=f"import:0123456789ab:1.{i // BATCH}:{i}",
            person=number,
            balance_fen=balance_fen,
            old_card_number=old_card_number(i),
            name=name,
            region=region,
            insured_on=insured_on,
        )
        asks.append(Ask(request, sender))
    return asks


def _with_new_cards(writes: Writes, first: int, first_person_id: int, on: dt.date) -> None:
    """A card in use for everybody, beside the old one that a batch has just brought."""
    old = {row[0]: Card(*row[1:-1], ()) for row in writes.card}
    writes.snapshot.clear()
    for person_id, *said in writes.person:
        i = first + person_id - first_person_id
        card = Card(2, CardKind.SOCIAL_SECURITY, card_number(i), card_serial(i), Life.IN_USE, on)
        writes.card.append(card_row(person_id, card))
        writes.card_number_key.append((card.number, person_id))
        writes.card_serial_key.append((card.serial, person_id))
        writes.snapshot.append(snapshot_row(person_id, Dossier(Person(*said), (old[person_id], card)), {}))


def _work(url: str, city: tuple[int, dt.date], share: tuple[int, int], at: dt.datetime, out: Any) -> None:
    """One process: the people of a share, batch by batch. It tells after each how many that were."""
    made = City(*city)
    notice = load_notices(settings_from().notice).on(city[1])
    given, sender = Given(at=at, on=city[1]), Sender("chen", Channel.IMPORTER, "import:0123456789ab")
    start, end = share
    with Store(url) as store:
        ids = store.reserve_people(end - start) - start
        for first in range(start, end, BATCH):
            asks = _asks(made, first, min(first + BATCH, end), sender)
            _, writes = decided(asks, notice, given, ids + first)
            if len(writes.person) != len(asks):
                raise SystemExit("Somebody of the invented city was refused.")
            _with_new_cards(writes, first, ids + first, city[1])
            store.copy(writes, NOTHING)
            out.put(len(asks))


def build(url: str, city: City, at: dt.datetime) -> float:
    """Put everybody on file; the seconds that it took. Progress is printed."""
    context = mp.get_context("spawn")
    out = context.Queue()
    began = told = time.perf_counter()
    step = -(-city.people // PROCESSES)
    shares = [(start, min(start + step, city.people)) for start in range(0, city.people, step)]
    workers = [
        context.Process(target=_work, args=(url, (city.people, city.on), share, at, out), daemon=True)
        for share in shares
    ]
    for worker in workers:
        worker.start()
    done = 0
    while done < city.people:
        try:
            done += out.get(timeout=5)
        except queue.Empty:
            if any(worker.exitcode for worker in workers):
                raise SystemExit("A process that builds the city ended.") from None
        if time.perf_counter() - told > TOLD_EVERY_S:
            told = time.perf_counter()
            print(f"{done:,} of {city.people:,} people on file after {told - began:.0f} s", flush=True)
    for worker in workers:
        worker.join()
    return time.perf_counter() - began
