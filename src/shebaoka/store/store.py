"""Loading dossiers and saving decisions: one trip to the database each, however many requests a tray holds."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
from psycopg import errors

from shebaoka.records import (
    Account,
    Application,
    Broken,
    Card,
    CycleClosed,
    Dossier,
    Person,
    Posting,
    Settlement,
    Stay,
    StoreBusy,
)
from shebaoka.store import sql
from shebaoka.store.alive import has_ended
from shebaoka.store.arrays import columns, encoders_of, text_array
from shebaoka.store.copies import Copied
from shebaoka.store.migrate import check_schema
from shebaoka.store.trouble import cause_of, plain, told_plainly
from shebaoka.store.windowwrites import blanks_taken, receipts_numbered
from shebaoka.store.wire import Prepared, Rows, Sent, Wire

# An overtaken save leaves its pipeline by an error that is caught here; psycopg would warn of it on every one.
logging.getLogger("psycopg").setLevel(logging.ERROR)

BLOCK = 1000
"""How many ids a block of the sequences holds; the migration says the same."""


class KeptPin(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A PIN value as the database keeps it; what it means is the vault's business."""

    key_id: str
    value: bytes


Place = tuple[int, int]
"""An entry's person and its number in their journal."""


class Loaded(msgspec.Struct, frozen=True, gc=False):
    """One person as the database has them, with the head of their journal and their cards' PIN values."""

    person_id: int
    version: int
    chain: bytes
    dossier: Dossier
    pins: dict[int, KeptPin]


class KnownRequest(msgspec.Struct, frozen=True, gc=False):
    """A request that was answered before: the digest of its content, and its place in the journal."""

    content: bytes
    person_id: int
    seq: int


class KnownEntry(msgspec.Struct, frozen=True, gc=False):
    """An entry that somebody wants undone: its service, whether it was a yes, and what it settled and moved.

    `postings` are those that are written down; what a settlement moved follows from its amounts. `before_fen` is the
    account's balance before a carry-over, and 0 before anything else, a refused one among it.
    """

    service: str
    accepted: bool
    settlement: Settlement | None
    postings: tuple[Posting, ...]
    before_fen: int = 0


class Load(msgspec.Struct, frozen=True):
    """What a tray needs to be decided: people by social security number, requests known by id, fresh blocks of ids.

    `undone` says of entries, by their place, which entry of the same person took them back. `codes` are those, by
    person, that have settled a charge.
    """

    people: dict[str, Loaded]
    requests: dict[str, KnownRequest]
    undone: dict[Place, int]
    person_block: int | None
    card_block: int | None
    codes: frozenset[tuple[int, str]] = frozenset()


class Writes(msgspec.Struct):
    """Rows to save, a list per table, each row a tuple in the order of its statement.

    A row of `settlement` says what the entry of the same place settled; the two are saved as one row. `finding` is what
    people are found by; a batch that goes by COPY leaves it to the pass that catches up.
    Receipts for fees, and blanks that cards use up, come by window, those of a window in the order of their decisions.
    `card_order` is what became of cards of batches, one row a card.
    """

    journal: list[tuple[Any, ...]] = []
    request_key: list[tuple[Any, ...]] = []
    person_key: list[tuple[Any, ...]] = []
    dossier: list[tuple[Any, ...]] = []
    person: list[tuple[Any, ...]] = []
    card: list[tuple[Any, ...]] = []
    application: list[tuple[Any, ...]] = []
    pin: list[tuple[Any, ...]] = []
    snapshot: list[tuple[Any, ...]] = []
    other_posting: list[tuple[Any, ...]] = []
    carried_records: list[tuple[Any, ...]] = []
    card_number_key: list[tuple[Any, ...]] = []
    card_serial_key: list[tuple[Any, ...]] = []
    settlement: list[tuple[Any, ...]] = []
    undone: list[tuple[Any, ...]] = []
    stay: list[tuple[Any, ...]] = []
    finding: list[tuple[Any, ...]] = []
    fee: list[tuple[Any, ...]] = []
    notification: list[tuple[Any, ...]] = []
    fee_receipt: list[tuple[Any, ...]] = []
    blank: list[tuple[Any, ...]] = []
    card_order: list[tuple[Any, ...]] = []
    shown_code: list[tuple[Any, ...]] = []


class Note(msgspec.Struct, frozen=True):
    """A row of the caller's own that is written along with a batch: a statement with its values by name.

    It is written again where it is not known whether the batch was saved, so it must be safe to do twice.
    """

    statement: str
    values: Mapping[str, Any]


