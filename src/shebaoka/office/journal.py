"""The journal's page: the latest decisions of everybody, by clause, outcome and service. No names or numbers."""

import re
from typing import Any
from urllib.parse import urlencode

from anyio import to_thread
from litestar import Response, get

from shebaoka.desk import JournalLine
from shebaoka.office.frame import Page
from shebaoka.office.sessions import Asked, staff_of
from shebaoka.records import SERVICES, NotFound
from shebaoka.web import Front

ROWS = 50
_PLACE = re.compile(r"[0-9]{1,18}-[0-9]{1,18}")
_OUTCOMES = ("accepted", "refused")


@get("/journal")
async def journal_page(front: Front, request: Asked) -> Response[bytes]:
    """Newest first; what a filter asks for and there is not counts as no filter."""
    page = Page(front, request, await staff_of(front, request))
    clauses = page.said.speech.notice.clauses
    chosen = {
        "clause": _one_of(request, "clause", clauses),
        "outcome": _one_of(request, "outcome", _OUTCOMES),
        "service": _one_of(request, "service", SERVICES),
    }
    before = request.query_params.get("before", "")
    if before and not _PLACE.fullmatch(before):
        raise NotFound("There is no such place in the journal.")

    def read() -> list[JournalLine]:
        after = front.screens.line(before) if before else None
        return front.screens.journal(limit=ROWS, before=after, **chosen)

    lines = await to_thread.run_sync(read)
    more = ""
    if len(lines) == ROWS:
        more = "?" + urlencode([*((k, v) for k, v in chosen.items() if v), ("before", lines[-1].place)])
    services: list[tuple[str, Any]] = [(s, page.said.words.services[s]) for s in SERVICES]
    return await page.show(
        "journal.html", lines=page.lines(lines), chosen=chosen, clauses=clauses, services=services, more=more,
        paged=bool(before),
    )  # fmt: skip


def _one_of(request: Asked, name: str, values: Any) -> str | None:
    given = request.query_params.get(name, "")
    return given if given in values else None
