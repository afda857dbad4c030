"""POS terminals as pharmacies use them: ISO 8583 over TCP, wrong PINs, lost answers, reversals, evening totals."""

import ast
import asyncio
import datetime as dt
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import iso8583
import psycopg
import pytest
from tests.conftest import RIGHT_PIN, ROOT, WRONG_PIN, Database, put_dossier
from tests.till import AT, NUMBER, PHARMACY, SERIAL, Answer, Line, Served, Till, holder, joined, pos_served
from tests.webhouse import house_on

from shebaoka.app import House
from shebaoka.desk import NewTerminal, open_counter
from shebaoka.pos import Handler, PosServer
from shebaoka.pos.codes import OF_REFUSAL, OF_TROUBLE, code_of, code_of_trouble
from shebaoka.pos.once import Once
from shebaoka.pos.packing import pack, put_together, taken_apart, unpack
from shebaoka.pos.spec import ANSWER_OF, ECHOED, FIELDS, KINDS, MESSAGE_MAX, SPEC
from shebaoka.records import Answer as Decided
from shebaoka.records import BadInput, Refusal, StoreDown, TooManyMessages, Trouble
from shebaoka.rules.table import ROWS, Unless
from shebaoka.serving import front_of
from shebaoka.store import REBUILD
from shebaoka.web import Front

PERSON_ID = 7_000_001
SALE = {"3": "000000", "4": "000000002850"}


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    """A house with one person in it, on a July morning."""
    with house_on(database, tmp_path, AT) as house:
        put_dossier(database.owner, house.vault, PERSON_ID, holder())
        yield house


@pytest.fixture
def front(house: House) -> Iterator[Front]:
    """What faces are handed."""
    with open_counter(house.desk) as counter:
        yield front_of(house, counter)


@pytest.fixture
def pos(front: Front) -> Iterator[Served]:
    """The server, listening."""
    with pos_served(front) as pos:
        yield pos


@pytest.fixture
def line(pos: Served) -> Iterator[Line]:
    """A connection."""
    with Line(pos.port) as line:
        yield line


def opened(house: House, key_id: str = "TILL0001", institution: str = PHARMACY, **terms: Any) -> Till:
    """A pharmacy with a till."""
    if institution not in {i.code for i in house.institutions.everybody()}:
        part_payment = terms.pop("part_payment", False)
        house.institutions.add(institution, "同仁药房", ("pharmacy",), part_payment=part_payment)
    sm3 = terms.get("algorithm") == "hmac-sm3"
    return Till(house.institutions.add_terminal(key_id, institution, **terms), institution, sm3=sm3)


@pytest.fixture
def till(house: House, line: Line) -> Till:
    """A pharmacy's till that has signed in."""
    till = opened(house)
    assert line.ask(till, till.sign_in()).code == "00"
    return till


def balance_fen(front: Front) -> int:
    """What the account has."""
    return front.screens.statement(NUMBER).balance_fen


# A day at the till ----------------------------------------------------------------------------------------------------


def test_a_till_signs_in_and_is_told_its_cycle(house: House, line: Line) -> None:
    """0810 bears the MAC, the cycle with its 24 hours, and when the old card stops; a second till joins the same."""
    till, second = opened(house), opened(house, "TILL0002")
    first = line.ask(till, till.sign_in())
    assert (first.type, first.code, first.signed) == ("0810", "00", True)
    assert (first.sub["12"], first.sub["13"]) == ("20130705093000", "20130706093000")
    assert [first.sub[tag] for tag in ("14", "20", "22")] == ["20130701", "1.1", "jinzhong-2013-06-25"]
    joining = line.ask(second, second.sign_in())
    assert (joining.sub["11"], joining.fields["41"]) == (first.sub["11"], "TILL0002")


def test_an_echo_is_answered(till: Till, line: Line) -> None:
    """0800 with 301 asks nothing and is answered under its own number, with the sender's reference."""
    answer = line.ask(till, till.message("0800", {"70": "301", "37": "REF000000001"}))
    assert (answer.type, answer.code, answer.signed) == ("0810", "00", True)
    assert (answer.fields["11"], answer.fields["37"], answer.fields["70"]) == ("000002", "REF000000001", "301")


def test_a_charge_is_settled(till: Till, line: Line, front: Front) -> None:
    """0210 says yes by its clause, the parts as settled, the balance left, and the sentence; the money has moved."""
    answer = line.ask(till, till.charge(4000, RIGHT_PIN, _05="1000", _06="2850", _07="150"))
    assert (answer.type, answer.code, answer.signed) == ("0210", "00", True)
    assert (answer.sub["20"], answer.sub["21"]) == ("1.2", "account_pays_its_part")
    assert [answer.sub[tag] for tag in ("05", "06", "07")] == ["1000", "2850", "150"]
    assert answer.fields["54"] == "0002156C000000097150"
    assert answer.fields["63"]
    assert {n: answer.fields[n] for n in ("3", "4", "49")} == {**SALE, "4": "000000004000", "49": "156"}
    assert balance_fen(front) == 97_150


def test_a_till_with_sm3_and_sm4_settles_too(house: House, line: Line, front: Front) -> None:
    """MAC by HMAC-SM3, PIN block by SM4."""
    till = opened(house, algorithm="hmac-sm3", pin_cipher="sm4")
    assert line.ask(till, till.sign_in()).code == "00"
    answer = line.ask(till, till.charge(2850, RIGHT_PIN))
    assert (answer.code, answer.signed) == ("00", True)
    assert balance_fen(front) == 97_150


