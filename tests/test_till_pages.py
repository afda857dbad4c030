"""The till's page: a day at a window as clerk and cashier see it, in three languages, and what cannot be."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from tests.conftest import Database, put_dossier
from tests.moneyhouse import dossier_of
from tests.test_office import Reader, mark_of
from tests.webhouse import app_of, house_on

from asking import ask
from shebaoka.app import House
from shebaoka.desk import Role, Staff, open_counter
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import with_check_digit
from shebaoka.records import Means, Receipt, ReceiptPlace, Tender
from shebaoka.serving import front_of
from shebaoka.vault import SoftwareVault
from shebaoka.web import Front
from shebaoka.window.frame import LABELS

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
CLERK, CASHIER = Staff("li", Role.CLERK, "w<1>"), Staff("qian", Role.CASHIER, "w<1>")
HEAD = Staff("zhao", Role.SUPERVISOR, "w<1>")
AUDITOR, NOWHERE = Staff("shen", Role.AUDITOR, ""), Staff("wu", Role.CLERK, "")
EVIL = "<b>'; drop table fee_receipt"


class Windows:
    """A house with a window, its clerk, its cashier, and people who pay."""

    def __init__(self, house: House, front: Front, database: Database) -> None:
        self.house, self.front, self.database = house, front, database
        self.people = 0

    def client(self, staff: Staff) -> TestClient[Any]:
        """A browser in which somebody is signed in."""
        client = TestClient(app_of(self.front), base_url="http://office.test")
        client.follow_redirects = False
        client.cookies.set("shebaoka_session", self.front.sessions.begin(staff))
        return client

    def replaced(self, tender: Tender | None, *, back: bool = False) -> Receipt:
        """Somebody's card is replaced for its fee; or the application is withdrawn again."""
        self.people += 1
        number = with_check_digit(f"14070219800101{self.people:03d}")
        assert isinstance(self.house.vault, SoftwareVault)
        put_dossier(self.database.owner, self.house.vault, 7_200_000 + self.people, dossier_of(number, 1))
        made = ask("replace_card", number, f"p-{self.people}", place=CLERK.place, why="damage", paid_fen=28_00)
        sender = msgspec.structs.replace(made.sender, by=CLERK.name)
        desk = self.house.desk()
        receipt = desk.ask(msgspec.structs.replace(made, tender=tender, sender=sender))
        if back:
            receipt = desk.ask(ask("withdraw_application", number, f"b-{self.people}", place=CLERK.place))
        desk.store.close()
        assert receipt.answer.outcome == "accepted"
        return receipt


@pytest.fixture(scope="module")
def house(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Front]]:
    """The house of this module."""
    with (
        house_on(shared_database, tmp_path_factory.mktemp("till"), AT) as house,
        open_counter(house.desk) as counter,
    ):
        yield house, front_of(house, counter)


@pytest.fixture
def windows(database: Database, house: tuple[House, Front]) -> Windows:
    """The same, with nobody in it but its staff."""
    for staff in (CLERK, CASHIER, HEAD, AUDITOR, NOWHERE):
        house[0].staff.add_person(staff.name, staff.role, staff.place)
    return Windows(*house, database)


def send(client: TestClient[Any], path: str, **fields: str) -> Any:
    """Fill in a form of the page and send it."""
    return client.post(path, data={"mark": mark_of(client, "/till"), "window": CLERK.place, **fields})


