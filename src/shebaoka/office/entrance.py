"""Signing in and out, what troubles look like on a page, and the two files that pages are drawn with."""

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import HTTPException

from shebaoka.office.frame import HEADERS, STATIC, Page, moved_to
from shebaoka.office.sessions import Asked, begin, end, must_bring_the_mark
from shebaoka.records import NotAllowed, NotSignedIn, Trouble
from shebaoka.web import Front

_DAY_S = 24 * 3600


@get("/sign-in")
async def sign_in_page(front: Front, request: Asked) -> Response[bytes]:
    """The form for a staff token."""
    return await Page(front, request, None).show("sign_in.html", problem="")


@post("/sign-in")
async def sign_in(front: Front, request: Asked) -> Response[bytes]:
    """A session for whoever has a token, or the form once more."""
    page, form = Page(front, request, None), await request.form()
    must_bring_the_mark(request, form)
    try:
        cookie = await begin(front, request, str(form.get("token", "")).strip())
    except NotSignedIn:
        return await page.show("sign_in.html", status=401, problem=page.labels["sign_in_failed"])
    except NotAllowed:
        return await page.show("sign_in.html", status=403, problem=page.labels["role_may_not"])
    return moved_to("/", cookie)


@post("/sign-out")
async def sign_out(request: Asked) -> Response[bytes]:
    """The session is over."""
    must_bring_the_mark(request, await request.form())
    return moved_to("/sign-in", await end(request))


@get("/office.css", sync_to_thread=False)
def style() -> Response[bytes]:
    """How pages look."""
    return _file("office.css", "text/css; charset=utf-8")


@get("/office.svg", sync_to_thread=False)
def icon() -> Response[bytes]:
    """The pages' icon."""
    return _file("office.svg", "image/svg+xml")


def _file(name: str, media_type: str) -> Response[bytes]:
    headers = {**HEADERS, "Cache-Control": f"max-age={_DAY_S}"}
    return Response((STATIC / name).read_bytes(), media_type=media_type, headers=headers)


def trouble_page(front: Front) -> Any:
    """What tells a trouble on a page; a page that needs a sign-in leads to the form."""

    async def tell(request: Asked, e: Exception) -> Response[bytes]:
        if isinstance(e, NotSignedIn):
            # A session that has ended is taken from the browser, so that the form is not met by it again.
            return moved_to("/sign-in", await end(request))
        page = Page(front, request, None)
        if isinstance(e, Trouble):
            status, code, message = e.status, e.code, str(e)
        elif isinstance(e, HTTPException) and e.status_code < 500:
            status, code, message = e.status_code, "no_such_page", page.labels["trouble_404"]
        else:
            raise e
        return await page.show("trouble.html", status=status, code=code, message=message)

    return tell
