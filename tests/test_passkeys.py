"""Passkeys at the desk's rooms on the database: adding, signing in, ending, and everything that is refused."""

import contextlib
import datetime as dt
import json
import random
import threading
from typing import Any

import cbor2
import psycopg
import pyotp
import pytest
from psycopg import errors

from authenticator import PRESENT, VERIFIED, Authenticator, raw, text
from conftest import Database, StandingClock
from shebaoka.desk import Passkeys, Role, Sessions, SignInRoom, Site, Staff, StaffRoom, credentials, site_from
from shebaoka.desk.authenticators import ANSWER_MAX, TRANSPORTS, count_of, new_key, read
from shebaoka.desk.challenges import VALID, Challenges
from shebaoka.desk.passkeys import PASSKEYS_MAX
from shebaoka.desk.signin import FREE_MISSES
from shebaoka.records import BadInput, NotFound, NotSignedIn
from shebaoka.store import Views
from shebaoka.vault import SoftwareVault

PASSWORD = "a long sentence 12"  # noqa: S105 - invented
HERE, ELSEWHERE = "this browser", "another browser"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take a millisecond."""
    monkeypatch.setattr(credentials, "_HASHER", credentials.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class Rooms:
    """The rooms of staff on an empty database, whose clock a test moves; `li` and `wang` have enrolled."""

    def __init__(self, views: Views, vault: SoftwareVault, clock: StandingClock, database: Database) -> None:
        self.clock, self.database = clock, database
        self.staff = StaffRoom(views, vault, clock)
        self.sign_in = SignInRoom(views, vault, clock)
        self.sessions = Sessions(views, vault, clock)
        self.passkeys = Passkeys(views, self.sign_in, Site(), clock)
        self.people: dict[str, Staff] = {}
        self.digits: dict[str, pyotp.TOTP] = {}
        for name in ("li", "wang"):
            self.enrol(name, self.staff.add_person(name, "clerk", "w1"))

    def enrol(self, name: str, code: str) -> None:
        """Somebody enrols; their next code is good at once."""
        self.digits[name] = pyotp.TOTP(self.sign_in.enrolling(name, code).key.replace(" ", ""))
        self.sign_in.enrol(name, code, PASSWORD, self.digits[name].at(self.clock.at))
        self.people[name] = Staff(name, Role.CLERK, "w1")
        self.clock.move(seconds=30)

    def options(self, name: str = "li", again: str = PASSWORD) -> str:
        """What a browser is asked to make a key by."""
        return self.passkeys.asked_to_add(self.people[name], again, HERE)

    def added(self, name: str = "li", called: str = "blue", **kind: Any) -> Authenticator:
        """A new key of somebody."""
        key = Authenticator(**kind)
        self.passkeys.add(self.people[name], called, key.made(self.options(name)), HERE)
        return key

    def answer(self, key: Authenticator, **wrong: Any) -> str:
        """What a key makes of a challenge to sign in."""
        return key.signed(self.passkeys.asked_to_sign_in(HERE), **wrong)

    def tried(self, key: Authenticator, name: str = "li", password: str = PASSWORD, **wrong: Any) -> Staff:
        """Sign in with a key."""
        return self.passkeys.sign_in(name, password, self.answer(key, **wrong), HERE)

    def events(self, name: str = "li") -> list[str]:
        """What happened to an account after it was added and enrolled, in its order."""
        return [e.what for e in reversed(self.staff.events(name))][2:]

    def rows(self, statement: str) -> list[Any]:
        """What stands in the database."""
        with psycopg.connect(self.database.owner) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[arg-type]


@pytest.fixture
def rooms(views: Views, vault: SoftwareVault, clock: StandingClock, database: Database) -> Rooms:
    """The rooms, with two people in them."""
    return Rooms(views, vault, clock, database)


def refused_plainly(code: str) -> Any:
    """What is wrong before an account comes into it is told by a code of its own."""
    return pytest.raises(BadInput, check=lambda e: e.code == code)


# Adding and signing in -----------------------------------------------------------------------------------------------


def test_a_passkey_is_added_and_signs_in(rooms: Rooms) -> None:
    """Once somebody showed again that it is them; then with name and password it stands for the six digits."""
    key = rooms.added()
    rooms.clock.move(minutes=1)
    assert rooms.tried(key) == rooms.people["li"]
    assert rooms.tried(key).name == "li"
    (kept,) = rooms.passkeys.of(rooms.people["li"])
    assert (kept.called, kept.used_at) == ("blue", rooms.clock.at)
    assert rooms.events() == ["passkey_added", "passkey_used", "passkey_used"]
    assert {a.name: a.signed_in_at for a in rooms.staff.everybody()} == {"li": rooms.clock.at, "wang": None}
    assert rooms.passkeys.of(rooms.people["wang"]) == []


def test_what_is_asked_of_the_authenticator(rooms: Rooms) -> None:
    """User verification, a key that is found without a name, no attestation; and no key twice in one authenticator."""
    key = rooms.added()
    asked = json.loads(rooms.options())
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["attestation"] == "none"
    assert (asked["rp"]["id"], asked["user"]["name"]) == ("localhost", "li")
    assert [(raw(k["id"]), k["transports"]) for k in asked["excludeCredentials"]] == [(key.id, ["usb"])]
    assert raw(asked["user"]["id"]) == key.handle
    signing = json.loads(rooms.passkeys.asked_to_sign_in(HERE))
    assert signing["userVerification"] == "required"
    assert not signing.get("allowCredentials")
    assert raw(signing["challenge"]) != raw(asked["challenge"])


def test_the_digits_prove_it_too_and_each_once(rooms: Rooms) -> None:
    """Whoever adds a key shows the password or six digits; neither is left to guess at, and no code is good twice."""
    digits = rooms.digits["li"].at(rooms.clock.at)
    rooms.options(again=digits)
    for wrong in (digits, "", "another sentence 1", rooms.digits["wang"].at(rooms.clock.at)):
        with pytest.raises(NotSignedIn):
            rooms.options(again=wrong)
    assert rooms.events() == ["missed"] * 4
    rooms.options()
    for _ in range(FREE_MISSES):
        with pytest.raises(NotSignedIn):
            rooms.options(again="another sentence 1")
    with pytest.raises(NotSignedIn):
        rooms.options()


def test_a_key_that_never_counts_is_good_again(rooms: Rooms) -> None:
    """Phones and computers always say zero: that is no copy."""
    key = rooms.added(counts=False)
    for _ in range(3):
        assert rooms.tried(key).name == "li"


def test_the_digits_stay_good_beside_a_passkey(rooms: Rooms) -> None:
    """Whoever has both signs in with either."""
    key = rooms.added()
    assert rooms.sign_in.sign_in("li", PASSWORD, rooms.digits["li"].at(rooms.clock.at)).name == "li"
    assert rooms.tried(key).name == "li"


@pytest.mark.parametrize("called", ["", " ", "a\nb", "x" * 65])
def test_a_key_has_a_name_that_can_be_read(rooms: Rooms, called: str) -> None:
    """The answer is not used up by a name that is none, so that it can be sent again."""
    key, options = Authenticator(), rooms.options()
    with refused_plainly("passkey_name"):
        rooms.passkeys.add(rooms.people["li"], called, key.made(options), HERE)
    rooms.passkeys.add(rooms.people["li"], "安全钥匙", key.made(options), HERE)


def test_a_key_is_added_once_and_to_one_account(rooms: Rooms) -> None:
    """The same key a second time is told, and so is it of another's account; at most ten keys are open."""
    key = rooms.added()
    for name in ("li", "wang"):
        with refused_plainly("passkey_known"):
            rooms.passkeys.add(rooms.people[name], "again", key.made(rooms.options(name)), HERE)
    for _ in range(PASSKEYS_MAX - 1):
        rooms.added()
    with refused_plainly("passkeys_enough"):
        rooms.options()
    rooms.passkeys.end(rooms.people["li"], rooms.passkeys.of(rooms.people["li"])[0].id)
    rooms.added()
    assert len(rooms.passkeys.of(rooms.people["li"])) == PASSKEYS_MAX


