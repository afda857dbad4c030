"""The night's run: what the calendar has done is put on file, once, and nothing that is not due."""

import datetime as dt

from tests.conftest import StandingClock

from shebaoka.desk import Desk, record_lapses
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    ApplyForTemporaryCard,
    Ask,
    CarryOverAccount,
    Channel,
    Digits,
    Ending,
    Material,
    Receipt,
    RegisterPerson,
    Sender,
)
from shebaoka.store import Views

NUMBER = with_check_digit("14070219850312002")
WINDOW, IMPORTER = Sender("li", Channel.WINDOW), Sender("chen", Channel.IMPORTER)


def test_the_nights_run_puts_on_file_what_is_due_and_nothing_else(
    desk: Desk, views: Views, clock: StandingClock
) -> None:
    """The old card stops at the cut-over, the temporary card ends a day after its last; a second run finds nothing."""
    clock.at = dt.datetime(2013, 6, 28, 4, 0, tzinfo=dt.UTC)
    for ask in (
        Ask(
            RegisterPerson(id="1", person=NUMBER, name="王芳", region="140702", insured_on=dt.date(2012, 1, 1)),
            IMPORTER,
        ),
        Ask(CarryOverAccount(id="2", person=NUMBER, balance_fen=100, old_card_number="YB1"), IMPORTER),
        Ask(ApplyForTemporaryCard(id="3", person=NUMBER, shows=tuple(Material)), WINDOW, new_pin=Digits("472093")),
    ):
        assert desk.ask(ask).answer.outcome == "accepted"
    assert list(record_lapses(desk, views)) == []
    clock.at = dt.datetime(2014, 6, 28, 4, 0, tzinfo=dt.UTC)
    (stopped,) = record_lapses(desk, views)
    assert isinstance(stopped, Receipt)
    assert (stopped.service, stopped.answer.clause, stopped.answer.outcome) == ("stop_old_card", "1.1", "accepted")
    clock.move(days=1)
    (expired,) = record_lapses(desk, views)
    assert isinstance(expired, Receipt)
    assert (expired.service, expired.answer.clause, expired.answer.outcome) == ("expire_card", "3.2", "accepted")
    assert list(record_lapses(desk, views)) == []
    cards = desk.store.load([NUMBER], []).people[NUMBER].dossier.cards
    assert [c.ending for c in cards] == [Ending.STOPPED, Ending.EXPIRED]
