"""Schemathesis over every signed message of the terminal API: no input makes it fail, each answer is as described."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from litestar.testing import TestClient
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.conftest import Database, put_dossier
from tests.test_terminal import HOSPITAL, NUMBER, PERSON_ID, Hospital, dossier
from tests.webhouse import house_on

from shebaoka.desk import open_counter
from shebaoka.serving import front_of, make_app

EXAMPLES = 1000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 12
NUMBERS = (
    *("9001", "9002", "1101", "2206", "2207", "2208", "2303", "2304", "2305"),
    *("2401", "2402", "2403", "2404", "2405", "2601", "3201", "3202", "ask-back"),
)
Described = tuple[Any, Hospital]


@pytest.fixture(scope="module")
def described(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    """The API's description over a database with one person, and a hospital that signed in."""
    shared_database.wipe()
    home: Path = tmp_path_factory.mktemp("fuzz")
    with house_on(shared_database, home) as house, open_counter(house.desk) as counter:
        put_dossier(shared_database.owner, house.vault, PERSON_ID, dossier())
        house.institutions.add(HOSPITAL, "汾河湾综合医院", ("outpatient", "pharmacy", "inpatient"))
        keys = house.institutions.add_terminal("fuzz", HOSPITAL)
        app = make_app(front_of(house, counter))
        with TestClient(app) as client:
            hospital = Hospital(house, client, HOSPITAL, keys)
            hospital.ask("9001")
            yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", app), hospital


def test_every_message_is_tried(described: Described) -> None:
    """The list above is the description's own."""
    found = {o.ok().path for o in described[0].get_all_operations() if o.ok().path.startswith("/terminal/")}
    assert found == {f"/terminal/v1/{n}" for n in NUMBERS}


@pytest.mark.parametrize("infno", NUMBERS)
def test_no_message_makes_the_server_fail(described: Described, infno: str) -> None:
    """No answer is a fault, each is as described, and the money is right afterwards."""
    schema, hospital = described
    operation = schema[f"/terminal/v1/{infno}"]["POST"]

    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def send(case: Any) -> None:
        body = _ours(case.body)
        answer = hospital.send(hospital.signed(infno, body))
        assert answer.status_code < 500, answer.text
        case.validate_response(
            schemathesis.Response.from_any(answer),
            checks=[status_code_conformance, content_type_conformance, response_schema_conformance],
        )

    send()
    with hospital.house.store() as store:
        assert store.load([NUMBER], []).people[NUMBER].dossier.account is not None
    assert hospital.house.evening.check() == []


def _ours(body: Any) -> Any:
    """Half of the messages are from this hospital and about somebody who is there, so that they get past the door."""
    if not isinstance(body, dict) or not isinstance(body.get("msgid"), str) or not isinstance(body.get("input"), dict):
        return body
    if len(body["msgid"]) == 30 and ord(body["msgid"][-1]) % 2:
        stamp = "20130705093000"
        said = {**body["input"], **({"certno": NUMBER} if "certno" in body["input"] else {})}
        return {
            **body,
            "msgid": HOSPITAL + stamp + body["msgid"][-4:],
            "infno": "",
            "fixmedins_code": "",
            "input": said,
        }
    return body
