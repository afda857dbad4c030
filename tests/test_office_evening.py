"""The office's pages about money: a day followed from the first message to the bank's file, by who may, in words."""

import datetime as dt
import hashlib
import re
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from tests.conftest import Database, StandingClock
from tests.moneyhouse import HOSPITAL, PHARMACY, MoneyHouse, card_of, money_house
from tests.test_office import Reader, mark_of, sign_in
from tests.webhouse import app_of, house_on, seat

from shebaoka.desk import (
    POSTS,
    TOKEN_ROLES,
    Amounts,
    Difference,
    Right,
    Role,
    Side,
    StatedDetail,
    Totals,
    open_counter,
)
from shebaoka.notice import LANGUAGES, Notices
from shebaoka.office.frame import LABELS, Page
from shebaoka.records import ReverseMessage
from shebaoka.serving import front_of
from shebaoka.vault import SoftwareVault
from shebaoka.web import Front

TODAY = dt.date(2013, 7, 1)


class Office:
    """The pages on the house of money; staff of every role has a token."""

    def __init__(self, money: MoneyHouse, front: Front, tokens: dict[str, str]) -> None:
        self.money = money
        self.front = front
        self.tokens = tokens

    def client(self, role: str = "", **changes: Any) -> TestClient[Any]:
        """A browser: signed in with a role's token, or not at all; or the demonstration's, with `open_to_all`."""
        client = TestClient(app_of(msgspec.structs.replace(self.front, **changes)), base_url="http://office.test")
        client.follow_redirects = False
        if role in self.tokens:
            assert sign_in(client, self.tokens[role]).headers["Location"] == "/today"
        elif role:
            seat(client, self.front, role)
        return client


@pytest.fixture
def office(
    shared_database: Database,
    vault: SoftwareVault,
    notices: Notices,
    clock: StandingClock,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Office]:
    """Two institutions that are signed in, with charges; a hospital that sees three of them otherwise."""
    with (
        money_house(shared_database, vault, notices, clock) as money,
        house_on(shared_database, tmp_path_factory.mktemp("evening"), clock.at) as house,
        open_counter(house.desk) as counter,
    ):
        house.evening = money.evening
        tokens = {role.value: house.staff.add(f"{role}-1", role) for role in TOKEN_ROLES}
        yield Office(money, front_of(house, counter), tokens)


def charged(money: MoneyHouse) -> tuple[int, int]:
    """The cycles of hospital and pharmacy, with charges in them."""
    hospital, pharmacy = money.sign_in(HOSPITAL), money.sign_in(PHARMACY)
    for n in range(4):
        receipt = money.settle(hospital, n % 3, total=12_345 + n, pooled=8_000, cash=1_000)
        money.clock.move(minutes=7)
    money.take_back(receipt, hospital, 0)
    money.settle(pharmacy, 1, total=4_990, institution=PHARMACY)
    return hospital, pharmacy


def differing(money: MoneyHouse, cycle: int) -> tuple[Difference, ...]:
    """Compare a cycle with a file that lacks a message, has another one, and an amount of its own; what differs."""
    details = money.evening.details(cycle)
    rows = [StatedDetail(n, d.message_id, d.settlement, "11", d.amounts) for n, d in enumerate(details, 2)]
    rows[0] = msgspec.structs.replace(rows[0], message_id=f"{HOSPITAL}201307010000009999")
    rows[1] = msgspec.structs.replace(rows[1], amounts=Amounts(12_346, 8_001, 3_345, 1_000))
    return money.evening.compare_details(cycle, rows, "fenhe-1")[1]


def forms(text: str) -> list[dict[str, str]]:
    """The forms of a page by their action, with what they bring."""
    return [
        {"action": action, **dict(re.findall(r'name="(\w+)" value="([^"]*)"', body))}
        for action, body in re.findall(r'<form[^>]*method="post" action="([^"]+)"[^>]*>(.*?)</form>', text, re.DOTALL)
        if "/evening" in action
    ]


