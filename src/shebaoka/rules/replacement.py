"""Replacing a card: the social security card is made anew, the temporary card at once. Clauses 6.2, 6.4, 9.4."""

from shebaoka.records import (
    Accepted,
    Application,
    Basis,
    CardKind,
    Decision,
    Ending,
    Making,
    PinOrder,
    Refusal,
    ReplaceCard,
    Step,
    Why,
)
from shebaoka.rules.case import Case, Rules
from shebaoka.rules.pin import new_pin_refusal
from shebaoka.rules.state import ended, ethnic_group_before, put, put_application
from shebaoka.rules.temporary import last_day, new_temporary_card


def replace_card(case: Case, request: ReplaceCard) -> Decision:
    """A fee for loss and damage; none for a card that was made wrongly, which is neither."""
    if case.kind is CardKind.TEMPORARY:
        return _temporary(case, request)
    p = case.notice.p
    wrongly = request.why == "made_wrongly"
    fee_fen = p.made_wrongly_fee_fen if wrongly else p.replacement_fee_fen
    readings = ("made_wrongly_fee_fen",) if wrongly else ()
    refused = case.fee_refusal(fee_fen, Refusal.REPLACEMENT_FEE_MUST_BE_PAID, Refusal.FEE_IS_NOT_DUE, *readings)
    refused = refused or case.post_refusal(request.collect_at)
    if refused is not None:
        return refused
    application = Application(
        n=len(case.dossier.applications) + 1,
        why=Why(request.why),
        making=Making.APPLIED,
        applied_on=case.given.on,
        fee_fen=fee_fen,
        replaces=case.held.n,
        collect_at=request.collect_at,
        ethnic_group=request.ethnic_group or ethnic_group_before(case.dossier),
    )
    lost = _lost(request)
    return Accepted(
        ground=Basis.MADE_WRONGLY_IS_REPLACED_FREE if wrongly else Basis.REPLACEMENT_FEE_IS_PAID,
        also=(*lost, Basis.MATERIALS_ARE_COMPLETE),
        after=put_application(case.dossier, application),
        done=("replacement_applied_for",),
        fee_fen=fee_fen,
        readings=readings if lost else (*readings, "damaged_card_works_until_replaced"),
        next=(Step.WAIT_FOR_THE_CARD,),
        facts={"fee_fen": fee_fen},
    )


def _lost(request: ReplaceCard) -> tuple[Basis, ...]:
    """The further ground of a replacement for loss."""
    return (Basis.LOST_CARD_IS_REPLACED,) if request.why == "loss" else ()


def _temporary(case: Case, request: ReplaceCard) -> Decision:
    """The new temporary card is issued at once with the holder's own PIN; the old one ends with it."""
    p, card, on = case.notice.p, case.held, case.given.on
    wrongly = request.why == "made_wrongly"
    fee_fen = p.made_wrongly_fee_fen if wrongly else p.temporary_replacement_fee_fen
    reading = "made_wrongly_fee_fen" if wrongly else "temporary_replacement_fee_fen"
    refused = new_pin_refusal(case) or case.fee_refusal(
        fee_fen,
        Refusal.TEMPORARY_REPLACEMENT_FEE_MUST_BE_PAID,
        Refusal.TEMPORARY_CARD_FEE_IS_NOT_DUE,
        reading,
    )
    if refused is not None:
        return refused
    until, more = last_day(case, on)
    if p.temporary_replacement_term == "remaining" and card.valid_until is not None:
        until, more = card.valid_until, ()
    lost = _lost(request)
    dossier = put(case.dossier, ended(card, Ending.REPLACED, on))
    new = new_temporary_card(case, len(dossier.cards) + 1, until)
    return Accepted(
        ground=Basis.MADE_WRONGLY_IS_REPLACED_FREE if wrongly else Basis.TEMPORARY_REPLACEMENT_FEE_IS_PAID,
        also=(Basis.HOLDER_SETS_THE_PIN, *lost, Basis.MATERIALS_ARE_COMPLETE),
        after=put(dossier, new),
        done=("temporary_card_replaced",),
        pin=PinOrder(card=new.n, pin="new"),
        fee_fen=fee_fen,
        readings=(reading, "temporary_replacement_term", *more),
        next=(Step.KEEP_THE_PIN_SAFE,),
        facts={"fee_fen": fee_fen, "valid_until_on": until.isoformat(), "card_number": new.number},
    )


RULES: Rules = {ReplaceCard: replace_card}
