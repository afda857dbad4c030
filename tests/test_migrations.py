"""Migrations: all or nothing, once however often they are run, and by two installers at once."""

import datetime as dt
import json
import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import psycopg
import pytest

from asking import LI_NA
from conftest import Database
from shebaoka.app import APP_ROLE
from shebaoka.desk import by_year
from shebaoka.records import OldRecord
from shebaoka.store import Store, as_role, ensure_database, migrate, sql

ON, AT = dt.date(2013, 7, 1), dt.datetime(2013, 7, 1, 4, tzinfo=dt.UTC)
MIGRATIONS = Path(sql.__file__).parent / "migrations" / "versions"


def _shape(url: str) -> list[tuple[Any, ...]]:
    """Tables, columns and types of a database."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "select table_name, column_name, data_type from information_schema.columns where table_schema = 'public' "
            "order by table_name, ordinal_position"
        ).fetchall()


def test_migrating_twice_changes_nothing(server: str, database: Database) -> None:
    """The second run finds the work done, and the shape is that of any other database."""
    url = ensure_database(server, "twice")
    migrate(url)
    shape = _shape(url)
    migrate(url)
    assert _shape(url) == shape == _shape(database.owner)


def _installed_before_money(url: str) -> None:
    """A database as it was when the first migration was the newest, with two accounts in it."""
    with psycopg.connect(url) as connection:
        connection.execute((MIGRATIONS / "0001_the_house.sql").read_text())  # type: ignore[arg-type]
        connection.execute("create table alembic_version (version_num varchar(32) primary key)")
        connection.execute("insert into alembic_version values ('0001')")
        connection.execute("insert into dossier select n, 1, sha256('x') from generate_series(1, 3) as n")
        connection.execute(
            "insert into person (person_id, number, name, sex, birth_on, region, insured_on, standing) "
            "select n, %s, '李娜', 'female', '1979-12-03', '140702', '2009-04-01', 'insured' "
            "from generate_series(1, 3) as n",
            [LI_NA],
        )
        connection.execute("insert into account values (1, 12345, '2013-07-01'), (2, 0, null)")


def _brought_to(connection: psycopg.Connection[Any], revision: str) -> None:
    """A database of the first migration with those after it, up to a revision."""
    for path in sorted(MIGRATIONS.glob("*.sql")):
        if "0001" < path.name[:4] <= revision:
            connection.execute(path.read_text())  # type: ignore[arg-type]
    connection.execute("update alembic_version set version_num = %s", [revision])


def test_accounts_keep_their_balance_to_the_fen(server: str, database: Database) -> None:
    """A city that has lived with the first schema has the same balances afterwards, and a new city's shape."""
    url = ensure_database(server, "lived_in")
    _installed_before_money(url)
    migrate(url)
    with psycopg.connect(url) as connection:
        accounts = connection.execute("select * from account order by person_id").fetchall()
    assert accounts == [(1, 12345, dt.date(2013, 7, 1)), (2, 0, None)]
    assert _shape(url) == _shape(database.owner)


SETTLED = (
    (1, 2, "H14070200001", 7, "outpatient", None, "m2", "", 1000, 300, 600, 100, ON, AT),
    (1, 3, "H14070200001", 8, "outpatient", 2, "m3", "", -1000, -300, -600, -100, ON, AT),
)


def test_settlements_come_into_the_journal_as_they_were(server: str, database: Database) -> None:
    """What a city had settled is settled afterwards, with the same postings, and other entries settled nothing."""
    url = ensure_database(server, "settled")
    _installed_before_money(url)
    with psycopg.connect(url) as connection:
        _brought_to(connection, "0003")
        connection.execute(
            "insert into journal (person_id, seq, at, service, outcome, ground, clause, also, body, hash) "
            "select 1, n, %s, 's', 'accepted', 'g', '1.1', '{}', '', sha256('') from generate_series(1, 3) as n",
            [AT],
        )
        for row in SETTLED:
            connection.execute(f"insert into settlement values ({', '.join(['%s'] * len(row))})", row)  # type: ignore[arg-type]
        postings = connection.execute("select * from posting order by seq, line").fetchall()
    migrate(url)
    with psycopg.connect(url) as connection:
        assert connection.execute("select * from settlement order by seq").fetchall() == list(SETTLED)
        assert connection.execute("select * from posting order by seq, line").fetchall() == postings
        assert connection.execute("select count(*) from journal where cycle is null").fetchall() == [(1,)]
    assert len(postings) == 4
    assert _shape(url) == _shape(database.owner)


