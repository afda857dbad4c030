"""Every state that somebody's cards can be in, as words, as a dossier, and as what the service table asks about it.

`test_table.py` holds each row of the table against each of these. What a state answers is worked out here from its
words and from nothing in the rules, so that a fault of theirs cannot hide itself.
"""

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import NamedTuple

from shebaoka.notice import Parameters
from shebaoka.records import (
    Account,
    Application,
    Card,
    CardKind,
    Dossier,
    Ending,
    Financial,
    Life,
    Loss,
    Making,
    Person,
    Sex,
    Standing,
    Why,
)

DAY = dt.timedelta(days=1)
OPEN = ("applied", "in_batch", "made", "rejected", "ready", "returned")
ENDINGS = ("replaced", "handed_in", "expired", "cancelled", "superseded", "stopped")
UNLOCKS_MANY = 10


class Held(NamedTuple):
    """A card in words. `loss` over: a temporary report whose last day has passed; `term` over alike."""

    card: str = "none"
    loss: str = "none"
    lock: str = "open"
    financial: str = "absent"
    unlocks: int = 0
    term: str = "runs"

    @property
    def alive(self) -> bool:
        """Whether it has neither ended nor run out."""
        return self.card in ("sealed", "in_use") and self.term == "runs"

    @property
    def valid(self) -> bool:
        """Whether it counts as the one valid card."""
        return self.alive and self.loss != "formal"


class Around(NamedTuple):
    """What is around the cards: the day, the old card, the account, a stay in hospital."""

    after_cutover: bool = True
    old: str = "none"
    account: str = "none"
    stay: str = "none"


class State(NamedTuple):
    """One state of one person."""

    person: str = "insured"
    social: Held = Held()
    temporary: Held = Held()
    application: str = "none"
    replaces: bool = False
    around: Around = Around()

    @property
    def replacing(self) -> bool:
        """Whether the social security card is being replaced."""
        return self.replaces and self.application in OPEN and self.social.alive


AROUNDS = [
    Around(),
    Around(account="carried"),
    Around(old="stopped", account="carried"),
    Around(old="cancelled", account="carried"),
    Around(old="stopped", account="carried", stay="open"),
    Around(old="in_use", account="carried", stay="open"),
    Around(old="in_use", account="carried"),
    Around(after_cutover=False),
    Around(after_cutover=False, old="in_use", account="carried"),
    Around(after_cutover=False, old="in_use", account="carried", stay="open"),
]


def _socials(every_financial: bool) -> Iterator[Held]:
    """The social security card: none, alive in every way, ended in every way."""
    yield Held()
    by_loss = {
        "none": ("active", "stopped"),
        "temporary": ("stop_asked",),
        "over": ("stopped",),
        "formal": ("stop_asked",),
    }
    for life, loss, lock in itertools.product(("sealed", "in_use"), by_loss, ("open", "locked")):
        financials = ("absent", "active", "stop_asked", "stopped") if every_financial else by_loss[loss]
        for financial in financials:
            yield Held(life, loss, lock, financial)
    yield Held("in_use", financial="absent")
    yield Held("in_use", lock="locked", financial="active", unlocks=UNLOCKS_MANY)
    yield Held("in_use", lock="open", financial="active", unlocks=UNLOCKS_MANY)
    yield from (Held(ending) for ending in ENDINGS)


def _temporaries() -> Iterator[Held]:
    """The temporary card: none, alive in every way, past its last day, ended in every way."""
    yield Held()
    for loss, lock in itertools.product(("none", "temporary", "over", "formal"), ("open", "locked")):
        yield Held("in_use", loss, lock)
    yield Held("sealed")
    yield Held("in_use", lock="locked", unlocks=UNLOCKS_MANY)
    yield Held("in_use", term="over")
    yield Held("in_use", "formal", "locked", term="over")
    yield from (Held(ending) for ending in ENDINGS)


def _applications(social: Held) -> Iterator[tuple[str, bool]]:
    """Applications at every stage, with a card that they replace where there is one."""
    for making in ("none", *OPEN, "collected", "withdrawn"):
        yield making, False
        if making in OPEN and social.card != "none":
            yield making, True


def states(full: bool) -> Iterator[State]:
    """Every consistent state of an insured person, and some of everybody else.

    A live temporary card never stands beside a valid social security card: no decision leads there, which
    `test_table.py` proves too. What is around the cards goes round with them; a full run takes every combination.
    """
    yield State("not_registered")
    for person, social, temporary in itertools.product(
        ("left", "dead"), (Held(), Held("cancelled"), Held("in_use", financial="active")), (Held(), Held("cancelled"))
    ):
        yield from (State(person, social, temporary, around=around) for around in AROUNDS)
    turn = itertools.cycle(AROUNDS)
    for social, temporary in itertools.product(_socials(full), _temporaries()):
        if social.valid and temporary.card in ("sealed", "in_use"):
            continue
        for making, replaces in _applications(social):
            arounds = AROUNDS if full or (making == "none" and temporary.card == "none") else [next(turn)]
            yield from (State("insured", social, temporary, making, replaces, around) for around in arounds)


