"""The service window (综合服务窗口): find a person, see what they may ask for, serve them. See docs/window.md.

`serving` puts it together with the office and the API into one web server.
"""

from litestar import Router

from shebaoka.pages import must_be_known, must_see_people
from shebaoka.window import people, till

ABOUT_PEOPLE = [people.get_search, people.post_search, people.get_person, people.get_statement]
ABOUT_TILLS = [
    *(till.get_till, till.get_sheet, till.get_receipt),
    *(till.post_receive, till.post_give_back, till.post_void, till.post_refund, till.post_float, till.post_close),
]


def router() -> Router:
    """The window's pages, under `/`: those for who may see people, and those for who takes fees or sees tills."""
    people_ = Router("/", route_handlers=ABOUT_PEOPLE, guards=[must_be_known, must_see_people])
    tills = Router("/", route_handlers=ABOUT_TILLS, guards=[must_be_known, till.must_see_a_till])
    return Router("/", route_handlers=[people_, tills], include_in_schema=False)
