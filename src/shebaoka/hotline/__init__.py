"""The hotline's desk, for operators: callers, bookings to call back, feedback.

`serving` puts it together with the other faces into one web server.
"""

from litestar import Router
from litestar.types import ControllerRouterHandler

from shebaoka.hotline import bookings, calls, overseeing, serving
from shebaoka.hotline.frame import must_see_calls
from shebaoka.pages import must_be_known

PAGES: list[ControllerRouterHandler] = [
    *(calls.get_desk, calls.post_begin, calls.get_call, calls.get_answered),
    *(calls.post_claim, calls.post_answers, serving.post_service, serving.post_hand_over, calls.post_end),
    *(overseeing.get_calls, overseeing.get_record),
    *(bookings.get_bookings, bookings.get_booking, bookings.post_booking),
    *(bookings.get_feedbacks, bookings.get_feedback, bookings.post_feedback),
]


def router() -> Router:
    """The operators' pages under `/hotline`."""
    rooms = Router("/", route_handlers=PAGES, guards=[must_be_known, must_see_calls])
    return Router("/", route_handlers=[rooms], include_in_schema=False)
