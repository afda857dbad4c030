"""Batches of cards for the maker: chosen, checked, frozen, approved, sent, and every card accounted for."""

import datetime as dt
import hashlib
import itertools
import json
import random
import re
from collections.abc import Iterator, Sequence

import msgspec
import psycopg
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.asking import ask
from tests.conftest import Database, StandingClock
from tests.webhouse import house_on

from shebaoka.app import House
from shebaoka.cli import main
from shebaoka.desk import CardBatch, Choice, Role, Staff
from shebaoka.desk.batchcheck import card_name_fits
from shebaoka.ethnicgroups import ethnic_group_of
from shebaoka.numbers import mask, with_check_digit
from shebaoka.portraits import Portrait
from shebaoka.records import (
    BadInput,
    BankAnswer,
    BatchFault,
    CancelReason,
    CardOrder,
    CardResult,
    Made,
    Material,
    NotAllowed,
    ResultFault,
    StoreDown,
    VaultTrouble,
)

MAKER, OTHER = Staff("zhou", Role.PRODUCTION, ""), Staff("qian", Role.PRODUCTION, "")
HEAD, CLERK = Staff("sun", Role.SUPERVISOR, "w1"), Staff("wang", Role.CLERK, "w1")
_fresh = itertools.count(1)
_drawn = random.Random(7)  # noqa: S311 - it draws pictures
REGIONS = itertools.count(140800)