STAYS = {
    "settled": ("settled", 2, [(1, 0, 800, "M1"), (3, 0, 300, "M3")], 1, ["M3"]),
    "taken back": ("discharged", 4, [(5, 0, 800, "M5"), (6, 5, -800, "M6")], 0, ["M6"]),
    "settled again": ("settled", 7, [(8, 0, 9, "M8"), (9, 8, -9, "M9"), (10, 0, 7, "M10")], 1, ["M9", "M10"]),
    "not yet settled": ("discharged", 12, [(11, 0, 100, "M11")], 1, []),
    "in hospital": ("in_hospital", 0, [(13, 0, 100, "M13")], 1, []),
    "never": ("cancelled", 0, [], 0, []),
}


def test_stays_know_what_settled_them(server: str, database: Database) -> None:
    """A stay on file gets the messages that settled its discharge, or took that back, and no earlier ones."""
    url = ensure_database(server, "stays")
    _installed_before_money(url)
    with psycopg.connect(url) as connection:
        _brought_to(connection, "0003")
        for n, (number, (state, discharge, settled, count, _)) in enumerate(STAYS.items(), 1):
            asked = {seq: ("settle_charge", "") for seq, *_ in settled}
            if discharge:
                asked[discharge] = ("discharge_patient", json.dumps({"request": {"stay": number}}))
            for seq, (service, body) in asked.items():
                connection.execute(
                    "insert into journal (person_id, seq, at, service, outcome, ground, clause, also, body, hash) "
                    "values (1, %s, %s, %s, 'accepted', 'g', '1.1', '{}', %s, sha256(''))",
                    [seq, AT, service, body],
                )
            end = ON if discharge else None
            connection.execute(
                "insert into stay values (1, %s, %s, 'JZHOSPITAL01', %s, %s, %s, '', false, %s)",
                [n, number, state, ON, end, count],
            )
            for seq, undoes, fen, message in settled:
                undone = undoes or None
                row = (1, seq, "JZHOSPITAL01", 1, "inpatient", undone, message, number, fen, 0, fen, 0, ON, AT)
                connection.execute(f"insert into settlement values ({', '.join(['%s'] * len(row))})", row)  # type: ignore[arg-type]
    migrate(url)
    with psycopg.connect(url) as connection:
        rows = connection.execute("select number, charged, closing from stay order by n").fetchall()
    assert rows == [(number, bool(settled), closing) for number, (_, _, settled, _, closing) in STAYS.items()]


AMOUNTS = ("total_fen", "pooled_fen", "account_fen", "cash_fen")


def _compared(n: int, at: str, *differences: dict[str, Any]) -> tuple[Any, ...]:
    """A comparison as it was before differences had rows of their own."""
    return (7, f"2013-07-01 {at}+00", "fenhe-1", "{}", f'{{"n":{n}}}', json.dumps(differences) if differences else None)


def _sides(ours: int = 0, theirs: int = 0) -> dict[str, Any]:
    """Both sides' amounts as a difference had them; a side that lacks the message has none."""
    said = {"ours": ours, "theirs": theirs}
    return {s: dict(zip(AMOUNTS, (n, 0, n, 0), strict=True)) for s, n in said.items() if n}


