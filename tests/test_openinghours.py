"""Opening hours and coordinates as data: what is read of what people write, and whether it is open at an instant."""

import datetime as dt
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import ROOT

from shebaoka.app import load_places
from shebaoka.coordinates import Point, metres_between, read_point
from shebaoka.desk import spoken_week
from shebaoka.notice import LANGUAGES, Words, read_places
from shebaoka.openinghours import CLOSED, DAY_MINUTES, Opening, Span, Week, opening_at, read_day, read_week
from shebaoka.records import BadInput, BadNotice

USUAL = (Span(510, 720), Span(870, 1050))
MORNING = (Span(540, 720),)
OFFICE = Week((USUAL,) * 5 + (MORNING, CLOSED))
MONDAY = dt.date(2013, 7, 1)


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("周一至周五 8:30—12:00，14:30—17:30；周六 9:00—12:00", OFFICE.days),
        ("週一到週五：上午8點30分至12點，下午2:30-5:30；週六 9：00～12：00，週日休息", OFFICE.days),
        ("Mon-Fri 8:30-12:00, 14:30-17:30; Saturday 9:00 to 12:00", OFFICE.days),
        ("周六至周一 9:00-12:00", (MORNING, *(CLOSED,) * 4, MORNING, MORNING)),
        ("周一、周三和周五 9:00–12:00 周二 休息", (MORNING, CLOSED, MORNING, CLOSED, MORNING, CLOSED, CLOSED)),
        ("工作日 9:00–12:00", (*(MORNING,) * 5, CLOSED, CLOSED)),
        ("0:00-24:00", ((Span(0, DAY_MINUTES),),) * 7),
    ],
)
def test_hours_are_read_as_people_write_them(said: str, days: tuple[tuple[Span, ...], ...]) -> None:
    """Simplified, traditional, English, full-width signs, halves of the day: the same week comes out."""
    assert read_week(said).days == days


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "say when it is open"),
        ("全天候", "cannot be read"),
        ("<script>", "cannot be read"),
        ("周一至周五", "say from when to when"),
        ("周一 8:30", "say until when"),
        ("周一 8:30-", "cannot be read"),
        ("周一 17:30-8:30", "ends before it begins"),
        ("周一 8:70-9:00", "no time 8:70"),
        ("周一 8:00-24:30", "no time 24:30"),
        ("周一 8:30-12:00, 11:00-13:00", "on 周一 8:30-12:00 and 11:00-13:00 overlap"),
        ("周一 8:30-12:00；周一至周三 9:00-10:00", "overlap"),
        ("İ" * 40, "cannot be read"),
    ],
)
def test_hours_that_cannot_be_are_told_with_what_is_wrong(said: str, told: str) -> None:
    """The sentence names the field and the part that is meant."""
    with pytest.raises(BadInput, match=f"hours: .*{told}"):
        read_week(said)
    with pytest.raises(BadInput, match="without a day of the week"):
        read_day("周一 8:30-9:00")


@settings(max_examples=40)
@given(st.text(max_size=40) | st.text("周一二日至到8:30-—，；、 ", max_size=40))
def test_any_text_is_a_week_or_a_sentence(text: str) -> None:
    """Whatever is typed, the answer is a sound week or a sentence about it."""
    try:
        week, told = read_week(text), ""
    except BadInput as e:
        week, told = Week(()), str(e)
    assert not told or told.startswith("hours: ")
    assert all(a.closes < b.opens for day in week.days for a, b in itertools.pairwise(day))


spans = st.lists(st.integers(0, DAY_MINUTES), max_size=6, unique=True).map(
    lambda n: tuple(Span(a, b) for a, b in zip(sorted(n)[::2], sorted(n)[1::2], strict=False))
)
weeks = st.lists(spans, min_size=7, max_size=7).map(lambda days: Week(tuple(days)))


@given(weeks, st.sampled_from(LANGUAGES))
def test_what_is_said_of_a_week_is_read_as_that_week(words: dict[str, Words], week: Week, language: str) -> None:
    """Spoken in any language, a week is read back as itself: the words on the page are the data."""
    assert read_week(spoken_week(week, words[language])) == week


