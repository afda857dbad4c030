"""The notice's pages: its clauses, and for each its wording, parameters, readings, grounds and latest decisions."""

from typing import Any

from anyio import to_thread
from litestar import Response, get

from shebaoka.office.frame import Page
from shebaoka.office.sessions import Asked, staff_of
from shebaoka.records import NotFound
from shebaoka.web import Front

LATEST = 20


@get("/clauses")
async def clauses_page(front: Front, request: Asked) -> Response[bytes]:
    """Every clause in our wording, with today's yes and no."""
    page = Page(front, request, await staff_of(front, request))
    tallies = await to_thread.run_sync(front.screens.clauses_of_day, page.on)
    return await page.show("clauses.html", tallies=tallies, wording=_wording(page))


@get("/clauses/{clause:str}")
async def clause_page(front: Front, request: Asked, clause: str) -> Response[bytes]:
    """One clause."""
    page = Page(front, request, await staff_of(front, request))
    notice, said = page.said.speech.notice, page.said
    if clause not in notice.clauses:
        raise NotFound("The notice has no such clause.")

    def read() -> dict[str, Any]:
        return {
            "tally": front.screens.clauses_of_day(page.on)[clause],
            "found": front.screens.journal(limit=LATEST, clause=clause),
        }

    read_now = await to_thread.run_sync(read)
    yes, no = said.grounds(clause)
    parameters = [
        {
            "name": said.words.parameters[name],
            "value": said.value(getattr(notice.p, name), name),
            "why": _wording(page).readings.get(name, "") if name in notice.readings else "",
        }
        for name, of in notice.clause_of_parameter.items()
        if of == clause
    ]
    return await page.show(
        "clause.html", clause=clause, wording=_wording(page).clauses[clause], parameters=parameters, yes=yes, no=no,
        tally=read_now["tally"], lines=page.lines(read_now["found"]),
    )  # fmt: skip


def _wording(page: Page) -> Any:
    return page.said.speech.notice.wording[page.language]
