"""The end: the old card stopping, and cards cancelled on death, on leaving, by request. Clauses 1.1, 2.1."""

from msgspec.structs import replace

from shebaoka.records import (
    Accepted,
    Basis,
    CancelCard,
    CancelReason,
    Decision,
    Ending,
    Life,
    Making,
    Refusal,
    Standing,
    Step,
    StopOldCard,
)
from shebaoka.rules.case import Case, Rules
from shebaoka.rules.state import as_of, ended, open_application, put, put_application


def cancel(case: Case, request: CancelCard) -> Decision:
    """By request the named card ends. On death and on leaving all do, and what was applied for is taken back."""
    on, dossier = case.given.on, case.dossier
    if request.why is CancelReason.REQUEST:
        return Accepted(
            ground=Basis.CARD_ENDS,
            also=(Basis.MATERIALS_ARE_COMPLETE,),
            after=put(dossier, ended(case.held, Ending.CANCELLED, on)),
            done=("card_cancelled",),
        )
    alive = [c for c in dossier.cards if c.life is not Life.ENDED]
    done = ["card_cancelled"] * bool(alive)
    dossier = put(dossier, *(ended(c, Ending.CANCELLED, on) for c in alive))
    application = open_application(dossier)
    refund = False
    if application is not None:
        dossier = put_application(dossier, replace(application, making=Making.WITHDRAWN))
        refund = application.fee_fen > 0 and application.making in (Making.APPLIED, Making.REJECTED)
        done += ["application_withdrawn", "fee_refunded"] if refund else ["application_withdrawn"]
    dead = request.why is CancelReason.DEATH
    person = replace(case.person, standing=Standing.DEAD if dead else Standing.LEFT)
    return Accepted(
        ground=Basis.CARD_ENDS,
        also=(Basis.MATERIALS_ARE_COMPLETE,),
        after=replace(dossier, person=person),
        done=(*done, "person_died" if dead else "person_left"),
        next=(Step.REFUND_THE_FEE,) if refund and application is not None else (),
    )


def stop_old_card(case: Case, request: StopOldCard) -> Decision:  # noqa: ARG001 - every rule has one shape
    """From the cut-over on the old card does not work; what the calendar has done already is put on file."""
    cutover_on = case.notice.p.cutover_on
    if cutover_on is None or case.given.on < cutover_on:
        return case.refused(Refusal.OLD_CARD_HAS_NOT_STOPPED_YET, "cutover_on")
    return Accepted(
        ground=Basis.OLD_CARD_STOPS_WITH_THE_CUT_OVER,
        after=as_of(case.recorded, case.notice, case.given.on),
        done=("old_card_stopped",),
        readings=("cutover_on",),
        next=(Step.APPLY_FOR_A_CARD,),
    )


RULES: Rules = {CancelCard: cancel, StopOldCard: stop_old_card}
