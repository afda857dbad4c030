"""The notice as data: which version is in force, and every fault that is told before a first decision is made.

Each case spoils a sound notice in one place and says which file, which key and which words the sentence must name.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenario import CITIES, JINZHONG, files_of, read_cities, with_wording
from shebaoka.notice import LANGUAGES, Notices, read_notices, read_words
from shebaoka.notice.reading import NOTICE_FILE
from shebaoka.notice.speech import faults_of_words
from shebaoka.records import BadNotice, Basis, NoNotice, Refusal

WORDS = Path(JINZHONG).parent / "words"
FILE = "2013-06-25/notice.yaml"
Spoil = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def tianshan() -> Notices:
    """A city whose notice changed once, on 2016-01-01."""
    return read_cities()["tianshan"]


# Which version is in force


def test_jinzhongs_notice_can_be_read() -> None:
    """The notice that is shipped has no fault, and its clauses stand in their order."""
    notice = read_notices(files_of(JINZHONG)).versions[0]
    assert notice.id == "jinzhong-2013-06-25"
    assert (notice.clauses[0], notice.clauses[-1]) == ("1.1", "9.4")
    assert len(notice.clauses) == 28
    assert set(notice.clause_of) == {str(g) for g in (*Basis, *Refusal)}


def test_clauses_stand_in_their_order_beyond_nine() -> None:
    """Clause 10 comes after clause 9, and not after clause 1."""
    clauses = read_cities()["like_jianshui"].versions[0].clauses
    assert list(clauses) == sorted(clauses, key=int)


@pytest.mark.parametrize(
    ("day", "version"),
    [("2012-01-01", 0), ("2015-12-31", 0), ("2016-01-01", 1), ("2040-06-01", 1)],
)
def test_the_version_of_the_day_is_in_force(tianshan: Notices, day: str, version: int) -> None:
    """The first and the last day of a version belong to it; the last version goes on."""
    assert tianshan.on(dt.date.fromisoformat(day)) is tianshan.versions[version]


def test_before_the_first_version_there_is_none(tianshan: Notices) -> None:
    """A day before the first version has no notice; the sentence says when the first begins."""
    with pytest.raises(NoNotice, match=r"tianshan .* 2011-12-31.* begins on 2012-01-01"):
        tianshan.on(dt.date(2011, 12, 31))


def test_between_two_versions_there_may_be_none() -> None:
    """Where one version has ended and the next has not begun, there is no notice."""
    files = files_of(CITIES / "tianshan")
    notices = _read(files, "2012-01-01/notice.yaml", lambda n: n.update(in_force_until=dt.date(2014, 12, 31)))
    assert notices.on(dt.date(2014, 12, 31)).in_force_from == dt.date(2012, 1, 1)
    with pytest.raises(NoNotice):
        notices.on(dt.date(2015, 6, 1))


def test_the_cutover_is_that_of_the_version_in_force_or_else_of_one_to_come() -> None:
    """A version to come is heeded where the one in force names no day; one that has ended is not."""
    files = files_of(CITIES / "tianshan")
    first, second = "2012-01-01/notice.yaml", "2016-01-01/notice.yaml"
    assert read_notices(with_wording(files)).with_cutover(dt.date(2015, 6, 1)) is None
    to_come = _read(files, second, _value("cutover_on", dt.date(2016, 3, 1)))
    assert [to_come.with_cutover(dt.date(year, 6, 1)) for year in (2011, 2015, 2016)] == [to_come.versions[1]] * 3
    named = _read(files, first, _value("cutover_on", dt.date(2012, 3, 1)))
    assert named.with_cutover(dt.date(2015, 12, 31)) is named.versions[0]
    assert named.with_cutover(dt.date(2016, 1, 1)) is None


def test_a_version_is_found_by_its_id(tianshan: Notices) -> None:
    """The journal names a version by its id; an unknown one is told."""
    assert tianshan.by_id("tianshan-2012-01-01") is tianshan.versions[0]
    with pytest.raises(NoNotice, match="tianshan-1912"):
        tianshan.by_id("tianshan-1912-01-01")


def test_each_city_is_data_alone() -> None:
    """Other cities are read from their folders by the same shape, each with all clauses and parameters."""
    cities = read_cities()
    assert len(cities) >= 5
    every = {str(g) for g in (*Basis, *Refusal)}
    assert all(set(n.versions[0].clause_of) == every for n in cities.values())


# Faults of a notice


def _loaded(raw: bytes) -> dict[str, Any]:
    return yaml.load(raw, yaml.CSafeLoader)


def _dumped(data: dict[str, Any]) -> bytes:
    return yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True).encode()


def _read(files: dict[str, bytes], file: str, spoil: Spoil) -> Notices:
    """The notice with one of its files spoilt; wording is made up where there is none."""
    data = _loaded(files[file])
    spoil(data)
    return read_notices(with_wording({**files, file: _dumped(data)}))


def _fault(file: str, spoil: Spoil) -> str:
    """What is said of Jinzhong's notice when one file is spoilt."""
    with pytest.raises(BadNotice) as fault:
        _read(files_of(JINZHONG), file, spoil)
    return str(fault.value)


