"""Rows that are bad each in its own way, in one export: what people are told, and that every row is accounted for."""

# ruff: noqa: E501 - a case a line

import csv
import datetime as dt
import io
from typing import NamedTuple

import msgspec
import psycopg
import pytest
from tests.conftest import Database
from tests.webhouse import house_on

from moved import Moved, moved
from old_files import LI, Row, write
from shebaoka.numbers import with_check_digit
from shebaoka.records import OldRecord

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
SPACES = "\u3000"


def somebody(n: int, **changed: str) -> dict[str, str]:
    """A sound row of somebody of their own, with some values changed."""
    number = with_check_digit(f"1407021980010{1 + n // 400}{n % 400 * 2 + 1:03d}")
    born = number[6:14]
    return {**LI, "个人编号": str(1000 + n), "身份证号": number, "出生日期": born, "卡号": f"B{n}", **changed}


def first17(n: int) -> str:
    """A number without its check digit."""
    return somebody(n)["身份证号"][:17]


class Case(NamedTuple):
    """A row of accounts that is bad in one way: what is changed, and what people are told; no reason if it is sound."""

    name: str
    changed: dict[str, str]
    reason: str = ""
    says: str = ""


def wrong_digit(n: int) -> str:
    """A number whose check digit is another."""
    number = somebody(n)["身份证号"]
    return number[:17] + ("1" if number[17] != "1" else "2")


