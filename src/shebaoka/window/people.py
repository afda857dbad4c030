"""Dossiers: finding a person, and everything that is on file about them. Each look is kept in the journal first."""

import datetime as dt
import re
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import (
    AccountStatement,
    BriefAccount,
    CardScreen,
    JournalLine,
    PersonScreen,
    Staff,
    StatementLine,
    may_see_accounts,
    may_see_unmasked,
    must_see_accounts,
    must_see_unmasked,
)
from shebaoka.numbers import mask, mask_name
from shebaoka.pages import HEADERS, Asked, form_of, front_of, moved_to
from shebaoka.paper import FORMS, attachment, grouped, signed, statement_as
from shebaoka.records import BadInput, Function, Life, NotFound, Posting
from shebaoka.web import Front, looked_up
from shebaoka.window.frame import Page

REASON = "office page"
LINES = 30
"""Journal entries, and records of the account, on a dossier's page."""
ID_MAX = 2**63 - 1
_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_SEQ = re.compile(r"[1-9][0-9]{0,17}")
_YEAR = re.compile(r"[1-9][0-9]{3}")


class FunctionShown(msgspec.Struct, frozen=True):
    """What a card can do: whether it may be used for it now, or which clause says that it may not, and why."""

    name: str
    usable: bool
    note: str
    clause: str
    sentence: str


class CardShown(msgspec.Struct, frozen=True):
    """A card with its functions, for a page."""

    screen: CardScreen
    live: bool
    functions: list[FunctionShown]


class AccountShown(msgspec.Struct, frozen=True):
    """A year of somebody's account, for a page: the newest of its lines first, and the years that there are."""

    statement: AccountStatement
    lines: list[StatementLine]
    postings: list[tuple[dt.date, Posting]]
    years: list[int]
    carried_over_on: dt.date | None


@get("/persons")
async def get_search(request: Asked) -> Response[bytes]:
    """The form that finds a person."""
    return await Page(request).show("search.html", fault="")


@post("/persons")
async def post_search(request: Asked) -> Response[bytes]:
    """To the person's page. The number comes in a form, so that no log and no history holds it."""
    number = (await form_of(request)).get("number", "").strip().upper()
    page = Page(request)
    front = page.front
    if not _NUMBER.fullmatch(number):
        return await page.show("search.html", status=400, fault=page.labels["number_malformed"])
    try:
        screen = await to_thread.run_sync(front.person, number)
    except NotFound:
        screen = None
    if screen is None or screen.dossier.person is None:
        await _keep_the_look(front, request.state.staff, number)
        return await page.show("search.html", status=404, fault=page.labels["not_registered"])
    return moved_to(f"/persons/{screen.person_id}")


async def _keep_the_look(front: Front, staff: Staff, number: str) -> None:
    """A search for somebody who is not on file is journalled too."""
    try:
        await looked_up(front, staff, number, REASON)
    except NotFound:
        return


@get("/persons/{person_id:int}")
async def get_person(request: Asked) -> Response[bytes]:
    """Everything about one person, after the look-up is in the journal."""
    before = request.query_params.get("before", "")
    if before and not _SEQ.fullmatch(before):
        raise BadInput("before: give the number of an entry.")
    page, staff = Page(request), request.state.staff
    front, year = page.front, _year(request, page.on)
    person_id, number = await _asked_for(request)
    screen, _ = await looked_up(front, staff, number, REASON)

    def read() -> tuple[AccountShown | BriefAccount, list[JournalLine]]:
        lines = front.screens.journal_of(person_id, limit=LINES + 1, before=int(before) if before else 2**62)
        if may_see_accounts(staff):
            return _account(front, screen, number, year), lines
        return front.accounts.brief(number), lines

    account, found = await to_thread.run_sync(read)
    return await page.show("person.html", **_shown(page, screen, number, found), **_money(page, staff, account))


@get("/persons/{person_id:int}/statement")
async def get_statement(request: Asked) -> Response[bytes]:
    """The statement of a year as a file, after the look-up is in the journal; in full for those who may."""
    front, staff = front_of(request), request.state.staff
    page, form = Page(request), request.query_params.get("format", "pdf")
    year, unmasked = _year(request, page.on), "unmasked" in request.query_params
    if form not in ("csv", "pdf"):
        raise BadInput("format: give csv or pdf.")
    must_see_accounts(staff)
    if unmasked:
        must_see_unmasked(staff)
    person_id, number = await _asked_for(request)
    await looked_up(front, staff, number, REASON)

    def read() -> tuple[AccountStatement, bytes]:
        statement = front.accounts.statement(number, year, masked=not unmasked)
        return statement, statement_as(form, statement, front.speech(statement.notice, page.language), front.fonts)

    statement, content = await to_thread.run_sync(read)
    headers = HEADERS | attachment(form, statement, person_id)
    return Response(content, media_type=FORMS[form], headers=headers)