def _at(*path: str) -> Callable[[object], Spoil]:
    """Puts a value at a path."""

    def put(value: object) -> Spoil:
        def spoil(data: dict[str, Any]) -> None:
            for key in path[:-1]:
                data = data[key]
            data[path[-1]] = value

        return spoil

    return put


def _without(*path: str) -> Spoil:
    """Takes away what stands at a path."""

    def spoil(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return spoil


def _value(name: str, value: object) -> Spoil:
    return _at("parameters", name, "value")(value)


def _decides(clause: str, *grounds: str) -> Spoil:
    return lambda data: data["clauses"][clause]["decides"].extend(grounds)


FAULTS: dict[str, tuple[Spoil, str, str]] = {
    "an unknown key": (_at("colour")("red"), "", "unknown field `colour`"),
    "an unknown key of a parameter": (_at("parameters", "pin_length", "unit")("digit"), "parameters", "unknown field"),
    "a missing key": (_without("region"), "", "missing required field `region`"),
    "a region of five digits": (_at("region")("14070"), "region", "regex"),
    "a city in capitals": (_at("city")("Jinzhong City"), "city", "regex"),
    "a clause that is no number": (_at("clauses", "one")({"decides": []}), "", "regex"),
    "an unknown parameter": (
        _at("parameters", "pin_colour")({"clause": "9.1", "value": 1}),
        "parameters.pin_colour",
        "no such parameter",
    ),
    "a missing parameter": (_without("parameters", "pin_tries_max"), "parameters.pin_tries_max", "is missing"),
    "a count below one": (_value("pin_tries_max", 0), "parameters.pin_tries_max", "Expected `int` >= 1"),
    "a fee below zero": (_value("replacement_fee_fen", -1), "parameters.replacement_fee_fen", "Expected `int` >= 0"),
    "a fee in words": (_value("replacement_fee_fen", "28"), "parameters.replacement_fee_fen", "got `str`"),
    "a value that cannot be": (_value("records_carried", "last_year"), "parameters.records_carried", "last_year"),
    "a term of 1000 years": (_value("temporary_valid", {"years": 1000}), "parameters.temporary_valid.years", "<= 100"),
    "a term in weeks": (_value("temporary_valid", {"weeks": 4}), "parameters.temporary_valid", "weeks"),
    "a term of nothing": (_value("temporary_valid", {}), "parameters.temporary_valid.value", "longer than nothing"),
    "an extension of nothing": (
        lambda d: (_value("temporary_extension", {})(d), _value("temporary_valid_at_most", {"years": 2})(d)),
        "parameters.temporary_extension.value",
        "longer than nothing",
    ),
    "an extension without a limit": (
        _value("temporary_extension", {"days": 60}),
        "parameters.temporary_valid_at_most.value",
        "needs a limit",
    ),
    "a photo smaller than the smallest": (
        _value("photo_file_kb_max", 13),
        "parameters.photo_file_kb_max.value",
        "less than photo_file_kb_min",
    ),
    "a photo of no bytes": (_value("photo_file_kb_max", 0), "parameters.photo_file_kb_max", "Expected `int` >= 1"),
    "a hotline that never answers": (
        _value("hotline_hours", {"monday": []}),
        "parameters.hotline_hours.value",
        "one day of the week at least",
    ),
    "hours that end before they begin": (
        _value("hotline_hours", {"monday": ["12:00-08:30"]}),
        "parameters.hotline_hours.value.monday",
        "end after they begin",
    ),
    "hours within others": (
        _value("hotline_hours", {"monday": ["08:30-12:00", "11:00-17:00"]}),
        "parameters.hotline_hours.value.monday",
        "in order",
    ),
    "hours that no clock shows": (
        _value("hotline_hours", {"monday": ["08:30-24:00"]}),
        "parameters.hotline_hours",
        "matching regex",
    ),
    "a booking deleted before it is answered": (
        _value("bookings_kept", {"days": 2}),
        "parameters.bookings_kept.value",
        "longer than until it is answered",
    ),
    "an unknown material": (
        _value("application_materials", {"holder": ["passport"]}),
        "parameters.application_materials.holder",
        "passport",
    ),
    "a parameter of no clause": (_at("parameters", "hotline", "clause")("5.9"), "parameters.hotline.clause", "5.9"),
    "a ground claimed twice": (_decides("9.4", "card_ends"), "clauses.9.4.decides", "'card_ends' rests on clause 2.1"),
    "an unknown ground": (_decides("9.4", "card_is_blue"), "clauses.9.4.decides", "card_is_blue"),
    "a ground of no clause": (
        lambda d: d["clauses"]["6.2"]["decides"].remove("replacement_fee_is_paid"),
        "clauses",
        "no clause decides 'replacement_fee_is_paid'",
    ),
    "another folder than the day": (_at("in_force_from")(dt.date(2013, 6, 26)), "in_force_from", "2013-06-26"),
    "an end before the beginning": (
        _at("in_force_until")(dt.date(2013, 6, 1)),
        "in_force_until",
        "is before in_force_from",
    ),
    "an unknown time zone": (_at("timezone")("Asia/Jinzhong"), "timezone", "Asia/Jinzhong"),
    "a time zone that is a folder": (_at("timezone")("Asia"), "timezone", "no time zone 'Asia'"),
    "a time zone that is a path": (_at("timezone")("/etc/localtime"), "timezone", "/etc/localtime"),
    "a temporary report without an end": (
        _at("parameters", "loss_reports", "value", "temporary", "lasts")(None),
        "parameters.loss_reports.value.temporary.lasts",
        "needs an end",
    ),
    "a report cancelled nowhere": (
        _at("parameters", "loss_reports", "value", "formal", "cancel_channels")([]),
        "parameters.loss_reports.value.formal.cancel_channels",
        "where it is cancelled",
    ),
    "a service without a channel": (
        _without("parameters", "other_channels", "value", "hand_in_card"),
        "parameters.other_channels.value.hand_in_card",
        "no channel is said",
    ),
    "a service said twice": (
        _at("parameters", "other_channels", "value", "change_pin")(["phone"]),
        "parameters.other_channels.value.change_pin",
        "service_channels too",
    ),
} | {
    f"an unknown service in {name}": (
        _at("parameters", name, "value", "dance")([] if "channels" in name else {}),
        f"parameters.{name}.value.dance",
        "there is no service 'dance'",
    )
    for name in ("service_channels", "other_channels", "service_materials", "other_materials")
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_of_a_notice_is_told_with_file_and_key(case: str) -> None:
    """Whatever is wrong in a notice is one sentence that names the file, the key and the matter."""
    spoil, key, says = FAULTS[case]
    fault = _fault(FILE, spoil)
    lines = [line for line in fault.splitlines() if f"{FILE}: {key}" in line and says in line]
    assert lines, fault


def test_all_faults_are_told_together() -> None:
    """Whoever repairs a notice sees every fault of it at once."""
    fault = _fault(FILE, lambda d: (_decides("9.4", "card_is_blue")(d), _at("timezone")("Mars")(d)))
    assert "card_is_blue" in fault
    assert "Mars" in fault


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"city: [jinzhong\nregion: x", "line 2"),
        (b"city: a\ncity: b\n", "line 2: the key 'city' stands twice"),
        (b"city: a\nclauses:\n  '1.1': 1\n  '1.1': 2\n", "line 4: the key '1.1' stands twice"),
        (b"city: a\n[b]: c\n", "line 2: a key must be one word"),
        (b"city: a\nin_force_from: 2013-02-30\n", "line 2: there is no such value as '2013-02-30'"),
        (b"city: !!python/object:os.system ls\n", "line 1"),
        (b"city: \x07", "characters are not allowed"),
        (b"city: \xbd\xfa\xd6\xd0", "not UTF-8 at byte 6"),
        (b"", "Expected `object`"),
        (b"- city", "Expected `object`"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(raw: bytes, says: str) -> None:
    """Broken YAML, another encoding or an impossible day is told with file and line, and never as a traceback."""
    with pytest.raises(BadNotice) as fault:
        read_notices(files_of(JINZHONG) | {FILE: raw})
    assert str(fault.value).startswith(FILE)
    assert says in str(fault.value)


def test_a_folder_without_a_notice_is_told() -> None:
    """An empty folder is no notice."""
    with pytest.raises(BadNotice, match=NOTICE_FILE):
        read_notices({"2013-06-25/en.yaml": b""})


# Several versions


def _second(**changes: object) -> dict[str, bytes]:
    """Tianshan's files with the second version changed."""
    files = files_of(CITIES / "tianshan")
    data = _loaded(files["2016-01-01/notice.yaml"]) | changes
    return with_wording({**files, "2016-01-01/notice.yaml": _dumped(data)})


def test_two_versions_in_force_on_one_day_are_told() -> None:
    """Where the first version does not end, the sentence says on which day it must."""
    files = files_of(CITIES / "tianshan")
    for until in (None, dt.date(2016, 1, 1)):
        with pytest.raises(BadNotice, match=r"2012-01-01/notice.yaml: in_force_until: .*end this one on 2015-12-31"):
            _read(files, "2012-01-01/notice.yaml", _at("in_force_until")(until))


@pytest.mark.parametrize("changes", [{"timezone": "Asia/Shanghai"}, {"city": "jinzhong"}])
def test_versions_of_two_cities_or_clocks_are_told(changes: dict[str, object]) -> None:
    """All versions in a folder are of one city with one clock."""
    with pytest.raises(BadNotice, match=r"2016-01-01/notice.yaml: city, timezone: .*must agree"):
        read_notices(_second(**changes))


# The wording of the clauses


def test_a_missing_wording_is_told() -> None:
    """Each version has its wording in every language."""
    files = files_of(JINZHONG)
    for language in LANGUAGES:
        name = f"2013-06-25/{language}.yaml"
        with pytest.raises(BadNotice, match=f"{name}: the file is missing"):
            read_notices({k: v for k, v in files.items() if k != name})


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_without("clauses", "6.2"), "clauses.6.2: is missing"),
        (_at("clauses", "6.9")({"title": "x", "text": "x"}), "clauses.6.9: there is no such entry"),
        (_without("readings", "unlocks_max"), "readings.unlocks_max: is missing"),
        (_at("readings", "hotline")("x"), "readings.hotline: there is no such entry"),
        (_at("clauses", "6.2", "text")(""), "clauses[...].text: Expected `str` of length >= 1"),
        (_at("motto")("x"), "Object contains unknown field `motto`"),
    ],
)
def test_a_gap_in_the_wording_is_told(spoil: Spoil, says: str) -> None:
    """A clause or a reading without words, or words without a clause, is told with file and key."""
    assert f"2013-06-25/en.yaml: {says}" in _fault("2013-06-25/en.yaml", spoil)