INVALID = "identity_number_is_not_valid"
CASES = [
    Case("an 18-digit number that Excel made a float", {"身份证号": "1.40702198001010E+17"}, "number_lost_its_digits",
         "身份证号 was made a floating-point number, as Excel does with long digits, and its last digits are gone; export"),
    Case("a float without a sign in its exponent", {"身份证号": "1.407E17"}, "number_lost_its_digits", "export the column"),
    Case("a number in full-width digits", {"身份证号": "１４０７０２１９８００１０１００１６"}, "full_width_characters",
         "身份证号 is written in full-width characters; write it in plain digits and letters."),
    Case("a full-width X", {"身份证号": "14070219800101001Ｘ"}, "full_width_characters", "full-width"),
    Case("seventeen digits", {"身份证号": "14070219800101001"}, INVALID, "身份证号 does not have 18 characters (or 15"),
    Case("sixteen digits", {"身份证号": "1407021980010100"}, INVALID, "take it from the identity card"),
    Case("no number", {"身份证号": ""}, "value_is_missing", "身份证号 is empty; fill it in."),
    Case("blanks for a number", {"身份证号": " \u3000\t "}, "value_is_missing", "身份证号 is empty"),
    Case("letters in a number", {"身份证号": "1407O219800101001X"}, INVALID, "a wrong check digit or an impossible birth"),
    Case("a month 13 in a number", {"身份证号": with_check_digit("14070219801301001")}, INVALID, "impossible birth date"),
    Case("a 29 February in a common year", {"身份证号": with_check_digit("14070219810229001")}, INVALID, "impossible"),
    Case("a birth to come", {"身份证号": with_check_digit("14070220140101001")}, "birth_date_is_in_the_future",
         "身份证号 says a birth date that is still to come; compare it with the identity card."),
    Case("a birth 150 years ago", {"身份证号": with_check_digit("14070218500101001")}, INVALID, "身份证号"),
    Case("15 digits with an impossible day", {"身份证号": "140702801301001"}, INVALID, "impossible birth date"),
    Case("a name that is missing", {"姓名": ""}, "value_is_missing", "姓名 is empty; fill it in."),
    Case("a name of full-width blanks", {"姓名": SPACES * 3}, "value_is_missing", "姓名 is empty"),
    Case("a name that is too long", {"姓名": "李" * 51}, "name_is_not_usable", "姓名 is too long or holds a control"),
    Case("a control character in a name", {"姓名": "李\x07伟"}, "name_is_not_usable", "correct it"),
    Case("a tab within a name", {"姓名": "李\t伟"}, "name_is_not_usable", "姓名"),
    Case("an invisible character in a name", {"姓名": "李\u200b伟"}, "name_is_not_usable", "姓名"),
    Case("a sex in English", {"性别": "M"}, "sex_is_not_valid", "性别 is none of 男, 女; correct it, or say in the mapping"),
    Case("no sex", {"性别": ""}, "sex_is_not_valid", "性别 is none of 男, 女"),
    Case("another sex than the number's", {"性别": "女"}, "sex_differs_from_number", "性别 is not the sex in the social"),
    Case("another birth date", {"出生日期": "19800102"}, "birth_date_differs_from_number", "出生日期 is not the birth date"),
    Case("a birth date that is none", {"出生日期": "19800230"}, "date_is_not_valid",
         "出生日期 is not a day of the calendar written as YYYYMMDD; correct it."),
    Case("a birth date as a serial number", {"出生日期": "29221"}, "date_is_a_serial_number",
         "出生日期 is a spreadsheet's serial number and not a day written as YYYYMMDD; export the column as text, or say so"),
    Case("a birth date 0000-00-00", {"出生日期": "0000-00-00"}, "date_is_zero",
         "出生日期 is 0000-00-00, which is no day; find out the day in the old system."),
    Case("a birth date 00000000", {"出生日期": "00000000"}, "date_is_zero", "which is no day"),
    Case("a date with dashes", {"出生日期": "1980-01-01"}, "date_is_not_valid", "written as YYYYMMDD"),
    Case("a date in full-width digits", {"出生日期": "１９８００１０１"}, "full_width_characters", "出生日期"),
    Case("a date with a time", {"参保日期": "20050301 00:00:00"}, "date_is_not_valid", "参保日期"),
    Case("a day in the year 0", {"参保日期": "00000101"}, "date_is_not_valid", "参保日期"),
    Case("insured from a day to come", {"参保日期": "20130801"}, "date_is_in_the_future",
         "参保日期 is a day that is still to come; correct it."),
    Case("no day of insurance", {"参保日期": ""}, "value_is_missing", "参保日期 is empty"),
    Case("an amount with thousands separators", {"结余": '"1,234.50"'}, "amount_has_a_thousands_separator",
         "结余 has thousands separators; write the amount without them, such as 1234.50."),
    Case("a million with separators", {"结余": '"1,234,567"'}, "amount_has_a_thousands_separator", "结余"),
    Case("a full-width comma in an amount", {"结余": "1，234.50"}, "full_width_characters", "结余"),
    Case("an amount as 1E+05", {"结余": "1E+05"}, "amount_is_in_scientific_notation",
         "结余 is in scientific notation, such as 1E+05, and may have lost its last digits; write the amount out."),
    Case("an amount as 1.5e5", {"结余": "1.5e5"}, "amount_is_in_scientific_notation", "write the amount out"),
    Case("an amount in full-width digits", {"结余": "１００．０５"}, "full_width_characters", "结余 is written in full-width"),
    Case("an amount below zero", {"结余": "-0.01"}, "amount_is_negative", "结余 is below zero; settle it in the old system"),
    Case("no amount", {"结余": ""}, "value_is_missing", "结余 is empty"),
    Case("an amount without a whole part", {"结余": ".5"}, "amount_is_not_a_number", "with at most two decimals"),
    Case("an amount that ends in a point", {"结余": "5."}, "amount_is_not_a_number", "such as 123.45; correct it."),
    Case("a tenth of a fen", {"结余": "1.005"}, "amount_is_not_a_number", "结余 is not an amount in yuan"),
    Case("an amount with a plus", {"结余": "+1"}, "amount_is_not_a_number", "结余"),
    Case("an amount with its currency", {"结余": "¥100.00"}, "amount_is_not_a_number", "结余"),
    Case("an amount with 元", {"结余": "100元"}, "amount_is_not_a_number", "结余"),
    Case("NaN for an amount", {"结余": "NaN"}, "amount_is_not_a_number", "结余"),
    Case("NULL for an amount", {"结余": "NULL"}, "amount_is_not_a_number", "结余"),
    Case("an amount beyond reason", {"结余": "100000000000.01"}, "amount_is_too_large", "结余 is above 100000000000 yuan"),
    Case("an amount of twenty digits", {"结余": "99999999999999999999.00"}, "amount_is_too_large", "结余 is above"),
    Case("a region of five digits", {"所属区划": "14070"}, "region_is_not_a_code", "所属区划 is not six digits; correct it."),
    Case("a region by name", {"所属区划": "榆次区"}, "region_is_not_a_code", "所属区划"),
    Case("a card number in small letters", {"卡号": "b123"}, "card_number_is_not_usable", "卡号 is not 1 to 32 capital"),
    Case("a card number in full-width", {"卡号": "Ａ１"}, "full_width_characters", "卡号"),
    Case("no card number", {"卡号": ""}, "value_is_missing", "卡号 is empty"),
    Case("a status that is none", {"在院状态": "2"}, "hospital_status_is_not_valid", "在院状态 is none of 0, 1; correct it"),
    Case("in hospital without a day", {"在院状态": "1"}, "value_is_missing", "入院日期 is empty; fill it in."),
    Case("in hospital from tomorrow", {"在院状态": "1", "入院日期": "20130702"}, "date_is_in_the_future", "入院日期"),
    Case("a year to come", {"年度": "2014"}, "date_is_in_the_future", "年度 is a day that is still to come"),
    Case("a year that is none", {"年度": "2013.5"}, "date_is_not_valid", "年度 is not a day of the calendar written as YYYY"),
    Case("no year", {"年度": ""}, "value_is_missing", "年度 is empty"),
    Case("the year before", {"年度": "2012"}),
    Case("minus zero", {"结余": "-0.00"}),
    Case("a number with a small x", {"身份证号": "small x"}),
    Case("a number of 15 digits", {"身份证号": "15 digits"}),
    Case("blanks and tabs around values", {"身份证号": "blanks", "姓名": f" {SPACES}李伟 \t", "结余": "\t7.50 "}),
    Case("a quoted name with quotation marks", {"姓名": '"李""伟"""'}),
    Case("a quotation mark within a name", {"姓名": '王"小"二'}),
    Case("a quotation mark that is not closed", {"姓名": '"李伟'}, "quotation_mark_is_not_closed", "Take the quo"),
    Case("a name with a backslash", {"姓名": "李\\伟"}),
    Case("a name of supplementary characters", {"姓名": "𬭸𠮷䶮"}),
    Case("a name with another middle dot", {"姓名": "买买提•艾尔肯"}),
    Case("a name that is SQL", {"姓名": "'); drop table acc; --"}),
    Case("a name that is a formula", {"姓名": "=cmd|' /C calc'!A0", "结余": "x"}, "amount_is_not_a_number", "结余"),
    Case("a comma too many", {"姓名": "李,伟"}, "wrong_number_of_columns", "The row has 13 columns and the header has 12"),
]  # fmt: skip