def plain(text: str) -> str:
    """A page's text without its tags."""
    import html

    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def test_a_day_at_the_window(windows: Windows) -> None:
    """Receipts, one that is written late, a void, a refund, the float, the count: each form leads back to its sheet."""
    windows.replaced(Tender(Means.CASH, handed_over_fen=30_00))
    windows.replaced(Tender(Means.CODE, "4200-1"))
    entry = windows.replaced(None).entry
    till = windows.house.till
    with windows.client(CLERK) as clerk, windows.client(CASHIER) as cashier, windows.client(HEAD) as head:
        page = clerk.get("/till?language=en")
        assert (page.status_code, Reader(page.text).faults, page.headers["Cache-Control"]) == (200, [], "no-store")
        for word in ("Till of window w<1>", "w<1>-2013-000001", "change 2.00 yuan", "4200-1", "Fees without a receipt"):
            assert word in plain(page.text), word
        assert set(re.findall(r'action="([^"]+)"', page.text)) == {"/sign-out", "/till/receive"}
        done = send(clerk, "/till/receive", entry=entry, means="cash", handed_over="３０")
        assert (done.status_code, done.headers["Location"]) == (303, "/till?window=w%3C1%3E")
        assert till.receipts(CLERK, CLERK.place, 1)[0].change_fen == 2_00
        assert send(cashier, "/till/void", year="2013", number="1", reason="写错").status_code == 303
        refund = {"year": "2013", "number": "2", "means": "code", "reference": "4200-9", "reason": EVIL}
        assert send(head, "/till/refund", **refund).status_code == 303
        late = till.owed(CLERK, CLERK.place)[0].entry
        assert send(clerk, "/till/receive", entry=late, means="code", reference="4200-2").status_code == 303
        back = windows.replaced(Tender(Means.CASH), back=True).entry
        assert send(clerk, "/till/give-back", entry=back, means="cash").status_code == 303
        for _ in range(2):  # a double click
            put = send(cashier, "/till/float", way="in", amount="100", reason="备用金", n="1")
        assert put.status_code == 303
        seen = cashier.get("/till?language=en")
        assert (Reader(seen.text).faults, EVIL in plain(seen.text), EVIL in seen.text) == ([], True, False)
        assert "The drawer must hold 128.00 yuan" in plain(seen.text)
        closed = send(cashier, "/till/close", sheet="1", piece_10000="1", piece_1000="2", piece_500="1", piece_100="2",
                      left="100", reason="少一元")  # fmt: skip
        assert (closed.status_code, closed.headers["Location"]) == (303, "/till?window=w%3C1%3E&sheet=1")
        sheet = cashier.get(closed.headers["Location"])
        for word in ("closed 2013-07-01 12:00 by qian", "Off by ✗ -1.00 yuan", "Handed in 27.00 yuan"):
            assert word in plain(sheet.text)
        assert "/till/void" not in sheet.text
        assert windows.house.till.check() == []


def test_every_language_and_everybody(windows: Windows) -> None:
    """The page is whole in each language, for who takes fees, closes, audits, or has no window."""
    receipt = windows.house.till.receipt_of(CLERK, windows.replaced(Tender(Means.CASH)).entry)
    assert receipt is not None
    windows.replaced(None)
    windows.house.till.refund(CASHIER, receipt.place, Tender(Means.CASH), "多收")
    for staff in (CLERK, CASHIER, AUDITOR, NOWHERE):
        with windows.client(staff) as client:
            for language in LANGUAGES:
                page = client.get("/till", params={"language": language, "window": staff.place})
                assert (page.status_code, Reader(page.text).faults) == (200, [])
                assert LABELS[language]["till"] in page.text
    with windows.client(NOWHERE) as client:
        assert "This account has no window" in client.get("/till?language=en").text
        assert client.get("/till?window=w<1>").status_code == 403
    with windows.client(AUDITOR) as client:
        seen = client.get("/till", params={"window": "w<1>", "language": "en"}).text
        assert 'action="/till' not in seen.replace('action="/till"', "")
        assert client.get("/till?window=w9").status_code == 404
        assert client.get("/till?window=w<1>&sheet=2").status_code == 404
        assert client.get("/till?window=w<1>&sheet=x").status_code == 400


