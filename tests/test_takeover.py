"""A batch about people whom nobody has on file: by COPY in one transaction, with the note of whoever asked for it."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import psycopg
import pytest

from asking import LI_NA, NOBODY, TIAN_YU, ZHOU_MING, ask
from conftest import Database, StandingClock
from shebaoka.desk import Desk, Note, Outcome
from shebaoka.desk.bodies import counted
from shebaoka.records import Ask, BadInput, Broken, OldRecord, Receipt, StoreDown, StoreLost
from shebaoka.store import BLOCK, Store, Writes

Rows = dict[str, list[tuple[Any, ...]]]
NOTED = "insert into import_run values (%(run)s, %(at)s, %(report)s)"
NOTED_AGAIN = NOTED + " on conflict (run) do update set report = excluded.report"
AT = dt.datetime(2013, 7, 1, tzinfo=dt.UTC)
FIRST = 5_000_001


def noted(outcomes: Sequence[Outcome], statement: str = NOTED_AGAIN) -> Note:
    """A note that counts the yeses."""
    yeses = sum(isinstance(o, Receipt) and o.answer.outcome == "accepted" for o in outcomes)
    return Note(statement, {"run": "batch-1", "at": AT, "report": f"{yeses} of {len(outcomes)}"})


def batch() -> list[Ask]:
    """Two who are registered, and between them somebody whom nobody can look up."""
    return [ask("register_person"), ask("look_up_person", NOBODY), ask("register_person", ZHOU_MING)]


def entries(outcomes: Sequence[Outcome]) -> list[str]:
    """Where the receipts stand."""
    assert all(isinstance(o, Receipt) for o in outcomes)
    return [o.entry for o in outcomes if isinstance(o, Receipt)]


def test_a_batch_is_written_under_the_ids_that_were_reserved(desk: Desk, rows: Callable[[], Rows]) -> None:
    """The n-th person has the n-th id; a refusal leaves its entry and a gap among the people; the note is there."""
    outcomes = desk.take_over(batch(), FIRST, noted)
    kept = rows()
    assert entries(outcomes) == [f"{FIRST + n}-1" for n in range(3)]
    assert [r[0] for r in kept["person"]] == [FIRST, FIRST + 2]
    assert [r[0] for r in kept["journal"]] == [FIRST, FIRST + 1, FIRST + 2]
    assert [r[2] for r in kept["import_run"]] == ["2 of 3"]


def test_people_who_were_taken_over_can_be_asked_about(desk: Desk) -> None:
    """Whoever came in by COPY is like everybody else for what follows."""
    desk.take_over(batch(), FIRST, noted)
    receipt = desk.ask(ask("look_up_person", LI_NA))
    assert (receipt.answer.outcome, receipt.entry) == ("accepted", f"{FIRST}-2")


def test_a_note_that_fails_takes_the_batch_with_it(desk: Desk, rows: Callable[[], Rows]) -> None:
    """Batch and note are one transaction: without the one there is nothing of the other."""
    desk.store.note(noted([]))
    before = rows()
    with pytest.raises(Broken):
        desk.take_over(batch(), FIRST, lambda outcomes: noted(outcomes, NOTED))
    assert rows() == before


def test_a_batch_about_somebody_on_file_goes_by_trays(desk: Desk, rows: Callable[[], Rows]) -> None:
    """Whoever was registered meanwhile is answered as somebody on file, and the note counts what came of it."""
    desk.ask(ask("register_person", ZHOU_MING, "r1"))
    outcomes = desk.take_over(batch(), FIRST, noted)
    assert [o.answer.ground for o in outcomes if isinstance(o, Receipt)] == [
        "insured_person_may_apply",
        "person_is_not_registered",
        "person_is_already_registered",
    ]
    kept = rows()
    assert len(kept["person"]) == 2
    assert len(kept["journal"]) == 4
    assert [r[2] for r in kept["import_run"]] == ["1 of 3"]


def test_a_refusal_of_somebody_on_file_is_not_made_of_thin_air(desk: Desk) -> None:
    """An ask that would be refused for want of a person is decided on the dossier if there is one after all."""
    desk.ask(ask("register_person", ZHOU_MING, "r1"))
    (outcome,) = desk.take_over([ask("look_up_person", ZHOU_MING)], FIRST, noted)
    assert isinstance(outcome, Receipt)
    assert outcome.answer.outcome == "accepted"


def test_a_batch_that_was_written_before_gets_the_first_answers(desk: Desk, rows: Callable[[], Rows]) -> None:
    """The same batch again, under other ids even, is answered as before and leaves no further row."""
    first = desk.take_over(batch(), FIRST, noted)
    before = rows()
    again = desk.take_over(batch(), FIRST + 100, noted)
    assert entries(again) == entries(first)
    assert all(isinstance(o, Receipt) and o.repeated for o in again)
    assert rows() == before


@pytest.mark.parametrize("committed", [True, False], ids=["after the commit", "before it"])
def test_a_line_that_breaks_does_not_double_a_batch(
    desk: Desk, rows: Callable[[], Rows], monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    """If the save is not confirmed, trays find out by the request ids what was done, and do the rest."""
    copy = desk.store.copy

    def broken(writes: Writes, note: Note) -> None:
        if committed:
            copy(writes, note)
        raise StoreLost("gone")

    monkeypatch.setattr(desk.store, "copy", broken)
    outcomes = desk.take_over(batch(), FIRST, noted)
    assert all(isinstance(o, Receipt) and o.repeated == committed for o in outcomes)
    assert [len(rows()[t]) for t in ("journal", "person", "import_run")] == [3, 2, 1]


def test_a_save_that_stays_unconfirmed_is_told_as_such(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of which it is not known whether it was written is not said to have come to nothing."""

    def lost(writes: Writes, note: Note) -> None:
        raise StoreLost("gone")

    def down(asks: Sequence[Ask]) -> list[Outcome]:
        raise StoreDown("gone for good")

    monkeypatch.setattr(desk.store, "copy", lost)
    monkeypatch.setattr(desk, "submit", down)
    with pytest.raises(StoreLost):
        desk.take_over(batch(), FIRST, noted)


