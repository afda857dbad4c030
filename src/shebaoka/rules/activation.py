"""Activating the social function; the first PIN may, or must, be changed with it. Clauses 5.1, 9.2."""

from msgspec.structs import replace

from shebaoka.records import Accepted, ActivateCard, Basis, Decision, Life, NewPin, PinCheck, PinOrder, Step
from shebaoka.rules.case import Case, Rules
from shebaoka.rules.pin import new_pin_refusal, wrong_pin
from shebaoka.rules.state import put


def activate(case: Case, request: ActivateCard) -> Decision:  # noqa: ARG001 - every rule has one shape
    """Sealed becomes in use. A PIN that is entered must be right; a new one that is chosen takes its place.

    An unfit choice is told before a try is counted.
    """
    must_change = case.notice.p.pin_change_at_activation == "required"
    changes = case.given.new_pin is not NewPin.NOT_GIVEN
    if must_change or changes:
        refused = new_pin_refusal(case)
        if refused is not None:
            return refused
        changes = True
    if case.given.pin is PinCheck.WRONG:
        return wrong_pin(case)
    card = replace(case.held, life=Life.IN_USE, pin_tries=0, first_pin=case.held.first_pin and not changes)
    return Accepted(
        ground=Basis.SOCIAL_FUNCTION_IS_ACTIVATED,
        also=(Basis.MATERIALS_ARE_COMPLETE, *((Basis.FIRST_PIN_IS_CHANGED,) if changes else ())),
        after=put(case.dossier, card),
        done=("card_activated", "pin_changed") if changes else ("card_activated",),
        pin=PinOrder(card=card.n, pin="new") if changes else None,
        readings=("pin_change_at_activation",),
        next=(Step.KEEP_THE_PIN_SAFE,) if changes else (Step.CHANGE_THE_FIRST_PIN,),
    )


RULES: Rules = {ActivateCard: activate}