def test_wrong_pins_are_counted_and_lock_the_card(till: Till, line: Line, front: Front) -> None:
    """55 with the tries that are left; the sixth locks and says 75 (9.3); nothing moves, and no balance is told."""
    answers = [line.ask(till, till.charge(100, WRONG_PIN)) for _ in range(7)]
    assert [a.code for a in answers] == ["55"] * 5 + ["75"] * 2
    assert [a.sub.get("23") for a in answers] == ["5", "4", "3", "2", "1", "0", None]
    assert [a.sub["21"] for a in answers[5:]] == ["pin_is_wrong_and_the_card_is_locked", "card_is_locked"]
    assert {a.sub["20"] for a in answers} == {"9.3"}
    assert not any("54" in a.fields for a in answers)
    assert balance_fen(front) == 100_000


def test_the_balance_is_told_with_the_pin_alone(till: Till, line: Line) -> None:
    """An enquiry is answered either way; without a PIN it says that the card may be used, and no more."""
    known, unknown = line.ask(till, till.enquiry(RIGHT_PIN)), line.ask(till, till.enquiry())
    assert (known.code, known.fields["54"]) == ("00", "0002156C000000100000")
    assert (unknown.code, "54" in unknown.fields) == ("00", False)


@pytest.mark.parametrize(
    ("said", "code", "ground", "clause"),
    [
        ({"_06": "100001", "fen": 100_001}, "51", "balance_is_too_small", "1.2"),
        ({"_07": "1"}, "13", "parts_do_not_add_up", "1.2"),
        ({"_04": "11"}, "58", "institution_may_not_settle_this", "7.1"),
        ({"_03": "f" * 32}, "14", "card_is_not_known", "2.1"),
        ({"pin": None}, "55", "pin_must_be_given", "9.3"),
    ],
)
def test_a_no_has_a_code_a_ground_and_a_clause(
    till: Till, line: Line, front: Front, said: dict[str, Any], code: str, ground: str, clause: str
) -> None:
    """A refused charge moves nothing, and the code goes with ground, clause and sentence."""
    fen, pin = said.pop("fen", 2850), said.pop("pin", RIGHT_PIN)
    answer = line.ask(till, till.charge(fen, pin, **said))
    assert (answer.code, answer.sub["21"], answer.sub["20"]) == (code, ground, clause)
    assert answer.fields["63"]
    assert balance_fen(front) == 100_000


def test_the_account_pays_as_far_as_it_goes_where_that_is_allowed(house: House, line: Line, front: Front) -> None:
    """10: a part is approved; the sub-fields say how much the account paid and how much is to be taken in cash."""
    till = opened(house, part_payment=True)
    line.ask(till, till.sign_in())
    answer = line.ask(till, till.charge(120_000, RIGHT_PIN))
    assert (answer.code, answer.sub["06"], answer.sub["07"]) == ("10", "100000", "20000")
    assert balance_fen(front) == 0


def test_a_settlement_is_cancelled_once(till: Till, line: Line, front: Front) -> None:
    """By its entry's place, from any till of the pharmacy; a second cancel says that it was taken back."""
    settlement = line.ask(till, till.charge(2850, RIGHT_PIN)).sub["08"]
    back = line.ask(till, till.cancel(settlement))
    assert (back.code, back.sub["21"], back.sub["06"]) == ("00", "settlement_is_taken_back", "2850")
    assert "54" not in back.fields
    assert line.ask(till, till.cancel(settlement)).code == "21"
    assert line.ask(till, till.cancel(f"{PERSON_ID}-999")).code == "25"
    assert balance_fen(front) == 100_000


# Lost answers ---------------------------------------------------------------------------------------------------------


def test_a_message_whose_answer_was_lost_is_reversed(pos: Served, till: Till, line: Line, front: Front) -> None:
    """The line breaks after the charge; 0400 on a new one takes it back, and its repeats change nothing more."""
    charge = till.charge(2850, RIGHT_PIN)
    with Line(pos.port) as lost:
        lost.send(charge)
        assert lost.socket.recv(1)  # it was decided; the answer is lost
    reversal = till.reversal(charge)
    first = line.ask(till, reversal)
    assert (first.type, first.code, first.sub["21"]) == ("0410", "00", "message_is_reversed")
    assert balance_fen(front) == 100_000
    again = line.ask(till, till.again(reversal, "0401"))
    assert (again.type, again.code, again.sub["24"], again.sub["08"]) == ("0410", "00", "1", first.sub["08"])
    advice = line.ask(till, till.again(reversal, "0421"))
    assert (advice.type, advice.sub["24"]) == ("0430", "1")
    other = line.ask(till, till.reversal(charge, message_type="0420"))
    assert (other.type, other.code, other.sub["21"]) == ("0430", "00", "message_did_nothing")
    assert balance_fen(front) == 100_000


def test_a_charge_that_comes_after_its_reversal_is_stopped(till: Till, line: Line, front: Front) -> None:
    """A reversal of what never came is a yes; the original, when it comes late, is told 21, for good."""
    late = till.charge(2850, RIGHT_PIN)
    assert line.ask(till, till.reversal(late)).sub["21"] == "message_is_stopped"
    for _ in range(2):
        answer = line.ask(till, late)
        assert (answer.code, answer.sub["25"]) == ("21", "message_was_reversed")
    assert balance_fen(front) == 100_000


def test_a_repeated_charge_is_done_once(till: Till, line: Line, front: Front) -> None:
    """The same message again, or as 0201 with the PIN sealed anew, gets the first answer; so does one replayed."""
    charge = till.charge(2850, RIGHT_PIN)
    first = line.ask(till, charge)
    for repeat in (charge, till.again(charge, "0201", _62=till.block(RIGHT_PIN))):
        again = line.ask(till, repeat)
        assert (again.code, again.sub["24"], again.sub["08"]) == ("00", "1", first.sub["08"])
        assert again.fields["54"] == first.fields["54"]
    assert balance_fen(front) == 97_150


