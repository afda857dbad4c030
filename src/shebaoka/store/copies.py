"""Rows of a table as PostgreSQL takes them by COPY in binary form, column by column and then woven into rows.

For people whom nobody has on file, a whole batch at a time. Columns and types are read from the statement by which a
tray saves the same table, so that there is one place that says them. A column that says the same in every row is packed
once. Measured in docs/decisions/0028-people-nobody-has-on-file-by-copy.md.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain, repeat
from struct import Struct
from typing import Any

from shebaoka.records import Broken
from shebaoka.store.arrays import days, microseconds

_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_SIZE = Struct(">i").pack
_NULL = _SIZE(-1)
_COLUMNS = Struct(">h").pack
_TEXT_OID = 25
_ARRAY = Struct(">iiI").pack
_ONE_DIMENSION = Struct(">iiIii").pack

Parts = tuple[Iterable[bytes], ...]
"""A column's values: one or more parts to be joined for each row."""
_Packer = Callable[[Sequence[Any]], Parts]


def _fixed(code: str, size: int, of: Callable[[Any], int] | None = None) -> _Packer:
    """How values of one size are packed."""
    one = Struct(f">i{code}").pack

    def pack(column: Sequence[Any]) -> Parts:
        if None in column:
            return ([_NULL if v is None else one(size, of(v) if of else v) for v in column],)
        return (map(one, repeat(size), map(of, column) if of else column),)

    return pack


_one_day = Struct(">ii").pack
_DAYS_KEPT = 1 << 16


@lru_cache(_DAYS_KEPT)
def _day(day: dt.date | None) -> bytes:
    """A day packed. People share them, and so it is kept."""
    return _NULL if day is None else _one_day(4, days(day))


def _days(column: Sequence[dt.date | None]) -> Parts:
    return (map(_day, column),)


def _texts(column: Sequence[str | bytes | None]) -> Parts:
    """Texts, or in the whole column what is UTF-8 already."""
    if isinstance(column[0], bytes):
        return _sized(column)  # type: ignore[arg-type]
    if None in column:
        return _sized([None if v is None else v.encode() for v in column])  # type: ignore[union-attr]
    return _sized(list(map(str.encode, column)))  # type: ignore[arg-type]


def _sized(column: Sequence[bytes | None]) -> Parts:
    """Values that each say their own size."""
    if None in column:
        return [_NULL if v is None else _SIZE(len(v)) for v in column], [v or b"" for v in column]
    return map(_SIZE, map(len, column)), column  # type: ignore[arg-type, return-value]


def _lists(column: Sequence[str]) -> Parts:
    """Lists of texts, each travelling as one text with commas, as in the statements."""
    return _sized(list(map(_list, column)))


def _list(said: str) -> bytes:
    if not said:
        return _ARRAY(0, 0, _TEXT_OID)
    texts = [one.encode() for one in said.split(",")]
    return _ONE_DIMENSION(1, 0, _TEXT_OID, len(texts), 1) + b"".join(_SIZE(len(t)) + t for t in texts)


_PACKERS: dict[str, _Packer] = {
    "bigint": _fixed("q", 8),
    "smallint": _fixed("h", 2),
    "integer": _fixed("i", 4),
    "date": _days,
    "timestamptz": _fixed("q", 8, microseconds),
    "boolean": _fixed("?", 1),
    "text": _texts,
    "bytea": _sized,
    "list": _lists,
}
_INSERT = re.compile(r"insert into (\w+) \(([^)]*)\)")


class Copied:
    """A table that takes rows by COPY, after the statement by which a tray saves it."""

    def __init__(self, statement: str) -> None:
        found = _INSERT.search(statement)
        if found is None:
            raise Broken("What is copied must be inserted otherwise.")
        names = [name.strip() for name in found[2].split(",")]
        types = re.findall(r"%s::(\w+)\[\]", statement)
        lists = set(re.findall(r"string_to_array\((\w+), ','\)", statement))
        self._packers = tuple(
            _PACKERS["list" if name in lists else kind] for name, kind in zip(names, types, strict=True)
        )
        self._first = _COLUMNS(len(names))
        self.statement = f"copy {found[1]} ({', '.join(names)}) from stdin (format binary)"

    def packed(self, rows: Sequence[tuple[Any, ...]]) -> bytes:
        """Rows in the order of the statement as one stream."""
        woven: list[Iterable[bytes]] = []
        same = self._first
        for pack, column in zip(self._packers, zip(*rows, strict=True), strict=True):
            if column.count(column[0]) == len(column):
                # The same in every row: packed once, and joined with what stands beside it.
                same += b"".join(next(iter(part)) for part in pack(column[:1]))
                continue
            if same:
                woven.append(repeat(same))
                same = b""
            woven += pack(column)
        if same:
            woven.append(repeat(same, len(rows)))
        return b"".join((_BEGIN, *chain.from_iterable(zip(*woven, strict=False)), _END))
