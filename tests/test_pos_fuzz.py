"""Damaged messages of POS terminals, thousands of them: none is a fault of the program, and none moves money.

Each run is the same run; POS_FUZZ_SEED says another. `make test-long` tries 200,000.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import iso8583
import psycopg
import pytest
from tests.conftest import RIGHT_PIN, WRONG_PIN, Database, put_dossier
from tests.till import AT, PHARMACY, Answer, Line, Till, holder, pos_served
from tests.webhouse import house_on

from shebaoka.app import House
from shebaoka.desk import open_counter
from shebaoka.pos import Handler
from shebaoka.pos.spec import FIELDS, MESSAGE_MAX, SPEC
from shebaoka.serving import front_of
from shebaoka.store import views
from shebaoka.web import Front

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
MESSAGES = 200_000 if LONG else 5_000
SIGNED = 6_000 if LONG else 300
OVER_A_SOCKET = 2_000 if LONG else 200
SEED = int(os.environ.get("POS_FUZZ_SEED", "8583"))
MONEY = ("account", "posting", "settlement", "undone", "cycle", "journal", "request_key")
Mutation = Callable[[random.Random, bytes, bytes], bytes]


class Opened:
    """A house that is served, with a till and messages that were right, once each."""

    def __init__(self, database: Database, house: House, front: Front) -> None:
        self.database, self.house, self.front = database, house, front
        self.handler = Handler(front)
        house.institutions.add(PHARMACY, "同仁药房", ("pharmacy",))
        self.till = till = Till(house.institutions.add_terminal("TILL0001", PHARMACY))
        self.ask = asyncio.Runner().run
        signed_in = self.answered(till.sign_in())
        self.cycle = signed_in.sub["11"]
        charge = till.charge(2850, RIGHT_PIN, _05="0", _07="0")
        self.right = [
            till.sign_in(),
            till.message("0800", {"70": "301", "37": "REF000000001"}),
            till.message("0800", {"70": "002"}, _11=self.cycle),
            charge,
            till.charge(100, WRONG_PIN),
            till.enquiry(RIGHT_PIN),
            till.cancel("7000001-2"),
            till.reversal(charge),
            till.again(till.reversal(charge), "0421"),
            self.totals(),
        ]

    def totals(self) -> bytes:
        """0500 of a day on which nothing came."""
        numbers = {n: "0" * FIELDS[n].size for n in ("74", "75", "76", "77", "86", "87", "88", "89")}
        parts = dict.fromkeys(("_05", "_06", "_07", "_35", "_36", "_37"), "0")
        return self.till.message("0500", {**numbers, "97": "D" + "0" * 16}, _11=self.cycle, **parts)

    def answered(self, raw: bytes) -> Answer:
        """The answer to a message that must get one."""
        return Answer(self.ask(self.handler.answer(raw)).message, self.till.mac)

    def money(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row that has to do with money, and every decision."""
        with psycopg.connect(self.database.owner) as owner:
            return {t: sorted(owner.execute(f"select * from {t}").fetchall(), key=repr) for t in MONEY}


