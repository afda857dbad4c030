"""Laws that hold of any life through the desk on a real PostgreSQL: trays, repeats, replay, what is never stored."""

import itertools
from unittest.mock import patch

from batches import DAY_ONE, batches
from hypothesis import given, settings
from hypothesis import strategies as st
from lawoffice import Office, alone, office, together
from lives import ON_DATABASE, Step, lives
from playing import FIRST, PEOPLE, PINS, UNFIT, WRONG, cities, play

from shebaoka import ledger
from shebaoka.desk import Auditor, Desk, Finding, Note, Outcome, Screens
from shebaoka.desk.journal import decoded, kept_of, replayed
from shebaoka.records import Ask, Receipt, Trouble
from shebaoka.store import views

__all__ = ["office"]
EXAMPLES = settings(max_examples=300 if ON_DATABASE > 1 else 25)
"""Every run draws new lives, 25 for each of eight laws; `make test-long` draws 300."""
NOTHING_TO_NOTE = Note("select 1", {})
CITY = st.sampled_from(sorted(cities()))


def shown(outcome: Outcome) -> object:
    """An outcome as it can be compared: a trouble by its code."""
    return outcome.code if isinstance(outcome, Trouble) else outcome


@EXAMPLES
@given(st.data(), lives(), CITY)
def test_a_tray_of_n_is_n_trays_of_one(office: Office, data: st.DataObject, steps: list[Step], city: str) -> None:
    """However a sequence is cut into trays, answers and every row of the database are the same: hashes and PINs too."""
    notices, played = cities()[city], play(steps, cities()[city])

    def at_random(n: int) -> list[int]:
        ends = sorted(data.draw(st.sets(st.integers(1, n)), label="cuts") | {n})
        return [end - start for start, end in itertools.pairwise([0, *ends])]

    one_by_one = [shown(o) for o in office.live(played, notices, alone)]
    rows = office.kept()
    for cuts in (together, at_random):
        assert [shown(o) for o in office.live(played, notices, cuts)] == one_by_one
        assert office.kept() == rows


@EXAMPLES
@given(lives(), CITY)
def test_the_desk_answers_and_keeps_what_the_rules_alone_make_of_it(
    office: Office, steps: list[Step], city: str
) -> None:
    """Each answer is the decision that the rules make of it, and what is on file afterwards is what they lead to."""
    played = play(steps, cities()[city])
    outcomes = office.live(played, cities()[city], together)
    first: dict[str, Receipt] = {}
    for p, outcome in zip(played, outcomes, strict=True):
        request_id = p.ask.request.id
        if p.decision is None:
            assert isinstance(outcome, Trouble) or (outcome.repeated and outcome.answer == first[request_id].answer)
            continue
        assert isinstance(outcome, Receipt)
        assert not outcome.repeated
        assert (outcome.answer.ground, outcome.answer.facts) == (p.decision.ground, p.decision.facts)
        assert outcome.answer.clause == p.notice.clause_of[p.decision.ground]
        first[request_id] = outcome
    last = {p.ask.request.person: p.after for p in played}
    assert office.dossiers() == {n: d for n, d in last.items() if d.person is not None}


@EXAMPLES
@given(lives(), CITY)
def test_asking_all_again_answers_the_same_and_writes_nothing(office: Office, steps: list[Step], city: str) -> None:
    """A whole life sent a second time, on a later day, gets the first answers as repeats and leaves no trace.

    Only what was settled and reversed since is over; what was cancelled since says so.
    """
    notices, played = cities()[city], [p for p in play(steps, cities()[city]) if p.decision is not None]
    first = office.live(played, notices, together)
    rows = office.kept()
    desk = Desk(office.store, office.vault, notices, lambda: played[-1].at)
    again = desk.submit([p.ask for p in played])
    for a, b in zip(first, again, strict=True):
        assert isinstance(a, Receipt)
        taken_back = office.fetch("select 1 from undone where person_id || '-' || seq = %(entry)s", entry=a.entry)
        if isinstance(b, Trouble):
            assert b.code == "message_was_reversed"
            assert taken_back
            continue
        assert b.repeated
        assert not b.undone_by or taken_back
        assert (a.answer, a.at, a.entry, a.service) == (b.answer, b.at, b.entry, b.service)
    assert office.kept() == rows


