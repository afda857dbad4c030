"""Proofs of cards: what stands on both faces, as SVG and as sheets of PDF, from the orders that the maker is told."""

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pypdf
import pytest
from click.testing import CliRunner, Result

from shebaoka.cli import main
from shebaoka.notice import LANGUAGES, Notices, Speech, Words
from shebaoka.paper import PROOFS_MAX, card_faces, card_proofs_pdf
from shebaoka.portraits import Portrait
from shebaoka.records import BadInput, CardOrder
from test_chip import HOLDER, ISSUE

ORDER = CardOrder(
    line=1,
    photo=Portrait(grain=4).saved(),
    collect_at="w1",
    **msgspec.structs.asdict(ISSUE),
    **msgspec.structs.asdict(HOLDER),
)
LONG = "阿卜杜热合曼·买买提吐尔逊江·阿不都克里木"
RARE = "王\U000300ab芳"


@pytest.fixture(scope="module")
def speeches(notices: Notices, words: dict[str, Words]) -> dict[str, Speech]:
    """The first notice in every language."""
    return {language: Speech(notices.versions[0], words[language]) for language in LANGUAGES}


def read(pdf: bytes) -> list[str]:
    """What stands on each page, without the gaps between letters."""
    return [re.sub(r"\s+", "", page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sheet_has_four_cards_with_all_that_is_ordered(language: str, speeches: dict[str, Speech]) -> None:
    """Name, numbers and day of each card as ordered, in their own words; a rare character by its code, a long name
    whole; the heading in the language that was asked for."""
    names = ("李娜", LONG, RARE, "欧阳小文", "John Smith")
    cards = [
        msgspec.structs.replace(
            ORDER, line=n, name=name, card_number=f"A0000000{n}", photo=ORDER.photo if n % 2 else b""
        )
        for n, name in enumerate(names, 1)
    ]
    pdf = card_proofs_pdf(cards, speeches[language])
    pages = read(pdf)
    assert [len(re.findall("A0000000", page)) for page in pages] == [8, 2]
    said = "".join(pages)
    for expected in ("李娜", LONG, "王〔U+300AB〕芳", "JohnSmith", HOLDER.number, "2013年7月1日", "12333"):
        assert expected in said
    assert {"zh-Hans": "卡面样张", "zh-Hant": "卡面樣張", "en": "Proofsofcards"}[language] in pages[0]
    assert card_proofs_pdf(cards, speeches[language]) == pdf


def test_both_faces_are_pictures_that_stand_alone(speeches: dict[str, Speech]) -> None:
    """Each is an SVG of the card's own size, with the photo in it on the front alone, and asks nothing from outside."""
    front, back = card_faces(ORDER, speeches["zh-Hans"])
    for face in (front, back):
        drawing = ET.fromstring(face)  # noqa: S314 - our own
        width, height = (float(drawing.attrib[side].removesuffix("pt")) / 72 * 25.4 for side in ("width", "height"))
        assert (round(width, 2), round(height, 2)) == (85.6, 53.98)
        outside = {v for e in drawing.iter() for k, v in e.attrib.items() if k.endswith("href") and v[0] != "#"}
        assert all(v.startswith("data:image/jpeg;base64,") for v in outside)
        assert b"<script" not in face
    assert (front.count(b"data:image"), back.count(b"data:image")) == (1, 0)
    other, same_back = card_faces(msgspec.structs.replace(ORDER, name=RARE, photo=b""), speeches["en"])
    assert (other != front, same_back) == (True, back)


def test_what_cannot_be_printed_is_told(speeches: dict[str, Speech]) -> None:
    """No card and too many are refused; a photo that is none is told where it would be, for its card alone."""
    with pytest.raises(BadInput, match="no card to print"):
        card_proofs_pdf([], speeches["en"])
    with pytest.raises(BadInput, match=f"at most {PROOFS_MAX}"):
        card_proofs_pdf([ORDER] * (PROOFS_MAX + 1), speeches["en"])
    (page,) = read(card_proofs_pdf([ORDER, msgspec.structs.replace(ORDER, line=7, photo=b"none")], speeches["en"]))
    assert page.count("相片不能印") == 1


def run(*words: object) -> Result:
    """A command of the command line."""
    return CliRunner().invoke(main, [str(word) for word in words], env={"LC_ALL": "C.UTF-8"})


def test_proofs_are_written_from_the_command_line(tmp_path: Path) -> None:
    """A PDF of several orders, the two faces of one as SVG, each into new files that only their owner may read."""
    order, sheet = tmp_path / "order.json", tmp_path / "proofs.pdf"
    order.write_bytes(msgspec.json.encode(ORDER))
    assert run("card", "proof", sheet, "--order", order, "--order", order).exit_code == 0
    assert len(read(sheet.read_bytes())) == 1
    assert sheet.stat().st_mode & 0o077 == 0
    assert "is there already" in run("card", "proof", sheet, "--order", order).stderr
    assert run("card", "proof", tmp_path / "li.svg", "--order", order).exit_code == 0
    assert {p.name for p in tmp_path.glob("*.svg")} == {"li-front.svg", "li-back.svg"}
    assert "shows one card" in run("card", "proof", tmp_path / "x.svg", "--order", order, "--order", order).stderr
    assert "either --order or --batch" in run("card", "proof", sheet).stderr