def test_what_cannot_be_is_told_above_what_was_typed(windows: Windows) -> None:
    """Each refusal has its sentence, and the form has again what stood in it."""
    windows.replaced(Tender(Means.CODE, "4200-1"))
    entry = windows.replaced(None).entry
    own = windows.house.till.receive(CASHIER, windows.replaced(None).entry, Tender(Means.CASH))
    says = LABELS["zh-Hans"]
    with windows.client(CLERK) as clerk, windows.client(CASHIER) as cashier:
        owed = {"form": f"owed-{entry}", "entry": entry}
        for client, path, fields, status, label, kept in (
            (clerk, "receive", {**owed, "means": "code", "reference": "4200-1"}, 409, "till_payment_used", "4200-1"),
            (clerk, "receive", {**owed, "means": "code", "reference": "<i>"}, 400, "till_reference", "&lt;i&gt;"),
            (clerk, "receive", {**owed, "means": "cash", "handed_over": "27"}, 400, "till_handed_over", "27"),
            (clerk, "receive", {**owed, "means": "cash", "handed_over": "2x"}, 400, "till_handed_over", "2x"),
            (clerk, "receive", {"entry": "1-1", "means": "cash"}, 404, "till_not_found", ""),
            (cashier, "void", {"year": "2013", "number": "2", "reason": "mine"}, 409, "till_own", ""),
            (cashier, "void", {"year": "2013", "number": "9", "reason": "none"}, 404, "till_not_found", ""),
            (cashier, "void", {"form": "void-w<1>-2013-000001", "year": "2013", "number": "1", "reason": " "}, 400,
             "till_reason", ""),
            (cashier, "float", {"form": "float", "way": "out", "amount": "99", "reason": "r"}, 400, "till_short", "99"),
            (cashier, "float", {"form": "float", "way": "in", "amount": "9,9.999", "reason": "r"}, 400, "till_amount",
             "9,9.999"),
            (cashier, "close", {"form": "close", "sheet": "1", "counted": "28", "reason": "<u>"}, 409, "till_own",
             "&lt;u&gt;"),
            (cashier, "close", {"form": "close", "sheet": "1", "piece_100": "1.5"}, 400, "till_pieces", "1.5"),
        ):  # fmt: skip
            answer = send(client, f"/till/{path}", **fields)
            assert (answer.status_code, Reader(answer.text).faults) == (status, []), (path, fields)
            assert says[label] in plain(answer.text), (path, fields)
            assert f'value="{kept}"' in answer.text, (path, fields)
        assert send(clerk, "/till/void", year="2013", number="2", reason="x").status_code == 403
        assert clerk.post("/till/receive", data={"entry": entry, "means": "cash"}).status_code == 403
    assert windows.house.till.receipt(CLERK, own.place) == own
    assert [o.entry for o in windows.house.till.owed(CLERK, CLERK.place)] == [entry]


def test_a_sheet_for_a_spreadsheet_and_a_receipt_on_paper(windows: Windows) -> None:
    """Every receipt is a line whose texts stay texts; a receipt is printed on A4 and on a roll."""
    windows.replaced(Tender(Means.CASH, handed_over_fen=50_00))
    windows.house.till.void(CASHIER, ReceiptPlace(CLERK.place, 2013, 1), "=1+1")
    with windows.client(CLERK) as client:
        file = client.get("/till/sheet.csv", params={"window": CLERK.place, "sheet": "1", "language": "en"})
        rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert rows[0][:3] == ["Number", "Time", "Service"]
        assert (rows[1][4:7], rows[1][9], rows[1][11]) == (["王*", "28.00", "cash"], "void", "'=1+1")
        assert {len(row) for row in rows} == {12}
        assert [row[5] for row in rows if row[0] == "The drawer must hold"] == ["0.00"]
        for width in ("a4", "80mm"):
            place = {"window": CLERK.place, "year": "2013", "number": "1", "width": width}
            paper = client.get("/till/receipt.pdf", params=place)
            assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")
        assert client.get("/till/receipt.pdf", params={**place, "number": "x"}).status_code == 400
        assert client.get("/till/receipt.pdf", params={**place, "number": "7"}).status_code == 404
        assert client.get("/till/sheet.csv", params={"window": "w2", "sheet": "1"}).status_code == 403
