"""Random lives for the laws: sequences of requests about a few people, biased so that they get far.

A `Step` says what somebody does in words such as "with the right PIN"; `playing.py` turns it into an ask.
"""

import datetime as dt
import os
import random
from typing import Any

import msgspec
from hypothesis import strategies as st

from shebaoka.desk import by_year
from shebaoka.records import SERVICES, CardKind, Channel, Material, OldRecord, Purpose

PEOPLE_MAX = 4
TIMES = 10 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 1
"""How many times as many lives as usual are tried."""
ON_DATABASE = 3 if TIMES > 1 else 1
"""The same where every life is lived three times on the database."""


class Step(msgspec.Struct, frozen=True):
    """One thing that somebody does. `days` pass before it; `again` sends an earlier request's id once more.

    `institution` is whose message it is, of those in `charging.py`, and `signed` whether it comes with its terms; both
    are for what institutions ask.
    """

    who: int
    service: str
    own: tuple[tuple[str, Any], ...] = ()
    pin: str = "none"
    new_pin: str = "none"
    channel: str = "right"
    shows: str | tuple[Material, ...] = "all"
    paid: str | int = "right"
    agent: bool = False
    days: int = 0
    again: tuple[str, int] | None = None
    institution: int = 0
    signed: bool = True
    by: str = "周"


CARD_WORDS = ("live", "live", "temporary", "old_medical", "ended", "mixed", "foreign", "made_up")
STAYS = ("S1", "S1", "S2")
KINDS = (CardKind.SOCIAL_SECURITY, CardKind.SOCIAL_SECURITY, CardKind.TEMPORARY, CardKind.OLD_MEDICAL)
_RECORDS = (
    (dt.date(2013, 3, 2), "东湖妇幼保健站", 3200, 3200),
    (dt.date(2012, 3, 2), "百草（平安路）药店", 990, 10),
)
YEARS = tuple(by_year(OldRecord(*record) for record in _RECORDS))
"""The same records counted by year, each year with its text."""
_OWN: dict[str, dict[str, tuple[Any, ...]]] = {
    "register_person": {
        "name": ("李娜", "买买提·吐尔逊", "䶮𬭸", "欧阳若可"),
        "region": ("140702", "140726"),
        "insured_on": (dt.date(2009, 4, 1), dt.date(2014, 1, 1)),
    },
    "carry_over_account": {
        "balance_fen": (0, 1, 123_45, 8_000_00),
        "old_card_number": ("0212345",),
        "records": ((), _RECORDS),
        "in_hospital_since": (None, dt.date(2013, 6, 20)),
    },
    "undo_carry_over": {"entry": (("carry_over", 1), ("carry_over", 2), ("any", 1))},
    "apply_for_card": {"collect_at": ("", "w2"), "photo": ("p1",)},
    "apply_for_temporary_card": {"hands_in_damaged_card": (True, False)},
    "amend_application": {"collect_at": (None, "w3"), "photo": (None, "p2")},
    "put_in_batch": {"batch": ("2013-26", "2013-27")},
    "record_rejected": {"reason": ("字迹不清",)},
    "collect_card": {"hands_in_temporary_card": (True, False)},
    "use_card": {"function": ("social", "social", "social", "financial", "extended"), "purpose": tuple(Purpose)},
    "report_loss": {"kind": ("formal", "temporary")},
    "record_bank_answer": {"financial": ("stopped", "active")},
    "replace_card": {"why": ("loss", "damage", "made_wrongly", "unlocks_used_up")},
    "cancel_card": {"why": ("request", "request", "request", "leaving", "death")},
    "add_extended_application": {"application": ("bus", "park", "zoo")},
    "remove_extended_application": {"application": ("bus", "park")},
    "look_up_person": {"reason": ("来电询问",)},
    "credit_contribution": {"month": ("2013-07",), "amount_fen": (1, 60_00)},
    "propose_correction": {"entry": (("credit", 1), ("charge", 1), ("any", 1), ("any", 3)), "reason": ("录入有误",)},
    "approve_correction": {"proposal": (("proposal", 1), ("proposal", 2), ("any", 1))},
    "settle_charge": {
        "card": tuple(("card", how) for how in CARD_WORDS),
        "kind": ("outpatient", "pharmacy", "inpatient"),
        "total_fen": (10_00, 70_00),
        "pooled_fen": (0, 10_00),
        "account_fen": (0, 10_00, 60_00),
        "stay": ("", "S1"),
    },
    "cancel_settlement": {"settlement": (("charge", 1), ("charge", 2), ("any", 1))},
    "reverse_message": {"message": (("mine", 1), ("mine", 2), ("any", 1), ("ahead", 1))},
    "admit_patient": {"card": tuple(("card", how) for how in CARD_WORDS), "stay": STAYS, "admitted_on": (0, 3, -1)},
    "amend_stay": {"stay": STAYS, "ward": ("内二", None), "admitted_on": (None, 1, -2)},
    "cancel_admission": {"stay": STAYS},
    "discharge_patient": {"stay": STAYS, "discharged_on": (0, 90)},
    "cancel_discharge": {"stay": STAYS},
}


