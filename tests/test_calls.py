"""Calls to the hotline: who calls is found out by questions, few tries, and a stranger learns and locks nothing."""

import datetime as dt
import random
import re
from collections.abc import Iterator

import psycopg
import pytest
from tests.conftest import RIGHT_PIN, Database
from tests.table_states import day_of, dossier_of, states
from tests.test_office_signin import AT, Pages, pages_on
from tests.test_whereabouts import asked, somebody

from shebaoka.desk import Call, PersonScreen, Question, Role, Staff, askable, round_of, spoken
from shebaoka.desk.calls import CLAIMS, MISSES_MAX, OPEN_FOR, TRIES, read_note
from shebaoka.desk.journal import Row
from shebaoka.desk.questions import HARD, drawn, enough, is_right, known_of, of_nobody, read_answer
from shebaoka.desk.screens import _screen
from shebaoka.desk.whereabouts import Whereabouts, whereabouts_of
from shebaoka.notice import LANGUAGES, Notices, Speech, Words
from shebaoka.numbers import with_check_digit
from shebaoka.records import BadInput, CardKind, NotAllowed, NotFound
from shebaoka.rules import shown_state
from shebaoka.store import Loaded

OPERATOR, OTHER = Staff("he", Role.OPERATOR, "h1"), Staff("xu", Role.OPERATOR, "h1")
CLERK, AUDITOR = Staff("wang", Role.CLERK, "w2"), Staff("wu", Role.AUDITOR, "")
NOBODY = with_check_digit("14070219900101001")
WINDOWS = (
    ("w1", "一号窗口", "榆次区社保中心", "榆次区迎宾街1号", "9:00–17:00"),
    ("w2", "二号窗口", "太谷区社保中心", "太谷区新建路5号", "9:00–17:00"),
)


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter and two windows."""
    with pages_on(shared_database, tmp_path_factory.mktemp("calls")) as pages:
        for window in WINDOWS:
            pages.house.windows.add(*window)
        yield pages


def holder(pages: Pages) -> str:
    """Somebody about whom everything can be asked but the county: a card in use, a card before, a telephone."""
    pages.clock.at, who = AT, somebody(pages)
    asked(pages, who, "apply_for_temporary_card", new_pin=RIGHT_PIN)
    asked(pages, who, "apply_for_card")
    for service, fields in (("put_in_batch", {"batch": "B-1"}), ("record_made", {}), ("record_ready", {})):
        pages.clock.move(days=4)
        asked(pages, who, service, **fields)
    asked(pages, who, "collect_card", hands_in_temporary_card=True)
    asked(pages, who, "activate_card", new_pin=RIGHT_PIN)
    asked(pages, who, "use_card", purpose="enquiry")
    pages.house.telephones.keep(CLERK, pages.front.person(who).person_id, "13800001234", agreed=False, language="en")
    return who


RIGHT = {
    "last_use": "2013年7月",
    "last_window": "w1",
    "cards_before": "temporary",
    "applied_on": "2013.7.5",
    "insured_since": "2009-4",
    "telephone_end": "1234",
}
"""What the holder answers; the day of the application is some days off."""
WRONG = {
    "last_use": "2013-06",
    "last_window": "w2",
    "cards_before": "old_medical",
    "applied_on": "2013-06-20",
    "insured_since": "2010-04",
    "telephone_end": "1235",
    "county": "太谷区",
}


def claimed(pages: Pages, number: str, staff: Staff = OPERATOR, matter: str = "activation") -> Call:
    """A call whose caller said who they are."""
    room = pages.house.calls
    return room.claim(staff, room.begin(staff, "zh-Hans"), number, matter, screen_of(pages, number))


def screen_of(pages: Pages, number: str) -> PersonScreen | None:
    """Whoever has the number, if anybody."""
    try:
        return pages.front.person(number)
    except NotFound:
        return None


def answered(pages: Pages, call: Call, answers: dict[str, str], staff: Staff = OPERATOR) -> Call:
    """The call after the open round was answered."""
    assert call.number is not None
    return pages.house.calls.answer(staff, call, round_of(call), answers, screen_of(pages, call.number))


def ended(pages: Pages, call: Call, staff: Staff = OPERATOR) -> Call:
    """The call after its end."""
    return pages.house.calls.end(staff, call, "answered", "")


def test_a_holder_is_known_by_right_answers_alone(pages: Pages) -> None:
    """All right: identified. One wrong, or one not known: not, and others are asked; after the last try no answer
    helps, and the next call asks afresh. A round is answered once, however often its form comes.
    """
    room, who = pages.house.calls, holder(pages)
    call = room.begin(OPERATOR, "zh-Hans")
    call = room.claim(OPERATOR, call, f" {who[:6]} {who[6:].lower()} ", "activation", screen_of(pages, who))
    assert (len(call.asked), call.tries, room.answers_about(call)) == (3, 0, False)
    known = answered(pages, call, RIGHT)
    assert (known.caller, known.asked, known.number) == (pages.front.person(who).person_id, (), who)
    assert room.answers_about(known)
    pages.clock.move(seconds=OPEN_FOR.total_seconds())
    assert not room.answers_about(known)
    ended(pages, known)
    for answers in (WRONG, dict.fromkeys(RIGHT, "")):
        who = holder(pages)
        for spoilt in range(3):
            call = claimed(pages, who)
            said = RIGHT | {call.asked[spoilt].value: answers[call.asked[spoilt].value]}
            again = answered(pages, call, said)
            assert (again.tries, again.identified_at, again.used_up) == (1, None, False)
            assert set(again.asked) != set(call.asked)
            assert answered(pages, call, RIGHT) == again
            last = answered(pages, again, WRONG)
            assert (last.tries, last.asked, last.used_up) == (TRIES, (), True)
            assert answered(pages, last, RIGHT) == last
            assert room.claim(OPERATOR, last, who, "loss", screen_of(pages, who)) == last
            assert not room.answers_about(ended(pages, last))
    assert answered(pages, claimed(pages, who), RIGHT).caller is not None
    ended(pages, room.begin(OPERATOR, "en"))


def test_many_wrong_rounds_about_a_number_bring_more_questions(pages: Pages) -> None:
    """Whichever operators took the calls; of a number that nobody has as well. The holder is locked out by none of
    them, and knows the answers; by the next day three are enough again.
    """
    room, who, nobody = pages.house.calls, holder(pages), with_check_digit("14070219900101003")
    for number in (who, nobody):
        kinds = room._askable.about(screen_of(pages, number), number).kinds
        for n in range(MISSES_MAX):
            staff = (OPERATOR, OTHER)[n % 2]
            call = claimed(pages, number, staff)
            assert len(call.asked) == 3
            ended(pages, answered(pages, call, WRONG, staff), staff)
        call = claimed(pages, number)
        assert set(call.asked) == set(kinds)
        assert (answered(pages, call, RIGHT).identified_at is not None) == (number == who)
        ended(pages, room.begin(OPERATOR, "en"))
    pages.clock.move(days=1)
    assert len(claimed(pages, who).asked) == 3
    ended(pages, room.begin(OPERATOR, "en"))


def test_a_number_may_be_misheard_a_few_times(pages: Pages) -> None:
    """Another number draws other questions, so many times; a second round about another number is no third try."""
    room, who = pages.house.calls, holder(pages)
    call = claimed(pages, NOBODY)
    call = room.claim(OPERATOR, call, who, "loss", screen_of(pages, who))
    assert (call.claims, call.matter) == (2, "loss")
    assert answered(pages, call, RIGHT).identified_at is not None
    ended(pages, call)
    call = claimed(pages, NOBODY)
    for _ in range(CLAIMS - 1):
        call = room.claim(OPERATOR, call, NOBODY, "loss", None)
    assert room.claim(OPERATOR, call, who, "loss", screen_of(pages, who)).number == NOBODY
    for number in (
        f"{NOBODY[:17]}{(int(NOBODY[17].replace('X', '9')) + 1) % 10}",
        "1407021990010100",
        "abc",
        "",
        "１４０７０２19900101001𠮷",
    ):
        with pytest.raises(BadInput) as told:
            room.claim(OPERATOR, call, number, "loss", None)
        assert told.value.field == "number"
    ended(pages, call)


def test_a_stranger_learns_and_locks_nothing(pages: Pages) -> None:
    """Of a number that nobody has, of somebody who died, and of somebody about whom too little is known, as
    much is asked and read as of a holder, and no answer is right; ten thousand guesses at a holder identify none, and
    lock none.
    """
    room, who, bare, dead = pages.house.calls, holder(pages), somebody(pages), holder(pages)
    asked(pages, dead, "cancel_card", why="death")
    for number in (NOBODY, bare, dead):
        kinds = set()
        for _ in range(3):
            call = claimed(pages, number)
            kinds |= set(call.asked)
            assert (len(call.asked), HARD.isdisjoint(call.asked)) == (3, False)
            again = answered(pages, call, RIGHT | {"insured_since": "2009-04", "county": "140702"})
            assert (again.tries, len(again.asked), again.identified_at) == (1, 3, None)
            assert answered(pages, again, RIGHT).used_up
            ended(pages, call)
        assert enough(kinds, HARD)
    about = room._askable.about(screen_of(pages, who), who)
    chance = random.Random(1)  # noqa: S311 - the same guesses each time
    for _ in range(10_000):
        round_ = drawn(about.kinds, about.hard, ())
        guessed = {q: _guess(q, chance) for q in round_}
        assert not all(is_right(q, about.known, read_answer(q, said)) for q, said in guessed.items())
    assert answered(pages, claimed(pages, who), RIGHT).identified_at is not None
    ended(pages, room.begin(OPERATOR, "en"))


def test_what_is_asked_of_nobody_is_what_is_asked_of_people(pages: Pages) -> None:
    """No holder with a number from here is insured elsewhere, so that nobody is asked for a county; the only number of
    another county would be asked for it. The same number is asked for the same; where nobody can be asked enough,
    anything is.
    """
    room, who = pages.house.calls._askable, holder(pages)
    nobody = {with_check_digit(f"14070219{year}0101001") for year in range(40, 90, 3)} - {who}
    asked_for = {number: room.about(screen_of(pages, number), number) for number in nobody}
    of_people = set(room.about(screen_of(pages, who), who).kinds)
    assert {q for one in asked_for.values() if not one.known for q in one.kinds} <= of_people
    assert all(room.about(screen_of(pages, n), n) == one for n, one in asked_for.items())
    elsewhere = room.about(None, with_check_digit("44010619800101001"))
    assert (Question.COUNTY in elsewhere.kinds, elsewhere.known) == (True, {})
    for n in range(100):
        assert enough(of_nobody(bytes([n])), HARD)


def test_what_many_people_share_is_not_hard_to_guess(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a city was enrolled within days, that day and the month of the insurance make nobody known: who has no
    telephone on file is asked like a number that nobody has, and right answers do not help. A telephone does.
    """
    room, who, bare = pages.house.calls, holder(pages), holder(pages)
    pages.house.telephones.keep(CLERK, pages.front.person(bare).person_id, "", agreed=False, language="en")
    monkeypatch.setattr(askable, "PEOPLE_LEAST", 1)
    about = {n: room._askable.about(screen_of(pages, n), n) for n in (who, bare)}
    assert (about[who].hard, about[bare].known) == ({Question.TELEPHONE_END}, {})
    for number, knows in ((who, True), (bare, False)):
        call = answered(pages, claimed(pages, number), RIGHT)
        assert (call.identified_at is not None) == knows
        ended(pages, call)
    day = dt.date(2013, 7, 1)
    shares = askable.Shares(5000, {"2008-01": 51, "2009-04": 50}, {day: 51, dt.date(2013, 9, 1): 30})
    for question, right, hard in (
        (Question.INSURED_SINCE, "2008-01", False),
        (Question.INSURED_SINCE, "2009-04", True),
        (Question.APPLIED_ON, "2013-07-08", False),
        (Question.APPLIED_ON, "2013-07-09", True),
        (Question.APPLIED_ON, "2013-09-01", True),
        (Question.LAST_USE, "2013-07", False),
    ):
        assert shares.is_hard(question, right) == hard


