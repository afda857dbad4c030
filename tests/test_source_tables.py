"""Fixed width, DBF and Excel, sound and broken: the same table in each, and what each of them can spoil."""

import datetime as dt
import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest
import xlwt

from shebaoka.importer.files import OddReason, open_source
from shebaoka.importer.files import dbf as dbf_room
from shebaoka.importer.files import excel as excel_room
from shebaoka.importer.files import workbook as workbook_room
from shebaoka.importer.specs import Column, SourceSpec, Width
from shebaoka.records import BadInput
from source_case import COLUMNS, HEADER, LI, MA, SPEC, WANG, Taken, take, written

replace = msgspec.structs.replace
WIDTHS = tuple(Width(n, w) for n, w in zip(HEADER, (18, 20, 10), strict=True))
FIXED = replace(SPEC, file="people.txt", format="fixed", widths=WIDTHS, header=False)
ALL = [list(LI), list(WANG), list(MA)]


def fixed(*rows: Sequence[str] | bytes, encoding: str = "gb18030", end: bytes = b"\r\n") -> bytes:
    """Rows of fixed width; a row may be given as bytes."""
    made = []
    for row in rows:
        if isinstance(row, bytes):
            made.append(row + end)
        else:
            number, name, amount = (v.encode(encoding) for v in row)
            made.append(number.ljust(18) + name.ljust(20) + amount.rjust(10) + end)
    return b"".join(made)


def dbf(
    rows: Sequence[bytes],
    fields: Sequence[tuple[bytes, str, int]] = (
        ("身份证号".encode("gbk"), "C", 18),
        ("姓名".encode("gbk"), "C", 20),
        ("结余".encode("gbk"), "N", 10),
    ),
    *,
    page: int = 0x7A,
    stated: int | None = None,
    version: int = 0x03,
) -> bytes:
    """A DBF table; each row is a record's bytes with the mark of deletion before it."""
    width = 1 + sum(f[2] for f in fields)
    count = len(rows) if stated is None else stated
    start = 32 + 32 * len(fields) + 1
    head = struct.pack("<BBBBLHH16xB3x", version, 113, 7, 1, count, start, width, page)[:32]
    head = head[:29] + bytes([page]) + b"\0\0"
    described = b"".join(struct.pack("<11scLBB14x", n, k.encode(), 0, w, 2 if k == "N" else 0) for n, k, w in fields)
    return head + described + b"\r" + b"".join(rows) + b"\x1a"


def record(row: Sequence[str], mark: bytes = b" ") -> bytes:
    """A record of the three usual fields."""
    return mark + fixed(row, end=b"")


def xlsx(path: Path, *rows: Sequence[Any], sheet: str = "人员", more: Callable[[Any], None] | None = None) -> Path:
    """An xlsx workbook; `more` may change its sheet."""
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    if more is not None:
        more(book)
    book.save(path)
    return path


def xls(path: Path, *rows: Sequence[Any]) -> Path:
    """An old xls workbook."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("人员")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for n, row in enumerate(rows):
        for m, value in enumerate(row):
            if value == "#N/A":
                sheet.row(n).set_cell_error(m, 0x2A)
            elif isinstance(value, dt.date):
                sheet.write(n, m, value, day)
            elif value is not None:
                sheet.write(n, m, value)
    book.save(path)
    return path


def values(taken: Taken) -> list[list[str]]:
    """The rows that were read."""
    return list(taken.rows.values())


# Fixed width ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "spec"),
    [
        (fixed(LI, WANG, MA), FIXED),
        (fixed(LI, WANG, MA, end=b"\n"), FIXED),
        (fixed(LI, WANG, MA)[:-2], FIXED),
        ("\ufeff".encode("gb18030") + fixed(LI, WANG, MA), FIXED),
        (fixed(HEADER, LI, WANG, MA), replace(FIXED, header=True)),
        (fixed(LI, WANG, fixed(MA, end=b"   ")), FIXED),
    ],
)
def test_fixed_width_is_the_same_table(tmp_path: Path, content: bytes, spec: SourceSpec) -> None:
    """Line ends, a mark, a header and blanks behind a line change nothing."""
    taken = take(written(tmp_path, content), spec)
    assert values(taken) == ALL
    assert min(taken.rows) == (2 if spec.header else 1)


def test_fixed_width_in_utf8_counts_bytes(tmp_path: Path) -> None:
    """A width is in bytes of the file's own encoding, three for a Chinese character there."""
    spec = replace(FIXED, widths=tuple(Width(n, w) for n, w in zip(HEADER, (18, 30, 10), strict=True)))
    rows = b"".join(
        r[0].encode().ljust(18) + r[1].encode().ljust(30) + r[2].encode().rjust(10) + b"\n" for r in (LI, WANG, MA)
    )
    assert values(take(written(tmp_path, rows), spec)) == ALL


