"""A run of moving a city over, step by step: what each step says, what stops it, and what becomes of every row."""

import csv
import resource
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from bench.old_city import Found, write_old_city
from tests.webhouse import house_on

from conftest import Database
from killing import COMPARED
from moves import INVENTED, Moves, became, is_whole, mapping, of_kind, reasons
from old_files import LI, LI_RECORD, WANG, write
from shebaoka.desk import Moving
from shebaoka.importer import matching
from shebaoka.moving import move_of
from shebaoka.notice import Notices, Words
from shebaoka.records import BadInput, CancelReason, Progress, RunIsTaken, RunReport
from shebaoka.vault import SoftwareVault

Rows = dict[str, list[tuple[Any, ...]]]
LI_NUMBER, WANG_NUMBER = LI["身份证号"], WANG["身份证号"]
EARLY_RECORD = (*LI_RECORD[:2], "20121231", "百草（平安路）药店", "9.90", "9.90")
WHO = {"name": "李伟", "region": "140702"}


@pytest.fixture
def moves(
    database: Database, vault: SoftwareVault, notices: Notices, words: dict[str, Words], tmp_path: Path
) -> Iterator[Moves]:
    """An empty house in July 2013."""
    moves = Moves(database, vault, notices, words, tmp_path / "home")
    yield moves
    moves.close()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Two accounts and three records, one of the year before, with their control totals."""
    records = [LI_RECORD, EARLY_RECORD, (*LI_RECORD[:2], "20130302", "南山镇卫生院", "5.00", "0.00")]
    totals = [("accounts.csv", "2", "100.12"), ("records.csv", "3", "30.00")]
    return write(tmp_path / "in", [LI, WANG], records, totals)


# The steps -----------------------------------------------------------------------------------------------------------


def test_each_step_can_be_looked_at(moves: Moves, export: Path, rows: Callable[[], Rows]) -> None:
    """After each step the report says what is known by then, and nothing is on file before carrying over."""
    taken = moves.moved(export, "take_in")
    assert (taken.state, became(taken), became(taken, "records")) == ("take_in", (0, 0, 0, 0, 2), (0, 0, 0, 0, 3))
    checked = moves.moved(export, "check")
    assert (checked.state, of_kind(checked).sum_fen, of_kind(checked, "records").sum_fen) == ("check", 100_12, 30_00)
    matched = moves.moved(export, "match")
    assert (matched.state, became(matched), is_whole(matched)) == ("match", (0, 0, 0, 0, 2), False)
    foreseen = moves.moved(export, "dry_run")
    assert (foreseen.state, foreseen.dry_run) == ("dry_run", (("old_account_carries_over", 2),))
    kept = rows()
    assert not kept["person"] + kept["journal"] + kept["import_batch"]
    carried = moves.moved(export, "carry_over")
    assert (carried.state, became(carried), became(carried, "records")) == (
        "carry_over",
        (2, 0, 0, 0, 0),
        (2, 0, 0, 1, 0),
    )
    proved = moves.moved(export)
    assert (proved.state, is_whole(proved), [s.name for s in proved.steps]) == (
        "prove",
        True,
        ["take_in", "check", "match", "dry_run", "carry_over", "prove"],
    )
    assert proved.proof is not None
    assert (proved.proof.people, proved.proof.new_opening_fen, proved.proof.new_records) == (2, 100_12, 2)
    assert [(c.code, c.people, c.proved) for c in proved.counties] == [("140702", 2, 2)]
    moves.journal_is_whole()


def test_the_same_files_are_the_same_run(moves: Moves, export: Path, rows: Callable[[], Rows]) -> None:
    """All steps at once or one by one give the same report, and once more writes nothing."""
    first = moves.moved(export)
    before = rows()
    assert moves.moved(export) == first
    after = rows()
    assert {t: r for t, r in after.items() if t != "import_run"} == {
        t: r for t, r in before.items() if t != "import_run"
    }


def test_records_of_earlier_years_are_left(moves: Moves, export: Path) -> None:
    """The notice carries over this year's records (1.2); those before are counted, money and all, and left."""
    report = moves.moved(export)
    records = of_kind(report, "records")
    assert (records.left, records.left_fen, records.carried_over_fen) == (1, 9_90, 20_10)
    assert moves.rows("select year, records from carried_records") == [(2013, 2)]


