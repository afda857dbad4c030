"""What the public page asks people to fill in: bookings of a call, feedback, and the number that follows them up.

A form needs no script. What is wrong stands beside its field and at the top, and what was typed is still there, also
where the page was open for so long that its form is nobody's any more.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from litestar import Response, get, post

from shebaoka.desk import (
    FEEDBACK_KINDS,
    QUESTIONS,
    SAID_MOST,
    Booking,
    Feedback,
    Opinion,
    Wish,
    read_call_number,
)
from shebaoka.notice import spans_on
from shebaoka.pages import Asked, fields_of, form_of, front_of, manner, moved_to
from shebaoka.portal.frame import Page, in_thread
from shebaoka.portal.sentforms import sent_once
from shebaoka.records import BadInput, FieldFault, FormUnfit, NotAllowed, TooManyTries
from shebaoka.slipcode import grouped_slip_code
from shebaoka.web import address_of

Told = list[tuple[str, str]]
"""Fields with what is wrong with them, in words."""
Shown = Callable[..., Awaitable[Response[bytes]]]
"""A form as it is shown: with a status, with faults, and with what was typed."""
_BOOKING = ("kind", "telephone", "day", "time")
_FEEDBACK = ("kind", "said", "telephone")
_LONGEST, _LONGEST_TEXT = 200, 10_000
"""Characters of a field, and of a text, that are shown again."""


def _told(page: Page, faults: Sequence[FieldFault]) -> Told:
    """What is wrong, in the page's language."""
    told = []
    for fault in faults:
        said: dict[str, Any] = dict(fault.facts)
        for name in [name for name in said if name.endswith("on")]:
            day = dt.date.fromisoformat(str(said[name]))
            spans = [f"{opens:%H:%M}—{closes:%H:%M}" for opens, closes in spans_on(page.notice.p, day)]
            said |= {name: day_of(page, day), "hours": page.said.words.list_separator.join(spans)}
        told.append((fault.field, page.labels[f"ask_{fault.field}_{fault.code}"].format(**said)))
    return told


def _again(form: dict[str, str]) -> dict[str, str]:
    """What was typed, as the form shows it again; of what nobody types by hand, the beginning."""
    return {name: value[: _LONGEST_TEXT if name == "said" else _LONGEST] for name, value in form.items()}


def _once(form: dict[str, str]) -> str:
    """By what the same content is sent once: the browser's mark, which it has on a page gone back to as well."""
    return form["mark"].partition(".")[0]


async def _taken(
    request: Asked, keep: Callable[[dict[str, str]], Booking | Feedback], shown: Shown, field: str
) -> Response[bytes]:
    """Keep what a form says, and lead to its page; or the form as it is `shown` again, with what is wrong.

    Where others behind this address have sent too much, that stands beside a `field`, and nobody types theirs again.
    """
    try:
        form = await form_of(request)
    except NotAllowed as e:
        return await shown(request, status=e.status, typed=_again(await fields_of(request)), stale=True)
    page = Page(request)
    try:
        made = await in_thread(request, keep, form)
    except FormUnfit as e:
        return await shown(request, status=e.status, faults=_told(page, e.faults), typed=_again(form))
    except TooManyTries as e:
        faults = [(field, page.labels["trouble_429"])]
        response = await shown(request, status=e.status, faults=faults, typed=_again(form))
        response.headers["Retry-After"] = str(e.wait_s)
        return response
    return moved_to(f"/follow/{grouped_slip_code(made.code)}?made=yes")


def day_of(page: Page, day: dt.date) -> str:
    """A day with its name."""
    weekday = page.labels[day.strftime("%A").lower()]
    return f"{page.said.day(day)} {weekday}"


def _here(page: Page, at: dt.datetime) -> str:
    """A moment in words: the day with its name, and the time."""
    local = at.astimezone(page.front.notices.zone)
    return f"{day_of(page, local.date())} {local:%H:%M}"


# Bookings ------------------------------------------------------------------------------------------------------------


async def _booking(
    request: Asked,
    *,
    status: int = 200,
    faults: Told | None = None,
    typed: dict[str, str] | None = None,
    stale: bool = False,
) -> Response[bytes]:
    page = Page(request)
    room, p = page.front.bookings, page.notice.p
    offered = room.offered()
    today = page.on
    days = [
        (day.isoformat(), day_of(page, day) + (page.said.beside(page.labels["booking_today"]) if day == today else ""))
        for day, _ in offered
    ]
    (kept,), (within,) = page.said.value(p.bookings_kept), page.said.value(p.called_back_within)
    return await page.show(
        "booking.html",
        status=status,
        faults=faults or [],
        stale=stale,
        typed=typed or {},
        kinds=[(kind, page.labels[f"question_{kind}"]) for kind in QUESTIONS],
        days=days,
        times=sorted({(f"{at:%H:%M}", f"{at:%H:%M}") for _, times in offered for at in times}),
        hours=page.said.value(p.hotline_hours),
        kept=page.labels["booking_kept"].format(kept, page.said.day(room.kept_until())),
        called=page.labels["booking_called"].format(within),
    )


@get("/booking")
async def get_booking(request: Asked) -> Response[bytes]:
    """The form by which one asks to be called, and what is promised."""
    return await _booking(request)


@post("/booking", status_code=200)
@sent_once
async def post_booking(request: Asked) -> Response[bytes]:
    """Keep the booking and lead to its page; or the form again with what is wrong."""
    front, address, language = front_of(request), address_of(request), manner.chosen(request, "language")

    def book(form: dict[str, str]) -> Booking:
        wish = Wish(**{f: form.get(f, "") for f in _BOOKING}, language=language, once=_once(form))
        front.limits.take("book", address)
        one = f"{address} {read_call_number(wish.telephone)[0]}"
        front.limits.take("book_one", one)
        try:
            return front.bookings.book(wish)
        except FormUnfit:
            front.limits.give_back("book_one", one)  # whoever mistypes has booked nothing
            raise

    return await _taken(request, book, _booking, "telephone")


