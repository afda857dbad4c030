"""People on the office's pages: finding somebody by social security number, and their dossier.

Opening a dossier goes through the desk first, so that every look stands in the person's journal (5.2).
"""

from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import CardScreen, JournalLine, PersonScreen, Statement
from shebaoka.notice import Notice
from shebaoka.numbers import mask, mask_name
from shebaoka.office.frame import Page, moved_to
from shebaoka.office.sessions import Asked, must_bring_the_mark, staff_of
from shebaoka.office.wording import Said
from shebaoka.records import CardKind, Financial, Function, Life, Loss, NotFound
from shebaoka.web import Front, looked_up

REASON = "office page"
ENTRIES = 50
POSTINGS = 50


class FunctionLine(msgspec.Struct, frozen=True):
    """One function of a card, and whether it can be used."""

    name: str
    usable: bool
    state: str


@get("/persons")
async def search_page(front: Front, request: Asked) -> Response[bytes]:
    """The form that finds somebody."""
    page = Page(front, request, await staff_of(front, request))
    return await page.show("persons.html", problem="")


@post("/persons")
async def search(front: Front, request: Asked) -> Response[bytes]:
    """To the dossier of whoever has this number. The number comes in a form, so that it stands in no address."""
    staff = await staff_of(front, request)
    page, form = Page(front, request, staff), await request.form()
    must_bring_the_mark(request, form)
    number = str(form.get("number", "")).strip().upper()
    if len(number) != 18 or not number.isascii() or not number[:17].isdigit() or number[17] not in "0123456789X":
        return await page.show("persons.html", status=400, problem=page.labels["number_malformed"])
    try:
        found = await to_thread.run_sync(front.person, number)
    except NotFound:
        try:
            await looked_up(front, staff, number, REASON)
        except NotFound:
            return await page.show("persons.html", status=404, problem=page.labels["not_registered"])
        raise
    return moved_to(f"/persons/{found.person_id}")


@get("/persons/{person_id:str}")
async def dossier_page(front: Front, request: Asked, person_id: str) -> Response[bytes]:
    """A person: cards, applications, account, what can be asked for, and their journal, this very look included."""
    staff = await staff_of(front, request)
    page = Page(front, request, staff)
    if not person_id.isascii() or not person_id.isdigit() or len(person_id) > 18:
        raise NotFound("There is no such person.")
    number = await to_thread.run_sync(front.screens.number_of, int(person_id))
    screen, _ = await looked_up(front, staff, number, REASON)

    def read() -> tuple[Statement, list[JournalLine]]:
        return front.screens.statement(number), front.screens.journal_of(screen.person_id, limit=ENTRIES)

    statement, lines = await to_thread.run_sync(read)
    return await page.show("person.html", **_shown(screen, page, number), statement=statement, lines=page.lines(lines))


def _shown(screen: PersonScreen, page: Page, number: str) -> dict[str, Any]:
    said, person = page.said, screen.dossier.person
    offers = [said.offer(o) for o in screen.offers]
    return {
        "screen": screen,
        "person": person,
        "number": mask(number),
        "name": mask_name(person.name if person else ""),
        "cards": [(shown, _functions(shown, said)) for shown in screen.cards],
        "possible": [o for o in offers if o.yes],
        "impossible": [o for o in offers if not o.yes],
        "postings_max": POSTINGS,
    }


def _functions(shown: CardScreen, said: Said) -> list[FunctionLine]:
    """Each function of a card with a state of its own: the social one goes by the card, the financial by the bank."""
    card, words, notice = shown.card, said.words, said.speech.notice
    works = card.life is not Life.ENDED and card.loss is Loss.NONE and not card.locked
    names = _functions_of(card.kind, notice)
    lines = []
    if Function.SOCIAL in names:
        in_use = works and card.life is Life.IN_USE
        lines.append(FunctionLine(words.functions["social"], in_use, said.state(shown.state)))
    if Function.FINANCIAL in names:
        active = card.life is not Life.ENDED and card.financial is Financial.ACTIVE
        lines.append(FunctionLine(words.functions["financial"], active, said.state(f"financial_{card.financial}")))
    for application in card.applications:
        name = words.applications.get(application, application)
        lines.append(FunctionLine(f"{words.functions['extended']}: {name}", works, said.state(shown.state)))
    return lines


def _functions_of(kind: CardKind, notice: Notice) -> tuple[Function, ...]:
    if kind is CardKind.SOCIAL_SECURITY:
        return notice.p.functions.social_security
    return notice.p.functions.temporary if kind is CardKind.TEMPORARY else (Function.SOCIAL,)
