"""The electronic card of whoever is signed in: its code for a minute, and the way into a wallet. Clause 3.3.

No page keeps a code: each is made for the answer that shows it. The script exchanges it some times and then waits to be
asked, so that a telephone that was put away does not keep its session open.
"""

from typing import Any

import segno
from litestar import Response, get, post
from markupsafe import Markup

from shebaoka.desk import Code, Offered, PersonScreen
from shebaoka.numbers import mask_name
from shebaoka.pages import Asked, form_of, manner, moved_to
from shebaoka.portal.frame import Page, in_thread
from shebaoka.portal.mysignin import holder_of
from shebaoka.portal.sentforms import sent_once
from shebaoka.records import Answer

ROOT = "/my/ecard"
EXCHANGES = 10
"""How often the script asks for the next code by itself."""


def _screen(page: Page, person_id: int) -> PersonScreen:
    return page.front.person(page.front.screens.number_of(person_id))


def _picture(text: str, label: str) -> Markup:
    """A QR code as SVG. What segno draws is its own path of numbers, and its title is escaped by it."""
    drawn = segno.make(text, error="m", micro=False)
    made = drawn.svg_inline(border=4, light="#fff", svgclass="qr", lineclass=None, omitsize=True, title=label)
    return Markup(made)  # noqa: S704


def _shown(page: Page, person_id: int) -> dict[str, Any]:
    """What the code's part of the page is handed: the code, or why there is none."""
    screen = _screen(page, person_id)
    found = page.front.ecards.shown(screen.person_id, screen.dossier)
    if isinstance(found, Code):
        until = found.until_at.astimezone(page.front.notices.zone)
        return {
            "picture": _picture(found.text, page.labels["ecard_picture"]),
            "until": f"{until:%H:%M:%S}",
            "kind": page.said.words.cards[found.card.kind],
            "name": mask_name(screen.dossier.person.name) if screen.dossier.person else "",
            "no": "",
        }
    return _refused(page, found)


def _refused(page: Page, answer: Answer) -> dict[str, Any]:
    speech = page.said_of(answer.notice).speech
    return {"no": speech.says(answer), "do": list(speech.do(answer)), "clause": answer.clause}


@get(ROOT)
async def get_ecard(request: Asked) -> Response[bytes]:
    """The code of now, or the sentence and clause by which a terminal would refuse the card."""
    holder, page = await holder_of(request), Page(request)
    page.front.limits.take("ecard", str(holder.person_id))

    def show() -> Response[bytes]:
        wallets = bool(page.front.wallets.issuer)
        return page.show_at_once("ecard.html", wallets=wallets, exchanges=EXCHANGES, **_shown(page, holder.person_id))

    return await in_thread(request, show)


@get(f"{ROOT}/code")
async def get_code(request: Asked) -> Response[bytes]:
    """The part of the page that changes, for its script."""
    holder, page = await holder_of(request), Page(request)
    page.front.limits.take("ecard", str(holder.person_id))
    return await in_thread(request, lambda: page.show_at_once("ecardcode.html", **_shown(page, holder.person_id)))


@post(f"{ROOT}/wallet", status_code=200)
@sent_once
async def post_wallet(request: Asked) -> Response[bytes]:
    """An offer for a wallet. The page itself shows it: asked for again it would be another one."""
    await form_of(request)
    holder, page = await holder_of(request), Page(request)
    page.front.limits.take("ecard_wallet", str(holder.person_id))
    wallets = page.front.wallets
    if not wallets.issuer:
        return moved_to(ROOT)

    def show() -> Response[bytes]:
        made = wallets.offer(_screen(page, holder.person_id))
        if not isinstance(made, Offered):
            return page.show_at_once("ecard.html", wallets=True, exchanges=EXCHANGES, **_refused(page, made))
        link = wallets.link(made)
        until = made.until_at.astimezone(page.front.notices.zone)
        return page.show_at_once(
            "ecardwallet.html",
            link=link,
            picture=_picture(link, page.labels["ecard_wallet_picture"]),
            tx_code=f"{made.tx_code[:3]} {made.tx_code[3:]}",
            until=f"{until:%H:%M}",
        )

    return await in_thread(request, show)


@get(f"{ROOT}/wallet")
async def get_wallet(request: Asked) -> Response[bytes]:
    """An offer is asked for by a key of the page."""
    await holder_of(request)
    return moved_to(ROOT, *manner.kept(request))
