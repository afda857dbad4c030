"""The social security card from the application to the holder's hand. Clauses 2.2, 2.3, 4.1, 4.2, 5.3, 6.1, 9.1."""

from msgspec.structs import replace

from shebaoka.records import (
    POST,
    Accepted,
    AmendApplication,
    Application,
    ApplyForCard,
    Basis,
    Card,
    CardKind,
    Channel,
    CollectCard,
    Decision,
    Ending,
    Financial,
    Life,
    Loss,
    Making,
    PinOrder,
    Refusal,
    Step,
    Why,
    WithdrawApplication,
)
from shebaoka.rules.case import Case, Rules, bank_side
from shebaoka.rules.state import ended, ethnic_group_before, live_card, put, put_application


def apply(case: Case, request: ApplyForCard) -> Decision:
    """A first card is free (6.1); after one that ended by the holder's wish another costs what the notice says."""
    if case.person.insured_on > case.given.on:
        return case.refused(Refusal.PERSON_IS_NOT_INSURED_YET, insured_on=case.person.insured_on.isoformat())
    again = any(c.kind is CardKind.SOCIAL_SECURITY for c in case.dossier.cards)
    p = case.notice.p
    fee_fen, readings = (p.again_fee_fen, ("again_fee_fen",)) if again else (p.first_card_fee_fen, ())
    refused = case.fee_refusal(fee_fen, Refusal.REPLACEMENT_FEE_MUST_BE_PAID, Refusal.FEE_IS_NOT_DUE, *readings)
    refused = refused or case.post_refusal(request.collect_at)
    if refused is not None:
        return refused
    application = Application(
        n=len(case.dossier.applications) + 1,
        why=Why.AGAIN if again else Why.FIRST,
        making=Making.APPLIED,
        applied_on=case.given.on,
        fee_fen=fee_fen,
        collect_at=request.collect_at,
        photo=request.photo,
        ethnic_group=request.ethnic_group or ethnic_group_before(case.dossier),
    )
    return Accepted(
        ground=Basis.INSURED_PERSON_MAY_APPLY,
        also=(
            Basis.APPLICATION_MATERIALS_ARE_COMPLETE,
            Basis.FIRST_ISSUE_IS_FREE if fee_fen == 0 else Basis.REPLACEMENT_FEE_IS_PAID,
        ),
        after=put_application(case.dossier, application),
        done=("application_made",),
        fee_fen=fee_fen,
        readings=readings,
        next=(Step.WAIT_FOR_THE_CARD,),
        facts={"fee_fen": fee_fen},
    )


def amend(case: Case, request: AmendApplication) -> Decision:
    """What is None stays; a rejected card's application may be amended before the remake, a returned one's as well."""
    if (refused := case.post_refusal(request.collect_at)) is not None:
        return refused
    application = case.applied
    changed = replace(
        application,
        collect_at=application.collect_at if request.collect_at is None else request.collect_at,
        photo=application.photo if request.photo is None else request.photo,
        ethnic_group=application.ethnic_group if request.ethnic_group is None else request.ethnic_group,
    )
    return Accepted(
        ground=Basis.DONE_THROUGH_ITS_CHANNEL,
        also=(Basis.MATERIALS_ARE_COMPLETE,),
        after=put_application(case.dossier, changed),
        done=("application_amended",),
        next=(Step.WAIT_FOR_THE_CARD,),
    )


def withdraw(case: Case, request: WithdrawApplication) -> Decision:  # noqa: ARG001 - every rule has one shape
    """An application that is not being made is taken back, and its fee with it."""
    application = case.applied
    paid = application.fee_fen > 0
    return Accepted(
        ground=Basis.DONE_THROUGH_ITS_CHANNEL,
        also=(Basis.MATERIALS_ARE_COMPLETE,),
        after=put_application(case.dossier, replace(application, making=Making.WITHDRAWN)),
        done=("application_withdrawn", "fee_refunded") if paid else ("application_withdrawn",),
        next=(Step.REFUND_THE_FEE,) if paid else (),
        facts={"fee_fen": application.fee_fen} if paid else {},
    )


def collect(case: Case, request: CollectCard) -> Decision:
    """The card is handed over with its first PIN; whatever it replaces ends, and a temporary card is handed in (2.3).

    A temporary card that is reported lost cannot be handed in: it ends by the priority of the new card (2.2).
    Production hands over by post alone, where the city sends cards by post.
    """
    application, on, p = case.applied, case.given.on, case.notice.p
    if case.given.channel is Channel.PRODUCTION and application.collect_at != POST:
        return case.refused(Refusal.SERVICE_IS_NOT_FOR_THIS_CHANNEL, channels=Channel.WINDOW.value)
    dossier = put_application(case.dossier, replace(application, making=Making.COLLECTED))
    done: tuple[str, ...] = ("card_collected", "first_pin_set")
    ground = Basis.ONE_CARD_IS_VALID
    temporary = live_card(dossier, CardKind.TEMPORARY)
    if temporary is not None and temporary.loss is not Loss.NONE:
        dossier = put(dossier, ended(temporary, Ending.SUPERSEDED, on))
        ground, done = Basis.SOCIAL_SECURITY_CARD_TAKES_PRIORITY, (*done, "card_ended")
    elif temporary is not None:
        if not request.hands_in_temporary_card:
            return case.refused(Refusal.TEMPORARY_CARD_MUST_BE_HANDED_IN)
        dossier = put(dossier, ended(temporary, Ending.HANDED_IN, on))
        ground, done = Basis.TEMPORARY_CARD_IS_HANDED_IN, (*done, "card_handed_in")
    replaced = live_card(dossier, CardKind.SOCIAL_SECURITY)
    if replaced is not None:
        dossier = put(dossier, ended(replaced, Ending.REPLACED, on))
        done = (*done, "card_ended")
    sealed = CardKind.SOCIAL_SECURITY in p.activation_needed_for
    financial = bank_side(case, p.functions.social_security)
    at_the_bank = (Basis.FINANCIAL_FUNCTION_IS_ACTIVE_FROM_ISSUE,) if financial is Financial.ACTIVE else ()
    card = Card(
        n=len(dossier.cards) + 1,
        kind=CardKind.SOCIAL_SECURITY,
        number=application.card_number or "",
        serial=application.card_serial or "",
        life=Life.SEALED if sealed else Life.IN_USE,
        issued_on=on,
        first_pin=True,
        financial=financial,
        applications=_carried_on(case),
    )
    return Accepted(
        ground=ground,
        also=(*at_the_bank, Basis.FIRST_PIN_IS_SET),
        after=put(dossier, card),
        done=done,
        pin=PinOrder(card=card.n, pin="first"),
        readings=("first_pin",),
        next=(Step.ACTIVATE_THE_CARD, Step.CHANGE_THE_FIRST_PIN) if sealed else (Step.CHANGE_THE_FIRST_PIN,),
        facts={"card_number": card.number},
    )


def _carried_on(case: Case) -> tuple[str, ...]:
    """The extended applications of the card that is replaced, also where it was handed in before."""
    return next((c.applications for c in case.dossier.cards if c.n == case.applied.replaces), ())


RULES: Rules = {ApplyForCard: apply, AmendApplication: amend, WithdrawApplication: withdraw, CollectCard: collect}
