"""The JSON API as its callers meet it: yes and no with their clauses, and bad input with its stable codes."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import OpenAPI
from litestar.testing import TestClient
from psycopg import errors
from tests.conftest import Database
from tests.webhouse import house_on

from shebaoka.app import House
from shebaoka.desk import open_counter
from shebaoka.desk.limits import Limit
from shebaoka.numbers import with_check_digit
from shebaoka.serving import front_of, make_app
from shebaoka.store import SCHEMA, Store

NUMBER = with_check_digit("14070219850312002")
NOBODY = with_check_digit("14070219850312004")
REGISTER = {
    "service": "register_person",
    "id": "r-1",
    "person": NUMBER,
    "name": "欧阳䶮",
    "region": "140702",
    "insured_on": "2012-01-01",
    "shows": ["identity_card", "insurance_proof"],
}
PAPERS = ["identity_card", "identity_copy", "photo"]


class Api:
    """A client of the API with tokens by role."""

    def __init__(self, house: House, client: TestClient[Any]) -> None:
        self.house = house
        self.client = client
        self.tokens = {role: house.staff.add(role, role, "w-1") for role in ("clerk", "production", "auditor")}

    def send(self, method: str, path: str, body: object = None, role: str = "clerk", **query: Any) -> tuple[int, Any]:
        """Status and decoded body of one call."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        answer = self.client.request(method, f"/api/v1{path}", content=content, headers=headers, params=query)
        return answer.status_code, answer.json()

    def ask(self, request: object, role: str = "clerk", **beside: Any) -> tuple[int, Any]:
        """One request, answered in English."""
        return self.send("POST", "/requests", {"request": request, **beside}, role, language="en")


@pytest.fixture(scope="module")
def served(
    shared_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, TestClient[Any]]]:
    """A house and the application over it."""
    shared_database.wipe()
    with (
        house_on(shared_database, tmp_path_factory.mktemp("house")) as house,
        open_counter(house.desk) as counter,
        TestClient(make_app(front_of(house, counter))) as client,
    ):
        yield house, client


@pytest.fixture
def api(served: tuple[House, TestClient[Any]], database: Database) -> Api:
    """The API over an empty database."""
    return Api(*served)


def test_a_yes_and_a_no_both_carry_clause_sentence_and_what_to_do(api: Api) -> None:
    """Registering is accepted by 4.1; applying without papers is refused by 4.2, and says which papers."""
    status, receipt = api.ask(REGISTER)
    assert (status, receipt["answer"]["outcome"], receipt["answer"]["clause"]) == (200, "accepted", "4.1")
    status, receipt = api.ask({"service": "apply_for_card", "id": "a-1", "person": NUMBER, "shows": ["photo"]})
    answer = receipt["answer"]
    assert (status, answer["outcome"], answer["clause"]) == (200, "refused", "4.2")
    assert answer["missing"] == ["identity_card", "identity_copy"]
    assert "ID card" in answer["sentence"]
    assert answer["do"]
    assert answer["clause_text"]


def test_a_tray_is_answered_in_order_and_a_trouble_stays_with_its_own(api: Api) -> None:
    """Three submissions, the last with the first one's id and other content: two receipts and one code."""
    apply = {"service": "apply_for_card", "id": "a-1", "person": NUMBER, "shows": PAPERS}
    other = {**apply, "id": "r-1"}
    status, tray = api.send("POST", "/trays", {"submissions": [{"request": r} for r in (REGISTER, apply, other)]})
    assert status == 200
    services = [o["receipt"]["service"] if o.get("receipt") else o["code"] for o in tray["outcomes"]]
    assert services == ["register_person", "apply_for_card", "request_id_used_with_other_content"]


def test_the_same_request_again_gets_the_first_answer_and_other_content_is_an_error(api: Api) -> None:
    """Sent twice, done once; the same id for something else is refused with 409 and does nothing."""
    _, first = api.ask(REGISTER)
    _, again = api.ask(REGISTER)
    assert again == {**first, "repeated": True}
    status, error = api.ask({**REGISTER, "name": "别人"})
    assert (status, error["code"]) == (409, "request_id_used_with_other_content")
    assert api.house.screens.people_by_standing() == {"insured": 1}


def test_a_dry_run_says_the_answer_and_does_nothing(api: Api) -> None:
    """The receipt of a dry run has no place in the journal, and nobody is registered."""
    status, receipt = api.send("POST", "/requests", {"request": REGISTER}, dry_run=True)
    assert (status, receipt["answer"]["outcome"], receipt["entry"]) == (200, "accepted", "")
    assert api.house.screens.people_by_standing() == {}


