"""The window's pages by the server's answers: steps, double clicks, two clerks, slips; a browser has the rest."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from asking import ask, to_a_card
from conftest import RIGHT_PIN, Database
from shebaoka.app import House
from shebaoka.desk import Role, Staff, open_counter
from shebaoka.numbers import with_check_digit
from shebaoka.serving import front_of
from shebaoka.web import Front
from webhouse import app_of, house_on

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
NAME = "<script>alert(1)</script>'; drop table person; --"
EVERYTHING = {f"shows_{m}": "yes" for m in ("identity_card", "identity_copy", "card", "agent_identity_card")}


class Window(msgspec.Struct, frozen=True):
    """A house with its front, and clients at windows of it."""

    house: House
    front: Front

    def client(self, name: str, role: Role = Role.CLERK) -> TestClient[Any]:
        """Somebody of the staff at a window of their own."""
        client = TestClient(app_of(self.front), base_url="http://window.test")
        client.follow_redirects = False
        staff = Staff(name, role, f"w-{name}")
        if name not in {a.name for a in self.front.staff.everybody()}:
            self.front.staff.add_person(name, role.value, staff.place)
        client.cookies.set("shebaoka_session", self.front.sessions.begin(staff))
        return client

    def entries(self, number: str) -> list[tuple[str, str]]:
        """What was asked about a person and how it was answered, looks left out, the latest first."""
        lines = self.front.screens.journal_of(self.front.person(number).person_id)
        return [(x.service, x.answer.outcome) for x in lines if x.service != "look_up_person"]


@pytest.fixture(scope="module")
def window(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """The house of this module."""
    shared_database.wipe()
    with house_on(shared_database, tmp_path_factory.mktemp("window"), AT) as house, open_counter(house.desk) as counter:
        yield Window(house, front_of(house, counter))


def holder(window: Window, n: int) -> str:
    """The number of somebody new with a card in use."""
    number = with_check_digit(f"14070219800101{n:03d}")
    desk = window.house.desk()
    for asked in to_a_card(number, new_pin=RIGHT_PIN):
        assert desk.ask(asked).answer.outcome == "accepted", asked
    desk.store.close()
    return number


def mark_of(text: str) -> str:
    """The mark in a page's forms."""
    found = re.search(r'name="mark" value="([^"]+)"', text)
    assert found
    return found.group(1)


def begin(window: Window, client: TestClient[Any], number: str, service: str, card: str = "social_security") -> str:
    """The address of a draft that was begun."""
    person = window.front.person(number).person_id
    mark = mark_of(client.get(f"/persons/{person}").text)
    begun = client.post("/services", data={"mark": mark, "person_id": person, "service": service, "card": card})
    assert begun.status_code == 303
    return str(begun.headers["Location"])


def fields(client: TestClient[Any], draft: str) -> dict[str, str]:
    """The hidden fields of a draft's page."""
    text = client.get(draft).text
    return {"mark": mark_of(text)} | {
        name: found.group(1)
        for name in ("version", "attempt", "told")
        if (found := re.search(f'name="{name}" value="([^"]*)"', text))
    }


def step(client: TestClient[Any], draft: str, of: str, /, **said: str) -> Any:
    """A step's form, filled in."""
    return client.post(f"{draft}/steps/{of}", data={**fields(client, draft), **said})


def walked(window: Window, client: TestClient[Any], number: str, service: str) -> str:
    """A draft of a service without PIN and fee, ready to be confirmed."""
    draft = begin(window, client, number, service)
    step(client, draft, "presenter", presenter="holder")
    step(client, draft, "materials", **EVERYTHING)
    assert step(client, draft, "signature", on_paper="yes").status_code == 303
    return draft


def test_a_double_click_does_one_thing(window: Window) -> None:
    """Confirming twice, with the very same form, is one entry, and both see the answer."""
    number = holder(window, 1)
    with window.client("wang") as client:
        draft = walked(window, client, number, "report_loss.formal")
        form = fields(client, draft)
        answers = [client.post(f"{draft}/confirm", data=form) for _ in range(3)]
        assert [(a.status_code, a.headers["Location"]) for a in answers] == [(303, draft)] * 3
        assert "办好了" in client.get(draft, params={"language": "zh-Hans"}).text
    assert window.entries(number)[0] == ("report_loss", "accepted")
    assert window.entries(number).count(("report_loss", "accepted")) == 1