def test_an_account_row_of_an_earlier_year_is_left(moves: Moves, tmp_path: Path) -> None:
    """Of an account's rows by year the cut-over's goes over, and those before stay behind."""
    old = {**LI, "年度": "2012", "结余": "88.00"}
    report = moves.moved(write(tmp_path / "in", [old, LI], [LI_RECORD]))
    assert (became(report), of_kind(report).left_fen, is_whole(report)) == ((1, 0, 0, 1, 0), 88_00, True)


def test_a_15_digit_number_is_completed_and_said_so(moves: Moves, tmp_path: Path) -> None:
    """An old number gets its century and check digit, in its records too."""
    short = LI_NUMBER[:6] + LI_NUMBER[8:17]
    report = moves.moved(write(tmp_path / "in", [{**LI, "身份证号": short}], [("1", short, *LI_RECORD[2:])]))
    assert (became(report), became(report, "records")) == ((1, 0, 0, 0, 0), (1, 0, 0, 0, 0))
    assert moves.rows("select number from person") == [(LI_NUMBER,)]
    assert any("15-digit numbers were completed" in warning and n == 1 for warning, n in report.warnings)


def test_an_open_stay_is_bound_to_the_person(moves: Moves, tmp_path: Path) -> None:
    """Who is in hospital on the old card is known to be, with the day, so that 8.1 holds."""
    report = moves.moved(write(tmp_path / "in", [{**LI, "在院状态": "1", "入院日期": "20130620"}, WANG]))
    assert became(report) == (2, 0, 0, 0, 0)
    found = moves.rows("select number, in_hospital_since::text from person order by number")
    assert dict(found) == {LI_NUMBER: "2013-06-20", WANG_NUMBER: None}


def test_a_step_that_is_none_is_told(moves: Moves, export: Path) -> None:
    """A step by another name is bad input, with those that there are."""
    with pytest.raises(BadInput, match="take_in, check, match"):
        moves.moved(export, "fly")


# Control totals ------------------------------------------------------------------------------------------------------


def test_a_file_with_fewer_rows_than_stated_stops_the_run(moves: Moves, export: Path) -> None:
    """Rows are held against the control totals when they come in; mended, the same command goes on."""
    write(export, [LI, WANG], [LI_RECORD], [("accounts.csv", "3", "100.12"), ("records.csv", "1", "20.10")])
    report = moves.moved(export)
    assert report.state == "begun"
    assert "accounts.csv has 2 rows and the old system states 3" in report.differences[0]
    write(export, [LI, WANG], [LI_RECORD], [("accounts.csv", "2", "100.12"), ("records.csv", "1", "20.10")])
    again = moves.moved(export)
    assert (again.run, again.state, again.differences) == (report.run, "prove", ())
    assert (of_kind(again).stated_rows, of_kind(again).stated_fen) == (2, 100_12)


def test_a_sum_that_differs_stops_the_run_at_the_check(moves: Moves, export: Path) -> None:
    """Sums are held against the control totals once values are read, to the fen."""
    records = [LI_RECORD]
    write(export, [LI, WANG], records, [("accounts.csv", "2", "100.13"), ("records.csv", "1", "20.10")])
    report = moves.moved(export)
    assert report.state == "take_in"
    assert "sum to 100.12 yuan and the old system states 100.13; the difference is -0.01" in report.differences[0]
    write(export, [LI, WANG], records, [("accounts.csv", "2", "100.12"), ("records.csv", "1", "20.10")])
    assert moves.moved(export).state == "prove"


def test_the_sum_of_a_large_city_in_fen_is_read(moves: Moves, tmp_path: Path) -> None:
    """Where amounts are in fen a city's sum has more digits than any amount, and is compared to the fen."""
    balances = [{**who, "结余": str(6_000_000_000_000)} for who in (LI, WANG)]
    of_fen = mapping(*({**s, "unit": "fen"} for s in GLOB))

    def moved(stated: int) -> RunReport:
        totals = [("accounts.csv", "2", str(stated)), ("records.csv", "1", "2010")]
        return moves.moved(write(tmp_path / "in", balances, [(*LI_RECORD[:4], "3000", "2010")], totals), mapping=of_fen)

    assert "the difference is -0.01" in moved(12_000_000_000_001).differences[0]
    report = moved(12_000_000_000_000)
    assert (report.state, of_kind(report).stated_fen) == ("prove", 12_000_000_000_000)


