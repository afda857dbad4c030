"""The desk's lines: how often a tray goes to the database, what a dead line does, and two desks at once."""

import datetime as dt
import multiprocessing
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from asking import LI_NA, TIAN_YU, ZHOU_MING, ask, to_a_card
from conftest import FIRST_PIN, RIGHT_PIN, ROOT, WRONG_PIN, Database, StandingClock
from relay import Relay, relay_to
from shebaoka.app import APP_ROLE, load_notices
from shebaoka.desk import Auditor, Desk
from shebaoka.desk.desk import ROUNDS
from shebaoka.notice import Notices
from shebaoka.records import (
    Ask,
    Receipt,
    StoreBusy,
    StoreDown,
    StoreOld,
)
from shebaoka.store import SCHEMA, Overtaken, Store, Views, as_role, ensure_database
from shebaoka.vault import SoftwareVault

Rows = dict[str, list[tuple[Any, ...]]]
NOON = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)


def receipt(outcome: object) -> Receipt:
    """An outcome that must be a receipt."""
    assert isinstance(outcome, Receipt), outcome
    return outcome


# Trips ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def line(database: Database, tmp_path: Path) -> Iterator[tuple[Relay, str]]:
    """A relay before the database, and the application's URL through it."""
    with relay_to(database.app, tmp_path) as (relay, url):
        yield relay, url


def test_a_tray_of_one_takes_two_trips(
    line: tuple[Relay, str], vault: SoftwareVault, notices: Notices, clock: StandingClock
) -> None:
    """One trip loads and one saves, also when fresh ids come along; a repeat takes two, a dry run one."""
    relay, url = line
    with Store(url) as store:
        desk = Desk(store, vault, notices, clock)

        def trips(one: Ask, **how: Any) -> int:
            before = relay.trips
            desk.ask(one, **how)
            return relay.trips - before

        assert trips(ask("register_person")) == 2
        assert trips(ask("register_person")) == 2
        assert trips(ask("look_up_person"), dry_run=True) == 1
        assert [trips(a) for a in to_a_card()[1:]] == [2] * 6
        assert trips(ask("change_pin", pin=FIRST_PIN, new_pin=RIGHT_PIN)) == 2
        assert [trips(ask("use_card", request_id=f"r{n}", pin=RIGHT_PIN)) for n in range(10)] == [2] * 10
        fresh = Desk(store, vault, notices, clock)
        before = relay.trips
        fresh.submit([ask("register_person", ZHOU_MING), ask("apply_for_temporary_card", ZHOU_MING, new_pin=RIGHT_PIN)])
        assert relay.trips - before == 2


def test_an_answer_lost_on_the_way_is_given_once_more(
    line: tuple[Relay, str], vault: SoftwareVault, notices: Notices, clock: StandingClock, rows: Callable[[], Rows]
) -> None:
    """The line goes dead after the commit and before the answer: the desk asks again, and the request is done once."""
    relay, url = line
    with Store(url) as store:
        desk = Desk(store, vault, notices, clock)
        desk.ask(ask("register_person"))
        relay.cut_at_trip = relay.trips + 2
        answered = desk.ask(ask("look_up_person"))
        assert relay.cut_at_trip is None
        assert answered.answer.outcome == "accepted"
        assert len(rows()["journal"]) == 2
        assert desk.ask(ask("look_up_person")).entry == answered.entry


def test_a_line_cut_before_anything_was_loaded_is_opened_anew(
    line: tuple[Relay, str], vault: SoftwareVault, notices: Notices, clock: StandingClock, rows: Callable[[], Rows]
) -> None:
    """The line goes dead while loading: the desk opens another and answers."""
    relay, url = line
    with Store(url) as store:
        desk = Desk(store, vault, notices, clock)
        desk.ask(ask("register_person"))
        relay.cut_at_trip = relay.trips + 1
        assert not desk.ask(ask("look_up_person")).repeated
        assert len(rows()["journal"]) == 2


def _end_backends(database: Database) -> None:
    """End every connection of the application, and wait until they are gone."""
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = %s", [APP_ROLE])


