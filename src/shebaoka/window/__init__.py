"""The service window (综合服务窗口): find a person, see what they may ask for, serve them. See docs/window.md.

`serving` puts it together with the office and the API into one web server.
"""

from litestar import Router

from shebaoka.pages import must_be_known, must_see_people
from shebaoka.window import people

ABOUT_PEOPLE = [people.get_search, people.post_search, people.get_person, people.get_statement]


def router() -> Router:
    """The window's pages, under `/`, for who may see people."""
    return Router("/", route_handlers=ABOUT_PEOPLE, guards=[must_be_known, must_see_people], include_in_schema=False)