# The house's words


def _words(file: str = "en.yaml", spoil: Spoil | None = None) -> dict[str, bytes]:
    files = files_of(WORDS)
    if spoil is None:
        return files
    data = _loaded(files[file])
    spoil(data)
    return files | {file: _dumped(data)}


def test_the_words_that_are_shipped_are_whole() -> None:
    """Every code has its words in every language."""
    words = read_words(_words())
    assert {w: words[w].language for w in words} == {w: w for w in LANGUAGES}
    assert [faults_of_words(w) for w in words.values()] == [[], [], []]


def test_a_missing_language_is_told() -> None:
    """A language without a file is a fault."""
    files = _words()
    del files["zh-Hant.yaml"]
    with pytest.raises(BadNotice, match=r"zh-Hant.yaml: the file is missing"):
        read_words(files)


TABLES = (
    "refusals", "bases", "steps", "done", "services", "materials", "channels", "cards", "states", "makings",
    "functions", "whys", "parameters",
)  # fmt: skip


def _spoilt_words() -> Iterator[tuple[str, Spoil, str]]:
    for table in TABLES:

        def take_first(data: dict[str, Any], table: str = table) -> None:
            data[table].pop(min(data[table]))

        yield f"{table} lacks one", take_first, f"en.yaml: {table}."
        extra = {"says": "x", "do": "x"} if table == "refusals" else "x"
        yield f"{table} has one too many", _at(table, "hat")(extra), f"en.yaml: {table}.hat: nothing has this code"
    for path in (("refusals", "card_is_locked", "says"), ("refusals", "card_is_locked", "do")):
        yield ".".join(path), _at(*path)("It is {weather}."), f"en.yaml: {'.'.join(path)}: there is no fact {{weather}}"
    yield "a basis", _at("bases", "card_ends")("{weather}"), "en.yaml: bases.card_ends: there is no fact {weather}"
    yield "a step", _at("steps", "tell_the_bank")("{}"), "en.yaml: steps.tell_the_bank: there is no fact {}"
    yield "an open brace", _at("bases", "card_ends")("{card"), "en.yaml: bases.card_ends: "
    yield "an empty word", _at("cards", "temporary")(""), "en.yaml: cards"
    yield "a date of another kind", _at("date")("{year}"), "en.yaml: date: must be put together from {y}"
    yield "another language", _at("language")("zh-Hans"), "en.yaml: language: is 'zh-Hans'; the file is for 'en'"
    yield "an unknown table", _at("jokes")({}), "en.yaml: Object contains unknown field `jokes`"


SPOILT_WORDS = {name: (spoil, says) for name, spoil, says in _spoilt_words()}


@pytest.mark.parametrize("case", SPOILT_WORDS)
def test_a_fault_of_the_words_is_told_with_file_and_key(case: str) -> None:
    """A code without words, words without a code, and a sentence that speaks of an unknown fact are told."""
    spoil, says = SPOILT_WORDS[case]
    with pytest.raises(BadNotice) as fault:
        read_words(_words(spoil=spoil))
    assert says in str(fault.value)
