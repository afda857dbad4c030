"""The hotline's pages: a call from its beginning to its end, as an operator sees it, and as who oversees them does."""

import datetime as dt
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from tests.conftest import Database, StandingClock
from tests.scenario import CITIES, files_of, with_wording
from tests.test_calls import NOBODY, RIGHT, WINDOWS, WRONG, holder
from tests.test_office import Reader
from tests.test_office_signin import Pages, pages_on, send

from shebaoka.app import open_house, settings_from
from shebaoka.desk import HOLDER_COOKIE, Role, Staff, near_told, open_counter
from shebaoka.hotline.frame import LABELS
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import mask
from shebaoka.portal.labels import LABELS as PORTAL
from shebaoka.serving import front_of

EVIL = "<script>alert(1)</script> 𠮷㐂 👩‍👩‍👧 \"'&"


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter and two windows."""
    with pages_on(shared_database, tmp_path_factory.mktemp("hotline")) as pages:
        for window in WINDOWS:
            pages.house.windows.add(*window)
        yield pages


@pytest.fixture
def elsewhere(pages: Pages, shared_database: Database, tmp_path: Path) -> Iterator[Pages]:
    """The same people in a city that takes loss reports on the telephone, two years later."""
    notice = tmp_path / "notice"
    for name, content in with_wording(files_of(CITIES / "like_changchun")).items():
        (notice / name).parent.mkdir(parents=True, exist_ok=True)
        (notice / name).write_bytes(content)
    clock = StandingClock(dt.datetime(2015, 6, 1, 4, 0, tzinfo=dt.UTC))
    said = {"SHEBAOKA_HOME": str(pages.house.settings.home), "SHEBAOKA_DATABASE_URL": shared_database.app}
    settings = settings_from(said | {"SHEBAOKA_NOTICE": str(notice)})
    with open_house(settings, clock=clock) as house, open_counter(house.desk) as counter:
        yield Pages(house, front_of(house, counter), clock)


class Operator:
    """Somebody at the hotline's desk, with a browser."""

    def __init__(self, client: TestClient[Any], language: str = "en") -> None:
        self.client, self.language = client, language
        client.cookies.set("language", "zh-Hans")
        self.at = ""

    def takes(self, number: str, matter: str = "activation") -> str:
        """Take a call of somebody who says who they are; the page."""
        self.at = send(self.client, "/hotline", language=self.language).headers["Location"]
        return self.post("claim", number=number, matter=matter)

    def post(self, step: str, *, status: int = 303, **fields: str) -> str:
        """Send a form of the call; the page that comes of it."""
        answer = send(self.client, f"{self.at}/{step}", **fields)
        assert answer.status_code == status, answer.text
        if status == 303:
            answer = self.client.get(answer.headers["Location"].partition("#")[0])
        assert (Reader(answer.text).faults, "<script>alert" in answer.text) == ([], False)
        return html.unescape(answer.text)

    def answers(self, answers: dict[str, str], **more: str) -> str:
        """Fill in what the caller answers; the page."""
        text = self.client.get(self.at).text
        said = {k: v for k, v in answers.items() if k != "cards_before"}
        said |= {f"cards_before_{kind}": "yes" for kind in answers["cards_before"].split(",")}
        (round_,) = re.findall(r'name="round" value="([^"]+)"', text)
        return self.post("answers", **said, **{"round": round_} | more)

    def ends(self, outcome: str = "answered", note: str = "") -> None:
        """End the call."""
        self.post("end", outcome=outcome, note=note)


