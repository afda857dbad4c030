"""The desk on a real PostgreSQL: requests sent twice, trays that break, two desks at once, and lines that go dead."""

import datetime as dt
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from asking import LI_NA, NOBODY, TIAN_YU, ZHOU_MING, ask, to_a_card
from conftest import FIRST_PIN, OTHER_PIN, RIGHT_PIN, WRONG_PIN, Database, StandingClock
from shebaoka.desk import Desk
from shebaoka.desk.desk import TRAY_MAX
from shebaoka.notice import Notices
from shebaoka.records import (
    Ask,
    Broken,
    Channel,
    Digits,
    NoNotice,
    Receipt,
    RequestIdUsed,
    Trouble,
)
from shebaoka.store import Overtaken, Store, Writes
from shebaoka.store.wire import Rows as StoredRows
from shebaoka.store.wire import Sent, Wire
from shebaoka.vault import SoftwareVault

Rows = dict[str, list[tuple[Any, ...]]]
NOON = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)


def receipt(outcome: object) -> Receipt:
    """An outcome that must be a receipt."""
    assert isinstance(outcome, Receipt), outcome
    return outcome


# Sent twice ----------------------------------------------------------------------------------------------------------


def test_the_same_request_gets_the_first_answer_again(
    desk: Desk, clock: StandingClock, rows: Callable[[], Rows]
) -> None:
    """Id and content being the same, the first answer comes back, marked as repeated, and nothing is written."""
    first = desk.ask(ask("register_person"))
    before = rows()
    clock.move(days=3)
    again = desk.ask(ask("register_person"))
    assert again.repeated
    assert not first.repeated
    assert (again.answer, again.at, again.entry) == (first.answer, first.at, first.entry)
    assert rows() == before


def test_a_refusal_is_repeated_too(desk: Desk) -> None:
    """A refusal is an answer like another: sent again, it is the same, though the state would now allow it."""
    early = ask("apply_for_card")
    first = desk.ask(early)
    desk.ask(ask("register_person"))
    assert first.answer.ground == "person_is_not_registered"
    assert desk.ask(early).answer == first.answer


ORIGINAL = ask("use_card", request_id="r1", pin=FIRST_PIN)
CHANGED = {
    "content": ask("use_card", request_id="r1", pin=FIRST_PIN, purpose="enquiry"),
    "service": ask("look_up_person", request_id="r1", pin=FIRST_PIN),
    "person": ask("use_card", ZHOU_MING, request_id="r1", pin=FIRST_PIN),
    "PIN": ask("use_card", request_id="r1", pin=WRONG_PIN),
    "no PIN": ask("use_card", request_id="r1"),
    "new PIN": ask("use_card", request_id="r1", pin=FIRST_PIN, new_pin=OTHER_PIN),
    "place": ask("use_card", request_id="r1", pin=FIRST_PIN, place="w2"),
}


@pytest.mark.parametrize("changed", CHANGED.values(), ids=list(CHANGED))
@pytest.mark.parametrize("at_once", [True, False], ids=["one tray", "two trays"])
def test_an_id_with_other_content_is_not_taken(
    desk: Desk, rows: Callable[[], Rows], changed: Ask, at_once: bool
) -> None:
    """An id names one content, PIN and sender included, within a tray as across trays; whoever reuses it is told."""
    desk.submit(to_a_card())
    if at_once:
        first, second = desk.submit([ORIGINAL, changed])
    else:
        (first,) = desk.submit([ORIGINAL])
        before = rows()
        (second,) = desk.submit([changed])
        assert rows() == before
    assert receipt(first).answer.ground == "first_pin_must_be_changed"
    assert isinstance(second, RequestIdUsed)
    assert "r1" in str(second)


def test_a_request_twice_in_one_tray_is_done_once(desk: Desk, rows: Callable[[], Rows]) -> None:
    """The second of two alike gets the first one's answer as a repeat, and there is one entry."""
    first, second = map(receipt, desk.submit([ask("register_person"), ask("register_person")]))
    assert (first.repeated, second.repeated) == (False, True)
    assert (first.entry, first.answer) == (second.entry, second.answer)
    assert len(rows()["journal"]) == 1