def test_a_programs_account_has_no_passkeys(rooms: Rooms) -> None:
    """Who signs in with a token can neither show that it is them nor have a key."""
    rooms.staff.add("program", "clerk")
    program = Staff("program", Role.CLERK, "")
    assert not rooms.passkeys.may_have(program)
    assert rooms.passkeys.may_have(rooms.people["li"])
    with pytest.raises(NotSignedIn):
        rooms.passkeys.asked_to_add(program, "sbk_x", HERE)


# What is refused while adding ----------------------------------------------------------------------------------------

UNFIT: dict[str, dict[str, Any]] = {
    "nobody was verified": {"flags": PRESENT},
    "nobody was present": {"flags": VERIFIED},
    "another host's key": {"rp_id": "evil.test"},
    "signed to sign in": {"type": "webauthn.get"},
    "inside another page": {"crossOrigin": True},
    "an attestation that is not known": {"format": "invented"},
    "a key that is none": {"public_key": cbor2.dumps({})},
    "a key off the curve": {"public_key": cbor2.dumps({1: 2, 3: -7, -1: 1, -2: b"1", -3: b"1"})},
    "a key of an algorithm that is not asked for": {"public_key": cbor2.dumps({1: 1, 3: -47, -1: 8, -2: bytes(32)})},
}


