"""The making of a card, as the office records it: in a batch, made, rejected and remade, ready. Clauses 4.2, 6.1."""

from msgspec.structs import replace

from shebaoka.records import (
    Accepted,
    Application,
    Basis,
    Decision,
    Making,
    PutInBatch,
    RecordMade,
    RecordReady,
    RecordRejected,
    Step,
)
from shebaoka.rules.case import Case, Rules
from shebaoka.rules.state import put_application


def _recorded(case: Case, application: Application, ground: Basis, done: str, step: Step) -> Accepted:
    return Accepted(ground=ground, after=put_application(case.dossier, application), done=(done,), next=(step,))


def put_in_batch(case: Case, request: PutInBatch) -> Decision:
    """The card gets its number and serial with the batch; a rejected card gets new ones, for the old are spoilt."""
    application = case.applied
    remade = application.making is Making.REJECTED
    changed = replace(
        application,
        making=Making.IN_BATCH,
        batch=request.batch,
        card_number=case.given.card_number,
        card_serial=case.given.card_serial,
        remakes=application.remakes + remade,
    )
    ground = Basis.CARD_IS_REMADE_FREE if remade else Basis.CARD_IS_BEING_MADE
    return _recorded(case, changed, ground, "put_in_batch", Step.SEND_THE_BATCH)


def record_made(case: Case, request: RecordMade) -> Decision:  # noqa: ARG001 - every rule has one shape
    """The maker has made it; it is checked before anybody is told."""
    made = replace(case.applied, making=Making.MADE)
    return _recorded(case, made, Basis.CARD_IS_BEING_MADE, "card_made", Step.CHECK_THE_CARD)


def record_rejected(case: Case, request: RecordRejected) -> Decision:  # noqa: ARG001 - the reason stays with the request
    """It will be remade, and the applicant pays nothing for it."""
    rejected = replace(case.applied, making=Making.REJECTED)
    return _recorded(case, rejected, Basis.CARD_IS_REMADE_FREE, "card_rejected", Step.REMAKE_THE_CARD)


def record_ready(case: Case, request: RecordReady) -> Decision:  # noqa: ARG001 - every rule has one shape
    """It is at the window; the applicant is told."""
    ready = replace(case.applied, making=Making.READY)
    return _recorded(case, ready, Basis.CARD_IS_BEING_MADE, "card_ready", Step.TELL_THE_APPLICANT)


RULES: Rules = {
    PutInBatch: put_in_batch,
    RecordMade: record_made,
    RecordRejected: record_rejected,
    RecordReady: record_ready,
}