def _do(service: str, *, pin: str = "none", new_pin: str = "none", days: int = 0, **own: Any) -> Step:
    return Step(0, service, tuple(own.items()), pin, new_pin, days=days)


def _temporary(service: str, **own: Any) -> Step:
    return _do(service, card="temporary", **own)


def _charge(account_fen: int, pooled_fen: int = 0, cash_fen: int = 0, *, pin: str = "right", **own: Any) -> Step:
    """A charge whose parts add up, with the card that the person has."""
    parts = {"account_fen": account_fen, "pooled_fen": pooled_fen, "cash_fen": cash_fen}
    return _do(
        "settle_charge",
        pin=pin,
        **{"card": ("card", "live"), "kind": "outpatient", "total_fen": sum(parts.values()), **parts, **own},
    )


def _back(back: int = 1) -> Step:
    return _do("cancel_settlement", settlement=("charge", back))


def _undo(back: int = 1, how: str = "mine") -> Step:
    return _do("reverse_message", message=(how, back))


def _credit(amount_fen: int) -> Step:
    return _do("credit_contribution", month="2013-07", amount_fen=amount_fen)


def _propose(right_fen: int) -> Step:
    return _do("propose_correction", entry=("credit", 1), right_fen=right_fen, reason="录入有误")


def _approve(**own: Any) -> Step:
    return msgspec.structs.replace(_do("approve_correction", proposal=("proposal", 1), **own), by="李")


_CARRIED = _do(
    "carry_over_account",
    balance_fen=123_45,
    old_card_number="0212345",
    records=_RECORDS,
    in_hospital_since=dt.date(2013, 6, 20),
)
_CARRIED_AGAIN = _do(
    "carry_over_account", balance_fen=123_54, old_card_number="0212345", years=tuple(year for year, _ in YEARS)
)
_UNDONE = _do("undo_carry_over", entry=("carry_over", 1))
_SAME_PERSON = _do("approve_correction", proposal=("proposal", 1))


def _at(institution: int, *steps: Step) -> tuple[Step, ...]:
    return tuple(msgspec.structs.replace(s, institution=institution) for s in steps)


