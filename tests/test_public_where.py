"""The public's pages of windows, of where a card is, and of slips: what they say, and what no stranger learns."""

import asyncio
import html
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.conftest import OTHER_PIN, Database
from tests.test_office import Reader, mark_of
from tests.test_office_signin import Pages, pages_on
from tests.test_whereabouts import asked, somebody
from tests.webhouse import app_of

from shebaoka.coordinates import Point, metres_between
from shebaoka.desk import Draft, Proof, Role, Staff
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import mask, with_check_digit
from shebaoka.portal.citymap import HEIGHT_MAX, WIDTH, city_map
from shebaoka.portal.labels import LABELS
from shebaoka.records import SERVICES, Ask, Channel, Material, Receipt, Sender, TooManyTries
from shebaoka.serving import with_shortcut
from shebaoka.slipcode import grouped_slip_code, slip_code_of

CLERK = Staff("clerk-1", Role.CLERK, "w1")
MALICE = "</li><script>alert(1)</script>𠮷"
HOURS = "周一至周五 8:30—12:00，14:30—17:30；周六 9:00—12:00"
WINDOWS = (
    ("w1", "一号窗口", "榆次政务大厅", "迎宾街 1 号", HOURS, "37.6903, 112.7312"),
    ("w2", MALICE, "榆次政务大厅", "迎宾街 1 号", HOURS, "37.6903, 112.7312"),
    ("w3", "综合窗口", "平遥政务大厅", "顺城路 2 号", HOURS, "37.2010, 112.1790"),
    ("w4", "流动窗口", MALICE, MALICE, HOURS, ""),
)


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with four windows at three sites, one of which is nowhere."""
    with pages_on(shared_database, tmp_path_factory.mktemp("public-where")) as pages:
        for said in WINDOWS:
            pages.house.windows.add(*said)
        yield pages


def read(answer: Any, status: int = 200) -> str:
    """A page that is well-formed and small, as people read it."""
    assert (answer.status_code, Reader(answer.text).faults, len(answer.content) < 100_000) == (status, [], True)
    return html.unescape(answer.text)


@pytest.fixture
def fresh(pages: Pages) -> Pages:
    """The same house an hour later, so that all tries have come back."""
    pages.clock.move(hours=1)
    return pages


# Windows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_windows_are_told_nearest_first(pages: Pages, language: str) -> None:
    """Each site once with its windows, whether it is open, its hours in the language; from a place the nearest first;
    the map has the list's numbers; what is on no map says so; hostile words are text; this page alone may ask where one
    is.
    """
    t, words = LABELS[language], pages.house.words[language].windows
    with pages.client() as client:
        client.cookies.set("language", language)
        answer = client.get("/places")
        text = read(answer)
        assert re.findall(r'site-number">(\d)</span> (.+?)</h3>', text) == [
            ("1", "榆次政务大厅"), ("2", "平遥政务大厅"), ("3", MALICE),
        ]  # fmt: skip
        assert f"○ {words['opens_today'].format(time='14:30')}" in text
        assert t["places_not_on_map"] in text
        assert "<script>alert" not in answer.text
        assert re.findall(r'on-sign"[^>]*>(.+?)<', text) == ["1", "2"]
        assert "geolocation=(self)" in answer.headers["Permissions-Policy"]
        assert "geolocation=()" in client.get("/").headers["Permissions-Policy"]
        near = read(client.get("/places?from=140728"))
        assert re.findall(r'site-number">\d</span> (.+?)</h3>', near)[0] == "平遥政务大厅"
        assert words["metres"].format(distance=100) in near
        assert t["places_start_is"].format(pages.house.places.place("140728").name[language]) in near
        for odd in ("nowhere", MALICE, "\0", "x" * 5000, "140728&from=140781"):
            read(client.get("/places", params={"from": odd}))


def test_no_windows_and_no_places(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A city without windows says whom to call; one without places or coordinates has a list and no map."""
    t = LABELS["en"]
    monkeypatch.setattr(pages.house.places, "places", ())
    with pages.client() as client:
        client.cookies.set("language", "en")
        monkeypatch.setattr("shebaoka.portal.places.sites_of", lambda _: [])
        text = read(client.get("/places"))
        assert t["places_none"].format("12333") in text
        assert "<svg" not in text


