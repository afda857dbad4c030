"""What messages say: the national platform's field names, read strictly and turned into requests. See docs/terminal.md.

Amounts are yuan with at most two decimals, as numbers or texts, and become whole fen here.
"""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

from shebaoka.records import BadInput, Care, PresentedCard

_MOST_YUAN = Decimal(10**7)
CARE_OF: dict[str, Care] = {"11": "outpatient", "41": "pharmacy", "21": "inpatient"}
"""med_type: 11 outpatient, 41 pharmacy, 21 in-patient."""

Text = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
Number = Annotated[str, Meta(pattern=r"^[0-9]{17}[0-9X]$(?!\n)", description="Social security number")]
CardSerial = Annotated[
    str, Meta(pattern=r"^([0-9a-f]{32})?$(?!\n)", description="Card serial; empty for an old medical card")
]
Code = Annotated[
    str,
    Meta(pattern=r"^(E1[A-Z2-7]{71})?$(?!\n)", description="Code of an electronic card, in place of number and card"),
]
PinBlock = Annotated[
    str, Meta(pattern=r"^[0-9A-Fa-f]{32}$(?!\n)", description="ISO 9564 format 4 block under the terminal's PIN key")
]
StayNumber = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,30}$(?!\n)", description="The stay's own number")]
Place = Annotated[
    str, Meta(pattern=r"^[0-9]{1,18}-[0-9]{1,18}$(?!\n)", description="The settlement, as it was answered")
]
MessageId = Annotated[
    str, Meta(pattern=r"^[A-Z0-9]{12}[0-9]{18}$(?!\n)", description="Institution (12), yyyymmddhhmmss (14), number (4)")
]
Yuan = Annotated[Decimal, Meta(description="Yuan with at most two decimals")]


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every message's `input` has in common: no key that is not known."""


Said = TypeVar("Said", bound=Input)


class Message(msgspec.Struct, Generic[Said], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message: the sender's id and the input. What else the national platform's envelope has is taken and not used.

    `infno` and `fixmedins_code`, where they are given, must be those of the path and of the terminal's institution.
    """

    msgid: MessageId
    input: Said
    infno: Text = ""
    fixmedins_code: Text = ""
    fixmedins_name: Text = ""
    sign_no: Text = ""
    inf_time: Text = ""
    opter_type: Text = ""
    opter: Text = ""
    opter_name: Text = ""
    mdtrtarea_admvs: Text = ""
    insuplc_admdvs: Text = ""
    recer_sys_code: Text = ""
    dev_no: Text = ""
    infver: Text = ""


class Nothing(Input, frozen=True):
    """A message that says nothing more."""


class SignOff(Input, frozen=True, kw_only=True):
    """9002: close the cycle that was reconciled."""

    sign_no: Annotated[int, Meta(ge=1, le=2**62)]


class Named(Input, frozen=True, kw_only=True):
    """Whom a message is about: by social security number, or by the code of an electronic card."""

    certno: Annotated[str, Meta(pattern=r"^([0-9]{17}[0-9X])?$(?!\n)", description="Social security number")] = ""
    code: Code = ""

    def __post_init__(self) -> None:
        if not self.certno and not self.code:
            raise ValueError("Object missing required field `certno`, or `code` for an electronic card")
        if self.certno and self.code:
            raise ValueError("`code` stands in the place of `certno` and the card; leave those out")


class Holder(Named, frozen=True, kw_only=True):
    """A card as the terminal read it: whose, its number and its serial; or the code of an electronic card."""

    mdtrt_cert_no: Annotated[str, Meta(pattern=r"^[A-Z0-9]{0,32}$(?!\n)", description="Card number")] = ""
    card_sn: CardSerial = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.certno and not self.mdtrt_cert_no:
            raise ValueError("Object missing required field `mdtrt_cert_no`")
        if self.code and (self.mdtrt_cert_no or self.card_sn):
            raise ValueError("`code` stands in the place of `certno` and the card; leave those out")

    def card(self) -> PresentedCard:
        """The card that was presented."""
        return PresentedCard(self.mdtrt_cert_no, self.card_sn)


class Enquiry(Holder, frozen=True, kw_only=True):
    """1101: who is this, and may the card be used? A PIN entry is checked if one is given."""

    pin_block: PinBlock | None = None


class Charge(Holder, frozen=True, kw_only=True):
    """2206, 2207, 2303, 2304: a charge and its parts. `mdtrt_id` is the stay's own number, for in-patients."""

    med_type: Annotated[str, Meta(pattern=r"^(11|41|21)$(?!\n)")]
    medfee_sumamt: Yuan
    fund_pay_sumamt: Yuan = Decimal(0)
    acct_pay: Yuan = Decimal(0)
    psn_cash_pay: Yuan = Decimal(0)
    mdtrt_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{0,30}$(?!\n)")] = ""
    pin_block: PinBlock | None = None


class Cancel(Named, frozen=True, kw_only=True):
    """2208, 2305: take a settlement back."""

    setl_id: Place


class Reverse(Named, frozen=True, kw_only=True):
    """2601: undo whatever the message did, or stop it if it has not come."""

    omsgid: MessageId


class AskBack(Input, frozen=True, kw_only=True):
    """What became of a message?"""

    omsgid: MessageId


class Admission(Holder, frozen=True, kw_only=True):
    """2401: a patient is admitted."""

    mdtrt_id: StayNumber
    begntime: dt.date
    adm_dept_name: Text = ""


class Amendment(Input, frozen=True, kw_only=True):
    """2403: what was registered of a stay changes; what is null stays."""

    certno: Number
    mdtrt_id: StayNumber
    begntime: dt.date | None = None
    adm_dept_name: Text | None = None


class Discharge(Input, frozen=True, kw_only=True):
    """2402: a patient is discharged."""

    certno: Number
    mdtrt_id: StayNumber
    endtime: dt.date


class OfStay(Input, frozen=True, kw_only=True):
    """2404, 2405: take an admission, or a discharge, back."""

    certno: Number
    mdtrt_id: StayNumber


class SideTotals(Input, frozen=True, kw_only=True):
    """Count and sums of one direction, positive or reverse; amounts without sign."""

    setl_cnt: Annotated[int, Meta(ge=0, le=10**9)]
    medfee_sumamt: Yuan
    fund_pay_sumamt: Yuan
    acct_pay: Yuan
    psn_cash_pay: Yuan


class TotalsInput(Input, frozen=True, kw_only=True):
    """3201: a cycle's totals as the institution has them, positive and reverse transactions apart."""

    sign_no: Annotated[int, Meta(ge=1, le=2**62)]
    positive: SideTotals
    reverse: SideTotals


class DetailsInput(Input, frozen=True, kw_only=True):
    """3202: a cycle's details as the institution has them, as the text of a CSV file."""

    sign_no: Annotated[int, Meta(ge=1, le=2**62)]
    file: Annotated[str, Meta(max_length=9_000_000)]


def fen(yuan: Decimal, field: str, *, most: Decimal = _MOST_YUAN) -> int:
    """Yuan as fen. `BadInput` for more than two decimals, a sign, or more than ten million yuan."""
    exponent = yuan.as_tuple().exponent
    if not isinstance(exponent, int) or not -2 <= exponent <= 12 or yuan.is_signed() or yuan > most:
        fault = BadInput(
            f"{field}: must be yuan from 0 to {most}, with at most two decimals. Correct it and send it again."
        )
        fault.field = field
        raise fault
    return int(yuan * 100)
