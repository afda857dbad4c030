"""The service table, row by row against every state: what it allows is accepted, or refused for something else."""

import datetime as dt
import functools
import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from scenario import everything_asked, read_cities, usual_channel
from shebaoka.notice import Notice
from shebaoka.records import (
    SERVICES,
    Accepted,
    AnyRequest,
    Card,
    CardKind,
    Channel,
    Decision,
    Dossier,
    Financial,
    Given,
    Life,
    Loss,
    NewPin,
    PinCheck,
    PresentedCard,
    Refusal,
    Refused,
    Terms,
)
from shebaoka.rules import decide, service_key
from shebaoka.rules.table import ASPECTS, ROWS, STATE_REFUSALS, Unless
from table_states import AROUNDS, DAY, State, aspects_of, day_of, dossier_of, states

OF_A_RULE_TOO = {"record_bank_answer": Refusal.BANK_WAS_NOT_ASKED}
"""Rows whose rule may give a ground of the table's: no state alone says whether an answer was asked for."""
FEES = {
    Refusal.FEE_IS_NOT_DUE,
    Refusal.TEMPORARY_CARD_FEE_IS_NOT_DUE,
    Refusal.REPLACEMENT_FEE_MUST_BE_PAID,
    Refusal.TEMPORARY_REPLACEMENT_FEE_MUST_BE_PAID,
}
NEVER_OF_AN_OLD_CARD = ("replaced", "handed_in", "expired", "superseded")
"""Endings in a row about the old card alone, because all rows share one list of endings."""
REQUIRED: dict[str, dict[str, Any]] = {
    "register_person": {"name": "李娜", "region": "140702", "insured_on": dt.date(2008, 4, 1)},
    "carry_over_account": {"balance_fen": 1200, "old_card_number": "1407000001"},
    "undo_carry_over": {"entry": "1-1"},
    "put_in_batch": {"batch": "2013-27"},
    "record_rejected": {"reason": "x"},
    "collect_card": {"hands_in_temporary_card": True},
    "apply_for_temporary_card": {"hands_in_damaged_card": True},
    "add_extended_application": {"application": "bus"},
    "remove_extended_application": {"application": "library"},
    "look_up_person": {"reason": "x"},
    "record_bank_answer": {"financial": "active"},
    "credit_contribution": {"month": "2013-07", "amount_fen": 100},
    "propose_correction": {"entry": "1-1", "reason": "x"},
    "approve_correction": {"proposal": "1-2", "entry": "1-1"},
    "settle_charge": {"kind": "pharmacy", "total_fen": 100, "cash_fen": 100},
    "cancel_settlement": {"settlement": "1-1"},
    "reverse_message": {"message": "H14070200011-1"},
    "admit_patient": {"stay": "s1", "admitted_on": dt.date(2013, 6, 28)},
    "amend_stay": {"stay": "s1"},
    "cancel_admission": {"stay": "s1"},
    "discharge_patient": {"stay": "s1", "discharged_on": dt.date(2013, 6, 28)},
    "cancel_discharge": {"stay": "s1"},
}
TERMS = Terms("H14070200011", ("outpatient", "pharmacy", "inpatient"), False, 1)
NEVER_READ = PresentedCard("Z99999999", "e" * 32)
READ = ("settle_charge", "admit_patient")
"""Rows about the very card that a terminal read; `use_card` takes either."""
VARIANTS = {"replace_card": "why", "cancel_card": "why", "report_loss": "kind"}
FIRST_DAY_LATER = {"jinzhong": 0 * DAY, "like_jianshui": 1000 * DAY}


@functools.cache
def _notice(city: str) -> Notice:
    return read_cities()[city].versions[-1]


@functools.cache
def _states(city: str, full: bool = False) -> list[tuple[State, Dossier, Given]]:
    """Every state with its dossier, and the day and the findings with which everything else is right."""
    later = FIRST_DAY_LATER[city]
    rows = []
    for state in states(full):
        on = day_of(state) + later
        at = dt.datetime(on.year, on.month, on.day, 4, tzinfo=dt.UTC)
        given = Given(
            at,
            on,
            pin=PinCheck.RIGHT,
            new_pin=NewPin.FIT,
            card_number="Z00000009",
            card_serial="f" * 32,
            terms=TERMS,
            approved_by="second",
        )
        rows.append((state, dossier_of(state, later), given))
    return rows


@functools.cache
def _asks(city: str, kind: CardKind, read: bool, full: bool = False) -> list[dict[str, str]]:
    """What the table asks about each state, for requests about one kind of card, named by its kind or read."""
    p = _notice(city).p
    return [aspects_of(state, kind, p, read=read) for state, _, _ in _states(city, full)]


