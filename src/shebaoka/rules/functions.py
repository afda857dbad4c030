"""Extended applications, put on a card and taken off it. Clauses 3.3, 3.4, 6.1."""

from msgspec.structs import replace

from shebaoka.records import (
    Accepted,
    AddExtendedApplication,
    Basis,
    Decision,
    Refusal,
    RemoveExtendedApplication,
)
from shebaoka.rules.case import Case, Rules
from shebaoka.rules.state import put


def add(case: Case, request: AddExtendedApplication) -> Decision:
    """One of the applications that the city offers, once, free."""
    p, card, name = case.notice.p, case.held, request.application
    if name not in p.extended_applications:
        return case.refused(Refusal.EXTENDED_APPLICATION_IS_NOT_OFFERED, "extended_applications", application=name)
    if name in card.applications:
        return case.refused(Refusal.EXTENDED_APPLICATION_IS_ON_THE_CARD, application=name)
    refused = case.fee_refusal(p.extension_fee_fen, Refusal.REPLACEMENT_FEE_MUST_BE_PAID, Refusal.FEE_IS_NOT_DUE)
    if refused is not None:
        return refused
    return Accepted(
        ground=Basis.EXTENSION_IS_FREE,
        also=(Basis.CARD_BEARS_THE_APPLICATION, Basis.MATERIALS_ARE_COMPLETE),
        after=put(case.dossier, replace(card, applications=(*card.applications, name))),
        done=("extended_application_added",),
        fee_fen=p.extension_fee_fen,
        readings=("extended_applications",),
        facts={"application": name},
    )


def remove(case: Case, request: RemoveExtendedApplication) -> Decision:
    """One that is on the card."""
    card, name = case.held, request.application
    if name not in card.applications:
        return case.refused(Refusal.EXTENDED_APPLICATION_IS_NOT_ON_THE_CARD, application=name)
    left = tuple(a for a in card.applications if a != name)
    return Accepted(
        ground=Basis.CARD_BEARS_THE_APPLICATION,
        also=(Basis.MATERIALS_ARE_COMPLETE,),
        after=put(case.dossier, replace(card, applications=left)),
        done=("extended_application_removed",),
        facts={"application": name},
    )


RULES: Rules = {AddExtendedApplication: add, RemoveExtendedApplication: remove}
