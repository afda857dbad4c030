"""Statements on paper: what JSON, CSV and PDF say in three languages, and what a machine without a font is told."""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pypdf
import pytest
import typst
from msgspec.structs import replace

from asking import LI_NA
from shebaoka.cells import as_text
from shebaoka.desk.accounts import WHATS, AccountStatement, CarriedRecord, StatementLine
from shebaoka.notice import LANGUAGES, Notices, Speech, Words
from shebaoka.numbers import mask, mask_name
from shebaoka.paper import NoFont, press, statement_csv, statement_json, statement_pdf
from shebaoka.paper.amounts import grouped, plain, signed
from shebaoka.paper.labels import CARRIED_OVER, labels_in
from shebaoka.records import NotFound

HOSPITAL, PHARMACY = "晋中市第一人民医院", "榆次区康宁大药房"
OLD = (
    CarriedRecord(dt.date(2013, 1, 2), HOSPITAL, 12300, 2301),
    CarriedRecord(dt.date(2013, 1, 3), PHARMACY, 4599, 4599),
)
MOVES = (
    ("2013-01-05", "opening_balance", "", 0, 0, 0, 123456789),
    ("2013-02-01", "contribution", "", 0, 0, 0, 12050),
    ("2013-02-14", "outpatient", HOSPITAL, 50000, 30000, 5001, -14999),
    ("2013-03-01", "pharmacy", PHARMACY, 8800, 0, 0, -8800),
    ("2013-03-02", "taken_back", PHARMACY, -8800, 0, 0, 8800),
    ("2013-04-11", "inpatient", HOSPITAL, 900000, 640007, 259993, 0),
    ("2013-05-02", "correction", "", 0, 0, 0, -12050),
)


def made(times: int = 1, **changed: Any) -> AccountStatement:
    """A statement with each of the moves so many times, number and name in full, made at noon of 1 July 2013."""
    lines, balance_fen = [], 100
    for n, (on, what, institution, total_fen, pooled_fen, cash_fen, account_fen) in enumerate(MOVES * times, 2):
        balance_fen += account_fen
        lines.append(
            StatementLine(
                on=dt.date.fromisoformat(on),
                place=f"2013-{n}",
                what=what,
                institution=institution,
                total_fen=total_fen,
                pooled_fen=pooled_fen,
                cash_fen=cash_fen,
                account_fen=account_fen,
                balance_fen=balance_fen,
            )
        )
    changes = [line.account_fen for line in lines]
    whole = AccountStatement(
        number=LI_NA,
        name="李娜",
        year=2013,
        made_at=dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC),
        opening_fen=100,
        credited_fen=sum(c for c in changes if c > 0),
        paid_fen=-sum(c for c in changes if c < 0),
        closing_fen=balance_fen,
        lines=tuple(lines),
        carried=OLD,
        notice="jinzhong-2013-06-25",
        clause="1.2",
    )
    return replace(whole, **changed)


@pytest.fixture
def speech(notices: Notices, words: dict[str, Words]) -> Callable[[str], Speech]:
    """Jinzhong's notice in a language."""
    return lambda language: Speech(notices.by_id("jinzhong-2013-06-25"), words[language])


