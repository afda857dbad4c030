"""The window's papers: what they say in three languages and on both papers, in QR codes, and what is refused."""

import datetime as dt
import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdf
import pytest
import typst
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image

from asking import LI_NA
from shebaoka.cli import main
from shebaoka.notice import LANGUAGES, Notices, Speech, Words
from shebaoka.numbers import mask, mask_name
from shebaoka.paper import (
    SLIP_WIDTHS,
    DayList,
    FormAgent,
    MaskedAgent,
    Slip,
    application_form_pdf,
    day_list_pdf,
    in_capitals,
    press,
    slip_pdf,
)
from shebaoka.paper.amounts import grouped
from shebaoka.paper.slips.sample import (
    sample_acceptance,
    sample_day,
    sample_form,
    sample_handover,
    sample_receipt,
    sample_refusal,
)
from shebaoka.paper.slips.words import slip_words
from shebaoka.photo import Signature, signature_svg
from shebaoka.records import BadInput, NotFound
from shebaoka.slipcode import grouped_slip_code, slip_address

BASE = "https://card.jinzhong.example"
LONG = "阿卜杜热合曼·" * 7 + "买"
ODD = r"#panic() *甲* $x$ <b>粗</b> \u{41} = [丙] // 丁"
SLIPS: dict[str, Callable[[Speech], Slip]] = {
    "acceptance": sample_acceptance,
    "refusal": sample_refusal,
    "receipt": sample_receipt,
    "handover": sample_handover,
}


@pytest.fixture
def speech(notices: Notices, words: dict[str, Words]) -> Callable[[str], Speech]:
    """Jinzhong's notice in a language."""
    return lambda language: Speech(notices.by_id("jinzhong-2013-06-25"), words[language])


@pytest.fixture
def zh(speech: Callable[[str], Speech]) -> Speech:
    """Jinzhong's notice in simplified Chinese."""
    return speech("zh-Hans")


def read(pdf: bytes) -> str:
    """The text of a paper, without what layout alone decides: spaces, line ends, places where a line may break."""
    return bare("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))


def bare(text: str) -> str:
    """A text without spaces of any kind."""
    return re.sub(r"[\s\u200b]", "", text)


def missing(paper: bytes | str, *said: str) -> list[str]:
    """Which of these a paper, or the text of one, does not say."""
    text = read(paper) if isinstance(paper, bytes) else paper
    return [s for s in said if bare(s) not in text]


def size_mm(pdf: bytes) -> tuple[int, int]:
    """Width and height of the first page."""
    _, _, width, height = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].mediabox
    return round(float(width) / 72 * 25.4), round(float(height) / 72 * 25.4)


