"""Today's scenes of the demonstration: between them every clause says yes at least once, and no at least once.

Each scene is somebody's errand, as a table of requests; it takes its people from the cast. What is paid is paid at the
till of a hospital or a pharmacy, by signed messages.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace as changed

from shebaoka.city import invent_city
from shebaoka.records import (
    ActivateCard,
    AddExtendedApplication,
    AdmitPatient,
    AmendApplication,
    ApplyForCard,
    ApplyForTemporaryCard,
    ApproveCorrection,
    CancelCard,
    CancelLossReport,
    CancelSettlement,
    CardKind,
    CarryOverAccount,
    ChangePin,
    Channel,
    CollectCard,
    CreditContribution,
    DischargePatient,
    ExpireCard,
    ExtendCard,
    HandInCard,
    LookUpPerson,
    ProposeCorrection,
    PutInBatch,
    Receipt,
    RecordBankAnswer,
    RecordMade,
    RecordReady,
    RegisterPerson,
    RemoveExtendedApplication,
    ReplaceCard,
    ReportLoss,
    ResetPin,
    ReverseMessage,
    SettleCharge,
    StopOldCard,
    UnlockCard,
    UseCard,
    WithdrawApplication,
    credit_id,
)
from shebaoka.stage import OWN_PIN, TEMPORARY_PIN, Stage, Steps
from shebaoka.tills import Till

ID_ONLY = ("identity_card", "identity_copy")
WRONG_PIN = "118822"
SEED = 20260101
_COUGH_SYRUP: dict[str, Any] = {"kind": "pharmacy", "total_fen": 9_90, "account_fen": 9_90}
_MADE: Steps = [(ApplyForCard, {}), (PutInBatch, {"batch": "B-0003"}), (RecordMade, {}), (RecordReady, {})]


class Tills(msgspec.Struct, frozen=True):
    """Where something is paid today."""

    hospital: Till
    pharmacy: Till


def _card(stage: Stage, number: str) -> None:
    """From the application to the activated card, in one day; the holder knows the PIN 593816."""
    stage.play(number, [*_MADE, (CollectCard, {}), (ActivateCard, {"new_pin": OWN_PIN})])


def _newcomer(stage: Stage, cast: Iterator[str], _: Tills) -> None:
    """4.1, 4.2, 5.2, 6.1, 7.1, 1.2: somebody insured today, with an old account, who applies, amends and withdraws."""
    known = next(cast)
    fresh = invent_city(1, SEED + 1, stage.desk.today())[0]
    about = {"name": fresh.name, "region": fresh.region, "insured_on": stage.desk.today().isoformat()}
    old = {"old_card_number": fresh.old_card_number, "balance_fen": fresh.balance_fen}
    steps: Steps = [
        (ApplyForCard, {}),  # not registered yet
        (RegisterPerson, {**about, "channel": Channel.WINDOW}),
        (RegisterPerson, {**about, "channel": Channel.WINDOW}),
        (CarryOverAccount, {**old, "channel": Channel.IMPORTER}),
        (CarryOverAccount, {**old, "channel": Channel.IMPORTER}),
        (ApplyForCard, {"shows": ID_ONLY}),
        (ApplyForCard, {"paid_fen": 2800}),
        (ApplyForCard, {}),
        (AmendApplication, {"collect_at": "window-5"}),
        (CollectCard, {}),
        (WithdrawApplication, {}),
    ]
    stage.play(fresh.number, steps)
    stage.ask(LookUpPerson, known, channel=Channel.PHONE, reason="is my card activated?")
    stage.ask(LookUpPerson, known, channel=Channel.BANK, reason="whose card is this?")


def _old_card(stage: Stage, cast: Iterator[str], _: Tills) -> None:
    """1.1: the old card stops, and is refused at the pharmacy."""
    number = next(cast)
    stage.ask(StopOldCard, number, channel=Channel.CALENDAR)
    stage.ask(UseCard, number, card="old_medical")
    stage.ask(ReportLoss, number, card="old_medical")


def _first_card(stage: Stage, cast: Iterator[str], _: Tills) -> None:
    """2.1, 2.4, 3.1, 3.3, 5.1, 5.3: a first card, its functions, and what it stands in the way of."""
    number = next(cast)
    steps: Steps = [
        *_MADE,
        (CollectCard, {}),
        (UseCard, {"pin": OWN_PIN}),  # not activated
        (UseCard, {"function": "financial"}),
        (ActivateCard, {"new_pin": OWN_PIN}),
        (ActivateCard, {}),
        (UseCard, {"pin": OWN_PIN}),
        (ApplyForCard, {}),
        (ApplyForTemporaryCard, {"new_pin": TEMPORARY_PIN}),
        (ExtendCard, {"card": "social_security"}),
        (AddExtendedApplication, {"application": "library"}),
        (AddExtendedApplication, {"application": "casino"}),
        (RemoveExtendedApplication, {"application": "library"}),
    ]
    stage.play(number, steps)


def _temporary_card(stage: Stage, cast: Iterator[str], at: Tills) -> None:
    """2.3, 3.2, 3.4, 4.3, 5.4, 6.3, 6.4, 9.1: a temporary card until the social security card is there."""
    number, other = next(cast), next(cast)
    steps: Steps = [
        (ApplyForTemporaryCard, {"shows": ID_ONLY, "new_pin": TEMPORARY_PIN}),
        (ApplyForTemporaryCard, {"new_pin": "4720"}),
        (ApplyForTemporaryCard, {"new_pin": TEMPORARY_PIN, "paid_fen": 1000}),
        (ApplyForTemporaryCard, {"new_pin": TEMPORARY_PIN}),
        (UseCard, {"card": "temporary", "pin": TEMPORARY_PIN}),
        (UseCard, {"card": "temporary", "function": "financial"}),
        (ActivateCard, {"card": "temporary"}),
        (ExtendCard, {}),
        (ExpireCard, {}),
        (ReplaceCard, {"card": "temporary", "why": "damage", "new_pin": "618350"}),
        (ReplaceCard, {"card": "temporary", "why": "damage", "new_pin": "618350", "paid_fen": 1000}),
        *_MADE,
        (CollectCard, {}),
        (CollectCard, {"hands_in_temporary_card": True}),
    ]
    stage.play(number, steps[:4])
    temporary = stage.card_of(number, CardKind.TEMPORARY)
    at.pharmacy.sent(SettleCharge, number, pin=TEMPORARY_PIN, card=temporary, **_COUGH_SYRUP)
    stage.play(number, steps[4:])
    stage.ask(ApplyForTemporaryCard, other, new_pin=TEMPORARY_PIN)
    stage.ask(HandInCard, other)


def _replacement(stage: Stage, cast: Iterator[str], at: Tills) -> None:
    """2.2, 2.4, 5.3, 6.2, 7.1, 9.4: lost, reported, replaced, and found again."""
    number = next(cast)
    _card(stage, number)
    steps: Steps = [
        (ReplaceCard, {"why": "loss", "paid_fen": 2800}),  # not reported yet
        (ReportLoss, {"channel": Channel.PHONE}),
        (ReportLoss, {"shows": ID_ONLY}),
        (RecordBankAnswer, {"financial": "stopped", "channel": Channel.BANK}),
        (UseCard, {"function": "financial"}),
        (UseCard, {"pin": OWN_PIN}),
        (ReplaceCard, {"why": "loss", "shows": ID_ONLY}),
        (ReplaceCard, {"why": "loss", "shows": ID_ONLY, "paid_fen": 2800}),
        (ApplyForTemporaryCard, {"new_pin": TEMPORARY_PIN}),
        (CancelLossReport, {}),
        (RecordBankAnswer, {"financial": "active", "channel": Channel.BANK}),
    ]
    stage.play(number, steps)
    superseded = stage.card_of(number, CardKind.TEMPORARY)
    at.pharmacy.sent(SettleCharge, number, pin=TEMPORARY_PIN, card=superseded, **_COUGH_SYRUP)


def _pin_and_lock(stage: Stage, cast: Iterator[str], at: Tills) -> None:
    """9.1, 9.2, 9.3, 7.2: a forgotten PIN, six wrong entries, the lock, and an agent who forgot their own papers."""
    number = next(cast)
    _card(stage, number)
    agent = {"name": "王芳", "number": "140702198003150024", "relation": "daughter"}
    for _try in range(6):
        at.pharmacy.sent(SettleCharge, number, pin=WRONG_PIN, card=stage.card_of(number), **_COUGH_SYRUP)
    steps: Steps = [
        (UseCard, {"pin": OWN_PIN}),
        (UnlockCard, {"agent": agent, "shows": ("card", *ID_ONLY)}),
        (UnlockCard, {"agent": agent}),
        (ResetPin, {"new_pin": "123456"}),
        (ResetPin, {"new_pin": "618350"}),
        (ChangePin, {"pin": "618350", "new_pin": "730184"}),
        (UseCard, {"pin": "730184"}),
    ]
    stage.play(number, steps)
    first = next(cast)
    stage.play(first, [*_MADE, (CollectCard, {}), (ActivateCard, {})])
    stage.ask(UseCard, first, pin=stage.first_pin)
    stage.ask(ChangePin, first, pin=WRONG_PIN, new_pin="730184")


def _at_the_till(stage: Stage, cast: Iterator[str], at: Tills) -> None:
    """1.1, 1.2, 2.1, 5.1, 7.1, 9.2, 9.3, 9.4: what a pharmacy's till is answered about one holder."""
    number, till = next(cast), at.pharmacy
    stage.play(number, [*_MADE, (CollectCard, {})])
    card, old = stage.card_of(number), stage.card_of(number, CardKind.OLD_MEDICAL)

    def pays(pin: str = "", account_fen: int = 38_50, **said: Any) -> Receipt:
        charge = {"card": card, "kind": "pharmacy", "total_fen": account_fen, "account_fen": account_fen, **said}
        return till.sent(SettleCharge, number, pin=pin, **charge)

    pays(stage.first_pin)  # not activated
    stage.ask(ActivateCard, number)
    pays(stage.first_pin)  # the first PIN
    stage.ask(ChangePin, number, pin=stage.first_pin, new_pin=OWN_PIN)
    pays(WRONG_PIN)
    pays(OWN_PIN, card=old)
    pays(OWN_PIN, card=changed(card, serial=card.serial[::-1]))
    pays(OWN_PIN, kind="outpatient")  # a pharmacy
    pays(OWN_PIN, total_fen=40_00)
    pays(OWN_PIN, account_fen=99_000_00)
    paid = pays(OWN_PIN)
    till.sent(CancelSettlement, number, settlement=paid.entry)
    till.sent(CancelSettlement, number, settlement=paid.entry)
    first = till.made(SettleCharge, number, pin=OWN_PIN, card=card, **_COUGH_SYRUP)
    stage.together([first])
    till.never_heard(first)  # the line broke before the answer came
    till.sent(ReverseMessage, number, message=first.request.id)
    late = till.made(SettleCharge, number, pin=OWN_PIN, card=card, **_COUGH_SYRUP)
    till.sent(ReverseMessage, number, message=late.request.id)
    stage.together([late])  # comes after its reversal, and is stopped
    bridge: dict[str, Any] = {"kind": "outpatient", "total_fen": 12_000_00, "account_fen": 12_000_00}
    at.hospital.sent(SettleCharge, number, pin=OWN_PIN, card=card, **bridge)  # the account pays a part
    stage.ask(ReportLoss, number)
    pays(OWN_PIN)