ADMITTED = _do("admit_patient", card=("card", "live"), stay="S1", admitted_on=0)
LEFT = _do("discharge_patient", stay="S1", discharged_on=0, days=3)
INPATIENT = {"kind": "inpatient", "stay": "S1"}
MADE = (_do("put_in_batch", batch="2013-26"), _do("record_made"), _do("record_ready", days=9))
COLLECTED = (_do("collect_card", hands_in_temporary_card=True), _do("activate_card", new_pin="fit"))
LOST = (_do("report_loss", kind="formal"), _do("replace_card", why="loss"))
PATHS: dict[str, tuple[Step, ...]] = {
    "registered": (_do("register_person", name="李娜", region="140702", insured_on=dt.date(2009, 4, 1)),),
    "issue": (_do("apply_for_card"), *MADE, *COLLECTED),
    "use": (_do("use_card", pin="right"), _do("use_card", pin="right", purpose="enquiry")),
    "lose_and_replace": (*LOST, *MADE, *COLLECTED),
    "temporary_meanwhile": (*LOST, _do("apply_for_temporary_card", new_pin="fit"), *MADE, *COLLECTED),
    "found_again": (
        _do("report_loss", kind="temporary"),
        _do("report_loss", kind="formal", days=2),
        _do("apply_for_temporary_card", new_pin="fit"),
        _do("cancel_loss_report", days=3),
    ),
    "lifts_by_itself": (_do("report_loss", kind="temporary"), _do("end_loss_report", days=8)),
    "damaged": (
        _do("replace_card", why="damage"),
        _do("apply_for_temporary_card", new_pin="fit", hands_in_damaged_card=True),
        *MADE,
        *COLLECTED,
    ),
    "temporary": (
        _do("apply_for_temporary_card", new_pin="fit"),
        _temporary("use_card", pin="right"),
        _temporary("report_loss", kind="formal"),
        _temporary("replace_card", why="loss", new_pin="fit"),
    ),
    "temporary_longer": (
        _do("apply_for_temporary_card", new_pin="fit"),
        *(_temporary("extend_card", days=20) for _ in range(3)),
        _temporary("hand_in_card"),
    ),
    "temporary_expires": (_do("apply_for_temporary_card", new_pin="fit"), _temporary("expire_card", days=400)),
    "locked": (
        *(_do("use_card", pin="wrong") for _ in range(6)),
        _do("use_card", pin="right"),
        _do("unlock_card"),
        _do("reset_pin", new_pin="fit"),
        _do("change_pin", pin="right", new_pin="fit"),
    ),
    "rejected": (_do("apply_for_card"), MADE[0], _do("record_rejected", reason="照片不清"), *MADE, *COLLECTED),
    "uncollected": (
        _do("apply_for_card"),
        *MADE,
        _do("return_uncollected_card", days=100),
        _do("record_ready", days=5),
        *COLLECTED,
    ),
    "withdrawn": (_do("apply_for_card"), _do("amend_application", collect_at="w3"), _do("withdraw_application")),
    "carried": (
        _CARRIED,
        _do("stop_old_card", days=6),
        _do("use_card", pin="right", purpose="discharge"),
    ),
    "moved_over": (
        _do(
            "carry_over_account",
            balance_fen=77_70,
            old_card_number="0212347",
            name="欧阳若可",
            region="140726",
            insured_on=dt.date(2008, 1, 1),
            years=tuple(year for year, _ in YEARS),
        ),
    ),
    "carried_and_undone": (_CARRIED, _UNDONE, _UNDONE, _CARRIED_AGAIN, _do("stop_old_card", days=6), _UNDONE),
    "undone_too_late": (_CARRIED, _credit(1), _UNDONE),
    "corrected_and_undone": (_CARRIED, _propose(100_00), _approve(), _UNDONE),
    "extended": (
        _do("add_extended_application", application="bus"),
        _do("use_card", function="extended"),
        _do("remove_extended_application", application="bus"),
    ),
    "cancelled_and_again": (_do("cancel_card", why="request"), _do("apply_for_card"), *MADE, *COLLECTED),
    "left_and_back": (
        _do("cancel_card", why="leaving"),
        _do("register_person", name="李娜", region="140702", insured_on=dt.date(2013, 1, 1), days=30),
        _do("apply_for_card"),
    ),
    "credited": (_credit(200_00),),
    "charged": (_charge(60_00), _charge(10_00, 20_00, 5_00), _charge(0, 12_00), _charge(0, 0, 7_00)),
    "charged_too_much": (_credit(1), _charge(300_00), *_at(1, _charge(300_00, kind="pharmacy"), _charge(1, 1))),
    "taken_back": (_charge(10_00, 20_00, 5_00), _back(), _back(), _back(2), _charge(10_00)),
    "reversed": (_charge(10_00, 1_00), _undo(), _undo(2), *_at(1, _charge(3_00), _undo(), _undo(), _back())),
    "cancel_reversed": (_charge(10_00), _back(), _undo(), _back(3), _undo(), _undo(5), _undo(2)),
    "cancel_reversed_too_late": (_credit(5_00), _charge(5_00), _back(), _charge(300_00), *_at(1, _charge(300_00))),
    "stopped": (_undo(2, "ahead"), _undo(1, "ahead"), _charge(10_00), _undo(1, "ahead"), _back()),
    "foreign": (_charge(10_00), *_at(1, _undo(1, "any"), _back(), _undo(1, "mine")), _undo(3, "any")),
    "stay": (ADMITTED, _charge(8_00, 30_00, **INPATIENT), LEFT, _charge(9_00, 40_00, **INPATIENT), _back()),
    "stay_amended": (ADMITTED, _do("amend_stay", stay="S1", ward="外一"), _do("cancel_admission", stay="S1"), ADMITTED),
    "stay_again": (
        ADMITTED,
        LEFT,
        _do("cancel_discharge", stay="S1"),
        _charge(2_00, **INPATIENT),
        _do("cancel_admission", stay="S1"),
        _back(),
        _do("cancel_admission", stay="S1"),
        _undo(2),
        _undo(3),
    ),
    "stay_settled": (
        ADMITTED,
        LEFT,
        _charge(1_00, 1_00, **INPATIENT),
        _do("cancel_discharge", stay="S1"),
        _charge(1_00, **INPATIENT),
        _undo(3),
        *_at(2, _do("admit_patient", card=("card", "live"), stay="S2", admitted_on=0)),
        _do("cancel_discharge", stay="S1"),
    ),
    "stay_from_the_old_card": (
        _do(
            "carry_over_account",
            balance_fen=90_00,
            old_card_number="0212346",
            in_hospital_since=dt.date(2013, 6, 20),
        ),
        msgspec.structs.replace(ADMITTED, own=(*ADMITTED.own[:-1], ("admitted_on", dt.date(2013, 6, 20)))),
        LEFT,
        _charge(1_00, 1_00, **INPATIENT),
    ),
    "corrected": (_credit(60_00), _propose(6_00), _approve(), _approve(), _propose(0)),
    "corrected_to_nothing": (
        _credit(60_00),
        _propose(0),
        _approve(right_fen=1),
        _SAME_PERSON,
        _approve(),
        _propose(9),
        _approve(),
    ),
    "died": (_do("cancel_card", why="death"), _do("use_card", pin="right")),
    "bank": (_do("report_loss", kind="formal"), _do("record_bank_answer", financial="stopped")),
}
_ENDINGS = ("died", "left_and_back", "cancelled_and_again", "registered", "withdrawn")
_RARE = ("temporary", "temporary_longer", "temporary_expires")
"""Only of use to whoever has no social security card, which soon nearly everybody has; so they come more often."""
_ROADS = sorted([name for name in PATHS for _ in range(1 if name in _ENDINGS else 12 if name in _RARE else 4)])
_DAYS = (*[0] * 12, 1, 2, 7, 8, 40, 366, 1500)
_FAULTS = (
    {"channel": "phone"},
    {"channel": "terminal"},
    {"shows": "none"},
    {"shows": (Material.IDENTITY_CARD, Material.CARD)},
    {"paid": 5},
    {"paid": 2800},
    {"pin": "wrong"},
    {"pin": "right"},
    {"pin": "none"},
    {"new_pin": "none"},
    {"new_pin": "fit"},
    {"new_pin": "short"},
    {"new_pin": "first"},
    {"new_pin": "simple"},
    {"agent": True},
    {"signed": False},
    {"institution": 1},
    {"institution": 2},
    {"agent": True, "shows": (Material.IDENTITY_CARD, Material.IDENTITY_COPY, Material.CARD, Material.PHOTO)},
)
AGAIN = ("same", "same", "content", "pin", "sender")

