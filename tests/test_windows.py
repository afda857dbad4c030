"""Windows, institutions and terminals: who keeps them, what is told, and that accounts are placed at windows in use."""

import datetime as dt
import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import Database
from tests.test_office import Reader, mark_of
from tests.test_office_signin import Pages, pages_on, send

from shebaoka.app import House
from shebaoka.desk import CARES, Role, Staff, near_told
from shebaoka.notice import LANGUAGES
from shebaoka.office.frame import LABELS
from shebaoka.records import BadInput, NotAllowed, NotFound

KEEPER = Staff("xu", Role.SYSTEM_ADMINISTRATOR, "")
MALICE = "</td><script>alert(1)</script> ' or 1=1 --"
W1 = ("w1", "一号窗口", "榆次区政务服务中心", "榆次区迎宾街 1 号", "周一至周五 8:30—17:30")
HOSPITAL = "H14070200001"


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house in which nobody is."""
    with pages_on(shared_database, tmp_path_factory.mktemp("windows")) as pages:
        yield pages


@pytest.fixture
def house(pages: Pages, shared_database: Database) -> House:
    """The same with no window, institution or account."""
    shared_database.wipe()
    return pages.house


def read(answer: Any, status: int = 200) -> str:
    """A page that is well-formed, as people read it."""
    assert (answer.status_code, Reader(answer.text).faults) == (status, [])
    return html.unescape(answer.text)


# The rooms -----------------------------------------------------------------------------------------------------------


def test_windows_are_added_changed_and_ended(house: House) -> None:
    """A code is used once, an ended window is neither changed nor offered, and everything done is on file with who."""
    room = house.windows
    room.add(*W1, by=KEEPER)
    with pytest.raises(BadInput, match="code: there is a window w1"):
        room.add(*W1, by=KEEPER)
    room.change("w1", "综合一号", *W1[2:], by=KEEPER)
    room.add("w2", *W1[1:])
    assert [(w.code, w.name) for w in room.in_use()] == [("w1", "综合一号"), ("w2", "一号窗口")]
    room.end("w1", by=KEEPER)
    assert [w.code for w in room.in_use()] == ["w2"]
    assert [w.code for w in room.everybody()] == ["w2", "w1"]
    for act in (lambda: room.end("w1"), lambda: room.change(*W1), lambda: room.end("none"), lambda: room.end("\0")):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(BadInput, match="code"):
        room.add(*W1)
    assert [(e.code, e.what, e.by) for e in room.events()] == [
        ("w1", "ended", "xu"),
        ("w2", "added", ""),
        ("w1", "changed", "xu"),
        ("w1", "added", "xu"),
    ]


@pytest.mark.parametrize("field", range(5))
@pytest.mark.parametrize("bad", ["", " ", "x" * 300, "a\nb", "a\0b"])
def test_what_cannot_be_a_window(house: House, field: int, bad: str) -> None:
    """Each field is named when it is empty, too long or not one printable line, and nothing is kept."""
    said = [*W1]
    said[field] = bad
    with pytest.raises(BadInput, match=("code", "name", "site", "address", "hours")[field]):
        house.windows.add(*said)
    assert house.windows.everybody() == house.windows.events() == []


def test_days_that_are_not_as_in_the_week(house: House, pages: Pages) -> None:
    """A holiday for all, a Saturday worked at one; what is said of one goes before; taken back it is as usual again."""
    room, near = house.windows, house.places
    room.add("w1", *W1[1:4], "周一至周五 8:30—12:00，14:30—17:30", "37.69, 112.73")
    room.add("w2", *W1[1:4], "每天 9:00—10:00", "37.20, 112.18")
    room.add("w3", *W1[1:])
    assert [n.window.code for n in near.nearest()] == ["w1", "w2", "w3"]
    assert [n.window.code for n in near.nearest(near.place("140728"))] == ["w2", "w1", "w3"]
    assert near.nearest(near.place("140726"), limit=1)[0].window.code == "w1"

    def now(code: str, language: str = "en") -> tuple[str, tuple[str, ...]]:
        on = house.screens.today()
        speech = house.speech(house.notices.on(on).id, language)
        (told,) = [near_told(n, on, speech) for n in near.nearest() if n.window.code == code]
        return told.now, told.days

    assert now("w1") == ("closed now, opens today at 14:30", ())
    first, last = dt.date(2013, 7, 1), dt.date(2013, 7, 3)
    room.say_days("*", first, last, "", "演练", by=KEEPER)
    assert now("w1", "zh-Hans")[0] == "现在不开放，周四 8:30 开放"
    room.say_days("w1", last, last, "13:00-14:00")
    assert now("w1") == (
        "closed now, opens on Wednesday at 13:00",
        ("2013-07-01 Monday to 2013-07-02 Tuesday closed 演练", "2013-07-03 Wednesday 13:00–14:00"),
    )
    room.say_days("*", first, first, None)
    room.say_days("w1", first, first, "11:00-12:30")
    assert now("w1", "zh-Hant")[0] == "現在開放，到 12:30 為止"
    assert now("w2")[0] == "closed now, opens on Thursday at 9:00"
    assert len(room.days(first)) == 4
    for wrong, told in (
        (("*", last, first, ""), "last"),
        (("*", first, first + dt.timedelta(days=31), ""), "last"),
        (("*", first, last, "8-9"), "hours"),
        (("*", first, last, "周一 8:30-9:00"), "hours"),
        (("*", first, last, "", "x" * 51), "why"),
    ):
        with pytest.raises(BadInput, match=f"^{told}: "):
            room.say_days(*wrong)
    for code in ("w9", "\0", ""):
        with pytest.raises(NotFound):
            room.say_days(code, first, last, "")
    assert [e.by for e in room.events() if e.code == "*"] == ["", "xu"]


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.SYSTEM_ADMINISTRATOR])
def test_nobody_else_keeps_the_configuration(house: House, role: Role) -> None:
    """Every other role is refused in the rooms themselves, whatever the page does; auditors read what was done."""
    other, institutions = Staff("x", role, ""), house.institutions
    for act in (
        lambda: house.windows.add(*W1, by=other),
        lambda: house.windows.change(*W1, by=other),
        lambda: house.windows.end("w1", by=other),
        lambda: house.windows.say_days("*", dt.date(2013, 7, 1), dt.date(2013, 7, 1), "", by=other),
        lambda: institutions.add(HOSPITAL, "医院", CARES, by=other),
        lambda: institutions.end(HOSPITAL, by=other),
        lambda: institutions.add_terminal("t-1", HOSPITAL, by=other),
        lambda: institutions.end_terminal("t-1", by=other),
    ):
        with pytest.raises(NotAllowed):
            act()
    for see in (house.windows.events, institutions.events, institutions.everybody, institutions.terminals):
        if role is Role.AUDITOR:
            assert see(seen_by=other) == []
        else:
            with pytest.raises(NotAllowed):
                see(seen_by=other)


def test_accounts_are_placed_at_windows_in_use(house: House) -> None:
    """As long as there is no window a place may be anything; then it is a window in use, or none, or not a window's."""
    house.staff.add_person("before", "clerk", "somewhere")
    house.windows.add(*W1)
    house.staff.add_person("li", "clerk", "w1")
    house.staff.add_person("wang", "supervisor", "")
    house.staff.add("till", "terminal", "pharmacy")
    house.staff.add_person("phone", "operator", "hotline")
    house.windows.end("w1")
    for role, place in (("clerk", "w1"), ("clerk", "W1"), ("supervisor", "somewhere"), ("cashier", "x")):
        with pytest.raises(BadInput, match=r"place: .* is no window in use") as told:
            house.staff.add_person("new", role, place)
        assert told.value.code == "place_is_no_window"
    assert {a.name: a.place for a in house.staff.everybody()}["before"] == "somewhere"


