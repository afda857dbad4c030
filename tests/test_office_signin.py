"""Signing in at the pages as people do: enrolling, the sessions' ends, and the page of staff. And who may open which
page: every route of the office for every role, from one table.
"""

import datetime as dt
import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyotp
import pytest
from litestar.testing import TestClient
from tests.authenticator import Authenticator
from tests.conftest import Database, StandingClock
from tests.test_office import LI, RUN, Reader, id_of, lives, mark_of, report
from tests.webhouse import app_of, house_on, seat

from shebaoka.app import House
from shebaoka.desk import POSTS, Right, Role, credentials, open_counter
from shebaoka.notice import LANGUAGES
from shebaoka.office.frame import LABELS
from shebaoka.production.batches import STEPS
from shebaoka.serving import front_of, make_app
from shebaoka.web import Front

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
PASSWORD = "a long sentence 12"  # noqa: S105 - invented


class Pages:
    """A house with two people in it whose clock a test moves, and browsers that look at its pages."""

    def __init__(self, house: House, front: Front, clock: StandingClock) -> None:
        self.house, self.front, self.clock = house, front, clock

    def client(self, role: str = "", *, tls: bool = False, **changes: Any) -> TestClient[Any]:
        """A browser, over TLS or not, in which somebody of a role is signed in, or nobody."""
        scheme = "https" if tls else "http"
        client = TestClient(app_of(msgspec.structs.replace(self.front, **changes)), base_url=f"{scheme}://office.test")
        client.follow_redirects = False
        if role:
            seat(client, self.front, role)
        return client