def test_values_with_commas_and_quotes_stay_whole(tmp_path: Path) -> None:
    """What is a separator in CSV is a character here."""
    taken = take(written(tmp_path, fixed(LI, (LI[0], '王,"小"', "1"), (LI[0], '"', "1"))), FIXED)
    assert [v[1] for v in values(taken)] == ["李伟", '王,"小"', '"']


@pytest.mark.parametrize(
    ("line", "reason", "words"),
    [
        (
            LI[0].encode() + b" " * 19 + b"\xc0" + b"      1.00",
            OddReason.FIELD_CUTS_A_CHARACTER,
            "姓名 ends in the middle",
        ),
        (
            LI[0].encode() + b"\xc0 " + b" " * 18 + b"      1.00",
            OddReason.FIELD_CUTS_A_CHARACTER,
            "姓名 ends in the middle",
        ),
        (LI[0].encode() + b"a\xffb".ljust(20) + b"      1.00", OddReason.NOT_GB18030, "Byte 2 of 姓名"),
        (fixed(LI, end=b"")[:-1], OddReason.WRONG_WIDTH, "has 47 bytes and the widths make 48"),
        (fixed(LI, end=b"1"), OddReason.WRONG_WIDTH, "has 49 bytes"),
        (fixed((LI[0], "李\0伟", "1"), end=b""), OddReason.NUL_BYTE_IN_ROW, "is zero"),
        (fixed((LI[0], "李\x1f伟", "1"), end=b""), OddReason.WRONG_WIDTH, "widths"),
        (fixed((LI[0], "李\r伟", "1"), end=b""), OddReason.LINE_END_IN_ROW, "carriage return"),
    ],
)
def test_a_line_of_fixed_width_that_is_broken(tmp_path: Path, line: bytes, reason: OddReason, words: str) -> None:
    """It is named by its field where one is damaged; its neighbours are read."""
    taken = take(written(tmp_path, fixed(WANG, line, b"", WANG)), FIXED)
    assert taken.faults == [(2, reason)]
    assert words in taken.sentence(2)
    assert taken.no_rows == [3]
    assert set(taken.rows) == {1, 4}


def test_fixed_width_needs_its_widths_and_its_header(tmp_path: Path) -> None:
    """Without widths nothing can be read, and a first line that is a row is not lost as a header."""
    path = written(tmp_path, fixed(LI))
    with pytest.raises(BadInput, match="list its columns and their `widths`"):
        open_source(path, replace(FIXED, widths=None))
    with pytest.raises(BadInput, match="line 1 is not a header with the columns of `widths`; write `header: false`"):
        open_source(path, replace(FIXED, header=True))
    with pytest.raises(BadInput, match="lacks the column 结余"):
        open_source(path, replace(FIXED, widths=WIDTHS[:2]))


# DBF -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [0x7A, 0x4D, 0x00, 0x03, 0x57])
def test_a_dbf_is_the_same_table(tmp_path: Path, page: int) -> None:
    """Whatever the code page says; where it says nothing of Chinese, that is a doubt. A deleted record is no row."""
    path = written(tmp_path, dbf([record(LI), record(WANG, b"*"), record(WANG), record(MA)], page=page), name="A.DBF")
    taken = take(path)
    assert values(taken) == ALL
    assert (taken.source.format, taken.source.encoding, taken.source.columns) == ("dbf", "gb18030", HEADER)
    assert (taken.no_rows, taken.sentence(2)) == ([2], "The record is deleted.")
    assert bool(taken.source.doubts) == (page not in (0x7A, 0x4D))


