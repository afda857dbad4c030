"""The first page: the few things that people come for, each a large link."""

from litestar import Response, get

from shebaoka.pages import Asked
from shebaoka.portal.frame import MENU, Page


@get("/")
async def get_home(request: Asked) -> Response[bytes]:
    """What people come for, and the hotline."""
    page = Page(request)
    return await page.show("home.html", doors=[(address, page.labels[label]) for address, label in MENU])