def _guess(question: Question, chance: random.Random) -> str:
    """The likeliest answer to what is easy, and anything to what is hard."""
    if question in (Question.APPLIED_ON, Question.INSURED_SINCE):
        day = dt.date(1999, 1, 1) + dt.timedelta(days=chance.randrange(3000))
        return day.isoformat() if question is Question.APPLIED_ON else f"{day:%Y-%m}"
    return f"{chance.randrange(1000):04}" if question is Question.TELEPHONE_END else RIGHT[question]


SOME = [state for state in states(full=False) if state.person != "not_registered"][::29]
"""Some of all states, of which each kind of card, loss, lock, ending and application is in several."""


@pytest.fixture(scope="module")
def screens(notices: Notices) -> list[tuple[PersonScreen, Whereabouts, dict[Question, str]]]:
    """Each of these states as a screen, where the card is, and what can be asked."""
    collected = Row(1, 9, AT - dt.timedelta(days=1), "collect_card", "accepted", "", "", [], "", b"")
    made = []
    for state in SOME:
        notice = notices.on(day_of(state))
        screen = _screen(Loaded(1, 9, b"", dossier_of(state), {}), notice, day_of(state))
        days = {"collect_card": collected.at.date()} if state.application == "collected" else {}
        where = whereabouts_of(screen, days, [], notice)
        made.append((screen, where, known_of(screen, [collected], None, (), notices.zone)))
        assert (state.person == "dead") == (not made[-1][2])
    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_is_asked_is_read_out(
    notices: Notices,
    words: dict[str, Words],
    screens: list[tuple[PersonScreen, Whereabouts, dict[Question, str]]],
    language: str,
) -> None:
    """In every state of cards and applications no right answer stands in what is read out; neither does a number;
    and each sentence is worded whole, with a clause. Nobody who calls the hotline is told to call it about their card.
    """
    seen: set[Question] = set()
    for screen, where, known in screens:
        notice = notices.on(screen.on)
        speech = Speech(notice, words[language])
        said = spoken(screen, where, notice, speech)
        text = "\n".join(" ".join((s.sentence, *s.do)) for s in said)
        assert all(s.clause in notice.clauses for s in said)
        assert not re.search(r"\d{6}|[{}—]", text), text
        told = " ".join(sentence for s in said if s.matter == "progress" for sentence in s.do)
        assert not (known and notice.p.hotline in told), told
        seen |= known.keys()
        for question, right in known.items():
            assert right not in text
            if question is Question.APPLIED_ON:
                assert (speech.date(dt.date.fromisoformat(right)) in text, where.expected_on) == (False, None), text
            if question is Question.CARDS_BEFORE:
                for kind in right.split(","):
                    says = speech.call("ended", {"card": kind, "state": "|"})[0].partition("|")[0]
                    assert says not in text
    assert seen == {Question.APPLIED_ON, Question.CARDS_BEFORE, Question.INSURED_SINCE}