_STRAYS = (
    _do("collect_card"),
    _do("replace_card", why="made_wrongly"),
    _do("replace_card", why="unlocks_used_up"),
    _temporary("replace_card", why="made_wrongly", new_pin="fit"),
    _temporary("activate_card"),
    _temporary("use_card", pin="right", purpose="discharge"),
    _temporary("use_card", function="financial"),
    _temporary("expire_card"),
    _do("use_card", card="old_medical"),
    _do("use_card", card="old_medical", purpose="discharge"),
    _do("use_card", function="financial"),
    _do("add_extended_application", application="zoo"),
    _do("record_bank_answer", financial="active"),
    _do("end_loss_report"),
    _do("look_up_person", reason="来电询问"),
    _do("register_person", name="李娜", region="140726", insured_on=dt.date(2030, 1, 1)),
    *(_charge(1_00, card=("card", how)) for how in sorted(set(CARD_WORDS))),
    _charge(1_00, pin="wrong"),
    _charge(1_00, pin="none"),
    _charge(1_00, kind="inpatient"),
    _charge(1_00, stay="S1"),
    _charge(1_00, total_fen=2_00),
    _do("propose_correction", entry=("charge", 1), reason="录入有误"),
    _do("admit_patient", card=("card", "live"), stay="S2", admitted_on=-1),
    _do("discharge_patient", stay="S1", discharged_on=90),
    _undo(1, "any"),
    _undo(0, "ahead"),
)
_SOUND = tuple(dict.fromkeys(step for path in PATHS.values() for step in path))


