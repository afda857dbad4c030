"""The importer on files that are broken, cut, or not what they should be: each fault has its reason and sentence."""

import codecs
import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from old_export import LI, LI_RECORD, ON, WANG, FakeDesk, only_reason, take_in, write
from shebaoka.importer import Reason
from shebaoka.importer.values import fen
from shebaoka.numbers import with_check_digit
from shebaoka.records import BadInput, OldRecord, Refusal


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"身份证号": ""}, Reason.VALUE_IS_MISSING, "身份证号 is empty"),
        ({"身份证号": "140702800101001"}, Refusal.IDENTITY_NUMBER_IS_NOT_VALID, "15 characters and must have 18"),
        ({"身份证号": LI["身份证号"][:17] + "A"}, Refusal.IDENTITY_NUMBER_IS_NOT_VALID, "check digit"),
        ({"身份证号": with_check_digit("14070220130230001")}, Refusal.IDENTITY_NUMBER_IS_NOT_VALID, "birth date"),
        ({"身份证号": with_check_digit("14070220130701001")}, Refusal.BIRTH_DATE_IS_IN_THE_FUTURE, "2013-06-30"),
        ({"姓名": " "}, Reason.VALUE_IS_MISSING, "姓名 is empty"),
        ({"姓名": "李" * 51}, Reason.NAME_IS_NOT_USABLE, "姓名"),
        ({"姓名": "李\x00伟"}, Reason.NAME_IS_NOT_USABLE, "control character"),
        ({"性别": "1"}, Reason.SEX_IS_NOT_VALID, "男 nor 女"),
        ({"性别": "女"}, Reason.SEX_DIFFERS_FROM_NUMBER, "性别"),
        ({"出生日期": "1980-01-01"}, Reason.DATE_IS_NOT_VALID, "出生日期"),
        ({"出生日期": "19800102"}, Reason.BIRTH_DATE_DIFFERS_FROM_NUMBER, "出生日期"),
        ({"参保日期": "20130231"}, Reason.DATE_IS_NOT_VALID, "参保日期"),
        ({"参保日期": ""}, Reason.DATE_IS_NOT_VALID, "参保日期"),
        ({"参保日期": "２０１３０１０１"}, Reason.DATE_IS_NOT_VALID, "参保日期"),
        ({"卡号": ""}, Reason.VALUE_IS_MISSING, "卡号"),
        ({"卡号": "A-1"}, Reason.CARD_NUMBER_IS_NOT_USABLE, "卡号"),
        ({"所属区划": "榆次"}, Reason.REGION_IS_NOT_A_CODE, "所属区划"),
        ({"在院状态": "是"}, Reason.HOSPITAL_STATUS_IS_NOT_VALID, "在院状态"),
        ({"在院状态": "1"}, Reason.VALUE_IS_MISSING, "入院日期"),
        ({"在院状态": "1", "入院日期": "20130701"}, Reason.DATE_IS_IN_THE_FUTURE, "入院日期"),
        ({"在院状态": "1", "入院日期": "201306"}, Reason.DATE_IS_NOT_VALID, "入院日期"),
        ({"结余": "-0.01"}, Reason.AMOUNT_IS_NEGATIVE, "结余"),
        ({"结余": ""}, Reason.AMOUNT_IS_NOT_A_NUMBER, "结余"),
        ({"结余": "1.005"}, Reason.AMOUNT_IS_NOT_A_NUMBER, "two decimals"),
        ({"结余": "1e3"}, Reason.AMOUNT_IS_NOT_A_NUMBER, "结余"),
        ({"结余": "１００"}, Reason.AMOUNT_IS_NOT_A_NUMBER, "结余"),
        ({"结余": "NaN"}, Reason.AMOUNT_IS_NOT_A_NUMBER, "结余"),
        ({"结余": "999999999999"}, Reason.AMOUNT_IS_TOO_LARGE, "结余"),
    ],
)
def test_a_value_that_cannot_be_is_held_back(tmp_path: Path, change: dict[str, str], reason: str, words: str) -> None:
    """Each wrong value holds its own row back, by a reason and a sentence with its column; the next row is taken."""
    desk = FakeDesk()
    report = take_in(write(tmp_path, [{**LI, **change}, WANG]), desk)
    found, sentence = only_reason(report)
    assert (found, report.held_back[0].line) == (reason, 2)
    assert words in sentence
    assert set(desk.accounts) == {WANG["身份证号"]}