# Feedback ------------------------------------------------------------------------------------------------------------


async def _feedback(
    request: Asked,
    *,
    status: int = 200,
    faults: Told | None = None,
    typed: dict[str, str] | None = None,
    stale: bool = False,
) -> Response[bytes]:
    page = Page(request)
    room = page.front.feedback
    (kept,) = page.said.value(page.notice.p.feedback_kept)
    return await page.show(
        "feedback.html",
        status=status,
        faults=faults or [],
        stale=stale,
        typed=typed or {},
        kinds=[(kind, page.labels[f"feedback_{kind}"]) for kind in FEEDBACK_KINDS],
        most=SAID_MOST,
        kept=page.labels["feedback_kept"].format(kept, page.said.day(room.kept_until())),
        answered=page.labels["feedback_answered"].format(_here(page, room.answered_by())),
    )


@get("/feedback")
async def get_feedback(request: Asked) -> Response[bytes]:
    """The form by which one says what one thinks."""
    return await _feedback(request)


@post("/feedback", status_code=200)
@sent_once
async def post_feedback(request: Asked) -> Response[bytes]:
    """Keep the feedback and lead to its page; or the form again with what is wrong."""
    front, address, language = front_of(request), address_of(request), manner.chosen(request, "language")

    def give(form: dict[str, str]) -> Feedback:
        front.limits.take("feedback", address)
        said = {f: form.get(f, "") for f in _FEEDBACK}
        return front.feedback.give(Opinion(**said, language=language, once=_once(form)))

    return await _taken(request, give, _feedback, "said")


# Following up --------------------------------------------------------------------------------------------------------


async def _asks_code(request: Asked, *, status: int = 200, fault: str = "", typed: str = "") -> Response[bytes]:
    page = Page(request)
    return await page.show(
        "follow.html",
        status=status,
        faults=[("code", page.labels[f"ask_code_{fault}"])] if fault else [],
        typed={"code": typed[:_LONGEST]},
        withdrawn=status == 200 and request.query_params.get("done") == "withdrawn",
    )


async def _found(request: Asked, code: str) -> Booking | Feedback | None:
    """What somebody follows up by its number; None if there is none. `BadInput` for what is no number."""
    front = front_of(request)
    front.limits.take("follow", address_of(request))
    return await in_thread(request, lambda: front.bookings.by_code(code) or front.feedback.by_code(code))


@get("/follow")
async def get_follow(request: Asked) -> Response[bytes]:
    """Asks for the number of a booking or of feedback."""
    return await _asks_code(request)


@post("/follow", status_code=200)
@sent_once
async def post_follow(request: Asked) -> Response[bytes]:
    """Lead to what has the number; or ask again with what is wrong."""
    form = await form_of(request)
    code = form.get("code", "").strip()
    if not code:
        return await _asks_code(request, status=400, fault="empty")
    try:
        found = await _found(request, code)
    except BadInput as e:
        return await _asks_code(request, status=e.status, fault="unfit", typed=code)
    if found is None:
        return await _asks_code(request, status=404, fault="unknown", typed=code)
    return moved_to(f"/follow/{grouped_slip_code(found.code)}")


@get("/follow/{code:str}")
async def get_followed(request: Asked) -> Response[bytes]:
    """How a booking or feedback stands, for whoever has its number."""
    code = str(request.path_params["code"])
    try:
        found = await _found(request, code)
    except BadInput as e:
        return await _asks_code(request, status=e.status, fault="unfit", typed=code)
    if found is None:
        return await _asks_code(request, status=404, fault="unknown", typed=code)
    page = Page(request)
    booked = isinstance(found, Booking)
    return await page.show(
        "followed.html",
        one=found,
        booked=booked,
        code=grouped_slip_code(found.code),
        state=_booking_state(page, found) if isinstance(found, Booking) else _feedback_state(page, found),
        made=request.query_params.get("made") == "yes",
        here=lambda at: _here(page, at),
    )


@post("/follow/{code:str}/withdraw")
@sent_once
async def post_withdraw(request: Asked) -> Response[bytes]:
    """Delete it now. If it is gone already, that is what was wanted."""
    await form_of(request)
    front, code = front_of(request), str(request.path_params["code"])
    front.limits.take("follow", address_of(request))
    try:
        await in_thread(request, lambda: front.bookings.withdraw(code) or front.feedback.withdraw(code))
    except BadInput as e:
        return await _asks_code(request, status=e.status, fault="unfit", typed=code)
    return moved_to("/follow?done=withdrawn")


def _booking_state(page: Page, booking: Booking) -> str:
    t, hotline = page.labels, page.notice.p.hotline
    if booking.state == "waiting":
        return t["booking_is_tried"].format(booking.tries) if booking.tries else t["booking_is_waiting"]
    if booking.state == "reached":
        return t["booking_is_reached"]
    return t["booking_is_not_reached"].format(booking.tries, hotline)


def _feedback_state(page: Page, feedback: Feedback) -> str:
    t, due = page.labels, _here(page, feedback.due_at)
    if feedback.answered_at is not None:
        return t["feedback_is_answered"]
    if feedback.due_at < page.front.clock():
        return t["feedback_is_late"].format(due, page.notice.p.hotline)
    return t["feedback_is_waiting"].format(due)
