"""Signing in to My card: by a code to the telephone on file, or by a slip from the window. Clause 5.2.

Whoever asks for a code is led to the same page, whether or not number and telephone are somebody's. The look at the
card stands in the journal before the session begins; where the notice does not let the public page, nobody comes in.
"""

import uuid
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import Cookie

from shebaoka.desk import HOLDER, HOLDER_COOKIE, PORTAL_PLACE, Holder
from shebaoka.notice import Notice
from shebaoka.pages import Asked, cookie_for, form_of, front_of, manner, moved_to
from shebaoka.portal.frame import Page, in_thread
from shebaoka.portal.sentforms import sent_once
from shebaoka.records import (
    Answer,
    Ask,
    BadInput,
    Channel,
    Facts,
    LookUpPerson,
    Receipt,
    Refusal,
    Sender,
    TooManyTries,
    Trouble,
)
from shebaoka.web import Front, address_of, asked

CODE_COOKIE = "shebaoka_code"
"""The attempt whose code a browser was sent: what makes a code good there and nowhere else."""
AFTER = ("idle", "too_long", "telephone", "wallet", "signed_out")
"""Why a session may have ended that somebody had before."""
SIGNED_IN = {"code": "signed in by a code", "slip": "signed in by a slip"}
SENDER = Sender(by=HOLDER, channel=Channel.PORTAL, place=PORTAL_PLACE)
"""As whom a holder asks."""
_LONGEST = 60
"""Characters of a field that are shown again."""


async def holder_of(request: Asked) -> Holder:
    """Who is signed in here as a holder. `HolderNotSignedIn` leads to where one signs in."""
    return await in_thread(request, front_of(request).holders.of, request.cookies.get(HOLDER_COOKIE, ""))


def lets_in(notice: Notice) -> bool:
    """Whether a holder may see what is theirs at the public page (5.2)."""
    return Channel.PORTAL in notice.p.own_enquiry_channels


def refusal_of(page: Page, ground: Refusal, facts: Facts | None = None) -> Answer:
    """A no by the notice of today, for a page that says so before anybody asks."""
    notice = page.notice
    return Answer("refused", ground, notice.clause_of[ground], notice.id, facts=facts or {})


async def form_page(
    page: Page, template: str, faults: list[tuple[str, str]], typed: dict[str, str], *, status: int = 400, **more: Any
) -> Response[bytes]:
    """A form, with what was typed and what is wrong with it, field by field."""
    shown = {name: value[:_LONGEST] for name, value in typed.items() if name not in ("code", "slip", "mark")}
    return await page.show(template, status=status if faults else 200, faults=faults, typed=shown, **more)


def said_of_fault(page: Page, e: Trouble) -> str:
    """What is wrong, in the page's language where there are words for it."""
    if isinstance(e, TooManyTries):
        return page.labels["my_fault_too_many_tries"].format(max(1, round(e.wait_s / 60)))
    return page.labels.get(f"my_fault_{e.code}") or str(e)


async def refused_page(
    page: Page, template: str, e: BadInput | TooManyTries, typed: dict[str, str], field: str, **more: Any
) -> Response[bytes]:
    """The form again after a trouble that is told beside its field."""
    fault = (e.field or field, said_of_fault(page, e))
    response = await form_page(page, template, [fault], typed, status=e.status, **more)
    if isinstance(e, TooManyTries):
        response.headers["Retry-After"] = str(e.wait_s)
    return response


@get("/my/sign-in")
async def get_sign_in(request: Asked) -> Response[bytes]:
    """The form for a code by message, and the way to the one for a slip."""
    return await _sign_in_page(Page(request), [], {})


async def _sign_in_page(page: Page, faults: list[tuple[str, str]], typed: dict[str, str]) -> Response[bytes]:
    after = page.request.query_params.get("after", "")
    return await form_page(page, "mysignin.html", faults, typed, **_shown(page, after))


def _shown(page: Page, after: str = "") -> dict[str, Any]:
    """What every page of signing in is handed: whether anybody is let in, and why a session ended."""
    lets = lets_in(page.notice)
    no = None if lets else refusal_of(page, Refusal.ENQUIRY_IS_FOR_WINDOW_OR_HOTLINE, _channels(page))
    return {
        "carried": page.front.carried,
        "no": no and page.said.speech.says(no),
        "no_clause": no.clause if no else "",
        "after": after if after in AFTER else "",
    }


def _channels(page: Page) -> Facts:
    return {"channels": ",".join(page.notice.p.enquiry_channels)}


