"""Presenting a card: may it be used for this, here and now? Clauses 1.1, 2.1, 3.1 to 3.4, 5.1, 5.3, 8.1, 9.2, 9.3."""

from collections.abc import Mapping

from msgspec.structs import replace

from shebaoka.records import (
    Accepted,
    Basis,
    CardKind,
    CodeCheck,
    Decision,
    Function,
    PinCheck,
    PresentedCard,
    Purpose,
    Refusal,
    Refused,
    UseCard,
)
from shebaoka.rules.case import Case, Rules
from shebaoka.rules.pin import pin_refusal, wrong_pin
from shebaoka.rules.state import put

_GROUNDS: Mapping[CardKind, tuple[Basis, tuple[Basis, ...]]] = {
    CardKind.SOCIAL_SECURITY: (
        Basis.SOCIAL_FUNCTION_IS_ACTIVE,
        (Basis.ONE_CARD_IS_VALID, Basis.SOCIAL_SECURITY_CARD_DOES_NOT_EXPIRE),
    ),
    CardKind.TEMPORARY: (
        Basis.TEMPORARY_CARD_IS_WITHIN_ITS_TERM,
        (Basis.TEMPORARY_CARD_HAS_THE_SOCIAL_FUNCTION,),
    ),
    CardKind.OLD_MEDICAL: (Basis.OLD_CARD_WORKS_UNTIL_THE_CUT_OVER, ()),
}


def grounds_of(case: Case) -> tuple[Basis, tuple[Basis, ...]]:
    """Why the case's card may be used, and what else that rests on."""
    ground, also = _GROUNDS[case.kind]
    if case.kind is CardKind.TEMPORARY and case.kind not in case.notice.p.activation_needed_for:
        also = (Basis.TEMPORARY_CARD_IS_USABLE_AT_ONCE, *also)
    if case.given.code is not CodeCheck.NOT_SHOWN:
        also = (*also, Basis.CARD_IS_SHOWN_BY_ITS_CODE)
    return ground, also


def code_refusal(case: Case) -> Refused | None:
    """A no to a card that is shown electronically where the city has none such, or by a code that is no good (3.3)."""
    code = case.given.code
    if code is CodeCheck.NOT_SHOWN:
        return None
    if not case.notice.p.electronic_card:
        return case.refused(Refusal.ELECTRONIC_CARD_IS_NOT_OFFERED, "electronic_card")
    if code is CodeCheck.GOOD:
        return None
    return case.refused(Refusal.CODE_WAS_USED if code is CodeCheck.USED else Refusal.CODE_HAS_PASSED, "electronic_card")


def use(case: Case, request: UseCard) -> Decision:
    """The financial side is the bank's (5.3); the social function asks for the PIN where money is meant (9.2, 9.3)."""
    refused = code_refusal(case)
    if refused is not None:
        return refused
    if request.function is Function.FINANCIAL:
        return _used(case, Basis.FINANCIAL_FUNCTION_IS_ACTIVE_FROM_ISSUE)
    if request.function is Function.EXTENDED:
        return _used(case, Basis.CARD_BEARS_THE_APPLICATION)
    ground, also = grounds_of(case)
    if case.kind is CardKind.OLD_MEDICAL:
        return _used(case, ground, ("cutover_on",))
    if request.purpose is not Purpose.ENQUIRY:
        refused = pin_refusal(case)
    elif case.given.pin is PinCheck.WRONG:
        refused = wrong_pin(case)
    if refused is not None:
        return refused
    card, p = case.held, case.notice.p
    first_pin_used = card.first_pin and case.given.pin is PinCheck.RIGHT
    if first_pin_used and request.purpose not in p.first_pin_may:
        return case.refused(Refusal.FIRST_PIN_MUST_BE_CHANGED, "first_pin_may")
    dossier = put(case.dossier, replace(card, pin_tries=0)) if card.pin_tries else case.dossier
    if request.purpose is Purpose.DISCHARGE:
        return Accepted(
            ground=Basis.DISCHARGE_IS_SETTLED_WITH_THE_NEW_CARD,
            also=(ground, *also),
            after=replace(dossier, person=replace(case.person, in_hospital_since=None)),
            done=("card_used", "stay_settled"),
        )
    facts: dict[str, str | int] = {"valid_until_on": card.valid_until.isoformat()} if card.valid_until else {}
    if isinstance(request.card, PresentedCard) and case.given.pin is PinCheck.RIGHT:
        # An institution is told the balance only of somebody who enters the PIN at its terminal.
        facts["balance_fen"] = case.dossier.account.balance_fen if case.dossier.account else 0
    pin = (Basis.PIN_IS_RIGHT,) if case.given.pin is PinCheck.RIGHT else ()
    return Accepted(
        ground=ground,
        also=(*also, *pin),
        after=dossier,
        done=("card_used",),
        readings=("first_pin_may",) if first_pin_used else (),
        facts=facts,
    )


def _used(case: Case, ground: Basis, readings: tuple[str, ...] = ()) -> Accepted:
    return Accepted(ground=ground, after=case.dossier, done=("card_used",), readings=readings)


RULES: Rules = {UseCard: use}
