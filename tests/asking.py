"""Asks as tests write them: invented people, and requests with everything that the notice asks for."""

import datetime as dt
from typing import Any

from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    OF_INSTITUTIONS,
    SERVICE_OF,
    SERVICES,
    Ask,
    Channel,
    Digits,
    Material,
    Sender,
    Terms,
    credit_id,
)

LI_NA = with_check_digit("14070219791203002")
ZHOU_MING = with_check_digit("14070219650930113")
TIAN_YU = with_check_digit("14072619911111224")
NOBODY = with_check_digit("14070219850505006")
CHANNELS = {
    "carry_over_account": Channel.IMPORTER,
    "undo_carry_over": Channel.IMPORTER,
    "put_in_batch": Channel.PRODUCTION,
    "record_made": Channel.PRODUCTION,
    "record_rejected": Channel.PRODUCTION,
    "record_ready": Channel.PRODUCTION,
    "return_uncollected_card": Channel.PRODUCTION,
    "end_loss_report": Channel.CALENDAR,
    "expire_card": Channel.CALENDAR,
    "stop_old_card": Channel.CALENDAR,
    "record_bank_answer": Channel.BANK,
    "credit_contribution": Channel.IMPORTER,
    **dict.fromkeys((SERVICE_OF[request] for request in OF_INSTITUTIONS), Channel.TERMINAL),
}
USUAL: dict[str, dict[str, Any]] = {
    "register_person": {"name": "李娜", "region": "140702", "insured_on": dt.date(2009, 4, 1)},
    "put_in_batch": {"batch": "2013-26"},
    "look_up_person": {"reason": "电话询问"},
    "credit_contribution": {"month": "2013-07", "amount_fen": 200_00},
}
TERMS = Terms("H14070200001", ("outpatient", "pharmacy", "inpatient"), False, 1)
"""Those of an institution whose business cycle a test opens."""


def ask(
    service: str,
    person: str = LI_NA,
    request_id: str = "",
    *,
    pin: str | None = None,
    new_pin: str | None = None,
    place: str = "w1",
    **own: Any,
) -> Ask:
    """A request of that service, by the way that it comes, with all papers shown. The id names service and person."""
    said = {"shows": tuple(Material), **USUAL.get(service, {}), **own}
    request = SERVICES[service]
    if service == "credit_contribution":
        request_id = request_id or credit_id(said["month"], person)
    return Ask(
        request(id=request_id or f"{service}-{person[-6:]}", person=person, **said),  # type: ignore[arg-type]
        Sender("周", CHANNELS.get(service, Channel.WINDOW), place),
        None if pin is None else Digits(pin),
        None if new_pin is None else Digits(new_pin),
        TERMS if request in OF_INSTITUTIONS else None,
    )


def to_a_card(person: str = LI_NA, new_pin: str | None = None) -> list[Ask]:
    """Everything from registering to a social security card in use; with its first PIN unless a new one is given."""
    steps = ("register_person", "apply_for_card", "put_in_batch", "record_made", "record_ready", "collect_card")
    return [*(ask(s, person) for s in steps), ask("activate_card", person, new_pin=new_pin)]
