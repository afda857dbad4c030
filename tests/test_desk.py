"""The desk on a real PostgreSQL: requests sent twice, trays that break, two desks at once, and lines that go dead."""

import datetime as dt
import multiprocessing
import random
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from asking import LI_NA, NOBODY, TIAN_YU, ZHOU_MING, ask, to_a_card
from conftest import FIRST_PIN, OTHER_PIN, RIGHT_PIN, ROOT, TABLES, WRONG_PIN, Database, StandingClock
from relay import Relay, relay_to
from shebaoka.app import APP_ROLE, load_notices
from shebaoka.desk import Auditor, Desk
from shebaoka.desk.desk import ROUNDS, TRAY_MAX
from shebaoka.notice import Notices
from shebaoka.records import (
    Ask,
    Broken,
    Channel,
    Digits,
    NoNotice,
    Receipt,
    RequestIdUsed,
    StoreBusy,
    StoreDown,
    StoreOld,
    Trouble,
)
from shebaoka.store import SCHEMA, Overtaken, Store, Views, as_role, ensure_database, migrate
from shebaoka.vault import SoftwareVault

Rows = dict[str, list[tuple[Any, ...]]]
NOON = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)


@pytest.fixture
def rows(database: Database) -> Callable[[], Rows]:
    """Every row of every table, whenever it is asked."""

    def read() -> Rows:
        with psycopg.connect(database.owner) as connection:
            return {t: sorted(connection.execute(f"select * from {t}").fetchall(), key=repr) for t in TABLES}

    return read


def receipt(outcome: object) -> Receipt:
    """An outcome that must be a receipt."""
    assert isinstance(outcome, Receipt), outcome
    return outcome


# Sent twice ----------------------------------------------------------------------------------------------------------


def test_the_same_request_gets_the_first_answer_again(
    desk: Desk, clock: StandingClock, rows: Callable[[], Rows]
) -> None:
    """Id and content being the same, the first answer comes back, marked as repeated, and nothing is written."""
    first = desk.ask(ask("register_person"))
    before = rows()
    clock.move(days=3)
    again = desk.ask(ask("register_person"))
    assert again.repeated
    assert not first.repeated
    assert (again.answer, again.at, again.entry) == (first.answer, first.at, first.entry)
    assert rows() == before


def test_a_refusal_is_repeated_too(desk: Desk) -> None:
    """A refusal is an answer like another: sent again, it is the same, though the state would now allow it."""
    early = ask("apply_for_card")
    first = desk.ask(early)
    desk.ask(ask("register_person"))
    assert first.answer.ground == "person_is_not_registered"
    assert desk.ask(early).answer == first.answer


ORIGINAL = ask("use_card", request_id="r1", pin=FIRST_PIN)
CHANGED = {
    "content": ask("use_card", request_id="r1", pin=FIRST_PIN, purpose="enquiry"),
    "service": ask("look_up_person", request_id="r1", pin=FIRST_PIN),
    "person": ask("use_card", ZHOU_MING, request_id="r1", pin=FIRST_PIN),
    "PIN": ask("use_card", request_id="r1", pin=WRONG_PIN),
    "no PIN": ask("use_card", request_id="r1"),
    "new PIN": ask("use_card", request_id="r1", pin=FIRST_PIN, new_pin=OTHER_PIN),
    "place": ask("use_card", request_id="r1", pin=FIRST_PIN, place="w2"),
}


@pytest.mark.parametrize("changed", CHANGED.values(), ids=list(CHANGED))
@pytest.mark.parametrize("at_once", [True, False], ids=["one tray", "two trays"])
def test_an_id_with_other_content_is_not_taken(
    desk: Desk, rows: Callable[[], Rows], changed: Ask, at_once: bool
) -> None:
    """An id names one content, PIN and sender included, within a tray as across trays; whoever reuses it is told."""
    desk.submit(to_a_card())
    if at_once:
        first, second = desk.submit([ORIGINAL, changed])
    else:
        (first,) = desk.submit([ORIGINAL])
        before = rows()
        (second,) = desk.submit([changed])
        assert rows() == before
    assert receipt(first).answer.ground == "first_pin_must_be_changed"
    assert isinstance(second, RequestIdUsed)
    assert "r1" in str(second)


