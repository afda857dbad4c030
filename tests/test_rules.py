"""The rules' small parts by themselves: terms, what has lapsed by a day, the line about a card, keys of services."""

import datetime as dt
import itertools
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from scenario import read_cities
from shebaoka.notice import Notice, Term, add_term
from shebaoka.notice.speech import STATES
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    REQUESTS,
    SERVICE_OF,
    SERVICES,
    Accepted,
    AdmitPatient,
    AnyRequest,
    Application,
    Broken,
    CancelAdmission,
    CancelReason,
    Card,
    CardKind,
    Channel,
    Dossier,
    Ending,
    Function,
    Given,
    Life,
    Loss,
    Making,
    Person,
    PresentedCard,
    Purpose,
    ReportLoss,
    Sex,
    Standing,
    Terms,
    UseCard,
    Why,
)
from shebaoka.rules import (
    as_of,
    card_of,
    decide,
    ministry_code,
    open_application,
    service_key,
    shown_state,
    standing_of,
)
from shebaoka.rules.case import Case
from shebaoka.rules.decide import RULES
from shebaoka.rules.table import ROWS

NOTICE = read_cities()["jinzhong"].versions[0]
DAY = dt.timedelta(days=1)
days = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))
terms = st.builds(Term, years=st.integers(0, 60), months=st.integers(0, 120), days=st.integers(0, 1000))


# Terms


@given(days, st.integers(0, 10_000))
def test_a_term_of_days_is_counted_in_days(day: dt.date, n: int) -> None:
    """Days are days, and no days are the day itself."""
    assert add_term(day, Term(days=n)) == day + n * DAY


@given(days, st.integers(0, 1200))
def test_a_term_of_months_keeps_the_day_or_takes_the_last(day: dt.date, n: int) -> None:
    """The month is exactly n months on; the day stays, or is the month's last where there is no such day."""
    moved = add_term(day, Term(months=n))
    assert moved.year * 12 + moved.month == day.year * 12 + day.month + n
    assert moved.day == day.day or (moved.day < day.day and (moved + DAY).day == 1)


@given(days, st.integers(0, 100))
def test_a_year_is_twelve_months(day: dt.date, n: int) -> None:
    """Years and months are one measure, whichever way a notice says it."""
    for reading in ("28 February", "1 March"):
        assert add_term(day, Term(years=n), reading) == add_term(day, Term(months=12 * n), reading)


@given(days, days, terms, st.sampled_from(("28 February", "1 March")))
def test_who_begins_later_never_ends_earlier(a: dt.date, b: dt.date, term: Term, reading: str) -> None:
    """A card that is issued later is never the first to expire."""
    a, b = min(a, b), max(a, b)
    assert add_term(a, term, reading) <= add_term(b, term, reading)  # type: ignore[arg-type]


@given(days, terms)
def test_a_term_never_ends_before_it_begins(day: dt.date, term: Term) -> None:
    """No term leads back, and one of at least a day leads on."""
    assert add_term(day, term) >= day
    if term.years or term.months or term.days:
        assert add_term(day, term) > day


@given(days, st.integers(0, 100))
def test_the_reading_on_29_february_matters_on_no_other_day(day: dt.date, n: int) -> None:
    """The two readings differ by one day, for whole years from 29 February into a common year, and nowhere else."""
    early, late = (add_term(day, Term(years=n), reading) for reading in ("28 February", "1 March"))
    leaps = (day.month, day.day) == (2, 29) and (early.month, early.day) == (2, 28)
    assert late - early == (DAY if leaps else 0 * DAY)


@pytest.mark.parametrize(
    ("day", "term", "ends"),
    [
        ("2013-07-01", Term(years=1), "2014-07-01"),
        ("2016-02-29", Term(years=1), "2017-02-28"),
        ("2016-02-29", Term(years=4), "2020-02-29"),
        ("2015-02-28", Term(years=1), "2016-02-28"),
        ("2013-01-31", Term(months=1), "2013-02-28"),
        ("2013-08-31", Term(months=6), "2014-02-28"),
        ("2013-12-31", Term(days=1), "2014-01-01"),
        ("2013-01-31", Term(months=1, days=1), "2013-03-01"),
        ("2015-03-02", Term(days=60), "2015-05-01"),
    ],
)
def test_terms_by_the_calendar(day: str, term: Term, ends: str) -> None:
    """Days that somebody could look up."""
    assert add_term(dt.date.fromisoformat(day), term) == dt.date.fromisoformat(ends)


# What a card is called


def _card(**facts: object) -> Card:
    """A card of which only the named facts matter."""
    plain = Card(1, CardKind.SOCIAL_SECURITY, "S00000001", "1" * 32, Life.IN_USE, dt.date(2013, 7, 1))
    return replace(plain, **facts)


