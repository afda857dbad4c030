"""Views of personal accounts at every face: what a life of settlements comes to, and what each role is shown of it.

The life is made by the desk: charges, a cancel and its reversal, a correction by two people, contributions, and records
of the old card. Nothing is put into the database beside it.
"""

import csv
import datetime as dt
import io
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pypdf
import pytest
from litestar.testing import TestClient
from tests.conftest import FIRST_PIN, RIGHT_PIN, Database, StandingClock
from tests.test_office import Reader, sign_in
from tests.webhouse import app_of

from cli_shell import NOBODY, Shell, open_shell
from shebaoka.app import House, open_house, settings_from
from shebaoka.desk import CHANNEL_OF, TOKEN_ROLES, StatementLine, open_counter
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import mask, with_check_digit
from shebaoka.pages.labels import LABELS
from shebaoka.paper import labels_in
from shebaoka.records import SERVICES, Ask, Digits, Material, PresentedCard, Receipt, Sender, Terms, credit_id
from shebaoka.serving import front_of
from shebaoka.web import Front
from test_cli_money import HOSPITAL as SHELL_HOSPITAL
from test_cli_money import settle as settle_in_shell

LI = with_check_digit("14070219791203002")
STRANGER = with_check_digit("14070219850505006")
NAME, MASKED = "李娜", "李*"
HOSPITAL, PHARMACY = "H14070200001", "P14070200002"
NAMES = {HOSPITAL: "汾河湾综合医院", PHARMACY: "南山大药房"}
OLD_HOSPITAL = "南山镇卫生院"
TODAY = dt.date(2014, 2, 1)
LINES = [
    ("2013-07-01", "opening_balance", "", 0, 0, 0, 100_000, 100_000),
    ("2013-07-01", "contribution", "", 0, 0, 0, 12_000, 112_000),
    ("2013-07-02", "outpatient", NAMES[HOSPITAL], 12_345, 8_000, 1_000, -3_345, 108_655),
    ("2013-07-03", "taken_back", NAMES[HOSPITAL], -12_345, -8_000, -1_000, 3_345, 112_000),
    ("2013-07-03", "outpatient", NAMES[HOSPITAL], 12_345, 8_000, 1_000, -3_345, 108_655),
    ("2013-07-04", "correction", "", 0, 0, 0, -12_000, 96_655),
    ("2013-07-04", "contribution", "", 0, 0, 0, 10_000, 106_655),
    ("2013-07-05", "contribution", "", 0, 0, 0, 10_000, 116_655),
    ("2013-07-06", "pharmacy", NAMES[PHARMACY], 4_990, 0, 0, -4_990, 111_665),
    ("2013-12-31", "outpatient", NAMES[HOSPITAL], 50_000, 45_000, 5_000, 0, 111_665),
]
"""Day, what, institution, total, pooled, cash, change of the account, balance after: what 2013 must come to, in fen."""
NEXT_YEAR = ("2014-01-02", "pharmacy", NAMES[PHARMACY], 1_665, 0, 0, -1_665, 110_000)


