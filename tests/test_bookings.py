"""Bookings of a call and feedback: what is taken, who may see it, whose it is, and that it is really gone one day."""

import datetime as dt
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import TABLES, Database, StandingClock
from tests.webhouse import house_on

from scenario import read_cities
from shebaoka.app import House
from shebaoka.cli import main
from shebaoka.desk import Bookings, FeedbackRoom, Opinion, Role, Staff, Wish, deleting, kept_deleted
from shebaoka.desk.plaintext import mask_call_number, read_call_number, read_text, signs
from shebaoka.notice import Notices, answers_at, spans_on
from shebaoka.numbers import with_check_digit
from shebaoka.records import BadInput, FormUnfit, NotAllowed, NotFound, StoreDown

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
"""Monday, noon in Jinzhong: the hotline closes, and opens again at half past two."""
CITIES = read_cities()
NUMBER, SHOWN = "13800001234", "138****1234"
LIN, HE = Staff("lin", Role.OPERATOR, "hotline"), Staff("he", Role.OPERATOR, "hotline")
CHIEF = Staff("chief", Role.SUPERVISOR, "")
WISH = Wish("activation", NUMBER, "2013-07-01", "14:30", "zh-Hans", "form-1-form-1-form-1")
OPINION = Opinion("service", "窗口的同志很耐心。", "", "zh-Hans", "form-1-form-1-form-1")


@pytest.fixture(scope="module")
def clock() -> StandingClock:
    """The clock of this module's house."""
    return StandingClock(AT)


@pytest.fixture(scope="module")
def kept(shared_database: Database, tmp_path_factory: pytest.TempPathFactory, clock: StandingClock) -> Iterator[House]:
    """The house of this module."""
    with house_on(shared_database, tmp_path_factory.mktemp("bookings"), clock) as house:
        yield house


@pytest.fixture
def house(kept: House, shared_database: Database, clock: StandingClock) -> House:
    """The same with nothing on file, on Monday at noon."""
    shared_database.wipe()
    clock.at = AT
    return kept


@pytest.fixture
def bookings(house: House) -> Bookings:
    """Its bookings."""
    return house.bookings


@pytest.fixture
def feedback(house: House) -> FeedbackRoom:
    """Its feedback."""
    return house.feedback


def changed(wish: Wish, **changes: str) -> Wish:
    """A wish with other words."""
    return Wish(**{f: getattr(wish, f) for f in wish.__struct_fields__} | changes)


def wrong(act: Callable[[], object]) -> dict[str, str]:
    """What is told of each field."""
    with pytest.raises(FormUnfit) as told:
        act()
    return {fault.field: fault.code for fault in told.value.faults}


# Text and telephones -------------------------------------------------------------------------------------------------


def test_signs_are_counted_as_people_count() -> None:
    """A family of emoji, a flag, a letter with accents and a rare character are one sign each, and 500 of any fit; the
    501st does not. Control characters go, line ends become one kind, and everything else stays as it was typed.
    """
    for sign in ("👨‍👩‍👧‍👦", "🇨🇳", "é", "क्षि", "𠮷", "㐂", "1️⃣", "葛󠄀"):
        assert (signs(sign), signs(sign * 500)) == (1, 500), sign
        assert read_text(sign * 500, "said", 500) == (sign * 500, None)
        over = read_text(sign * 501, "said", 500)[1]
        assert over is not None
        assert (over.code, over.facts) == ("too_long", {"most": 500, "has": 501})
    assert read_text(" <b>a</b>\r\nb\x00\x1b[2J\u202e\r' or 1=1 --\t ", "said", 500) == (
        "<b>a</b>\nb[2J\u202e\n' or 1=1 --",
        None,
    )
    for text, code in (
        ("", "empty"),
        (" \r\n\x00", "empty"),
        ("\u200b\u202e\ufeff \u0301", "empty"),
        ("字" * 2000, "too_long"),
        ("a" + "\u0301" * 99_999, "too_long"),
    ):
        fault = read_text(text, "said", 500)[1]
        assert fault is not None
        assert fault.code == code


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_a_text_is_read_once(text: str) -> None:
    """Whatever is typed, what is kept fits into the database, and reads as itself; nothing that one sees is gone."""
    kept, _ = read_text(text, "said", 500)
    assert read_text(kept, "said", 500)[0] == kept
    assert not re.search("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff]", kept)
    seen = (c for c in text if unicodedata.category(c) != "Cc" and not c.isspace())
    assert "".join(kept.split()) == "".join(seen)