points = st.builds(Point, st.floats(36.5, 38.5), st.floats(111, 114))


@given(st.lists(points, max_size=6), st.lists(points, max_size=12), st.none() | points)
@example([Point(37.2, 112.19), Point(37.69, 112.74)], [], Point(37.2, 112.18))
def test_a_map_is_true_to_scale(windows: list[Point], places: list[Point], start: Point | None) -> None:
    """Everything lies on the map, each number is on a sign once, no two signs stand in one place, no sign hides where
    one starts, and the scale bar says what lies between two points.
    """
    drawn = city_map(list(enumerate(windows, 1)), [(f"镇{n}", p) for n, p in enumerate(places)], start)
    if drawn is None:
        assert not windows
        assert start is not None or not places
        return
    assert (drawn.width, drawn.height <= HEIGHT_MAX + 1) == (WIDTH, True)
    on_it = [*windows, *([start] if start else places)]
    assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in map(drawn.at, on_it))
    spans = [[list(map(int, part.split("–"))) for part in s.text.split("·")] for s in drawn.windows]
    said = sorted(n for sign in spans for span in sign for n in range(span[0], span[-1] + 1))
    assert said == list(range(1, len(windows) + 1))
    assert all(a.x != b.x or a.y != b.y for n, a in enumerate(drawn.windows) for b in drawn.windows[:n])
    at = drawn.start
    assert at is None or all(drawn.ring > 14 or math.dist((s.x, s.y), (at.x, at.y)) >= 20 for s in drawn.windows)
    middle = drawn.north - drawn.height / 2 / drawn.per_y
    metres = metres_between(Point(middle, 112), Point(middle, 112 + drawn.bar / drawn.per_x))
    assert metres == pytest.approx(drawn.bar_m, rel=0.01)
    assert drawn.bar <= WIDTH / 3


# Where is my card ----------------------------------------------------------------------------------------------------


def asks(client: Any, **said: str) -> Any:
    """Fill in the form and send it."""
    return client.post("/where", data={"mark": mark_of(client, "/where"), **said})


def bare(text: str) -> str:
    """A page without the mark and the word of its form and what was typed."""
    return re.sub(r'name="(mark|once|number|slip_code)"[^>]*', "", text)


def holder_of(pages: Pages, *, activated: bool = False) -> tuple[str, str]:
    """Somebody newly invented whose card was collected: the number, and the card's."""
    who = somebody(pages)
    asked(pages, who, "apply_for_card", collect_at="w1")
    asked(pages, who, "put_in_batch", batch="B-1")
    for service in ("record_made", "record_ready", "collect_card"):
        asked(pages, who, service)
    if activated:
        asked(pages, who, "activate_card", new_pin=OTHER_PIN)
    return who, pages.front.person(who).cards[-1].card.number


def slip_of(pages: Pages, who: str, service: str = "apply_for_card") -> Draft:
    """A draft of somebody, with its slip code."""
    card = "social_security" if service != "apply_for_card" else ""
    return pages.house.drafts.open(CLERK, who, service, card, pages.front.person(who))