SHOWN = {
    (Life.IN_USE, False, Loss.NONE): ("in_use", "1"),
    (Life.IN_USE, False, Loss.TEMPORARY): ("lost_temporary", "2"),
    (Life.IN_USE, False, Loss.FORMAL): ("lost_formal", "2"),
    (Life.IN_USE, True, Loss.NONE): ("locked", "3"),
    (Life.IN_USE, True, Loss.TEMPORARY): ("locked_lost_temporary", "2"),
    (Life.IN_USE, True, Loss.FORMAL): ("locked_lost_formal", "2"),
    (Life.SEALED, False, Loss.NONE): ("sealed", "0"),
    (Life.SEALED, False, Loss.TEMPORARY): ("sealed_lost_temporary", "2"),
    (Life.SEALED, False, Loss.FORMAL): ("sealed_lost_formal", "2"),
    (Life.SEALED, True, Loss.NONE): ("sealed_locked", "3"),
    (Life.SEALED, True, Loss.TEMPORARY): ("sealed_locked_lost_temporary", "2"),
    (Life.SEALED, True, Loss.FORMAL): ("sealed_locked_lost_formal", "2"),
}


@pytest.mark.parametrize(("facts", "codes"), SHOWN.items(), ids=str)
def test_a_live_card_in_one_line(facts: tuple[Life, bool, Loss], codes: tuple[str, str]) -> None:
    """Life, lock and loss stand side by side in the line that people read; the ministry's code has room for one."""
    life, locked, loss = facts
    card = _card(life=life, locked=locked, loss=loss)
    assert (shown_state(card), ministry_code(card)) == codes


@pytest.mark.parametrize("ending", Ending)
def test_an_ended_card_in_one_line(ending: Ending) -> None:
    """Of a card that has ended the line says how, and the ministry's code that it has."""
    card = _card(life=Life.ENDED, ending=ending, ended_on=dt.date(2013, 7, 2), locked=True)
    assert (shown_state(card), ministry_code(card)) == (f"ended_{ending}", "9")


def test_every_line_has_its_words_and_every_word_its_line() -> None:
    """The codes shown about a card are exactly those that the house's words know."""
    lines = {shown for shown, _ in SHOWN.values()} | {f"ended_{e}" for e in Ending} | {shown_state(None)}
    others = {*Standing, "not_registered", *(s for s in STATES if s.startswith("financial_"))}
    assert lines == set(STATES) - others


def test_whoever_is_not_on_file_is_not_registered() -> None:
    """A dossier without a person has a standing of its own."""
    assert standing_of(Dossier()) == "not_registered"
    assert [standing_of(Dossier(person=_person(s))) for s in Standing] == ["insured", "left", "dead"]


def _person(standing: Standing = Standing.INSURED) -> Person:
    return Person(
        "140702198503120025",
        "李娜",
        Sex.FEMALE,
        dt.date(1985, 3, 12),
        "140702",
        dt.date(2008, 4, 1),
        standing,
    )


# Which card, which application


def test_the_live_card_of_a_kind_counts_before_ended_ones() -> None:
    """A live card is found wherever it stands; without one, the last that ended; without any, none."""
    ended = _card(n=1, life=Life.ENDED, ending=Ending.REPLACED)
    live, later = _card(n=2), _card(n=3, life=Life.ENDED, ending=Ending.CANCELLED)
    kind = CardKind.SOCIAL_SECURITY
    assert card_of(Dossier(cards=(ended, live, later)), kind) is live
    assert card_of(Dossier(cards=(ended, later)), kind) is later
    assert card_of(Dossier(cards=(ended, live)), CardKind.TEMPORARY) is None


@pytest.mark.parametrize("making", Making)
def test_an_application_is_open_until_it_is_collected_or_withdrawn(making: Making) -> None:
    """Everything before the card is in hand counts as open."""
    application = Application(1, Why.FIRST, making, dt.date(2013, 7, 1))
    found = open_application(Dossier(applications=(application,)))
    assert (found is None) == (making in (Making.COLLECTED, Making.WITHDRAWN))


# What has lapsed


def _notice(formal_then: str, temporary_then: str) -> Notice:
    """Jinzhong's notice with loss reports that end in the named way."""
    kinds = NOTICE.p.loss_reports
    ended = msgspec.structs.replace(
        kinds,
        formal=replace(kinds.formal, lasts=Term(days=30), then=formal_then),
        temporary=replace(kinds.temporary, then=temporary_then),
    )
    return msgspec.structs.replace(NOTICE, p=replace(NOTICE.p, loss_reports=ended))