@contextmanager
def pages_on(database: Database, folder: Path) -> Iterator[Pages]:
    """An empty house with its counter on a database that is wiped first."""
    database.wipe()
    clock = StandingClock(AT)
    with house_on(database, folder, clock) as house, open_counter(house.desk) as counter:
        yield Pages(house, front_of(house, counter), clock)


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The house of this module, with hashes that take a millisecond."""
    with (
        pytest.MonkeyPatch.context() as patch,
        pages_on(shared_database, tmp_path_factory.mktemp("office")) as pages,
    ):
        quick = credentials.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(credentials, "_HASHER", quick)
        lives(pages.house)
        pages.house.runs.keep(RUN, msgspec.json.encode(report()).decode())
        yield pages


def send(client: TestClient[Any], path: str, **fields: str) -> Any:
    """Fill in a form of ours and send it."""
    return client.post(path, data={"mark": mark_of(client, "/sign-in"), **fields})


def key_on(text: str) -> str:
    """The key of the second factor as a page shows it."""
    found = re.search(r"<code>([A-Z2-7 ]{39})</code>", text)
    assert found
    return found.group(1).replace(" ", "")


def enrolled(pages: Pages, name: str, role: str = "clerk") -> pyotp.TOTP:
    """Somebody who enrolled at the pages, and their authenticator; its next code is good at once."""
    code = pages.house.staff.add_person(name, role, "w1")
    with pages.client() as client:
        shown = send(client, "/enrol", name=name, code=code)
        totp = pyotp.TOTP(key_on(shown.text))
        said = {"name": name, "code": code, "password": PASSWORD, "again": PASSWORD, "digits": totp.at(pages.clock.at)}
        assert send(client, "/enrol", **said).headers["Location"] == "/sign-in?after=enrolled"
    pages.clock.move(seconds=30)
    return totp


def signs_in(client: TestClient[Any], pages: Pages, name: str, totp: pyotp.TOTP, **more: str) -> Any:
    """Fill in the form as a person does."""
    said = {"name": name, "password": PASSWORD, "digits": totp.at(pages.clock.at), **more}
    return send(client, "/sign-in", **said)


# Enrolling and signing in --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_enrols_and_signs_in(pages: Pages, language: str) -> None:
    """From the code to the first page, without a script, in every language; the QR code stands in the page itself."""
    name = f"李娜 {language}"
    code = pages.house.staff.add_person(name, "clerk", "w1")
    with pages.client() as client:
        client.cookies.set("language", language)
        assert Reader(client.get("/enrol").text).faults == []
        shown = send(client, "/enrol", name=name, code=code)
        assert (shown.status_code, Reader(shown.text).faults, shown.headers["Cache-Control"]) == (200, [], "no-store")
        assert re.search(r"<svg [^>]*>.*<path ", shown.text)
        totp = pyotp.TOTP(key_on(shown.text))
        said = {"name": name, "code": code, "password": PASSWORD, "again": PASSWORD, "digits": totp.at(pages.clock.at)}
        assert send(client, "/enrol", **said).headers["Location"] == "/sign-in?after=enrolled"
        assert LABELS[language]["enrolled"] in client.get("/sign-in?after=enrolled").text
        pages.clock.move(seconds=30)
        done = signs_in(client, pages, name, totp, then="/journal")
        assert (done.status_code, done.headers["Location"]) == (303, "/journal")
        text = client.get("/today").text
        assert name in text
        assert LABELS[language]["role_clerk"] in text


def test_what_is_wrong_while_enrolling_is_told(pages: Pages) -> None:
    """A wrong code, two passwords, a weak one, wrong digits: each has its sentence, and the same key is shown again."""
    name = "wang"
    code = pages.house.staff.add_person(name, "clerk")
    with pages.client() as client:
        client.cookies.set("language", "en")
        wrong = send(client, "/enrol", name=name, code="2222-2222-2222-2222-2222")
        assert (wrong.status_code, LABELS["en"]["enrolment_failed"] in wrong.text) == (401, True)
        shown = send(client, "/enrol", name=name, code=code)
        digits = pyotp.TOTP(key_on(shown.text)).at(pages.clock.at)
        for changes, label in (
            ({"again": PASSWORD + "!"}, "passwords_differ"),
            ({"password": "short", "again": "short"}, "password_length"),
            ({"password": "x" * 12, "again": "x" * 12}, "password_of_one_character"),
            ({"digits": "none"}, "wrong_digits"),
        ):
            said = {"name": name, "code": code, "password": PASSWORD, "again": PASSWORD, "digits": digits, **changes}
            again = send(client, "/enrol", **said)
            assert (again.status_code, Reader(again.text).faults) == (400, [])
            assert LABELS["en"][label] in html.unescape(again.text)
            assert key_on(again.text) == key_on(shown.text)
            assert PASSWORD not in again.text


def test_whatever_is_wrong_has_one_answer(pages: Pages) -> None:
    """A wrong name, a wrong password, a wrong code: the page is the same but for the name that was typed."""
    totp = enrolled(pages, "zhao")
    with pages.client() as client:
        told = set()
        for changes in ({"name": "zhaa"}, {"password": PASSWORD + "!"}, {"digits": "none"}, {"name": ""}):
            answer = signs_in(client, pages, **{"name": "zhao", "totp": totp, **changes})  # type: ignore[arg-type]
            assert answer.status_code == 401
            text = re.sub(r'name="(name|mark)"[^>]*>', "", answer.text)
            told.add(text)
            assert PASSWORD not in answer.text
        assert len(told) == 1
        assert client.get("/today").status_code == 303
        assert signs_in(client, pages, "zhao", totp).status_code == 303


def test_a_session_has_a_name_of_its_own(pages: Pages) -> None:
    """Its cookie is out of reach for scripts and other sites, goes over TLS alone where the browser came so, and is
    drawn anew at each sign-in.
    """
    totp, names = enrolled(pages, "qian"), set()
    with pages.client(tls=True) as client:
        for _ in range(2):
            done = signs_in(client, pages, "qian", totp)
            cookie = next(c for c in done.headers.get_list("Set-Cookie") if c.startswith("shebaoka_session="))
            for word in ("HttpOnly", "Secure", "SameSite=lax"):
                assert word.lower() in cookie.lower()
            names.add(cookie.split(";")[0])
            pages.clock.move(seconds=30)
    assert len(names) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_next_page_says_why_a_session_ended(pages: Pages, language: str) -> None:
    """A sign-in elsewhere, a reset, an ended account, a pause: the form says which, and leads back afterwards."""
    room = pages.house.staff
    for why, label, act in (
        ("elsewhere", "ended_elsewhere", lambda: seat(pages.client(), pages.front, "cashier")),
        ("idle", "ended_idle", lambda: pages.clock.move(minutes=15)),
        ("reset", "ended_reset", lambda: room.reset("cashier-1")),
    ):
        with pages.client("cashier") as client:
            client.cookies.set("language", language)
            assert client.get("/clauses").status_code == 200
            act()
            moved = client.get("/clauses").headers["Location"]
            assert moved == f"/sign-in?then=%2Fclauses&after={why}"
            text = client.get(moved).text
            assert LABELS[language][label] in html.unescape(text)
            assert Reader(text).faults == []
            assert client.get("/today").headers["Location"] == f"/sign-in?after={why}"
    with pages.client() as client:
        assert LABELS["zh-Hans"]["ended_idle"] not in client.get("/sign-in?after=nonsense").text


def test_an_ended_account_is_told_at_its_next_page(pages: Pages) -> None:
    """Somebody whose account ends is out at once."""
    totp = enrolled(pages, "sun")
    with pages.client() as client:
        signs_in(client, pages, "sun", totp)
        assert client.get("/today").status_code == 200
        pages.house.staff.end("sun")
        assert client.get("/today").headers["Location"] == "/sign-in?after=account_ended"


# Passkeys ------------------------------------------------------------------------------------------------------------


def asked(client: TestClient[Any], path: str, **fields: str) -> Any:
    """What the script asks for before it turns to the authenticator."""
    return client.post(path, data={"mark": client.cookies["shebaoka_form"], **fields})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_adds_a_passkey_and_signs_in_with_it(pages: Pages, language: str) -> None:
    """It stands on their page, signs them in beside name and password, and ends; the pages load our script alone."""
    name, t = f"林 & <{language}>", LABELS[language]
    totp, key = enrolled(pages, name), Authenticator()
    with pages.client() as client:
        client.cookies.set("language", language)
        signs_in(client, pages, name, totp)
        empty = client.get("/passkeys").text
        assert (Reader(empty).faults, t["no_passkeys"] in html.unescape(empty)) == ([], True)
        options = asked(client, "/passkeys/challenge", again=PASSWORD)
        assert options.headers["Content-Type"] == "application/json"
        said = {"called": "<b>blue</b>", "answer": key.made(options.text)}
        assert send(client, "/passkeys", **said).headers["Location"] == "/passkeys?done=added"
        listed = client.get("/passkeys?done=added")
        assert (Reader(listed.text).faults, "&lt;b&gt;blue" in listed.text, t["never"] in listed.text) == (
            [],
            True,
            True,
        )
        assert t["passkey_was_added"] in listed.text
        send(client, "/sign-out")
        form = client.get("/sign-in").text
        assert (Reader(form).faults, t["with_passkey"] in form) == ([], True)
        assert re.search(rf"data-says>{t['passkey_needs_script']}<", form)
        answer = key.signed(asked(client, "/sign-in/challenge").text)
        done = send(client, "/sign-in", name=name, password=PASSWORD, digits="", answer=answer, then="/clauses")
        assert (done.status_code, done.headers["Location"]) == (303, "/clauses")
        (kept,) = re.findall(r'name="key" value="([^"]+)"', client.get("/passkeys").text)
        assert send(client, "/passkeys/end", key=kept).headers["Location"] == "/passkeys?done=ended"
        again = send(client, "/passkeys/end", key=kept)
        assert (again.status_code, t["passkey_not_yours"] in html.unescape(again.text)) == (400, True)
    with pages.client("security_administrator") as client:
        client.cookies.set("language", language)
        seen = client.get("/staff", params={"of": name}).text
        assert all(t[f"event_passkey_{what}"] in seen for what in ("added", "used", "ended"))


def test_what_is_wrong_with_a_passkey_is_told(pages: Pages) -> None:
    """Nobody shown again, a used answer, another address, a wrong password: each is told in words, and adds nothing."""
    totp, t = enrolled(pages, "xu"), LABELS["en"]
    with pages.client() as client:
        client.cookies.set("language", "en")
        signs_in(client, pages, "xu", totp)
        client.get("/passkeys")
        refused = asked(client, "/passkeys/challenge", again="another sentence 1")
        assert (refused.status_code, refused.json()["says"]) == (400, t["not_proved"])
        unproved = send(client, "/passkeys", called="blue", answer="{}")
        assert (unproved.status_code, t["passkey_unfit"] in unproved.text, "blue" in unproved.text) == (400, True, True)
        key = Authenticator()
        options = asked(client, "/passkeys/challenge", again=PASSWORD).text
        elsewhere = send(client, "/passkeys", called="blue", answer=key.made(options, origin="http://office.test"))
        assert t["passkey_elsewhere"].format("http://localhost") in elsewhere.text
        options = asked(client, "/passkeys/challenge", again=PASSWORD).text
        send(client, "/passkeys", called="blue", answer=key.made(options))
        answer = key.signed(asked(client, "/sign-in/challenge").text)
        for password, label in (("another sentence 1", "people_failed"), (PASSWORD, "passkey_stale")):
            told = send(client, "/sign-in", name="xu", password=password, digits="", answer=answer)
            assert (told.status_code, t[label] in told.text, 'value="xu"' in told.text) == (401, True, True)
        back = key.signed(asked(client, "/sign-in/challenge").text, count=0)
        told = send(client, "/sign-in", name="xu", password=PASSWORD, digits="", answer=back)
        assert t["passkey_copied"] in html.unescape(told.text)


def test_a_challenge_is_for_a_browser_with_a_page_of_ours(pages: Pages) -> None:
    """Without its mark none is given; what one browser was asked does not sign in at another."""
    key, totp = Authenticator(), enrolled(pages, "he")
    with pages.client() as client, pages.client() as other:
        for path in ("/sign-in/challenge", "/sign-in"):
            assert client.post(path, data={"answer": "{}"}).status_code == 403
        signs_in(client, pages, "he", totp)
        client.get("/passkeys")
        options = asked(client, "/passkeys/challenge", again=PASSWORD).text
        send(client, "/passkeys", called="blue", answer=key.made(options))
        other.get("/sign-in")
        answer = key.signed(asked(client, "/sign-in/challenge").text)
        assert send(other, "/sign-in", name="he", password=PASSWORD, digits="", answer=answer).status_code == 401
        answer = key.signed(asked(other, "/sign-in/challenge").text)
        assert send(other, "/sign-in", name="he", password=PASSWORD, digits="", answer=answer).status_code == 303


def test_a_programs_account_is_told_that_it_has_no_passkeys(pages: Pages) -> None:
    """Where there is nothing to add, there is no form to add it."""
    with pages.client("calendar") as client:
        client.cookies.set("language", "en")
        text = client.get("/passkeys").text
        assert (LABELS["en"]["passkeys_for_people"] in text, 'name="again"' in text) == (True, False)


# The page of staff ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_security_administrator_keeps_staff(pages: Pages, language: str) -> None:
    """Adds somebody and shows their code once, resets, ends, and sees what happened; with what cannot be told so."""
    name, t = f"周 & <{language}>", LABELS[language]
    with pages.client("security_administrator") as client:
        client.cookies.set("language", language)
        added = send(client, "/staff", name=name, role="supervisor", place="w2")
        (code,) = re.findall(r"<code>([0-9A-Z-]{24})</code>", added.text)
        assert (added.status_code, Reader(added.text).faults) == (200, [])
        pages.house.sign_in.enrolling(name, code)
        assert code not in client.get("/staff").text
        again = send(client, "/staff/reset", name=name)
        assert len(re.findall(r"<code>([0-9A-Z-]{24})</code>", again.text)) == 1
        assert send(client, "/staff/end", name=name).headers["Location"] == "/staff"
        seen = client.get("/staff", params={"of": name})
        assert Reader(seen.text).faults == []
        for label in ("event_added", "event_reset", "event_ended", "role_supervisor"):
            assert t[label] in seen.text
        for path, fields in (
            ("/staff", {"name": name, "role": "clerk"}),
            ("/staff", {"name": "x", "role": "nonsense"}),
            ("/staff", {"name": "x", "role": "calendar"}),
            ("/staff/reset", {"name": name}),
            ("/staff/end", {"name": "security_administrator-1"}),
        ):
            refused = send(client, path, **fields)
            assert (refused.status_code, t["staff_refused"] in refused.text.replace("&#39;", "'")) == (409, True)


def test_an_auditor_reads_and_keeps_nothing(pages: Pages) -> None:
    """The page has no form for them but that of signing out, and a form that they made themselves is refused."""
    pages.house.staff.add_person("wu", "clerk")
    with pages.client("auditor") as client:
        text = client.get("/staff", params={"of": "wu", "language": "en"}).text
        assert "owner of the machine" in text
        assert re.findall(r'action="([^"]+)"', text) == ["/sign-out"]
        for path in ("/staff", "/staff/reset", "/staff/end"):
            assert send(client, path, name="wu", role="clerk").status_code == 403
    assert [e.what for e in pages.house.staff.events("wu")] == ["added"]


# Every route for every role ------------------------------------------------------------------------------------------

ANYBODY, SIGNED_IN = "anybody", "signed in"
TILLS = frozenset({Right.TAKE_FEES, Right.SEE_TILLS})
CALLS = frozenset({Right.SERVE_CALLERS, Right.SEE_CALLS})
CARRIERS = frozenset({Right.SEND_CARDS, Right.RECEIVE_CARDS})
ARTICLES = frozenset({Right.KEEP_ARTICLES, Right.APPROVE_ARTICLES, Right.SEE_CONFIGURATION})
WHO: dict[tuple[str, str], str | Right | frozenset[Right] | tuple[Right, ...]] = {
    ("GET", "/"): ANYBODY,
    **{("GET", f"/{kind}{path}"): ANYBODY for kind in ("faq", "related") for path in ("", "/{number:str}")},
    **{("GET", f"/notice{path}"): ANYBODY for path in ("", "/history", "/on", "/{clause:str}")},
    ("GET", "/guide"): ANYBODY,
    ("GET", "/guide/{matter:str}"): ANYBODY,
    **{("GET", f"/my{path}"): ANYBODY for path in ("", "/statement", "/looks")},
    **{
        (method, f"/my/{path}"): ANYBODY
        for method in ("GET", "POST")
        for path in ("sign-in", "code", "slip", "loss", "telephone", "telephone/code", "messages")
    },
    ("POST", "/my/sign-out"): ANYBODY,
    **{("GET", f"/my/ecard{path}"): ANYBODY for path in ("", "/code", "/wallet")},
    ("POST", "/my/ecard/wallet"): ANYBODY,
    **{(method, "/my/wallets"): ANYBODY for method in ("GET", "POST")},
    **{
        ("GET", f"/.well-known/{name}"): ANYBODY
        for name in ("openid-credential-issuer", "oauth-authorization-server", "jwt-vc-issuer")
    },
    **{
        ("GET", f"/credentials/{path}"): ANYBODY
        for path in ("social-security-card", "offers/{code:str}", "status/{n:int}")
    },
    **{("POST", f"/credentials/{path}"): ANYBODY for path in ("token", "nonce", "credential")},
    **{
        ("GET", path): ANYBODY
        for path in ("/cards", "/search", "/robots.txt", "/sitemap.xml", "/.well-known/security.txt")
    },
    **{("GET", path): ANYBODY for path in ("/places", "/where", "/slip/{code:str}")},
    ("POST", "/where"): ANYBODY,
    ("GET", "/pages.css"): ANYBODY,
    ("GET", "/public.css"): ANYBODY,
    ("GET", "/icon.svg"): ANYBODY,
    ("GET", "/scripts/{name:str}"): ANYBODY,
    ("GET", "/sign-in"): ANYBODY,
    ("POST", "/sign-in"): ANYBODY,
    ("POST", "/sign-in/challenge"): ANYBODY,
    ("POST", "/sign-out"): ANYBODY,
    ("GET", "/enrol"): ANYBODY,
    ("POST", "/enrol"): ANYBODY,
    ("GET", "/today"): SIGNED_IN,
    ("GET", "/passkeys"): SIGNED_IN,
    ("POST", "/passkeys/challenge"): SIGNED_IN,
    ("POST", "/passkeys"): SIGNED_IN,
    ("POST", "/passkeys/end"): SIGNED_IN,
    ("GET", "/clauses"): SIGNED_IN,
    ("GET", "/clauses/{clause:str}"): SIGNED_IN,
    ("GET", "/imports/{run:str}"): SIGNED_IN,
    ("GET", "/imports/{run:str}/report.html"): SIGNED_IN,
    ("GET", "/imports/{run:str}/report.pdf"): SIGNED_IN,
    ("GET", "/evening"): SIGNED_IN,
    ("GET", "/evening/{cycle:int}"): SIGNED_IN,
    ("GET", "/evening/bank-file"): SIGNED_IN,
    ("POST", "/evening/{cycle:int}/explain"): Right.RECONCILE,
    ("POST", "/evening/{cycle:int}/close"): Right.RECONCILE,
    ("POST", "/evening/bank-file"): Right.PAY,
    ("GET", "/journal"): Right.OPEN_DOSSIERS,
    ("POST", "/journal"): Right.OPEN_DOSSIERS,
    ("GET", "/persons/{person_id:int}/history"): Right.OPEN_DOSSIERS,
    ("GET", "/persons/{person_id:int}/history/file"): Right.SEE_ACCOUNTS,
    ("GET", "/persons"): Right.OPEN_DOSSIERS,
    ("POST", "/persons"): Right.OPEN_DOSSIERS,
    ("GET", "/persons/{person_id:int}"): Right.OPEN_DOSSIERS,
    ("GET", "/persons/{person_id:int}/statement"): Right.SEE_ACCOUNTS,
    ("POST", "/persons/{person_id:int}/full"): Right.SEE_UNMASKED,
    ("GET", "/persons/{person_id:int}/full"): Right.OPEN_DOSSIERS,
    ("GET", "/persons/{person_id:int}/photo"): (Right.OPEN_DOSSIERS, Right.SEE_PHOTOS),
    ("POST", "/persons/{person_id:int}/telephone"): (Right.OPEN_DOSSIERS, Right.SERVE_AT_WINDOW),
    ("GET", "/persons/{person_id:int}/telephone"): Right.OPEN_DOSSIERS,
    ("POST", "/persons/{person_id:int}/wallets"): (Right.OPEN_DOSSIERS, Right.SERVE_AT_WINDOW),
    ("GET", "/persons/{person_id:int}/wallets"): Right.OPEN_DOSSIERS,
    ("POST", "/persons/{person_id:int}/entry-slip"): (Right.OPEN_DOSSIERS, Right.SERVE_AT_WINDOW),
    ("GET", "/persons/{person_id:int}/entry-slip"): Right.OPEN_DOSSIERS,
    ("POST", "/services"): Right.SERVE_AT_WINDOW,
    ("GET", "/day/list"): Right.SERVE_AT_WINDOW,
    ("GET", "/drafts/{draft_id:str}"): Right.OPEN_DOSSIERS,
    ("GET", "/drafts/{draft_id:str}/pin"): Right.SERVE_AT_WINDOW,
    ("GET", "/drafts/{draft_id:str}/slips/{slip:str}"): Right.SERVE_AT_WINDOW,
    **{
        ("POST", f"/drafts/{{draft_id:str}}/{what}"): Right.SERVE_AT_WINDOW
        for what in ("steps/{step:str}", "undo", "approval", "aside", "confirm", "keypad")
    },
    **{
        ("GET", f"/drafts/{{draft_id:str}}/{what}"): Right.OPEN_DOSSIERS
        for what in ("steps/{step:str}", "undo", "approval", "aside", "confirm")
    },
    ("POST", "/papers/{paper:str}"): Right.SEE_PAPERS,
    ("POST", "/papers/{paper:str}/aside"): Right.KEEP_PAPERS,
    **{
        (method, f"/lists{path}"): Right.SERVE_AT_WINDOW
        for method, path in (
            *(("GET", ""), ("POST", ""), ("GET", "/{list_id:str}"), ("GET", "/{list_id:str}/result.csv")),
            *(
                (method, f"/{{list_id:str}}/{form}")
                for method in ("GET", "POST")
                for form in ("check", "apply", "photos")
            ),
        )
    },
    **{
        ("GET", f"/handing-over{path}"): Right.SERVE_AT_WINDOW for path in ("", "/{tray_id:str}", "/{tray_id:str}/list")
    },
    ("POST", "/handing-over"): Right.SERVE_AT_WINDOW,
    **{
        (method, f"/handing-over/{{tray_id:str}}/{what}"): Right.SERVE_AT_WINDOW
        for method in ("GET", "POST")
        for what in ("scan", "hand-over", "leave", "close")
    },
    ("GET", "/keypad/{name:str}"): ANYBODY,
    ("POST", "/keypad/{name:str}"): ANYBODY,
    ("GET", "/articles"): ARTICLES,
    ("GET", "/articles/new/{kind:str}"): Right.KEEP_ARTICLES,
    ("POST", "/articles/new/{kind:str}"): Right.KEEP_ARTICLES,
    ("GET", "/articles/{article:int}"): ARTICLES,
    ("POST", "/articles/{article:int}"): Right.KEEP_ARTICLES,
    ("POST", "/articles/{article:int}/verdict"): Right.APPROVE_ARTICLES,
    ("POST", "/articles/{article:int}/withdraw"): frozenset({Right.KEEP_ARTICLES, Right.APPROVE_ARTICLES}),
    ("POST", "/articles/hosts"): Right.KEEP_ARTICLES,
    ("POST", "/articles/hosts/verdict"): Right.APPROVE_ARTICLES,
    ("POST", "/articles/hosts/end"): frozenset({Right.KEEP_ARTICLES, Right.APPROVE_ARTICLES}),
    ("GET", "/site"): ARTICLES,
    ("POST", "/site/prepare"): frozenset({Right.KEEP_ARTICLES, Right.APPROVE_ARTICLES}),
    ("POST", "/site/sign"): Right.APPROVE_ARTICLES,
    ("GET", "/outbox"): Right.SEE_OUTBOX,
    ("GET", "/outbox/again"): Right.SEE_OUTBOX,
    ("POST", "/outbox/again"): Right.KEEP_OUTBOX,
    ("GET", "/batches"): Right.SEE_BATCHES,
    ("POST", "/batches"): Right.KEEP_BATCHES,
    ("GET", "/batches/{batch:str}"): Right.SEE_BATCHES,
    **{("GET", f"/batches/{{batch:str}}/{step}"): Right.SEE_BATCHES for step in STEPS},
    **{("POST", f"/batches/{{batch:str}}/{step}"): Right.KEEP_BATCHES for step in STEPS if step != "approve"},
    **{("GET", f"/batches/{{batch:str}}/{kind}"): Right.SEE_BATCHES for kind in ("results", "bank-answers")},
    **{("POST", f"/batches/{{batch:str}}/{kind}"): Right.KEEP_BATCHES for kind in ("results", "bank-answers")},
    ("POST", "/batches/{batch:str}/approve"): Right.APPROVE_BATCHES,
    ("GET", "/stock"): frozenset({Right.USE_STOCK, Right.SEE_STOCK}),
    ("POST", "/stock"): frozenset({Right.USE_STOCK, Right.KEEP_STOCK}),
    ("GET", "/deliveries"): CARRIERS | {Right.SEE_STOCK},
    ("POST", "/deliveries"): CARRIERS,
    ("GET", "/deliveries/{consignment:str}"): CARRIERS | {Right.SEE_STOCK},
    ("POST", "/deliveries/{consignment:str}"): CARRIERS,
    ("GET", "/batches/{batch:str}/proofs"): Right.APPROVE_BATCHES,
    **{(method, path): ANYBODY for method in ("GET", "POST") for path in ("/booking", "/feedback", "/follow")},
    ("GET", "/follow/{code:str}"): ANYBODY,
    ("POST", "/follow/{code:str}/withdraw"): ANYBODY,
    **{("GET", f"/hotline/{what}{one}"): CALLS for what in ("bookings", "feedback") for one in ("", "/{id_:int}")},
    **{("POST", f"/hotline/{what}/{{id_:int}}"): Right.SERVE_CALLERS for what in ("bookings", "feedback")},
    ("GET", "/corrections"): Right.SEE_ACCOUNTS,
    ("GET", "/hotline"): frozenset({Right.SERVE_CALLERS, Right.SEE_CALLS}),
    ("POST", "/hotline"): Right.SERVE_CALLERS,
    ("GET", "/hotline/call/{call_id:str}"): Right.SERVE_CALLERS,
    **{
        (method, f"/hotline/call/{{call_id:str}}/{step}"): Right.SERVE_CALLERS
        for method in ("GET", "POST")
        for step in ("claim", "answers", "service", "hand-over", "end")
    },
    ("GET", "/hotline/calls"): Right.SEE_CALLS,
    ("GET", "/hotline/calls/{call_id:str}"): Right.SEE_CALLS,
    ("GET", "/till"): TILLS,
    ("GET", "/till/sheet.csv"): TILLS,
    ("GET", "/till/receipt.pdf"): TILLS,
    ("POST", "/till/receive"): Right.TAKE_FEES,
    ("POST", "/till/give-back"): Right.TAKE_FEES,
    ("POST", "/till/void"): Right.CLOSE_TILL,
    ("POST", "/till/refund"): Right.CLOSE_TILL,
    ("POST", "/till/float"): Right.CLOSE_TILL,
    ("POST", "/till/close"): Right.CLOSE_TILL,
    ("GET", "/approvals"): Right.SEE_ACCOUNTS,
    ("POST", "/approvals"): Right.APPROVE_DRAFTS,
    ("GET", "/drafts"): Right.OPEN_DOSSIERS,
    ("POST", "/drafts/set-aside"): Right.SERVE_AT_WINDOW,
    ("GET", "/day"): Right.OVERSEE,
    ("GET", "/day/table"): Right.OVERSEE,
    ("GET", "/windows"): SIGNED_IN,
    ("POST", "/windows"): Right.KEEP_WINDOWS,
    ("POST", "/windows/change"): Right.KEEP_WINDOWS,
    ("POST", "/windows/end"): Right.KEEP_WINDOWS,
    ("POST", "/windows/days"): Right.KEEP_WINDOWS,
    ("GET", "/institutions"): Right.SEE_CONFIGURATION,
    ("POST", "/institutions"): Right.KEEP_INSTITUTIONS,
    ("POST", "/institutions/end"): Right.KEEP_INSTITUTIONS,
    ("POST", "/institutions/terminals"): Right.KEEP_INSTITUTIONS,
    ("POST", "/institutions/terminals/end"): Right.KEEP_INSTITUTIONS,
    ("GET", "/partners"): Right.SEE_CONFIGURATION,
    **{("POST", f"/partners{what}"): Right.KEEP_PARTNERS for what in ("", "/end", "/keys", "/keys/end", "/our-keys")},
    ("GET", "/staff"): Right.SEE_STAFF,
    ("POST", "/staff"): Right.KEEP_STAFF,
    ("POST", "/staff/reset"): Right.KEEP_STAFF,
    ("POST", "/staff/end"): Right.KEEP_STAFF,
}
"""Who may have each route of the pages: anybody, whoever is signed in, or whoever has a right, or one of several."""


def test_the_table_has_every_route(pages: Pages) -> None:
    """No route of the office is without a row, and no row without a route."""
    routes = {
        (method, route.path)
        for route in make_app(pages.front).routes
        for method in getattr(route, "methods", ())
        if method in {"GET", "POST"} and not route.path.startswith(("/api", "/terminal"))
    }
    assert routes == set(WHO)


def filled(pages: Pages, path: str) -> str:
    """An address of a route."""
    said = {
        "clause:str": "9.4",
        "matter:str": "lost",
        "n:int": "0",
        "run:str": RUN,
        "cycle:int": "1",
        "person_id:int": str(id_of(pages, LI)),
        "name:str": "passkeys.js",
        "kind:str": "faq",
        "number:str": "1",
        "article:int": "1",
        "draft_id:str": "d0",
        "step:str": "presenter",
        "slip:str": "form",
        "paper:str": "none",
        "list_id:str": "l0123456789abcdef",
        "tray_id:str": "t0123456789abcdef",
        "id_:int": "1",
        "batch:str": "B-0",
        "consignment:str": "c0123456789abcdef",
        "call_id:str": "h0123456789abcdef",
        "code:str": "o" * 32,
    }  # type: ignore[arg-type]
    return re.sub(r"\{([^}]+)\}", lambda found: said[found.group(1)], path)


@pytest.mark.parametrize("role", ["", *Role])
def test_every_route_for_every_role(pages: Pages, role: str) -> None:
    """Who lacks the right gets a clear no, who is not signed in the form, and anybody else what the page has to say."""
    with pages.client(role) as client:
        mark = {"mark": mark_of(client, "/sign-in")}
        for (method, path), who in WHO.items():
            if path == "/sign-out":
                continue
            asked = filled(pages, path)
            answer = client.get(asked) if method == "GET" else client.post(asked, data=mark)
            led_to_form = answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
            refused = answer.status_code == 403
            if who == ANYBODY:
                assert (led_to_form, refused) == (False, False), asked
            elif not role:
                assert led_to_form, asked
            else:
                rights = POSTS[Role(role)].rights
                one_of = {who} if isinstance(who, str) else who
                may = who == SIGNED_IN or bool(
                    rights.issuperset(who) if isinstance(who, tuple) else rights.intersection(one_of)
                )
                assert (led_to_form, refused) == (False, not may), (asked, answer.status_code)
                assert answer.status_code < 500


def test_no_link_leads_to_an_address_that_takes_forms_alone(pages: Pages) -> None:
    """Where an address takes forms and opens no page, what it answers leads in other languages to the page above it."""
    alone = [path for method, path in WHO if method == "POST" and ("GET", path) not in WHO]
    assert len(alone) > 40
    with pages.client("system_administrator") as client:
        for path in alone:
            answer = client.post(filled(pages, path))
            assert answer.status_code >= 400, path
            for address in re.findall(r'href="([^"]*\?language=en)"', answer.text):
                assert not address.startswith("?"), path
                assert client.get(address).status_code != 405, address


def test_the_demonstrations_visitor_sees_no_staff(pages: Pages) -> None:
    """Where the pages are open to all, accounts are not, and a visitor has no passkeys; staff enrol as anywhere."""
    with pages.client(open_to_all=True) as client:
        assert client.get("/staff").status_code == 403
        assert 'href="/staff"' not in client.get("/today").text
        assert client.get("/passkeys").headers["Location"] == "/today"
        assert client.get("/enrol").status_code == 200
