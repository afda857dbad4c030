"""Money at the window: receipts with their decisions, numbers without gaps, void and refund, sheets that are closed."""

import contextlib
import datetime as dt
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import psycopg
import pytest

from asking import ask as asked
from conftest import Database, StandingClock, put_dossier
from moneyhouse import dossier_of
from shebaoka.desk import Desk, Role, Staff, Till, open_counter
from shebaoka.notice import Notices
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    Ask,
    BadInput,
    FeeReceipt,
    Means,
    NotAllowed,
    NotFound,
    PaymentUsed,
    Receipt,
    ReceiptPlace,
    RequestIdUsed,
    Tender,
    Trouble,
)
from shebaoka.store import Store, Views
from shebaoka.vault import SoftwareVault
from test_every_database_call import HOWS, Line
from test_every_database_call import breaking as breaking

CLERK, OTHER = Staff("li", Role.CLERK, "w1"), Staff("wang", Role.CLERK, "w2")
CASHIER, SUPERVISOR = Staff("qian", Role.CASHIER, "w1"), Staff("zhao", Role.SUPERVISOR, "w2")
AUDITOR, OPERATOR = Staff("shen", Role.AUDITOR, ""), Staff("hua", Role.OPERATOR, "")
FEE_FEN = 28_00
CASH = Tender(Means.CASH)


def code(n: int) -> Tender:
    """The n-th scanned payment."""
    return Tender(Means.CODE, f"4200001{n:08d}")


class Window:
    """People who each have a card that is damaged, a desk at which it is replaced, and the tills."""

    def __init__(self, database: Database, vault: SoftwareVault, desk: Desk, till: Till) -> None:
        self.database, self.desk, self.till = database, desk, till
        self._vault = vault
        self._ids = itertools.count(1)

    def somebody(self) -> str:
        """The number of a new person with a card in use."""
        n = next(self._ids)
        number = with_check_digit(f"14070219800101{n:03d}")
        dossier = dossier_of(number, 1)

        put_dossier(self.database.owner, self._vault, 7_000_000 + n, dossier)
        return number

    def request(self, tender: Tender | None, *, place: str = "w1", person: str = "", **own: Any) -> Ask:
        """A replacement for its fee, paid as said."""
        said = {"why": "damage", "paid_fen": FEE_FEN, **own}
        made = asked("replace_card", person or self.somebody(), f"r-{next(self._ids)}", place=place, **said)
        return msgspec.structs.replace(made, tender=tender, sender=msgspec.structs.replace(made.sender, by="li"))

    def replaced(self, tender: Tender | None = CASH, **said: Any) -> Receipt:
        """A replacement that was decided."""
        receipt = self.desk.ask(self.request(tender, **said))
        assert receipt.answer.outcome == "accepted", receipt.answer
        return receipt

    def paid(self, tender: Tender = CASH, **said: Any) -> FeeReceipt:
        """The receipt that came with a decision."""
        found = self.till.receipt_of(CLERK, self.replaced(tender, **said).entry)
        assert found is not None
        return found

    def withdrawn(self, person: str, place: str = "w1") -> Receipt:
        """An application that was taken back, and its fee with it."""
        receipt = self.desk.ask(asked("withdraw_application", person, f"r-{next(self._ids)}", place=place))
        assert receipt.answer.next == ("refund_the_fee",)
        return receipt


@pytest.fixture
def window(
    database: Database, vault: SoftwareVault, desk: Desk, views: Views, clock: StandingClock
) -> Iterator[Window]:
    """Two windows with clerks, where nothing was paid yet."""
    with psycopg.connect(database.owner) as owner:
        for staff in (CLERK, OTHER):
            owner.execute(
                "insert into staff values (%s, %s, %s, null, %s)", [staff.name, staff.role, staff.place, clock.at]
            )
    house = Window(database, vault, desk, Till(views, desk.notices.zone, clock))
    yield house
    assert house.till.check() == []


def test_a_receipt_is_written_with_its_decision(window: Window, clock: StandingClock) -> None:
    """One ask makes the entry, the fee and the receipt, which says who, what, by which clause, how, and the change."""
    tender = Tender(Means.CASH, handed_over_fen=30_00)
    decided = window.replaced(tender)
    receipt = window.till.receipt_of(CLERK, decided.entry)
    assert receipt is not None
    assert (receipt.number, receipt.entry, receipt.sheet) == ("w1-2013-000001", decided.entry, 1)
    assert (receipt.service, receipt.clause, receipt.amount_fen) == ("replace_card.damage", "6.2", FEE_FEN)
    assert (receipt.means, receipt.change_fen, receipt.by, receipt.payer) == (Means.CASH, 2_00, "li", "王*")
    assert (receipt.on, receipt.at) == (dt.date(2013, 7, 1), clock.at)
    assert window.till.owed(CLERK, "w1") == []
    sheet = window.till.sheet(CLERK, "w1")
    assert (sheet.expected_fen, sheet.takings.fees, sheet.takings.total_fen) == (FEE_FEN, 1, FEE_FEN)


