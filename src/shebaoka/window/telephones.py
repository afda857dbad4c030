"""The form by which a holder's telephone is kept, on their page and beside the choices of an application.

Whether they agree to be told by message is theirs to say each time. The look at the person stands in the journal first.
"""

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import Right, Staff
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.records import BadInput
from shebaoka.web import Front, journalled
from shebaoka.window.frame import Page
from shebaoka.window.people import asked_for, person_page

ASKED_WITH = ("apply_for_card", "replace_card")
"""Services whose step of choices asks for the telephone: a card is made, and its holder is told."""
_REASON = "telephone said at the window"


def asks_telephone(service: str) -> bool:
    """Whether a service's choices ask for the telephone."""
    return service.partition(".")[0] in ASKED_WITH


def keep_telephone(front: Front, staff: Staff, person_id: int, form: dict[str, str], language: str) -> None:
    """Keep what a form says. An empty number leaves that on file, unless it is to be taken off. `BadInput`."""
    known = front.telephones.of(person_id)
    number = form.get("telephone", "").strip() or (known.number if known else "")
    agreed = form.get("agreed", "") == "yes"
    if form.get("forget", "") == "yes":
        number, agreed = "", False
    if not number and not agreed and known is None:
        return
    spoken = form.get("language", "") or (known.language if known else language)
    front.telephones.keep(staff, person_id, number, agreed=agreed, language=spoken)


@post("/persons/{person_id:int}/telephone", status_code=200)
async def post_telephone(request: Asked) -> Response[bytes]:
    """Keep the telephone, or show the page again with what is wrong."""
    form = await form_of(request)
    front, staff, page = front_of(request), request.state.staff, Page(request)
    staff.must(Right.SERVE_AT_WINDOW)
    person_id, number = await asked_for(request)
    try:
        await journalled(front, staff, number, _REASON)
        await to_thread.run_sync(keep_telephone, front, staff, person_id, form, page.language)
    except BadInput as e:
        return await person_page(request, full=False, fault=page.fault(e), typed=form)
    return moved_to(f"/persons/{person_id}#telephone")


@get("/persons/{person_id:int}/telephone")
async def get_answered(request: Asked) -> Response[bytes]:
    """The answer to the form asked for again, as in another language: the person's page."""
    query = f"?{request.url.query}" if request.url.query else ""
    return moved_to(f"/persons/{request.path_params['person_id']}{query}")
