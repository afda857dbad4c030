"""A page of the window, and what was typed wrongly in its language."""

from typing import ClassVar

from shebaoka.pages import Page as AnyPage
from shebaoka.pages import Room, with_labels
from shebaoka.photo import photo_words
from shebaoka.records import Trouble
from shebaoka.window.bulklabels import BULK
from shebaoka.window.labels import WINDOW
from shebaoka.window.telephonelabels import TELEPHONE
from shebaoka.window.tilllabels import TILL

LABELS = with_labels(WINDOW, TILL, BULK, TELEPHONE)


class Page(AnyPage):
    """A page with the window's templates and words."""

    ROOM: ClassVar[Room] = Room("shebaoka.window", LABELS)

    def fault(self, trouble: Trouble) -> str:
        """What was wrong with what came in, in the page's language where there are words for it."""
        worded = self.labels.get(f"fault_{trouble.code}") or photo_words(self.language).troubles.get(trouble.code)
        return worded or str(trouble)