# The pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_windows(pages: Pages, house: House, language: str) -> None:
    """Adds, changes and ends one; what was typed stays with what is wrong; accounts show where they sit."""
    t = LABELS[language]
    said = dict(zip(("code", "name", "site", "address", "hours"), W1, strict=True))
    with pages.client("system_administrator") as client:
        client.cookies.set("language", language)
        assert t["none_yet"] in read(client.get("/windows"))
        wrong = read(send(client, "/windows", **{**said, "site": MALICE * 5}), 400)
        assert (t["field_is_wrong"].format(t["site"]) in wrong, MALICE * 5 in wrong, W1[3] in wrong) == (True,) * 3
        assert send(client, "/windows", **{**said, "name": MALICE}).headers["Location"] == "/windows"
        assert MALICE in read(client.get("/windows", params={"change": "w1"}))
        assert send(client, "/windows/change", **said).headers["Location"] == "/windows"
        house.staff.add_person("li <b>", "clerk", "w1")
        text = read(client.get("/windows"))
        assert ("一号窗口" in text, t["was_changed"] in text, "li <b>" in text) == (True, True, False)
        odd = {"of": "w1", "first": "2013-10-01", "how": "closed", "why": MALICE[:40]}
        assert send(client, "/windows/days", **odd).headers["Location"] == "/windows"
        assert MALICE[:40] in read(client.get("/windows"))
        for wrong, field in (
            ({"first": "1.10."}, "day_from"),
            ({"last": "2013-09-01"}, "day_to"),
            ({"how": "hours"}, "opening_hours"),
        ):
            shown = read(send(client, "/windows/days", **odd | wrong), 400)
            assert (t["field_is_wrong"].format(t[field]) in shown, MALICE[:40] in shown) == (True, True)
        unread = read(send(client, "/windows/change", **said | {"coordinates": "112.7, 37.7"}), 400)
        assert (t["field_is_wrong"].format(t["coordinates"]) in unread, "112.7, 37.7" in unread) == (True, True)
        assert send(client, "/windows/end", code="w1").headers["Location"] == "/windows"
        for path in ("/windows/end", "/windows/change", "/windows/days"):
            assert t["is_not_in_use"] in read(send(client, path, **odd | said), 404)
    for role in ("auditor", "clerk"):
        with pages.client(role) as client:
            text = read(client.get("/windows", params={"language": language}))
            assert ("li <b>" in text, t["what_was_done"] in text) == (role == "auditor",) * 2
            assert re.findall(r'action="([^"]+)"', text) == ["/sign-out"]


