"""Laws that hold of any life by the rules alone: one valid card, no way back from an end, money that adds up."""

import datetime as dt
from itertools import chain

from charging import INSTITUTIONS
from hypothesis import event, given, settings
from hypothesis import strategies as st
from lives import TIMES, Step, lives
from msgspec.structs import replace
from playing import PEOPLE, Played, cities, play

from shebaoka import ledger
from shebaoka.records import (
    REQUESTS,
    Accepted,
    Card,
    CardKind,
    Channel,
    Dossier,
    Function,
    Given,
    Life,
    PinCheck,
    PresentedCard,
    Purpose,
    Refusal,
    Refused,
    SettleCharge,
    UseCard,
)
from shebaoka.rules import as_of, card_asked, card_of, decide
from shebaoka.rules.state import is_valid, open_application

EXAMPLES = settings(max_examples=100 * TIMES)
CITY = st.sampled_from(sorted(cities()))


def decided(played: list[Played]) -> list[Played]:
    """The steps that were decided; an id sent again is not decided a second time."""
    return [p for p in played if p.decision is not None]


def later(day: dt.date) -> list[dt.date]:
    """That day, and days on which something may have lapsed since."""
    return [day + dt.timedelta(days=n) for n in (0, 1, 8, 31, 366)]


def faults_of_cards(dossier: Dossier) -> list[str]:
    """What a dossier may never look like."""
    valid = [c.n for c in dossier.cards if is_valid(c)]
    alive = [c.kind for c in dossier.cards if c.life is not Life.ENDED]
    openly = [a for a in dossier.applications if a.making not in ("collected", "withdrawn")]
    faults = [f"cards {valid} are valid at once"] if len(valid) > 1 else []
    faults += [f"two cards of a kind are alive: {alive}"] if len(set(alive)) < len(alive) else []
    faults += [f"{len(openly)} applications are open"] if len(openly) > 1 else []
    faults += [f"card {c.n} is not at place {n}" for n, c in enumerate(dossier.cards, 1) if c.n != n]
    return faults


@EXAMPLES
@given(lives(), CITY)
def test_at_most_one_card_is_valid_at_any_moment(steps: list[Step], city: str) -> None:
    """2.1: after every request, and on any day after it, a person has one valid card at the most."""
    for p in decided(play(steps, cities()[city])):
        for day in later(p.given.on):
            assert not faults_of_cards(as_of(p.after, p.notice, day))
        assert not faults_of_cards(p.after)


def _uses(number: str) -> list[UseCard]:
    """Every way of presenting a card."""
    return [
        UseCard(id="use", person=number, card=kind, function=function, purpose=purpose)
        for kind in CardKind
        for function, purpose in ((f, p) for f in Function for p in Purpose)
    ]


def _charge(number: str, card: Card) -> SettleCharge:
    """A charge with this very card that cash alone would pay."""
    shown = PresentedCard(card.number, card.serial)
    return SettleCharge(id="charge", person=number, card=shown, kind="outpatient", total_fen=1, cash_fen=1)


@EXAMPLES
@given(lives(), CITY)
def test_an_ended_card_is_never_used_and_never_comes_back(steps: list[Step], city: str) -> None:
    """Once ended a card stays as it is, and presenting it is refused whatever for and with whatever PIN."""
    ended: dict[tuple[str, int], object] = {}
    gone: set[tuple[str, int]] = set()
    for p in decided(play(steps, cities()[city])):
        number = p.ask.request.person
        today = as_of(p.after, p.notice, p.given.on)
        for card in p.after.cards:
            if (number, card.n) in ended:
                assert card == ended[number, card.n]
            if card.life is Life.ENDED:
                ended[number, card.n] = card
        assert {n for who, n in gone if who == number} <= {c.n for c in today.cards if c.life is Life.ENDED}
        gone |= {(number, c.n) for c in today.cards if c.life is Life.ENDED}
        for use in _uses(number):
            card = card_of(today, use.card)
            if card is not None and card.life is Life.ENDED:
                now = Given(at=p.at, on=p.given.on, pin=PinCheck.RIGHT)
                assert isinstance(decide(use, p.after, p.notice, now), Refused)
        for card in today.cards:
            if card.life is Life.ENDED:
                charge = _charge(number, card)
                now = Given(p.at, p.given.on, Channel.TERMINAL, PinCheck.RIGHT, terms=INSTITUTIONS[0])
                assert isinstance(decide(charge, p.after, p.notice, now), Refused)


