"""A person's own passkeys: the list, adding one, ending one. And what signing in with one shares with that.

Who may have one, and what is wrong with an answer, the desk's room says; here it is put into words.
"""

from functools import partial

import msgspec
from anyio import CapacityLimiter, to_thread
from litestar import Response, get, post

from shebaoka.desk import AT_ONCE, Staff
from shebaoka.office.frame import Page
from shebaoka.office.keeping import in_words
from shebaoka.pages import FIRST_PAGE, HEADERS, VISITOR, Asked, browser_of, form_of, front_of, moved_to
from shebaoka.records import BadInput, NotFound, NotSignedIn, Trouble


def line_of(request: Asked) -> CapacityLimiter:
    """Where whoever gives a password waits: few at a time are compared, and no other page waits for a thread."""
    line: CapacityLimiter | None = request.app.state.get("sign_in_line")
    if line is None:
        line = request.app.state["sign_in_line"] = CapacityLimiter(AT_ONCE)
    return line


def for_script(text: bytes, status: int = 200) -> Response[bytes]:
    """What a page's script is answered, as JSON."""
    return Response(text, status_code=status, media_type="application/json", headers=HEADERS)


def told(page: Page, trouble: Trouble, *, otherwise: str) -> str:
    """What is said of an answer that was not taken."""
    labels = page.labels
    return {
        "passkey_stale": labels["passkey_stale"],
        "passkey_elsewhere": labels["passkey_elsewhere"].format(page.front.passkeys.site.shown),
        "passkey_unfit": labels["passkey_unfit"],
        "passkey_known": labels["passkey_known"],
        "passkey_name": labels["passkey_name_rule"],
        "passkeys_enough": labels["passkeys_enough"],
        "passkey_copied": labels["passkey_copied"],
    }.get(trouble.code, otherwise)


async def _page(request: Asked, *, fault: str = "", called: str = "") -> Response[bytes]:
    page = Page(request)
    staff: Staff = request.state.staff
    room, zone, labels = page.front.passkeys, page.front.notices.zone, page.labels
    done = {"added": labels["passkey_was_added"], "ended": labels["passkey_was_ended"]}

    def show() -> Response[bytes]:
        return page.show_at_once(
            "passkeys.html",
            status=400 if fault else 200,
            may_have=room.may_have(staff),
            keys=room.of(staff),
            fault=fault,
            remark="" if fault else done.get(request.query_params.get("done", ""), ""),
            called=called,
            site=room.site.shown,
            at=lambda at: in_words(at, zone),
        )

    return await to_thread.run_sync(show)


@get("/passkeys")
async def get_passkeys(request: Asked) -> Response[bytes]:
    """Somebody's own passkeys, and how another is added. A visitor has none."""
    if request.state.staff is VISITOR:
        return moved_to(FIRST_PAGE)
    return await _page(request)


@post("/passkeys/challenge", status_code=200)
async def post_challenge(request: Asked) -> Response[bytes]:
    """What a browser is asked to make a passkey by, as JSON, for whoever shows again that it is them."""
    form = await form_of(request)
    page = Page(request)
    if request.state.staff is VISITOR:
        return moved_to(FIRST_PAGE)
    staff: Staff = request.state.staff
    issuer = f"{page.notice.wording[page.language].city}-{page.labels['office']}"
    asked = partial(page.front.passkeys.asked_to_add, staff, form.get("again", ""), browser_of(request), issuer)
    try:
        return for_script((await to_thread.run_sync(asked, limiter=line_of(request))).encode())
    except (NotSignedIn, BadInput) as e:
        says = told(page, e, otherwise=page.labels["not_proved"])
        # Not 401: whoever asked is signed in, and stays so.
        return for_script(msgspec.json.encode({"code": e.code, "says": says}), 400)


@post("/passkeys", status_code=200)
async def post_passkeys(request: Asked) -> Response[bytes]:
    """The passkey that an authenticator made is added."""
    form = await form_of(request)
    front = front_of(request)
    if request.state.staff is VISITOR:
        return moved_to(FIRST_PAGE)
    staff: Staff = request.state.staff
    said = (staff, form.get("called", ""), form.get("answer", ""), browser_of(request))
    try:
        await to_thread.run_sync(front.passkeys.add, *said)
    except BadInput as e:
        page = Page(request)
        fault = told(page, e, otherwise=page.labels["passkey_unfit"])
        return await _page(request, fault=fault, called=form.get("called", ""))
    return moved_to("/passkeys?done=added")


@post("/passkeys/end", status_code=200)
async def post_end(request: Asked) -> Response[bytes]:
    """A passkey of whoever asks ends; one that has ended is as it was."""
    form = await form_of(request)
    front = front_of(request)
    if request.state.staff is VISITOR:
        return moved_to(FIRST_PAGE)
    staff: Staff = request.state.staff
    try:
        await to_thread.run_sync(front.passkeys.end, staff, form.get("key", ""))
    except NotFound:
        return await _page(request, fault=Page(request).labels["passkey_not_yours"])
    return moved_to("/passkeys?done=ended")
