"""The guide: what it asks in a city, what it answers from the rules, in which words, on pages and to programs.

Its law is in `laws/`.
"""

import contextlib
import datetime as dt
import functools
import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient
from tests.conftest import Database
from tests.webhouse import house_on

from scenario import read_cities
from shebaoka.cli import main
from shebaoka.desk import Guide, GuideTold, PlacesRoom, beside_told, cards_beside, matters, open_counter
from shebaoka.desk.limits import LIMITS
from shebaoka.notice import LANGUAGES, Notice, Notices, Speech, Words
from shebaoka.records import GUIDE_STEPS, BadInput, Material, Matter, NotFound, StoreDown, TooManyTries
from shebaoka.rules import course_of, questions_of
from shebaoka.serving import front_of, make_app

ON = dt.date(2026, 11, 26)
SOCIAL = {"card": "social_security", "reported": "no", "meanwhile": "yes", "who": "holder"}


@functools.cache
def cities() -> dict[str, Notices]:
    """Jinzhong and the cities of the tests."""
    return read_cities()


def ways(matter: Matter, notice: Notice, so_far: dict[str, str] | None = None) -> Iterator[dict[str, str]]:
    """All answers that can be given in a matter."""
    asked, counted = questions_of(matter, so_far or {}, notice)
    for question in asked:
        if question.code not in counted:
            for option in question.options:
                yield from ways(matter, notice, {**counted, question.code: option})
            return
    yield counted


def told(words: dict[str, Words], matter: str, language: str = "en", city: str = "jinzhong", **said: str) -> GuideTold:
    """What the guide of a city says to these answers."""
    notices = cities()[city]
    on = min(ON, notices.versions[-1].in_force_until or ON)
    return Guide(notices).told(matter, said, on, Speech(notices.on(on), words[language]))


def test_every_answer_in_every_city_leads_somewhere(words: dict[str, Words]) -> None:
    """However the questions are answered, there are steps; each has its clause, and what is not possible says what is.

    No sentence lacks a fact, whoever goes brings exactly what the notice asks of them, and no step is there in vain.
    """
    seen, met = 0, set()
    for city, notices in cities().items():
        for notice in notices.versions:
            guide, on = Guide(notices), notice.in_force_until or max(notice.in_force_from, ON)
            for matter in Matter:
                for answers in ways(matter, notice):
                    speech = Speech(notice, words[LANGUAGES[seen % 3]])
                    found = guide.told(matter, answers, on, speech)
                    assert found.steps, (city, matter, answers)
                    assert not found.open
                    for step in found.steps:
                        sentences = (step.name, step.sentence, *step.before, *step.remarks, *step.do, *step.readings)
                        assert all(s and "{" not in s for s in sentences), (city, matter, answers)
                        if notice.p.cutover_on is not None:  # a city that has not said its day says a dash
                            assert not [s for s in sentences if "—" in s], (city, matter, answers)
                        assert step.possible or step.do
                        met.add(step.service)
                        asked = notice.materials.get(step.service) or notice.materials.get(step.service.split(".")[0])
                        if step.papers:
                            adds = asked.agent_adds if step.goes == "agent" else ()
                            assert step.papers == (*asked.holder, *adds)
                    seen += 1
    assert seen > 600
    assert met == set(GUIDE_STEPS)


def test_a_lost_card_in_jinzhong(words: dict[str, Words]) -> None:
    """Reported, replaced and bridged in one visit; collected and activated in a second, with the day and 28 yuan."""
    found = told(words, "lost", **SOCIAL | {"who": "agent"})
    services = ["report_loss.formal", "replace_card.loss", "apply_for_temporary_card", "collect_card", "activate_card"]
    assert [s.service for s in found.steps] == services
    assert [(s.clause, s.fee_fen) for s in found.steps] == [
        ("9.4", 0),
        ("6.2", 2800),
        ("2.4", 0),
        ("2.3", 0),
        ("5.1", 0),
    ]
    assert [s.fee_clause for s in found.steps] == ["", "6.2", "6.3", "", ""]
    assert {s.where for s in found.steps} == {"the integrated service window"}
    first, second = found.visits
    assert (first.on, first.fee_fen, found.fee_fen) == (ON, 2800, 2800)
    assert second.on == dt.date(2027, 1, 25)
    assert first.bring == (
        "the holder's original ID card",
        "an A4 photocopy of the holder's ID card",
        "the agent's original ID card",
        "an electronic photo (second-generation ID card standard)",
    )
    assert "temporary card" in second.bring
    assert "social security card" not in second.bring  # it is handed over there
    assert Material.CARD not in found.steps[0].papers
    assert any("2027-11-26" in remark for remark in found.steps[2].remarks)
    assert any("2027-01-25" in before for before in found.steps[3].before)
    assert Material.AGENT_IDENTITY_CARD not in told(words, "lost", **SOCIAL).steps[0].papers


