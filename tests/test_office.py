"""The office's pages: what they show and to whom, in three languages, well-formed, and without a number or a PIN."""

import datetime as dt
import html.parser
import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from litestar.testing import TestClient
from tests.conftest import FIRST_PIN, OTHER_PIN, RIGHT_PIN, ROOT, SIMPLE_PIN, WRONG_PIN, Database
from tests.webhouse import app_of, house_on, seat

from shebaoka.app import House
from shebaoka.desk import CHANNEL_OF, POSTS, TOKEN_ROLES, Right, Role, open_counter
from shebaoka.hotline.frame import LABELS as HOTLINE_LABELS
from shebaoka.importer.reasons import Reason
from shebaoka.ledger import OLD_SYSTEM, PERSONAL
from shebaoka.notice import LANGUAGES, Notices
from shebaoka.numbers import mask, with_check_digit
from shebaoka.office.entrance import own_path
from shebaoka.office.frame import LABELS as OFFICE_LABELS
from shebaoka.pages.frame import SCRIPT_AT, SCRIPTS, STATIC
from shebaoka.pages.labels import LANGUAGE_NAMES
from shebaoka.pages.manner import CHOICES
from shebaoka.production.frame import LABELS as PRODUCTION_LABELS
from shebaoka.records import SERVICES, Ask, Digits, Material, NotFound, Receipt, Sender, StoreDown
from shebaoka.serving import front_of
from shebaoka.web import Front
from shebaoka.window import people
from shebaoka.window.frame import LABELS as WINDOW_LABELS

LABELS = {
    language: OFFICE_LABELS[language] | WINDOW_LABELS[language] | PRODUCTION_LABELS[language] | HOTLINE_LABELS[language]
    for language in OFFICE_LABELS
}
AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
LI, WANG, NOBODY = (with_check_digit(f"1407021980010{n}001") for n in (1, 2, 3))
NAME = "欧阳明珠"
RAW = b"raw bytes of a row that is held back"
RUN = "import-0123456789ab"
PAGES = ["/today", "/journal", "/persons", "/clauses", "/clauses/9.4", f"/imports/{RUN}"]
VOID = {"meta", "link", "input", "br", "img", "hr"}


class House2013(msgspec.Struct, frozen=True):
    """A house in which two people's cards have lived a little, its front, and a token for each role."""

    house: House
    front: Front
    tokens: dict[str, str]

    def __repr__(self) -> str:
        return "House2013"

    def client(self, role: str = "", **changes: Any) -> TestClient[Any]:
        """A browser: signed in with a role's token, or not at all; or the demonstration's, with `open_to_all`."""
        client = TestClient(app_of(msgspec.structs.replace(self.front, **changes)), base_url="http://office.test")
        client.follow_redirects = False
        if role in self.tokens:
            assert sign_in(client, self.tokens[role]).headers["Location"] == "/today"
        elif role:
            seat(client, self.front, role)
        return client


def mark_of(client: TestClient[Any], path: str) -> str:
    """The mark in the forms of a page."""
    found = re.search(r'name="mark" value="([^"]+)"', client.get(path).text)
    assert found
    return found.group(1)


def sign_in(client: TestClient[Any], token: str, **more: str) -> Any:
    """Fill in the form with a token."""
    return client.post("/sign-in", data={"mark": mark_of(client, "/sign-in"), "token": token, **more})


def find(client: TestClient[Any], number: str) -> Any:
    """Fill in the form with a number."""
    return client.post("/persons", data={"mark": mark_of(client, "/persons"), "text": number})


