"""Personal accounts: a year's statement as JSON, CSV or PDF, what the hotline may tell, and any day's balance.

Clause 1.2. Every look goes through the desk first, as every other one.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from anyio import to_thread
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import QueryParameter

from shebaoka.api.shapes import BalanceBody
from shebaoka.api.signing import ERRORS, Day, Language, Number, Reason, Unmasked, day_asked
from shebaoka.desk import (
    AccountStatement,
    BriefAccount,
    Staff,
    may_see_accounts,
    must_see_accounts,
    must_see_unmasked,
)
from shebaoka.numbers import mask
from shebaoka.paper import FORMS, attachment, statement_as
from shebaoka.records import BadInput
from shebaoka.web import Front, looked_up, must_sign_in

HEADERS = {"Cache-Control": "no-store"}
Year = Annotated[
    int | None,
    QueryParameter(ge=1900, le=2999, required=False, description="The statement's year; the present one if left out."),
]
Form = Annotated[
    Literal["json", "csv", "pdf"],
    QueryParameter(required=False, description="CSV and PDF are for people, in the language asked for."),
]


@dataclass
class StatementOperation(Operation):
    """Describes that a statement comes as CSV or PDF too."""

    def __post_init__(self) -> None:
        """Add both to what the answer may be."""
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse) and answer.content is not None:
            answer.content["text/csv"] = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
            pdf = Schema(type=OpenAPIType.STRING, content_media_type="application/pdf")
            answer.content["application/pdf"] = OpenAPIMediaType(schema=pdf)


@get(
    "/persons/{number:str}/account",
    summary="A person's account in a year",
    description="The statement, up to now if the year is not over; number and name are masked unless a clerk asks for "
    "them. A hotline operator gets the balance and the latest records, and may ask for nothing else.",
    responses={
        **ERRORS,
        200: ResponseSpec(
            data_container=AccountStatement | BriefAccount,
            description="The statement; to a hotline operator a brief account.",
            generate_examples=False,
        ),
    },
    operation_class=StatementOperation,
    tags=["people"],
    guards=[must_sign_in],
)
async def get_account(
    front: NamedDependency[Front],
    number: Number,
    reason: Reason,
    staff: NamedDependency[Staff],
    year: Year = None,
    format: Form = "json",  # noqa: A002 - it is the parameter's name, which faults tell
    unmasked: Unmasked = False,
    language: Language = "zh-Hans",
) -> Response[Any]:
    """A person's account; what the role may not see is refused before anybody is looked up."""
    if unmasked:
        must_see_unmasked(staff)
    if year is not None or format != "json":
        must_see_accounts(staff)
    this_year = front.screens.today().year
    if year is not None and year > this_year:
        raise _bad("year", f"{year} has no statement; ask for {this_year} or a year before it.")
    screen, _ = await looked_up(front, staff, number, reason)
    if not may_see_accounts(staff):
        return Response(await to_thread.run_sync(front.accounts.brief, number), headers=HEADERS)

    def read() -> tuple[AccountStatement, bytes]:
        statement = front.accounts.statement(number, this_year if year is None else year, masked=not unmasked)
        return statement, statement_as(format, statement, front.speech(statement.notice, language), front.fonts)

    statement, content = await to_thread.run_sync(read)
    headers = HEADERS if format == "json" else HEADERS | attachment(format, statement, screen.person_id)
    return Response(content, media_type=FORMS[format], headers=headers)


@get(
    "/persons/{number:str}/balance",
    summary="The balance of a person's account on a day",
    responses=ERRORS,
    tags=["people"],
    guards=[must_sign_in],
)
async def get_balance(
    front: NamedDependency[Front], number: Number, reason: Reason, staff: NamedDependency[Staff], on: Day = None
) -> Response[BalanceBody]:
    """The balance at the end of a day, today's so far."""
    day, today = day_asked(front, on), front.screens.today()
    if day > today:
        raise _bad("on", f"{day} has not come yet; ask for {today} or a day before it.")
    await looked_up(front, staff, number, reason)
    balance_fen = await to_thread.run_sync(front.accounts.balance_on, number, day)
    return Response(BalanceBody(mask(number), day, balance_fen), headers=HEADERS)


def _bad(field: str, sentence: str) -> BadInput:
    """What is wrong with a parameter."""
    bad = BadInput(f"{field}: {sentence}")
    bad.field = field
    return bad
