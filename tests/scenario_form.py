"""The form of a scenario: a case in words that somebody at the window can read, and how it is read from YAML.

A scenario says who the person is and what they hold (`given`), what is asked (`when`) and what comes of it (`then`).
What a scenario leaves out is as it usually is:

- the person is insured; a card is in use, with its own PIN, neither lost nor locked;
- the request comes to the window, or the first way that the notice names; it is the holder who asks, and everything
  that the notice asks for is shown; nothing is paid, no PIN is entered;
- an institution's message is signed, by a hospital that may settle every kind of care and has no part payment; of a
  charge, what neither pooled fund nor account pays is cash;
- in `then`, what is not said is not looked at; a list that is said (`done`, `next`, `also` …) is said in full.

A terminal reads a card: its kind stands for the last one of that kind, a number for the n-th card of `given`, and
`unknown` for one that the person never had. What was asked before stands under `earlier` and is played first; the
request that takes it up names it by its place there: `settlement: 1`, `message: 2`, `entry: 1`, `proposal: 2`.
A card that is shown electronically says what its `code` is: `good`, `passed`, or `used` by what was asked earlier.

An unknown key anywhere is a fault that names the file and the scenario. `scenario.py` plays what is read here.
"""

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml
from msgspec import UNSET, UnsetType

from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    OF_INSTITUTIONS,
    SERVICES,
    AdmitPatient,
    Agent,
    CardKind,
    Channel,
    CodeCheck,
    Ending,
    Financial,
    Life,
    Loss,
    Making,
    Material,
    NewPin,
    PinCheck,
    SettleCharge,
    Standing,
    StayState,
    Terms,
    Why,
    credit_id,
)

SCENARIOS = Path(__file__).parent / "scenarios"

# The cast: invented people. First seventeen digits of the number; the check digit is worked out.
CAST: Mapping[str, tuple[str, str]] = {
    "李娜": (with_check_digit("14070219850312002"), "140702"),
    "王建国": (with_check_digit("14072619520817001"), "140726"),
    "张伟": (with_check_digit("14240119780905103"), "140702"),
    "赵敏": (with_check_digit("14072919910228004"), "140729"),
    "买买提·吐尔逊": (with_check_digit("65310119660101001"), "140781"),
    "欧阳雪": (with_check_digit("14078119991231002"), "140781"),
    "陈小雨": (with_check_digit("14070220130520002"), "140702"),
    "孙丽": (with_check_digit("14070219620715006"), "140702"),
}  # fmt: skip
# Two whose numbers cannot be: the first has a wrong check digit, the second was born in the year 2099.
MISTAKEN: Mapping[str, tuple[str, str]] = {
    "周正": (CAST["李娜"][0][:17] + ("0" if CAST["李娜"][0][17] != "0" else "1"), "140702"),
    "吴未来": (with_check_digit("14070220990101001"), "140702"),
}
AGENT = Agent(name="孙丽", number=CAST["孙丽"][0], relation="家属")
HOSPITAL = "H14070200011"
STAY = "ZY20130118"
SHOWN = "5b" * 16
PLACES = ("settlement", "entry", "proposal")
"""What a request says of an entry's place: in a scenario the place under `earlier`."""
USUAL: Mapping[str, Mapping[str, object]] = {
    "carry_over_account": {"old_card_number": "1407000001", "balance_fen": 0},
    "put_in_batch": {"batch": "2013-27"},
    "record_rejected": {"reason": "照片模糊"},
    "look_up_person": {"reason": "询问是否已启用"},
    "settle_charge": {"kind": "pharmacy"},
    "credit_contribution": {"month": "2013-06"},
    "propose_correction": {"reason": "金额录错"},
    **{s: {"stay": STAY} for s in ("admit_patient", "amend_stay", "cancel_admission", "cancel_discharge")},
    "discharge_patient": {"stay": STAY},
}
"""What a request says where the scenario does not; the day of an admission or discharge is that of the scenario."""
_DAYS = {"admit_patient": "admitted_on", "discharge_patient": "discharged_on"}


class ScenarioError(Exception):
    """A scenario cannot be read; the sentence names file and scenario."""