def test_a_request_twice_in_one_tray_is_done_once(desk: Desk, rows: Callable[[], Rows]) -> None:
    """The second of two alike gets the first one's answer as a repeat, and there is one entry."""
    first, second = map(receipt, desk.submit([ask("register_person"), ask("register_person")]))
    assert (first.repeated, second.repeated) == (False, True)
    assert (first.entry, first.answer) == (second.entry, second.answer)
    assert len(rows()["journal"]) == 1


def test_a_dry_run_decides_and_leaves_nothing(desk: Desk, rows: Callable[[], Rows]) -> None:
    """A dry run gives the answer without a place in the journal; in earnest afterwards it is not a repeat."""
    dry = desk.ask(ask("register_person"), dry_run=True)
    assert (dry.answer.outcome, dry.entry) == ("accepted", "")
    assert not any(rows().values())
    assert not desk.ask(ask("register_person")).repeated
    assert desk.ask(ask("register_person"), dry_run=True).entry == ""


# What a tray leaves --------------------------------------------------------------------------------------------------


def test_a_refused_stranger_leaves_an_entry_and_no_person(desk: Desk, rows: Callable[[], Rows]) -> None:
    """Whoever is not registered gets a journal of one entry, and is neither a person nor known by number."""
    answers = [receipt(o) for o in desk.submit([ask("apply_for_card", NOBODY, f"r{n}") for n in range(3)])]
    kept = rows()
    assert {r.answer.ground for r in answers} == {"person_is_not_registered"}
    assert len({r.entry for r in answers}) == len(kept["journal"]) == len(kept["dossier"]) == 3
    assert not kept["person"]
    assert not kept["person_key"]