class Printer:
    """What the press was last asked to set, drawn as a printer of 203 dots an inch would."""

    PPI = 203

    def __init__(self) -> None:
        self.last: tuple[bytes, dict[str, Any]] = (b"", {})
        self._compile = typst.compile

    def compile(self, source: bytes, **how: Any) -> Any:
        """Set it as asked, and remember it unless it is a trial of a font."""
        if b"sys.inputs.data" in source:
            self.last = (source, how)
        return self._compile(source, **how)

    def page(self) -> "cv2.typing.MatLike":
        """The first page in grey."""
        source, how = self.last
        drawn = self._compile(source, **{**how, "format": "png", "ppi": self.PPI, "pdf_standards": []})
        first = drawn[0] if isinstance(drawn, list) else drawn
        page = cv2.imdecode(np.frombuffer(first, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert page is not None
        return page


@pytest.fixture
def printer(monkeypatch: pytest.MonkeyPatch) -> Printer:
    """Stands beside the press."""
    printer = Printer()
    monkeypatch.setattr(press.typst, "compile", printer.compile)
    return printer


# Words ---------------------------------------------------------------------------------------------------------------


def test_words_are_complete_in_every_language() -> None:
    """Each language has the same texts and codes, with the same places to fill in."""
    first = slip_words(LANGUAGES[0])
    for language in LANGUAGES:
        said = slip_words(language)
        assert (set(said.means), set(said.outcomes), set(said.sexes)) == (
            set(first.means),
            set(first.outcomes),
            set(first.sexes),
        )
        filled = {k: set(re.findall(r"\{\w+\}", v)) for k, v in said.texts.items()}
        assert filled == {k: set(re.findall(r"\{\w+\}", v)) for k, v in first.texts.items()}
    with pytest.raises(NotFound):
        slip_words("fr")


@pytest.mark.parametrize("template", ["slip.typ", "form.typ", "day.typ"])
def test_templates_ask_for_words_that_there_are(template: str) -> None:
    """No template names a text that `words.yaml` lacks."""
    text = press.resources.files("shebaoka.paper").joinpath("slips", template).read_text(encoding="utf-8")
    asked = set(re.findall(r"\b(?:say|data\.labels)\.(\w+)", text))
    assert asked <= set(slip_words("en").texts)


# What slips say ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", SLIP_WIDTHS)
def test_an_acceptance_slip_says_what_happens_next_and_when(
    width: Any, language: str, speech: Callable[[str], Speech]
) -> None:
    """Service, sentence, clause, every step with its day, fee, hotline, place and hours are on it, no full number."""
    spoken = speech(language)
    slip, say = sample_acceptance(spoken), slip_words(language).texts
    pdf = slip_pdf(slip, spoken, width=width, base=BASE)
    wording = spoken.notice.wording[language]
    said = [say["acceptance"], say["accepted"], wording.city, spoken.words.services[slip.service], slip.sentence]
    said += [say["next"], spoken.date(dt.date(2013, 7, 29)), *(step.says for step in slip.steps)]
    said += [
        mask_name("李娜"),
        mask(LI_NA),
        f"{spoken.date(dt.date(2013, 7, 1))} 09:30",
        "28.00",
        slip.where,
        slip.hours,
    ]
    said += ["12333", slip.clause, wording.title, wording.clauses[slip.clause].title, grouped_slip_code(slip.slip_code)]
    assert missing(pdf, *said) == []
    assert LI_NA not in read(pdf)
    assert "李娜" not in read(pdf)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_slip_says_the_clause_and_what_to_bring(language: str, speech: Callable[[str], Speech]) -> None:
    """A no that is taken home has its sentence, its clause, everything that is missing and what to do, and no fee."""
    spoken = speech(language)
    slip, say = sample_refusal(spoken), slip_words(language).texts
    text = read(slip_pdf(slip, spoken, width="80mm", base=BASE))
    said = [say["refusal"], say["refused"], say["instead"], slip.sentence, slip.steps[0].says, slip.clause, "12333"]
    assert missing(text, *said, mask(LI_NA), grouped_slip_code(slip.slip_code)) == []
    assert slip.clause == "4.2"
    assert bare(say["fee"]) not in text
    assert bare(say["accepted"]) not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", SLIP_WIDTHS)
def test_a_receipt_says_the_amount_twice(width: Any, language: str, speech: Callable[[str], Speech]) -> None:
    """Number, payer masked, figures, Chinese capitals, means, money handed over and change, clause are on it."""
    spoken = speech(language)
    slip, say = sample_receipt(spoken), slip_words(language).texts
    pdf = slip_pdf(slip, spoken, width=width, base=BASE)
    capitals = "貳拾捌元整" if language == "zh-Hant" else "贰拾捌元整"
    said = [say["receipt"], slip.number, "¥ 28.00", capitals, slip_words(language).means["cash"], "50.00", "22.00"]
    assert missing(pdf, *said, mask_name("李娜"), slip.clause, say["payer"], say["keep_receipt"]) == []
    assert say["voided"].replace(" ", "") not in read(pdf)


def test_a_receipt_says_what_became_of_it_and_how_it_was_paid(zh: Speech) -> None:
    """A voided receipt has 作废 on it with the reason, a refund names its receipt, a scanned code its reference."""
    slip = sample_receipt(zh)
    assert missing(slip_pdf(replace(slip, voided="金额录错"), zh, width="80mm"), "作废", "本收据已作废：金额录错") == []
    refund = replace(slip, number="3-000131", refund_of="3-000128", reason="卡做错，免费重做", handed_over_fen=None)
    pdf = slip_pdf(refund, zh)
    assert missing(pdf, "工本费退款凭据", "原收据编号", "3-000128", "3-000131", "卡做错，免费重做", "退款给") == []
    assert "实收" not in read(pdf)
    scanned = replace(slip, means="scanned", reference="420000198765", handed_over_fen=None)
    pdf = slip_pdf(scanned, zh, width="80mm")
    assert missing(pdf, "扫码支付", "支付单号420000198765") == []
    assert "找零" not in read(pdf)
    assert missing(slip_pdf(replace(slip, handed_over_fen=2800, change_fen=None), zh), "实收28.00", "找零0.00") == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", SLIP_WIDTHS)
def test_a_handover_slip_says_what_went_which_way(width: Any, language: str, speech: Callable[[str], Speech]) -> None:
    """Cards handed over and handed in by kind and last digits, the taker, window and clerk are on it."""
    spoken = speech(language)
    slip, say = sample_handover(spoken), slip_words(language).texts
    pdf = slip_pdf(slip, spoken, width=width, base=BASE)
    said = [say["handover"], say["handed_over"], "0317", say["handed_in"], "0024", say["oneself"], mask(LI_NA)]
    assert missing(pdf, *said, say["signature"], say["received"], "王芳") == []
    agent = replace(slip, agent=MaskedAgent(name="赵敏", number=LI_NA), handed_in=(), signature="")
    pdf = slip_pdf(agent, spoken, width=width, base=BASE)
    assert missing(pdf, say["agent"], "赵*", say["agent_signature"]) == []
    assert bare(say["handed_in"]) not in read(pdf)


def test_what_was_masked_stays_as_it_is(zh: Speech) -> None:
    """It is the same whether the caller masked or not."""
    slip = sample_handover(zh)
    assert slip_pdf(replace(slip, name=mask_name("李娜"), number=mask(LI_NA)), zh) == slip_pdf(slip, zh)


def test_a_slip_says_only_what_is_known(zh: Speech) -> None:
    """Without steps, place, hours and fee there are no empty labels; a fee of nothing is said to be free."""
    slip = replace(sample_acceptance(zh), steps=(), where="", hours="", fee_fen=None, window="", clerk="")
    text = read(slip_pdf(slip, zh))
    assert all(label not in text for label in ("接下来", "地点", "28.00", "经办人"))
    assert missing(slip_pdf(replace(slip, fee_fen=0), zh), "工本费免费") == []


# Form and day's list -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_says_everything_in_full(language: str, speech: Callable[[str], Speech]) -> None:
    """Person with whole number, sex and birth date, matter, materials, agent, place and fee are on one sheet of A4."""
    spoken = speech(language)
    form, say, words = sample_form(spoken), slip_words(language).texts, spoken.words
    form = replace(form, agent=FormAgent(name="赵敏", number=LI_NA, relation="配偶"))
    pdf = application_form_pdf(form, spoken, base=BASE)
    said = [say["form"], "李娜", LI_NA, slip_words(language).sexes["female"], spoken.date(dt.date(1979, 12, 3))]  # type: ignore[index]
    said += ["榆次区 140702", form.phone, words.services["replace_card"], words.whys["loss"], form.collect_at, "28.00"]
    said += [
        *(words.materials[m][1:] for m in form.materials),
        "赵敏",
        "配偶",
        say["agent_signature"],
        say["declaration"],
    ]
    assert missing(pdf, *said, grouped_slip_code(form.slip_code)) == []
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 1
    assert size_mm(pdf) == (210, 297)
    alone = application_form_pdf(replace(form, agent=None, materials=(), signature=""), spoken)
    assert missing(alone, say["no_agent"], say["nothing_shown"], say["signature"]) == []


def test_the_form_has_the_photo(zh: Speech) -> None:
    """The photo stands on the form as the picture that it was, beside the QR code and the signature."""
    jpeg = io.BytesIO()
    Image.new("RGB", (358, 441), (200, 30, 30)).save(jpeg, "JPEG")
    pdf = application_form_pdf(replace(sample_form(zh), photo=jpeg.getvalue()), zh, base=BASE)
    (photo,) = (i for page in pypdf.PdfReader(io.BytesIO(pdf)).pages for i in page.images)
    assert photo.image is not None
    assert photo.image.size == (358, 441)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_days_list_adds_up(language: str, speech: Callable[[str], Speech]) -> None:
    """Every line is there, masked, and sums by service and outcome are those of the lines, over pages."""
    spoken = speech(language)
    day, say = sample_day(spoken, 50), slip_words(language).texts
    pdf = day_list_pdf(day, spoken)
    pages = [bare(p.extract_text()) for p in pypdf.PdfReader(io.BytesIO(pdf)).pages]
    text = "".join(pages)
    assert len(pages) > 1
    assert all(bare(say["page"].format(page=n, pages=len(pages))) in page for n, page in enumerate(pages, 1))
    assert (text.count(mask(LI_NA)), text.count(LI_NA)) == (50, 0)
    assert sum(x.outcome == "refused" for x in day.lines) == 7
    fees = grouped(sum(x.fee_fen for x in day.lines))
    assert missing(text, f"{say['total']}50437{fees}", say["signed_by_clerk"], say["signed_by_supervisor"]) == []
    for service in {x.service for x in day.lines}:
        its = [x for x in day.lines if x.service == service]
        no = sum(x.outcome == "refused" for x in its)
        row = f"{spoken.words.services[service]}{len(its)}{len(its) - no}{no}{grouped(sum(x.fee_fen for x in its))}"
        assert missing(text, row) == []


def test_a_day_without_work_is_a_list_too(zh: Speech) -> None:
    """A window where nothing was done has a list that says so."""
    at = dt.datetime(2013, 7, 1, 10, tzinfo=dt.UTC)
    pdf = day_list_pdf(DayList(window="3", day=at.date(), made_at=at), zh)
    assert missing(pdf, "这一天没有办理业务。", "2013年7月1日") == []


# Paper ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", SLIPS)
def test_a_roll_is_as_long_as_what_it_says(what: str, zh: Speech) -> None:
    """On a roll a slip is one page, 80 mm wide; more text makes it longer. On A4 it is A4."""
    slip = SLIPS[what](zh)
    pdf = slip_pdf(slip, zh, width="80mm", base=BASE)
    width, height = size_mm(pdf)
    assert (width, len(pypdf.PdfReader(io.BytesIO(pdf)).pages)) == (80, 1)
    longer = slip_pdf(replace(slip, clerk="王芳" * 60), zh, width="80mm", base=BASE)
    assert size_mm(longer)[1] > height
    assert len(pypdf.PdfReader(io.BytesIO(longer)).pages) == 1
    assert size_mm(slip_pdf(slip, zh, base=BASE)) == (210, 297)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", SLIPS)
def test_the_samples_are_one_sheet(what: str, language: str, speech: Callable[[str], Speech]) -> None:
    """What is usual fits one sheet of A4 in every language."""
    pdf = slip_pdf(SLIPS[what](speech(language)), speech(language), base=BASE)
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 1


@pytest.mark.parametrize("width", SLIP_WIDTHS)
def test_nothing_runs_off_the_paper(width: Any, zh: Speech, printer: Printer) -> None:
    """A name of 50 characters, masked into one run of stars, and a long word stay within the printable 72 mm."""
    agent = MaskedAgent(name="王" * 50, number=LI_NA)
    slip = replace(sample_handover(zh), name=LONG, agent=agent, clerk="x" * 90)
    pdf = slip_pdf(slip, zh, width=width, base=BASE)
    assert missing(pdf, mask_name(LONG), "王" + "*" * 49, "x" * 90) == []
    page = printer.page()
    edge = round((4 if width == "80mm" else 20) / 25.4 * printer.PPI) - 2
    assert page[:, :edge].min() == page[:, -edge:].min() == 255


def test_slips_are_for_archives_and_for_screen_readers(zh: Speech) -> None:
    """A slip says that it is PDF/A-2a and PDF/UA-1, has its language and a title, and the QR code is told in words."""
    reader = pypdf.PdfReader(io.BytesIO(slip_pdf(sample_acceptance(zh), zh, width="80mm", base=BASE)))
    described = reader.root_object["/Metadata"].get_data().decode()  # type: ignore[union-attr]
    assert re.search(
        r"pdfaid:part>2<[\s\S]*pdfaid:conformance>A<|pdfaid:conformance>A<[\s\S]*pdfaid:part>2<", described
    )
    assert "pdfuaid:part>1<" in described
    assert str(reader.root_object["/Lang"]) == "zh-CN"
    assert reader.metadata is not None
    assert reader.metadata.title == "晋中市受理回执"


def test_the_same_slip_gives_the_same_bytes(zh: Speech) -> None:
    """Nothing but data, language and paper decides what is printed."""
    slip = sample_acceptance(zh)
    assert slip_pdf(slip, zh, width="80mm", base=BASE) == slip_pdf(slip, zh, width="80mm", base=BASE)


@pytest.mark.parametrize("clerk", ["王芳", "\U000300ab"])
@pytest.mark.parametrize("what", SLIPS)
def test_a_slip_is_ready_at_once(what: str, clerk: str, zh: Speech) -> None:
    """Nobody waits for a slip: it takes less than 0.3 s of a processor once the fonts are read."""
    slip = replace(SLIPS[what](zh), clerk=clerk)
    took = []
    for _ in range(3):
        began = time.process_time()
        slip_pdf(slip, zh, width="80mm", base=BASE)
        took.append(time.process_time() - began)
    assert min(took) < 0.3


# QR codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "language"), [*(("80mm", language) for language in LANGUAGES), ("a4", "zh-Hans")])
@pytest.mark.parametrize("what", SLIPS)
def test_the_qr_code_carries_the_address(
    what: str, width: Any, language: str, speech: Callable[[str], Speech], printer: Printer
) -> None:
    """Printed at 203 dots an inch, the code is read as the address, and is at least 25 mm wide."""
    slip = SLIPS[what](speech(language))
    slip_pdf(slip, speech(language), width=width, base=BASE)
    said, corners, _ = cv2.QRCodeDetector().detectAndDecode(printer.page())
    assert said == slip_address(BASE, slip.slip_code)
    assert np.ptp(corners[0][:, 0]) / printer.PPI * 25.4 >= 25


def test_the_forms_qr_code_carries_the_address(zh: Speech, printer: Printer) -> None:
    """Also the one on the form, beside a photo."""
    form = sample_form(zh)
    application_form_pdf(form, zh, base=BASE)
    said, corners, _ = cv2.QRCodeDetector().detectAndDecode(printer.page())
    assert said == slip_address(BASE, form.slip_code)
    assert np.ptp(corners[0][:, 0]) / printer.PPI * 25.4 >= 25


def test_without_a_public_page_the_code_is_there_to_type(zh: Speech, printer: Printer) -> None:
    """A city without a public page has no QR code on its slips, but the code in letters; without one, neither."""
    slip = sample_receipt(zh)
    assert missing(slip_pdf(slip, zh, width="80mm"), grouped_slip_code(slip.slip_code)) == []
    assert cv2.QRCodeDetector().detectAndDecode(printer.page())[0] == ""
    assert "查询码" not in read(slip_pdf(replace(slip, slip_code=""), zh, base=BASE))


# Names and pictures --------------------------------------------------------------------------------------------------


def test_rare_characters_are_printed_or_told_by_their_code(zh: Speech) -> None:
    """Rare characters that the fonts have are printed; one that none has is told by its code."""
    form = replace(sample_form(zh), name="𫖯䶮", clerk="\U000300ab娜\ue000")
    assert missing(application_form_pdf(form, zh, base=BASE), "𫖯䶮", "〔U+300AB〕娜〔U+E000〕") == []


def test_a_long_name_is_whole_on_the_form(zh: Speech) -> None:
    """A name of 50 characters is printed to its end, and the applicant can still sign."""
    agent = FormAgent(name="王" * 50, number=LI_NA, relation="配偶")
    pdf = application_form_pdf(replace(sample_form(zh), name=LONG, agent=agent), zh, base=BASE)
    assert len(LONG) == 50
    assert missing(pdf, LONG, "王" * 50, "代理人签名") == []


def test_what_looks_like_markup_is_printed_as_it_is(zh: Speech) -> None:
    """Signs that Typst or HTML know are text, on each of the papers."""
    form = replace(sample_form(zh), name=ODD, clerk=ODD, phone=ODD, collect_at=ODD)
    assert read(application_form_pdf(form, zh, base=BASE)).count(bare(ODD)) == 4
    accepted = replace(sample_acceptance(zh), sentence=ODD, where=ODD, hours=ODD)
    assert read(slip_pdf(accepted, zh, width="80mm", base=BASE)).count(bare(ODD)) == 3
    receipt = replace(sample_receipt(zh), voided=ODD, reason=ODD, number=ODD, means=ODD)
    assert read(slip_pdf(receipt, zh, base=BASE)).count(bare(ODD)) == 4
    day = sample_day(zh, 1)
    day = replace(day, window=ODD, lines=(replace(day.lines[0], clerk=ODD, service=ODD),))
    assert read(day_list_pdf(day, zh)).count(bare(ODD)) >= 3


@pytest.mark.parametrize("photo", [b"", b"GIF89a", b"\xff\xd8\xff\xe0 no picture", "png", "huge", "inks"])
def test_a_photo_that_is_none_is_told(photo: bytes | str, zh: Speech) -> None:
    """What is no JPEG, too large to print, or in a printer's four inks, is named as the photo's fault."""
    data = io.BytesIO(photo if isinstance(photo, bytes) else b"")
    if photo == "png":
        Image.new("L", (3, 3)).save(data, "PNG")
    elif photo == "huge":
        Image.new("L", (4001, 10)).save(data, "JPEG")
    elif photo == "inks":
        Image.new("CMYK", (358, 441)).save(data, "JPEG")
    with pytest.raises(BadInput, match=r"^photo: "):
        application_form_pdf(replace(sample_form(zh), photo=data.getvalue()), zh)


@pytest.mark.parametrize(
    "svg",
    [
        "<svg>",
        '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        '<!DOCTYPE x [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0" onload="x()"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><text>x</text></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" width="0" height="1e9"><path d="M0 0"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 0"><path d="M0 0"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0" stroke="url(#a)"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="' + "M0 0" * 60_000 + '"/></svg>',
    ],
)
def test_a_signature_is_strokes_and_nothing_else(svg: str, zh: Speech) -> None:
    """A drawing that holds a script, another file, an entity, text, or too much is refused."""
    with pytest.raises(BadInput, match=r"^signature: "):
        slip_pdf(replace(sample_handover(zh), signature=svg), zh)


def test_a_signature_from_the_screen_is_printed(zh: Speech, printer: Printer) -> None:
    """Strokes as a screen's canvas gives them, their ink said once for all, stand as ink above the line."""
    stroke = tuple((x, 100 + x % 50, x) for x in range(20, 580, 5))
    svg = signature_svg(Signature(width=600, height=200, strokes=(stroke, ((300, 20, 900),))))
    slip = replace(sample_handover(zh), signature="")
    slip_pdf(slip, zh, width="80mm")
    without = printer.page()
    slip_pdf(replace(slip, signature=svg), zh, width="80mm")
    signed = printer.page()
    assert signed.shape == without.shape
    assert (signed != without).sum() > 300


def test_a_code_that_is_none_is_not_printed(zh: Speech) -> None:
    """Nobody takes a code home that can be looked up nowhere."""
    with pytest.raises(BadInput, match=r"^Slip code: "):
        slip_pdf(replace(sample_receipt(zh), slip_code="2KJXR575VGAM"), zh, base=BASE)


def test_a_number_without_a_birth_date_is_told(zh: Speech) -> None:
    """The form cannot say when somebody was born whose number does not."""
    with pytest.raises(BadInput, match="social security number"):
        application_form_pdf(replace(sample_form(zh), number="1407021979"), zh)


def test_a_paper_that_there_is_not_is_told(zh: Speech) -> None:
    """Any other width is refused with those that there are."""
    wrong: Any = "58mm"
    with pytest.raises(BadInput, match="a4, 80mm"):
        slip_pdf(sample_receipt(zh), zh, width=wrong)


# The command line ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paper", "width", "said"),
    [
        ("form", "a4", "社会保障卡业务申请表"),
        ("acceptance", "80mm", "受理回执"),
        ("refusal", "80mm", "一次告知单"),
        ("receipt", "80mm", "工本费收据"),
        ("handover", "a4", "交接单"),
        ("day-list", "a4", "当日业务清单"),
    ],
)
def test_a_proof_of_each_paper_is_written(paper: str, width: str, said: str, tmp_path: Path) -> None:
    """Every paper comes out as a new PDF for its owner alone, without a database or a token."""
    out = tmp_path / "proof.pdf"
    words = ["slip", "sample", str(out), "--paper", paper, "--width", width, "--base", BASE, "--language", "zh-Hans"]
    ran = CliRunner().invoke(main, words, env={"SHEBAOKA_HOME": str(tmp_path / "home")})
    assert ran.exit_code == 0, ran.output
    assert missing(out.read_bytes(), said, "晋中市") == []
    assert (size_mm(out.read_bytes())[0], out.stat().st_mode & 0o777) == (80 if width == "80mm" else 210, 0o600)
    assert not (tmp_path / "home").exists()
    again = CliRunner().invoke(main, words, env={"SHEBAOKA_HOME": str(tmp_path / "home")})
    assert again.exit_code == 1
    assert "is there already" in again.output


def test_a_form_on_a_roll_is_told(tmp_path: Path) -> None:
    """Form and day's list are on A4 alone, and nothing is written."""
    out = tmp_path / "proof.pdf"
    ran = CliRunner().invoke(main, ["slip", "sample", str(out), "--paper", "form", "--width", "80mm"])
    assert ran.exit_code == 1
    assert "on A4 alone" in ran.output
    assert not out.exists()


# Capital numerals ----------------------------------------------------------------------------------------------------

DIGITS = {c: n for signs in ("零壹贰叁肆伍陆柒捌玖", "零壹貳參肆伍陸柒捌玖") for n, c in enumerate(signs)}
PLACES = {"拾": 10, "佰": 100, "仟": 1000}
GROUPS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}


def fen_of(capitals: str) -> int:
    """What somebody at a bank reads: digits by their places, groups of four, then jiao and fen."""
    whole, _, rest = capitals.rpartition("元")
    yuan = group = digit = 0
    for sign in whole:
        if sign in DIGITS:
            digit = DIGITS[sign]
        elif sign in PLACES:
            group, digit = group + digit * PLACES[sign], 0
        else:
            yuan, group, digit = yuan + (group + digit) * GROUPS[sign], 0, 0
    jiao = re.search(r"(.)角", rest)
    fen = re.search(r"(.)分", rest)
    return (yuan + group + digit) * 100 + sum(
        DIGITS[found.group(1)] * worth for found, worth in ((jiao, 10), (fen, 1)) if found
    )


@given(fen=st.one_of(st.integers(0, 10**14 - 1), st.integers(0, 10**7), st.integers(0, 10**6).map(lambda n: n * 100)))
def test_reading_capital_numerals_back_gives_the_amount(fen: int) -> None:
    """Law: no two amounts are written alike; noughts never stand in a row, and 整 ends what has no fen."""
    for language in LANGUAGES:
        written = in_capitals(fen, language)
        assert fen_of(written) == fen
        assert "零零" not in written
        assert written.endswith("分" if fen % 10 else "整")


@pytest.mark.parametrize(
    ("fen", "written"),
    [
        (0, "零元整"),
        (5, "伍分"),
        (60, "陆角整"),
        (2800, "贰拾捌元整"),
        (2805, "贰拾捌元零伍分"),
        (2850, "贰拾捌元伍角整"),
        (140950, "壹仟肆佰零玖元伍角整"),
        (600714, "陆仟零柒元壹角肆分"),
        (10700053, "壹拾万零柒仟元伍角叁分"),
        (1640902, "壹万陆仟肆佰零玖元零贰分"),
        (10001000000, "壹亿零壹万元整"),
        (10000000100, "壹亿零壹元整"),
        (10**14 - 1, "玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
    ],
)
def test_capital_numerals_are_written_as_bills_ask(fen: int, written: str) -> None:
    """Noughts, 整 and the groups of four stand where the rules for bills have them."""
    assert in_capitals(fen) == written


@pytest.mark.parametrize("fen", [-1, 10**14])
def test_an_amount_that_has_no_capitals_is_told(fen: int) -> None:
    """Below zero, and of a million million yuan, nothing is written."""
    with pytest.raises(BadInput, match=r"^amount_fen: "):
        in_capitals(fen)