def test_a_connection_ended_between_load_and_save_is_made_up_for(
    desk: Desk, database: Database, rows: Callable[[], Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator ends the connection after the load: the tray is loaded, decided and saved once more."""
    desk.ask(ask("register_person"))
    save, ended = desk.store.save, []

    def save_after_the_end(writes: Any) -> None:
        if not ended:
            ended.append(True)
            _end_backends(database)
        save(writes)

    monkeypatch.setattr(desk.store, "save", save_after_the_end)
    assert not desk.ask(ask("look_up_person")).repeated
    assert ended
    assert len(rows()["journal"]) == 2


def test_a_connection_ended_right_after_the_commit_is_made_up_for(
    desk: Desk, database: Database, rows: Callable[[], Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends when the save is done and before the desk knows: the answer is the one that was saved."""
    desk.ask(ask("register_person"))
    save, ended = desk.store.save, []

    def save_and_end(writes: Any) -> None:
        save(writes)
        if not ended:
            ended.append(True)
            _end_backends(database)
            desk.store.close()
            raise StoreDown("The line is dead.")

    monkeypatch.setattr(desk.store, "save", save_and_end)
    answered = desk.ask(ask("look_up_person"))
    assert answered.answer.outcome == "accepted"
    assert answered.entry
    assert len(rows()["journal"]) == 2


def test_idle_connections_that_were_ended_are_opened_anew(desk: Desk, database: Database) -> None:
    """After the server was restarted the next tray is served as if nothing had been."""
    desk.ask(ask("register_person"))
    _end_backends(database)
    assert desk.ask(ask("look_up_person")).answer.outcome == "accepted"


def test_a_database_that_is_down_is_told(vault: SoftwareVault, notices: Notices, tmp_path: Path) -> None:
    """Nobody listens: `StoreDown`, with a sentence that says what to do, and nothing done."""
    desk = Desk(Store(f"host={tmp_path} dbname=none user=nobody"), vault, notices, lambda: NOON)
    with pytest.raises(StoreDown, match="send the same request again"):
        desk.ask(ask("register_person"))


# The schema ----------------------------------------------------------------------------------------------------------


@contextmanager
def schema_called(owner: str, version: str | None) -> Iterator[None]:
    """The database says that it has this schema; None says none."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("delete from alembic_version")
        if version is not None:
            connection.execute("insert into alembic_version values (%s)", [version])
        try:
            yield
        finally:
            connection.execute("delete from alembic_version")
            connection.execute("insert into alembic_version values (%s)", [SCHEMA])


@pytest.mark.parametrize(
    ("version", "says"),
    [("0000", "needs " + SCHEMA), ("9999", "Install the newer program"), (None, "is empty")],
    ids=["older", "newer", "none"],
)
def test_another_schema_is_told(
    database: Database, vault: SoftwareVault, notices: Notices, version: str | None, says: str
) -> None:
    """A database of another schema is not touched, and the sentence says what to run."""
    with schema_called(database.owner, version), pytest.raises(StoreOld, match=says):
        Desk(Store(database.app), vault, notices, lambda: NOON).ask(ask("register_person"))


def test_screens_tell_another_schema_too(database: Database) -> None:
    """What only reads refuses another schema with the same sentence."""
    views = Views(database.app, wait_s=0.3)
    with schema_called(database.owner, "0000"):
        views.open()
        with pytest.raises(StoreOld, match="needs " + SCHEMA):
            views.rows("select 1")
        views.close()


def test_a_database_without_tables_is_told(server: str, vault: SoftwareVault, notices: Notices) -> None:
    """A database in which nothing was ever made: `StoreOld`, with the command that makes it."""
    url = as_role(ensure_database(server, "empty"), APP_ROLE)
    with pytest.raises(StoreOld, match="shebaoka db migrate"):
        Desk(Store(url), vault, notices, lambda: NOON).ask(ask("register_person"))


# Two at once ---------------------------------------------------------------------------------------------------------

PEOPLE = (LI_NA, ZHOU_MING, TIAN_YU)
EACH = 150


def _asks_of(worker: int) -> list[Ask]:
    """A hundred and fifty requests about three people, of many kinds."""
    draw = random.Random(worker)  # noqa: S311 - which request comes next, no secret
    made = []
    for n in range(EACH):
        request_id = f"p{worker}-{n}"
        person = draw.choice(PEOPLE)
        made.append(
            draw.choice(
                (
                    ask("look_up_person", person, request_id),
                    ask("use_card", person, request_id, pin=RIGHT_PIN),
                    ask("use_card", person, request_id, pin=WRONG_PIN),
                    ask("unlock_card", person, request_id),
                    ask("report_loss", person, request_id, kind="temporary"),
                    ask("report_loss", person, request_id, kind="formal"),
                    ask("cancel_loss_report", person, request_id),
                    ask("apply_for_temporary_card", person, request_id, new_pin=RIGHT_PIN),
                    ask("replace_card", person, request_id, why="damage", paid_fen=2800),
                    ask("put_in_batch", person, request_id),
                    ask("record_made", person, request_id),
                    ask("record_ready", person, request_id),
                    ask("collect_card", person, request_id, hands_in_temporary_card=True),
                    ask("activate_card", person, request_id, new_pin=RIGHT_PIN),
                )
            )
        )
    return made


def _work(worker: int, url: str, vault_file: Path, start: Barrier, told: Connection) -> None:
    """A process of its own: a desk that works through its requests in trays of one to twenty."""
    draw = random.Random(worker)  # noqa: S311 - how long a tray is, no secret
    notices = load_notices(ROOT / "notices" / "jinzhong")
    asks, busy, answered = _asks_of(worker), 0, []
    with Store(url) as store:
        desk = Desk(store, SoftwareVault.open(vault_file), notices, lambda: NOON)
        start.wait(timeout=60)
        while asks:
            tray = asks[: draw.randint(1, 20)]
            try:
                outcomes = desk.submit(tray)
            except StoreBusy:
                busy += 1
                continue
            answered += [(receipt(o).request_id, receipt(o).entry, receipt(o).answer.ground) for o in outcomes]
            del asks[: len(tray)]
    told.send((answered, busy))
    told.close()


def test_two_processes_about_the_same_people_both_end_right(
    database: Database, vault: SoftwareVault, notices: Notices, desk: Desk, views: Views, store: Store
) -> None:
    """Two offices write about three people at once: each request is answered once, where the journal has it, whole."""
    desk.submit([a for person in PEOPLE for a in to_a_card(person, new_pin=RIGHT_PIN)])
    context = multiprocessing.get_context("spawn")
    start, ends, processes = context.Barrier(2), [], []
    for worker in (1, 2):
        here, there = context.Pipe(duplex=False)
        arguments = (worker, database.app, vault._file.path, start, there)
        process = context.Process(target=_work, args=arguments, daemon=True)
        process.start()
        there.close()
        processes.append(process)
        ends.append(here)
    answered = [one for here in ends for one in here.recv()[0]]
    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    with psycopg.connect(database.owner) as owner:
        found = owner.execute(
            "select request_id, person_id || '-' || seq, ground from request_key join journal using (person_id, seq) "
            "where request_id ~ '^p[12]-'"
        ).fetchall()
    assert sorted(found) == sorted(answered)
    assert len(answered) == len(set(answered)) == 2 * EACH
    audit = Auditor(views, vault, notices).verify(store)
    assert audit.faults == ()
    assert audit.entries == 2 * EACH + 7 * len(PEOPLE)


def test_whoever_is_always_overtaken_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After many rounds in which others were faster the desk gives up, says that nothing was done, and what to do."""
    tried: list[bool] = []

    def overtaken(writes: Any) -> None:
        tried.append(True)
        raise Overtaken

    monkeypatch.setattr(desk.store, "save", overtaken)
    with pytest.raises(StoreBusy, match="Nothing was done"):
        desk.ask(ask("register_person"))
    assert len(tried) == ROUNDS


def test_one_who_was_overtaken_decides_again(
    desk: Desk,
    database: Database,
    vault: SoftwareVault,
    notices: Notices,
    clock: StandingClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another desk reports the loss between load and save: the second report is decided on what is so by then."""
    desk.submit(to_a_card())
    save = desk.store.save
    with Store(database.app) as store:
        other = Desk(store, vault, notices, clock)

        def overtaken_once(writes: Any) -> None:
            monkeypatch.setattr(desk.store, "save", save)
            assert other.ask(ask("report_loss", request_id="theirs")).answer.outcome == "accepted"
            save(writes)

        monkeypatch.setattr(desk.store, "save", overtaken_once)
        assert desk.ask(ask("report_loss", request_id="ours")).answer.ground == "loss_is_already_reported"


def test_the_same_request_from_two_desks_at_once_is_done_once(
    desk: Desk,
    database: Database,
    vault: SoftwareVault,
    notices: Notices,
    clock: StandingClock,
    monkeypatch: pytest.MonkeyPatch,
    rows: Callable[[], Rows],
) -> None:
    """A sender's second try runs beside the first: one of them does it, the other gets that answer as a repeat."""
    save = desk.store.save
    with Store(database.app) as store:
        other = Desk(store, vault, notices, clock)

        def overtaken_once(writes: Any) -> None:
            monkeypatch.setattr(desk.store, "save", save)
            other.ask(ask("register_person"))
            save(writes)

        monkeypatch.setattr(desk.store, "save", overtaken_once)
        assert desk.ask(ask("register_person")).repeated
    assert len(rows()["person"]) == len(rows()["journal"]) == 1


def test_a_url_may_name_another_host(database: Database, tmp_path: Path) -> None:
    """A URL's parts are what the store connects by; one that leads nowhere is `StoreDown`, not a silent default."""
    with pytest.raises(StoreDown):
        Store(make_conninfo(database.app, host=str(tmp_path))).open()
