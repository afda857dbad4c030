"""`shebaoka import inspect`: what it finds in each format, what it doubts, what it drafts, and what it never shows."""

import datetime as dt
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from shebaoka.city import Fault, invent_city, write_old_export
from shebaoka.cli import main
from shebaoka.importer.files import open_source
from shebaoka.importer.inspection import Asked, Inspection, Seen, draft_of, inspect_file
from shebaoka.importer.inspection.values import kind_of, shown
from shebaoka.importer.mapping import mapping_of, read_mapping, ready_mapping
from shebaoka.importer.specs import Column
from shebaoka.numbers import with_check_digit
from shebaoka.records import BadInput
from source_case import written
from test_mapping import SHANXI
from test_photos import LI as LI_NUMBER
from test_photos import packed, picture
from test_source_tables import dbf, fixed, record

NUMBERS = [with_check_digit(f"14070219800101{n:03d}") for n in range(20)]


def inspected(*words: str) -> str:
    """What the command prints, without a house."""
    result = CliRunner().invoke(main, ["--traceback", "import", "inspect", *words], env={"SHEBAOKA_HOME": "/nowhere"})
    assert result.exit_code == 0, result.output + str(result.exception)
    return result.stdout


def csv(folder: Path, columns: Sequence[str], *rows: Sequence[str], encoding: str = "gb18030") -> Path:
    """A CSV file."""
    return written(folder, "".join(",".join(row) + "\r\n" for row in (columns, *rows)), encoding, name="table.csv")


def look(folder: Path, columns: Sequence[str], *rows: Sequence[str]) -> Inspection:
    """What is found in a CSV file."""
    return inspect_file(csv(folder, columns, *rows), Asked())


