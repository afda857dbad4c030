"""Finding a person: by every kind of key, nobody else, in the order of numbers, by index, and who searched is kept."""

import dataclasses
import datetime as dt
import re
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import errors

from asking import LI_NA, NOBODY, TIAN_YU, ZHOU_MING, ask, to_a_card
from conftest import Database, StandingClock
from shebaoka import names
from shebaoka.desk import Caught, Desk, Finding, Found, KeyKind, Note, Role, Staff, finding, kept_findable, read_as
from shebaoka.notice import Notices
from shebaoka.numbers import mask, with_check_digit
from shebaoka.records import BadInput, CancelReason, NotAllowed
from shebaoka.store import Store, Views, views
from shebaoka.store import finding as sql
from shebaoka.vault import SoftwareVault

CLERK = Staff("li", Role.CLERK, "w1")
AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
PEOPLE = {
    LI_NA: "李娜",
    ZHOU_MING: "单雄信",
    TIAN_YU: "欧阳小伟",
    with_check_digit("14070219800101101"): "李娜",
    with_check_digit("14070219800101102"): "李娜娜",
    with_check_digit("14070219800101103"): "李_娜",
    with_check_digit("14070219800101104"): "李%",
    with_check_digit("14070219800101105"): "John Smith",
    with_check_digit("14070219800101106"): "买买提·吐尔逊",
    with_check_digit("14070219800101107"): "<b>'; drop table person; --",
    with_check_digit("14070219800101108"): "李2",
}


@dataclasses.dataclass
class Room:
    """A database with people, a desk on it, and the room that finds them."""

    database: Database
    desk: Desk
    views: Views
    finding: Finding

    def find(self, text: str, **said: Any) -> Found:
        """What a clerk finds."""
        return self.finding.find(CLERK, text, **said)

    def numbers(self, text: str, **said: Any) -> list[str]:
        """The numbers of whoever a clerk finds."""
        return [person.number for person in self.find(text, **said).people]

    def names(self, text: str) -> list[str]:
        """The names of whoever a clerk finds."""
        return [person.name for person in self.find(text).people]

    def back_as(self, number: str, name: str, time: int = 1) -> None:
        """Somebody leaves, and comes back under another name."""
        self.desk.ask(ask("cancel_card", number, f"leaves-{number}-{time}", why=CancelReason.LEAVING))
        self.desk.ask(ask("register_person", number, f"again-{number}-{time}", name=name))

    def put(self, people: dict[str, str]) -> None:
        """Register people through the desk."""
        self.desk.submit([ask("register_person", number, name=name) for number, name in people.items()])

    def carry(self, people: dict[str, str], first_person_id: int) -> None:
        """Carry people over in bulk, each with an old card."""
        asks = [
            ask("carry_over_account", number, f"b-{n}", balance_fen=1, old_card_number=f"A{n:08d}", name=name,
                region="140702", insured_on=dt.date(2009, 4, 1))
            for n, (number, name) in enumerate(people.items(), first_person_id)
        ]  # fmt: skip
        self.desk.take_over(asks, first_person_id, lambda _: Note("select 1", {}))


@pytest.fixture(scope="module")
def room(shared_database: Database, vault: SoftwareVault, notices: Notices) -> Iterator[Room]:
    """People of this module, registered one and all through the desk; one has a card, one an old one."""
    shared_database.wipe()
    reading = Views(shared_database.app)
    reading.open()
    with Store(shared_database.app) as store:
        desk = Desk(store, vault, notices, lambda: AT)
        made = Room(shared_database, desk, reading, Finding(reading, lambda: AT))
        made.put(PEOPLE)
        desk.submit(to_a_card(TIAN_YU)[1:])
        desk.ask(ask("carry_over_account", LI_NA, balance_fen=500, old_card_number="X 0212-345"))
        yield made
    reading.close()


