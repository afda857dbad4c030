"""A page of the hotline's desk, and who may open one."""

from typing import Any, ClassVar

from litestar.connection import ASGIConnection

from shebaoka.desk import Right, Staff
from shebaoka.hotline.bookinglabels import BOOKINGS
from shebaoka.hotline.calllabels import CALLS
from shebaoka.pages import ABOUT, Room, with_labels
from shebaoka.pages import Page as AnyPage
from shebaoka.records import NotAllowed, TooManyTries, Trouble

LABELS = with_labels(CALLS, ABOUT, BOOKINGS)


def must_see_calls(connection: ASGIConnection[Any, Any, Any, Any], _: object) -> None:
    """A guard behind `must_be_known`: the role answers callers, or may see what came of it. `NotAllowed`."""
    staff: Staff = connection.state.staff
    if not staff.may(Right.SEE_CALLS) and not staff.may(Right.SERVE_CALLERS):
        raise NotAllowed("The hotline's desk is for operators, and for whoever oversees them.")


class Page(AnyPage):
    """A page with the hotline's templates and words."""

    ROOM: ClassVar[Room] = Room("shebaoka.hotline", LABELS)

    def fault(self, trouble: Trouble) -> str:
        """What was wrong with what came in, in the page's language where there are words for it."""
        worded = self.labels.get(f"fault_{trouble.code}") or str(trouble)
        return worded.format(-(-trouble.wait_s // 60)) if isinstance(trouble, TooManyTries) else worded