def test_a_dry_run_decides_and_leaves_nothing(desk: Desk, rows: Callable[[], Rows]) -> None:
    """A dry run gives the answer without a place in the journal; in earnest afterwards it is not a repeat."""
    dry = desk.ask(ask("register_person"), dry_run=True)
    assert (dry.answer.outcome, dry.entry) == ("accepted", "")
    assert not any(rows().values())
    assert not desk.ask(ask("register_person")).repeated
    assert desk.ask(ask("register_person"), dry_run=True).entry == ""


def test_a_dry_run_holds_each_ask_against_what_is_on_file(desk: Desk) -> None:
    """What one ask of a dry run would do is not there for the next, as it is not for whoever else asks meanwhile."""
    first, second = map(receipt, desk.submit([ask("register_person"), ask("look_up_person")], dry_run=True))
    assert (first.answer.outcome, second.answer.ground) == ("accepted", "person_is_not_registered")


def test_a_tray_that_was_overtaken_is_dated_anew(
    desk: Desk, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was faster has an earlier entry and an earlier time: along a person's entries it never goes back."""
    desk.ask(ask("register_person"))
    save, overtaken = desk.store.save, [True]

    def saved(writes: Writes) -> None:
        if overtaken:
            overtaken.clear()
            clock.move(hours=12)
            raise Overtaken
        save(writes)

    monkeypatch.setattr(desk.store, "save", saved)
    assert desk.ask(ask("look_up_person")).at == clock.at == NOON + dt.timedelta(hours=12)


# What a tray leaves --------------------------------------------------------------------------------------------------


def test_a_refused_stranger_leaves_an_entry_and_no_person(desk: Desk, rows: Callable[[], Rows]) -> None:
    """Whoever is not registered gets a journal of one entry, and is neither a person nor known by number."""
    answers = [receipt(o) for o in desk.submit([ask("apply_for_card", NOBODY, f"r{n}") for n in range(3)])]
    kept = rows()
    assert {r.answer.ground for r in answers} == {"person_is_not_registered"}
    assert len({r.entry for r in answers}) == len(kept["journal"]) == len(kept["dossier"]) == 3
    assert not kept["person"]
    assert not kept["person_key"]


def test_a_broken_tray_is_rolled_back_whole(
    desk: Desk, rows: Callable[[], Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cards with one serial break the tray: nobody's request is done, and the desk serves the next tray."""
    people = (LI_NA, ZHOU_MING, TIAN_YU)
    desk.submit([ask("register_person", p) for p in people])
    before = rows()
    monkeypatch.setattr("shebaoka.desk.fold.card_serial", lambda region: region + "a" * 26)
    tray = [ask("apply_for_temporary_card", p, new_pin=RIGHT_PIN) for p in people]
    with pytest.raises(Broken, match="card_serial_key"):
        desk.submit(tray)
    assert rows() == before
    monkeypatch.undo()
    assert [receipt(o).answer.outcome for o in desk.submit(tray)] == ["accepted"] * 3


def test_what_the_database_says_of_a_person_stays_there(desk: Desk, database: Database) -> None:
    """The message of a broken tray, with all that led to it, names the constraint and not the number it is about."""
    desk.ask(ask("register_person"))
    with psycopg.connect(database.owner) as owner:
        owner.execute("insert into card_number_key values ('A00000007', 1)")
    desk._cards.refill(7)
    with pytest.raises(Broken) as caught:
        desk.ask(ask("apply_for_temporary_card", new_pin=RIGHT_PIN))
    told = "".join(traceback.format_exception(caught.value))
    assert "card_number_key" in str(caught.value)
    assert "A00000007" not in told


class Stumbling(list[bytes]):
    """Values over which the program stumbles when they are to be sent."""

    def __len__(self) -> int:
        raise RuntimeError("stumbled")


def test_a_tray_that_breaks_before_it_is_sent_whole_leaves_nothing(
    desk: Desk, rows: Callable[[], Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the program itself fails between two statements of a save, nothing of it comes in with the next tray."""
    desk.submit([ask("register_person"), ask("register_person", ZHOU_MING)])
    before = rows()
    trip = Wire.trip

    def stumbles(wire: Wire, statements: Sequence[Sent]) -> list[StoredRows]:
        sent = [
            (statement, Stumbling(values) if b"insert into dossier" in statement.text else values)
            for statement, values in statements
        ]
        return trip(wire, sent)

    monkeypatch.setattr(Wire, "trip", stumbles)
    with pytest.raises(RuntimeError, match="stumbled"):
        desk.ask(ask("look_up_person"))
    monkeypatch.undo()
    assert not desk.ask(ask("look_up_person", ZHOU_MING)).repeated
    assert len(rows()["journal"]) == len(before["journal"]) + 1


def test_a_submission_longer_than_a_tray_is_cut(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than a tray holds is served in several, each answered in its place."""
    desk.ask(ask("register_person"))
    saved: list[int] = []
    save = desk.store.save
    monkeypatch.setattr(desk.store, "save", lambda writes: (saved.append(len(writes.journal)), save(writes)))
    outcomes = desk.submit([ask("look_up_person", request_id=f"r{n}") for n in range(TRAY_MAX + 5)])
    assert [receipt(o).request_id for o in outcomes] == [f"r{n}" for n in range(TRAY_MAX + 5)]
    assert saved == [TRAY_MAX, 5]


def test_without_a_notice_nothing_is_done(desk: Desk, clock: StandingClock, rows: Callable[[], Rows]) -> None:
    """On a day before the first notice no request is decided, none is kept, and the sentence says what to do."""
    clock.at = dt.datetime(2013, 6, 24, 4, 0, tzinfo=dt.UTC)
    with pytest.raises(NoNotice, match="2013-06-25"):
        desk.ask(ask("register_person"))
    assert not any(rows().values())


def test_the_day_is_that_of_the_city(desk: Desk, clock: StandingClock) -> None:
    """Midnight falls where the city is: at 16:00 UTC the next day has begun in Jinzhong."""
    clock.at = dt.datetime(2013, 6, 24, 15, 59, tzinfo=dt.UTC)
    assert desk.today() == dt.date(2013, 6, 24)
    clock.move(minutes=1)
    assert desk.today() == dt.date(2013, 6, 25)
    assert desk.ask(ask("register_person")).answer.outcome == "accepted"


def test_a_right_pin_is_kept_under_the_new_key(
    store: Store, notices: Notices, database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    """After the vault's keys were changed, a PIN is sealed anew when it is entered right, and not when it is wrong."""
    vault = SoftwareVault.open(tmp_path / "vault.json")
    vault.set_first_pin(Digits(FIRST_PIN), length=6)
    desk = Desk(store, vault, notices, clock)
    desk.submit(to_a_card(new_pin=RIGHT_PIN))

    def key_id() -> str:
        with psycopg.connect(database.owner) as owner:
            ((found,),) = owner.execute("select key_id from pin").fetchall()
        return str(found)

    old = key_id()
    new = vault.rotate()
    assert desk.ask(ask("use_card", request_id="wrong", pin=WRONG_PIN)).answer.ground == "pin_is_wrong"
    assert key_id() == old
    assert desk.ask(ask("use_card", request_id="right", pin=RIGHT_PIN)).answer.outcome == "accepted"
    assert key_id() == new
    assert desk.ask(ask("use_card", request_id="again", pin=RIGHT_PIN)).answer.outcome == "accepted"


def test_every_trouble_of_a_tray_is_of_the_family(desk: Desk) -> None:
    """What a single ask meets is a `Trouble` in its place, and `ask` raises it."""
    desk.ask(ask("register_person"))
    (outcome,) = desk.submit([ask("register_person", name="王芳")])
    assert isinstance(outcome, Trouble)
    with pytest.raises(RequestIdUsed):
        desk.ask(ask("register_person", name="王芳"))


def test_the_channel_is_the_senders(desk: Desk) -> None:
    """Through which channel a request came is what its sender says, not the request."""
    one = ask("register_person")
    phone = Ask(one.request, type(one.sender)(one.sender.by, Channel.PHONE, one.sender.place))
    assert desk.ask(phone).answer.ground == "service_is_not_for_this_channel"
