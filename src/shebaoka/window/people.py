"""Dossiers: finding a person, and everything that is on file about them. Each look is kept in the journal first."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import (
    WINDOW,
    AccountStatement,
    AccountYear,
    Beside,
    JournalLine,
    KeyKind,
    Notification,
    Offer,
    PersonPhoto,
    PersonScreen,
    Right,
    Staff,
    StatementLine,
    Telephone,
    may_see_unmasked,
    must_see_accounts,
    must_see_unmasked,
    told,
)
from shebaoka.numbers import mask, mask_name
from shebaoka.pages import HEADERS, LANGUAGE_NAMES, Asked, cards_shown, form_of, front_of, held_shown, moved_to
from shebaoka.paper import FORMS, attachment, grouped, signed, statement_as
from shebaoka.records import SERVICES, BadInput, NotAllowed, NotFound, Posting
from shebaoka.web import Front, looked_up
from shebaoka.window.frame import Page

REASON, FULL_REASON = "office page", "number and name in full"
PHOTO_FOR = dt.timedelta(minutes=5)
"""How long after a look its photo is shown; the page asks for it at once."""
LINES, ENTRIES, TOLD = 30, 10, 5
"""Records of the account, journal entries, and notifications on a dossier's page."""
ID_MAX = 2**63 - 1
_PLACE = re.compile(r"[1-9][0-9]{0,17}-[1-9][0-9]{0,17}")
_SEQ = re.compile(r"[1-9][0-9]{0,17}")
_YEAR = re.compile(r"[1-9][0-9]{3}")


class ServiceKey(msgspec.Struct, frozen=True):
    """A service that is possible now, as a key to press; `letter` begins it together with Alt, where there is one."""

    service: str
    card: str
    name: str
    letter: str


LETTERS = {
    "apply_for_card": "a",
    "collect_card": "c",
    "apply_for_temporary_card": "t",
    "activate_card": "v",
    "report_loss.formal": "l",
    "report_loss.temporary": "m",
    "cancel_loss_report": "f",
    "unlock_card": "u",
    "change_pin": "i",
    "reset_pin": "r",
    "replace_card.loss": "n",
    "replace_card.damage": "g",
    "hand_in_card": "h",
    "withdraw_application": "w",
}
"""The letters of the commonest services; where both cards have one, the social security card's."""


class AccountShown(msgspec.Struct, frozen=True):
    """A year of somebody's account, for a page: the newest of its lines first, and the years that there are."""

    statement: AccountStatement
    lines: list[StatementLine]
    postings: list[tuple[dt.date, Posting]]
    years: list[int]
    carried_over_on: dt.date | None


class FoundShown(msgspec.Struct, frozen=True):
    """Somebody who was found, as a list shows them: number and name masked."""

    person_id: int
    name: str
    number: str
    born_on: dt.date
    region: str


@get("/persons")
async def get_search(request: Asked) -> Response[bytes]:
    """The one field that finds a person."""
    return await _search_page(Page(request))


async def _search_page(page: Page, status: int = 200, **values: Any) -> Response[bytes]:
    empty: dict[str, Any] = {
        "fault": "",
        "typed": "",
        "people": [],
        "more": False,
        "register": "",
        "register_masked": "",
        "may_serve": page.may(Right.SERVE_AT_WINDOW),
    }
    return await page.show("search.html", status=status, **(empty | values))


@post("/persons")
async def post_search(request: Asked) -> Response[bytes]:
    """To the person's page, or to a list of whoever it may be. What is typed comes in a form, which no log holds.

    A number that nobody has is offered for registering, to who may; the search for it is journalled too.
    """
    typed = (await form_of(request)).get("text", "")
    page, staff = Page(request), request.state.staff
    front = page.front
    try:
        found = await to_thread.run_sync(front.finding.find, staff, typed)
    except BadInput as e:
        return await _search_page(page, 400, fault=page.fault(e), typed=typed)
    if len(found.people) == 1 and not found.more:
        return moved_to(f"/persons/{found.people[0].person_id}")
    if found.people:
        people = [
            FoundShown(p.person_id, mask_name(p.name), mask(p.number), p.birth_on, p.region) for p in found.people
        ]
        return await _search_page(page, people=people, more=found.more, typed=typed)
    if found.kind is not KeyKind.NUMBER:
        return await _search_page(page, 404, fault=page.labels["find_none"], typed=typed)
    number = "".join(typed.split()).upper()
    await _keep_the_look(front, staff, number)
    offered = {"register": number, "register_masked": mask(number)} if _serves(staff) else {}
    return await _search_page(page, 404, fault=page.labels["not_registered"], **offered)