def text_of(pages: Pages, number: str) -> list[tuple[str, str, str]]:
    """Who looked at somebody, through which channel and why, the latest last."""
    lines = pages.house.screens.journal_of(pages.front.person(number).person_id)
    looks = [line for line in reversed(lines) if line.service == "look_up_person"]
    rows = pages.house.views.rows(
        "select body from journal where person_id = %(p)s and service = 'look_up_person' order by seq",
        {"p": pages.front.person(number).person_id},
    )
    reasons = [re.findall(r'"reason":"([^"]*)"', body)[0] for (body,) in rows]
    return [(line.by, line.channel, reason) for line, reason in zip(looks, reasons, strict=True)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_caller_is_asked_and_then_answered_in_their_language(pages: Pages, language: str) -> None:
    """Nothing of the dossier stands on the page before the caller is identified; then the sentences of 5.2 do, in the
    caller's language, number and name in part; each look stands in the journal with the call and what it was for, and
    its holder reads it in words.
    """
    who, t = holder(pages), LABELS[language]
    with pages.client("operator") as client:
        assert Reader(client.get("/hotline").text).faults == []
        operator = Operator(client, language)
        asks = operator.takes(who, "lock")
        assert (sum(t[f"ask_{q}"] in asks for q in (*RIGHT, "county")), LABELS["zh-Hans"]["to_ask"] in asks) == (
            3,
            True,
        )
        told = operator.answers(RIGHT)
        for secret in (who, "李娜", "13800001234", who[-4:] + "</strong>"):
            assert secret not in asks
        assert (who in told, "李娜" in told, mask(who) in told, "李*" in told) == (False, False, True, True)
        speech = pages.front.speech(pages.house.notices.on(pages.house.screens.today()).id, language)
        for key, facts in (
            ("activated", {"card": "social_security"}),
            ("not_locked", {"card": "social_security"}),
            ("not_lost", {"card": "social_security", "channels": "window"}),
        ):
            assert all(sentence in told for sentence in speech.call(key, facts)), key
        for near in pages.house.places.nearest():
            window = near_told(near, pages.house.screens.today(), speech)
            assert (window.hours in told, window.now in told) == (True, True)
        assert told.index(LABELS["zh-Hans"]["matter_lock"]) < told.index(LABELS["zh-Hans"]["matter_activation"])
        call = operator.at.rpartition("/")[2]
        mine = [look for look in text_of(pages, who) if look[0] == "operator-1"]
        assert mine == [("operator-1", "phone", f"hotline {call}: {why}") for why in ("who calls", "lock")]
        assert client.get(f"{operator.at}/claim?language=en").headers["Location"] == f"{operator.at}?language=en"
        with pages.client() as own:
            own.cookies.set(HOLDER_COOKIE, pages.house.holders.begin(pages.front.person(who).person_id, "slip"))
            own.cookies.set("language", language)
            looks = html.unescape(own.get("/my/looks").text)
        words = PORTAL[language]
        assert (words["my_reason_who_calls"] in looks, words["my_reason_call"] in looks) == (True, True)
        assert "hotline h" not in looks
        operator.ends(note=f"{EVIL} 明天再来")
        assert LABELS["zh-Hans"]["is_over"] in client.get(operator.at).text
        assert "&lt;script&gt;" in client.get("/hotline").text


def test_a_stranger_is_told_the_same_whether_or_not_somebody_exists(pages: Pages) -> None:
    """Status and words of each page are the same for a holder's number and for one that nobody has; what is public is
    offered to both, and after the last try neither is asked again.
    """
    holders = holder(pages)
    with pages.client("operator") as client:
        operator = Operator(client)
        seen = []
        for number in (holders, NOBODY):
            texts = [operator.takes(number), operator.answers(WRONG), operator.answers(WRONG)]
            asked_for = r"<fieldset>.*?</fieldset>|<p><label><span lang.*?</p>|h[0-9a-f]{16}|(?<=value=\")[^\"]*"
            seen.append([re.sub(asked_for, "", text, flags=re.S) for text in texts])
            assert all(f'href="/{way}?language=en"' in texts[2] for way in ("guide", "notice", "places"))
            for step in ("service", "hand-over"):
                fields = {"attempt": "0", "service": "report_loss.temporary|social_security", "wish": "yes"}
                assert send(client, f"{operator.at}/{step}", **fields).status_code == 403
            operator.ends("window")
        assert seen[0] == seen[1]
        assert LABELS["zh-Hans"]["used_up"] in seen[0][2]
        assert pages.front.person(holders).cards[-1].state == "in_use"


def test_one_operator_tries_a_number_so_often_and_others_may_still(pages: Pages) -> None:
    """The sixth time within an hour is told with when to come back; another operator, and another number, go on; a
    caller who was identified counts as no try.
    """
    who, other = holder(pages), Staff("operator-2", Role.OPERATOR, "")
    pages.house.staff.add_person("operator-2", "operator")
    with pages.client("operator") as client, pages.client() as second:
        operator = Operator(client)
        operator.takes(who)
        operator.answers(RIGHT)
        operator.ends()
        for _ in range(5):
            operator.takes(who)
            operator.ends("cut_off")
        operator.at = send(client, "/hotline", language="en").headers["Location"]
        full = send(client, f"{operator.at}/claim", number=who, matter="loss")
        assert (full.status_code, full.headers["Retry-After"], who in full.text) == (429, "720", True)
        assert LABELS["zh-Hans"]["fault_too_many_tries"].format(12) in html.unescape(full.text)
        operator.post("claim", number=NOBODY, matter="loss")
        operator.ends("public")
        second.cookies.set("shebaoka_session", pages.front.sessions.begin(other))
        colleague = Operator(second)
        colleague.takes(who)
        assert LABELS["zh-Hans"]["call_identified"] in colleague.answers(RIGHT)
        colleague.ends()


def test_a_caller_is_handed_over_to_a_window_as_a_draft(pages: Pages) -> None:
    """The clerk there finds it on the person's page; sent twice it is one; what is not possible now, and a window
    that is none, are told.
    """
    who, t = holder(pages), LABELS["zh-Hans"]
    with pages.client("operator") as client:
        operator = Operator(client)
        operator.takes(who)
        operator.answers(RIGHT)
        wrong = {"wanted": "activate_card|social_security", "window": "w2"}
        for changes in (wrong, wrong | {"wanted": EVIL}, {"wanted": "reset_pin|social_security", "window": "w9"}):
            assert t["fault_call_window_unfit"] in operator.post("hand-over", status=400, **changes)
        for _ in range(2):
            told = operator.post("hand-over", wanted="report_loss.formal|social_security", window="w2")
        assert told.count("已转给 w2") == 1
        (draft,) = pages.house.drafts.open_of(who)
        assert (draft.place, draft.opened_by, draft.service) == ("w2", "operator-1", "report_loss.formal")
        operator.ends("handed_over")
    with pages.client("clerk") as client:
        text = client.get(f"/persons/{pages.front.person(who).person_id}").text
        assert f'href="/drafts/{draft.id}"' in text
        assert "operator-1 · w2" in text


def test_a_loss_is_reported_by_telephone_only_where_the_notice_lets_it(pages: Pages, elsewhere: Pages) -> None:
    """Jinzhong's names the window, and says so; another city's takes it: asked for by the caller, once however often it
    is sent, through the desk with its clause, and read out; found again it is cancelled the same way.
    """
    who, t = holder(pages), LABELS["zh-Hans"]
    loss = {"service": "report_loss.temporary|social_security", "wish": "yes"}
    with pages.client("operator") as client:
        operator = Operator(client)
        operator.takes(who, "loss")
        told = operator.answers(RIGHT)
        assert t["by_telephone_none"].format("7.1") in told
        assert t["fault_call_service_unfit"] in operator.post("service", status=400, attempt="0", **loss)
        operator.ends()
    with elsewhere.client("operator") as client:
        operator = Operator(client)
        operator.takes(who, "loss")
        assert "report_loss.temporary|social_security" in operator.answers(RIGHT)
        assert t["fault_call_wish_unfit"] in operator.post("service", status=400, attempt="0", **loss | {"wish": ""})
        for _ in range(2):
            told = operator.post("service", attempt="0", **loss)
        assert "2015-06-11" in told
        assert elsewhere.front.person(who).cards[-1].state == "lost_temporary"
        line = next(
            x for x in elsewhere.house.screens.journal_of(operator_of(elsewhere, who)) if x.service == "report_loss"
        )
        assert (line.by, line.channel, line.answer.clause) == ("operator-1", "phone", "9.4")
        operator.post("service", attempt="1", service="cancel_loss_report|social_security", wish="yes")
        assert elsewhere.front.person(who).cards[-1].state == "in_use"
        operator.ends("reported")


def operator_of(pages: Pages, number: str) -> int:
    """Somebody's id."""
    return pages.front.person(number).person_id


def test_what_is_typed_wrongly_is_told_by_its_field(pages: Pages) -> None:
    """Each field, with HTML, emoji and rare characters in it: a sentence names it, what was typed is still there,
    nothing was done, and an answer that cannot be read is no try.
    """
    who, t = holder(pages), LABELS["zh-Hans"]
    with pages.client("operator") as client:
        operator = Operator(client)
        assert t["fault_call_language_unfit"] in html.unescape(send(client, "/hotline", language=EVIL).text)
        operator.takes(who)
        for step, fields, label in (
            ("claim", {"number": EVIL, "matter": "loss"}, "call_number"),
            ("claim", {"number": who, "matter": EVIL}, "call_matter"),
            ("end", {"outcome": EVIL, "note": "x"}, "call_outcome"),
            ("end", {"outcome": "answered", "note": "请回电 138 0000 1234"}, "call_note"),
            ("end", {"outcome": "answered", "note": "x" * 2000}, "call_note"),
        ):
            assert t[f"fault_{label}_unfit"] in operator.post(step, status=400, **fields)
        call = pages.house.calls.get(Staff("operator-1", Role.OPERATOR, ""), operator.at.rpartition("/")[2])
        answers = dict.fromkeys(call.asked, "a\tb" * 200)
        text = client.get(operator.at).text
        (round_,) = re.findall(r'name="round" value="([^"]+)"', text)
        told = send(client, f"{operator.at}/answers", **answers, round=round_)
        assert (told.status_code, Reader(told.text).faults) == (400, [])
        assert LABELS["zh-Hans"]["call_identified"] in operator.answers(RIGHT)
        operator.ends()


def test_who_oversees_sees_the_calls_and_no_number(pages: Pages) -> None:
    """The calls of a day with how they went, page by page, counted all together, and each step of one; an operator
    sees only their own desk.
    """
    who = holder(pages)
    with pages.client("operator") as client:
        operator = Operator(client)
        operator.takes(who)
        operator.answers(RIGHT)
        operator.ends("window", "听不清")
        assert client.get("/hotline/calls").status_code == 403
    for role in ("auditor", "supervisor"):
        with pages.client(role) as client:
            assert client.get("/hotline").headers["Location"] == "/hotline/calls"
            listed = client.get("/hotline/calls", params={"operator": "operator-1"})
            assert (Reader(listed.text).faults, "听不清" in listed.text, who in listed.text) == ([], True, False)
            assert "听不清" not in client.get("/hotline/calls", params={"operator": EVIL}).text
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("shebaoka.desk.calls.SHOWN", 2)
                seen, path = list[str](), "/hotline/calls?operator=operator-1"
                while path:
                    listed = client.get(path)
                    counted = re.search(r'role="status">(\d+)', listed.text)
                    seen += re.findall(r'href="/hotline/calls/(h[0-9a-f]{16})"', listed.text)
                    following = re.search(r'rel="next" href="([^"]+)"', listed.text)
                    path = html.unescape(following[1]) if following else ""
                assert counted
                assert (len(seen) > 2, len(seen), len(set(seen))) == (True, int(counted[1]), int(counted[1]))
            record = client.get(f"/hotline/calls/{operator.at.rpartition('/')[2]}")
            assert (Reader(record.text).faults, f'href="/persons/{operator_of(pages, who)}"' in record.text) == (
                [],
                True,
            )
            assert LABELS["zh-Hans"]["event_identified"] in record.text
            assert client.get("/hotline/calls/h0000000000000000").status_code == 404
            assert client.get(operator.at).status_code == 403