def test_a_dbf_field_that_cuts_a_character_is_held_back(tmp_path: Path) -> None:
    """The record is named by its number and field, and its neighbours are read, in blocks of any size."""
    cut = b" " + LI[0].encode() + "买买提·艾尔肯".encode("gbk")[:1].rjust(20) + b"      1.00"
    long = b" " + LI[0].encode() + ("A" + "买" * 10).encode("gbk")[:20] + b"      1.00"
    path = written(tmp_path, dbf([record(LI), cut, record(WANG), long, record(MA)]), name="a.dbf")
    taken = take(path)
    assert taken.faults == [(2, OddReason.FIELD_CUTS_A_CHARACTER), (4, OddReason.FIELD_CUTS_A_CHARACTER)]
    assert "姓名 ends in the middle of a character, so the field was too short" in taken.sentence(2)
    assert values(taken) == ALL


def test_dbf_values_of_every_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers stay as they are written; days, truth, currency, whole and floating numbers and instants become text."""
    fields = [
        (b"N", "N", 12),
        (b"D", "D", 8),
        (b"L", "L", 1),
        (b"Y", "Y", 8),
        (b"I", "I", 4),
        (b"B", "B", 8),
        (b"T", "T", 8),
        (b"F", "F", 8),
        (b"C", "C", 4),
    ]
    day = dt.date(2013, 7, 1).toordinal() + 1_721_425
    one = b" " + b"      123.40" + b"20130701" + b"T" + struct.pack("<q", -1_234_500) + struct.pack("<i", -7)
    one += struct.pack("<d", 0.5) + struct.pack("<ii", day, 3_660_000) + b"   1.500" + b"a\0\0\0"
    two = b" " + b" " * 12 + b" " * 8 + b"?" + bytes(8) + bytes(4) + bytes(8) + bytes(8) + b" " * 8 + b"a\nb "
    monkeypatch.setattr(dbf_room, "BLOCK_BYTES", 70)
    taken = take(written(tmp_path, dbf([one, two, one], fields, version=0x30), name="a.dbf"), replace(SPEC, columns={}))
    row = ["123.40", "20130701", "T", "-123.4500", "-7", "0.5", "20130701 01:01", "1.500", "a"]
    assert taken.rows == {1: row, 3: row}
    assert taken.faults == [(2, OddReason.LINE_END_IN_ROW)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (dbf([record(LI)], stated=5), "the header states 5 records and the file holds 1; it was cut off"),
        (dbf([record(LI), record(WANG)])[:-30], "the header states 2 records and the file holds 1"),
        (b"\x03" + b"x" * 20, "is no DBF table, or its header is damaged"),
        (b"\x03" + b"\xff" * 500, "is no DBF table, or its header is damaged"),
        (dbf([record(LI)], [(b"X", "Q", 48)]), "is no DBF table"),
        (dbf([b" "], []), "do not fit its records"),
        (
            dbf([b" " + b"1" * 18 + b" " * 10], [("身份证号".encode("gbk"), "C", 18), ("姓名".encode("gbk"), "M", 10)]),
            "姓名 is a memo field, whose text stands in another file",
        ),
        (
            dbf(
                [record(LI)],
                [("身份证号".encode("gbk"), "C", 18), ("参保人员姓名".encode("gbk")[:9], "C", 20), (b"C", "C", 10)],
            ),
            "the name of field 2 ends in the middle of a character",
        ),
        (dbf([record(LI)], [(b"A", "C", 18), (b"A", "C", 20), (b"C", "C", 10)]), "names A twice"),
    ],
)
def test_a_dbf_that_cannot_be_taken_in_says_why(tmp_path: Path, content: bytes, words: str) -> None:
    """Cut off, damaged, with memo fields that are needed, or with names that are none."""
    with pytest.raises(BadInput, match=re.escape(words)):
        open_source(written(tmp_path, content, name="a.dbf"), SPEC)


def test_a_memo_field_that_nothing_needs_is_left_out(tmp_path: Path) -> None:
    """The other fields are read, and the doubt is said."""
    table = dbf([b" " + b"1" * 18 + b" " * 10 + b"2"], [(b"A", "C", 18), (b"M", "M", 10), (b"B", "C", 1)])
    taken = take(written(tmp_path, table, name="a.dbf"), replace(SPEC, columns={}))
    assert (taken.source.columns, values(taken)) == (("A", "B"), [["1" * 18, "2"]])
    assert taken.source.doubts == ("M is a memo field and is left out.",)


# Excel ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [xlsx, xls])
def test_excel_is_the_same_table(tmp_path: Path, made: Callable[..., Path]) -> None:
    """Numbers lose no digit and gain no .0; titles above the header and empty columns are left out."""
    path = made(
        tmp_path / "people.bin",
        ["医保人员表"],
        [*HEADER, "", None],
        [LI[0], LI[1], 100.05],
        [WANG[0], WANG[1], 0.07, "", ""],
        [],
        [MA[0], MA[1], 3000],
    )
    taken = take(path)
    assert taken.source.columns == HEADER
    assert taken.rows == {3: list(LI), 4: list(WANG), 6: [MA[0], MA[1], "3000"]}
    assert taken.no_rows == [5]
    assert taken.source.doubts == ("The header stands in row 2; what is above it is left out.",)


@pytest.mark.parametrize("made", [xlsx, xls])
def test_a_number_that_excel_took_for_a_number_shows_it(tmp_path: Path, made: Callable[..., Path]) -> None:
    """Its last digits are gone, so it is written with an exponent, which no check can take for a number."""
    taken = take(made(tmp_path / "a.xlsx", HEADER, [140702198001010016, "李伟", 1], [140702800101001, "王芳", 1e20]))
    assert values(taken) == [
        ["1.40702198001010E+17", "李伟", "1"],
        ["140702800101001", "王芳", "1.00000000000000E+20"],
    ]
    assert values(take(made(tmp_path / "b.xlsx", HEADER, [1e15, "a", 999_999_999_999_999]))) == [
        ["1.00000000000000E+15", "a", "999999999999999"]
    ]


@pytest.mark.parametrize("made", [xlsx, xls])
def test_cells_with_errors_and_truth_values_are_odd(tmp_path: Path, made: Callable[..., Path]) -> None:
    """An error in a column that is needed is no empty value; in another column it may stand."""
    path = made(
        tmp_path / "a.xls",
        [*HEADER, "x"],
        [LI[0], LI[1], "#N/A", 1],
        [WANG[0], True, 1, 1],
        [MA[0], "买\n买", 1, 1],
        [*MA, "#N/A"],
        [*MA, False],
    )
    taken = take(path)
    assert taken.faults == [
        (2, OddReason.CELL_HOLDS_AN_ERROR),
        (3, OddReason.CELL_HOLDS_A_TRUTH_VALUE),
        (4, OddReason.LINE_END_IN_ROW),
    ]
    assert "结余 holds an error such as #N/A" in taken.sentence(2)
    assert [v[3] for v in values(taken)] == ["#N/A", "FALSE"]


@pytest.mark.parametrize("made", [xlsx, xls])
def test_days_of_excel_are_written_as_the_mapping_says(tmp_path: Path, made: Callable[..., Path]) -> None:
    """Eight digits, or whatever form the source's other days have."""
    path = made(tmp_path / "a.xlsx", ["day"], [dt.date(2013, 7, 1)], [dt.date(1999, 12, 31)])
    for dates, said in (
        ("YYYYMMDD", "20130701"),
        ("YYYY-MM-DD", "2013-07-01"),
        ("YYYY年MM月DD日", "2013年07月01日"),
        ("excel-serial", "41456"),
    ):
        spec = replace(SPEC, columns={"insured_on": Column("day")}, dates=dates)
        assert values(take(path, spec))[0] == [said]