@functools.cache
def _coming(city: str, channel: Channel, full: bool = False) -> list[Given]:
    """The findings for each state, by the channel through which a request comes."""
    return [replace(given, channel=channel) for _, _, given in _states(city, full)]


def _requests(key: str, notice: Notice) -> Iterator[tuple[CardKind, bool, AnyRequest]]:
    """A well-formed request of a row, for every kind of card that it can name, and whether the card was read."""
    service, _, variant = key.partition(".")
    said = dict(REQUIRED.get(service, {}))
    if service in VARIANTS:
        said[VARIANTS[service]] = variant
    elif variant:
        said["purpose" if variant == "discharge" else "function"] = variant
    kinds: list[tuple[CardKind | None, bool]] = [(None, False)]
    if "card" in SERVICES[service].__struct_fields__:
        ways = (True,) if service in READ else (False, True) if service == "use_card" else (False,)
        kinds = [(kind, read) for kind in CardKind for read in ways]
    for kind, read in kinds:
        named: dict[str, Any] = {"card": {"number": "0"} if read else kind} if kind else {}
        request: Any = msgspec.convert({"id": "x", "person": "140702198503120025", **said, **named}, SERVICES[service])
        assert service_key(request) == key
        request = replace(request, shows=everything_asked(request, notice))
        implied = {"apply_for_temporary_card": CardKind.TEMPORARY, "stop_old_card": CardKind.OLD_MEDICAL}
        yield kind or implied.get(service, CardKind.SOCIAL_SECURITY), read, request


def _read(request: AnyRequest, kind: CardKind, dossier: Dossier) -> AnyRequest:
    """The request with the very card of the kind that the person has, or one that they never had."""
    held = next((PresentedCard(c.number, c.serial) for c in dossier.cards if c.kind is kind), NEVER_READ)
    return replace(request, card=held)


def _with_everything_right(request: AnyRequest, dossier: Dossier, notice: Notice, given: Given) -> Decision:
    """The decision once the fee that a refusal names is paid."""
    decision = decide(request, dossier, notice, given)
    if isinstance(decision, Refused) and decision.ground in FEES:
        due = int(decision.facts["fee_fen"])
        decision = decide(replace(request, paid_fen=due), dossier, notice, given)
    return decision


def _expected(key: str, asks: dict[str, str], notice: Notice) -> tuple[Refusal | None, tuple[str, ...]]:
    """What the row's cells say, read cell by cell; and the parameters on which that hung."""
    used: tuple[str, ...] = ()
    for aspect, cells in ROWS[key]:
        cell = cells.get(asks[aspect])
        if isinstance(cell, Unless):
            used += (cell.parameter,)
            if not cell.allows(notice.p):
                return cell.refusal, used
        elif cell is not None:
            return cell, used
    return None, used


def _broken(before: Dossier, after: Dossier) -> list[str]:
    """Sentences for every invariant that does not hold of a dossier after a yes."""
    live = [c for c in after.cards if c.life is not Life.ENDED]
    valid = [c for c in live if c.kind is not CardKind.OLD_MEDICAL and c.loss is not Loss.FORMAL]
    kinds = [c.kind for c in live]
    was = {c.n: c for c in before.cards}
    is_now = {c.n: c for c in after.cards}
    social = [c for c in valid if c.kind is CardKind.SOCIAL_SECURITY]
    laws = {
        "at most one card is valid": len(valid) <= 1,
        "at most one card of a kind is alive": len(set(kinds)) == len(kinds),
        "no live temporary card stands beside a valid social security card": not (
            social and CardKind.TEMPORARY in kinds
        ),
        "an ended card never changes": all(is_now.get(n) == c for n, c in was.items() if c.life is Life.ENDED),
        "no card goes away": set(was) <= set(is_now),
        "cards are counted from 1": [c.n for c in after.cards] == list(range(1, len(after.cards) + 1)),
        "at most one application is open": sum(a.making not in ("collected", "withdrawn") for a in after.applications)
        <= 1,
        "no account is below zero": after.account is None or after.account.balance_fen >= 0,
    }
    return [law for law, holds in laws.items() if not holds] + [f for c in after.cards for f in _ill_formed(c)]


def _ill_formed(card: Card) -> list[str]:
    """Sentences for a card whose facts contradict each other."""
    ended = card.life is Life.ENDED
    social = card.kind is CardKind.SOCIAL_SECURITY
    laws = {
        "an ended card says why and when": ended == (card.ending is not None) == (card.ended_on is not None),
        "only a temporary card has a last day": (card.kind is CardKind.TEMPORARY) == (card.valid_until is not None),
        "only a loss report has an end": card.loss_until is None or card.loss is not Loss.NONE,
        "an ended card is not lost": not ended or card.loss is Loss.NONE,
        "only the social security card has more": social
        or (card.financial is Financial.ABSENT and not card.applications),
        "a card begins before it ends": card.ended_on is None or card.issued_on <= card.ended_on,
    }
    return [f"{law}: {card}" for law, holds in laws.items() if not holds]


