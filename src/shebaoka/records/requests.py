"""What somebody may ask about people, cards and applications: one frozen record per service, imperative.

A PIN never stands in a request, for a request is kept in the journal: it travels beside it, in `Ask`. What may be
asked about money and stays in hospital is in `money.py`; all of it together in `asking.py`.
"""

import datetime as dt
import re
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shebaoka.records.facts import CardKind

# `$` alone would let a line feed at the end through.
PLAIN = r"^[^\x00-\x1f\x7f]*$(?!\n)"
RequestId = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}$(?!\n)", description="The sender's own id of the request")
]
Number = Annotated[
    str, Meta(pattern=r"^[0-9]{17}[0-9X]$(?!\n)", description="Social security number, 18 characters (GB 11643)")
]
Region = Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)", description="County code, six digits (GB/T 2260)")]
Name = Annotated[str, Meta(pattern=r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$(?!\n)", max_length=50)]
Words = Annotated[str, Meta(pattern=PLAIN, max_length=200)]
Reason = Annotated[str, Meta(pattern=r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$(?!\n)", max_length=200)]
Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{0,64}$(?!\n)")]
EthnicGroup = Annotated[
    str, Meta(pattern=r"^(0[1-9]|[1-4][0-9]|5[0-6]|97|98)?$(?!\n)", description="Code of 民族, two digits (GB/T 3304)")
]
Fen = Annotated[int, Meta(ge=0, le=10**13, description="Fen, a hundredth of a yuan")]


class Channel(StrEnum):
    """Where a request comes in."""

    WINDOW = "window"
    PHONE = "phone"
    PORTAL = "portal"
    TERMINAL = "terminal"
    PRODUCTION = "production"
    IMPORTER = "importer"
    BANK = "bank"
    CALENDAR = "calendar"


class Material(StrEnum):
    """Papers and things that are shown at the window (材料)."""

    IDENTITY_CARD = "identity_card"
    IDENTITY_COPY = "identity_copy"
    PHOTO = "photo"
    AGENT_IDENTITY_CARD = "agent_identity_card"
    CARD = "card"
    INSURANCE_PROOF = "insurance_proof"
    RELATIONSHIP_PROOF = "relationship_proof"
    DEATH_PROOF = "death_proof"


class CancelReason(StrEnum):
    """Why a card is cancelled (注销)."""

    DEATH = "death"
    LEAVING = "leaving"
    REQUEST = "request"


class Function(StrEnum):
    """What a card can be used for (3.3, 3.4)."""

    SOCIAL = "social"
    FINANCIAL = "financial"
    EXTENDED = "extended"


class Purpose(StrEnum):
    """What the social function is used for. `discharge` settles a stay in hospital begun on the old card (8.1)."""

    ENQUIRY = "enquiry"
    PAYMENT = "payment"
    DISCHARGE = "discharge"


class PresentedCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A card as a terminal read it. A replaced card may bear the same number, so the serial counts as well.

    An old medical card has no serial.
    """

    number: Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,32}$(?!\n)", description="Card number, 卡号")]
    serial: Annotated[str, Meta(pattern=r"^([0-9a-f]{32})?$(?!\n)", description="Card serial, 卡识别码")] = ""


Shown = Annotated[
    str,
    Meta(pattern=r"^([0-9a-f]{32})?$(?!\n)", description="Digest of the code by which an electronic card was shown"),
]


class Agent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who acts for the holder (代理人)."""

    name: Name
    number: Number
    relation: Words = ""


def service_name(class_name: str) -> str:
    """`ReportLoss` → `report_loss`: the name of a service in the journal, the API and the notice."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()


class Request(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="service",
    tag=service_name,
    omit_defaults=True,
):
    """What every request says: its sender's id, whom it is about, what is shown, who acts, what is paid."""

    id: RequestId
    person: Number
    shows: tuple[Material, ...] = ()
    agent: Agent | None = None
    paid_fen: Fen = 0


class RegisterPerson(Request, frozen=True):
    """Register an insured person, or one who left and is back. Birth date and sex are read from the number."""

    name: Name
    region: Region
    insured_on: dt.date


class ApplyForCard(Request, frozen=True):
    """Apply for a social security card (申领). `photo` names the electronic photo, `collect_at` the window.

    `ethnic_group` is what the ID card says of it; left empty, it is that of the application before.
    """

    collect_at: Code = ""
    photo: Code = ""
    ethnic_group: EthnicGroup = ""


class ApplyForTemporaryCard(Request, frozen=True):
    """Apply for a temporary card; it is issued at once, with the PIN that the holder chooses."""

    hands_in_damaged_card: bool = False


class AmendApplication(Request, frozen=True):
    """Change where an application's card is collected, its photo, or the ethnic group. What is None stays."""

    collect_at: Code | None = None
    photo: Code | None = None
    ethnic_group: EthnicGroup | None = None


class WithdrawApplication(Request, frozen=True):
    """Take back an application that is not being made yet; a fee that was paid goes back."""


class PutInBatch(Request, frozen=True):
    """Put an application's card into a batch for the maker; a rejected one is remade this way, free."""

    batch: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}$(?!\n)")]


class Spoilt(StrEnum):
    """Why a card of a batch will not come to be: found bad, missing in what came back, or its batch was withdrawn."""

    REJECTED = "rejected"
    MISSING = "missing"
    WITHDRAWN = "withdrawn"


class RecordMade(Request, frozen=True):
    """The maker has made the card; `blank` is the stock number of the blank that it is made of."""

    blank: Code = ""


class RecordRejected(Request, frozen=True):
    """The maker, or the check of what came back, rejects the card; or it will not come, as `spoilt` says.

    `blank` is the stock number of the blank that was spoilt, if one was.
    """

    reason: Words
    blank: Code = ""
    spoilt: Spoilt = Spoilt.REJECTED


class RecordReady(Request, frozen=True):
    """The card is at the window and can be collected."""


class ReturnUncollectedCard(Request, frozen=True):
    """Return a card that nobody collected in time: from the window, or from the post, to production."""


class CollectCard(Request, frozen=True):
    """Collect the social security card (领卡). A temporary card is handed in (2.3)."""

    hands_in_temporary_card: bool = False


class ActivateCard(Request, frozen=True):
    """Activate the social function (启用); the holder may change the first PIN with it."""

    card: CardKind = CardKind.SOCIAL_SECURITY


class UseCard(Request, frozen=True):
    """Present a card: may it be used for this, here and now? A terminal names the very card that it read.

    `code` is there where the card was shown electronically.
    """

    card: CardKind | PresentedCard = CardKind.SOCIAL_SECURITY
    function: Function = Function.SOCIAL
    purpose: Purpose = Purpose.PAYMENT
    code: Shown = ""


class ReportLoss(Request, frozen=True):
    """Report a card lost (挂失): formal, or temporary with an end of its own."""

    card: CardKind = CardKind.SOCIAL_SECURITY
    kind: Literal["formal", "temporary"] = "formal"


class CancelLossReport(Request, frozen=True):
    """The card is found: cancel its loss report (解挂)."""

    card: CardKind = CardKind.SOCIAL_SECURITY


class EndLossReport(Request, frozen=True):
    """The day has come on which a loss report with an end of its own ends."""

    card: CardKind = CardKind.SOCIAL_SECURITY


class RecordBankAnswer(Request, frozen=True):
    """What the bank answered to a loss report or its end: the financial function is stopped, or active."""

    financial: Literal["stopped", "active"]


class UnlockCard(Request, frozen=True):
    """Unlock a card after wrong PIN entries (解锁)."""

    card: CardKind = CardKind.SOCIAL_SECURITY


class ChangePin(Request, frozen=True):
    """Change a card's PIN, knowing the present one (修改密码)."""

    card: CardKind = CardKind.SOCIAL_SECURITY


class ResetPin(Request, frozen=True):
    """Set a new PIN after an identity check, the present one being forgotten (重置密码)."""

    card: CardKind = CardKind.SOCIAL_SECURITY


class ReplaceCard(Request, frozen=True, kw_only=True):
    """Replace a card (补做): the social security card is made anew, the temporary card at once."""

    card: CardKind = CardKind.SOCIAL_SECURITY
    why: Literal["loss", "damage", "made_wrongly", "unlocks_used_up"]
    collect_at: Code = ""
    ethnic_group: EthnicGroup = ""


class HandInCard(Request, frozen=True):
    """Hand a card in (交回); it ends."""

    card: CardKind = CardKind.TEMPORARY


class ExtendCard(Request, frozen=True):
    """Ask for a longer term."""

    card: CardKind = CardKind.TEMPORARY


class ExpireCard(Request, frozen=True):
    """The last day of a card's term is over."""

    card: CardKind = CardKind.TEMPORARY


class StopOldCard(Request, frozen=True):
    """The old medical card stops with the cut-over (1.1)."""


class CancelCard(Request, frozen=True):
    """Cancel (注销): on death or leaving every card of the person, on request the named one."""

    card: CardKind = CardKind.SOCIAL_SECURITY
    why: CancelReason = CancelReason.REQUEST


class AddExtendedApplication(Request, frozen=True, kw_only=True):
    """Put an extended application on a card."""

    card: CardKind = CardKind.SOCIAL_SECURITY
    application: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$(?!\n)")]


class RemoveExtendedApplication(Request, frozen=True, kw_only=True):
    """Take an extended application off a card."""

    card: CardKind = CardKind.SOCIAL_SECURITY
    application: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$(?!\n)")]


class LookUpPerson(Request, frozen=True):
    """Look a person up, to answer a question about them; changes nothing and is kept in the journal."""

    reason: Reason