def test_nobody_leaves_their_number_in_a_text(feedback: FeedbackRoom) -> None:
    """A social security number with its right check digit is told, full-width or in groups; other digits are let be."""
    number = with_check_digit("14070219700101001")
    grouped = f"{number[:6]} {number[6:14]}\n{number[14:]}"
    for text in (
        *(f"我是{number}，", number.translate({ord("0") + n: 0xFF10 + n for n in range(10)})),
        *(f"28 元，{grouped}", "-".join(number), f"{number[:6]}\u200b{number[6:]}"),
    ):
        assert wrong(lambda text=text: feedback.give(Opinion("other", text))) == {"said": "has_number"}  # type: ignore[misc]
    other = number[:-1] + ("1" if number[-1] != "1" else "2")
    for text in (f"单号{other}", f"0{number}0", "13800001234", "20130701 123456789 0", "1 " * 250):
        text = text.strip()
        assert feedback.give(Opinion("other", text)).said == text


def test_a_number_that_can_be_called() -> None:
    """Mobile and home numbers however they are typed become digits; what nobody can call is told. Masks tell little."""
    for typed, number, shown in (
        ("138 0000 1234", NUMBER, SHOWN),
        ("+86-138-0000-1234", NUMBER, SHOWN),
        ("１３８００００１２３４", NUMBER, SHOWN),
        ("(0354) 263-0000", "03542630000", "0354*****00"),
        ("010-88880000", "01088880000", "010******00"),
        ("+86 10 8888 0000", "01088880000", "010******00"),
        ("+86 354 2630000", "03542630000", "0354*****00"),
    ):
        assert (read_call_number(typed), mask_call_number(number)) == ((number, None), shown)
    for typed in (
        *("12345678901", "1380000123", "138000012345", "110", "12333", "2630000", "0354-12", "电话", "1380000123a"),
        *("<script>", "13800001234;13800001235", "1" * 2000, "👨‍👩‍👧‍👦", "٠١٣٨"),
    ):
        fault = read_call_number(typed)[1]
        assert fault is not None, typed
        assert fault.code == "unfit"


def test_when_the_hotline_answers(notices: Notices) -> None:
    """On weekdays in its hours, not at the minute in which it closes, and never on other days."""
    p = notices.on(dt.date(2013, 7, 1)).p
    monday, saturday = dt.date(2013, 7, 1), dt.date(2013, 7, 6)
    assert spans_on(p, saturday) == ()
    for at, answers in (("08:29", False), ("08:30", True), ("12:00", False), ("14:30", True), ("17:30", False)):
        assert answers_at(p, monday, dt.time.fromisoformat(at)) is answers
    assert not answers_at(p, saturday, dt.time(9))


# What is taken -------------------------------------------------------------------------------------------------------


def test_a_booking_is_kept_with_its_promise(bookings: Bookings) -> None:
    """It has a number, a time by which somebody calls, and a day on which it is gone; whoever follows it sees its
    telephone in part. What is offered is what the hotline's hours and today's clock leave.
    """
    offered = bookings.offered()
    assert [day.isoformat() for day, _ in offered][:6] == [f"2013-07-0{n}" for n in (1, 2, 3, 4, 5, 8)]
    assert [t.isoformat("minutes") for t in offered[0][1]] == ["14:30", "15:00", "15:30", "16:00", "16:30", "17:00"]
    assert len(offered) == 10
    made = bookings.book(WISH)
    assert (made.state, made.owner, made.telephone, made.deleted_on) == ("waiting", "", SHOWN, dt.date(2013, 7, 31))
    assert made.wished_at == dt.datetime(2013, 7, 1, 6, 30, tzinfo=dt.UTC)
    assert made.due_at == dt.datetime(2013, 7, 3, 9, 30, tzinfo=dt.UTC)
    assert bookings.by_code(f" {made.code[:4].lower()}-{made.code[4:]}") == made
    later = bookings.book(changed(WISH, day="2013-07-05", time="08:30"))
    assert later.due_at == dt.datetime(2013, 7, 5, 9, 30, tzinfo=dt.UTC)
    friday = bookings.book(changed(WISH, day=offered[-1][0].isoformat(), time="17:00"))
    assert friday.due_at > friday.wished_at
    with pytest.raises(BadInput):
        bookings.by_code(f"{made.code[:-1]}{'0' if made.code[-1] != '0' else '1'}")