def _expired_card(stage: Stage, cast: Iterator[str], at: Tills) -> None:
    """3.2: a temporary card of a year ago is refused at the pharmacy."""
    number = next(cast)
    card = stage.card_of(number, CardKind.TEMPORARY)
    at.pharmacy.sent(SettleCharge, number, pin=TEMPORARY_PIN, card=card, **_COUGH_SYRUP)


def _hospital(stage: Stage, _: Iterator[str], at: Tills) -> None:
    """8.1: in hospital since before the cut-over; one settles with a temporary card, one with the new card."""
    since = (stage.house.notices.on(stage.desk.today()).p.cutover_on or stage.desk.today()) - dt.timedelta(days=4)
    people = invent_city(20, SEED + 2, stage.desk.today())
    for n, ill in enumerate([r for r in people if r.insured_on < since][:2]):
        about = {
            "name": ill.name,
            "region": ill.region,
            "insured_on": ill.insured_on.isoformat(),
            "channel": Channel.WINDOW,
        }
        old = {"old_card_number": ill.old_card_number, "balance_fen": 150_000, "in_hospital_since": since.isoformat()}
        stage.play(ill.number, [(RegisterPerson, about), (CarryOverAccount, {**old, "channel": Channel.IMPORTER})])
        stay, till = f"ZY-OLD-{n}", at.hospital
        admission: dict[str, Any] = {"stay": stay, "admitted_on": since, "ward": "内科"}
        till.sent(AdmitPatient, ill.number, card=stage.card_of(ill.number, CardKind.OLD_MEDICAL), **admission)
        if n:
            _card(stage, ill.number)
            card, pin = stage.card_of(ill.number), OWN_PIN
        else:
            stage.ask(ApplyForTemporaryCard, ill.number, new_pin=TEMPORARY_PIN)
            card, pin = stage.card_of(ill.number, CardKind.TEMPORARY), TEMPORARY_PIN
        till.sent(AdmitPatient, ill.number, card=card, **admission)
        till.sent(DischargePatient, ill.number, stay="ZY-OLD-9", discharged_on=stage.desk.today())
        till.sent(DischargePatient, ill.number, stay=stay, discharged_on=stage.desk.today())
        parts: dict[str, Any] = {
            "total_fen": 6_240_00,
            "pooled_fen": 4_492_80,
            "account_fen": 900_00,
            "cash_fen": 847_20,
        }
        for _time in range(2):  # once is enough
            till.sent(SettleCharge, ill.number, pin=pin, card=card, kind="inpatient", stay=stay, **parts)


