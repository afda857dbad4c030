"""How troubles reach a person at a page: what went wrong, its code, and what to do, in the frame of every page.

What is asked under `/api/` is answered as the API answers. `serving` hands these to the web server.
"""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from shebaoka.pages import manner
from shebaoka.pages.frame import FIRST_PAGE, Page, moved_to
from shebaoka.pages.sessions import SESSION, Asked
from shebaoka.records import HolderNotSignedIn, NotSignedIn, TooManyTries, Trouble

log = logging.getLogger(__name__)
_CODES = {400: "bad_input", 401: "not_signed_in", 403: "not_allowed", 404: "no_such_page", 405: "method_not_allowed"}
_HOLDERS_SIGN_IN = "/my/sign-in"
_ENDED = {f"session_{why}" for why in ("elsewhere", "idle", "too_long", "account_ended", "reset")}
Handler = Callable[[Asked, Any], Response[Any]]


def troubles(otherwise: ExceptionHandlersMap, public: type[Page]) -> ExceptionHandlersMap:
    """Handlers for everything that can go wrong: a page for people, and what `otherwise` says for programs.

    Whoever is not of the staff is told in the frame of the `public` page.
    """
    return {kind: _by_path(handler, public) for kind, handler in otherwise.items()}


def _by_path(handler: Handler, public: type[Page]) -> Handler:
    def answered(request: Asked, e: Exception) -> Response[Any]:
        path = request.url.path
        if path == "/api" or path.startswith("/api/"):
            return handler(request, e)
        return trouble_page(request, e, Page if request.state.get("staff") or request.cookies.get(SESSION) else public)

    return answered


def page_before(request: Asked) -> str:
    """The page that somebody is at: the one asked for, or the one whose form was sent; "" if that is not known.

    A browser names it to our own server alone (`Referrer-Policy`); what another site may say of itself is left.
    """
    if request.method == "GET":
        url = urlsplit(str(request.url))
    else:
        url = urlsplit(request.headers.get("Referer", ""))
        if url.netloc != request.headers.get("Host", ""):
            return ""
    return url.path + (f"?{url.query}" if url.query else "")


def trouble_page(request: Asked, e: Exception, frame: type[Page] = Page) -> Response[bytes]:
    """The page for a trouble; who is not signed in is led to where one signs in."""
    if isinstance(e, NotSignedIn):
        asked = page_before(request)
        then = f"?then={quote(asked, safe='')}" if asked not in ("", FIRST_PAGE) else ""
        # Why a session ended is said on the next page; of one that was signed out there is nothing to say.
        after = e.code.removeprefix("session_") if e.code in _ENDED else ""
        return moved_to(
            f"/sign-in{then}" + (f"{'&' if then else '?'}after={after}" if after else ""), *manner.kept(request)
        )
    if isinstance(e, HolderNotSignedIn):
        ended, why = e.code != HolderNotSignedIn.code, e.code.removeprefix("holder_session_")
        return moved_to(_HOLDERS_SIGN_IN + (f"?after={why}" if ended else ""), *manner.kept(request))
    if isinstance(e, Trouble):
        status, code = e.status, e.code
    elif isinstance(e, HTTPException):
        status, code = e.status_code, _CODES.get(e.status_code, "bad_input")
    else:
        status, code = 500, "internal_fault"
        page_asked_for = request.route_handler  # not the path: somebody may have typed a number into it
        log.error("fault while showing %s", page_asked_for, exc_info=e)
    page = frame(request)
    says = page.labels.get(f"trouble_{code}") or page.labels.get(f"trouble_{status}") or page.labels["trouble_500"]
    # A form's page is gone back to; a page is asked for again where it may come: not one that says no.
    again = request.method == "GET"
    back = page_before(request) if request.method == "POST" or (again and status >= 500) else ""
    shown = {"code": code, "status_shown": status, "says": says, "back": back, "again": again}
    response = page.show_at_once("trouble.html", status=status, **shown)
    if isinstance(e, TooManyTries):
        response.headers["Retry-After"] = str(e.wait_s)
    if status == 405 and isinstance(e, HTTPException):
        response.headers["Allow"] = (e.headers or {}).get("Allow", "GET")
    return response
