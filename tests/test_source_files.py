"""The old system's text files, sound and broken: each row is read or named with line, reason and what to do."""

import codecs
import csv
import io
import re
from pathlib import Path

import duckdb
import msgspec
import pytest

from shebaoka.importer.files import OddReason, digest_of, open_source
from shebaoka.importer.files import lines as lines_room
from shebaoka.records import BadInput
from source_case import COLUMNS, HEADER, LI, MA, SPEC, WANG, lines, take, written

replace = msgspec.structs.replace
SOUND = lines(LI, WANG, MA)


def raw(*rows: bytes | tuple[str, ...], end: bytes = b"\r\n") -> bytes:
    """A file in GB18030 with its header; a row may be given as bytes."""
    return b"".join((r if isinstance(r, bytes) else ",".join(r).encode("gb18030")) + end for r in (HEADER, *rows))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (SOUND.encode("gb18030"), "gb18030"),
        (SOUND.encode("utf-8"), "utf-8"),
        (SOUND.encode("utf-8-sig"), "utf-8"),
        (("\ufeff" + SOUND).encode("gb18030"), "gb18030"),
        (lines(LI, WANG, MA, end="\n").encode("gb18030"), "gb18030"),
        (SOUND.removesuffix("\r\n").encode("gb18030"), "gb18030"),
        (SOUND.replace("\r\n", "\n", 2).encode("gb18030"), "gb18030"),
        (
            ",".join(f'"{v}"' for v in HEADER).encode()
            + b"\r\n"
            + b"".join((",".join(f'"{v}"' for v in row) + "\r\n").encode() for row in (LI, WANG, MA)),
            "utf-8",
        ),
        ("".join(",".join((f'"{r[0]}"', *r[1:])) + "\n" for r in (HEADER, LI, WANG, MA)).encode("gb18030"), "gb18030"),
    ],
)
def test_one_table_written_in_nine_ways_is_the_same_table(tmp_path: Path, content: bytes, encoding: str) -> None:
    """Encoding, byte order mark, line ends and quotation marks change nothing about what is read."""
    taken = take(written(tmp_path, content))
    assert taken.source.columns == HEADER
    assert taken.source.encoding == encoding
    assert taken.rows == {2: list(LI), 3: list(WANG), 4: list(MA)}
    assert taken.odd == []


ODD = [
    ("a carriage return in the last value", raw(LI, b"1,a,2\r3", end=b"\n"), 3, OddReason.LINE_END_IN_ROW, "Byte 6"),
    ("one before the line's end", raw(LI, b"1,a,2\r3", WANG), 3, OddReason.LINE_END_IN_ROW, "Byte 6"),
    (
        "a name loses its last byte",
        raw(LI, b"1,\xcd,2", WANG),
        3,
        OddReason.NOT_GB18030,
        "Byte 3 of the row is not GB18030",
    ),
    (
        "the file ends in the middle of a character",
        raw(LI, WANG)[:-2] + b"\r\n" + ",".join(MA).encode("gb18030")[:24],
        4,
        OddReason.NOT_GB18030,
        "cut off in the middle of a character",
    ),
    (
        "the file ends in the middle of a row",
        raw(LI, b"65010219790203"),
        3,
        OddReason.WRONG_NUMBER_OF_COLUMNS,
        "1 columns",
    ),
    (
        "a value too many",
        raw(LI, (*WANG, "")),
        3,
        OddReason.WRONG_NUMBER_OF_COLUMNS,
        "has 4 columns and the header has 3",
    ),
    ("a comma inside a name", raw((LI[0], "李,伟", LI[2])), 2, OddReason.WRONG_NUMBER_OF_COLUMNS, "separator too many"),
    (
        "a quotation mark is open",
        raw(LI, (WANG[0], '"王芳', "1")),
        3,
        OddReason.QUOTATION_MARK_IS_NOT_CLOSED,
        "not closed",
    ),
    (
        "text after a quotation mark",
        raw((LI[0], '"李"伟', "1"), WANG),
        2,
        OddReason.QUOTATION_MARK_IS_NOT_CLOSED,
        "follows it",
    ),
    (
        "a value over two lines",
        raw((LI[0], '"李', "x"), ('伟"', "1")),
        2,
        OddReason.QUOTATION_MARK_IS_NOT_CLOSED,
        "end of a",
    ),
    ("a zero byte", raw(LI, b"1,\x00,2"), 3, OddReason.NUL_BYTE_IN_ROW, "Byte 3 of the row is zero"),
    ("a carriage return in a name", raw(LI, (WANG[0], "王\r芳", "1")), 3, OddReason.LINE_END_IN_ROW, "carriage return"),
    (
        "a row in UTF-8",
        raw(LI, ",".join(WANG).encode()),
        3,
        OddReason.NOT_GB18030,
        "The row is UTF-8 and the file is GB18030",
    ),
    ("0xFF in a number", raw(LI, b"14\xff0702,a,1"), 3, OddReason.NOT_GB18030, "Byte 3 of the row"),
    ("a lone 0x80", raw(LI, b"1,\x80,1"), 3, OddReason.NOT_GB18030, "Byte 3 of the row"),
    (
        "a four-byte character is cut",
        raw(LI, (WANG[0] + ",").encode() + "𬭸".encode("gb18030")[:3] + b",1"),
        3,
        OddReason.NOT_GB18030,
        "so a character is damaged",
    ),
]