def _serves(staff: Staff) -> bool:
    """Whether somebody begins services at a window."""
    return staff.may(Right.SERVE_AT_WINDOW)


async def _keep_the_look(front: Front, staff: Staff, number: str) -> None:
    """A search for somebody who is not on file is journalled too."""
    try:
        await looked_up(front, staff, number, REASON)
    except NotFound:
        return


@get("/persons/{person_id:int}")
async def get_person(request: Asked) -> Response[bytes]:
    """Everything about one person, after the look-up is in the journal."""
    return await person_page(request, full=False)


async def person_page(
    request: Asked,
    *,
    full: bool,
    fault: str = "",
    typed: dict[str, str] | None = None,
    held_faults: Sequence[str] = (),
) -> Response[bytes]:
    """A person's page, after the look is in the journal. `fault` is what is wrong with a telephone that was `typed`,
    `held_faults` with the form that ends credentials in wallets.
    """
    before = request.query_params.get("before", "")
    if before and not _SEQ.fullmatch(before):
        raise BadInput("before: give the number of an entry.")
    page, staff = Page(request), request.state.staff
    front, year = page.front, _year(request, page.on)
    _, number = await asked_for(request)
    screen, receipt = await looked_up(front, staff, number, FULL_REASON if full else REASON)

    def show() -> Response[bytes]:
        last = int(before) if before else 2**62
        found = front.dossiers.beside(staff, screen, year, limit=ENTRIES + 1, before=last)
        values = _shown(page, staff, screen, number, found.lines)
        values |= _money(page, staff, screen, found.account) | _served(page, staff, screen, found)
        where = told(found.where, page.said_of(found.where.notice).speech)
        in_full = full_of(screen, number, found.telephone) if full else None
        values |= {"in_full": in_full, "look": receipt.entry, "where": where}
        values |= _telephone(page, found.telephone, fault, typed or {}) | {"told": _told(page, found.told)}
        values |= dict(zip(("held", "held_offered"), held_shown(page, found.held), strict=True))
        wrong = fault or held_faults
        return page.show_at_once("person.html", status=400 if wrong else 200, held_faults=held_faults, **values)

    return await to_thread.run_sync(show)


def full_of(screen: PersonScreen, number: str, telephone: Telephone | None) -> tuple[str, str, str]:
    """Number, name and telephone as they are."""
    name = screen.dossier.person.name if screen.dossier.person else "—"
    return number, name, telephone.number if telephone else ""


def _told(page: Page, found: list[Notification]) -> list[tuple[Notification, str]]:
    """What the holder was told last, each with the day of it or of its cause."""
    zone = page.front.notices.zone
    return [(told, page.said.day((told.ended_at or told.caused_at).astimezone(zone).date())) for told in found[:TOLD]]


def _telephone(page: Page, telephone: Telephone | None, fault: str, typed: dict[str, str]) -> dict[str, Any]:
    """What the part about the telephone is handed; its number only in the masked form."""
    said_at = telephone.changed_at.astimezone(page.front.notices.zone) if telephone else None
    return {
        "telephone": telephone,
        "telephone_day": page.said.day(said_at.date() if said_at else None),
        "telephone_fault": fault,
        "telephone_typed": typed,
        "language_names": LANGUAGE_NAMES,
    }


@post("/persons/{person_id:int}/full", status_code=200)
async def post_full(request: Asked) -> Response[bytes]:
    """The same page with number and name in full, for those who may; that they were shown is a look of its own."""
    await form_of(request)
    must_see_unmasked(request.state.staff)
    return await person_page(request, full=True)


@get("/persons/{person_id:int}/full")
async def get_full(request: Asked) -> Response[bytes]:
    """The page in full asked for again, as in another language: masked, for each look in full is asked for anew."""
    query = f"?{request.url.query}" if request.url.query else ""
    return moved_to(f"/persons/{request.path_params['person_id']}{query}")


