"""Today's scenes of the demonstration: between them every clause says yes at least once, and no at least once.

Each scene is somebody's errand, as a table of requests; it takes its people from the cast and tells how many
requests it made.
"""

import datetime as dt
from collections.abc import Iterator

from shebaoka.city import invent_city
from shebaoka.records import (
    ActivateCard,
    AddExtendedApplication,
    AmendApplication,
    ApplyForCard,
    ApplyForTemporaryCard,
    CancelCard,
    CancelLossReport,
    CarryOverAccount,
    ChangePin,
    Channel,
    CollectCard,
    ExpireCard,
    ExtendCard,
    HandInCard,
    LookUpPerson,
    PutInBatch,
    RecordBankAnswer,
    RecordMade,
    RecordReady,
    RegisterPerson,
    RemoveExtendedApplication,
    ReplaceCard,
    ReportLoss,
    ResetPin,
    StopOldCard,
    UnlockCard,
    UseCard,
    WithdrawApplication,
)
from shebaoka.stage import Stage, Steps

ID_ONLY = ("identity_card", "identity_copy")
SEED = 20260101
_MADE: Steps = [(ApplyForCard, {}), (PutInBatch, {"batch": "B-0003"}), (RecordMade, {}), (RecordReady, {})]


def _card(stage: Stage, number: str) -> None:
    """From the application to the activated card, in one day; the holder knows the PIN 593816."""
    stage.play(number, [*_MADE, (CollectCard, {}), (ActivateCard, {"new_pin": "593816"})])


def _newcomer(stage: Stage, cast: Iterator[str]) -> int:
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
    stage.ask(LookUpPerson, known, channel=Channel.PORTAL, reason="is my card activated?")
    return len(steps) + 2


def _old_card(stage: Stage, cast: Iterator[str]) -> int:
    """1.1: the old card stops, and is refused at the pharmacy."""
    number = next(cast)
    stage.ask(StopOldCard, number, channel=Channel.CALENDAR)
    stage.ask(UseCard, number, card="old_medical")
    stage.ask(ReportLoss, number, card="old_medical")
    return 3


def _first_card(stage: Stage, cast: Iterator[str]) -> int:
    """2.1, 2.4, 3.1, 3.3, 5.1, 5.3: a first card, its functions, and what it stands in the way of."""
    number = next(cast)
    steps: Steps = [
        *_MADE,
        (CollectCard, {}),
        (UseCard, {"pin": "593816"}),  # not activated
        (UseCard, {"function": "financial"}),
        (ActivateCard, {"new_pin": "593816"}),
        (ActivateCard, {}),
        (UseCard, {"pin": "593816"}),
        (ApplyForCard, {}),
        (ApplyForTemporaryCard, {"new_pin": "472093"}),
        (ExtendCard, {"card": "social_security"}),
        (AddExtendedApplication, {"application": "library"}),
        (AddExtendedApplication, {"application": "casino"}),
        (RemoveExtendedApplication, {"application": "library"}),
    ]
    stage.play(number, steps)
    return len(steps)


def _temporary_card(stage: Stage, cast: Iterator[str]) -> int:
    """2.3, 3.2, 3.4, 4.3, 5.4, 6.3, 6.4, 9.1: a temporary card until the social security card is there."""
    number, expired = next(cast), next(cast)
    steps: Steps = [
        (ApplyForTemporaryCard, {"shows": ID_ONLY, "new_pin": "472093"}),
        (ApplyForTemporaryCard, {"new_pin": "4720"}),
        (ApplyForTemporaryCard, {"new_pin": "472093", "paid_fen": 1000}),
        (ApplyForTemporaryCard, {"new_pin": "472093"}),
        (UseCard, {"card": "temporary", "pin": "472093"}),
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
    stage.play(number, steps)
    stage.ask(ApplyForTemporaryCard, expired, new_pin="472093")
    stage.ask(HandInCard, expired)
    return len(steps) + 2


def _replacement(stage: Stage, cast: Iterator[str]) -> int:
    """2.2, 2.4, 5.3, 6.2, 7.1, 9.4: lost, reported, replaced, and found again."""
    number = next(cast)
    _card(stage, number)
    steps: Steps = [
        (ReplaceCard, {"why": "loss", "paid_fen": 2800}),  # not reported yet
        (ReportLoss, {"channel": Channel.PHONE}),
        (ReportLoss, {"shows": ID_ONLY}),
        (RecordBankAnswer, {"financial": "stopped", "channel": Channel.BANK}),
        (UseCard, {"function": "financial"}),
        (UseCard, {"pin": "593816"}),
        (ReplaceCard, {"why": "loss", "shows": ID_ONLY}),
        (ReplaceCard, {"why": "loss", "shows": ID_ONLY, "paid_fen": 2800}),
        (ApplyForTemporaryCard, {"new_pin": "472093"}),
        (CancelLossReport, {}),
        (RecordBankAnswer, {"financial": "active", "channel": Channel.BANK}),
        (UseCard, {"card": "temporary", "pin": "472093"}),
    ]
    stage.play(number, steps)
    return 6 + len(steps)


def _pin_and_lock(stage: Stage, cast: Iterator[str]) -> int:
    """9.1, 9.2, 9.3, 7.2: a forgotten PIN, six wrong entries, the lock, and an agent who forgot their own papers."""
    number = next(cast)
    _card(stage, number)
    agent = {"name": "王芳", "number": "140702198003150024", "relation": "daughter"}
    for _ in range(6):
        stage.ask(UseCard, number, pin="118822")
    steps: Steps = [
        (UseCard, {"pin": "593816"}),
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
    stage.ask(ChangePin, first, pin="118822", new_pin="730184")
    return 6 + 6 + len(steps) + 8


def _hospital(stage: Stage, cast: Iterator[str]) -> int:
    """8.1: in hospital when the old card stopped; discharged on a temporary card."""
    ill = invent_city(1, SEED + 2, stage.desk.today())[0]
    today = stage.desk.today()
    steps: Steps = [
        (
            RegisterPerson,
            {"name": ill.name, "region": ill.region, "insured_on": "2012-05-01", "channel": Channel.WINDOW},
        ),
        (
            CarryOverAccount,
            {
                "old_card_number": ill.old_card_number,
                "balance_fen": 150_000,
                "in_hospital_since": (today - dt.timedelta(days=4)).isoformat(),
                "channel": Channel.IMPORTER,
            },
        ),
        (UseCard, {"card": "old_medical", "purpose": "discharge"}),
        (ApplyForTemporaryCard, {"new_pin": "472093"}),
        (UseCard, {"card": "temporary", "purpose": "discharge", "pin": "472093"}),
        (UseCard, {"card": "temporary", "purpose": "discharge", "pin": "472093"}),
    ]
    stage.play(ill.number, steps)
    del cast
    return len(steps)


def _farewell(stage: Stage, cast: Iterator[str]) -> int:
    """2.1: cards end with a death and with leaving; somebody who left comes back."""
    dead, left = next(cast), next(cast)
    stage.ask(CancelCard, dead, why="death")
    stage.ask(ApplyForCard, dead)
    stage.ask(CancelCard, left, why="leaving")
    return 3


SCENES = (_newcomer, _old_card, _first_card, _temporary_card, _replacement, _pin_and_lock, _hospital, _farewell)
