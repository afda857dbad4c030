"""The operators' pages of bookings and feedback: what waits, whose it is, when it is due, and what became of it.

The whole telephone is on the page of the booking's owner alone. Supervisors and auditors read the same pages.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import ANSWER_MOST, Booking, Feedback, Right
from shebaoka.hotline.frame import Page
from shebaoka.pages import LANGUAGE_NAMES, Asked, form_of, front_of, moved_to
from shebaoka.records import BadInput, FormUnfit

LINES = 100
"""Bookings, or feedback, on a page."""


def _state(page: Page, one: Booking | Feedback) -> tuple[str, bool]:
    """How one stands, in words, and whether that is an alarm."""
    t, now = page.labels, page.front.clock()
    if isinstance(one, Feedback):
        if one.answered_at is not None:
            return t["is_answered"], False
        return (t["is_overdue"], True) if one.due_at < now else (t["is_to_answer"], False)
    if one.state != "waiting":
        return t[f"is_{one.state}"], False
    if one.due_at < now:
        return t["is_overdue"], True
    return t["is_time" if one.wished_at <= now else "is_waiting"], False


def _values(page: Page) -> dict[str, Any]:
    """What both kinds of page show with."""
    zone = page.front.notices.zone

    def here(at: dt.datetime) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"

    serves = page.staff is not None and page.staff.may(Right.SERVE_CALLERS)
    me = page.staff.name if page.staff is not None else ""
    return {
        "here": here,
        "state": lambda one: _state(page, one),
        "serves": serves,
        "me": me,
        "names": LANGUAGE_NAMES,
    }


async def _list(
    request: Asked,
    template: str,
    waiting: tuple[Callable[..., Any], Callable[..., Any]],
    ended: tuple[Callable[..., Any], Callable[..., Any]],
) -> Response[bytes]:
    """A page of a list, by what reads its rows and what counts all of them, of those that wait and those that ended."""
    page, staff = Page(request), request.state.staff
    done, after = request.query_params.get("state") == "ended", request.query_params.get("after", "")
    read, count = ended if done else waiting

    found, counted = await to_thread.run_sync(lambda: (read(staff, after=after, limit=LINES + 1), count(staff)))
    whole, overdue = (counted, 0) if done else counted
    return await page.show(
        template,
        found=found[:LINES],
        done=done,
        whole=whole,
        overdue=overdue,
        after=after,
        more=found[LINES - 1].place if len(found) > LINES else "",
        **_values(page),
    )


@get("/hotline/bookings")
async def get_bookings(request: Asked) -> Response[bytes]:
    """Who waits to be called, what is due soonest first; or those that are done."""
    room = front_of(request).bookings
    return await _list(request, "bookings.html", (room.waiting, room.count_waiting), (room.ended, room.count_ended))


@get("/hotline/feedback")
async def get_feedbacks(request: Asked) -> Response[bytes]:
    """What waits for an answer, what is due soonest first; or what was answered."""
    room = front_of(request).feedback
    return await _list(
        request, "feedbacks.html", (room.waiting, room.count_waiting), (room.answered, room.count_answered)
    )


async def _one(
    request: Asked, template: str, *, status: int = 200, fault: str = "", typed: str = "", **values: Any
) -> Response[bytes]:
    page, id_ = Page(request), int(request.path_params["id_"])
    room = page.front.bookings if template == "booking.html" else page.front.feedback
    one = await to_thread.run_sync(room.one, request.state.staff, id_)
    return await page.show(
        template, status=status, one=one, fault=fault, typed=typed, most=ANSWER_MOST, **values, **_values(page)
    )


@get("/hotline/bookings/{id_:int}")
async def get_booking(request: Asked) -> Response[bytes]:
    """One booking, with the whole number for its owner."""
    return await _one(request, "booking.html")


@post("/hotline/bookings/{id_:int}", status_code=200)
async def post_booking(request: Asked) -> Response[bytes]:
    """Take a booking, give it back, or say what became of the call."""
    form, front, staff = await form_of(request), front_of(request), request.state.staff
    staff.must(Right.SERVE_CALLERS)
    room, id_, act = front.bookings, int(request.path_params["id_"]), form.get("act", "")

    def do() -> None:
        if act == "take":
            room.take(staff, id_, form.get("owner", ""))
        elif act == "leave":
            room.leave(staff, id_)
        elif act == "missed":
            room.missed(staff, id_)
        elif act in ("reached", "not_reached"):
            room.end(staff, id_, reached=act == "reached")

    try:
        await to_thread.run_sync(do)
    except BadInput as e:
        return await _one(request, "booking.html", status=409, fault=Page(request).labels[f"fault_{e.code}"])
    return moved_to(f"/hotline/bookings/{id_}" if act == "take" else "/hotline/bookings")


@get("/hotline/feedback/{id_:int}")
async def get_feedback(request: Asked) -> Response[bytes]:
    """One feedback with its answer."""
    return await _one(request, "feedback.html")


@post("/hotline/feedback/{id_:int}", status_code=200)
async def post_feedback(request: Asked) -> Response[bytes]:
    """Take feedback, give it back, or answer it."""
    form, front, staff = await form_of(request), front_of(request), request.state.staff
    staff.must(Right.SERVE_CALLERS)
    room, id_, act, answer = (
        front.feedback,
        int(request.path_params["id_"]),
        form.get("act", ""),
        form.get("answer", ""),
    )

    def do() -> None:
        if act == "take":
            room.take(staff, id_, form.get("owner", ""))
        elif act == "leave":
            room.leave(staff, id_)
        elif act == "answer":
            room.answer(staff, id_, answer)

    labels = Page(request).labels
    try:
        await to_thread.run_sync(do)
    except FormUnfit as e:
        (fault,) = e.faults
        says = labels[f"fault_answer_{fault.code}"].format(**fault.facts)
        return await _one(request, "feedback.html", status=400, fault=says, typed=answer)
    except BadInput as e:
        return await _one(request, "feedback.html", status=409, fault=labels[f"fault_{e.code}"], typed=answer)
    return moved_to("/hotline/feedback" if act == "leave" else f"/hotline/feedback/{id_}")