def test_a_sheet_by_name(tmp_path: Path) -> None:
    """The first sheet, or the one that is named; others are a doubt; one that is not there is told which there are."""

    def second(book: Any) -> None:
        book.create_sheet("余额").append(HEADER)
        book["余额"].append(WANG)
        book.create_sheet("空")

    path = xlsx(tmp_path / "a.xlsx", HEADER, LI, more=second)
    assert values(take(path)) == [list(LI)]
    named = take(path, replace(SPEC, sheet="余额"))
    assert values(named) == [list(WANG)]
    assert named.source.doubts == ("There are other sheets, which are not read: 人员, 空.",)
    with pytest.raises(BadInput, match="has no sheet 账户; it has 人员, 余额, 空"):
        open_source(path, replace(SPEC, sheet="账户"))
    with pytest.raises(BadInput, match="the sheet 空 is empty"):
        open_source(path, replace(SPEC, sheet="空"))


def test_a_sheet_without_a_header_and_one_that_begins_below(tmp_path: Path) -> None:
    """Columns have numbers then; cells that nobody filled above and beside the table are no rows and columns."""
    spec = replace(SPEC, header=False, columns={"number": Column("2"), "name": Column("3")})

    def below(book: Any) -> None:
        for n, row in enumerate((LI, WANG)):
            for m, value in enumerate(row):
                book.active.cell(3 + n, 2 + m, value)

    taken = take(xlsx(tmp_path / "a.xlsx", more=below), spec)
    assert taken.rows == {3: ["", *LI], 4: ["", *WANG]}


