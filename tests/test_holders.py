"""Holders at the public page: their sessions; how they prove who they are; what is kept of it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from tests.conftest import Database
from tests.test_office_signin import Pages, pages_on
from tests.test_whereabouts import somebody

from shebaoka.desk import Delivered, Outgoing, Role, Staff
from shebaoka.numbers import with_check_digit
from shebaoka.records import BadInput, HolderNotSignedIn, NotAllowed, Trouble
from shebaoka.slipcode import grouped_slip_code


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


SAID, OTHER, WINDOW_CLERK = "13800001234", "15900005678", Staff("wang", Role.CLERK, "w1")


class _Kept:
    """A carrier that keeps what it is handed."""

    name = "kept"

    def __init__(self) -> None:
        self.had = list[Outgoing]()

    def carry(self, outgoing: Outgoing) -> Delivered:
        """Take it."""
        self.had.append(outgoing)
        return Delivered()


def sent(pages: Pages) -> list[Outgoing]:
    """What leaves the house now."""
    kept = _Kept()
    pages.house.outbox.send_due(kept)
    return kept.had


def code_in(message: Outgoing) -> str:
    """The digits of a message."""
    (found,) = re.findall(r"[0-9]{6,10}", message.text)
    return str(found)


def with_telephone(pages: Pages, telephone: str = SAID) -> tuple[str, int]:
    """Somebody whose telephone is on file: number and id."""
    number = somebody(pages)
    person_id = pages.front.person(number).person_id
    pages.house.telephones.keep(WINDOW_CLERK, person_id, telephone, agreed=False, language="en")
    return number, person_id


def told(code: str, ask: Callable[[], object]) -> None:
    """Something is refused by a code."""
    with pytest.raises(BadInput) as why:
        ask()
    assert why.value.code == code


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked, execute = list[str](), psycopg.Connection.execute

    def noted(connection: Any, statement: str, *more: Any, **named: Any) -> Any:
        asked.append(statement)
        return execute(connection, statement, *more, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Connection, "execute", noted)
        yield asked


def test_a_code_by_message(pages: Pages, shared_database: Database) -> None:
    """It goes to the telephone on file whether or not other messages were agreed to, stands in no text that is kept, is
    good once, in the browser that asked, for ten minutes and five tries; a stranger's wrong tries elsewhere cost its
    holder nothing. A message that comes too late is not sent.
    """
    room, (number, who) = pages.house.entering, with_telephone(pages)
    name = room.ask_code(f" {number.lower()} ", "+86 138-0000-1234", "en")
    (message,) = sent(pages)
    code = code_in(message)
    assert (message.to, message.about, len(code)) == (SAID, "sign_in_code", 6)
    with psycopg.connect(shared_database.owner) as connection:
        kept = connection.execute("select (n.*)::text from notification n where n.person_id = %s", [who]).fetchall()
    assert ("······" in repr(kept), re.search(rf"(?<![0-9]){code}(?![0-9])", repr(kept))) == (True, None)
    stranger = room.ask_code(number, SAID, "en")
    for _ in range(5):
        told("code_is_wrong", lambda: room.entered(stranger, code))
    told("code_tries_over", lambda: room.entered(stranger, code))
    told("code_is_none", lambda: room.entered("nobody's", code))
    for _ in range(4):
        told("code_is_wrong", lambda: room.entered(name, "x\ud800" * 50))
    assert room.entered(name, f" {code[:3]} {code[3:]} ") == who
    told("code_was_used", lambda: room.entered(name, code))
    sent(pages)
    late = room.ask_code(number, SAID, "zh-Hans")
    pages.clock.move(minutes=10)
    assert sent(pages) == []
    told("code_is_over", lambda: room.entered(late, code))


def test_whoever_asks_is_answered_the_same(pages: Pages) -> None:
    """Of a number that nobody has, of a telephone that is another's, and of somebody on file, the answer is a name
    drawn afresh, after the same statements; a code is then wrong. What can be nobody's number is told by its field.
    """
    room, (number, _) = pages.house.entering, with_telephone(pages)
    nobody, trips = with_check_digit("14070219850505006"), []
    for asked, telephone in ((number, SAID), (number, OTHER), (nobody, SAID)):
        with statements() as run:
            name = room.ask_code(asked, telephone, "en")
        trips.append(tuple(run))
        told("code_is_wrong", lambda name=name: room.entered(name, "000000"))  # type: ignore[misc]
    assert (len(set(trips)), len(trips[0]) > 1) == (1, True)
    assert len(sent(pages)) == 1
    for asked, telephone, field in (("1", SAID, "number"), (number[:-1], SAID, "number"), (number, "110", "telephone")):
        told(f"{field}_unfit", lambda asked=asked, telephone=telephone: room.ask_code(asked, telephone, "en"))  # type: ignore[misc]
    told("telephone_unfit", lambda: room.ask_code(number, "", "en"))
    for _ in range(6):
        told("code_is_empty", lambda: room.entered(name, " \u3000"))  # no try is lost by it
    told("code_is_wrong", lambda: room.entered(name, "000000"))


def test_ten_thousand_guesses_open_nothing_and_lock_nobody_out(pages: Pages) -> None:
    """Of 10,000 codes that a stranger tries, in many browsers, none is looked at beyond five a browser. The holder's
    next code is longer by then, and signs them in; a number that is nobody's is treated alike.
    """
    room, (number, who) = pages.house.entering, with_telephone(pages)
    nobody = with_check_digit("14070219850505006")
    looked_at = dict.fromkeys((number, nobody), 0)
    for asked in looked_at:
        name = ""
        for n in range(5_000):
            if n % 500 == 0:
                name = room.ask_code(asked, SAID, "en")
            with pytest.raises(BadInput) as why:
                room.entered(name, f"{n:06d}")
            looked_at[asked] += why.value.code == "code_is_wrong"
    assert looked_at == {number: 50, nobody: 50}
    lengths = sorted(len(code_in(message)) for message in sent(pages))
    assert (len(lengths), lengths[:4], lengths[4:]) == (10, [6] * 4, [10] * 6)
    name = room.ask_code(number, SAID, "en")
    assert room.entered(name, code_in(sent(pages)[0])) == who
    pages.clock.move(days=1)
    room.ask_code(number, SAID, "en")
    assert len(code_in(sent(pages)[0])) == 6


def test_a_code_on_paper(pages: Pages) -> None:
    """The window gives one for a week; it is good once, with its number, until a newer one is given; who serves nobody
    gives none. A wrong code and a number that is nobody's are told alike.
    """
    room, (number, who) = pages.house.entering, with_telephone(pages)
    with pytest.raises(NotAllowed):
        room.give_slip(Staff("he", Role.OPERATOR, "h1"), who)
    first, slip = room.give_slip(WINDOW_CLERK, who), room.give_slip(WINDOW_CLERK, who)
    other = with_telephone(pages)[0]
    for asked, code in ((number, first.code), (other, slip.code), (with_check_digit("14070219850505006"), slip.code)):
        told("slip_unknown", lambda asked=asked, code=code: room.entered_by_slip(asked, code))  # type: ignore[misc]
    told("slip_code_unfit", lambda: room.entered_by_slip(number, "7K3M"))
    assert room.entered_by_slip(number, grouped_slip_code(slip.code).lower()) == who
    told("slip_was_used", lambda: room.entered_by_slip(number, slip.code))
    late = room.give_slip(WINDOW_CLERK, who)
    pages.clock.move(days=7)
    told("slip_is_over", lambda: room.entered_by_slip(number, late.code))


def test_whoever_has_the_old_telephone_is_out(pages: Pages) -> None:
    """A window that keeps another number ends the holder's sessions, and the code on its way to the old one; what a
    window changes beside the number ends nothing.
    """
    room, (number, who) = pages.house.entering, with_telephone(pages)
    for telephone, agreed, ended in ((SAID, True, False), (OTHER, True, True)):
        name, cookie = room.ask_code(number, SAID, "en"), pages.house.holders.begin(who, "code")
        (message,) = (m for m in sent(pages) if m.about == "sign_in_code")
        pages.house.telephones.keep(WINDOW_CLERK, who, telephone, agreed=agreed, language="en")
        if ended:
            code = code_in(message)
            told("code_is_over", lambda name=name, code=code: room.entered(name, code))  # type: ignore[misc]
            assert why_not(pages, cookie) == "holder_session_telephone"
        else:
            assert (room.entered(name, code_in(message)), pages.house.holders.of(cookie).person_id) == (who, who)


def test_nobody_comes_in_for_somebody_who_died(pages: Pages, shared_database: Database) -> None:
    """Neither a code nor a slip opens their card, nor a session that was begun before: the telephone is another's by
    now. The answers are a stranger's.
    """
    room, (number, who) = pages.house.entering, with_telephone(pages)
    slip, session = room.give_slip(WINDOW_CLERK, who), pages.house.holders.begin(who, "code")
    assert pages.house.holders.of(session).person_id == who
    with psycopg.connect(shared_database.owner) as connection:
        connection.execute("update person set standing = 'dead' where person_id = %s", (who,))
    name = room.ask_code(number, SAID, "en")
    assert sent(pages) == []
    told("code_is_wrong", lambda: room.entered(name, "123456"))
    told("slip_unknown", lambda: room.entered_by_slip(number, slip.code))
    with pytest.raises(HolderNotSignedIn, match="Sign in to see"):
        pages.house.holders.of(session)


def test_another_telephone(pages: Pages) -> None:
    """The code goes to the new number and the old one is told; what was agreed to stays; without the code, in another
    session or with the number on file nothing is changed; nor is it where the old one cannot be told.
    """
    room, (_, who) = pages.house.entering, with_telephone(pages)
    other = with_telephone(pages)[1]
    told("telephone_is_the_same", lambda: room.ask_telephone_code(who, SAID, "en"))
    told("telephone_unfit", lambda: room.ask_telephone_code(who, "", "en"))
    name = room.ask_telephone_code(who, "１５９ ００００-5678", "en")
    assert (room.waiting_for(name, who), room.waiting_for(name, other), room.waiting_for("x", who)) == (
        *("159****5678", "", ""),
    )
    (message,) = sent(pages)
    assert (message.to, message.about) == (OTHER, "telephone_code")
    told("code_is_wrong", lambda: room.change_telephone(who, name, "1", "en"))
    told("code_is_none", lambda: room.change_telephone(other, name, code_in(message), "en"))
    room.change_telephone(who, name, code_in(message), "en")
    kept = pages.house.telephones.of(who)
    assert kept is not None
    assert (kept.number, kept.agreed, kept.language, kept.changed_by) == (OTHER, False, "en", "holder")
    (warning,) = sent(pages)
    assert (warning.to, warning.about, "159****5678" in warning.text) == (SAID, "telephone_changed", True)
    assert OTHER not in warning.text
    back = room.ask_telephone_code(who, SAID, "en")
    (message,) = sent(pages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shebaoka.store.holders.SEND", "select 1 / 0")
        with pytest.raises(Trouble):
            room.change_telephone(who, back, code_in(message), "en")
    assert pages.house.telephones.of(who) == kept, "changed, and nobody was told at the old one"
    shown = pages.house.outbox.of_person(WINDOW_CLERK, who)
    assert {(n.about, n.state) for n in shown} == {("telephone_code", "sent"), ("telephone_changed", "sent")}
