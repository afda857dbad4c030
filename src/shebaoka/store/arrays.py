"""Columns of values as PostgreSQL arrays in their binary form, one parameter for each column of a statement.

psycopg writes arrays too, at a cost that was half of a tray's time in Python; literals of our own cost a fifth, and the
server still had to read every value out of its text. Here a column is packed in one go, and nothing is escaped or read
again. Measured in docs/decisions/0006-own-array-literals.md.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from struct import Struct
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = Struct(">iiIii").pack
_SIZE = Struct(">i").pack
_NULL = _SIZE(-1)
_EMPTY = Struct(">iiI").pack
_EPOCH_DAY = dt.date(2000, 1, 1).toordinal()
_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class _Packed(bytes):
    """An array in its binary form; the subclass says of what."""

    __slots__ = ()


def _packed_type(name: str, array_oid: int) -> type[_Packed]:
    """A type of packed array, which psycopg hands over as it is."""
    packed = type(name, (_Packed,), {"__slots__": ()})
    dumper = type(
        f"{name}Dumper",
        (Dumper,),
        {"format": Format.BINARY, "oid": array_oid, "dump": lambda self, obj: obj},  # noqa: ARG005
    )
    psycopg.adapters.register_dumper(packed, dumper)
    return packed


_BIGINTS = _packed_type("Bigints", 1016)
_SMALLINTS = _packed_type("Smallints", 1005)
_INTEGERS = _packed_type("Integers", 1007)
_DATES = _packed_type("Dates", 1182)
_INSTANTS = _packed_type("Instants", 1185)
_TEXTS = _packed_type("Texts", 1009)
_BYTEAS = _packed_type("Byteas", 1001)
_BOOLEANS = _packed_type("Booleans", 1000)


def _fixed(packed: type[_Packed], oid: int, code: str, size: int, of: Callable[[Any], int] | None) -> "_Encoder":
    """An encoder of values that are all of one size: packed by one format, or one by one where some are null."""
    one = Struct(f">i{code}").pack
    formats: dict[int, Callable[..., bytes]] = {}

    def encode(values: Iterable[Any]) -> bytes:
        column = list(values)
        n = len(column)
        if not n:
            return packed(_EMPTY(0, 0, oid))
        if None in column:
            body = b"".join([_NULL if v is None else one(size, of(v) if of else v) for v in column])
            return packed(_HEAD(1, 1, oid, n, 1) + body)
        flat = [size] * (2 * n)
        flat[1::2] = [of(v) for v in column] if of else column
        form = formats.get(n)
        if form is None:
            form = formats[n] = Struct(">" + f"i{code}" * n).pack
        return packed(_HEAD(1, 0, oid, n, 1) + form(*flat))

    return encode


def _texts(values: Iterable[str | bytes | None]) -> bytes:
    """Texts, or what is UTF-8 already."""
    column = list(values)
    try:
        return _TEXTS(_sized(25, list(map(str.encode, column))))  # type: ignore[arg-type]
    except TypeError:
        return _TEXTS(_sized(25, [v.encode() if isinstance(v, str) else v for v in column]))


def _bytes(values: Iterable[bytes | None]) -> bytes:
    return _BYTEAS(_sized(17, list(values)))


def _sized(oid: int, column: Sequence[bytes | None]) -> bytes:
    """Values that each say their own size."""
    n = len(column)
    if not n:
        return _EMPTY(0, 0, oid)
    parts: list[bytes] = [b""] * (2 * n + 1)
    if None in column:
        parts[0] = _HEAD(1, 1, oid, n, 1)
        parts[1::2] = [_NULL if v is None else _SIZE(len(v)) for v in column]
        parts[2::2] = [v or b"" for v in column]
    else:
        parts[0] = _HEAD(1, 0, oid, n, 1)
        parts[1::2] = map(_SIZE, map(len, column))  # type: ignore[arg-type]
        parts[2::2] = column  # type: ignore[assignment]
    return b"".join(parts)


def text_array(values: Iterable[str | None]) -> bytes:
    """Texts as one parameter."""
    return _texts(values)


def days(day: dt.date) -> int:
    """A day as PostgreSQL counts it: days since 1 January 2000."""
    return day.toordinal() - _EPOCH_DAY


def microseconds(at: dt.datetime) -> int:
    """An instant as PostgreSQL counts it: microseconds since 1 January 2000."""
    return (at - _EPOCH) // _MICROSECOND


_Encoder = Callable[[Iterable[Any]], bytes]
_ENCODERS: dict[str, _Encoder] = {
    "bigint": _fixed(_BIGINTS, 20, "q", 8, None),
    "smallint": _fixed(_SMALLINTS, 21, "h", 2, None),
    "integer": _fixed(_INTEGERS, 23, "i", 4, None),
    "date": _fixed(_DATES, 1082, "i", 4, days),
    "timestamptz": _fixed(_INSTANTS, 1184, "q", 8, microseconds),
    "boolean": _fixed(_BOOLEANS, 16, "?", 1, None),
    "text": _texts,
    "bytea": _bytes,
}


def encoders_of(statement: str) -> list[_Encoder]:
    """How each `%s::type[]` of a statement is written, in order."""
    return [_ENCODERS[kind] for kind in re.findall(r"%s::(\w+)\[\]", statement)]


def columns(encoders: Sequence[_Encoder], rows: Iterable[tuple[Any, ...]]) -> list[bytes]:
    """Rows turned into one array per column."""
    return [encode(column) for encode, column in zip(encoders, zip(*rows, strict=True), strict=True)]