def column(seen: Inspection, name: str) -> Seen:
    """One of the columns."""
    return next(c for c in seen.columns if c.name == name)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of an invented city with every fault."""
    folder = tmp_path_factory.mktemp("city")
    write_old_export(invent_city(1_000, 3, dt.date(2013, 7, 1)), folder, 4)
    return folder


def test_the_invented_city_drafts_its_own_mapping(city: Path, tmp_path: Path) -> None:
    """Drafts of both tables name each column as the ready mapping does, and can be read as they are."""
    ready = ready_mapping("invented")
    columns = {s.kind: s.columns for s in ready.sources}
    drafts = {}
    for file in ("accounts.csv", "records.csv"):
        seen = inspect_file(city / file, Asked())
        assert seen.fits == (f"invented ({seen.kinds[0]})",)
        drafts[file] = draft_of(seen)
    accounts = mapping_of(drafts["accounts.csv"].encode(), "draft").sources[0]
    assert accounts.columns == columns["accounts"]
    assert open_source(city / "accounts.csv", accounts).columns
    both = drafts["accounts.csv"] + drafts["records.csv"].partition("sources:\n")[2]
    records = mapping_of(both.encode(), "draft").sources[1]
    assert records.columns == columns["records"]


def test_rows_columns_and_what_is_odd_are_counted(city: Path) -> None:
    """Every row counts; those that cannot be read are told by reason with their first lines."""
    content = (city / "accounts.csv").read_bytes()
    seen = inspect_file(city / "accounts.csv", Asked())
    assert seen.rows == content.count(b"\r\n") - 1
    assert {o.reason for o in seen.odd} == {str(Fault.NOT_GB18030), "wrong_number_of_columns"}
    assert all(1 <= len(o.lines) <= 5 and o.rows >= len(o.lines) for o in seen.odd)
    assert column(seen, "姓名").kind == "name"
    assert column(seen, "入院日期").filled < 0.05
    assert any("no amounts" in d for d in column(seen, "结余").doubts)
    said = inspected(str(city / "accounts.csv"))
    assert "cannot be read: not gb18030, in line" in said
    assert re.search("结余 +balance", said)
    assert "ready mapping invented (accounts)" in said


def test_the_shanxi_table_is_both_accounts_and_records(tmp_path: Path) -> None:
    """A draft of it has two sources of one file: the person's account, and each year's record."""
    row = [
        "1", NUMBERS[0], "李伟", "男", "19800101", "A1", "Y1", "1407020001", "11", "0", "100.05", "2013", "1", "50.00",
        "1.00", "1.00", "48.00", "30.00", "10.00", "8.00",
    ]  # fmt: skip
    seen = look(tmp_path, SHANXI.split(","), row)
    assert seen.fits == ("shanxi (accounts, records)",)
    draft = draft_of(seen)
    assert "# region: not found, and needed" in draft
    whole = draft.replace("balance: 结余", "balance: 结余\n      region: {column: 单位编号, first: 6}", 1)
    accounts, records = mapping_of(whole.encode(), "draft").sources
    assert (accounts.kind, records.kind) == ("accounts", "records")
    assert records.columns["spent_on"] == Column(column="年度", as_="year")
    assert accounts.columns["sex"].values == {"男": "male"}


@pytest.mark.parametrize(
    ("value", "kind", "as_shown"),
    [
        (NUMBERS[0], "18-digit number", NUMBERS[0][:6] + "********" + NUMBERS[0][14:]),
        (NUMBERS[0][:17] + "Z", "code", "14**************0Z"),
        ("140702198013010016", "18-digit number, wrong", "140702********0016"),
        ("140702800101001", "15-digit number", "14***********01"),
        ("1.40702198001010E+17", "number with an exponent", "1.****************17"),
        ("1E+05", "number with an exponent", "1***5"),
        ("100.05", "amount", "100.05"),
        ("-3.00", "amount below zero", "-3.00"),
        ("1,234.00", "amount with separators", "1,234.00"),
        ("1.23456", "amount with more than two decimals", "1.23456"),
        ("１２３．００", "full-width digits", "１*****"),
        ("20130701", "date YYYYMMDD", "20130701"),
        ("2013-07-01", "date YYYY-MM-DD", "2013-07-01"),
        ("2013-07-01 00:00:00", "date YYYY-MM-DD", "2013-07-01 00:00:00"),
        ("2013/7/1", "date YYYY/MM/DD", "2013/7/1"),
        ("2013.07.01", "date YYYY.MM.DD", "2013.07.01"),
        ("2013年7月1日", "date YYYY年MM月DD日", "2013年7月1日"),
        ("20130231", "whole number", "20****31"),
        ("0000-00-00", "zero date", "0000-00-00"),
        ("00000000", "zero date", "00000000"),
        ("41456", "whole number that may be a day of Excel", "41456"),
        ("2013", "year", "2013"),
        ("1", "yes or no", "1"),
        ("男", "sex", "男"),
        ("王芳", "name", "王*"),
        ("买买提·艾尔肯", "name", "买**·***"),
        ("南山镇卫生院", "text", "南*****"),
        ("在职", "name", "在职"),
        ("1400000001", "code", "14******01"),
        ("140702", "whole number", "140702"),
        (f"身份证{NUMBERS[0]}", "text", "身***********"),
        (NUMBERS[0] + ".00", "text", "1***********"),
        ("140,702,198,001,010,016", "text", "1***********"),
        ("=cmd|' /C calc'!A0", "text", "=***********"),
    ],
)  # fmt: skip
def test_kinds_of_values_and_how_they_show(value: str, kind: str, as_shown: str) -> None:
    """Each kind is told by its shape; amounts, days and known words show whole, all else in part."""
    assert kind_of(value) == kind
    assert shown(value, kind, frozenset({"在职"})) == as_shown


DOUBTS = [
    ("余额", ["1,234.00", "5.00"], "余额: 1 of 2 are amounts with thousands separators."),
    ("余额", ["１２３", "5.00"], "余额: 1 of 2 are full-width digits."),
    ("余额", ["1E+05", "5.00"], "1 of 2 are numbers with an exponent: a spreadsheet took off their last digits"),
    ("余额", ["1234500", "500"], "No amount has decimals: they may be in fen"),
    ("余额", ["-0.01", "5.00"], "余额: 1 of 2 are below zero."),
    ("余额", ["1.005", "5.00"], "amounts with more than two decimals"),
    ("余额", ["*****", "一百元", "5.00"], "余额: 2 of 3 are no amounts."),
    ("参保日期", ["0000-00-00", "2013-07-01"], "参保日期: 1 of 2 are days of nothing but zeros"),
    ("参保日期", ["41456", "41457"], "may be serial numbers of a spreadsheet; write `dates: excel-serial`"),
    ("参保日期", ["20130701", "2013-07-01"], "参保日期: Its days are written in more than one way."),
    ("参保日期", ["20130231", "20130701"], "参保日期: 1 of 2 are no days."),
    ("身份证号", ["1.40702198001010E+17"], "a spreadsheet took off their last digits; export them as text"),
    ("身份证号", ["140702800101001"], "old numbers of 15 digits, which are completed"),
    ("身份证号", ["140702198013010016"], "wrong check digit or birth date"),
]


@pytest.mark.parametrize(("name", "column_values", "words"), DOUBTS)
def test_doubts_about_values_are_said(tmp_path: Path, name: str, column_values: list[str], words: str) -> None:
    """A column's doubtful values are counted, with what they are."""
    seen = look(tmp_path, ["x", name], *(["a", f'"{v}"'] for v in column_values))
    assert any(words in d for d in seen.doubts), seen.doubts
    assert " ".join(words.split()) in " ".join(inspected(str(tmp_path / "table.csv")).replace("\n    ", " ").split())


