"""PIN and lock: wrong entries, unlocking, changing, resetting. Clauses 9.1, 9.2, 9.3. The digits never come here."""

from msgspec.structs import replace

from shebaoka.records import (
    Accepted,
    Basis,
    ChangePin,
    Decision,
    NewPin,
    PinCheck,
    PinOrder,
    Refusal,
    Refused,
    ResetPin,
    Step,
    UnlockCard,
)
from shebaoka.rules.case import Case, Rules
from shebaoka.rules.state import put

_UNFIT = {
    NewPin.NOT_GIVEN: (Refusal.HOLDER_MUST_SET_A_PIN, ()),
    NewPin.WRONG_LENGTH: (Refusal.PIN_MUST_HAVE_THE_SET_LENGTH, ()),
    NewPin.SAME_AS_FIRST: (Refusal.NEW_PIN_MUST_DIFFER_FROM_THE_FIRST, ("first_pin",)),
    NewPin.TOO_SIMPLE: (Refusal.NEW_PIN_IS_TOO_SIMPLE, ("simple_pins_refused",)),
}


def new_pin_refusal(case: Case) -> Refused | None:
    """A no unless the holder chose a PIN that is fit."""
    unfit = _UNFIT.get(case.given.new_pin)
    return case.refused(unfit[0], *unfit[1]) if unfit else None


def wrong_pin(case: Case) -> Refused:
    """A wrong entry is counted, and the last one allowed locks the card (9.3)."""
    card, tries_max = case.held, case.notice.p.pin_tries_max
    tries = card.pin_tries + 1
    locks = tries >= tries_max
    counted = replace(card, pin_tries=tries, locked=locks)
    return Refused(
        ground=Refusal.PIN_IS_WRONG_AND_THE_CARD_IS_LOCKED if locks else Refusal.PIN_IS_WRONG,
        after=put(case.dossier, counted),
        done=("wrong_pin_counted", "card_locked") if locks else ("wrong_pin_counted",),
        readings=("pin_tries_max",),
        facts={"tries_left": max(tries_max - tries, 0)},
    )


def pin_refusal(case: Case) -> Refused | None:
    """A no unless the card's present PIN was entered, and right."""
    if case.given.pin is PinCheck.NOT_GIVEN:
        return case.refused(Refusal.PIN_MUST_BE_GIVEN)
    return wrong_pin(case) if case.given.pin is PinCheck.WRONG else None


def unlock(case: Case, request: UnlockCard) -> Decision:  # noqa: ARG001 - every rule has one shape
    """The lock is lifted and counted; a loss report stays."""
    card = replace(case.held, locked=False, pin_tries=0, unlocks=case.held.unlocks + 1)
    limit = case.notice.p.unlocks_max
    return Accepted(
        ground=Basis.LOCK_IS_LIFTED,
        also=(Basis.DONE_THROUGH_ITS_CHANNEL, Basis.MATERIALS_ARE_COMPLETE),
        after=put(case.dossier, card),
        done=("card_unlocked",),
        readings=("unlocks_max",),
        next=(Step.RESET_THE_PIN_IF_FORGOTTEN,),
        facts={} if limit is None else {"unlocks_left": limit - card.unlocks},
    )


def change(case: Case, request: ChangePin) -> Decision:  # noqa: ARG001 - every rule has one shape
    """The holder knows the present PIN and chooses another. An unfit choice is told before a try is counted."""
    refused = new_pin_refusal(case) or pin_refusal(case)
    if refused is not None:
        return refused
    return _with_new_pin(case, "pin_changed")


def reset(case: Case, request: ResetPin) -> Decision:  # noqa: ARG001 - every rule has one shape
    """The holder forgot it and was identified. A lock stays until it is lifted: that is a service of its own."""
    refused = new_pin_refusal(case)
    if refused is not None:
        return refused
    return _with_new_pin(case, "pin_reset")


def _with_new_pin(case: Case, done: str) -> Accepted:
    card = case.held
    changed = replace(card, first_pin=False, pin_tries=card.pin_tries if card.locked else 0)
    return Accepted(
        ground=Basis.FIRST_PIN_IS_CHANGED if card.first_pin else Basis.HOLDER_SETS_THE_PIN,
        also=(Basis.DONE_THROUGH_ITS_CHANNEL, Basis.MATERIALS_ARE_COMPLETE),
        after=put(case.dossier, changed),
        done=(done,),
        pin=PinOrder(card=card.n, pin="new"),
        next=(Step.KEEP_THE_PIN_SAFE,),
    )


RULES: Rules = {UnlockCard: unlock, ChangePin: change, ResetPin: reset}