# In this order a save takes its locks, after those of the journal; see the note in `sql`.
_SAVES: tuple[tuple[str, str], ...] = (
    ("request_key", sql.REQUEST_KEY),
    ("person_key", sql.PERSON_KEY),
    ("card_number_key", sql.CARD_NUMBER_KEY),
    ("card_serial_key", sql.CARD_SERIAL_KEY),
    ("dossier", sql.DOSSIER),
    ("person", sql.PERSON),
    ("card", sql.CARD),
    ("application", sql.APPLICATION),
    ("pin", sql.PIN),
    ("snapshot", sql.SNAPSHOT),
    ("other_posting", sql.OTHER_POSTING),
    ("carried_records", sql.CARRIED_RECORDS),
    ("stay", sql.STAY),
    ("undone", sql.UNDO),
    ("finding", sql.FINDING),
    ("fee", sql.FEE),
    ("notification", sql.NOTIFICATION),
    ("shown_code", sql.SHOWN_CODE),
)


_CYCLES = encoders_of(sql.LOCK_CYCLES)
_JOURNAL, _SETTLING_JOURNAL = (
    (Prepared(statement), encoders_of(statement)) for statement in (sql.JOURNAL, sql.SETTLING_JOURNAL)
)
_SETTLED_NOTHING = (None,) * 11
COPIES = tuple((table, Copied(statement)) for table, statement in (("journal", sql.JOURNAL), *_SAVES))
_ENCODED = tuple((table, Prepared(statement), encoders_of(statement)) for table, statement in _SAVES)
_ORDERS = (Prepared(sql.CARD_ORDER), encoders_of(sql.CARD_ORDER))
_LOCK_CYCLES, _OPEN_CYCLES = Prepared(sql.LOCK_CYCLES), Prepared(sql.OPEN_CYCLES)
_KEYS, _PEOPLE, _REBUILT = Prepared(sql.KEYS), Prepared(sql.PEOPLE), Prepared(sql.REBUILT)
_STAYS, _UNDONE, _ON_FILE = Prepared(sql.STAYS), Prepared(sql.UNDONE), Prepared(sql.ON_FILE)
_SHOWN_CODES = Prepared(sql.SHOWN_CODES)
_PERSON_BLOCK, _CARD_BLOCK = Prepared(sql.PERSON_BLOCK), Prepared(sql.CARD_BLOCK)


class Overtaken(Exception):  # noqa: N818 - not a trouble, a turn of events: load again and decide again
    """Somebody else wrote about one of these people, or answered one of these requests, since they were loaded."""


# Two of a tray that use one blank are decided apart: whoever is second is told that it is not there any more.
_OVERTAKING = ("journal_pkey", "request_key_pkey", "person_key_pkey", "one_use_of_a_blank")
_CYCLE_COLUMN = 3
_DRAWS = 100
"""How often blocks in a row are drawn before others are said to be in the way."""


# A tray names its rows by key, always. Plans are made once and go by index, whatever the statistics say meanwhile:
# a table that has just begun to fill looks empty to the planner, and would be read whole for every tray.
_SESSION = """
set timezone to 'UTC'; set statement_timeout to '60s'; set jit to off;
set plan_cache_mode to force_generic_plan;
set enable_seqscan to off; set enable_hashjoin to off; set enable_mergejoin to off; set enable_bitmapscan to off"""