def test_a_card_that_cannot_be_used_now_is_not_said_to_work(
    notices: Notices, words: dict[str, Words], screens: list[tuple[PersonScreen, Whereabouts, dict[Question, str]]]
) -> None:
    """Activated, but lost, locked, or its holder has left: that is said, and no paper is asked for to activate what
    cannot be; a card that can be used is said to work. Of one that has ended it is said what to do instead.
    """
    seen = set()
    for screen, where, _ in screens:
        notice = notices.on(screen.on)
        speech = Speech(notice, words["en"])
        said = {s.sentence: s.do for s in spoken(screen, where, notice, speech)}
        able = {(o.service, o.card): o.possible for o in screen.offers}
        for key, service in (("activated", "use_card"), ("activation_not_needed", "use_card")):
            for card in CardKind:
                works, works_not = (speech.call(f"{key}{now}", {"card": card})[0] for now in ("", "_not_now"))
                assert not (works in said and not able[service, card]), (works, screen.dossier.cards)
                seen |= {(key, able[service, card])} if {works, works_not} & said.keys() else set()
        assert not any("see below" in sentence for do in said.values() for sentence in do)
        for card in screen.dossier.cards:
            ended = speech.call("ended", {"card": card.kind, "state": words["en"].states[shown_state(card)]})[0]
            if ended in said:
                no = next(o.ground for o in screen.offers if (o.service, o.card) == ("use_card", card.kind))
                assert said[ended] == (words["en"].refusals[no].do.format(card=card.kind, hotline=notice.p.hotline),)
                seen.add(("ended", False))
        sealed = speech.call("not_activated_not_now", {"card": CardKind.SOCIAL_SECURITY})[0]
        if sealed in said:
            assert not able["activate_card", CardKind.SOCIAL_SECURITY]
            assert "identity card" not in " ".join(said[sealed])
            seen.add(("sealed", False))
    assert len(seen) == 6


