"""The office's pages, for people: the city in numbers, the journal, dossiers, clauses, imports. See docs/office.md."""

from litestar import Router, get
from litestar.types import Middleware

from shebaoka.office.sessions import stores as stores
from shebaoka.web import Front


@get("/", include_in_schema=False, media_type="text/html")
async def get_today() -> str:
    """A first page, for the time being."""
    return "<!doctype html><title>shebaoka</title>"


def router(front: Front) -> Router:  # noqa: ARG001 - handlers find the front among the dependencies
    """The pages under `/`."""
    return Router("/", route_handlers=[get_today], include_in_schema=False)


def middleware() -> list[Middleware]:
    """What every request passes through: nothing of the office's own."""
    return []
