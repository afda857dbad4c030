"""The messages of the terminal API, each under the national platform's number. See docs/terminal.md.

A handler reads the message, makes it a request, waits at the counter with it, and answers in the platform's envelope.
"""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from anyio import to_thread
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body

from shebaoka.desk import ReadCode, Terminal, ask_of
from shebaoka.records import (
    AdmitPatient,
    AmendStay,
    AnyRequest,
    BadInput,
    CancelAdmission,
    CancelDischarge,
    CancelSettlement,
    Digits,
    DischargePatient,
    Purpose,
    Receipt,
    ReverseMessage,
    SettleCharge,
    Terms,
    Trouble,
    UseCard,
)
from shebaoka.terminal.answers import Output, Reply, city_time, reply_to
from shebaoka.terminal.inputs import (
    CARE_OF,
    Admission,
    Amendment,
    AskBack,
    Cancel,
    Charge,
    Discharge,
    Enquiry,
    Holder,
    Message,
    Nothing,
    OfStay,
    Reverse,
    fen,
)
from shebaoka.terminal.shaping import Reader, fault, numbered, plainly_answered, signed_answer
from shebaoka.web import Front, asked

Made = TypeVar("Made")
SHOWN = (UseCard, SettleCharge, AdmitPatient)
"""What an electronic card is shown for; who takes something back is only named by its code."""


async def _terms(front: Front, terminal: Terminal) -> Terms:
    known = front.institutions.known_terms(terminal)
    return known if known is not None else await to_thread.run_sync(front.institutions.terms, terminal)


def _pin(front: Front, terminal: Terminal, block: str | None, serial: str) -> Digits | None:
    return None if block is None else front.institutions.pin_of(terminal, bytes.fromhex(block), serial)


def _read(front: Front, code: str) -> ReadCode:
    """What the code of an electronic card says; `BadInput` as of the message's own field."""
    try:
        return front.ecards.read(code)
    except BadInput as e:
        e.field = "input.code"
        raise


def _by_code(message: Message[Any], shown: ReadCode) -> Message[Any]:
    """The message as if it had named the holder, and the card that the code stands for."""
    said: dict[str, str] = {"certno": shown.person}
    if isinstance(message.input, Holder):
        said |= {"mdtrt_cert_no": shown.card.number, "card_sn": shown.card.serial}
    return msgspec.structs.replace(message, input=msgspec.structs.replace(message.input, code="", **said))


async def decided(
    front: Front,
    request: Request[Any, Any, Any],
    made: AnyRequest,
    pin: Digits | None = None,
    *,
    dry_run: bool = False,
    cycle: bool = True,
    code_at: dt.datetime | None = None,
) -> Response[Any]:
    """The request asked at the counter, and its answer. `code_at` is when a code that it came with was made."""
    terminal: Terminal = request.state.terminal
    came_at = city_time(front.clock(), front.notices.zone)
    terms = await _terms(front, terminal) if cycle else None
    (outcome,) = await asked(front, [ask_of(terminal, made, pin, terms, code_at)], dry_run=dry_run)
    if isinstance(outcome, Trouble):
        raise outcome
    return signed_answer(front, request, _reply(front, outcome, came_at))


def _reply(front: Front, receipt: Receipt, came_at: str) -> Reply:
    speech = front.speech(receipt.answer.notice, "zh-Hans")
    return reply_to(receipt, speech, came_at, front.clock(), front.notices.zone)


def _charge(message: Message[Charge]) -> SettleCharge:
    said = message.input
    return SettleCharge(
        id=message.msgid,
        person=said.certno,
        card=said.card(),
        kind=CARE_OF[said.med_type],
        total_fen=_total(said),
        pooled_fen=fen(said.fund_pay_sumamt, "fund_pay_sumamt"),
        account_fen=fen(said.acct_pay, "acct_pay"),
        cash_fen=fen(said.psn_cash_pay, "psn_cash_pay"),
        stay=said.mdtrt_id,
    )


def _total(said: Charge) -> int:
    total_fen = fen(said.medfee_sumamt, "medfee_sumamt")
    if total_fen == 0:
        raise fault("medfee_sumamt", "must be above zero")
    return total_fen


def _taking(
    infno: str, said: Any, make: Callable[[Any], AnyRequest], summary: str, *, dry_run: bool = False
) -> HTTPRouteHandler:
    """A handler for a message that becomes a request; where it has a PIN block, the PIN is opened by the vault."""
    reader = Reader(infno, said)

    async def handle(
        front: NamedDependency[Front],
        request: Request[Any, Any, Any],
        data: Annotated[Any, Body(description="The message.")],  # noqa: ARG001
    ) -> Response[Any]:
        message, terminal = await reader.read(request)
        block = getattr(message.input, "pin_block", None)
        shown: ReadCode | None = None
        if getattr(message.input, "code", ""):
            shown = await to_thread.run_sync(_read, front, message.input.code)
            message = _by_code(message, shown)
        bound = shown.digest if shown else message.input.card_sn if block is not None else ""
        pin = _pin(front, terminal, block, bound) if block is not None else None
        made = make(message)
        if shown is not None and isinstance(made, SHOWN):
            made = msgspec.structs.replace(made, code=shown.digest)
        if infno in ("2303", "2304") and isinstance(made, SettleCharge) and made.kind != "inpatient":
            raise fault("input.med_type", "must be 21 for a stay in hospital")
        if infno in ("2206", "2207") and isinstance(made, SettleCharge) and made.kind == "inpatient":
            raise fault("input.med_type", "must be 11 or 41; a stay in hospital is settled by 2304")
        code_at = shown.made_at if shown else None
        return await decided(front, request, made, pin, dry_run=dry_run, cycle=infno != "1101", code_at=code_at)

    handle.__annotations__["data"] = Annotated[Message[said], Body(description="The message.")]
    return numbered(infno, summary)(handle)