def test_a_person_is_shown_masked_and_every_look_is_in_the_journal(api: Api) -> None:
    """Number and name are masked unless asked for, and the look-ups stand in the person's journal with their reason."""
    api.ask(REGISTER)
    status, person = api.send("GET", f"/persons/{NUMBER}", reason="is it activated?")
    assert (status, person["number"][6:14]) == (200, "********")
    assert "䶮" not in person["name"]
    assert any(o["service"] == "apply_for_card" and o["possible"] for o in person["offers"])
    _, person = api.send("GET", f"/persons/{NUMBER}", reason="is it activated?", unmasked=True)
    assert (person["number"], person["name"]) == (NUMBER, "欧阳䶮")
    _, journal = api.send("GET", f"/persons/{NUMBER}/journal", role="auditor", reason="audit")
    assert [e["service"] for e in journal["entries"]] == ["look_up_person"] * 3 + ["register_person"]
    status, error = api.send("GET", f"/persons/{NOBODY}", reason="is it activated?")
    assert (status, error["code"]) == (404, "not_found")


def test_the_notice_and_the_counts_are_served(api: Api) -> None:
    """The notice needs no sign-in; the counts count what was asked today, by clause."""
    api.ask(REGISTER)
    status, notice = api.send("GET", "/notice", role="", language="en")
    assert (status, len(notice["clauses"])) == (200, 28)
    status, clause = api.send("GET", "/notice/clauses/9.3", role="", language="zh-Hant")
    assert (status, clause["parameters"]["pin_tries_max"]) == (200, 6)
    assert "pin_tries_max" in clause["readings"]
    _, counts = api.send("GET", "/counts")
    assert counts["clauses"]["4.1"] == {"accepted": 1, "refused": 0}
    assert api.send("GET", "/me")[1]["role"] == "clerk"
    assert api.send("GET", "/health", role="")[0] == 200


def _carry(record: list[object]) -> dict[str, dict[str, object]]:
    about = {"service": "carry_over_account", "id": "c-1", "person": NUMBER, "old_card_number": "YB1"}
    return {"request": {**about, "balance_fen": 100, "records": [record]}}