@pytest.mark.parametrize(("content", "line", "reason", "words"), [c[1:] for c in ODD], ids=[c[0] for c in ODD])
def test_a_row_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes, line: int, reason: OddReason, words: str
) -> None:
    """It has its line, its reason and what to do; every other row is read as it stands."""
    taken = take(written(tmp_path, content))
    assert (line, reason) in taken.faults
    assert words in taken.sentence(line)
    count = content.count(b"\n") + (not content.endswith(b"\n")) - 1
    assert len(taken.rows) + len(taken.odd) == count
    sound = {",".join(row).encode("gb18030"): list(row) for row in (LI, WANG)}
    for number, as_it_came in enumerate(content.split(b"\r\n")[1:], 2):
        if as_it_came in sound:
            assert taken.rows[number] == sound[as_it_came]


def test_a_row_in_utf8_that_is_gb18030_by_chance_is_found(tmp_path: Path) -> None:
    """An even number of Chinese characters in UTF-8 is GB18030 too, as wrong characters; it is found."""
    taken = take(written(tmp_path, raw(LI, f"1,{'李伟'},2".encode(), b"1,\xff,1", WANG)))
    assert taken.faults == [(3, OddReason.NOT_GB18030), (4, OddReason.NOT_GB18030)]
    assert "The row is UTF-8" in taken.sentence(3)
    assert set(taken.rows) == {2, 5}
    many = [LI] * 4000 + [f"1,{'李伟'},2".encode()] * 4000 + [WANG] * 4000
    taken = take(written(tmp_path, raw(*many)))
    assert [n for n, _ in taken.faults] == list(range(4002, 8002))


def test_rows_of_a_utf8_file_that_are_not(tmp_path: Path) -> None:
    """A row in GB18030 is called that; a damaged one has its byte."""
    rows = [",".join(LI).encode(), ",".join(WANG).encode("gb18030"), ",".join(MA).encode()[:24], ",".join(LI).encode()]
    taken = take(written(tmp_path, ",".join(HEADER).encode() + b"\n" + b"\n".join(rows) + b"\n"))
    assert taken.source.encoding == "utf-8"
    assert taken.faults == [(3, OddReason.NOT_UTF8), (4, OddReason.NOT_UTF8)]
    assert "The row is GB18030 (GBK, ANSI, 936) and the file is UTF-8" in taken.sentence(3)
    assert "middle of a character" in taken.sentence(4)


def test_quotes_inside_names_are_read_and_written_clean(tmp_path: Path) -> None:
    """A quotation mark in the middle of a name is a character; one that encloses a comma is none."""
    taken = take(written(tmp_path, raw((LI[0], '王"小"芳', "1"), b'2,"a,b",1', b'3,"a""b",1', b'4,"",""', WANG)))
    assert taken.odd == []
    assert [row[1] for row in taken.rows.values()] == ['王"小"芳', "a,b", 'a"b', "", "王芳"]


