"""Persons, accounts, cards, stays and records in files of their own, in every format, through a whole run."""

# ruff: noqa: E501 - a case a line

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.conftest import Database
from tests.webhouse import house_on

from moved import moved
from shebaoka.app import House
from shebaoka.importer.mapping import mapping_of, read_mapping, ready_mapping
from shebaoka.importer.specs import Mapping
from shebaoka.records import BadInput
from test_bad_input import xls, xlsx
from test_bad_rows import somebody
from test_source_tables import dbf

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
Table = list[list[str]]
PERSONS = ("个人编号", "身份证号", "姓名", "性别", "参保日期", "所属区划")
FIELDS = {
    "persons": {**dict(zip(("personal_id", "number", "name", "sex", "insured_on", "region"), PERSONS, strict=True))},
    "accounts": {"personal_id": "个人编号", "balance": "结余", "hospital_status": "在院"},
    "cards": {"personal_id": "个人编号", "old_card_number": "卡号"},
    "stays": {"personal_id": "个人编号", "institution": "医院", "admitted_on": "入院日期"},
    "records": {
        "personal_id": "个人编号",
        "spent_on": "日期",
        "total": "总费用",
        "account": "支出",
        "institution": "机构",
    },
}
COLUMNS = {kind: tuple(fields.values()) for kind, fields in FIELDS.items()}
VALUES = {"sex": "{男: male, 女: female}", "hospital_status": '{"0": out, "1": in}'}
WIDTH = 30


def tables() -> dict[str, Table]:
    """Six people: the second is in hospital, the third had records last year, too."""
    people = [somebody(n) for n in range(6)]
    ids = [p["个人编号"] for p in people]
    return {
        "persons": [[p[c] for c in PERSONS] for p in people],
        "accounts": [[i, f"{n}.0{n}", str(int(n == 1))] for n, i in enumerate(ids)],
        "cards": [[i, f"K{n}"] for n, i in enumerate(ids)],
        "stays": [[ids[1], "汾河湾综合医院", "20130620"]],
        "records": [[i, f"2013030{n + 1}", "10.00", f"{n}.50", "南山镇卫生院"] for n, i in enumerate(ids)]
        + [[ids[2], "20121231", "3.00", "1.00", "南山镇卫生院"]],
    }


def column_of(field: str, column: str) -> str:
    """A column as the mapping names it."""
    return f"{{column: {column}, values: {VALUES[field]}}}" if field in VALUES else column


def mapping(form: str, ending: str) -> Mapping:
    """A mapping for the five tables in one format."""
    widths = ""
    lines = ["name: apart", "sources:"]
    for kind, fields in FIELDS.items():
        if form == "fixed":
            widths = (
                ", widths: [" + ", ".join(f"{{name: {c}, width: {WIDTH}}}" for c in COLUMNS[kind]) + "], header: false"
            )
        columns = ", ".join(f"{f}: {column_of(f, c)}" for f, c in fields.items())
        lines.append(f'  - {{kind: {kind}, file: "{kind}*.{ending}", format: {form}{widths}, columns: {{{columns}}}}}')
    return mapping_of("\n".join(lines).encode(), "apart.yaml")


def csv_in(encoding: str) -> Callable[[Path, Table], None]:
    """A writer of CSV."""
    return lambda path, rows: path.write_bytes("".join(",".join(r) + "\r\n" for r in rows).encode(encoding)) and None


def fixed(path: Path, rows: Table) -> None:
    """Rows of fixed width, without a header."""
    path.write_bytes(b"".join(b"".join(v.encode("gbk").ljust(WIDTH) for v in r) + b"\r\n" for r in rows[1:]))


def table(path: Path, rows: Table) -> None:
    """A DBF table."""
    fields = [(c.encode("gbk")[:10], "C", WIDTH) for c in rows[0]]
    path.write_bytes(dbf([b" " + b"".join(v.encode("gbk").ljust(WIDTH) for v in r) for r in rows[1:]], fields))


FORMS: dict[str, tuple[str, str, Callable[[Path, Table], None]]] = {
    "CSV in UTF-8": ("csv", "csv", csv_in("utf-8")),
    "CSV in GBK": ("csv", "csv", csv_in("gbk")),
    "fixed width": ("fixed", "txt", fixed),
    "DBF": ("dbf", "dbf", table),
    "xlsx": ("excel", "xlsx", xlsx),
    "xls": ("excel", "xls", xls),
}