def test_the_same_number_with_other_content_is_refused(house: House, till: Till, line: Line, front: Front) -> None:
    """94 for another amount or another PIN, and for another till of the pharmacy in the same second."""
    charge = till.charge(2850, RIGHT_PIN)
    line.ask(till, charge)
    sub = {"09": "2013", "01": NUMBER, "02": "S00000001", "03": SERIAL, "04": "41", "06": "2851"}
    second = opened(house, "TILL0002")
    second.sent = till.sent - 1
    others = [
        line.ask(till, till.again(charge, "0200", _4="000000002851", _48=joined(sub))),
        line.ask(till, till.again(charge, "0200", _62=till.block(WRONG_PIN))),
        line.ask(second, second.charge(2850, RIGHT_PIN)),
    ]
    assert [(a.code, a.sub["25"]) for a in others] == [("94", "request_id_used_with_other_content")] * 3
    assert balance_fen(front) == 97_150


def test_a_cancel_can_be_reversed(till: Till, line: Line, front: Front) -> None:
    """The reversal of a cancel charges again."""
    settlement = line.ask(till, till.charge(2850, RIGHT_PIN)).sub["08"]
    cancel = till.cancel(settlement)
    line.ask(till, cancel)
    assert line.ask(till, till.reversal(cancel)).sub["21"] == "message_is_reversed"
    assert balance_fen(front) == 97_150


def test_a_reversal_over_the_turn_of_the_year_finds_its_original(database: Database, tmp_path: Path) -> None:
    """The original's year is said, so that a charge of 31 December is reversed on 1 January, hours late as well."""
    midnight = dt.datetime(2013, 12, 31, 16, 0, tzinfo=dt.UTC)
    with house_on(database, tmp_path, midnight) as house, open_counter(house.desk) as counter:
        put_dossier(database.owner, house.vault, PERSON_ID, holder())
        front = front_of(house, counter)
        with pos_served(front) as pos, Line(pos.port) as line:
            till = opened(house)
            till.at = dt.datetime.fromisoformat("2013-12-31T23:59:59+08:00")
            line.ask(till, till.sign_in())
            charge = till.charge(2850, RIGHT_PIN)
            line.ask(till, charge)
            till.at = dt.datetime.fromisoformat("2014-01-01T06:00:00+08:00")
            assert line.ask(till, till.reversal(charge)).sub["21"] == "message_is_reversed"
            assert balance_fen(front) == 100_000


# The evening ----------------------------------------------------------------------------------------------------------


def totals(till: Till, cycle: str, debits: tuple[int, ...], back: tuple[int, ...] = (0, 0, 0, 0, 0)) -> bytes:
    """0500: count, total, pooled, account and cash of what was charged, and of what was taken back."""
    net = debits[1] - back[1]
    zeros = {"74": "0" * 10, "75": "0" * 10, "86": "0" * 16, "87": "0" * 16}
    fields = {
        **zeros,
        "76": f"{debits[0]:010d}",
        "77": f"{back[0]:010d}",
        "88": f"{debits[1]:016d}",
        "89": f"{back[1]:016d}",
        "97": f"{'D' if net >= 0 else 'C'}{abs(net):016d}",
    }
    parts = dict(zip(("_05", "_06", "_07", "_35", "_36", "_37"), map(str, (*debits[2:], *back[2:])), strict=True))
    return till.message("0500", fields, _11=cycle, **parts)


def test_totals_are_compared_and_the_cycle_is_signed_off(till: Till, line: Line, house: House) -> None:
    """0510 says 1 where both have the same, and 2 with our own totals where not; then sign-off closes the cycle."""
    cycle = line.ask(till, till.sign_in()).sub["11"]
    line.ask(till, till.charge(4000, RIGHT_PIN, _05="1000", _06="2850", _07="150"))
    settlement = line.ask(till, till.charge(500, RIGHT_PIN)).sub["08"]
    line.ask(till, till.cancel(settlement))
    off = line.ask(till, till.message("0800", {"70": "002"}, _11=cycle))
    assert (off.code, off.sub["25"]) == ("95", "cycle_is_not_reconciled")
    wrong = line.ask(till, totals(till, cycle, (1, 4000, 1000, 2850, 150)))
    assert (wrong.type, wrong.code, wrong.fields["66"], wrong.signed) == ("0510", "95", "2", True)
    assert (wrong.fields["76"], wrong.fields["77"]) == ("0000000002", "0000000001")
    assert wrong.fields["97"] == "D0000000000004000"
    assert [wrong.sub[tag] for tag in ("05", "06", "07", "35", "36", "37")] == ["1000", "3350", "150", "0", "500", "0"]
    right = line.ask(till, totals(till, cycle, (2, 4500, 1000, 3350, 150), (1, 500, 0, 500, 0)))
    assert (right.code, right.fields["66"]) == ("00", "1")
    assert [c.by for c in house.evening.comparisons(int(cycle))] == ["TILL0001", "TILL0001"]
    off = line.ask(till, till.message("0800", {"70": "002"}, _11=cycle))
    assert (off.code, house.evening.cycle(int(cycle)).closed_by) == ("00", "TILL0001")
    closed = line.ask(till, till.charge(100, RIGHT_PIN))
    assert (closed.code, closed.sub["25"]) == ("77", "no_open_cycle")