def lives(house: House) -> None:
    """Two people: one with a used, then locked card and an extended application, one with a lost temporary card."""
    desk, channels = house.desk(), {c: r for r, c in CHANNEL_OF.items()}
    notice = house.notices.on(AT.date())

    def ask(n: int, service: str, number: str, pin: str = "", new_pin: str = "", **fields: Any) -> Receipt:
        channel = notice.channels_of(service)[0]
        request = {"id": f"life-{n}", "person": number, "service": service, "shows": list(Material), **fields}
        made = msgspec.convert(request, SERVICES[service])
        sender = Sender(f"{channels.get(channel, 'x')}-1", channel, "somewhere")
        return desk.ask(Ask(made, sender, Digits(pin) if pin else None, Digits(new_pin) if new_pin else None))

    who = {"name": NAME, "region": "140702", "insured_on": "2005-03-01"}
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("register_person", LI, who),
        ("register_person", WANG, {**who, "name": "王芳"}),
        ("carry_over_account", LI, {"balance_fen": 12345, "old_card_number": "A1", "records": [RECORD]}),
        ("apply_for_card", LI, {}),
        ("put_in_batch", LI, {"batch": "B-1"}),
        ("record_made", LI, {}),
        ("record_ready", LI, {}),
        ("collect_card", LI, {}),
        ("activate_card", LI, {"new_pin": RIGHT_PIN}),
        ("add_extended_application", LI, {"application": "library"}),
        *[("use_card", LI, {"pin": WRONG_PIN})] * 6,
        ("apply_for_temporary_card", WANG, {"new_pin": OTHER_PIN}),
        ("report_loss", WANG, {"card": "temporary", "kind": "temporary"}),
        ("apply_for_card", WANG, {"shows": []}),
        ("apply_for_card", NOBODY, {}),
    ]
    answers = [ask(n, service, number, **more) for n, (service, number, more) in enumerate(steps)]
    refused = [a.service for a in answers if a.answer.outcome == "refused"]
    assert refused == ["use_card"] * 6 + ["apply_for_card"] * 2
    desk.store.close()


RECORD = ("2013-05-05", "南山镇卫生院", 3000, 2010)


def report() -> dict[str, Any]:
    """A report of an import of before there were steps, with a row held back for each of many reasons."""
    reasons = enumerate(list(Reason)[:22], 2)
    held = [{"line": n, "reason": r, "sentence": f"Row {n} is not usable; correct it."} for n, r in reasons]
    return {
        "digest": "0" * 64, "rows_in": 30, "carried_over": 30 - len(held), "already_there": 0, "held_back": held,
        "held_back_by_reason": {h["reason"]: 1 for h in held}, "balance_in_fen": 300, "balance_carried_fen": 200,
        "balance_already_there_fen": 0, "balance_held_fen": 100, "control_rows": 30, "control_balance_fen": 300,
        "records_in": 5, "records_carried": 3, "records_left": 1, "records_held_back": held[:1],
        "warnings": {"Odd.": 2}, "differences": [], "reconciled": True,
    }  # fmt: skip


@pytest.fixture(scope="module")
def office(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House2013]:
    """The house of this module."""
    shared_database.wipe()
    with house_on(shared_database, tmp_path_factory.mktemp("office"), AT) as house, open_counter(house.desk) as counter:
        lives(house)
        house.runs.keep(RUN, msgspec.json.encode(report()).decode())
        tokens = {role.value: house.staff.add(f"{role}-1", role) for role in TOKEN_ROLES}
        yield House2013(house, front_of(house, counter), tokens)


class Reader(html.parser.HTMLParser):
    """Reads a page strictly: every element is closed where it should be, and tables and fields can be understood."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.links: list[str] = []
        self.language, self.ids, self.refers = "", list[str](), list[str]()
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]
        self.faults += [f"id {i} twice" for i in set(self.ids) if self.ids.count(i) > 1]
        self.faults += [f"no id {i}" for i in self.refers if i not in self.ids]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of a drawing that closes itself."""
        self.handle_starttag(tag, attrs)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and what is wrong with it."""
        given = dict(attrs)
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self.open.append(tag)
        if tag == "html":
            self.language = given["lang"] or ""
        if "id" in given:
            self.ids.append(given["id"] or "")
        self.refers += (given.get("aria-describedby") or "").split()
        self.links += [given[a] or "" for a in ("href", "src", "action") if a in given]
        bare = {"style", *(a for a in given if a.startswith("on"))} & given.keys()
        self.faults += [f"<{tag} {a}>" for a in bare] + [f"<{tag}>"] * (tag in {"style", "iframe"})
        if tag == "script" and not (given.get("src") or "").startswith("/scripts/"):
            self.faults.append("<script> that is not from our own host")
        if tag == "th" and "scope" not in given:
            self.faults.append("<th> without scope")
        if tag in {"input", "select"} and given.get("type") != "hidden" and "label" not in self.open:
            self.faults.append(f"<{tag}> without label")
        if tag == "thead" and not self.captioned:
            self.faults.append("<table> without caption")
        self.captioned = tag == "caption" or (self.__dict__.get("captioned", False) and tag != "table")

    def handle_data(self, data: str) -> None:
        """No script stands in the page itself."""
        if self.open and self.open[-1] == "script" and data.strip():
            self.faults.append("script in the page")

    def handle_endtag(self, tag: str) -> None:
        """Close an element; it must be the innermost one."""
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> in the wrong place")


def secrets_in(text: str, office: House2013) -> list[str]:
    """What no page may show."""
    pins = {FIRST_PIN, OTHER_PIN, RIGHT_PIN, WRONG_PIN, SIMPLE_PIN}
    hidden = {LI, WANG, NOBODY, NAME, RAW.decode(), *office.tokens.values()}
    return [s for s in hidden if s in text] + [p for p in pins if re.search(rf"(?<!\d){p}(?!\d)", text)]


def id_of(office: House2013, number: str) -> int:
    """A person's id."""
    return office.front.person(number).person_id