def test_an_ask_sent_again_has_one_receipt(window: Window) -> None:
    """A double click gets the first answer and no second number; the same id paid otherwise is other content."""
    first = window.request(CASH)
    one, again = window.desk.ask(first), window.desk.ask(first)
    assert (again.entry, again.repeated) == (one.entry, True)
    assert window.paid().place.number == 2
    with pytest.raises(RequestIdUsed):
        window.desk.ask(msgspec.structs.replace(first, tender=code(1)))


def test_a_no_takes_nothing(window: Window) -> None:
    """A refusal, a dry run, and a payment that cannot be so leave no fee, no receipt and no number."""
    assert window.desk.ask(window.request(CASH, paid_fen=1)).answer.ground == "replacement_fee_must_be_paid"
    assert window.desk.ask(window.request(CASH), dry_run=True).answer.outcome == "accepted"
    for tender, said in (
        (Tender(Means.CODE), {}),
        (Tender(Means.CODE, "1", handed_over_fen=1), {}),
        (Tender(Means.CASH, "1"), {}),
        (Tender(Means.CASH, handed_over_fen=FEE_FEN - 1), {}),
        (CASH, {"paid_fen": 0}),
        (CASH, {"place": ""}),
    ):
        with pytest.raises(BadInput) as caught:
            window.desk.ask(window.request(tender, **said))
        assert caught.value.field in str(caught.value)
    assert window.till.owed(AUDITOR) == []
    assert window.paid().place.number == 1


def test_a_fee_without_a_receipt_is_owed_one(window: Window) -> None:
    """A program that does not say how it was paid leaves a fee that waits; its receipt is written once."""
    entry = window.replaced(None).entry
    (owed,) = window.till.owed(CLERK, "w1")
    assert (owed.entry, owed.window, owed.amount_fen, owed.payer) == (entry, "w1", FEE_FEN, "王*")
    with pytest.raises(BadInput, match="reference"):
        window.till.receive(CLERK, entry, Tender(Means.CODE))
    receipt = window.till.receive(OTHER, entry, code(1))
    assert (receipt.number, receipt.entry) == ("w2-2013-000001", entry)
    assert window.till.receive(CLERK, entry, CASH) == receipt
    assert window.till.owed(CLERK, "w1") == []
    with pytest.raises(NotFound):
        window.till.receive(CLERK, "7000001-99", CASH)
    with pytest.raises(BadInput, match="entry"):
        window.till.receive(CLERK, "seven", CASH)


def test_a_scanned_payment_pays_once(window: Window) -> None:
    """The same payment number a second time is told as used, in a tray of one and beside others, who are served."""
    window.replaced(code(1))
    with pytest.raises(PaymentUsed):
        window.replaced(code(1))
    with pytest.raises(PaymentUsed):
        window.till.receive(CLERK, window.replaced(None).entry, code(1))
    house = window.desk
    with open_counter(lambda: Desk(Store(window.database.app), house.vault, house.notices, house.clock)) as counter:
        several = [counter.submit([window.request(code(n))]) for n in (2, 2, 3)]
        outcomes = [f.exception() or f.result()[0] for f in several]
    assert [type(o) for o in outcomes] == [Receipt, PaymentUsed, Receipt]


def test_a_void_receipt_keeps_its_number(window: Window) -> None:
    """Its fee is owed a receipt again, which has the next number; void twice is void once."""
    first = window.paid()
    void = window.till.void(CASHIER, first.place, "收款方式选错")
    assert (void.number, void.is_void, void.voided_by, void.void_reason) == (first.number, True, "qian", "收款方式选错")
    assert window.till.void(SUPERVISOR, first.place, "again") == void
    assert [o.entry for o in window.till.owed(CLERK, "w1")] == [first.entry]
    assert window.till.sheet(CLERK, "w1").expected_fen == 0
    right = window.till.receive(CLERK, first.entry, code(1))
    assert right.place.number == 2
    assert window.till.receipt_of(CLERK, first.entry) == right
    assert window.till.sheet(CLERK, "w1").takings == msgspec.structs.replace(
        window.till.sheet(CLERK, "w1").takings, fees=1, voids=1, code_in_fen=FEE_FEN, cash_in_fen=0
    )