@pytest.fixture
def empty(database: Database, vault: SoftwareVault, notices: Notices, clock: StandingClock) -> Iterator[Room]:
    """A room with nobody in it."""
    reading = Views(database.app)
    reading.open()
    with Store(database.app) as store:
        yield Room(database, Desk(store, vault, notices, clock), reading, Finding(reading, clock))
    reading.close()


# What a text is ------------------------------------------------------------------------------------------------------

READ = {
    LI_NA: [(KeyKind.NUMBER, LI_NA, "")],
    f" {LI_NA[:6]} {LI_NA[6:14]} {LI_NA[14:].lower()} ": [(KeyKind.NUMBER, LI_NA, "")],
    "".join(chr(ord(c) + 0xFEE0) for c in LI_NA): [(KeyKind.NUMBER, LI_NA, "")],
    "a12345678": [
        (KeyKind.CARD_NUMBER, "A12345678", ""),
        (KeyKind.INITIALS, "a", "12345678"),
        (KeyKind.NAME, "a12345678", ""),
        (KeyKind.OLD_CARD, " A12345678", ""),
    ],
    "140700" + "AB" * 13: [(KeyKind.CARD_SERIAL, "140700" + "ab" * 13, "")],
    "李娜": [(KeyKind.NAME, "李娜", "")],
    "李娜 1424": [(KeyKind.NAME, "李娜", "1424"), (KeyKind.NAME, "李娜1424", "")],
    "LN 1424 01 199": [(KeyKind.INITIALS, "ln", "142401199"), (KeyKind.NAME, "ln142401199", "")],
    f"ln {LI_NA}": [(KeyKind.INITIALS, "ln", LI_NA), (KeyKind.NAME, f"ln{LI_NA}".lower(), "")],
    "02123456": [(KeyKind.OLD_CARD, " 02123456", "")],
    "李 娜": [(KeyKind.NAME, "李娜", "")],
    "%": [(KeyKind.NAME, "%", "")],
}


@pytest.mark.parametrize("text", READ)
def test_what_is_typed_says_what_it_is(text: str) -> None:
    """Number, card number, serial, name, initials and digits behind them are told apart by their form alone."""
    assert [(key.kind, key.word, key.digits) for key in read_as(text)] == READ[text]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "search_is_empty"),
        (" \u3000\t", "search_is_empty"),
        ("李\0娜", "search_cannot_be_read"),
        ("李\ud800", "search_cannot_be_read"),
        ("李" * 101, "search_cannot_be_read"),
        ("123", "number_is_not_whole"),
        ("1" * 33, "number_is_not_whole"),
        (LI_NA[:17] + "9", "number_is_not_whole"),
    ],
)
def test_a_text_that_is_no_key_is_told_what_can_be_typed(text: str, code: str) -> None:
    """Bad input has a code of its own, and its sentence names every key; it does not repeat the number."""
    with pytest.raises(BadInput, match="social security number of 18 characters") as told:
        read_as(text)
    assert told.value.code == code
    assert LI_NA[:17] not in str(told.value)


# Who is found --------------------------------------------------------------------------------------------------------


def test_a_number_finds_its_person_and_nobody_else(room: Room) -> None:
    """With its basics; a sound number that nobody has finds nobody."""
    (found,) = room.find(LI_NA.lower()).people
    assert (found.number, found.name, found.birth_on, found.region) == (LI_NA, "李娜", dt.date(1979, 12, 3), "140702")
    assert room.find(NOBODY) == Found(KeyKind.NUMBER, (), more=False)


def test_a_card_number_and_a_serial_find_the_holder(room: Room) -> None:
    """What a reader types; the last digit's neighbour finds nobody."""
    ((number, serial),) = room.views.rows("select number, serial from card where kind = 'social_security'")
    assert room.numbers(number.lower()) == room.numbers(serial.upper()) == [TIAN_YU]
    assert room.find(serial).kind is KeyKind.CARD_SERIAL
    other = f"{serial[:-1]}{'0' if serial[-1] != '0' else '1'}"
    assert room.numbers(other) == []