NOTICES = [_notice(*then) for then in itertools.product(("lifts", "cancels_the_card"), repeat=2)]
soon = st.dates(dt.date(2013, 6, 26), dt.date(2013, 7, 10))


@st.composite
def dossiers(draw: st.DrawFn) -> Dossier:
    """Cards with terms and loss reports that end within the same fortnight; at most one of them is valid."""
    cards: list[Card] = []
    for kind in draw(st.permutations(list(CardKind))):
        life = draw(st.sampled_from((Life.IN_USE, Life.SEALED, Life.ENDED)))
        social = [c for c in cards if c.kind is not CardKind.OLD_MEDICAL and c.life is not Life.ENDED]
        old = kind is CardKind.OLD_MEDICAL
        beside = bool(social) and not old
        loss = Loss.NONE if old or life is Life.ENDED else Loss.FORMAL if beside else draw(st.sampled_from(Loss))
        if beside and kind is CardKind.TEMPORARY and social[0].loss is not Loss.FORMAL:
            continue
        cards.append(
            Card(
                n=len(cards) + 1,
                kind=kind,
                number="S00000001",
                serial="1" * 32,
                life=Life.IN_USE if old and life is Life.SEALED else life,
                issued_on=dt.date(2013, 6, 25),
                valid_until=draw(soon) if kind is CardKind.TEMPORARY else None,
                ending=Ending.CANCELLED if life is Life.ENDED else None,
                ended_on=draw(soon) if life is Life.ENDED else None,
                loss=loss,
                loss_until=draw(st.none() | soon) if loss is not Loss.NONE else None,
                locked=draw(st.booleans()),
            )
        )
    return Dossier(person=_person(), cards=tuple(cards))


@given(dossiers(), soon, st.sampled_from(NOTICES))
def test_looking_twice_on_a_day_shows_the_same(dossier: Dossier, on: dt.date, notice: Notice) -> None:
    """What has lapsed has lapsed: nothing more lapses by looking again."""
    once = as_of(dossier, notice, on)
    assert as_of(once, notice, on) is once


@given(dossiers(), soon, soon, st.sampled_from(NOTICES))
def test_it_does_not_matter_when_one_looked_before(dossier: Dossier, a: dt.date, b: dt.date, notice: Notice) -> None:
    """Looking in between, and putting on file what was seen, changes nothing of what is seen later."""
    a, b = min(a, b), max(a, b)
    assert as_of(as_of(dossier, notice, a), notice, b) == as_of(dossier, notice, b)


@given(dossiers(), soon, st.sampled_from(NOTICES))
def test_the_calendar_leaves_one_valid_card_and_wakes_no_ended_one(
    dossier: Dossier, on: dt.date, notice: Notice
) -> None:
    """After any lapse one card is valid at most, and what had ended is as it was."""
    after = as_of(dossier, notice, on)
    alive = [c for c in after.cards if c.life is not Life.ENDED and c.kind is not CardKind.OLD_MEDICAL]
    assert sum(c.loss is not Loss.FORMAL for c in alive) <= 1
    for was, is_now in zip(dossier.cards, after.cards, strict=True):
        assert was.life is not Life.ENDED or is_now is was
        assert is_now.ended_on is None or is_now is was or is_now.ended_on <= on


@given(dossiers(), st.sampled_from(NOTICES))
def test_nothing_lapses_before_its_day(dossier: Dossier, notice: Notice) -> None:
    """On the first day of everything the dossier is the very one that is on file."""
    assert as_of(dossier, notice, dt.date(2013, 6, 26)) is dossier


@pytest.mark.parametrize(
    ("kind", "facts", "last_on", "after"),
    [
        (CardKind.TEMPORARY, {"valid_until": dt.date(2013, 7, 5)}, "2013-07-05", "ended_expired"),
        (CardKind.OLD_MEDICAL, {}, "2013-06-30", "ended_stopped"),
        (
            CardKind.SOCIAL_SECURITY,
            {"loss": Loss.TEMPORARY, "loss_until": dt.date(2013, 7, 5), "locked": True},
            "2013-07-05",
            "locked",
        ),
    ],
)
def test_a_card_lapses_after_its_last_day(kind: CardKind, facts: dict[str, object], last_on: str, after: str) -> None:
    """The last day is still in; the next morning it is over, a lock apart."""
    dossier = Dossier(person=_person(), cards=(_card(kind=kind, **facts),))
    last = dt.date.fromisoformat(last_on)
    assert as_of(dossier, NOTICE, last) is dossier
    (lapsed,) = as_of(dossier, NOTICE, last + DAY).cards
    assert shown_state(lapsed) == after
    assert lapsed.ended_on in (None, last + DAY)


