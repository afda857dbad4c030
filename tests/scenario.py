"""Playing a scenario: its words become a dossier, a request and findings, and what comes of it is held against `then`.

`run` asks `decide` alone. The same scenario goes through the desk on a database by way of `asked` and `faults`.
`scenario_form.py` says how a scenario is written.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml
from msgspec import UNSET, UnsetType

from scenario_form import (
    AGENT,
    HOSPITAL,
    STAY,
    ApplicationSays,
    CardSays,
    Scenario,
    ScenarioError,
    StaySays,
    ThenSays,
    card_numbers,
    cast_of,
    last_turn,
    parts_of,
    seq_of,
    terms_of,
)
from scenario_past import Past
from shebaoka.notice import LANGUAGES, NOTICE_FILE, Materials, Notice, Notices, read_notices
from shebaoka.numbers import birth_date, sex
from shebaoka.records import (
    SERVICE_OF,
    SERVICES,
    Accepted,
    Account,
    Answer,
    AnyRequest,
    Application,
    CancelLossReport,
    Card,
    CardKind,
    Channel,
    Decision,
    Dossier,
    Financial,
    Given,
    Life,
    LookUpPerson,
    Loss,
    Making,
    Material,
    Person,
    PresentedCard,
    Refused,
    ReportLoss,
    Standing,
    Stay,
    StayState,
    Why,
)
from shebaoka.rules import card_asked, card_of, decide, service_key

HERE = Path(__file__).parent
CITIES = HERE / "cities"
JINZHONG = HERE.parent / "notices" / "jinzhong"
T = TypeVar("T")
FRESH_NUMBER = "Z00000009"
FRESH_SERIAL = "140700" + "f" * 26


def files_of(folder: Path) -> dict[str, bytes]:
    """A notice's files, as `read_notices` takes them."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.yaml"))}