def test_an_old_medical_cards_number_finds_its_holder(room: Room) -> None:
    """Blanks and case do not matter."""
    assert room.numbers("x0212-345") == [LI_NA]
    assert room.find("X0212-345").kind is KeyKind.OLD_CARD
    assert room.numbers("X0212-346") == []


def test_a_name_finds_its_bearers_and_those_whose_name_it_begins(room: Room) -> None:
    """In the order of numbers; a first character is enough."""
    assert room.numbers("李娜") == sorted(n for n, name in PEOPLE.items() if name.startswith("李娜"))
    assert room.numbers("李") == sorted(n for n, name in PEOPLE.items() if name.startswith("李"))
    assert room.names("欧阳") == ["欧阳小伟"]
    assert room.names("john s") == ["John Smith"]


def test_initials_find_whoever_can_be_read_so(room: Room) -> None:
    """A surname by its own reading and by the common one; Latin names by their words."""
    assert room.names("SXX") == room.names("dxx") == ["单雄信"]
    assert room.names("js") == ["John Smith"]
    assert room.names("mmttex") == ["买买提·吐尔逊"]
    assert set(room.names("ln")) == {"李娜", "李娜娜", "李_娜"}


def test_first_digits_behind_a_name_or_initials_leave_the_others_out(room: Room) -> None:
    """With a blank between or without; the whole number may stand there."""
    assert room.numbers("李娜 1407021979") == room.numbers("ln1407021979") == [LI_NA]
    assert room.numbers(f"l {LI_NA}") == room.numbers(f"李 {LI_NA.lower()}") == [LI_NA]
    assert room.numbers("ln 9") == []


def test_wildcards_markup_and_statements_are_text(room: Room) -> None:
    """What stands in a name is compared, and nothing else is done with it."""
    assert room.names("李_") == ["李_娜"]
    assert room.names("李%") == ["李%"]
    assert room.names("%") == room.names("_") == room.names("' or 1=1 --") == room.names("\\") == []
    assert room.names("<b>'; drop table person; --") == ["<b>'; drop table person; --"]
    assert room.names("李2") == ["李2"]


def test_a_number_of_seventeen_digits_is_told_apart(room: Room) -> None:
    """It could be an old card's; if it is nobody's, the sentence says how long a social security number is."""
    with pytest.raises(BadInput, match="a social security number of 17") as told:
        room.find(LI_NA[:17])
    assert told.value.code == "number_is_not_whole"


def test_no_more_than_asked_for_are_listed_and_that_there_are_more_is_told(room: Room) -> None:
    """The first by number; with as many as there are, there are no more."""
    whole = room.numbers("李")
    few = room.find("李", limit=2)
    assert ([p.number for p in few.people], few.more) == (whole[:2], True)
    assert not room.find("李", limit=len(whole)).more
    assert room.find("李", limit=len(whole) - 1).more


def test_only_who_may_see_people_finds_them(room: Room) -> None:
    """The right is asked at the desk, before anything is read."""
    with pytest.raises(NotAllowed):
        room.finding.find(Staff("wu", Role.SECURITY_ADMINISTRATOR, ""), "李娜")
    with pytest.raises(NotAllowed):
        room.finding.searches(Staff("wu", Role.SECURITY_ADMINISTRATOR, ""))


def test_a_search_is_kept_with_who_searched_and_who_came_back(room: Room) -> None:
    """Also one that found nobody; a social security number is masked. Nobody can change it afterwards."""
    found = room.find("李娜  1407021979")
    room.find(NOBODY)
    nobody, named = room.finding.searches(CLERK, limit=2)
    assert (named.at, named.by, named.place, named.kind, named.typed) == (AT, "li", "w1", "name", "李娜 1407021979")
    assert (named.found, named.more, named.people) == (1, False, [found.people[0].person_id])
    assert (nobody.kind, nobody.typed, nobody.found) == ("number", mask(NOBODY), 0)
    assert room.finding.searches(CLERK, limit=1, before=nobody.id) == [named]
    with psycopg.connect(room.database.app) as app, pytest.raises(errors.InsufficientPrivilege):
        app.execute("update search_event set typed = ''")