class Life:
    """One person's life at a house whose clock is moved, and a token of every role."""

    def __init__(self, house: House, clock: StandingClock) -> None:
        self.house = house
        self.clock = clock
        self.desk = house.desk()
        self.tokens = {role.value: house.staff.add(f"{role}-1", role, "w1") for role in TOKEN_ROLES}
        self.asked = 0
        for code, name in NAMES.items():
            house.institutions.add(code, name, ("outpatient", "pharmacy"))
            house.institutions.add_terminal(f"t-{code}", code)

    def on(self, day: str) -> None:
        """Noon of a day in the city."""
        self.clock.at = dt.datetime.fromisoformat(f"{day}T04:00:00+00:00")

    def ask(self, service: str, *, by: str = "", pin: str = "", new_pin: str = "", **fields: Any) -> Receipt:
        """A service asked for, by the way that the notice names; it must be accepted."""
        self.asked += 1
        channel = self.house.notices.on(TODAY).channels_of(service)[0]
        role = next(role for role, its in CHANNEL_OF.items() if its is channel)
        request_id = credit_id(fields["month"], LI) if "month" in fields else f"life-{self.asked}"
        request = {"id": request_id, "person": LI, "service": service, "shows": list(Material), **fields}
        sender = Sender(by or f"{role}-1", channel, "w1")
        return self._put(msgspec.convert(request, SERVICES[service]), sender, pin, new_pin, None)

    def message(self, service: str, code: str, pin: str = "", **fields: Any) -> Receipt:
        """A message of an institution that signed in, with its terms; it must be accepted."""
        self.asked += 1
        terminal = self.house.institutions.terminal(f"t-{code}")
        self.house.institutions.sign_in(terminal)
        request = {"id": f"{code}{self.asked:018d}", "person": LI, "service": service, **fields}
        terms = self.house.institutions.terms(terminal)
        sender = Sender(terminal.key_id, "terminal", code)
        return self._put(msgspec.convert(request, SERVICES[service]), sender, pin, "", terms)

    def charge(self, code: str, total: int, pooled: int = 0, cash: int = 0) -> Receipt:
        """A charge whose account part is what the pooled fund and cash leave; fen."""
        card = self.house.screens.person(self.desk.store, LI, self.clock.at.date()).dossier.cards[-1]
        parts = {"total_fen": total, "pooled_fen": pooled, "cash_fen": cash, "account_fen": total - pooled - cash}
        kind = "pharmacy" if code == PHARMACY else "outpatient"
        presented = PresentedCard(card.number, card.serial)
        return self.message("settle_charge", code, RIGHT_PIN, card=msgspec.to_builtins(presented), kind=kind, **parts)

    def _put(self, request: Any, sender: Sender, pin: str, new_pin: str, terms: Terms | None) -> Receipt:
        entered = Digits(pin) if pin else None, Digits(new_pin) if new_pin else None
        receipt = self.desk.ask(Ask(request, sender, *entered, terms))
        assert receipt.answer.outcome == "accepted", receipt
        return receipt

    def live(self) -> None:
        """All of it, from registering to the present day."""
        self.on("2013-07-01")
        self.ask("register_person", name=NAME, region="140702", insured_on="2009-04-01")
        records = [("2012-10-01", OLD_HOSPITAL, 900, 900), ("2013-05-05", OLD_HOSPITAL, 3_000, 2_010)]
        self.ask("carry_over_account", balance_fen=100_000, old_card_number="A1", records=records)
        for service, fields in (("apply_for_card", {}), ("put_in_batch", {"batch": "B-1"}), ("record_made", {})):
            self.ask(service, **fields)
        for service, pin in (("record_ready", ""), ("collect_card", ""), ("activate_card", RIGHT_PIN)):
            self.ask(service, new_pin=pin)
        credited = self.ask("credit_contribution", month="2013-06", amount_fen=12_000)
        self.on("2013-07-02")
        charged = self.charge(HOSPITAL, 12_345, 8_000, 1_000)
        self.on("2013-07-03")
        cancel = self.message("cancel_settlement", HOSPITAL, settlement=charged.entry)
        self.message("reverse_message", HOSPITAL, message=cancel.request_id)
        self.on("2013-07-04")
        self.ask("propose_correction", reason="Too late.", entry=credited.entry, right_fen=11_000)
        right = {"entry": credited.entry, "right_fen": 10_000}
        proposed = self.ask("propose_correction", reason="120 yuan were reported for 100.", **right)
        self.ask("approve_correction", by="clerk-2", proposal=proposed.entry, **right)
        self.on("2013-07-05")
        later = self.ask("credit_contribution", month="2013-07", amount_fen=10_000)
        wrong = {"reason": "<b>90</b> yuan were paid.", "entry": later.entry, "right_fen": 9_000}
        self.waiting = self.ask("propose_correction", **wrong)
        self.on("2013-07-06")
        self.charge(PHARMACY, 4_990)
        self.on("2013-12-31")
        self.charge(HOSPITAL, 50_000, 45_000, 5_000)
        self.on("2014-01-02")
        self.charge(PHARMACY, 1_665)
        self.on(str(TODAY))


class Faces:
    """The web server over that life."""

    def __init__(self, life: Life, front: Front, client: TestClient[Any]) -> None:
        self.life = life
        self.front = front
        self.client = client

    def get(self, path: str, role: str = "clerk", number: str = LI, **query: Any) -> Any:
        """The API's answer to a look at somebody."""
        headers = {"Authorization": f"Bearer {self.life.tokens[role]}"} if role else {}
        query = {"reason": "asked at the window", **query}
        return self.client.get(f"/api/v1/persons/{number}{path}", params=query, headers=headers)

    def browser(self, role: str, **changes: Any) -> TestClient[Any]:
        """A browser at the office's pages, signed in."""
        front = msgspec.structs.replace(self.front, **changes)
        client = TestClient(app_of(front), base_url="http://office.test")
        client.follow_redirects = False
        sign_in(client, self.life.tokens[role])
        return client

    def entries(self) -> int:
        """How many entries the person's journal has."""
        return self.front.person(LI).entries

    @property
    def page(self) -> str:
        """The person's page."""
        return f"/persons/{self.front.person(LI).person_id}"