@post("/my/sign-in", status_code=200)
@sent_once
async def post_sign_in(request: Asked) -> Response[bytes]:
    """Send a code, if number and telephone are on file together; the same page follows, whoever asks."""
    form = await form_of(request)
    page, front, address = Page(request), front_of(request), address_of(request)
    number, telephone = form.get("number", ""), form.get("telephone", "")
    if not lets_in(page.notice):
        return moved_to("/my/sign-in")

    def ask() -> str:
        front.limits.take("holder_asks", address)
        # By the telephone too: who does not know it keeps nobody behind the same address from their code.
        pair = " ".join((address, *front.entering.pair(number, telephone)))
        front.limits.take("holder_code", pair)
        front.limits.take("holder_code_day", pair)  # so that nobody's telephone is made to ring all day
        return front.entering.ask_code(number, telephone, page.language)

    try:
        name = await in_thread(request, ask)
    except (BadInput, TooManyTries) as e:
        return await refused_page(page, "mysignin.html", e, form, "number", **_shown(page))
    return moved_to("/my/code", cookie_for(request, CODE_COOKIE, name))


@get("/my/code")
async def get_code(request: Asked) -> Response[bytes]:
    """Where the code of the message is typed; whoever asked for none is led to where one does."""
    if not request.cookies.get(CODE_COOKIE):
        return moved_to("/my/sign-in", *manner.kept(request))
    return await form_page(Page(request), "mycode.html", [], {})


@post("/my/code", status_code=200)
@sent_once
async def post_code(request: Asked) -> Response[bytes]:
    """The code of the message opens My card; a wrong one is told, and counted for this browser's attempt alone."""
    form = await form_of(request)
    page, front = Page(request), front_of(request)
    try:
        front.limits.take("holder_try", address_of(request))
        name = request.cookies.get(CODE_COOKIE, "")
        person_id = await in_thread(request, front.entering.entered, name, form.get("code", ""))
    except (BadInput, TooManyTries) as e:
        return await refused_page(page, "mycode.html", e, {}, "code")
    return await _come_in(request, page, front, person_id, "code")


@get("/my/slip")
async def get_slip(request: Asked) -> Response[bytes]:
    """The form for a slip from the window."""
    page = Page(request)
    return await form_page(page, "myslip.html", [], {}, **_shown(page))


@post("/my/slip", status_code=200)
@sent_once
async def post_slip(request: Asked) -> Response[bytes]:
    """Number and slip open My card, once."""
    form = await form_of(request)
    page, front, address = Page(request), front_of(request), address_of(request)
    number = form.get("number", "")
    if not lets_in(page.notice):
        return moved_to("/my/slip")
    try:
        front.limits.take("holder_try", address)
        person_id = await in_thread(request, front.entering.entered_by_slip, number, form.get("slip", ""))
    except (BadInput, TooManyTries) as e:
        return await refused_page(page, "myslip.html", e, form, "slip", **_shown(page))
    return await _come_in(request, page, front, person_id, "slip")


async def _come_in(request: Asked, page: Page, front: Front, person_id: int, how: str) -> Response[bytes]:
    """A session, once the look is in the journal; what the notice refuses is said."""
    number = await in_thread(request, front.screens.number_of, person_id)
    receipt = await looked(front, number, SIGNED_IN[how])
    if receipt.answer.outcome == "refused":
        said = page.said_of(receipt.answer.notice).speech
        return await form_page(
            page, "mysignin.html", [("number", said.says(receipt.answer))], {}, status=403, **_shown(page)
        )
    if old := request.cookies.get(HOLDER_COOKIE, ""):
        await in_thread(request, front.holders.end, old)
    cookie = await in_thread(request, front.holders.begin, person_id, how)
    return moved_to("/my", cookie_for(request, HOLDER_COOKIE, cookie))


async def looked(front: Front, number: str, reason: str) -> Receipt:
    """A holder's look at what is theirs, through the desk and into the journal."""
    look = LookUpPerson(id=f"my-{uuid.uuid4()}", person=number, reason=reason)
    (outcome,) = await asked(front, [Ask(look, SENDER)])
    if isinstance(outcome, Trouble):
        raise outcome
    return outcome


@post("/my/sign-out", status_code=200)
@sent_once
async def post_sign_out(request: Asked) -> Response[bytes]:
    """The session ends, and with it what the browser keeps of it."""
    await form_of(request)
    if name := request.cookies.get(HOLDER_COOKIE, ""):
        await in_thread(request, front_of(request).holders.end, name)
    gone = [
        Cookie(key=key, value="", max_age=0, path="/", httponly=True, samesite="lax")
        for key in (HOLDER_COOKIE, CODE_COOKIE)
    ]
    return moved_to("/my/sign-in?after=signed_out", *gone)