UNFIT = {
    "a person twice": [ask("register_person"), ask("look_up_person")],
    "an id twice": [ask("register_person", request_id="r"), ask("register_person", ZHOU_MING, "r")],
    "a PIN": [ask("use_card", pin="820417")],
    "a card to be numbered": [ask("put_in_batch")],
    "a credit": [ask("credit_contribution")],
    "an institution's": [ask("reverse_message", message="m")],
}


@pytest.mark.parametrize("asks", UNFIT.values(), ids=list(UNFIT))
def test_an_unfit_batch_is_refused_before_anything_is_written(
    desk: Desk, rows: Callable[[], Rows], asks: list[Ask]
) -> None:
    """Each ask must be about another person under another id, and need no PIN, number or earlier entry."""
    with pytest.raises(Broken):
        desk.take_over(asks, FIRST, noted)
    with pytest.raises(Broken):
        desk.foresee(asks)
    assert not any(rows().values())


def test_a_text_that_is_not_the_digests_is_left_out(desk: Desk, rows: Callable[[], Rows]) -> None:
    """Records whose text is another than the request names are trouble of that ask alone, and the rest is written."""
    year, body = counted(2013, [OldRecord(dt.date(2013, 3, 1), "南山镇卫生院", 3000, 2010)])
    here = {"balance_fen": 100, "old_card_number": "X1", "name": "李娜", "region": "140702", "years": (year,)}
    here["insured_on"] = dt.date(2009, 4, 1)
    asks = [
        msgspec.structs.replace(ask("carry_over_account", person, **here), bodies=(text,))
        for person, text in ((LI_NA, body), (ZHOU_MING, b"[]"), (TIAN_YU, body))
    ]
    first, second, third = desk.take_over(asks, FIRST, noted)
    assert isinstance(second, BadInput)
    assert entries([first, third]) == [f"{FIRST}-1", f"{FIRST + 2}-1"]
    kept = rows()
    assert [r[0] for r in kept["carried_records"]] == [r[0] for r in kept["journal"]] == [FIRST, FIRST + 2]


def test_what_is_foreseen_is_what_is_decided(desk: Desk, rows: Callable[[], Rows]) -> None:
    """The bare decisions of a batch are those that it gets in earnest, and leave nothing."""
    foreseen = list(desk.foresee(batch()))
    assert not any(rows().values())
    outcomes = desk.take_over(batch(), FIRST, noted)
    assert [(d.ground, d.facts) for d in foreseen] == [
        (o.answer.ground, o.answer.facts) for o in outcomes if isinstance(o, Receipt)
    ]


def test_reserved_ids_are_nobody_elses(desk: Desk, database: Database) -> None:
    """Ids in a row, reserved at once, are given neither to another reservation nor to a tray."""
    n = 3 * BLOCK + 1
    first = desk.reserve_people(n)
    with Store(database.app) as other:
        second = other.reserve_people(1)
    receipt = desk.ask(ask("register_person", TIAN_YU))
    drawn = int(receipt.entry.partition("-")[0])
    assert second not in range(first, first + n)
    assert drawn not in range(first, first + n)
    assert drawn not in range(second, second + BLOCK)


def test_blocks_that_others_drew_from_are_drawn_again(store: Store, database: Database) -> None:
    """Blocks in a row come out even while somebody else draws one after the other."""
    with psycopg.connect(database.app, autocommit=True) as other:
        drawn = set()
        for _ in range(5):
            first = store.reserve_people(4 * BLOCK)
            ((block,),) = other.execute("select nextval('person_id_block')").fetchall()
            drawn |= {*range(first, first + 4 * BLOCK, BLOCK), block}
    assert len(drawn) == 5 * 5


def test_a_batch_is_dated_when_it_is_decided(desk: Desk, clock: StandingClock) -> None:
    """All of a batch has one instant, that of the clock when it was decided."""
    clock.move(days=1)
    outcomes = desk.take_over(batch(), FIRST, noted)
    assert {o.at for o in outcomes if isinstance(o, Receipt)} == {clock.at}
