"""Registering an insured person, and looking one up. Clauses 4.1, 4.2, 5.2."""

import datetime as dt

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
    said = request.name, request.region, request.insured_on
    return Accepted(
        ground=Basis.INSURED_PERSON_MAY_APPLY,
        after=replace(
            case.dossier, person=newcomer(request.person, *said) if known is None else returned(known, *said)
        ),
        done=("person_registered" if known is None else "person_returned",),
        next=(Step.APPLY_FOR_A_CARD,),
    )


def newcomer(number: str, name: str, region: str, insured_on: dt.date) -> Person:
    """Somebody insured for the first time; birth date and sex are those of the number, which has no fault."""
    sex, birth_on = numbers.sex_and_birth_date(number)
    return Person(number, name, sex, birth_on, region, insured_on)


def returned(person: Person, name: str, region: str, insured_on: dt.date) -> Person:
    """Somebody who left and is insured again."""
    return replace(person, name=name, region=region, insured_on=insured_on, standing=Standing.INSURED)


def look_up(case: Case, request: LookUpPerson) -> Decision:  # noqa: ARG001 - the reason is kept with the request
    """An enquiry changes nothing; that it was made stays in the journal."""
    own = case.given.channel in case.notice.p.own_enquiry_channels
    readings = ("own_enquiry_channels",) if own else ()
    return Accepted(Basis.ENQUIRY_IS_ANSWERED, after=case.recorded, done=("person_looked_up",), readings=readings)


RULES: Rules = {RegisterPerson: register, LookUpPerson: look_up}
