"""A trip to the database: prepared statements sent at once, and their answers read together.

psycopg's own pipeline sends each statement by itself and looks for answers in between; a cursor, an adapter and a
wake-up of the server for each cost as much as deciding. Here values are packed already, and everything goes out in one
go through psycopg's binding of libpq. Measured in docs/decisions/0023-trips-through-libpq.md.
"""

import itertools
import re
from collections.abc import Generator, Sequence
from typing import Any

import psycopg
from psycopg import errors
from psycopg.adapt import Transformer
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

Rows = list[tuple[Any, ...]]
_numbers = itertools.count(1)


class Prepared:
    """A statement under the name that it is prepared by; its values stand as `%s` or `%(name)s`, each with a type."""

    __slots__ = ("name", "text")

    def __init__(self, statement: str) -> None:
        places: dict[str, int] = {}

        def numbered(match: re.Match[str]) -> str:
            place = match[1] or f" {len(places)}"
            return f"${places.setdefault(place, len(places) + 1)}"

        self.name = b"shebaoka_%d" % next(_numbers)
        self.text = re.sub(r"%(?:\((\w+)\))?s", numbered, statement).encode()


Sent = tuple[Prepared, Sequence[bytes]]
"""A statement with its values, each packed in binary form."""


class Wire:
    """One connection's trips."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self._known: set[bytes] = set()

    def trip(self, statements: Sequence[Sent]) -> list[Rows]:
        """Send all, and give each one's rows, in order. Raises what the server says of the first that failed.

        A trip is one transaction, which needs no word for its beginning and end: what is sent before one sync is done
        whole, and committed before the sync is answered, or not at all. After an error of the server's the connection
        is as good as before; after any other it is of no use any more.
        """
        pgconn = self._connection.pgconn
        pgconn.enter_pipeline_mode()
        news: list[bytes | None] = []
        for statement, values in statements:
            if statement.name not in self._known:
                pgconn.send_prepare(statement.name, statement.text)
                news.append(statement.name)
            pgconn.send_query_prepared(statement.name, values, [Format.BINARY] * len(values), Format.BINARY)
            news.append(None)
        pgconn.pipeline_sync()
        found = self._connection.wait(_fetched(pgconn))
        pgconn.exit_pipeline_mode()
        # The last is the sync's. An error of the commit itself stands before it, and belongs to no statement.
        for name, result in zip(news, found, strict=False):
            if name is not None and result.status == ExecStatus.COMMAND_OK:
                self._known.add(name)
        for result in found:
            if result.status == ExecStatus.FATAL_ERROR:
                raise errors.error_from_result(result, encoding="utf-8")
        return [self._rows(result) for name, result in zip(news, found, strict=False) if name is None]

    def _rows(self, result: PGresult) -> Rows:
        if not result.ntuples:
            return []
        transformer = Transformer(self._connection)
        transformer.set_pgresult(result, format=Format.BINARY)
        return transformer.load_rows(0, result.ntuples, tuple)


def _fetched(pgconn: PGconn) -> Generator[Any, Any, list[PGresult]]:
    """Everything goes out, and results come in until the sync's."""
    yield from send(pgconn)
    found: list[PGresult] = []
    while not found or found[-1].status != ExecStatus.PIPELINE_SYNC:
        found += yield from fetch_many(pgconn)
    return found
