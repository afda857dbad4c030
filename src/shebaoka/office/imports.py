"""The importer's runs on the office's pages: what came in, what was held back and why, and whether it reconciles.

A report comes as JSON from the importer, which this room does not import; what a page needs of it is read here. The
bytes of a row that was held back are not among it: they hold a full number and a name.
"""

import datetime as dt
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get

from shebaoka.office.frame import Page
from shebaoka.office.sessions import Asked, staff_of
from shebaoka.records import NotFound
from shebaoka.web import Front

ROWS = 200
"""How many rows held back are on one page."""


class HeldRow(msgspec.Struct, frozen=True):
    """A row that was not taken in."""

    line: int
    reason: str
    sentence: str


class RunReport(msgspec.Struct, frozen=True):
    """What a page shows of an import's report. Fen."""

    rows_in: int
    carried_over: int
    already_there: int
    held_back: tuple[HeldRow, ...]
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
    records_held_back: tuple[HeldRow, ...]
    differences: tuple[str, ...]
    reconciled: bool


class Run(msgspec.Struct, frozen=True):
    """A run as a page shows it; `report` is None where its text is no report."""

    id: str
    at: dt.datetime
    report: RunReport | None


def runs_of(front: Front) -> list[Run]:
    """All runs, the latest first."""
    return [Run(run, at.astimezone(front.notices.zone), _read(text)) for run, at, text in front.runs.all()]


def _read(text: str) -> RunReport | None:
    try:
        return msgspec.json.decode(text, type=RunReport)
    except msgspec.DecodeError:
        return None


@get("/imports/{run:str}")
async def imports_page(front: Front, request: Asked, run: str) -> Response[bytes]:
    """One run: its sums, and every row held back with its reason."""
    page = Page(front, request, await staff_of(front, request))
    found = next((r for r in await to_thread.run_sync(runs_of, front) if r.id == run), None)
    if found is None:
        raise NotFound("There is no such import run.")
    text = request.query_params.get("from", "0")
    first = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    tables: list[dict[str, Any]] = []
    if found.report is not None:
        for label, rows in (("held_rows", found.report.held_back), ("held_records", found.report.records_held_back)):
            tables.append({"label": label, "rows": rows[first : first + ROWS], "all": len(rows)})
    more = first + ROWS if any(t["all"] > first + ROWS for t in tables) else None
    return await page.show("import.html", run=found, tables=tables, more=more)