def _enquiry(message: Message[Enquiry]) -> UseCard:
    said = message.input
    return UseCard(id=message.msgid, person=said.certno, card=said.card(), purpose=Purpose.ENQUIRY)


def _cancel(message: Message[Cancel]) -> CancelSettlement:
    return CancelSettlement(id=message.msgid, person=message.input.certno, settlement=message.input.setl_id)


def _reverse(message: Message[Reverse]) -> ReverseMessage:
    return ReverseMessage(id=message.msgid, person=message.input.certno, message=message.input.omsgid)


def _admit(message: Message[Admission]) -> AdmitPatient:
    said = message.input
    return AdmitPatient(
        id=message.msgid,
        person=said.certno,
        card=said.card(),
        stay=said.mdtrt_id,
        admitted_on=said.begntime,
        ward=said.adm_dept_name,
    )


def _amend(message: Message[Amendment]) -> AmendStay:
    said = message.input
    return AmendStay(
        id=message.msgid,
        person=said.certno,
        stay=said.mdtrt_id,
        admitted_on=said.begntime,
        ward=said.adm_dept_name,
    )


def _discharge(message: Message[Discharge]) -> DischargePatient:
    said = message.input
    return DischargePatient(id=message.msgid, person=said.certno, stay=said.mdtrt_id, discharged_on=said.endtime)


def _of_stay(service: type[Made]) -> Callable[[Message[OfStay]], Made]:
    def make(message: Message[OfStay]) -> Made:
        return service(id=message.msgid, person=message.input.certno, stay=message.input.mdtrt_id)  # type: ignore[call-arg]

    return make


async def _sign_in(
    front: NamedDependency[Front],
    request: Request[Any, Any, Any],
    data: Annotated[Message[Nothing], Body(description="The message.")],  # noqa: ARG001
) -> Response[Any]:
    """Open the institution's business cycle, or join the one that is open; and say when the old card stops (1.1)."""
    _, terminal = await _SIGN_IN.read(request)
    came_at = city_time(front.clock(), front.notices.zone)
    cycle = await to_thread.run_sync(front.institutions.sign_in, terminal)
    zone = front.notices.zone
    notice = front.notices.with_cutover(front.clock().astimezone(zone).date())
    output = Output(
        sign_no=cycle.id,
        begntime=city_time(cycle.opened_at, zone),
        endtime=city_time(cycle.until_at, zone),
        cutover_on=str(notice.p.cutover_on) if notice else "",
    )
    if notice is None:
        return plainly_answered(front, request, output, came_at)
    return plainly_answered(front, request, output, came_at, notice.clause_of_parameter["cutover_on"], notice.id)


async def _ask_back(
    front: NamedDependency[Front],
    request: Request[Any, Any, Any],
    data: Annotated[Message[AskBack], Body(description="The message.")],  # noqa: ARG001
) -> Response[Any]:
    """What became of a message: its first answer; or that it never came, or was reversed before it came."""
    message, terminal = await _ASK_BACK.read(request)
    came_at = city_time(front.clock(), front.notices.zone)
    read = front.messages.receipt_of
    receipt = await to_thread.run_sync(read, message.input.omsgid, terminal.institution)
    return signed_answer(front, request, _reply(front, receipt, came_at))


_SIGN_IN, _ASK_BACK = Reader("9001", Nothing), Reader("ask-back", AskBack)
HANDLERS: list[HTTPRouteHandler] = [
    numbered("9001", "sign in, which opens a business cycle")(_sign_in),
    _taking("1101", Enquiry, _enquiry, "a holder and their card"),
    _taking("2206", Charge, _charge, "what a charge would come to", dry_run=True),
    _taking("2207", Charge, _charge, "settle a charge at a clinic or a pharmacy"),
    _taking("2208", Cancel, _cancel, "take a settlement back"),
    _taking("2303", Charge, _charge, "what a stay's charge would come to", dry_run=True),
    _taking("2304", Charge, _charge, "settle a stay in hospital"),
    _taking("2305", Cancel, _cancel, "take a stay's settlement back"),
    _taking("2401", Admission, _admit, "admit a patient"),
    _taking("2402", Discharge, _discharge, "discharge a patient"),
    _taking("2403", Amendment, _amend, "change a stay"),
    _taking("2404", OfStay, _of_stay(CancelAdmission), "take an admission back"),
    _taking("2405", OfStay, _of_stay(CancelDischarge), "take a discharge back"),
    _taking("2601", Reverse, _reverse, "reverse a message"),
    numbered("ask-back", "what became of a message")(_ask_back),
]