# What is shown -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_in_every_language(office: House2013, language: str) -> None:
    """Each page says its language, is well-formed, is dressed in our headers, and holds no number, name or PIN."""
    with office.client("clerk") as client:
        for path in [*PAGES, f"/persons/{id_of(office, LI)}", f"/persons/{id_of(office, WANG)}", "/no-such-page"]:
            response = client.get(path, params={"language": language})
            assert response.status_code == (404 if path == "/no-such-page" else 200), path
            read = Reader(response.text)
            assert (path, read.faults, read.language) == (path, [], language)
            assert secrets_in(response.text, office) == []
            assert response.headers["Content-Type"] == "text/html; charset=utf-8"
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["Cache-Control"] == "no-store"
            assert "�" not in response.text
            assert not re.search(r"\{\w+\}", response.text)
        assert Reader(client.get("/today").text).language == language  # it is kept
        assert Reader(client.get("/today", params={"language": "tlh"}).text).language == language


def test_type_and_contrast_are_kept(office: House2013) -> None:
    """What the address asks for holds for every page after it, until it asks otherwise; nonsense changes nothing."""
    with office.client("clerk") as client:
        for asked, shown in (
            ({}, ""),
            ({"type": "large"}, ' class="large"'),
            ({"contrast": "high"}, ' class="large high"'),
            ({"contrast": "purple", "type": "large<"}, ' class="large high"'),
            ({"type": "usual"}, ' class="high"'),
            ({"contrast": "usual"}, ""),
        ):
            for params in (asked, {}):
                page = client.get("/clauses", params=params)
                assert f'<html lang="zh-Hans"{shown}>' in page.text
        assert "class=" not in client.get("/sign-in").text.split("<head>")[0]


def test_links_lead_somewhere(office: House2013) -> None:
    """From the first page on, every link of every page leads to a page of this server."""
    with office.client("clerk") as client:
        left, seen = {"/today"}, set[str]()
        while left:
            path = left.pop()
            seen.add(path)
            response = client.get(path)
            assert response.status_code == 200, path
            for link in Reader(response.text).links if "html" in response.headers["Content-Type"] else []:
                there = str(response.url.join(link))
                assert urlsplit(there).netloc == "office.test", link
                found = there.removeprefix("http://office.test")
                otherwise = any(f"{choice}=" in found for choice in CHOICES)
                posted = found in ("/sign-out", "/services") or found.endswith(("/full", "/telephone", "/entry-slip"))
                if not otherwise and found not in seen and not posted and "#" not in found:
                    left.add(found)
        assert {f"/clauses/{c}" for c in office.front.notices.on(AT.date()).clauses} <= seen
        assert f"/persons/{id_of(office, LI)}" in seen


def test_the_first_page_shows_the_city(office: House2013) -> None:
    """The counts are the house's own, and that the accounts agree is said in words."""
    with office.client("clerk") as client:
        text = client.get("/today", params={"language": "en"}).text
    assert "equal to the fen" in text
    assert "123.45 yuan" in text
    assert 'aria-label="Clause 9.3: ' in text
    assert f"/imports/{RUN}" in text
    assert "Duplicate row" in text
    off = msgspec.structs.replace(office.front.screens.sums(), entries_fen=1)
    screens = Changed(office.front.screens, sums=lambda: off)
    with office.client("clerk", screens=screens) as client:
        assert "NOT EQUAL" in client.get("/today", params={"language": "en"}).text


class Changed:
    """Something as it is, but for what is given."""

    def __init__(self, of: Any, **changes: Any) -> None:
        self._of, self._changes = of, changes

    def __getattr__(self, name: str) -> Any:
        return self._changes[name] if name in self._changes else getattr(self._of, name)