def test_blocks_of_excel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows come in blocks."""
    monkeypatch.setattr(excel_room, "ROWS_IN_A_BLOCK", 7)
    path = xlsx(tmp_path / "a.xlsx", HEADER, *[(str(n), "a", "1") for n in range(30)])
    assert [b.rows for b in open_source(path, SPEC).blocks()] == [7, 7, 7, 7, 2]
    assert len(take(path).rows) == 30


def test_an_excel_file_that_cannot_be_taken_in_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A web page called xls, a text called xlsx, one cut off, one with a password, one that lies about its size."""
    good = xlsx(tmp_path / "good.xlsx", HEADER, LI, WANG).read_bytes()
    old = xls(tmp_path / "good.xls", HEADER, LI).read_bytes()
    spec = replace(SPEC, format="excel")
    cases = [
        (b"<html><table><tr><td>1</td></tr></table></html>", "is no Excel workbook, whatever its name says"),
        ("身份证号,姓名,结余".encode(), "is no Excel workbook"),
        (good[:-400], "is damaged, perhaps cut off"),
        (good[:300], "is damaged, perhaps cut off"),
        (old[:600], "is damaged"),
        (workbook_room.OLE + b"\0" * 2000, "is damaged"),
    ]
    for content, words in cases:
        with pytest.raises(BadInput, match=words):
            open_source(written(tmp_path, content, name="people.xls"), spec)
    with pytest.raises(BadInput, match=r"people\.xlsx is not in the folder"):
        open_source(tmp_path / "people.xlsx", spec)
    with zipfile.ZipFile(tmp_path / "p.xlsx", "w") as z:
        z.writestr("a.jpg", b"x")
    with pytest.raises(BadInput, match="is a zip archive and no Excel workbook"):
        open_source(tmp_path / "p.xlsx", SPEC)
    with zipfile.ZipFile(tmp_path / "p.xlsx", "w") as z:
        z.writestr("xl/workbook.bin", b"x")
    with pytest.raises(BadInput, match="is a binary workbook"):
        open_source(tmp_path / "p.xlsx", SPEC)
    with zipfile.ZipFile(tmp_path / "p.xlsx", "w") as z:
        z.writestr("xl/workbook.xml", b"<x>")
        z.writestr("xl/_rels/workbook.xml.rels", b"<x>")
    with pytest.raises(BadInput, match="is damaged, or protected"):
        open_source(tmp_path / "p.xlsx", SPEC)
    with pytest.raises(BadInput, match="is a zip, which may hold photos but no table"):
        open_source((tmp_path / "p.xlsx").rename(tmp_path / "p.zip"), SPEC)


def test_a_workbook_that_asks_for_a_program_of_years_to_come(tmp_path: Path) -> None:
    """An entry that says it needs version 18.7 of zip is told as damage, which it is."""
    path = xlsx(tmp_path / "a.xlsx", HEADER, LI)
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 6] = 187
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"a\.xlsx is damaged, perhaps cut off"):
        open_source(path, SPEC)


def test_a_workbook_that_is_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """What would unpack to a hundred megabytes of nothing is refused by its header, before a byte of it is read."""
    path = xlsx(tmp_path / "a.xlsx", HEADER, LI)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as z, z.open("xl/sharedStrings.xml", "w") as part:
        for _ in range(100):
            part.write(b" " * (1 << 20))
    with pytest.raises(BadInput, match="would unpack to 100 MB, which is too much for a workbook"):
        open_source(path, SPEC)


def test_the_format_is_known_by_what_the_file_is(tmp_path: Path) -> None:
    """A text called xls is read as a text; what is Excel is Excel under any name."""
    taken = take(written(tmp_path, ",".join(HEADER) + "\n" + ",".join(LI) + "\n", name="people.xls"))
    assert taken.source.format == "csv"
    assert take(xlsx(tmp_path / "people.csv", HEADER, LI)).source.format == "excel"
    with pytest.raises(BadInput, match="is a folder"):
        open_source(tmp_path, SPEC)
    assert COLUMNS
