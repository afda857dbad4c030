"""Blank cards: where they are, that none is in two places or two cards, and what a count finds. Clauses 4.3, 9.1."""

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest

from asking import ask as asked
from cli_shell import OWN_PIN, Shell, open_shell
from conftest import OTHER_PIN, Database, StandingClock
from shebaoka.cli import stock as commands
from shebaoka.desk import KINDS, Desk, Role, Staff, Stock, open_counter
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    Ask,
    BadInput,
    BlankState,
    CardKind,
    NoBlank,
    NotAllowed,
    NotFound,
    PlaceKind,
    Receipt,
    Trouble,
)
from shebaoka.store import Store, Views
from test_every_database_call import HOWS, Line
from test_every_database_call import breaking as breaking

MAKING, AUDITOR = Staff("gao", Role.PRODUCTION, ""), Staff("shen", Role.AUDITOR, "")
CLERK, OTHER, SUPERVISOR = (
    Staff("li", Role.CLERK, "w1"),
    Staff("wang", Role.CLERK, "w2"),
    Staff("zhao", Role.SUPERVISOR, "w1"),
)
TEMPORARY = CardKind.TEMPORARY


class Windows:
    """A centre with blanks, two windows, people who may have a temporary card, and a desk."""

    def __init__(self, database: Database, desk: Desk, stock: Stock) -> None:
        self.database, self.desk, self.stock = database, desk, stock
        self._ids = itertools.count(1)

    def somebody(self) -> str:
        """Somebody who was just registered."""
        n = next(self._ids)
        number = with_check_digit(f"14070219900101{n:03d}")
        self.desk.ask(asked("register_person", number, f"r-{n}"))
        return number

    def request(self, blank: str = "", *, place: str = "w1", **own: Any) -> Ask:
        """A temporary card for somebody, with the blank that was scanned or none."""
        person, n = self.somebody(), next(self._ids)
        made = asked("apply_for_temporary_card", person, f"t-{n}", place=place, new_pin=OTHER_PIN, **own)
        return msgspec.structs.replace(made, blank=blank)

    def issued(self, blank: str = "", **own: Any) -> str:
        """A temporary card that was made; the blank that it used, empty for none."""
        receipt = self.desk.ask(self.request(blank, **own))
        assert receipt.answer.outcome == "accepted", receipt.answer
        move = self.stock.used_by(receipt.entry)
        assert move is None or move.card_number == receipt.answer.facts["card_number"]
        return move.first if move else ""

    def left(self, place: str = "w1") -> int:
        """How many blanks a place has by what is on file."""
        return next(level.in_stock for level in self.stock.levels(MAKING, place) if level.kind is TEMPORARY)


@pytest.fixture
def windows(database: Database, desk: Desk, views: Views, clock: StandingClock) -> Iterator[Windows]:
    """A hundred blanks in the centre, and four of them at the window w1; w2 was never given any."""
    with psycopg.connect(database.owner) as owner:
        for staff in (CLERK, OTHER):
            owner.execute(
                "insert into staff values (%s, %s, %s, null, %s)", [staff.name, staff.role, staff.place, clock.at]
            )
    stock = Stock(views, clock)
    stock.add_place(MAKING, "centre", PlaceKind.CENTRE, "晋中制卡中心")
    stock.receive(MAKING, "centre", TEMPORARY, "lk0001", " LK0100 ", "S-2013-7")
    stock.move(MAKING, "centre", "w1", TEMPORARY, "LK0011", "LK0014")
    house = Windows(database, desk, stock)
    yield house
    assert stock.check() == []


