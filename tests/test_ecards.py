"""The electronic card: its code at a hospital's system and at a till, for a minute, for one charge, by the rules."""

import datetime as dt
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from litestar.testing import TestClient
from msgspec.structs import replace
from tests.conftest import RIGHT_PIN, WRONG_PIN, Database, StandingClock, put_dossier
from tests.test_pos import opened
from tests.test_terminal import CARD, HOSPITAL, NUMBER, PERSON_ID, Hospital, admitted, dossier
from tests.till import Line, Served, pos_served
from tests.webhouse import house_on

from shebaoka.app import House
from shebaoka.desk import Code, ReadCode, code_digest, open_counter
from shebaoka.records import (
    Answer,
    Ask,
    BadInput,
    Card,
    CardKind,
    Channel,
    Digits,
    Dossier,
    Ending,
    Life,
    Loss,
    Material,
    ReportLoss,
    Sender,
    SettleCharge,
    Terms,
)
from shebaoka.serving import front_of, make_app, with_shortcut

NOON = dt.datetime(2013, 7, 5, 4, 0, tzinfo=dt.UTC)


class Ward(Hospital):
    """A hospital's system whose messages are signed at the house's own time, and which reads codes."""

    def signed(self, infno: str, body: Any, **parameters: Any) -> requests.PreparedRequest:
        """A message, signed now."""
        return super().signed(infno, body, created=self.house.clock(), **parameters)

    def by_code(
        self, code: str, infno: str = "2207", msgid: str = "", pin: str = RIGHT_PIN, **said: Any
    ) -> dict[str, Any]:
        """A charge of 28.50 by the code that was read, its PIN block bound to the code."""
        bound = hashlib.sha256(code.encode()).hexdigest()[:32]
        usual = {"code": code, "med_type": "41", "medfee_sumamt": "28.50", "acct_pay": "28.50"}
        return self.ask(infno, msgid, **{**usual, "pin_block": self.block(pin, bound), **said})


@pytest.fixture(scope="module")
def clock() -> StandingClock:
    """Noon of a July day, until a test moves it."""
    return StandingClock(NOON)


@pytest.fixture(scope="module")
def served(
    shared_database: Database, tmp_path_factory: pytest.TempPathFactory, clock: StandingClock
) -> Iterator[tuple[House, TestClient[Any], Served]]:
    """A house, the application over it, and the tills' server."""
    shared_database.wipe()
    with (
        house_on(shared_database, tmp_path_factory.mktemp("ecards"), clock) as house,
        open_counter(house.desk) as desks,
    ):
        front = front_of(house, desks)
        with TestClient(with_shortcut(make_app(front))) as client, pos_served(front) as pos:  # type: ignore[arg-type]
            yield house, client, pos


@pytest.fixture
def house(served: tuple[House, TestClient[Any], Served], database: Database, clock: StandingClock) -> House:
    """The house with one person in it; no terminal was seen and no key drawn yet."""
    house = served[0]
    clock.move(minutes=1)
    for known in (house.institutions._terminals, house.institutions._cycles, house.ecards._keys):
        known.clear()
    put_dossier(database.owner, house.vault, PERSON_ID, dossier())
    return house


@pytest.fixture
def ward(house: House, served: tuple[House, TestClient[Any], Served]) -> Ward:
    """A hospital that signed in."""
    keys = admitted(house, served[1], HOSPITAL).keys
    ward = Ward(house, served[1], HOSPITAL, keys)
    assert ward.ask("9001")["output"]["sign_no"] > 0
    return ward


def shown(house: House, held: Dossier | None = None) -> Code | Answer:
    """What the holder's page would show now."""
    with house.stores.lent() as store:
        screen = house.screens.person(store, NUMBER, house.screens.today())
    return house.ecards.shown(screen.person_id, held or screen.dossier)


def code_of(house: House) -> str:
    """A code, just shown."""
    code = shown(house)
    assert isinstance(code, Code)
    assert code.until_at == house.clock() + dt.timedelta(minutes=1)
    return code.text


def test_a_code_settles_a_charge_once(ward: Ward, clock: StandingClock) -> None:
    """Enquiry, pre-settlement and charge by a code: paid by 1.2 with 3.3, once; the same message is answered again."""
    code = code_of(ward.house)
    assert ward.ask("1101", code=code)["ground"] == "social_function_is_active"
    assert ward.by_code(code, "2206")["output"]["acct_pay"] == "28.50"
    first = ward.msgid()
    wrong = ward.by_code(code, pin=WRONG_PIN)
    assert (wrong["ground"], wrong["output"]["tries_left"]) == ("pin_is_wrong", 5)
    paid = ward.by_code(code, msgid=first)
    assert (paid["infcode"], paid["ground"], paid["output"]["balc"]) == (0, "account_pays_its_part", "971.50")
    assert "3.3" in ward.house.screens.line(paid["inf_refmsgid"]).answer.also
    second = ward.by_code(code)
    assert (second["infcode"], second["ground"], second["clause"]) == (-1, "code_was_used", "3.3")
    clock.move(hours=2)
    again = ward.by_code(code, msgid=first)
    assert (again["repeated"], again["output"]["balc"]) == (True, "971.50")
    # Who takes it back names the holder by the code, whatever its age.
    assert ward.ask("2208", code=code, setl_id=paid["output"]["setl_id"])["infcode"] == 0
    fresh, lost = code_of(ward.house), ward.msgid()
    ward.by_code(fresh, msgid=lost)
    assert ward.ask("2601", code=fresh, omsgid=lost)["ground"] == "message_is_reversed"
    assert ward.house.screens.statement(NUMBER).balance_fen == 100_000