@pytest.fixture(scope="module")
def house(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose clock stands."""
    shared_database.wipe()
    clock = StandingClock(dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC))
    with house_on(shared_database, tmp_path_factory.mktemp("batches"), clock) as house:
        yield house


@pytest.fixture
def owner(shared_database: Database) -> Iterator[psycopg.Connection[tuple]]:
    """The database's owner."""
    with psycopg.connect(shared_database.owner, autocommit=True) as connection:
        yield connection


@pytest.fixture
def region() -> str:
    """A county of the test's own, so that nobody else is chosen."""
    return str(next(REGIONS))


def applied(
    house: House,
    owner: psycopg.Connection[tuple],
    region: str,
    n: int = 1,
    *,
    photo: bytes | None = b"",
    name: str = "",
    **own: str,
) -> list[str]:
    """People who have applied for a card, with a photo that was moved over; the same one of all if it is given."""
    numbers, asks = [], []
    for _ in range(n):
        k = next(_fresh)
        who = with_check_digit(f"140702197{k // 300 % 10}{k // 30 % 9 + 1:02}{k % 28 + 1:02}{k % 1000:03}")
        numbers.append(who)
        asks += [
            ask("register_person", who, name=name or f"李{chr(0x4E00 + k)}", region=region),
            ask("apply_for_card", who, **({"ethnic_group": "01"} | own)),
        ]
    desk = house.desk()
    assert {r.answer.outcome for r in desk.submit(asks)} == {"accepted"}  # type: ignore[union-attr]
    desk.store.close()
    for who in numbers if photo is not None else ():
        image = photo or b"\xff\xd8\xff" + _drawn.randbytes(14_997)
        owner.execute(
            "insert into photo (person_id, format, width, height, digest, image, run, entry) "
            "select person_id, 'JPEG', 358, 441, sha256(%s), %s, 'r', 'e' from person_key where number = %s",
            [image, image, who],
        )
    return numbers


def frozen(house: House, region: str, batch: str = "") -> CardBatch:
    """A batch of a county, chosen, checked and frozen."""
    room, batch = house.batches, batch or f"B-{region}"
    room.choose(MAKER, batch, Choice(region=region))
    room.check(MAKER, batch)
    return room.freeze(MAKER, batch)


def sent(house: House, region: str, batch: str = "") -> tuple[CardBatch, list[CardOrder]]:
    """The same, approved and sent, with its orders."""
    found = frozen(house, region, batch)
    house.batches.approve(OTHER, found.id)
    orders = list(house.batches.orders(MAKER, found.id))
    house.batches.packed(MAKER, found.id, "package.sbk", len(orders))
    return house.batches.sent(MAKER, found.id), orders


def result(order: CardOrder, outcome: Made = Made.MADE, **other: object) -> CardResult:
    """What the maker says of an order."""
    row = {"row": order.line, "line": order.line, "card_number": order.card_number, "card_serial": order.card_serial}
    reason = "芯片不通" if outcome is Made.REJECTED else ""
    return msgspec.structs.replace(CardResult(**row, outcome=outcome, reason=reason), **other)  # type: ignore[arg-type]


def test_a_batch_goes_its_way_and_closes_by_itself(house: House, owner: psycopg.Connection[tuple], region: str) -> None:
    """Chosen, checked, frozen with numbers, approved, sent; made, rejected and missing add up; a reject is remade."""
    numbers = applied(house, owner, region, 5)
    room = house.batches
    found, orders = sent(house, region)
    assert (found.state, found.ordered, found.waiting) == ("sent", 5, 5)
    assert [o.line for o in orders] == [1, 2, 3, 4, 5]
    assert {o.number for o in orders} == set(numbers)
    assert {o.card_serial[:6] for o in orders} == {"140700"}
    first = orders[0]
    assert (first.card_category, first.spec_version, first.issuer[-6:]) == ("3", "2.00", "140700")
    assert (first.ethnic_group, first.birth_place, first.issued_on) == ("01", first.number[:6], dt.date(2013, 7, 1))
    assert len(first.photo) == 15_000

    taken = room.take_results(
        MAKER,
        found.id,
        [result(o, Made.REJECTED if o.line == 2 else Made.MADE, blank=f"k{region}{o.line}") for o in orders[:4]],
    )
    assert (taken.rows, taken.counts, taken.not_taken) == (4, {"made": 3, "rejected": 1, "stopped": 0}, 0)
    assert [c.line for c in room.missing(MAKER, found.id)] == [5]
    again = room.take_results(
        OTHER, found.id, [result(o, Made.REJECTED if o.line == 2 else Made.MADE) for o in orders[:4]]
    )
    assert (again.repeated, again.counts["made"], again.not_taken) == (4, 0, 0)
    assert room.get(MAKER, found.id).state == "sent"
    closed = room.give_up(MAKER, found.id, "寄丢了")
    assert closed.state == "closed"
    assert closed.cards == {"made": 3, "rejected": 1, "missing": 1}

    assert room.arrived(MAKER, found.id, [orders[0].card_serial]) == 1
    assert (room.arrived(MAKER, found.id), room.arrived(MAKER, found.id)) == (2, 0)
    assert room.get(MAKER, found.id).cards == {"ready": 3, "rejected": 1, "missing": 1}
    house.clock.move(days=100)  # type: ignore[attr-defined]
    with house_desk(house) as desk:
        assert desk.ask(ask("return_uncollected_card", orders[0].number)).answer.outcome == "accepted"
        assert desk.ask(ask("collect_card", orders[2].number)).answer.outcome == "accepted"
    house.clock.move(days=-100)  # type: ignore[attr-defined]
    assert room.get(MAKER, found.id).cards == {"ready": 1, "returned": 1, "collected": 1, "rejected": 1, "missing": 1}

    remade, new = sent(house, region, f"C-{region}")
    assert remade.ordered == 2
    assert {o.number for o in new} == {orders[1].number, orders[4].number}
    assert not {o.card_serial for o in new} & {o.card_serial for o in orders}
    (spoilt,) = room.cards(MAKER, found.id, states=["rejected"])
    assert (spoilt.remade_in, spoilt.reason, spoilt.blank) == (remade.id, "芯片不通", f"k{region}2")
    fees = owner.execute(
        "select fee_fen, remakes from application a join person_key k using (person_id) where number = %s",
        [spoilt.number],
    ).fetchall()
    assert fees == [(0, 1)]


def test_what_keeps_a_card_out_is_told_and_can_be_mended(
    house: House, owner: psycopg.Connection[tuple], region: str
) -> None:
    """Photo, name, duplicates, ethnic group, a card that is there: each by name, and the others go on."""
    one = _drawn.randbytes(15_000)
    good = applied(house, owner, region)[0]
    bare = applied(house, owner, region, photo=None)[0]
    twice = applied(house, owner, region, 2, photo=one)
    namesakes = applied(house, owner, region, name="王𠀀")
    long = applied(house, owner, region, name="阿" * 26)[0]
    private = applied(house, owner, region, name="王\ue000")[0]
    unsaid = applied(house, owner, region, ethnic_group="")[0]
    small = applied(house, owner, region, photo=b"x")[0]
    dead = applied(house, owner, region)[0]
    room, batch = house.batches, f"B-{region}"
    assert room.choose(MAKER, batch, Choice(region=region)).unchecked == 10
    owner.execute("update person set standing = 'dead' where number = %s", [dead])
    with pytest.raises(BadInput, match="check it first"):
        room.freeze(MAKER, batch)
    checked = room.check(MAKER, batch)
    assert checked.cards == {"chosen": 2, "held": 8}
    faults = {c.number: [f.fault for f in c.faults] for c in room.cards(MAKER, batch)}
    assert faults == {
        good: [],
        bare: [BatchFault.PHOTO_IS_MISSING],
        twice[0]: [],
        twice[1]: [BatchFault.PHOTO_IS_OF_ANOTHER_TOO],
        namesakes[0]: [BatchFault.NAME_HAS_A_RARE_CHARACTER],
        long: [BatchFault.NAME_IS_TOO_LONG],
        private: [BatchFault.NAME_CANNOT_BE_WRITTEN],
        unsaid: [BatchFault.ETHNIC_GROUP_IS_MISSING],
        small: [BatchFault.PHOTO_DOES_NOT_FIT],
        dead: [BatchFault.PERSON_HAS_DIED],
    }
    rare = next(c for c in room.cards(MAKER, batch) if c.number == namesakes[0])
    assert "U+20000" in rare.faults[0].about
    assert room.let_through(MAKER, batch, rare.n).cards["chosen"] == 3
    with house_desk(house) as desk:
        desk.ask(ask("amend_application", unsaid, ethnic_group="03"))
    assert room.check(MAKER, batch).cards["chosen"] == 4
    (by_hand,) = applied(house, owner, region)
    with house_desk(house) as desk:
        desk.ask(ask("put_in_batch", by_hand, batch=batch))
    assert room.astray(MAKER)[batch] == 1
    with pytest.raises(BadInput, match="nobody who waits"):
        room.choose(MAKER, f"D-{region}", Choice(region=region))
    done = room.freeze(MAKER, batch)
    assert done.cards == {"in_batch": 4, "left": 6}
    assert room.choose(MAKER, f"D-{region}", Choice(region=region)).cards == {"chosen": 5}


class house_desk:  # noqa: N801 - it reads as the function that it stands for
    """A desk of the house for a block."""

    def __init__(self, house: House) -> None:
        self.desk = house.desk()

    def __enter__(self):
        return self.desk

    def __exit__(self, *_: object) -> None:
        self.desk.store.close()


def test_another_person_approves_and_steps_come_in_order(
    house: House, owner: psycopg.Connection[tuple], region: str
) -> None:
    """Nobody approves what they chose or froze, the database holds it too; a step before its time is told by state."""
    applied(house, owner, region)
    room, found = house.batches, frozen(house, region)
    with pytest.raises(NotAllowed, match="another person"):
        room.approve(MAKER, found.id)
    with pytest.raises(psycopg.errors.CheckViolation, match="nobody_approves_their_own"):
        owner.execute("update card_batch set approved_by = frozen_by where id = %s", [found.id])
    for act in (room.orders, room.sent):
        with pytest.raises(BadInput, match="is frozen; this can be done while it is approved"):
            act(MAKER, found.id)
    with pytest.raises(BadInput, match="is frozen"):
        room.take_results(MAKER, found.id, [])
    for act in (room.freeze, room.orders, room.arrived):
        with pytest.raises(NotAllowed):
            act(HEAD, found.id)
    with pytest.raises(NotAllowed):
        room.latest(CLERK)
    assert room.approve(HEAD, found.id).approved_by == "sun"
    (latest,) = [b for b in room.latest(HEAD, ended_too=False) if b.id == found.id]
    assert (latest.lines, latest.cards) == (1, {"in_batch": 1})
    over = [b for b in room.latest(HEAD, ended_too=False) if b.state == "closed"]
    assert {(b.lines > 0, b.ordered) for b in over} <= {(True, 0)}


def test_a_withdrawn_batch_gives_its_cards_back_and_uses_no_number_twice(
    house: House, owner: psycopg.Connection[tuple], region: str
) -> None:
    """Before it is sent a batch can be withdrawn: its people are chosen again, under other numbers."""
    applied(house, owner, region, 2)
    room, found = house.batches, frozen(house, region)
    with pytest.raises(BadInput, match="say why"):
        room.withdraw(MAKER, found.id, " ")
    assert room.withdraw(MAKER, found.id, "选错了县").state == "withdrawn"
    assert room.get(MAKER, found.id).cards == {"withdrawn": 2}
    again = frozen(house, region, f"E-{region}")
    serials = {c.card_serial for b in (found, again) for c in room.cards(MAKER, b.id)}
    assert (again.waiting, len(serials)) == (2, 4)
    applied(house, owner, region)
    open_batch = room.choose(MAKER, f"F-{region}", Choice(region=region))
    assert room.withdraw(MAKER, open_batch.id, "不做了").cards == {"left": 1}


def test_each_bad_row_is_told_and_nothing_is_done_about_it(
    house: House, owner: psycopg.Connection[tuple], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice, not ordered, of another batch, another serial or number, a used blank, no reason: each by name."""
    applied(house, owner, region, 6)
    room = house.batches
    found, orders = sent(house, region)
    applied(house, owner, region)
    _, (other,) = sent(house, region, f"G-{region}")
    a, b, c, d, e, f = orders
    rows = [
        result(a, blank=f"b{region}"),
        result(a, Made.REJECTED),
        result(b, blank=f"b{region}"),
        result(c, card_serial=b.card_serial),
        result(d, card_number=b.card_number),
        result(e, Made.REJECTED, reason="  "),
        result(f, blank="x"),
        result(other, line=77),
        CardResult(9, 99, "Z99999999", "0" * 32, Made.MADE),
        CardResult(10, -(2**40), "Z99999999", "0" * 32, Made.MADE),
        result(c),
    ]
    rows = [msgspec.structs.replace(row, row=n) for n, row in enumerate(rows, 1)]

    def spent(staff: Staff, batch: str, blanks: Sequence[str]) -> dict[str, str]:
        assert (staff, batch) == (MAKER, found.id)
        return {"x": "unknown"} if "x" in blanks else {}

    monkeypatch.setattr(room, "spend_blanks", spent)
    taken = room.take_results(MAKER, found.id, iter(rows), "r.sbk")
    assert (taken.rows, taken.counts["made"], taken.not_taken) == (11, 2, 9)
    assert [(t.row, t.fault, t.about) for t in taken.faults if t.row != 8] == [
        (2, ResultFault.LINE_IS_THERE_TWICE, "1"),
        (3, ResultFault.BLANK_WAS_USED, f"b{region}"),
        (4, ResultFault.SERIAL_IS_ANOTHER, ""),
        (5, ResultFault.NUMBER_IS_ANOTHER, ""),
        (6, ResultFault.REASON_IS_MISSING, ""),
        (7, ResultFault.BLANK_IS_OUT_OF_RANGE, "x (unknown)"),
        (9, ResultFault.NOBODY_ORDERED_IT, ""),
        (10, ResultFault.NOBODY_ORDERED_IT, ""),
    ]
    assert [(t.fault, t.about) for t in taken.faults if t.row == 8] == [
        (ResultFault.BELONGS_TO_ANOTHER_BATCH, f"G-{region}")
    ]
    assert room.get(MAKER, found.id).cards == {"made": 2, "in_batch": 4}
    (event, _packed) = room.events(MAKER, found.id)
    assert (event.what, event.name, event.counts["not_taken"], len(event.faults)) == ("results", "r.sbk", 9, 9)
    otherwise = room.take_results(MAKER, found.id, [result(a, Made.REJECTED)])
    assert [t.fault for t in otherwise.faults] == [ResultFault.SAID_OTHERWISE_BEFORE]
    (dead,) = [c for c in room.cards(MAKER, found.id) if c.line == b.line]
    with house_desk(house) as desk:
        desk.ask(ask("cancel_card", dead.number, why=CancelReason.DEATH))
    stopped = room.take_results(MAKER, found.id, [result(o) for o in orders[1:]])
    assert stopped.counts == {"made": 3, "rejected": 0, "stopped": 1}
    assert [(t.fault, t.about) for t in stopped.faults] == [(ResultFault.MAKING_WAS_REFUSED, "person_has_died")]
    late = room.get(MAKER, found.id)
    assert (late.state, late.cards) == ("closed", {"made": 5, "stopped": 1})
    room.reject(MAKER, found.id, next(c.n for c in room.cards(MAKER, found.id) if c.line == f.line), "相片糊")
    assert room.get(MAKER, found.id).cards == {"made": 4, "stopped": 1, "rejected": 1}


def test_a_card_whose_account_the_bank_refused_waits_for_the_bank(
    house: House, owner: psycopg.Connection[tuple], region: str
) -> None:
    """5.3: the financial function is active from issue, so such a card is not ready until the account is opened."""
    applied(house, owner, region, 2)
    room = house.batches
    found, (a, b) = sent(house, region)
    room.take_results(MAKER, found.id, [result(a), result(b)])
    yes = BankAnswer(1, a.line, a.card_number, opened=True, account="6217001234567891234")
    no = BankAnswer(2, b.line, b.card_number, opened=False, reason="证件过期")
    assert room.take_bank_answers(MAKER, found.id, [yes, no]).counts == {"opened": 1, "refused": 1}
    assert room.take_bank_answers(MAKER, found.id, [yes]).repeated == 1
    assert room.arrived(MAKER, found.id) == 1
    (card, _) = room.cards(MAKER, found.id)
    assert (card.bank, card.bank_account) == ("opened", "1234")
    late = msgspec.structs.replace(no, opened=True, account="6217000000000009999")
    assert room.take_bank_answers(MAKER, found.id, [late]).counts["opened"] == 1
    assert room.arrived(MAKER, found.id) == 1
    back = msgspec.structs.replace(yes, opened=False, reason="x")
    assert [t.fault for t in room.take_bank_answers(MAKER, found.id, [back]).faults] == [
        ResultFault.SAID_OTHERWISE_BEFORE
    ]


def test_whoever_goes_on_after_a_stop_issues_nothing_twice(
    house: House, owner: psycopg.Connection[tuple], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in each tray of each step, before or after its commit, another person goes on, and all adds up."""
    applied(house, owner, region, 6)
    from shebaoka.desk import Desk, batches, batchresults, batchroom

    submit, stops = Desk.submit, iter(())

    def stopping(self: Desk, asks, *, dry_run: bool = False):
        stop = next(stops, "")
        if stop == "before":
            raise StoreDown("stopped")
        done = submit(self, asks, dry_run=dry_run)
        if stop == "after":
            raise StoreDown("stopped")
        return done

    for module in (batches, batchresults, batchroom):
        monkeypatch.setattr(module, "TRAY", 2, raising=False)
    monkeypatch.setattr(Desk, "submit", stopping)
    monkeypatch.setattr(batchresults, "AT_ONCE", 1)  # so that it is known which tray is stopped
    monkeypatch.setattr(batchroom.some_of, "__defaults__", (2,))
    room, batch = house.batches, f"B-{region}"
    room.choose(MAKER, batch, Choice(region=region))
    room.check(MAKER, batch)

    def stopped(act, *said) -> None:
        """Do it, stopped before, after and amid trays, by two in turn; then whole."""
        nonlocal stops
        for who, pattern in ((MAKER, ["before"]), (OTHER, ["after"]), (MAKER, ["before"]), (MAKER, ["", "before"])):
            stops = iter(pattern)
            with pytest.raises(StoreDown):
                act(who, batch, *said)
        stops = iter(())
        act(OTHER, batch, *said)

    stopped(room.freeze)
    assert room.get(MAKER, batch).cards == {"in_batch": 6}
    room.approve(HEAD, batch)
    orders = list(room.orders(MAKER, batch))
    assert [o.line for o in orders] == [1, 2, 3, 4, 5, 6]
    room.sent(MAKER, batch)
    stopped(room.take_results, [result(o, Made.REJECTED if o.line == 3 else Made.MADE) for o in orders])
    assert room.get(MAKER, batch).cards == {"made": 5, "rejected": 1}
    assert room.get(MAKER, batch).state == "closed"
    counted = owner.execute(
        "select service, outcome, count(*) from journal j join card_order o using (person_id) where o.batch = %s "
        "and service in ('put_in_batch', 'record_made', 'record_rejected') group by 1, 2 order by 1, 2",
        [batch],
    ).fetchall()
    assert counted == [
        ("put_in_batch", "accepted", 6),
        ("record_made", "accepted", 5),
        ("record_rejected", "accepted", 1),
    ]


def test_a_batch_is_chosen_by_employer_day_and_urgency(
    house: House, owner: psycopg.Connection[tuple], region: str
) -> None:
    """Each way of choosing takes whom it says, and nobody who is in another open batch."""
    room = house.batches
    one, two, three = applied(house, owner, region, 3)
    ids = dict(owner.execute("select number, person_id from person_key where number = any(%s)", [[one, two, three]]))
    owner.execute("update application set applied_on = '2013-06-01' where person_id = %s", [ids[one]])
    owner.execute("update person set in_hospital_since = '2013-06-30' where person_id = %s", [ids[two]])
    owner.execute(
        "insert into employer_list (id, employer, agent, shows, file_name, rows, added_by, place, added_at) "
        "values ('l00000000000000aa', '晋中纺织厂', '', '', '', 1, 'w', 'w1', now())"
    )
    owner.execute(
        "insert into employer_list_row (list, n, number, name, region, insured_on, collect_at, fault, verdict, "
        "asked_by, outcome, entry) "
        "values ('l00000000000000aa', 1, '', '', '', '', '', '', 'good', 'w', 'accepted', %s)",
        [f"{ids[three]}-2"],
    )
    by = {
        "early": Choice(region=region, until=dt.date(2013, 6, 30)),
        "urgent": Choice(region=region, urgent=True),
        "employer": Choice(region=region, employer="晋中纺织厂"),
    }
    found = {}
    for name, choice in by.items():
        room.choose(MAKER, f"{name}-{region}", choice)
        found[name] = [c.number for c in room.cards(MAKER, f"{name}-{region}")]
    assert found == {"early": [one], "urgent": [two], "employer": [three]}
    for bad in (Choice(limit=0), Choice(since=dt.date(2013, 7, 2), until=dt.date(2013, 7, 1))):
        with pytest.raises(BadInput):
            room.choose(MAKER, f"bad-{region}", bad)
    with pytest.raises(BadInput, match="there is a batch"):
        room.choose(OTHER, f"early-{region}", by["early"])
    assert room.choose(MAKER, f"early-{region}", by["early"]).cards == {"chosen": 1}
    assert room.next_id(MAKER) == "20130701-01"


def test_a_photo_goes_out_on_the_ground_of_the_journal_alone(
    house: House, owner: psycopg.Connection[tuple], region: str
) -> None:
    """A numbered card whose entry the journal lacks, or whose photo was changed, stops the package."""
    applied(house, owner, region)
    room, found = house.batches, frozen(house, region)
    room.approve(OTHER, found.id)
    owner.execute("update card_order set put_seq = 1 where batch = %s", [found.id])
    assert [fault for fault in room.verify() if found.id in fault] == [
        f"batch {found.id}, card 1: no entry of the journal has put it there."
    ]
    with pytest.raises(Exception, match="the journal does not say so"):
        list(room.orders(MAKER, found.id))
    owner.execute("update card_order set put_seq = 3 where batch = %s", [found.id])
    assert len(list(room.orders(MAKER, found.id))) == 1
    owner.execute("update photo set image = 'other' where entry = 'e'")
    with pytest.raises(Exception, match="not the one that was checked"):
        list(room.orders(MAKER, found.id))


def test_names_fit_by_bytes_and_no_character_is_cut() -> None:
    """30 bytes and 20 more: fifteen characters and ten, and a four-byte one goes over whole."""
    assert card_name_fits("阿" * 25)
    assert not card_name_fits("阿" * 26)
    assert card_name_fits("阿" * 14 + "𠀀" + "阿" * 8)
    assert not card_name_fits("阿" * 14 + "𠀀" + "阿" * 9)
    assert [ethnic_group_of(text) for text in ("汉", "回族", "維吾爾族", "HAN", "5", "97", "火星")] == [
        *("01", "03", "05", "01", "05", "97", None)
    ]


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(Made), st.sampled_from(("", "serial", "number"))), max_size=6
)


