"""A page of the office."""

from typing import ClassVar

from shebaoka.office.articlelabels import ARTICLES
from shebaoka.office.daylabels import DAY
from shebaoka.office.draftlabels import DRAFTS
from shebaoka.office.importlabels import IMPORTS
from shebaoka.office.partnerlabels import PARTNERS
from shebaoka.office.windowlabels import WINDOWS
from shebaoka.pages import Page as AnyPage
from shebaoka.pages import Room, with_labels

LABELS = with_labels(IMPORTS, DRAFTS, WINDOWS, PARTNERS, DAY, ARTICLES)


class Page(AnyPage):
    """A page with the office's templates and words."""

    ROOM: ClassVar[Room] = Room("shebaoka.office", LABELS)