def answered(pages: Pages, who: str, service: str) -> Receipt:
    """What the desk says of a service asked for at the window, with every material."""
    made = {"id": f"{who}-{service}", "person": who, "service": service, "shows": list(Material)}
    ask = Ask(msgspec.convert(made, SERVICES[service]), Sender("x", Channel.WINDOW, "w1"))
    (receipt,) = pages.front.counter.submit([ask]).result()
    assert isinstance(receipt, Receipt)
    return receipt


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_has_number_and_proof_is_answered(fresh: Pages, language: str) -> None:
    """From a card's number and from a slip's code, however they are typed: where the card is, its window and whether
    that is open, whether it is activated and how, with the clauses; the number in part and no name; the look is kept.
    """
    t = LABELS[language]
    sealed, card = holder_of(fresh)
    waiting = somebody(fresh)
    code = slip_of(fresh, waiting).slip_code
    asked(fresh, waiting, "apply_for_card", collect_at="w1")
    in_use, used = holder_of(fresh, activated=True)
    with fresh.client() as client:
        client.cookies.set("language", language)
        for number, proof in (
            (sealed, card),
            (f" {sealed[:6]} {sealed[6:].lower()}", f"{card[:4]} {card[4:].lower()}"),
        ):
            answer = asks(client, number=number, proof=proof)
            text = read(answer)
            assert (mask(sealed) in text, sealed in text, "李娜" in text, card in text) == (True, False, False, False)
            assert answer.headers["Cache-Control"] == "no-store"
        assert fresh.house.words[language].refusals["social_function_is_not_activated"].do in text
        assert 'href="/notice/5.1"' in text
        for proof in (code, grouped_slip_code(code).lower(), f"https://x.example/slip/{code}"):
            text = read(asks(client, number=waiting, proof=proof))
            assert WINDOWS[0][2] in text
            assert t["slip_open"] in text
        assert fresh.house.words[language].bases["social_function_is_activated"] in read(
            asks(client, number=in_use, proof=used)
        )
    (line, *_) = fresh.house.screens.journal_of(fresh.front.person(sealed).person_id)
    assert (line.service, line.by, line.channel, line.where) == ("look_up_person", "holder", "portal", "where")
    assert line.answer.readings == ("own_enquiry_channels",)
    assert fresh.house.notices.versions[-1].wording[language].readings["own_enquiry_channels"] in text


def test_what_the_calendar_ended_proves_nothing(fresh: Pages) -> None:
    """A temporary card is a proof until its last day, whether or not its end was recorded."""
    who = somebody(fresh)
    asked(fresh, who, "apply_for_card", collect_at="w1")
    asked(fresh, who, "apply_for_temporary_card", new_pin=OTHER_PIN)
    proof = fresh.front.person(who).cards[-1].card.number
    with fresh.client() as client:
        assert re.findall(r'aria-current="step">(\S+)', read(asks(client, number=who, proof=proof))) == ["申领"]
        fresh.clock.move(days=366)
        read(asks(client, number=who, proof=proof), 404)