def test_what_looks_all_quoted_and_is_not_is_read_by_line(tmp_path: Path) -> None:
    """As many quotation marks as a quoted table has, in other places, do not deceive."""
    head = b'"a","b"\n'
    spec = replace(SPEC, columns={})
    taken = take(written(tmp_path, head + b'"1","2"\n3"4","5"\n"6","7"\n'), spec)
    assert taken.rows == {2: ["1", "2"], 3: ['3"4"', "5"], 4: ["6", "7"]}
    taken = take(written(tmp_path, head + b'"1"",""2"\n"3","4"\n'), spec)
    assert taken.faults == [(2, OddReason.WRONG_NUMBER_OF_COLUMNS)]


def test_empty_lines_and_the_old_end_mark_are_no_rows(tmp_path: Path) -> None:
    """They keep their place in the count of lines, and are told apart from rows."""
    taken = take(written(tmp_path, raw(LI, b"", b"  \t", WANG) + b"\x1a"))
    assert taken.no_rows == [3, 4, 6]
    assert taken.faults == []
    assert taken.rows == {2: list(LI), 5: list(WANG)}
    taken = take(written(tmp_path, raw(LI, WANG).removesuffix(b"\r\n") + b"\x1a"))
    assert (taken.rows, taken.odd) == ({2: list(LI), 3: list(WANG)}, [])


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a row that is too long the beginning is kept, wherever it stands; those around it are read."""
    monkeypatch.setattr(lines_room, "BLOCK_BYTES", 5000)
    monkeypatch.setattr(lines_room, "LINE_BYTES_MAX", 1000)
    monkeypatch.setattr(lines_room, "LINE_BYTES_KEPT", 100)
    for length in (997, 1001, 2500, 7000, 20_000):
        long = b"x" * length
        taken = take(written(tmp_path, raw(LI, long, WANG, long, long, MA, long, end=b"\n")))
        reason = OddReason.WRONG_NUMBER_OF_COLUMNS if length < 1000 else OddReason.ROW_IS_TOO_LONG
        assert taken.faults == [(n, reason) for n in (3, 5, 6, 8)]
        assert set(taken.rows) == {2, 4, 7}
        assert all(len(o.raw) <= 1000 for o in taken.odd)


def test_blocks_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file is cut into blocks shows nowhere, not even in the middle of a character."""
    path = written(tmp_path, raw(LI, b"1,\xcd,2", WANG, b"", (MA[0], '"买,买提"', "1"), MA, b"\x1a"))
    whole = take(path)
    for size in range(1, 60):
        monkeypatch.setattr(lines_room, "BLOCK_BYTES", size)
        again = take(path)
        assert (again.rows, again.odd) == (whole.rows, whole.odd)


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [("\t", "gb18030"), (";", "utf-8"), ("|", "gb18030"), ("^", "gb18030"), ("\x1f", "utf-8")],
)
def test_other_separators(tmp_path: Path, separator: str, encoding: str) -> None:
    """A separator is the mapping's; commas are characters then, and a byte of a Chinese character is no separator."""
    names = ("忓|" if separator != "|" else "忓", "李,伟")
    assert b"|" in names[0].encode("gb18030") or separator == "|"
    rows = [(LI[0], name, "1") for name in names]
    spec = replace(SPEC, delimiter=separator)
    sound = take(written(tmp_path, lines((LI[0], "忓", "1"), WANG, separator=separator), encoding), spec)
    assert sound.rows == {2: [LI[0], "忓", "1"], 3: list(WANG)}
    taken = take(written(tmp_path, lines(*rows, WANG, separator=separator), encoding), spec)
    assert taken.rows == {2: list(rows[0]), 3: list(rows[1]), 4: list(WANG)}
    assert taken.odd == []
    broken = take(written(tmp_path, raw(LI, WANG) if separator != "," else b"", name="b.csv"), SPEC)
    assert broken.odd == []


