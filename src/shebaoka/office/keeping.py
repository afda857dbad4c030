"""The accounts of staff: a security administrator adds people, resets and ends accounts; an auditor reads.

The staff room of the desk holds who may; a page only shows it. A code is shown once, in the answer to the form itself.
"""

import datetime as dt
from functools import partial

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import POSTS, Right, Staff
from shebaoka.office.frame import Page
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.records import BadInput, NotAllowed, NotFound

ROLES = tuple(role for role, post_ in POSTS.items() if post_.person)


async def _page(request: Asked, *, code: str = "", code_of: str = "", fault: str = "") -> Response[bytes]:
    page = Page(request)
    staff: Staff = request.state.staff
    of, zone, labels = request.query_params.get("of", ""), page.front.notices.zone, page.labels

    def show() -> Response[bytes]:
        room = page.front.staff
        return page.show_at_once(
            "staff.html",
            status=409 if fault else 200,
            accounts=room.everybody(seen_by=staff),
            of=of,
            events=room.events(of, seen_by=staff) if of.isprintable() and of else [],
            keeps=staff.may(Right.KEEP_STAFF),
            roles=ROLES,
            code=code,
            code_of=code_of,
            fault=fault,
            windows=page.front.windows.in_use(),
            at=lambda at: in_words(at, zone),
            ways={
                "token": labels["signs_in_token"],
                "enrolling": labels["signs_in_enrolling"],
                "person": labels["signs_in_person"],
            },
            happened={
                "added": labels["event_added"],
                "reset": labels["event_reset"],
                "ended": labels["event_ended"],
                "enrolled": labels["event_enrolled"],
                "signed_in": labels["event_signed_in"],
                "missed": labels["event_missed"],
                "passkey_added": labels["event_passkey_added"],
                "passkey_used": labels["event_passkey_used"],
                "passkey_ended": labels["event_passkey_ended"],
                "passkey_copied": labels["event_passkey_copied"],
            },
        )

    return await to_thread.run_sync(show)


def in_words(at: dt.datetime, zone: dt.tzinfo) -> str:
    """An instant in the city's time."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


@get("/staff")
async def get_staff(request: Asked) -> Response[bytes]:
    """All accounts, and what happened to one of them."""
    return await _page(request)


@post("/staff", status_code=200)
async def post_staff(request: Asked) -> Response[bytes]:
    """A new account of a person, and its enrolment code."""
    form = await form_of(request)
    staff: Staff = request.state.staff
    staff.must(Right.KEEP_STAFF)
    name, role, place = (form.get(field, "").strip() for field in ("name", "role", "place"))
    add = partial(front_of(request).staff.add_person, name, role, place, by=staff)
    try:
        code = await to_thread.run_sync(add)
    except (BadInput, NotAllowed) as e:
        labels = Page(request).labels
        no_window = e.code == "place_is_no_window"
        return await _page(request, fault=labels["place_is_no_window"] if no_window else labels["staff_refused"])
    return await _page(request, code=code, code_of=name)


@post("/staff/reset", status_code=200)
async def post_reset(request: Asked) -> Response[bytes]:
    """A new enrolment code for an account; its sessions end."""
    form = await form_of(request)
    staff: Staff = request.state.staff
    staff.must(Right.KEEP_STAFF)
    name = form.get("name", "")
    try:
        code = await to_thread.run_sync(partial(front_of(request).staff.reset, name, by=staff))
    except (NotAllowed, NotFound):
        return await _page(request, fault=Page(request).labels["staff_refused"])
    return await _page(request, code=code, code_of=name)


@post("/staff/end", status_code=200)
async def post_end(request: Asked) -> Response[bytes]:
    """The account ends, and its sessions."""
    form = await form_of(request)
    staff: Staff = request.state.staff
    staff.must(Right.KEEP_STAFF)
    try:
        await to_thread.run_sync(partial(front_of(request).staff.end, form.get("name", ""), by=staff))
    except (NotAllowed, NotFound):
        return await _page(request, fault=Page(request).labels["staff_refused"])
    return moved_to("/staff")