def test_who_took_a_fee_does_not_void_it(window: Window) -> None:
    """It takes the right, somebody else, a reason, an open sheet, and a receipt that was not paid back."""
    place = window.paid().place
    with pytest.raises(NotAllowed, match="cashier or supervisor"):
        window.till.void(CLERK, place, "because")
    for refused in (window.till.void, lambda *said: window.till.refund(said[0], said[1], CASH, said[2])):
        with pytest.raises(NotAllowed) as caught:
            refused(Staff("li", Role.SUPERVISOR, "w1"), place, "because")
        assert caught.value.code == "till_own"
        with pytest.raises(BadInput, match="reason"):
            refused(CASHIER, place, " ")
    with pytest.raises(NotFound):
        window.till.void(CASHIER, ReceiptPlace("w1", 2013, 9), "because")
    window.till.close(CASHIER, "w1", 1, FEE_FEN)
    with pytest.raises(BadInput) as closed:
        window.till.void(CASHIER, place, "because")
    assert closed.value.code == "till_sheet_closed"


def test_a_refund_is_a_receipt_that_names_the_first(window: Window) -> None:
    """It has a number of its own at the window that pays, the amount below zero and a reason; and there is one."""
    first = window.paid()
    with pytest.raises(BadInput) as short:
        window.till.refund(SUPERVISOR, first.place, CASH, "多收")
    assert short.value.code == "till_short"  # w2 has no cash
    refund = window.till.refund(SUPERVISOR, first.place, code(7), "多收")
    assert (refund.number, refund.amount_fen, refund.refund_of) == ("w2-2013-000001", -FEE_FEN, first.place)
    assert (refund.entry, refund.reason) == ("", "多收")
    assert window.till.refund(SUPERVISOR, first.place, code(7), "多收") == refund
    for refused in (window.till.void, lambda *said: window.till.refund(said[0], said[1], CASH, said[2])):
        with pytest.raises(BadInput) as caught:
            refused(CASHIER, first.place, "again")
        assert caught.value.code == "till_refunded"
    found = window.till.receipt(CLERK, first.place)
    assert (found.refunded_by, found.is_void) == (refund.place, False)
    with pytest.raises(BadInput) as caught:
        window.till.refund(CASHIER, refund.place, CASH, "back")
    assert caught.value.code == "till_void"
    window.till.void(CASHIER, refund.place, "不该退")
    assert window.till.receipt(CLERK, first.place).refunded_by is None
    assert window.till.refund(CASHIER, first.place, CASH, "还是该退").number == "w1-2013-000002"


def test_a_withdrawn_application_gives_its_fee_back(window: Window) -> None:
    """The decision is the reason: whoever serves pays back, once; the receipt names it and the first."""
    person = window.somebody()
    first = window.paid(person=person)
    entry = window.withdrawn(person, place="w2").entry
    (owed,) = window.till.owed(OTHER, "w2")
    assert (owed.entry, owed.amount_fen, owed.service) == (entry, -FEE_FEN, "withdraw_application")
    with pytest.raises(BadInput) as caught:
        window.till.receive(OTHER, entry, CASH)
    assert caught.value.code == "till_goes_back"
    with pytest.raises(BadInput, match="handed_over_fen"):
        window.till.give_back(CLERK, entry, Tender(Means.CASH, handed_over_fen=1))
    back = window.till.give_back(CLERK, entry, CASH)
    assert (back.amount_fen, back.refund_of, back.entry, back.reason) == (
        *(-FEE_FEN, first.place, entry),
        "withdraw_application",
    )
    assert window.till.give_back(OTHER, entry, CASH) == back
    assert window.till.owed(AUDITOR) == []
    assert window.till.sheet(CLERK, "w1").expected_fen == 0


def test_a_fee_that_was_never_paid_does_not_go_back(window: Window) -> None:
    """Withdrawn before it had a receipt, it is owed by nobody on either side; nor does one go back twice."""
    person = window.somebody()
    unpaid = window.replaced(None, person=person)
    back = window.withdrawn(person)
    assert window.till.owed(AUDITOR) == []
    for pay, entry in ((window.till.receive, unpaid.entry), (window.till.give_back, back.entry)):
        with pytest.raises(NotFound):
            pay(CLERK, entry, CASH)
    other = window.somebody()
    window.till.refund(CASHIER, window.paid(code(1), person=other).place, code(2), "多收")
    again = window.withdrawn(other)
    assert window.till.owed(AUDITOR) == []
    with pytest.raises(NotFound):
        window.till.give_back(CLERK, again.entry, CASH)


