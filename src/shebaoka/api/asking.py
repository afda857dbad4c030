"""Asking for services: one submission, or a tray of them. A refusal is an answer, not an error."""

from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import Body, QueryParameter

from shebaoka.api.shapes import ReceiptBody, Submission, TrayAnswer, TrayBody, TrayItem, receipt_body
from shebaoka.api.signing import ERRORS, Language
from shebaoka.desk import Staff
from shebaoka.records import Ask, BadInput, CarryOverAccount, Digits, Receipt, Sender, Trouble
from shebaoka.web import Front, asked, must_sign_in, strictly

_SUBMISSION = msgspec.json.Decoder(Submission)
_TRAY = msgspec.json.Decoder(TrayBody)
DryRun = Annotated[bool, QueryParameter(description="Only say what the answer would be; nothing is done.")]


@post(
    "/requests",
    status_code=200,
    summary="Ask for a service",
    description="Decides one request by the notice and does what was decided, in one transaction. A refusal comes "
    "with status 200, its clause, and what to bring or do. The same id with the same content gets the first answer "
    "again; with other content it is an error 409.",
    responses=ERRORS,
    tags=["services"],
    guards=[must_sign_in],
)
async def post_request(
    front: NamedDependency[Front],
    staff: NamedDependency[Staff],
    request: Request[Any, Any, Any],
    data: Annotated[Submission, Body(description="The request, and PIN entries beside it.")],  # noqa: ARG001
    language: Language = "zh-Hans",
    dry_run: DryRun = False,
) -> ReceiptBody:
    """One submission, answered. `data` describes the body, and is read again strictly."""
    submission = await strictly(request, _SUBMISSION)
    sender = staff.sender(submission.request)
    (outcome,) = await asked(front, [_ask(submission, staff, sender)], dry_run=dry_run)
    if isinstance(outcome, Trouble):
        raise outcome
    return receipt_body(outcome, front.speech(outcome.answer.notice, language))


@post(
    "/trays",
    status_code=200,
    summary="Ask for many services at once",
    description="1 to 200 submissions, decided in their order, with the same outcome as one after another.",
    responses=ERRORS,
    tags=["services"],
    guards=[must_sign_in],
)
async def post_tray(
    front: NamedDependency[Front],
    staff: NamedDependency[Staff],
    request: Request[Any, Any, Any],
    data: Annotated[TrayBody, Body(description="The submissions.")],  # noqa: ARG001
    language: Language = "zh-Hans",
    dry_run: DryRun = False,
) -> TrayAnswer:
    """Many submissions, each answered. `data` describes the body, and is read again strictly."""
    tray = await strictly(request, _TRAY)
    sender = staff.sender(*(s.request for s in tray.submissions))
    outcomes = await asked(front, [_ask(s, staff, sender) for s in tray.submissions], dry_run=dry_run)
    return TrayAnswer(tuple(_item(front, o, language) for o in outcomes))


def _ask(submission: Submission, staff: Staff, sender: Sender) -> Ask:
    """A submission as the desk takes it; the digits are hidden from here on. `BadInput` for what cannot come so."""
    if isinstance(submission.request, CarryOverAccount) and submission.request.years:
        unfit = BadInput(
            "request.years: the text of records that are counted by year cannot come this way; put the records "
            "themselves into request.records. Correct it and send it again."
        )
        unfit.field = "request.years"
        raise unfit
    return Ask(
        submission.request,
        sender,
        None if submission.pin is None else Digits(submission.pin),
        None if submission.new_pin is None else Digits(submission.new_pin),
        tender=None if submission.tender is None else staff.takes(submission.tender),
        blank=submission.blank,
    )


def _item(front: Front, outcome: Receipt | Trouble, language: str) -> TrayItem:
    if isinstance(outcome, Trouble):
        return TrayItem(code=outcome.code, message=str(outcome))
    return TrayItem(receipt=receipt_body(outcome, front.speech(outcome.answer.notice, language)))