@settings(max_examples=20)
@given(files=st.lists(ROWS, max_size=3), ends=st.sampled_from(("", "give_up", "reject")))
def test_a_batchs_cards_always_add_up(
    house: House,
    shared_database: Database,
    files: list[list[tuple[int, Made, str]]],
    ends: str,
) -> None:
    """Whatever files come, and come again: made, rejected, missing and waiting are what was ordered.

    Each row that was sent is new, known, or not taken; no number or serial is there twice; the last card closes it.
    """
    room, region = house.batches, str(next(REGIONS))
    with psycopg.connect(shared_database.owner, autocommit=True) as owner:
        applied(house, owner, region, 4)
        found, orders = sent(house, region)
        for rows in (*files, *files):
            wrong = {"serial": {"card_serial": "0" * 32}, "number": {"card_number": "Z99999999"}, "": {}}
            said = [
                msgspec.structs.replace(result(orders[k], made, **wrong[w]), row=n)
                for n, (k, made, w) in enumerate(rows, 1)
            ]
            taken = room.take_results(MAKER, found.id, said)
            assert sum(taken.counts.values()) + taken.repeated + taken.not_taken == taken.rows == len(rows)
        cards = room.cards(MAKER, found.id)
        if ends == "give_up" and room.get(MAKER, found.id).state == "sent":
            room.give_up(MAKER, found.id, "没有收到")
        made = [card for card in cards if card.state == "made"]
        if ends == "reject" and made:
            room.reject(MAKER, found.id, made[0].n, "相片糊")
        batch = room.get(MAKER, found.id)
        assert batch.ordered == sum(batch.cards.values()) == 4
        assert (batch.state == "closed") == (batch.waiting == 0)
        making = owner.execute(
            "select o.state, a.making, o.card_number = a.card_number, o.card_serial = a.card_serial from card_order o "
            "join application a on a.person_id = o.person_id and a.n = o.application where o.batch = %s",
            [found.id],
        ).fetchall()
        assert all(same_number and same_serial for _, _, same_number, same_serial in making)
        assert all(stage == ("rejected" if state == "missing" else state) for state, stage, *_ in making)
        twice = owner.execute(
            "select count(*) - count(distinct card_number), count(*) - count(distinct card_serial) from card_order "
            "where card_number is not null"
        ).fetchall()
        assert twice == [(0, 0)]
        assert [fault for fault in room.verify() if found.id in fault] == []