@pytest.mark.parametrize("wrong", UNFIT.values(), ids=list(UNFIT))
def test_an_answer_that_does_not_fit_adds_nothing(rooms: Rooms, wrong: dict[str, Any]) -> None:
    """Whatever part of it is wrong, one sentence says so, and the challenge is used up."""
    options = rooms.options()
    with refused_plainly("passkey_unfit"):
        rooms.passkeys.add(rooms.people["li"], "blue", Authenticator().made(options, **wrong), HERE)
    assert rooms.passkeys.of(rooms.people["li"]) == []
    assert rooms.events() == []


@pytest.mark.parametrize(
    "origin", ["https://localhost:8000", "http://localhost.evil.test", "http://127.0.0.1:8000", ""]
)
def test_a_key_made_elsewhere_is_not_added(rooms: Rooms, origin: str) -> None:
    """The page's address that the browser signs is held against the setting."""
    with refused_plainly("passkey_elsewhere"):
        rooms.passkeys.add(rooms.people["li"], "blue", Authenticator().made(rooms.options(), origin=origin), HERE)


def test_a_challenge_to_add_is_for_one_account_browser_and_purpose(rooms: Rooms) -> None:
    """Another account, another browser, another purpose, a second time, too late: each is told and adds nothing."""
    li, wang = rooms.people["li"], rooms.people["wang"]
    for staff, browser in ((wang, HERE), (li, ELSEWHERE), (li, "")):
        with refused_plainly("passkey_stale"):
            rooms.passkeys.add(staff, "blue", Authenticator().made(rooms.options()), browser)
    answer = Authenticator().made(rooms.options())
    rooms.passkeys.add(li, "blue", answer, HERE)
    with refused_plainly("passkey_stale"):
        rooms.passkeys.add(li, "blue", answer, HERE)
    late = Authenticator().made(rooms.options())
    rooms.clock.move(seconds=VALID.total_seconds())
    with refused_plainly("passkey_stale"):
        rooms.passkeys.add(li, "blue", late, HERE)
    key = Authenticator()
    with refused_plainly("passkey_stale"):
        rooms.passkeys.sign_in(
            "li", PASSWORD, key.signed(json.dumps(json.loads(rooms.options()) | {"rpId": "x"})), HERE
        )
    assert len(rooms.passkeys.of(li)) == 1


# What is refused while signing in ------------------------------------------------------------------------------------


