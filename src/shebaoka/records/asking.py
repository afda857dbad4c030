"""Everything that may be asked, by service, and an ask: a request with its sender and what came beside it."""

import datetime as dt

import msgspec

from shebaoka.records.fees import Tender
from shebaoka.records.money import (
    AdmitPatient,
    AmendStay,
    ApproveCorrection,
    CancelAdmission,
    CancelDischarge,
    CancelSettlement,
    CarryOverAccount,
    CreditContribution,
    DischargePatient,
    ProposeCorrection,
    ReverseMessage,
    SettleCharge,
    UndoCarryOver,
)
from shebaoka.records.requests import (
    ActivateCard,
    AddExtendedApplication,
    AmendApplication,
    ApplyForCard,
    ApplyForTemporaryCard,
    CancelCard,
    CancelLossReport,
    ChangePin,
    Channel,
    CollectCard,
    EndLossReport,
    ExpireCard,
    ExtendCard,
    HandInCard,
    LookUpPerson,
    PutInBatch,
    RecordBankAnswer,
    RecordMade,
    RecordReady,
    RecordRejected,
    RegisterPerson,
    RemoveExtendedApplication,
    ReplaceCard,
    ReportLoss,
    Request,
    ResetPin,
    ReturnUncollectedCard,
    StopOldCard,
    UnlockCard,
    UseCard,
    WithdrawApplication,
    service_name,
)

AnyRequest = (
    RegisterPerson
    | CarryOverAccount
    | UndoCarryOver
    | ApplyForCard
    | AmendApplication
    | WithdrawApplication
    | PutInBatch
    | RecordMade
    | RecordRejected
    | RecordReady
    | ReturnUncollectedCard
    | CollectCard
    | ApplyForTemporaryCard
    | ActivateCard
    | UseCard
    | ReportLoss
    | CancelLossReport
    | EndLossReport
    | RecordBankAnswer
    | UnlockCard
    | ChangePin
    | ResetPin
    | ReplaceCard
    | HandInCard
    | ExtendCard
    | ExpireCard
    | StopOldCard
    | CancelCard
    | AddExtendedApplication
    | RemoveExtendedApplication
    | LookUpPerson
    | CreditContribution
    | ProposeCorrection
    | ApproveCorrection
    | SettleCharge
    | CancelSettlement
    | ReverseMessage
    | AdmitPatient
    | AmendStay
    | CancelAdmission
    | DischargePatient
    | CancelDischarge
)

REQUESTS: tuple[type[Request], ...] = AnyRequest.__args__
SERVICES: dict[str, type[Request]] = {service_name(r.__name__): r for r in REQUESTS}
SERVICE_OF: dict[type[Request], str] = {r: s for s, r in SERVICES.items()}


class Terms(msgspec.Struct, frozen=True):
    """What an institution was found to be allowed when its message came in, and the business cycle that it falls in."""

    institution: str
    kinds: tuple[str, ...]
    part_payment: bool
    cycle: int


class Sender(msgspec.Struct, frozen=True):
    """Who asks, through which channel, from which place (a window, a terminal, a batch)."""

    by: str
    channel: Channel
    place: str = ""


class Digits:
    """PIN digits on their way from the holder to the vault. They show in no print, log or encoding."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The digits, for the vault alone."""
        return self._text

    def __repr__(self) -> str:
        return "Digits(hidden)"


class Ask(msgspec.Struct, frozen=True):
    """A request with its sender, the PIN entries that came beside it, and the terms of the institution it is from.

    `bodies` are the texts of a carry-over's records, in UTF-8: one for each of its `years`, in order.
    `approved_by` is the second person who approved it; only the desk's own room of drafts sets it. `tender` is how the
    fee is paid; with it, a numbered receipt is written along with the decision. `blank` is the blank card that was
    scanned for a card that is made at once; without it a window that keeps stock uses its next. `code_at` is when the
    code of an electronic card was made, as the vault read it.
    """

    request: AnyRequest
    sender: Sender
    pin: Digits | None = None
    new_pin: Digits | None = None
    terms: Terms | None = None
    bodies: tuple[bytes, ...] = ()
    approved_by: str = ""
    tender: Tender | None = None
    blank: str = ""
    code_at: dt.datetime | None = None