def test_what_the_journal_does_not_know_is_done_once_too(
    pos: Served, till: Till, line: Line, house: House, database: Database
) -> None:
    """Sign-in, totals and sign-off that somebody recorded get their first answer, to the byte, and nothing is done."""
    recorded: list[tuple[bytes, bytes | None]] = []

    def ask(message: bytes) -> Answer:
        line.send(message)
        recorded.append((message, line.receive()))
        return Answer(recorded[-1][1] or b"", till.mac)

    cycle = ask(till.sign_in()).sub["11"]
    line.ask(till, till.charge(2850, RIGHT_PIN))
    assert ask(till.message("0800", {"70": "002"}, _11=cycle)).code == "95"
    assert ask(totals(till, cycle, (1, 2850, 0, 2850, 0))).fields["66"] == "1"
    assert ask(till.message("0800", {"70": "002"}, _11=cycle)).code == "00"
    with Line(pos.port) as stranger:
        for message, answer in recorded:
            stranger.send(message)
            assert stranger.receive() == answer
    assert len(house.evening.comparisons(int(cycle))) == 1
    with psycopg.connect(database.owner) as owner:
        assert owner.execute("select count(*) from cycle where closed_at is null").fetchone() == (0,)
    assert line.ask(till, till.again(recorded[0][0], "0801")).sub["11"] != cycle


def test_a_sign_in_that_met_trouble_is_done_when_it_comes_again(till: Till, line: Line, front: Front) -> None:
    """96 is no answer, so it is not kept for the next time."""

    def down(*_: object, **__: object) -> None:
        raise StoreDown("gone")

    message = till.sign_in()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(front.institutions), "sign_in", down)
        assert line.ask(till, message).code == "96"
    assert line.ask(till, message).code == "00"


def test_an_answer_is_kept_for_as_long_as_its_message_would_be_taken() -> None:
    """While the first is being made a repeat waits for it; a fault is kept for nobody; there is room for so many."""
    made: list[int] = []

    async def play() -> None:
        once, gate = Once(per_key_max=2, all_max=3), asyncio.Event()

        async def make() -> tuple[bytes, bool]:
            made.append(len(made))
            await gate.wait()
            return str(made[-1]).encode(), True

        async def fault() -> tuple[bytes, bool]:
            await gate.wait()
            raise ValueError

        def asked(key: str, mac: bytes, minutes: int = 0, make: Any = make, sent: int = 0) -> Any:
            later = AT + dt.timedelta(minutes=minutes)
            return once.answer((key, mac), AT + dt.timedelta(minutes=sent), later, make)

        begun = [asyncio.ensure_future(asked("a", b"1")) for _ in range(3)]
        faults = [asyncio.ensure_future(asked("b", b"1", make=fault)) for _ in range(2)]
        await asyncio.sleep(0)
        gate.set()
        assert await asyncio.gather(*begun) == [b"0"] * 3
        assert [type(f) for f in await asyncio.gather(*faults, return_exceptions=True)] == [ValueError, bytes]
        assert await asked("a", b"1", minutes=60) == b"0"
        assert await asked("a", b"2", sent=60) == b"1"
        with pytest.raises(TooManyMessages):
            await asked("a", b"3")
        assert await asked("b", b"1") == b"2"
        with pytest.raises(TooManyMessages):
            await asked("c", b"1")
        assert await asked("a", b"2", minutes=62, sent=60) == b"1"
        assert await asked("c", b"1", minutes=62, sent=60) == b"3"
        with pytest.raises(BadInput, match="12"):
            await asked("a", b"1")

    asyncio.run(play())


def test_totals_that_cannot_be_are_bad_input(till: Till, line: Line, house: House) -> None:
    """Credits, a net that is not the difference, another pharmacy's cycle, and a till without the right."""
    cycle = line.ask(till, till.sign_in()).sub["11"]
    stated = totals(till, cycle, (0, 0, 0, 0, 0))
    credit = line.ask(till, till.again(stated, "0500", _74="0000000001"))
    assert (credit.code, credit.sub["26"]) == ("30", "74")
    net = line.ask(till, till.again(stated, "0500", _97="C" + "0" * 16))
    assert (net.code, net.sub["26"]) == ("30", "97")
    other = opened(house, "OTHER001", "P14070200018")
    assert line.ask(other, totals(other, cycle, (0, 0, 0, 0, 0))).code == "25"
    weak = opened(house, "WEAK0001", may=("enquire", "settle"))
    assert line.ask(weak, totals(weak, cycle, (0, 0, 0, 0, 0))).code == "58"


# Who may not ----------------------------------------------------------------------------------------------------------


def test_two_tills_and_two_pharmacies_stay_apart(
    pos: Served, till: Till, line: Line, house: House, front: Front
) -> None:
    """Another pharmacy neither cancels nor reverses, nor may a till without the right settle."""
    charge = till.charge(2850, RIGHT_PIN)
    settlement = line.ask(till, charge).sub["08"]
    other = opened(house, "OTHER001", "P14070200018")
    other.sent = 100
    with Line(pos.port) as second:
        second.ask(other, other.sign_in())
        assert second.ask(other, other.cancel(settlement)).code == "25"
        stranger = second.ask(other, other.reversal(charge))
        assert stranger.sub["21"] == "message_is_stopped"  # of its own message with that number, which never came
        weak = opened(house, "WEAK0001", may=("enquire",))
        refused = second.ask(weak, weak.charge(100, RIGHT_PIN))
        assert (refused.code, refused.sub["25"]) == ("58", "not_allowed")
        joined_in = opened(house, "TILL0002")
        joined_in.sent = 100
        assert second.ask(joined_in, joined_in.cancel(settlement)).code == "00"
    assert balance_fen(front) == 100_000