def test_a_broken_tray_is_rolled_back_whole(
    desk: Desk, rows: Callable[[], Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cards with one serial break the tray: nobody's request is done, and the desk serves the next tray."""
    people = (LI_NA, ZHOU_MING, TIAN_YU)
    desk.submit([ask("register_person", p) for p in people])
    before = rows()
    monkeypatch.setattr("shebaoka.desk.fold.card_serial", lambda region: region + "a" * 26)
    tray = [ask("apply_for_temporary_card", p, new_pin=RIGHT_PIN) for p in people]
    with pytest.raises(Broken, match="card_serial_key"):
        desk.submit(tray)
    assert rows() == before
    monkeypatch.undo()
    assert [receipt(o).answer.outcome for o in desk.submit(tray)] == ["accepted"] * 3


def test_what_the_database_says_of_a_person_stays_there(desk: Desk, database: Database) -> None:
    """The message of a broken tray, with all that led to it, names the constraint and not the number it is about."""
    desk.ask(ask("register_person"))
    with psycopg.connect(database.owner) as owner:
        owner.execute("insert into card_number_key values ('A00000007', 1)")
    desk._cards.refill(7)
    with pytest.raises(Broken) as caught:
        desk.ask(ask("apply_for_temporary_card", new_pin=RIGHT_PIN))
    told = "".join(traceback.format_exception(caught.value))
    assert "card_number_key" in str(caught.value)
    assert "A00000007" not in told


def test_a_tray_that_breaks_before_it_is_sent_whole_leaves_nothing(
    desk: Desk, rows: Callable[[], Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the program itself fails between two statements of a save, nothing of it comes in with the next tray."""
    desk.submit([ask("register_person"), ask("register_person", ZHOU_MING)])
    before = rows()
    connection = desk.store.open()
    execute = connection.execute

    def stumbles(statement: str, *rest: Any, **more: Any) -> Any:
        if "insert into dossier" in statement:
            raise RuntimeError("stumbled")
        return execute(statement, *rest, **more)

    monkeypatch.setattr(connection, "execute", stumbles)
    with pytest.raises(RuntimeError, match="stumbled"):
        desk.ask(ask("look_up_person"))
    monkeypatch.undo()
    assert not desk.ask(ask("look_up_person", ZHOU_MING)).repeated
    assert len(rows()["journal"]) == len(before["journal"]) + 1


def test_a_submission_longer_than_a_tray_is_cut(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than a tray holds is served in several, each answered in its place."""
    desk.ask(ask("register_person"))
    saved: list[int] = []
    save = desk.store.save
    monkeypatch.setattr(desk.store, "save", lambda writes: (saved.append(len(writes.journal)), save(writes)))
    outcomes = desk.submit([ask("look_up_person", request_id=f"r{n}") for n in range(TRAY_MAX + 5)])
    assert [receipt(o).request_id for o in outcomes] == [f"r{n}" for n in range(TRAY_MAX + 5)]
    assert saved == [TRAY_MAX, 5]


def test_without_a_notice_nothing_is_done(desk: Desk, clock: StandingClock, rows: Callable[[], Rows]) -> None:
    """On a day before the first notice no request is decided, none is kept, and the sentence says what to do."""
    clock.at = dt.datetime(2013, 6, 24, 4, 0, tzinfo=dt.UTC)
    with pytest.raises(NoNotice, match="2013-06-25"):
        desk.ask(ask("register_person"))
    assert not any(rows().values())


def test_the_day_is_that_of_the_city(desk: Desk, clock: StandingClock) -> None:
    """Midnight falls where the city is: at 16:00 UTC the next day has begun in Jinzhong."""
    clock.at = dt.datetime(2013, 6, 24, 15, 59, tzinfo=dt.UTC)
    assert desk.today() == dt.date(2013, 6, 24)
    clock.move(minutes=1)
    assert desk.today() == dt.date(2013, 6, 25)
    assert desk.ask(ask("register_person")).answer.outcome == "accepted"


def test_a_right_pin_is_kept_under_the_new_key(
    store: Store, notices: Notices, database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    """After the vault's keys were changed, a PIN is sealed anew when it is entered right, and not when it is wrong."""
    vault = SoftwareVault.open(tmp_path / "vault.json")
    vault.set_first_pin(Digits(FIRST_PIN), length=6)
    desk = Desk(store, vault, notices, clock)
    desk.submit(to_a_card(new_pin=RIGHT_PIN))

    def key_id() -> str:
        with psycopg.connect(database.owner) as owner:
            ((found,),) = owner.execute("select key_id from pin").fetchall()
        return str(found)

    old = key_id()
    new = vault.rotate()
    assert desk.ask(ask("use_card", request_id="wrong", pin=WRONG_PIN)).answer.ground == "pin_is_wrong"
    assert key_id() == old
    assert desk.ask(ask("use_card", request_id="right", pin=RIGHT_PIN)).answer.outcome == "accepted"
    assert key_id() == new
    assert desk.ask(ask("use_card", request_id="again", pin=RIGHT_PIN)).answer.outcome == "accepted"


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


def test_every_trouble_of_a_tray_is_of_the_family(desk: Desk) -> None:
    """What a single ask meets is a `Trouble` in its place, and `ask` raises it."""
    desk.ask(ask("register_person"))
    (outcome,) = desk.submit([ask("register_person", name="王芳")])
    assert isinstance(outcome, Trouble)
    with pytest.raises(RequestIdUsed):
        desk.ask(ask("register_person", name="王芳"))


def test_the_channel_is_the_senders(desk: Desk) -> None:
    """Through which channel a request came is what its sender says, not the request."""
    one = ask("register_person")
    phone = Ask(one.request, type(one.sender)(one.sender.by, Channel.PHONE, one.sender.place))
    assert desk.ask(phone).answer.ground == "service_is_not_for_this_channel"


def test_a_url_may_name_another_host(database: Database, tmp_path: Path) -> None:
    """A URL's parts are what the store connects by; one that leads nowhere is `StoreDown`, not a silent default."""
    with pytest.raises(StoreDown):
        Store(make_conninfo(database.app, host=str(tmp_path))).open()


def test_migrating_again_changes_nothing(database: Database, desk: Desk, rows: Callable[[], Rows]) -> None:
    """A database in use is left as it is when it is migrated once more."""
    desk.submit(to_a_card())
    before = rows()
    migrate(database.owner)
    assert rows() == before