@pytest.fixture
def open_(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A house with one holder and one till."""
    with house_on(database, tmp_path_factory.mktemp("pos"), AT) as house, open_counter(house.desk) as counter:
        put_dossier(database.owner, house.vault, 7_000_001, holder())
        yield Opened(database, house, front_of(house, counter))


# Damage ---------------------------------------------------------------------------------------------------------------


def _flip(chance: random.Random, raw: bytes, _: bytes) -> bytes:
    spoilt = bytearray(raw)
    for _n in range(chance.choice((1, 1, 2, 8))):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def _cut(chance: random.Random, raw: bytes, _: bytes) -> bytes:
    return raw[: chance.randrange(len(raw))]


def _cut_out(chance: random.Random, raw: bytes, _: bytes) -> bytes:
    at = chance.randrange(len(raw))
    return raw[:at] + raw[at + chance.randint(1, 12) :]


def _put_in(chance: random.Random, raw: bytes, _: bytes) -> bytes:
    at = chance.randrange(len(raw))
    return raw[:at] + chance.randbytes(chance.randint(1, 12)) + raw[at:]


def _overwrite(chance: random.Random, raw: bytes, _: bytes) -> bytes:
    at, size = chance.randrange(len(raw)), chance.randint(1, 16)
    other = bytes(chance.choices(b"0123456789 -+_AZaz\x00\xff", k=size))
    return raw[:at] + other + raw[at + size :]


def _bitmap(chance: random.Random, raw: bytes, _: bytes) -> bytes:
    return raw[:4] + chance.randbytes(8 if chance.random() < 0.5 else 16) + raw[20:]


def _spliced(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    return raw[: chance.randrange(len(raw))] + other[chance.randrange(len(other)) :]


def _random(chance: random.Random, _: bytes, __: bytes) -> bytes:
    return chance.randbytes(chance.randint(1, MESSAGE_MAX if chance.random() < 0.05 else 300))


def _fields_swapped(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """Two fields of a message trade places, or one comes from another message; packed again without a new MAC."""
    fields, others = iso8583.decode(raw, SPEC)[0], iso8583.decode(other, SPEC)[0]
    one, two = chance.sample([n for n in fields if n.isdigit() and n != "1"], 2)
    if chance.random() < 0.5 and one in others:
        fields[one] = others[one]
    else:
        fields[one], fields[two] = fields[two], fields[one]
    return _packed(fields) or _flip(chance, raw, other)


def _field_dropped(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    fields = iso8583.decode(raw, SPEC)[0]
    fields.pop(chance.choice([n for n in fields if n.isdigit() and n != "1"]))
    return _packed(fields) or _flip(chance, raw, other)


def _field_made_up(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    fields = iso8583.decode(raw, SPEC)[0]
    number = chance.choice([*FIELDS])
    size = FIELDS[number].size if FIELDS[number].digits == 0 else chance.randint(0, FIELDS[number].size)
    digits = "0123456789ABCDEF" if FIELDS[number].encoding == "b" else "0123456789 -CDX"
    fields[number] = "".join(chance.choices(digits, k=size * (2 if FIELDS[number].encoding == "b" else 1)))
    return _packed(fields) or _flip(chance, raw, other)


def _packed(fields: dict[str, str]) -> bytes:
    try:
        return bytes(iso8583.encode(fields, SPEC)[0])
    except iso8583.EncodeError:
        return b""


DAMAGE: tuple[Mutation, ...] = (
    *(_flip, _cut, _cut_out, _put_in, _overwrite, _bitmap, _spliced, _random),
    *(_fields_swapped, _field_dropped, _field_made_up),
)


def damaged(chance: random.Random, right: list[bytes]) -> bytes:
    """One of the right messages, no longer right."""
    while True:
        raw = chance.choice(right)
        spoilt = chance.choice(DAMAGE)(chance, raw, chance.choice(right))
        if spoilt and spoilt not in right:
            return spoilt


# What must hold -------------------------------------------------------------------------------------------------------


def test_no_damaged_message_moves_anything(open_: Opened) -> None:
    """Whatever is damaged is turned away: counted, answered without a MAC or not at all, and no row changes."""
    chance = random.Random(SEED)  # noqa: S311 - not for secrets
    before = open_.money()
    codes: Counter[str] = Counter()

    async def send() -> None:
        for _ in range(MESSAGES):
            reply = await open_.handler.answer(damaged(chance, open_.right))
            assert not reply.keep
            if reply.message:
                said = iso8583.decode(reply.message, SPEC)[0]
                assert not {"54", "63", "64", "128"} & set(said)
                codes[said["39"]] += 1

    open_.ask(send())
    assert set(codes) == {"30", "63"}
    assert open_.front.turned_away.total() == MESSAGES
    assert open_.money() == before


def test_a_signed_message_of_whatever_content_is_answered(open_: Opened) -> None:
    """With the right MAC any content gets an answer with a MAC; the books are whole, and hold what was answered."""
    chance = random.Random(SEED + 1)  # noqa: S311 - not for secrets
    till, settled, codes = open_.till, 0, Counter[str]()
    for n in range(SIGNED):
        raw = open_.right[n % len(open_.right)]
        if chance.random() < 0.3:
            # Under a number of its own, so that it is not only the repeat of another.
            was = iso8583.decode(raw, SPEC)[0]
            till.sent += 1
            raw = till.again(raw, was["t"], _11=f"{till.sent:06d}")
        if chance.random() < 0.8:
            raw = chance.choice(DAMAGE)(chance, raw, chance.choice(open_.right))
        body = raw[:-8]
        reply = open_.ask(open_.handler.answer(body + till.mac(body)[:8]))
        if not reply.message:
            continue
        answer = Answer(reply.message, till.mac)
        codes[answer.code] += 1
        assert answer.signed == reply.keep
        moved = answer.sub.get("21") in {"account_pays_its_part", "settlement_is_taken_back", "message_is_reversed"}
        settled += moved and answer.signed and "24" not in answer.sub
    assert {"00", "30", "55"} <= set(codes)
    assert open_.house.evening.check() == []
    # The holder came with money that no posting tells of.
    assert [balance - entries for _, balance, entries in open_.house.views.rows(views.BALANCES_OFF)] == [100_000]
    assert len(open_.money()["settlement"]) == settled


def test_nothing_that_is_sent_stops_the_server(open_: Opened) -> None:
    """Damaged messages and wrong lengths over TCP: each connection is ended, and a right message is still answered."""
    chance = random.Random(SEED + 2)  # noqa: S311 - not for secrets
    before = open_.money()
    with pos_served(open_.front, whole_s=5) as pos:
        for _ in range(OVER_A_SOCKET):
            raw = damaged(chance, open_.right)
            size = chance.choice((len(raw), len(raw), chance.randrange(1 << 16)))
            with Line(pos.port) as line:
                line.socket.sendall(size.to_bytes(2) + raw)
                line.socket.shutdown(1)
                while line.receive() is not None:
                    pass
        with Line(pos.port) as line:
            assert line.ask(open_.till, open_.right[1]).code == "00"
    assert open_.money() == before
