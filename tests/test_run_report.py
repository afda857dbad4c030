"""The report of moving a city over: HTML and PDF stand alone, say all of it, and say when something is not well."""

import datetime as dt
import html
import io
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable
from importlib import resources

import msgspec
import pypdf
import pytest
from msgspec.structs import replace

from made_run import BEGAN, CHECKSUM, RUN, WARNING, empty_run, files, made_run, proof
from shebaoka.importer.files import OddReason, PhotoReason
from shebaoka.importer.report import Reason
from shebaoka.notice import LANGUAGES, Notices, Speech, Words
from shebaoka.paper import RUN_POLICY, reason_in, run_report_as, run_words
from shebaoka.paper.amounts import grouped
from shebaoka.paper.runs.charts import PATTERNS, Bar, Chart, Row
from shebaoka.paper.runs.pictures import COUNTIES as COUNTIES_SHOWN
from shebaoka.paper.runs.pictures import REASONS as REASONS_SHOWN
from shebaoka.paper.runs.pictures import by_county, by_reason, county_of, what_became
from shebaoka.paper.runs.view import as_paper
from shebaoka.records import County, NotFound, ReasonCount, RunReport, Signature
from test_office import Reader

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def speech(notices: Notices, words: dict[str, Words]) -> Callable[[str], Speech]:
    """Jinzhong's notice in a language."""
    return lambda language: Speech(notices.by_id("jinzhong-2013-06-25"), words[language])


def page(report: RunReport, speech: Speech) -> str:
    """The report as HTML."""
    return run_report_as("html", report, speech).decode()


def text_of(report: RunReport, speech: Speech) -> str:
    """What the PDF says, without the spaces and line ends that layout decides."""
    reader = pypdf.PdfReader(io.BytesIO(run_report_as("pdf", report, speech)))
    return plain("".join(p.extract_text() for p in reader.pages))


