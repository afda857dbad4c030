"""What a terminal's message asks for: its kind, its id, and the request that it becomes.

A message id is 30 characters: the institution's code (field 42), the terminal's own time (sub-field 09 for the year,
fields 13 and 12) and the last four digits of the message's number (field 11).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from shebaoka.desk import ReadCode
from shebaoka.pos.packing import at_fault, taken_apart
from shebaoka.pos.spec import (
    ACCOUNT,
    ANSWER_OF,
    CANCEL,
    CARD,
    CARE,
    CASH,
    CODE,
    CURRENCY,
    ENQUIRE,
    ENTRY,
    KINDS,
    NAMED,
    OF_NETWORK_CODE,
    OF_PROCESSING_CODE,
    PERSON,
    POOLED,
    RECONCILE,
    REVERSE,
    SERIAL,
    SETTLE,
    SUB_FIELDS,
    YEAR,
    YEAR_OF_ORIGINAL,
)
from shebaoka.records import AnyRequest, CancelSettlement, Purpose, ReverseMessage, SettleCharge, UseCard

CARE_OF = {"11": "outpatient", "41": "pharmacy"}
"""Sub-field 04, as the national platform's med_type; a stay in hospital is not settled at a till."""
TIME_OFF_MAX = dt.timedelta(hours=1)
"""How far a terminal's clock may be off, and how long a message may be held back."""
Made = TypeVar("Made")


class Said(msgspec.Struct, frozen=True):
    """A message that came whole from a known terminal: its kind, its id, its own time, its fields and sub-fields."""

    kind: str
    id: str
    at: dt.datetime
    fields: Mapping[str, str]
    sub: Mapping[str, str]


def read(fields: Mapping[str, str], institution: str, now: dt.datetime) -> Said:
    """What the message says. `BadInput` names the field that is missing, too much, or not in its form.

    A message's own time must be near `now`, the instant with the city's zone; only a reversal may come late.
    """
    kind = _kind_of(fields)
    asked = KINDS[kind]
    numbers = set(fields) - {"t", "64", "128"}
    _check(numbers, asked.needs, asked.may, "")
    if not fields["11"].startswith("00"):
        raise at_fault("11", "must be 000000 to 009999; begin again at 000000 when they are used up")
    if fields.get("49", CURRENCY) != CURRENCY:
        raise at_fault("49", f"must be {CURRENCY}, the yuan")
    sub = taken_apart(fields["48"])
    needs, may = asked.sub_needs, asked.sub_may
    if CODE in sub and PERSON in needs:
        needs, may = needs - NAMED, may - NAMED | {CODE}
    _check(set(sub), needs, may, "48.")
    for tag, text in sub.items():
        if not SUB_FIELDS[tag].fullmatch(text):
            raise at_fault(f"48.{tag}", "is not in its form")
    at = _time(sub[YEAR] + fields["13"] + fields["12"], "13").replace(tzinfo=now.tzinfo)
    if kind != REVERSE and abs(at - now) > TIME_OFF_MAX:
        raise at_fault("12", "is not near the city's time; set the terminal's clock")
    return Said(kind, _message_id(institution, at, fields["11"]), at, fields, sub)


def _kind_of(fields: Mapping[str, str]) -> str:
    what = fields["t"][:2]
    if what == "04":
        return REVERSE
    if what == "05":
        return RECONCILE
    number, kinds = ("70", OF_NETWORK_CODE) if what == "08" else ("3", OF_PROCESSING_CODE)
    kind = kinds.get(fields.get(number, ""))
    if kind is None:
        raise at_fault(number, f"must be one of {', '.join(kinds)}")
    return kind


def _check(has: set[str], needs: frozenset[str], may: frozenset[str], where: str) -> None:
    for lacking in sorted(needs - has):
        raise at_fault(where + lacking, "is missing")
    for unasked in sorted(has - needs - may):
        raise at_fault(where + unasked, "is not taken in this message")


def _time(text: str, field: str) -> dt.datetime:
    """The time that the 14 digits name."""
    try:
        return dt.datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone is the city's, put on by the caller
    except ValueError:
        raise at_fault(field, "there is no such time") from None


def _message_id(institution: str, at: dt.datetime, number: str) -> str:
    return f"{institution}{at:%Y%m%d%H%M%S}{number[-4:]}"


def is_known_type(message_type: str) -> bool:
    """Whether a message of this type is taken here at all."""
    return message_type in ANSWER_OF


def _settle(said: Said, _: str) -> AnyRequest:
    sub = said.sub
    return _made(
        SettleCharge,
        said,
        card=_card(sub),
        kind=CARE_OF[sub[CARE]],
        total_fen=int(said.fields["4"]),
        pooled_fen=int(sub.get(POOLED, "0")),
        account_fen=int(sub.get(ACCOUNT, "0")),
        cash_fen=int(sub.get(CASH, "0")),
        code=sub.get(CODE, ""),
    )


def _enquire(said: Said, _: str) -> AnyRequest:
    card, code = _card(said.sub), said.sub.get(CODE, "")
    return _made(UseCard, said, card=card, purpose=Purpose.ENQUIRY.value, code=code)


def by_code(said: Said, shown: ReadCode) -> Said:
    """The message as if it had named the holder and the card that its code stands for; the code as it is known."""
    named = {PERSON: shown.person, CARD: shown.card.number, SERIAL: shown.card.serial, CODE: shown.digest}
    return msgspec.structs.replace(said, sub={**said.sub, **named})


def _cancel(said: Said, _: str) -> AnyRequest:
    return _made(CancelSettlement, said, settlement=said.sub[ENTRY])


def _reverse(said: Said, institution: str) -> AnyRequest:
    """The original's type (0200), number and local time stand in field 90; what follows there is not looked at."""
    original = said.fields["90"]
    if original[:4] != "0200" or original[4:6] != "00":
        raise at_fault("90", "must begin with 0200 and the original's number, 000000 to 009999")
    at = _time(said.sub[YEAR_OF_ORIGINAL] + original[10:20], "90")
    return _made(ReverseMessage, said, message=_message_id(institution, at, original[4:10]))


def _card(sub: Mapping[str, str]) -> dict[str, str]:
    return {"number": sub[CARD], "serial": sub.get(SERIAL, "")}


_FIELD_OF = {
    "total_fen": "4",
    "pooled_fen": f"48.{POOLED}",
    "account_fen": f"48.{ACCOUNT}",
    "cash_fen": f"48.{CASH}",
    "person": f"48.{PERSON}",
    "settlement": f"48.{ENTRY}",
}


def _made(what: type[Made], said: Said, **own: Any) -> Made:
    """The request, checked against its own types."""
    try:
        return msgspec.convert({"id": said.id, "person": said.sub[PERSON], **own}, what)
    except msgspec.ValidationError as e:
        name = str(e).partition(" - at `$.")[2].rstrip("`")
        raise at_fault(_FIELD_OF.get(name, "48"), "is outside of what may be asked") from None


REQUESTS: Mapping[str, Callable[[Said, str], AnyRequest]] = {
    SETTLE: _settle,
    CANCEL: _cancel,
    ENQUIRE: _enquire,
    REVERSE: _reverse,
}
"""The request that a message of a kind becomes, at an institution."""
