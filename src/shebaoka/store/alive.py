"""Whether a connection that was kept between two uses still lives.

Asking the database costs a trip, and for a page that was every second one. A server that ends a connection says so on
it, and a look at the socket tells that for nothing.
"""

import select
from time import monotonic
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

IDLE_S = 2.0
"""A connection on which nothing was said for so long is asked, and not only looked at."""


class Kept(psycopg.Connection[Any]):
    """A connection of a pool, which remembers when it was last known to live."""

    lived_at = 0.0


def has_ended(connection: psycopg.Connection[Any]) -> bool:
    """Whether something came in on a connection on which nothing was asked: its end, and hardly ever anything else."""
    if connection.closed:
        return True
    looking = select.poll()
    looking.register(connection.fileno(), select.POLLIN)
    return bool(looking.poll(0))


def check(connection: Kept) -> None:
    """A pool's check of a connection before it is lent. An error if it does not live, and the pool makes another."""
    if has_ended(connection) or monotonic() - connection.lived_at > IDLE_S:
        ConnectionPool.check_connection(connection)
    connection.lived_at = monotonic()
