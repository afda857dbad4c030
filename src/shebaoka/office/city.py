"""The first page, which shows the city in numbers, and corrections that wait."""

from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get

from shebaoka.desk import Tally, must_see_accounts
from shebaoka.office.frame import Page
from shebaoka.office.imports import runs_of
from shebaoka.pages import FIRST_PAGE, Asked
from shebaoka.paper import run_words
from shebaoka.records import Making

REASONS = 12
"""Reasons beside a run in the list of runs; its own page has all."""
BAR = 240
"""How wide the longest bar of the chart is, in its own units."""


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


@get(FIRST_PAGE)
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


@get("/corrections")
async def get_corrections(request: Asked) -> Response[bytes]:
    """Corrections that wait for a second person, with entry and reason, for who reads whole accounts."""
    page = Page(request)
    must_see_accounts(request.state.staff)
    found = await to_thread.run_sync(page.front.screens.waiting_corrections)
    return await page.show("corrections.html", lines=page.lines(found))
