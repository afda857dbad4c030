"""A public page: its own frame, put together in the few threads that the public has (`in_thread`)."""

from functools import partial
from typing import Any, ClassVar

from litestar import Response

from shebaoka.desk import draw_once
from shebaoka.pages import Asked, Room
from shebaoka.pages import Page as AnyPage
from shebaoka.portal.labels import LABELS
from shebaoka.web import in_public_thread

in_thread = in_public_thread
"""What a public page does apart from the loop that serves everybody."""
MENU = (
    ("/guide", "menu_guide"),
    ("/notice", "menu_notice"),
    ("/where", "menu_where"),
    ("/places", "menu_places"),
    ("/my", "menu_my"),
    ("/booking", "menu_booking"),
    ("/feedback", "menu_feedback"),
)
"""What the menu of the public page names: address and label."""


def typed(request: Asked, name: str) -> str:
    """What was typed into a field of an address. Characters that cannot be seen are no words, and are left out."""
    return "".join(c if c.isprintable() else " " for c in request.query_params.get(name, "")).strip()


class Page(AnyPage):
    """A page with the public's frame, templates and words; nobody is signed in as staff."""

    ROOM: ClassVar[Room] = Room("shebaoka.portal", LABELS)

    async def show(self, template: str, /, *, status: int = 200, **values: Any) -> Response[bytes]:
        """The page as a response, put together in one of the public's threads."""
        return await in_thread(self.request, partial(self.show_at_once, template, status=status, **values))

    def _menu(self) -> list[tuple[str, str, bool]]:
        """The pages that the menu names, of those that there are."""
        return [(address, self.labels[label], True) for address, label in MENU]

    def _frame(self, mark: str) -> dict[str, Any]:
        """What every page is handed; `once` draws the word by which a form that is sent twice is known."""
        return super()._frame(mark) | {"once": draw_once}