def test_a_code_is_good_for_its_minute_and_a_little_longer(ward: Ward, clock: StandingClock) -> None:
    """A minute and fifteen seconds after it was shown a code is refused by 3.3, and nothing is paid."""
    code = code_of(ward.house)
    clock.move(seconds=74)
    assert ward.by_code(code, "2206")["infcode"] == 0
    clock.move(seconds=1)
    late = ward.by_code(code)
    assert (late["ground"], late["clause"], late["do"][0][:4]) == ("code_has_passed", "3.3", "请持卡人")
    admission = {"mdtrt_id": "ZY1", "begntime": "2013-07-05"}
    assert ward.ask("2401", code=code, **admission)["ground"] == "code_has_passed"
    assert ward.ask("2401", code=code_of(ward.house), **admission)["ground"] == "patient_is_admitted"
    # A clock that was set back gives no code a second life before its time.
    ahead = code_of(ward.house)
    clock.move(seconds=-30)
    assert ward.by_code(ahead)["ground"] == "code_has_passed"


def test_two_charges_of_one_tray_cannot_both_use_a_code(house: House) -> None:
    """Folded into each other, or sent one after the other, only one message is paid by a code."""
    read = house.ecards.read(code_of(house))
    terms = Terms(HOSPITAL, ("pharmacy",), False, 1)
    sender = Sender("t", Channel.TERMINAL, HOSPITAL)

    def ask(n: int) -> Ask:
        message = f"{HOSPITAL}20130705120000{n:04d}"
        charge = SettleCharge(
            id=message, person=NUMBER, card=read.card, kind="pharmacy", total_fen=100, cash_fen=100, code=read.digest
        )
        return Ask(charge, sender, Digits(RIGHT_PIN), terms=terms, code_at=read.made_at)

    house.institutions.add(HOSPITAL, "汾河湾综合医院", ("pharmacy",))
    keys = house.institutions.add_terminal("t", HOSPITAL)
    cycle = house.institutions.sign_in(house.institutions.terminal(keys.key_id))
    terms = replace(terms, cycle=cycle.id)
    desk = house.desk()
    grounds = [outcome.answer.ground for outcome in desk.submit([ask(1), ask(2)])]  # type: ignore[union-attr]
    assert [*grounds, desk.ask(ask(3)).answer.ground] == ["account_pays_its_part", "code_was_used", "code_was_used"]
    # Who makes a digest up without a code that the vault read is told that it is over.
    forged = ask(4)
    forged = replace(forged, request=replace(forged.request, code="5b" * 16), code_at=None)
    assert desk.ask(forged).answer.ground == "code_has_passed"
    desk.store.close()


def test_desks_that_race_for_a_code_pay_once(house: House) -> None:
    """Four desks, four messages, one code, at one moment and ten times over: each time one charge, three refusals."""
    house.institutions.add(HOSPITAL, "汾河湾综合医院", ("pharmacy",))
    keys = house.institutions.add_terminal("t", HOSPITAL)
    cycle = house.institutions.sign_in(house.institutions.terminal(keys.key_id))
    terms, sender = Terms(HOSPITAL, ("pharmacy",), False, cycle.id), Sender("t", Channel.TERMINAL, HOSPITAL)
    desks = [house.desk() for _ in range(4)]
    with ThreadPoolExecutor(len(desks)) as pool:
        for race in range(10):
            read, start = house.ecards.read(code_of(house)), threading.Barrier(len(desks))

            def pay(n: int, race: int = race, read: ReadCode = read, start: threading.Barrier = start) -> str:
                charge = SettleCharge(
                    id=f"{HOSPITAL}20130705120000{race:02d}{n:02d}",
                    person=NUMBER,
                    card=read.card,
                    kind="pharmacy",
                    total_fen=100,
                    account_fen=100,
                    code=read.digest,
                )
                ask = Ask(charge, sender, Digits(RIGHT_PIN), terms=terms, code_at=read.made_at)
                start.wait(20)
                return desks[n].ask(ask).answer.ground

            assert sorted(pool.map(pay, range(4))) == ["account_pays_its_part", *["code_was_used"] * 3]
    for desk in desks:
        desk.store.close()
    assert house.screens.statement(NUMBER).balance_fen == 100_000 - 10 * 100