async def _asked_for(request: Asked) -> tuple[int, str]:
    """Whom the address names: id and number. `NotFound`."""
    person_id = int(request.path_params["person_id"])
    if not 0 < person_id <= ID_MAX:
        raise NotFound("There is no such person.")
    return person_id, await to_thread.run_sync(front_of(request).screens.number_of, person_id)


def _year(request: Asked, today: dt.date) -> int:
    """The year that is asked for, else the present one."""
    asked = request.query_params.get("year", "")
    if asked and (not _YEAR.fullmatch(asked) or int(asked) > today.year):
        raise BadInput(f"year: give {today.year} or a year before it.")
    return int(asked) if asked else today.year


def _account(front: Front, screen: PersonScreen, number: str, year: int) -> AccountShown:
    """A year of the account, and the years since its first posting or record."""
    statement, whole = front.accounts.statement(number, year), front.screens.statement(number)
    first = min([screen.on.year, *(on.year for on, _, _ in whole.postings), *(r.on.year for r in whole.records)])
    return AccountShown(
        statement=statement,
        lines=list(reversed(statement.lines[-LINES:])),
        postings=[(on, p) for on, _, p in reversed(whole.postings) if on.year == year][:LINES],
        years=list(range(screen.on.year, first - 1, -1)),
        carried_over_on=whole.carried_over_on,
    )


def _money(page: Page, staff: Staff, account: AccountShown | BriefAccount) -> dict[str, Any]:
    """What the part about the account is handed: a year of it, or what the hotline is told, and words for both."""
    labels, said = page.labels, page.said
    cares = {
        "outpatient": labels["outpatient"],
        "pharmacy": labels["pharmacy"],
        "inpatient": labels["inpatient"],
    }
    return {
        "account": account if isinstance(account, AccountShown) else None,
        "brief": account if isinstance(account, BriefAccount) else None,
        "in_full": may_see_unmasked(staff),
        "what": lambda code: cares.get(code) or said.account(code),
        "amount": lambda fen: labels["yuan"].format(grouped(fen)),
        "change": lambda fen: labels["yuan"].format(signed(fen)),
        "limit": LINES,
    }


def _shown(page: Page, screen: PersonScreen, number: str, found: list[JournalLine]) -> dict[str, Any]:
    """What the template is handed; the number and the name only in their masked form."""
    person = screen.dossier.person
    offers = [(o, page.said.offer(o, screen)) for o in screen.offers]
    cards = [CardShown(c, c.card.life is not Life.ENDED, _functions(page, screen, c)) for c in screen.cards]
    return {
        "number": mask(number),
        "name": mask_name(person.name) if person else "—",
        "screen": screen,
        "person": person,
        "cards": sorted(cards, key=lambda c: (not c.live, -c.screen.card.n)),
        "applications": sorted(screen.dossier.applications, key=lambda a: -a.n),
        "has_account": screen.dossier.account is not None,
        "possible": [p for o, p in offers if o.possible],
        "impossible": [p for o, p in offers if not o.possible],
        "lines": page.lines(found[:LINES]),
        "more": found[LINES - 1].seq if len(found) > LINES else 0,
    }


def _functions(page: Page, screen: PersonScreen, shown: CardScreen) -> list[FunctionShown]:
    """The functions of a card that has not ended, each as the desk would answer who used it now."""
    card, said = shown.card, page.said
    if card.life is Life.ENDED:
        return []
    asked = {o.service: o for o in screen.offers if o.card is card.kind}
    functions = []
    for function in getattr(page.notice.p.functions, card.kind, (Function.SOCIAL,)):
        offer = asked["use_card" if function is Function.SOCIAL else f"use_card.{function}"]
        sentence = "" if offer.possible else said.offer(offer, screen).sentence
        name, note = said.words.functions[function], ""
        if function is Function.FINANCIAL:
            note = said.state(f"financial_{card.financial}")
        elif function is Function.EXTENDED:
            note = "" if card.applications else page.labels["nothing"]
        names = [name]
        if function is Function.EXTENDED and card.applications:
            names = [said.named(name, said.words.applications.get(a, a)) for a in card.applications]
        functions += [FunctionShown(n, offer.possible, note, offer.clause, sentence) for n in names]
    return functions
