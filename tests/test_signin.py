"""Accounts of people, signing in, and sessions, at the desk's rooms on the database."""

import base64
import contextlib
import datetime as dt
import threading
from typing import Any

import msgspec
import psycopg
import pyotp
import pytest
from psycopg import errors

from conftest import Database, StandingClock
from shebaoka.desk import Role, Sessions, SignInRoom, Staff, StaffRoom, credentials
from shebaoka.desk.credentials import checked_password
from shebaoka.desk.sessions import TIMES
from shebaoka.desk.signin import FREE_MISSES
from shebaoka.records import BadInput, NotAllowed, NotFound, NotSignedIn
from shebaoka.store import Views
from shebaoka.store import staff as sql
from shebaoka.vault import Hidden, SoftwareVault

PASSWORD = "a long sentence 12"  # noqa: S105 - invented
NEVER_CODE = "no digits"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take a millisecond; one test looks at the real ones."""
    monkeypatch.setattr(credentials, "_HASHER", credentials.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class Rooms:
    """The rooms of staff on an empty database, whose clock a test moves."""

    def __init__(self, views: Views, vault: SoftwareVault, clock: StandingClock, database: Database) -> None:
        self.vault, self.clock, self.database = vault, clock, database
        self.staff = StaffRoom(views, vault, clock)
        self.sign_in = SignInRoom(views, vault, clock)
        self.sessions = Sessions(views, vault, clock)
        self.keys: dict[str, str] = {}

    def enrol(self, name: str, role: str = "clerk", password: str = PASSWORD) -> None:
        """An account of somebody who has enrolled; their next code is good at once."""
        code = self.staff.add_person(name, role, "w1")
        self.enrol_with(name, code, password)

    def enrol_with(self, name: str, code: str, password: str = PASSWORD) -> None:
        """Enrol, and let the next step come."""
        self.keys[name] = self.sign_in.enrolling(name, code).key.replace(" ", "")
        self.sign_in.enrol(name, code, password, self.digits(name))
        self.clock.move(seconds=30)

    def digits(self, name: str, drift: int = 0) -> str:
        """What the authenticator of somebody shows."""
        return pyotp.TOTP(self.keys[name]).at(self.clock.at + dt.timedelta(seconds=30 * drift))

    def tried(self, name: str, password: str = PASSWORD, digits: str = "", drift: int = 0) -> Staff:
        """Sign in; without digits with those that the authenticator shows."""
        return self.sign_in.sign_in(name, password, digits or self.digits(name, drift))

    def missed(self, name: str, times: int = 1) -> None:
        """Sign in with a wrong password."""
        for _ in range(times):
            with pytest.raises(NotSignedIn):
                self.tried(name, "another sentence 1")

    def events(self, name: str) -> list[tuple[str, str]]:
        """What happened to an account and by whom, in its order."""
        return [(e.what, e.by) for e in reversed(self.staff.events(name))]

    def rows(self, statement: str) -> list[Any]:
        """What stands in the database."""
        with psycopg.connect(self.database.owner) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[arg-type]


@pytest.fixture
def rooms(views: Views, vault: SoftwareVault, clock: StandingClock, database: Database) -> Rooms:
    """The rooms, with nobody in them."""
    return Rooms(views, vault, clock, database)


def keeper(name: str = "wei") -> Staff:
    """A security administrator."""
    return Staff(name, Role.SECURITY_ADMINISTRATOR, "")


# Accounts ------------------------------------------------------------------------------------------------------------


def test_a_person_enrols_and_signs_in(rooms: Rooms) -> None:
    """A code, then a password and the second factor; then name, password and six digits."""
    rooms.enrol("李娜", "supervisor")
    assert rooms.tried("李娜") == Staff("李娜", Role.SUPERVISOR, "w1")
    assert rooms.events("李娜") == [("added", ""), ("enrolled", "李娜"), ("signed_in", "李娜")]
    (account,) = rooms.staff.everybody()
    assert (account.signs_in, account.signed_in_at) == ("person", rooms.clock.at)


def test_a_name_and_a_password_are_the_same_however_they_are_typed(rooms: Rooms) -> None:
    """Letters with accents in one piece or in two, and an enrolment code in small letters with spaces."""
    code = rooms.staff.add_person("Jose\u0301", "clerk")
    rooms.keys["José"] = rooms.sign_in.enrolling("Jose\u0301", code).key.replace(" ", "")
    typed = code.lower().replace("-", " ")
    rooms.sign_in.enrol("José", typed, "cafe\u0301 au lait, please", rooms.digits("José"))
    rooms.clock.move(seconds=30)
    assert rooms.tried("Jose\u0301", "café au lait, please", rooms.digits("José")).name == "José"


def test_an_enrolment_code_is_good_once_and_for_a_day(rooms: Rooms) -> None:
    """It is no code after it was used, after 24 hours, for another account, or once there is a newer one."""
    rooms.enrol("used")
    late, other = rooms.staff.add_person("late", "clerk"), rooms.staff.add_person("other", "clerk")
    newer = rooms.staff.reset("other")
    for name, code in (
        ("late", newer),
        ("other", late),
        ("other", other),
        ("nobody", late),
        ("a\0b", late),
        ("late", ""),
    ):
        with pytest.raises(NotSignedIn, match="enrolment code"):
            rooms.sign_in.enrolling(name, code)
    rooms.clock.move(hours=23, minutes=59)
    rooms.sign_in.enrolling("other", newer)
    rooms.clock.move(minutes=1)
    with pytest.raises(NotSignedIn):
        rooms.sign_in.enrolling("late", late)
    rooms.staff.end("other")
    with pytest.raises(NotSignedIn):
        rooms.sign_in.enrolling("other", newer)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("eleven char", "password_length"),
        ("x" * 201, "password_length"),
        ("THE NAME OF SOMEBODY", "password_is_the_name"),
        ("零" * 12, "password_of_one_character"),
        ("e\u0301" * 6, "password_length"),
    ],
)
def test_a_weak_password_is_told_and_nothing_is_set(rooms: Rooms, password: str, code: str) -> None:
    """Too short, too long, the name, one character; counted as it is seen, and the code stays good."""
    name = "the name of somebody"
    enrolment = rooms.staff.add_person(name, "clerk")
    rooms.keys[name] = rooms.sign_in.enrolling(name, enrolment).key.replace(" ", "")
    with pytest.raises(BadInput) as caught:
        rooms.sign_in.enrol(name, enrolment, password, rooms.digits(name))
    assert caught.value.code == code
    assert password not in str(caught.value)
    with pytest.raises(BadInput, match="six digits"):
        rooms.sign_in.enrol(name, enrolment, PASSWORD, NEVER_CODE)
    rooms.enrol_with(name, enrolment)


def test_who_adds_whom(rooms: Rooms) -> None:
    """A security administrator adds, resets and ends, but not their own account; nobody else keeps staff."""
    rooms.staff.add_person("wei", "security_administrator")
    rooms.staff.add_person("li", "clerk", by=keeper())
    rooms.staff.reset("li", by=keeper())
    rooms.staff.end("li", by=keeper())
    assert rooms.events("li") == [("added", "wei"), ("reset", "wei"), ("ended", "wei")]
    for role in Role:
        if role is not Role.SECURITY_ADMINISTRATOR:
            other = Staff("x", role, "")
            for act in (rooms.staff.reset, rooms.staff.end):
                with pytest.raises(NotAllowed):
                    act("wei", by=other)
            with pytest.raises(NotAllowed):
                rooms.staff.add("y", "clerk", by=other)
            with pytest.raises(NotAllowed):
                rooms.staff.add_person("y", "clerk", by=other)
        if role not in (Role.SECURITY_ADMINISTRATOR, Role.AUDITOR):
            with pytest.raises(NotAllowed):
                rooms.staff.everybody(seen_by=Staff("x", role, ""))
            with pytest.raises(NotAllowed):
                rooms.staff.events("wei", seen_by=Staff("x", role, ""))
    for act in (rooms.staff.reset, rooms.staff.end):
        with pytest.raises(NotAllowed, match="their own account"):
            act("wei", by=keeper())
    assert [a.name for a in rooms.staff.everybody()] == ["li", "wei"]


def test_a_role_says_how_its_accounts_sign_in(rooms: Rooms) -> None:
    """A calendar is no person, a security administrator no program; a name is used once and can be read."""
    with pytest.raises(BadInput, match="programs'"):
        rooms.staff.add_person("c", "calendar")
    with pytest.raises(BadInput, match="people's"):
        rooms.staff.add("s", "security_administrator")
    rooms.staff.add("c", "calendar")
    with pytest.raises(BadInput, match="already"):
        rooms.staff.add_person("c", "clerk")
    for name in ("", " ", " li", "a\nb", "x" * 65, "a\0"):
        with pytest.raises(BadInput, match="printable"):
            rooms.staff.add_person(name, "clerk")
    for place in ("x" * 65, "a\0"):
        with pytest.raises(BadInput, match="place"):
            rooms.staff.add_person("li", "clerk", place)
    with pytest.raises(NotFound):
        rooms.staff.reset("c")
    with pytest.raises(NotFound):
        rooms.staff.reset("nobody")
    assert [a.signs_in for a in rooms.staff.everybody()] == ["token"]


def test_a_reset_takes_password_factor_and_sessions(rooms: Rooms) -> None:
    """What somebody had counts no more; with the new code they begin anew, with another key."""
    rooms.enrol("li")
    session = rooms.sessions.begin(rooms.tried("li"))
    old = rooms.keys["li"]
    code = rooms.staff.reset("li")
    with pytest.raises(NotSignedIn) as caught:
        rooms.sessions.of(session)
    assert caught.value.code == "session_reset"
    rooms.clock.move(seconds=30)
    with pytest.raises(NotSignedIn):
        rooms.tried("li")
    rooms.enrol_with("li", code, "another long sentence")
    assert rooms.keys["li"] != old
    with pytest.raises(NotSignedIn):
        rooms.tried("li")
    assert rooms.tried("li", "another long sentence").name == "li"


# Signing in ----------------------------------------------------------------------------------------------------------


def test_whatever_is_wrong_has_one_sentence(rooms: Rooms) -> None:
    """A wrong name, password or code, an account not enrolled or ended, a token's account: none is told apart."""
    rooms.enrol("li")
    rooms.enrol("gone")
    rooms.staff.end("gone")
    rooms.staff.add_person("new", "clerk")
    rooms.staff.add("program", "clerk")
    said = set()
    for name, password, digits in (
        ("nobody", PASSWORD, "123456"),
        ("li", "another sentence 1", rooms.digits("li")),
        ("li", PASSWORD, NEVER_CODE),
        ("li", "", ""),
        ("gone", PASSWORD, rooms.digits("gone")),
        ("new", "", "000000"),
        ("program", "", "000000"),
        ("", PASSWORD, "123456"),
        ("a\0\ud800", "\0\ud800", "\ud800"),
    ):
        with pytest.raises(NotSignedIn) as caught:
            rooms.sign_in.sign_in(name, password, digits)
        said.add((str(caught.value), caught.value.code))
    assert len(said) == 1


