"""Forms of the public page: sent twice, as by a second click, and looked at in another language."""

import html
import itertools
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from litestar.testing import TestClient
from tests.conftest import Database
from tests.test_holders import SAID, WINDOW_CLERK, code_in, sent
from tests.test_my_card import OTHER, come_in, in_use
from tests.test_office import mark_of
from tests.test_office_signin import Pages, pages_on
from tests.test_whereabouts import WINDOW

from shebaoka.desk import HOLDER_COOKIE, Role, Staff
from shebaoka.portal import router, sentforms
from shebaoka.portal.mysignin import CODE_COOKIE
from shebaoka.records import StoreDown
from shebaoka.slipcode import grouped_slip_code

CHIEF = Staff("chief", Role.SUPERVISOR, "")


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter and one window."""
    with pages_on(shared_database, tmp_path_factory.mktemp("sent")) as pages:
        pages.house.windows.add(*WINDOW)
        yield pages


@pytest.fixture(autouse=True)
def _later(pages: Pages) -> None:
    """What was tried in the test before has come back."""
    pages.clock.move(hours=2)


def form_at(client: TestClient[Any], path: str, at: str = "") -> dict[str, str]:
    """What the form that leads to an address brings along by itself."""
    text = client.get(at or path).text
    (form,) = re.findall(rf'<form[^>]* action="{path}".*?</form>', text, re.DOTALL)
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', form))


def clicked(client: TestClient[Any], path: str, form: dict[str, str], times: int = 2) -> list[Any]:
    """A form that is sent so often at the same moment, and once more when that was answered."""
    answers, together = list[Any](), threading.Barrier(times)

    def click() -> None:
        together.wait()
        answers.append(client.post(path, data=form))

    threads = [threading.Thread(target=click) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [*answers, client.post(path, data=form)]


def same(answers: list[Any], cookie: str = "") -> tuple[int, str, str]:
    """Status, address and cookie, which all have alike; the pages are the same too."""
    seen = {(a.status_code, a.headers.get("Location", ""), a.cookies.get(cookie, ""), a.text) for a in answers}
    assert len(answers) == 3
    ((status, location, brought, _),) = seen
    return status, location, brought


def send(client: TestClient[Any], path: str, at: str = "", **fields: str) -> list[Any]:
    """Fill in the form at an address, and click it twice and once more."""
    return clicked(client, path, form_at(client, path, at) | fields)


def test_a_code_is_asked_for_and_typed_once(pages: Pages) -> None:
    """One message, and one attempt; a wrong code is one try, the right one opens one session, however often it is
    clicked and though the browser has the session by then. A minute later the same form is a new one.
    """
    number, who = in_use(pages)
    with pages.client() as client:
        status, location, name = same(send(client, "/my/sign-in", number=number, telephone=SAID), CODE_COOKIE)
        assert (status, location, bool(name)) == (303, "/my/code", True)
        (message,) = sent(pages)
        for _ in range(4):
            assert same(send(client, "/my/code", code="0"))[0] == 400
        form = form_at(client, "/my/code") | {"code": code_in(message)}
        status, location, cookie = same(clicked(client, "/my/code", form), HOLDER_COOKIE)
        assert (status, location, bool(cookie)) == (303, "/my", True)
        assert client.get("/my").status_code == 200
        assert [line.service for line in pages.house.screens.journal_of(who)].count("look_up_person") == 1
        with pages.client() as stranger:
            assert stranger.post("/my/code", data=form).status_code == 403
        pages.clock.move(minutes=1)
        assert client.post("/my/code", data=form).status_code in (400, 403)


def test_a_slip_opens_once(pages: Pages) -> None:
    """Its code is used up by the first sending, and the others come in by it all the same."""
    number, who = in_use(pages)
    slip = pages.house.entering.give_slip(WINDOW_CLERK, who)
    with pages.client() as client:
        answers = send(client, "/my/slip", number=number, slip=grouped_slip_code(slip.code))
        assert same(answers, HOLDER_COOKIE)[:2] == (303, "/my")
        assert client.get("/my").status_code == 200


def test_a_telephone_is_changed_once(pages: Pages) -> None:
    """One code goes to the new number, and the old one is told once."""
    _, who = in_use(pages)
    with come_in(pages, who) as client:
        assert same(send(client, "/my/telephone", telephone=OTHER))[:2] == (303, "/my/telephone/code")
        (message,) = sent(pages)
        answers = send(client, "/my/telephone/code", code=code_in(message))
        assert same(answers)[:2] == (303, "/my/telephone?done=changed")
        assert [m.to for m in sent(pages)] == [SAID]
        assert same(send(client, "/my/sign-out", "/my"))[:2] == (303, "/my/sign-in?after=signed_out")


def test_a_limit_is_for_forms_and_not_for_clicks(pages: Pages) -> None:
    """Of the bookings that a number may have a day each is one, and so is each wrong proof at `/where`; feedback is
    kept once.
    """
    number, _ = in_use(pages)
    wish = {"kind": "activation", "telephone": SAID, "day": "2013-07-02"}
    with pages.client() as client:
        for n in range(1, 7):
            assert same(send(client, "/booking", **wish, time=f"10:0{n}"))[0] == 303
            assert pages.house.bookings.count_waiting(CHIEF)[0] == n
        assert {a.status_code for a in send(client, "/booking", **wish, time="09:00")} == {429}
        assert same(send(client, "/feedback", kind="other", said="好"))[0] == 303
        assert pages.house.feedback.count_waiting(CHIEF)[0] == 1
        for n in range(8):
            assert same(send(client, "/where", number=number, proof=f"Z{n:08d}"))[0] == 404
        assert {a.status_code for a in send(client, "/where", number=number, proof="Z00000008")} == {429}


def test_what_failed_may_be_sent_again(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours is not remembered; and of many forms the oldest are forgotten."""
    with pages.client() as client:
        form = form_at(client, "/feedback") | {"kind": "other", "said": "好"}
        with monkeypatch.context() as patch:
            patch.setattr(pages.front.feedback, "give", down)
            assert {a.status_code for a in clicked(client, "/feedback", form)} == {503}
        done = client.post("/feedback", data=form).headers["Location"]
        monkeypatch.setattr(sentforms, "MOST", 2)
        for said in ("好的", "很好"):
            client.post("/feedback", data=form | {"said": said})
        assert len(client.app.state["sent_forms"]._sent) == 2
        assert client.post("/feedback", data=form).headers["Location"] == done