def test_blanks_come_and_move_by_ranges(windows: Windows) -> None:
    """A range is taken whole or not at all; each blank knows where it is and how it got there."""
    stock = windows.stock
    spans = [(r.first, r.last, r.cards) for r in stock.ranges(AUDITOR, "centre", TEMPORARY)]
    assert spans == [("LK0001", "LK0010", 10), ("LK0015", "LK0100", 86)]
    before = stock.moves(AUDITOR)
    for code, call in (
        ("stock_elsewhere", lambda: stock.receive(MAKING, "centre", TEMPORARY, "LK0100", "LK0101", "S-2")),
        ("stock_elsewhere", lambda: stock.move(MAKING, "centre", "w1", TEMPORARY, "LK0010", "LK0011")),
        ("stock_elsewhere", lambda: stock.move(MAKING, "centre", "w1", TEMPORARY, "LK0100", "LK0102")),
        ("stock_last", lambda: stock.receive(MAKING, "centre", TEMPORARY, "LK0200", "LK0199", "S-2")),
        ("stock_last", lambda: stock.receive(MAKING, "centre", TEMPORARY, "LK0200", "LL0201", "S-2")),
        ("stock_last", lambda: stock.receive(MAKING, "centre", TEMPORARY, "1", "9" * 18, "S-2")),
        ("stock_first", lambda: stock.receive(MAKING, "centre", TEMPORARY, "卡1", "卡2", "S-2")),
        ("stock_note", lambda: stock.receive(MAKING, "centre", TEMPORARY, "LK0200", "LK0201", "")),
        ("stock_code", lambda: stock.add_place(MAKING, "w1", PlaceKind.MAKER, "x")),
        ("not_found", lambda: stock.move(MAKING, "centre", "w9", TEMPORARY, "LK0001", "LK0002")),
        ("not_found", lambda: stock.move(MAKING, "w2", "centre", TEMPORARY, "LK0001", "LK0002")),
    ):
        with pytest.raises(Trouble) as told:
            call()
        assert told.value.code == code
    with pytest.raises(BadInput, match=r"taken: LK0011 \(temporary, in stock at w1\), LK0012 .* at w1\)\. Nothing"):
        stock.move(MAKING, "centre", "w1", TEMPORARY, "LK0010", "LK0012")
    with pytest.raises(BadInput, match="2 of them were never received"):
        stock.move(MAKING, "centre", "w1", TEMPORARY, "LK0100", "LK0102")
    with pytest.raises(BadInput, match=r"taken: LK0100 \(temporary, in stock at centre\)\. Nothing"):
        stock.receive(MAKING, "centre", TEMPORARY, "LK0100", "LK0101", "S-2")
    assert stock.moves(AUDITOR) == before
    blank, moved = stock.blank(CLERK, "lk0012")
    assert (blank.place, blank.state, [m.what for m in moved]) == ("w1", BlankState.IN_STOCK, ["moved", "received"])
    stock.receive(MAKING, "centre", TEMPORARY, "LK00010", "LK00099", "S-2")
    assert [r.cards for r in stock.ranges(AUDITOR, "centre", TEMPORARY)] == [10, 90, 86]
    assert windows.left("centre") == 186


def test_a_card_that_is_made_at_once_uses_a_blank(windows: Windows, clock: StandingClock) -> None:
    """The next one, or the one that was scanned; one request, one blank; a window without stock names none."""
    made = windows.request()
    first, again = windows.desk.ask(made), windows.desk.ask(msgspec.structs.replace(made, blank="LK0013"))
    assert (again.entry, again.repeated) == (first.entry, True)
    used = windows.stock.used_by(first.entry)
    assert used is not None
    assert (used.first, used.source, used.by, used.at, used.entry) == ("LK0011", "w1", "周", clock.at, first.entry)
    assert [windows.issued("LK0014"), windows.issued(), windows.left()] == ["LK0014", "LK0012", 1]
    assert windows.stock.blank(CLERK, "LK0014")[0].state is BlankState.USED
    assert [windows.issued(place="w2"), windows.issued(place="")] == ["", ""]
    refused = windows.desk.ask(windows.request(paid_fen=1))
    assert (refused.answer.outcome, windows.left()) == ("refused", 1)
    assert windows.desk.ask(windows.request(), dry_run=True).answer.outcome == "accepted"
    assert windows.issued() == "LK0013"


