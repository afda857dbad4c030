"""The first page: the city in numbers, and what its clauses decided today."""

from typing import Any

from anyio import to_thread
from litestar import Response, get

from shebaoka.office.frame import Page
from shebaoka.office.imports import runs_of
from shebaoka.office.sessions import Asked, staff_of
from shebaoka.web import Front

RUNS = 10
"""How many of the latest import runs are on the first page."""


@get("/")
async def city_page(front: Front, request: Asked) -> Response[bytes]:
    """People, cards, applications, accounts, imports, and each clause's yes and no of today."""
    page = Page(front, request, await staff_of(front, request))

    def read() -> dict[str, Any]:
        screens = front.screens
        return {
            "people": screens.people_by_standing(),
            "cards": screens.cards_by_state(page.on),
            "makings": screens.applications_by_making(),
            "sums": screens.sums(),
            "runs": runs_of(front)[:RUNS],
            "clauses": screens.clauses_of_day(page.on),
        }

    found = await to_thread.run_sync(read)
    most = max((t.accepted + t.refused for t in found["clauses"].values()), default=0)
    return await page.show("city.html", most=max(most, 1), **found)
