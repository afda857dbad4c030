"""A sign-in slip for the public page: given at the window to somebody whose ID card was seen, printed this once.

The look at the person stands in the journal first. The code is on the paper alone; what is kept is the vault's value.
"""

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import Right, Staff
from shebaoka.pages import HEADERS, Asked, form_of, front_of, moved_to
from shebaoka.paper import EntrySlip, SlipWidth, slip_pdf
from shebaoka.web import looked_up
from shebaoka.window.frame import Page
from shebaoka.window.people import asked_for

_REASON = "sign-in slip given"


@post("/persons/{person_id:int}/entry-slip", status_code=200)
async def post_entry_slip(request: Asked) -> Response[bytes]:
    """The slip as PDF; one that was given before is good no more."""
    form = await form_of(request)
    front, page = front_of(request), Page(request)
    staff: Staff = request.state.staff
    staff.must(Right.SERVE_AT_WINDOW)
    person_id, number = await asked_for(request)
    screen, _ = await looked_up(front, staff, number, _REASON)
    width: SlipWidth = "80mm" if form.get("width", "") == "80" else "a4"
    base = front.passkeys.site.origin or str(request.base_url).rstrip("/")

    def made() -> bytes:
        given, person = front.entering.give_slip(staff, person_id), screen.dossier.person
        slip = EntrySlip(
            name=person.name if person else "—",
            number=number,
            at=front.clock(),
            until=given.until,
            code=given.code,
            window=staff.place,
            clerk=staff.name,
            address=f"{base}/my",
        )
        return slip_pdf(slip, page.said.speech, width=width, base=base, fonts=front.fonts)

    headers = HEADERS | {"Content-Disposition": f'inline; filename="sign-in-{person_id}.pdf"'}
    return Response(await to_thread.run_sync(made), media_type="application/pdf", headers=headers)


@get("/persons/{person_id:int}/entry-slip")
async def get_answered(request: Asked) -> Response[bytes]:
    """The slip asked for again, as in another language: the person's page, for each slip is given anew."""
    query = f"?{request.url.query}" if request.url.query else ""
    return moved_to(f"/persons/{request.path_params['person_id']}{query}")
