"""The one table of which services each state allows, and on what ground not. Window, portal and tests all read it.

A row is a service, with its variant where the state matters differently. It looks at aspects of the state in turn,
and the first one that forbids gives the refusal: that order is the precedence. What a row does not name, it allows.
"""

from collections.abc import Callable, Mapping

import msgspec

from shebaoka.notice import Parameters
from shebaoka.records import CardKind, Ending, Financial, Function, Life, Loss, PresentedCard, Refusal, Standing
from shebaoka.rules.case import Case
from shebaoka.rules.state import OPEN_MAKINGS, card_of, is_valid, live_card, standing_of

R = Refusal


class Unless(msgspec.Struct, frozen=True):
    """A refusal that a parameter of the notice takes away."""

    refusal: Refusal
    parameter: str
    allows: Callable[[Parameters], bool]


Cell = Refusal | Unless
Question = tuple[str, Mapping[str, Cell]]
Row = tuple[Question, ...]


def _enrolment(case: Case) -> str:
    """The person's standing; `registering` for who is not insured here and is registered by the request itself."""
    standing = standing_of(case.dossier)
    comes = standing in _NOT_HERE and getattr(case.request, "name", None) is not None
    return "registering" if comes else standing


_NOT_HERE = ("not_registered", Standing.LEFT)


def _making(case: Case) -> str:
    if case.kind is not CardKind.SOCIAL_SECURITY or case.application is None:
        return "none"
    return case.application.making


def _card(case: Case) -> str:
    card = case.card
    if card is None:
        return "unknown" if isinstance(getattr(case.request, "card", None), PresentedCard) else "none"
    return card.ending or "ended" if card.life is Life.ENDED else card.life


def _recorded_card(case: Case) -> str:
    card = card_of(case.recorded, case.kind)
    if card is None:
        return "none"
    return card.ending or "ended" if card.life is Life.ENDED else card.life


def _recorded_loss(case: Case) -> str:
    card = card_of(case.recorded, case.kind)
    return "none" if card is None else card.loss


def _social(case: Case) -> str:
    """The social security card, as far as it stands in the way of another card."""
    card = live_card(case.dossier, CardKind.SOCIAL_SECURITY)
    if card is None:
        return "none"
    if _replacing(case) == "yes":
        return "being_replaced"
    return "valid" if is_valid(card) else "lost"


def _replacing(case: Case) -> str:
    """Whether the person's social security card is being replaced."""
    application = case.application
    if application is None:
        return "no"
    card = live_card(case.dossier, CardKind.SOCIAL_SECURITY)
    return "yes" if card is not None and application.replaces == card.n else "no"


def _social_loss(case: Case) -> str:
    """The loss report standing on the social security card, whichever card is asked about."""
    card = live_card(case.dossier, CardKind.SOCIAL_SECURITY)
    return "none" if card is None else card.loss


def _unlocks(case: Case) -> str:
    limit = case.notice.p.unlocks_max
    return "used_up" if limit is not None and case.card is not None and case.card.unlocks >= limit else "left"


ASPECTS: Mapping[str, Callable[[Case], str]] = {
    "person": lambda case: standing_of(case.dossier),
    "enrolment": _enrolment,
    "kind": lambda case: case.kind,
    "making": _making,
    "card": _card,
    "recorded_card": _recorded_card,
    "recorded_loss": _recorded_loss,
    "loss": lambda case: "none" if case.card is None else case.card.loss,
    "lock": lambda case: "locked" if case.card is not None and case.card.locked else "open",
    "unlocks": _unlocks,
    "social": _social,
    "social_loss": _social_loss,
    "replacing": lambda case: _replacing(case) if case.kind is CardKind.SOCIAL_SECURITY else "no",
    "financial": lambda case: Financial.ABSENT if case.card is None else case.card.financial,
    "account": lambda case: "carried" if case.dossier.account and case.dossier.account.carried_over_on else "none",
    "stay": lambda case: "open" if case.dossier.person and case.dossier.person.in_hospital_since else "none",
}