def test_a_day_is_followed_from_the_first_message_to_the_bank(office: Office) -> None:
    """A clerk sees each difference, explains it, closes, and makes the bank's file; the page tells each step."""
    money = office.money
    hospital, pharmacy = charged(money)
    first = money.evening.details(hospital)[0]
    with office.client("clerk") as client:
        text = client.get("/evening", params={"language": "en"}).text
        assert all(said in text for said in ("汾河湾综合医院", "南山大药房", "○ open", f'href="/evening/{hospital}"'))
        page = f"/evening/{hospital}"
        text = client.get(page).text
        assert all(
            said in text for said in (first.message_id, first.settlement, "Not compared yet.", "cannot be closed")
        )
        assert [f["action"] for f in forms(text)] == []

        money.evening.compare_totals(hospital, Totals(Side(4, 1, 1, 0, 0)), "fenhe-1")
        text = client.get(page).text
        assert all(said in text for said in ("✗ differs", "totals differ", "<li>Charges Pooled fund</li>"))
        messages = [d.message_id for d in differing(money, hospital)]
        text = client.get(page).text
        assert "3 not explained" in text
        asked = forms(text)
        assert [f["message_id"] for f in asked] == messages
        for n, form in enumerate(asked):
            done = client.post(form.pop("action"), data={**form, "reason": f"Reason number {n}."})
            assert (done.status_code, done.headers["Location"]) == (303, page)
        text = client.get(page).text
        assert all(f"Reason number {n}." in text for n in range(3))
        assert "✓ differences explained" in text
        (close,) = forms(text)
        assert client.post(close.pop("action"), data=close).headers["Location"] == page
        text = client.get(page).text
        assert "✓ closed" in text
        assert forms(text) == []

        text = client.get("/evening").text
        assert "waiting to be paid: 1." in text
        (make,) = forms(text)
        assert client.get("/evening/bank-file").status_code == 404
        assert client.post(make.pop("action"), data=make).headers["Location"] == "/evening?on=2013-07-01"
        text = client.get("/evening?on=2013-07-01").text
        assert "✓ in the bank's file" in text.replace("&#39;", "'")
        file = client.get("/evening/bank-file", params={"on": "2013-07-01"})
        assert file.content == money.evening.bank_file(TODAY, "wang")
        assert file.content.decode().splitlines()[1] == f"pay,2013-07-01,{HOSPITAL},{hospital},4,1,10038,24000,34038"
        assert file.headers["Content-Disposition"] == 'attachment; filename="bank-2013-07-01.csv"'
        assert "340.38 yuan" in text
        assert "by clerk-1. Lines: 1. Sum: 340.38 yuan." in text
        assert hashlib.sha256(file.content).hexdigest() in text
    assert [money.evening.line(c).state for c in (hospital, pharmacy)] == ["paid", "open"]
    assert {e.by for e in money.evening.explanations(hospital)} == {"clerk-1"}
    assert money.evening.cycle(hospital).closed_by == "clerk-1"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_are_whole_in_every_language(office: Office, language: str) -> None:
    """Each state of a cycle has a well-formed page without code words, numbers of people or names."""
    money = office.money
    hospital, pharmacy = charged(money)
    with office.client("clerk") as client:

        def look(*paths: str) -> None:
            for path in paths:
                response = client.get(path, params={"language": language})
                read = Reader(response.text)
                assert (path, response.status_code, read.faults, read.language) == (path, 200, [], language)
                assert not any(hidden in response.text for hidden in (*money.people, "王芳"))
                shown = re.sub(r"<[^>]+>", " ", response.text.split('id="main"')[1])
                assert not re.search(r"\{\d?\}|[a-z]+_[a-z]+", shown), shown
                states = LABELS[language]
                assert any(states[k] in shown.replace("&#39;", "'") for k in states if k.startswith("cycle_"))

        look("/evening", f"/evening/{hospital}")
        differing(money, hospital)
        look("/evening", f"/evening/{hospital}")
        money.evening.compare_totals(pharmacy, money.evening.totals(pharmacy), "pharmacy-1")
        money.evening.close(pharmacy, "li")
        look(f"/evening/{pharmacy}")
        money.evening.bank_file(TODAY, "wang")
        look("/evening?on=2013-07-01", f"/evening/{pharmacy}")
        money.clock.move(days=2)
        look("/evening?on=2013-07-03", f"/evening/{hospital}")


def test_earlier_days_are_not_forgotten(office: Office) -> None:
    """A later day lists what earlier ones left open, and leads to the days beside it."""
    charged(office.money)
    with office.client("auditor") as client:
        text = client.get("/evening?on=2013-07-02&language=en").text
        assert "Business cycles of earlier days that are not closed" in text
        assert "No institution signed in on this day." in text
        assert 'href="/evening?on=2013-07-01"' in text
        assert 'rel="next"' in client.get("/evening?on=2013-06-30").text
        for bad in ("x", "2013-13-01", "2013-7-1", "0001-01-01", "9999-12-31"):
            assert client.get("/evening", params={"on": bad}).status_code == 400
        for none in ("0", "999999999", str(2**70), "-1", "x"):
            assert client.get(f"/evening/{none}").status_code == 404