def test_values_are_taken_with_blanks_and_a_small_x(tmp_path: Path) -> None:
    """Blanks around values, quotation marks and a small x are as old systems write them, and change nothing."""
    number = next(n for i in range(1, 999, 2) if (n := with_check_digit(f"14070219800101{i:03d}")).endswith("X"))
    row = {**LI, "身份证号": f"{number[:17]}x ", "姓名": '" 李伟,"', "结余": " 7.1 "}
    desk = FakeDesk()
    report = take_in(write(tmp_path, [row], [("1", number.lower(), *LI_RECORD[2:])]), desk)
    assert report.held_back == ()
    assert (desk.people[number].name, desk.accounts[number].balance_fen) == ("李伟,", 710)
    assert desk.accounts[number].records == (OldRecord(dt.date(2013, 3, 1), "南山镇卫生院", 3000, 2010),)


def test_a_past_stay_is_no_open_stay(tmp_path: Path) -> None:
    """在院状态 decides: with 0 the admission date does not count, with 1 it is the open stay."""
    desk = FakeDesk()
    rows = [{**LI, "入院日期": "20130101"}, {**WANG, "在院状态": "1", "入院日期": "20130630"}]
    take_in(write(tmp_path, rows), desk)
    assert desk.accounts[LI["身份证号"]].in_hospital_since is None
    assert desk.accounts[WANG["身份证号"]].in_hospital_since == ON


@given(st.integers(0, 10**13))
def test_yuan_become_fen_exactly(amount_fen: int) -> None:
    """Whatever the amount, and with any number of decimals written, no fen is lost or made."""
    yuan, rest = divmod(amount_fen, 100)
    assert fen(f"{yuan}.{rest:02d}", "结余") == amount_fen
    assert fen(f"-{yuan}.{rest:02d}", "结余") == -amount_fen
    if rest % 10 == 0:
        assert fen(f"{yuan}.{rest // 10}", "结余") == amount_fen
    if rest == 0:
        assert fen(f"{yuan}", "结余") == amount_fen


def test_of_identical_rows_the_first_stands(tmp_path: Path) -> None:
    """Two identical rows give one account; the second names the line that stands for it."""
    desk = FakeDesk()
    report = take_in(write(tmp_path, [LI, WANG, LI], control=("3", "200.17")), desk)
    reason, sentence = only_reason(report)
    assert (reason, report.held_back[0].line) == (Reason.DUPLICATE_ROW, 4)
    assert "line 2" in sentence
    assert len(desk.accounts) == 2
    assert report.reconciled


@pytest.mark.parametrize(
    "other",
    [
        {**LI, "结余": "100.06"},
        {**LI, "个人编号": "9"},
        ",".join({**LI, "姓名": "李"}.values()).encode("gb18030").replace("李".encode("gb18030"), b"\xc0"),
        ",".join(list(LI.values())[:-1]).encode("gb18030"),
    ],
)
def test_of_rows_that_contradict_each_other_none_stands(tmp_path: Path, other: dict[str, str] | bytes) -> None:
    """Two differing rows of one person are both held back, also if one of them cannot be read, in any order."""
    for n, rows in enumerate(([LI, WANG, other], [other, WANG, LI], [LI, LI, other])):
        desk = FakeDesk()
        report = take_in(write(tmp_path / str(n), rows), desk)
        assert LI["身份证号"] not in desk.accounts
        assert Reason.CONFLICTING_DUPLICATE in report.held_back_by_reason
        assert len(report.held_back) == len(rows) - (WANG in rows)


def test_a_quotation_mark_that_is_not_closed_spoils_one_row(tmp_path: Path) -> None:
    """A value over the end of a line is refused with a reason, and the rows after it are read as rows."""
    desk = FakeDesk()
    report = take_in(write(tmp_path, [{**LI, "姓名": '"李伟'}, WANG]), desk)
    assert only_reason(report)[0] == Reason.QUOTATION_MARK_IS_NOT_CLOSED
    assert set(desk.accounts) == {WANG["身份证号"]}


