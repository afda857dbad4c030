"""Holders at the public page: their sessions; how they prove who they are; what is kept of it."""

from collections.abc import Iterator

import psycopg
import pytest
from tests.conftest import Database
from tests.test_office_signin import Pages, pages_on
from tests.test_whereabouts import somebody

from shebaoka.records import HolderNotSignedIn


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter."""
    with pages_on(shared_database, tmp_path_factory.mktemp("holders")) as pages:
        yield pages


def why_not(pages: Pages, cookie: str) -> str:
    """Why a cookie is nobody's session."""
    with pytest.raises(HolderNotSignedIn) as told:
        pages.house.holders.of(cookie)
    return told.value.code


def test_a_session_of_a_holder(pages: Pages, shared_database: Database) -> None:
    """It is known by its cookie alone, of which the database has a digest; it ends by signing out, after ten minutes
    without a page, after an hour at all, and when the telephone is changed in another one. A cookie of the staff's, or
    one that was altered, is none.
    """
    room, clock = pages.house.holders, pages.clock
    who = pages.front.person(somebody(pages)).person_id
    cookie, other = room.begin(who, "code"), room.begin(who, "slip")
    assert (room.of(cookie).person_id, room.of(cookie).how, room.of(other).how) == (who, "code", "slip")
    with psycopg.connect(shared_database.owner) as connection:
        kept = repr(connection.execute("select * from holder_session").fetchall())
    assert cookie.split(".")[0] not in kept
    for altered in ("", "x", cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), "é" * 200):
        assert why_not(pages, altered) == "holder_not_signed_in"
    as_staff = pages.house.sessions.form_mark("", "")
    assert why_not(pages, as_staff) == "holder_not_signed_in"
    for _ in range(5):
        clock.move(minutes=9)
        assert room.of(cookie).person_id == who
    assert why_not(pages, other) == "holder_session_idle"
    clock.move(minutes=9)
    assert room.of(cookie).person_id == who
    clock.move(minutes=6)
    assert why_not(pages, cookie) == "holder_session_too_long"
    first, second = room.begin(who, "code"), room.begin(who, "code")
    room.end_others(first, who)
    assert (room.of(first).person_id, why_not(pages, second)) == (who, "holder_session_telephone")
    room.end(first)
    assert why_not(pages, first) == "holder_session_signed_out"
    room.end("nobody's")
