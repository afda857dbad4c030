"""The law of the guide: whatever is answered, what the guide tells people to do is what the desk lets them do."""

import datetime as dt
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from lawoffice import Office, office, together
from playing import FIRST, PINS, WRONG, Played

from scenario import read_cities
from shebaoka.notice import Notice, Notices
from shebaoka.records import Accepted, Ask, Digits, Matter, NewPin, PinCheck, Receipt, Sender
from shebaoka.rules import Course, card_asked, course_of, questions_of

__all__ = ["office"]
CITIES = {notice.id: notice for notices in read_cities().values() for notice in notices.versions}
EARLIEST, LONG_AGO = dt.date(2013, 7, 2), dt.date(1990, 1, 1)


@st.composite
def courses(draw: st.DrawFn) -> tuple[Notice, Course]:
    """A city, a day, a matter, and any answers to the questions that this city asks about it."""
    notice = draw(st.sampled_from(sorted(CITIES.values(), key=lambda n: n.id)))
    on = max(notice.in_force_from, EARLIEST) + dt.timedelta(days=draw(st.integers(0, 800)))
    matter, answers = draw(st.sampled_from(Matter)), {}
    while True:
        asked, answers = questions_of(matter, answers, notice)
        left = [question for question in asked if question.code not in answers]
        if not left:
            return notice, course_of(matter, answers, notice, on)
        answers[left[0].code] = draw(st.sampled_from(left[0].options))


def played(course: Course, notice: Notice) -> list[Played]:
    """The course as asks, each with the digits that its holder enters by then."""
    pins: dict[int, str] = {}
    asks = []
    for n, move in enumerate(course.moves):
        card = card_asked(move.before, move.request)
        entered = {PinCheck.RIGHT: pins.get(card.n if card else 0, WRONG), PinCheck.WRONG: WRONG}.get(move.given.pin)
        chosen = PINS[n % 2] if move.given.new_pin is NewPin.FIT else None
        ask = Ask(
            move.request,
            Sender("周", move.given.channel, "w1"),
            None if entered is None else Digits(entered),
            None if chosen is None else Digits(chosen),
            approved_by=move.given.approved_by,
        )
        if isinstance(move.decision, Accepted) and move.decision.pin is not None:
            pins[move.decision.pin.card] = FIRST if move.decision.pin.pin == "first" else chosen or ""
        asks.append(Played(move.given.at, ask, move.given, notice, move.before, move.decision, move.after))
    return asks


@settings(max_examples=25)
@given(courses())
def test_what_the_guide_tells_is_what_the_desk_lets_pass(office: Office, said: tuple[Notice, Course]) -> None:
    """Each step through the desk, on the database, has the answer that the guide gave: ground, fee, readings, all."""
    notice, course = said
    always = msgspec.structs.replace(notice, in_force_from=LONG_AGO, in_force_until=None)
    outcomes = office.live(played(course, notice), Notices([always]), together)
    assert len(outcomes) == len(course.moves) > 0
    for move, outcome in zip(course.moves, outcomes, strict=True):
        assert isinstance(outcome, Receipt)
        assert (outcome.answer.outcome == "accepted") == move.accepted
        assert outcome.answer.ground == move.decision.ground
        assert outcome.answer.fee_fen == (move.fee_fen if move.accepted else 0)
        assert without_numbers(outcome.answer.facts) == without_numbers(move.decision.facts)


def without_numbers(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts but the card's number, which the desk draws."""
    return {name: value for name, value in facts.items() if name != "card_number"}