@pytest.fixture(scope="module")
def open_house(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house for all tests of this module."""
    shared_database.wipe()
    with house_on(shared_database, tmp_path_factory.mktemp("home"), AT) as house:
        yield house


@pytest.fixture
def house(open_house: House, shared_database: Database) -> House:
    """The house with nobody in it, and without a run."""
    shared_database.wipe()
    shutil.rmtree(open_house.settings.home / "imports", ignore_errors=True)
    return open_house


def export(folder: Path, of: dict[str, Table], form: str) -> Path:
    """The tables as files; the records in two, as two counties export them."""
    _, ending, save = FORMS[form]
    folder.mkdir()
    for kind, rows in of.items():
        parts = {"": rows} if kind != "records" else {"_a": rows[::2], "_b": rows[1::2]}
        for part, some in parts.items():
            save(folder / f"{kind}{part}.{ending}", [list(COLUMNS[kind]), *some])
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_every_format(house: House, database: Database, tmp_path: Path, form: str) -> None:
    """All people go over with name, card, stay and records; every row of every file is accounted for."""
    done = moved(house, export(tmp_path / "export", tables(), form), mapping(*FORMS[form][:2]))
    assert done.held == {}
    by_kind = {}
    for f in done.report.files:
        by_kind[f.kind] = by_kind.get(f.kind, 0) + f.carried_over
        assert f.carried_over + f.left == f.rows
    assert by_kind == {"persons": 6, "accounts": 6, "cards": 6, "stays": 1, "records": 6}
    assert sum(f.left for f in done.report.files) == 1
    with psycopg.connect(database.owner) as connection:
        (people,) = connection.execute("select array_agg(name order by number) from person").fetchall()[0]
        stays = connection.execute(
            "select in_hospital_since from person where in_hospital_since is not null"
        ).fetchall()
        cards = connection.execute("select array_agg(number order by number) from card").fetchone()
    assert people == ["李伟"] * 6
    assert stays == [(dt.date(2013, 6, 20),)]
    assert cards == ([f"K{n}" for n in range(6)],)


def spoilt(kind: str, row: int, column: str, value: str | None) -> Callable[[dict[str, Table]], None]:
    """A value changed; without a value the row is taken out."""

    def change(of: dict[str, Table]) -> None:
        if value is None:
            del of[kind][row]
        else:
            of[kind][row][COLUMNS[kind].index(column)] = value

    return change


def more(kind: str, row: int, column: str, value: str) -> Callable[[dict[str, Table]], None]:
    """A second row about the same person, with another value."""

    def change(of: dict[str, Table]) -> None:
        again = list(of[kind][row])
        again[COLUMNS[kind].index(column)] = value
        of[kind].append(again)

    return change


# What is changed; file, line and reason of each row that is held back, the person being the second or the one named.
CONTRADICTIONS: dict[str, tuple[Callable[[dict[str, Table]], None], dict[tuple[str, int], str], str]] = {
    "a person whose row is wrong": (
        spoilt("persons", 2, "参保日期", "20130230"),
        {("persons.csv", 4): "date_is_not_valid", ("accounts.csv", 4): "row_of_person_is_held_back", ("cards.csv", 4): "account_is_held_back",
         ("records_a.csv", 3): "account_is_held_back", ("records_a.csv", 5): "account_is_held_back"},
        "Line 4 of persons.csv is about this person and is held back; correct that row"),
    "a person in no row": (
        spoilt("persons", 0, "", None),
        {("accounts.csv", 2): "person_is_in_no_row", ("cards.csv", 2): "person_is_in_no_row", ("records_a.csv", 2): "person_is_in_no_row"},
        "No row of the persons says who this is; find the person's row, or correct 个人编号."),
    "a personal id of two people": (
        spoilt("persons", 5, "个人编号", "1000"),
        {("accounts.csv", 2): "personal_id_stands_for_two", ("cards.csv", 2): "personal_id_stands_for_two", ("records_a.csv", 2): "personal_id_stands_for_two",
         ("accounts.csv", 7): "person_is_in_no_row", ("cards.csv", 7): "person_is_in_no_row", ("records_b.csv", 4): "person_is_in_no_row",
         ("persons.csv", 2): "record_has_no_account", ("persons.csv", 7): "record_has_no_account"},
        "个人编号 stands for more than one person; find out in the old system whose row this is"),
    "nobody's card": (
        spoilt("cards", 0, "", None),
        {("accounts.csv", 2): "old_card_is_in_no_row", ("persons.csv", 2): "account_is_held_back", ("records_a.csv", 2): "account_is_held_back"},
        "No row of the card holders says which old card this person has"),
    "two cards of one person": (
        more("cards", 0, "卡号", "K9"),
        {("accounts.csv", 2): "row_of_person_is_held_back", ("persons.csv", 2): "account_is_held_back", ("cards.csv", 2): "conflicting_duplicate",
         ("cards.csv", 8): "conflicting_duplicate", ("records_a.csv", 2): "account_is_held_back"}, "Line 2 of cards.csv is about this person"),
    "a card that is none": (
        spoilt("cards", 0, "卡号", "k 1"),
        {("accounts.csv", 2): "row_of_person_is_held_back", ("persons.csv", 2): "account_is_held_back", ("cards.csv", 2): "card_number_is_not_usable",
         ("records_a.csv", 2): "account_is_held_back"}, "Line 2 of cards.csv is about this person and is held back"),
    "in hospital, and no stay": (
        spoilt("stays", 0, "", None),
        {("accounts.csv", 3): "stay_has_no_day", ("persons.csv", 3): "account_is_held_back", ("cards.csv", 3): "account_is_held_back", ("records_b.csv", 2): "account_is_held_back"},
        "在院 says that the person is in hospital, and nothing says since when"),
    "a stay of somebody not in hospital": (
        spoilt("accounts", 1, "在院", "0"),
        {("accounts.csv", 3): "conflicting_duplicate", ("persons.csv", 3): "account_is_held_back", ("cards.csv", 3): "account_is_held_back",
         ("stays.csv", 2): "account_is_held_back", ("records_b.csv", 2): "account_is_held_back"}, "stands in line 2 of stays.csv with other values"),
    "two stays of one person": (
        more("stays", 0, "入院日期", "20130621"),
        {("accounts.csv", 3): "row_of_person_is_held_back", ("persons.csv", 3): "account_is_held_back", ("cards.csv", 3): "account_is_held_back",
         ("stays.csv", 2): "conflicting_duplicate", ("stays.csv", 3): "conflicting_duplicate", ("records_b.csv", 2): "account_is_held_back"},
        "Line 2 of stays.csv is about this person"),
    "a stay from tomorrow": (
        spoilt("stays", 0, "入院日期", "20130702"),
        {("accounts.csv", 3): "row_of_person_is_held_back", ("persons.csv", 3): "account_is_held_back", ("cards.csv", 3): "account_is_held_back",
         ("stays.csv", 2): "date_is_in_the_future", ("records_b.csv", 2): "account_is_held_back"}, "Line 2 of stays.csv"),
    "a record with a comma too many": (
        spoilt("records", 0, "日期", "2013,0301"),
        {("records_a.csv", 2): "wrong_number_of_columns", ("accounts.csv", 2): "old_record_cannot_be_read",
         ("persons.csv", 2): "account_is_held_back", ("cards.csv", 2): "account_is_held_back"}, "Line 2 of records_a.csv belongs to this account"),
    "a record of nobody": (spoilt("records", 0, "个人编号", "9"), {("records_a.csv", 2): "person_is_in_no_row"}, ""),
    "the same card row twice": (more("cards", 0, "卡号", "K0"), {("cards.csv", 8): "duplicate_row"}, ""),
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected", "says"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_files_that_contradict_each_other(
    house: House,
    tmp_path: Path,
    change: Callable[[dict[str, Table]], None],
    expected: dict[tuple[str, int], str],
    says: str,
) -> None:
    """The account is held back, with the person's rows in all other files; everybody else goes over."""
    of = tables()
    change(of)
    done = moved(house, export(tmp_path / "export", of, "CSV in UTF-8"), mapping("csv", "csv"))
    assert {place: reason for place, (reason, _) in done.held.items()} == expected
    account = next((place for place in expected if place[0] == "accounts.csv"), None)
    assert account is None or says in done.sentence(*account)


@pytest.mark.parametrize("form", ["CSV in GBK", "fixed width", "xlsx"])
def test_held_rows_come_back_as_an_export(house: House, tmp_path: Path, form: str) -> None:
    """All rows of a held person are in `to_correct`, which is taken in by its own mapping once they are corrected."""
    of = tables()
    of["accounts"][2][1] = "2..02"
    done = moved(house, export(tmp_path / "export", of, form), mapping(*FORMS[form][:2]))
    assert sum(f.held_back for f in done.report.files) == 5
    folder = done.output / "to_correct"
    wrong = next(folder.glob("accounts*"))
    wrong.write_bytes(wrong.read_bytes().replace(b"2..02", b"12.02"))
    again = moved(house, folder, read_mapping(folder / "mapping.yaml"))
    assert again.held == {}
    assert sum(f.carried_over for f in again.report.files) == 4
    assert sum(f.left for f in again.report.files) == 1
    lost = wrong.read_bytes().splitlines(keepends=True)
    wrong.write_bytes(b"".join(lost[:-1]))
    if form == "fixed width":
        with pytest.raises(BadInput, match="is empty; export it again"):
            moved(house, folder, read_mapping(folder / "mapping.yaml"))
        return
    stopped = moved(house, folder, read_mapping(folder / "mapping.yaml"))
    assert "has 0 rows and the old system states 1" in stopped.report.differences[0]


# The Shanxi list ------------------------------------------------------------------------------------------------------

SHANXI = (
    "个人编号",
    "身份证号",
    "姓名",
    "性别",
    "出生日期",
    "卡号",
    "单位编号",
    "在院状态",
    "结余",
    "年度",
    "总费用",
    "帐户支出",
)


def shanxi(n: int, year: str, balance: str, spent: str, **changed: str) -> list[str]:
    """A row of the Shanxi list."""
    row = {**somebody(n), "单位编号": "140702001", "结余": balance, "年度": year, "总费用": spent, "帐户支出": spent}
    return [{**row, **changed}[c] for c in SHANXI]


def test_the_shanxi_list(house: House, database: Database, tmp_path: Path) -> None:
    """A person's latest year is the account, earlier ones are left by 1.2; each row counts once for each source."""
    rows = [
        shanxi(0, "2013", "5.00", "1.00"),
        shanxi(0, "2012", "4.00", "2.00"),
        shanxi(1, "2012", "7.00", "3.00"),  # no row of this year: the latest is the account
        shanxi(2, "2013", "x", "1.00"),
        shanxi(2, "2012", "8.00", "2.00"),
        shanxi(3, "2013", "9.00", "1.00"),
        shanxi(3, "2012", "y", "2.00"),  # of an earlier year: held back by itself
        shanxi(4, "2013", "9.00", "1.00", 在院状态="1"),
    ]  # fmt: skip
    folder = tmp_path / "export"
    folder.mkdir()
    csv_in("gb18030")(folder / "2013.csv", [list(SHANXI), *rows])
    (folder / "control_totals.csv").write_text("文件,行数,金额合计\r\n2013.csv,8,42.00\r\n", encoding="gb18030")
    done = moved(house, folder, ready_mapping("shanxi"))
    accounts, records = done.file("2013.csv", "accounts"), done.file("2013.csv", "records")
    assert (accounts.carried_over, accounts.left, accounts.held_back) == (3, 2, 3)
    assert (accounts.carried_over_fen, accounts.left_fen, accounts.held_back_fen) == (2100, 1200, 900)
    assert (records.carried_over, records.left, records.held_back) == (2, 3, 3)
    assert {line: reason for (_, line), (reason, _) in done.held.items()} == {
        5: "account_is_held_back", 6: "account_is_held_back", 8: "amount_is_not_a_number", 9: "account_is_held_back"
    }  # fmt: skip
    with psycopg.connect(database.owner) as connection:
        assert connection.execute("select sum(balance_fen) from dossier").fetchone() == (2100,)