def test_wherever_the_file_is_cut_no_wrong_account_is_made(tmp_path: Path) -> None:
    """A file cut after any byte carries over only what the whole one does; a row that is cut is missed or held back."""
    stay = {**WANG, "在院状态": "1", "入院日期": "20130620"}
    folder = write(tmp_path, [LI, stay], [LI_RECORD], control=("2", "100.12"))
    whole = FakeDesk()
    assert take_in(folder, whole).reconciled
    content = (folder / "accounts.csv").read_bytes()
    for end in range(content.index(b"\n") + 1, len(content) - 2):
        (folder / "accounts.csv").write_bytes(content[:end])
        desk = FakeDesk()
        report = take_in(folder, desk)
        assert len(desk.accounts) == report.carried_over < 2
        assert report.differences or report.held_back[-1].line == 3
        for number, account in desk.accounts.items():
            assert msgspec.structs.replace(account, id="") == msgspec.structs.replace(whole.accounts[number], id="")


def test_a_cut_file_says_so(tmp_path: Path) -> None:
    """The report names both counts, and the row that was cut in two is held back."""
    folder = write(tmp_path, [LI, WANG], control=("2", "100.12"))
    content = (folder / "accounts.csv").read_bytes()
    (folder / "accounts.csv").write_bytes(content[: content.index(b"A2")])
    report = take_in(folder, FakeDesk())
    assert only_reason(report)[0] == Reason.WRONG_NUMBER_OF_COLUMNS
    assert report.balance_in_fen == 100_05
    assert "sum to 100.05 yuan and the old system states 100.12; the difference is -0.07" in report.differences[0]
    (folder / "accounts.csv").write_bytes(content[: content.index(b"\n2,") + 1])
    cut = take_in(folder, FakeDesk())
    assert "accounts.csv has 1 rows and the old system states 2" in cut.differences[0]


def test_records_that_are_cut_off_do_not_reconcile(tmp_path: Path) -> None:
    """The control totals hold for the records too."""
    folder = write(tmp_path, [LI], [LI_RECORD, LI_RECORD], control=("1", "100.05"))
    assert take_in(folder, FakeDesk()).reconciled
    write(folder, [LI], [LI_RECORD])
    report = take_in(folder, FakeDesk())
    assert [d for d in report.differences if "records.csv has 1 rows" in d]


def test_without_control_totals_nothing_is_called_reconciled(tmp_path: Path) -> None:
    """The accounts are taken in, and the report says what is missing."""
    report = take_in(write(tmp_path, [LI]), FakeDesk())
    assert report.carried_over == 1
    assert not report.reconciled
    assert (report.control_rows, report.control_balance_fen) == (None, None)
    assert "does not state the totals of accounts.csv" in report.differences[0]


def test_control_totals_that_cannot_be_read_say_where(tmp_path: Path) -> None:
    """A count that is no number is named by file, line and column, before anything is asked."""
    desk = FakeDesk()
    with pytest.raises(BadInput, match=r"control_totals\.csv, line 2: 行数 is not a whole number"):
        take_in(write(tmp_path, [LI], control=("two", "1.00")), desk)
    assert desk.asks == []


