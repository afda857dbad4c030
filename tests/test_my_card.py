"""My card at the public page: coming in, what its holder sees and changes, and what a stranger is never told."""

import html
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from litestar.testing import TestClient
from tests.conftest import FIRST_PIN, OTHER_PIN, ROOT, Database, StandingClock
from tests.test_holders import SAID, WINDOW_CLERK, code_in, sent, with_telephone
from tests.test_office import Reader
from tests.test_office_signin import AT, Pages, pages_on
from tests.test_whereabouts import WINDOW, asked

from shebaoka.app import open_house, settings_from
from shebaoka.desk import HOLDER_COOKIE, enquiries, open_counter
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import mask, with_check_digit
from shebaoka.office import journal
from shebaoka.portal import mycard, mysignin
from shebaoka.portal.frame import Page
from shebaoka.records import Digits
from shebaoka.serving import front_of
from shebaoka.wallet import handlers
from shebaoka.window import drafting, entryslips, people, slips, telephones
from shebaoka.window.frame import LABELS as WINDOW_LABELS

LABELS = Page.ROOM.labels
OTHER = "15900005678"


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter and one window."""
    with pages_on(shared_database, tmp_path_factory.mktemp("mycard")) as pages:
        pages.house.windows.add(*WINDOW)
        yield pages


@pytest.fixture(autouse=True)
def _later(pages: Pages) -> None:
    """What was tried in the test before has come back."""
    pages.clock.move(hours=2)


def in_use(pages: Pages, telephone: str = SAID) -> tuple[str, int]:
    """Somebody with a social security card in use, and with a telephone on file."""
    number, who = with_telephone(pages, telephone)
    for service, fields in (
        ("apply_for_card", {"collect_at": "w1"}),
        ("put_in_batch", {"batch": "B-1"}),
        *((service, {}) for service in ("record_made", "record_ready", "collect_card")),
        ("activate_card", {"new_pin": OTHER_PIN}),
    ):
        asked(pages, number, service, **fields)
    return number, who


def fill(client: TestClient[Any], path: str, at: str = "", **fields: str) -> Any:
    """Fill in a form on one of our pages and send it."""
    found = re.search(r'name="mark" value="([^"]+)"', client.get(at or path).text)
    assert found
    return client.post(path, data={"mark": found.group(1), **fields})


def come_in(pages: Pages, who: int, language: str = "en") -> TestClient[Any]:
    """A browser in which a holder is signed in."""
    client = pages.client()
    client.cookies.set("language", language)
    client.cookies.set(HOLDER_COOKIE, pages.house.holders.begin(who, "code"))
    return client


def says(answer: Any, *said: str) -> list[str]:
    """Which of these a page does not say."""
    text = html.unescape(answer.text)
    return [s for s in said if s not in text]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_holder_comes_in_by_a_code(pages: Pages, language: str) -> None:
    """Number and telephone, the code of the message, the card: each page in its language, well-formed, masked. What is
    wrong stands beside its field with what was typed, and never the code; a code used twice is told.
    """
    t, (number, who) = LABELS[language], in_use(pages)
    with pages.client(tls=True) as client:
        client.cookies.set("language", language)
        assert client.get("/my").headers["Location"] == "/my/sign-in"
        wrong = fill(client, "/my/sign-in", number=number[:-2], telephone="<b>1&\u0000😀𠮷")
        assert (wrong.status_code, Reader(wrong.text).faults) == (400, [])
        assert says(wrong, t["my_fault_number_unfit"], number[:-2], 'href="#number"', "<b>1&") == []
        moved = fill(client, "/my/sign-in", number=number, telephone=SAID)
        assert (moved.status_code, moved.headers["Location"]) == (303, "/my/code")
        cookie = next(c for c in moved.headers.get_list("Set-Cookie") if c.startswith("shebaoka_code="))
        assert all(word in cookie.lower() for word in ("httponly", "secure", "samesite=lax"))
        (message,) = sent(pages)
        assert message.language == language
        code = code_in(message)
        false = fill(client, "/my/code", code="12 34 56 78")
        assert (false.status_code, Reader(false.text).faults, "12 34 56 78" in false.text) == (400, [], False)
        assert says(false, t["my_fault_code_is_wrong"]) == []
        assert fill(client, "/my/code", code=code).headers["Location"] == "/my"
        card = client.get("/my")
        assert (card.status_code, Reader(card.text).faults, card.headers["Cache-Control"]) == (200, [], "no-store")
        assert says(card, mask(number), t["usable"], t["my_looks"], t["my_loss"]) == []
        assert number not in card.text
        assert len(card.content) < 100_000
        again = fill(client, "/my/code", code=code)
        assert (again.status_code, says(again, t["my_fault_code_was_used"])) == (400, [])
        lines = pages.house.screens.journal_of(who)
        assert (lines[0].service, lines[0].channel, lines[0].by, lines[0].where) == (
            *("look_up_person", "portal", "holder", "my"),
        )
        assert fill(client, "/my/sign-out", "/my").headers["Location"] == "/my/sign-in?after=signed_out"
        assert says(client.get("/my/sign-in?after=signed_out"), t["my_after_signed_out"]) == []
        assert client.get("/my/looks").headers["Location"] == "/my/sign-in"


def test_a_stranger_is_told_nothing(pages: Pages) -> None:
    """For a number that nobody has, another's telephone and somebody's own the answers are the same, page for page, to
    the last wrong code. Too often for a number and a telephone from one address is told with when to come again,
    however they are typed, and keeps nobody out who knows their own, nor anybody else.
    """
    number, _ = in_use(pages)
    nobody, answers = with_check_digit("14070219850505006"), []
    for asked_for, telephone in ((number, OTHER), (nobody, SAID), (number, SAID)):
        with pages.client() as client:
            moved = fill(client, "/my/sign-in", number=asked_for, telephone=telephone)
            shown = [client.get("/my/code"), *(fill(client, "/my/code", code="none") for _ in range(6))]
            texts = [re.sub(r'name="(mark|once)"[^>]*>', "", page.text) for page in shown]
            answers.append((moved.status_code, moved.headers["Location"], [p.status_code for p in shown], texts))
    assert answers[0] == answers[1] == answers[2]
    with pages.client() as client:
        client.cookies.set("language", "en")
        typed = (OTHER, f"+86{OTHER}", f"{OTHER[:3]} {OTHER[3:]}", OTHER, OTHER)
        told = [fill(client, "/my/sign-in", number=number, telephone=said) for said in typed]
        assert [answer.status_code for answer in told] == [303, 303, 303, 303, 429]
        assert fill(client, "/my/sign-in", number=f" {number[:6]} {number[6:]}", telephone=SAID).status_code == 303
        assert (int(told[-1].headers["Retry-After"]) > 100, says(told[-1], "Too many tries", number)) == (True, [])
        other, _ = in_use(pages)
        assert fill(client, "/my/sign-in", number=other, telephone=SAID).status_code == 303
        for _ in range(60):
            last = fill(client, "/my/code", code="none")
        assert (last.status_code, says(last, "Too many tries")) == (429, [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_holder_comes_in_by_a_slip(pages: Pages, language: str) -> None:
    """A clerk prints it from the person's page, after a look that is journalled; it has the number in part. With the
    number its code lets its holder in, once.
    """
    t, (number, who) = LABELS[language], in_use(pages)
    with pages.client("clerk") as client:
        client.cookies.set("language", language)
        assert WINDOW_LABELS[language]["entry_slip"] in html.unescape(client.get(f"/persons/{who}").text)
        paper = fill(client, f"/persons/{who}/entry-slip", f"/persons/{who}", width="80")
        assert (paper.status_code, paper.headers["Content-Type"]) == (200, "application/pdf")
        assert client.get(f"/persons/{who}/entry-slip").headers["Location"] == f"/persons/{who}"
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(paper.content)).pages)
    (code,) = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", text)
    assert (mask(number) in text.replace("\n", ""), number in text) == (True, False)
    with pages.client() as client:
        client.cookies.set("language", language)
        wrong = fill(client, "/my/slip", number=number, slip="7K3M-9QXD-2T8V")
        assert (wrong.status_code, Reader(wrong.text).faults, "7K3M" in wrong.text) == (400, [], False)
        assert fill(client, "/my/slip", number=number, slip=code.lower()).headers["Location"] == "/my"
        again = fill(client, "/my/slip", number=number, slip=code)
        assert (again.status_code, says(again, t["my_fault_slip_was_used"], number)) == (400, [])
        shown = client.get("/my/looks")
        assert says(shown, t["my_reason_slip"], t["my_reason_entry_slip"], t["role_clerk"], t["my_who_you"]) == []
        assert (Reader(shown.text).faults, "wang" in shown.text, number in shown.text) == ([], False, False)


def test_statement_year_and_looks(pages: Pages) -> None:
    """A statement comes as PDF and CSV, masked or in full as it is asked for, and stands in the journal; the looks go
    back page by page, with why and from where, without a name of the staff. What is asked wrongly is told.
    """
    number, who = in_use(pages)
    with pages.client("clerk") as clerk:
        clerk.get(f"/persons/{who}")
    with come_in(pages, who) as client:
        before = pages.front.person(number).entries
        masked, full = client.get("/my/statement?format=csv"), client.get("/my/statement?format=csv&full=yes")
        assert (mask(number) in masked.text, number in masked.text, number in full.text) == (True, False, True)
        pdf = client.get("/my/statement?year=2013")
        assert (pdf.headers["Content-Type"], pdf.content[:4]) == ("application/pdf", b"%PDF")
        assert pages.front.person(number).entries == before + 3
        for wrong in ("/my/statement?format=exe", "/my/statement?year=2099", "/my?year=x", "/my/looks?before=x"):
            assert client.get(wrong).status_code == 400, wrong
        for n in range(40):
            pages.house.entering.give_slip(WINDOW_CLERK, who)
            asked(pages, number, "look_up_person", reason=f"<i>{n}</i> 家属询问")
        shown = client.get("/my/looks")
        assert says(shown, "your dossier was opened") == [*("your dossier was opened",)]
        assert says(shown, "<i>39</i> 家属询问", LABELS["en"]["role_clerk"], "榆次区社保中心 一号窗口") == []
        older = re.search(r'href="(/my/looks\?before=\d+)"', shown.text)
        assert older
        assert says(client.get(older[1]), "your dossier was opened", "a statement was downloaded") == []
        assert "<i>39" not in shown.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_loss_is_for_the_window_where_the_notice_says_so(pages: Pages, language: str) -> None:
    """In Jinzhong the page names clause 7.1, the papers and the windows, and has no form; who sends one all the same is
    refused by the desk, with the same clause, on the record.
    """
    t, (number, who) = LABELS[language], in_use(pages)
    with come_in(pages, who, language) as client:
        shown = client.get("/my/loss")
        assert (shown.status_code, Reader(shown.text).faults, 'name="report"' in shown.text) == (200, [], False)
        assert says(shown, 'href="/notice/7.1"', "榆次区迎宾街1号", t["my_loss_at_once"]) == []
        once = {"report": "formal.social_security", "once": "0123456789abcdef", "sure": "yes"}
        forged = fill(client, "/my/loss", "/my", **once)
        answer = client.get(forged.headers["Location"])
        assert says(answer, "7.1", t["no"]) == []
        assert pages.house.screens.journal_of(who)[0].answer.ground == "service_is_not_for_this_channel"
        assert pages.front.person(number).cards[0].state == "in_use"
        assert client.get("/my/loss?done=1").status_code == 404


def test_a_loss_is_reported_where_the_notice_lets_this_channel(
    pages: Pages, shared_database: Database, tmp_path: Path
) -> None:
    """Another city's notice, as data: the form offers its temporary report, wants it confirmed, makes it once however
    often it is pressed, and says until when it lasts; a second one is refused with its ground.
    """
    number, who = in_use(pages)
    folder = tmp_path / "city"
    shutil.copytree(ROOT / "notices" / "jinzhong", folder)
    notice = folder / "2013-06-25" / "notice.yaml"
    was = "temporary:\n        channels: [window]"
    text = notice.read_text(encoding="utf-8")
    assert was in text
    notice.write_text(text.replace(was, "temporary:\n        channels: [window, portal]"), encoding="utf-8")
    settings = settings_from(
        {
            "SHEBAOKA_HOME": str(tmp_path),
            "SHEBAOKA_DATABASE_URL": shared_database.app,
            "SHEBAOKA_NOTICE": str(folder),
        }
    )
    clock = StandingClock(AT)
    with open_house(settings, clock=clock) as house, open_counter(house.desk) as counter:
        house.vault.set_first_pin(Digits(FIRST_PIN), length=6)
        there = Pages(house, front_of(house, counter), clock)
        with come_in(there, who) as client:
            shown = client.get("/my/loss")
            assert (Reader(shown.text).faults, 'value="temporary.social_security"' in shown.text) == ([], True)
            assert "formal.social_security" not in shown.text
            (once,) = re.findall(r'name="once" value="([^"]+)"', shown.text)
            form = {"report": "temporary.social_security", "once": once}
            unsure = fill(client, "/my/loss", **form)
            assert (unsure.status_code, says(unsure, "Tick the box", 'href="#sure"', "checked")) == (400, [])
            assert fill(client, "/my/loss", once=once, report="formal.nonsense", sure="yes").status_code == 400
            done = [fill(client, "/my/loss", "/my", **form, sure="yes").headers["Location"] for _ in range(2)]
            assert done[0] == done[1]
            answer = client.get(done[0])
            assert (Reader(answer.text).faults, says(answer, "2013-07-08", "Temporarily reported lost")) == ([], [])
            again = fill(client, "/my/loss", "/my", report="temporary.social_security", once="f" * 16, sure="yes")
            assert LABELS["en"]["no"] in html.unescape(client.get(again.headers["Location"]).text)
            assert there.front.person(number).cards[0].state == "lost_temporary"


def test_another_telephone_and_messages(pages: Pages) -> None:
    """The code goes to the new number, the old one is told, other sessions end; agreeing to messages is one press. A
    number that is none comes back with what was typed.
    """
    _, who = in_use(pages)
    with come_in(pages, who) as client, come_in(pages, who) as elsewhere:
        wrong = fill(client, "/my/telephone", telephone="<12345>")
        assert (wrong.status_code, Reader(wrong.text).faults) == (400, [])
        assert says(wrong, LABELS["en"]["my_fault_telephone_unfit"], "<12345>") == []
        assert client.get("/my/telephone/code").headers["Location"] == "/my/telephone"
        moved = fill(client, "/my/telephone", telephone=OTHER)
        assert (moved.status_code, moved.headers["Location"]) == (303, "/my/telephone/code")
        (message,) = sent(pages)
        false = fill(client, "/my/telephone/code", code="1")
        assert (false.status_code, says(false, LABELS["en"]["my_fault_code_is_wrong"], "159****5678")) == (400, [])
        done = fill(client, "/my/telephone/code", code=code_in(message))
        assert says(client.get(done.headers["Location"]), "159****5678", "signed out") == []
        assert [m.to for m in sent(pages)] == [SAID]
        assert elsewhere.get("/my").headers["Location"] == "/my/sign-in?after=telephone"
        fill(client, "/my/messages", "/my/telephone", agreed="yes", language="zh-Hant")
        kept = pages.house.telephones.of(who)
        assert kept is not None
        assert (kept.number, kept.agreed, kept.language) == (OTHER, True, "zh-Hant")
        assert fill(client, "/my/messages", "/my/telephone", language="fr").status_code == 400
        pages.house.telephones.keep(WINDOW_CLERK, who, "", agreed=False, language="en")
    with come_in(pages, who) as client:
        answer = fill(client, "/my/messages", "/my/telephone", agreed="yes", language="en")
        assert answer.headers["Location"] == "/my/telephone"
        told = [fill(client, "/my/telephone", telephone=SAID).status_code for _ in range(4)]
        assert told == [303, 303, 303, 429]


def test_what_the_house_says_of_its_looks_is_worded() -> None:
    """Each reason that the house's own pages give for a look has words for the holder, in every language."""
    own = [people.REASON, people.FULL_REASON, journal.REASON, slips._FORM_REASON, telephones._REASON]
    own += [entryslips._REASON, enquiries.REASON, handlers.REASON, *mysignin.SIGNED_IN.values()]
    assert set(own) <= set(mycard._REASONS)
    assert any(f"{drafting.REASON} d0".startswith(begin) for begin in mycard._BEGIN)
    of_calls = (*mycard._CALLS.values(), "my_reason_call")
    for label in (*mycard._REASONS.values(), *mycard._BEGIN.values(), *of_calls, "my_reason_paper"):
        assert all(LABELS[language][label] for language in LANGUAGES)


def test_a_form_from_before_is_none_of_the_sessions(pages: Pages) -> None:
    """A mark that a browser had before somebody signed in, or that another slipped it, sends no form of a session's; a
    session that is over leads to where one signs in, and says why.
    """
    _, who = in_use(pages)
    with pages.client() as before:
        found = re.search(r'name="mark" value="([^"]+)"', before.get("/my/sign-in").text)
        assert found
        slipped = before.cookies["shebaoka_form"]
    with come_in(pages, who) as client:
        client.cookies.set("shebaoka_form", slipped)
        assert client.post("/my/sign-out", data={"mark": found.group(1)}).status_code == 403
        assert client.get("/my").status_code == 200
        pages.clock.move(minutes=10)
        assert client.get("/my").headers["Location"] == "/my/sign-in?after=idle"
        assert says(client.get("/my/sign-in?after=idle"), LABELS["en"]["my_after_idle"]) == []