def test_details_are_paged(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every settlement of a cycle is on exactly one page."""
    monkeypatch.setattr("shebaoka.office.evening.DETAILS", 2)
    hospital, _ = charged(office.money)
    found, path = list[str](), f"/evening/{hospital}"
    with office.client("clerk") as client:
        while path:
            text = client.get(path).text
            found += re.findall(r'href="/persons/\d+">(\d+-\d+)</a>', text)
            more = re.search(r'rel="next" href="([^"]*after=[^"]+)"', text)
            path = more.group(1) if more else ""
        assert client.get(f"/evening/{hospital}?after=x").status_code == 400
        assert client.get(f"/evening/{hospital}?after=1-1").status_code == 404
    assert found == [d.settlement for d in office.money.evening.details(hospital)]


def test_differences_are_paged(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every difference of a cycle is on exactly one page, with a form; what is explained goes to the end."""
    monkeypatch.setattr("shebaoka.office.evening.DETAILS", 2)
    hospital, pharmacy = charged(office.money)
    rows = [StatedDetail(n, f"{HOSPITAL}2013070100000000{n:02d}", "", "11", Amounts(n, 0, n, 0)) for n in range(1, 6)]
    _, found = office.money.evening.compare_details(hospital, rows, "fenhe-1")
    with office.client("clerk") as client:

        def walk() -> list[str]:
            seen, path = list[str](), f"/evening/{hospital}?language=en"
            while path:
                text = client.get(path).text
                assert Reader(text).faults == []
                seen += re.findall(r'class="id">([^<]+)</th><td class="t" data-l="Difference">', text)
                assert len(forms(text)) <= 2
                more = re.search(r'rel="next" href="([^"]*differences=[^"#]+)#differences"', text)
                path = more.group(1) if more else ""
            return seen

        expected = [d.message_id for d in found]
        assert walk() == expected
        (form, *_) = forms(client.get(f"/evening/{hospital}").text)
        client.post(form.pop("action"), data={**form, "reason": "Because."})
        assert walk() == [*expected[1:], expected[0]]
        assert client.get(f"/evening/{hospital}?differences=x").status_code == 400
        assert client.get(f"/evening/{pharmacy}?differences=1-x").status_code == 200


def test_what_was_explained_is_what_was_on_the_page(office: Office) -> None:
    """A file that came while the clerk wrote brings another amount: that one is still to be explained."""
    money = office.money
    hospital, _ = charged(money)
    differing(money, hospital)
    with office.client("clerk") as client:
        form = next(f for f in forms(client.get(f"/evening/{hospital}").text) if f["difference"] == "amount")
        rows = [StatedDetail(2, form["message_id"], "", "11", Amounts(99_999, 0, 99_999, 0))]
        money.evening.compare_details(hospital, rows, "fenhe-1")
        left = money.evening.line(hospital).unexplained
        assert client.post(form.pop("action"), data={**form, "reason": "A fen."}).status_code == 303
        text = client.get(f"/evening/{hospital}?language=en").text
    assert money.evening.line(hospital).unexplained == left
    assert "Earlier explanations" in text
    assert "A fen." in text


def test_the_page_says_what_became_of_a_message_that_only_they_have(office: Office) -> None:
    """In which cycle it is, by which clause it was refused, that it was stopped, or that it never came."""
    money = office.money
    hospital, _ = charged(money)
    late, refused = money.message_id(), msgspec.structs.replace(money.charge(1, total=5), card=card_of(1))
    money.desk.ask(money.ask(ReverseMessage(id=money.message_id(), person=money.people[0], message=late), hospital))
    clause = money.desk.ask(money.ask(refused, hospital)).answer.clause
    settled = money.evening.details(hospital)[0].message_id
    money.evening.compare_totals(hospital, money.evening.totals(hospital), "fenhe-1")
    money.evening.close(hospital, "li")
    money.institutions.forget_cycle(HOSPITAL)
    following = money.sign_in()
    ids = (late, refused.id, settled, f"{HOSPITAL}201307010000009999")
    rows = [StatedDetail(n, message_id, "", "11", Amounts(n, 0, n, 0)) for n, message_id in enumerate(ids, 2)]
    money.evening.compare_details(following, rows, "fenhe-1")
    says = {
        "zh-Hans": ("我方记入", f"已拒绝（第 {clause} 条）", "未到先冲正", "没有收到"),
        "zh-Hant": ("我方記入", f"已拒絕（第 {clause} 條）", "未到先沖正", "沒有收到"),
        "en": ("We have it in", f"Refused, clause {clause}", "Stopped", "Never came"),
    }
    with office.client("clerk") as client:
        for language in LANGUAGES:
            text = client.get(f"/evening/{following}", params={"language": language}).text
            assert all(said in text for said in says[language])
            assert f'href="/evening/{hospital}"' in text


@pytest.mark.parametrize("role", list(Role))
def test_roles(office: Office, role: Role) -> None:
    """Everybody who is signed in sees counts and sums; details, closing and paying are for those who may."""
    money = office.money
    hospital, pharmacy = charged(money)
    (first, *_) = differing(money, hospital)
    money.evening.compare_totals(pharmacy, money.evening.totals(pharmacy), "pharmacy-1")
    rights = POSTS[role].rights
    seer, clerk, payer = (right in rights for right in (Right.SEE_ACCOUNTS, Right.RECONCILE, Right.PAY))
    place = money.evening.details(hospital)[-1].settlement
    with office.client(role.value) as client:
        text = client.get(f"/evening/{hospital}").text
        assert (place in text, "/persons/" in text) == (seer, seer)
        assert (first.message_id in text, bool(forms(text))) == (True, clerk)
        mark = {"mark": mark_of(client, "/today")}
        said = {**mark, "message_id": first.message_id, "difference": first.difference, "reason": "Because."}
        refused = client.post(f"/evening/{hospital}/explain", data=said)
        assert refused.status_code == (303 if clerk else 403)
        assert client.post(f"/evening/{pharmacy}/close", data=mark).status_code == (303 if clerk else 403)
        money.evening.close(pharmacy, "li")
        assert bool(forms(client.get("/evening").text)) == payer
        made = client.post("/evening/bank-file", data={**mark, "on": "2013-07-01"})
        assert made.status_code == (303 if payer else 403)
        assert bool(money.evening.bank_lines(TODAY)) == payer


def test_a_file_without_a_line_is_shown_too(office: Office) -> None:
    """Whoever made a day's file too early sees that it is made, and no button that would make it again."""
    hospital, _ = charged(office.money)
    office.money.evening.bank_file(TODAY, "wang")
    office.money.evening.compare_totals(hospital, office.money.evening.totals(hospital), "fenhe-1")
    office.money.evening.close(hospital, "li")
    with office.client("bank") as client:
        text = client.get("/evening?language=en").text
        assert (Reader(text).faults, forms(text)) == ([], [])
        assert "by wang. Lines: 0. Sum: 0.00 yuan." in text
        assert client.get("/evening/bank-file").content == office.money.evening.bank_file(TODAY, "li")


def test_it_says_how_many_open_cycles_are_not_listed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cycle that is open is left out without a word."""
    charged(office.money)
    read = office.money.evening.left_open
    monkeypatch.setattr(office.money.evening, "left_open", lambda day: read(day, limit=1))
    with office.client("clerk") as client:
        assert "1 more, of days before" in client.get("/evening?on=2013-07-02&language=en").text
        monkeypatch.undo()
        assert "of days before" not in client.get("/evening?on=2013-07-02&language=en").text


def test_nobody_else_comes_in(office: Office) -> None:
    """Without sign-in every page leads to the form; a form without our mark does nothing, whoever sends it."""
    hospital, _ = charged(office.money)
    money = office.money
    money.evening.compare_totals(hospital, money.evening.totals(hospital), "fenhe-1")
    posts = [f"/evening/{hospital}/explain", f"/evening/{hospital}/close", "/evening/bank-file"]
    with office.client() as client:
        for path in ("/evening", f"/evening/{hospital}", "/evening/bank-file"):
            assert client.get(path).headers["Location"].startswith("/sign-in")
        for path in posts:
            assert client.post(path, data={"mark": mark_of(client, "/sign-in")}).headers["Location"] == "/sign-in"
    with office.client("clerk") as client:
        for path in posts:
            for mark in ("", "x"):
                response = client.post(path, data={"mark": mark, "on": "2013-07-01"})
                assert (response.status_code, "form_is_not_ours" in response.text) == (403, True)
    assert money.evening.line(hospital).state == "equal"


def test_what_cannot_be_done_says_so_on_the_page(office: Office) -> None:
    """A close that came too early, an empty reason and a second explanation leave the page with a sentence."""
    money = office.money
    hospital, _ = charged(money)
    (first, *_) = differing(money, hospital)
    with office.client("clerk") as client:
        client.get("/?language=en")
        mark = {"mark": mark_of(client, "/today")}
        early = client.post(f"/evening/{hospital}/close", data=mark)
        assert (early.status_code, "It was not closed" in early.text, Reader(early.text).faults) == (409, True, [])
        said = {**mark, "message_id": first.message_id, "difference": first.difference}
        for reason, status in (("", 400), ("  ", 400), ("x" * 201, 400), ("Good.", 303), ("Another.", 400)):
            done = client.post(f"/evening/{hospital}/explain", data={**said, "reason": reason})
            assert done.status_code == status
            assert ("Nothing was kept" in done.text) == (status == 400)
        unknown = client.post(f"/evening/{hospital}/explain", data={**said, "message_id": "none", "reason": "x"})
        assert unknown.status_code == 404
        assert client.post("/evening/999999999/close", data=mark).status_code == 404
        tomorrow = client.post("/evening/bank-file", data={**mark, "on": "2013-07-02"})
        assert tomorrow.status_code == 400
    assert [e.reason for e in money.evening.explanations(hospital)] == ["Good."]


def test_a_reason_is_shown_as_it_was_written(office: Office) -> None:
    """Nothing that somebody writes becomes part of the page."""
    money = office.money
    hospital, _ = charged(money)
    for d in differing(money, hospital):
        money.evening.explain(hospital, d.message_id, d.difference, "<script>alert(1)</script> {{ 7 * 7 }}", "li")
    with office.client("clerk") as client:
        text = client.get(f"/evening/{hospital}").text
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }}" in text
    assert Reader(text).faults == []


def test_the_demonstration_may_try_it(office: Office) -> None:
    """Where the pages are open to all, the visitor explains, closes and pays like a clerk."""
    money = office.money
    hospital, _ = charged(money)
    money.evening.compare_totals(hospital, money.evening.totals(hospital), "fenhe-1")
    with office.client(open_to_all=True) as client:
        (close,) = forms(client.get(f"/evening/{hospital}").text)
        assert client.post(close.pop("action"), data=close).status_code == 303
    assert money.evening.cycle(hospital).closed_by == "visitor"


def test_every_link_of_the_pages_leads_somewhere(office: Office) -> None:
    """From the day on, each link is a page of this server."""
    money = office.money
    hospital, pharmacy = charged(money)
    differing(money, hospital)
    money.evening.compare_totals(pharmacy, money.evening.totals(pharmacy), "pharmacy-1")
    money.evening.close(pharmacy, "li")
    money.evening.bank_file(TODAY, "wang")
    with office.client("clerk") as client:
        left, seen = {"/evening"}, set[str]()
        while left:
            path = left.pop()
            seen.add(path)
            response = client.get(path)
            assert response.status_code == 200, path
            links = Reader(response.text).links if "html" in response.headers["Content-Type"] else []
            found = {str(response.url.join(link)).removeprefix("http://office.test") for link in links}
            left |= {f for f in found - seen if f.startswith("/evening") and not f.endswith(("/explain", "/close"))} - {
                f for f in found if "language=" in f
            }
    assert {f"/evening/{hospital}", f"/evening/{pharmacy}", "/evening/bank-file?on=2013-07-01"} <= seen


def test_pages_are_put_together_beside_the_loop(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever serves terminals does not wait for a page."""
    threads = set[str]()

    def noted(page: Page, mark: str) -> dict[str, Any]:
        threads.add(threading.current_thread().name)
        return frame(page, mark)

    frame = Page._frame
    monkeypatch.setattr(Page, "_frame", noted)
    hospital, _ = charged(office.money)
    with office.client("clerk") as client:
        threads.clear()
        for path in ("/", "/journal", "/persons", "/evening", f"/evening/{hospital}", "/clauses", "/clauses/9.4"):
            assert client.get(path).status_code == 200
    assert threads == {"AnyIO worker thread"}