@pytest.mark.parametrize("city", sorted(CITIES))
def test_every_time_that_is_offered_can_be_booked(house: House, clock: StandingClock, city: str) -> None:
    """Under any city's notice, at any hour: when it is due is after the wish, and before it is deleted."""
    notices = CITIES[city]
    room = Bookings(house.views, notices, clock)
    clock.at = dt.datetime(2016, 12, 30, 1, 10, tzinfo=dt.UTC)
    for n in range(6):
        clock.move(hours=5 * n)
        days = room.offered()
        assert days
        for day, times in (days[0], days[-1]):
            made = room.book(changed(WISH, day=day.isoformat(), time=f"{times[0]:%H:%M}", once=f"{city}-{n}-{day}"))
            due_on = made.due_at.astimezone(notices.zone).date()
            assert clock.at <= made.wished_at <= made.due_at, day
            assert due_on < made.deleted_on, day


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"day": "2013-06-28"}, {"day": "past"}),
        ({"time": "11:30"}, {"time": "past"}),
        ({"day": "2013-07-02", "time": "03:00"}, {"time": "closed"}),
        ({"day": "2013-07-02", "time": "12:00"}, {"time": "closed"}),
        ({"day": "2013-07-06"}, {"day": "closed"}),
        ({"day": "2013-07-29"}, {"day": "too_late"}),
        ({"day": "2113-07-03"}, {"day": "too_late"}),
        ({"day": "2013-02-30", "time": "24:00"}, {"day": "choose", "time": "choose"}),
        ({"day": "٢٠١٣-07-01", "time": "1４:30"}, {"day": "choose", "time": "choose"}),
        ({"telephone": ""}, {"telephone": "empty"}),
        ({"telephone": "12345678901", "kind": "<b>"}, {"kind": "choose", "telephone": "unfit"}),
        (
            dict.fromkeys(("kind", "telephone", "day", "time"), ""),
            {"kind": "choose", "telephone": "empty", "day": "choose", "time": "choose"},
        ),
    ],
)
def test_what_cannot_be_booked(bookings: Bookings, changes: dict[str, str], told: dict[str, str]) -> None:
    """A time that is past, the night, a closed day, no telephone: every field is told at once, and nothing is kept."""
    assert wrong(lambda: bookings.book(changed(WISH, **changes))) == told
    assert bookings.waiting(LIN) == []


def test_a_form_that_is_sent_twice_is_one(bookings: Bookings, feedback: FeedbackRoom) -> None:
    """Even at the same moment, from several threads; other content, or another form, is another one."""
    for act, other, waiting in (
        (lambda: bookings.book(WISH), lambda: bookings.book(changed(WISH, kind="loss")), bookings.waiting),
        (
            lambda: feedback.give(OPINION),
            lambda: feedback.give(Opinion("other", OPINION.said, "", "en", OPINION.once)),
            feedback.waiting,
        ),
    ):
        made: list[Any] = []
        threads = [threading.Thread(target=lambda act=act, made=made: made.append(act().code)) for _ in range(6)]  # type: ignore[misc]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(made), len(set(made))) == (6, 1)
        assert other().code not in made
        assert len(waiting(LIN)) == 2
    assert bookings.book(changed(WISH, once="")).code != bookings.book(changed(WISH, once="")).code


def test_what_cannot_be_feedback(feedback: FeedbackRoom) -> None:
    """An empty text, 501 signs, another kind, a telephone that is none; the telephone may be left out."""
    assert wrong(lambda: feedback.give(Opinion("x", " ", "12"))) == {
        "kind": "choose",
        "said": "empty",
        "telephone": "unfit",
    }
    assert wrong(lambda: feedback.give(Opinion("other", "👍🏽" * 501))) == {"said": "too_long"}
    hostile = "</textarea><script>alert(1)</script> 𠮷 㐂 👨‍👩‍👧‍👦 ' or 1=1 --\n第二行"
    made = feedback.give(Opinion("other", hostile, NUMBER, "fr"))
    assert (made.said, made.telephone, made.language) == (hostile, SHOWN, "zh-Hans")
    assert (made.due_at, made.deleted_on) == (dt.datetime(2013, 7, 16, 9, 30, tzinfo=dt.UTC), dt.date(2014, 7, 1))


# The operators' desk -------------------------------------------------------------------------------------------------


