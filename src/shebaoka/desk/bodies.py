"""The text of an old card's records, kept by year: it comes beside a carry-over, or is made of what stands in it.

Clause 1.2. The request, and so the journal, holds a digest of each year's text, so that the entry proves the text.
"""

import functools
import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from shebaoka.records import Accepted, Ask, BadInput, CarryOverAccount, Decision, OldRecord, RecordsOfYear

_encode = msgspec.json.Encoder().encode


@functools.lru_cache(1 << 13)
def digest_of(body: bytes) -> str:
    """The SHA-256 of a text in hexadecimal; of the texts of some batches it is worked out once."""
    return hashlib.sha256(body).hexdigest()


def counted(year: int, records: Iterable[OldRecord]) -> tuple[RecordsOfYear, bytes]:
    """A year's records counted and summed, and their text."""
    records = tuple(records)
    body = _encode(records)
    total_fen, account_fen = sum([r.total_fen for r in records]), sum([r.account_fen for r in records])
    return RecordsOfYear(year, len(records), total_fen, account_fen, digest_of(body)), body


def by_year(records: Iterable[OldRecord]) -> list[tuple[RecordsOfYear, bytes]]:
    """Records gathered by year, each year with its text; within a year they stay in their order."""
    gathered: dict[int, list[OldRecord]] = {}
    for record in records:
        gathered.setdefault(record.on.year, []).append(record)
    return [counted(year, gathered[year]) for year in sorted(gathered)]


def unfit_bodies(ask: Ask) -> BadInput | None:
    """The trouble of texts that are not those of the request's digests; None for all else.

    Whether a text comes to what the request counts is not looked at here, once a person of a bulk load: whoever counts
    makes the text, and `journal verify --replay` looks.
    """
    request = ask.request
    years = request.years if isinstance(request, CarryOverAccount) else ()
    if len(years) != len(ask.bodies):
        first = f" of {years[len(ask.bodies)].year}" if len(ask.bodies) < len(years) else ""
        return _unfit(f"there are {len(years)} years and {len(ask.bodies)} texts; the text{first} does not fit")
    for said, body in zip(years, ask.bodies, strict=True):
        if digest_of(body) != said.digest:
            return _unfit(f"the text of {said.year} is not the one that its digest was made of")
    return None


def _unfit(fault: str) -> BadInput:
    unfit = BadInput(f"request.years: {fault}. Nothing was done; correct it and send it again.")
    unfit.field = "request.years"
    return unfit


def carried_rows(person_id: int, seq: int, ask: Ask, decision: Accepted) -> list[tuple[Any, ...]]:
    """A row for each year whose records a carry-over brings along, in the order of its statement."""
    carried: Iterable[tuple[RecordsOfYear, bytes]] = ()
    if decision.records:
        carried = by_year(decision.records)
    elif isinstance(ask.request, CarryOverAccount):
        named, years = zip(ask.request.years, ask.bodies, strict=True), decision.years
        carried = [(year, body) for year, body in named if year in years]
    return [(person_id, seq, y.year, y.count, y.total_fen, y.account_fen, body) for y, body in carried]


class KeptYear(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A year's records as the store has them."""

    year: int
    count: int
    total_fen: int
    account_fen: int
    text: str


_records = msgspec.json.Decoder(tuple[OldRecord, ...]).decode
_kept_years = msgspec.json.Decoder(tuple[KeptYear, ...]).decode


def kept_years(said: str | None) -> tuple[KeptYear, ...]:
    """The years that an entry carried over, from their column."""
    return () if said is None else _kept_years(said)


def carries(decision: Decision, kept: tuple[KeptYear, ...]) -> bool:
    """Whether what is kept is what a decision carries over, and each text comes to what is counted of it."""
    due: tuple[RecordsOfYear, ...] = ()
    if isinstance(decision, Accepted):
        due = decision.years or tuple(year for year, _ in by_year(decision.records))
    return len(due) == len(kept) and all(_is(one, said) for one, said in zip(kept, due, strict=True))


def _is(kept: KeptYear, due: RecordsOfYear) -> bool:
    try:
        records = _records(kept.text)
    except msgspec.DecodeError:
        return False
    found, text = counted(kept.year, records)
    sums = (kept.count, kept.total_fen, kept.account_fen)
    return (
        found == due
        and text == kept.text.encode()
        and sums == (due.count, due.total_fen, due.account_fen)
        and all(r.on.year == kept.year for r in records)
    )