def test_a_note_has_no_number_in_it() -> None:
    """Whatever stands between its digits, and however they are written, a number is told and nothing is kept; what
    people write otherwise stays: emoji, rare characters, marks of HTML, lines.
    """
    for number in ("138 0000 1234", "1407-0219-9001-0100-10", "A0000-0123", "１３８００００１２３４", "٣٤٥٦٧"):
        with pytest.raises(BadInput) as told:
            read_note(f"请回电 {number}")
        assert told.value.field == "note"
    for bad in ("a\x00b", "\ud800", "x" * 301):
        with pytest.raises(BadInput):
            read_note(bad)
    kept = "等了 20 分钟，2013 年的卡\r\n<b>㐂</b> 𠮷 👩‍👩‍👧 & 'quoted'"
    assert read_note(f"  {kept} ") == kept.replace("\r\n", "\n")


def test_a_call_is_an_operators_own_and_ends_without_a_number(pages: Pages, shared_database: Database) -> None:
    """One is open at a time; nobody else goes on with it; an auditor reads it; at its end the row names no number, and
    what happened stays. Whoever neither serves callers nor oversees sees none.
    """
    room, who = pages.house.calls, holder(pages)
    call = room.begin(OPERATOR, "en")
    assert room.begin(OPERATOR, "zh-Hant") == call == room.open_of(OPERATOR)
    for staff, trouble in ((OTHER, NotFound), (CLERK, NotAllowed), (AUDITOR, NotAllowed)):
        with pytest.raises(trouble):
            room.own(staff, call.id)
    with pytest.raises(BadInput):
        room.begin(OTHER, "fr")
    call = answered(pages, room.claim(OPERATOR, call, who, "lock", screen_of(pages, who)), RIGHT)
    room.note(OPERATOR, call, "handed_over", "d1")
    room.note(OPERATOR, call, "handed_over", "d1")
    for outcome, note in (("nonsense", ""), ("answered", "13800001234")):
        with pytest.raises(BadInput):
            room.end(OPERATOR, call, outcome, note)
    done = room.end(OPERATOR, call, "handed_over", "明天去窗口")
    assert (done.number, done.caller, done.note) == (None, call.caller, "明天去窗口")
    assert room.end(OPERATOR, call, "answered", "again") == done
    assert [e.what for e in room.events(done)] == ["claimed", "identified", "handed_over", "ended"]
    assert done in room.of_day(AUDITOR, pages.house.screens.today(), "he").calls
    assert done not in room.of_day(AUDITOR, pages.house.screens.today(), "xu").calls
    assert room.get(AUDITOR, done.id) == done
    assert done in room.latest_of(OPERATOR, 100)
    with pytest.raises(NotAllowed):
        room.of_day(OPERATOR, pages.house.screens.today())
    with psycopg.connect(shared_database.owner) as connection:
        kept = connection.execute("select c::text from hotline_call c union select e::text from hotline_call_event e")
        assert not [row for (row,) in kept.fetchall() if who in row]


def test_a_forgotten_call_names_nobody_by_the_morning(pages: Pages, shared_database: Database) -> None:
    """The night's run ends a call that its operator left open, takes the number out, and leaves a running one alone."""
    room = pages.house.calls
    left = room.claim(OPERATOR, room.begin(OPERATOR, "en"), NOBODY, "lock", None)
    assert (room.end_forgotten(), room.get(AUDITOR, left.id).number) == (0, NOBODY)
    pages.clock.move(hours=13)
    now = room.begin(OTHER, "en")
    assert room.end_forgotten() >= 1
    ended = room.get(AUDITOR, left.id)
    assert (ended.number, ended.asked, ended.outcome, room.open_of(OTHER)) == (None, (), "cut_off", now)
    room.end(OTHER, now, "answered", "")
    with psycopg.connect(shared_database.owner) as connection:
        assert NOBODY not in repr(connection.execute("select * from hotline_call").fetchall())