def test_a_booking_has_one_owner_who_sees_the_telephone(bookings: Bookings) -> None:
    """Of two who take it one has it; the other is told, and may take it over from whom the page showed. The telephone
    is whole for the owner alone, until the call was made. Who owned it stays written down.
    """
    one = bookings.book(WISH).id
    with pytest.raises(BadInput) as told:
        bookings.end(LIN, one, reached=True)
    assert told.value.code == "is_nobodys"
    bookings.take(LIN, one)
    with pytest.raises(BadInput, match="lin") as told:
        bookings.take(HE, one)
    assert told.value.code == "is_anothers"
    assert [bookings.one(who, one).telephone for who in (LIN, HE, CHIEF)] == [NUMBER, SHOWN, SHOWN]
    assert bookings.waiting(LIN)[0].telephone == SHOWN
    bookings.missed(LIN, one)
    assert (bookings.one(LIN, one).telephone, bookings.one(LIN, one).tries, bookings.one(LIN, one).owner) == (
        SHOWN,
        1,
        "",
    )
    bookings.take(LIN, one)
    bookings.take(HE, one, owner="lin")
    with pytest.raises(BadInput):
        bookings.leave(LIN, one)
    bookings.end(HE, one, reached=True)
    done = bookings.one(HE, one)
    assert (done.state, done.tries, done.owner, done.owners, done.telephone) == (
        "reached",
        2,
        "he",
        ["lin", "he"],
        SHOWN,
    )
    for act in (lambda: bookings.take(LIN, one, owner="he"), lambda: bookings.missed(HE, one)):
        with pytest.raises(BadInput):
            act()
    assert (bookings.waiting(CHIEF), [b.id for b in bookings.ended(CHIEF)]) == ([], [one])


def test_every_booking_is_reached_though_others_go_meanwhile(bookings: Bookings, clock: StandingClock) -> None:
    """What is due soonest comes first, then what is wished soonest; a list goes on behind a row that was withdrawn or
    ended since, and the done ones with the latest, many of one instant; a place of another list is told.
    """
    wishes = [("2013-07-05", "09:00"), ("2013-07-01", "16:00"), ("2013-07-02", "09:00"), ("2013-07-01", "15:00")]
    made = [bookings.book(changed(WISH, day=day, time=at, once="")) for day, at in wishes]
    clock.move(days=-3)  # whoever booked before is due before, though they wished to be called later that day
    made.append(bookings.book(changed(WISH, day="2013-07-01", time="17:00", once="")))
    clock.move(days=3)
    in_order = [made[n] for n in (4, 3, 1, 2, 0)]
    assert bookings.waiting(LIN) == in_order
    first = bookings.waiting(LIN, limit=3)
    assert bookings.withdraw(first[-1].code)
    assert bookings.waiting(LIN, after=first[-1].place, limit=3) == in_order[3:]
    left = bookings.waiting(LIN)
    for one in left:
        bookings.take(LIN, one.id)
        bookings.end(LIN, one.id, reached=True)
    done = bookings.ended(LIN, limit=2)
    assert [b.id for b in done + bookings.ended(LIN, after=done[-1].place)] == sorted(
        (b.id for b in left), reverse=True
    )
    assert (bookings.count_ended(CHIEF), bookings.count_waiting(CHIEF)) == (4, (0, 0))
    for place in (in_order[0].place, "x", "1-2-3-4", "9" * 18 + "-1", "1-" + "9" * 19, "١-1"):
        with pytest.raises(BadInput):
            bookings.ended(LIN, after=place)


def test_feedback_is_answered_once_by_its_owner(feedback: FeedbackRoom) -> None:
    """Whoever has the number reads the answer; a second one, an empty one and one too long are refused."""
    made = feedback.give(OPINION)
    feedback.take(LIN, made.id)
    for text, code in ((" ", "empty"), ("字" * 1001, "too_long")):
        assert wrong(lambda text=text: feedback.answer(LIN, made.id, text)) == {"answer": code}  # type: ignore[misc]
    with pytest.raises(BadInput):
        feedback.answer(HE, made.id, "谢谢。")
    feedback.answer(LIN, made.id, "谢谢。\r\n<b>")
    with pytest.raises(BadInput):
        feedback.answer(LIN, made.id, "谢谢！")
    read = feedback.by_code(made.code)
    assert read is not None
    assert (read.answer, read.answered_by, read.answered_at) == ("谢谢。\n<b>", "lin", AT)
    assert (feedback.waiting(CHIEF), len(feedback.answered(CHIEF))) == ([], 1)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_see_and_who_may_answer(bookings: Bookings, feedback: FeedbackRoom, role: Role) -> None:
    """Operators answer, supervisors and auditors see, and nobody else does either, whatever a page allows."""
    who = Staff("x", role, "")
    booked, given = bookings.book(WISH).id, feedback.give(OPINION).id
    sees = role in (Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR)
    for room, one in ((bookings, booked), (feedback, given)):
        for see in (lambda room=room: room.waiting(who), lambda room=room, one=one: room.one(who, one)):  # type: ignore[misc]
            if sees:
                assert see()
            else:
                with pytest.raises(NotAllowed):
                    see()
        if role is Role.OPERATOR:
            room.take(who, one)
        else:
            with pytest.raises(NotAllowed):
                room.take(who, one)


