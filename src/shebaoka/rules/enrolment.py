"""Registering an insured person, and looking one up. Clauses 4.1, 4.2, 5.2."""

from msgspec.structs import replace

from shebaoka import numbers
from shebaoka.records import Accepted, Basis, Decision, LookUpPerson, Person, RegisterPerson, Standing, Step
from shebaoka.rules.case import Case, Rules


def register(case: Case, request: RegisterPerson) -> Decision:
    """Somebody insured for the first time, or back after leaving; birth date and sex are the number's."""
    fault = numbers.fault_of(request.person, case.given.on)
    if fault is not None:
        return case.refused(fault)
    known = case.dossier.person
    if known is not None:
        back = replace(
            known,
            name=request.name,
            region=request.region,
            insured_on=request.insured_on,
            standing=Standing.INSURED,
        )
        return Accepted(
            ground=Basis.INSURED_PERSON_MAY_APPLY,
            after=replace(case.dossier, person=back),
            done=("person_returned",),
            next=(Step.APPLY_FOR_A_CARD,),
        )
    person = Person(
        number=request.person,
        name=request.name,
        sex=numbers.sex(request.person),
        birth_on=numbers.birth_date(request.person),
        region=request.region,
        insured_on=request.insured_on,
    )
    return Accepted(
        ground=Basis.INSURED_PERSON_MAY_APPLY,
        after=replace(case.dossier, person=person),
        done=("person_registered",),
        next=(Step.APPLY_FOR_A_CARD,),
    )


def look_up(case: Case, request: LookUpPerson) -> Decision:  # noqa: ARG001 - the reason is kept with the request
    """An enquiry changes nothing; that it was made stays in the journal."""
    return Accepted(ground=Basis.ENQUIRY_IS_ANSWERED, after=case.recorded, done=("person_looked_up",))


RULES: Rules = {RegisterPerson: register, LookUpPerson: look_up}
