"""The cut-over at a terminal: told at sign-in, kept from the day on (1.1), and open stays settled after it (8.1)."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from litestar.testing import TestClient
from tests.conftest import FIRST_PIN, RIGHT_PIN, Database, StandingClock

from shebaoka.app import House, open_house, settings_from
from shebaoka.desk import NewTerminal, open_counter
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    ApplyForTemporaryCard,
    Ask,
    CarryOverAccount,
    Channel,
    Digits,
    Material,
    Receipt,
    RegisterPerson,
    Sender,
)
from shebaoka.serving import front_of, make_app, with_shortcut
from test_terminal import HOSPITAL, Hospital

LI, WANG = with_check_digit("14070219850312002"), with_check_digit("14072619520817001")
MIGRATION = Sender("migration-chen", Channel.IMPORTER, "import")
WINDOW = Sender("clerk-li", Channel.WINDOW, "window-3")
OLD_CARDS = {LI: "YB0001", WANG: "YB0002"}


class TimedHospital(Hospital):
    """A hospital whose clock is the city's."""

    def __init__(self, house: House, client: TestClient[Any], keys: NewTerminal) -> None:
        super().__init__(house, client, HOSPITAL, keys)

    def signed(self, infno: str, body: Any, **parameters: Any) -> requests.PreparedRequest:
        """A message, signed now."""
        return super().signed(infno, body, **{"created": self.house.clock(), **parameters})

    def reads_old_card(self, infno: str, number: str, **said: Any) -> dict[str, Any]:
        """A message about somebody whose old card was read; it has no serial."""
        return self.ask(infno, certno=number, mdtrt_cert_no=OLD_CARDS[number], **said)


@pytest.fixture
def clock() -> StandingClock:
    """Nine in the morning of 29 June 2013 in Jinzhong, two days before the old card stops."""
    return StandingClock(dt.datetime(2013, 6, 29, 1, 0, tzinfo=dt.UTC))


@pytest.fixture
def house(database: Database, tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """A house into which two people were moved: Li, and Wang who is in hospital since 18 June."""
    settings = settings_from({"SHEBAOKA_HOME": str(tmp_path), "SHEBAOKA_DATABASE_URL": database.app})
    with open_house(settings, clock=clock) as house:
        in_hospital = {WANG: dt.date(2013, 6, 18)}
        desk = house.desk()
        with desk.store:
            for number, old_card in OLD_CARDS.items():
                carried = CarryOverAccount(
                    id=f"carry-{number}",
                    person=number,
                    balance_fen=500_000,
                    old_card_number=old_card,
                    in_hospital_since=in_hospital.get(number),
                )
                person = RegisterPerson(
                    id=f"register-{number}",
                    person=number,
                    name="某某",
                    region="140702",
                    insured_on=dt.date(2008, 4, 1),
                )
                for ask in (Ask(person, MIGRATION), Ask(carried, MIGRATION)):
                    (receipt,) = desk.submit([ask])
                    assert isinstance(receipt, Receipt)
                    assert receipt.answer.outcome == "accepted"
        if not house.vault.has_first_pin():
            house.vault.set_first_pin(Digits(FIRST_PIN), length=6)
        yield house


@pytest.fixture
def hospital(house: House) -> Iterator[TimedHospital]:
    """A hospital with a terminal, which has signed in."""
    with open_counter(house.desk) as counter:
        app = make_app(front_of(house, counter))
        with TestClient(with_shortcut(app)) as client:  # type: ignore[arg-type]
            house.institutions.add(HOSPITAL, "汾河湾综合医院", ("outpatient", "inpatient"))
            hospital = TimedHospital(house, client, house.institutions.add_terminal("fenhe-1", HOSPITAL))
            hospital.ask("9001")
            yield hospital


def test_a_terminal_is_told_at_sign_in_when_the_old_card_stops(hospital: TimedHospital, clock: StandingClock) -> None:
    """9001 names the day and the clause of the notice in force, before the day and after."""
    for _ in range(2):
        told = hospital.ask("9001")
        assert (told["infcode"], told["output"]["cutover_on"]) == (0, "2013-07-01")
        assert (told["clause"], told["notice"]) == ("1.1", "jinzhong-2013-06-25")
        clock.move(days=3)


def test_the_old_card_works_until_the_day_and_is_refused_from_it_on(
    hospital: TimedHospital, clock: StandingClock
) -> None:
    """Somebody who was carried over uses it to the last second of 30 June; a second later it is refused by 1.1."""
    clock.at = dt.datetime(2013, 6, 30, 15, 59, 59, tzinfo=dt.UTC)
    last = hospital.reads_old_card("1101", LI)
    assert (last["infcode"], last["ground"], last["clause"]) == (0, "old_card_works_until_the_cut_over", "1.1")
    clock.move(seconds=1)
    for infno, said in (
        ("1101", {}),
        ("2207", {"med_type": "11", "medfee_sumamt": "10.00", "psn_cash_pay": "10.00"}),
        ("2401", {"mdtrt_id": "ZY1", "begntime": "2013-07-01"}),
    ):
        hospital.ask("9001")
        first = hospital.reads_old_card(infno, LI, **said)
        assert (first["infcode"], first["ground"], first["clause"]) == (-1, "old_card_has_stopped", "1.1"), infno
        assert first["err_msg"]


def test_a_stay_that_was_open_is_settled_after_the_day_with_a_temporary_card(
    hospital: TimedHospital, house: House, clock: StandingClock, database: Database
) -> None:
    """The stay came along with the account: bound to the person, it is settled by 8.1, and never with the old card."""
    clock.at = dt.datetime(2013, 7, 3, 2, 0, tzinfo=dt.UTC)
    hospital.ask("9001")
    desk = house.desk()
    with desk.store:
        applied = ApplyForTemporaryCard(id="temporary-1", person=WANG, shows=tuple(Material))
        (receipt,) = desk.submit([Ask(applied, WINDOW, new_pin=Digits(RIGHT_PIN))])
    assert isinstance(receipt, Receipt)
    assert set(receipt.answer.done) == {"temporary_card_issued", "old_card_stopped"}
    with psycopg.connect(database.owner) as owner:
        number, serial = owner.execute("select number, serial from card where kind = 'temporary'").fetchone()
    card = {"certno": WANG, "mdtrt_cert_no": number, "card_sn": serial}
    stay = {"certno": WANG, "mdtrt_id": "ZY20130018"}
    admitted = hospital.ask("2401", **card, mdtrt_id=stay["mdtrt_id"], begntime="2013-06-18")
    assert (admitted["infcode"], admitted["clause"]) == (0, "8.1")
    assert hospital.ask("2402", **stay, endtime="2013-07-03")["infcode"] == 0
    charge = {
        "mdtrt_id": stay["mdtrt_id"], "med_type": "21",
        "medfee_sumamt": "8000.00", "fund_pay_sumamt": "6000.00", "acct_pay": "2000.00",
    }  # fmt: skip
    refused = hospital.reads_old_card("2304", WANG, **charge)
    assert (refused["infcode"], refused["ground"], refused["clause"]) == (-1, "old_card_has_stopped", "1.1")
    settled = hospital.ask("2304", **card, **charge, pin_block=hospital.block(serial=serial))
    assert (settled["infcode"], settled["ground"]) == (0, "discharge_is_settled_with_the_new_card")
    assert (settled["clause"], settled["output"]["balc"]) == ("8.1", "3000.00")
