"""The making of a card, as the office records it: in a batch, made, rejected and remade, ready, returned.

Clauses 4.2, 6.1, and the reading of how long a card waits.
"""

import datetime as dt

from msgspec.structs import replace

from shebaoka.notice import add_term
from shebaoka.records import (
    POST,
    Accepted,
    Application,
    Basis,
    Decision,
    Making,
    PutInBatch,
    RecordMade,
    RecordReady,
    RecordRejected,
    Refusal,
    ReturnUncollectedCard,
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
    """It is at the window, or on its way by post; the applicant is told. One that was returned is brought again."""
    ready = replace(case.applied, making=Making.READY, ready_on=case.given.on)
    return _recorded(case, ready, Basis.CARD_IS_BEING_MADE, "card_ready", Step.TELL_THE_APPLICANT)


def return_uncollected(case: Case, request: ReturnUncollectedCard) -> Decision:  # noqa: ARG001 - every rule has one shape
    """After the last day on which it could be collected it goes back to production, and is brought again on wish.

    What was sent by post comes back when it does.
    """
    application, p = case.applied, case.notice.p
    last_on = add_term(application.ready_on or application.applied_on, p.uncollected_after)
    if application.collect_at == POST:
        last_on = case.given.on - dt.timedelta(days=1)
    if case.given.on <= last_on:
        return case.refused(
            Refusal.CARD_MAY_STILL_BE_COLLECTED, "uncollected_after", collect_until_on=last_on.isoformat()
        )
    return Accepted(
        ground=Basis.UNCOLLECTED_CARD_IS_RETURNED,
        after=put_application(case.dossier, replace(application, making=Making.RETURNED)),
        done=("card_returned",),
        readings=("uncollected_after",),
        next=(Step.BRING_THE_CARD_BACK_ON_WISH,),
        facts={"collect_until_on": last_on.isoformat()},
    )


RULES: Rules = {
    PutInBatch: put_in_batch,
    RecordMade: record_made,
    RecordRejected: record_rejected,
    RecordReady: record_ready,
    ReturnUncollectedCard: return_uncollected,
}