def test_the_journal_is_filtered_and_paged(office: House2013, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter leaves what it asks for, pages follow each other without gap, and nonsense is told apart."""
    monkeypatch.setattr("shebaoka.office.journal.LINES", 3)
    chosen = {"clause": "9.3", "outcome": "refused", "service": "use_card"}
    places, path = list[str](), "/journal"
    with office.client("clerk") as client:
        query: dict[str, str] = chosen
        while True:
            text = client.get(path, params={**query, "language": "en"}).text
            places += re.findall(r">(\d+-\d+)</a>", text)
            assert "✓ yes</span>" not in text
            more = re.search(r'rel="next" href="[^"]*before=(\d+-\d+)"', text)
            if not more:
                break
            query = {**chosen, "before": more.group(1)}
        want = office.front.screens.journal(limit=100, **chosen)
        assert places == [line.place for line in want]
        assert len(places) == 6
        for bad in ({"clause": "99"}, {"outcome": "perhaps"}, {"service": "fly"}, {"before": "x"}):
            assert client.get("/journal", params=bad).status_code == 400
        assert client.get("/journal", params={"before": "999999-9"}).status_code == 404


def test_a_dossier_shows_everything_and_is_kept_in_the_journal(office: House2013) -> None:
    """Number and name are masked, the locked card, the offers with their reasons are there; the look is journalled."""
    before = office.front.person(LI).entries
    with office.client("clerk") as client:
        found = find(client, LI.lower())
        assert (found.status_code, found.headers["Location"]) == (303, f"/persons/{id_of(office, LI)}")
        assert office.front.person(LI).entries == before
        text = client.get(found.headers["Location"], params={"language": "en"}).text
    for shown in (mask(LI), "欧***", "Locked", "6 wrong PIN entries", "extended applications: library", "123.45 yuan",
                  "old system → personal account", "南山镇卫生院", "Unlock: social security card", "B-1"):  # fmt: skip
        assert shown in text, shown
    assert "This social security card is locked because too many wrong PINs were entered" in text
    line = office.front.screens.journal_of(id_of(office, LI), limit=1)[0]
    assert (office.front.person(LI).entries, line.by, line.service) == (before + 1, "clerk-1", "look_up_person")


def test_a_lost_card_looks_lost(office: House2013) -> None:
    """A temporary card that is reported lost shows what it cannot do, why, and by which clause."""
    with office.client("auditor") as client:
        text = client.get(f"/persons/{id_of(office, WANG)}", params={"language": "zh-Hans"}).text
    assert "已临时挂失" in text
    assert "✗ 不可用" in text
    assert "2014年7月1日" in text


def test_searching_for_nobody(office: House2013, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who is not on file is told so, and the try is journalled; a malformed number never reaches the desk."""
    kept: list[str] = []
    real = people.looked_up

    async def looked_up(front: Front, staff: Any, number: str, reason: str) -> Any:
        kept.append(number)
        return await real(front, staff, number, reason)

    monkeypatch.setattr(people, "looked_up", looked_up)
    with office.client("clerk") as client:
        found = find(client, NOBODY)
        assert (found.status_code, kept) == (404, [NOBODY])
        assert "没有用这个号码登记的人" in found.text
        for malformed in ("", "140702198001010010123", LI[:-1] + ("1" if LI[-1] != "1" else "2"), "x" * 101):
            assert find(client, malformed).status_code == 400
        for nobody in ("' or 1=1 --", "<script>alert(1)</script>", "%", "欧阳不在"):
            response = find(client, nobody)
            assert (response.status_code, "<script>alert" in response.text) == (404, False)
        assert kept == [NOBODY]
        assert [client.get(f"/persons/{i}").status_code for i in (0, 10**6, 10**30, "x", -1)] == [404] * 5


def test_a_clause_shows_its_parameters_in_words(office: House2013, notices: Notices) -> None:
    """No page of a clause falls back on a code: every parameter's value has its words."""
    with office.client("clerk") as client:
        for clause in notices.on(AT.date()).clauses:
            text = client.get(f"/clauses/{clause}", params={"language": "zh-Hans"}).text
            shown = re.sub(r"<[^>]+>|12333", " ", text.split('id="main"')[1].split("<time")[0])
            assert not re.search(r"[a-z]{4,}_|[a-z]{5,} [a-z]{3,}", shown), (clause, shown)


def test_an_import_run(office: House2013) -> None:
    """Held-back rows show line, reason and sentence, and not their bytes; a report that cannot be read says so."""
    office.house.runs.keep("import-broken", '{"digest": 1}')
    with office.client("migration") as client:
        text = client.get(f"/imports/{RUN}", params={"language": "zh-Hans"}).text
        assert ("重复的行" in text, "Row 2 is not usable; correct it." in text, "对账相符" in text) == (True,) * 3
        assert "无法读取" in client.get("/imports/import-broken").text
        assert client.get("/imports/none-such").status_code == 404


# Who may see it ------------------------------------------------------------------------------------------------------


def test_without_sign_in_there_is_the_form_alone(office: House2013) -> None:
    """Every page leads to the form, which leads back; only style, icon and scripts are open."""
    with office.client() as client:
        for path in [*PAGES, "/persons/1"]:
            response = client.get(path)
            assert response.status_code == 303
            assert response.headers["Location"].startswith("/sign-in")
        assert client.get("/journal?clause=9.4").headers["Location"] == "/sign-in?then=%2Fjournal%3Fclause%3D9.4"
        done = sign_in(client, office.tokens["clerk"], then="/journal?clause=9.4")
        assert done.headers["Location"] == "/journal?clause=9.4"
        assert {client.get(p).status_code for p in ("/pages.css", "/icon.svg", *SCRIPT_AT.values())} == {200}


def test_after_sign_in_one_stays_on_this_server() -> None:
    """Where to go after signing in is a path of ours, whatever the address asked for."""
    assert own_path("/persons/7?before=3") == "/persons/7?before=3"
    for foreign in ("//evil.test", "/\\evil.test", "https://evil.test", "evil", "", "/a\r\nSet-Cookie: x=1"):
        assert own_path(foreign) == "/today"


def test_a_session_begins_and_ends(office: House2013) -> None:
    """Its name is new at each sign-in, out of reach for scripts and other sites, and good for nothing once it ended."""
    with office.client() as client:
        client.cookies.set("shebaoka_session", "chosen-by-somebody-else")
        response = sign_in(client, office.tokens["clerk"])
        cookie = next(c for c in response.headers.get_list("Set-Cookie") if c.startswith("shebaoka_session="))
        assert re.search("HttpOnly", cookie)
        assert re.search("samesite=lax", cookie, re.IGNORECASE)
        assert "chosen-by-somebody-else" not in cookie
        name = cookie.split("=", 1)[1].split(";")[0]
        client.cookies.set("shebaoka_session", name)
        client.cookies.delete("shebaoka_session", domain="")
        client.cookies.set("shebaoka_session", name)
        assert client.get("/today").status_code == 200
        assert client.post("/sign-out", data={"mark": mark_of(client, "/today")}).headers["Location"] == "/sign-in"
        client.cookies.set("shebaoka_session", name)
        assert client.get("/today").status_code == 303


def test_a_wrong_token(office: House2013) -> None:
    """It gets the form again with a sentence and begins no session; the token is not repeated."""
    with office.client() as client:
        for token in ("", "sbk_wrong", "x" * 5000):
            response = sign_in(client, token)
            assert response.status_code == 401
            assert "令牌不对" in response.text
            assert "sbk_wrong" not in response.text
        assert client.get("/today").status_code == 303


def test_an_ended_account_is_out_at_once(office: House2013) -> None:
    """A session does not outlive its account."""
    token = office.house.staff.add("leaving-soon", "clerk")
    with office.client() as client:
        sign_in(client, token)
        assert client.get("/today").status_code == 200
        office.house.staff.end("leaving-soon")
        assert client.get("/today").status_code == 303


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/persons"])
@pytest.mark.parametrize("mark", ["", "x", "一"])
def test_a_form_from_elsewhere_is_refused(office: House2013, path: str, mark: str) -> None:
    """Without the mark of our own page nothing is done, and the session stays."""
    with office.client("clerk") as client:
        response = client.post(path, data={"mark": mark, "token": office.tokens["auditor"], "number": LI})
        assert response.status_code == 403
        assert "form_is_not_ours" in response.text
        assert "clerk-1" in client.get("/today").text


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "application/json", "a/b"])
def test_a_form_that_cannot_be_read_is_refused(office: House2013, kind: str) -> None:
    """Whatever comes in place of a form, nobody is let in and nothing breaks."""
    with office.client() as client:
        for body in (b"", b"\xff\x00", b"--x\r\n\r\n", b"[]"):
            response = client.post("/sign-in", content=body, headers={"Content-Type": kind})
            assert response.status_code in {400, 403}
            assert Reader(response.text).faults == []


