"""Signing in and out, enrolling, and the few files that pages load: their style, icon and scripts."""

import re

import segno
from anyio import to_thread
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from markupsafe import Markup

from shebaoka.desk import Enrolment
from shebaoka.office.frame import Page
from shebaoka.office.passkeys import for_script, line_of, told
from shebaoka.pages import (
    FIRST_PAGE,
    HEADERS,
    ICON,
    SCRIPTS,
    STYLES,
    Asked,
    begin,
    browser_of,
    end,
    form_of,
    front_of,
    moved_to,
)
from shebaoka.records import BadInput, NotSignedIn

_KEPT = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
_OWN_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/_.?=&%-]{0,300}")


@get(["/pages.css", "/public.css"])
async def get_style(request: Asked) -> Response[bytes]:
    """The style of all pages, and of the public's; their addresses change with their content."""
    return Response(STYLES[request.url.path[1:]], media_type="text/css", headers=_KEPT)


@get("/icon.svg")
async def get_icon() -> Response[bytes]:
    """The pages' icon."""
    return Response(ICON, media_type="image/svg+xml", headers=_KEPT)


@get("/scripts/{name:str}")
async def get_script(request: Asked) -> Response[bytes]:
    """One of the pages' scripts; its address changes with its content."""
    script = SCRIPTS.get(request.path_params["name"])
    if script is None:
        raise NotFoundException
    return Response(script, media_type="text/javascript", headers=_KEPT)


def own_path(asked: str) -> str:
    """Where to go after signing in: a page of this server, else the first one."""
    return asked if _OWN_PATH.fullmatch(asked) else FIRST_PAGE


def _remark(labels: dict[str, str], asked: str) -> str:
    """What is said above the form: why the last session ended, or that the account is enrolled now."""
    return {
        "enrolled": labels["enrolled"],
        "elsewhere": labels["ended_elsewhere"],
        "idle": labels["ended_idle"],
        "too_long": labels["ended_too_long"],
        "account_ended": labels["ended_account"],
        "reset": labels["ended_reset"],
    }.get(asked, "")


async def _form(page: Page, then: str, *, fault: str = "", token_fault: str = "", name: str = "") -> Response[bytes]:
    wrong = bool(fault or token_fault)
    remark = "" if wrong else _remark(page.labels, page.request.query_params.get("after", ""))
    said = {"then": then, "remark": remark, "name": name, "fault": fault, "token_fault": token_fault}
    site = page.front.passkeys.site.shown
    return await page.show("sign_in.html", status=401 if wrong else 200, site=site, **said)


@get("/sign-in")
async def get_sign_in(request: Asked) -> Response[bytes]:
    """The forms for people and for a token."""
    shown = await _form(Page(request), own_path(request.query_params.get("then", FIRST_PAGE)))
    if front_of(request).open_to_all:
        shown.cookies.append(await end(request))  # who does not sign in again looks on as a visitor
    return shown


@post("/sign-in")
async def post_sign_in(request: Asked) -> Response[bytes]:
    """A session for a person, or for a token's holder, under a name that was never used before."""
    form = await form_of(request)
    front = front_of(request)
    then, by_token = own_path(form.get("then", FIRST_PAGE)), "token" in form
    name = form.get("name", "").strip()
    try:
        if by_token:
            staff = await to_thread.run_sync(front.staff.sign_in, form["token"].strip())
        elif answer := form.get("answer"):
            with_key = (name, form.get("password", ""), answer, browser_of(request))
            staff = await to_thread.run_sync(front.passkeys.sign_in, *with_key, limiter=line_of(request))
        else:
            said = (name, form.get("password", ""), form.get("digits", ""))
            staff = await to_thread.run_sync(front.sign_in.sign_in, *said, limiter=line_of(request))
        cookie = await begin(request, staff)
    except (NotSignedIn, BadInput) as e:
        page = Page(request)
        if by_token:
            return await _form(page, then, token_fault=page.labels["sign_in_failed"])
        return await _form(page, then, fault=told(page, e, otherwise=page.labels["people_failed"]), name=name)
    return moved_to(then, cookie)


@post("/sign-in/challenge", status_code=200)
async def post_challenge(request: Asked) -> Response[bytes]:
    """What a browser is asked to sign in by with a passkey, as JSON."""
    await form_of(request)
    front = front_of(request)
    return for_script(front.passkeys.asked_to_sign_in(browser_of(request)).encode())


@post("/sign-out")
async def post_sign_out(request: Asked) -> Response[bytes]:
    """The session is over."""
    await form_of(request)
    return moved_to("/sign-in", await end(request))


@get("/enrol")
async def get_enrol(request: Asked) -> Response[bytes]:
    """The form for an enrolment code."""
    return await Page(request).show("enrol.html", fault="", name="")


@post("/enrol")
async def post_enrol(request: Asked) -> Response[bytes]:
    """With the code alone, the key of the second factor to scan and a form for the password; with all, it is done."""
    form = await form_of(request)
    front, page = front_of(request), Page(request)
    name, code = form.get("name", "").strip(), form.get("code", "")
    issuer = f"{page.notice.wording[page.language].city}-{page.labels['office']}"
    try:
        enrolment = await to_thread.run_sync(front.sign_in.enrolling, name, code, issuer)
    except NotSignedIn:
        return await page.show("enrol.html", status=401, fault=page.labels["enrolment_failed"], name=name)
    if "password" not in form:
        return await _second_page(page, enrolment, name, code, "")
    if form["password"] != form.get("again", ""):
        return await _second_page(page, enrolment, name, code, page.labels["passwords_differ"])
    said = (name, code, form["password"], form.get("digits", ""))
    try:
        await to_thread.run_sync(front.sign_in.enrol, *said, limiter=line_of(request))
    except NotSignedIn:
        return await page.show("enrol.html", status=401, fault=page.labels["enrolment_failed"], name=name)
    except BadInput as e:
        return await _second_page(page, enrolment, name, code, _weak(page.labels)[e.code])
    return moved_to("/sign-in?after=enrolled")


def _weak(labels: dict[str, str]) -> dict[str, str]:
    return {
        "password_length": labels["password_length"],
        "password_is_the_name": labels["password_is_the_name"],
        "password_of_one_character": labels["password_of_one_character"],
        "wrong_digits": labels["wrong_digits"],
    }


async def _second_page(page: Page, enrolment: Enrolment, name: str, code: str, fault: str) -> Response[bytes]:
    drawn = segno.make(enrolment.uri, error="m", micro=False)
    # What segno draws is its own path of numbers; nothing that came from outside stands in it.
    picture = Markup(drawn.svg_inline(scale=4, border=4, light="#fff", svgclass="qr", lineclass=None))  # noqa: S704
    said = {"name": name, "code": code, "picture": picture, "key": enrolment.key, "fault": fault}
    return await page.show("enrolling.html", status=400 if fault else 200, **said)
