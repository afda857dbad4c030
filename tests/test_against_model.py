"""Random messages through two real desks beside the plain reference model: every answer, balance and amount owed.

Messages come twice, late by days, out of order, under an id that was used for something else, and reversals come before
what they reverse. `make test` sends 3,000; with HYPOTHESIS_PROFILE=long it is 200,000, and the figures are printed.
"""

import datetime as dt
import heapq
import itertools
import json
import os
import random
import time
from collections import Counter
from typing import Any

from conftest import Database
from reference_model import PAYS_PARTS, REFUSED, TROUBLE, Model
from shebaoka.desk import Clock, Outcome
from shebaoka.records import Trouble
from shebaoka.store import Store
from wallets import City, city_of, supplement

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
MESSAGES = 200_000 if LONG else 3_000
TRAY_MAX = 200
OPENING_FEN = 500_00
SENT = ("duplicates", "other_bodies", "reversals", "cancels", "late", "late_by_days")
ANSWERED = (
    *("accepted", REFUSED, TROUBLE),
    *("message_is_reversed", "message_is_stopped", "message_was_reversed", "message_did_nothing"),
)
A_DAY = dt.timedelta(days=1)
CODES = ("H14070200001", "P14070200002")
Message = dict[str, Any]


class Institutions:
    """Draws what institutions and the importer send, and remembers what they were told."""

    def __init__(self, draw: random.Random, people: int, clock: Clock) -> None:
        self.draw = draw
        self.clock = clock
        self.people = people
        self.sent: list[Message] = []
        self.places: dict[str, str] = {}
        self.settled: list[Message] = []
        self.undone: list[Message] = []
        self._by_id: dict[str, Message] = {}
        self.figures: Counter[str] = Counter()
        self._late: list[tuple[int, int, Message, dt.datetime]] = []
        self._steps = itertools.count(1)

    def next(self) -> Message:
        """The message that comes next."""
        draw = self.draw
        while True:
            step = next(self._steps)
            if self._late and self._late[0][0] <= step:
                _, _, message, made_at = heapq.heappop(self._late)
                self.figures["late_by_days"] += self.clock() - made_at >= A_DAY
                return self._sent(message, "late")
            how = draw.random()
            if how < 0.10 and self.sent:
                return self._sent(draw.choice(self.sent[-2000:]), "duplicates")
            if how < 0.14 and self.sent:
                late = [entry[2] for entry in self._late[:20]]
                return self._sent(self._altered(draw.choice(self.sent[-2000:] + late * 5)), "other_bodies")
            if how < 0.26:
                return self._sent(self._reversal(step), "reversals")
            if how < 0.36 and self.settled:
                return self._sent(self._cancel(step), "cancels")
            if how < 0.42:
                person = draw.randrange(self.people)
                about = {"kind": "credit", "id": supplement(person, step), "person": person}
                return self._sent({**about, "institution": "", "amount": draw.choice((1, 10_00, 300_00))}, "credits")
            charge = self._charge(step)
            if how > 0.9:
                heapq.heappush(self._late, (step + draw.choice((3, 30, 300, 1500)), step, charge, self.clock()))
                continue
            return self._sent(charge, "charges")

    def _sent(self, message: Message, figure: str) -> Message:
        self.figures[figure] += 1
        if figure != "duplicates":
            self.sent.append(message)
            self._by_id.setdefault(message["id"], message)
        return message

    def _charge(self, step: int) -> Message:
        draw, code = self.draw, self.draw.choice(CODES)
        pooled, account, cash = (draw.choice((0, 0, 1, 7_31, 25_00, 260_00)) for _ in range(3))
        total = pooled + account + cash or draw.randint(1, 9_00)
        cash = total - pooled - account
        pin = draw.choices(("right", "wrong", None), (96, 3, 1))[0]
        parts = {"total": total + draw.choices((0, 1), (97, 3))[0], "pooled": pooled, "account": account, "cash": cash}
        who = {"person": draw.randrange(self.people), "institution": code}
        return {"kind": "charge", "id": f"{code}20130701{step:010d}", **who, **parts, "pin": pin}

    def _about(self, kind: str, step: int, target: Message) -> Message:
        """A message about another one: by who made it, and now and then by somebody else or for somebody else."""
        draw = self.draw
        code = draw.choice(CODES) if draw.random() < 0.05 else target["institution"] or CODES[0]
        person = draw.randrange(self.people) if draw.random() < 0.05 else target["person"]
        about = {"kind": kind, "id": f"{code}20130702{step:010d}", "person": person, "institution": code}
        return {**about, "target": target["id"]}

    def _cancel(self, step: int) -> Message:
        return self._about("cancel", step, self.draw.choice(self.settled[-500:]))

    def _reversal(self, step: int) -> Message:
        """Of something sent, of something that is still to come, or of something that never comes."""
        how = self.draw.random()
        if how < 0.35 and self._late:
            return self._about("reverse", step, self.draw.choice(self._late)[2])
        if how < 0.5 and self.undone:
            return self._about("reverse", step, self.draw.choice(self.undone[-40:]))
        if how < 0.9 and self.sent:
            return self._about("reverse", step, self.draw.choice(self.sent[-300:]))
        return self._about("reverse", step, self._charge(step + 10**9))

    def _altered(self, message: Message) -> Message:
        """Another body under the same id."""
        if message["kind"] == "charge":
            changed = self.draw.choice(
                ({"total": message["total"] + 1}, {"pin": "wrong" if message["pin"] != "wrong" else "right"})
            )
        elif message["kind"] == "credit":
            changed = {"amount": message["amount"] + 1}
        elif message["kind"] == "cancel":
            changed = {"person": (message["person"] + 1) % self.people}
        else:
            changed = {"target": message["target"] + "-1"}
        return {**message, **changed}

    def told(self, message: Message, entry: str, ground: str) -> None:
        """An answer that arrived: where the entry stands, so that it can be named by a cancel."""
        self.places[message["id"]] = entry
        if ground in ("account_pays_its_part", "message_is_reversed", "settlement_is_taken_back"):
            self.settled.append(message)
        # What was undone once is undone again, and so is what then stands anew.
        while ground in ("message_is_reversed", "settlement_is_taken_back") and "target" in message:
            message = self._by_id[message["target"]]
            self.undone.append(message)