def test_doubts_about_the_file_are_said(tmp_path: Path) -> None:
    """Mixed line ends, a mark, a header that names a column twice, a last line without an end, one column alone."""
    content = "身份证号,姓名,姓名\r\n1,a,b\n2,c,d".encode("utf-8-sig")
    said = inspect_file(written(tmp_path, content), Asked()).doubts
    assert [d.partition(" ")[0] for d in said] == ["It", "Line", "The", "The"]
    assert "The header names 姓名 twice; each column may stand once." in said
    assert "The last line has no line end; the file may have been cut off." in said
    alone = inspect_file(written(tmp_path, fixed(*[(NUMBERS[0], "李伟", "1")] * 3)), Asked())
    assert any("list them by --widths" in d for d in alone.doubts)


def test_a_first_line_that_is_a_row_is_told(tmp_path: Path) -> None:
    """Its values are no names of columns and do not show; columns are known by their values."""
    path = written(tmp_path, f"{NUMBERS[0]},李伟,男,1.00\r\n{NUMBERS[1]},王芳,女,2.00\r\n")
    seen = inspect_file(path, Asked())
    assert [c.name for c in seen.columns] == ["1", "2", "3", "4"]
    assert [c.field for c in seen.columns] == ["number", "", "sex", ""]
    assert seen.rows == 2
    assert "The first line is a row and no header" in seen.doubts[0]
    assert "    header: false\n" in draft_of(seen)