def test_what_is_no_code_is_told_as_bad_input(ward: Ward) -> None:
    """A code that was changed anywhere, another city's, or one beside a card is refused with its field; no trace."""
    code = code_of(ward.house)
    other = {"A": "B"}
    changed = [code[:n] + other.get(code[n], "A") + code[n + 1 :] for n in range(2, 72, 7)]
    for text in (*changed, "E1" + "A" * 71):
        with pytest.raises(BadInput, match="no code of an electronic card"):
            ward.house.ecards.read(text)
    said = {"med_type": "41", "medfee_sumamt": 1, "psn_cash_pay": 1}
    answer = ward.send(ward.signed("2207", {"msgid": ward.msgid(), "input": {"code": changed[0], **said}}))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "bad_input", "input.code")
    assert ward.trouble("2207", code=code, **CARD, **said) == (400, "bad_input")
    assert ward.trouble("2207", **said) == (400, "bad_input")


def test_codes_tell_nothing_of_their_holder(house: House) -> None:
    """Two codes of one card have nothing in common but the day, and are short enough for a small QR code."""
    import segno

    one, two = code_of(house), code_of(house)
    assert sum(a == b for a, b in zip(one, two, strict=True)) < 20
    assert house.ecards.read(one).person == house.ecards.read(two).person == NUMBER
    assert code_digest(one) != code_digest(two)
    assert segno.make(one, error="m").version <= 4
    assert NUMBER not in repr(house.ecards.read(one)) + repr(shown(house))


_TEMPORARY = {"n": 3, "kind": CardKind.TEMPORARY, "number": "T00000003", "serial": "140700" + "0" * 25 + "3"}
STATES: dict[str, tuple[Dossier, str, str]] = {
    "lost": (dossier(loss=Loss.FORMAL), "card_is_reported_lost", "9.4"),
    "locked": (dossier(locked=True), "card_is_locked", "9.3"),
    "not activated": (dossier(life=Life.SEALED), "social_function_is_not_activated", "5.1"),
    "cancelled": (
        dossier(life=Life.ENDED, ending=Ending.CANCELLED, ended_on=dt.date(2013, 7, 4)),
        "card_was_cancelled",
        "2.1",
    ),
    "temporary card over": (
        replace(
            dossier(),
            cards=(
                Card(
                    **{**_TEMPORARY, "n": 1},
                    life=Life.IN_USE,
                    issued_on=dt.date(2012, 7, 1),
                    valid_until=dt.date(2013, 7, 1),
                ),
            ),
        ),
        "temporary_card_has_expired",
        "3.2",
    ),
    "no card": (replace(dossier(), cards=()), "holder_has_no_card", "2.1"),
}


@pytest.mark.parametrize("state", STATES)
def test_a_card_that_is_not_valid_is_not_shown(house: House, state: str) -> None:
    """The page shows no code, and says the ground and the clause by which a terminal refuses the card itself."""
    held, ground, clause = STATES[state]
    answer = shown(house, held)
    assert isinstance(answer, Answer)
    assert (answer.outcome, answer.ground, answer.clause) == ("refused", ground, clause)


def test_a_card_that_is_lost_after_its_code_was_shown_is_refused(ward: Ward) -> None:
    """The code was good a moment ago; the card's loss counts at once (9.4)."""
    code = code_of(ward.house)
    desk = ward.house.desk()
    shows = (Material.IDENTITY_CARD, Material.IDENTITY_COPY)
    report = ReportLoss(id="lost-1", person=NUMBER, shows=shows)
    assert desk.ask(Ask(report, Sender("clerk", Channel.WINDOW, "w1"))).answer.outcome == "accepted"
    desk.store.close()
    refused = ward.by_code(code)
    assert (refused["ground"], refused["clause"]) == ("card_is_reported_lost", "9.4")


def test_a_till_settles_by_a_code(house: House, served: tuple[House, TestClient[Any], Served]) -> None:
    """ISO 8583: sub-field 15 in place of number and card, the PIN block bound to it; once, and never beside them."""
    till = opened(house)
    till.at = house.clock().astimezone(till.at.tzinfo)
    with Line(served[2].port) as line:
        assert line.ask(till, till.sign_in()).code == "00"
        code = code_of(house)
        bound = hashlib.sha256(code.encode()).hexdigest()[:32]
        named = {"_01": None, "_02": None, "_15": code}
        charge = till.charge(2_850, None, _03=None, **named)  # no PIN
        assert line.ask(till, charge).code == "55"
        fields = {"3": "000000", "4": f"{2_850:012d}", "49": "156", "62": till.block(RIGHT_PIN, bound)}
        sub = {"_04": "41", "_06": "2850", "_15": code}
        paid = line.ask(till, till.message("0200", fields, **sub))
        assert (paid.code, paid.sub["07"]) == ("00", "0")
        used = line.ask(till, till.message("0200", {**fields, "62": till.block(RIGHT_PIN, bound)}, **sub))
        assert (used.code, used.sub["21"]) == ("62", "code_was_used")
        cancel = till.message("0200", {"3": "200000"}, _08=paid.sub["08"], _15=code)
        assert line.ask(till, cancel).code == "00"
        beside = line.ask(till, till.message("0200", fields, _01=NUMBER, **sub))
        assert (beside.code, beside.sub["26"]) == ("30", "48.01")
