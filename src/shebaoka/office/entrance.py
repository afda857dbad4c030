"""Signing in and out, and the few files that pages load: their style and their icon."""

import re

from litestar import Response, get, post

from shebaoka.office.frame import HEADERS, STATIC, STYLE, Page, moved_to
from shebaoka.office.sessions import Asked, begin, end, form_of, front_of
from shebaoka.records import NotSignedIn

_KEPT = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
_OWN_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/_.?=&%-]{0,300}")
ICON = (STATIC / "icon.svg").read_bytes()


@get("/office.css")
async def get_style() -> Response[bytes]:
    """The pages' one style sheet; its address changes with its content."""
    return Response(STYLE, media_type="text/css", headers=_KEPT)


@get("/icon.svg")
async def get_icon() -> Response[bytes]:
    """The pages' icon."""
    return Response(ICON, media_type="image/svg+xml", headers=_KEPT)


def own_path(asked: str) -> str:
    """Where to go after signing in: a page of this server, else the first one."""
    return asked if _OWN_PATH.fullmatch(asked) else "/"


@get("/sign-in")
async def get_sign_in(request: Asked) -> Response[bytes]:
    """The form for a staff token. Where the pages are open to all, nobody signs in."""
    if front_of(request).open_to_all:
        return moved_to("/")
    return await Page(request).show("sign_in.html", fault="", then=own_path(request.query_params.get("then", "/")))


@post("/sign-in")
async def post_sign_in(request: Asked) -> Response[bytes]:
    """A session for the token's holder, under a name that was never used before."""
    form = await form_of(request)
    if front_of(request).open_to_all:
        return moved_to("/")
    then = own_path(form.get("then", "/"))
    try:
        cookie = await begin(request, form.get("token", "").strip())
    except NotSignedIn:
        page = Page(request)
        return await page.show("sign_in.html", status=401, fault=page.labels["sign_in_failed"], then=then)
    return moved_to(then, cookie)


@post("/sign-out")
async def post_sign_out(request: Asked) -> Response[bytes]:
    """The session is over."""
    await form_of(request)
    return moved_to("/sign-in", await end(request))