def test_a_replaced_temporary_card_uses_one_too(windows: Windows) -> None:
    """The card that is made in its place is another blank; a social security card that is replaced uses none here."""
    person = windows.somebody()
    steps = [
        asked("apply_for_temporary_card", person, "a-1", new_pin=OTHER_PIN),
        asked("report_loss", person, "a-2", card=TEMPORARY),
        asked("replace_card", person, "a-3", card=TEMPORARY, why="loss", paid_fen=1000, new_pin=OTHER_PIN),
    ]
    receipts = [windows.desk.ask(step) for step in steps]
    assert [r.answer.outcome for r in receipts] == ["accepted"] * 3
    used = [windows.stock.used_by(r.entry) for r in receipts]
    assert [move.first if move else "" for move in used] == ["LK0011", "", "LK0012"]


def test_without_a_blank_nothing_is_done(windows: Windows) -> None:
    """None left, one that is not here, one that was used: told, and neither card nor entry is there."""
    for _ in range(3):
        windows.issued()
    for blank, place in (("LK0012", "w1"), ("LK0020", "w1"), ("LK0014", "w2")):
        with pytest.raises(NoBlank, match="scanned"):
            windows.desk.ask(windows.request(blank, place=place))
    assert windows.issued() == "LK0014"
    made = windows.request()
    with pytest.raises(NoBlank, match="no blank card of this kind"):
        windows.desk.ask(made)
    with psycopg.connect(windows.database.owner) as owner:
        assert owner.execute(
            "select count(*) from request_key where request_id = %s", [made.request.id]
        ).fetchall() == [(0,)]
    windows.stock.move(MAKING, "centre", "w1", TEMPORARY, "LK0050", "LK0050")
    assert windows.desk.ask(made).answer.outcome == "accepted"
    for blank, said in (("卡", {}), ("LK0051", {"place": ""})):
        with pytest.raises(BadInput, match="blank: "):
            windows.desk.ask(windows.request(blank, **said))
    with pytest.raises(BadInput, match="blank: "):
        windows.desk.ask(msgspec.structs.replace(asked("report_loss", windows.somebody()), blank="LK0051"))


def test_a_tray_takes_as_trays_of_one_do(windows: Windows) -> None:
    """Two of a tray use two blanks in their order; where one has nothing left, the other is served all the same."""
    house = windows.desk
    first = house.submit([windows.request(), windows.request("LK0014"), windows.request()])
    used = [windows.stock.used_by(r.entry) for r in first if isinstance(r, Receipt)]
    assert [move.first for move in used if move] == ["LK0011", "LK0014", "LK0012"]
    with open_counter(lambda: Desk(Store(windows.database.app), house.vault, house.notices, house.clock)) as counter:
        several = [counter.submit([windows.request("LK0013")]), counter.submit([windows.request()])]
        outcomes = [f.exception() or f.result()[0] for f in several]
    assert sorted(type(o).__name__ for o in outcomes) == ["NoBlank", "Receipt"]
    assert windows.left() == 0
    windows.stock.move(MAKING, "centre", "w1", TEMPORARY, "LK0060", "LK0089")
    with contextlib.ExitStack() as stack:
        counters = [
            stack.enter_context(
                open_counter(lambda: Desk(Store(windows.database.app), house.vault, house.notices, house.clock))
            )
            for _ in range(2)
        ]
        asks = [windows.request() for _ in range(31)]
        waits = [counters[n % 2].submit([a]) for n, a in enumerate(asks)]
        done = [f.exception() or f.result()[0] for f in waits]
    assert sorted(type(o).__name__ for o in done) == ["NoBlank", *["Receipt"] * 30]
    moves = [windows.stock.used_by(o.entry) for o in done if isinstance(o, Receipt)]
    assert len({m.first for m in moves if m}) == 30