def test_a_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    """The mapping names them 1, 2, 3, and the first line is a row."""
    body = lines(LI, WANG).partition("\r\n")[2]
    named = {f: replace(c, column=str(n)) for n, (f, c) in enumerate(COLUMNS.items(), 1)}
    taken = take(written(tmp_path, "\ufeff" + body, "utf-8"), replace(SPEC, header=False, columns=named))
    assert taken.source.columns == ("1", "2", "3")
    assert taken.rows == {1: list(LI), 2: list(WANG)}


def test_one_column_alone(tmp_path: Path) -> None:
    """A table of one column is read too; its empty lines are no rows."""
    spec = replace(SPEC, columns={})
    taken = take(written(tmp_path, b'number\n1\n\n2\n""\n3,4\n'), spec)
    assert (taken.rows, taken.no_rows) == ({2: ["1"], 4: ["2"], 5: [""]}, [3])
    assert taken.faults == [(6, OddReason.WRONG_NUMBER_OF_COLUMNS)]


REFUSED = [
    ("a web page", b"<html><table></table></html>", {}, "is a web page or XML, whatever its name says"),
    ("zero bytes", b"a,b\n" + bytes(100), {}, "is no text: much of it is zero bytes"),
    ("Excel called CSV", b"PK\x03\x04" + bytes(100), {"format": "csv"}, "is an Excel workbook or an archive"),
    ("empty", b"", {}, "people.csv is empty"),
    ("only line ends", b"\r\n\r\n", {}, "people.csv is empty"),
    ("only an end mark", b"\x1a", {}, "people.csv is empty"),
    (
        "UTF-16 with a mark",
        SOUND.encode("utf-16"),
        {},
        "is in UTF-16 (a spreadsheet calls it Unicode text); save it as",
    ),
    ("UTF-16 without a mark", SOUND.encode("utf-16-le"), {}, "is in UTF-16"),
    (
        "GBK called UTF-8",
        SOUND.encode("gbk"),
        {"encoding": "utf-8"},
        "is declared as UTF-8 and is GB18030 (GBK, ANSI, 936); write `encoding: gb18030`",
    ),
    (
        "UTF-8 called GBK",
        SOUND.encode("utf-8"),
        {"encoding": "gbk"},
        "is declared as GB18030 (GBK, ANSI, 936) and is UTF-8; write `encoding: utf-8`",
    ),
    ("UTF-8 with a mark called GB18030", SOUND.encode("utf-8-sig"), {"encoding": "gb18030"}, "and is UTF-8"),
    ("Latin-1", b"\xe9\xe8\xff,b\n\xff\xfe\xff,2\n", {}, "is neither GB18030 (GBK) nor UTF-8"),
    ("an empty line first", b"\r\n" + SOUND.encode("gbk"), {}, "begins with an empty line"),
    (
        "the header is cut",
        ",".join(HEADER).encode("gbk")[:-1] + b"\r\n" + raw(LI),
        {},
        "line 1: byte 17 is not GB18030",
    ),
    ("a quotation mark in the header", ('"' + SOUND).encode("gbk"), {}, "line 1: a quotation mark is not closed"),
    ("a zero byte in the header", b"a\0b,c\n1,2\n", {}, "line 1: a byte is zero"),
    ("carriage returns alone", SOUND.replace("\r\n", "\r").encode("gbk"), {}, "end in a carriage return alone"),
    ("a column is missing", "身份证号,姓名\n1,2\n".encode("gbk"), {}, "lacks the column 结余;"),
    ("two columns are missing", "姓名,x\n1,2\n".encode("gbk"), {}, "lacks the columns 身份证号, 结余;"),
    ("a column stands twice", "身份证号,姓名,结余,结余\n".encode("gbk"), {}, "names 结余 twice"),
    ("no header", lines(LI).partition("\r\n")[2].encode("gbk"), {}, "this is a row and no header"),
    (
        "another separator",
        lines(LI, separator="\t").encode("gbk"),
        {},
        r"stand between a tab each; write `delimiter: '\t'`",
    ),
    ("a separator that is not there", SOUND.encode("gbk"), {"delimiter": ";"}, "stand between a comma each"),
]