def test_a_stranger_learns_nothing(fresh: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's number, somebody's with a wrong card, a lost or an ended one, an old card's, another's slip: one page,
    one status, one question to the database, and nothing in anybody's journal.
    """
    who, card = holder_of(fresh, activated=True)
    lost, lost_card = holder_of(fresh, activated=True)
    asked(fresh, lost, "report_loss", kind="formal")
    gone, gone_card = holder_of(fresh, activated=True)
    asked(fresh, gone, "cancel_card", why="leaving")
    old = somebody(fresh)
    asked(fresh, old, "carry_over_account", old_card_number="A00112233", balance_fen=1, records=[])
    slip = slip_of(fresh, old).slip_code
    nobody, entries = (
        with_check_digit("14070219510101001"),
        [fresh.front.person(n).entries for n in (who, lost, gone, old)],
    )
    questions: list[str] = []
    asked_before = fresh.house.views.rows
    monkeypatch.setattr(fresh.house.views, "rows", lambda s, p=None: (questions.append(s), asked_before(s, p))[1])
    told = set()
    with fresh.client() as client:
        for number, proof in (
            (nobody, card), (who, lost_card), (lost, lost_card), (gone, gone_card), (old, "A00112233"), (who, slip),
            (nobody, slip), (who, slip_code_of(7)),
        ):  # fmt: skip
            questions.clear()
            answer = asks(client, number=number, proof=proof)
            told.add((answer.status_code, bare(answer.text), tuple(questions)))
            assert proof not in answer.text
    assert len(told) == 1
    assert next(iter(told))[0] == 404
    assert [fresh.front.person(n).entries for n in (who, lost, gone, old)] == entries


def test_ten_thousand_guesses_reveal_nothing_and_lock_nobody_out(fresh: Pages) -> None:
    """From fifty addresses ten thousand cards are tried for a holder and for nobody: never an answer, most are not even
    read, and the holder is answered at once, from an address of their own and, with a slip or later, from one of those.
    """
    who, card = holder_of(fresh, activated=True)
    nobody, room = with_check_digit("14070219510101001"), fresh.house.enquiries
    submit = lambda ask: fresh.front.counter.submit([ask]).result()[0]  # noqa: E731
    results: dict[str, Counter[str]] = {who: Counter(), nobody: Counter()}
    for n in range(10_000):
        number = (who, nobody)[n % 2]
        try:
            found = room.ask(number, Proof(card_number=f"Z{n:08d}"), f"203.0.113.{n // 2 % 50}", submit)
            results[number]["found" if found else "nothing"] += 1
        except TooManyTries:
            results[number]["too_many"] += 1
    assert results[who] == results[nobody] == {"nothing": 50 * 8, "too_many": 5000 - 50 * 8}
    assert room.ask(who, Proof(card_number=card), "198.51.100.7", submit) is not None
    slip = slip_of(fresh, who).slip_code
    fresh.clock.move(minutes=5)
    with pytest.raises(TooManyTries):
        room.ask(who, Proof(card_number=card), "203.0.113.1", submit)
    assert room.ask(who, Proof(slip_code=slip), "203.0.113.1", submit) is not None
    for _ in range(20):
        assert room.ask(who, Proof(card_number=card), "198.51.100.7", submit) is not None
    fresh.clock.move(hours=1)
    assert room.ask(who, Proof(card_number=card), "203.0.113.1", submit) is not None


def test_a_flood_at_the_page_is_told_to_wait(fresh: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """One address is told to wait, with when, at the form and at slips; another is served all the while."""
    who, card = holder_of(fresh)
    address = "203.0.113.9"
    monkeypatch.setattr("shebaoka.portal.where.address_of", lambda _: address)
    with fresh.client() as client:
        mark = mark_of(client, "/where")
        said = {"mark": mark, "number": who}
        codes = [client.post("/where", data=said | {"proof": f"Z{n:08d}"}).status_code for n in range(10)]
        assert codes == [404] * 8 + [429] * 2
        waits = client.post("/where", data=said | {"proof": card})
        assert (waits.status_code, int(waits.headers["Retry-After"]) > 60) == (429, True)
        assert LABELS["zh-Hans"]["where_too_many_tries"].format(8) in html.unescape(waits.text)
        slips = [client.get(f"/slip/{slip_code_of(n)}").status_code for n in range(62)]
        assert (set(slips[:60]), slips[60:]) == ({404}, [429, 429])
        address = "198.51.100.8"
        assert client.post("/where", data=said | {"proof": card}).status_code == 200
        assert client.get(f"/slip/{slip_code_of(1)}").status_code == 404


def test_a_form_of_the_publics_is_small(fresh: Pages) -> None:
    """What is larger than any of its forms is not read to its end, and told in words; so are hundreds of fields. A
    long one is a form like any.
    """
    with fresh.client() as client:
        client.cookies.set("language", "en")
        assert LABELS["en"]["trouble_413"] in read(asks(client, number="1" * 300_000, proof=""), 413)
        read(asks(client, number="1" * 100_000, proof="𠮷"), 400)
        assert LABELS["en"]["trouble_413"] in read(asks(client, **{f"f{n}": "1" for n in range(400)}), 413)
        read(asks(client, number="&" * 90, proof="1"), 400)


@pytest.mark.parametrize("parts", [[], [b"n"] * 8])
def test_a_form_that_does_not_come_on_is_given_up(
    fresh: Pages, monkeypatch: pytest.MonkeyPatch, parts: list[bytes]
) -> None:
    """Whoever sends half of one, or a letter now and then, holds no connection for ever, and is told so."""
    monkeypatch.setattr("shebaoka.web.bodies.FIRST_S", 0.05)
    sent: list[Any] = []

    async def receive() -> Any:
        if not parts:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": parts.pop(), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    head = [(b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", b"100"), (b"host", b"x")]
    said = {"type": "http", "method": "POST", "path": "/where", "query_string": b"", "headers": head}
    server = {"http_version": "1.1", "scheme": "http", "server": ("x", 80), "client": ("192.0.2.1", 1), "root_path": ""}
    asyncio.run(with_shortcut(app_of(fresh.front))(said | server, receive, send))
    assert sent[0]["status"] == 408
    assert LABELS["zh-Hans"]["trouble_408"] in sent[1]["body"].decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_slip_is_of(fresh: Pages, language: str) -> None:
    """Open, refused with its clause, done, set aside: each in words with service and window, without whose it is; a
    code that is none, or none of ours, is told; from the slip the number alone leads on.
    """
    t, who = LABELS[language], somebody(fresh)
    draft, drafts = slip_of(fresh, who), fresh.house.drafts
    refused, done = answered(fresh, who, "collect_card"), answered(fresh, who, "apply_for_card")
    with fresh.client() as client:
        client.cookies.set("language", language)

        def slip(code: str, status: int = 200) -> str:
            text = read(client.get(f"/slip/{code}"), status)
            assert not any(secret in text for secret in (who, mask(who), "李娜", "14070219"))
            return text

        assert t["slip_open"] in slip(draft.slip_code)
        drafts.answered(CLERK, draft, refused)
        text = slip(grouped_slip_code(draft.slip_code))
        assert (t["slip_open_refused"] in text, 'href="/notice/4.2"' in text) == (True, True)
        drafts.answered(CLERK, drafts.get(CLERK, draft.id), done)
        text = slip(draft.slip_code)
        assert (t["slip_done"] in text, "榆次政务大厅 一号窗口" in text) == (True, True)
        sent = asks(client, number=who, slip_code=draft.slip_code)
        assert t["where_stage"] in read(sent)
        other = slip_of(fresh, somebody(fresh))
        drafts.set_aside(CLERK, other)
        assert t["slip_left"] in slip(other.slip_code)
        assert t["slip_unknown_public"] in slip(slip_code_of(99), 404)
        for wrong in (draft.slip_code[:-1] + "ZZ", "甲", "%00", "x" * 3000):
            assert t["where_slip_code_unfit"] in read(client.get(f"/slip/{wrong}"), 400)


def test_what_is_typed_wrongly_is_told_beside_its_field(fresh: Pages) -> None:
    """Each fault has its sentence, its field and a link to it; the number is still there, a code never is; nothing
    hostile comes back as anything but text.
    """
    t = LABELS["zh-Hans"]
    who, card = holder_of(fresh)
    with fresh.client() as client:
        for number, proof, told in (
            ("", "", ("where_number_unfit", "where_proof_unfit")),
            (who[:-1] + "甲", card, ("where_number_unfit",)),
            (with_check_digit("14070229990101001"), card, ("where_number_unfit",)),
            (who, "12345", ("where_proof_unfit",)),
            (who, "7K3M9QXD2T8V", ("where_slip_code_unfit",)),
            (MALICE, MALICE, ("where_number_unfit", "where_proof_unfit")),
            ("㐂" * 2000, "\x01\x02𠮷🀄", ("where_number_unfit", "where_proof_unfit")),
        ):
            answer = asks(client, number=number, proof=proof)
            text = read(answer, 400)
            for label in told:
                field = "number" if "number" in label else "proof"
                assert (f'<a href="#{field}">{t[label]}</a>' in text, f'id="{field}"' in text) == (True, True)
            assert f'value="{number[:100]}"' in text
            assert "<script>alert" not in answer.text
            assert not proof or proof == MALICE or proof not in text
        assert client.post("/where", data={"mark": "x", "number": who, "proof": card}).status_code == 403


def test_a_city_whose_notice_answers_nobody_here(fresh: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so with the clause and whom to call, whoever asks; a slip's state is told all the same."""
    who, card = holder_of(fresh)
    code = slip_of(fresh, who, "report_loss.formal").slip_code
    with fresh.client() as client:
        mark = mark_of(client, "/where")
        monkeypatch.setattr(fresh.house.enquiries, "are_answered", lambda: False)
        t = LABELS["zh-Hans"]
        for answer, status in (
            (client.get("/where"), 200),
            (client.post("/where", data={"mark": mark, "number": who, "proof": card}), 403),
        ):
            text = read(answer, status)
            assert (t["where_not_here"].format("12333") in text, 'href="/notice/5.2"' in text) == (True, True)
            assert "<form" not in text
        text = read(client.get(f"/slip/{code}"))
        assert (t["slip_open"] in text, "<form" in text) == (True, False)