def test_differences_and_explanations_survive(server: str, database: Database) -> None:
    """Each difference has its row, and an explanation is of the amounts that stood there when it was given."""
    url = ensure_database(server, "explained")
    _installed_before_money(url)
    one, two = {"message_id": "m1", "difference": "amount"}, {"message_id": "m2", "difference": "theirs_only"}
    three = {"message_id": "m3", "difference": "ours_only", "settlement": "1-3"}
    with psycopg.connect(url) as connection:
        _brought_to(connection, "0004")
        connection.execute("insert into institution values ('H14070200001', 'x', '{outpatient}', true, now())")
        connection.execute(
            "insert into cycle (id, institution, opened_at, until_at, opened_by) overriding system value "
            "values (7, 'H14070200001', '2013-07-01', '2013-07-02', 'fenhe-1')"
        )
        for row in (
            _compared(1, "10:00"),
            _compared(2, "11:00", {**one, **_sides(10, 11)}, {**two, **_sides(theirs=5)}, {**three, **_sides(ours=9)}),
            _compared(3, "13:00", {**one, **_sides(10, 12)}, {**two, **_sides(theirs=5)}),
        ):
            connection.execute(
                "insert into comparison (cycle, at, by_whom, ours, theirs, differences) "
                "values (%s, %s, %s, %s, %s, %s)",
                row,
            )
        for said in (("m1", "amount"), ("m2", "theirs_only"), ("m3", "ours_only"), ("m4", "amount")):
            connection.execute(
                "insert into explanation values (7, %s, %s, 'because', 'li', '2013-07-01 12:00+00')", said
            )
    migrate(url)
    with psycopg.connect(url) as connection:
        assert connection.execute("select differences from comparison order by id").fetchall() == [(None,), (3,), (2,)]
        assert connection.execute("select * from difference order by comparison, message_id").fetchall() == [
            (2, "m1", [10, 0, 10, 0], [11, 0, 11, 0], ""),
            (2, "m2", [], [5, 0, 5, 0], ""),
            (2, "m3", [9, 0, 9, 0], [], "1-3"),
            (3, "m1", [10, 0, 10, 0], [12, 0, 12, 0], ""),
            (3, "m2", [], [5, 0, 5, 0], ""),
        ]
        explained = connection.execute("select message_id, ours, theirs, reason from explanation order by message_id")
        assert explained.fetchall() == [
            ("m1", [10, 0, 10, 0], [11, 0, 11, 0], "because"),
            ("m2", [], [5, 0, 5, 0], "because"),
            ("m3", [9, 0, 9, 0], [], "because"),
            ("m4", [], [], "because"),
        ]
    assert _shape(url) == _shape(database.owner)


ODD = '䶮𬭸·㼆 \\"\\/{},NULL%s\u2028\u00a0é'


def test_carried_records_are_gathered_by_year(server: str, database: Database) -> None:
    """Each record of before is there afterwards, in its order; the text is what the desk itself would have kept."""
    url = ensure_database(server, "carried")
    _installed_before_money(url)
    records = [
        OldRecord(dt.date(2013, 5, 6), ODD, 900, 400),
        OldRecord(dt.date(2012, 1, 2), "旧药房", 0, 0),
        OldRecord(dt.date(2013, 5, 6), "", 10**13, 1),
        OldRecord(dt.date(2013, 1, 1), "/", 5, 5),
    ]
    with psycopg.connect(url) as connection:
        _brought_to(connection, "0007")
        for person_id in (1, 2):
            for line, r in enumerate(records, 1):
                connection.execute(
                    "insert into carried_record values (%s, %s, %s, %s, %s, %s)",
                    [person_id, line, r.on, r.institution, r.total_fen, r.account_fen],
                )
        for seq, service, outcome in ((3, "carry_over_account", "refused"), (4, "carry_over_account", "accepted")):
            connection.execute(
                "insert into journal (person_id, seq, at, service, outcome, ground, clause, also, body, hash) "
                "values (1, %s, %s, %s, %s, 'g', '1.2', '{}', '', sha256(''))",
                [seq, AT, service, outcome],
            )
        connection.execute("insert into import_run values ('abc', %s, '{}')", [AT])
    migrate(url)
    with psycopg.connect(url) as connection:
        rows = connection.execute("select * from carried_records order by person_id, year").fetchall()
        seen = connection.execute("select * from carried_record order by person_id, line").fetchall()
        runs = connection.execute("select run, finished_at, report, state, attempt from import_run").fetchall()
    counted = [(y.year, y.count, y.total_fen, y.account_fen, text.decode()) for y, text in by_year(records)]
    assert rows == [(person_id, seq, *year) for person_id, seq in ((1, 4), (2, 1)) for year in counted]
    in_order = [records[1], records[0], records[2], records[3]]
    assert seen == [
        (person_id, line, r.on, r.institution, r.total_fen, r.account_fen)
        for person_id in (1, 2)
        for line, r in enumerate(in_order, 1)
    ]
    assert runs == [("abc", AT, "{}", "done", 1)]
    assert _shape(url) == _shape(database.owner)


