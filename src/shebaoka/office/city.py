"""The first page, which shows the city in numbers, the journal of all decisions, and corrections that wait."""

import re
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get

from shebaoka.desk import JournalLine, Tally, must_see_accounts
from shebaoka.office.frame import Page
from shebaoka.office.imports import runs_of
from shebaoka.pages import Asked
from shebaoka.paper import run_words
from shebaoka.records import SERVICES, BadInput, Making

LINES = 50
"""Journal entries on a page."""
REASONS = 12
"""Reasons beside a run in the list of runs; its own page has all."""
BAR = 240
"""How wide the longest bar of the chart is, in its own units."""
_PLACE = re.compile(r"[1-9][0-9]{0,17}-[1-9][0-9]{0,17}")


class Bar(msgspec.Struct, frozen=True):
    """A clause's yes and no of a day, and how long their bars are."""

    clause: str
    title: str
    yes: int
    no: int
    yes_width: int
    no_width: int


def bars(tallies: dict[str, Tally], page: Page) -> list[Bar]:
    """Every clause with its bars, the busiest clause the longest; what happened at all can be seen."""
    most = max((t.accepted + t.refused for t in tallies.values()), default=0) or 1

    def width(n: int) -> int:
        return max(2, n * BAR // most) if n else 0

    return [
        Bar(c, page.said.title(c), t.accepted, t.refused, width(t.accepted), width(t.refused))
        for c, t in tallies.items()
    ]


@get("/")
async def get_today(request: Asked) -> Response[bytes]:
    """The city today: people, cards, applications, accounts, imports, and each clause's yes and no."""
    page = Page(request)
    front = page.front

    def read() -> dict[str, Any]:
        screens = front.screens
        made = screens.applications_by_making()
        return {
            "people": screens.people_by_standing(),
            "cards": screens.cards_by_state(page.on),
            "makings": [(m, made[m]) for m in Making if m in made],
            "sums": screens.sums(),
            "bars": bars(screens.clauses_of_day(page.on), page),
            "runs": runs_of(front),
            "run_words": run_words(page.language),
            "reasons_max": REASONS,
        }

    return await page.show("today.html", **await to_thread.run_sync(read))


@get("/journal")
async def get_journal(request: Asked) -> Response[bytes]:
    """Everybody's entries, newest first, by clause, outcome and service; a page goes on after an entry's place."""
    page = Page(request)
    front = page.front
    asked = {key: request.query_params.get(key, "") for key in ("clause", "outcome", "service", "before")}
    clauses = list(dict.fromkeys(c for notice in front.notices.versions for c in notice.clauses))
    known = {"clause": clauses, "outcome": ["accepted", "refused"], "service": list(SERVICES)}
    for key, values in known.items():
        if asked[key] and asked[key] not in values:
            raise BadInput(f"{key}: choose one of the values on the page.")
    if asked["before"] and not _PLACE.fullmatch(asked["before"]):
        raise BadInput("before: give the place of an entry, such as 1001-7.")

    def read() -> list[JournalLine]:
        screens = front.screens
        after = screens.line(asked["before"]) if asked["before"] else None
        chosen = {key: asked[key] or None for key in known}
        return screens.journal(limit=LINES + 1, before=after, **chosen)

    found = await to_thread.run_sync(read)
    more = found[LINES - 1].place if len(found) > LINES else ""
    return await page.show("journal.html", lines=page.lines(found[:LINES]), asked=asked, known=known, more=more)


@get("/corrections")
async def get_corrections(request: Asked) -> Response[bytes]:
    """Corrections that wait for a second person, with entry and reason, for who reads whole accounts."""
    page = Page(request)
    must_see_accounts(request.state.staff)
    found = await to_thread.run_sync(page.front.screens.waiting_corrections)
    return await page.show("corrections.html", lines=page.lines(found))
