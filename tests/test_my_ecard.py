"""The electronic card at the public page: a code that a terminal takes, a clause where there is none, and a wallet."""

import datetime as dt
import html
import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from cv2 import QRCodeDetectorAruco
from tests.conftest import Database
from tests.test_my_card import come_in, fill, in_use, says
from tests.test_office import Reader
from tests.test_office_signin import Pages, pages_on
from tests.test_whereabouts import WINDOW, asked

from shebaoka.desk import HOLDER, PORTAL_PLACE
from shebaoka.notice import LANGUAGES
from shebaoka.portal.frame import Page
from shebaoka.records import Ask, Channel, LookUpPerson, Sender
from shebaoka.wallet.handlers import REASON

LABELS = Page.ROOM.labels
ISSUER = "https://card.jinzhong.example"


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter and one window."""
    with pages_on(shared_database, tmp_path_factory.mktemp("myecard")) as pages:
        pages.house.windows.add(*WINDOW)
        yield pages


@pytest.fixture(autouse=True)
def _later(pages: Pages) -> None:
    """What was tried in the test before has come back."""
    pages.clock.move(hours=2)


def read(page: str) -> str:
    """What a scanner reads of the picture on a page: its dark modules drawn, four pixels each, and found by OpenCV."""
    found = re.search(r"<svg.*?</svg>", page, re.S)
    assert found
    svg = ET.fromstring(found.group(0))  # noqa: S314 - our own picture
    size = int(float(svg.attrib["viewBox"].split()[2]))
    dark = next(p.attrib["d"] for p in svg.iter() if "stroke" in p.attrib)
    drawn = np.full((size, size), 255, np.uint8)
    x = y = 0.0
    for kind, numbers in re.findall(r"([Mmh])([-\d. ]+)", dark):
        step = [float(n) for n in numbers.split()]
        if kind == "M":
            x, y = step
        elif kind == "m":
            x, y = x + step[0], y + step[1]
        else:
            drawn[int(y), int(x) : int(x + step[0])] = 0
            x += step[0]
    return str(QRCodeDetectorAruco().detectAndDecode(np.kron(drawn, np.ones((6, 6), np.uint8)))[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_is_shown_that_is_the_holders_card(pages: Pages, language: str) -> None:
    """Read as a scanner reads it, the picture is a code of this card, good for a minute; each look shows another."""
    t, (number, who) = LABELS[language], in_use(pages)
    with come_in(pages, who, language) as client:
        shown = client.get("/my/ecard")
        assert (shown.status_code, Reader(shown.text).faults, shown.headers["Cache-Control"]) == (200, [], "no-store")
        code = read(shown.text)
        found = pages.house.ecards.read(code)
        assert (found.person, found.made_at) == (number, pages.clock())
        until = (pages.clock() + dt.timedelta(minutes=1)).astimezone(pages.house.notices.zone)
        words = (t["ecard"], t["ecard_show"], t["ecard_new"], t["ecard_until"].format(f"{until:%H:%M:%S}"))
        assert says(shown, *words) == []
        assert t["ecard_wallet_ask"] not in html.unescape(shown.text)
        part = client.get("/my/ecard/code")
        assert "<html" not in part.text
        assert read(part.text) != code
        assert pages.house.ecards.read(read(part.text)).person == number
        assert (number in shown.text, len(shown.content) < 100_000, 'style="' in shown.text) == (False, True, False)


def test_a_card_that_is_lost_has_no_code(pages: Pages) -> None:
    """The page says the sentence that a terminal would say, with its clause, and offers nothing for a wallet."""
    number, who = in_use(pages)
    asked(pages, number, "report_loss")
    with come_in(pages, who) as client:
        shown = client.get("/my/ecard")
        assert says(shown, LABELS["en"]["ecard_not_now"], "/notice/9.4", "reported lost") == []
        assert ("<svg" in shown.text, "ecard.js" in shown.text, Reader(shown.text).faults) == (False, False, [])
        assert "9.4" in client.get("/my/ecard/code").text


def test_nobody_else_is_shown_a_code(pages: Pages) -> None:
    """Who is not signed in is led to where one signs in, and a stranger's form is refused; too many codes are told."""
    with pages.client() as client:
        for path in ("/my/ecard", "/my/ecard/code", "/my/ecard/wallet"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/my/sign-in")
        assert client.post("/my/ecard/wallet").status_code == 403
    _, who = in_use(pages)
    with come_in(pages, who) as client:
        answers = [client.get("/my/ecard/code") for _ in range(31)]
        assert [a.status_code for a in answers[-2:]] == [200, 429]


def test_an_offer_for_a_wallet_is_on_the_page_itself(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the house has an address: a link, its QR code and six digits, by a form alone; a lost card has none."""
    number, who = in_use(pages)
    with come_in(pages, who) as client:
        assert fill(client, "/my/ecard/wallet", at="/my").headers["Location"] == "/my/ecard"
        monkeypatch.setattr(pages.house.wallets, "issuer", ISSUER)
        offered = fill(client, "/my/ecard/wallet", at="/my/ecard")
        assert (offered.status_code, Reader(offered.text).faults) == (200, [])
        link = read(offered.text)
        assert f'href="{link}"' in html.unescape(offered.text)
        digits = re.search(r'class="six">(\d{3}) (\d{3})<', offered.text)
        assert digits
        code = link.rpartition("%2F")[2]
        assert pages.house.wallets.is_open(code)
        assert isinstance(pages.house.wallets.token(code, "".join(digits.groups())), str)
        asked(pages, number, "report_loss")
        assert says(fill(client, "/my/ecard/wallet", at="/my"), "/notice/9.4") == []


def test_the_holder_reads_when_the_card_went_into_a_wallet(pages: Pages) -> None:
    """The look of the wallet's credential is their own, in the page's words."""
    number, who = in_use(pages)
    desk = pages.house.desk()
    desk.ask(Ask(LookUpPerson(id="w", person=number, reason=REASON), Sender(HOLDER, Channel.PORTAL, PORTAL_PLACE)))
    desk.store.close()
    with come_in(pages, who) as client:
        assert says(client.get("/my/looks"), LABELS["en"]["my_reason_wallet"]) == []