_INSURED: Mapping[str, Cell] = {
    "not_registered": R.PERSON_IS_NOT_REGISTERED,
    "left": R.PERSON_HAS_LEFT,
    "dead": R.PERSON_HAS_DIED,
}
_PERSON: Question = ("person", _INSURED)
_ENDED: Mapping[str, Cell] = {
    "none": R.HOLDER_HAS_NO_CARD,
    "unknown": R.CARD_IS_NOT_KNOWN,
    Ending.REPLACED: R.CARD_WAS_REPLACED,
    Ending.HANDED_IN: R.CARD_WAS_HANDED_IN,
    Ending.EXPIRED: R.TEMPORARY_CARD_HAS_EXPIRED,
    Ending.CANCELLED: R.CARD_WAS_CANCELLED,
    Ending.SUPERSEDED: R.SOCIAL_SECURITY_CARD_HAS_PRIORITY,
    Ending.STOPPED: R.OLD_CARD_HAS_STOPPED,
}
_ALIVE: Question = ("card", _ENDED)
_NOT_OLD: Question = ("kind", {CardKind.OLD_MEDICAL: R.OLD_CARD_HAS_NO_SUCH_SERVICE})
_BANK: Question = (
    "kind",
    {
        CardKind.TEMPORARY: Unless(
            R.TEMPORARY_CARD_HAS_THE_SOCIAL_FUNCTION_ONLY,
            "functions",
            lambda p: Function.FINANCIAL in p.functions.temporary,
        ),
        CardKind.OLD_MEDICAL: R.OLD_CARD_HAS_NO_SUCH_SERVICE,
    },
)
_EXTENDED: Question = (
    "kind",
    {
        CardKind.SOCIAL_SECURITY: Unless(
            R.EXTENDED_APPLICATION_IS_NOT_OFFERED,
            "functions",
            lambda p: Function.EXTENDED in p.functions.social_security,
        ),
        CardKind.TEMPORARY: Unless(
            R.TEMPORARY_CARD_HAS_THE_SOCIAL_FUNCTION_ONLY,
            "functions",
            lambda p: Function.EXTENDED in p.functions.temporary,
        ),
        CardKind.OLD_MEDICAL: R.OLD_CARD_HAS_NO_SUCH_SERVICE,
    },
)
_TEMPORARY_ONLY: Question = (
    "kind",
    {
        CardKind.SOCIAL_SECURITY: R.SOCIAL_SECURITY_CARD_HAS_NO_EXPIRY,
        CardKind.OLD_MEDICAL: R.OLD_CARD_HAS_NO_SUCH_SERVICE,
    },
)
_NOT_LOST: Question = ("loss", {Loss.TEMPORARY: R.CARD_IS_REPORTED_LOST, Loss.FORMAL: R.CARD_IS_REPORTED_LOST})
_NOT_LOCKED: Question = ("lock", {"locked": R.CARD_IS_LOCKED})
_NOT_APPLIED: Question = (
    "making",
    dict.fromkeys(OPEN_MAKINGS, R.APPLICATION_IS_ALREADY_OPEN),
)
_WORKS: Question = (
    "replacing",
    {
        "yes": Unless(
            R.CARD_WAS_REPLACED, "damaged_card_works_until_replaced", lambda p: p.damaged_card_works_until_replaced
        )
    },
)


def _use(card: Mapping[str, Cell]) -> Row:
    return (_PERSON, ("card", {**_ENDED, Life.SEALED: R.SOCIAL_FUNCTION_IS_NOT_ACTIVATED, **card}))


def _made(**cells: Cell) -> Row:
    """A row about making: what each stage of an application answers."""
    return (_PERSON, ("making", {"none": R.THERE_IS_NO_APPLICATION, **cells}))


_NOT_READY: Mapping[str, Cell] = dict.fromkeys(("applied", "in_batch", "made", "rejected"), R.CARD_IS_NOT_READY_YET)
_REGISTERED: Row = (("person", {"not_registered": R.PERSON_IS_NOT_REGISTERED}),)
"""What was done can be taken back, and a stay be ended, whatever has become of the person meanwhile."""