def test_whatever_is_wrong_has_the_sentence_of_the_digits(rooms: Rooms) -> None:
    """Name, password, somebody else's key, one that ended or that nobody has, a wrong signature: none is told apart."""
    ended, others = rooms.added(), rooms.added("wang")
    rooms.passkeys.end(rooms.people["li"], rooms.passkeys.of(rooms.people["li"])[0].id)
    key = rooms.added()
    said = set()
    with pytest.raises(NotSignedIn) as caught:
        rooms.sign_in.sign_in("li", PASSWORD, "no digits")
    said.add((str(caught.value), caught.value.code))
    for used, name, password, wrong in (
        (key, "nobody", PASSWORD, {}),
        (key, "li", "another sentence 1", {}),
        (key, "li", "", {}),
        (others, "li", PASSWORD, {}),
        (ended, "li", PASSWORD, {}),
        (Authenticator(), "li", PASSWORD, {}),
        (key, "li", PASSWORD, {"signature": b"x"}),
        (key, "li", PASSWORD, {"flags": PRESENT}),
        (key, "li", PASSWORD, {"rp_id": "evil.test"}),
        (key, "li", PASSWORD, {"type": "webauthn.create"}),
        (key, "li", PASSWORD, {"handle": others.handle}),
    ):
        with pytest.raises(NotSignedIn) as caught:
            rooms.tried(used, name, password, **wrong)
        said.add((str(caught.value), caught.value.code))
        rooms.clock.move(minutes=20)
    assert len(said) == 1
    assert rooms.tried(key).name == "li"
    assert rooms.events().count("missed") == 11


def test_what_is_wrong_before_an_account_comes_into_it_is_told(rooms: Rooms) -> None:
    """A challenge used twice, of another browser, or too old; a page elsewhere; no answer at all: and it is no miss."""
    key = rooms.added()
    answer = rooms.answer(key)
    rooms.passkeys.sign_in("li", PASSWORD, answer, HERE)
    with refused_plainly("passkey_stale"):
        rooms.passkeys.sign_in("li", PASSWORD, answer, HERE)
    with refused_plainly("passkey_stale"):
        rooms.passkeys.sign_in("li", PASSWORD, rooms.answer(key), ELSEWHERE)
    late = rooms.answer(key)
    rooms.clock.move(seconds=VALID.total_seconds())
    with refused_plainly("passkey_stale"):
        rooms.passkeys.sign_in("li", PASSWORD, late, HERE)
    with refused_plainly("passkey_elsewhere"):
        rooms.tried(key, origin="https://evil.test")
    with refused_plainly("passkey_unfit"):
        rooms.tried(key, crossOrigin=True)
    for nothing in ("", "{}", "[]", "null", "\ud800", "{" * 10_000, "x" * (ANSWER_MAX + 1)):
        with refused_plainly("passkey_unfit"):
            rooms.passkeys.sign_in("li", PASSWORD, nothing, HERE)
    assert rooms.events() == ["passkey_added", "passkey_used"]


@pytest.mark.parametrize("count", [5, 4, 0])
def test_a_key_that_counts_backwards_is_told_and_ended(rooms: Rooms, count: int) -> None:
    """There is a copy of it somewhere: neither it nor the copy is good any more, and the account's events say so."""
    key = rooms.added(count=4)
    with pytest.raises(NotSignedIn) as caught:
        rooms.tried(key, count=count)
    assert caught.value.code == "passkey_copied"
    assert rooms.passkeys.of(rooms.people["li"]) == []
    assert rooms.events() == ["passkey_added", "passkey_copied"]
    with pytest.raises(NotSignedIn) as caught:
        rooms.tried(key, count=9)
    assert caught.value.code == "not_signed_in"


def test_a_count_is_told_to_nobody_without_the_password(rooms: Rooms) -> None:
    """Whoever holds a copy and not the password learns nothing, and ends nothing."""
    key = rooms.added(count=4)
    with pytest.raises(NotSignedIn) as caught:
        rooms.tried(key, password="another sentence 1", count=1)  # noqa: S106 - invented
    assert caught.value.code == "not_signed_in"
    assert len(rooms.passkeys.of(rooms.people["li"])) == 1


def test_misses_with_passkeys_and_digits_are_counted_together(rooms: Rooms) -> None:
    """After five the account waits, for whichever comes; a sign-in with a passkey begins anew."""
    key = rooms.added()
    stranger = Authenticator()
    for _ in range(FREE_MISSES - 1):
        with pytest.raises(NotSignedIn):
            rooms.tried(stranger)
    with pytest.raises(NotSignedIn):
        rooms.sign_in.sign_in("li", PASSWORD, "no digits")
    with pytest.raises(NotSignedIn):
        rooms.tried(key)
    rooms.clock.move(seconds=30)
    assert rooms.tried(key).name == "li"
    for _ in range(FREE_MISSES - 1):
        with pytest.raises(NotSignedIn):
            rooms.tried(stranger)
    assert rooms.tried(key).name == "li"