def plain(text: str) -> str:
    """A text without spaces; a PDF may hold another code for the same sign."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def said(report: RunReport, speech: Speech) -> list[str]:
    """Every text of the report, as it is set."""
    paper = as_paper(report, speech)
    texts = [paper.heading, paper.run, paper.checksum, paper.footer, *(t for pair in paper.figures for t in pair)]
    texts += [t for pair in paper.facts for t in pair] + [t for v in paper.verdicts for t in (v.title, v.detail)]
    for section in paper.sections:
        texts += [section.title, *section.notes, *section.faults]
        for table in section.tables:
            texts += [*table.heads, *table.sums, *(cell for row in table.rows for cell in row)]
        for chart in section.charts:
            texts += [bar.said for row in chart.rows for bar in row.bars]
    return [t for t in texts if t]


# The page that stands alone ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "report", [made_run(), made_run(rehearsal=True), empty_run()], ids=["full", "rehearsal", "empty"]
)
def test_the_page_needs_nothing_beside_it(language: str, report: RunReport, speech: Callable[[str], Speech]) -> None:
    """It is well-formed, runs no script, fetches nothing, links nowhere, and names its own policy."""
    text = page(report, speech(language))
    read = Reader(text)
    assert (read.faults, read.language, read.links) == (["<style>"], language, [])
    addresses = set(re.findall(r"https?://[^\s\"'<]+", text)) - {"http://www.w3.org/2000/svg"}
    assert addresses == set()
    assert not re.search(r"<script|<link|<img|<iframe|<object|@import|javascript:|\son\w+=|style=", text)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))
    assert f'content="{RUN_POLICY}"' in html.unescape(text)
    assert "�" not in text
    assert not re.search(r"\{\w+\}", text.split("</style>")[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_paper_say_the_same(language: str, speech: Callable[[str], Speech]) -> None:
    """Every number and sentence of the report stands on the page and on the paper, in each language."""
    report, spoken = made_run(rehearsal=True), speech(language)
    on_page = html.unescape(page(report, spoken))
    on_paper = text_of(report, spoken)
    for text in said(report, spoken):
        assert text in on_page, text
        assert plain(text) in on_paper, text
    assert "〔U+" not in on_paper


def test_the_report_says_everything(speech: Callable[[str], Speech]) -> None:
    """Run, files, rows, proof, counties, reasons, warnings, steps, signatures: each of its facts can be read."""
    report, text = made_run(), html.unescape(page(made_run(), speech("zh-Hans")))
    for f in report.files:
        for shown in (f.name, f.digest, f.encoding, f"{f.bytes:,}", f"{f.rows:,}", grouped(f.sum_fen)):
            assert shown in text, shown
    for c in report.counties:
        for shown in (c.code, f"{c.people:,}", f"{c.proved:,}", grouped(c.opening_fen), grouped(c.proved_records_fen)):
            assert shown in text, shown
    for r in report.reasons:
        assert reason_in(speech("zh-Hans"), r.reason) in text
        assert grouped(r.fen) in text
    assert report.proof is not None
    for shown in (
        RUN,
        CHECKSUM,
        WARNING,
        "欧阳明珠<局长>",
        "榆次区",
        grouped(report.proof.new_opening_fen),
        "2013年6月29日 09:30",
    ):
        assert shown in text, shown
    assert "每个人的旧余额 = 期初分录；每个人的记录条数；每个人的记录金额；each photo" in text
    assert all(run_words("zh-Hans").step(s.name) in text and s.said in text for s in report.steps)


def test_names_are_text_and_never_markup(speech: Callable[[str], Speech]) -> None:
    """Whatever a file, a signer or a warning is called, the page shows it and does not become it."""
    text = page(made_run(), speech("en"))
    assert "住院&lt;在院&gt;&amp;.xlsx" in text
    assert "欧阳明珠&lt;局长&gt;" in text
    assert "&lt;b&gt;Odd&lt;/b&gt; &amp; strange." in text
    assert "<b>" not in text
    hashes = replace(made_run(), mapping="#set page(width: 1pt) *x* $y$", city="晋#中*市")
    assert plain("#set page(width: 1pt) *x* $y$") in text_of(hashes, speech("en"))


def test_the_same_report_gives_the_same_bytes(speech: Callable[[str], Speech]) -> None:
    """Nothing in page or paper hangs on when it is made."""
    for form in ("html", "pdf"):
        assert run_report_as(form, made_run(), speech("zh-Hans")) == run_report_as(form, made_run(), speech("zh-Hans"))


def test_long_lists(speech: Callable[[str], Speech]) -> None:
    """Hundreds of counties and reasons stand in the tables whole; charts show the first and the others as one bar."""
    many = tuple(County(f"{150000 + n}", 10, 1000, 20, 2000, 10, 1000, 20, 2000) for n in range(300))
    reasons = tuple(ReasonCount("accounts.csv", f"reason_{n}", 400 - n, n) for n in range(200))
    report, spoken = made_run(counties=many, reasons=reasons), speech("en")
    assert len(by_county(report, spoken).rows) == COUNTIES_SHOWN + 1
    assert by_county(report, spoken).rows[-1].bars[0].said == f"{(300 - COUNTIES_SHOWN) * 10:,}"
    assert len(by_reason(report, spoken).rows) == REASONS_SHOWN + 1
    on_paper = text_of(report, spoken)
    for shown in ("150299", "reason199"):
        assert shown in on_paper
        assert shown in page(report, spoken).replace(" ", "")


# What is not well ----------------------------------------------------------------------------------------------------


def marks(report: RunReport, speech: Speech) -> list[str]:
    """The verdicts: rows, control totals, proof, signatures."""
    return [v.mark for v in as_paper(report, speech).verdicts]


def signed(*names: str, checksum: str = CHECKSUM) -> tuple[Signature, ...]:
    """Signatures under a checksum."""
    return tuple(Signature(n, BEGAN, checksum) for n in names)


def test_verdicts(speech: Callable[[str], Speech]) -> None:
    """What is right, wrong, or not known yet is told apart: rows, money, control totals, proof, two people."""
    spoken, first, *rest = speech("en"), *files()
    one_row_short = made_run(files=(replace(first, carried_over=first.carried_over - 1), *rest))
    one_fen_short = made_run(files=(replace(first, carried_over_fen=first.carried_over_fen - 1), *rest))
    waits = made_run(files=(replace(first, carried_over=first.carried_over - 5, waiting=5), *rest))
    stated_otherwise = made_run(files=(replace(first, stated_fen=1), *rest))
    cases = [
        (made_run(), ["yes", "yes", "yes", "open"]),
        (empty_run(), ["open", "open", "open", "open"]),
        (one_row_short, ["no", "yes", "yes", "open"]),
        (one_fen_short, ["no", "yes", "yes", "open"]),
        (waits, ["open", "yes", "yes", "open"]),
        (stated_otherwise, ["yes", "no", "yes", "open"]),
        (made_run(proof=proof(proved=False, differing=2)), ["yes", "yes", "no", "open"]),
        (made_run(signatures=signed("a", "b")), ["yes", "yes", "yes", "yes"]),
        (made_run(signatures=signed("a", "a")), ["yes", "yes", "yes", "open"]),
        (made_run(signatures=signed("a", "b", checksum="0" * 64)), ["yes", "yes", "yes", "no"]),
    ]
    for report, expected in cases:
        assert marks(report, spoken) == expected


def test_a_proof_that_fails_names_what_differs(speech: Callable[[str], Speech]) -> None:
    """The differing lines are told, those beyond the first ones counted, and each sum is judged for itself."""
    line = "accounts.csv line 7: opening 1.00 yuan in the file, 0.99 here."
    report = made_run(proof=proof(proved=False, differing=1_003, differences=(line,), new_opening_fen=5))
    text = html.unescape(page(report, speech("en")))
    for shown in (line, "1,002 more people differ.", "nobody may sign", "× differs", "1,003 differ"):
        assert shown in text, shown
    assert plain(line) in text_of(report, speech("en"))


@pytest.mark.parametrize(("language", "word"), [*zip(LANGUAGES, ("演 练", "演 練", "REHEARSAL"), strict=True)])
def test_a_rehearsal_says_so_large(language: str, word: str, speech: Callable[[str], Speech]) -> None:
    """Its page and every sheet of paper say that it was a rehearsal; a real run says no such word."""
    report, spoken = made_run(rehearsal=True), speech(language)
    assert f'<p class="rehearsal"><strong>{word}</strong>' in page(report, spoken)
    reader = pypdf.PdfReader(io.BytesIO(run_report_as("pdf", report, spoken)))
    assert all(plain(word) in plain(p.extract_text()) for p in reader.pages)
    assert 'class="rehearsal"' not in page(made_run(), spoken)
    assert plain(word) not in text_of(made_run(), spoken)


# Charts --------------------------------------------------------------------------------------------------------------


def test_a_chart_has_a_name_and_says_its_numbers(speech: Callable[[str], Speech]) -> None:
    """Each drawing is an image with title and description, which hold every label and number; ids are its own."""
    ids: list[str] = []
    for chart in (f(made_run(), speech("en")) for f in (what_became, by_county, by_reason)):
        drawn = ET.fromstring(chart.svg("Noto Sans CJK SC"))  # noqa: S314 - our own
        title, described = drawn.find(f"{SVG}title"), drawn.find(f"{SVG}desc")
        assert title is not None
        assert described is not None
        assert drawn.get("role") == "img"
        assert drawn.get("aria-labelledby") == f"{title.get('id')} {described.get('id')}"
        assert title.text == chart.title
        for row in chart.rows:
            assert row.label in (described.text or "")
            assert all(bar.said in (described.text or "") for bar in row.bars)
        assert "style" not in {a for e in drawn.iter() for a in e.attrib} | {e.tag for e in drawn.iter()}
        ids += [e.attrib["id"] for e in drawn.iter() if "id" in e.attrib]
    assert len(ids) == len(set(ids))


def test_parts_of_a_bar_differ_without_colour() -> None:
    """No two kinds of part look alike without colours: each has a pattern, or is full, or dashed and empty."""
    drawn = [pattern for _, pattern in PATTERNS.values()]
    assert len({p for p in drawn if p}) == 3
    assert [kind for kind, (_, p) in PATTERNS.items() if not p] == ["carried", "waiting"]


def test_bars_are_as_long_as_what_they_mean() -> None:
    """Twice the number is twice the length, what is there at all is seen, and nothing leaves the drawing."""
    rows = tuple(Row(f"<{n}>", (Bar((("carried", n), ("held", 1)), f"{n}"),)) for n in (1_000_000, 500_000, 0))
    drawn = ET.fromstring(Chart("t", "T", "D", rows, (("carried", "c"), ("held", "h"))).svg())  # noqa: S314
    bars = [e for e in drawn.findall(f"{SVG}rect") if float(e.attrib["height"]) == 12]
    widths = [float(b.attrib["width"]) for b in bars]
    assert widths[0] == pytest.approx(2 * widths[2], abs=0.2)
    assert min(widths) == 1.5
    assert len(bars) == 5
    assert all(float(b.attrib["x"]) + float(b.attrib["width"]) <= 720 for b in bars)


def test_the_paper_has_its_charts_with_words(speech: Callable[[str], Speech]) -> None:
    """The PDF is tagged, and each chart in it has the text that stands for it; it is PDF/A and PDF/UA."""
    pdf = run_report_as("pdf", made_run(), speech("zh-Hans"))
    root = pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    alts: list[str] = []

    def walk(node: object) -> None:
        node = node.get_object() if isinstance(node, pypdf.generic.IndirectObject) else node
        if isinstance(node, dict):
            if node.get("/S") == "/Figure":
                alts.append(str(node.get("/Alt", "")))
            walk(node.get("/K"))
        elif isinstance(node, list):
            for kid in node:
                walk(kid)

    walk(root["/StructTreeRoot"])
    assert len(alts) == 3
    assert all(alt.startswith(title) for alt, title in zip(alts, ("各文件", "各县", "按原因"), strict=True))
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()


# Words ---------------------------------------------------------------------------------------------------------------


def test_words_are_complete() -> None:
    """Each language has every word with the same places to fill in, and the importer's reasons all have a name."""
    first = msgspec.to_builtins(run_words(LANGUAGES[0]))
    for language in LANGUAGES:
        here = msgspec.to_builtins(run_words(language))
        assert here.keys() == first.keys()
        for group, labels in here.items():
            assert labels.keys() == first[group].keys(), group
            holes = {k: set(re.findall(r"\{\w+\}", v)) for k, v in labels.items()}
            assert holes == {k: set(re.findall(r"\{\w+\}", v)) for k, v in first[group].items()}
        assert {*Reason, *OddReason, *PhotoReason} <= here["reasons"].keys()
    with pytest.raises(NotFound):
        run_words("fr")


