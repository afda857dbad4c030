"""Columns of values as PostgreSQL array literals, one text for each column of a statement.

psycopg writes arrays too, at a cost that was half of a tray's time in Python (`make bench-desk`): it looks at every
value and escapes by regular expression. Here a statement names its types once, and a column is joined in one go.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

_NEEDS_ESCAPE = re.compile(r'[\\"]')


def _plain(values: Iterable[Any]) -> str:
    """Numbers and days, which need no quotes."""
    return "{" + ",".join(["NULL" if v is None else str(v) for v in values]) + "}"


def text_array(values: Iterable[str | None]) -> str:
    """Texts, each in quotes."""
    return (
        "{"
        + ",".join(
            [
                "NULL"
                if v is None
                else '"' + (v.replace("\\", "\\\\").replace('"', '\\"') if _NEEDS_ESCAPE.search(v) else v) + '"'
                for v in values
            ]
        )
        + "}"
    )


def _quoted(values: Iterable[Any]) -> str:
    """Instants, which hold a space."""
    return "{" + ",".join(["NULL" if v is None else f'"{v}"' for v in values]) + "}"


def _bytes(values: Iterable[bytes | None]) -> str:
    return "{" + ",".join(["NULL" if v is None else f'"\\\\x{v.hex()}"' for v in values]) + "}"


def _booleans(values: Iterable[bool]) -> str:
    return "{" + ",".join(["t" if v else "f" for v in values]) + "}"


_ENCODERS: dict[str, Callable[[Iterable[Any]], str]] = {
    "bigint": _plain,
    "smallint": _plain,
    "integer": _plain,
    "date": _plain,
    "text": text_array,
    "timestamptz": _quoted,
    "bytea": _bytes,
    "boolean": _booleans,
}


def encoders_of(statement: str) -> list[Callable[[Iterable[Any]], str]]:
    """How each `%s::type[]` of a statement is written, in order."""
    return [_ENCODERS[kind] for kind in re.findall(r"%s::(\w+)\[\]", statement)]


def columns(encoders: Sequence[Callable[[Iterable[Any]], str]], rows: Iterable[tuple[Any, ...]]) -> list[str]:
    """Rows turned into one array literal per column."""
    return [encode(column) for encode, column in zip(encoders, zip(*rows, strict=True), strict=True)]
