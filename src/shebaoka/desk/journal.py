"""The journal: one entry per request and decision, each person's entries chained by hash.

A chain per person needs no lock that all writers share. Taking entries off a chain's end, or a whole person away, is
found by the day's seal: a keyed digest over every entry of a closed day, made by the vault, whose key the database
does not have.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from shebaoka.desk.bodies import KeptYear, carries, kept_years
from shebaoka.notice import Notices
from shebaoka.records import SERVICE_OF, Accepted, Answer, AnyRequest, Broken, Dossier, Given, Sender, Settlement
from shebaoka.rules import decide

START = bytes(32)
"""What stands in place of a hash before a person's first entry."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What an entry says; its encoding as JSON is the text that the hash covers."""

    request: AnyRequest
    sender: Sender
    given: Given
    answer: Answer


class Row(msgspec.Struct, frozen=True, gc=False):
    """An entry as the store has it."""

    person_id: int
    seq: int
    at: dt.datetime
    service: str
    outcome: str
    ground: str
    clause: str
    also: list[str]
    body: str
    hash: bytes


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode
NOT_AN_ENTRY = "its text is no entry of a journal."


def encoded(entry: Entry) -> bytes:
    """An entry as the journal keeps it."""
    return _encode(entry)


def decoded(body: str) -> Entry:
    """An entry from the journal. `Broken` for a text that no desk ever wrote."""
    try:
        return _decode(body)
    except msgspec.DecodeError:
        raise Broken(NOT_AN_ENTRY) from None


def chained(before: bytes, person_id: int, seq: int, body: bytes) -> bytes:
    """The hash of an entry: over the hash before it, its place, and its text."""
    return hashlib.sha256(b"%b%d/%d/%b" % (before, person_id, seq, body)).digest()


def row_of(person_id: int, seq: int, body: bytes, chain: bytes, entry: Entry) -> Row:
    """An entry as the store shall have it."""
    answer = entry.answer
    return Row(
        person_id,
        seq,
        entry.given.at,
        SERVICE_OF[type(entry.request)],
        answer.outcome,
        answer.ground,
        answer.clause,
        list(answer.also),
        body.decode(),
        chain,
    )


def put_together(request: bytes, sender: bytes, given: bytes, answer: bytes) -> bytes:
    """An entry as the journal keeps it, out of its parts, each as JSON already: what `encoded` makes of the whole."""
    return b'{"request":%b,"sender":%b,"given":%b,"answer":%b}' % (request, sender, given, answer)


def stored(person_id: int, seq: int, body: bytes, chain: bytes, entry: Entry) -> tuple[Any, ...]:
    """An entry in the order of its statement: what `row_of` says, the text still in UTF-8, a list as one text."""
    return as_stored(person_id, seq, body, chain, entry.given.at, SERVICE_OF[type(entry.request)], entry.answer)


def as_stored(
    person_id: int, seq: int, body: bytes, chain: bytes, at: dt.datetime, service: str, answer: Answer
) -> tuple[Any, ...]:
    """The same, of an entry whose text was put together."""
    return (
        person_id,
        seq,
        at,
        service,
        answer.outcome,
        answer.ground,
        answer.clause,
        ",".join(answer.also),
        body,
        chain,
    )


Chained = tuple[Row | None, int, int | None, bytes | None]
"""An entry, whose it is, and the version and hash that the person's dossier names; None for what is not there."""


def faults_of_chain(rows: Iterable[Chained]) -> Iterator[str]:
    """Sentences about every place where a chain does not hold. `rows` come by person and sequence, nobody left out."""
    person_id, seq, chain = 0, 0, START
    version: int | None = None
    head: bytes | None = None
    for row, whose, whose_version, whose_head in rows:
        if whose != person_id:
            yield from _end_of_chain(person_id, seq, chain, version, head)
            person_id, seq, chain, version, head = whose, 0, START, whose_version, whose_head
        if row is None:
            continue
        seq += 1
        where = f"person {person_id}, entry {row.seq}"
        if row.seq != seq:
            yield f"{where}: entry {seq} is missing before it."
            seq = row.seq
        body = row.body.encode()
        if chained(chain, person_id, row.seq, body) != row.hash:
            yield f"{where}: its text or the entry before it was changed."
        else:
            yield from _faults_of_columns(row, where)
        chain = row.hash
    yield from _end_of_chain(person_id, seq, chain, version, head)


def _faults_of_columns(row: Row, where: str) -> Iterator[str]:
    try:
        said = row_of(row.person_id, row.seq, row.body.encode(), row.hash, decoded(row.body))
    except Broken as e:
        yield f"{where}: {e}"
        return
    if row != said:
        yield f"{where}: its columns do not say what its text says."


def _end_of_chain(person_id: int, seq: int, chain: bytes, version: int | None, head: bytes | None) -> Iterator[str]:
    if person_id and (version, head) != (seq, chain):
        yield f"person {person_id}: the journal ends at entry {seq}, the dossier names entry {version or 0}."


def digest_of_day(hashes: Iterable[bytes]) -> tuple[int, bytes]:
    """How many entries a day had, and one digest over their hashes, which come by person and sequence."""
    digest, entries = hashlib.sha256(), 0
    for one in hashes:
        digest.update(one)
        entries += 1
    return entries, digest.digest()


def seal_text(day: dt.date, entries: int, digest: bytes) -> bytes:
    """What the vault seals for a day."""
    return b"journal/%b/%d/%b" % (day.isoformat().encode(), entries, digest.hex().encode())


Settled = tuple[Settlement, dt.date]
"""What an entry settled, and on which day in the city."""


def settled_of(said: Sequence[Any]) -> Settled | None:
    """What an entry's row says that it settled, from its columns; None if it settled nothing."""
    *amounts, on = said
    return None if on is None else (Settlement(*amounts), on)


class Beside(msgspec.Struct, frozen=True, gc=False):
    """What stands beside an entry's text: what its row says that it settled, and the texts that it carried over."""

    settled: Settled | None
    carried: tuple[KeptYear, ...]


def kept_of(carried: str | None, *said: Any) -> Beside:
    """What stands beside an entry, from its columns."""
    return Beside(settled_of(said), kept_years(carried))


def replayed(entries: Iterable[tuple[Entry, Beside]], notices: Notices) -> Dossier:
    """The dossier that a person's entries lead to, every decision made again. `Broken` if one comes out otherwise.

    What is kept beside each entry must be what the decision settles and carries over.
    """
    dossier = Dossier()
    for entry, beside in entries:
        notice = notices.by_id(entry.answer.notice)
        decision = decide(entry.request, dossier, notice, entry.given)
        outcome = "accepted" if isinstance(decision, Accepted) else "refused"
        if (outcome, decision.ground) != (entry.answer.outcome, entry.answer.ground):
            raise Broken(f"Decided again, request {entry.request.id} is {outcome}: {decision.ground}.")
        due = decision.settlement if isinstance(decision, Accepted) else None
        if beside.settled != (None if due is None else (due, entry.given.on)):
            raise Broken(f"Request {entry.request.id} did not settle what its row says.")
        if not carries(decision, beside.carried):
            raise Broken(f"The records that request {entry.request.id} carried over are not those that are kept.")
        if decision.after is not None:
            dossier = decision.after
    return dossier