def test_a_temporary_card_that_is_replaced_keeps_its_last_day(words: dict[str, Words]) -> None:
    """The day is told as an example's, for nobody's own is known; a city may begin the term anew, and then it is not.

    A card that was damaged is not spoken of as one that may be found.
    """
    said = {"card": "temporary", "who": "holder"}
    for matter, more in (("lost", {"reported": "no"}), ("damaged", {}), ("made_wrongly", {})):
        found = told(words, matter, **said, **more)
        assert found.remarks == ("The days below are an example: of a temporary card that ends on 2027-05-26.",), matter
        remarks = " ".join(found.steps[-1].remarks)
        assert ("2027-05-26" in remarks, "2027-11-26" in remarks) == (True, False), matter
        assert ("even if it is found" in remarks) == (matter == "lost")
        assert (found.steps[-1].fee_clause, found.steps[-1].fee_fen > 0) == (
            ("6.2", False) if matter == "made_wrongly" else ("6.4", True)
        )
    anew = told(words, "damaged", city="tianshan", **said)
    assert (anew.remarks, str(anew.on.year + 1) in " ".join(anew.steps[0].remarks)) == ((), True)
    again = {"registered": "yes", "before": "yes", "meanwhile": "no", "who": "holder"}
    paid = told(words, "first_card", **again).steps[0]
    assert (paid.clause, paid.fee_fen, paid.fee_clause) == ("4.1", 2800, "6.2")


def test_another_city_gives_another_answer(words: dict[str, Words]) -> None:
    """From data alone: telephone first, a card by post, a found card that stays lost, no temporary card, other fees."""
    first = told(words, "lost", city="like_changchun", **SOCIAL).steps[0]
    assert (first.service, first.channels, first.papers, first.visit) == ("report_loss.temporary", ("phone",), (), 0)
    extended = told(words, "lost", city="like_changchun", **SOCIAL).steps
    assert "extend_card" in [s.service for s in extended]  # sixty days do not reach until the new card
    posted = told(words, "working_elsewhere", city="like_changchun", need="lost")
    assert [s.service for s in posted.steps][-1] == "activate_card"
    assert "post" in posted.steps[-1].before[0]
    found = {"card": "social_security", "reported": "formal", "replacing": "no", "who": "holder"}
    here, there = (told(words, "found_again", city=c, **found) for c in ("jinzhong", "like_changchun"))
    assert [s.possible for s in here.steps] == [True]
    assert [(s.service, s.possible) for s in there.steps[:2]] == [
        ("cancel_loss_report", False),
        ("replace_card.loss", True),
    ]
    refused = next(
        s for s in told(words, "lost", city="like_jianshui", **SOCIAL).steps if s.service == "apply_for_temporary_card"
    )
    assert (refused.possible, refused.clause, refused.visit) == (False, "4", 0)
    assert told(words, "lost", city="like_jianshui", **SOCIAL).fee_fen == 2000
    locked = {"card": "social_security", "locked": "used_up", "meanwhile": "no", "who": "holder"}
    assert told(words, "forgot_pin", city="like_jianshui", **locked).steps[1].service == "replace_card.unlocks_used_up"


def test_what_a_past_brought_about(words: dict[str, Words]) -> None:
    """A card that went back is brought again, free; a temporary card that ends is extended where the city does so."""
    back = told(words, "not_collected", who="holder")
    assert [s.service for s in back.steps] == ["collect_card", "activate_card"]
    assert "brought to the window again" in back.steps[0].before[0]
    here, there = (
        told(words, "temporary_ends", city=c, over="no", who="holder") for c in ("jinzhong", "like_changchun")
    )
    assert [(s.service, s.possible) for s in (here.steps[0], there.steps[0])] == [
        ("extend_card", False),
        ("extend_card", True),
    ]
    assert "2026-12-05" in here.remarks[0]  # an example, and said to be one
    over = told(words, "temporary_ends", over="yes", who="holder")
    assert [s.service for s in over.steps] == ["apply_for_card", "collect_card", "activate_card"]
    assert not over.remarks
    assert not any("No longer usable" in remark for remark in over.steps[0].remarks)
    found = {"card": "social_security", "reported": "formal", "holds_temporary": "yes", "who": "holder"}
    for replacing in ("waiting", "making"):
        first = told(words, "found_again", **found, replacing=replacing).steps[0]
        assert any("hand in the temporary card" in sentence for sentence in first.do), replacing


