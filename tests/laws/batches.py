"""Random batches about people whom nobody has on file, for the law that COPY and trays write the same."""

import datetime as dt
from typing import Any

from hypothesis import strategies as st
from playing import BEGIN, PEOPLE

from shebaoka.desk.bodies import counted
from shebaoka.numbers import with_check_digit
from shebaoka.records import SERVICES, Ask, Channel, Material, OldRecord, Sender

DAY_ONE = BEGIN
"""When batches are decided, unless a law says otherwise."""
MANY = (*(with_check_digit(f"140702195{n}0401{100 + n}") for n in range(10)), PEOPLE[3])
"""People with sound numbers, and one under whose number nobody can be registered."""
_NAMES = ("李娜", "买买提·吐尔逊", "䶮𬭸", 'A "quoted" \\ name')
_HERE = {"name": "王五", "region": "140702", "insured_on": dt.date(2001, 2, 3)}
_RECORDS = (
    OldRecord(dt.date(2013, 3, 2), "东湖妇幼保健站", 3200, 3200),
    OldRecord(dt.date(2012, 3, 2), "药店", 990, 10),
)
_OWN: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "register_person": st.fixed_dictionaries(
        {
            "name": st.sampled_from(_NAMES),
            "region": st.sampled_from(("140702", "140726")),
            "insured_on": st.sampled_from((dt.date(2009, 4, 1), dt.date(1999, 12, 31))),
        }
    ),
    "carry_over_account": st.fixed_dictionaries(
        {
            "balance_fen": st.sampled_from((0, 1, 8_000_00)),
            "old_card_number": st.sampled_from(("0212345", "X1")),
            "records": st.sampled_from(((), _RECORDS)),
            "in_hospital_since": st.sampled_from((None, dt.date(2013, 6, 20))),
        }
    ),
    "look_up_person": st.just({"reason": "来电询问"}),
    "apply_for_card": st.just({"photo": "p1"}),
}
_RIGHT = {"carry_over_account": Channel.IMPORTER}


@st.composite
def batches(draw: st.DrawFn) -> list[Ask]:
    """A batch about different people, most of it sound."""
    people = draw(st.lists(st.sampled_from(MANY), unique=True, min_size=1))
    return [draw(_asks(f"b:{n}", person)) for n, person in enumerate(people)]


_COUNTED = (counted(2012, _RECORDS[1:]), counted(2013, _RECORDS[:1]))


@st.composite
def _asks(draw: st.DrawFn, request_id: str, person: str) -> Ask:
    service = draw(st.sampled_from(("carry_over_account", *sorted(_OWN))))
    right = _RIGHT.get(service, Channel.WINDOW)
    channel = draw(st.sampled_from((right, right, right, Channel.BANK)))
    shows = draw(st.sampled_from((tuple(Material), ())))
    own, bodies = draw(_OWN[service]), ()
    if service == "carry_over_account":
        own |= draw(st.sampled_from((_HERE, _HERE, {})))
        if not own["records"] and draw(st.booleans()):
            own["years"], bodies = zip(*_COUNTED, strict=True)
    request = SERVICES[service](id=request_id, person=person, shows=shows, **own)
    return Ask(request, Sender("周", channel, "import:0123"), bodies=bodies)
