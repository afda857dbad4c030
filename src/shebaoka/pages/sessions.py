"""Who sits at the office's pages: a session in the database, and the mark that a form must bring back.

The browser holds a drawn name for its session, sealed, and nothing else; session and account are looked up again for
every page, so that an ended one is out at once.
"""

import hmac
import logging
from typing import Any

from anyio import to_thread
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, FormMultiDict

from shebaoka.desk import HOLDER_COOKIE, Right, Role, Staff
from shebaoka.records import BodyTooLarge, NotAllowed, VaultTrouble
from shebaoka.web import Front

log = logging.getLogger(__name__)

Asked = Request[Any, Any, Any]
Connection = ASGIConnection[Any, Any, Any, Any]
SESSION, FORM = "shebaoka_session", "shebaoka_form"
FORM_MAX = 128 * 1024
"""Bytes of a form that anybody may send: 500 signs of the longest kind fit. It is read on the loop that serves all."""
FIELDS_MAX = 300
"""Fields of such a form. Each is read on that loop, and forty thousand fit into its bytes."""
VISITOR = Staff(name="visitor", role=Role.CLERK, place="demonstration")
"""Whoever looks at an invented city; their looks are journalled like anybody's."""


def front_of(connection: Connection) -> Front:
    """What the pages work with, as `serving` handed it to the server."""
    front: Front = connection.app.state.front
    return front


async def must_be_known(connection: Connection, _: object) -> None:
    """A guard: somebody is signed in, or the pages are open to all, who are then a visitor. `NotSignedIn`."""
    front = front_of(connection)
    name = connection.cookies.get(SESSION, "")
    if front.open_to_all and not name:
        connection.state.staff = VISITOR
        return
    connection.state.staff = await to_thread.run_sync(front.sessions.of, name)


def must_see_people(connection: Connection, _: object) -> None:
    """A guard behind `must_be_known`: the role may open dossiers and the journal. `NotAllowed`.

    Operators of the hotline look people up, and have pages of their own that show what a call needs.
    """
    staff: Staff = connection.state.staff
    staff.must(Right.OPEN_DOSSIERS)


def must_see_staff(connection: Connection, _: object) -> None:
    """A guard behind `must_be_known`: the role may see the accounts of staff. `NotAllowed`."""
    staff: Staff = connection.state.staff
    staff.must(Right.SEE_STAFF)


async def begin(request: Asked, staff: Staff) -> Cookie:
    """A new session for whoever signed in.

    Its name is always drawn afresh: one that the browser brought along might be known to somebody else.
    """
    await end(request)
    return cookie_for(request, SESSION, await to_thread.run_sync(front_of(request).sessions.begin, staff))


async def end(request: Asked) -> Cookie:
    """The session ends; the cookie that says so to the browser."""
    if name := request.cookies.get(SESSION, ""):
        await to_thread.run_sync(front_of(request).sessions.end, name)
    return Cookie(key=SESSION, value="", max_age=0, path="/", httponly=True, samesite="lax")


def form_mark(request: Asked) -> tuple[str, Cookie]:
    """The mark that a form on this page carries, and the cookie that it is held against when the form comes back."""
    mark = request.cookies.get(FORM, "")
    try:
        mark = front_of(request).sessions.form_mark(mark, _bound_to(request))
    except VaultTrouble as e:  # the page that tells of it is shown all the same
        log.warning("no form can be sealed: %s", e.code)
    return mark, cookie_for(request, FORM, mark)


async def form_of(request: Asked) -> dict[str, str]:
    """The fields of a form that came from one of our pages; a field that is given twice is its last. `NotAllowed`."""
    return checked_form(request, await sent_form(request))


async def sent_form(request: Asked) -> FormMultiDict:
    """A form as it was sent. `BodyTooLarge` if somebody who is not signed in here sends hundreds of fields."""
    if request.state.get("staff") is None and (await request.body()).count(b"&") > FIELDS_MAX:
        raise BodyTooLarge(f"The form has more than {FIELDS_MAX} fields, and none of ours has as many.")
    return await request.form()


async def fields_of(request: Asked) -> dict[str, str]:
    """The text fields of a form, wherever it came from: to be shown once more, and for nothing else."""
    return {name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)}


def checked_form(request: Asked, sent: FormMultiDict) -> dict[str, str]:
    """The text fields of a form that was read, with or without files; it must come from one of our pages."""
    form = {name: value for name, value in sent.multi_items() if isinstance(value, str)}
    held, brought = request.cookies.get(FORM, ""), form.get("mark", "")
    ours = front_of(request).sessions.is_form_mark(held, _bound_to(request))
    if not ours or not hmac.compare_digest(held.encode(), brought.encode()):
        raise NotAllowed("The form did not come from a page of ours. Open it again.", code="form_is_not_ours")
    return form


def _bound_to(request: Asked) -> str:
    """What a mark is sealed for: the session of whoever is signed in, of the staff or as a holder."""
    holder = request.cookies.get(HOLDER_COOKIE, "")
    return request.cookies.get(SESSION, "") + (f"/{holder}" if holder else "")


def browser_of(request: Asked) -> str:
    """What a browser is known by from page to page, signed in or not: the cookie that its forms are held against."""
    return request.cookies.get(FORM, "")


def cookie_for(request: Asked, key: str, value: str) -> Cookie:
    """A cookie for this server alone that no script reads; sent over TLS only, where the browser came over TLS."""
    secure = "https" in (request.url.scheme, request.headers.get("X-Forwarded-Proto", ""))
    return Cookie(key=key, value=value, path="/", httponly=True, samesite="lax", secure=secure)