@get("/persons/{person_id:int}/photo")
async def get_photo(request: Asked) -> Response[bytes]:
    """The person's photo, for whoever has just looked them up: `look` is the place of that look in the journal."""
    front, staff = front_of(request), request.state.staff
    staff.must(Right.SEE_PHOTOS)
    person_id, look = int(request.path_params["person_id"]), request.query_params.get("look", "")
    if not _PLACE.fullmatch(look) or look.partition("-")[0] != str(person_id):
        raise NotFound("There is no such look.")

    def read() -> PersonPhoto | None:
        line = front.screens.line(look)
        fresh = front.clock() - line.at < PHOTO_FOR
        if line.service != "look_up_person" or line.by != staff.name or not fresh:
            raise NotAllowed("The photo is shown along with a look at the person; open the person's page again.")
        return front.papers.photo_of(staff, person_id)

    photo = await to_thread.run_sync(read)
    if photo is None:
        raise NotFound("There is no photo of this person.")
    return Response(photo.content, media_type=photo.media_type, headers=HEADERS)


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
    person_id, number = await asked_for(request)
    await looked_up(front, staff, number, REASON)

    def read() -> tuple[AccountStatement, bytes]:
        statement = front.accounts.statement(number, year, masked=not unmasked)
        return statement, statement_as(form, statement, front.speech(statement.notice, page.language), front.fonts)

    statement, content = await to_thread.run_sync(read)
    headers = HEADERS | attachment(form, statement, person_id)
    return Response(content, media_type=FORMS[form], headers=headers)


async def asked_for(request: Asked) -> tuple[int, str]:
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


def _account(screen: PersonScreen, found: AccountYear) -> AccountShown:
    """A year of the account, and the years since its first posting or record."""
    account = screen.dossier.account
    return AccountShown(
        statement=found.statement,
        lines=list(reversed(found.statement.lines[-LINES:])),
        postings=list(reversed(found.postings[-LINES:])),
        years=list(range(screen.on.year, found.first_year - 1, -1)),
        carried_over_on=account.carried_over_on if account else None,
    )


def _money(page: Page, staff: Staff, screen: PersonScreen, account: AccountYear) -> dict[str, Any]:
    """What the part about the account is handed: a year of it, and words for it."""
    labels, said = page.labels, page.said
    cares = {
        "outpatient": labels["outpatient"],
        "pharmacy": labels["pharmacy"],
        "inpatient": labels["inpatient"],
    }
    return {
        "account": _account(screen, account),
        "statement_in_full": may_see_unmasked(staff),
        "what": lambda code: cares.get(code) or said.account(code),
        "amount": lambda fen: labels["yuan"].format(grouped(fen)),
        "change": lambda fen: labels["yuan"].format(signed(fen)),
        "limit": LINES,
    }


def _shown(page: Page, staff: Staff, screen: PersonScreen, number: str, found: list[JournalLine]) -> dict[str, Any]:
    """What the template is handed; the number and the name only in their masked form."""
    person, serves = screen.dossier.person, _serves(staff)
    # Whoever serves has a key for each service instead.
    offers = [] if serves else [(o, page.said.offer(o, screen)) for o in screen.offers]
    return {
        "number": mask(number),
        "name": mask_name(person.name) if person else "—",
        "screen": screen,
        "person": person,
        "cards": cards_shown(page, screen),
        "applications": sorted(screen.dossier.applications, key=lambda a: -a.n),
        "has_account": screen.dossier.account is not None,
        "serves": serves,
        "possible": [p for o, p in offers if o.possible],
        "impossible": [p for o, p in offers if not o.possible],
        "lines": page.lines(found[:ENTRIES]),
        "more": found[ENTRIES - 1].seq if len(found) > ENTRIES else 0,
    }


def _served(page: Page, staff: Staff, screen: PersonScreen, found: Beside) -> dict[str, Any]:
    """What can be begun for the person by whoever looks, what was begun, and whether there is a photo."""
    said, serves = page.said, _serves(staff)
    used: set[str] = set()
    keys = []
    for offer in screen.offers if serves else ():
        if not offer.possible or offer.service not in WINDOW:
            continue
        letter = LETTERS.get(offer.service, "")
        keys.append(_key(offer, said.service_of(offer.service, offer.card), "" if letter in used else letter))
        used.add(letter)
    return {
        "keys": keys,
        "not_now": [said.offer(o, screen) for o in screen.offers if o.service in WINDOW and not o.possible]
        if serves
        else [],
        "drafts": [(d, said.service_of(d.service, d.card)) for d in found.drafts],
        "has_photo": found.has_photo,
    }


def _key(offer: Offer, name: str, letter: str) -> ServiceKey:
    card = offer.card.value if "card" in SERVICES[offer.service.partition(".")[0]].__struct_fields__ else ""
    return ServiceKey(offer.service, card, name, letter)