@pytest.mark.parametrize("role", list(Role))
def test_roles(office: House2013, role: Role) -> None:
    """Who may open dossiers opens them; any other role sees counts, clauses and imports, and a clear no."""
    seer = Right.OPEN_DOSSIERS in POSTS[role].rights
    with office.client(role.value) as client:
        for path in ("/journal", "/persons", f"/persons/{id_of(office, LI)}"):
            response = client.get(path)
            assert response.status_code == (200 if seer else 403)
            assert ("这个账号的岗位不能看这一页" in response.text) is not seer
        for path in ("/today", "/clauses", "/clauses/9.4", f"/imports/{RUN}"):
            text = client.get(path).text
            assert ("/persons" in text, "/journal" in text) == (seer, seer)


def test_the_demonstration_is_open_and_says_what_it_is(office: House2013) -> None:
    """Who does not sign in is a visitor, looks are journalled as theirs, and a banner says that people are invented."""
    with office.client(open_to_all=True) as client:
        for language, says in zip(
            LANGUAGES, ("全部是虚构的", "全部是虛構的", "everybody here is invented"), strict=True
        ):
            text = client.get(f"/persons/{id_of(office, LI)}", params={"language": language}).text
            assert says in text
            assert "/sign-out" not in text
        assert office.front.screens.journal_of(id_of(office, LI), limit=1)[0].by == "visitor"
        assert sign_in(client, office.tokens["auditor"]).headers["Location"] == "/today"
        client.get(f"/persons/{id_of(office, LI)}")
        assert office.front.screens.journal_of(id_of(office, LI), limit=1)[0].by == "auditor-1"
        assert client.get("/sign-in").status_code == 200
        client.get(f"/persons/{id_of(office, LI)}")
        assert office.front.screens.journal_of(id_of(office, LI), limit=1)[0].by == "visitor"
    with office.client("clerk") as client:
        assert "全部是虚构的" not in client.get("/today").text