@pytest.mark.parametrize(("content", "spec", "words"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_a_file_that_cannot_be_taken_in_says_why(
    tmp_path: Path, content: bytes, spec: dict[str, str], words: str
) -> None:
    """One sentence with the file's name and what to do, and nobody's number in it."""
    with pytest.raises(BadInput, match=re.escape(words)) as caught:
        open_source(written(tmp_path, content), replace(SPEC, **spec))
    assert str(caught.value).startswith("people.csv")
    assert str(caught.value).endswith(".") or "`" in str(caught.value)[-3:] or "…" in str(caught.value)[-2:]
    assert not re.search(r"\d{12}", str(caught.value))


def test_a_file_that_is_not_there_and_a_folder_in_its_place(tmp_path: Path) -> None:
    """Both are said."""
    with pytest.raises(BadInput, match=r"people\.csv is not in the folder"):
        open_source(tmp_path / "people.csv", replace(SPEC, format="csv"))
    (tmp_path / "people.csv").mkdir()
    with pytest.raises(BadInput, match=r"people\.csv cannot be read"):
        open_source(tmp_path / "people.csv", replace(SPEC, format="csv"))


def test_swapped_columns_are_found_by_name(tmp_path: Path) -> None:
    """The header says which column is which, whatever their order."""
    taken = take(written(tmp_path, "结余,姓名,身份证号\n1.00,李伟,140702198001010016\n"))
    assert taken.source.columns == ("结余", "姓名", "身份证号")
    assert taken.rows == {2: ["1.00", "李伟", LI[0]]}


def test_doubts_are_said(tmp_path: Path) -> None:
    """Mixed line ends, a mark, zero bytes, and rows that are not in the encoding of the rest."""
    path = written(tmp_path, codecs.BOM_UTF8 + SOUND.encode().replace(b"\r\n", b"\n", 1) + b"a,\0,\n")
    assert [d.split(" ")[0] for d in open_source(path, SPEC).doubts] == ["It", "Line", "Some"]
    path = written(tmp_path, raw(LI, WANG, b"\xff,\xff,1"))
    assert open_source(path, SPEC).doubts == ("1 of the first 4 lines with Chinese are not GB18030 (GBK, ANSI, 936).",)


def test_the_digest_is_the_files_and_of_a_folder_its_files(tmp_path: Path) -> None:
    """The same bytes are the same digest; in a folder names count too."""
    folder = tmp_path / "photos"
    folder.mkdir()
    a = written(folder, "1", name="a")
    before = digest_of(folder)
    assert digest_of(a) == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    a.rename(folder / "b")
    assert digest_of(folder) != before
    with pytest.raises(BadInput, match="cannot be read"):
        digest_of(a)


def test_duckdb_reads_the_text_as_it_is(tmp_path: Path) -> None:
    """Quotation marks, blanks, odd rows, rare characters: DuckDB's reader sees what Python's does, row for row."""
    rows = [
        LI,
        b"1,\xcd,2",
        (WANG[0], '"王,""芳"""', " 1 "),
        b"",
        (MA[0], "𬭸'#\\", ""),
        b"2,\x00,1",
        ("#a", 'b"c', "-"),
    ]
    path = written(tmp_path, raw(*rows))
    source = open_source(path, SPEC)
    text = b"".join(block.text for block in source.blocks())
    (tmp_path / "clean.csv").write_bytes(text)
    with duckdb.connect() as staging:
        seen = staging.execute(
            """from read_csv(?, header = false, auto_detect = false, delim = ',', quote = '"', escape = '"',
            columns = {'a': 'varchar', 'b': 'varchar', 'c': 'varchar'})""",
            [str(tmp_path / "clean.csv")],
        ).fetchall()
    assert [[v or "" for v in row] for row in seen] == list(csv.reader(io.StringIO(text.decode()), strict=True))
    assert len(seen) == len(rows)
