"""What somebody may ask about money and stays in hospital: one frozen record per service, imperative. Amounts are fen.

An institution names the card as its terminal read it, by number and serial together. Message ids are request ids.
"""

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta

from shebaoka.records.facts import OldRecord, RecordsOfYear
from shebaoka.records.requests import PLAIN, Fen, Name, PresentedCard, Region, Request, RequestId, Shown, Words

ChargeFen = Annotated[int, Meta(ge=1, le=10**9, description="Fen; one charge is at most ten million yuan")]
PartFen = Annotated[int, Meta(ge=0, le=10**9, description="Fen; a part of a charge")]
StayNumber = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,30}$(?!\n)", description="The stay's own number at its institution")
]
Place = Annotated[
    str, Meta(pattern=r"^[0-9]{1,18}-[0-9]{1,18}$(?!\n)", description="An entry's place in the journal, as 1001-7")
]
Reason = Annotated[str, Meta(pattern=r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$(?!\n)", max_length=200)]


Care = Literal["outpatient", "pharmacy", "inpatient"]
"""What a charge is for: outpatient care, medicine at a pharmacy, a stay in hospital."""


class CarryOverAccount(Request, frozen=True):
    """Carry over the old medical card's account: its balance and its consumption records (1.2).

    The records stand in the request, or it counts them by year and their text comes beside it, in `Ask.bodies`. Who is
    not registered is, by the same request, if it says `name`, `region` and `insured_on`: all three or none.
    """

    balance_fen: Fen
    old_card_number: Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,32}$(?!\n)")]
    records: tuple[OldRecord, ...] = ()
    in_hospital_since: dt.date | None = None
    name: Name | None = None
    region: Region | None = None
    insured_on: dt.date | None = None
    years: tuple[RecordsOfYear, ...] = ()

    def __post_init__(self) -> None:
        if not (self.name is None) == (self.region is None) == (self.insured_on is None):
            raise ValueError("name, region and insured_on: say all three or none of them")
        if self.years:
            if self.records:
                raise ValueError("the records stand in the request, or they are counted by year, and not both")
            numbers = [y.year for y in self.years]
            if numbers != sorted(set(numbers)):
                raise ValueError("years come in their order, each of them once")


class UndoCarryOver(Request, frozen=True, kw_only=True):
    """Put an account that was carried over back to what it was before; it can be carried over again."""

    entry: Place


class CreditContribution(Request, frozen=True, kw_only=True):
    """Credit a month's share of the contributions to the personal account; its id is that of `credit_id`."""

    month: Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$(?!\n)")]
    amount_fen: ChargeFen


def credit_id(month: str, number: str, n: int = 1) -> str:
    """The id of a month's credit: it follows from month and person, so that a month is credited once.

    `n` is 2 or more for a further credit of the same month (补缴).
    """
    return f"credit-{month}-{number}" + (f".{n}" if n > 1 else "")


class ProposeCorrection(Request, frozen=True, kw_only=True):
    """Propose that an entry of the account be mirrored, and `right_fen` be entered in its place (0 for nothing)."""

    entry: Place
    right_fen: PartFen = 0
    reason: Reason


class ApproveCorrection(Request, frozen=True, kw_only=True):
    """Approve a correction that somebody else proposed; the approver repeats what it shall be."""

    proposal: Place
    entry: Place
    right_fen: PartFen = 0


class SettleCharge(Request, frozen=True, kw_only=True):
    """Settle a charge: `total_fen` is the sum of what the pooled fund, the personal account and cash shall pay.

    `stay` is the stay's own number; an in-patient charge has one, another has none. `code` is there where the card was
    shown electronically: it settles one charge.
    """

    card: PresentedCard
    kind: Care
    total_fen: ChargeFen
    pooled_fen: PartFen = 0
    account_fen: PartFen = 0
    cash_fen: PartFen = 0
    stay: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{0,30}$(?!\n)")] = ""
    code: Shown = ""


class CancelSettlement(Request, frozen=True, kw_only=True):
    """Take a settlement back: a new negative record, and the money returns to where it came from."""

    settlement: Place


class ReverseMessage(Request, frozen=True, kw_only=True):
    """Undo whatever a message did, though its answer never arrived; a message that comes later is stopped (冲正)."""

    message: RequestId


class AdmitPatient(Request, frozen=True, kw_only=True):
    """Register an admission to hospital (入院登记)."""

    card: PresentedCard
    stay: StayNumber
    admitted_on: dt.date
    ward: Words = ""
    code: Shown = ""


class AmendStay(Request, frozen=True, kw_only=True):
    """Change what was registered of an open stay. What is None stays."""

    stay: StayNumber
    admitted_on: dt.date | None = None
    ward: Annotated[str, Meta(pattern=PLAIN, max_length=200)] | None = None


class CancelAdmission(Request, frozen=True, kw_only=True):
    """Take an admission back; nothing may have been settled on it."""

    stay: StayNumber


class DischargePatient(Request, frozen=True, kw_only=True):
    """Register that a patient leaves hospital; the settlement follows, with card and PIN."""

    stay: StayNumber
    discharged_on: dt.date


class CancelDischarge(Request, frozen=True, kw_only=True):
    """Take a discharge back; its settlement must have been taken back first."""

    stay: StayNumber


OF_INSTITUTIONS: frozenset[type[Request]] = frozenset(
    {
        SettleCharge,
        CancelSettlement,
        ReverseMessage,
        AdmitPatient,
        AmendStay,
        CancelAdmission,
        DischargePatient,
        CancelDischarge,
    }
)
"""What only an institution asks: its messages come in signed, with its terms."""