def test_a_lifted_report_gives_the_social_security_card_priority_from_that_day() -> None:
    """The temporary card ends on the day on which the other came back, not on the day on which somebody looked."""
    social = _card(n=1, loss=Loss.FORMAL, loss_until=dt.date(2013, 7, 3))
    temporary = _card(n=2, kind=CardKind.TEMPORARY, valid_until=dt.date(2013, 7, 5))
    after = as_of(Dossier(person=_person(), cards=(social, temporary)), _notice("lifts", "lifts"), dt.date(2013, 7, 9))
    assert [shown_state(c) for c in after.cards] == ["in_use", "ended_superseded"]
    assert after.cards[1].ended_on == dt.date(2013, 7, 4)


# Services


def _keys() -> set[str]:
    """Every key under which a request can fall."""
    keys = set(SERVICES) - {"replace_card", "cancel_card", "report_loss"}
    keys |= {f"replace_card.{w}" for w in ("loss", "damage", "made_wrongly", "unlocks_used_up")}
    keys |= {f"cancel_card.{w}" for w in CancelReason} | {f"report_loss.{k}" for k in ("formal", "temporary")}
    return keys | {"use_card.discharge", "use_card.financial", "use_card.extended"}


def test_every_request_has_a_row_and_a_rule() -> None:
    """Nothing can be asked that the table or the rules do not know, and they know nothing else."""
    assert set(ROWS) == _keys()
    assert set(RULES) == set(REQUESTS)
    assert set(SERVICE_OF) == set(REQUESTS)


@pytest.mark.parametrize(
    ("function", "purpose", "key"),
    [
        (Function.SOCIAL, Purpose.PAYMENT, "use_card"),
        (Function.SOCIAL, Purpose.ENQUIRY, "use_card"),
        (Function.SOCIAL, Purpose.DISCHARGE, "use_card.discharge"),
        (Function.FINANCIAL, Purpose.DISCHARGE, "use_card.financial"),
        (Function.EXTENDED, Purpose.PAYMENT, "use_card.extended"),
    ],
)
def test_the_key_of_a_use_is_its_function_first(function: Function, purpose: Purpose, key: str) -> None:
    """What a card is used for names the row; the purpose matters to the social function alone."""
    assert service_key(UseCard(id="x", person="1" * 18, function=function, purpose=purpose)) == key


@pytest.mark.parametrize("asked", ["held", "applied", "person"])
def test_a_rule_that_was_let_through_without_ground_stops_everything(asked: str) -> None:
    """A rule that reaches for what the table did not promise is a fault of the program, and told as one."""
    at = dt.datetime(2013, 7, 1, 4, tzinfo=dt.UTC)
    case = Case(ReportLoss(id="x", person="1" * 18), Dossier(), NOTICE, Given(at=at, on=at.date()))
    with pytest.raises(Broken, match=re.escape("report_loss.formal")):
        getattr(case, asked)


# Stays


def test_an_admission_taken_back_keeps_that_the_stay_began_on_the_old_card() -> None:
    """Registered under a wrong number before the cut-over, taken back, and registered rightly after it: still 8.1."""
    terms = Terms("H14070200001", ("inpatient",), False, 1)
    began_on, number = dt.date(2013, 6, 18), with_check_digit("14070219800101001")
    old = Card(1, CardKind.OLD_MEDICAL, "A00000001", "", Life.IN_USE, dt.date(2009, 1, 1))
    new = Card(2, CardKind.SOCIAL_SECURITY, "Z00000001", "140700" + "0" * 26, Life.IN_USE, dt.date(2013, 6, 25))
    person = Person(
        number, "王芳", Sex.MALE, dt.date(1980, 1, 1), "140702", dt.date(2009, 1, 1), in_hospital_since=began_on
    )
    dossier = Dossier(person, (old, new))

    def decided(request: AnyRequest, on: dt.date) -> Dossier:
        at = dt.datetime.combine(on, dt.time(4), dt.UTC)
        decision = decide(request, dossier, NOTICE, Given(at=at, on=on, channel=Channel.TERMINAL, terms=terms))
        assert isinstance(decision, Accepted), decision
        return decision.after

    def admission(stay: str, card: Card) -> AdmitPatient:
        presented = PresentedCard(card.number, card.serial)
        return AdmitPatient(id=stay, person=number, card=presented, stay=stay, admitted_on=began_on)

    dossier = decided(admission("ZY1", old), dt.date(2013, 6, 28))
    assert dossier.person is not None
    assert dossier.person.in_hospital_since is None
    dossier = decided(CancelAdmission(id="c", person=number, stay="ZY1"), dt.date(2013, 6, 29))
    dossier = decided(admission("ZY2", new), dt.date(2013, 7, 3))
    assert [(s.number, s.begun_on_old_card) for s in dossier.stays] == [("ZY1", True), ("ZY2", True)]
