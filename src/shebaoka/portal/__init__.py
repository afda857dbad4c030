"""The public page, for everybody: what the notice says, what to do, where a card is. Nobody signs in as staff here.

`serving` puts it together with the other faces into one web server.
"""

from litestar import Router

from shebaoka.portal import home
from shebaoka.portal.frame import Page as Page

READING = [home.get_home]
"""Pages that are the same for whoever reads them."""


def router() -> Router:
    """The public pages under `/`."""
    return Router("/", route_handlers=[*READING], include_in_schema=False)