@pytest.fixture(scope="module")
def faces(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faces]:
    """The life of this module, lived once; tests only look at it."""
    shared_database.wipe()
    home = tmp_path_factory.mktemp("views")
    settings = settings_from({"SHEBAOKA_HOME": str(home), "SHEBAOKA_DATABASE_URL": shared_database.app})
    clock = StandingClock(dt.datetime(2013, 7, 1, 4, tzinfo=dt.UTC))
    with open_house(settings, clock=clock) as house:
        house.vault.set_first_pin(Digits(FIRST_PIN), length=6)
        life = Life(house, clock)
        life.live()
        with open_counter(house.desk) as counter:
            front = front_of(house, counter)
            with TestClient(app_of(front)) as client:
                yield Faces(life, front, client)
        life.desk.store.close()
    shared_database.wipe()


def fields(line: Any) -> tuple[Any, ...]:
    """A line of a statement without its place."""
    parts = (line.total_fen, line.pooled_fen, line.cash_fen, line.account_fen, line.balance_fen)
    return (str(line.on), line.what, line.institution, *parts)


def text_of(pdf: bytes) -> str:
    """The text of a PDF without blanks and line breaks."""
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))


def rows_of(raw: bytes) -> list[dict[str, str]]:
    """The rows of a statement as CSV."""
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


# What it comes to ----------------------------------------------------------------------------------------------------


def test_the_statements_lines_and_sums_are_right(faces: Faces) -> None:
    """Charge, cancel, the cancel's reversal, correction and contributions stand line by line; the sums are right."""
    accounts = faces.life.house.accounts
    statement, present = accounts.statement(LI, 2013), accounts.statement(LI, 2014)
    assert [fields(line) for line in statement.lines] == LINES
    assert [fields(line) for line in present.lines] == [NEXT_YEAR]
    assert (statement.opening_fen, statement.credited_fen, statement.paid_fen) == (0, 120_000, 8_335)
    assert statement.closing_fen == present.opening_fen == 111_665
    assert [(str(r.on), r.account_fen) for r in statement.carried] == [("2013-05-05", 2_010)]


def test_statement_balance_and_the_balance_column_are_one(faces: Faces) -> None:
    """The last line, the balance of today, the column beside the journal and the audit all agree to the fen."""
    house = faces.life.house
    (column,) = house.views.rows("select balance_fen from dossier where balance_fen is not null")[0]
    closing_fen = house.accounts.statement(LI, TODAY.year).closing_fen
    assert column == closing_fen == house.accounts.balance_on(LI, TODAY) == house.accounts.brief(LI).balance_fen
    assert house.screens.sums().balance_fen == house.screens.sums().entries_fen == column == 110_000
    assert house.evening.check() == []
    assert house.auditor.verify(faces.life.desk.store).faults == ()


@pytest.mark.parametrize(
    ("day", "balance_fen"),
    [("2013-06-30", 0), *{line[0]: line[-1] for line in (*LINES, NEXT_YEAR)}.items(), ("2014-02-01", 110_000)],
)
def test_the_balance_of_any_day(faces: Faces, day: str, balance_fen: int) -> None:
    """The API tells the balance at the end of a day, and today's where no day is named."""
    said = faces.get("/balance", on=day)
    assert (said.status_code, said.json()) == (200, {"number": mask(LI), "on": day, "balance_fen": balance_fen})
    assert faces.get("/balance").json()["balance_fen"] == 110_000


# The API -------------------------------------------------------------------------------------------------------------