def read(pdf: bytes) -> list[str]:
    """The text of each page, without spaces and line ends, which layout alone decides."""
    return [re.sub(r"\s", "", page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


# Labels and amounts --------------------------------------------------------------------------------------------------


def test_labels_are_complete_in_every_language() -> None:
    """Each language has every label, a name for all that a line can be about, and the same places to fill in."""
    first = msgspec.to_builtins(labels_in(LANGUAGES[0]))
    for language in LANGUAGES:
        labels = msgspec.to_builtins(labels_in(language))
        assert set(labels.pop("whats")) == {*WHATS, CARRIED_OVER}
        filled = {k: set(re.findall(r"\{\w+\}", v)) for k, v in labels.items()}
        assert filled == {k: set(re.findall(r"\{\w+\}", first[k])) for k in labels}
    with pytest.raises(NotFound):
        labels_in("fr")


def test_the_template_says_labels_and_data_that_there_are() -> None:
    """The template asks for no label that is missing."""
    template = resources.files("shebaoka.paper").joinpath("statement.typ").read_text(encoding="utf-8")
    asked = set(re.findall(r"\bsay\.(\w+)", template))
    assert asked <= set(msgspec.to_builtins(labels_in("en")))


@pytest.mark.parametrize(
    ("fen", "said"),
    [
        (0, ("0.00", "0.00", "0.00")),
        (5, ("0.05", "0.05", "+0.05")),
        (-5, ("-0.05", "-0.05", "-0.05")),
        (123456789, ("1234567.89", "1,234,567.89", "+1,234,567.89")),
        (-100000, ("-1000.00", "-1,000.00", "-1,000.00")),
        (9007199254740993, ("90071992547409.93", "90,071,992,547,409.93", "+90,071,992,547,409.93")),
    ],
)
def test_fen_become_yuan_with_two_decimals(fen: int, said: tuple[str, str, str]) -> None:
    """No amount loses a fen, a sign or a decimal, however large it is."""
    assert (plain(fen), grouped(fen), signed(fen)) == said


# JSON ----------------------------------------------------------------------------------------------------------------


def test_json_says_everything_by_name() -> None:
    """The JSON has every field of the statement, amounts as whole fen, and each old record by its fields' names."""
    statement = made()
    told = msgspec.json.decode(statement_json(statement))
    assert set(told) == set(AccountStatement.__struct_fields__)
    assert told["opening_fen"] + sum(line["account_fen"] for line in told["lines"]) == told["closing_fen"]
    assert told["lines"][0]["balance_fen"] == 123456889
    assert told["carried"][0] == {"on": "2013-01-02", "institution": HOSPITAL, "total_fen": 12300, "account_fen": 2301}
    assert msgspec.convert(told, AccountStatement) == statement


# CSV -----------------------------------------------------------------------------------------------------------------


def table(statement: AccountStatement, speech: Speech) -> list[dict[str, str]]:
    """The rows of the CSV by their headings."""
    return list(csv.DictReader(io.StringIO(statement_csv(statement, speech).decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_csv_has_every_row_in_the_language(language: str, speech: Callable[[str], Speech]) -> None:
    """Opening, lines, closing and every old record are there in order, under headings of the language."""
    say, statement = labels_in(language), made()
    raw = statement_csv(statement, speech(language))
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 1 + 1 + len(MOVES) + 1 + len(OLD)
    rows = table(statement, speech(language))
    whats = [say.opening_row, *(say.whats[m[1]] for m in MOVES), say.closing_row, *[say.whats[CARRIED_OVER]] * len(OLD)]
    assert [row[say.what] for row in rows] == whats
    assert [row[say.date] for row in (rows[0], rows[len(MOVES) + 1])] == ["2013-01-01", "2013-07-01"]
    assert {row[say.number] for row in rows} == {as_text(LI_NA)}
    assert [row[say.institution] for row in rows[-2:]] == [HOSPITAL, PHARMACY]


def test_csv_adds_up(speech: Callable[[str], Speech]) -> None:
    """Parts sum to each charge, changes to closing less opening, and old records change nothing."""
    say, statement = labels_in("zh-Hans"), made()
    rows = table(statement, speech("zh-Hans"))

    def fen(row: dict[str, str], heading: str) -> int:
        return int(row[heading].replace(".", "") or "0")

    for row in rows[1 : 1 + len(MOVES)]:
        assert fen(row, say.total) == fen(row, say.pooled) + fen(row, say.account_part) + fen(row, say.cash)
    assert sum(fen(row, say.account) for row in rows) == statement.closing_fen - statement.opening_fen
    amounts = [row[h] for row in rows for h in (say.total, say.pooled, say.cash, say.account, say.balance) if row[h]]
    assert all(re.fullmatch(r"-?\d+\.\d\d", amount) for amount in amounts)
    assert [(row[say.total], row[say.account_part], row[say.balance]) for row in rows[-2:]] == [
        ("123.00", "23.01", ""),
        ("45.99", "45.99", ""),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("140702197912030020", "2013-7", "=1+1", " =1+1", "+1", "-1+1", "@SUM(1)", "＝1+1", "\t=1", "0012", "1e5"),
        *("2013年7月1日", "12:30", "3/4", "50%", "(5)", "¥5", "May 5", "TRUE", "false", "１２３", "'twas"),
    ],
)
def test_what_is_more_than_text_to_a_spreadsheet_is_marked(text: str) -> None:
    """A number, date, time, value or formula gets an apostrophe before it, and taking it away gives the text again."""
    assert as_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", HOSPITAL, "第3人民医院", mask(LI_NA), "李*", "阿·*", "People's Hospital"])
def test_plain_text_is_left_as_it_is(text: str) -> None:
    """What no spreadsheet would take for more is not touched."""
    assert as_text(text) == text


def test_csv_marks_numbers_and_formulas(speech: Callable[[str], Speech]) -> None:
    """The number, the journal's places and an institution that looks like a formula all stay text."""
    lines = tuple(replace(x, institution='=HYPERLINK("x","a")') for x in made().lines)
    rows = table(made(lines=lines, carried=(CarriedRecord(OLD[0].on, "-2+3", 1, 1),)), speech("en"))
    say = labels_in("en")
    assert {row[say.number] for row in rows} == {f"'{LI_NA}"}
    assert rows[1][say.place] == "'2013-2"
    assert rows[1][say.institution] == '\'=HYPERLINK("x","a")'
    assert rows[-1][say.institution] == "'-2+3"
    masked = table(made(number=mask(LI_NA), name=mask_name("李娜")), speech("en"))
    assert {(row[say.number], row[say.name]) for row in masked} == {(mask(LI_NA), "李*")}


# PDF -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_pdf_says_everything(language: str, speech: Callable[[str], Speech]) -> None:
    """Title, holder, period, every line and amount, the old records, the clause and the page are in the text of it."""
    say, statement, spoken = labels_in(language), made(), speech(language)
    (page,) = read(statement_pdf(statement, spoken))
    wording = spoken.notice.wording[language]
    first, last = spoken.date(dt.date(2013, 1, 1)), spoken.date(dt.date(2013, 7, 1))
    said = [wording.city, say.statement, LI_NA, "李娜", say.period_of.format(first=first, last=last), say.unit]
    said += [say.opening.format(day=first), say.closing.format(day=last), f"{say.made_at}{last}12:00"]
    said += [wording.title, spoken.clause("1.2"), "1.2", say.page.format(page=1, pages=1), say.carried_note]
    said += [say.date, say.place, say.what, say.institution, say.total, say.pooled, say.cash, say.account, say.balance]
    for line in statement.lines:
        said += [str(line.on), line.place, say.whats[line.what], line.institution]
        said += [signed(line.account_fen), grouped(line.balance_fen), grouped(line.total_fen), grouped(line.cash_fen)]
    for record in OLD:
        said += [str(record.on), record.institution, grouped(record.total_fen), grouped(record.account_fen)]
    said += [grouped(f) for f in (statement.opening_fen, statement.credited_fen, statement.paid_fen)]
    said += [grouped(statement.closing_fen), grouped(sum(r.account_fen for r in OLD))]
    assert [s for s in said if re.sub(r"\s", "", s) not in page] == []


def test_pdf_runs_over_pages(speech: Callable[[str], Speech]) -> None:
    """A long statement repeats the heads of its columns, and names page, holder and period on each; all is A4."""
    say, statement = labels_in("zh-Hans"), made(times=20)
    pdf = statement_pdf(statement, speech("zh-Hans"))
    pages = read(pdf)
    assert len(pages) >= 3
    for n, page in enumerate(pages, 1):
        assert f"第{n}页，共{len(pages)}页" in page
        assert LI_NA in page
        assert "2013年1月1日至2013年7月1日" in page
    assert all(say.balance in page for page in pages[:-1])
    assert all(line.place in "".join(pages) for line in statement.lines)
    sizes = {tuple(round(float(x)) for x in p.mediabox[2:]) for p in pypdf.PdfReader(io.BytesIO(pdf)).pages}
    assert sizes == {(595, 842)}


def test_pdf_is_for_archives_and_for_screen_readers(speech: Callable[[str], Speech]) -> None:
    """It says that it is PDF/A-2a and PDF/UA-1, is tagged, names its language and title, and embeds its fonts."""
    reader = pypdf.PdfReader(io.BytesIO(statement_pdf(made(), speech("zh-Hant"))))
    described = reader.root_object["/Metadata"].get_data().decode()  # type: ignore[union-attr]
    assert re.search(r"pdfaid:part>2<", described)
    assert re.search(r"pdfaid:conformance>A<", described)
    assert re.search(r"pdfuaid:part>1<", described)
    assert reader.root_object["/MarkInfo"]["/Marked"]
    assert str(reader.root_object["/Lang"]) == "zh-TW"
    assert reader.metadata is not None
    assert reader.metadata.title == "晉中市社會保障卡個人賬戶對賬單（2013年）"
    fonts = {f for page in reader.pages for f in page["/Resources"]["/Font"].values()}  # type: ignore[index]
    described = [f.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"] for f in fonts]
    assert described
    assert all({"/FontFile2", "/FontFile3"} & set(d.get_object()) for d in described)


def test_the_same_statement_gives_the_same_pdf(speech: Callable[[str], Speech]) -> None:
    """Nothing but the statement and the language decides what is printed, to the byte."""
    assert statement_pdf(made(), speech("en")) == statement_pdf(made(), speech("en"))


def test_an_empty_year_is_a_statement_too(speech: Callable[[str], Speech]) -> None:
    """A year without lines or records says so, and its balance stays."""
    statement = made(lines=(), carried=(), credited_fen=0, paid_fen=0, closing_fen=100, year=2012)
    say = labels_in("zh-Hans")
    (page,) = read(statement_pdf(statement, speech("zh-Hans")))
    assert say.no_moves in page
    assert "2012年1月1日至2012年12月31日" in page
    assert say.carried not in page
    assert len(table(statement, speech("zh-Hans"))) == 2


def test_names_are_never_read_as_markup(speech: Callable[[str], Speech]) -> None:
    """An institution's name with signs that the template language knows is printed as it is."""
    odd = "#panic() *甲* $x$ `乙` <a> \\u{41} = [丙] // 丁"
    lines = tuple(replace(line, institution=odd) for line in made().lines)
    (page,) = read(statement_pdf(made(lines=lines), speech("zh-Hans")))
    assert page.count(odd.replace(" ", "")) == len(lines)


def test_a_character_that_no_font_has_is_printed_as_its_code(speech: Callable[[str], Speech]) -> None:
    """Somebody with a rare name gets a statement, and it says which character is meant, not a box."""
    (page,) = read(statement_pdf(made(name="\U000300ab娜\ue000"), speech("zh-Hans")))
    assert "〔U+300AB〕娜〔U+E000〕" in page


@pytest.mark.parametrize(
    ("name", "printed"), [("李\t娜", "李娜"), ("\ufeff李娜", "〔U+FEFF〕李娜"), ("李\x1b[31m娜", "李〔U+001B〕[31m娜")]
)
def test_what_is_no_sign_is_printed_as_its_code(name: str, printed: str, speech: Callable[[str], Speech]) -> None:
    """A tab, a byte order mark or a control character in a name stops no statement."""
    (page,) = read(statement_pdf(made(name=name), speech("zh-Hans")))
    assert printed in page


def test_what_no_font_has_is_found_among_much_that_they_have() -> None:
    """However many characters a text has, exactly those that lack a glyph are named, each once."""
    text = "".join(map(chr, range(0x4E00, 0x4F00)))
    face = press.face_for("zh-Hans")
    assert face.lacks(text) == ""
    assert face.lacks(f"\ue000 {text[:200]}\U000300ab{text[200:]}\ue000\ue001") == "\ue000\U000300ab\ue001"


# Fonts ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def forgetful() -> Iterator[None]:
    """No face is remembered before or after."""
    press.face_for.cache_clear()
    yield
    press.face_for.cache_clear()


@pytest.mark.parametrize(
    ("language", "family"),
    [("zh-Hans", "Noto Sans CJK SC"), ("zh-Hant", "Noto Sans CJK TC"), ("en", "Noto Sans CJK SC")],
)
def test_each_language_has_its_own_forms_of_characters(language: str, family: str) -> None:
    """Simplified and traditional texts are set in the forms of their script, and a face is looked for once."""
    assert press.face_for(language).family == family
    assert press.face_for(language) is press.face_for(language)


def test_a_folder_without_chinese_is_named(tmp_path: Path, speech: Callable[[str], Speech]) -> None:
    """A folder in the settings that has no such font is told with the setting's name, and no other is taken."""
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NoFont, match=rf"SHEBAOKA_FONTS: no font in {re.escape(str(folder))} can print Chinese"):
            statement_pdf(made(), speech("en"), folder)


def test_a_folder_is_looked_at_again(tmp_path: Path, speech: Callable[[str], Speech]) -> None:
    """When a font is put into the folder, the next paper is printed with it."""
    with pytest.raises(NoFont):
        statement_pdf(made(), speech("zh-Hant"), tmp_path)
    (path,) = {f.path for f in press.face_for("zh-Hant").fonts.fonts() if f.family == "Noto Sans CJK TC" and f.path}
    (tmp_path / "city.ttc").symlink_to(path)
    assert read(statement_pdf(made(), speech("zh-Hant"), tmp_path))


@pytest.mark.usefixtures("forgetful")
def test_a_machine_without_chinese_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, speech: Callable[[str], Speech]
) -> None:
    """Where neither the package nor the system has a font, the trouble says what to install, and nothing is printed."""
    bare = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    monkeypatch.setattr(press, "_places", lambda _: iter([bare]))
    with pytest.raises(NoFont, match="Install the Python package noto-cjk-sans-otc or Debian's fonts-noto-cjk"):
        statement_pdf(made(), speech("zh-Hans"))