def test_a_city_asks_only_what_matters_there(words: dict[str, Words]) -> None:
    """Questions follow from answers, and an option that the city does not have is not offered."""
    assert told(words, "lost").open == ("card", "reported", "who")
    assert told(words, "lost", card="social_security").open == ("reported", "meanwhile", "who")
    assert [q.answered for q in told(words, "lost", card="temporary").questions] == ["temporary", "", ""]
    locked = {c: told(words, "forgot_pin", city=c).questions[1].options for c in ("jinzhong", "like_jianshui")}
    assert [len(options) for options in locked.values()] == [2, 3]
    assert told(words, "lost", card="temporary", meanwhile="yes", reported="no", who="holder").answers == {
        "card": "temporary",
        "reported": "no",
        "who": "holder",
    }


def test_what_cannot_be_answered_is_told(words: dict[str, Words]) -> None:
    """A matter that there is not, and an answer that no question has, are told with the field and what may be said."""
    with pytest.raises(NotFound, match="lost"):
        told(words, "lottery")
    with pytest.raises(BadInput, match=r"^card: answer one of social_security, temporary\.$") as fault:
        told(words, "lost", card="𠮷<script>")
    assert fault.value.field == "card"


def test_a_stay_that_began_on_the_old_card_waits_for_the_cut_over() -> None:
    """Asked before the old card stops, the guide speaks of the day on which it does; from then it is refused."""
    (notice,) = cities()["jinzhong"].versions
    course = course_of(Matter.IN_HOSPITAL, {"holds": "none", "who": "holder"}, notice, dt.date(2013, 6, 25))
    assert {move.given.on for move in course.steps} == {notice.p.cutover_on}
    assert [(m.key, m.accepted) for m in course.steps] == [
        ("use_card.discharge", False),
        ("apply_for_temporary_card", True),
        ("use_card.discharge", True),
    ]


def test_the_cards_beside_each_other(words: dict[str, Words]) -> None:
    """Three columns in three languages, each with a clause; another city's fees and terms stand in the same table."""
    for city, notices in cities().items():
        notice = notices.versions[-1]
        for language in LANGUAGES:
            speech = Speech(notice, words[language])
            rows = {r.fact: r for r in beside_told(cards_beside(notice, notice.in_force_from), speech)}
            assert all(cell.text and "—" not in cell.text and cell.clause for r in rows.values() for cell in r.cells)
            assert len(rows) == 13, city
    notice = cities()["jinzhong"].versions[0]
    speech = Speech(notice, words["en"])
    rows = {r.fact: [(c.text, c.clause) for c in r.cells] for r in beside_told(cards_beside(notice, ON), speech)}
    assert rows["valid_for"] == [("For good", "3.1"), ("1 year(s)", "3.2"), ("Stopped on 2013-07-01", "1.1")]
    assert rows["replacement_fee"][:2] == [("28 yuan", "6.2"), ("10 yuan", "6.4")]
    assert rows["activation"][:2] == [("Needed before use", "5.1"), ("Not needed", "5.4")]
    assert rows["extend_card"][0][1] == "3.1"
    assert [m.matter for m in matters(speech)] == [*Matter]


# Pages, programs, command line ---------------------------------------------------------------------------------------

HOSTILE = {"card": "<script>alert(1)</script>", "who": "𠮷" * 2000, "reported": "no\x00"}


@pytest.fixture(scope="module")
def client(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Any]]:
    """The public pages over an empty database."""
    shared_database.wipe()
    with (
        house_on(
            shared_database, tmp_path_factory.mktemp("guide"), dt.datetime(2026, 11, 26, 4, tzinfo=dt.UTC)
        ) as house,
        open_counter(house.desk) as counter,
        TestClient(make_app(front_of(house, counter))) as client,
    ):
        yield client


def test_the_pages_ask_and_answer_by_address_alone(client: TestClient[Any], words: dict[str, Words]) -> None:
    """Nothing answered asks; something answered says what is left; all answered shows every step, in each language."""
    assert all(f'href="/guide/{m}"' in client.get("/guide").text for m in Matter)
    asked = client.get("/guide/lost").text
    assert 'role="alert"' not in asked
    left = client.get("/guide/lost", params={"card": "social_security"}).text
    assert 'role="alert"' in left
    assert re.findall(r'href="#(a-[a-z_-]+)"', left) == ["a-reported-no", "a-meanwhile-no", "a-who-holder"]
    assert re.search(r'name="card"[^>]+value="social_security" checked', left)
    for language in LANGUAGES:
        shown = client.get("/guide/lost", params={**SOCIAL, "language": language})
        found = told(words, "lost", language, **SOCIAL)
        said = html.unescape(shown.text)
        assert shown.status_code == 200
        assert len(shown.content) < 100_000
        for step in found.steps:
            sentences = (step.name, step.where, *step.before, *step.remarks, *step.do, *step.papers_told)
            assert [s for s in sentences if s not in said] == []
            assert f'href="/notice/{step.clause}"' in said
    assert client.get("/guide/lottery").status_code == 404


