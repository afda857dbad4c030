"""The day's list of a window as PDF: all that was done there, to be signed and put away."""

from anyio import to_thread
from litestar import Response, get

from shebaoka.pages import HEADERS, Asked, day_asked
from shebaoka.paper import DayLine, DayList, day_list_pdf
from shebaoka.window.frame import Page


@get("/day/list")
async def get_day_list(request: Asked) -> Response[bytes]:
    """A window's day as PDF: the own window's today, unless another is asked for by who may."""
    page, staff = Page(request), request.state.staff
    place = request.query_params.get("window", "") or staff.place or staff.role.value
    on = day_asked(request.query_params.get("on", ""), page.on)

    def printed() -> bytes:
        front = page.front
        lines = tuple(
            DayLine(
                at=done.line.at,
                service=done.line.service,
                name=done.name,
                number=done.number,
                outcome=done.line.answer.outcome,
                clause=done.line.answer.clause,
                clerk=done.line.by,
                fee_fen=done.line.answer.fee_fen,
            )
            for done in front.days.done_at(staff, place, on)
        )
        day = DayList(window=place, day=on, made_at=front.clock(), lines=lines)
        return day_list_pdf(day, page.said.speech, fonts=front.fonts)

    content = await to_thread.run_sync(printed)
    headers = HEADERS | {"Content-Disposition": f'inline; filename="day-{on}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)