class Store:
    """One connection to the database, as the application's role. Not for two threads at once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def __enter__(self) -> "Store":
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> psycopg.Connection[tuple[Any, ...]]:
        """The connection, made anew if it was lost. `StoreDown`, `StoreOld`."""
        connection = self._connection
        if connection is None or connection.closed:
            with told_plainly():
                connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
                connection.execute(_SESSION)
                check_schema(connection)
            connection.prepare_threshold = 1
            self._connection, self._wire = connection, Wire(connection)
        return connection

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def let_go_if_ended(self) -> None:
        """Give up a connection that the database has ended since it was used; the next use makes another."""
        if self._connection is not None and has_ended(self._connection):
            self.close()

    def load(
        self,
        numbers: Iterable[str],
        request_ids: Iterable[str],
        *,
        stays: bool = False,
        undone: bool = False,
        person_block: bool = False,
        card_block: bool = False,
        codes: Sequence[str] = (),
    ) -> Load:
        """Everybody with these social security numbers, and which of these requests were answered before. One trip.

        `stays` brings the stays in hospital, `undone` which entries were taken back; the blocks bring fresh ids. Of the
        `codes` by which electronic cards were shown, it says which were used.
        """
        named, ids = text_array(numbers), text_array(request_ids)
        optional: tuple[tuple[Prepared, bool, tuple[bytes, ...]], ...] = (
            (_STAYS, stays, (named,)),
            (_UNDONE, undone, (named,)),
            (_SHOWN_CODES, bool(codes), (named, text_array(codes))),
        )
        blocks = ((_PERSON_BLOCK, person_block, ()), (_CARD_BLOCK, card_block, ()))
        sent: list[Sent] = [(_KEYS, (ids,)), (_PEOPLE, (named,))]
        sent += [(statement, values) for statement, wanted, values in (*optional, *blocks) if wanted]
        with told_plainly():
            found = dict(zip((statement for statement, _ in sent), self._trip(sent), strict=True))
        return Load(
            people=_assembled(found[_PEOPLE], found.get(_STAYS, [])),
            requests={i: KnownRequest(content, person_id, seq) for i, content, person_id, seq in found[_KEYS]},
            undone={(person_id, seq): by_seq for person_id, seq, by_seq in found.get(_UNDONE, [])},
            person_block=_block(found.get(_PERSON_BLOCK)),
            card_block=_block(found.get(_CARD_BLOCK)),
            codes=frozenset((person_id, code) for person_id, code in found.get(_SHOWN_CODES, ())),
        )

    def rebuilt(self, numbers: Iterable[str]) -> dict[str, Loaded]:
        """The same as `load` finds by the snapshots, out of the rows that they repeat. For whoever checks."""
        named = (text_array(numbers),)
        with told_plainly():
            people, stayed = self._trip([(_REBUILT, named), (_STAYS, named)])
        return _assembled(people, stayed)

    def bodies(self, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """The bodies of journal entries by person and sequence number."""
        with told_plainly():
            rows = self.open().execute(sql.ENTRIES, {"people": [p for p, _ in places], "seqs": [s for _, s in places]})
            return {(person_id, seq): body for person_id, seq, body in rows.fetchall()}

    def undone(self, numbers: Iterable[str]) -> dict[Place, int]:
        """Which entries of these people were taken back, each with the entry that did it. One trip."""
        with told_plainly():
            (rows,) = self._trip([(_UNDONE, (text_array(numbers),))])
        return {(person_id, seq): by_seq for person_id, seq, by_seq in rows}

    def entries(self, places: Collection[Place]) -> dict[Place, KnownEntry]:
        """What became of entries that somebody wants undone, and what they moved. One trip."""
        named = {"people": [p for p, _ in places], "seqs": [s for _, s in places]}
        with told_plainly():
            connection = self.open()
            with connection.pipeline():
                found = connection.execute(sql.ORIGINALS, named, binary=True)
                moved = connection.execute(sql.POSTINGS_OF_ENTRIES, named, binary=True)
            postings: dict[Place, tuple[Posting, ...]] = {}
            for person_id, seq, *posting in moved:
                postings[person_id, seq] = (*postings.get((person_id, seq), ()), Posting(*posting))
            return {
                (person_id, seq): KnownEntry(
                    service,
                    accepted,
                    Settlement(*settled) if settled[0] is not None else None,
                    postings.get((person_id, seq), ()),
                    (before_fen or 0) if accepted else 0,
                )
                for person_id, seq, service, accepted, before_fen, *settled in found
            }

    def save(self, writes: Writes) -> None:
        """Everything in one transaction and one trip, all or nothing. `Overtaken` if somebody else was faster.

        A connection whose save failed is given up. Being overtaken is no failure: then the connection stays.
        """
        sent: list[Sent] = []
        if writes.settlement:
            cycles = columns(_CYCLES, [(c,) for c in sorted({row[_CYCLE_COLUMN] for row in writes.settlement})])
            sent += [(_LOCK_CYCLES, cycles), (_OPEN_CYCLES, cycles)]
        if writes.journal:
            (statement, encoders), entries = _entries(writes)
            sent.append((statement, columns(encoders, entries)))
        for table, statement, encoders in _ENCODED:
            rows = getattr(writes, table)
            if rows:
                sent.append((statement, columns(encoders, rows)))
        if writes.card_order:
            statement, encoders = _ORDERS
            sent.append((statement, columns(encoders, writes.card_order)))
        # The windows' stock and tills come last: whoever counts there keeps others waiting until the commit.
        sent += blanks_taken(writes.blank) + receipts_numbered(writes.fee_receipt)
        with self._saving():
            self._wire.trip(sent)

    def copy(self, writes: Writes, note: Note) -> None:
        """The same by COPY, for people whom nobody has on file, with the caller's note in the same transaction.

        Only new rows can be written so. `Overtaken` if one of the people or requests is on file by now.
        """
        if writes.settlement or writes.fee_receipt or writes.blank or writes.card_order:
            raise Broken("What is settled, paid, made or ordered is not copied: its cycle, till or stock is locked.")
        with self._saving() as connection, connection.transaction():
            for table, copied in COPIES:
                if rows := getattr(writes, table):
                    with connection.cursor().copy(copied.statement) as stream:
                        stream.write(copied.packed(rows))
            connection.execute(note.statement, note.values)

    def note(self, note: Note) -> None:
        """The caller's note alone, where its batch was saved by ordinary trays."""
        with self._saving() as connection:
            connection.execute(note.statement, note.values)

    def any_on_file(self, numbers: Iterable[str]) -> bool:
        """Whether somebody with one of these social security numbers is on file."""
        with told_plainly():
            return bool(self._trip([(_ON_FILE, (text_array(numbers),))])[0])

    def reserve_people(self, n: int) -> int:
        """The first of n ids of people in a row that nobody else is given.

        A sequence gives blocks, and others may draw one in between: then all are drawn again.
        """
        blocks = max(-(-n // BLOCK), 1)
        with told_plainly():
            for _ in range(_DRAWS):
                first, last = self.open().execute(sql.PERSON_BLOCKS, {"n": blocks}).fetchall()[0]
                if last - first == (blocks - 1) * BLOCK:
                    return int(first)
        raise StoreBusy("Others kept registering people. Nothing was done; send the same request again.")

    @contextmanager
    def _saving(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """What goes wrong in a save, as the caller is to know it. The connection is given up, unless by `Overtaken`."""
        connection = self.open()
        try:
            yield connection
        except errors.UniqueViolation as e:
            if e.diag.constraint_name in _OVERTAKING:
                raise Overtaken from None
            self.close()
            raise plain(e) from cause_of(e)
        except errors.DivisionByZero:
            self.close()
            raise CycleClosed(
                "The business cycle was closed. Nothing was done; sign in and send the same message again."
            ) from None
        except (errors.DeadlockDetected, errors.SerializationFailure):
            self.close()
            raise Overtaken from None
        except psycopg.Error as e:
            self.close()
            raise plain(e, saving=True) from cause_of(e)
        except BaseException:
            # Half a save may be on its way, and must not be committed with the next one.
            self.close()
            raise

    def _trip(self, sent: list[Sent]) -> list[Rows]:
        """A trip that only reads. The connection is given up if it fails in any way."""
        self.open()
        try:
            return self._wire.trip(sent)
        except BaseException:
            self.close()
            raise


def _entries(writes: Writes) -> tuple[tuple[Prepared, Any], list[tuple[Any, ...]]]:
    """The journal's rows with their statement; where something is settled, each with what it settled."""
    if not writes.settlement:
        return _JOURNAL, writes.journal
    settled = {row[:2]: row[2:] for row in writes.settlement}
    return _SETTLING_JOURNAL, [row + settled.get(row[:2], _SETTLED_NOTHING) for row in writes.journal]


def _block(rows: Rows | None) -> int | None:
    return int(rows[0][0]) if rows else None


class _Facts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a snapshot says of a person, beside their PIN values."""

    person: Person
    cards: tuple[Card, ...]
    applications: tuple[Application, ...]


_facts = msgspec.json.Decoder(_Facts).decode
_pins = msgspec.json.Decoder(dict[int, KeptPin]).decode


def _assembled(people: Rows, stayed: Rows) -> dict[str, Loaded]:
    """Heads and snapshots as dossiers; stays come beside them where they were asked for."""
    stays_of: dict[int, list[Stay]] = {}
    for person_id, *row in stayed:
        stays_of.setdefault(person_id, []).append(msgspec.convert(row, Stay))
    loaded = {}
    for person_id, version, chain, balance_fen, carried_over_on, facts, pins in people:
        found = _facts(facts)
        account = None if balance_fen is None else Account(balance_fen, carried_over_on)
        stays = tuple(stays_of.get(person_id, ()))
        dossier = Dossier(found.person, found.cards, found.applications, account, stays)
        loaded[found.person.number] = Loaded(person_id, version, chain, dossier, _pins(pins))
    return loaded
