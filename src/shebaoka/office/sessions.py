"""Who sits at the office's pages: a session begun with a staff token, and the mark that a form must bring back.

A session lives in this process alone and ends with it. The browser holds a drawn name for it and nothing else, and
the staff account is looked up again for every page, so that an ended account is out at once.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from anyio import to_thread
from litestar import Request
from litestar.datastructures import Cookie
from litestar.stores.base import Store
from litestar.stores.memory import MemoryStore

from shebaoka.desk import Role, Staff
from shebaoka.records import NotAllowed, NotSignedIn
from shebaoka.web import Front

Asked = Request[Any, Any, Any]
SESSION, FORM = "shebaoka_session", "shebaoka_form"
STORE = "office_sessions"
IDLE_S = 30 * 60
"""How long a session waits for its next page."""
VISITOR = Staff(name="visitor", role=Role.CLERK, place="demonstration")
"""Whoever looks at an invented city; their looks are journalled like anybody's."""


def stores() -> dict[str, Store]:
    """Where sessions are kept: in memory."""
    return {STORE: MemoryStore()}


async def staff_of(front: Front, request: Asked) -> Staff:
    """Who is signed in, or a visitor where the pages are open to all. `NotSignedIn`."""
    name = request.cookies.get(SESSION, "")
    found = await _store(request).get(_key(name), renew_for=IDLE_S) if name else None
    if found is not None:
        return await to_thread.run_sync(front.staff.by_name, found.decode())
    if front.open_to_all:
        return VISITOR
    raise NotSignedIn("Sign in to see the office's pages.")


async def begin(front: Front, request: Asked, token: str) -> Cookie:
    """A new session for the holder of a staff token. `NotSignedIn`; `NotAllowed` for a role that opens no dossiers.

    Its name is always drawn afresh: one that the browser brought along might be known to somebody else.
    """
    staff = await to_thread.run_sync(front.staff.sign_in, token)
    staff.must_see_people()
    await end(request)
    await _store(request).delete_expired()
    name = secrets.token_urlsafe(32)
    await _store(request).set(_key(name), staff.name.encode(), expires_in=IDLE_S)
    return _cookie(request, SESSION, name, samesite="lax")


async def end(request: Asked) -> Cookie:
    """The session ends; the cookie that says so to the browser."""
    if name := request.cookies.get(SESSION, ""):
        await _store(request).delete(_key(name))
    return Cookie(key=SESSION, value="", max_age=0, path="/", httponly=True, samesite="lax")


def form_mark(request: Asked) -> tuple[str, Cookie]:
    """The mark that a form on this page carries, and the cookie that it is held against when the form comes back."""
    mark = request.cookies.get(FORM, "")
    if len(mark) != 43:
        mark = secrets.token_urlsafe(32)
    return mark, _cookie(request, FORM, mark, samesite="strict")


def must_bring_the_mark(request: Asked, form: Mapping[str, Any]) -> None:
    """`NotAllowed` for a form that did not come from one of our pages."""
    held, brought = request.cookies.get(FORM, ""), str(form.get("mark", ""))
    if not held or not hmac.compare_digest(held.encode(), brought.encode()):
        raise NotAllowed("The form is not from this page, or the page is too old. Open it again and send it once more.")


def _store(request: Asked) -> MemoryStore:
    found: Any = request.app.stores.get(STORE)
    return found  # type: ignore[no-any-return]


def _key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _cookie(request: Asked, key: str, value: str, samesite: Any) -> Cookie:
    return Cookie(
        key=key, value=value, path="/", httponly=True, samesite=samesite, secure=request.url.scheme == "https"
    )