# Names that change, and people carried over in bulk ------------------------------------------------------------------


def test_who_comes_back_under_another_name_is_found_under_that_alone(empty: Room) -> None:
    """The old name finds nobody; an earlier one that comes again does."""
    empty.put({LI_NA: "李娜"})
    for n, name in enumerate(("李安娜", "单娜", "李娜")):
        empty.back_as(LI_NA, name, n)
        assert empty.names(name) == empty.names(names.initials_of(name)[0]) == [name]
        others = {"李娜", "李安娜", "单娜"} - {name}
        assert [said for said in others if empty.numbers(said)] == []


def test_others_of_a_former_name_do_not_hide_who_has_it(empty: Room) -> None:
    """However many had a name, whoever has it now is found, and that there are more is told truly."""
    people = [with_check_digit(f"140702198001011{n:02d}") for n in range(9)]
    empty.put(dict.fromkeys(people, "李娜"))
    for number in people[:7]:
        empty.back_as(number, "王芳")
    found = empty.find("李娜", limit=2)
    assert ([p.number for p in found.people], found.more) == (sorted(people[7:]), False)
    assert empty.find("李娜", limit=1).more


def test_people_carried_over_in_bulk_are_found_by_name_after_catching_up(empty: Room) -> None:
    """By number at once. The pass writes whoever lacks words, may be stopped between sets and done again, and alone."""
    empty.carry(PEOPLE, 1)
    empty.desk.ask(ask("register_person", NOBODY, name="赵云"))
    assert empty.numbers(ZHOU_MING) == [ZHOU_MING]
    assert (empty.names("sxx"), empty.names("zy")) == ([], ["赵云"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding, "CAUGHT_UP_AT_ONCE", 4)
        going = empty.finding.catch_up()
        assert [next(going), next(going)] == [Caught(4, 4), Caught(8, 8)]
        assert [caught.written for caught in empty.finding.catch_up()] == [0, 0, len(PEOPLE) - 8]
    assert list(empty.finding.catch_up()) == [Caught(len(PEOPLE) + 1, 0)]
    assert empty.names("sxx") == ["单雄信"]
    assert empty.numbers("a00000002") == [ZHOU_MING]


def test_a_pass_goes_on_where_somebody_was_given_words_meanwhile(empty: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that are there already leave out themselves alone; a backslash is a letter like others."""
    empty.carry({LI_NA: "李娜", ZHOU_MING: "周\\明"}, 1)
    as_text = sql.as_text

    def overtaken(rows: Any) -> bytes:
        with psycopg.connect(empty.database.app, autocommit=True) as other:
            other.execute("insert into finding select person_id, '李', number from person where number = %s", [LI_NA])
        return as_text(rows)

    monkeypatch.setattr(sql, "as_text", overtaken)
    assert list(empty.finding.catch_up()) == [Caught(2, 2)]
    assert (empty.names("李娜"), empty.names("周\\")) == (["李娜"], ["周\\明"])


def test_one_pass_at_a_time_catches_up(empty: Room) -> None:
    """A second one that begins meanwhile leaves it to the first."""
    empty.put({LI_NA: "李娜"})
    with empty.views.together() as run:
        run(sql.LOCK, {})
        assert list(empty.finding.catch_up()) == []
    assert list(empty.finding.catch_up()) == [Caught(1, 0)]


def test_a_server_catches_up_at_its_start_and_when_it_is_told(empty: Room) -> None:
    """Who was carried over before is found by name soon, and who is meanwhile soon after it was announced."""
    before, meanwhile = ({LI_NA: "李娜"}, {ZHOU_MING: "单雄信"})
    empty.carry(before, 1)
    with kept_findable(empty.finding, empty.database.app):
        _until_found(empty, "李娜")
        empty.carry(meanwhile, 2)
        empty.finding.announce()
        _until_found(empty, "单雄信")


def _until_found(room: Room, name: str) -> None:
    until = time.monotonic() + 20
    while not room.names(name):
        assert time.monotonic() < until, f"{name} is not found"


# Laws ----------------------------------------------------------------------------------------------------------------

NAMES = st.text(st.sampled_from("李单曾娜行𬎆%_'an·"), min_size=1, max_size=14)
SAID = st.text(st.sampled_from("李单曾娜行𬎆%_'ansldzc"), min_size=1, max_size=14)
BORN = [with_check_digit(f"14070{n % 3}198001011{n:02d}") for n in range(6)]


@settings(max_examples=15)
@given(st.lists(NAMES, min_size=1, max_size=4), SAID, st.sampled_from(("", "1", "140701", "140702", "9")))
def test_whoever_is_registered_is_found_and_nobody_else(empty: Room, called: list[str], said: str, digits: str) -> None:
    """By number, name, beginning, initials, and digits behind them: exactly those whom the words fit."""
    empty.database.wipe()
    people = dict(zip(BORN, called, strict=False))
    empty.put(people)
    for number, name in people.items():
        assert empty.numbers(number) == [number]
        assert number in empty.numbers(name)
        kept = names.folded(name)
        for word in (kept, kept[:1], kept[: len(kept) // 2] or kept, *names.initials_of(name)):
            assert number in empty.numbers(word)
            assert number in empty.numbers(f"{word} {number[:8]}")
    fitting = [
        n for n, name in sorted(people.items()) if names.begins(name, names.folded(said)) and n.startswith(digits)
    ]
    assert empty.numbers(f"{said} {digits}") == fitting


# Plans ---------------------------------------------------------------------------------------------------------------

MANY = """
insert into person (person_id, number, name, sex, birth_on, region, insured_on, standing)
select 1000 + n, '14070219800101' || to_char(n, 'FM0000'), case when n % 2 = 0 then '李娜' else '李' || n end, 'female',
       '1980-01-01', '140702', '2009-04-01', 'insured' from generate_series(1, 2000) as n;
insert into person_key select number, person_id from person;
insert into card_number_key select 'A' || to_char(person_id, 'FM00000000'), person_id from person;
insert into card_serial_key select md5(number), person_id from person;
insert into finding
select person_id, word, number from person, unnest(array['l', '李', 'ln', name, 'x' || person_id]) as word
on conflict do nothing;
analyze person, person_key, card_number_key, card_serial_key, finding"""


@pytest.fixture
def many(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """Two thousand people of one surname, half of whom have one name, and the planner knows it."""
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute(MANY)
        yield owner
        database.wipe()
        owner.execute("analyze person, person_key, card_number_key, card_serial_key, finding")


VALUES = {"word": "李", "first": "1407", "end": "1407~", "limit": 21, "after": 1000, "last": 1100, "person_id": 1001}


@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
def test_no_search_reads_a_table_whole(many: psycopg.Connection[Any], plans: str) -> None:
    """Whatever is typed, and whichever way the statement is planned; and what has an order is read in it."""
    many.execute(f"set plan_cache_mode to {plans}")  # type: ignore[arg-type]
    searches = (sql.BY_NUMBER, sql.BY_CARD_NUMBER, sql.BY_CARD_SERIAL, sql.BY_WORD, sql.NEXT, sql.LACKING)
    for statement in (*searches, sql.SEARCHES.replace("%(before)s", "5"), views.PERSON_BY_ID):
        found = _plan(many, statement)
        assert not re.search(r"Seq Scan on (person|finding|\w+_key)", found), found
    for word in ("李", "李娜", "l", "x5"):
        found = _plan(many, sql.BY_WORD, word=word)
        assert "finding_by_word" in found, found
        assert "Sort" not in found, found


def _plan(owner: psycopg.Connection[Any], statement: str, **values: Any) -> str:
    """How a statement goes, prepared as the pool prepares it."""
    rows = owner.execute("explain " + statement, VALUES | values, prepare=True).fetchall()  # type: ignore[arg-type]
    return "\n".join(row[0] for row in rows)
