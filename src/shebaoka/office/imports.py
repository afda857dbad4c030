"""Runs of moving a city over: how far each is, what became of its rows, and the report. The first page lists them."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get

from shebaoka.desk import Batch, RunOnFile
from shebaoka.office.frame import Page
from shebaoka.office.oldimports import old_report_of
from shebaoka.office.runstate import next_of
from shebaoka.pages import HEADERS, Asked, front_of
from shebaoka.paper import RUN_FORMS, RUN_POLICY, RunPaper, as_paper, grouped, notice_of, run_report_as, run_words, took
from shebaoka.records import Progress, RunReport
from shebaoka.web import Front

ROWS = 500
"""Held-back rows of an old report that a page lists; the importer's file has all."""
BATCHES = 200
"""Batches that a page lists."""
LIVE_S = 2
"""After how many seconds the page of a run that is going on renews itself; there is no script."""


class Listed(msgspec.Struct, frozen=True):
    """A run as the first page lists it. `well` is None while that is open. `rows_in` is None if nothing is known."""

    run: str
    at: dt.datetime | None
    state: str
    going: bool
    rehearsal: bool
    rows_in: int | None
    carried: int
    already: int
    held: int
    reasons: tuple[tuple[str, int], ...]
    well: bool | None
    unreadable: bool


class Shown(msgspec.Struct, frozen=True):
    """How far the step at hand is, in words; `of` is 0 where nobody knows how much there is."""

    step: str
    done: int
    of: int
    said: str
    rate: str
    left: str


def runs_of(front: Front) -> list[Listed]:
    """All runs, the latest first, with the city's time. Their states and reasons are codes."""
    return [_listed(found, front.notices.zone) for found in front.runs.all()]


def _listed(found: RunOnFile, zone: dt.tzinfo) -> Listed:
    at = found.began_at or found.finished_at
    old = old_report_of(found) if found.document is None and found.old_report is not None else None
    rows, carried, already, held, reasons, well = 0, 0, 0, 0, dict[str, int](), None
    if (document := found.document) is not None:
        rows, carried = sum(f.rows for f in document.files), sum(f.carried_over for f in document.files)
        already, held = sum(f.already_there for f in document.files), sum(f.held_back for f in document.files)
        for r in document.reasons:
            reasons[r.reason] = reasons.get(r.reason, 0) + r.rows
        failed = bool(document.differences) or (document.proof is not None and not document.proof.proved)
        well = False if failed else True if document.state == "sign_off" else None
    elif old is not None:
        rows, carried, already, held = old.rows_in, old.carried_over, old.already_there, len(old.held_back)
        reasons, well = old.held_back_by_reason, old.reconciled
    return Listed(
        run=found.run,
        at=at.astimezone(zone) if at else None,
        state=found.state,
        going=found.going,
        rehearsal=document is not None and document.rehearsal,
        rows_in=rows if document or old else None,
        carried=carried,
        already=already,
        held=held,
        reasons=tuple(sorted(reasons.items(), key=lambda r: (-r[1], r[0]))),
        well=well,
        unreadable=found.unreadable or (document is None and old is None and found.old_report is not None),
    )


@get("/imports/{run:str}")
async def get_import(request: Asked) -> Response[bytes]:
    """One run: how far it is, live while it goes on, what is next, its verdicts, and all that its report says."""
    page, run = Page(request), request.path_params["run"]
    runs = page.front.runs
    found, batches = await to_thread.run_sync(lambda: (runs.of(run), runs.batches(run)))
    at = found.began_at or found.finished_at
    told: dict[str, Any] = {"run": found, "at": at.astimezone(page.front.notices.zone) if at else None}
    if found.old_report is not None and found.document is None:
        return await page.show("import.html", r=old_report_of(found), shown_max=ROWS, **told)
    return await page.show("run.html", **told, **_shown(page, found, batches))


def _shown(page: Page, found: RunOnFile, batches: list[Batch]) -> dict[str, Any]:
    """What the page of a run with steps is handed."""
    words, zone = run_words(page.language), page.front.notices.zone
    live = found.going and "still" not in page.request.query_params
    return {
        "paper": _paper(page, found.document) if found.document else None,
        "next": next_of(found, page.labels, words),
        "progress": _progress(found.progress, page.labels, page.language) if found.progress else None,
        "state": words.state(found.state),
        "live_s": LIVE_S if live else 0,
        "batches": batches[:BATCHES],
        "told_of_batches": _told_of(batches, page.labels),
        "batches_max": BATCHES if len(batches) > BATCHES else 0,
        "amount": _amount(page),
        "time": lambda at: at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if at else page.labels["not_yet"],
    }


def _paper(page: Page, report: RunReport) -> RunPaper:
    """The report in the page's language."""
    return as_paper(report, page.front.speech(notice_of(report, page.front.notices), page.language))


def _amount(page: Page) -> Callable[[int], str]:
    return lambda fen: page.labels["yuan"].format(grouped(fen))


def _told_of(batches: list[Batch], labels: dict[str, str]) -> str:
    undone = sum(b.undone_at is not None for b in batches)
    carried = sum(b.carried_at is not None and b.undone_at is None for b in batches)
    waiting = len(batches) - undone - carried
    return labels["batches_told"].format(*(f"{n:,}" for n in (len(batches), carried, undone, waiting)))


def _progress(progress: Progress, labels: dict[str, str], language: str) -> Shown:
    """Done, rate and time left in words."""
    words = run_words(language)
    unit = words.texts.get(f"unit_{progress.unit}", progress.unit)
    done, of = f"{progress.done:,}", f"{progress.of:,}"
    said = labels["progress_of"].format(done, of, unit) if progress.of else labels["progress_done"].format(done, unit)
    left = labels["time_left_unknown"]
    if progress.seconds_left is not None:
        left = labels["time_left"].format(took(progress.seconds_left, words.texts))
    rate = labels["rate"].format(f"{progress.rate:,.0f}", unit)
    return Shown(words.step(progress.step), min(progress.done, progress.of), progress.of, said, rate, left)


@get("/imports/{run:str}/report.html")
async def get_report_page(request: Asked) -> Response[bytes]:
    """The report as a page that stands alone; its policy lets nothing in but its own style."""
    policy = f"{RUN_POLICY}; frame-ancestors 'none'"
    return await _report(request, "html", {"Content-Security-Policy": policy})


@get("/imports/{run:str}/report.pdf")
async def get_report_paper(request: Asked) -> Response[bytes]:
    """The report as PDF, to be printed and signed."""
    return await _report(request, "pdf", {})


async def _report(request: Asked, form: str, headers: dict[str, str]) -> Response[bytes]:
    front, page = front_of(request), Page(request)

    def made() -> tuple[str, bytes]:
        report = front.runs.document(request.path_params["run"])
        speech = front.speech(notice_of(report, front.notices), page.language)
        return report.run, run_report_as(form, report, speech, front.fonts)

    run, content = await to_thread.run_sync(made)
    if form == "pdf":
        headers = {"Content-Disposition": f'attachment; filename="import-{run}.pdf"'}
    return Response(content, media_type=RUN_FORMS[form], headers=HEADERS | headers)
