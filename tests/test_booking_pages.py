"""Asking to be called, and saying what one thinks, at the public page; and the operators' pages where both end."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import Database
from tests.test_office import Reader
from tests.test_office_signin import AT, Pages, pages_on, send
from tests.webhouse import seat

from shebaoka.desk import QUESTIONS
from shebaoka.hotline.frame import LABELS as DESK
from shebaoka.notice import LANGUAGES
from shebaoka.pages import HEADERS
from shebaoka.portal.labels import LABELS
from shebaoka.records import TooManyTries

NUMBER, SHOWN = "13800001234", "138****1234"
WISH = {"kind": "activation", "telephone": NUMBER, "day": "2013-07-02", "time": "09:00"}
HOSTILE = "</textarea><script>alert(1)</script> \u202e 𠮷 㐂 👨‍👩‍👧‍👦 ' or 1=1 --"


@pytest.fixture(scope="module")
def house(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter."""
    with pages_on(shared_database, tmp_path_factory.mktemp("asking")) as pages:
        yield pages


@pytest.fixture
def pages(house: Pages, shared_database: Database) -> Pages:
    """The same with nobody on file, on the Monday at noon."""
    shared_database.wipe()
    house.clock.at = AT
    house.house.limits.__init__(house.clock)  # type: ignore[misc]
    return house