@pytest.mark.parametrize("how", HOWS)
def test_a_save_that_breaks_anywhere_uses_one_blank(windows: Windows, breaking: Line, how: str) -> None:
    """At each of its calls the line dies or the server says no: sent again, one blank is used."""
    windows.stock.move(MAKING, "centre", "w1", TEMPORARY, "LK0015", "LK0090")
    with Store(windows.database.app) as store:
        house = windows.desk
        desk = Desk(store, house.vault, house.notices, house.clock)
        desk.ask(windows.request())
        breaking.reset()
        desk.ask(windows.request())
        calls, left = breaking.calls, windows.left()
        for call in range(1, calls + 1):
            made = windows.request()
            breaking.reset(call, how, breaks=2)
            with contextlib.suppress(Trouble):
                desk.ask(made)
            breaking.reset()
            assert desk.ask(made).answer.outcome == "accepted"
        assert windows.left() == left - calls


def test_a_count_holds_what_must_be_there(windows: Windows, clock: StandingClock) -> None:
    """What came, went, was used, spoilt and missed comes to what must be there; a difference says why.

    Both that and movements that nobody has counted yet are shown.
    """
    stock = windows.stock
    windows.issued()
    assert stock.levels(CLERK, "w1")[0].uncounted == 2
    stock.spoil(CLERK, "LK0012", "写卡失败")
    assert stock.spoil(CLERK, "LK0012", "again").state is BlankState.SPOILT
    with pytest.raises(BadInput, match="off; say why") as told:
        stock.count(CLERK, "w1", TEMPORARY, 1)
    assert told.value.code == "stock_difference"
    first = stock.count(CLERK, "w1", TEMPORARY, 1, reason="找过了，没有", n=1)
    assert (first.opening, first.came_in, first.used, first.spoilt, first.expected, first.off) == (0, 4, 1, 1, 2, -1)
    assert stock.count(CLERK, "w1", TEMPORARY, 1, reason="找过了，没有", n=1) == first
    with pytest.raises(BadInput, match="counted meanwhile"):
        stock.count(SUPERVISOR, "w1", TEMPORARY, 2, n=1)
    clock.move(days=1)
    second = stock.count(SUPERVISOR, "w1", TEMPORARY, 1, missing=["lk0014"], reason="确认丢失一张")
    assert (second.n, second.opening, second.missing, second.expected, second.off) == (2, 2, 1, 1, 0)
    assert stock.find(CLERK, "LK0014", "在抽屉后面").state is BlankState.IN_STOCK
    with pytest.raises(BadInput, match="used at w1"):
        stock.find(CLERK, "LK0011", "x")
    assert stock.levels(CLERK, "w1")[0].uncounted == 1
    third = stock.count(CLERK, "w1", TEMPORARY, 2)
    assert (third.opening, third.found, third.expected) == (1, 1, 2)
    (level,) = stock.levels(CLERK, "w1")
    assert (level.off, level.spoilt, level.missing, level.next, level.uncounted) == (0, 1, 0, "LK0013", 0)
    assert level.counted_at == clock.at
    with psycopg.connect(windows.database.owner) as owner:
        owner.execute("update blank set state = 'missing' where number = 'LK0013'")
    assert stock.check() == ["stock w1 temporary: its moves do not come to its blanks."]
    with psycopg.connect(windows.database.owner) as owner:
        owner.execute("update blank set state = 'in_stock' where number = 'LK0013'")


def test_a_maker_uses_up_what_it_has(windows: Windows) -> None:
    """A batch's blanks are used once, by ranges; one that the maker has not keeps all from being used."""
    stock, kind = windows.stock, CardKind.SOCIAL_SECURITY
    assert stock.spend(MAKING, "maker-1", kind, ["M01"], "B-1") == {}
    stock.add_place(MAKING, "maker-1", PlaceKind.MAKER, "太行卡厂")
    stock.receive(MAKING, "maker-1", kind, "M01", "M50", "S-9")
    numbers = [f"M{n:02d}" for n in (1, 2, 3, 7, 8)]
    assert stock.spend(MAKING, "maker-1", kind, [*numbers, "M51", "LK0011"], "B-1") == {
        "M51": "unknown",
        "LK0011": "in_stock at w1",
    }
    assert stock.spend(MAKING, "maker-1", kind, numbers, "B-1") == {}
    assert stock.spend(MAKING, "maker-1", kind, [*numbers, "M09"], "B-1") == {}
    assert stock.spend(MAKING, "maker-1", kind, ["M03"], "B-2") == {"M03": "used at maker-1"}
    spans = [(m.first, m.last, m.cards, m.note) for m in stock.moves(MAKING, "maker-1") if m.what == "used"]
    assert spans == [("M09", "M09", 1, "B-1"), ("M07", "M08", 2, "B-1"), ("M01", "M03", 3, "B-1")]
    assert stock.count(MAKING, "maker-1", kind, 44).used == 6