def test_one_answer_signs_in_once_however_often_it_comes(rooms: Rooms) -> None:
    """Of four that come at the same time with the same answer, one is let in, and the others are no misses."""
    answer, inside = rooms.answer(rooms.added()), list[str]()

    def come() -> None:
        with contextlib.suppress(BadInput):
            inside.append(rooms.passkeys.sign_in("li", PASSWORD, answer, HERE).name)

    comers = [threading.Thread(target=come) for _ in range(4)]
    for one in comers:
        one.start()
    for one in comers:
        one.join()
    assert inside == ["li"]
    assert rooms.events() == ["passkey_added", "passkey_used"]


# Ending --------------------------------------------------------------------------------------------------------------


def test_a_passkey_ends_by_its_holder_alone(rooms: Rooms) -> None:
    """Somebody else's, one that has ended, and what is none are not found; what has ended is kept on file."""
    rooms.added()
    li, wang = rooms.people["li"], rooms.people["wang"]
    (kept,) = rooms.passkeys.of(li)
    for staff, key in ((wang, kept.id), (li, ""), (li, "x"), (li, "\ud800"), (li, "!")):
        with pytest.raises(NotFound):
            rooms.passkeys.end(staff, key)
    rooms.passkeys.end(li, kept.id)
    with pytest.raises(NotFound):
        rooms.passkeys.end(li, kept.id)
    assert rooms.events() == ["passkey_added", "passkey_ended"]
    assert rooms.rows("select staff, ended_at is not null from staff_passkey") == [("li", True)]


def test_a_reset_ends_passkeys(rooms: Rooms) -> None:
    """With a new code somebody begins anew; a key of before counts no more, also with the new password."""
    key, code = rooms.added(), rooms.staff.reset("li")
    with pytest.raises(NotSignedIn):
        rooms.tried(key)
    rooms.enrol("li", code)
    with pytest.raises(NotSignedIn):
        rooms.tried(key)
    assert rooms.passkeys.of(rooms.people["li"]) == []
    again = rooms.added()
    assert again.handle == key.handle  # so that the authenticator puts the new key in the old one's place
    assert rooms.tried(again).name == "li"


def test_an_ended_account_signs_in_with_nothing(rooms: Rooms) -> None:
    """Its passkeys end with it, and none is added by a page that was open."""
    key, options = rooms.added(), rooms.options()
    rooms.staff.end("li")
    with pytest.raises(NotSignedIn):
        rooms.tried(key)
    assert rooms.passkeys.of(rooms.people["li"]) == []
    with refused_plainly("passkey_unfit"):
        rooms.passkeys.add(rooms.people["li"], "late", Authenticator().made(options), HERE)


def test_a_reset_while_a_key_is_being_made_leaves_none(rooms: Rooms) -> None:
    """What was asked before the reset is answered after it, and adds nothing."""
    options = rooms.options()
    rooms.staff.reset("li")
    with refused_plainly("passkey_unfit"):
        rooms.passkeys.add(rooms.people["li"], "late", Authenticator().made(options), HERE)


def test_a_reset_at_the_same_moment_leaves_no_key(rooms: Rooms, database: Database) -> None:
    """An account that is being reset takes no key until that is over, and then none."""
    answer, told = Authenticator().made(rooms.options()), list[str]()

    def come() -> None:
        try:
            rooms.passkeys.add(rooms.people["li"], "late", answer, HERE)
        except BadInput as e:
            told.append(e.code)

    comer = threading.Thread(target=come)
    with psycopg.connect(database.owner) as resetting:
        resetting.execute("update staff_person set password = null, enrolment = sha256('x'), enrolment_until = now()")
        comer.start()
        with psycopg.connect(database.owner, autocommit=True) as looking:
            while not looking.execute("select from pg_locks where not granted").fetchall():
                pass
    comer.join()
    assert told == ["passkey_unfit"]
    assert rooms.rows("select * from staff_passkey") == []


# What is kept, and where ---------------------------------------------------------------------------------------------


