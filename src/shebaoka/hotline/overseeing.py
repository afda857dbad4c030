"""The calls of a day, and how one went: for supervisors and auditors. No number stands in any of it."""

import datetime as dt
import re
from urllib.parse import urlencode

from anyio import to_thread
from litestar import Response, get

from shebaoka.desk import Right
from shebaoka.hotline.frame import Page
from shebaoka.pages import Asked, day_asked, front_of

_NAME, _CALL = re.compile(r"[^\x00-\x1f\x7f]{0,64}"), re.compile(r"h[0-9a-f]{16}")


@get("/hotline/calls")
async def get_calls(request: Asked) -> Response[bytes]:
    """The calls of a day, of one operator or of all."""
    page, staff = Page(request), request.state.staff
    staff.must(Right.SEE_CALLS)
    day = day_asked(request.query_params.get("on", ""), page.on)
    operator = request.query_params.get("operator", "")
    operator = operator if _NAME.fullmatch(operator) else ""
    before = request.query_params.get("before", "")
    before = before if _CALL.fullmatch(before) else ""

    def show() -> Response[bytes]:
        found = page.front.calls.of_day(staff, day, operator, before)
        return page.show_at_once(
            "calls.html",
            day=day,
            operator=operator,
            calls=found.calls,
            counts=(found.whole, found.identified, found.failed),
            earlier=found.earlier and urlencode({"on": day, "operator": operator, "before": found.earlier}),
            zone=page.front.notices.zone,
        )

    return await to_thread.run_sync(show)


@get("/hotline/calls/{call_id:str}")
async def get_record(request: Asked) -> Response[bytes]:
    """One call: what happened on it, and what came of it."""
    page, staff, front = Page(request), request.state.staff, front_of(request)
    staff.must(Right.SEE_CALLS)

    def show() -> Response[bytes]:
        call, zone = front.calls.get(staff, request.path_params["call_id"]), front.notices.zone
        events: list[tuple[dt.datetime, str, str]] = [
            (e.at.astimezone(zone), e.what, e.said) for e in front.calls.events(call)
        ]
        return page.show_at_once("record.html", call=call, events=events, zone=zone)

    return await to_thread.run_sync(show)