def test_a_batch_at_the_command_line(
    house: House, shared_database: Database, owner: psycopg.Connection[tuple], region: str
) -> None:
    """Chosen, checked, frozen, listed and withdrawn by commands; faults in words with what to do, nobody in full."""
    (good, bad) = (*applied(house, owner, region), *applied(house, owner, region, photo=None))
    env = {
        "SHEBAOKA_HOME": str(house.settings.home),
        "SHEBAOKA_DATABASE_URL": shared_database.app,
        "SHEBAOKA_TOKEN": house.staff.add(f"lin-{region}", Role.PRODUCTION),
        "LC_ALL": "C.UTF-8",
    }

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["batch", *words], env=env)
        assert done.exit_code == code, done.output
        assert not re.search(f"{good}|{bad}", done.output)
        return done.output

    batch = f"L-{region}"
    assert "2 chosen" in run("choose", batch, "--region", region)
    told = run("check", batch, "--language", "en")
    assert "1 chosen, 1 held" in told
    assert "There is no photo. Let the window take in a photo" in " ".join(told.split())
    assert "1 in batch, 1 left" in run("freeze", batch)
    assert "another person does" in run("approve", batch, code=1)
    assert "batch_is_beyond" in run("check", batch, code=1)
    assert json.loads(run("show", batch, "--json"))["batch"]["state"] == "frozen"
    assert mask(good) in run("cards", batch, "--state", "in_batch")
    assert "say why" in run("withdraw", batch, "--reason", " ", code=1)
    assert "1 left, 1 withdrawn" in run("withdraw", batch, "--reason", "选错了")
    assert f"{batch}" in run("list")