@given(
    weeks, st.dictionaries(st.integers(0, 9).map(lambda n: MONDAY + dt.timedelta(days=n)), spans), st.integers(0, 1439)
)
def test_open_is_what_a_look_at_every_minute_says(
    week: Week, special: dict[dt.date, tuple[Span, ...]], minute: int
) -> None:
    """Whether it is open, and the next change, are those that a walk through the minutes of ten days finds."""

    def is_open(at: int) -> bool:
        day = MONDAY + dt.timedelta(days=at // DAY_MINUTES)
        return any(s.opens <= at % DAY_MINUTES < s.closes for s in special.get(day, week.days[day.weekday()]))

    found = opening_at(week, special, MONDAY, minute)
    assert found.is_open == is_open(minute)
    if found.on is None:
        assert not any(map(is_open, range(minute, 10 * DAY_MINUTES, 7)))
        return
    change = (found.on - MONDAY).days * DAY_MINUTES + found.minute
    assert all(is_open(at) == found.is_open for at in range(minute, min(change, 10 * DAY_MINUTES)))


def test_a_day_of_its_own_goes_before_the_week() -> None:
    """Closed on a holiday, open on a Saturday that is worked instead; nothing for two months is no opening at all."""
    special = {MONDAY: CLOSED, dt.date(2013, 7, 2): MORNING}
    assert opening_at(OFFICE, special, MONDAY, 600) == Opening(False, dt.date(2013, 7, 2), 540)
    assert opening_at(OFFICE, {}, MONDAY, 600) == Opening(True, MONDAY, 720)
    assert opening_at(OFFICE, {}, MONDAY, 720) == Opening(False, MONDAY, 870)
    assert opening_at(Week((CLOSED,) * 7), {}, MONDAY, 0).on is None


@pytest.mark.parametrize(
    ("said", "point"),
    [
        ("37.6903, 112.7312", Point(37.6903, 112.7312)),
        (" ３７．５°， 112 ", Point(37.5, 112)),
        ("-33.9 18.4", Point(-33.9, 18.4)),
        ("", None),
    ],
)
def test_coordinates_are_read(said: str, point: Point | None) -> None:
    """Latitude, then longitude; nothing is nothing."""
    assert read_point(said) == point


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("112.7, 37.7", "changed places"),
        ("榆次", "cannot be read"),
        ("99, 190", "no such place"),
        ("1", "cannot be read"),
    ],
)
def test_coordinates_that_cannot_be(said: str, told: str) -> None:
    """What is wrong is said, and the commonest mistake by its name."""
    with pytest.raises(BadInput, match=f"coordinates: .*{told}"):
        read_point(said)


def test_distances_are_those_of_the_earth() -> None:
    """A degree of latitude, a distance in the city held against a known one, the other side of the earth, none."""
    assert metres_between(Point(0, 0), Point(1, 0)) == pytest.approx(111_195, abs=10)
    assert metres_between(Point(37.69, 112.73), Point(37.20, 112.18)) == pytest.approx(72_970, rel=0.005)
    assert metres_between(Point(0, 0), Point(0, 180)) == pytest.approx(20_015_115, abs=100)
    assert metres_between(Point(37, 112), Point(37, 112)) == 0


def test_the_citys_places_are_in_the_city() -> None:
    """Each county is there under its code, Taigu under both of its; all lie within 150 km of each other."""
    places = load_places(ROOT / "notices" / "jinzhong")
    codes = {code for place in places for code in (place.code, *place.also)}
    assert {f"1407{n}" for n in ("02", "03", "21", "22", "23", "24", "25", "26", "27", "28", "29", "81")} <= codes
    assert max(metres_between(Point(*a.at), Point(*b.at)) for a in places for b in places) < 200_000


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ("[{code: a, name: {zh-Hans: a, zh-Hant: a, en: a}, at: [99, 0]}]", "at"),
        ("[{code: a, name: {en: a}, at: [9, 0]}]", "name"),
        ("[{code: a, name: {zh-Hans: a, zh-Hant: a, en: a}, at: [9, 0], also: [a]}]", "twice"),
        ("[{code: a, at: [9, 0]}]", "name"),
    ],
)
def test_places_that_cannot_be(places: str, told: str) -> None:
    """A fault names the file and the key."""
    with pytest.raises(BadNotice, match=f"places.yaml.*{told}"):
        read_places({"places.yaml": f"places: {places}".encode()})
    assert read_places({}) == ()