def day_of(state: State) -> dt.date:
    """The day on which a state is looked at: a week after Jinzhong's cut-over, or three days before."""
    return dt.date(2013, 7, 8) if state.around.after_cutover else dt.date(2013, 6, 28)


def dossier_of(state: State, later: dt.timedelta = 0 * DAY) -> Dossier:
    """The state as the store would have it; `later` moves every day of it, for a city whose notice begins later."""
    if state.person == "not_registered":
        return Dossier()
    on = day_of(state) + later
    person = Person(
        number="140702198503120025",
        name="李娜",
        sex=Sex.FEMALE,
        birth_on=dt.date(1985, 3, 12),
        region="140702",
        insured_on=dt.date(2008, 4, 1),
        standing=Standing(state.person),
        in_hospital_since=on - 20 * DAY if state.around.stay == "open" else None,
    )
    cards: list[Card] = []
    if state.around.old != "none":
        cards.append(_card(1, CardKind.OLD_MEDICAL, Held(state.around.old), on))
    for kind, held in ((CardKind.SOCIAL_SECURITY, state.social), (CardKind.TEMPORARY, state.temporary)):
        if held.card != "none":
            cards.append(_card(len(cards) + 1, kind, held, on))
    replaced = [c.n for c in cards if c.kind is CardKind.SOCIAL_SECURITY]
    application = Application(
        n=1,
        why=Why.LOSS if state.replaces else Why.FIRST,
        making=Making("applied" if state.application == "none" else state.application),
        applied_on=on - 20 * DAY,
        replaces=replaced[0] if state.replaces else None,
        card_number="S00000008",
        card_serial="140700" + "8" * 26,
    )
    return Dossier(
        person=person,
        cards=tuple(cards),
        applications=() if state.application == "none" else (application,),
        account=Account(1200, on - 7 * DAY) if state.around.account == "carried" else None,
    )


def _card(n: int, kind: CardKind, held: Held, on: dt.date) -> Card:
    ended = held.card not in ("sealed", "in_use")
    until = {"temporary": on + 3 * DAY, "over": on - 3 * DAY}.get(held.loss)
    return Card(
        n=n,
        kind=kind,
        number=f"S{n:08d}",
        serial="140700" + f"{n:026x}",
        life=Life("ended" if ended else held.card),
        issued_on=on - 60 * DAY,
        valid_until=(on - DAY if held.term == "over" else on + 100 * DAY) if kind is CardKind.TEMPORARY else None,
        ending=Ending(held.card) if ended else None,
        ended_on=on - 5 * DAY if ended else None,
        loss=Loss("temporary" if held.loss == "over" else held.loss),
        loss_until=until,
        pin_tries=2,
        locked=held.lock == "locked",
        unlocks=held.unlocks,
        financial=Financial(held.financial),
        applications=("library",) if kind is CardKind.SOCIAL_SECURITY else (),
    )


def aspects_of(state: State, kind: CardKind, p: Parameters, *, read: bool = False) -> dict[str, str]:
    """What the table asks about a state, for a request about one kind of card.

    `read`: a terminal read the very card; one that the person never had counts as a social security card unknown.
    """
    if read and (kind, "none") in (
        (CardKind.SOCIAL_SECURITY, state.social.card),
        (CardKind.TEMPORARY, state.temporary.card),
        (CardKind.OLD_MEDICAL, state.around.old),
    ):
        nothing = {"card": "unknown", "loss": "none", "lock": "open", "unlocks": "left", "financial": "absent"}
        return aspects_of(state, CardKind.SOCIAL_SECURITY, p) | nothing
    old = Held(state.around.old)
    if old.card == "in_use" and p.cutover_on is not None and state.around.after_cutover:
        old = old._replace(term="over")
    held = {CardKind.SOCIAL_SECURITY: state.social, CardKind.TEMPORARY: state.temporary}.get(kind, old)
    run_out = "stopped" if kind is CardKind.OLD_MEDICAL else "expired"
    social = state.social
    is_social = kind is CardKind.SOCIAL_SECURITY
    stands = "being_replaced" if state.replacing else "valid" if social.valid else "lost"
    many = p.unlocks_max is not None and held.unlocks >= p.unlocks_max
    return {
        "person": state.person,
        "enrolment": state.person,
        "kind": kind,
        "making": state.application if is_social and state.application in OPEN else "none",
        "card": run_out if held.term == "over" else held.card,
        "recorded_card": held.card,
        "recorded_loss": "temporary" if held.loss == "over" else held.loss,
        "loss": "none" if held.loss == "over" or held.term == "over" else held.loss,
        "lock": held.lock,
        "unlocks": "used_up" if many else "left",
        "social": stands if social.alive else "none",
        "social_loss": social.loss if social.alive and social.loss != "over" else "none",
        "replacing": "yes" if is_social and state.replacing else "no",
        "financial": held.financial,
        "account": state.around.account,
        "stay": state.around.stay,
    }
