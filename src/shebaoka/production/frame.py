"""A page of card production, and what was typed wrongly in its language."""

from typing import ClassVar

from shebaoka.pages import Page as AnyPage
from shebaoka.pages import Room, with_labels
from shebaoka.production.batchlabels import BATCHES
from shebaoka.production.deliverylabels import DELIVERIES
from shebaoka.production.outboxlabels import OUTBOX
from shebaoka.production.stocklabels import STOCK
from shebaoka.records import Trouble

LABELS = with_labels(BATCHES, OUTBOX, STOCK, DELIVERIES)


class Page(AnyPage):
    """A page with card production's templates and words."""

    ROOM: ClassVar[Room] = Room("shebaoka.production", LABELS)

    def fault(self, trouble: Trouble) -> str:
        """What was wrong with what came in, in the page's language where there are words for it."""
        return self.labels.get(f"fault_{trouble.code}") or str(trouble)
