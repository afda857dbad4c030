"""Stays in hospital: admission, change, discharge, and taking either back. Clause 8.1.

A stay is bound to the person and its own number, never to a card: one that began on the old medical card is settled
with a social security card or a temporary card.
"""

import datetime as dt

from msgspec.structs import replace

from shebaoka.records import (
    Accepted,
    AdmitPatient,
    AmendStay,
    Basis,
    CancelAdmission,
    CancelDischarge,
    CardKind,
    Decision,
    DischargePatient,
    Facts,
    Refusal,
    Refused,
    Stay,
    StayState,
    Step,
)
from shebaoka.rules.case import Case, Rules
from shebaoka.rules.state import put_stay, stay_of
from shebaoka.rules.use import code_refusal, grounds_of


def admit(case: Case, request: AdmitPatient) -> Decision:
    """An admission with a card that works today. One that is carried over keeps that it began on the old card."""
    institution = case.terms.institution
    if "inpatient" not in case.terms.kinds:
        return case.refused(Refusal.INSTITUTION_MAY_NOT_SETTLE_THIS)
    if any(s.state is StayState.IN_HOSPITAL for s in case.dossier.stays):
        return case.refused(Refusal.PATIENT_IS_IN_HOSPITAL_ALREADY)
    known = stay_of(case.dossier, institution, request.stay)
    if known is not None and known.state is not StayState.CANCELLED:
        return case.refused(Refusal.STAY_NUMBER_IS_USED, stay=request.stay)
    if not case.person.birth_on <= request.admitted_on <= case.given.on:
        return case.refused(Refusal.DAYS_OF_THE_STAY_DO_NOT_FIT, stay=request.stay)
    refused = code_refusal(case)
    if refused is not None:
        return refused
    carried = case.person.in_hospital_since is not None and _began_on_the_old_card(case, request.admitted_on)
    stay = Stay(
        n=len(case.dossier.stays) + 1,
        number=request.stay,
        institution=institution,
        state=StayState.IN_HOSPITAL,
        admitted_on=request.admitted_on,
        ward=request.ward,
        begun_on_old_card=carried or case.kind is CardKind.OLD_MEDICAL,
    )
    dossier = put_stay(case.dossier, stay)
    if carried:
        dossier = replace(dossier, person=replace(case.person, in_hospital_since=None))
    use, also = grounds_of(case)
    return Accepted(
        ground=Basis.PATIENT_IS_ADMITTED,
        also=(use, *also),
        after=dossier,
        done=("patient_admitted",),
        readings=("cutover_on",) if stay.begun_on_old_card else (),
        facts=_facts(stay),
    )


def _began_on_the_old_card(case: Case, admitted_on: dt.date) -> bool:
    """Whether somebody admitted on that day was admitted on the old card: it was before the cut-over (1.1)."""
    cutover_on = case.notice.p.cutover_on
    return cutover_on is None or admitted_on < cutover_on


def amend(case: Case, request: AmendStay) -> Decision:
    """Day of admission and ward may be changed while the patient is in hospital."""
    stay = _found(case, request.stay, StayState.IN_HOSPITAL)
    if isinstance(stay, Refused):
        return stay
    admitted_on = stay.admitted_on if request.admitted_on is None else request.admitted_on
    if not case.person.birth_on <= admitted_on <= case.given.on:
        return case.refused(Refusal.DAYS_OF_THE_STAY_DO_NOT_FIT, **_facts(stay))
    ward = stay.ward if request.ward is None else request.ward
    return _with(case, replace(stay, admitted_on=admitted_on, ward=ward), Basis.STAY_IS_AMENDED, "stay_amended")


def cancel_admission(case: Case, request: CancelAdmission) -> Decision:
    """An admission is taken back as long as nothing stands settled on it."""
    stay = _found(case, request.stay, StayState.IN_HOSPITAL)
    if isinstance(stay, Refused):
        return stay
    if stay.settlements:
        return case.refused(Refusal.STAY_HAS_SETTLEMENTS, **_facts(stay))
    taken_back = replace(stay, state=StayState.CANCELLED)
    decision = _with(case, taken_back, Basis.ADMISSION_IS_CANCELLED, "admission_cancelled")
    if not stay.begun_on_old_card:
        return decision
    # The admission may be registered again under its right number, and must not lose that it began on the old card.
    person = replace(case.person, in_hospital_since=stay.admitted_on)
    return replace(decision, after=replace(decision.after, person=person))


def discharge(case: Case, request: DischargePatient) -> Decision:
    """The patient leaves; card and PIN are asked for at the settlement that follows."""
    stay = _found(case, request.stay, StayState.IN_HOSPITAL)
    if isinstance(stay, Refused):
        return stay
    if not stay.admitted_on <= request.discharged_on <= case.given.on:
        return case.refused(Refusal.DAYS_OF_THE_STAY_DO_NOT_FIT, **_facts(stay))
    left = replace(stay, state=StayState.DISCHARGED, discharged_on=request.discharged_on)
    return _with(case, left, Basis.PATIENT_IS_DISCHARGED, "patient_discharged", Step.SETTLE_THE_STAY)


def cancel_discharge(case: Case, request: CancelDischarge) -> Decision:
    """The patient is in hospital again, unless the discharge is settled or they were admitted elsewhere meanwhile."""
    stay = _found(case, request.stay, StayState.DISCHARGED)
    if isinstance(stay, Refused):
        return stay
    if any(s.state is StayState.IN_HOSPITAL for s in case.dossier.stays):
        return case.refused(Refusal.PATIENT_IS_IN_HOSPITAL_ALREADY)
    back = replace(stay, state=StayState.IN_HOSPITAL, discharged_on=None, closing=())
    return _with(case, back, Basis.DISCHARGE_IS_CANCELLED, "discharge_cancelled")


_NOT_IN = {
    StayState.IN_HOSPITAL: Refusal.STAY_IS_NOT_DISCHARGED,
    StayState.DISCHARGED: Refusal.STAY_IS_DISCHARGED,
    StayState.SETTLED: Refusal.STAY_IS_SETTLED,
    StayState.CANCELLED: Refusal.STAY_WAS_CANCELLED,
}


def _found(case: Case, number: str, state: StayState) -> Stay | Refused:
    """The institution's stay with this number, if it is in this state; a no by the state it is in otherwise."""
    stay = stay_of(case.dossier, case.terms.institution, number)
    if stay is None:
        return case.refused(Refusal.THERE_IS_NO_SUCH_STAY, stay=number)
    return stay if stay.state is state else case.refused(_NOT_IN[stay.state], **_facts(stay))


def _with(case: Case, stay: Stay, ground: Basis, done: str, *steps: Step) -> Accepted:
    return Accepted(ground=ground, after=put_stay(case.dossier, stay), done=(done,), next=steps, facts=_facts(stay))


def _facts(stay: Stay) -> Facts:
    days: dict[str, dt.date | None] = {"admitted_on": stay.admitted_on, "discharged_on": stay.discharged_on}
    return {"stay": stay.number, **{name: day.isoformat() for name, day in days.items() if day is not None}}


RULES: Rules = {
    AdmitPatient: admit,
    AmendStay: amend,
    CancelAdmission: cancel_admission,
    DischargePatient: discharge,
    CancelDischarge: cancel_discharge,
}
