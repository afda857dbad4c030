"""A thread that sends the outbox while a server runs, and once an hour puts in the reminders of uncollected cards."""

import datetime as dt
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from shebaoka.desk.beside import kept_beside
from shebaoka.desk.fresh import Clock
from shebaoka.desk.outbox import Carrier, Outbox, Round
from shebaoka.records import Trouble

log = logging.getLogger(__name__)
LOOKS_EVERY_S = 5
"""How often the outbox is looked at: desks of other processes write into it as well."""
DOWN_FOR_S = 60
"""How long a carrier that answers nobody is left alone, and the database after a trouble."""
REMINDS_EVERY = dt.timedelta(hours=1)


@contextmanager
def kept_sent(outbox: Outbox, carrier: Carrier | None, clock: Clock) -> Iterator[None]:
    """While the block runs, what is due is sent by the carrier; without one it waits."""
    if carrier is None:
        yield
        return
    with kept_beside("sending", partial(_keep, outbox, carrier, clock)):
        yield


def _keep(outbox: Outbox, carrier: Carrier, clock: Clock, ended: threading.Event) -> None:
    reminded_at: dt.datetime | None = None
    wait_s: float = 0
    while not ended.wait(wait_s):
        try:
            if reminded_at is None or clock() - reminded_at >= REMINDS_EVERY:
                reminded_at = clock()
                if reminded := outbox.remind():
                    log.info("reminders put into the outbox: %s", reminded)
            done = outbox.send_due(carrier, ended.is_set)
        except Trouble as e:
            log.warning("sending is put off for %s s: %s", DOWN_FOR_S, e.code)
            wait_s = DOWN_FOR_S
            continue
        _tell(done)
        wait_s = DOWN_FOR_S if done.down else LOOKS_EVERY_S


def _tell(done: Round) -> None:
    """What a round came to, by numbers alone."""
    if done.tried:
        log.info(
            "outbox: sent %s, later %s, given up %s, without a telephone %s, no longer so %s",
            *(done.sent, done.later, done.given_up, done.untold, done.overtaken),
        )
    if done.down:
        log.warning("the carrier answers nobody; the outbox is tried again in %s s", DOWN_FOR_S)
