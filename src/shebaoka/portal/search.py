"""The search of the public page: a field, and what is found of clauses, parameters, answers, notices and the guide."""

from litestar import Response, get

from shebaoka.pages import Asked
from shebaoka.portal.finding import SHOWN_MAX, TYPED_MAX
from shebaoka.portal.frame import Page, in_thread, typed
from shebaoka.portal.shelf import Shelf
from shebaoka.web import address_of


@get("/search")
async def get_search(request: Asked) -> Response[bytes]:
    """The field, and what was found; a field that is empty finds nothing, and is no fault."""
    page = Page(request)
    page.front.limits.take("search", address_of(request))
    shelf: Shelf = request.app.state.shelf
    index = await shelf.index(page.language)
    asked = typed(request, "q")

    def shown() -> Response[bytes]:
        found = index.find(asked)
        return page.show_at_once(
            "search.html",
            typed=asked[:TYPED_MAX],
            typed_max=TYPED_MAX,
            cut=len(asked) > TYPED_MAX,
            found=found,
            most=len(found) == SHOWN_MAX,
        )

    return await in_thread(request, shown)