# When something is wrong ---------------------------------------------------------------------------------------------


def _raises(error: Exception) -> Callable[..., Any]:
    def fail(*_: object) -> Any:
        raise error

    return fail


def test_troubles_have_a_page_with_what_to_do(office: House2013) -> None:
    """Each says its code and what to do in the frame of every page, and nothing of what went wrong inside."""
    number_of = {"number_of": _raises(NotFound("inside"))}
    cases: list[tuple[int, str, dict[str, Any]]] = [
        (404, "not_found", {"screens": Changed(office.front.screens, **number_of)}),
        (503, "database_down", {"person": _raises(StoreDown("inside"))}),
        (500, "internal_fault", {"person": _raises(ValueError("inside"))}),
    ]
    for status, code, changes in cases:
        with office.client("clerk", **changes) as client:
            for language in LANGUAGES:
                response = client.get(f"/persons/{id_of(office, LI)}", params={"language": language})
                assert (response.status_code, Reader(response.text).faults) == (status, [])
                assert LABELS[language][f"trouble_{status}"] in response.text.replace("&#39;", "'")
                assert code in response.text
                assert "inside" not in response.text
    with office.client("clerk") as client:
        response = client.get("/sign-out")
        assert (response.status_code, "Allow" in response.headers) == (405, True)
        assert client.get("/api/v1/none").json()["code"] == "no_such_path"


def test_a_day_without_a_notice(office: House2013) -> None:
    """Where no notice is in force, the page says so and does not break."""
    screens = Changed(office.front.screens, today=lambda: dt.date(2001, 1, 1))
    with office.client(screens=screens, open_to_all=True) as client:
        response = client.get("/today", params={"language": "en"})
    assert response.status_code == 404
    assert "No notice is in force today" in response.text


# Words ---------------------------------------------------------------------------------------------------------------