def read(answer: Any, status: int = 200) -> str:
    """A page that is well-formed and small, as people read it."""
    assert (answer.status_code, Reader(answer.text).faults) == (status, [])
    assert len(answer.content) < 100_000
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
    return html.unescape(answer.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_somebody_is_called_back(pages: Pages, language: str) -> None:
    """The page says what is promised with the day; the booking has a page of its own under its number; an operator
    takes it, sees the number, and says what became of the call, which whoever booked reads; nothing of it is elsewhere.
    """
    t, d = LABELS[language], DESK[language]
    with pages.client() as client, pages.client("operator") as desk, pages.client("supervisor") as chief:
        for one in (client, desk, chief):
            one.cookies.set("language", language)
        text = read(client.get("/booking"))
        said = pages.house.speech(pages.house.notices.versions[-1].id, language)
        assert (t["booking_used_for"] in text, said.date(AT.date().replace(day=31)) in text) == (True, True)
        assert all(t[f"question_{kind}"] in text for kind in QUESTIONS)
        done = send(client, "/booking", **WISH)
        assert done.status_code == 303
        path = done.headers["Location"].partition("?")[0]
        assert re.fullmatch(r"/follow/[0-9A-Z]{4}(-[0-9A-Z]{4}){2}", path)
        assert send(client, "/booking", **WISH).headers["Location"] == done.headers["Location"]
        shown = read(client.get(done.headers["Location"]))
        assert (t["booking_made"] in shown, SHOWN in shown, NUMBER in shown) == (True, True, False)
        listed = read(desk.get("/hotline/bookings"))
        assert (SHOWN in listed, NUMBER in listed, d["is_waiting"] in listed) == (True, False, True)
        (one,) = set(re.findall(r'href="(/hotline/bookings/[0-9]+)"', listed))
        assert send(desk, one, act="reached").status_code == 409
        assert send(desk, one, act="take").headers["Location"] == one
        mine, seen = read(desk.get(one)), read(chief.get(one))
        assert (f'href="tel:{NUMBER}"' in mine, NUMBER in seen, "operator-1" in seen) == (True, False, True)
        assert re.findall(r'action="([^"]+)"', seen) == ["/sign-out"]
        pages.clock.move(days=1, hours=-3)
        seat(desk, pages.front, "operator")
        assert d["is_time"] in read(desk.get("/hotline/bookings"))
        send(desk, one, act="missed")
        assert t["booking_is_tried"].format(1) in read(client.get(path))
        pages.clock.move(days=2)
        seat(desk, pages.front, "operator")
        seat(chief, pages.front, "supervisor")
        assert d["is_overdue"] in read(desk.get("/hotline/bookings"))
        waits = read(desk.get("/hotline"))
        assert (d["how_many_wait"].format(1) in waits, d["how_many_overdue"].format(1) in waits) == (True, True)
        send(desk, one, act="take")
        send(desk, one, act="reached")
        assert t["booking_is_reached"] in read(client.get(path))
        assert d["none_wait"] in read(desk.get("/hotline/bookings"))
        ended = read(chief.get("/hotline/bookings?state=ended"))
        assert (d["is_reached"] in ended, NUMBER in ended) == (True, False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_feedback_is_answered(pages: Pages, language: str) -> None:
    """Hostile text stays text on every page; the answer is read with the number; withdrawing deletes both at once."""
    t, d = LABELS[language], DESK[language]
    with pages.client() as client, pages.client("operator") as desk:
        for one in (client, desk):
            one.cookies.set("language", language)
        assert t["ask_nothing_secret"] in read(client.get("/feedback"))
        done = send(client, "/feedback", kind="service", said=HOSTILE, telephone="")
        path = done.headers["Location"].partition("?")[0]
        assert (t["feedback_made"] in read(client.get(done.headers["Location"])), done.status_code) == (True, 303)
        for page in (client.get(path), desk.get("/hotline/feedback")):
            assert ("<script>alert" in page.text, HOSTILE[:40] in read(page)) == (False, True)
        (one,) = set(re.findall(r'href="(/hotline/feedback/[0-9]+)"', desk.get("/hotline/feedback").text))
        send(desk, one, act="take")
        wrong = read(send(desk, one, act="answer", answer="字" * 1001), 400)
        assert (d["fault_answer_too_long"].format(has=1001, most=1000) in wrong, "字" * 1001 in wrong) == (True, True)
        assert d["fault_answer_empty"] in read(send(desk, one, act="answer", answer=""), 400)
        assert send(desk, one, act="answer", answer=HOSTILE).headers["Location"] == one
        assert read(client.get(path)).count(HOSTILE) == 2
        assert read(desk.get(one)).count(HOSTILE) == 2
        assert d["is_answered"] in read(desk.get("/hotline/feedback?state=ended"))
        assert read(send(desk, one, act="answer", answer="x"), 409)
        gone = send(client, f"{path}/withdraw")
        assert (gone.status_code, gone.headers["Location"]) == (303, "/follow?done=withdrawn")
        assert t["follow_withdrawn"] in read(client.get(gone.headers["Location"]))
        assert t["ask_code_unknown"] in read(client.get(path), 404)
        read(desk.get(one), 404)
        assert send(client, f"{path}/withdraw").status_code == 303


def test_a_list_goes_on_to_its_end(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page says how many there are and leads on until all were shown, of those that wait and those that are done."""
    monkeypatch.setattr("shebaoka.hotline.bookings.LINES", 2)
    d = DESK["zh-Hans"]
    with pages.client() as client, pages.client("operator") as desk:
        for n in range(5):
            send(client, "/booking", **(WISH | {"kind": QUESTIONS[n]}))
            send(client, "/feedback", kind="other", said=f"{n}", telephone="")

        def walked(path: str, label: str) -> list[str]:
            found, at, begin = [], path, path
            while at:
                text = read(desk.get(at))
                assert d[label].format(5) in text
                assert (f'href="{begin}"' in text.partition("</table>")[2]) == (at != begin)
                found += re.findall(rf'<a href="({path.partition("?")[0]}/[0-9]+)"', text)
                at = "".join(re.findall(r'rel="next" href="([^"]+)"', text))
            return found

        for path, acts in (
            ("/hotline/bookings", ({"act": "reached"},)),
            ("/hotline/feedback", ({"act": "answer", "answer": "好"},)),
        ):
            waiting = walked(path, "how_many_wait")
            assert len(waiting) == len(set(waiting)) == 5
            for one in waiting:
                for act in ({"act": "take"}, *acts):
                    assert send(desk, one, **act).status_code == 303
            assert walked(f"{path}?state=ended", "how_many_ended") == waiting[::-1]
            assert desk.get(f"{path}?after=x").status_code == 400


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_wrong_stands_beside_its_field(pages: Pages, language: str) -> None:
    """At the top with a link to each field, and beside it; what was typed is still there; nothing is kept."""
    t = LABELS[language]
    with pages.client() as client:
        client.cookies.set("language", language)
        for changes, field, code in (
            ({"day": "2013-06-28"}, "day", "past"),
            ({"day": "2013-07-06"}, "day", "closed"),
            ({"day": "2014-07-06"}, "day", "closed"),
            ({"day": "2014-07-07"}, "day", "too_late"),
            ({"day": ""}, "day", "choose"),
            ({"time": "03:00"}, "time", "closed"),
            ({"day": "2013-07-01"}, "time", "past"),
            ({"time": HOSTILE}, "time", "choose"),
            ({"telephone": "12345"}, "telephone", "unfit"),
            ({"telephone": ""}, "telephone", "empty"),
            ({"kind": HOSTILE}, "kind", "choose"),
        ):
            answer = send(client, "/booking", **(WISH | changes))
            text = read(answer, 400)
            sentence = max(re.split(r"\{\w+\}", t[f"ask_{field}_{code}"]), key=len)
            assert text.count(sentence) == 2, (field, code)
            assert f'href="#{field}"' in text
            assert f'id="{field}"' in text
            assert 'aria-invalid="true" aria-describedby="' in text
            assert f'value="{changes.get("telephone", NUMBER)}"' in text
        wrong = read(send(client, "/feedback", kind="", said=f"{HOSTILE}\n" + "👍🏽" * 501, telephone="x"), 400)
        for field, code in (("kind", "choose"), ("said", "too_long"), ("telephone", "unfit")):
            assert t[f"ask_{field}_{code}"].partition("{")[0] in wrong
        assert f"{HOSTILE}\n{'👍🏽' * 501}</textarea>" in wrong
        for code, label, status in (
            ("", "ask_code_empty", 400),
            ("7K3M", "ask_code_unfit", 400),
            (HOSTILE, "ask_code_unfit", 400),
            ("000000000000", "ask_code_unknown", 404),
        ):
            assert t[label] in read(send(client, "/follow", code=code), status)
        assert t["ask_code_unfit"] in read(client.get("/follow/7K3M"), 400)
    with pages.client("operator") as desk:
        assert DESK["zh-Hans"]["none_wait"] in read(desk.get("/hotline/bookings"))


def test_a_number_is_read_however_it_is_typed(pages: Pages) -> None:
    """Small letters, blanks and none: it leads to the one address of what it stands for."""
    with pages.client() as client:
        path = send(client, "/booking", **WISH).headers["Location"].partition("?")[0]
        code = path.rpartition("/")[2]
        for typed in (
            code.lower(),
            code.replace("-", " "),
            f" {code.replace('-', '')} ",
            f"https://x.test/slip/{code}",
        ):
            assert send(client, "/follow", code=typed).headers["Location"] == path


def too_often(kind: str, key: str) -> None:
    """A limit that is reached."""
    raise TooManyTries(f"{kind} {key}", wait_s=60)


def test_a_flood_is_turned_away(pages: Pages) -> None:
    """One address books so often an hour, and so often for one number a day; somebody elsewhere is not held up, and
    what was typed is still there.
    """
    with pages.client() as client:
        for n in range(6):
            assert send(client, "/booking", **(WISH | {"time": f"10:{n:02d}"})).status_code == 303
        many = send(client, "/booking", **WISH)
        assert (many.status_code, int(many.headers["Retry-After"]) > 0) == (429, True)
        assert f'value="{NUMBER}"' in read(many, 429)
        assert send(client, "/booking", **(WISH | {"telephone": "13900001234"})).status_code == 303
        for _ in range(52):
            send(client, "/booking", **(WISH | {"telephone": "1"}))
        assert send(client, "/booking", **(WISH | {"telephone": "13700001234"})).status_code == 429
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pages.front.limits, "take", too_often)
            said = read(send(client, "/feedback", kind="other", said=HOSTILE), 429)
    assert LABELS["zh-Hans"]["trouble_429"] in html.unescape(many.text)
    assert (f"{HOSTILE}</textarea>" in said, LABELS["zh-Hans"]["trouble_429"] in said) == (True, True)


def test_a_form_that_nobody_types_costs_nothing(pages: Pages) -> None:
    """What is longer than any form is turned away unread, at every page that anybody may send to; what fits into one
    and is far too long comes back in part, in a page that is still small.
    """
    with pages.client() as client:
        for path in ("/feedback", "/booking", "/follow", "/where", "/my/sign-in", "/my/slip", "/my/code"):
            answer = client.post(path, data={"said": "<" * 50_000})
            assert LABELS["zh-Hans"]["trouble_413"] in read(answer, 413), path
        assert client.post("/sign-in", data={"name": "<" * 50_000}).status_code == 413
        back = send(client, "/feedback", kind="other", said="<" * 40_000, telephone="<" * 900)
        assert (back.status_code, len(back.content) < 100_000) == (400, True)
        assert "&lt;" * 10_000 in back.text
        assert "kept for 1 year, and" in read(client.get("/feedback?language=en"))


def test_forms_come_from_our_pages(pages: Pages) -> None:
    """Without the mark of a page of ours nothing is kept, answered or deleted; what was typed for long is not lost."""
    with pages.client() as client:
        path = send(client, "/booking", **WISH).headers["Location"].partition("?")[0]
        for where in ("/booking", "/feedback", "/follow", f"{path}/withdraw"):
            assert client.post(where, data=WISH | {"time": "11:00"}).status_code == 403
        assert f'value="{NUMBER}"' in read(client.post("/booking", data=WISH | {"mark": "old"}), 403)
        client.cookies.clear()
        back = read(client.post("/feedback", data={"kind": "other", "said": HOSTILE, "mark": "old"}), 403)
        assert f"{HOSTILE}</textarea>" in back
        assert LABELS["zh-Hans"]["ask_form_is_old"].format("12333") in back
        (mark,) = set(re.findall(r'name="mark" value="([^"]+)"', back))
        again = client.post("/feedback", data={"kind": "other", "said": HOSTILE, "mark": mark}, follow_redirects=False)
        assert again.status_code == 303
        assert read(client.get(path))
