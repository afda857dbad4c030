"""A thread that keeps everybody findable by name: it catches up when a server starts, and after a bulk.

Bulk carrying writes nobody's words (`desk/finding.py`), so that it is as quick as it can be; this does it afterwards.
"""

import logging
import threading
from contextlib import AbstractContextManager
from functools import partial

from shebaoka.desk.beside import kept_beside
from shebaoka.desk.finding import Finding
from shebaoka.records import Trouble
from shebaoka.store.finding import Announcements

log = logging.getLogger(__name__)
STOPS_WITHIN_S = 1
AGAIN_AFTER_S = 30
"""How long after a trouble the database is tried again."""


def kept_findable(finding: Finding, url: str) -> AbstractContextManager[None]:
    """While the block runs, everybody without words gets them: now, and whenever somebody announces a bulk."""
    return kept_beside("catching-up", partial(_keep, finding, url))


def _keep(finding: Finding, url: str, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            # It listens before it looks, so that nobody comes in between.
            with Announcements(url) as announcements:
                _catch_up(finding, ended)
                while not ended.is_set():
                    if announcements.heard(STOPS_WITHIN_S):
                        _catch_up(finding, ended)
        except Trouble as e:
            log.warning("catching up is put off for %s s: %s", AGAIN_AFTER_S, e.code)
            ended.wait(AGAIN_AFTER_S)


def _catch_up(finding: Finding, ended: threading.Event) -> None:
    written = 0
    for caught in finding.catch_up():
        written = caught.written
        if ended.is_set():
            break
    if written:
        log.info("people made findable by name: %s", written)
