"""Import runs: what came in, what carried over, what is held back and why. The first page lists them."""

import datetime as dt

import msgspec
from anyio import to_thread
from litestar import Response, get

from shebaoka.office.frame import Page
from shebaoka.office.sessions import Asked
from shebaoka.records import NotFound
from shebaoka.web import Front

ROWS = 500
"""Held-back rows that a page lists; the importer's file has all."""


class Held(msgspec.Struct, frozen=True):
    """A row that is held back. Its bytes are not read here: they hold a number and a name."""

    line: int
    reason: str
    sentence: str


class Report(msgspec.Struct, frozen=True):
    """What the office shows of an import's report. Fen."""

    digest: str
    rows_in: int
    carried_over: int
    already_there: int
    held_back: tuple[Held, ...]
    held_back_by_reason: dict[str, int]
    balance_in_fen: int
    balance_carried_fen: int
    balance_already_there_fen: int
    balance_held_fen: int
    control_rows: int | None
    control_balance_fen: int | None
    records_in: int
    records_carried: int
    records_left: int
    records_held_back: tuple[Held, ...]
    warnings: dict[str, int]
    differences: tuple[str, ...]
    reconciled: bool


class Run(msgspec.Struct, frozen=True):
    """An import run as a page lists it; `report` is None where what is on file cannot be read."""

    id: str
    at: dt.datetime
    report: Report | None


def runs_of(front: Front) -> list[Run]:
    """All import runs, the latest first, with the city's time."""
    runs = []
    for run, at, filed in front.runs.all():
        try:
            report = msgspec.json.decode(filed, type=Report)
        except msgspec.DecodeError:  # of another version; the list says so
            report = None
        runs.append(Run(run, at.astimezone(front.notices.zone), report))
    return runs


@get("/imports/{run:str}")
async def get_import(request: Asked) -> Response[bytes]:
    """One run: rows and money by what became of them, and the rows that wait to be corrected."""
    page = Page(request)
    run = request.path_params["run"]
    found = next((r for r in await to_thread.run_sync(runs_of, page.front) if r.id == run), None)
    if found is None:
        raise NotFound("There is no such import run.")
    return await page.show("import.html", run=found, r=found.report, shown_max=ROWS)