def _as_is(text: str) -> bytes:
    return text.encode("gb18030")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "accounts.csv is empty"),
        (b"\r\n", "accounts.csv is empty"),
        (",".join(LI).encode("utf-8"), "is in UTF-8"),
        (",".join(LI).encode("utf-8-sig"), "is in UTF-8"),
        (",".join(LI).encode("utf-16"), "is in UTF-16"),
        (_as_is(",".join(LI))[:-1], "cannot be read as GB18030"),
        (_as_is(",".join(c for c in LI if c not in ("结余", "卡号"))), "lacks the columns 卡号, 结余"),
        (_as_is(",".join(c for c in LI if c != "入院日期")), "lacks the column 入院日期"),
        (_as_is(",".join([*LI, "结余"])), "names 结余 twice"),
        (_as_is(",".join(LI.values())), "lacks the columns"),
    ],
)
def test_a_file_that_cannot_be_taken_in_says_what_to_do(tmp_path: Path, content: bytes, words: str) -> None:
    """Empty, in another encoding, or without its columns: one clear sentence, and nothing was asked."""
    folder, desk = write(tmp_path, []), FakeDesk()
    (folder / "accounts.csv").write_bytes(
        content + b"\r\n" + ",".join(LI.values()).encode("gb18030") if content else b""
    )
    with pytest.raises(BadInput, match=re.escape(words)):
        take_in(folder, desk)
    assert desk.asks == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Without accounts.csv, or without records.csv, nothing is asked, and the sentence names the file."""
    folder, desk = write(tmp_path, [LI]), FakeDesk()
    (folder / "records.csv").unlink()
    with pytest.raises(BadInput, match=r"records\.csv is not in the folder"):
        take_in(folder, desk)
    (folder / "accounts.csv").unlink()
    with pytest.raises(BadInput, match=r"accounts\.csv is not in the folder"):
        take_in(folder, desk)
    (folder / "accounts.csv").mkdir()
    with pytest.raises(BadInput, match=r"accounts\.csv cannot be read"):
        take_in(folder, desk)
    assert desk.asks == []


def test_a_header_alone_is_an_export_of_nobody(tmp_path: Path) -> None:
    """No rows, nothing asked, and reconciled if the old system states nothing either."""
    desk = FakeDesk()
    report = take_in(write(tmp_path, [], control=("0", "0.00")), desk)
    assert (report.rows_in, report.reconciled, desk.trays) == (0, True, [])


def test_rows_in_utf8_under_a_header_in_gb18030_are_held_back(tmp_path: Path) -> None:
    """Nothing is taken in as wrong characters: each such row is held back."""
    rows = [",".join(row.values()).encode("utf-8") for row in (LI, WANG, {**LI, "姓名": "李建国"})]
    desk = FakeDesk()
    report = take_in(write(tmp_path, rows), desk)
    assert len(report.held_back) == 3
    assert desk.accounts == {}


def test_byte_order_mark_empty_lines_and_end_mark_are_no_rows(tmp_path: Path) -> None:
    """A GB18030 mark before the header, empty lines and the old 0x1A at the end change nothing; lines still count."""
    folder, desk = write(tmp_path, [LI, b"", {**WANG, "结余": "x"}, b"\x1a"]), FakeDesk()
    file = folder / "accounts.csv"
    file.write_bytes("\ufeff".encode("gb18030") + file.read_bytes().replace(b"\r\n", b"\n"))
    assert not file.read_bytes().startswith(codecs.BOM_UTF8)
    report = take_in(folder, desk)
    assert (report.rows_in, report.carried_over) == (2, 1)
    assert report.held_back[0].line == 4


def test_a_record_that_cannot_be_read_keeps_its_account_back(tmp_path: Path) -> None:
    """A record left behind could not follow later, so the account waits, and names the line of the record."""
    faulty: list[tuple[Sequence[str] | bytes, str]] = [
        ((*LI_RECORD[:2], "20130231", *LI_RECORD[3:]), Reason.DATE_IS_NOT_VALID),
        ((*LI_RECORD[:2], "20130701", *LI_RECORD[3:]), Reason.DATE_IS_IN_THE_FUTURE),
        ((*LI_RECORD[:3], "", *LI_RECORD[4:]), Reason.VALUE_IS_MISSING),
        ((*LI_RECORD[:3], "院" * 201, *LI_RECORD[4:]), Reason.NAME_IS_NOT_USABLE),
        ((*LI_RECORD[:4], "x", "1.00"), Reason.AMOUNT_IS_NOT_A_NUMBER),
        ((*LI_RECORD[:4], "-1.00", "-1.00"), Reason.AMOUNT_IS_NEGATIVE),
        ((*LI_RECORD[:4], "1.00", "1.01"), Reason.AMOUNT_IS_TOO_LARGE),
        (",".join(LI_RECORD).encode("gb18030")[:-9], Reason.WRONG_NUMBER_OF_COLUMNS),
        (",".join(LI_RECORD).encode("gb18030").replace(b",30", b"\xff,30"), Reason.NOT_GB18030),
    ]
    for n, (record, reason) in enumerate(faulty):
        desk = FakeDesk()
        report = take_in(write(tmp_path / str(n), [LI, WANG], [LI_RECORD, record]), desk)
        found, sentence = only_reason(report)
        assert found == Reason.OLD_RECORD_CANNOT_BE_READ
        assert "Line 3 of records.csv" in sentence
        assert [(h.line, h.reason) for h in report.records_held_back] == [(3, reason)]
        assert set(desk.accounts) == {WANG["身份证号"]}


def test_a_record_without_an_account_is_listed(tmp_path: Path) -> None:
    """Nobody's record is not forgotten: it is held back and written to a list of its own."""
    report = take_in(write(tmp_path, [WANG], [LI_RECORD]), FakeDesk(), tmp_path / "out")
    assert [h.reason for h in report.records_held_back] == [Reason.RECORD_HAS_NO_ACCOUNT]
    assert report.held_back == ()
    assert "record_has_no_account" in (tmp_path / "out" / "held_back_records.csv").read_text("utf-8-sig")
