"""Connections between two uses: asked whether they live only where that is in doubt, and made anew where they ended."""

import threading

import psycopg
import pytest

from conftest import Database
from shebaoka.app import APP_ROLE
from shebaoka.records import StoreDown, StoreOld
from shebaoka.store import Store, Stores, Views, alive, lending
from shebaoka.store.alive import ConnectionPool


def end_backends(database: Database) -> None:
    """End every connection of the application, and wait until they are gone."""
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = %s", [APP_ROLE])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The backends of the connections that were asked whether they live."""
    seen: list[int] = []
    really = ConnectionPool.check_connection

    def check(connection: psycopg.Connection[tuple[object, ...]]) -> None:
        seen.append(connection.info.backend_pid)
        really(connection)

    monkeypatch.setattr(ConnectionPool, "check_connection", staticmethod(check))
    return seen


def test_a_connection_in_use_is_not_asked_each_time(views: Views, asked: list[int]) -> None:
    """Twenty reads one after the other ask once at most whether the connection lives."""
    assert {views.rows("select 1")[0] for _ in range(20)} == {(1,)}
    assert len(asked) <= 1


def test_a_connection_that_was_idle_is_asked(views: Views, asked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """One that nobody used for a while is asked before it is lent, each time."""
    monkeypatch.setattr(alive, "IDLE_S", -1.0)
    for _ in range(3):
        views.rows("select 1")
    assert len(asked) == 3


def test_reads_go_on_after_their_connection_was_ended(views: Views, database: Database) -> None:
    """The database ends a connection that was used just now: the next read has another, and is answered."""
    before = views.rows("select pg_backend_pid()")
    end_backends(database)
    assert views.rows("select pg_backend_pid()") != before


def test_a_store_is_lent_again(database: Database) -> None:
    """Whoever looks next has the same connection; two at once have two; after a failure it comes back as well."""
    stores = Stores(database.app)
    with stores.lent() as one, stores.lent() as other:
        assert one is not other
        pids = {one.open().info.backend_pid, other.open().info.backend_pid}
    with pytest.raises(StoreDown), stores.lent():
        raise StoreDown("as if it had failed")
    with stores.lent() as again:
        assert again.open().info.backend_pid in pids
    stores.close()


def test_a_store_whose_connection_was_ended_makes_another(database: Database) -> None:
    """A look after the database ended every connection is answered at once."""
    stores = Stores(database.app)
    with stores.lent() as store:
        store.load([], [])
    end_backends(database)
    with stores.lent() as store:
        assert store.load([], []).people == {}
    stores.close()


def test_no_more_stores_are_kept_than_are_useful(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What many threads needed at once is closed when it comes back, and so is all that comes back after the end."""
    monkeypatch.setattr(lending, "KEPT_MAX", 1)
    stores = Stores(database.app)
    closed: list[int] = []
    really = Store.close
    door = threading.Lock()

    def close(store: Store) -> None:
        with door:
            closed.append(id(store))
        really(store)

    monkeypatch.setattr(Store, "close", close)
    with stores.lent() as one, stores.lent() as other:
        pass
    assert closed == [id(one)]
    with stores.lent() as still:
        assert still is other
        stores.close()
    assert closed == [id(one), id(other)]


def test_several_reads_are_one_trip_and_fail_as_one(views: Views, database: Database) -> None:
    """Each gives its own rows, in order; one that is refused is told, and the connection goes on; so after its end."""
    asked = [("select %(n)s::int + 1", {"n": 1}), ("select 3 where false", {}), ("select 'x', 2", {})]
    assert views.rows_of_all(asked) == [[(2,)], [], [("x", 2)]]
    with pytest.raises(StoreOld):
        views.rows_of_all([*asked, ("select 1 from nowhere", {})])
    assert views.rows_of_all(asked)[2] == [("x", 2)]
    end_backends(database)
    assert views.rows_of_all(asked)[0] == [(2,)]
