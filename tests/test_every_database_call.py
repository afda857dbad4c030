"""An error at every database call, before and after the commit: sent again, the same messages lead to the same rows.

A connection that counts its calls breaks at the Nth, in every way in which one breaks. What was asked is then asked
once more, as an institution does whose answer never arrived, and every row must be as if nothing had been.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest
from psycopg import errors

from conftest import TABLES, Database
from shebaoka.desk import Desk, Outcome
from shebaoka.records import Ask, Receipt, StoreDown, Trouble
from shebaoka.store import Store
from shebaoka.store.wire import Prepared, Sent, Wire
from shebaoka.store.wire import Rows as StoredRows
from wallets import City, city_of, supplement

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
EVERY = 1 if LONG else 7
"""Every which call is broken, in each way; the way moves on with each, so that a short run meets all of them."""
HOSPITAL, PHARMACY = "H14070200001", "P14070200002"
Rows = dict[str, list[tuple[Any, ...]]]


class Line:
    """Counts the calls of all connections, and says which one breaks, how, and how many after it."""

    def __init__(self) -> None:
        self.calls = 0
        self.breaks_at = 0
        self.breaks = 0
        self.how = ""

    def breaks_now(self) -> bool:
        """Whether the call that is being made is to break."""
        self.calls += 1
        return self.breaks_at <= self.calls < self.breaks_at + self.breaks

    def reset(self, at: int = 0, how: str = "", breaks: int = 1) -> None:
        """Begin to count anew; break at the call of this number, and so many in a row."""
        self.calls, self.breaks_at, self.breaks, self.how = 0, at, breaks if at else 0, how


LINE = Line()
SAID = {"deadlock": errors.DeadlockDetected, "full": errors.DiskFull, "cancelled": errors.QueryCanceled}
"""What the server itself says before it gives a transaction up."""
HOWS = ("dead_before", "dead_after", *SAID)


class Breaking(psycopg.Connection[Any]):
    """A connection that breaks where `LINE` says."""

    def execute(self, *statement: Any, **how: Any) -> Any:
        """Break before the statement is sent, after the server has done it, or by what it says."""
        if not LINE.breaks_now():
            return super().execute(*statement, **how)
        if LINE.how in SAID:
            raise SAID[LINE.how]("as if the server had said so")
        if LINE.how == "dead_after":
            super().execute(*statement, **how)
        self.close()
        raise psycopg.OperationalError("the line is dead")


BEGIN = Prepared("begin")


class BreakingWire(Wire):
    """Trips that break in the middle: each of their statements is a call."""

    def trip(self, statements: Sequence[Sent]) -> list[StoredRows]:
        """Break at a statement: those before it the server has done, and that one too if the line dies after."""
        broken = next((n for n in range(len(statements)) if LINE.breaks_now()), None)
        if broken is None:
            return super().trip(statements)
        done = broken + (LINE.how == "dead_after")
        if done == len(statements):
            super().trip(statements)
        elif done:
            super().trip([(BEGIN, ()), *statements[:done]])  # a sync that never came commits nothing
        if LINE.how in SAID:
            raise SAID[LINE.how]("as if the server had said so")
        self._connection.close()
        raise psycopg.OperationalError("the line is dead")


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """Every connection that a store opens counts its calls, and breaks where the test says."""
    monkeypatch.setattr("shebaoka.store.store.psycopg.connect", Breaking.connect)
    monkeypatch.setattr("shebaoka.store.store.Wire", BreakingWire)
    LINE.reset()
    yield LINE
    LINE.reset()


def _messages() -> list[list[dict[str, Any]]]:
    """Four trays: charges, a credit, cancels, reversals of what was done and of what is still to come, and repeats."""

    def charge(n: int, who: int, account: int, code: str = HOSPITAL, pin: str = "right") -> dict[str, Any]:
        parts = {"total": account + 5, "pooled": 5, "account": account, "cash": 0}
        about = {"kind": "charge", "id": f"{code}20130701{n:010d}", "person": who, "institution": code}
        return {**about, **parts, "pin": pin}

    def about(kind: str, n: int, target: dict[str, Any]) -> dict[str, Any]:
        code = target["institution"]
        said = {"kind": kind, "id": f"{code}20130702{n:010d}", "person": target["person"], "institution": code}
        return {**said, "target": target["id"]}

    first, second, third, fourth = charge(1, 0, 60), charge(2, 1, 60), charge(3, 0, 7, PHARMACY), charge(4, 1, 500_00)
    late = charge(5, 1, 9)
    credit = {"kind": "credit", "id": supplement(0, 1), "person": 0, "institution": "", "amount": 3_00}
    back = about("cancel", 6, first)
    return [
        [first, second],
        [third, charge(7, 0, 1, pin="wrong"), fourth, credit, about("reverse", 8, late), first],
        [back, about("reverse", 9, second), late],
        [about("reverse", 10, back), charge(11, 1, 4), back, about("reverse", 9, second)],
    ]


def _lived(city: City, trays: list[list[Ask]], send: Callable[[Desk, list[Ask]], list[Outcome]]) -> None:
    """All trays through a desk that numbers its people as any other does."""
    store = Store(city.database.app)  # opened by the first tray, so that it may break at once
    desk = city.desk(store)
    desk._people.refill(1_000_000)
    try:
        for tray in trays:
            send(desk, tray)
    finally:
        store.close()


def _once(desk: Desk, tray: list[Ask]) -> list[Outcome]:
    return desk.submit(tray)


def _until_answered(desk: Desk, tray: list[Ask]) -> list[Outcome]:
    """A sender who sends the same messages again until they are answered."""
    for _ in range(10):
        try:
            return desk.submit(tray)
        except Trouble as e:
            assert e.code in ("database_down", "save_not_confirmed", "database_full", "too_many_writers"), e  # noqa: PT017 - sent again
    raise AssertionError("never answered")


class Scene:
    """A city at the moment before the messages come, to which it can be put back."""

    def __init__(self, city: City, owner: psycopg.Connection[Any]) -> None:
        self.city = city
        self._owner = owner
        self._before = [t for t in TABLES if owner.execute(f"select 1 from {t} limit 1").fetchone()]
        for table in self._before:
            owner.execute(f"create temporary table {table}_before as select * from {table}")
        places = _places(city)
        self.trays = [[city.ask(m, places.get(m.get("target", ""), "")) for m in tray] for tray in _messages()]

    def put_back(self) -> None:
        """Everything as it was before."""
        changing = ("undone", "stay", "other_posting", "journal", "request_key")
        for table in changing:
            self._owner.execute(f"delete from {table}")
            if table in self._before:
                self._owner.execute(f"insert into {table} overriding system value select * from {table}_before")
        for table in ("dossier", "card", "snapshot"):
            columns = [c for (c,) in self._owner.execute(COLUMNS, [table]).fetchall()]
            said = ", ".join(f"{c} = b.{c}" for c in columns)
            key = " and ".join(f"t.{c} = b.{c}" for c in ("person_id", "n") if c in columns)
            self._owner.execute(f"update {table} t set {said} from {table}_before b where {key}")

    def rows(self) -> Rows:
        """Every row of every table."""
        return {t: sorted(self._owner.execute(f"select * from {t}").fetchall(), key=repr) for t in TABLES}


COLUMNS = "select column_name::text from information_schema.columns where table_name = %s"


def _places(city: City) -> dict[str, str]:
    """Where the charge that is cancelled stands: the first entry of its person after those that there are."""
    number = city.numbers[0]
    with Store(city.database.app) as store:
        loaded = store.load([number], []).people[number]
    return {_messages()[0][0]["id"]: f"{loaded.person_id}-{loaded.version + 1}"}


def test_what_is_sent_again_after_any_failure_is_done_once(database: Database, breaking: Line) -> None:
    """Wherever the line breaks, once or until the sender is told, the rows are those of an undisturbed day."""
    with city_of(database, 2, 200_00) as city, psycopg.connect(database.owner, autocommit=True) as owner:
        scene = Scene(city, owner)
        before = scene.rows()
        breaking.reset()
        told: list[list[Outcome]] = []
        _lived(city, scene.trays, lambda desk, tray: told.append(desk.submit(tray)) or told[-1])
        calls, undisturbed = breaking.calls, scene.rows()
        grounds = {o.answer.ground for tray in told for o in tray if isinstance(o, Receipt)}
        assert {"account_pays_its_part", "settlement_is_taken_back", "message_is_reversed"} <= grounds
        assert {o.code for tray in told for o in tray if isinstance(o, Trouble)} == {"message_was_reversed"}
        scene.put_back()
        assert scene.rows() == before
        ways = [(at, how, breaks) for at in range(1, calls + 1) for how in HOWS for breaks in (1, 2)]
        for at, how, breaks in ways[::EVERY]:
            breaking.reset(at, how, breaks)
            _lived(city, scene.trays, _until_answered)
            assert breaking.calls > at, (at, how)
            assert scene.rows() == undisturbed, (at, how, breaks)
            scene.put_back()
        assert len(ways) > 300


def test_whoever_may_have_been_served_is_not_told_that_nothing_was_done(database: Database, breaking: Line) -> None:
    """The line is lost in the save, before or after the commit, and stays so: not known. Lost in the load: not done."""
    with city_of(database, 2, 200_00) as city, Store(city.database.app) as store:
        desk, (charge, *_) = city.desk(store), _messages()[0]
        breaking.reset()
        desk.ask(city.ask({**charge, "id": charge["id"] + "-0"}))
        breaking.reset()
        desk.ask(city.ask({**charge, "id": charge["id"] + "-1"}))
        calls = breaking.calls
        for at, how, says in (
            (calls, "dead_after", "not known"),
            (calls, "dead_before", "not known"),
            (1, "dead_before", "Nothing was done"),
        ):
            breaking.reset(at, how, 2)
            with pytest.raises(StoreDown, match=says):
                desk.ask(city.ask({**charge, "id": f"{charge['id']}-{at}-{how}"}))


def test_a_failure_after_the_commit_is_told_with_the_first_answer(database: Database, breaking: Line) -> None:
    """The commit went through and its answer was lost: the same message gets the very receipt that stands there."""
    with city_of(database, 2, 200_00) as city, Store(city.database.app) as store:
        desk, (charge, *_) = city.desk(store), _messages()[0]
        desk.ask(city.ask({**charge, "id": charge["id"] + "-0"}))
        breaking.reset()
        desk.ask(city.ask({**charge, "id": charge["id"] + "-1"}))
        breaking.reset(breaking.calls, "dead_after")
        receipt = desk.ask(city.ask(charge))
        assert receipt.repeated
        assert desk.ask(city.ask(charge)) == receipt
        assert city.balances()[city.numbers[0]] == 200_00 - 3 * charge["account"]
