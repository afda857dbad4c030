"""The public page, for everybody: what the notice says, what to do, where a card is. Nobody signs in as staff here.

`serving` puts it together with the other faces into one web server.
"""

from litestar import Router, get

from shebaoka.pages import FORM_MAX
from shebaoka.portal import asking, ecard, guide, mycard, mychanges, mysignin, mywallets, notice, places, search, where
from shebaoka.portal.frame import Page as Page
from shebaoka.portal.published import FAMILIES as FAMILIES
from shebaoka.portal.shelf import Shelf as Shelf
from shebaoka.portal.shelf import root_of
from shebaoka.portal.straight import get_published
from shebaoka.portal.straight import straight as straight
from shebaoka.portal.turnstile import Turnstile as Turnstile

READING = [
    get([route for family in FAMILIES for route in family.routes])(get_published),
    *(notice.get_notice_on, search.get_search, guide.get_guide),
]
"""Pages that are the same for whoever reads them; the first are published, and made once for all."""
FINDING = [places.get_places, where.get_where, where.post_where, where.get_slip]
"""Where to go by the minute, and where somebody's card is."""

MY = [
    *(mysignin.get_sign_in, mysignin.post_sign_in, mysignin.get_code, mysignin.post_code),
    *(mysignin.get_slip, mysignin.post_slip, mysignin.post_sign_out),
    *(mycard.get_card, mycard.get_statement, mycard.get_looks),
    *(mychanges.get_loss, mychanges.post_loss, mychanges.get_telephone, mychanges.post_telephone),
    *(mychanges.get_telephone_code, mychanges.post_telephone_code),
    *(mychanges.post_messages, mychanges.get_answered),
    *(ecard.get_ecard, ecard.get_code, ecard.post_wallet, ecard.get_wallet),
    *(mywallets.get_wallets, mywallets.post_wallets),
]
"""What a holder sees who has shown who they are."""

ASKING = [
    *(asking.get_booking, asking.post_booking, asking.get_feedback, asking.post_feedback),
    *(asking.get_follow, asking.post_follow, asking.get_followed, asking.post_withdraw),
]
"""Forms: bookings of a call, feedback, and following them up."""


def router() -> Router:
    """The public pages under `/`."""
    handlers = [*READING, *FINDING, *MY, *ASKING]
    return Router("/", route_handlers=handlers, include_in_schema=False, request_max_body_size=FORM_MAX)


def roots() -> frozenset[str]:
    """The first parts of the public page's addresses."""
    return frozenset(root_of(route.path) for route in router().routes)