def test_a_statement_is_json_as_it_is_described(faces: Faces) -> None:
    """What comes is the statement by names, masked, of the present year unless another is asked for, kept nowhere."""
    response = faces.get("/account", year=2013)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert response.headers["Cache-Control"] == "no-store"
    said = response.json()
    assert [fields(msgspec.convert(line, StatementLine)) for line in said["lines"]] == LINES
    assert said["carried"] == [
        {"on": "2013-05-05", "institution": OLD_HOSPITAL, "total_fen": 3_000, "account_fen": 2_010}
    ]
    assert (said["number"], said["name"], said["closing_fen"], said["clause"]) == (mask(LI), MASKED, 111_665, "1.2")
    assert faces.get("/account").json()["year"] == TODAY.year


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_statement_as_csv(faces: Faces, language: str) -> None:
    """UTF-8 with its mark, headings of the language, every row, sums that hold, and no number in the file's name."""
    response = faces.get("/account", year=2013, format="csv", language=language)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="account-\d{1,10}-2013\.csv"', response.headers["Content-Disposition"])
    assert response.content.startswith(b"\xef\xbb\xbf")
    rows, say = rows_of(response.content), labels_in(language)
    assert len(rows) == 1 + len(LINES) + 1 + 1
    changes = sum(int(row[say.account].replace(".", "") or 0) for row in rows)
    assert (changes, rows[len(LINES) + 1][say.balance]) == (111_665, "1116.65")
    assert [row[say.what] for row in rows[1:-2]] == [say.whats[line[1]] for line in LINES]
    assert {(row[say.number], row[say.name]) for row in rows} == {(mask(LI), MASKED)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_statement_as_pdf(faces: Faces, language: str) -> None:
    """It says holder, institutions, amounts and sums in the language asked for, and its file's name holds no number."""
    response = faces.get("/account", year=2013, format="pdf", language=language)
    assert response.headers["Content-Type"] == "application/pdf"
    assert re.fullmatch(r'attachment; filename="account-\d{1,10}-2013\.pdf"', response.headers["Content-Disposition"])
    text, say = text_of(response.content), labels_in(language)
    for said in (mask(LI), MASKED, *NAMES.values(), OLD_HOSPITAL, "1,116.65", "1,200.00", "83.35", "-33.45", "+33.45",
                 say.whats["taken_back"], say.whats["correction"], "2013-07-03"):  # fmt: skip
        assert re.sub(r"\s", "", said) in text, said
    assert LI not in text
    assert NAME not in text


@pytest.mark.parametrize("form", ["json", "csv", "pdf"])
def test_number_and_name_in_full_are_for_clerks(faces: Faces, form: str) -> None:
    """A clerk gets both where asked for; an auditor and an operator never, and their try looks nobody up."""
    whole = faces.get("/account", year=2013, format=form, unmasked=True)
    text = text_of(whole.content) if form == "pdf" else whole.text
    assert (LI in text, NAME in text) == (True, True)
    assert LI not in str(whole.headers)
    before = faces.entries()
    for role in ("auditor", "operator"):
        refused = faces.get("/account", role, year=2013, format=form, unmasked=True)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
        assert refused.json()["message"] == f"The role {role} sees numbers and names masked. Ask without `unmasked`."
        assert faces.get("", role, unmasked=True).status_code == 403
    assert faces.entries() == before


@pytest.mark.parametrize("form", ["json", "csv", "pdf"])
def test_an_auditor_sees_every_line_masked(faces: Faces, form: str) -> None:
    """The whole statement, without number and name."""
    response = faces.get("/account", "auditor", year=2013, format=form)
    text = text_of(response.content) if form == "pdf" else response.text
    assert response.status_code == 200
    assert (LI in text, NAME in text) == (False, False)
    assert all(name in text for name in NAMES.values())


def test_the_hotline_is_told_the_balance_and_the_latest_records(faces: Faces) -> None:
    """An operator gets balance and ten records with day, kind and amount; no institution, no charge, no statement."""
    response = faces.get("/account", "operator")
    said = response.json()
    latest = [{"on": line[0], "what": line[1], "account_fen": line[6]} for line in reversed([*LINES, NEXT_YEAR])]
    assert said == {
        "number": mask(LI),
        "name": MASKED,
        "on": str(TODAY),
        "balance_fen": 110_000,
        "latest": latest[:10],
    }
    assert faces.get("/balance", "operator").json()["balance_fen"] == 110_000
    before = faces.entries()
    for path, query in (("/account", {"year": 2014}), ("/account", {"format": "csv"}), ("/statement", {})):
        refused = faces.get(path, "operator", **query)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
        assert "the 10 latest records, and no statement" in refused.json()["message"]
    assert faces.entries() == before


@pytest.mark.parametrize("path", ["/account", "/balance"])
def test_every_look_is_kept_and_nobody_else_may_look(faces: Faces, path: str) -> None:
    """A look stands in the journal with its asker; other roles are refused, and somebody unknown is not found."""
    before = faces.entries()
    assert faces.get(path, "auditor").status_code == 200
    line = faces.front.screens.journal_of(faces.front.person(LI).person_id, limit=1)[0]
    assert (line.service, line.by, faces.entries()) == ("look_up_person", "auditor-1", before + 1)
    assert {faces.get(path, role).status_code for role in ("bank", "terminal", "production")} == {403}
    assert (faces.get(path, "").status_code, faces.get(path, number=STRANGER).status_code) == (401, 404)
    assert faces.client.get(f"/api/v1/persons/{LI}{path}").status_code == 401
    assert faces.entries() == before + 1


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/account", {"year": 2015}, "year"),
        ("/account", {"year": 1899}, "year"),
        ("/account", {"year": "last"}, "year"),
        ("/account", {"format": "xls"}, "format"),
        ("/account", {"reason": ""}, "reason"),
        ("/balance", {"on": "2014-02-02"}, "on"),
        ("/balance", {"on": "2013-02-30"}, "on"),
    ],
)
def test_what_cannot_be_is_bad_input(faces: Faces, path: str, query: dict[str, Any], field: str) -> None:
    """A year or a day that has not come, or nonsense, is refused by name, and looks nobody up."""
    before = faces.entries()
    response = faces.get(path, **query)
    assert (response.status_code, response.json()["code"], response.json()["field"]) == (400, "bad_input", field)
    assert faces.entries() == before