class _Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a scenario: no key that is not known."""


class CardSays(_Form, frozen=True, kw_only=True):
    """A card in words. In `given` what is left out is usual, in `then` it is not looked at."""

    kind: CardKind | UnsetType = UNSET
    state: Life | UnsetType = UNSET
    ending: Ending | UnsetType | None = UNSET
    issued_on: dt.date | UnsetType = UNSET
    ended_on: dt.date | UnsetType = UNSET
    valid_until: dt.date | UnsetType = UNSET
    loss: Loss | UnsetType = UNSET
    loss_until: dt.date | UnsetType | None = UNSET
    locked: bool | UnsetType = UNSET
    pin_tries: int | UnsetType = UNSET
    unlocks: int | UnsetType = UNSET
    first_pin: bool | UnsetType = UNSET
    financial: Financial | UnsetType = UNSET
    applications: tuple[str, ...] | UnsetType = UNSET


class ApplicationSays(_Form, frozen=True, kw_only=True):
    """An application in words; `replaces` names the kind of the card that it replaces."""

    why: Why | UnsetType = UNSET
    making: Making | UnsetType = UNSET
    applied_on: dt.date | UnsetType = UNSET
    fee_fen: int | UnsetType = UNSET
    replaces: CardKind | UnsetType | None = UNSET
    batch: str | UnsetType = UNSET
    remakes: int | UnsetType = UNSET
    collect_at: str | UnsetType = UNSET
    photo: str | UnsetType = UNSET
    ready_on: dt.date | UnsetType = UNSET


class PersonSays(_Form, frozen=True, kw_only=True):
    """What then holds of the person."""

    name: str | UnsetType = UNSET
    region: str | UnsetType = UNSET
    standing: Standing | UnsetType = UNSET
    birth_on: dt.date | UnsetType = UNSET
    sex: str | UnsetType = UNSET
    insured_on: dt.date | UnsetType = UNSET
    in_hospital_since: dt.date | UnsetType | None = UNSET


class AccountSays(_Form, frozen=True, kw_only=True):
    """An account in words."""

    balance_fen: int = 0
    carried_over_on: dt.date | None = None


class StaySays(_Form, frozen=True, kw_only=True):
    """A stay in hospital in words. In `given` what is left out is usual, in `then` it is not looked at."""

    number: str | UnsetType = UNSET
    institution: str | UnsetType = UNSET
    state: StayState | UnsetType = UNSET
    admitted_on: dt.date | UnsetType = UNSET
    discharged_on: dt.date | UnsetType | None = UNSET
    ward: str | UnsetType = UNSET
    begun_on_old_card: bool | UnsetType = UNSET
    settlements: int | UnsetType = UNSET


class TermsSays(_Form, frozen=True, kw_only=True):
    """What the institution that asks is allowed."""

    institution: str = HOSPITAL
    kinds: tuple[str, ...] = ("outpatient", "pharmacy", "inpatient")
    part_payment: bool = False


class GivenSays(_Form, frozen=True, kw_only=True):
    """Who it is and what they hold; cards and stays in the order in which they came to be.

    `earlier` is what was asked before, each as `when` has it; one that was refused says `refused` beside it.
    """

    person: str
    standing: Literal["insured", "left", "dead", "not_registered"] = "insured"
    insured_on: dt.date = dt.date(2008, 4, 1)
    in_hospital_since: dt.date | None = None
    cards: tuple[CardSays, ...] = ()
    application: ApplicationSays | None = None
    account: AccountSays | None = None
    stays: tuple[StaySays, ...] = ()
    earlier: tuple[dict[str, Any], ...] = ()


class HowSays(_Form, frozen=True, kw_only=True):
    """How a request comes: what every service can say beside its own fields."""

    at: Channel | None = None
    shows: tuple[Material, ...] | None = None
    by: Literal["holder", "agent"] = "holder"
    pin: PinCheck = PinCheck.NOT_GIVEN
    new_pin: NewPin = NewPin.NOT_GIVEN
    code: CodeCheck = CodeCheck.NOT_SHOWN
    paid_fen: int = 0
    clerk: str = "经办一"
    approved_by: str = ""
    terms: TermsSays | UnsetType | None = UNSET


class RecordSays(_Form, frozen=True, kw_only=True):
    """A consumption record of the old card."""

    on: dt.date
    institution: str = "汾河湾综合医院"
    total_fen: int
    account_fen: int = 0


class ThenSays(_Form, frozen=True, kw_only=True):
    """What comes of it."""

    accepted: str | None = None
    refused: str | None = None
    clause: str
    also: tuple[str, ...] | UnsetType = UNSET
    nothing_changed: Literal[True] | UnsetType = UNSET
    card: CardSays | UnsetType = UNSET
    cards: dict[CardKind, CardSays] | UnsetType = UNSET
    application: ApplicationSays | UnsetType = UNSET
    person: PersonSays | UnsetType = UNSET
    account: AccountSays | UnsetType = UNSET
    stay: StaySays | UnsetType = UNSET
    done: tuple[str, ...] | UnsetType = UNSET
    fee_fen: int | UnsetType = UNSET
    missing: tuple[str, ...] | UnsetType = UNSET
    next: tuple[str, ...] | UnsetType = UNSET
    readings: tuple[str, ...] | UnsetType = UNSET
    facts: dict[str, Any] | UnsetType = UNSET


class Scenario(_Form, frozen=True, kw_only=True):
    """One case; `when` has one service with what it says."""

    name: str
    on: dt.date
    at: str = "10:00"
    city: str = "jinzhong"
    given: GivenSays
    when: dict[str, dict[str, Any]]
    then: ThenSays
    file: str = ""

    @property
    def label(self) -> str:
        """The scenario as a test is named."""
        return f"{self.file.removesuffix('.yaml')}: {self.name}"


class _Plain(yaml.SafeLoader):
    """YAML as it is read aloud: `on` is a word, 10:00 is no number, 28.50 stays as written; a key stands once."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's own way of saying it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping, refused if a key stands twice."""
        keys = [self.construct_object(k, deep=True) for k, _ in node.value]
        twice = {k for k in keys if keys.count(k) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"the key {min(twice)!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("null", r"^(null|~|)$", ["n", "~", ""]),
    ("bool", r"^(true|false)$", ["t", "f"]),
    ("int", r"^-?(0|[1-9][0-9]*)$", list("-0123456789")),
    ("timestamp", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", list("0123456789")),
):
    _Plain.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def _fen(said: object) -> object:
    """Every `…_yuan` turned into `…_fen`, to the fen."""
    if isinstance(said, list):
        return [_fen(x) for x in said]
    if not isinstance(said, dict):
        return said
    turned = {}
    for key, value in said.items():
        if isinstance(key, str) and key.endswith("_yuan"):
            whole, _, rest = str(value).partition(".")
            turned[key[:-5] + "_fen"] = int(whole) * 100 + int(rest.ljust(2, "0"))
        else:
            turned[key] = _fen(value)
    return turned


def read_scenarios(text: str, file: str) -> list[Scenario]:
    """All scenarios of one file; `ScenarioError` names file and scenario."""
    try:
        entries = yaml.load(text, _Plain)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as e:
        raise ScenarioError(f"{file}: {e}") from None
    scenarios = []
    for i, entry in enumerate(entries, 1):
        name = entry.get("name", f"number {i}") if isinstance(entry, dict) else f"number {i}"
        try:
            scenario = msgspec.convert({**_fen(entry), "file": file}, Scenario)  # type: ignore[dict-item]
            _check(scenario)
        except (msgspec.ValidationError, ScenarioError, ValueError, TypeError, AttributeError) as e:
            raise ScenarioError(f"{file}: {name}: {e}") from None
        scenarios.append(scenario)
    return scenarios


def _check(scenario: Scenario) -> None:
    """`ScenarioError` for what has the right form and still makes no case."""
    if len(scenario.when) != 1 or not set(scenario.when) <= set(SERVICES):
        raise ScenarioError(f"when: name one service, not {sorted(scenario.when)}")
    if (scenario.then.accepted is None) == (scenario.then.refused is None):
        raise ScenarioError("then: say either accepted or refused")
    cast_of(scenario)
    for earlier in scenario.given.earlier:
        if len(set(earlier) - {"refused"}) != 1 or not set(earlier) - {"refused"} <= set(SERVICES):
            raise ScenarioError(f"given.earlier: name one service each, not {sorted(earlier)}")
    for turn in range(1, last_turn(scenario) + 1):
        parts_of(scenario, turn)


def all_scenarios() -> list[Scenario]:
    """Every scenario there is, by file."""
    return [s for path in sorted(SCENARIOS.glob("*.yaml")) for s in read_scenarios(path.read_text("utf-8"), path.name)]


def parts_of(scenario: Scenario, turn: int | None = None) -> tuple[str, HowSays, dict[str, Any]]:
    """The service, how it is asked, and what it says of its own; `turn` counts what is asked, `when` coming last."""
    turn = turn or last_turn(scenario)
    service, said = _asked_at(scenario, turn)
    how = msgspec.convert({k: said.pop(k) for k in HowSays.__struct_fields__ if k in said}, HowSays)
    own = {"id": _id_of(scenario, turn), "person": cast_of(scenario)[0], **USUAL.get(service, {}), **said}
    if how.code is not CodeCheck.NOT_SHOWN:
        own["code"] = SHOWN
    if "records" in own:
        records = msgspec.convert(own["records"], tuple[RecordSays, ...])
        own["records"] = [[r.on, r.institution, r.total_fen, r.account_fen] for r in records]
    if service == "register_person":
        own = {"name": scenario.given.person, "region": cast_of(scenario)[1], "insured_on": scenario.on, **own}
    if service in _DAYS:
        own.setdefault(_DAYS[service], scenario.on)
    if service == "settle_charge" and "cash_fen" not in own:
        own["cash_fen"] = max(own.get("total_fen", 0) - own.get("pooled_fen", 0) - own.get("account_fen", 0), 0)
    msgspec.convert(_named(scenario, service, own), SERVICES[service])
    return service, how, _named(scenario, service, own)


def last_turn(scenario: Scenario) -> int:
    """The turn of `when`: what was asked earlier has the turns from 1 on."""
    return len(scenario.given.earlier) + 1


def seq_of(turn: int) -> int:
    """The number of a turn's entry in the person's journal; the first stands for the past that `given` tells."""
    return turn + 1


def card_numbers(kind: CardKind, n: int) -> tuple[str, str]:
    """Number and serial of the n-th card of a scenario."""
    if kind is CardKind.OLD_MEDICAL:
        return f"140700{n:04d}", ""
    return f"{'S' if kind is CardKind.SOCIAL_SECURITY else 'T'}{n:08d}", "140700" + f"{n:026x}"


def terms_of(service: str, how: HowSays) -> Terms | None:
    """The terms of the institution that asks; None where no institution asks, or its message is not signed."""
    usual = TermsSays() if SERVICES[service] in OF_INSTITUTIONS else None
    said = usual if how.terms is UNSET else how.terms
    return Terms(said.institution, said.kinds, said.part_payment, cycle=1) if said else None


def _asked_at(scenario: Scenario, turn: int) -> tuple[str, dict[str, Any]]:
    """The service of a turn, and what is said of it."""
    asked = scenario.when if turn == last_turn(scenario) else scenario.given.earlier[turn - 1]
    ((service, said),) = ((k, v) for k, v in asked.items() if k != "refused")
    return service, dict(said or {})


def _id_of(scenario: Scenario, turn: int) -> str:
    """The id of what is asked at a turn; a message's is the institution's own code, with time and number."""
    service, said = _asked_at(scenario, turn)
    if service == "credit_contribution":
        month = str({**USUAL[service], **said}["month"])
        return credit_id(month, cast_of(scenario)[0], turn + 1)
    if SERVICES[service] not in OF_INSTITUTIONS:
        return f"scenario-{turn}"
    institution = (said.get("terms") or {}).get("institution", HOSPITAL)
    return f"{institution}{scenario.on:%Y%m%d}{scenario.at.replace(':', '')}00{turn:04d}"


def _named(scenario: Scenario, service: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """A request with cards, places and messages as a terminal or a clerk names them, where the scenario has words."""
    named = dict(own)
    card = own.get("card", CardKind.SOCIAL_SECURITY)
    if SERVICES[service] in (SettleCharge, AdmitPatient) or (isinstance(card, int) or card == "unknown"):
        number, serial = _read(scenario, card)
        named["card"] = {"number": number, "serial": serial}
    for field in PLACES:
        if isinstance(place := own.get(field), int):
            named[field] = f"1-{seq_of(place)}"
    if service == "reverse_message" and isinstance(turn := own.get("message"), int):
        named["message"] = _id_of(scenario, turn)
    return named


def _read(scenario: Scenario, card: object) -> tuple[str, str]:
    """Number and serial of a card as a terminal reads it."""
    if card == "unknown":
        return card_numbers(CardKind.SOCIAL_SECURITY, 77)
    found = [(n, c.kind) for n, c in enumerate(scenario.given.cards, 1) if card in (n, c.kind)]
    if not found:
        raise ScenarioError(f"card: nobody holds {card!r}")
    n, kind = found[-1]
    if kind is UNSET:
        raise ScenarioError("given.cards: say the kind of every card")
    return card_numbers(kind, n)


def cast_of(scenario: Scenario) -> tuple[str, str]:
    """Number and region of the scenario's person."""
    name = scenario.given.person
    try:
        return (CAST | MISTAKEN)[name]
    except KeyError:
        raise ScenarioError(f"given.person: {name} is not in the cast") from None