def _differs(model: Model, message: Message, expected: tuple[str, str, bool], outcome: Outcome) -> str:
    """A sentence if the desk answered something else than the model."""
    if isinstance(outcome, Trouble):
        got = (TROUBLE, outcome.code, False)
    else:
        got = (outcome.answer.outcome, outcome.answer.ground, outcome.repeated)
        balance = outcome.answer.facts.get("balance_fen")
        if got[0] != REFUSED and balance is not None and not outcome.repeated:
            kept = model.balance[message["person"]]
            if balance != kept:
                return f"{message}: the model has {kept} fen left, the desk said {balance}."
    return "" if got == expected else f"{message}: the model says {expected}, the desk {got}."


def _sums_differ(city: City, model: Model) -> list[str]:
    """Sentences for whatever is owed or kept otherwise than the model has it."""
    owed, balances = city.owed(), city.balances()
    faults = [f"{code} is owed {owed.get(code, 0)}" for code in CODES if owed.get(code, 0) != model.owed.get(code, 0)]
    numbers = enumerate(city.numbers)
    return faults + [f"{n}: {balances[number]} fen" for n, number in numbers if balances[number] != model.balance[n]]


def run(database: Database, n: int, seed: int) -> dict[str, Any]:
    """Send n messages drawn by a seed, and compare; figures of what was sent, answered and compared."""
    draw = random.Random(seed)  # noqa: S311 - which message comes next, no secret
    people = max(40, n // 200)
    began = time.perf_counter()
    with city_of(database, people, OPENING_FEN) as city, Store(database.app) as one, Store(database.app) as other:
        desks = itertools.cycle((city.desk(one), city.desk(other)))
        model, sender, answered = Model(), Institutions(draw, people, city.clock), Counter[str]()
        model.balance = dict.fromkeys(range(people), OPENING_FEN)
        left, trays, first_at = n, 0, city.clock.at
        served = 0.0
        while left:
            size = min(left, draw.choice((1, draw.randint(1, 20), draw.randint(1, TRAY_MAX), TRAY_MAX)))
            tray = [sender.next() for _ in range(size)]
            asks = [city.ask(message, sender.places.get(message.get("target", ""), "1-1")) for message in tray]
            at = time.perf_counter()
            outcomes = next(desks).submit(asks)
            served += time.perf_counter() - at
            for message, outcome in zip(tray, outcomes, strict=True):
                expected = model.deliver(message)
                assert not (differs := _differs(model, message, expected, outcome)), differs
                answered[expected[0]] += 1
                answered[expected[1]] += 1
                if not isinstance(outcome, Trouble) and not outcome.repeated:
                    sender.told(message, outcome.entry, expected[1])
            left, trays = left - size, trays + 1
            if trays % 50 == 0:
                assert not (faults := _sums_differ(city, model)), faults
            if draw.random() < 0.2:
                city.clock.move(hours=draw.choice((1, 20, 75)))
        assert not (faults := _sums_differ(city, model)), faults
        assert city.faults() == ()
        days = (city.clock.at - first_at).days
    return {
        "messages": n,
        **{name: sender.figures[name] for name in SENT},
        **{name: answered[name] for name in ANSWERED},
        "people": people,
        "trays": trays,
        "days": days,
        "seconds_at_the_desk": round(served, 1),
        "seconds": round(time.perf_counter() - began, 1),
    }


def test_the_desk_answers_as_the_model_does(database: Database) -> None:
    """Every message is answered as the model says, and nobody has, and no institution is owed, a fen otherwise."""
    figures = run(database, MESSAGES, seed=2)
    if LONG:
        print(json.dumps(figures))  # noqa: T201 - figures for the record
    assert set(CODES) > PAYS_PARTS
    for name in (*SENT, "message_is_reversed"):
        assert figures[name] > MESSAGES / 200, name
    assert figures["message_was_reversed"] > 0