def test_the_application_cannot_rewrite_a_key(rooms: Rooms, database: Database) -> None:
    """Its role counts and ends keys, and neither moves one to another account nor puts another key in its place."""
    rooms.added()
    for statement in (
        "update staff_passkey set staff = 'wang'",
        "update staff_passkey set public_key = '\\x01'",
        "update staff_passkey set id = '\\x01'",
        "update staff_passkey set called = 'x'",
        "delete from staff_passkey",
    ):
        with psycopg.connect(database.app) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement)


def test_challenges_have_a_limit_and_an_end() -> None:
    """The oldest make room for new ones, and those that are over go when the next is drawn."""
    clock = StandingClock(dt.datetime(2013, 7, 1, tzinfo=dt.UTC))
    challenges = Challenges(clock, most=3)
    drawn = [challenges.drawn("x", HERE) for _ in range(5)]
    assert [challenges.taken(c, "x", HERE) is not None for c in drawn] == [False, False, True, True, True]
    for _ in range(3):
        challenges.drawn("x", HERE)
    clock.move(seconds=VALID.total_seconds())
    challenges.drawn("x", HERE)
    assert len(challenges._open) == 1


@pytest.mark.parametrize(
    ("setting", "rp_id", "good", "bad"),
    [
        ("", "localhost", ["http://localhost", "http://localhost:8000"], ["https://localhost", "http://localhost:x"]),
        ("https://card.example.cn", "card.example.cn", ["https://card.example.cn"], ["https://card.example.cn:8443"]),
        ("https://Card.Example.cn:443/", "card.example.cn", ["https://card.example.cn"], ["http://card.example.cn"]),
        ("https://card.example.cn:8443", "card.example.cn", ["https://card.example.cn:8443"], ["https://example.cn"]),
        ("http://localhost:8000", "localhost", ["http://localhost:8000"], ["http://localhost:8001"]),
    ],
)
def test_where_passkeys_are_good(setting: str, rp_id: str, good: list[str], bad: list[str]) -> None:
    """The setting says it, whatever a request's headers say; without it, it is this machine alone."""
    site = site_from(setting)
    assert site.rp_id == rp_id
    assert all(site.is_at(origin) for origin in good)
    assert not any(site.is_at(origin) for origin in [*bad, "", "null", "http://evil.test"])


@pytest.mark.parametrize(
    "setting",
    [
        "card.example.cn",
        "http://card.example.cn",
        "https://10.0.0.1",
        "https://[::1]",
        "https://a.cn/b",
        "https://-a.cn",
    ],
)
def test_an_address_that_browsers_bind_no_key_to_is_told(setting: str) -> None:
    """The setting is named, with what to give."""
    with pytest.raises(BadInput, match="SHEBAOKA_ORIGIN"):
        site_from(setting)


def test_every_transport_has_a_name_in_the_package(rooms: Rooms) -> None:
    """What is kept of a key can be said again to the next browser."""
    from webauthn.helpers.structs import AuthenticatorTransport

    assert {t.value for t in AuthenticatorTransport} >= set(TRANSPORTS)


def damaged(drawn: random.Random, answer: str) -> str:
    """An answer with some bytes of one of its parts turned into others."""
    parts = json.loads(answer)
    part = drawn.choice([k for k in parts["response"] if k not in ("transports", "userHandle")])
    data = bytearray(raw(parts["response"][part]))
    for place in drawn.sample(range(len(data)), drawn.choice((1, 1, 3))):
        data[place] ^= drawn.randrange(1, 256)
    return json.dumps(parts | {"response": parts["response"] | {part: text(bytes(data))}})


def test_damaged_answers_are_no_answers(rooms: Rooms) -> None:
    """However an answer is damaged, no other trouble comes of it; and no damaged one signs in."""
    drawn = random.Random(7)  # noqa: S311 - not for secrets
    key = rooms.added()
    making, signing = Authenticator().made(rooms.options()), rooms.answer(key)
    ((public_key,),) = rooms.rows("select public_key from staff_passkey")
    assert count_of(read(signing), Site(), public_key) == key.count
    for _ in range(300):
        with contextlib.suppress(BadInput):
            new_key(read(damaged(drawn, making)), Site())
        with contextlib.suppress(BadInput):
            assert count_of(read(damaged(drawn, signing)), Site(), public_key) is None