def test_every_word_is_used() -> None:
    """No text is left that nothing asks for."""
    rooms = [resources.files("shebaoka.paper.runs"), resources.files("shebaoka.office")]
    code = "".join(f.read_text(encoding="utf-8") for room in rooms for f in room.iterdir() if f.name.endswith(".py"))
    unused = {
        t
        for t in run_words("en").texts
        if not re.search(rf"[\"']{t}[\"']", code) and not t.startswith(("source_", "unit_"))
    }
    assert unused == set()


def test_codes_without_a_name_are_said_plainly(speech: Callable[[str], Speech]) -> None:
    """A state, step, kind or reason that has no words yet is shown as it is."""
    say = run_words("zh-Hans")
    shown = [f("some_code") for f in (say.state, say.step, say.kind, say.comparison)]
    assert shown == ["some code"] * 4
    assert reason_in(speech("en"), "some_code") == "some code"
    assert county_of("000000", say.texts) == "不详 000000"


def test_the_day_is_the_citys(speech: Callable[[str], Speech]) -> None:
    """Instants are told by the city's clock, whatever the server's."""
    late = made_run(began_at=dt.datetime(2013, 6, 28, 16, 30, tzinfo=dt.UTC))
    assert "2013年6月29日 00:30" in page(late, speech("zh-Hans"))
