"""A page of the window."""

from typing import ClassVar

from shebaoka.pages import Page as AnyPage
from shebaoka.pages import Room, with_labels
from shebaoka.window.labels import WINDOW
from shebaoka.window.tilllabels import TILL

LABELS = with_labels(WINDOW, TILL)


class Page(AnyPage):
    """A page with the window's templates and words."""

    ROOM: ClassVar[Room] = Room("shebaoka.window", LABELS)