def test_windows_are_named_beside_an_answer(client: TestClient[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where and when: the windows in use with their hours. While the database is away, what to do is still answered."""
    front = client.app.state.front
    assert "东湖路 1 号" not in client.get("/guide/died", params={"waiting": "no", "language": "zh-Hans"}).text
    front.windows.add("w1", "1 号窗口", "东湖政务大厅", "东湖路 1 号", "周一至周五 8:30–12:00")
    assert "东湖路 1 号" in client.get("/guide/died", params={"waiting": "no", "language": "zh-Hans"}).text
    assert "东湖路 1 号" not in client.get("/guide/died").text

    def away(*_: object, **__: object) -> None:
        raise StoreDown("away")

    monkeypatch.setattr(PlacesRoom, "nearest", away)
    answer = client.get("/guide/died", params={"waiting": "no", "language": "zh-Hans"})
    assert (answer.status_code, "死亡证明" in answer.text, "东湖路" in answer.text) == (200, True, False)


def test_what_is_sent_in_malice_is_asked_again(client: TestClient[Any]) -> None:
    """Markup, rare characters and controls are no answers: the page asks again, and repeats nothing of them."""
    answer = client.get("/guide/lost", params=HOSTILE)
    assert (answer.status_code, "alert(1)" in answer.text, "𠮷" in answer.text) == (200, False, False)
    assert answer.text.count('class="fault"') == 3
    for code, value in HOSTILE.items():
        refused = client.get("/api/v1/guide/lost", params={code: value})
        assert (refused.status_code, refused.json()["field"], value in refused.text) == (400, code, False)


def test_programs_are_told_the_same(client: TestClient[Any], words: dict[str, Words]) -> None:
    """The API lists the matters, and answers as the guide does, on a day that is asked for as well."""
    assert [m["matter"] for m in client.get("/api/v1/guide").json()] == [*Matter]
    answer = client.get("/api/v1/guide/lost", params={**SOCIAL, "language": "en"}).json()
    assert [(s["service"], s["clause"], s["fee_fen"]) for s in answer["steps"]] == [
        (s.service, s.clause, s.fee_fen) for s in told(words, "lost", **SOCIAL).steps
    ]
    early = client.get("/api/v1/guide/in_hospital", params={"holds": "none", "who": "holder", "on": "2013-06-25"})
    assert early.json()["steps"][0]["on"] == "2013-07-01"
    assert client.get("/api/v1/guide/lost", params={"on": "2001-01-01"}).status_code == 404
    with contextlib.suppress(TooManyTries):
        for _ in range(2 * LIMITS["guide"].tries):
            client.app.state.front.limits.take("guide", "testclient")
    assert client.get("/api/v1/guide/lost").status_code == 429


def test_the_command_line_tells_the_same() -> None:
    """Matters, open questions with the options that answer them, and the way to go; as text and as JSON."""

    def run(*said: str) -> str:
        result = CliRunner().invoke(main, ["guide", *said, "--language", "en"], env={"SHEBAOKA_HOME": "/nowhere"})
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "lost: My card is lost" in run()
    assert [m["matter"] for m in json.loads(run("--json"))["matters"]] == [*Matter]
    assert "--holds-temporary no: No" in run("found_again", "--card", "social_security", "--reported", "formal",
                                             "--replacing", "making")  # fmt: skip
    said = [word for code, answer in SOCIAL.items() for word in (f"--{code}", answer)]
    text = run("lost", *said, "--on", "2026-11-26")
    assert "✓ 2. Have the lost card replaced (6.2)" in text
    assert "Fee: 28 yuan" in text
    before = [word for code in ("registered", "before") for word in (f"--{code}", "yes")]
    assert "Fee: 28 yuan (6.2)" in run("first_card", *before, "--meanwhile", "no", "--who", "holder")
    assert json.loads(run("lost", *said, "--on", "2026-11-26", "--json"))["visits"][1]["on"] == "2027-01-25"
    assert "✗ 1." in run("activate", "--card", "temporary", "--who", "holder")