@EXAMPLES
@given(lives(), CITY)
def test_a_balance_is_the_sum_of_its_entries_and_never_below_zero(steps: list[Step], city: str) -> None:
    """Entries of a posting sum to zero, each moves an amount above zero, and a balance is what was posted so far."""
    balances: dict[str, int] = {}
    for p in decided(play(steps, cities()[city])):
        number, decision = p.ask.request.person, p.decision
        postings = decision.postings if isinstance(decision, Accepted) else ()
        for posting in postings:
            assert sum(e.amount_fen for e in ledger.entries(posting)) == 0
            assert posting.amount_fen > 0
        balances[number] = balances.get(number, 0) + ledger.change(postings)
        assert balances[number] == (p.after.account.balance_fen if p.after.account else 0)
        assert balances[number] >= 0


@EXAMPLES
@given(lives(), CITY)
def test_deciding_twice_gives_the_same(steps: list[Step], city: str) -> None:
    """A decision depends on request, dossier, notice and findings alone, and changes none of them."""
    for p in decided(play(steps, cities()[city])):
        again = decide(p.ask.request, p.before, p.notice, p.given)
        assert again == p.decision
        assert decide(p.ask.request, p.before, p.notice, p.given) == again


@EXAMPLES
@given(lives(), CITY)
def test_a_refusal_leaves_no_trace_but_a_wrong_pin(steps: list[Step], city: str) -> None:
    """A no changes nothing, except that a wrong entry is counted on the one card that it was entered for."""
    for p in decided(play(steps, cities()[city])):
        decision = p.decision
        if not isinstance(decision, Refused):
            continue
        if decision.ground not in (Refusal.PIN_IS_WRONG, Refusal.PIN_IS_WRONG_AND_THE_CARD_IS_LOCKED):
            assert decision.after is None
            continue
        today = as_of(p.before, p.notice, p.given.on)
        changed = [b.n for a, b in zip(today.cards, p.after.cards, strict=True) if a != b]
        card = card_asked(today, p.ask.request)
        assert card is not None
        assert changed == [card.n]
        assert p.after.cards[card.n - 1].pin_tries == card.pin_tries + 1
        assert replace(p.after, cards=today.cards) == replace(today, cards=today.cards)


@EXAMPLES
@given(lives(), CITY)
def test_what_is_said_to_be_missing_is_missing(steps: list[Step], city: str) -> None:
    """A refusal for papers names papers that were not shown, and showing them as well takes that refusal away."""
    for p in decided(play(steps, cities()[city])):
        decision = p.decision
        if isinstance(decision, Refused) and decision.missing:
            request = p.ask.request
            assert not set(decision.missing) & set(request.shows)
            fuller = type(request)(
                **{f: getattr(request, f) for f in request.__struct_fields__ if f != "shows"},
                shows=(*request.shows, *decision.missing),
            )
            assert decide(fuller, p.before, p.notice, p.given).ground != decision.ground


def test_lives_get_far_enough_to_prove_something() -> None:
    """Random lives reach every service with a yes, and most refusals; otherwise the laws above prove little."""
    yes: set[type] = set()
    grounds: set[str] = set()

    @settings(max_examples=600, database=None, derandomize=True)
    @given(lives(), CITY)
    def live(steps: list[Step], city: str) -> None:
        played = decided(play(steps, cities()[city]))
        event(f"cards: {max(len(p.after.cards) for p in played)}")
        for p in played:
            grounds.add(p.decision.ground)  # type: ignore[union-attr]
            if isinstance(p.decision, Accepted):
                yes.add(type(p.ask.request))

    live()
    assert sorted(r.__name__ for r in set(REQUESTS) - yes) == []
    refusals = {g for g in Refusal if g in grounds}
    assert len(refusals) > 2 / 3 * len(Refusal), sorted(set(Refusal) - refusals)


def test_the_people_of_the_laws_are_found_again() -> None:
    """The four numbers differ, so that a fault in one life is not hidden in another."""
    assert len(set(PEOPLE)) == len(list(chain(PEOPLE)))
    assert open_application(Dossier()) is None
