"""What can be asked for now: every row of the service table, held against one dossier, with papers and fee.

Read by windows and portals through the desk. It asks the very table that `decide` asks.
"""

import functools
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import fields as fields_of

from shebaoka.notice import Materials, Notice
from shebaoka.records import (
    OF_INSTITUTIONS,
    SERVICES,
    AdmitPatient,
    AnyRequest,
    CardKind,
    Channel,
    Dossier,
    Given,
    Refusal,
    Request,
    SettleCharge,
)
from shebaoka.rules.case import KIND_OF, Case
from shebaoka.rules.decide import channels_for
from shebaoka.rules.state import card_of
from shebaoka.rules.table import ROWS, verdict

_FILLER = {
    "id": "offer",
    "person": "000000000000000000",
    "name": "offer",
    "region": "000000",
    "insured_on": "0001-01-01",
    "batch": "offer",
    "reason": "offer",
    "application": "offer",
    "balance_fen": 0,
    "old_card_number": "0",
    "financial": "stopped",
    "month": "2013-07",
    "amount_fen": 1,
    "entry": "1-1",
    "proposal": "1-1",
    "settlement": "1-1",
    "message": "offer",
    "stay": "offer",
    "total_fen": 1,
    "admitted_on": "2013-07-01",
    "discharged_on": "2013-07-01",
}
"""Values for what a request must say and the service table does not look at."""


class ServiceOffer(msgspec.Struct, frozen=True):
    """A row of the table for one kind of card. `refusal` is None where it is possible now."""

    key: str
    kind: CardKind
    refusal: Refusal | None
    channels: tuple[Channel, ...]
    materials: Materials | None
    fee_fen: int
    fits_all: bool


@functools.cache
def example(key: str, kind: CardKind) -> AnyRequest:
    """A well-formed request that falls under a row of the service table, for a kind of card."""
    service, _, variant = key.partition(".")
    request = SERVICES[service]
    fields: dict[str, Any] = {k: v for k, v in _FILLER.items() if k in _said_by(request)}
    if request in (SettleCharge, AdmitPatient):
        fields["card"] = {"number": "0"}
    elif "card" in request.__struct_fields__:
        fields["card"] = kind
    if request is SettleCharge:
        fields["kind"] = "pharmacy"
    if variant:
        fields[{"report_loss": "kind", "use_card": "function"}.get(service, "why")] = variant
    if key == "use_card.discharge":
        fields.update(function="social", purpose="discharge")
    return msgspec.convert(fields, request)  # type: ignore[return-value]


@functools.cache
def _said_by(request: type[Request]) -> frozenset[str]:
    """What a request must say."""
    return frozenset(field.name for field in fields_of(request) if field.required)


def offers(dossier: Dossier, notice: Notice, given: Given) -> Iterator[ServiceOffer]:
    """Every row of the service table that a person can ask for, for every kind of card it can be about."""
    for key in ROWS:
        request_type = SERVICES[key.partition(".")[0]]
        if request_type in OF_INSTITUTIONS:
            continue
        asks_kind = "card" in request_type.__struct_fields__
        kinds = tuple(CardKind) if asks_kind else (KIND_OF.get(request_type, CardKind.SOCIAL_SECURITY),)
        for kind in kinds:
            case = Case(example(key, kind), dossier, notice, given)
            yield ServiceOffer(
                key=key,
                kind=kind,
                refusal=verdict(case)[0],
                channels=channels_for(case),
                materials=case.materials(),
                fee_fen=fee_of(case),
                fits_all=not asks_kind,
            )


def fee_of(case: Case) -> int:
    """What the service costs in this case, in fen (6.1 to 6.4)."""
    parameter = fee_parameter(case)
    fee_fen: int = getattr(case.notice.p, parameter) if parameter else 0
    return fee_fen


def fee_parameter(case: Case) -> str:
    """The notice's parameter that says what the service costs in this case; "" where nothing is said of a fee."""
    if case.key == "apply_for_card":
        return "again_fee_fen" if card_of(case.dossier, CardKind.SOCIAL_SECURITY) else "first_card_fee_fen"
    if case.key == "replace_card.made_wrongly":
        return "made_wrongly_fee_fen"
    if case.key.startswith("replace_card"):
        return "temporary_replacement_fee_fen" if case.kind is CardKind.TEMPORARY else "replacement_fee_fen"
    return {
        "apply_for_temporary_card": "first_temporary_fee_fen",
        "add_extended_application": "extension_fee_fen",
    }.get(case.key, "")