def _correction(stage: Stage, cast: Iterator[str], _: Tills) -> None:
    """1.2: a supplement to this month's contribution was too high, and is put right by two people."""
    number, month = next(cast), f"{stage.desk.today():%Y-%m}"
    credited = stage.ask(CreditContribution, number, id=credit_id(month, number, 2), month=month, amount_fen=980_00)
    said: dict[str, Any] = {"entry": credited.entry, "right_fen": 98_00}
    proposed = stage.ask(ProposeCorrection, number, reason="金额多录了一位", **said)
    stage.ask(ApproveCorrection, number, proposal=proposed.entry, **said)
    stage.ask(ApproveCorrection, number, by="clerk-wang", proposal=proposed.entry, **said)


def _farewell(stage: Stage, cast: Iterator[str], _: Tills) -> None:
    """2.1: cards end with a death and with leaving; somebody who left comes back."""
    dead, left = next(cast), next(cast)
    stage.ask(CancelCard, dead, why="death")
    stage.ask(ApplyForCard, dead)
    stage.ask(CancelCard, left, why="leaving")


SCENES = (
    _expired_card,  # the first two of the cast are kept for these two
    _old_card,
    _newcomer,
    _first_card,
    _temporary_card,
    _replacement,
    _pin_and_lock,
    _at_the_till,
    _hospital,
    _correction,
    _farewell,
)