def test_any_window_goes_on(window: Window) -> None:
    """What one clerk began another goes on with; the first is told who changed what, and keeps what was typed."""
    number = holder(window, 2)
    with window.client("wang") as first, window.client("zhao") as second:
        draft = begin(window, first, number, "report_loss.formal")
        mine = fields(first, draft)
        assert begin(window, second, number, "report_loss.formal") == draft
        assert step(second, draft, "presenter", presenter="holder").status_code == 303
        said = {
            "presenter": "agent",
            "agent_name": NAME,
            "agent_number": "14070219850312002X",
            "agent_relation": "女儿",
        }
        late = first.post(f"{draft}/steps/presenter", data={**mine, **said})
        assert late.status_code == 409
        assert "zhao 在" in late.text
        assert "&lt;script&gt;alert(1)" in late.text
        assert "<script>alert" not in late.text


def test_what_others_did_is_told_before_confirming(window: Window) -> None:
    """Another service meanwhile: the page shows it, keeps everything, and confirms once it was seen."""
    number = holder(window, 3)
    with window.client("wang") as client:
        draft = walked(window, client, number, "report_loss.formal")
        form = fields(client, draft)
        desk = window.house.desk()
        desk.ask(ask("report_loss", number, kind="temporary"))
        desk.store.close()
        told = client.post(f"{draft}/confirm", data=form)
        assert told.status_code == 409
        assert "档案有变动" in told.text
        seen = re.search(r'name="told" value="([1-9][0-9]*)"', told.text)
        assert seen
        assert client.post(f"{draft}/confirm", data={**form, "told": seen.group(1)}).status_code == 303
    assert window.entries(number)[0] == ("report_loss", "accepted")


def test_a_refusal_is_recorded_and_the_draft_goes_on(window: Window) -> None:
    """What was not shown is refused with its clause; the slip says so; once it is brought the same draft is done."""
    number = holder(window, 4)
    with window.client("wang") as client:
        draft = begin(window, client, number, "hand_in_card")
        step(client, draft, "presenter", presenter="holder")
        step(client, draft, "materials", shows_identity_card="yes")
        page = client.get(draft, params={"language": "zh-Hans"}).text
        assert "现在不能办" in page
        assert "7.2" in page
        refused = client.post(f"{draft}/confirm", data={**fields(client, draft), "refusal": "yes"})
        assert refused.status_code == 303
        assert window.entries(number)[0] == ("hand_in_card", "refused")
        for width in ("a4", "80"):
            slip = client.get(f"{draft}/slips/acceptance", params={"width": width})
            assert (slip.status_code, slip.content[:5]) == (200, b"%PDF-")
        form = fields(client, draft)
        assert client.post(f"{draft}/undo", data={**form, "step": "materials"}).status_code == 303
        step(client, draft, "materials", **EVERYTHING)
        step(client, draft, "signature", on_paper="yes")
        client.post(f"{draft}/confirm", data=fields(client, draft))
        assert window.entries(number)[0] == ("hand_in_card", "accepted")


def test_a_pin_goes_by_the_keypad_alone(window: Window) -> None:
    """The holder's window needs no sign-in and is used once; a weak PIN is told there; no other page has it."""
    number = holder(window, 5)
    with window.client("wang") as client:
        draft = begin(window, client, number, "reset_pin")
        step(client, draft, "presenter", presenter="holder")
        step(client, draft, "materials", **EVERYTHING)
        mark = {"mark": fields(client, draft)["mark"]}
        keypad = client.post(f"{draft}/keypad", data=mark).headers["Location"]
        with TestClient(app_of(window.front), base_url="http://window.test") as tablet:
            its = {"mark": mark_of(tablet.get(keypad).text)}
            assert "太容易猜" in tablet.post(keypad, data={**its, "new_pin": "111111", "again": "111111"}).text
            assert "不一样" in tablet.post(keypad, data={**its, "new_pin": "735291", "again": "735292"}).text
            assert tablet.post(keypad, data={**its, "new_pin": "735291", "again": "735291"}).status_code == 200
            assert tablet.get(keypad).status_code == 404
        assert client.get(f"{draft}/pin").text == "1"
        step(client, draft, "signature", on_paper="yes")
        assert "735291" not in client.get(draft).text
        client.post(f"{draft}/confirm", data=fields(client, draft))
    assert window.entries(number)[0] == ("reset_pin", "accepted")
    assert window.front.keypad.digits(draft.rpartition("/")[2]) == (None, None)