def test_whose_stock_it_is(windows: Windows) -> None:
    """A clerk sees, spoils and counts at the own window alone; who audits sees all and changes nothing."""
    stock = windows.stock
    for call in (
        lambda: stock.levels(OTHER, "w1"),
        lambda: stock.levels(CLERK),
        lambda: stock.blank(OTHER, "LK0011"),
        lambda: stock.count(OTHER, "w1", TEMPORARY, 4),
        lambda: stock.count(AUDITOR, "w1", TEMPORARY, 4),
        lambda: stock.spoil(CLERK, "LK0001", "x"),
        lambda: stock.receive(CLERK, "w1", TEMPORARY, "A1", "A2", "S"),
        lambda: stock.move(SUPERVISOR, "w1", "centre", TEMPORARY, "LK0011", "LK0011"),
        lambda: stock.spend(CLERK, "w1", TEMPORARY, ["LK0011"], "B"),
    ):
        with pytest.raises(NotAllowed):
            call()
    assert [p.code for p in stock.places(AUDITOR)] == ["centre", "w1"]
    with pytest.raises(NotFound):
        stock.blank(MAKING, "LK9999")


@pytest.fixture(scope="module")
def shell(server: str) -> Iterator[Shell]:
    """A home of this module's own."""
    with open_shell(server) as shell:
        yield shell


def test_stock_at_the_command_line(shell: Shell) -> None:
    """Places, ranges, a card from a blank, a count that is off, and what is refused, as people type it."""
    assert tuple(map(str, KINDS)) == commands.KINDS
    shell.ok("stock", "add-place", "centre", "--kind", "centre", "--name", "晋中制卡中心", by="production")
    said = shell.ok("stock", "receive", "centre", "A001", "A020", "--note", "S-1", by="production")
    assert "received: 20 blanks, A001 to A020, centre" in said
    shell.ok("stock", "move", "centre", "w1", "A001", "A003", by="production")
    number = shell.somebody()
    apply = ["temporary", "apply", number, "--shows-all", "--blank", "a002", "--pins-stdin"]
    shell.ok(*apply, stdin=f"\n{OWN_PIN}\n")
    assert "social" not in shell.ok("stock", "blank", "A002")
    assert "A002: temporary, used, at w1" in shell.ok("stock", "blank", "A002")
    shell.ok("stock", "spoil", "A001", "--reason", "折断")
    off = shell.run("stock", "count", "w1", "0", by="clerk")
    assert (off.exit_code, "[stock_difference]" in off.stderr) == (1, True)
    assert ": 0 must be" in shell.ok("stock", "count", "w1", "0", "--missing", "A003", "--reason", "找不到")
    shell.ok("stock", "found", "A003", "--reason", "找到了")
    assert "+1" not in shell.ok("stock", "show", "w1")
    assert "A003" in shell.ok("stock", "list", "--place", "w1")
    assert [m["what"] for m in shell.answer("stock", "moves", "--place", "w1")["moves"]][:2] == ["found", "missing"]
    assert "0 faults" in shell.ok("stock", "check", by="")
    other = shell.run(
        "temporary",
        "apply",
        shell.somebody(),
        "--shows-all",
        "--blank",
        "A009",
        "--pins-stdin",
        by="clerk",
        stdin=f"\n{OWN_PIN}\n",
    )
    assert (other.exit_code, "[no_blank_card]" in other.stderr) == (1, True)
