"""The public page, for everybody: what the notice says, what to do, where a card is. Nobody signs in as staff here.

`serving` puts it together with the other faces into one web server.
"""

from litestar import Router, get

from shebaoka.portal import guide, notice, places, search
from shebaoka.portal.frame import Page as Page
from shebaoka.portal.published import FAMILIES as FAMILIES
from shebaoka.portal.shelf import Shelf as Shelf
from shebaoka.portal.straight import get_published
from shebaoka.portal.straight import straight as straight

READING = [
    get([route for family in FAMILIES for route in family.routes])(get_published),
    *(notice.get_notice_on, search.get_search, guide.get_guide),
]
"""Pages that are the same for whoever reads them; the first are published, and made once for all."""
FINDING = [places.get_places]
"""Where to go, by the minute."""


def router() -> Router:
    """The public pages under `/`."""
    return Router("/", route_handlers=[*READING, *FINDING], include_in_schema=False)