def _install(url: str, start: Barrier) -> None:
    """An installer, who begins when the other does."""
    start.wait(60)
    migrate(url)


def test_migrating_at_once_succeeds_for_all(server: str, database: Database) -> None:
    """Two installers start together: one does the work, the other waits and finds it done."""
    url = ensure_database(server, "at_once")
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    installers = [context.Process(target=_install, args=(url, start), daemon=True) for _ in range(2)]
    for installer in installers:
        installer.start()
    for installer in installers:
        installer.join(60)
    assert [installer.exitcode for installer in installers] == [0, 0]
    assert _shape(url) == _shape(database.owner)
    with Store(as_role(url, APP_ROLE)) as store:
        assert store.load([LI_NA], []).people == {}


def test_a_migration_that_fails_leaves_nothing(server: str) -> None:
    """A table in the way stops the migration, and nothing of it is there afterwards."""
    url = ensure_database(server, "in_the_way")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table staff (x int)")
    with pytest.raises(Exception, match=r"database|schema"):
        migrate(url)
    assert {row[0] for row in _shape(url)} == {"staff"}


def test_waiting_cards_know_since_when(server: str, database: Database) -> None:
    """Of a card that came to its window before, the journal says when; each application has its own day."""
    url = ensure_database(server, "waiting")
    _installed_before_money(url)
    entries = (
        *((1, "apply_for_card", {}), (2, "record_ready", {"on": "2013-03-01"}), (3, "collect_card", {})),
        *(
            (4, "replace_card", {"card": "temporary"}),
            (5, "replace_card", {}),
            (6, "record_ready", {"on": "2013-06-02"}),
        ),
    )
    with psycopg.connect(url) as connection:
        _brought_to(connection, "0020")
        for seq, service, said in entries:
            body = json.dumps({"request": {k: v for k, v in said.items() if k == "card"}, "given": said})
            connection.execute(
                "insert into journal (person_id, seq, at, service, outcome, ground, clause, also, body, hash) "
                "values (1, %s, %s, %s, 'accepted', 'g', '1.1', '{}', %s, sha256(''))",
                [seq, AT, service, body],
            )
        for n, making in ((1, "collected"), (2, "ready")):
            row = (n, "loss", making, ON, 0, None, "b", f"S0000000{n}", f"{n:032x}", 0, "w1", "")
            connection.execute(f"insert into application values (1, {', '.join(['%s'] * len(row))})", row)  # type: ignore[arg-type]
    migrate(url)
    with psycopg.connect(url) as connection:
        rows = connection.execute("select n, ready_on from application order by n").fetchall()
        ((facts,),) = connection.execute("select facts from snapshot where person_id = 1").fetchall()
    assert rows == [(1, dt.date(2013, 3, 1)), (2, dt.date(2013, 6, 2))]
    assert [application[-1] for application in json.loads(facts)[2]] == ["2013-03-01", "2013-06-02"]
    assert _shape(url) == _shape(database.owner)