@pytest.mark.parametrize("separator", ["\t", ";", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    """By the header; the draft names it."""
    path = written(tmp_path, f"身份证号{separator}姓名{separator}区划\n{NUMBERS[0]}{separator}李,伟{separator}140702\n")
    seen = inspect_file(path, Asked())
    assert [c.field for c in seen.columns] == ["number", "name", ""]
    assert f"    delimiter: {json.dumps(separator)}\n" in draft_of(seen)
    assert inspected(str(path), "--delimiter", separator.replace("\t", "\\t"))


def test_each_format_is_looked_at(tmp_path: Path) -> None:
    """Fixed width with its widths, DBF, Excel with its sheet; each draft says what is needed to open it."""
    text = written(tmp_path, fixed((NUMBERS[0], "李伟", "1.00"), (NUMBERS[1], "王芳", "2.00")), name="people.txt")
    said = inspected(str(text), "--widths", "身份证号:18,姓名:20,结余:10", "--no-header")
    assert "    widths:\n      - {name: 身份证号, width: 18}\n" in said
    table = written(tmp_path, dbf([record((NUMBERS[0], "李伟", "1.00"))]), name="people.dbf")
    assert "people.dbf: dbf, gb18030 (its code page is 0x7A)" in inspected(str(table))
    book = openpyxl.Workbook()
    book.create_sheet("余额").append(["身份证号", "结余"])
    book["余额"].append([int(NUMBERS[2][:17]) * 10, 5])
    book.save(tmp_path / "people.xlsx")
    said = inspected(str(tmp_path / "people.xlsx"), "--sheet", "余额")
    assert "excel, utf-8 (Excel says so itself)" in said
    assert "    sheet: 余额\n" in said
    assert "number with an exponent: 1." in said


def test_photos_are_counted(tmp_path: Path) -> None:
    """A zip of photos: how many entries, which are odd and why, and a source that names it."""
    path = packed(tmp_path / "photos.zip", {f"{LI_NUMBER}.jpg": picture(), "李伟.jpg": picture(), "x.txt": b"x"})
    seen = inspect_file(path, Asked())
    assert (seen.rows, [(o.reason, o.rows) for o in seen.odd]) == (3, [("photo_name_is_no_number", 2)])
    said = inspected(str(path))
    assert "photos.zip: zip," in said
    assert "  - kind: photos\n    file: photos.zip\n    format: zip\n" in said
    with zipfile.ZipFile(tmp_path / "none.zip", "w"):
        pass
    assert inspect_file(tmp_path / "none.zip", Asked()).doubts == ("No entry is a photo that can be taken in.",)


def test_the_draft_goes_into_a_new_file(city: Path, tmp_path: Path) -> None:
    """`--mapping` writes it, and never over another file."""
    out = tmp_path / "mapping.yaml"
    assert "mapping's draft is in" in inspected(str(city / "accounts.csv"), "--mapping", str(out))
    assert read_mapping(out).sources[0].kind == "accounts"
    result = CliRunner().invoke(main, ["import", "inspect", str(city / "accounts.csv"), "--mapping", str(out)])
    assert result.exit_code == 1
    assert "is there already; name a new file" in result.stderr


def test_json_has_the_same(city: Path) -> None:
    """One document with what was found, and the draft."""
    document = json.loads(inspected(str(city / "records.csv"), "--json"))
    assert document["inspection"]["kinds"] == ["records"]
    assert document["inspection"]["columns"][1]["field"] == "number"
    assert document["mapping"].startswith("# Drafted from records.csv")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--widths", "姓名"], "--widths: '姓名' is no column with its width in bytes"),
        (["--widths", "姓名:0"], "--widths: '姓名:0' is no column"),
        (["--encoding", "utf-8"], "accounts.csv is declared as UTF-8 and is GB18030"),
        (["--widths", "身份证号:18"], "line 1 is not a header with the columns of `widths`"),
    ],
)
def test_what_cannot_be_looked_at_says_why(city: Path, words: list[str], said: str) -> None:
    """One line, and exit code 1."""
    result = CliRunner().invoke(main, ["import", "inspect", str(city / "accounts.csv"), *words])
    assert result.exit_code == 1
    assert said in result.stderr


def test_no_full_number_and_no_name_is_ever_shown(city: Path, tmp_path: Path) -> None:
    """Not in the text, not in the JSON: also where columns are swapped, named otherwise, or there is no header."""
    people = invent_city(1_000, 3, dt.date(2013, 7, 1))[:300]
    rows = [(r.name, r.number, f"{r.balance_fen / 100:.2f}", "汾河湾综合医院", r.name) for r in people]
    files = [
        city / "accounts.csv", city / "records.csv",
        csv(tmp_path, ["身份证号", "姓名", "结余", "医疗机构", "备注"], *rows),
        written(tmp_path, "".join(",".join(r) + "\n" for r in rows), "utf-8", name="bare.csv"),
        written(tmp_path, "".join(",".join([*r, "x" * (n % 2)]) + "\n" for n, r in enumerate(rows)), name="odd.csv"),
        written(tmp_path, "".join(";".join(r) + "\n" for r in rows), name="semicolon.csv"),
    ]  # fmt: skip
    for file in files:
        for words in ([], ["--json"]):
            said = inspected(str(file), *words)
            assert not re.search(r"\d{17}[\dX]", re.sub(r'"digest": "\w+"', "", said))
            assert not [r.name for r in people if len(r.name) > 1 and r.name in said]
    with pytest.raises(BadInput, match="is empty"):
        inspect_file(written(tmp_path, b""), Asked())
