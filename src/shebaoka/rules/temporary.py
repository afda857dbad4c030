"""The temporary card: issued at once, extended where a city does so, expired, handed in.

Clauses 2.1 to 2.4, 3.2, 4.3, 5.4, 6.3, 9.1.
"""

import datetime as dt

from msgspec.structs import replace

from shebaoka.notice import add_term
from shebaoka.records import (
    Accepted,
    ApplyForTemporaryCard,
    Basis,
    Card,
    CardKind,
    Decision,
    Ending,
    ExpireCard,
    ExtendCard,
    HandInCard,
    Life,
    PinOrder,
    Refusal,
    Step,
)
from shebaoka.rules.case import Case, Rules, bank_side
from shebaoka.rules.pin import new_pin_refusal
from shebaoka.rules.state import as_of, ended, is_valid, live_card, put


def last_day(case: Case, from_on: dt.date) -> tuple[dt.date, tuple[str, ...]]:
    """The last day of a temporary card issued on `from_on`, and the readings that it took to say so (3.2)."""
    p = case.notice.p
    until = add_term(from_on, p.temporary_valid, p.temporary_from_29_february)
    leap = (from_on.month, from_on.day) == (2, 29)
    return until, ("temporary_from_29_february",) if leap else ()


def new_temporary_card(case: Case, n: int, valid_until: dt.date) -> Card:
    """A temporary card as it leaves the window: usable at once unless the city asks for an activation (5.4)."""
    sealed = CardKind.TEMPORARY in case.notice.p.activation_needed_for
    return Card(
        n=n,
        kind=CardKind.TEMPORARY,
        number=case.given.card_number,
        serial=case.given.card_serial,
        life=Life.SEALED if sealed else Life.IN_USE,
        issued_on=case.given.on,
        valid_until=valid_until,
        financial=bank_side(case, case.notice.p.functions.temporary),
    )


def apply(case: Case, request: ApplyForTemporaryCard) -> Decision:
    """Issued at once with the holder's own PIN. While a damaged card is being replaced, that one is handed in (2.1)."""
    on, dossier = case.given.on, case.dossier
    if case.person.insured_on > on:
        return case.refused(Refusal.PERSON_IS_NOT_INSURED_YET, insured_on=case.person.insured_on.isoformat())
    social = live_card(dossier, CardKind.SOCIAL_SECURITY)
    done: tuple[str, ...] = ("temporary_card_issued",)
    if social is not None and is_valid(social):
        if not request.hands_in_damaged_card:
            return case.refused(Refusal.DAMAGED_CARD_MUST_BE_HANDED_IN)
        dossier = put(dossier, ended(social, Ending.HANDED_IN, on))
        done = (*done, "card_handed_in")
    refused = new_pin_refusal(case) or case.fee_refusal(
        case.notice.p.first_temporary_fee_fen,
        Refusal.TEMPORARY_REPLACEMENT_FEE_MUST_BE_PAID,
        Refusal.TEMPORARY_CARD_FEE_IS_NOT_DUE,
    )
    if refused is not None:
        return refused
    until, readings = last_day(case, on)
    card = new_temporary_card(case, len(dossier.cards) + 1, until)
    usable = card.life is Life.IN_USE
    return Accepted(
        ground=Basis.TEMPORARY_CARD_IS_APPLIED_FOR_ALIKE if social is None else Basis.TEMPORARY_CARD_WHILE_REPLACING,
        also=(
            *((Basis.TEMPORARY_CARD_IS_USABLE_AT_ONCE,) if usable else ()),
            Basis.FIRST_TEMPORARY_CARD_IS_FREE,
            Basis.HOLDER_SETS_THE_PIN,
        ),
        after=put(dossier, card),
        done=done,
        pin=PinOrder(card=card.n, pin="new"),
        fee_fen=case.notice.p.first_temporary_fee_fen,
        readings=readings,
        next=(
            *(() if usable else (Step.ACTIVATE_THE_CARD,)),
            Step.KEEP_THE_PIN_SAFE,
            Step.HAND_IN_THE_TEMPORARY_CARD if case.application else Step.APPLY_FOR_THE_SOCIAL_SECURITY_CARD,
        ),
        facts={"valid_until_on": until.isoformat(), "card_number": card.number},
    )


def _began_on(case: Case, card: Card) -> dt.date:
    """The day from which the limit to extensions counts: the first card's, where a replaced card keeps its term."""
    began_on = card.issued_on
    if case.notice.p.temporary_replacement_term != "remaining":
        return began_on
    for before in reversed(case.dossier.cards):
        if before.n < card.n and before.kind is CardKind.TEMPORARY:
            if before.ending is not Ending.REPLACED:
                break
            began_on = before.issued_on
    return began_on


def extend(case: Case, request: ExtendCard) -> Decision:  # noqa: ARG001 - every rule has one shape
    """A longer term, where the notice has one, up to its limit."""
    p, card = case.notice.p, case.held
    until = card.valid_until or case.given.on
    if p.temporary_extension is None or p.temporary_valid_at_most is None:
        return case.refused(
            Refusal.TEMPORARY_CARD_CANNOT_BE_EXTENDED, "temporary_extension", valid_until_on=until.isoformat()
        )
    limit = add_term(_began_on(case, card), p.temporary_valid_at_most, p.temporary_from_29_february)
    longer = min(add_term(until, p.temporary_extension, p.temporary_from_29_february), limit)
    if longer <= until:
        return case.refused(
            Refusal.TEMPORARY_CARD_IS_EXTENDED_TO_THE_LIMIT,
            "temporary_valid_at_most",
            valid_until_on=until.isoformat(),
        )
    return Accepted(
        ground=Basis.TEMPORARY_CARD_IS_EXTENDED,
        also=(Basis.MATERIALS_ARE_COMPLETE,),
        after=put(case.dossier, replace(card, valid_until=longer)),
        done=("temporary_card_extended",),
        facts={"valid_until_on": longer.isoformat()},
    )


def expire(case: Case, request: ExpireCard) -> Decision:  # noqa: ARG001 - every rule has one shape
    """The day after the last day has come: what the calendar has done already is put on file."""
    recorded = live_card(case.recorded, CardKind.TEMPORARY)
    until = recorded.valid_until if recorded is not None else None
    if until is None or case.given.on <= until:
        day = until or case.given.on
        return case.refused(Refusal.TEMPORARY_CARD_HAS_NOT_EXPIRED, valid_until_on=day.isoformat())
    return Accepted(
        ground=Basis.TEMPORARY_CARD_EXPIRES,
        after=as_of(case.recorded, case.notice, case.given.on),
        done=("temporary_card_expired",),
        next=(Step.APPLY_FOR_THE_SOCIAL_SECURITY_CARD,),
        facts={"valid_until_on": until.isoformat()},
    )


def hand_in(case: Case, request: HandInCard) -> Decision:  # noqa: ARG001 - every rule has one shape
    """A card that is given back ends."""
    return Accepted(
        ground=Basis.CARD_ENDS,
        also=(Basis.MATERIALS_ARE_COMPLETE,),
        after=put(case.dossier, ended(case.held, Ending.HANDED_IN, case.given.on)),
        done=("card_handed_in",),
    )


RULES: Rules = {ApplyForTemporaryCard: apply, ExtendCard: extend, ExpireCard: expire, HandInCard: hand_in}