def test_a_sealed_photo_is_opened_for_the_maker(house: House, owner: psycopg.Connection[tuple], region: str) -> None:
    """A photo from a window goes out as it was sealed, the newest one; one that was changed stops the package."""
    (who,) = applied(house, owner, region)
    ((person_id,),) = owner.execute("select person_id from person_key where number = %s", [who]).fetchall()
    for draft in ("d-1", "d-2"):
        house.clock.move(seconds=1)  # type: ignore[attr-defined]
        house.papers.add(CLERK, f"{draft}-{region}", Material.PHOTO, Portrait(grain=4).saved(), number=who)
        house.papers.attach(f"{draft}-{region}", person_id, f"{person_id}-2")
    house.clock.move(seconds=-2)  # type: ignore[attr-defined]
    room, found = house.batches, frozen(house, region)
    room.approve(OTHER, found.id)
    (order,) = room.orders(MAKER, found.id)
    kept = house.papers.photo_of(CLERK, person_id)
    assert kept is not None
    assert (order.photo, hashlib.sha256(order.photo).hexdigest()) == (kept.content, kept.digest)
    paper = owner.execute("select paper from card_order where batch = %s", [found.id]).fetchall()
    assert paper == [(kept.paper,)]
    owner.execute("update paper set sealed = sealed || 'x' where id = %s", [kept.paper])
    with pytest.raises(VaultTrouble):
        list(room.orders(MAKER, found.id))
