"""Loading dossiers and saving decisions: one trip to the database each, however many requests a tray holds."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import errors

from shebaoka.records import Account, Application, Card, Dossier, Person
from shebaoka.store import sql
from shebaoka.store.migrate import check_schema
from shebaoka.store.trouble import plain, told_plainly

BLOCK = 1000
"""How many ids a block of the sequences holds; the migration says the same."""


class KeptPin(msgspec.Struct, frozen=True, gc=False):
    """A PIN value as the database keeps it; what it means is the vault's business."""

    key_id: str
    value: bytes


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


class Load(msgspec.Struct, frozen=True):
    """What a tray needs to be decided: people by social security number, requests known by id, fresh blocks of ids."""

    people: dict[str, Loaded]
    requests: dict[str, KnownRequest]
    person_block: int | None
    card_block: int | None


class Writes(msgspec.Struct):
    """Rows to save, a list per table, each row a tuple in the order of its statement."""

    journal: list[tuple[Any, ...]] = []
    request_key: list[tuple[Any, ...]] = []
    person_key: list[tuple[Any, ...]] = []
    dossier: list[tuple[Any, ...]] = []
    person: list[tuple[Any, ...]] = []
    account: list[tuple[Any, ...]] = []
    card: list[tuple[Any, ...]] = []
    application: list[tuple[Any, ...]] = []
    pin: list[tuple[Any, ...]] = []
    posting: list[tuple[Any, ...]] = []
    carried_record: list[tuple[Any, ...]] = []
    card_number_key: list[tuple[Any, ...]] = []
    card_serial_key: list[tuple[Any, ...]] = []


# In this order a save takes its locks; see the note in `sql`.
_SAVES: tuple[tuple[str, str], ...] = (
    ("journal", sql.JOURNAL),
    ("request_key", sql.REQUEST_KEY),
    ("person_key", sql.PERSON_KEY),
    ("card_number_key", sql.CARD_NUMBER_KEY),
    ("card_serial_key", sql.CARD_SERIAL_KEY),
    ("dossier", sql.DOSSIER),
    ("person", sql.PERSON),
    ("account", sql.ACCOUNT),
    ("card", sql.CARD),
    ("application", sql.APPLICATION),
    ("pin", sql.PIN),
    ("posting", sql.POSTING),
    ("carried_record", sql.CARRIED_RECORD),
)


class Overtaken(Exception):  # noqa: N818 - not a trouble, a turn of events: load again and decide again
    """Somebody else wrote about one of these people, or answered one of these requests, since they were loaded."""


_OVERTAKING = ("journal_pkey", "request_key_pkey", "person_key_pkey")


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
                connection.execute("set timezone to 'UTC'; set statement_timeout to '60s'; set jit to off")
                check_schema(connection)
            connection.prepare_threshold = 1
            self._connection = connection
        return connection

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def load(
        self,
        numbers: Iterable[str],
        request_ids: Iterable[str],
        *,
        person_block: bool = False,
        card_block: bool = False,
    ) -> Load:
        """Everybody with these social security numbers, and which of these requests were answered before. One trip."""
        connection = self.open()
        asked = {"numbers": list(numbers)}
        with told_plainly(), connection.pipeline():
            keys = connection.execute(sql.KEYS, {"ids": list(request_ids)}, binary=True)
            people = connection.execute(sql.PEOPLE, asked, binary=True)
            cards = connection.execute(sql.CARDS, asked, binary=True)
            applications = connection.execute(sql.APPLICATIONS, asked, binary=True)
            people_ids = connection.execute(sql.PERSON_BLOCK) if person_block else None
            card_ids = connection.execute(sql.CARD_BLOCK) if card_block else None
        return Load(
            people=_people(people.fetchall(), cards.fetchall(), applications.fetchall()),
            requests={i: KnownRequest(content, person_id, seq) for i, content, person_id, seq in keys.fetchall()},
            person_block=_block(people_ids),
            card_block=_block(card_ids),
        )

    def bodies(self, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """The bodies of journal entries by person and sequence number."""
        with told_plainly():
            rows = self.open().execute(sql.ENTRIES, {"people": [p for p, _ in places], "seqs": [s for _, s in places]})
            return {(person_id, seq): body for person_id, seq, body in rows.fetchall()}

    def save(self, writes: Writes) -> None:
        """Everything in one transaction and one trip, all or nothing. `Overtaken` if somebody else was faster."""
        connection = self.open()
        try:
            with connection.pipeline():
                connection.execute("begin")
                for table, statement in _SAVES:
                    rows = getattr(writes, table)
                    if rows:
                        connection.execute(statement, [list(column) for column in zip(*rows, strict=True)])
                connection.execute("commit")
        except errors.UniqueViolation as e:
            self._roll_back()
            if e.diag.constraint_name in _OVERTAKING:
                raise Overtaken from None
            raise plain(e) from e
        except (errors.DeadlockDetected, errors.SerializationFailure):
            self._roll_back()
            raise Overtaken from None
        except psycopg.Error as e:
            self._roll_back()
            raise plain(e) from e

    def _roll_back(self) -> None:
        """Leave nothing of a save that failed; a connection that cannot even do that is given up."""
        try:
            if self._connection is not None:
                self._connection.execute("rollback")
        except psycopg.Error:
            self.close()


def _block(cursor: psycopg.Cursor[tuple[Any, ...]] | None) -> int | None:
    row = cursor.fetchone() if cursor is not None else None
    return None if row is None else int(row[0])


def _people(
    people: list[tuple[Any, ...]], cards: list[tuple[Any, ...]], applications: list[tuple[Any, ...]]
) -> dict[str, Loaded]:
    """Rows of three statements as dossiers. Rows of somebody whose head was not read yet are left aside."""
    of_person: dict[int, list[Card]] = {}
    pins: dict[int, dict[int, KeptPin]] = {}
    for row, card in zip(cards, msgspec.convert([r[3:] for r in cards], list[Card]), strict=True):
        of_person.setdefault(row[0], []).append(card)
        if row[1] is not None:
            pins.setdefault(row[0], {})[card.n] = KeptPin(row[1], row[2])
    made: dict[int, list[Application]] = {}
    for row, application in zip(
        applications, msgspec.convert([r[1:] for r in applications], list[Application]), strict=True
    ):
        made.setdefault(row[0], []).append(application)
    loaded = {}
    for row, person in zip(people, msgspec.convert([r[3:11] for r in people], list[Person]), strict=True):
        person_id = row[0]
        dossier = Dossier(
            person=person,
            cards=tuple(of_person.get(person_id, ())),
            applications=tuple(made.get(person_id, ())),
            account=None if row[11] is None else Account(row[11], row[12]),
        )
        loaded[person.number] = Loaded(person_id, row[1], row[2], dossier, pins.get(person_id, {}))
    return loaded


def card_row(person_id: int, card: Card) -> tuple[Any, ...]:
    """A card in the order of its statement."""
    return (person_id, *(getattr(card, f) for f in _CARD_FIELDS), ",".join(card.applications))


_CARD_FIELDS = Card.__struct_fields__[:-1]


def application_row(person_id: int, application: Application) -> tuple[Any, ...]:
    """An application in the order of its statement."""
    return (person_id, *msgspec.structs.astuple(application))


def person_row(person_id: int, person: Person) -> tuple[Any, ...]:
    """A person in the order of its statement."""
    return (person_id, *msgspec.structs.astuple(person))


def account_row(person_id: int, account: Account) -> tuple[int, int, dt.date | None]:
    """An account in the order of its statement."""
    return (person_id, account.balance_fen, account.carried_over_on)