# Gone ----------------------------------------------------------------------------------------------------------------


def everywhere(database: Database, text: str) -> list[str]:
    """The tables, the outbox among them, in a row of which a text stands."""
    found = []
    with psycopg.connect(database.owner) as connection:
        for table in TABLES:
            rows = connection.execute(f"select * from {table}").fetchall()  # type: ignore[arg-type]
            found += [table] if any(text in repr(row) for row in rows) else []
    return found


def test_what_was_promised_to_be_deleted_is_gone(
    house: House, bookings: Bookings, feedback: FeedbackRoom, shared_database: Database, clock: StandingClock
) -> None:
    """On its day a booking is seen by nobody any more, and after the night's run its number stands in no table at all,
    although operators had it; the same of feedback; and at once of what somebody withdraws.
    """
    booked, given = bookings.book(WISH), feedback.give(Opinion("payment", "交费的事", NUMBER))
    bookings.take(LIN, booked.id)
    bookings.missed(LIN, booked.id)
    bookings.take(HE, booked.id)
    feedback.take(LIN, given.id)
    assert everywhere(shared_database, NUMBER) == ["booking", "feedback"]
    clock.at = dt.datetime(2013, 7, 30, 15, 59, tzinfo=dt.UTC)
    assert bookings.delete_due() == 0
    clock.move(minutes=1)
    assert bookings.by_code(booked.code) is None
    with pytest.raises(NotFound):
        bookings.one(HE, booked.id)
    assert bookings.waiting(HE) == []
    assert (bookings.delete_due(), feedback.delete_due()) == (1, 0)
    assert everywhere(shared_database, NUMBER) == ["feedback"]
    clock.at = dt.datetime(2014, 6, 30, 16, 0, tzinfo=dt.UTC)
    assert (feedback.by_code(given.code), feedback.waiting(LIN)) == (None, [])
    assert (bookings.delete_due(), feedback.delete_due()) == (0, 1)
    again, more = bookings.book(changed(WISH, day="2014-07-01")), feedback.give(Opinion("payment", "又是交费", NUMBER))
    assert (bookings.withdraw(again.code), feedback.withdraw(more.code)) == (True, True)
    assert (bookings.withdraw(again.code), feedback.withdraw(more.code)) == (False, False)
    assert [everywhere(shared_database, what) for what in (NUMBER, "交费", again.code, more.code)] == [[]] * 4
    with pytest.raises(NotFound):
        bookings.take(LIN, again.id)


def test_the_nights_run_and_the_server_keep_the_promise(
    house: House,
    bookings: Bookings,
    shared_database: Database,
    clock: StandingClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`calendar run` deletes and says how many, and a thread of the server does without it, again after a trouble."""
    bookings.book(WISH)
    house.holders.begin(1, "code")
    env = {"SHEBAOKA_HOME": str(house.settings.home), "SHEBAOKA_DATABASE_URL": shared_database.app}
    done = CliRunner().invoke(main, ["--traceback", "calendar", "run"], env=env)
    assert "Deleted as promised: 1 bookings, 0 feedback." in done.stdout
    assert "Deleted as spent: 1 sessions, 0 slips, 0 offers, 0 nonces, 0 telephones." in done.stdout
    clock.at = AT
    bookings.book(WISH)
    house.holders.begin(1, "code")
    clock.move(days=40)
    gone, tries = threading.Event(), []

    def delete_due() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise StoreDown("The database cannot be reached.")
        count = Bookings.delete_due(bookings)
        gone.set()
        return count

    monkeypatch.setattr(deleting, "AGAIN_AFTER_S", 0.001)
    monkeypatch.setattr(bookings, "delete_due", delete_due)
    with kept_deleted(bookings, house.feedback, house.spent):
        assert gone.wait(10)
    assert everywhere(shared_database, NUMBER) == []
    assert not house.spent.clear(), "the thread did it"
