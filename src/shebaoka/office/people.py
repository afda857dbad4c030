"""Dossiers: finding a person, and everything that is on file about them. Each look is kept in the journal first."""

import re
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import CardScreen, JournalLine, PersonScreen, Staff, Statement
from shebaoka.numbers import mask, mask_name
from shebaoka.office.frame import Page, moved_to
from shebaoka.office.sessions import Asked, form_of
from shebaoka.records import BadInput, Function, Life, NotFound
from shebaoka.web import Front, looked_up

REASON = "office page"
LINES = 30
"""Journal entries on a dossier's page."""
ID_MAX = 2**63 - 1
_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_SEQ = re.compile(r"[1-9][0-9]{0,17}")


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


@get("/persons")
async def get_search(request: Asked) -> Response[bytes]:
    """The form that finds a person."""
    return Page(request).show("search.html", fault="")


@post("/persons")
async def post_search(request: Asked) -> Response[bytes]:
    """To the person's page. The number comes in a form, so that no log and no history holds it."""
    number = (await form_of(request)).get("number", "").strip().upper()
    page = Page(request)
    front = page.front
    if not _NUMBER.fullmatch(number):
        return page.show("search.html", status=400, fault=page.labels["number_malformed"])
    try:
        screen = await to_thread.run_sync(front.person, number)
    except NotFound:
        screen = None
    if screen is None or screen.dossier.person is None:
        await _keep_the_look(front, request.state.staff, number)
        return page.show("search.html", status=404, fault=page.labels["not_registered"])
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
    person_id = int(request.path_params["person_id"])
    if not 0 < person_id <= ID_MAX:
        raise NotFound("There is no such person.")
    page = Page(request)
    front = page.front
    number = await to_thread.run_sync(front.screens.number_of, person_id)
    screen, _ = await looked_up(front, request.state.staff, number, REASON)

    def read() -> tuple[Statement, list[JournalLine]]:
        lines = front.screens.journal_of(person_id, limit=LINES + 1, before=int(before) if before else 2**62)
        return front.screens.statement(number), lines

    statement, found = await to_thread.run_sync(read)
    return page.show("person.html", **_shown(page, screen, number, statement, found))


def _shown(
    page: Page, screen: PersonScreen, number: str, statement: Statement, found: list[JournalLine]
) -> dict[str, Any]:
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
        "statement": statement,
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
