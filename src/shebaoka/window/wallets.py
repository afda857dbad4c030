"""The end of a credential in a wallet, at the window: asked for by the holder whose ID card was seen there (3.3).

The look at the person stands in the journal first, with why and which.
"""

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import Right
from shebaoka.pages import Asked, chosen, form_of, front_of, moved_to
from shebaoka.web import journalled
from shebaoka.window.frame import Page
from shebaoka.window.people import asked_for, person_page


@post("/persons/{person_id:int}/wallets", status_code=200)
async def post_wallets(request: Asked) -> Response[bytes]:
    """End one or all, or show the page again with what is missing."""
    form = await form_of(request)
    front, staff = front_of(request), request.state.staff
    staff.must(Right.SERVE_AT_WINDOW)
    person_id, number = await asked_for(request)
    screen = await to_thread.run_sync(front.person, number)
    held = await to_thread.run_sync(front.held_credentials.of, screen)
    choice = chosen(form, held)
    if choice.faults:
        faults = [Page(request).labels[label] for _, label in choice.faults]
        return await person_page(request, full=False, held_faults=faults)
    if reason := held.reason(choice.place):
        await journalled(front, staff, number, reason)
        await to_thread.run_sync(front.held_credentials.end_at_window, staff, person_id, choice.place)
    return moved_to(f"/persons/{person_id}#wallets")


@get("/persons/{person_id:int}/wallets")
async def get_answered(request: Asked) -> Response[bytes]:
    """The answer to the form asked for again, as in another language: the person's page."""
    query = f"?{request.url.query}" if request.url.query else ""
    return moved_to(f"/persons/{request.path_params['person_id']}{query}")