def test_a_sheet_is_closed_by_its_count(window: Window, clock: StandingClock) -> None:
    """A difference needs a reason; what is left opens the next sheet; the closed one stays as it is, sent again too."""
    till = window.till
    till.put_in(CASHIER, "w1", 100_00, "备用金", n=1)
    assert till.put_in(CASHIER, "w1", 100_00, "备用金", n=1).float_fen == 100_00
    with pytest.raises(BadInput) as changed:
        till.put_in(CASHIER, "w1", 50_00, "备用金", n=1)
    assert changed.value.code == "till_changed"
    window.paid()
    window.paid(code(1))
    till.put_in(CASHIER, "w1", -20_00, "送银行")
    assert till.sheet(CLERK, "w1").expected_fen == 100_00 + FEE_FEN - 20_00
    for counted_fen, left_fen, reason, pieces, problem in (
        (107_00, None, "", {}, "till_difference"),
        (107_00, None, "two\nlines", {}, "till_reason"),
        (108_00, None, "", {10000: 1, 500: 1}, "till_pieces"),
        (108_00, None, "", {300: 36}, "bad_input"),
        (108_00, 109_00, "", {}, "bad_input"),
        (-1, None, "", {}, "bad_input"),
    ):
        with pytest.raises(BadInput) as caught:
            till.close(CASHIER, "w1", 1, counted_fen, left_fen=left_fen, reason=reason, pieces=pieces)
        assert caught.value.code == problem
    pieces = {10000: 1, 500: 1, 200: 1, 100: 0}
    closed = till.close(CASHIER, "w1", 1, 107_00, left_fen=80_00, reason="少一元，未找到", pieces=pieces)
    assert closed.closing is not None
    assert (closed.difference_fen, closed.closing.handed_in_fen) == (-1_00, 27_00)
    assert closed.closing.pieces == {10000: 1, 500: 1, 200: 1}
    assert till.close(CASHIER, "w1", 1, 107_00, left_fen=80_00) == closed
    with pytest.raises(BadInput) as again:
        till.close(CASHIER, "w1", 1, 108_00)
    assert again.value.code == "till_sheet_closed"
    clock.move(hours=20)
    assert window.paid().sheet == 2
    assert till.sheet(CLERK, "w1").expected_fen == 80_00 + FEE_FEN
    assert till.sheet(CLERK, "w1", 1) == closed == till.sheets(CLERK, "w1")[0]
    assert [m.amount_fen for m in till.floats(AUDITOR, "w1", 1)] == [100_00, -20_00]
    with pytest.raises(NotFound):
        till.sheet(CLERK, "w1", 3)


def test_nobody_closes_over_their_own_receipts(window: Window) -> None:
    """Nor over a fee that has no receipt, nor a window that there is not; clerks close nothing at all."""
    window.paid()
    with pytest.raises(NotAllowed) as own:
        window.till.close(Staff("li", Role.CASHIER, "w1"), "w1", 1, FEE_FEN)
    assert own.value.code == "till_own"
    with pytest.raises(NotAllowed, match="cashier or supervisor"):
        window.till.close(OTHER, "w1", 1, FEE_FEN)
    entry = window.replaced(None).entry
    with pytest.raises(BadInput, match=entry) as owed:
        window.till.close(CASHIER, "w1", 1, FEE_FEN)
    assert owed.value.code == "till_owed"
    for sheet, name in ((2, "w1"), (0, "w1"), (1, "w9")):
        with pytest.raises(NotFound):
            window.till.close(CASHIER, name, sheet, 0)
    window.till.receive(CLERK, entry, code(1))
    assert window.till.close(CASHIER, "w1", 1, FEE_FEN).difference_fen == 0
    assert window.till.close(CASHIER, "w2", 1, 0).takings.total_fen == 0


def test_who_sees_which_till(window: Window) -> None:
    """Clerks see their own window's, who closes and who audits all; others none, and nobody a window that is none."""
    place = window.paid().place
    till = window.till
    assert (till.windows(CLERK), till.windows(AUDITOR)) == (["w1"], ["w1", "w2"])
    assert till.receipts(CLERK, "w1", 1) == till.receipts(AUDITOR, "w1", 1) == [till.receipt(SUPERVISOR, place)]
    (day,) = till.day(AUDITOR, dt.date(2013, 7, 1))
    assert (day.window, day.takings.cash_in_fen) == ("w1", FEE_FEN)
    for look in (
        lambda staff: till.sheet(staff, "w1"),
        lambda staff: till.sheets(staff, "w1"),
        lambda staff: till.receipts(staff, "w1", 1),
        lambda staff: till.receipt(staff, place),
        lambda staff: till.owed(staff, "w1"),
        lambda staff: till.day(staff, dt.date(2013, 7, 1)),
        lambda staff: till.windows(staff) if staff is OPERATOR else till.day(staff, dt.date(2013, 7, 1)),
    ):
        for staff in (OTHER, OPERATOR):
            with pytest.raises(NotAllowed):
                look(staff)
    with pytest.raises(NotFound):
        till.sheet(AUDITOR, "w9")
    with pytest.raises(BadInput) as nowhere:
        till.receive(Staff("li", Role.CLERK, ""), "1-1", CASH)
    assert nowhere.value.code == "till_no_window"
    with pytest.raises(NotAllowed):
        till.receive(AUDITOR, "1-1", CASH)
    with pytest.raises(NotAllowed):
        OPERATOR.takes(CASH)