def ways(text: str) -> list[tuple[str, str]]:
    """Where a page's links to another language, type or contrast lead, and what they ask for."""
    found = re.findall(
        r'<a (?:lang="[^"]+" hreflang="[^"]+" )?href="([^"]*?((?:language|type|contrast)=[a-zA-Z-]+))"', text
    )
    return [(html.unescape(address), asked) for address, asked in found]


def test_every_form_is_answered_in_another_language_too(pages: Pages) -> None:
    """Whatever an address of the public page answers to a form, its links to language, type and contrast lead to a page
    that there is, and it is as was asked for; also where the address takes forms alone, and where nobody is signed in.
    """
    _, who = in_use(pages)
    with pages.client() as client:
        wish = {"kind": "activation", "telephone": SAID, "day": "2013-07-03", "time": "09:00"}
        booked = client.post("/booking", data=form_at(client, "/booking") | wish).headers["Location"]
        code = booked.partition("?")[0].rpartition("/")[2]
    withdrawn, session = f"/follow/{code}/withdraw", pages.house.holders.begin(who, "code")
    forms = {r.path.replace("{code:str}", code) for r in router().routes if "POST" in getattr(r, "methods", ())}
    assert len(forms) >= 14
    seen = set()
    with pages.client() as client, pages.client() as otherwise:
        for path, holder in itertools.product(sorted(forms), (False, True)):
            client.cookies.clear()
            if holder:
                client.cookies.set(HOLDER_COOKIE, pages.house.holders.begin(who, "code"))
            mark = mark_of(client, "/my/sign-in")
            for brought in ("none", mark) if path != withdrawn else ("none",):
                answer = client.post(path, data={"mark": brought})
                if answer.status_code < 400:
                    continue
                seen.add(path)
                links = ways(answer.text)
                assert len(links) == 4
                for address, asked in links:
                    otherwise.cookies.clear()
                    if holder:
                        otherwise.cookies.set(HOLDER_COOKIE, session)
                    shown = otherwise.get(urljoin(path, address), follow_redirects=True)
                    (begins,) = re.findall("<html[^>]*>", shown.text)
                    name, _, value = asked.partition("=")
                    assert shown.status_code == 200, (path, address)
                    assert (f'lang="{value}"' if name == "language" else value) in begins, (path, address)
    assert seen == forms


def test_every_form_has_its_word() -> None:
    """No form of the public page is without the word by which it is known when it is sent twice."""
    folder = Path(sentforms.__file__).parent / "templates"
    text = "".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.html")))
    forms = re.findall(r'<form[^>]* method="post".*?</form>', text, re.DOTALL)
    assert [form for form in forms if 'name="once" value="{{ once() }}"' not in form] == []
    assert len(forms) >= 14


def down(_: object) -> None:
    """A database that is away."""
    raise StoreDown("It is away.")