def _stray(draw: random.Random) -> Step:
    """A step out of the blue: a sound one out of place, perhaps with a fault, or one with nothing thought of."""
    if draw.random() < 0.7:
        return msgspec.structs.replace(draw.choice(_SOUND + _STRAYS), **draw.choice(({}, {}, *_FAULTS)))
    service = draw.choice(sorted(SERVICES))
    own = {name: draw.choice(values) for name, values in _OWN.get(service, {}).items()}
    if "card" in SERVICES[service].__struct_fields__ and "card" not in own:
        own["card"] = draw.choice(KINDS)
    return Step(
        who=0,
        service=service,
        own=tuple(own.items()),
        pin=draw.choice(("none", "right", "right", "wrong")),
        new_pin=draw.choice(("none", "fit", "fit", "short", "simple")),
        channel=draw.choice(("right", "right", "right", *Channel)),
        shows=draw.choice(("all", "all", "all", "none")),
        paid=draw.choice(("right", "right", 0, 2800)),
        agent=draw.random() < 0.3,
        days=draw.choice(_DAYS),
        institution=draw.choice((0, 0, 1, 2)),
    )


def _passage(seed: str) -> list[Step]:
    """A path through a piece of somebody's life: as it should go, or with a fault, cut short, or interrupted."""
    draw = random.Random(seed)  # noqa: S311 - a random life, no secret
    who = draw.choice((0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3))
    steps = list(PATHS[draw.choice(_ROADS)])
    at = draw.randrange(len(steps))
    change = draw.choice(("nothing", "fault", "cut", "interruption", "interruption", "strays", "strays"))
    if change == "fault":
        steps[at] = msgspec.structs.replace(steps[at], **draw.choice(_FAULTS))
    elif change == "cut":
        steps = steps[: at + 1]
    elif change == "interruption":
        steps[at:at] = [_stray(draw) for _ in range(draw.randint(1, 3))]
    elif change == "strays":
        steps = [_stray(draw) for _ in range(draw.randint(1, 5))]
    steps[0] = msgspec.structs.replace(steps[0], days=draw.choice(_DAYS))
    if draw.random() < 0.3:
        steps.append(msgspec.structs.replace(steps[-1], again=(draw.choice(AGAIN), draw.randint(1, 12)), days=0))
    return [msgspec.structs.replace(s, who=who) for s in steps]


def _beginning(seed: str) -> list[Step]:
    """Most people are registered, some with their old account, many with a card of their own."""
    draw = random.Random(seed)  # noqa: S311 - a random life, no secret
    steps: list[Step] = []
    for path, chance in (
        ("moved_over", 0.1),
        ("registered", 0.95),
        ("carried", 0.3),
        ("issue", 0.6),
        ("credited", 0.5),
    ):
        for who in range(PEOPLE_MAX):
            if draw.random() < chance:
                steps += [msgspec.structs.replace(s, who=who) for s in PATHS[path]]
    return steps


_SEEDS = st.tuples(*[st.integers(0, 9)] * 6).map(str)
"""Digits apart, because Hypothesis draws one number again and again, and of six small ones makes new sequences."""


@st.composite
def lives(draw: st.DrawFn, passages: int = 12) -> list[Step]:
    """A sequence of steps about one to four people.

    Each passage comes from one seed: that reaches much further than drawing step by step, and a failing life still
    shrinks to the few passages that it needs.
    """
    people = draw(st.integers(1, PEOPLE_MAX))
    steps = [s for s in _beginning(draw(_SEEDS)) if s.who < people]
    for passage in draw(st.lists(_SEEDS.map(_passage), min_size=1, max_size=passages)):
        steps += [msgspec.structs.replace(s, who=s.who if s.who < people else 0) for s in passage]
    return steps