def test_a_file_that_is_stated_and_not_there_stops_the_run(moves: Moves, export: Path) -> None:
    """A file that the old system says it delivered, and that no source reads, is not passed over in silence."""
    totals = [("accounts.csv", "2", "100.12"), ("records.csv", "1", "20.10"), ("records_2.csv", "7", "1.00")]
    write(export, [LI, WANG], [LI_RECORD], totals)
    report = moves.moved(export)
    assert report.state == "begun"
    assert "records_2.csv" in report.differences[0]


def test_without_control_totals_the_report_says_so(moves: Moves, tmp_path: Path) -> None:
    """The run goes on, and whoever signs is told that nobody can tell whether the files are whole."""
    report = moves.moved(write(tmp_path / "in", [LI], [LI_RECORD]))
    assert (report.state, of_kind(report).stated_rows) == ("prove", None)
    assert any("control totals" in warning and n == 2 for warning, n in report.warnings)


# Correcting and taking in again --------------------------------------------------------------------------------------


def test_rows_held_back_are_corrected_and_taken_in(moves: Moves, tmp_path: Path) -> None:
    """The folder to correct is an export of its own; and the whole export corrected finds everybody there already."""
    bad = {**LI, "结余": "-1"}
    first = moves.moved(write(tmp_path / "in", [bad, WANG], [LI_RECORD]))
    assert (became(first), became(first, "records")) == ((1, 0, 1, 0, 0), (0, 0, 1, 0, 0))
    assert reasons(first) == {"amount_is_negative": 1}
    to_correct = moves.held(first.run) / "to_correct"
    accounts = to_correct / "accounts.csv"
    accounts.write_bytes(accounts.read_bytes().replace(b"-1", b"100.05"))
    second = moves.moved(to_correct)
    assert second.run != first.run
    assert (became(second), became(second, "records")) == ((1, 0, 0, 0, 0), (1, 0, 0, 0, 0))
    third = moves.moved(write(tmp_path / "whole", [LI, WANG], [LI_RECORD]))
    assert (third.state, became(third), became(third, "records")) == ("prove", (0, 2, 0, 0, 0), (0, 1, 0, 0, 0))
    assert is_whole(third)
    moves.journal_is_whole()


def test_an_account_without_records_can_be_corrected_alone(moves: Moves, tmp_path: Path) -> None:
    """The folder to correct has every file, if only its header, so that it can be taken in as it is."""
    first = moves.moved(write(tmp_path / "in", [{**WANG, "结余": "x"}, LI], [LI_RECORD]))
    to_correct = moves.held(first.run) / "to_correct"
    accounts = to_correct / "accounts.csv"
    accounts.write_bytes(accounts.read_bytes().replace(b",x,", b",0.07,"))
    assert became(moves.moved(to_correct)) == (1, 0, 0, 0, 0)


