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

        After such an error a transaction that the trip began waits for `roll_back`. After any other the connection is
        of no use any more.
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
        found = self._connection.wait(_fetched(pgconn, len(news) + 1))
        pgconn.exit_pipeline_mode()
        failed: PGresult | None = None
        results: list[PGresult] = []
        for name, result in zip(news, found, strict=False):
            if result.status == ExecStatus.FATAL_ERROR:
                failed = failed or result
            elif name is None:
                results.append(result)
            elif result.status == ExecStatus.COMMAND_OK:
                self._known.add(name)
        if failed is not None:
            raise errors.error_from_result(failed, encoding="utf-8")
        return [self._rows(result) for result in results]

    def roll_back(self) -> None:
        """Undo what a failed trip began."""
        result = self._connection.pgconn.exec_(b"rollback")
        if result.status != ExecStatus.COMMAND_OK:
            raise errors.error_from_result(result, encoding="utf-8")

    def _rows(self, result: PGresult) -> Rows:
        if not result.ntuples:
            return []
        transformer = Transformer(self._connection)
        transformer.set_pgresult(result, format=Format.BINARY)
        return transformer.load_rows(0, result.ntuples, tuple)


def _fetched(pgconn: PGconn, expected: int) -> Generator[Any, Any, list[PGresult]]:
    """Everything goes out, and as many results come in."""
    yield from send(pgconn)
    found: list[PGresult] = []
    while len(found) < expected:
        found += yield from fetch_many(pgconn)
    return found