def test_whoever_cannot_sign_is_turned_away(pos: Served, house: House, front: Front, till: Till) -> None:
    """Another key, an unknown or ended terminal, another institution, a key pair: 63 without a MAC, and the end."""
    unknown, foreign, ended = opened(house, "TILL0002"), opened(house, "TILL0003"), opened(house, "TILL0004")
    pair = opened(house, "TILL0005", algorithm="ed25519", public_key=bytes(32))
    house.institutions.end_terminal("TILL0004")
    house.institutions.add("P14070200018", "另一家药房", ("pharmacy",))
    foreign.institution = "P14070200018"
    altered = bytearray(till.charge(100, RIGHT_PIN))
    altered[-9] ^= 1
    messages = [bytes(altered), unknown.packed(unknown.fields("0800", {"70": "001", "41": "NOBODY  "}, {}))]
    messages += [foreign.sign_in(), ended.sign_in(), pair.sign_in()]
    for message in messages:
        with Line(pos.port) as line:
            line.send(message)
            answer = line.receive()
            assert answer is not None
            said = iso8583.decode(answer, SPEC)[0]
            assert (said["39"], "64" in said, "128" in said) == ("63", False, False)
            assert line.receive() is None
    assert front.turned_away == {"signature_wrong": 5}
    assert balance_fen(front) == 100_000


def _with_field_2(raw: bytes) -> bytes:
    return raw[:4] + bytes([raw[4] | 0x40]) + raw[5:]


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda m: m[:60], "42"),
        (lambda m: m + b"0", "64"),
        (_with_field_2, "2"),
        (lambda _: b"0200", "p"),
        (lambda m: m[:4] + b"\xff" * 16 + m[20:], "2"),
        (lambda m: m[:4] + bytes([m[4] & 0xEF]) + m[5:], None),
        (lambda m: b"0210" + m[4:], None),
        (lambda m: b"\xff200" + m[4:], None),
    ],
    ids=["cut", "too long", "field 2", "no bitmap", "every field", "a field less", "an answer", "no type"],
)
def test_what_cannot_be_read_is_answered_30_and_ends(
    pos: Served, front: Front, till: Till, spoil: Any, field: str | None
) -> None:
    """The framing holds, the message does not: the answer says the field, without a MAC, and the line ends."""
    with Line(pos.port) as line:
        line.send(spoil(till.charge(100, RIGHT_PIN)))
        answer = line.receive()
        if answer is None:
            assert field is None  # what is no message of a till's gets nothing
        else:
            said = Answer(answer, till.mac)
            assert (said.type, said.code, said.sub["26"]) == ("0210", "30", field or said.sub["26"])
            assert not {"64", "128"} & set(said.fields)
            assert line.receive() is None
    assert front.turned_away == {"bad_input": 1}
    assert balance_fen(front) == 100_000


@pytest.mark.parametrize(
    "sent",
    [b"\x00\x00", (MESSAGE_MAX + 1).to_bytes(2), b"\x00\x10" + b"0200", b"\x00", b"GET / HTTP/1.1\r\n\r\n"],
    ids=["nothing", "over the limit", "breaks off", "half a length", "another protocol"],
)
def test_a_wrong_length_ends_the_connection(pos: Served, front: Front, sent: bytes) -> None:
    """Behind a wrong length no message can be found again, so there is no answer; it is counted."""
    with Line(pos.port) as line:
        line.socket.sendall(sent)
        line.socket.shutdown(socket.SHUT_WR)
        assert line.receive() is None
    assert front.turned_away == {"bad_input": 1}


def test_slow_and_silent_connections_are_ended(front: Front, house: House) -> None:
    """A message that stays half sent is turned away; a connection that says nothing is let go."""
    with pos_served(front, idle_s=0.05, whole_s=0.05) as pos:
        with Line(pos.port) as silent:
            assert silent.receive() is None
        assert front.turned_away == {}
        with Line(pos.port) as slow:
            slow.socket.sendall(b"\x00\x80" + b"0200")
            assert slow.receive() is None
    till = opened(house)
    with pos_served(front, idle_s=0.05) as pos, Line(pos.port) as known:
        assert known.ask(till, till.sign_in()).code == "00"
        assert known.receive() is None
    assert front.turned_away == {"bad_input": 1}


def test_there_is_a_limit_to_connections(front: Front, house: House) -> None:
    """One more than are taken is ended at once and counted; the others are served on."""
    with pos_served(front, connections_max=2) as pos:
        till = opened(house)
        with Line(pos.port) as first, Line(pos.port) as second:
            assert first.ask(till, till.sign_in()).code == "00"
            assert second.ask(till, till.sign_in()).code == "00"
            with Line(pos.port) as third:
                assert third.receive() is None
            assert first.ask(till, till.sign_in()).code == "00"
    assert front.turned_away == {"too_many_messages": 1}


def test_strangers_take_no_terminal_s_place(front: Front, house: House) -> None:
    """Who has shown no MAC makes room for who comes next; a till stays, and a new one comes in, over and over."""
    till = opened(house)
    with ExitStack() as stack:
        pos = stack.enter_context(pos_served(front, strangers_max=3))
        known = stack.enter_context(Line(pos.port))
        assert known.ask(till, till.sign_in()).code == "00"
        strangers = [stack.enter_context(Line(pos.port)) for _ in range(8)]
        for stranger in strangers[:5]:
            assert stranger.receive() is None
        for _ in range(4):
            with Line(pos.port) as new:
                assert new.ask(till, till.sign_in()).code == "00"
        assert known.ask(till, till.charge(100, RIGHT_PIN)).code == "00"
        assert front.turned_away["too_many_messages"] >= 5