def test_a_fee_has_its_receipt(window: Window) -> None:
    """28 yuan for a damaged card (6.2): too little cash is told, the change is worked out, the receipt is printed."""
    number = holder(window, 6)
    with window.client("wang") as client:
        draft = begin(window, client, number, "replace_card.damage")
        step(client, draft, "choices", collect_at="w1")
        step(client, draft, "presenter", presenter="holder")
        step(client, draft, "materials", **EVERYTHING)
        little = step(client, draft, "fee", means="cash", handed_over="20")
        assert (little.status_code, "少于应收" in little.text, 'value="20"' in little.text) == (400, True, True)
        step(client, draft, "fee", means="cash", handed_over="50")
        assert "找 22 元" in client.get(draft, params={"language": "zh-Hans"}).text
        step(client, draft, "signature", on_paper="yes")
        client.post(f"{draft}/confirm", data=fields(client, draft))
        assert window.entries(number)[0] == ("replace_card", "accepted")
        receipt = client.get(f"{draft}/slips/receipt", params={"width": "80"})
        assert (receipt.status_code, receipt.content[:5]) == (200, b"%PDF-")


def test_a_second_person_approves(window: Window) -> None:
    """What waives the fee waits for a supervisor, and goes on where it was once one approved it."""
    number = holder(window, 7)
    with window.client("wang") as client:
        draft = begin(window, client, number, "replace_card.made_wrongly")
        step(client, draft, "choices", collect_at="w1")
        step(client, draft, "presenter", presenter="holder")
        step(client, draft, "materials", **EVERYTHING)
        step(client, draft, "signature", on_paper="yes")
        early = client.post(f"{draft}/confirm", data={**fields(client, draft), "attempt": "0"})
        assert early.status_code == 400
        client.post(f"{draft}/approval", data=fields(client, draft))
        head = Staff("chen", Role.SUPERVISOR, "w0")
        window.front.drafts.approve(
            head, window.front.drafts.get(head, draft.rpartition("/")[2]), given=True, reason=""
        )
        client.post(f"{draft}/confirm", data=fields(client, draft))
    assert window.entries(number)[0] == ("replace_card", "accepted")


def test_somebody_new_is_registered_from_the_search(window: Window) -> None:
    """A number that nobody has is offered to be registered; what is wrong is told by its field, and then it is done."""
    number = with_check_digit("14070219800101999")
    with window.client("wang") as client:
        mark = {"mark": mark_of(client.get("/persons").text)}
        found = client.post("/persons", data={**mark, "text": number})
        assert (found.status_code, 'value="register_person"' in found.text) == (404, True)
        draft = client.post("/services", data={**mark, "number": number, "service": "register_person"}).headers[
            "Location"
        ]
        wrong = step(client, draft, "choices", name="王芳", region="1407", insured_on="2005-03-01")
        assert (wrong.status_code, "六位数字" in wrong.text, 'value="王芳"' in wrong.text) == (400, True, True)
        step(client, draft, "choices", name="王芳", region="140702", insured_on="2005-03-01")
        step(client, draft, "presenter", presenter="holder")
        step(client, draft, "materials", shows_identity_card="yes", shows_insurance_proof="yes")
        step(client, draft, "signature", on_paper="yes")
        client.post(f"{draft}/confirm", data=fields(client, draft))
    assert window.entries(number) == [("register_person", "accepted")]


def test_the_days_list_is_the_windows_own(window: Window) -> None:
    """What was done at a window is on its list and on no other's; another window's is for who oversees."""
    number = holder(window, 8)
    with window.client("qian") as client, window.client("li") as other:
        draft = walked(window, client, number, "report_loss.formal")
        client.post(f"{draft}/confirm", data=fields(client, draft))
        paper = client.get("/day/list")
        assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")
        assert other.get("/day/list", params={"window": "w-qian"}).status_code == 403
        assert client.get("/day/list", params={"on": "2014-01-01"}).status_code == 400
    (done,) = window.front.days.done_at(Staff("qian", Role.CLERK, "w-qian"), "w-qian", AT.date())
    assert (done.line.service, done.number) == ("report_loss", number)
    assert window.front.days.done_at(Staff("li", Role.CLERK, "w-li"), "w-li", AT.date()) == []
    assert window.front.days.done_at(Staff("chen", Role.SUPERVISOR, "w0"), "w-qian", AT.date()) == [done]
