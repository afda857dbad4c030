"""Sixty-four terminals charge one person at the same time: the account pays what it has, to the fen, and nobody hangs.

Through one counter with two desks nobody is told of others who were faster. `make test` makes 2,000 charges; with
HYPOTHESIS_PROFILE=long it is 50,000, and the figures are printed.
"""

import itertools
import json
import os
import random
import threading
import time
from collections import Counter as Count
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from conftest import Database
from shebaoka.desk import Outcome, open_counter
from shebaoka.records import Receipt, StoreBusy
from shebaoka.store import Store
from wallets import HOSPITAL, PHARMACY, City, city_of

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
CHARGES = 50_000 if LONG else 2_000
TERMINALS = 64
DESKS = 8
"""So many desks of their own are there where there is no counter; eight terminals take turns at each."""
WAIT_S = 120
"""Far longer than any charge waits: a charge that is never answered fails a test instead of hanging it."""
SENT_AGAIN_MAX = 1000
Settle = Callable[[dict[str, Any]], tuple[Outcome, int]]


def _charges(n: int, seed: int) -> list[list[dict[str, Any]]]:
    """What each terminal charges, one after the other. Some parts are only what the account still has."""
    draw = random.Random(seed)  # noqa: S311 - how much is charged, no secret
    lists: list[list[dict[str, Any]]] = [[] for _ in range(TERMINALS)]
    for k in range(n):
        code = (HOSPITAL if draw.random() < 0.8 else PHARMACY).institution
        account, pooled = draw.randint(1, 99), draw.choice((0, 0, 5))
        parts = {"total": account + pooled, "pooled": pooled, "account": account, "cash": 0}
        charge = {"kind": "charge", "id": f"{code}20130701{k:010d}", "person": 0, "institution": code, "pin": "right"}
        lists[k % TERMINALS].append({**charge, **parts})
    return lists


def _all_at_once(charges: list[list[dict[str, Any]]], settle_at: Callable[[int], Settle]) -> tuple[list[Receipt], int]:
    """Every terminal in a thread of its own; they begin together. All answers, and how often one was told to wait."""
    start = threading.Barrier(TERMINALS)

    def work(terminal: int) -> list[tuple[Outcome, int]]:
        settle = settle_at(terminal)
        start.wait(WAIT_S)
        return [settle(charge) for charge in charges[terminal]]

    with ThreadPoolExecutor(TERMINALS) as pool:
        outcomes = [o for outcomes in pool.map(work, range(TERMINALS)) for o in outcomes]
    receipts = [o for o, _ in outcomes if isinstance(o, Receipt)]
    assert len(receipts) == len(outcomes), [o for o, _ in outcomes if not isinstance(o, Receipt)][:3]
    return receipts, sum(told for _, told in outcomes)


def _faults(city: City, charges: list[list[dict[str, Any]]], receipts: list[Receipt], opening_fen: int) -> list[str]:
    """Sentences for whatever does not add up once all are answered."""
    said = {charge["id"]: charge for terminal in charges for charge in terminal}
    yes = [r for r in receipts if r.answer.outcome == "accepted"]
    paid = sum(int(r.answer.facts["account_fen"]) for r in yes)
    pooled = sum(said[r.request_id]["pooled"] for r in yes)
    left = city.balances()[city.numbers[0]]
    balances = sorted((int(r.entry.partition("-")[2]), int(r.answer.facts["balance_fen"])) for r in yes)
    grounds = {r.answer.ground for r in receipts} - {"account_pays_its_part", "balance_is_too_small"}
    holds = {
        "each was answered once": len({r.entry for r in receipts}) == len(receipts) == len(said),
        "nothing was a repeat": not any(r.repeated for r in receipts),
        "what was paid and what is left is what there was": paid + left == opening_fen,
        "nobody was ever below zero": min(balance for _, balance in balances) >= 0,
        "the balance never rose": all(a >= b for (_, a), (_, b) in itertools.pairwise(balances)),
        "institutions are owed what was paid": sum(city.owed().values()) == paid + pooled,
        "a no is for want of money": not grounds,
        "the journal is whole": city.faults() == (),
    }
    return [law for law, hold in holds.items() if not hold]


def _until_answered(send: Callable[[], Outcome]) -> tuple[Outcome, int]:
    """The outcome, and how often the terminal was told first that others kept writing, and sent the same again."""
    for told in range(SENT_AGAIN_MAX):
        try:
            outcome = send()
        except StoreBusy:
            continue
        if not isinstance(outcome, StoreBusy):
            return outcome, told
    raise AssertionError("a charge was sent again and again")


def _through_a_counter(city: City, charges: list[list[dict[str, Any]]]) -> tuple[list[Receipt], int]:
    with open_counter(lambda: city.desk(Store(city.database.app)), workers=2) as counter:

        def settle(charge: dict[str, Any]) -> tuple[Outcome, int]:
            return _until_answered(lambda: counter.submit([city.ask(charge)]).result(WAIT_S)[0])

        return _all_at_once(charges, lambda _: settle)


def _at_desks_of_their_own(city: City, charges: list[list[dict[str, Any]]]) -> tuple[list[Receipt], int]:
    """Desks that know nothing of each other."""
    desks = [(city.desk(Store(city.database.app)), threading.Lock()) for _ in range(DESKS)]

    def settle_at(terminal: int) -> Settle:
        desk, turn = desks[terminal % DESKS]

        def send(charge: dict[str, Any]) -> Outcome:
            with turn:
                return desk.ask(city.ask(charge))

        return lambda charge: _until_answered(lambda: send(charge))

    try:
        return _all_at_once(charges, settle_at)
    finally:
        for desk, _ in desks:
            desk.store.close()


WAYS = {"counter": _through_a_counter, "desks": _at_desks_of_their_own}


def run(database: Database, n: int, seed: int, way: str = "counter") -> dict[str, Any]:
    """Let sixty-four terminals make n charges drawn by a seed about one person; what came of it, in figures."""
    charges = _charges(n, seed)
    opening_fen = sum(charge["account"] for terminal in charges for charge in terminal) * 3 // 4
    with city_of(database, 1, opening_fen) as city:
        began = time.perf_counter()
        receipts, busy = WAYS[way](city, charges)
        seconds = time.perf_counter() - began
        assert not (faults := _faults(city, charges, receipts, opening_fen)), faults
        assert way != "counter" or not busy, f"{busy} times somebody at the counter was told that others kept writing"
        answered = Count(r.answer.outcome for r in receipts)
        return {
            "charges": n,
            "way": way,
            "terminals": TERMINALS,
            "accepted": answered["accepted"],
            "refused": answered["refused"],
            "paid_fen": opening_fen - city.balances()[city.numbers[0]],
            "told_to_send_again": busy,
            "charges_per_second": round(n / seconds),
            "seconds": round(seconds, 1),
        }


@pytest.mark.parametrize(("way", "share"), [("counter", 1.0), ("desks", 0.1)])
def test_many_terminals_charge_one_person_at_once(database: Database, way: str, share: float) -> None:
    """Never below zero, exact to the fen, every charge answered once; through the counter nobody is told to wait."""
    figures = run(database, int(CHARGES * share), 20130701, way)
    if LONG:
        print(json.dumps(figures))  # noqa: T201 - figures for the record
    assert figures["accepted"] > 0
    assert figures["refused"] > 0
