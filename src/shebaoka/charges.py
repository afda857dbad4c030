"""Days of business at the invented institutions: charges, stays in hospital, and what goes wrong on the way.

The demonstration calls it for each day that is played in detail. Every message goes through the real desk with its
sender's terms, and its answer leads to what people do next: enter the PIN again, pay the rest in cash, go to the
window. Clauses 1.1, 1.2, 5.1, 8.1, 9.2, 9.3, 9.4.
"""

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace as changed

from shebaoka.desk import Outcome
from shebaoka.records import (
    ActivateCard,
    AdmitPatient,
    AmendStay,
    Ask,
    CancelAdmission,
    CancelSettlement,
    ChangePin,
    DischargePatient,
    Receipt,
    Refusal,
    Request,
    ReverseMessage,
    SettleCharge,
    Trouble,
    UnlockCard,
)
from shebaoka.stage import OWN_PIN, Holder, Stage
from shebaoka.tills import Till

WRONG_PIN, TRIES = "118822", 6
"""What is entered by mistake, and so often by somebody who has forgotten."""
WARDS = ("内科", "外科", "骨科", "妇产科", "中医科")
_WEIGHTS_FALL = 0.88
"""How much less business each institution has than the one before it."""
Told = Callable[[Outcome], None]


class Visit(msgspec.Struct, frozen=True):
    """Somebody at an institution with something to pay, and what is to happen after the settlement."""

    till: Till
    holder: Holder
    charge: dict[str, Any]
    pin: str
    fate: str = ""
    again: int = 0


class Stayed(msgspec.Struct, frozen=True):
    """A stay in hospital that is open."""

    till: Till
    holder: Holder
    number: str
    admitted_on: dt.date