def test_the_strangers_of_one_address_make_room_for_each_other_alone(front: Front, house: House) -> None:
    """So one machine does not take the places of all."""
    till = opened(house)
    with ExitStack() as stack:
        pos = stack.enter_context(pos_served(front, strangers_of_address_max=2))
        elsewhere = stack.enter_context(Line(pos.port, "127.0.0.2"))
        strangers = [stack.enter_context(Line(pos.port)) for _ in range(5)]
        for stranger in strangers[:3]:
            assert stranger.receive() is None
        assert elsewhere.ask(till, till.sign_in()).code == "00"


def test_a_till_does_not_wait_for_another(pos: Served, house: House, till: Till, line: Line) -> None:
    """While one till keeps a message half sent, another is answered."""
    with Line(pos.port) as slow:
        slow.socket.sendall(b"\x00\x80" + b"0200")
        assert line.ask(till, till.charge(100, RIGHT_PIN)).code == "00"


def test_several_messages_at_once_are_answered_in_order(till: Till, line: Line) -> None:
    """Messages that come in one piece are each answered, in the order in which they came."""
    messages = [till.message("0800", {"70": "301"}) for _ in range(5)]
    line.socket.sendall(b"".join(len(m).to_bytes(2) + m for m in messages))
    answers = [Answer(line.receive() or b"", till.mac) for _ in messages]
    assert [a.fields["11"] for a in answers] == [iso8583.decode(m, SPEC)[0]["11"] for m in messages]


def test_who_is_being_served_gets_the_answer_before_the_server_closes(front: Front, house: House) -> None:
    """A charge is at the desk when the server closes: it is answered first; who only waits is let go."""
    till = opened(house)
    asked_for, at_the_desk = threading.Event(), Future[list[Any]]()

    def submit(*_: object, **__: object) -> Future[list[Any]]:
        asked_for.set()
        return at_the_desk

    with ThreadPoolExecutor(1) as other, pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        pos = stack.enter_context(pos_served(front))
        line, waiting = (stack.enter_context(Line(pos.port)) for _ in range(2))
        line.ask(till, till.sign_in())
        assert waiting.ask(till, till.sign_in()).code == "00"
        patch.setattr(type(front.counter), "submit", submit)
        line.send(till.charge(100, RIGHT_PIN))
        assert asked_for.wait(20)
        closed = other.submit(pos.leave)
        assert waiting.receive() is None
        assert not closed.done()
        at_the_desk.set_exception(StoreDown("gone"))
        assert Answer(line.receive() or b"", till.mac).code == "96"
        assert line.receive() is None
        closed.result(20)