def row_of(n: int, case: Case) -> dict[str, str]:
    """The row of a case."""
    sound = somebody(n)
    number = {
        "small x": with_check_digit(_with_x(n)).lower(),
        "15 digits": first17(n)[:6] + first17(n)[8:],
        "blanks": f'"\t{SPACES} {sound["身份证号"]}\t"',
    }
    changed = dict(case.changed)
    if changed.get("身份证号") in number:
        changed["身份证号"] = number[changed["身份证号"]]
        changed["出生日期"] = "19800109" if "x" in changed["身份证号"] else sound["出生日期"]
    return {**sound, **changed}


def _with_x(n: int) -> str:
    """The first 17 digits of a number that ends in X."""
    return next(d for i in range(1, 400, 2) if with_check_digit(d := f"14070219800109{i:03d}").endswith("X") and i > n)


class RecordCase(NamedTuple):
    """A record that is bad in one way; its account waits for it."""

    name: str
    record: tuple[str, str, str, str]
    reason: str = ""
    says: str = ""


RECORD_CASES = [
    RecordCase("a record tomorrow", ("20130702", "药店", "1.00", "0.50"), "date_is_in_the_future", "日期 is a day that is still"),
    RecordCase("a record on no day", ("20130631", "药店", "1.00", "0.50"), "date_is_not_valid", "日期 is not a day of the"),
    RecordCase("a record as a serial number", ("41334", "药店", "1.00", "0.50"), "date_is_a_serial_number", "日期 is a spreads"),
    RecordCase("a record on 0000-00-00", ("0000-00-00", "药店", "1.00", "0.50"), "date_is_zero", "日期 is 0000-00-00"),
    RecordCase("a record in the year 0", ("00000301", "药店", "1.00", "0.50"), "date_is_not_valid", "日期"),
    RecordCase("a record without a place", ("20130301", "", "1.00", "0.50"), "value_is_missing", "医疗机构 is empty"),
    RecordCase("a part above the whole", ("20130301", "药店", "1.00", "1.01"), "amount_is_too_large",
               "帐户支出 is above what the whole cost; correct it."),
    RecordCase("a whole with separators", ("20130301", "药店", '"1,000.00"', "1.00"), "amount_has_a_thousands_separator", "总费用"),
    RecordCase("a part below zero", ("20130301", "药店", "1.00", "-1.00"), "amount_is_negative", "帐户支出 is below zero"),
    RecordCase("a part as 1E+05", ("20130301", "药店", "200000", "1E+05"), "amount_is_in_scientific_notation", "帐户支出"),
    RecordCase("a place that is too long", ("20130301", "药" * 201, "1.00", "0.50"), "name_is_not_usable", "医疗机构"),
    RecordCase("a column too few", ("20130301", "药店", "1.00", "MISSING"), "wrong_number_of_columns", "The row has 5 columns"),
    RecordCase("a place in quotation marks", ("20130301", '"南山""镇""卫生院"', "1.00", "0.50")),
    RecordCase("a place with backslashes", ("20130302", "C:\\药\\店\\", "1.00", "0.50")),
    RecordCase("a place with a comma", ("20130303", '"药店,南"', "1.00", "0.50")),
    RecordCase("a place of supplementary characters", ("20130304", "𬭸𠮷\u2028'药店'/é", "1.00", "0.50"), "name_is_not_usable", "医"),
    RecordCase("a place in another script", ("20130304", "𬭸𠮷'药店'/é", "1.00", "0.50")),
    RecordCase("a place that is a formula", ("20130305", "@SUM(1+9)*cmd|' /C calc'!A0", "1.00", "0.50")),
    RecordCase("no money at all", ("20130306", "药店", "0", "-0.00")),
    RecordCase("a record of last year", ("20121231", "药店", "1.00", "0.50")),
]  # fmt: skip
FIRST_RECORD = 300