def test_labels_are_complete() -> None:
    """Each language has the same labels with the same places to fill in, and a name for whatever can come."""
    assert list(LABELS) == list(LANGUAGE_NAMES) == list(LANGUAGES)
    first = LABELS[LANGUAGES[0]]
    needed = {f"role_{r}" for r in Role} | {f"ledger_{PERSONAL}", f"ledger_{OLD_SYSTEM}"}
    assert needed <= first.keys()
    for labels in LABELS.values():
        assert labels.keys() == first.keys()
        assert all(labels.values())
        assert {k: set(re.findall(r"\{\d\}", v)) for k, v in labels.items()} == {
            k: set(re.findall(r"\{\d\}", v)) for k, v in first.items()
        }


VALUES = {
    *(
        "1 March",
        "28 February",
        "agent_adds",
        "agent_may_act",
        "all",
        "cancel_channels",
        "cancellable",
        "cancels_the_card",
    ),
    *("channels", "current_year", "days", "death", "discharge", "enquiry", "formal", "full", "holder", "lasts"),
    *(
        "leaving",
        "lifts",
        "months",
        "none",
        "offered",
        "payment",
        "remaining",
        "request",
        "required",
        "set_at_installation",
        "temporary",
        "then",
        "years",
    ),
}
"""Values and keys of a notice's parameters, and variants of services: their labels are asked for by code."""


def test_every_label_is_used() -> None:
    """No label is left that no page asks for."""
    folders = [ROOT / "src" / "shebaoka" / room for room in ("office", "pages", "window", "production", "hotline")]
    files = [
        *(f for folder in folders for f in folder.glob("templates/*.html")),
        *(f for folder in folders for f in folder.glob("*.py") if not f.stem.endswith("labels")),
    ]
    text = "".join(f.read_text(encoding="utf-8") for f in files)
    asked = set(re.findall(r"\bt\.(\w+)|labels\[\"(\w+)\"\]", text))
    used = {a or b for a, b in asked}
    by_code = re.compile(
        "(mon|tues|wednes|thurs|fri|satur|sun)day$|(ask|day|how|is|matter|question|feedback|outcome|event|role|ledger|trouble|loss|fault|key|use|partner|field|means|slip|step|keypad|pin|signed|stay|row|held|one|hand_fault|(batch|card|blank|consignment|consigned)_state|stock_did|place_kind|letter|post|batch_did|batch_count|bank|told_(about|state))_|hand_(asked|left|refused|scanned)$"
    )
    unused = {label for label in LABELS["en"] if label not in used | VALUES and not by_code.match(label)}
    assert unused == set()


@pytest.mark.parametrize("room", ["office", "pages", "window", "production", "portal", "hotline"])
def test_no_page_asks_for_a_label_that_is_not_there(room: str) -> None:
    """Whatever a template asks for by name there is; where the name is another thing's, the template says what."""
    labels = importlib.import_module(f"shebaoka.{room}.{'labels' if room == 'pages' else 'frame'}").LABELS["en"]
    for page in (ROOT / "src" / "shebaoka" / room).glob("templates/*.html"):
        text = page.read_text(encoding="utf-8")
        if not re.search(r"\bfor t in\b|\bset t\b|\bt=", text):
            assert set(re.findall(r"\bt\.(\w+)", text)) - set(labels) - {"format"} == set(), page.name


def test_scripts_are_served_from_a_fixed_table(office: House2013) -> None:
    """By name, to be kept, under an address that changes with the content; nothing that is not in the table is one."""
    with office.client() as client:
        for name, path in SCRIPT_AT.items():
            got = client.get(path)
            assert (got.status_code, got.content) == (200, (STATIC / name).read_bytes())
            assert got.headers["Content-Type"].startswith("text/javascript")
            assert "immutable" in got.headers["Cache-Control"]
        for name in ("pages.css", "nothing.js", "..%2Fpages.css", "%2e%2e/frame.py"):
            assert client.get(f"/scripts/{name}").status_code == 404
        policy = client.get("/sign-in").headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy


def test_scripts_run_nothing_that_comes_as_text() -> None:
    """Each is strict, small, and neither writes HTML, evaluates text, nor names another host."""
    for name in SCRIPTS:
        script = (STATIC / name).read_text(encoding="utf-8")
        assert '"use strict";' in script
        assert len(script) < 20_000
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(|https?:", script)


def test_the_style_is_small_and_loads_nothing() -> None:
    """Less than 20 kB, without an import or an address."""
    style = (STATIC / "pages.css").read_bytes()
    assert len(style) < 20_000
    assert not re.search(rb"url\(|@import|expression", style)
