"""Rehearsing on a copy: whole, with everybody's rights, while others work, and never the house itself."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.conftest import put_dossier

from shebaoka.app import APP_ROLE, Settings, open_house, rehearsal, settings_from
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    Account,
    BadInput,
    Dossier,
    NotAllowed,
    NotFound,
    Person,
    Sex,
    StoreBusy,
    StoreDown,
    Trouble,
)
from shebaoka.store import (
    as_role,
    binary,
    copied_database,
    copying,
    dropped_database,
    ensure_database,
    migrate,
    rehearsal_of,
)
from shebaoka.vault import SoftwareVault

NUMBER = with_check_digit("14070219850312002")
COPY = "copying_rehearsal"


@pytest.fixture
def owner(server: str, tmp_path: Path) -> Iterator[str]:
    """A database of its own with one person in it."""
    url = ensure_database(server, "copying")
    migrate(url)
    person = Person(NUMBER, "李娜", Sex.FEMALE, dt.date(1985, 3, 12), "140702", dt.date(2008, 4, 1))
    put_dossier(url, SoftwareVault.open(tmp_path / "vault.json"), 7, Dossier(person, (), (), Account(123_456)))
    yield url
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database if exists {COPY} with (force)")
        connection.execute("drop database copying with (force)")


def settings_of(owner: str, home: Path) -> Settings:
    """The settings of a city with a server of its own."""
    environ = {"SHEBAOKA_HOME": home, "SHEBAOKA_DATABASE_URL": as_role(owner, APP_ROLE), "SHEBAOKA_OWNER_URL": owner}
    return settings_from({name: str(value) for name, value in environ.items()})


def balance_fen(settings: Settings) -> int:
    """What the person's account has, as the application sees it."""
    with open_house(settings) as house:
        return house.screens.statement(NUMBER).balance_fen


def databases(server: str) -> set[str]:
    """The databases on the server."""
    with psycopg.connect(server) as connection:
        return {name for (name,) in connection.execute("select datname from pg_database")}


@pytest.mark.parametrize("at_work", [False, True], ids=["nobody_connected", "others_at_work"])
def test_a_rehearsal_is_a_house_on_a_copy(
    owner: str, server: str, tmp_path: Path, at_work: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy has everything and the application's rights; what is done there stays there; it is dropped after."""
    settings = settings_of(owner, tmp_path)
    others = psycopg.connect(owner) if at_work else None
    # Where nobody is connected no program is needed, for the server copies its own files.
    monkeypatch.setattr(copying, "binary", binary if at_work else lambda _: Path("/bin/false"))
    with rehearsal(settings) as there:
        assert there.database == COPY
        assert balance_fen(there) == 123_456
        with psycopg.connect(there.owner_url) as copy:
            copy.execute("delete from person_key")
        with pytest.raises(NotFound):
            balance_fen(there)
        with psycopg.connect(there.database_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("delete from journal")
        assert balance_fen(settings) == 123_456
    assert COPY not in databases(server)
    if others is not None:
        assert others.execute("select count(*) from person_key").fetchone() == (1,)
        others.close()


def test_a_copy_can_be_kept_and_takes_an_older_one_s_place(owner: str, server: str, tmp_path: Path) -> None:
    """The next rehearsal begins from what the house has by then, though somebody still looks at the last one's."""
    settings = settings_of(owner, tmp_path)
    with rehearsal(settings, keep=True) as there:
        pass
    looking = psycopg.connect(there.owner_url)
    with psycopg.connect(owner) as house:
        house.execute("update dossier set balance_fen = 5")
    with rehearsal(settings) as again:
        assert again == there
        assert balance_fen(again) == 5
    with pytest.raises(psycopg.OperationalError):
        looking.execute("select 1")
    assert COPY not in databases(server)


def test_the_copy_is_dropped_when_the_rehearsal_fails(owner: str, server: str, tmp_path: Path) -> None:
    """Whatever goes wrong in the block."""
    with pytest.raises(ZeroDivisionError), rehearsal(settings_of(owner, tmp_path)):
        raise ZeroDivisionError
    assert COPY not in databases(server)


def test_a_copy_that_fails_leaves_nothing(owner: str, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trouble says so, nothing is left half restored, and the database itself is as it was."""
    monkeypatch.setattr(copying, "binary", lambda _: Path("/bin/false"))
    with psycopg.connect(owner) as others:
        with pytest.raises(StoreDown, match=r"was not copied: false ended.* with 1"):
            copied_database(owner, COPY)
        assert others.execute("select count(*) from person").fetchone() == (1,)
    assert COPY not in databases(server)


def test_an_old_server_is_copied_while_nobody_is_connected(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are not thrown out; it is said what to do."""
    monkeypatch.setattr(copying, "RESTORED_FROM", 990000)
    with psycopg.connect(owner), pytest.raises(StoreBusy, match="Stop the servers"):
        copied_database(owner, COPY)
    copied_database(owner, COPY)


@pytest.mark.parametrize("at_work", [False, True])
def test_a_role_that_may_not_make_databases_is_told(owner: str, server: str, at_work: bool) -> None:
    """In a sentence that says what to do, whichever way the copy would be made."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("drop role if exists city_owner")
        connection.execute("create role city_owner login")
        connection.execute("alter database copying owner to city_owner")
        others = psycopg.connect(owner) if at_work else None
        with pytest.raises(NotAllowed, match="createdb"):
            copied_database(as_role(owner, "city_owner"), COPY)
        if others is not None:
            others.close()
        connection.execute("alter database copying owner to postgres")
        connection.execute("drop role city_owner")


def test_nothing_but_a_copy_is_dropped(owner: str, server: str) -> None:
    """Neither the house itself, nor a database of another name, nor the copy that somebody rehearses on a copy of."""
    for url, name in ((owner, "copying"), (owner, "postgres"), (ensure_database(server, COPY), COPY)):
        with pytest.raises(BadInput, match="only a rehearsal's copy"):
            dropped_database(url, name)
    assert {"copying", "postgres", COPY} <= databases(server)


def test_a_city_s_own_server_needs_the_owner_s_url(owner: str, tmp_path: Path) -> None:
    """The application's role may not read all that a copy needs."""
    settings = settings_from({"SHEBAOKA_HOME": str(tmp_path), "SHEBAOKA_DATABASE_URL": as_role(owner, APP_ROLE)})
    with pytest.raises(Trouble, match="SHEBAOKA_OWNER_URL"), rehearsal(settings):
        pass


def test_a_copy_s_name_fits() -> None:
    """PostgreSQL cuts names after 63 bytes, and the copy's must differ from the house's."""
    assert rehearsal_of("shebaoka") == "shebaoka_rehearsal"
    assert len(rehearsal_of("s" * 63)) == 63
    assert rehearsal_of("s" * 63).endswith("_rehearsal")


def test_the_embedded_house_is_rehearsed_on_too(tmp_path: Path) -> None:
    """An empty house of one machine: the copy is on the same embedded server, under another name."""
    settings = settings_from({"SHEBAOKA_HOME": str(tmp_path)})
    with rehearsal(settings) as there:
        assert (there.home, there.database, there.database_url) == (tmp_path, COPY.replace("copying", "shebaoka"), "")
        with open_house(there) as house:
            assert conninfo_to_dict(house.url)["dbname"] == "shebaoka_rehearsal"
            assert house.screens.people_by_standing() == {}
