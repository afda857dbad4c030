"""A thread that deletes what was promised to be deleted, while a server runs: bookings of a call, and feedback; and
what is spent (`spent.py`).

`shebaoka calendar run` does the same every night, so that a promise is kept where no server runs, too.
"""

import logging
import threading
from contextlib import AbstractContextManager
from functools import partial

from shebaoka.desk.beside import kept_beside
from shebaoka.desk.bookings import Bookings
from shebaoka.desk.feedback import FeedbackRoom
from shebaoka.desk.spent import Spent
from shebaoka.records import Trouble

log = logging.getLogger(__name__)
LOOKS_EVERY_S = 600
"""How often it is looked whether a day has come."""
AGAIN_AFTER_S = 60
"""How long after a trouble the database is tried again."""


def kept_deleted(bookings: Bookings, feedback: FeedbackRoom, spent: Spent) -> AbstractContextManager[None]:
    """While the block runs, whatever's day has come is deleted, and whatever is spent."""
    return kept_beside("deleting", partial(_keep, bookings, feedback, spent))


def _keep(bookings: Bookings, feedback: FeedbackRoom, spent: Spent, ended: threading.Event) -> None:
    wait_s: float = 0
    while not ended.wait(wait_s):
        try:
            called, said, cleared = bookings.delete_due(), feedback.delete_due(), spent.clear()
        except Trouble as e:
            log.warning("deleting is put off for %s s: %s", AGAIN_AFTER_S, e.code)
            wait_s = AGAIN_AFTER_S
            continue
        if called or said:
            log.info("deleted as promised: bookings %s, feedback %s", called, said)
        if cleared:
            log.info("deleted as spent: %s", cleared)
        wait_s = LOOKS_EVERY_S