class Rows(NamedTuple):
    """All cases after their run."""

    moved: Moved
    texts: dict[str, str]
    names: set[str]
    list: str


@pytest.fixture(scope="module")
def rows(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """One export with a row for each case, taken through a run."""
    shared_database.wipe()
    folder = tmp_path_factory.mktemp("rows")
    accounts: list[Row] = [row_of(n, case) for n, case in enumerate(CASES)]
    accounts += [somebody(FIRST_RECORD + n) for n in range(len(RECORD_CASES))]
    records = []
    for n, case in enumerate(RECORD_CASES):
        sound = somebody(FIRST_RECORD + n)
        values = tuple(v for v in case.record if v != "MISSING")
        records.append((sound["个人编号"], sound["身份证号"], *values))
    write(folder, accounts, records)
    with house_on(shared_database, tmp_path_factory.mktemp("home"), AT) as house:
        done = moved(house, folder)
    with psycopg.connect(shared_database.owner) as connection:
        texts = dict(
            connection.execute(
                "select p.number, c.body from carried_records c join person p on p.person_id = c.person_id"
            ).fetchall()
        )
        names = {name for (name,) in connection.execute("select name from person")}
    return Rows(done, texts, names, (done.output / "held_back.csv").read_text("utf-8-sig"))


@pytest.mark.parametrize(("line", "case"), list(enumerate(CASES, 2)), ids=[c.name for c in CASES])
def test_a_row_of_accounts(rows: Rows, line: int, case: Case) -> None:
    """It is held back with a sentence that names the column and what to do, or goes over."""
    assert rows.moved.reason("accounts.csv", line) == case.reason
    if case.reason:
        assert case.says in rows.moved.sentence("accounts.csv", line)


@pytest.mark.parametrize(("line", "case"), list(enumerate(RECORD_CASES, 2)), ids=[c.name for c in RECORD_CASES])
def test_a_record(rows: Rows, line: int, case: RecordCase) -> None:
    """A record that cannot be taken in keeps its account back; one that can is kept byte for byte as JSON."""
    assert rows.moved.reason("records.csv", line) == case.reason
    account = 2 + len(CASES) + line - 2
    if case.reason:
        assert case.says in rows.moved.sentence("records.csv", line)
        assert rows.moved.reason("accounts.csv", account) == "old_record_cannot_be_read"
        assert f"Line {line} of records.csv belongs to this account" in rows.moved.sentence("accounts.csv", account)
        return
    assert rows.moved.reason("accounts.csv", account) == ""
    on, where, total, part = case.record
    if on < "2013":
        return
    where = where[1:-1].replace('""', '"') if where.startswith('"') else where
    record = OldRecord(dt.date.fromisoformat(on), where, int(float(total) * 100), abs(int(float(part) * 100)))
    text = rows.texts[somebody(FIRST_RECORD + line - 2)["身份证号"]]
    assert text == msgspec.json.encode((record,)).decode()


def test_what_goes_over_is_as_it_was(rows: Rows) -> None:
    """Names keep their quotation marks, backslashes and rare characters; 15-digit numbers are completed, and said so."""
    assert {'李"伟"', "李\\伟", "𬭸𠮷䶮", "买买提·艾尔肯", "'); drop table acc; --"} <= rows.names
    (sentence, count), *_ = rows.moved.report.warnings
    assert sentence == "15-digit numbers were completed to 18 digits; compare them with the identity cards"
    assert count == 1


def test_the_list_starts_no_formula(rows: Rows) -> None:
    """No cell of the list of rows held back begins as a formula does, and none shows a whole person in a sentence."""
    for row in csv.DictReader(io.StringIO(rows.list)):
        assert not any(value.startswith(("=", "+", "-", "@", "\t")) for value in row.values())
        assert not any(somebody(n)["身份证号"] in row["sentence"] for n in range(len(CASES)))
