"""My card: what its holder sees once they are signed in. Clauses 5.2, 7.1, 9.4.

Each page is for the session's own card and takes no name or number from an address. Statements are journalled like
looks; pages rest on the look with which the session began. What is shown is masked, but for a statement in full.
"""

import datetime as dt
import re

from litestar import Response, get

from shebaoka.desk import ENDING, AccountStatement, Holder, Look, PersonScreen, Role, told
from shebaoka.numbers import mask, mask_name
from shebaoka.pages import HEADERS, Asked, cards_shown
from shebaoka.pages.wording import Line, line_of
from shebaoka.paper import FORMS, attachment, grouped, signed, statement_as
from shebaoka.portal.frame import Page, in_thread
from shebaoka.portal.mysignin import holder_of, looked
from shebaoka.records import BadInput, Channel, NotAllowed
from shebaoka.web import Front

LINES, LOOKS = 60, 30
"""Records of a year, and entries of the journal, on a page."""
_YEAR, _SEQ = re.compile(r"[1-9][0-9]{3}"), re.compile(r"[1-9][0-9]{0,17}")
_REASONS = {
    "signed in by a code": "my_reason_code",
    "signed in by a slip": "my_reason_slip",
    "own statement": "my_reason_statement",
    "put into a wallet": "my_reason_wallet",
    "where is my card": "my_reason_where",
    "office page": "my_reason_page",
    "number and name in full": "my_reason_full",
    "journal search": "my_reason_journal",
    "dossier history": "my_reason_journal",
    "application form printed": "my_reason_form",
    "handover slip printed": "my_reason_handover",
    "telephone said at the window": "my_reason_telephone",
    "sign-in slip given": "my_reason_entry_slip",
}
"""Why the house's own pages look, by what they say of it in the journal."""
_BEGIN = {
    "window service ": "my_reason_service",
    "handing over ": "my_reason_handing",
    ENDING: "my_reason_wallet_ended",
}
"""The same where the number of what was done follows."""
_CALL = re.compile(r"hotline h[0-9a-f]{16}: (.*)")
_CALLS = {
    "who calls": "my_reason_who_calls",
    "service": "my_reason_call_service",
    "hand over": "my_reason_call_handed_over",
}
"""Why the hotline looked, by what it says behind the call; else it answered what a caller asked."""
_PAPER = re.compile(r"[0-9a-f]{32}: (.*)")
"""A kept paper was opened, and why."""


@get("/my")
async def get_card(request: Asked) -> Response[bytes]:
    """Functions and states, balance and this year's records."""
    holder, page = await holder_of(request), Page(request)
    front, year = page.front, year_asked(request, page.on)

    def show() -> Response[bytes]:
        screen = front.person(front.screens.number_of(holder.person_id))
        found = front.own_cards.beside(screen, year)
        labels, said, account = page.labels, page.said, screen.dossier.account
        statement = found.account.statement
        cares = {care: labels[care] for care in ("outpatient", "pharmacy", "inpatient")}
        return page.show_at_once(
            "mycard.html",
            whose=whose(screen),
            screen=screen,
            cards=cards_shown(page, screen),
            where=told(found.where, page.said_of(found.where.notice).speech),
            has_account=account is not None,
            balance=labels["yuan"].format(grouped(account.balance_fen)) if account else "",
            statement=statement,
            lines=list(reversed(statement.lines[-LINES:])),
            limit=LINES,
            years=list(range(screen.on.year, found.account.first_year - 1, -1)),
            what=lambda code: cares.get(code) or said.account(code),
            amount=lambda fen: labels["yuan"].format(grouped(fen)),
            change=lambda fen: labels["yuan"].format(signed(fen)),
            institutions=_institutions(front),
            telephone=found.telephone,
            wallets=bool(front.wallets.issuer),
        )

    return await in_thread(request, show)


def whose(screen: PersonScreen) -> dict[str, str]:
    """Name and number as a holder's pages show them."""
    person = screen.dossier.person
    return {"name": mask_name(person.name), "number": mask(person.number)} if person else {"name": "—", "number": "—"}


def _institutions(front: Front) -> dict[str, str]:
    return {found.code: found.name for found in front.institutions.everybody()}


