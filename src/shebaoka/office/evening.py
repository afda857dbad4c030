"""The evening of money: a day's business cycles, one cycle's reconciliation step by step, and the bank's file.

Whoever is signed in sees counts and sums. Clerks explain and close, clerks and the bank make the bank's file, and
details are for those who may read whole accounts.
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import bank_text, may_pay, may_reconcile, must_pay, must_reconcile
from shebaoka.office.frame import Page
from shebaoka.pages import HEADERS, Asked, form_of, front_of, moved_to
from shebaoka.records import BadInput, NotFound, NotReconciled

DETAILS = 100
"""Settlements on a page, and differences."""
CLOSABLE = ("equal", "explained")
ID_MAX = 2**63 - 1
_ID = re.compile(r"[1-9][0-9]{0,17}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _words(labels: dict[str, str]) -> dict[str, dict[str, str]]:
    """What states, differences, kinds of care and amounts are called."""
    return {
        "states": {
            "open": labels["cycle_open"],
            "to_reconcile": labels["cycle_to_reconcile"],
            "differs": labels["cycle_differs"],
            "explained": labels["cycle_explained"],
            "equal": labels["cycle_equal"],
            "closed": labels["cycle_closed"],
            "paid": labels["cycle_paid"],
        },
        "differences": {
            "ours_only": labels["ours_only"],
            "theirs_only": labels["theirs_only"],
            "amount": labels["amount_differs"],
        },
        "kinds": {"outpatient": labels["outpatient"], "pharmacy": labels["pharmacy"], "inpatient": labels["inpatient"]},
        "sides": {"positive": labels["positive"], "reverse": labels["reverse"]},
        "fields": {
            "count": labels["transactions"],
            "total_fen": labels["total"],
            "pooled_fen": labels["pooled_part"],
            "account_fen": labels["account_part"],
            "cash_fen": labels["cash_part"],
        },
    }


def _money(labels: dict[str, str]) -> Callable[[int], str]:
    """Fen as yuan with two decimals always, so that the amounts of a column can be held against each other."""

    def exact(fen: int) -> str:
        whole, rest = divmod(abs(fen), 100)
        return labels["yuan"].format(f"{'-' if fen < 0 else ''}{whole:,}.{rest:02d}")

    return exact


def _day(asked: str, today: dt.date) -> dt.date:
    """The day that is asked for, else today."""
    if not asked:
        return today
    try:
        if _DAY.fullmatch(asked):
            return dt.date.fromisoformat(asked)
    except ValueError:
        pass
    raise BadInput("on: give a day such as 2013-07-01.")


def _cycle_asked(request: Asked) -> int:
    cycle = int(request.path_params["cycle"])
    if not 0 < cycle <= ID_MAX:
        raise NotFound("There is no such business cycle.")
    return cycle


@get("/evening")
async def get_evening(request: Asked) -> Response[bytes]:
    """A day's business cycles with their totals and states, what earlier days left open, and the day's bank file."""
    page = Page(request)
    day, evening = _day(request.query_params.get("on", ""), page.on), page.front.evening

    def read() -> dict[str, Any]:
        before, after = evening.days_beside(day)
        left_open = evening.left_open(day)
        return {
            "lines": evening.days(day),
            "left_open": left_open,
            "left_out": evening.count_left_open(day) - len(left_open),
            "made": evening.made(day),
            "bank": sorted(evening.bank_lines(day), key=lambda line: (line.sum_fen < 0, line.institution)),
            "waiting": evening.waiting(day),
            "before": before,
            "after": after,
        }

    may = page.staff is not None and may_pay(page.staff) and day <= page.on
    found = await to_thread.run_sync(read)
    return await page.show(
        "evening.html",
        day=day,
        words=_words(page.labels),
        money=_money(page.labels),
        zone=_zone(page),
        may_pay=may,
        **found,
    )


def _zone(page: Page) -> dt.tzinfo:
    return page.front.notices.zone


@get("/evening/{cycle:int}")
async def get_cycle(request: Asked) -> Response[bytes]:
    """One business cycle: totals, comparisons, differences with their explanations, details, closing."""
    return await _shown(request)


async def _shown(request: Asked, *, status: int = 200, fault: str = "") -> Response[bytes]:
    cycle = _cycle_asked(request)
    page = Page(request)
    evening = page.front.evening
    asked = request.query_params if status == 200 else {}
    after, after_difference = asked.get("after", ""), asked.get("differences", "")

    def read() -> dict[str, Any]:
        line = evening.line(cycle)
        details = evening.details(cycle, after=after, limit=DETAILS + 1) if page.sees_accounts else []
        counts = line.comparison.id if line.comparison else 0
        differences = evening.differences(counts, after=after_difference, limit=DETAILS + 1)
        shown = differences[:DETAILS]
        return {
            "line": line,
            "comparisons": evening.comparisons(cycle),
            "differences": shown,
            "more_differences": shown[-1].place if len(differences) > DETAILS else "",
            "known": evening.known(line.cycle.institution, [d.difference for d in shown]),
            "earlier": evening.explanations(cycle, without=counts, limit=DETAILS + 1),
            "details": details[:DETAILS],
            "more": details[DETAILS - 1].settlement if len(details) > DETAILS else "",
        }

    found = await to_thread.run_sync(read)
    line = found["line"]
    return await page.show(
        "cycle.html",
        status=status,
        fault=fault,
        words=_words(page.labels),
        money=_money(page.labels),
        zone=_zone(page),
        day=line.cycle.opened_at.astimezone(_zone(page)).date(),
        may=page.staff is not None and may_reconcile(page.staff) and line.cycle.closed_at is None,
        closable=line.state in CLOSABLE or (line.comparison is None and not line.totals.count),
        after=after,
        after_difference=after_difference,
        most=DETAILS,
        **found,
    )


@post("/evening/{cycle:int}/explain")
async def post_explain(request: Asked) -> Response[bytes]:
    """Say why a message is not alike on both sides."""
    form, front, staff = await form_of(request), front_of(request), request.state.staff
    must_reconcile(staff)
    cycle = _cycle_asked(request)
    said = (form.get("message_id", ""), form.get("difference", ""), form.get("reason", "").strip())
    seen = form.get("comparison", "")

    def explain() -> None:
        comparison = int(seen) if _ID.fullmatch(seen) else None
        front.evening.explain(cycle, *said, staff, comparison=comparison)

    try:
        await to_thread.run_sync(explain)
    except BadInput:
        return await _shown(request, status=400, fault=Page(request).labels["explain_failed"])
    return moved_to(f"/evening/{cycle}")


@post("/evening/{cycle:int}/close")
async def post_close(request: Asked) -> Response[bytes]:
    """Close the cycle, if it is reconciled."""
    await form_of(request)
    front, staff = front_of(request), request.state.staff
    must_reconcile(staff)
    cycle = _cycle_asked(request)
    try:
        await to_thread.run_sync(front.evening.close, cycle, staff)
    except NotReconciled as e:
        return await _shown(request, status=e.status, fault=Page(request).labels["close_failed"])
    return moved_to(f"/evening/{cycle}")


@post("/evening/bank-file")
async def post_bank_file(request: Asked) -> Response[bytes]:
    """Make the bank's file of a day; its cycles are paid from now on."""
    form, front, staff = await form_of(request), front_of(request), request.state.staff
    must_pay(staff)
    day = _day(form.get("on", ""), front.screens.today())
    await to_thread.run_sync(front.evening.bank_file, day, staff)
    return moved_to(f"/evening?on={day}")


@get("/evening/bank-file")
async def get_bank_file(request: Asked) -> Response[bytes]:
    """The bank's file of a day as it was made. `NotFound` if none was."""
    front = front_of(request)
    day = _day(request.query_params.get("on", ""), front.screens.today())
    lines, made = await to_thread.run_sync(lambda: (front.evening.bank_lines(day), front.evening.made(day)))
    if not lines and made is None:
        raise NotFound("No bank file was made on this day.")
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="bank-{day}.csv"'}
    return Response(bank_text(day, lines), media_type="text/csv", headers=headers)