ROWS: Mapping[str, Row] = {
    "register_person": (("person", {"insured": R.PERSON_IS_ALREADY_REGISTERED, "dead": R.PERSON_HAS_DIED}),),
    "carry_over_account": (("enrolment", _INSURED), ("account", {"carried": R.ACCOUNT_WAS_ALREADY_CARRIED_OVER})),
    "undo_carry_over": _REGISTERED,
    "apply_for_card": (
        _PERSON,
        _NOT_APPLIED,
        ("social", {"valid": R.HOLDER_HAS_A_VALID_CARD, "lost": R.LOST_CARD_IS_REPLACED_NOT_APPLIED_FOR}),
    ),
    "amend_application": _made(
        in_batch=R.CARD_IS_ALREADY_BEING_MADE, made=R.CARD_IS_ALREADY_MADE, ready=R.CARD_IS_ALREADY_READY
    ),
    "withdraw_application": _made(
        in_batch=R.CARD_IS_ALREADY_BEING_MADE,
        made=R.CARD_IS_ALREADY_MADE,
        ready=R.CARD_IS_ALREADY_READY,
        returned=R.CARD_IS_ALREADY_MADE,
    ),
    "put_in_batch": _made(
        in_batch=R.CARD_IS_ALREADY_BEING_MADE,
        made=R.CARD_IS_ALREADY_MADE,
        ready=R.CARD_IS_ALREADY_READY,
        returned=R.CARD_IS_ALREADY_MADE,
    ),
    "record_made": _made(
        applied=R.CARD_IS_NOT_IN_A_BATCH,
        rejected=R.CARD_IS_NOT_IN_A_BATCH,
        made=R.CARD_IS_ALREADY_MADE,
        ready=R.CARD_IS_ALREADY_READY,
        returned=R.CARD_IS_ALREADY_MADE,
    ),
    "record_rejected": _made(
        applied=R.CARD_IS_NOT_IN_A_BATCH, rejected=R.CARD_IS_NOT_IN_A_BATCH, ready=R.CARD_IS_ALREADY_READY
    ),
    "record_ready": _made(
        applied=R.CARD_IS_NOT_IN_A_BATCH,
        rejected=R.CARD_IS_NOT_IN_A_BATCH,
        in_batch=R.CARD_IS_NOT_MADE_YET,
        ready=R.CARD_IS_ALREADY_READY,
    ),
    "collect_card": _made(**_NOT_READY, returned=R.CARD_WAS_RETURNED),
    "return_uncollected_card": _made(**_NOT_READY, returned=R.CARD_WAS_RETURNED),
    "apply_for_temporary_card": (
        _PERSON,
        (
            "social",
            {
                "valid": R.HOLDER_HAS_A_SOCIAL_SECURITY_CARD,
                "lost": R.HOLDER_HAS_A_SOCIAL_SECURITY_CARD,
                "being_replaced": Unless(
                    R.HOLDER_HAS_A_SOCIAL_SECURITY_CARD,
                    "temporary_while_replacing",
                    lambda p: p.temporary_while_replacing,
                ),
            },
        ),
        # A damaged card that is reported lost for a time cannot be handed in, and may come back: two valid cards.
        ("social_loss", {Loss.TEMPORARY: R.LOSS_MUST_BE_REPORTED_FIRST}),
        ("card", {Life.IN_USE: R.HOLDER_HAS_A_TEMPORARY_CARD, Life.SEALED: R.HOLDER_HAS_A_TEMPORARY_CARD}),
    ),
    "activate_card": (
        _PERSON,
        (
            "kind",
            {
                CardKind.TEMPORARY: Unless(
                    R.TEMPORARY_CARD_NEEDS_NO_ACTIVATION,
                    "activation_needed_for",
                    lambda p: CardKind.TEMPORARY in p.activation_needed_for,
                ),
                CardKind.OLD_MEDICAL: R.OLD_CARD_HAS_NO_SUCH_SERVICE,
            },
        ),
        ("card", {**_ENDED, Life.IN_USE: R.CARD_IS_ALREADY_ACTIVATED}),
        _NOT_LOST,
        _NOT_LOCKED,
    ),
    "use_card": (*_use({}), _NOT_LOST, _WORKS, _NOT_LOCKED),
    "use_card.discharge": (
        *_use({Ending.STOPPED: R.OLD_CARD_CANNOT_SETTLE_THE_DISCHARGE}),
        ("stay", {"none": R.NO_STAY_WAS_OPEN_AT_THE_CUT_OVER}),
        _NOT_LOST,
        _WORKS,
        _NOT_LOCKED,
    ),
    "use_card.financial": (
        _PERSON,
        _BANK,
        _ALIVE,
        (
            "financial",
            {
                Financial.ABSENT: R.FINANCIAL_FUNCTION_IS_NOT_ACTIVE,
                Financial.STOP_ASKED: R.FINANCIAL_FUNCTION_IS_NOT_ACTIVE,
                Financial.STOPPED: R.FINANCIAL_FUNCTION_IS_NOT_ACTIVE,
            },
        ),
    ),
    "use_card.extended": (_PERSON, _EXTENDED, _ALIVE, _NOT_LOST, _WORKS, _NOT_LOCKED),
    "report_loss.formal": (_PERSON, _NOT_OLD, _ALIVE, ("loss", {Loss.FORMAL: R.LOSS_IS_ALREADY_REPORTED})),
    "report_loss.temporary": (
        _PERSON,
        _NOT_OLD,
        _ALIVE,
        ("loss", {Loss.FORMAL: R.LOSS_IS_ALREADY_REPORTED, Loss.TEMPORARY: R.LOSS_IS_ALREADY_REPORTED}),
    ),
    "cancel_loss_report": (_PERSON, _NOT_OLD, _ALIVE, ("loss", {Loss.NONE: R.CARD_IS_NOT_REPORTED_LOST})),
    "end_loss_report": (
        _PERSON,
        _NOT_OLD,
        ("recorded_card", _ENDED),
        ("recorded_loss", {Loss.NONE: R.CARD_IS_NOT_REPORTED_LOST}),
    ),
    "record_bank_answer": (_PERSON, _ALIVE, ("financial", {Financial.ABSENT: R.BANK_WAS_NOT_ASKED})),
    "unlock_card": (
        _PERSON,
        _NOT_OLD,
        _ALIVE,
        ("lock", {"open": R.CARD_IS_NOT_LOCKED}),
        ("unlocks", {"used_up": R.UNLOCKS_ARE_USED_UP}),
    ),
    "change_pin": (_PERSON, _NOT_OLD, _ALIVE, _NOT_LOST, _NOT_LOCKED),
    "reset_pin": (_PERSON, _NOT_OLD, _ALIVE, _NOT_LOST),
    "replace_card.loss": (
        _PERSON,
        _NOT_OLD,
        _ALIVE,
        ("loss", {Loss.NONE: R.LOSS_MUST_BE_REPORTED_FIRST, Loss.TEMPORARY: R.LOSS_MUST_BE_REPORTED_FIRST}),
        _NOT_APPLIED,
    ),
    "replace_card.damage": (_PERSON, _NOT_OLD, _ALIVE, _NOT_LOST, _NOT_APPLIED),
    "replace_card.made_wrongly": (_PERSON, _NOT_OLD, _ALIVE, _NOT_LOST, _NOT_APPLIED),
    "replace_card.unlocks_used_up": (
        _PERSON,
        _NOT_OLD,
        _ALIVE,
        _NOT_LOST,
        ("lock", {"open": R.CARD_IS_NOT_LOCKED}),
        ("unlocks", {"left": R.UNLOCKS_ARE_NOT_USED_UP}),
        _NOT_APPLIED,
    ),
    "hand_in_card": (_PERSON, _NOT_OLD, _ALIVE, _NOT_LOST),
    "extend_card": (_PERSON, _TEMPORARY_ONLY, _ALIVE, _NOT_LOST),
    "expire_card": (_PERSON, _TEMPORARY_ONLY, ("recorded_card", _ENDED)),
    "stop_old_card": (_PERSON, ("recorded_card", _ENDED)),
    "cancel_card.request": (_PERSON, _NOT_OLD, _ALIVE),
    "cancel_card.leaving": (_PERSON,),
    "cancel_card.death": (("person", {"not_registered": R.PERSON_IS_NOT_REGISTERED, "dead": R.PERSON_HAS_DIED}),),
    "add_extended_application": (_PERSON, _EXTENDED, _ALIVE, _NOT_LOST, _NOT_LOCKED),
    "remove_extended_application": (_PERSON, _EXTENDED, _ALIVE, _NOT_LOST, _NOT_LOCKED),
    "look_up_person": _REGISTERED,
    "credit_contribution": (_PERSON,),
    "propose_correction": _REGISTERED,
    "approve_correction": _REGISTERED,
    "settle_charge": (*_use({}), _NOT_OLD, _NOT_LOST, _WORKS, _NOT_LOCKED),
    "cancel_settlement": _REGISTERED,
    "reverse_message": (),
    "admit_patient": (*_use({}), _NOT_LOST, _WORKS, _NOT_LOCKED),
    "amend_stay": _REGISTERED,
    "cancel_admission": _REGISTERED,
    "discharge_patient": _REGISTERED,
    "cancel_discharge": _REGISTERED,
}

STATE_REFUSALS = frozenset(
    cell.refusal if isinstance(cell, Unless) else cell
    for row in ROWS.values()
    for _, cells in row
    for cell in cells.values()
)


_STEPS = {key: tuple((ASPECTS[aspect], cells) for aspect, cells in row) for key, row in ROWS.items()}


def verdict(case: Case) -> tuple[Refusal | None, tuple[str, ...]]:
    """The first refusal that the case's state gives, or None; and the parameters that gave it or took one away."""
    used: tuple[str, ...] = ()
    for aspect, cells in _STEPS[case.key]:
        cell = cells.get(aspect(case))
        if cell is None:
            continue
        if not isinstance(cell, Unless):
            return cell, used
        used += (cell.parameter,)
        if not cell.allows(case.notice.p):
            return cell.refusal, used
    return None, used