def year_asked(request: Asked, today: dt.date) -> int:
    """The year that is asked for, else the present one. `BadInput`."""
    asked = request.query_params.get("year", "")
    if asked and (not _YEAR.fullmatch(asked) or int(asked) > today.year):
        raise BadInput(f"year: give {today.year} or a year before it.")
    return int(asked) if asked else today.year


@get("/my/statement")
async def get_statement(request: Asked) -> Response[bytes]:
    """A year's statement as a file, after it is in the journal that it was made; in full where it is asked for."""
    holder, page = await holder_of(request), Page(request)
    front, form = page.front, request.query_params.get("format", "pdf")
    year = year_asked(request, page.on)
    if form not in ("csv", "pdf"):
        raise BadInput("format: give csv or pdf.")
    front.limits.take("holder_paper", str(holder.person_id))
    number = await in_thread(request, front.screens.number_of, holder.person_id)
    await must_answer(front, number, "own statement")

    def read() -> tuple[AccountStatement, bytes]:
        statement = front.accounts.statement(number, year, masked="full" not in request.query_params)
        return statement, statement_as(form, statement, front.speech(statement.notice, page.language), front.fonts)

    statement, content = await in_thread(request, read)
    return Response(content, media_type=FORMS[form], headers=HEADERS | attachment(form, statement, holder.person_id))


async def must_answer(front: Front, number: str, reason: str) -> None:
    """A look that is journalled. `NotAllowed` if the notice refuses it by now."""
    receipt = await looked(front, number, reason)
    if receipt.answer.outcome == "refused":
        raise NotAllowed(f"The notice does not answer this enquiry here (clause {receipt.answer.clause}).")


class LookShown:
    """A look or a change as its holder reads it."""

    def __init__(self, page: Page, look: Look, places: dict[str, str]) -> None:
        self.line: Line = line_of(look.line, page.said_of(look.line.answer.notice), page.front.notices.zone)
        self.own = look.own
        self.is_look = look.line.service == "look_up_person"
        self.who = page.labels["my_who_you"] if look.own else who_of(page, look)
        self.place = places.get(look.place, "")
        self.reason = reason_of(page, look.reason)


_BEHIND = {Channel.WINDOW: "role_clerk", Channel.PHONE: "role_operator"}
"""Channels behind which somebody of the staff sits, and what they are called."""


def who_of(page: Page, look: Look) -> str:
    """What whoever looked is to the house: a role, an institution, or how they asked; never a person's name."""
    if look.place == "where":
        return page.labels["my_who_where"]
    if look.place in set(Role):
        return page.labels[f"role_{look.place}"]
    channel = Channel(look.line.channel)
    if channel in _BEHIND:
        return page.labels[_BEHIND[channel]]
    return page.said.words.channels[channel]


def reason_of(page: Page, reason: str) -> str:
    """Why somebody looked: in the page's words where the house itself said it, else as it was given."""
    label = _REASONS.get(reason) or next((v for begin, v in _BEGIN.items() if reason.startswith(begin)), "")
    if call := _CALL.fullmatch(reason):
        label = _CALLS.get(call[1], "my_reason_call")
    paper = _PAPER.fullmatch(reason)
    if paper:
        return page.said.named(page.labels["my_reason_paper"], paper[1])
    return page.labels[label] if label else reason


@get("/my/looks")
async def get_looks(request: Asked) -> Response[bytes]:
    """Who looked at the card or changed it, and why, the latest first."""
    holder, page = await holder_of(request), Page(request)
    before = request.query_params.get("before", "")
    if before and not _SEQ.fullmatch(before):
        raise BadInput("before: give the number of an entry.")
    return await in_thread(request, _looks, page, holder, int(before) if before else 2**62)


def _looks(page: Page, holder: Holder, before: int) -> Response[bytes]:
    front = page.front
    found = front.own_cards.looks(holder.person_id, limit=LOOKS + 1, before=before)
    places = _institutions(front) | {w.code: f"{w.site} {w.name}" for w in front.shown_windows.everybody()}
    shown = [LookShown(page, look, places) for look in found[:LOOKS]]
    more = found[LOOKS - 1].line.seq if len(found) > LOOKS else 0
    return page.show_at_once("mylooks.html", looks=shown, more=more)
