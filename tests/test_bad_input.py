"""Files that are bad as a whole, or contradict each other, each in a folder of its own and taken through a whole run."""

# ruff: noqa: E501 - a case a line

import datetime as dt
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from tests.conftest import Database
from tests.webhouse import house_on

from moved import moved
from old_files import LI, LI_RECORD, RECORD_COLUMNS, WANG, Row, write
from shebaoka.app import House
from shebaoka.importer.mapping import mapping_of, read_mapping
from shebaoka.numbers import with_check_digit
from shebaoka.records import BadInput
from test_bad_rows import somebody
from test_source_tables import dbf

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
PEOPLE: list[Row] = [LI, WANG]


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


def text(rows: Sequence[Row], end: str = "\r\n") -> str:
    """Accounts as text."""
    return "".join(",".join(line) + end for line in ([*LI], *(row.values() for row in rows)))  # type: ignore[union-attr]


def rewritten(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """A change to a file of a sound export."""
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def put(name: str, content: bytes | str) -> Callable[[Path], object]:
    """A file in the place of one of a sound export, or beside them; text in GB18030."""
    raw = content.encode("gb18030") if isinstance(content, str) else content
    return lambda folder: (folder / name).write_bytes(raw)


def stated(*lines: str) -> Callable[[Path], object]:
    """Control totals."""
    return put("control_totals.csv", "".join(f"{line}\r\n" for line in ("文件,行数,金额合计", *lines)))


def workbook_bomb(folder: Path) -> None:
    """A workbook that would unpack to far more than it is."""
    (folder / "accounts.csv").unlink()
    with zipfile.ZipFile(folder / "accounts.csv", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<a/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (3 << 20))


# Files that cannot be taken in at all ---------------------------------------------------------------------------------

WHOLE = "accounts.csv,2,100.12"
REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file that is not there": (lambda f: (f / "records.csv").unlink(), "records.csv is not in the folder; put the old"),
    "an empty file": (put("accounts.csv", ""), "accounts.csv is empty; export it again."),
    "nothing but line ends": (put("records.csv", "\r\n\r\n"), "records.csv is empty; export it again."),
    "an empty line for a header": (put("accounts.csv", "\r\n" + text(PEOPLE)), "begins with an empty line"),
    "no header": (rewritten("accounts.csv", lambda raw: raw.split(b"\n", 1)[1]), "this is a row and no header"),
    "a column that is missing": (rewritten("accounts.csv", lambda raw: raw.replace("结余".encode("gb18030"), b"JY")),
                                 "accounts.csv, line 1: the header lacks the column 结余; export the file again"),
    "a column that stands twice": (rewritten("accounts.csv", lambda raw: raw.replace("姓名".encode("gb18030"), "卡号".encode("gb18030"))),
                                   "the header names 卡号 twice; each column may stand once."),
    "UTF-16": (put("accounts.csv", text(PEOPLE).encode("utf-16")), "accounts.csv is in UTF-16 (a spreadsheet calls it"),
    "a workbook called CSV": (put("accounts.csv", b"PK\x03\x04" + bytes(40)), "is an Excel workbook or an archive, and no text"),
    "a bomb called CSV": (workbook_bomb, "is an Excel workbook or an archive, and no text"),
    "a web page called CSV": (put("records.csv", "<html><body>登录</body></html>"), "records.csv is a web page or XML"),
    "zero bytes": (put("records.csv", bytes(500)), "records.csv is no text: much of it is zero bytes"),
    "tabs for commas": (put("accounts.csv", text(PEOPLE).replace(",", "\t")), "the values stand between a tab each; write"),
    "carriage returns alone": (put("accounts.csv", text(PEOPLE, "\r")), "lines that end in a carriage return alone"),
    "an open quotation mark in the header": (rewritten("accounts.csv", lambda raw: b'"' + raw), "a quotation mark is not closed"),
    "totals with letters": (stated("accounts.csv,two,100.12"), "control_totals.csv, line 2: 行数 is not a whole number"),
    "totals with a negative count": (stated("accounts.csv,-2,100.12"), "control_totals.csv, line 2: 行数 is not a whole"),
    "totals with separators": (stated('accounts.csv,2,"1,000.00"'), "control_totals.csv, line 2: 金额合计 is not an amount"),
    "totals stated twice": (stated(WHOLE, "accounts.csv,3,100.12"), "line 3: accounts.csv stands twice, with other totals"),
    "totals without a column": (put("control_totals.csv", "文件,行数\r\n"), "control_totals.csv, line 1: the header lacks the column"),
    "totals of a row cut off": (stated("accounts.csv,2"), "control_totals.csv, line 2: The row has 2 columns"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "says"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_taken_in(
    house: House, tmp_path: Path, change: Callable[[Path], object], says: str
) -> None:
    """The file and what to do are named, and nobody is on file."""
    folder = write(tmp_path / "export", PEOPLE, [LI_RECORD])
    change(folder)
    with pytest.raises(BadInput) as trouble:
        moved(house, folder)
    assert says in str(trouble.value)


# Totals that do not agree ---------------------------------------------------------------------------------------------

RECORDS = "records.csv,1,20.10"
DIFFERING: dict[str, tuple[Callable[[Path], object], str]] = {
    "rows too few": (stated("accounts.csv,3,100.12", RECORDS), "accounts.csv has 2 rows and the old system states 3"),
    "a sum that is another": (stated("accounts.csv,2,100.13", RECORDS),
                              "The amounts of accounts.csv sum to 100.12 yuan and the old system states 100.13; the "
                              "difference is -0.01. Export it again."),
    "a sum below zero": (stated("accounts.csv,2,-100.12", RECORDS), "states -100.12; the difference is 200.24"),
    "records' sum": (stated(WHOLE, "records.csv,1,20.11"), "The amounts of records.csv sum to 20.10 yuan"),
    "a file that is not stated": (stated(WHOLE), "control_totals.csv does not state the totals of records.csv; ask"),
    "a file that is stated and not there": (stated(WHOLE, RECORDS, "records_2.csv,5,1.00"),
                                            "states the totals of records_2.csv, and no source of the mapping is that file"),
    "a file cut off": (lambda f: (stated(WHOLE, RECORDS)(f), rewritten("accounts.csv", lambda raw: raw[:raw.rindex(b"\n", 0, -1) + 1])(f)),
                       "accounts.csv has 1 rows and the old system states 2; the file may have been cut off or changed."),
}  # fmt: skip


@pytest.mark.parametrize(("change", "says"), DIFFERING.values(), ids=DIFFERING)
def test_totals_that_do_not_agree_stop_the_run(
    house: House, tmp_path: Path, change: Callable[[Path], object], says: str
) -> None:
    """The run says so and stops before anybody is carried over; every row waits."""
    folder = write(tmp_path / "export", PEOPLE, [LI_RECORD])
    change(folder)
    report = moved(house, folder).report
    assert says in " ".join(report.differences)
    assert report.batches == 0
    assert all(f.rows == f.waiting and f.sum_fen == f.waiting_fen for f in report.files)


# Files that are odd, and go over --------------------------------------------------------------------------------------

TAKEN: dict[str, tuple[Callable[[Path], object], int]] = {
    "UTF-8": (put("accounts.csv", text(PEOPLE).encode()), 2),
    "UTF-8 with a byte order mark": (put("accounts.csv", text(PEOPLE).encode("utf-8-sig")), 2),
    "GB18030 with a byte order mark": (put("accounts.csv", "\ufeff" + text(PEOPLE)), 2),
    "CR LF mixed with LF": (put("accounts.csv", text([LI]) + text([WANG], "\n").split("\n", 1)[1]), 2),
    "LF alone, and no line end at the end": (put("accounts.csv", text(PEOPLE, "\n").rstrip()), 2),
    "the old end mark": (rewritten("accounts.csv", lambda raw: raw + b"\x1a"), 2),
    "empty lines": (put("accounts.csv", text([LI]) + "\r\n \r\n" + text([WANG]).split("\n", 1)[1]), 2),
    "columns swapped": (put("accounts.csv", "\r\n".join(",".join(r[::-1]) for r in ([*LI], [*LI.values()], [*WANG.values()]))), 2),
    "all values quoted": (put("accounts.csv", "\r\n".join(",".join(f'"{v}"' for v in r) for r in ([*LI], [*LI.values()], [*WANG.values()]))), 2),
    "a tab before each value": (put("accounts.csv", text([{k: f"\t{v}" for k, v in LI.items()}, WANG])), 2),
    "a header alone": (put("accounts.csv", text([])), 0),
    "control totals in UTF-8": (put("control_totals.csv", f"文件,行数,金额合计\n{WHOLE}\n{RECORDS}\n".encode("utf-8-sig")), 2),
    "control totals without sums": (stated("accounts.csv,2,", "records.csv,1,"), 2),
}  # fmt: skip


@pytest.mark.parametrize(("change", "people"), TAKEN.values(), ids=TAKEN)
def test_a_file_that_is_odd_and_sound(
    house: House, tmp_path: Path, change: Callable[[Path], object], people: int
) -> None:
    """It goes over as any other."""
    folder = write(tmp_path / "export", PEOPLE, [LI_RECORD])
    change(folder)
    done = moved(house, folder)
    assert done.file("accounts.csv").carried_over == people
    assert done.reason("records.csv", 2) == ("" if people else "record_has_no_account")


HELD: dict[str, tuple[Callable[[Path], object], dict[tuple[str, int], tuple[str, str]]]] = {
    "a file cut in the middle of a character": (
        put("accounts.csv", text([WANG, LI]).encode("gb18030")[: text([WANG, LI]).encode("gb18030").rindex("伟".encode("gb18030")) + 1]),
        {("accounts.csv", 3): ("not_gb18030", "so it was cut off in the middle of a character; enter the row again")}),
    "a row in UTF-8 among GBK": (
        lambda f: (f / "accounts.csv").write_bytes(text([LI]).encode("gb18030") + text([WANG]).split("\n", 1)[1].encode()),
        {("accounts.csv", 3): ("not_gb18030", "The row is UTF-8 and the file is GB18030 (GBK, ANSI, 936); save all of it")}),
    "a row in GBK among UTF-8": (
        lambda f: (f / "accounts.csv").write_bytes(text([WANG]).encode() + text([LI]).split("\n", 1)[1].encode("gb18030")),
        {("accounts.csv", 3): ("not_utf8", "The row is GB18030 (GBK, ANSI, 936) and the file is UTF-8; save all of it in one")}),
    "a zero byte in a row": (
        rewritten("accounts.csv", lambda raw: raw.replace(b"A2", b"A\0")),
        {("accounts.csv", 3): ("nul_byte_in_row", "of the row is zero, so the file was damaged on its way")}),
    "a carriage return within a row": (
        rewritten("accounts.csv", lambda raw: raw.replace(b"A2", b"A\r2")),
        {("accounts.csv", 3): ("line_end_in_row", "is a carriage return, so a value goes over the end of a line")}),
    "a line end within a quoted value": (
        rewritten("accounts.csv", lambda raw: raw.replace(b"A2", b'"A\n2"')),
        {("accounts.csv", 3): ("quotation_mark_is_not_closed", "a value may not go over the end of a line"),
         ("accounts.csv", 4): ("wrong_number_of_columns", "The row has 7 columns and the header has 12")}),
    "values that stand in each other's columns": (
        rewritten("accounts.csv", lambda raw: raw.replace(b"A2,0,0.07", b"0,A2,0.07")),
        {("accounts.csv", 3): ("hospital_status_is_not_valid", "在院状态 is none of 0, 1")}),
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), HELD.values(), ids=HELD)
def test_a_file_some_rows_of_which_are_damaged(
    house: House,
    tmp_path: Path,
    change: Callable[[Path], object],
    expected: dict[tuple[str, int], tuple[str, str]],
) -> None:
    """The rows are held back with line and reason; all others go over."""
    folder = write(tmp_path / "export", PEOPLE)
    change(folder)
    done = moved(house, folder)
    assert {place: reason for place, (reason, _) in done.held.items()} == {p: r for p, (r, _) in expected.items()}
    for place, (_, says) in expected.items():
        assert says in done.sentence(*place)
    assert done.file("accounts.csv").carried_over == 1


def test_an_encoding_that_is_not_the_files(house: House, tmp_path: Path) -> None:
    """GBK called UTF-8 and UTF-8 called GBK are refused, and the sentence says what to write."""
    for called, is_, raw in (
        ("utf-8", "gb18030", text(PEOPLE).encode("gb18030")),
        ("gbk", "utf-8", text(PEOPLE).encode()),
    ):
        folder = write(tmp_path / called, PEOPLE)
        (folder / "accounts.csv").write_bytes(raw)
        with pytest.raises(BadInput, match=f"accounts.csv is declared as .*write `encoding: {is_}`"):
            moved(
                house,
                folder,
                mapping_of(INVENTED.replace("kind: accounts", f"kind: accounts, encoding: {called}").encode(), "m"),
            )


COLUMNS = """personal_id: 个人编号, number: 身份证号, name: 姓名, sex: {column: 性别, values: {男: male, 女: female}},
    birth_on: 出生日期, old_card_number: 卡号, hospital_status: {column: 在院状态, values: {"0": out, "1": in}},
    balance: 结余, year: 年度, insured_on: 参保日期, region: 所属区划, admitted_on: 入院日期"""
RECORD_FIELDS = (
    "personal_id: 个人编号, number: 身份证号, spent_on: 日期, institution: 医疗机构, total: 总费用, account: 帐户支出"
)
INVENTED = f"""
name: test
sources:
  - {{kind: accounts, file: "accounts*", columns: {{{COLUMNS}}}}}
  - {{kind: records, file: "records*", columns: {{{RECORD_FIELDS}}}}}
"""
GLOBS = mapping_of(INVENTED.encode(), "globs.yaml")


def test_the_same_file_twice(house: House, tmp_path: Path) -> None:
    """Two files of the same content are refused: their records would count twice. Two empty ones are no harm."""
    folder = write(tmp_path / "export", PEOPLE, [LI_RECORD])
    (folder / "records_again.csv").write_bytes((folder / "records.csv").read_bytes())
    with pytest.raises(BadInput, match="are the same, byte for byte"):
        moved(house, folder, GLOBS)
    for name in ("records.csv", "records_again.csv"):
        (folder / name).write_text(",".join(RECORD_COLUMNS) + "\r\n", encoding="gb18030")
    assert moved(house, folder, GLOBS).file("accounts.csv").carried_over == 2


def test_the_same_export_twice(house: House, tmp_path: Path) -> None:
    """It is the same run, wherever the folder stands; with a file that says the same otherwise, all is there already."""
    first = moved(house, write(tmp_path / "one", PEOPLE, [LI_RECORD]))
    again = moved(house, write(tmp_path / "two", PEOPLE, [LI_RECORD]))
    assert (again.report.run, again.report.files) == (first.report.run, first.report.files)
    other = moved(house, write(tmp_path / "three", [WANG, LI], [LI_RECORD]))
    assert other.report.run != first.report.run
    assert [(f.already_there, f.carried_over) for f in other.report.files] == [(2, 0), (1, 0)]


# Two rows, and two files, that contradict each other ------------------------------------------------------------------


def test_rows_of_one_person(house: House, tmp_path: Path) -> None:
    """Twins within a file and across files: the same twice stands once, and of two that differ neither does."""
    same, other = somebody(1), somebody(2)
    fifteen = somebody(3)
    short = fifteen["身份证号"][:6] + fifteen["身份证号"][8:17]
    rows: list[Row] = [LI, same, same, other, {**other, "结余": "1.00"}, fifteen, {**fifteen, "身份证号": short}]
    folder = write(tmp_path / "export", rows)
    (folder / "accounts_2.csv").write_text(text([same, {**LI, "姓名": "李卫"}]), encoding="gb18030", newline="")
    done = moved(house, folder, GLOBS)
    assert {place: reason for place, (reason, _) in done.held.items()} == {
        ("accounts.csv", 2): "conflicting_duplicate",
        ("accounts_2.csv", 3): "conflicting_duplicate",
        ("accounts.csv", 4): "duplicate_row",
        ("accounts_2.csv", 2): "duplicate_row",
        ("accounts.csv", 5): "conflicting_duplicate",
        ("accounts.csv", 6): "conflicting_duplicate",
        ("accounts.csv", 7): "conflicting_duplicate",
        ("accounts.csv", 8): "conflicting_duplicate",
    }
    assert "stands in line 3 of accounts_2.csv with other values" in done.sentence("accounts.csv", 2)
    assert "says the same as line 3 of accounts.csv, which stands for it" in done.sentence("accounts_2.csv", 2)
    assert "says the same as line 3, which stands for it" in done.sentence("accounts.csv", 4)


def test_many_rows_of_one_person(house: House, tmp_path: Path) -> None:
    """A number that stands in thousands of rows is told with the first few places, and costs no more than its rows."""
    rows: list[Row] = [{**LI, "卡号": f"C{n}"} for n in range(3000)]
    done = moved(house, write(tmp_path / "export", [*rows, WANG]))
    assert (done.file("accounts.csv").held_back, done.file("accounts.csv").carried_over) == (3000, 1)
    assert "stands in line 2, 3, 4, 5, 6 with other values" in done.sentence("accounts.csv", 3000)


def test_one_card_with_two_people(house: House, tmp_path: Path) -> None:
    """Neither account goes over, and each names the other's line."""
    done = moved(house, write(tmp_path / "export", [LI, {**WANG, "卡号": "A1"}, somebody(1)]))
    assert [done.reason("accounts.csv", n) for n in (2, 3, 4)] == ["old_card_stands_twice"] * 2 + [""]
    assert done.sentence("accounts.csv", 2).startswith("Line 3 is another person and has the same 卡号; find out")


def test_a_record_of_two_people(house: House, tmp_path: Path) -> None:
    """A record whose personal id is one person's and whose number another's keeps both accounts back."""
    swapped = ("1", WANG["身份证号"], *LI_RECORD[2:])
    done = moved(house, write(tmp_path / "export", [LI, WANG, somebody(1)], [swapped, LI_RECORD]))
    assert done.reason("records.csv", 2) == "row_is_of_two_people"
    assert done.sentence("records.csv", 2).startswith(
        "个人编号 and the social security number are not of the same person"
    )
    assert [done.reason("accounts.csv", n) for n in (2, 3, 4)] == ["old_record_cannot_be_read"] * 2 + [""]
    assert done.reason("records.csv", 3) == "account_is_held_back"


@pytest.mark.parametrize("number", ["", "140702198001010017", "14070219800101000"])
def test_a_record_whose_number_is_nobodys_keeps_the_account_of_its_personal_id_back(
    house: House, tmp_path: Path, number: str
) -> None:
    """It is missing, mistyped or cut off, and the old system's own id says whose it was: the account waits for it."""
    strayed = ("1", number, *LI_RECORD[2:])
    done = moved(house, write(tmp_path / "export", [LI, WANG], [strayed, LI_RECORD]))
    assert done.reason("accounts.csv", 2) == "old_record_cannot_be_read"
    assert done.sentence("accounts.csv", 2).startswith("Line 2 of records.csv belongs to this account")
    assert done.reason("records.csv", 2) in ("value_is_missing", "row_is_of_two_people")
    assert done.reason("records.csv", 3) == "account_is_held_back"
    assert done.file("accounts.csv").carried_over == 1


def test_a_personal_id_that_is_missing_contradicts_nothing(house: House, tmp_path: Path) -> None:
    """A record, or an account, with its number alone is the number's."""
    for n, (account, record) in enumerate([(LI, ("", *LI_RECORD[1:])), ({**LI, "个人编号": ""}, LI_RECORD)]):
        person = {**account, "身份证号": somebody(n)["身份证号"], **{k: somebody(n)[k] for k in ("性别", "出生日期")}}
        its = (record[0], person["身份证号"], *record[2:])
        done = moved(house, write(tmp_path / f"export_{n}", [{**person, "卡号": f"B{n}"}], [its]))
        assert (done.file("accounts.csv").carried_over, done.file("records.csv").carried_over) == (1, 1)


def test_a_card_that_a_row_held_back_has_too(house: House, tmp_path: Path) -> None:
    """Nobody can tell whose the card is, though the other row is held back for another reason."""
    done = moved(house, write(tmp_path / "export", [LI, {**WANG, "卡号": "A1", "姓名": ""}, somebody(1)]))
    assert [done.reason("accounts.csv", n) for n in (2, 3, 4)] == ["old_card_stands_twice", "value_is_missing", ""]
    assert done.sentence("accounts.csv", 2).startswith("Line 3 is another person and has the same 卡号; find out")


def test_numbers_that_a_spreadsheet_rounded(house: House, tmp_path: Path) -> None:
    """Where most that end in 000 are wrong, those that look sound by chance are held back too."""
    rounded = [{**somebody(n), "身份证号": somebody(n)["身份证号"][:15] + "000"} for n in range(1, 60, 5)]
    chance = next(
        number
        for n in range(100)
        if (number := with_check_digit(f"1407021980{n // 28 % 12 + 1:02d}{n % 28 + 1:02d}100")).endswith("000")
    )
    lucky = {**LI, "身份证号": chance, "出生日期": chance[6:14], "性别": "女", "个人编号": "77", "卡号": "LUCKY"}
    done = moved(
        house, write(tmp_path / "export", [lucky, WANG, *rounded], [("9", rounded[0]["身份证号"], *LI_RECORD[2:])])
    )
    assert done.reason("accounts.csv", 2) == "number_lost_its_digits"
    assert done.reason("accounts.csv", 3) == ""
    assert done.reason("accounts.csv", 4) == "number_lost_its_digits"
    alone = moved(house, write(tmp_path / "alone", [lucky]))
    assert alone.report.files[0].carried_over == 1


def test_a_record_that_nobody_has(house: House, tmp_path: Path) -> None:
    """It is held back by itself, with the reason that its number gives."""
    nobody = with_check_digit("14070219700101001")
    records = [("9", nobody, *LI_RECORD[2:]), ("8", "1.40702197001010E+17", *LI_RECORD[2:]), ("7", "", *LI_RECORD[2:])]
    done = moved(house, write(tmp_path / "export", PEOPLE, records))
    assert [done.reason("records.csv", n) for n in (2, 3, 4)] == [
        "record_has_no_account", "number_lost_its_digits", "value_is_missing"
    ]  # fmt: skip
    assert "No row of the accounts has this 身份证号" in done.sentence("records.csv", 2)
    assert done.file("accounts.csv").carried_over == 2


# Excel and DBF --------------------------------------------------------------------------------------------------------


def xlsx(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """A workbook."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))  # type: ignore[union-attr]
    book.save(path)


def xls(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """An old workbook."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("a")
    for n, row in enumerate(rows):
        for m, value in enumerate(row):
            sheet.write(n, m, value)
    book.save(str(path))


@pytest.mark.parametrize(("name", "save"), [("accounts.xlsx", xlsx), ("accounts.xls", xls)])
def test_a_workbook(house: House, tmp_path: Path, name: str, save: Callable[..., None]) -> None:
    """Numbers made floats are refused, amounts and days that Excel took for its own are read, a name that is #N/A is not."""
    folder = write(tmp_path / "export", [])
    (folder / "accounts.csv").unlink()
    floated = {**somebody(1), "身份证号": float(somebody(1)["身份证号"])}
    typed = {**somebody(2), "结余": 12.5, "年度": 2013, "所属区划": 140702, "个人编号": 1002}
    wrong = {**somebody(3), "姓名": True}
    rows = [[*LI], [*LI.values()], [*floated.values()], [*typed.values()], [*wrong.values()]]
    save(folder / name, rows)
    done = moved(house, folder, GLOBS)
    assert {n: done.reason(name, n) for n in range(2, 6)} == {
        2: "", 3: "number_lost_its_digits", 4: "", 5: "cell_holds_a_truth_value"
    }  # fmt: skip
    assert "its last digits are gone; export the column as text" in done.sentence(name, 3)
    assert done.file(name).carried_over_fen == 10005 + 1250
    # What is held back is a CSV that can be corrected and taken in again, by the mapping beside it.
    to_correct = done.output / "to_correct"
    path = to_correct / f"{name}.csv"
    content = path.read_text("utf-8").replace("TRUE", "李四")
    path.write_text(
        content.replace(f"{float(somebody(1)['身份证号']):.14E}", somebody(1)["身份证号"]), "utf-8", newline=""
    )
    again = moved(house, to_correct, read_mapping(to_correct / "mapping.yaml"))
    assert (again.file(f"{name}.csv").carried_over, again.held) == (2, {})


def test_a_dbf_table(house: House, tmp_path: Path) -> None:
    """A field that cuts a character in two is refused with its name; a value with a comma comes back whole."""
    fields = [(k.encode("gbk"), "C", 20) for k in LI]

    def record(row: dict[str, str]) -> bytes:
        return b" " + b"".join(v.encode("gbk")[:20].ljust(20) for v in row.values())

    cut, comma = {**somebody(1), "姓名": "某" + "李" * 9 + "x伟"}, {**somebody(2), "姓名": "李,伟", "结余": "x"}
    cut["姓名"] = "x" + "李" * 10
    folder = write(tmp_path / "export", [])
    (folder / "accounts.csv").unlink()
    (folder / "accounts.dbf").write_bytes(
        dbf([record(LI), record(cut), record(comma), b"*" + record(WANG)[1:]], fields)
    )
    done = moved(house, folder, GLOBS)
    assert [done.reason("accounts.dbf", n) for n in (1, 2, 3)] == [
        "",
        "field_cuts_a_character",
        "amount_is_not_a_number",
    ]
    assert "姓名 ends in the middle of a character, so the field was too short" in done.sentence("accounts.dbf", 2)
    to_correct = done.output / "to_correct"
    path = to_correct / "accounts.dbf.csv"
    assert '"李,伟"' in path.read_text("utf-8")
    lines = path.read_text("utf-8").splitlines()
    lines[1] = ",".join({**cut, "姓名": "李长"}.values())
    path.write_text("\r\n".join(lines).replace(",x,", ",5.00,") + "\r\n", "utf-8", newline="")
    again = moved(house, to_correct, read_mapping(to_correct / "mapping.yaml"))
    assert (again.file("accounts.dbf.csv").carried_over, again.held) == (2, {})
    short = folder / "accounts.dbf"
    short.write_bytes(short.read_bytes()[:-50])
    with pytest.raises(BadInput, match="the header states 4 records and the file holds 3; it was cut off"):
        moved(house, folder, GLOBS)