def test_without_a_font_the_pdf_alone_is_missing(faces: Faces, tmp_path: Path) -> None:
    """A folder of fonts that has none is told by name; JSON and CSV need none, and the page says what to do."""
    front = msgspec.structs.replace(faces.front, fonts=tmp_path)
    with TestClient(app_of(front)) as client:
        lame = Faces(faces.life, front, client)
        refused = lame.get("/account", format="pdf")
        assert (refused.status_code, refused.json()["code"]) == (503, "no_font_for_chinese")
        assert "SHEBAOKA_FONTS" in refused.json()["message"]
        assert [lame.get("/account", format=form).status_code for form in ("json", "csv")] == [200, 200]
    with faces.browser("clerk", fonts=tmp_path) as browser:
        page = browser.get(f"{faces.page}/statement", params={"language": "en"})
        assert page.status_code == 503
        assert LABELS["en"]["trouble_no_font_for_chinese"] in page.text


def test_messages_turned_away_are_counted(faces: Faces) -> None:
    """The counts say by code how many messages of terminals were turned away at the door."""
    headers = {"Authorization": f"Bearer {faces.life.tokens['auditor']}"}
    assert faces.client.get("/api/v1/counts", headers=headers).json()["messages_turned_away"] == {}
    for _ in range(2):
        assert faces.client.post("/terminal/v1/2207", json={}).status_code == 401
    counts = faces.client.get("/api/v1/counts", headers=headers).json()
    assert counts["messages_turned_away"] == {"signature_missing": 2}


def test_every_form_is_described(faces: Faces) -> None:
    """The API's description has JSON in both shapes, CSV and PDF."""
    described = faces.client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/persons/{number}/account"]["get"]
    content = described["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/csv", "application/pdf"}
    shapes = [shape["$ref"].rpartition("/")[2] for shape in content["application/json"]["schema"]["oneOf"]]
    assert shapes == ["AccountStatement", "BriefAccount"]


# The office's page ---------------------------------------------------------------------------------------------------


def section(text: str) -> str:
    """The part of a page that is about the account, without what spaces it out."""
    return re.sub(r"\s+", " ", text.split('id="account"')[1].split("</section>")[0])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["clerk", "auditor"])
def test_the_page_in_every_language(faces: Faces, language: str, role: str) -> None:
    """It is well-formed, and has neither number nor name, for everybody who may open it."""
    with faces.browser(role) as browser:
        for year in ("2013", "2014"):
            text = browser.get(faces.page, params={"language": language, "year": year}).text
            assert Reader(text).faults == []
            assert (LI in text, NAME in text) == (False, False)
            shown = re.sub(r"<[^>]+>", " ", section(text))
            assert not re.search(r"\{\w+\}|[a-z]+_[a-z]+", shown)