CREDIT = {"service": "credit_contribution", "id": "r-9", "person": NUMBER, "month": "2013-06", "amount_fen": 1}
BAD = {
    "malformed JSON": (b'{"request": ', 400, "malformed_json", ""),
    "no UTF-8": (b'{"request": "\xff"}', 400, "malformed_json", ""),
    "a lone surrogate": (
        b'{"request":{"service":"look_up_person","id":"1","person":"%s","reason":"\\ud800"}}' % NUMBER.encode(),
        400,
        "malformed_json",
        "",
    ),
    "a list": (b"[]", 400, "bad_input", "data"),
    "an unknown field": ({"request": {**REGISTER, "shoe_size": 43}}, 400, "bad_input", "request"),
    "an unknown field beside": ({"request": REGISTER, "pim": "1"}, 400, "bad_input", "data"),
    "an unknown service": ({"request": {**REGISTER, "service": "fly"}}, 400, "bad_input", "request.service"),
    "a wrong type": ({"request": {**REGISTER, "paid_fen": "28"}}, 400, "bad_input", "request.paid_fen"),
    "a credit under an id of its own": ({"request": CREDIT}, 400, "bad_input", "request.id"),
    "a negative fee": ({"request": {**REGISTER, "paid_fen": -1}}, 400, "bad_input", "request.paid_fen"),
    "a huge number": ({"request": {**REGISTER, "paid_fen": 10**40}}, 400, "bad_input", "request.paid_fen"),
    "17 digits": ({"request": {**REGISTER, "person": NUMBER[:17]}}, 400, "bad_input", "request.person"),
    "an impossible date": (
        {"request": {**REGISTER, "insured_on": "2012-02-30"}},
        400,
        "bad_input",
        "request.insured_on",
    ),
    "a NUL": ({"request": {**REGISTER, "name": "李\0娜"}}, 400, "bad_input", "request.name"),
    "an empty name": ({"request": {**REGISTER, "name": ""}}, 400, "bad_input", "request.name"),
    "an unknown paper": ({"request": {**REGISTER, "shows": ["passport"]}}, 400, "bad_input", "request.shows"),
    "a line feed at the end": ({"request": {**REGISTER, "region": "140702\n"}}, 400, "bad_input", "request.region"),
    "a record that paid too much": (_carry(["2013-01-02", "x", 100, 200]), 400, "bad_input", "request.records"),
    "a record with a NUL": (_carry(["2013-01-02", "x\0", 200, 100]), 400, "bad_input", "request.records"),
    "a negative record": (_carry(["2013-01-02", "x", -1, -1]), 400, "bad_input", "request.records"),
    "records counted by year": (
        {"request": {**_carry([])["request"], "records": [], "years": [[2013, 1, 200, 100, "a" * 64]]}},
        400,
        "bad_input",
        "request.years",
    ),
    "records in both forms": (
        {"request": {**_carry(["2013-01-02", "x", 2, 1])["request"], "years": [[2013, 1, 2, 1, "a" * 64]]}},
        400,
        "bad_input",
        "request",
    ),
    "a name without a county": (
        {"request": {**_carry([])["request"], "records": [], "name": "李娜"}},
        400,
        "bad_input",
        "request",
    ),
    "a deep nest": (b"[" * 100_000, 400, "malformed_json", ""),
    "11 MB": (b" " * 11_000_000, 413, "body_too_large", ""),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_by_code_field_and_sentence_and_nothing_is_done(api: Api, name: str) -> None:
    """Each kind of bad input: its status, its stable code, the field where there is one, and no trace left."""
    body, status, code, field = BAD[name]
    got, error = api.send("POST", "/requests", body)
    assert (got, error["code"]) == (status, code), error
    assert error.get("field", "").startswith(field)
    assert error["message"].endswith(".")
    assert api.house.screens.journal() == []


@pytest.mark.parametrize(
    ("number", "ground"),
    [
        (with_check_digit("14070299991231002"), "birth_date_is_in_the_future"),
        (NUMBER[:17] + ("0" if NUMBER[17] != "0" else "1"), "identity_number_is_not_valid"),
        (with_check_digit("14070219850231002"), "identity_number_is_not_valid"),
    ],
    ids=["born in the future", "wrong check digit", "born on 31 February"],
)
def test_a_number_that_cannot_be_is_refused_with_its_clause(api: Api, number: str, ground: str) -> None:
    """A number of the right shape that nobody can have is a no by 4.2, and registers nobody."""
    status, receipt = api.ask({**REGISTER, "person": number})
    assert (status, receipt["answer"]["ground"], receipt["answer"]["clause"]) == (200, ground, "4.2")
    assert api.house.screens.people_by_standing() == {}


def test_sign_in_comes_before_everything_and_roles_hold(api: Api) -> None:
    """No token, an unknown one, an ended account: 401. A role that only reads, or may not read people: 403."""
    assert api.send("POST", "/requests", b"{", role="")[1]["code"] == "not_signed_in"
    api.tokens["stranger"] = "sbk_unknown"
    status, error = api.send("GET", "/me", role="stranger")
    assert (status, error["code"]) == (401, "not_signed_in")
    assert api.ask(REGISTER, role="auditor")[1]["code"] == "not_allowed"
    assert api.send("GET", "/journal", role="production")[1]["code"] == "not_allowed"
    api.house.staff.end("clerk")
    assert api.send("GET", "/me")[0] == 401


def test_a_body_that_is_no_json_and_a_day_out_of_reach_are_told(api: Api) -> None:
    """Another content type is a 415; a day that no notice can reach is bad input, and neither is a fault."""
    headers = {"Authorization": f"Bearer {api.tokens['clerk']}", "Content-Type": "text/plain"}
    answer = api.client.post("/api/v1/requests", content=json.dumps({"request": REGISTER}), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong_content_type")
    assert api.send("GET", "/counts", on="9999-12-31")[1]["code"] == "bad_input"
    assert api.send("GET", "/notice", role="", on="1999-01-01")[1]["code"] == "no_notice_in_force"


def test_digits_that_stand_where_a_name_belongs_are_not_repeated(api: Api) -> None:
    """A PIN sent as the name of a field comes back in no error."""
    _, error = api.send("POST", "/requests", {"request": REGISTER, "730184": True})
    assert error["code"] == "bad_input"
    assert "730184" not in json.dumps(error)


def test_tokens_that_are_nobodys_are_counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tries tokens is turned away before the database is asked; whose token is good is never counted."""
    limits = api.house.limits
    monkeypatch.setattr(limits, "_limits", {**limits._limits, "token": Limit(3, 60)})
    monkeypatch.setattr(limits, "_full_at", {**limits._full_at, "token": {}})
    wrong = {"Authorization": "Bearer nobody"}
    for _ in range(5):
        assert api.send("GET", "/me")[0] == 200
    answers = [api.client.get("/api/v1/persons/x", headers=wrong) for _ in range(5)]
    assert [a.status_code for a in answers] == [401, 401, 401, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_the_description_is_put_together_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may ask for it, and it takes most of a second of the loop that terminals and windows are served by."""
    at = ("/api/v1/openapi.json", "/api/schema/openapi.json")
    first = [api.client.get(path).json() for path in at]
    monkeypatch.delattr(OpenAPIRenderPlugin, "render_json")
    monkeypatch.setattr(OpenAPI, "to_schema", None)
    assert [api.client.get(path).json() for path in at] == first
    assert all("/api/v1/requests" in described["paths"] for described in first)


def test_who_asks_whether_it_is_open_is_counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs no sign-in and asks the database each time: a flood of it must keep no window waiting."""
    limits = api.house.limits
    monkeypatch.setattr(limits, "_limits", {**limits._limits, "health": Limit(2, 3600)})
    monkeypatch.setattr(limits, "_full_at", {**limits._full_at, "health": {}})
    assert [api.send("GET", "/health", role="")[0] for _ in range(3)] == [200, 200, 429]


def test_unknown_paths_and_methods_are_told_as_json(api: Api) -> None:
    """404 and 405 have codes too, inside the API and beside it."""
    assert api.send("GET", "/nothing")[1]["code"] == "no_such_path"
    assert api.send("GET", "/requests")[1]["code"] == "method_not_allowed"


def test_a_pin_comes_back_in_no_answer_and_stands_in_no_journal(api: Api) -> None:
    """Digits sent beside a request are in no answer, and in no row of the journal."""
    api.ask(REGISTER)
    request = {"service": "apply_for_temporary_card", "id": "t-1", "person": NUMBER, "shows": PAPERS}
    _, receipt = api.ask(request, new_pin="730184")
    assert receipt["answer"]["outcome"] == "accepted"
    assert "730184" not in json.dumps(receipt)
    bodies = api.house.views.rows("select body from journal")
    assert bodies
    assert not any("730184" in body for (body,) in bodies)


def test_a_database_that_is_full_is_told_and_the_next_request_is_served(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's own error for a full disk, raised at the seam to it, is a 503 with a code; nothing is half done."""
    from shebaoka.store.trouble import plain

    def full(*_: object) -> None:
        raise plain(errors.DiskFull("no space left on device"))

    with monkeypatch.context() as patched:
        patched.setattr(Store, "save", full)
        status, error = api.ask(REGISTER)
    assert (status, error["code"]) == (503, "database_full")
    assert api.ask(REGISTER)[1]["answer"]["outcome"] == "accepted"


def test_a_database_of_another_schema_is_told(api: Api, database: Database) -> None:
    """A database that was brought to a newer schema meanwhile is not written to: 503, until it fits again."""
    api.ask(REGISTER)
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("update alembic_version set version_num = '9999'")
        owner.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'shebaoka_app' "
            "and datname = current_database()"
        )
        try:
            status, error = api.send("GET", "/health", role="")
            asked, refused = api.ask({**REGISTER, "id": "r-2"})
        finally:
            owner.execute("update alembic_version set version_num = %s", [SCHEMA])
    assert (status, error["code"]) == (503, "database_schema_differs")
    assert asked == 503
    assert refused["code"] in ("database_schema_differs", "database_down")
    assert api.ask({**REGISTER, "id": "r-3"})[1]["answer"]["ground"] == "person_is_already_registered"


def test_a_database_that_is_down_is_told_and_served_again_when_it_is_back(api: Api, database: Database) -> None:
    """While the database takes no connections every call is a 503; the same request is served once it does."""
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("alter role shebaoka_app nologin")
        owner.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'shebaoka_app' "
            "and datname = current_database()"
        )
        try:
            down = api.ask(REGISTER)
        finally:
            owner.execute("alter role shebaoka_app login")
    assert (down[0], down[1]["code"]) == (503, "database_down")
    assert api.ask(REGISTER)[1]["answer"]["outcome"] == "accepted"
