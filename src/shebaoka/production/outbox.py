"""The outbox: what holders are told by message, what became of each notification, and those that are sent again.

Telephones are shown in part, and texts have no number. Who may not see people sees no way to their pages.
"""

import datetime as dt
import re
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import STATES, Notification, Right, Staff
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.production.frame import Page
from shebaoka.records import BadInput

_DONE = re.compile(r"[0-9]{1,4}")
_COUNTED = ("waiting", "sent", "given_up", "untold")
_AGAIN = ("given_up", "untold")


class Shown(msgspec.Struct, frozen=True):
    """A notification with its times in the city; `again` is whether it can be sent again."""

    told: Notification
    caused_at: dt.datetime
    next_at: dt.datetime | None
    ended_at: dt.datetime | None
    again: bool


def must_see_outbox(connection: Any, _: object) -> None:
    """A guard behind `must_be_known`: the role may see what holders are told. `NotAllowed`."""
    staff: Staff = connection.state.staff
    staff.must(Right.SEE_OUTBOX)


@get("/outbox")
async def get_outbox(request: Asked) -> Response[bytes]:
    """How many are in which state, and the latest of one state or of all."""
    page, staff = Page(request), request.state.staff
    state, done = request.query_params.get("state", ""), request.query_params.get("done", "")

    def show() -> Response[bytes]:
        room, zone = page.front.outbox, page.front.notices.zone
        if state and state not in STATES:
            raise BadInput(f"state: give one of {', '.join(STATES)}.")
        counts = room.counts(staff)
        keeps = staff.may(Right.KEEP_OUTBOX)
        shown = [_shown(told, zone, keeps=keeps) for told in room.listed(staff, *([state] if state else []))]
        again = [s.told.place for s in shown if s.again]
        return page.show_at_once(
            "outbox.html",
            counts=[(s, counts[s]) for s in _COUNTED],
            state=state,
            states=STATES,
            shown=shown,
            again=again,
            carried=page.front.carried,
            done=int(done) if _DONE.fullmatch(done) else None,
        )

    return await to_thread.run_sync(show)


def _shown(told: Notification, zone: dt.tzinfo, *, keeps: bool) -> Shown:
    return Shown(
        told=told,
        caused_at=told.caused_at.astimezone(zone),
        next_at=told.due_at.astimezone(zone) if told.ended_at is None else None,
        ended_at=told.ended_at.astimezone(zone) if told.ended_at is not None else None,
        again=keeps and told.state in _AGAIN,
    )


@post("/outbox/again", status_code=200)
async def post_again(request: Asked) -> Response[bytes]:
    """Send again what was given up or found no telephone: one, or all that were listed."""
    form = await form_of(request)
    front, staff = front_of(request), request.state.staff
    staff.must(Right.KEEP_OUTBOX)
    places = [place for place in form.get("places", "").split(",") if place]
    done = await to_thread.run_sync(front.outbox.again, staff, places)
    state = form.get("state", "")
    return moved_to(f"/outbox?{f'state={state}&' if state in STATES else ''}done={done}")


@get("/outbox/again")
async def get_answered(request: Asked) -> Response[bytes]:
    """The answer to the form asked for again, as in another language: the page."""
    query = f"?{request.url.query}" if request.url.query else ""
    return moved_to(f"/outbox{query}")
