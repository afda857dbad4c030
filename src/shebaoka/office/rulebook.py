"""The notice, clause by clause: wording, parameters, readings, grounds, and how each clause was applied."""

from anyio import to_thread
from litestar import Response, get

from shebaoka.desk import JournalLine, Tally
from shebaoka.office.frame import Page
from shebaoka.pages import Asked
from shebaoka.records import NotFound

LATEST = 15
"""Decisions that a clause's page shows."""


@get("/clauses")
async def get_clauses(request: Asked) -> Response[bytes]:
    """Every clause with its wording and today's yes and no."""
    page = Page(request)
    tallies = await to_thread.run_sync(page.front.screens.clauses_of_day, page.on)
    return await page.show("clauses.html", tallies=tallies)


@get("/clauses/{clause:str}")
async def get_clause(request: Asked) -> Response[bytes]:
    """One clause, and the latest decisions by it for who may see people."""
    page = Page(request)
    screens, clause = page.front.screens, str(request.path_params["clause"])
    notice = page.notice
    if clause not in notice.clauses:
        raise NotFound("The notice has no such clause.")

    def read() -> tuple[Tally, list[JournalLine]]:
        tally = screens.clauses_of_day(page.on)[clause]
        return tally, screens.journal(limit=LATEST, clause=clause) if page.sees_people else []

    tally, found = await to_thread.run_sync(read)
    yes, no = page.said.grounds(clause)
    mine = [p for p, c in notice.clause_of_parameter.items() if c == clause]
    return await page.show(
        "clause.html",
        clause=clause,
        tally=tally,
        parameters=[(p, page.said.value(getattr(notice.p, p), p)) for p in mine],
        grounds_yes=yes,
        grounds_no=no,
        lines=page.lines(found),
    )
