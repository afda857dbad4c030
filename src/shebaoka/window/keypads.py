"""The holder's own keypad: a window of its own, before the holder and not before the clerk. Clauses 9.1, 9.2.

Whoever has the drawn address may open it once, for some minutes: it may stand on a tablet where nobody is signed in. It
names nobody. What is entered goes into the process's memory and from there to the vault, and is never sent back.
"""

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import PinNeed
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.records import BadInput, Digits, NewPin, NotFound
from shebaoka.window.drafting import seat_of
from shebaoka.window.frame import Page

_FAULTS = {
    NewPin.NOT_GIVEN: "keypad_empty",
    NewPin.WRONG_LENGTH: "keypad_length",
    NewPin.SAME_AS_FIRST: "keypad_as_first",
    NewPin.TOO_SIMPLE: "keypad_simple",
}


@post("/drafts/{draft_id:str}/keypad")
async def post_invite(request: Asked) -> Response[bytes]:
    """Open a keypad for the holder; the one before it closes."""
    await form_of(request)
    seat = await seat_of(request)
    need = seat.flow.pin_need
    if seat.draft.state != "open" or need is PinNeed.NONE:
        raise BadInput("pin: this service asks the holder for no PIN.")
    changed = need is PinNeed.CHANGED
    name = seat.front.keypad.invite(seat.draft.id, asks_present=changed, asks_new=True)
    return moved_to(f"/keypad/{name}")


@get("/keypad/{name:str}")
async def get_keypad(request: Asked) -> Response[bytes]:
    """The keypad. `NotFound` once it is closed."""
    return await _keypad(request)


@post("/keypad/{name:str}", status_code=200)
async def post_keypad(request: Asked) -> Response[bytes]:
    """What the holder entered: kept if it is fit and the same twice, else told at once."""
    form = await form_of(request)
    front = front_of(request)
    try:
        entry = front.keypad.entry(request.path_params["name"])
    except NotFound:
        return await _keypad(request)
    if entry.asks_new and form.get("new_pin", "") != form.get("again", ""):
        return await _keypad(request, "keypad_differs")
    pin, new_pin = (Digits(form[f]) if form.get(f) else None for f in ("pin", "new_pin"))
    if entry.asks_present and pin is None:
        return await _keypad(request, "keypad_empty")
    try:
        found = await to_thread.run_sync(front.keypad.enter, request.path_params["name"], pin, new_pin)
    except NotFound:
        return await _keypad(request)
    if found is not NewPin.FIT:
        return await _keypad(request, _FAULTS[found])
    return await Page(request).show("keypad.html", done=True, entry=None, fault="", length=0)


async def _keypad(request: Asked, fault: str = "") -> Response[bytes]:
    page = Page(request)
    try:
        entry = page.front.keypad.entry(request.path_params["name"])
    except NotFound:
        return await page.show("keypad.html", status=404, done=False, entry=None, fault="keypad_closed", length=0)
    length = page.notice.p.pin_length
    return await page.show(
        "keypad.html", status=400 if fault else 200, done=False, entry=entry, fault=fault, length=length
    )