def test_the_command_serves_pos_terminals_too(database: Database, tmp_path: Path) -> None:
    """`serve --pos-port`, a process of its own: a till signs in and settles, and SIGTERM ends it without a fault."""
    with house_on(database, tmp_path) as house:
        put_dossier(database.owner, house.vault, PERSON_ID, holder())
        till = opened(house)
    till.at = dt.datetime.now(till.at.tzinfo)
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        port, pos_port = one.getsockname()[1], two.getsockname()[1]
    environ = {**os.environ, "SHEBAOKA_HOME": str(tmp_path), "SHEBAOKA_DATABASE_URL": database.app}
    command = [sys.executable, "-m", "shebaoka", "serve", "--port", str(port), "--pos-port", str(pos_port)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            assert str(port) in server.stdout.readline()
            assert str(pos_port) in server.stdout.readline()
            # The web is opened after the POS terminals' port.
            httpx.Client(transport=httpx.HTTPTransport(retries=10)).get(f"http://127.0.0.1:{port}/api/v1/health")
            with Line(pos_port) as line:
                assert line.ask(till, till.sign_in()).code == "00"
                assert line.ask(till, till.charge(2850, RIGHT_PIN)).sub["21"] == "account_pays_its_part"
        finally:
            server.send_signal(signal.SIGTERM)
            rest = server.communicate(timeout=30)[0]
    assert (server.returncode, rest) == (0, "")


def test_a_port_that_is_taken_is_told(front: Front, pos: Served) -> None:
    """Bad input that names the port, and no traceback."""
    with pytest.raises(BadInput, match=str(pos.port)):
        asyncio.run(PosServer(front).open("127.0.0.1", pos.port))


# What a message may say -----------------------------------------------------------------------------------------------


def test_a_message_whose_content_is_wrong_is_told_the_field(till: Till, line: Line, front: Front) -> None:
    """Signed, but not right: 30 with the field and a MAC, nothing decided, and the connection stays."""
    charge = till.charge(2850, RIGHT_PIN)
    old, future = till.charge(1, None), till.charge(1, None)
    wrong = {
        "11": till.again(charge, "0200", _11="010000"),
        "12": till.again(old, "0200", _12="082959"),
        "13": till.again(future, "0200", _13="0230"),
        "3": till.again(charge, "0200", _3="010000"),
        "49": till.again(charge, "0200", _49="840"),
        "90": till.message("0400", {"90": "0500" + "0" * 38}, _01=NUMBER, _10="2013"),
        "70": till.message("0800", {"70": "999"}),
        "74": till.message("0500", {}, _11="1"),
        "62": till.again(charge, "0200", _62="0" * 32),
        "54": till.again(charge, "0200", _54="0" * 20),
        "4": till.charge(0, RIGHT_PIN, _06="0"),
        "48": till.message("0200", SALE | {"48": "0118"}),
        "48.01": till.message("0200", SALE, _02="S00000001", _04="41"),
        "48.02": till.charge(1, None, _02="s1"),
        "48.03": till.charge(1, RIGHT_PIN, _03=None),
        "48.04": till.charge(1, None, _04="21"),
        "48.06": till.charge(1, None, _06="1000000001"),
        "48.08": till.cancel("1001"),
        "48.09": till.charge(1, None, _09="13"),
        "48.11": till.charge(1, None, _11="7"),
        "48.99": till.charge(1, None, _99="x"),
    }
    for field, message in wrong.items():
        answer = line.ask(till, message)
        assert (answer.code, answer.sub["25"], answer.sub["26"], answer.signed) == ("30", "bad_input", field, True)
    assert front.turned_away == {"bad_input": len(wrong)}
    assert balance_fen(front) == 100_000


def test_a_clock_that_is_off_is_told_but_a_reversal_may_come_late(till: Till, line: Line, front: Front) -> None:
    """A till that starts over in 1970 cannot reuse its numbers; what it must take back, it can at any time."""
    charge = till.charge(2850, RIGHT_PIN)
    line.ask(till, charge)
    till.at = dt.datetime.fromisoformat("1970-01-01T00:00:00+08:00")
    assert line.ask(till, till.charge(2850, RIGHT_PIN)).sub["26"] == "12"
    till.at = dt.datetime.fromisoformat("2013-07-09T09:30:00+08:00")
    assert line.ask(till, till.reversal(charge)).sub["21"] == "message_is_reversed"
    assert balance_fen(front) == 100_000


def test_nothing_is_settled_before_signing_in(house: House, line: Line) -> None:
    """77: sign in first."""
    till = opened(house)
    answer = line.ask(till, till.charge(100, RIGHT_PIN))
    assert (answer.code, answer.sub["25"], answer.signed) == ("77", "no_open_cycle", True)


def test_an_old_medical_card_has_no_account_at_the_till(till: Till, line: Line, database: Database) -> None:
    """It has no serial, so no PIN comes with it; it is refused by its clause, and not as bad input."""
    with psycopg.connect(database.owner) as owner:
        owner.execute("update card set kind = 'old_medical', serial = '', number = 'YB0001'")
        owner.execute(REBUILD)
    answer = line.ask(till, till.charge(100, None, _02="YB0001", _03=None))
    assert (answer.code, answer.sub["21"]) == ("62", "old_card_has_stopped")


# Packing and tables ---------------------------------------------------------------------------------------------------

SERVICES = ("settle_charge", "use_card", "cancel_settlement", "reverse_message")


def _named_in(path: str, functions: set[str] | None = None) -> set[Refusal]:
    """The grounds that a file of rules names, or some of its functions."""
    tree: ast.AST = ast.parse((ROOT / "src/shebaoka/rules" / path).read_text(encoding="utf-8"))
    named = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name in (functions or ())]
    found = [n for p in (named or [tree]) for n in ast.walk(p) if isinstance(n, ast.Attribute)]
    return {Refusal[n.attr] for n in found if isinstance(n.value, ast.Name) and n.value.id == "Refusal"}


def test_every_ground_that_a_till_can_meet_has_a_code() -> None:
    """Whatever the service table and the rules of these services refuse on is in the table, and nothing else is."""
    cells = [cell for service in SERVICES for _, row in ROWS[service] for cell in row.values()]
    grounds = {cell.refusal if isinstance(cell, Unless) else cell for cell in cells}
    grounds |= _named_in("settlement.py") | _named_in("use.py") | _named_in("pin.py", {"pin_refusal", "wrong_pin"})
    grounds.add(Refusal.SERVICE_IS_NOT_FOR_THIS_CHANNEL)
    assert grounds == set(OF_REFUSAL)
    for ground in Refusal:
        code = code_of(Decided(outcome="refused", ground=ground, clause="1.1", notice="n"))
        assert code == OF_REFUSAL.get(ground, "05")


def _family(trouble: type[Trouble]) -> Iterator[type[Trouble]]:
    yield trouble
    for child in trouble.__subclasses__():
        yield from _family(child)


def test_every_trouble_has_a_code() -> None:
    """Whichever trouble of the house it is, two characters tell it; what a till can mend has a code of its own."""
    # Not every one is made of a sentence alone; what it is called hangs on its kind.
    codes = {t.code: code_of_trouble(t.__new__(t)) for t in _family(Trouble)}
    assert all(len(code) == 2 for code in codes.values())
    assert set(OF_TROUBLE) <= set(codes)
    assert codes["database_down"] == codes["invariant_broken"] == codes["trouble"] == "96"


def test_trouble_at_the_desk_is_told_as_96(till: Till, line: Line, house: House, front: Front) -> None:
    """The database is gone: 96 under the terminal's MAC, with the trouble's code; the till reverses and tries again."""

    def down(*_: object, **__: object) -> None:
        raise StoreDown("gone")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(front.counter), "submit", down)
        answer = line.ask(till, till.charge(100, RIGHT_PIN))
    assert (answer.code, answer.sub["25"], answer.signed) == ("96", "database_down", True)


def test_a_fault_of_the_program_tells_nothing_and_logs_no_content(
    till: Till, line: Line, front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    """No answer, the connection ends, and the log has the kind and the place of the fault, but not its words."""

    def broken(*_: object) -> None:
        raise ValueError(NUMBER)

    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.DEBUG):
        patch.setattr("shebaoka.pos.handling.read", broken)
        line.send(till.charge(100, RIGHT_PIN))
        assert line.receive() is None
    assert front.turned_away == {"invariant_broken": 1}
    assert "ValueError" in caplog.text
    assert NUMBER not in caplog.text