@EXAMPLES
@given(lives(), CITY)
def test_the_journal_alone_leads_to_what_is_on_file(office: Office, steps: list[Step], city: str) -> None:
    """Replaying each person's entries gives the dossier that the store has, and the auditor finds every chain whole."""
    notices, played = cities()[city], play(steps, cities()[city])
    office.live(played, notices, together)
    on_file = office.dossiers()
    for loaded in office.store.load(PEOPLE, [], stays=True).people.values():
        rows = [row for row in office.views.rows(views.ALL_KEPT) if row[0] == loaded.person_id]
        assert replayed([(decoded(body), kept_of(*said)) for _, body, *said in rows], notices) == loaded.dossier
    audit = Auditor(office.views, office.vault, notices).verify(office.store)
    assert audit.faults == ()
    assert audit.entries == len([p for p in played if p.decision is not None])
    assert audit.replayed == audit.people >= len(on_file)


@EXAMPLES
@given(lives(), CITY)
def test_money_on_file_adds_up(office: Office, steps: list[Step], city: str) -> None:
    """The accounts' balances are the sum of their entries, for each person and for the city."""
    notices, played = cities()[city], play(steps, cities()[city])
    office.live(played, notices, together)
    screens = Screens(office.views, notices)
    sums = screens.sums()
    assert sums.balance_fen == sums.entries_fen
    total = 0
    for number in office.dossiers():
        statement = screens.statement(number)
        gained = ledger.change(posting for _, _, posting in statement.postings)
        assert statement.balance_fen == gained
        total += gained
    assert total == sums.balance_fen


@EXAMPLES
@given(lives(), CITY)
def test_no_pin_is_stored_anywhere(office: Office, steps: list[Step], city: str) -> None:
    """Whatever PIN was entered, chosen or set, its digits stand in no column of any table."""
    notices, played = cities()[city], play(steps, cities()[city])
    office.live(played, notices, together)
    stored = office.text()
    for digits in (FIRST, *PINS, WRONG, *UNFIT.values()):
        assert digits.encode() not in stored


@EXAMPLES
@given(lives(), CITY)
def test_a_dry_run_tells_what_each_would_be_answered(office: Office, steps: list[Step], city: str) -> None:
    """A dry run gives each ask the answer that it would get now; only a wrong PIN entry leaves something behind."""
    notices, played = cities()[city], play(steps, cities()[city])
    office.empty()
    at = [played[0].at]
    desk = Desk(office.store, office.vault, notices, lambda: at[0])

    def told(ask: Ask, *, dry_run: bool) -> tuple[tuple[str, ...], Outcome]:
        (outcome,) = desk.submit([ask], dry_run=dry_run)
        trouble = isinstance(outcome, Trouble)
        return (outcome.code,) if trouble else (outcome.answer.outcome, outcome.answer.ground), outcome

    for p in played:
        at[0] = p.at
        ((before,),) = office.fetch("select count(*) from journal")
        said, dry = told(p.ask, dry_run=True)
        ((after,),) = office.fetch("select count(*) from journal")
        counted = isinstance(dry, Receipt) and dry.entry != ""
        assert after - before == counted
        assert not counted or "wrong_pin_counted" in dry.answer.done
        assert (said, counted) == (told(p.ask, dry_run=False)[0], counted)


@EXAMPLES
@given(batches(), CITY)
def test_a_batch_by_copy_is_the_same_batch_in_trays(office: Office, asks: list[Ask], city: str) -> None:
    """What `take_over` answers and writes of people whom nobody has on file is what `submit` does, row and hash.

    What they are found by is written by the pass that catches up, and comes to the same rows.
    """
    desk = Desk(office.store, office.vault, cities()[city], lambda: DAY_ONE)
    desk._people.refill(1)
    office.empty()
    in_trays = desk.submit(asks)
    rows = office.kept()
    office.empty()
    with patch.object(desk, "submit", None):
        assert desk.take_over(asks, 1, lambda _: NOTHING_TO_NOTE) == in_trays
    list(Finding(office.views).catch_up())
    assert office.kept() == rows
    foreseen = [(d.ground, d.facts) for d in desk.foresee(asks)]
    assert foreseen == [(o.answer.ground, o.answer.facts) for o in in_trays if isinstance(o, Receipt)]