def test_the_list_of_rows_held_back_names_file_line_and_reason(moves: Moves, tmp_path: Path) -> None:
    """Whoever corrects is told where the row stands, what is wrong, and what it says."""
    report = moves.moved(write(tmp_path / "in", [LI, {**WANG, "结余": "1,234.50"}][::-1], [LI_RECORD]))
    with (moves.held(report.run) / "held_back.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["file"], row["line"], row["reason"]) == ("accounts.csv", "2", "wrong_number_of_columns")


def test_another_mapping_is_another_run_that_finds_everybody(moves: Moves, export: Path) -> None:
    """The same files read otherwise are a run of its own, in which all are there already."""
    first = moves.moved(export)
    again = moves.moved(export, mapping=INVENTED.__class__("other", INVENTED.sources, INVENTED.control))
    assert again.run != first.run
    assert (became(again), became(again, "records")) == ((0, 2, 0, 0, 0), (0, 3, 0, 0, 0))


# People who are known ------------------------------------------------------------------------------------------------


def registered(moves: Moves, name: str, number: str = LI_NUMBER) -> None:
    """Somebody whom a window registered before."""
    moves.asked("register_person", number, name=name)


@pytest.mark.parametrize(
    ("filed", "stands"),
    [
        ("买买提·亚森", "买买提•亚森"),
        ("买买提・亚森", "买买提·亚森"),
        ("李䶮", "李?"),
        ("李?", "李䶮"),
        ("李（一）", "李（一）"),
    ],
)
def test_a_name_that_differs_by_a_dot_or_a_rare_character_is_the_same(
    moves: Moves, tmp_path: Path, filed: str, stands: str
) -> None:
    """Somebody whom a window registered is carried over under the name on file, and the report says how many were."""
    registered(moves, filed)
    report = moves.moved(write(tmp_path / "in", [{**LI, "姓名": stands}], [LI_RECORD]))
    assert (became(report), reasons(report)) == ((1, 0, 0, 0, 0), {})
    assert moves.rows("select name from person") == [(filed,)]
    moves.journal_is_whole()


def test_another_name_is_held_back(moves: Moves, tmp_path: Path) -> None:
    """Nobody's account goes to somebody of another name, whose records wait with it."""
    registered(moves, "李伟国")
    report = moves.moved(write(tmp_path / "in", [LI, WANG], [LI_RECORD]))
    assert (reasons(report), reasons(report, "records.csv")) == (
        {"name_differs_from_file": 1},
        {"account_is_held_back": 1},
    )
    assert (became(report), is_whole(report), report.state) == ((1, 0, 1, 0, 0), True, "prove")
    assert moves.rows("select count(*) from carried_records") == [(0,)]


@pytest.mark.parametrize(
    ("change", "why"),
    [({"结余": "100.06"}, "balance"), ({"卡号": "A9"}, "card number"), ({}, "count or sum of records")],
)
def test_an_account_that_was_carried_over_otherwise_is_held_back(
    moves: Moves, export: Path, tmp_path: Path, change: dict[str, str], why: str
) -> None:
    """An account on file with another balance, card or records is not touched, and the row says what differs."""
    moves.moved(export)
    records = [LI_RECORD, (*LI_RECORD[:2], "20130303", "南山镇卫生院", "1.00", "1.00")] if not change else [LI_RECORD]
    report = moves.moved(write(tmp_path / "other", [{**LI, **change}], records))
    assert (reasons(report), became(report)) == ({"carried_over_otherwise": 1}, (0, 0, 1, 0, 0))
    assert why in (moves.held(report.run) / "held_back.csv").read_text(encoding="utf-8-sig")
    assert is_whole(report)


def test_whoever_died_is_refused_by_the_desk_and_held_back(moves: Moves, tmp_path: Path) -> None:
    """A refusal of the desk holds the row back with its ground and clause, and the totals are whole all the same."""
    registered(moves, "李伟")
    moves.asked("cancel_card", LI_NUMBER, why=CancelReason.DEATH)
    report = moves.moved(write(tmp_path / "in", [LI, WANG], [LI_RECORD]))
    assert (became(report), is_whole(report), report.state) == ((1, 0, 1, 0, 0), True, "prove")
    (reason,) = reasons(report)
    assert dict(report.dry_run)[reason] == 1
    listed = (moves.held(report.run) / "held_back.csv").read_text(encoding="utf-8-sig")
    assert "The desk refused it under clause" in listed
    assert moves.proved(report.run, tmp_path / "in").proof.proved  # type: ignore[union-attr]


def test_whoever_left_comes_back_with_the_account(moves: Moves, tmp_path: Path) -> None:
    """Somebody who left the insurance and has an account in the old system is insured again."""
    registered(moves, "李伟")
    moves.asked("cancel_card", LI_NUMBER, why=CancelReason.LEAVING)
    report = moves.moved(write(tmp_path / "in", [LI], [LI_RECORD]))
    assert became(report) == (1, 0, 0, 0, 0)
    assert moves.rows("select standing from person") == [("insured",)]


def test_somebody_registered_between_match_and_carrying_over_is_carried_over(moves: Moves, tmp_path: Path) -> None:
    """The match may be days old: who was registered since goes through the desk like all who are known."""
    folder = write(tmp_path / "in", [LI, WANG], [LI_RECORD])
    moves.moved(folder, "dry_run")
    registered(moves, "李伟")
    report = moves.moved(folder)
    assert (became(report), report.state) == ((2, 0, 0, 0, 0), "prove")
    moves.journal_is_whole()


def test_a_name_on_file_that_differs_and_a_broken_record_hold_an_account_back_once(
    moves: Moves, tmp_path: Path
) -> None:
    """A row has one reason, the files' own first, so that a proof from the files counts it as the run does."""
    registered(moves, "李伟国")
    folder = write(tmp_path / "in", [LI, WANG], [(*LI_RECORD[:2], "20130231", *LI_RECORD[3:])])
    report = moves.moved(folder)
    assert is_whole(report)
    proof = moves.proved(report.run, folder).proof
    assert proof is not None
    assert (proof.proved, proof.differences) == (True, ())


# Duplicates ----------------------------------------------------------------------------------------------------------

GLOB = [
    {**s, "file": f"{s['kind']}*.csv"}
    for s in (
        {
            "kind": "accounts",
            "columns": {
                "number": "身份证号", "name": "姓名", "old_card_number": "卡号", "balance": "结余",
                "insured_on": "参保日期", "region": "所属区划", "personal_id": "个人编号",
            },
        },
        {
            "kind": "records",
            "columns": {"number": "身份证号", "spent_on": "日期", "total": "总费用", "account": "帐户支出"},
        },
    )
]  # fmt: skip


def test_rows_that_say_the_same_go_over_once(moves: Moves, tmp_path: Path) -> None:
    """The first of them stands for the others, which are held back by its line."""
    report = moves.moved(write(tmp_path / "in", [LI, WANG, LI], [LI_RECORD]))
    assert (became(report), reasons(report), is_whole(report)) == ((2, 0, 1, 0, 0), {"duplicate_row": 1}, True)


def test_rows_that_contradict_each_other_wait_with_their_records(moves: Moves, tmp_path: Path) -> None:
    """Neither of two rows goes over where they differ."""
    report = moves.moved(write(tmp_path / "in", [LI, {**LI, "结余": "1.00"}, WANG], [LI_RECORD]))
    assert (became(report), reasons(report)) == ((1, 0, 2, 0, 0), {"conflicting_duplicate": 2})
    assert (reasons(report, "records.csv"), is_whole(report)) == ({"account_is_held_back": 1}, True)


@pytest.mark.parametrize(
    ("balance", "reason", "held"), [("1.00", "conflicting_duplicate", 2), ("100.05", "duplicate_row", 1)]
)
def test_rows_on_the_same_line_of_two_files_are_held_against_each_other(
    moves: Moves, tmp_path: Path, balance: str, reason: str, held: int
) -> None:
    """Two files that name a person on the same line: what is said of the row names the other file."""
    folder = write(tmp_path / "in", [LI, WANG], [LI_RECORD])
    (folder / "accounts.csv").rename(folder / "accounts_b.csv")
    write(folder, [{**LI, "结余": balance}], [LI_RECORD])
    (folder / "accounts.csv").rename(folder / "accounts_a.csv")
    report = moves.moved(folder, mapping=mapping(*GLOB))
    a, b = reasons(report, "accounts_a.csv"), reasons(report, "accounts_b.csv")
    assert sum((a | b).values()) + len(a and b) == len([*a, *b]) == held
    assert {*a, *b} == {reason}
    assert (is_whole(report), report.state) == (True, "prove")
    listed = (moves.held(report.run) / "held_back.csv").read_text(encoding="utf-8-sig")
    assert "line 2 of accounts_a.csv" in listed


@pytest.mark.parametrize(("day", "alike"), [(LI_RECORD[2], 1), ("20130302", 0)])
def test_records_that_stand_alike_in_two_files_are_told(moves: Moves, tmp_path: Path, day: str, alike: int) -> None:
    """Two exports that overlap count twice; whoever signs is told. Alike within one file are two purchases."""
    later = (*LI_RECORD[:2], "20130401", *LI_RECORD[3:])
    folder = write(tmp_path / "in", [LI, WANG], [LI_RECORD, later, later])
    (folder / "records.csv").rename(folder / "records_a.csv")
    write(folder, [LI, WANG], [(*LI_RECORD[:2], day, *LI_RECORD[3:])])
    (folder / "records.csv").rename(folder / "records_b.csv")
    report = moves.moved(folder, mapping=mapping(*GLOB))
    told = [n for warning, n in report.warnings if "stand alike in two files" in warning]
    assert (told, is_whole(report), report.state) == ([alike] * alike, True, "prove")


PERSONAL = [
    {
        "kind": "accounts",
        "file": "accounts.csv",
        "columns": {
            "personal_id": "个人编号", "number": "身份证号", "name": "姓名", "balance": "结余",
            "insured_on": "参保日期", "region": "所属区划",
        },
    },
    {
        "kind": "records",
        "file": "records.csv",
        "columns": {"personal_id": "个人编号", "spent_on": "日期", "total": "总费用", "account": "帐户支出"},
    },
    {"kind": "cards", "file": "cards.csv", "columns": {"personal_id": "个人编号", "old_card_number": "卡号"}},
    {
        "kind": "stays",
        "file": "stays.csv",
        "columns": {"personal_id": "个人编号", "institution": "医院", "admitted_on": "入院"},
    },
]  # fmt: skip


def several(folder: Path, cards: str, stays: str, records: Sequence[Sequence[str]]) -> Path:
    """An export whose records, cards and stays name people by the old system's own id."""
    write(folder, [LI, WANG], records)
    (folder / "cards.csv").write_text(f"个人编号,卡号\r\n{cards}", encoding="gb18030", newline="")
    (folder / "stays.csv").write_text(f"个人编号,医院,入院\r\n{stays}", encoding="gb18030", newline="")
    return folder


def test_rows_by_the_old_systems_own_id_find_their_person(moves: Moves, tmp_path: Path) -> None:
    """Records, cards and stays of a person are found by the id; those of an id that is nobody's are held back."""
    records = [LI_RECORD, ("9", *LI_RECORD[1:])]
    folder = several(tmp_path / "in", "1,A1\r\n2,A2\r\n9,A9\r\n", "2,南山,20130601\r\n9,南山,20130601\r\n", records)
    report = moves.moved(folder, mapping=mapping(*PERSONAL))
    assert report.differences == ()
    assert (became(report), became(report, "records")) == ((2, 0, 0, 0, 0), (1, 0, 1, 0, 0))
    assert (became(report, "cards"), became(report, "stays")) == ((2, 0, 1, 0, 0), (1, 0, 1, 0, 0))
    assert (is_whole(report), reasons(report, "records.csv")) == (True, {"person_is_in_no_row": 1})
    found = moves.rows("select p.number, c.number, in_hospital_since::text from person p join card c using (person_id)")
    assert sorted(found) == sorted([(LI_NUMBER, "A1", None), (WANG_NUMBER, "A2", "2013-06-01")])
    proof = moves.proved(report.run, folder, mapping(*PERSONAL)).proof
    assert proof is not None
    assert proof.proved


@pytest.mark.parametrize(
    ("cards", "stays"),
    [("1,A1\r\n1,A9\r\n2,A2\r\n", ""), ("1,A1\r\n2,A2\r\n", "1,南山,20130601\r\n1,南山,20130602\r\n")],
)
def test_cards_or_stays_that_contradict_each_other_hold_the_account_back(
    moves: Moves, tmp_path: Path, cards: str, stays: str
) -> None:
    """Which of two cards, or of two days, is right nobody can tell here: rows and account wait."""
    report = moves.moved(several(tmp_path / "in", cards, stays, [LI_RECORD]), mapping=mapping(*PERSONAL))
    assert (became(report), reasons(report)) == ((1, 0, 1, 0, 0), {"row_of_person_is_held_back": 1})
    kind = "stays" if stays else "cards"
    assert reasons(report, f"{kind}.csv")["conflicting_duplicate"] == 2
    assert is_whole(report)


# Two at once, and trouble with files ---------------------------------------------------------------------------------


def test_two_processes_cannot_have_the_same_run(moves: Moves, export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second is told so, whatever they want of it."""
    run = moves.moved(export).run
    monkeypatch.setattr("shebaoka.desk.moving.LET_GO_SECONDS", 0.1)
    with Moving(moves.house.url, run):
        with pytest.raises(RunIsTaken):
            moves.moved(export)
        with pytest.raises(RunIsTaken):
            moves.undone(run)
        with pytest.raises(RunIsTaken):
            moves.signed(run, "li")
    assert moves.moved(export).state == "prove"


def test_a_full_disk_is_told_and_the_run_goes_on_once_there_is_room(moves: Moves, export: Path) -> None:
    """Where the staging cannot grow the sentence says where, and the same command goes on."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, before[1]))
    try:
        with pytest.raises(BadInput, match="Look whether the disk is full") as told:
            moves.moved(export)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told.value.code == "file_trouble"
    assert moves.moved(export).state == "prove"


def test_staging_that_is_no_database_is_told(moves: Moves, export: Path) -> None:
    """A file in its place is not taken for one in use."""
    staging = moves.staging(moves.move(export).run)
    staging.mkdir(parents=True)
    with pytest.raises(BadInput, match="cannot be read or written"):
        moves.moved(export)


def test_progress_is_on_file_while_a_run_goes_on(moves: Moves, export: Path) -> None:
    """Each step tells how far it is; what is told is on file, and the run is known to be going on."""
    seen = []

    def look(progress: Progress) -> None:
        on_file = moves.house.runs.of(run)
        seen.append((progress.step, on_file.progress == progress, on_file.going))
        assert 0 <= progress.done <= progress.of
        assert progress.rate >= 0
        assert progress.seconds_left is None or progress.seconds_left >= 0

    run = moves.move(export).run
    moves.move(export, told=look).to("prove")
    assert {"take_in", "match", "carry_over", "prove"} <= {step for step, *_ in seen}
    assert {said for _, *said_ in seen for said in said_} == {True}
    ended = moves.house.runs.of(run)
    assert (ended.progress, ended.going) == (None, False)


def test_a_city_with_every_fault_is_accounted_for_to_the_fen(moves: Moves, tmp_path: Path) -> None:
    """Three thousand invented people, two batches: what the writer of the files knows is what the report says."""
    found: Found = write_old_city(tmp_path / "in", 3_000, 7, moves.at.date().replace(month=6, day=30), processes=1)
    report = moves.moved(tmp_path / "in")
    accounts, records = of_kind(report), of_kind(report, "records")
    assert (report.state, is_whole(report), report.batches) == ("prove", True, 2)
    assert (accounts.carried_over, accounts.carried_over_fen) == (found.good_rows, found.good_balance_fen)
    assert (records.carried_over, records.carried_over_fen) == (found.records_carried, found.records_carried_fen)
    assert accounts.held_back == sum(found.broken.values()) + found.waiting
    assert moves.rows("select sum(balance_fen) from dossier") == [(found.good_balance_fen,)]
    moves.journal_is_whole()
    again = moves.proved(report.run, tmp_path / "in")
    assert again.proof is not None
    assert report.proof is not None
    assert (again.proof.proved, again.proof.checksum) == (True, report.proof.checksum)
    assert again.counties == report.counties


def test_one_process_and_two_come_to_the_same(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many share the batches, the checksum of the proof is the same, and so is what is on file."""
    monkeypatch.setattr(matching, "BATCH", 40)
    lives = []
    for processes in (1, 2):
        database.wipe()
        with house_on(database, tmp_path / f"home_{processes}") as house:
            today = house.clock().astimezone(house.notices.zone).date()
            write_old_city(tmp_path / "in", 200, 7, today, processes=1)
            report = move_of(house, tmp_path / "in", INVENTED, by="chen", processes=processes).to("prove")
        assert (report.state, is_whole(report), report.batches > 3) == ("prove", True, True)
        assert report.proof is not None
        with psycopg.connect(database.owner) as owner:
            rows = [owner.execute(statement).fetchall() for statement in COMPARED]
        lives.append((report.run, report.proof.checksum, report.files, report.counties, report.dry_run, rows))
    assert lives[0] == lives[1]
