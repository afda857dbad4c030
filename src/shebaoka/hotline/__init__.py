"""The hotline's desk, for operators: callers, bookings to call back, feedback.

`serving` puts it together with the other faces into one web server.
"""

from litestar import Router
from litestar.types import ControllerRouterHandler

from shebaoka.hotline.frame import must_see_calls
from shebaoka.pages import must_be_known

PAGES: list[ControllerRouterHandler] = []


def router() -> Router:
    """The operators' pages under `/hotline`."""
    rooms = Router("/", route_handlers=PAGES, guards=[must_be_known, must_see_calls])
    return Router("/", route_handlers=[rooms], include_in_schema=False)