def test_the_page_shows_a_years_account(faces: Faces) -> None:
    """Balance, sums, each record with its parts and the balance after, newest first, and the old card's of the year."""
    with faces.browser("clerk") as browser:
        text = section(browser.get(faces.page, params={"language": "en", "year": "2013"}).text)
        shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
        for said in ("Balance 1,100.00 yuan", "Opening balance (2013) 0.00 yuan", "Credited in the year 1,200.00 yuan",
                     "Paid in the year 83.35 yuan", "↩ taken back", "correction", OLD_HOSPITAL, "20.10 yuan",
                     "2013-07-06 pharmacy 南山大药房 49.90 yuan 0.00 yuan 0.00 yuan -49.90 yuan 1,116.65 yuan",
                     "2013-07-02 outpatient 汾河湾综合医院 123.45 yuan 80.00 yuan 10.00 yuan -33.45 yuan 1,086.55 yuan",
                     "old system → personal account"):  # fmt: skip
            assert said in shown, said
        records = text.split("</table>")[0]
        days = re.findall(r'<td class="t">([\d-]+)</td>', records)
        assert days == [line[0] for line in reversed(LINES)]
        assert f'href="{faces.page}?year=2014#account"' in text
        present = section(browser.get(faces.page, params={"language": "en"}).text)
        assert "2014-01-02" in present
        assert "2013-12-31" not in present
        assert OLD_HOSPITAL not in present
        for bad in ("2015", "0", "13", "x", "99999"):
            assert browser.get(faces.page, params={"year": bad}).status_code == 400