def _faults(key: str, city: str, full: bool = False, every: int = 1) -> list[str]:
    """Sentences for every state in which the row is not what is decided; `every` third one, say, where that will do."""
    notice = _notice(city)
    faults: list[str] = []
    for kind, read, request in _requests(key, notice):
        channel = usual_channel(request, notice)
        cases = zip(_states(city, full), _asks(city, kind, read, full), _coming(city, channel, full), strict=True)
        for (state, dossier, _), asks, given in itertools.islice(cases, None, None, every):
            asked = _read(request, kind, dossier) if read else request
            if key == "record_bank_answer" and state.social.financial == "stop_asked":
                asked = replace(request, financial="stopped")
            decision = _with_everything_right(asked, dossier, notice, given)
            expected, used = _expected(key, asks, notice)
            got = decision.ground if decision.ground in STATE_REFUSALS else None
            if got == OF_A_RULE_TOO.get(key) and expected is None:
                got = None
            found = _broken(dossier, decision.after) if isinstance(decision, Accepted) else []
            if got != expected:
                found.append(f"the table says {expected}, decided was {decision.ground}")
            if decision.readings[: len(used)] != used:
                found.append(f"the table used {used}, the decision says {decision.readings}")
            faults += [f"{key} for {kind}, {state}: {fault}" for fault in found]
    return faults


@pytest.mark.parametrize("key", ROWS)
def test_what_the_row_says_is_decided_in_every_state(key: str) -> None:
    """A state's refusal comes exactly where the row has it, and every yes leaves a sound dossier."""
    faults = _faults(key, "jinzhong")
    assert not faults, "\n".join([f"{len(faults)} faults", *faults[:10]])


@pytest.mark.parametrize("key", ROWS)
def test_the_table_holds_for_another_notice(key: str) -> None:
    """The cells that hang on a parameter hold where a city sets it the other way."""
    faults = _faults(key, "like_jianshui", every=3)
    assert not faults, "\n".join([f"{len(faults)} faults", *faults[:10]])


@pytest.mark.long
@pytest.mark.parametrize("key", ROWS)
def test_every_row_in_every_state_whatever_is_around(key: str) -> None:
    """The same over the full product of cards, bank's side, old card, account, stay and day."""
    faults = _faults(key, "jinzhong", full=True)
    assert not faults, "\n".join([f"{len(faults)} faults", *faults[:10]])


def test_every_cell_is_met() -> None:
    """No cell of the table is for a state that cannot be, save those that another question always answers first."""
    met: set[tuple[str, str, str]] = set()
    for city in FIRST_DAY_LATER:
        notice = _notice(city)
        for key in ROWS:
            for kind, read, _ in _requests(key, notice):
                for asks in _asks(city, kind, read):
                    for aspect, cells in ROWS[key]:
                        cell = cells.get(asks[aspect])
                        met.add((key, aspect, asks[aspect]))
                        if cell is not None and not (isinstance(cell, Unless) and cell.allows(notice.p)):
                            break
    cells = {(key, aspect, str(value)) for key, row in ROWS.items() for aspect, cs in row for value in cs}
    never = {("stop_old_card", "recorded_card", ending) for ending in NEVER_OF_AN_OLD_CARD}
    never |= {
        (key, aspect, "none") for key, aspect, value in cells if (key, value) in itertools.product(READ, ["none"])
    }
    can_read = [key for key in ROWS if key in READ or key.startswith("use_card")]
    never |= {(key, aspect, value) for key, aspect, value in cells if value == "unknown" and key not in can_read}
    assert cells - met == never


def test_every_aspect_is_known() -> None:
    """The states here answer every question that the table can ask."""
    asks = aspects_of(State(around=AROUNDS[0]), CardKind.SOCIAL_SECURITY, _notice("jinzhong").p)
    assert set(asks) == set(ASPECTS)


def test_deciding_twice_gives_the_same() -> None:
    """A decision hangs on nothing but the request, the dossier, the notice and what is given."""
    notice = _notice("jinzhong")
    for key in ROWS:
        for kind, read, request in _requests(key, notice):
            for _, dossier, given in _states("jinzhong")[::17]:
                given = replace(given, channel=usual_channel(request, notice))
                asked = _read(request, kind, dossier) if read else request
                assert decide(asked, dossier, notice, given) == decide(asked, dossier, notice, given)