def test_a_place_that_is_no_window_is_told_at_the_page(pages: Pages, house: House) -> None:
    """The page of staff offers the windows in use, and says what is wrong with another place."""
    house.windows.add(*W1)
    with pages.client("security_administrator") as client:
        client.cookies.set("language", "en")
        assert '<option value="w1">' in read(client.get("/staff"))
        said = {"name": "li", "role": "clerk", "place": "w7"}
        assert LABELS["en"]["place_is_no_window"] in read(send(client, "/staff", **said), 409)
        assert send(client, "/staff", **{**said, "place": "w1"}).status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_institutions(pages: Pages, house: House, language: str) -> None:
    """Adds and ends institutions and terminals; keys are shown once, in no event; what is wrong names its field."""
    t, room = LABELS[language], house.institutions
    with pages.client("system_administrator") as client:
        client.cookies.set("language", language)
        bad = read(send(client, "/institutions", code="h1", name=MALICE, kind_pharmacy="yes"), 400)
        assert (t["field_is_wrong"].format(t["institution_code"]) in bad, MALICE in bad) == (True, True)
        none = read(send(client, "/institutions", code=HOSPITAL, name="医院"), 400)
        assert t["field_is_wrong"].format(t["may_settle_kinds"]) in none
        said = {"code": HOSPITAL, "name": MALICE, "kind_inpatient": "yes", "part_payment": "yes"}
        assert send(client, "/institutions", **said).headers["Location"] == "/institutions"
        assert (room.everybody()[0].kinds, room.everybody()[0].part_payment) == (("inpatient",), True)
        terminal = {"key_id": "t-1", "institution": HOSPITAL, "algorithm": "hmac-sm3", "pin_cipher": "sm4"}
        made = send(client, "/institutions/terminals", may_settle="yes", **terminal)
        keys = re.findall(r"<code>([0-9a-f]+)</code>", read(made))
        assert ([len(k) for k in keys], made.headers["Cache-Control"]) == ([64, 32], "no-store")
        text = read(client.get("/institutions"))
        assert not any(k in text for k in keys)
        assert (t["may_settle"] in text, MALICE in text, room.terminal("t-1").may) == (True, True, ("settle",))
        assert not any(k in e.said for k in keys for e in room.events())
        for wrong in ({"key_id": "一"}, {"public_key": "xyz"}, {"institution": "none"}, {"algorithm": "rot13"}, {}):
            told = read(send(client, "/institutions/terminals", **{**terminal, **wrong}), 400)
            assert t["field_is_wrong"].partition("{0}")[0] in told
        assert send(client, "/institutions/terminals/end", key_id="t-1").headers["Location"] == "/institutions"
        assert send(client, "/institutions/end", code=HOSPITAL).headers["Location"] == "/institutions"
        for path in ("/institutions/end", "/institutions/terminals/end"):
            assert t["is_not_in_use"] in read(send(client, path, code=HOSPITAL, key_id="t-1\0"), 404)
    assert [(e.matter, e.what, e.by) for e in room.events()] == [
        ("institution", "ended", "system_administrator-1"),
        ("terminal", "ended", "system_administrator-1"),
        ("terminal", "added", "system_administrator-1"),
        ("institution", "added", "system_administrator-1"),
    ]
    with pages.client("auditor") as client:
        assert re.findall(r'action="([^"]+)"', read(client.get("/institutions"))) == ["/sign-out"]


def test_a_form_from_elsewhere_changes_no_configuration(pages: Pages, house: House) -> None:
    """Without the mark of our own page nothing is done."""
    with pages.client("system_administrator") as client:
        mark_of(client, "/windows")
        for path in ("/windows", "/windows/end", "/institutions", "/institutions/terminals"):
            assert client.post(path, data={"mark": "x", "code": "w1"}).status_code == 403
    assert house.windows.everybody() == []