def test_a_long_year_shows_its_newest_records(faces: Faces, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more records than fit the newest are shown, and the page says where the others are."""
    monkeypatch.setattr("shebaoka.window.people.LINES", 3)
    with faces.browser("clerk") as browser:
        text = section(browser.get(faces.page, params={"language": "en", "year": "2013"}).text)
    days = re.findall(r'<td class="t">([\d-]+)</td>', text.split("</table>")[0])
    assert days == [line[0] for line in reversed(LINES[-3:])]
    assert LABELS["en"]["only_latest"].format(3) in text


def test_corrections_that_wait_are_listed_with_entry_and_reason(faces: Faces) -> None:
    """Whoever may read accounts sees what waits for a second person; neither what was approved, nor what came late."""
    waiting = faces.life.waiting
    (line,) = faces.front.screens.waiting_corrections()
    assert (line.place, line.answer.facts) == (waiting.entry, waiting.answer.facts)
    for language in LANGUAGES:
        with faces.browser("auditor") as browser:
            text = browser.get("/corrections", params={"language": language}).text
        shown = (
            waiting.answer.facts["entry"],
            "&lt;b&gt;90&lt;/b&gt; yuan were paid.",
            "clerk-1",
            LABELS[language]["corrections"],
        )
        assert not [x for x in shown if str(x) not in text], language
        assert Reader(text).faults == []
        assert "Too late" not in text
        assert "120 yuan were reported" not in text
    for role in ("operator", "bank"):
        with faces.browser(role) as browser:
            assert browser.get("/corrections").status_code == 403
            assert "/corrections" not in browser.get("/today").text


def test_the_api_tells_the_hotline_of_no_charge(faces: Faces) -> None:
    """For an operator a charge's line has no sender, no facts and no steps, and the rest as everybody reads it."""
    for ask in (lambda role: faces.get("/journal", role, limit=500), lambda role: everybody(faces, role)):
        lines = {role: ask(role).json()["entries"] for role in ("operator", "auditor")}
        mine, whole = ({e["entry"]: e for e in lines[role]} for role in ("operator", "auditor"))
        charges = [place for place, entry in whole.items() if entry["channel"] == "terminal"]
        assert len(charges) >= 6
        for place in charges:
            answer = mine[place]["answer"]
            assert (mine[place]["by"], answer["facts"], answer["do"]) == ("", {}, [])
            assert (answer["ground"], answer["clause"]) == (
                whole[place]["answer"]["ground"],
                whole[place]["answer"]["clause"],
            )
            assert whole[place]["by"].startswith("t-")
            assert whole[place]["answer"]["facts"]
        credit = next(e for e in mine.values() if e["service"] == "credit_contribution")
        assert credit == whole[credit["entry"]]


def everybody(faces: Faces, role: str) -> Any:
    """The latest decisions, as the API tells them."""
    headers = {"Authorization": f"Bearer {faces.life.tokens[role]}"}
    return faces.client.get("/api/v1/journal", params={"limit": 500}, headers=headers)


def test_statements_are_downloaded_from_the_page(faces: Faces) -> None:
    """A clerk's links give CSV and PDF, masked and in full, in the page's language; an auditor's give them masked."""
    with faces.browser("clerk") as clerk, faces.browser("auditor") as auditor:
        text = clerk.get(faces.page, params={"language": "zh-Hant", "year": "2013"}).text
        links = [link for link in Reader(text).links if "/statement" in link]
        assert len(links) == 4
        before = faces.entries()
        for link in links:
            response = clerk.get(link)
            form = "pdf" if "format=pdf" in link else "csv"
            assert re.fullmatch(
                rf'attachment; filename="account-\d{{1,10}}-2013\.{form}"', response.headers["Content-Disposition"]
            )
            assert response.headers["Cache-Control"] == "no-store"
            said = text_of(response.content) if form == "pdf" else response.content.decode("utf-8-sig")
            assert (LI in said, NAME in said) == (("unmasked" in link),) * 2
            assert labels_in("zh-Hant").whats["taken_back"] in said
        assert faces.entries() == before + len(links)
        text = auditor.get(faces.page, params={"year": "2013"}).text
        assert len([link for link in Reader(text).links if "/statement" in link]) == 2
        assert [auditor.get(link).status_code for link in links] == [403 if "unmasked" in x else 200 for x in links]
        for bad in ({"format": "exe"}, {"format": "json"}, {"year": "2015"}):
            assert clerk.get(f"{faces.page}/statement", params=bad).status_code == 400
        assert clerk.get("/persons/999999/statement").status_code == 404


# The command line ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shell(server: str) -> Iterator[Shell]:
    """A home of this module's own."""
    with open_shell(server) as shell:
        yield shell


@pytest.fixture(scope="module")
def holder(shell: Shell) -> str:
    """Somebody who was credited 100 yuan, and charged 12.50 and 7.50 at a hospital."""
    number = shell.holder()
    shell.ok("account", "credit", number, "--month", "2013-06", "--amount-yuan", "100", by="migration")
    shell.ok("institution", "add", SHELL_HOSPITAL, NAMES[HOSPITAL], "--kind", "outpatient", by="")
    shell.ok("terminal", "add", "fenhe-1", "--institution", SHELL_HOSPITAL, by="")
    settle_in_shell(shell, number, 1250, 750)
    return number


SHOW = ("account", "show")


def test_waiting_corrections_are_listed(shell: Shell, holder: str) -> None:
    """What waits is told with its entry and its reason, and so is the approval; then nothing waits."""
    credited = shell.answer("account", "credit", holder, "--month", "2013-06", "--amount-yuan", "100", by="migration")
    right = ("--entry", credited["entry"], "--right-yuan", "100")
    proposed = shell.answer("correction", "propose", holder, *right, "--reason", "To be looked at.", "--shows-all")
    for role in ("clerk", "auditor"):
        said = shell.ok("correction", "waiting", by=role)
        assert not [x for x in (proposed["entry"], credited["entry"], "To be looked at.") if x not in said]
    (waiting,) = shell.answer("correction", "waiting")["entries"]
    assert waiting["answer"]["facts"]["reason"] == "To be looked at."
    assert shell.run("correction", "waiting", by="operator").stderr.endswith("[not_allowed]\n")


def test_an_account_is_shown(shell: Shell, holder: str) -> None:
    """Sums and records stand there, masked unless a clerk asks otherwise; every look is in the person's history."""
    said = shell.ok(*SHOW, holder, "--reason", "asked at the window")
    for shown in (
        mask(holder),
        MASKED,
        "100.00",
        "+100.00",
        "-12.50",
        "-7.50",
        "80.00",
        NAMES[HOSPITAL],
        "Contribution",
    ):
        assert shown in said, shown
    assert holder not in said
    assert NAME not in said
    assert all(shown in shell.ok(*SHOW, holder, "--unmasked") for shown in (holder, NAME))
    chinese = shell.ok(*SHOW, holder, "--language", "zh-Hans", by="auditor")
    assert all(shown in chinese for shown in ("缴费划入", "门诊", "期末余额"))
    document = shell.answer(*SHOW, holder)
    assert (document["closing_fen"], [x["account_fen"] for x in document["lines"]]) == (8_000, [10_000, -1_250, -750])
    assert document["number"] == mask(holder)
    entries = shell.answer("person", "history", holder)["entries"]
    assert [e["service"] for e in entries[:5]] == ["look_up_person"] * 5
    past = shell.ok(*SHOW, holder, "--year", "2012")
    assert "Nothing was credited or paid" in past


def test_the_balance_of_a_day_is_shown(shell: Shell, holder: str) -> None:
    """`--on` tells the balance at the end of a day; a day to come is told apart."""
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
    said = shell.answer(*SHOW, holder, "--on", str(today))
    assert (said["number"], said["balance_fen"]) == (mask(holder), 8_000)
    assert "0.00 yuan" in shell.ok(*SHOW, holder, "--on", "2013-07-01", by="operator")
    later = shell.run(*SHOW, holder, "--on", str(today + dt.timedelta(days=2)), by="clerk")
    assert (later.exit_code, later.stderr.endswith("[bad_input]\n")) == (1, True)
    assert shell.run(*SHOW, holder, "--on", str(today), "--year", "2013", by="clerk").exit_code == 2


@pytest.mark.parametrize("form", ["csv", "pdf"])
def test_a_statement_is_written_for_its_owner_alone(shell: Shell, holder: str, tmp_path: Path, form: str) -> None:
    """The file is new, readable by its owner alone, masked unless asked otherwise, and nothing is overwritten."""
    masked, whole = tmp_path / f"masked.{form}", tmp_path / f"whole.{form}"
    said = shell.ok(*SHOW, holder, f"--{form}", str(masked), "--language", "zh-Hans")
    assert str(masked) in said
    assert stat.S_IMODE(masked.stat().st_mode) == 0o600
    shell.ok(*SHOW, holder, f"--{form}", str(whole), "--unmasked", "--language", "zh-Hans")
    for path, full in ((masked, False), (whole, True)):
        text = text_of(path.read_bytes()) if form == "pdf" else path.read_bytes().decode("utf-8-sig")
        assert (holder in text, NAME in text, NAMES[HOSPITAL] in text) == (full, full, True)
    kept = masked.read_bytes()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    looks = len(shell.answer("person", "history", holder)["entries"])
    for there in (masked, link):
        again = shell.run(*SHOW, holder, f"--{form}", str(there), by="clerk")
        assert (again.exit_code, "exists already" in again.stderr) == (1, True)
    assert (masked.read_bytes(), (tmp_path / "nowhere").exists()) == (kept, False)
    assert len(shell.answer("person", "history", holder)["entries"]) == looks + 1


def test_roles_at_the_command_line(shell: Shell, holder: str, tmp_path: Path) -> None:
    """The hotline is told a brief account and gets no file; only a clerk sees number and name in full."""
    brief = shell.answer(*SHOW, holder, by="operator")
    assert (brief["balance_fen"], [x["account_fen"] for x in brief["latest"]]) == (8_000, [-750, -1_250, 10_000])
    said = shell.ok(*SHOW, holder, by="operator")
    assert "80.00 yuan" in said
    assert "-12.50" in said
    assert NAMES[HOSPITAL] not in said + json.dumps(brief, ensure_ascii=False)
    out = tmp_path / "statement.pdf"
    tries = [("operator", o) for o in (["--year", "2013"], ["--pdf", str(out)], ["--unmasked"])]
    for role, options in (*tries, ("auditor", ["--unmasked"]), ("bank", [])):
        refused = shell.run(*SHOW, holder, *options, by=role)
        assert (refused.exit_code, refused.stderr.endswith("[not_allowed]\n")) == (1, True), (role, options)
    assert not out.exists()
    for command in (("person", "history", holder), ("journal", "show")):
        told, whole = (shell.ok(*command, "--language", "en", by=role) for role in ("operator", "auditor"))
        assert ("fenhe-1" in told, "12.50" in told, "told at the window" in told) == (False, False, True)
        assert ("fenhe-1" in whole, "12.50" in whole, "told at the window" in whole) == (True, True, False)
        lines = {e["place"]: e for e in shell.answer(*command, by="operator")["entries"]}
        charges = [e for e in lines.values() if e["service"] == "settle_charge"]
        assert {(e["by"], e["brief"]) for e in charges} == {("", True)}
    assert shell.run("person", "statement", holder, by="operator").stderr.endswith("[not_allowed]\n")
    assert shell.run("person", "show", holder, "--unmasked", by="auditor").stderr.endswith("[not_allowed]\n")
    assert shell.run(*SHOW, NOBODY, by="clerk").exit_code == 3
    assert shell.run(*SHOW, holder, "--csv", "a", "--pdf", "b", by="clerk").exit_code == 2
