"""Schemathesis over every operation of the API, from its own description: no input makes it fail, every answer is as
described.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.conftest import Database
from tests.webhouse import house_on

from shebaoka.desk import open_counter
from shebaoka.serving import front_of, make_app

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
EXAMPLES = 1000 if LONG else 100
"""All kinds of answers that 200 examples meet are met by the 103rd."""
TRAYS = 1000 if LONG else 15
"""A drawn tray is large and slow to draw, and one of its requests always has a fault: each gets the same answer."""
OPERATIONS = [
    ("POST", "/requests"),
    ("POST", "/trays"),
    ("GET", "/persons/{number}"),
    ("GET", "/persons/{number}/journal"),
    ("GET", "/persons/{number}/card"),
    ("GET", "/persons/{number}/statement"),
    ("GET", "/persons/{number}/account"),
    ("GET", "/persons/{number}/balance"),
    ("GET", "/journal"),
    ("GET", "/counts"),
    ("GET", "/notice"),
    ("GET", "/notice/clauses/{clause}"),
    ("GET", "/services"),
    ("GET", "/guide"),
    ("GET", "/guide/{matter}"),
    ("GET", "/me"),
    ("GET", "/health"),
]
Described = tuple[Any, str]


@pytest.fixture(scope="module")
def described(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    """The API's description over an empty database, and a clerk's token."""
    shared_database.wipe()
    with house_on(shared_database, tmp_path_factory.mktemp("fuzz")) as house, open_counter(house.desk) as counter:
        token = house.staff.add("clerk", "clerk", "window-1")
        app = make_app(front_of(house, counter))
        yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", app), token


def test_every_operation_is_tried(described: Described) -> None:
    """The list above is the API's own list of operations; those of terminals have a test of their own."""
    found = {(o.ok().method.upper(), o.ok().path) for o in described[0].get_all_operations()}
    found = {(method, path) for method, path in found if not path.startswith("/terminal/")}
    assert found == {(method, f"/api/v1{path}") for method, path in OPERATIONS}


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{m} {p}" for m, p in OPERATIONS])
def test_no_input_makes_an_operation_fail(described: Described, method: str, path: str) -> None:
    """No answer is a fault, and status, type and body of each are among those that the API describes."""
    schema, token = described
    operation = schema[f"/api/v1{path}"][method]

    @given(case=operation.as_strategy())
    @settings(
        max_examples=TRAYS if path == "/trays" else EXAMPLES,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any) -> None:
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        assert response.status_code < 500, response.text
        case.validate_response(
            response, checks=[status_code_conformance, content_type_conformance, response_schema_conformance]
        )

    send()