def with_wording(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with a wording for every version that has none: each clause and reading says its own id."""
    worded = dict(files)
    for name, raw in files.items():
        folder, _, file = name.rpartition("/")
        if file != NOTICE_FILE:
            continue
        data = yaml.safe_load(raw)
        said = {
            "city": data["city"],
            "title": data["source"],
            "clauses": {c: {"title": c, "text": c} for c in data["clauses"]},
            "readings": {k: k for k, v in data["parameters"].items() if v.get("reading")},
        }
        for language in LANGUAGES:
            worded.setdefault(f"{folder}/{language}.yaml", msgspec.yaml.encode(said))
    return worded


def read_cities() -> dict[str, Notices]:
    """Jinzhong's notice as it is shipped, and the other cities that exist for the tests."""
    cities = {"jinzhong": read_notices(files_of(JINZHONG))}
    for folder in sorted(p for p in CITIES.iterdir() if p.is_dir()):
        cities[folder.name] = read_notices(with_wording(files_of(folder)))
    return cities


def _card(n: int, said: CardSays, on: dt.date) -> Card:
    """A card of `given`, with what is usual where nothing is said."""
    if said.kind is UNSET:
        raise ScenarioError("given.cards: say the kind of every card")
    kind, days = said.kind, dt.timedelta(days=1)
    ended = said.state is Life.ENDED
    old, new = kind is CardKind.OLD_MEDICAL, kind is CardKind.SOCIAL_SECURITY
    number, serial = card_numbers(kind, n)
    if ended and said.ending is UNSET:
        raise ScenarioError("given.cards: say the ending of a card that has ended")
    loss = _or(said.loss, Loss.NONE)
    locked = _or(said.locked, False)
    return Card(
        n=n,
        kind=kind,
        number=number,
        serial=serial,
        life=_or(said.state, Life.IN_USE),
        issued_on=_or(said.issued_on, dt.date(2005, 3, 1) if old else on - 60 * days if ended else on - 30 * days),
        valid_until=_or(said.valid_until, on + 180 * days) if kind is CardKind.TEMPORARY else None,
        ending=_or(said.ending, None),
        ended_on=_or(said.ended_on, on - 10 * days) if ended else None,
        loss=loss,
        loss_until=_or(said.loss_until, on + 3 * days if loss is Loss.TEMPORARY else None),
        pin_tries=_or(said.pin_tries, 6 if locked else 0),
        locked=locked,
        unlocks=_or(said.unlocks, 0),
        first_pin=_or(said.first_pin, False),
        financial=_or(
            said.financial,
            Financial.ABSENT if not new else Financial.ACTIVE if loss is Loss.NONE else Financial.STOP_ASKED,
        ),
        applications=_or(said.applications, ()),
    )


def _or(said: T | UnsetType, usual: Any) -> Any:
    """What is said, or what is usual."""
    return usual if said is UNSET else said


def _application(said: ApplicationSays, cards: Iterable[Card], on: dt.date) -> Application:
    """The application of `given`."""
    making = _or(said.making, Making.APPLIED)
    begun = making not in (Making.APPLIED, Making.WITHDRAWN)
    replaced = [c.n for c in cards if c.kind is said.replaces]
    return Application(
        n=1,
        why=_or(said.why, Why.FIRST),
        making=making,
        applied_on=_or(said.applied_on, on - dt.timedelta(days=20)),
        fee_fen=_or(said.fee_fen, 0),
        replaces=replaced[-1] if replaced else None,
        batch=_or(said.batch, "2013-26") if begun else None,
        card_number="S00000008" if begun else None,
        card_serial="140700" + "8" * 26 if begun else None,
        remakes=_or(said.remakes, 0),
        collect_at=_or(said.collect_at, ""),
        photo=_or(said.photo, ""),
        ready_on=_or(said.ready_on, None),
    )


def _stay(n: int, said: StaySays, on: dt.date) -> Stay:
    """A stay of `given`, with what is usual where nothing is said."""
    state = _or(said.state, StayState.IN_HOSPITAL)
    left = state in (StayState.DISCHARGED, StayState.SETTLED)
    return Stay(
        n=n,
        number=_or(said.number, STAY),
        institution=_or(said.institution, HOSPITAL),
        state=state,
        admitted_on=_or(said.admitted_on, on - dt.timedelta(days=7)),
        discharged_on=_or(said.discharged_on, on if left else None),
        ward=_or(said.ward, ""),
        begun_on_old_card=_or(said.begun_on_old_card, False),
        settlements=_or(said.settlements, int(state is StayState.SETTLED)),
        charged=state is StayState.SETTLED,
        closing=("settled-before",) if state is StayState.SETTLED else (),
    )


def dossier_of(scenario: Scenario) -> Dossier:
    """What `given` says, as the rules know it."""
    said, (number, region) = scenario.given, cast_of(scenario)
    if said.standing == "not_registered":
        return Dossier()
    person = Person(
        number=number,
        name=said.person,
        sex=sex(number),
        birth_on=birth_date(number),
        region=region,
        insured_on=said.insured_on,
        standing=Standing(said.standing),
        in_hospital_since=said.in_hospital_since,
    )
    cards = tuple(_card(n, c, scenario.on) for n, c in enumerate(said.cards, 1))
    application = said.application
    account = said.account
    return Dossier(
        person=person,
        cards=cards,
        applications=(_application(application, cards, scenario.on),) if application else (),
        account=Account(account.balance_fen, account.carried_over_on) if account else None,
        stays=tuple(_stay(n, s, scenario.on) for n, s in enumerate(said.stays, 1)),
    )


class Turn(msgspec.Struct, frozen=True):
    """One request of a scenario with its findings, who asks, and the dossier that it finds."""

    request: AnyRequest
    given: Given
    clerk: str
    dossier: Dossier


class Asked(msgspec.Struct, frozen=True):
    """A scenario ready to be decided, and what was asked earlier."""

    scenario: Scenario
    notice: Notice
    dossier: Dossier
    request: AnyRequest
    given: Given
    turns: tuple[Turn, ...]


def asked(scenario: Scenario, cities: Mapping[str, Notices]) -> Asked:
    """The dossier, the request and the findings of a scenario, under the notice of its city on its day."""
    notices = cities[scenario.city]
    notice = notices.on(scenario.on)
    past, turns = Past(), []
    dossier = dossier_of(scenario)
    for n, earlier in enumerate(scenario.given.earlier, 1):
        turn = _turn(scenario, notices, past, n, dossier)
        turns.append(turn)
        decision = decide(turn.request, dossier, notice, turn.given)
        refused = decision.ground if isinstance(decision, Refused) else None
        if refused != earlier.get("refused"):
            raise ScenarioError(f"{scenario.label}: earlier request {n} is not as said: {decision.ground}")
        past.note(seq_of(n), turn.request, turn.clerk, decision)
        dossier = dossier if decision.after is None else decision.after
    last = _turn(scenario, notices, past, last_turn(scenario), dossier)
    return Asked(scenario, notice, dossier, last.request, last.given, (*turns, last))


def _turn(scenario: Scenario, notices: Notices, past: Past, turn: int, dossier: Dossier) -> Turn:
    """What is asked at a turn, as the rules get it."""
    notice = notices.on(scenario.on)
    service, how, own = parts_of(scenario, turn)
    request: Any = msgspec.convert(own, SERVICES[service])
    request = msgspec.structs.replace(request, agent=AGENT if how.by == "agent" else None, paid_fen=how.paid_fen)
    channel = how.at or usual_channel(request, notice)
    shows = how.shows
    if shows is None:
        shows = everything_asked(request, notice) if channel is Channel.WINDOW else ()
    request = msgspec.structs.replace(request, shows=shows)
    at = dt.datetime.combine(scenario.on, dt.time.fromisoformat(scenario.at), notices.zone).astimezone(dt.UTC)
    given = Given(
        at=at,
        on=scenario.on,
        channel=channel,
        pin=how.pin,
        new_pin=how.new_pin,
        code=how.code,
        card_number=FRESH_NUMBER,
        card_serial=FRESH_SERIAL,
        terms=terms_of(service, how),
        original=past.original(request),
        proposal=past.proposal(request),
        by=how.clerk,
        approved_by=how.approved_by,
    )
    return Turn(request, given, how.clerk, dossier)


def usual_channel(request: AnyRequest, notice: Notice) -> Channel:
    """The window if the notice names it for the request, or else the first way that it names."""
    p = notice.p
    named: tuple[Channel, ...]
    if isinstance(request, ReportLoss):
        kind = p.loss_reports.formal if request.kind == "formal" else p.loss_reports.temporary
        named = kind.channels if kind else ()
    elif isinstance(request, CancelLossReport):
        named = p.loss_reports.formal.cancel_channels if p.loss_reports.formal else ()
    elif isinstance(request, LookUpPerson):
        named = p.enquiry_channels
    else:
        named = notice.channels[SERVICE_OF[type(request)]]
    return Channel.WINDOW if Channel.WINDOW in named or not named else named[0]


def everything_asked(request: AnyRequest, notice: Notice) -> tuple[Material, ...]:
    """All that the notice asks to be brought for the request, the agent's papers too if an agent comes."""
    nothing = Materials()
    papers = notice.materials.get(service_key(request), notice.materials.get(SERVICE_OF[type(request)], nothing))
    return papers.holder + (papers.agent_adds if request.agent else ())


class Ran(msgspec.Struct, frozen=True):
    """A scenario and what came of it."""

    asked: Asked
    decision: Decision
    answer: Answer

    @property
    def after(self) -> Dossier:
        """The dossier afterwards; the one before where the decision leaves no trace."""
        return self.asked.dossier if self.decision.after is None else self.decision.after


def run(scenario: Scenario, cities: Mapping[str, Notices]) -> Ran:
    """The scenario decided by the rules alone."""
    a = asked(scenario, cities)
    decision = decide(a.request, a.dossier, a.notice, a.given)
    return Ran(a, decision, answer_of(decision, a.notice))


def answer_of(decision: Decision, notice: Notice) -> Answer:
    """A decision in the codes that an asker is told, each ground with the clause it rests on."""
    yes = isinstance(decision, Accepted)
    clause = notice.clause_of[decision.ground]
    also = [notice.clause_of[g] for g in decision.also] if isinstance(decision, Accepted) else []
    return Answer(
        outcome="accepted" if yes else "refused",
        ground=decision.ground,
        clause=clause,
        notice=notice.id,
        also=tuple(c for c in dict.fromkeys(also) if c != clause),
        done=decision.done,
        missing=decision.missing if isinstance(decision, Refused) else (),
        next=decision.next if isinstance(decision, Accepted) else (),
        readings=tuple(r for r in dict.fromkeys(decision.readings) if r in notice.readings),
        fee_fen=decision.fee_fen if isinstance(decision, Accepted) else 0,
        facts=decision.facts,
    )


def faults(a: Asked, answer: Answer, after: Dossier) -> list[str]:
    """Sentences for everything in which the answer, or the dossier afterwards, is not what `then` says."""
    then, before = a.scenario.then, a.dossier
    found = _differ("outcome", "accepted" if then.accepted else "refused", answer.outcome)
    found += _differ("ground", then.accepted or then.refused, answer.ground)
    found += _differ("clause", then.clause, answer.clause)
    if then.also is not UNSET:
        found += _differ("also", sorted(then.also), sorted(answer.also))
    for name in ("done", "fee_fen", "missing", "next", "readings"):
        if (said := getattr(then, name)) is not UNSET:
            found += _differ(name, said, getattr(answer, name))
    if then.facts is not UNSET:
        found += [f for k, v in then.facts.items() for f in _differ(f"facts.{k}", _told(v), answer.facts.get(k))]
    counted = "wrong_pin_counted" in answer.done
    if then.nothing_changed is not UNSET or (answer.outcome == "refused" and not counted):
        found += _differ("nothing_changed", before, after)
    return found + _faults_of_facts(a, then, after)


def _told(value: object) -> object:
    """A fact as a decision tells it: a day as its text."""
    return value.isoformat() if isinstance(value, dt.date) else value


def _faults_of_facts(a: Asked, then: ThenSays, after: Dossier) -> list[str]:
    """Sentences for what does not hold of the cards, the application, the person and the account."""
    found: list[str] = []
    cards = dict(then.cards) if then.cards is not UNSET else {}
    if then.card is not UNSET and isinstance(getattr(a.request, "card", None), PresentedCard):
        found += _holds("card", then.card, card_asked(after, a.request), {"state": "life"})
    elif then.card is not UNSET:
        usual = CardKind.TEMPORARY if "temporary" in SERVICE_OF[type(a.request)] else CardKind.SOCIAL_SECURITY
        cards[getattr(a.request, "card", usual)] = then.card
    for kind, said in cards.items():
        found += _holds(f"cards.{kind}", said, card_of(after, kind), {"state": "life"})
    if then.application is not UNSET:
        last = after.applications[-1] if after.applications else None
        found += _holds("application", then.application, last, {}, after)
    if then.person is not UNSET:
        found += _holds("person", then.person, after.person, {})
    if then.account is not UNSET:
        found += _holds("account", then.account, after.account, {})
    if then.stay is not UNSET:
        found += _holds("stay", then.stay, after.stays[-1] if after.stays else None, {})
    return found


def _holds(
    where: str, said: msgspec.Struct, thing: object, named: Mapping[str, str], dossier: Dossier | None = None
) -> list[str]:
    """Sentences for each said fact that the thing does not have."""
    if thing is None:
        return [f"{where}: there is none"]
    found = []
    for key in said.__struct_fields__:
        value = getattr(said, key)
        if value is UNSET:
            continue
        actual = getattr(thing, named.get(key, key))
        if key == "replaces" and dossier is not None:
            actual = next((c.kind for c in dossier.cards if c.n == actual), None)
        found += _differ(f"{where}.{key}", value, actual)
    return found


def _differ(what: str, said: object, actual: object) -> list[str]:
    """A sentence if what is said and what is so are not the same."""
    return [] if said == actual else [f"{what}: said {said!r}, is {actual!r}"]
