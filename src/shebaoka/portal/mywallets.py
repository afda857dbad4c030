"""What wallets hold of a holder's card, and its end: for whoever's telephone is gone while the card is not. Clause 3.3.

The look stands in the journal first, with why and which. It is done whatever the notice answers of looks here: nobody
is kept from ending what is theirs.
"""

from typing import Any

from litestar import Response, get, post

from shebaoka.desk import HOLDER_COOKIE, Held, Holder, PersonScreen
from shebaoka.pages import Asked, chosen, form_of, held_shown, moved_to
from shebaoka.portal.frame import Page, in_thread
from shebaoka.portal.mycard import whose
from shebaoka.portal.mysignin import form_page, holder_of, looked
from shebaoka.portal.sentforms import sent_once

ROOT = "/my/wallets"


async def _held(page: Page, holder: Holder) -> tuple[PersonScreen, Held]:
    front = page.front

    def read() -> tuple[PersonScreen, Held]:
        screen = front.person(front.screens.number_of(holder.person_id))
        return screen, front.held_credentials.of(screen)

    return await in_thread(page.request, read)


async def _shown(
    page: Page, screen: PersonScreen, held: Held, faults: list[tuple[str, str]], typed: dict[str, str]
) -> Response[bytes]:
    credentials, offered = held_shown(page, held)
    told = [(field, page.labels[label]) for field, label in faults]
    done = page.request.query_params.get("done", "") == "ended"
    values: dict[str, Any] = {"whose": whose(screen), "credentials": credentials, "offered": offered, "done": done}
    return await form_page(page, "mywallets.html", told, typed, **values)


@get(ROOT)
async def get_wallets(request: Asked) -> Response[bytes]:
    """The credentials whose time is not over, and the form that ends one or all."""
    holder, page = await holder_of(request), Page(request)
    page.front.limits.take("ecard", str(holder.person_id))
    return await _shown(page, *await _held(page, holder), [], {})


@post(ROOT, status_code=200)
@sent_once
async def post_wallets(request: Asked) -> Response[bytes]:
    """End what was chosen, once it was confirmed; what is ended already stays so, and is told alike."""
    form = await form_of(request)
    holder, page = await holder_of(request), Page(request)
    front = page.front
    front.limits.take("ecard", str(holder.person_id))
    screen, held = await _held(page, holder)
    choice = chosen(form, held)
    if choice.faults:
        return await _shown(page, screen, held, choice.faults, form)
    if reason := held.reason(choice.place):
        await looked(front, await in_thread(request, front.screens.number_of, holder.person_id), reason)
        session = front.holders.digest_of(request.cookies.get(HOLDER_COOKIE, ""))
        await in_thread(request, front.held_credentials.end_own, holder.person_id, choice.place, session)
    return moved_to(f"{ROOT}?done=ended")