class Charges:
    """All institutions' business, and a count of what came of it. The same seed is the same business."""

    def __init__(self, stage: Stage, tills: Sequence[Till], seed: int) -> None:
        self.stays: list[Stayed] = []
        self.counted: Counter[str] = Counter()
        """How often each refusal was answered, and how often something was cancelled, reversed, repeated or stopped."""
        self._stage = stage
        self._tills = tills
        self._hospitals = [t for t in tills if "inpatient" in t.about.kinds]
        self._weights = [_WEIGHTS_FALL**i for i in range(len(tills))]
        self._rng = random.Random(seed)  # noqa: S311 - an invented city's business, no secret
        self._waiting: list[tuple[Ask, Told]] = []
        self._pins: dict[str, str] = {}
        """The PINs of those who changed theirs meanwhile."""
        self._admitted_so_far = 0

    # a day

    def day(self, holders: Sequence[Holder], visits: int, opens: dt.datetime, closes: dt.datetime, times: int) -> None:
        """So many people come between two instants of a day; whoever was in hospital two days leaves and settles.

        `times` is how often in the day messages are sent; the fewer, the more of them go together.
        """
        self._sign_in(self._tills)
        on = self._stage.desk.today()
        leaving = [s for s in self.stays if s.admitted_on <= on - dt.timedelta(days=2)]
        for n in range(times):
            self._stage.clock.to(opens + (closes - opens) * n / times)
            for stayed in leaving[n::times]:
                self._leave(stayed)
            for _ in range(visits * (n + 1) // times - visits * n // times):
                self._come(self._rng.choice(holders))
            self._send()
        while self._waiting:
            self._send()

    def admissions(self, holders: Sequence[Holder], patients: int) -> list[Till]:
        """So many people are admitted, some days ago and registered only now; the two hospitals that took them."""
        taking = self._rng.sample(self._hospitals, 2)
        self._sign_in(taking)
        here = {s.holder.number for s in self.stays}
        for holder in self._rng.sample(holders, min(patients, len(holders))):
            if holder.number not in here:
                admitted_on = self._stage.desk.today() - dt.timedelta(days=self._rng.choice((0, 0, 0, 1, 3)))
                self._admit(self._rng.choice(taking), holder, admitted_on)
        while self._waiting:
            self._send()
        return taking

    def carried_over(self, holders: Sequence[Holder], since: Mapping[str, dt.date]) -> None:
        """Stays that began on the old card come in under their own number, and are settled with another card (8.1)."""
        self._sign_in(self._hospitals)
        for holder in holders:
            (till,) = self._rng.choices(self._hospitals, self._weights[: len(self._hospitals)])
            self._admit(till, holder, since[holder.number], carried=True)
        while self._waiting:
            self._send()
        for stayed in [s for s in self.stays if s.holder.number in since]:
            self._leave(stayed)
        while self._waiting:
            self._send()

    def _sign_in(self, tills: Sequence[Till]) -> None:
        for till in tills:
            till.sign_in()

    def _send(self) -> None:
        """What waits is sent, and what its answers lead to waits for the next time."""
        waiting, self._waiting = self._waiting, []
        for (_, told), outcome in zip(waiting, self._stage.together([ask for ask, _ in waiting]), strict=True):
            told(outcome)

    # charges

    def _come(self, holder: Holder) -> None:
        """Somebody comes to pay; most is as it should be."""
        rng = self._rng
        (till,) = rng.choices(self._tills, self._weights)
        pharmacy = till.about.kinds == ("pharmacy",)
        charge = _medicine(rng) if pharmacy else _outpatient(rng)
        fate = rng.choices(("", "cancelled", "not heard", "repeated", "reversed first"), (970, 12, 6, 6, 2))[0]
        pin = WRONG_PIN if rng.random() < 0.02 else self._pins.get(holder.number, holder.pin)
        visit = Visit(till, holder, {"card": holder.card, **charge}, pin, fate)
        if fate == "reversed first":
            self._reverse_first(visit)
        else:
            self._pay(visit)

    def _asked(self, visit: Visit) -> Ask:
        return visit.till.made(SettleCharge, visit.holder.number, pin=visit.pin, **visit.charge)

    def _pay(self, visit: Visit) -> None:
        ask = self._asked(visit)
        self._waiting.append((ask, partial(self._settled, visit, ask)))

    def _counted(self, outcome: Outcome) -> None:
        """One of several tries that nobody waits for."""
        self.counted[outcome.code if isinstance(outcome, Trouble) else outcome.answer.ground] += 1

    def _settled(self, visit: Visit, ask: Ask, outcome: Outcome) -> None:
        """The answer to a charge, and what everybody makes of it."""
        till, number = visit.till, visit.holder.number
        if isinstance(outcome, Trouble):
            self.counted[outcome.code] += 1
            return
        if outcome.answer.outcome == "refused":
            self._refused(visit, outcome)
        elif visit.fate == "not heard":
            # The line broke before the answer came: the till does not know, and undoes whatever happened.
            till.never_heard(ask)
            self._undo(till, number, ReverseMessage, "reversed", message=ask.request.id)
        else:
            till.book(ask, outcome)
            if visit.fate == "cancelled":
                self._undo(till, number, CancelSettlement, "cancelled", settlement=outcome.entry)
            elif visit.fate == "repeated":
                self._waiting.append((ask, self._repeated))

    def _refused(self, visit: Visit, receipt: Receipt) -> None:
        """What people do about a no: most try once more."""
        ground, holder = receipt.answer.ground, visit.holder
        self.counted[ground] += 1
        if visit.again == 3:
            return
        tried = changed(visit, again=visit.again + 1)
        if ground == Refusal.PIN_IS_WRONG:
            # One in eight has really forgotten it, and tries until the card is locked.
            if self._rng.random() < 0.125:
                for _ in range(TRIES - 2):
                    self._waiting.append((self._asked(visit), self._counted))
                self._pay(changed(tried, fate="forgotten"))
            elif visit.fate != "forgotten":
                self._pay(changed(tried, pin=self._pins.get(holder.number, holder.pin)))
        elif ground == Refusal.BALANCE_IS_TOO_SMALL:
            has_fen, charge = int(receipt.answer.facts["balance_fen"]), visit.charge
            if has_fen:
                cash_fen = charge["total_fen"] - charge["pooled_fen"] - has_fen
                self._pay(changed(tried, charge={**charge, "account_fen": has_fen, "cash_fen": cash_fen}))
        elif ground == Refusal.FIRST_PIN_MUST_BE_CHANGED:
            self._at_the_window(tried, ChangePin, pin=holder.pin, new_pin=OWN_PIN)
        elif ground == Refusal.SOCIAL_FUNCTION_IS_NOT_ACTIVATED:
            self._at_the_window(tried, ActivateCard, new_pin=OWN_PIN)
        elif ground in (Refusal.CARD_IS_LOCKED, Refusal.PIN_IS_WRONG_AND_THE_CARD_IS_LOCKED):
            self._at_the_window(tried, UnlockCard)

    def _at_the_window(self, visit: Visit, service: type[Request], **fields: Any) -> None:
        """The holder goes to the window, comes back, and pays with a PIN of their own."""
        number = visit.holder.number
        self._pins[number] = OWN_PIN
        ask = self._stage.made(service, number, **fields)
        self._waiting.append((ask, lambda _: self._pay(changed(visit, pin=OWN_PIN))))

    def _undo(self, till: Till, number: str, service: type[Request], what: str, **fields: Any) -> None:
        ask = till.made(service, number, **fields)

        def undone(outcome: Outcome) -> None:
            self.counted[what] += 1
            till.book(ask, outcome)

        self._waiting.append((ask, undone))

    def _repeated(self, outcome: Outcome) -> None:
        self.counted["repeated"] += isinstance(outcome, Receipt) and outcome.repeated

    def _reverse_first(self, visit: Visit) -> None:
        """The reversal overtakes its charge; the charge is stopped when it comes."""
        till, holder = visit.till, visit.holder
        late = till.made(SettleCharge, holder.number, pin=visit.pin, **visit.charge)
        ask = till.made(ReverseMessage, holder.number, message=late.request.id)

        def stopped(outcome: Outcome) -> None:
            till.book(ask, outcome)
            self._waiting.append((late, partial(self._settled, visit, late)))

        self._waiting.append((ask, stopped))

    # stays

    def _admit(self, till: Till, holder: Holder, admitted_on: dt.date, *, carried: bool = False) -> None:
        self._admitted_so_far += 1
        number = f"ZY{self._admitted_so_far:06d}"
        ward = self._rng.choice(WARDS)
        ask = till.made(AdmitPatient, holder.number, card=holder.card, stay=number, admitted_on=admitted_on, ward=ward)
        stayed = Stayed(till, holder, number, admitted_on)
        self._waiting.append((ask, partial(self._admitted, stayed, carried)))
        self.stays.append(stayed)

    def _admitted(self, stayed: Stayed, carried: bool, outcome: Outcome) -> None:
        till, number, rng = stayed.till, stayed.holder.number, self._rng
        if isinstance(outcome, Trouble) or outcome.answer.outcome == "refused":
            self.stays.remove(stayed)
        elif carried:
            return
        elif rng.random() < 0.04:
            # The wrong person was registered: the admission is taken back.
            self.stays.remove(stayed)
            self._waiting.append((till.made(CancelAdmission, number, stay=stayed.number), lambda _: None))
        elif rng.random() < 0.08:
            ward = rng.choice(WARDS)
            self._waiting.append((till.made(AmendStay, number, stay=stayed.number, ward=ward), lambda _: None))

    def _leave(self, stayed: Stayed) -> None:
        """The patient is discharged, and settles with card and PIN."""
        till, holder = stayed.till, stayed.holder
        self.stays.remove(stayed)
        self.counted["discharged"] += 1
        ask = till.made(DischargePatient, holder.number, stay=stayed.number, discharged_on=self._stage.desk.today())
        charge = {"card": holder.card, "stay": stayed.number, **_inpatient(self._rng)}
        visit = Visit(till, holder, charge, self._pins.get(holder.number, holder.pin))
        self._waiting.append((ask, lambda _: self._pay(visit)))


def _parts(kind: str, total_fen: int, pooled_fen: int, account_fen: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "total_fen": total_fen,
        "pooled_fen": pooled_fen,
        "account_fen": account_fen,
        "cash_fen": total_fen - pooled_fen - account_fen,
    }


def _medicine(rng: random.Random) -> dict[str, Any]:
    """Medicine: mostly all from the account; now and then for a whole month."""
    total_fen = 8_00 + int(rng.expovariate(1 / (900_00 if rng.random() < 0.04 else 55_00)))
    return _parts("pharmacy", total_fen, 0, total_fen if rng.random() < 0.85 else total_fen // 2)


def _outpatient(rng: random.Random) -> dict[str, Any]:
    """A visit to the doctor: the pooled fund pays half of what is above a threshold for some."""
    total_fen = 20_00 + int(rng.expovariate(1 / 160_00))
    pooled_fen = (total_fen - 100_00) // 2 if total_fen > 100_00 and rng.random() < 0.4 else 0
    rest_fen = total_fen - pooled_fen
    return _parts("outpatient", total_fen, pooled_fen, rest_fen if rng.random() < 0.8 else rest_fen // 3)


def _inpatient(rng: random.Random) -> dict[str, Any]:
    """A stay: the pooled fund pays most, the account what it may, cash the rest."""
    total_fen = 1_800_00 + int(rng.expovariate(1 / 5_200_00))
    pooled_fen = (total_fen - 500_00) * rng.randint(65, 85) // 100
    rest_fen = total_fen - pooled_fen
    return _parts("inpatient", total_fen, pooled_fen, min(rest_fen, 300_00 + int(rng.expovariate(1 / 600_00))))
