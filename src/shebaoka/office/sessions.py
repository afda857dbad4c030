"""Who sits at the office's pages: a session begun with a staff token, and the mark that a form must bring back.

A session lives in this process alone and ends with it. The browser holds a drawn name for it and nothing else, and
the staff account is looked up again for every page, so that an ended account is out at once.
"""

import hashlib
import hmac
import secrets
from typing import Any

from anyio import to_thread
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.stores.base import Store
from litestar.stores.memory import MemoryStore

from shebaoka.desk import Role, Staff
from shebaoka.records import NotAllowed, NotSignedIn
from shebaoka.web import Front

Asked = Request[Any, Any, Any]
Connection = ASGIConnection[Any, Any, Any, Any]
SESSION, FORM = "shebaoka_session", "shebaoka_form"
STORE = "office_sessions"
IDLE_S = 30 * 60
"""How long a session waits for its next page."""
VISITOR = Staff(name="visitor", role=Role.CLERK, place="demonstration")
"""Whoever looks at an invented city; their looks are journalled like anybody's."""


def front_of(connection: Connection) -> Front:
    """What the pages work with, as `serving` handed it to the server."""
    front: Front = connection.app.state.front
    return front


def stores() -> dict[str, Store]:
    """Where sessions are kept: in memory."""
    return {STORE: MemoryStore()}


async def must_be_known(connection: Connection, _: object) -> None:
    """A guard: somebody is signed in, or the pages are open to all. `NotSignedIn`."""
    front = front_of(connection)
    if front.open_to_all:
        connection.state.staff = VISITOR
        return
    name = connection.cookies.get(SESSION, "")
    found = await _store(connection).get(_key(name), renew_for=IDLE_S) if name else None
    if found is None:
        raise NotSignedIn("Sign in to see the office's pages.")
    connection.state.staff = await to_thread.run_sync(front.staff.by_name, found.decode())


def must_see_people(connection: Connection, _: object) -> None:
    """A guard behind `must_be_known`: the role may open dossiers and the journal. `NotAllowed`."""
    staff: Staff = connection.state.staff
    staff.must_see_people()


async def begin(request: Asked, token: str) -> Cookie:
    """A new session for the holder of a staff token. `NotSignedIn`.

    Its name is always drawn afresh: one that the browser brought along might be known to somebody else.
    """
    staff = await to_thread.run_sync(front_of(request).staff.sign_in, token)
    await end(request)
    store = request.app.stores.get(STORE)
    if isinstance(store, MemoryStore):
        await store.delete_expired()
    name = secrets.token_urlsafe(32)
    await store.set(_key(name), staff.name.encode(), expires_in=IDLE_S)
    return _cookie(request, SESSION, name)


async def end(request: Asked) -> Cookie:
    """The session ends; the cookie that says so to the browser."""
    if name := request.cookies.get(SESSION, ""):
        await _store(request).delete(_key(name))
    return Cookie(key=SESSION, value="", max_age=0, path="/", httponly=True, samesite="lax")


def form_mark(request: Asked) -> tuple[str, Cookie]:
    """The mark that a form on this page carries, and the cookie that it is held against when the form comes back."""
    mark = request.cookies.get(FORM, "")
    if len(mark) != 43 or not mark.replace("-", "").replace("_", "").isalnum():
        mark = secrets.token_urlsafe(32)
    return mark, _cookie(request, FORM, mark)


async def form_of(request: Asked) -> dict[str, str]:
    """The fields of a form that came from one of our pages; a field that is given twice is its last. `NotAllowed`."""
    sent = await request.form()
    form = {name: value for name, value in sent.multi_items() if isinstance(value, str)}
    held, brought = request.cookies.get(FORM, ""), form.get("mark", "")
    if not held or not hmac.compare_digest(held.encode(), brought.encode()):
        raise NotAllowed("The form did not come from a page of ours. Open it again.", code="form_is_not_ours")
    return form


def _store(connection: Connection) -> Store:
    return connection.app.stores.get(STORE)


def _key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _cookie(request: Asked, key: str, value: str) -> Cookie:
    """A cookie for this server alone that no script reads; sent over TLS only, where the browser came over TLS."""
    secure = "https" in (request.url.scheme, request.headers.get("X-Forwarded-Proto", ""))
    return Cookie(key=key, value=value, path="/", httponly=True, samesite="lax", secure=secure)