def test_every_year_numbers_anew_and_never_goes_back(window: Window, clock: StandingClock) -> None:
    """The first receipt of a year is the first; a clock that is behind at its turn goes on in the newer year."""
    assert [window.paid().place.number for _ in range(2)] == [1, 2]
    clock.at = dt.datetime(2013, 12, 31, 16, 0, tzinfo=dt.UTC)  # midnight in Jinzhong
    assert window.paid().number == "w1-2014-000001"
    clock.move(seconds=-1)
    assert window.paid().number == "w1-2014-000002"
    assert window.till.sheet(CLERK, "w1").takings.fees == 4


def test_many_at_once_leave_no_gap(window: Window, views: Views, vault: SoftwareVault, notices: Notices) -> None:
    """Desks that race with each other and with receipts of the room number each window from 1, each number once."""
    asks = [window.request(CASH, place=f"w{n % 2 + 1}") for n in range(40)]
    owed = [window.replaced(None).entry for _ in range(8)]

    def served(some: list[Ask]) -> list[Receipt | Trouble]:
        with Store(window.database.app) as store:
            desk = Desk(store, vault, notices, window.desk.clock)
            return [outcome for n in range(0, len(some), 3) for outcome in desk.submit(some[n : n + 3])]

    def received(entry: str) -> FeeReceipt:
        return window.till.receive(CLERK, entry, CASH)

    with ThreadPoolExecutor(8) as pool:
        trays = [pool.submit(served, asks[n::4]) for n in range(4)]
        twice = [pool.submit(received, entry) for entry in owed * 2]
        decided = [outcome for tray in trays for outcome in tray.result()]
        places = {f.result().place for f in twice}
    assert all(isinstance(o, Receipt) and o.answer.outcome == "accepted" for o in decided)
    assert len(places) == 8
    for name, count in (("w1", 28), ("w2", 20)):
        numbers = [r.place.number for r in window.till.receipts(AUDITOR, name, 1)]
        assert numbers == list(range(count, 0, -1))


@pytest.mark.parametrize("how", HOWS)
def test_a_save_that_breaks_anywhere_leaves_no_gap(window: Window, breaking: Line, how: str) -> None:
    """At each of its calls the line dies or the server says no: sent again, it has one receipt."""
    with Store(window.database.app) as store:
        house = window.desk
        desk = Desk(store, house.vault, house.notices, house.clock)
        desk.ask(window.request(code(0)))
        breaking.reset()
        desk.ask(window.request(code(1)))
        for call in range(1, breaking.calls + 1):
            made = window.request(code(call + 1))
            breaking.reset(call, how, breaks=2)
            with contextlib.suppress(Trouble):
                desk.ask(made)
            breaking.reset()
            receipt = desk.ask(made)
            assert receipt.answer.outcome == "accepted"
            found = window.till.receipt_of(CLERK, receipt.entry)
            assert (found and found.place.number) == call + 2
    assert window.till.owed(AUDITOR) == []


def test_what_was_changed_around_the_till_is_found(window: Window) -> None:
    """A number taken away, a closed sheet or a fee that says otherwise: each is told with its place."""
    for n in (1, 2, 3):
        window.paid(code(n))
    window.till.close(CASHIER, "w1", 1, 0)
    with psycopg.connect(window.database.owner, autocommit=True) as owner:
        owner.execute("delete from fee_receipt where number = 2")
        faults = window.till.check()
        assert any("'w1': the receipts of 2013" in f for f in faults)
        assert any("the closed sheet 1 was changed" in f for f in faults)
        assert any(f.startswith("fee 70000") for f in faults)
        owner.execute("update fee set amount_fen = 1 where receipted")
        assert any(f.startswith("entry 70000") for f in window.till.check())
        assert any(f.startswith("receipt w1-2013-000001") for f in window.till.check())
        owner.execute("delete from fee_receipt; delete from till_sheet; delete from till; delete from fee")