def test_each_code_is_good_once(rooms: Rooms) -> None:
    """The same six digits a second time are a miss, and so are those of a step before; the next ones are good."""
    rooms.enrol("li")
    rooms.tried("li")
    for drift in (0, -1):
        with pytest.raises(NotSignedIn):
            rooms.tried("li", drift=drift)
    rooms.clock.move(seconds=30)
    rooms.tried("li")


def test_the_code_of_enrolling_does_not_sign_in(rooms: Rooms) -> None:
    """What proved the second factor is used up by that."""
    rooms.enrol("li")
    rooms.clock.move(seconds=-30)
    with pytest.raises(NotSignedIn):
        rooms.tried("li")


@pytest.mark.parametrize(("drift", "good"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_a_step_off(rooms: Rooms, drift: int, good: bool) -> None:
    """Half a minute early or late is forgiven, a minute is not."""
    rooms.enrol("li")
    rooms.clock.move(minutes=5)
    if good:
        assert rooms.tried("li", drift=drift).name == "li"
    else:
        with pytest.raises(NotSignedIn):
            rooms.tried("li", drift=drift)


def test_an_account_waits_after_five_misses(rooms: Rooms) -> None:
    """30 seconds, then twice as long each time, at most 15 minutes; the right words count after it, not in it."""
    rooms.enrol("li")
    rooms.clock.move(minutes=1)
    rooms.missed("li", FREE_MISSES)
    for wait in (30, 60, 120, 240, 480, 900, 900):
        rooms.clock.move(seconds=wait - 1)
        with pytest.raises(NotSignedIn):
            rooms.tried("li")
        rooms.clock.move(seconds=1)
        rooms.missed("li")
    rooms.clock.move(seconds=900)
    assert rooms.tried("li").name == "li"
    rooms.clock.move(seconds=30)
    rooms.missed("li", FREE_MISSES - 1)
    rooms.tried("li")
    # Tries while an account waits are neither counted nor noted.
    assert [what for what, _ in rooms.events("li")].count("missed") == FREE_MISSES + 7 + FREE_MISSES - 1


def test_many_tries_at_once_are_no_more_tries(rooms: Rooms) -> None:
    """A try is counted before it is compared: of twenty at once, five are compared."""
    rooms.enrol("li")
    tries = [threading.Thread(target=rooms.missed, args=("li",)) for _ in range(20)]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert [what for what, _ in rooms.events("li")].count("missed") == FREE_MISSES
    with pytest.raises(NotSignedIn):
        rooms.tried("li")


def test_one_code_signs_in_once_however_many_come_with_it(rooms: Rooms) -> None:
    """Of three that come at the same time with the same right words, one is let in."""
    rooms.enrol("li")
    digits, inside = rooms.digits("li"), list[str]()

    def come() -> None:
        with contextlib.suppress(NotSignedIn):
            inside.append(rooms.sign_in.sign_in("li", PASSWORD, digits).name)

    comers = [threading.Thread(target=come) for _ in range(3)]
    for one in comers:
        one.start()
    for one in comers:
        one.join()
    assert inside == ["li"]


def test_what_was_typed_stands_nowhere(rooms: Rooms) -> None:
    """No table holds a password, an enrolment code, a session's name or the key of a second factor."""
    code = rooms.staff.add_person("li", "clerk")
    rooms.enrol_with("li", code)
    rooms.missed("li")
    session = rooms.sessions.begin(rooms.tried("li"))
    token = rooms.staff.add("program", "clerk")
    kept = repr([rooms.rows(f"select * from {t}") for t in ("staff", "staff_person", "staff_session", "staff_event")])
    key = base64.b32decode(rooms.keys["li"])
    for secret in (code, code.replace("-", ""), PASSWORD, "another sentence 1", session, token, rooms.keys["li"]):
        assert secret not in kept
    assert repr(key)[2:-1] not in kept
    assert "$argon2id$" in kept


def test_nothing_shows_in_a_repr(rooms: Rooms) -> None:
    """What an enrolment shows once, and the key that the vault opens, are hidden in prints and encodings."""
    code = rooms.staff.add_person("li", "clerk")
    enrolment = rooms.sign_in.enrolling("li", code)
    assert repr(enrolment) == "Enrolment(hidden)"
    hidden = Hidden(b"twenty bytes of a key")
    assert (repr(hidden), str(hidden), f"{hidden}") == ("Hidden",) * 3
    with pytest.raises(TypeError):
        msgspec.json.encode(hidden)


def test_passwords_are_argon2id_with_the_librarys_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9106's second choice: 64 MiB, three passes, four lanes; an unknown account costs as much."""
    monkeypatch.setattr(credentials, "_HASHER", credentials.PasswordHasher())
    kept = credentials.hashed(checked_password("li", PASSWORD))
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert credentials.is_password(kept, PASSWORD)
    assert not credentials.is_password(kept, PASSWORD + " ")
    assert not credentials.is_outdated(kept)
    assert not credentials.is_outdated(credentials._NOBODYS)
    assert not credentials.is_password(None, "")


def test_a_hash_of_other_parameters_is_made_anew(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a sign-in with the right words the password is kept by the present parameters."""
    rooms.enrol("li")
    (before,) = rooms.rows("select password from staff_person")
    monkeypatch.setattr(credentials, "_HASHER", credentials.PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    rooms.tried("li")
    (after,) = rooms.rows("select password from staff_person")
    assert before != after
    rooms.clock.move(seconds=30)
    rooms.tried("li")
    assert rooms.rows("select password from staff_person") == [after]


# Sessions ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def seated(rooms: Rooms) -> tuple[Rooms, str]:
    """Somebody in a session."""
    rooms.staff.add_person("li", "clerk", "w1")
    return rooms, rooms.sessions.begin(Staff("li", Role.CLERK, "w1"))


def ended(rooms: Rooms, name: str) -> str:
    """Why a session ended, as its next page is told."""
    with pytest.raises(NotSignedIn) as caught:
        rooms.sessions.of(name)
    return caught.value.code


def test_a_cookie_is_good_as_it_was_sealed(seated: tuple[Rooms, str]) -> None:
    """One letter else, another seal, another key or what was sealed for a form: nobody's, and the session goes on."""
    rooms, cookie = seated
    name, key, mac = cookie.split(".")
    mark = rooms.sessions.form_mark("", cookie)
    other = "0" if mac[0] != "0" else "1"
    for wrong in (name, f"{name}.{key}.{other}{mac[1:]}", f"{name}.00000000.{mac}", f"{name[::-1]}.{key}.{mac}", mark):
        assert ended(rooms, wrong) == "not_signed_in"
        rooms.sessions.end(wrong)
    assert rooms.sessions.of(cookie).name == "li"
    rooms.vault.rotate()
    assert rooms.sessions.of(cookie).name == "li"


def test_a_forms_mark_is_its_sessions_alone(seated: tuple[Rooms, str]) -> None:
    """It stays from page to page, and is none in another session, after signing in, or where somebody made it up."""
    rooms, cookie = seated
    mark = rooms.sessions.form_mark("", cookie)
    assert rooms.sessions.form_mark(mark, cookie) == mark
    before, other = rooms.sessions.form_mark("", ""), rooms.sessions.begin(Staff("li", Role.CLERK, "w1"))
    assert rooms.sessions.is_form_mark(before, "")
    for made, session in ((mark, other), (before, cookie), (mark, ""), ("x" * 43, cookie), (cookie, cookie)):
        assert not rooms.sessions.is_form_mark(made, session)


def test_a_session_survives_a_restart(seated: tuple[Rooms, str], database: Database) -> None:
    """It is found by a room that was opened later, on connections of its own."""
    rooms, name = seated
    views = Views(database.app)
    views.open()
    assert Sessions(views, rooms.vault, rooms.clock).of(name) == Staff("li", Role.CLERK, "w1")
    views.close()


def test_a_session_ends_idle(seated: tuple[Rooms, str]) -> None:
    """After 15 minutes without a page, and not before; a page begins them anew."""
    rooms, name = seated
    for _ in range(3):
        rooms.clock.move(minutes=14, seconds=59)
        assert rooms.sessions.of(name).name == "li"
    rooms.clock.move(minutes=15)
    assert [ended(rooms, name), ended(rooms, name)] == ["session_idle"] * 2


def test_a_session_ends_after_nine_hours(seated: tuple[Rooms, str]) -> None:
    """However busy it is."""
    rooms, name = seated
    for _ in range(9 * 6 - 1):
        rooms.clock.move(minutes=10)
        assert rooms.sessions.of(name).name == "li"
    rooms.clock.move(minutes=10)
    assert ended(rooms, name) == "session_too_long"
    assert (TIMES.idle, TIMES.whole) == (dt.timedelta(minutes=15), dt.timedelta(hours=9))


def test_that_it_was_seen_is_noted_once_a_minute(seated: tuple[Rooms, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten pages in a minute write once at most."""
    rooms, name = seated
    written, write = list[str](), rooms.sessions._views.write
    monkeypatch.setattr(rooms.sessions._views, "write", lambda s, p: (written.append(s), write(s, p))[1])
    for _ in range(20):
        rooms.clock.move(seconds=6)
        rooms.sessions.of(name)
    assert written == [sql.SEEN] * 2


def test_a_sign_in_elsewhere_ends_the_session_before(seated: tuple[Rooms, str]) -> None:
    """The earlier one is told so; somebody else's stays, and so does the later one."""
    rooms, name = seated
    rooms.staff.add_person("wang", "clerk")
    others = rooms.sessions.begin(Staff("wang", Role.CLERK, ""))
    later = rooms.sessions.begin(Staff("li", Role.CLERK, "w1"))
    assert ended(rooms, name) == "session_elsewhere"
    assert (rooms.sessions.of(later).name, rooms.sessions.of(others).name) == ("li", "wang")


def test_ending_an_account_ends_its_session(seated: tuple[Rooms, str]) -> None:
    """At once; and no session begins for it any more."""
    rooms, name = seated
    rooms.staff.end("li")
    assert ended(rooms, name) == "session_account_ended"
    with pytest.raises(NotSignedIn):
        rooms.sessions.begin(Staff("li", Role.CLERK, "w1"))


def test_a_signed_out_session_is_over(seated: tuple[Rooms, str]) -> None:
    """Signed out it is good for nothing; a name that was never one is not either, whatever stands in it."""
    rooms, name = seated
    rooms.sessions.end(name)
    assert ended(rooms, name) == "session_signed_out"
    for nothing in ("", "x", "\0", "\ud800"):
        rooms.sessions.end(nothing)
        assert ended(rooms, nothing) == "not_signed_in"


def test_two_sign_ins_at_once_leave_one_session(seated: tuple[Rooms, str], database: Database) -> None:
    """However they meet, one session of the account is open; the database would take no second."""
    rooms, _ = seated
    names: list[str] = []
    staff = Staff("li", Role.CLERK, "w1")
    comers = [threading.Thread(target=lambda: names.append(rooms.sessions.begin(staff))) for _ in range(4)]
    for one in comers:
        one.start()
    for one in comers:
        one.join()
    assert len(names) == 4
    assert rooms.rows("select count(*) from staff_session where ended_at is null") == [(1,)]
    with psycopg.connect(database.owner) as owner, pytest.raises(errors.UniqueViolation):
        owner.execute(sql.BEGIN_SESSION, {"digest": bytes(32), "name": "li", "at": rooms.clock.at})


def test_the_application_cannot_rewrite_what_happened(seated: tuple[Rooms, str], database: Database) -> None:
    """Its role may add to an account's events, and change or delete none; nor may it move a session to others."""
    for statement in (
        "update staff_event set what = 'added'",
        "delete from staff_event",
        "delete from staff_session",
        "update staff_session set staff = 'x'",
        "update staff_session set began_at = now()",
        "update staff set role = 'auditor'",
    ):
        with psycopg.connect(database.app) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement)