def test_nothing_personal_is_logged_for_what_is_turned_away(
    pos: Served, till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither digits nor a traceback for messages that are cut, altered, or wrong in their content."""
    charge = till.charge(100, RIGHT_PIN)
    with caplog.at_level(logging.INFO):
        for message in (charge[:-3], charge[:-1] + bytes([charge[-1] ^ 1]), till.charge(0, RIGHT_PIN)):
            with Line(pos.port) as line:
                line.send(message)
                assert line.receive() is not None
    assert caplog.text == ""


def test_no_pin_is_in_what_the_database_keeps(till: Till, line: Line, rows: Any) -> None:
    """Neither digits nor blocks of a PIN are in any row after a settlement."""
    charge = till.charge(100, RIGHT_PIN)
    line.ask(till, charge)
    kept = repr({t: r for t, r in rows().items() if t != "pin"})
    assert iso8583.decode(charge, SPEC)[0]["62"].lower() not in kept.lower()
    assert f'"{RIGHT_PIN}"' not in kept


def test_what_is_packed_is_unpacked() -> None:
    """Fields and sub-fields come back as they went in, with the MAC at the end, in 64 or behind the second bitmap."""
    fields = {"t": "0210", "39": "00", "48": put_together({"20": "9.3", "08": "1-2", "24": ""}), "63": "余额不足"}
    for more, place in (({}, "64"), ({"70": "001"}, "128")):
        raw = pack({**fields, **more}, lambda body: b"MACMACMA" + body)
        assert raw[-8:] == b"MACMACMA"
        unpacked = unpack(raw)
        assert unpacked.fault == ""
        assert unpacked.fields == {**fields, **more, place: b"MACMACMA".hex().upper()}
    assert taken_apart(fields["48"]) == {"20": "9.3", "08": "1-2"}


@pytest.mark.parametrize(
    "text", ["1", "2003", "20039.3x", "20 39.3", "200", "20009.3", "20-19.3", "²0039.3", "20019" * 2]
)
def test_sub_fields_that_do_not_fill_their_field_are_refused(text: str) -> None:
    """A length that is none, a text that breaks off, a tag that comes twice."""
    with pytest.raises(BadInput, match=r"^48: "):
        taken_apart(text)


def test_a_length_is_three_digits() -> None:
    """A length with a blank, a sign or a line between its digits is refused, though it reads as the same number."""
    raw = bytes(iso8583.encode({"t": "0800", "48": "0104" + "x" * 12, "64": "0" * 16}, SPEC)[0])
    assert unpack(raw).fault == ""
    for length in (b" 16", b"+16", b"1_6", b"16 "):
        assert unpack(raw.replace(b"016", length, 1)).fault == "48"


def test_a_misplaced_mac_is_refused() -> None:
    """The MAC is the last field: 64 with fields below, 128 behind a second bitmap, never both and never none."""
    for fields, fault in (
        ({"t": "0800", "11": "000001"}, "64"),
        ({"t": "0800", "70": "301", "64": "0" * 16}, "128"),
        ({"t": "0800", "70": "301", "64": "0" * 16, "128": "0" * 16}, "64"),
    ):
        assert unpack(bytes(iso8583.encode(fields, SPEC)[0])).fault == fault


def test_the_tables_hold_together() -> None:
    """Every field that a message may have is described, and every answer's type is its question's plus ten."""
    for kind in KINDS.values():
        assert (kind.needs | kind.may) <= set(FIELDS)
        assert not kind.needs & kind.may
        assert not kind.sub_needs & kind.sub_may
    assert set(ECHOED) <= set(FIELDS)
    assert all(int(answer) == int(asked) // 10 * 10 + 10 for asked, answer in ANSWER_OF.items())


def test_the_document_lists_every_field_code_and_ground() -> None:
    """docs/pos.md names each field and response code that there is, and beside each code its grounds."""
    text = (ROOT / "docs" / "pos.md").read_text(encoding="utf-8")
    for number in FIELDS:
        assert f"| {number} |" in text, number
    codes = {line[2:4]: line for line in text.partition("## Response codes")[2].splitlines() if line.startswith("| ")}
    assert set(codes) - {"39"} == {*OF_REFUSAL.values(), *OF_TROUBLE.values(), "00", "10", "05"}
    for ground, code in OF_REFUSAL.items():
        assert f"`{ground}`" in codes[code] or "stay" in ground, ground
    for trouble, code in OF_TROUBLE.items():
        assert f"`{trouble}`" in codes[code] or code == "96", trouble


def test_the_document_shows_a_message_that_is_right() -> None:
    """The bytes in docs/pos.md, under the key that is written there, are what a till packs; their length too."""
    text = (ROOT / "docs" / "pos.md").read_text(encoding="utf-8")
    key = re.search(r"key `([0-9a-f]{64})`", text)
    shown = re.search(r"```text\n([0-9a-f\n]+)```", text)
    assert key is not None
    assert shown is not None
    till = Till(NewTerminal("TILL0001", bytes.fromhex(key[1]), b""))
    raw = till.sign_in()
    assert bytes.fromhex(shown[1].replace("\n", "")) == raw
    assert f"`{len(raw):04x}`" in text


def test_a_handler_needs_no_socket(front: Front, house: House) -> None:
    """Bytes in, bytes out: what the fuzzing uses."""
    till = opened(house)
    reply = asyncio.run(Handler(front).answer(till.sign_in()))
    assert (reply.keep, Answer(reply.message, till.mac).code) == (True, "00")
