"""The evening of money: totals, comparisons, closing while saves go on, the bank's file, and the clearing accounts."""

import contextlib
import datetime as dt
import hashlib
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import Database, StandingClock
from tests.moneyhouse import HOSPITAL, PHARMACY, TERMINALS, MoneyHouse, card_of, money_house

from shebaoka.desk import (
    Amounts,
    BankFile,
    BankLine,
    Comparison,
    Detail,
    Evening,
    Institutions,
    Known,
    Role,
    Side,
    Staff,
    StatedDetail,
    Totals,
    bank_text,
    must_pay,
    must_reconcile,
    read_details,
    totals_of,
)
from shebaoka.desk.bankfile import BANK_COLUMNS
from shebaoka.desk.comparing import HEADER, differences_of
from shebaoka.notice import Notices
from shebaoka.records import BadInput, CycleClosed, NotAllowed, NotFound, NotReconciled, ReverseMessage, StoreDown
from shebaoka.store import Views, views
from shebaoka.store import evening as sql
from shebaoka.vault import SoftwareVault

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
TODAY = dt.date(2013, 7, 1)


@pytest.fixture
def money(
    shared_database: Database, vault: SoftwareVault, notices: Notices, clock: StandingClock
) -> Iterator[MoneyHouse]:
    """Two institutions and three people who may pay."""
    with money_house(shared_database, vault, notices, clock) as house:
        yield house


def message(n: int) -> str:
    """The n-th message id."""
    return f"{HOSPITAL}20130701120000{n:04d}"


def ours(n: int, *amounts: int) -> Detail:
    """A detail as we have it."""
    return Detail(message(n), f"1001-{n}", "outpatient", Amounts(*amounts), AT)


def theirs(n: int, *amounts: int) -> StatedDetail:
    """A detail as they have it."""
    return StatedDetail(n, message(n), f"1001-{n}", "11", Amounts(*amounts))


def stated(details: list[Detail]) -> list[StatedDetail]:
    """An institution's details that are like ours."""
    return [StatedDetail(n, d.message_id, d.settlement, d.kind, d.amounts) for n, d in enumerate(details, 2)]


def row(message_id: str, *yuan: str, place: str = "1001-1", kind: str = "11") -> str:
    """A row of their file."""
    return ",".join((message_id, place, kind, *yuan))


def file_of(*rows: str, header: str = ",".join(HEADER)) -> str:
    """Their file."""
    return "\r\n".join((header, *rows)) + "\r\n"


# Comparing, without a database ---------------------------------------------------------------------------------------


def test_totals_keep_charges_and_what_took_them_back_apart() -> None:
    """Each side is counted and summed for itself, without sign; what is owed is the one less the other."""
    found = totals_of([ours(1, 1000, 600, 300, 100), ours(2, 50, 0, 50, 0), ours(3, -1000, -600, -300, -100)])
    assert found == Totals(Side(2, 1050, 600, 350, 100), Side(1, 1000, 600, 300, 100))
    assert (found.count, found.account_fen, found.pooled_fen, found.owed_fen) == (3, 50, 0, 50)


def test_every_difference_has_a_name() -> None:
    """A message that one side lacks, or that has another amount, is named with the amounts that differ; others not."""
    found = differences_of(
        [ours(1, 10, 0, 10, 0), ours(2, 20, 5, 15, 0), ours(4, -20, -5, -15, 0)],
        [theirs(2, 20, 6, 14, 0), theirs(3, 7, 7, 0, 0), theirs(4, -20, -5, -15, 0)],
    )
    assert [(d.message_id, d.difference, d.fields, d.settlement) for d in found] == [
        (message(1), "ours_only", (), "1001-1"),
        (message(2), "amount", ("pooled_fen", "account_fen"), "1001-2"),
        (message(3), "theirs_only", (), ""),
    ]
    assert (found[1].ours, found[1].theirs) == (Amounts(20, 5, 15, 0), Amounts(20, 6, 14, 0))


amounts = st.builds(Amounts, *[st.integers(-3, 3)] * 4)
sides = st.dictionaries(st.integers(1, 6), amounts)


@given(sides, sides)
def test_two_sides_are_equal_only_if_nothing_differs(mine: dict[int, Amounts], other: dict[int, Amounts]) -> None:
    """Differences are none exactly if both have the same messages with the same amounts, and each is told once."""
    left = [ours(n, *msgspec.structs.astuple(a)) for n, a in mine.items()]
    right = [theirs(n, *msgspec.structs.astuple(a)) for n, a in other.items()]
    found = differences_of(left, right)
    assert (not found) == (mine == other)
    off = {message(n) for n in mine.keys() | other.keys() if mine.get(n) != other.get(n)}
    assert [d.message_id for d in found] == sorted(off)
    for d in found:
        expected = "theirs_only" if d.ours is None else "ours_only" if d.theirs is None else "amount"
        assert (d.difference, bool(d.fields)) == (expected, expected == "amount")


def test_totals_that_differ_are_named() -> None:
    """A comparison of totals says which of them differ, and is equal only if none does."""
    one, two = Totals(Side(2, 30, 0, 30, 0)), Totals(Side(2, 31, 0, 30, 1), Side(1, 0, 0, 0, 0))
    found = Comparison(AT, "li", one, two, None)
    assert (found.equal, found.fields) == (False, ("positive.total_fen", "positive.cash_fen", "reverse.count"))
    assert Comparison(AT, "li", one, one, None).equal


@pytest.mark.parametrize("encoded", ["str", "bom", "utf-8", "utf-8-sig", "gb18030", "gb18030-bom"])
def test_their_file_is_read_in_any_of_its_encodings(encoded: str) -> None:
    """Yuan become whole fen, cancels stay below zero, and an empty line at the end is none."""
    text = file_of(
        row(message(1), "12.30", "0", "12.3", "0.00"), row(message(2), "-12.30", "-2.00", "-10.30", "-0.00"), ""
    )
    marked = "\ufeff" + text
    given_ = {
        "str": text,
        "bom": marked,
        "utf-8": text.encode(),
        "utf-8-sig": marked.encode(),
        "gb18030": text.encode("gb18030"),
        "gb18030-bom": marked.encode("gb18030"),
    }[encoded]
    assert read_details(given_) == [
        StatedDetail(2, message(1), "1001-1", "11", Amounts(1230, 0, 1230, 0)),
        StatedDetail(3, message(2), "1001-1", "11", Amounts(-1230, -200, -1030, 0)),
    ]
    assert read_details(file_of()) == []


GOOD = row(message(1), "1.00", "0.00", "1.00", "0.00")
BROKEN = {
    "header": ("\r\n", "Line 1 of the file must be its header"),
    "empty": ("", "Line 1 of the file must be its header"),
    "order": (file_of(header="setl_id,msgid"), "Line 1 of the file must be its header"),
    "columns": (file_of(GOOD, "a,b"), "Line 3 of the file has 2 values"),
    "msgid": (file_of(row("short", "1", "0", "1", "0")), "Line 2 of the file, msgid: must be"),
    "setl_id": (file_of(row(message(1), "1", "0", "1", "0", place="x")), "Line 2 of the file, setl_id"),
    "setl_type": (file_of(row(message(1), "1", "0", "1", "0", kind="门诊")), "Line 2 of the file, setl_type"),
    "total": (file_of(GOOD, row(message(2), "", "0", "1", "0")), "Line 3 of the file, medfee_sumamt"),
    "three decimals": (file_of(row(message(2), "1", "0.001", "1", "0")), "Line 2 of the file, fund_pay_sumamt"),
    "exponent": (file_of(row(message(2), "1", "0", "1e2", "0")), "Line 2 of the file, acct_pay"),
    "too large": (file_of(row(message(2), "1", "0", "1", "99999999")), "Line 2 of the file, psn_cash_pay"),
    "other digits": (file_of(row(message(2), "１", "0", "1", "0")), "Line 2 of the file, medfee_sumamt"),
    "twice": (file_of(GOOD, GOOD.replace("1.00", "2.00")), "Line 3 of the file, msgid: stands in line 2 already"),
    "quotation": (file_of(GOOD, '"' + GOOD), "cannot be read as CSV"),
    "encoding": (b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_file_names_line_and_field(name: str) -> None:
    """Nothing of a broken file is taken, and the sentence says where to look."""
    text, says = BROKEN[name]
    with pytest.raises(BadInput, match=says):
        read_details(text)


@given(st.one_of(st.text(max_size=80), st.binary(max_size=80), st.text(max_size=40).map(lambda t: file_of(t))))
def test_no_file_breaks_the_reader(text: str | bytes) -> None:
    """Whatever comes in place of a file is read, or is bad input."""
    with contextlib.suppress(BadInput):
        assert isinstance(read_details(text), list)


def test_the_bank_file_lists_who_owes_apart() -> None:
    """Institutions are in order, who owes comes after who is paid, and the last line has the sums of all others."""
    lines = [
        BankLine("P2", (5,), 0, 2, -300, 100),
        BankLine("H2", (4,), 1, 1, 0, 0),
        BankLine("H1", (3, 7), 12, 1, 1000, 2500),
    ]
    assert bank_text(TODAY, lines).decode().split("\n") == [
        BANK_COLUMNS,
        "pay,2013-07-01,H1,3 7,12,1,1000,2500,3500",
        "pay,2013-07-01,H2,4,1,1,0,0,0",
        "owes,2013-07-01,P2,5,0,2,-300,100,-200",
        "control,2013-07-01,3,4,13,4,700,2600,3300",
        "",
    ]


@pytest.mark.parametrize("role", list(Role))
def test_who_may_reconcile_and_pay(role: Role) -> None:
    """Clerks and supervisors reconcile; clerks, cashiers and the bank make the bank's file; nobody else does either."""
    staff = Staff("li", role, "")
    reconciles, pays = {Role.CLERK, Role.SUPERVISOR}, {Role.CLERK, Role.BANK, Role.CASHIER}
    for must, roles in ((must_reconcile, reconciles), (must_pay, pays)):
        if role in roles:
            must(staff)
        else:
            with pytest.raises(NotAllowed, match="it takes the role"):
                must(staff)


# On the database -----------------------------------------------------------------------------------------------------


def test_totals_and_details_are_what_the_desk_settled(money: MoneyHouse) -> None:
    """Charges and what took one back stand apart, to the fen; a cancel that was undone is a charge again."""
    cycle = money.sign_in()
    assert money.evening.totals(cycle) == Totals()
    first = money.settle(cycle, 0, total=10_000, pooled=6_001, cash=1_000)
    second = money.settle(cycle, 1, total=777)
    cancel = money.take_back(second, cycle, 1)
    assert money.evening.totals(cycle) == Totals(Side(2, 10_777, 6_001, 3_776, 1_000), Side(1, 777, 0, 777, 0))
    undo = ReverseMessage(id=money.message_id(), person=money.people[1], message=cancel.request_id)
    again = money.desk.ask(money.ask(undo, cycle))
    assert money.evening.totals(cycle) == Totals(Side(3, 11_554, 6_001, 4_553, 1_000), Side(1, 777, 0, 777, 0))
    details = money.evening.details(cycle)
    assert [(d.message_id, d.settlement, d.amounts.total_fen) for d in details] == [
        (first.request_id, first.entry, 10_000),
        (second.request_id, second.entry, 777),
        (cancel.request_id, cancel.entry, -777),
        (again.request_id, again.entry, 777),
    ]
    assert totals_of(details) == money.evening.totals(cycle)
    assert not any(p in msgspec.json.encode(details).decode() for p in (*money.people, "王芳"))
    assert money.evening.check() == []
    assert money.evening.clearing_balance(HOSPITAL) == 6_001 + 4_553 - 777
    assert money.evening.clearing_balance(PHARMACY) == 0
    assert money.evening.totals(cycle).owed_fen == 6_001 + 4_553 - 777


def test_details_come_page_by_page(money: MoneyHouse) -> None:
    """Pages follow each other without gap, also where many were settled at one instant."""
    cycle = money.sign_in()
    for n in range(7):
        money.settle(cycle, n % 3, total=100 + n)
        if n == 3:
            money.clock.move(minutes=1)
    whole = money.evening.details(cycle)
    paged: list[Detail] = []
    while page := money.evening.details(cycle, limit=2, after=paged[-1].settlement if paged else ""):
        paged += page
    assert paged == whole
    with pytest.raises(NotFound, match="has no settlement"):
        money.evening.details(cycle + 1, after=whole[0].settlement)
    with pytest.raises(BadInput, match="after"):
        money.evening.details(cycle, after="x")


def test_a_cycle_is_closed_only_when_it_is_reconciled(money: MoneyHouse) -> None:
    """Each thing that is missing is told by name, in its turn; then it closes, once and for good."""
    evening, cycle = money.evening, money.sign_in()
    receipts = [money.settle(cycle, n, total=1_000 + n) for n in range(3)]

    def not_yet(says: str, state: str) -> None:
        assert evening.line(cycle).state == state
        with pytest.raises(NotReconciled, match=says):
            evening.close(cycle, "li")

    not_yet("was not compared yet", "open")
    assert evening.compare_totals(cycle, evening.totals(cycle), "fenhe-1").equal
    assert evening.line(cycle).state == "equal"
    money.take_back(receipts[0], cycle)
    not_yet("came into the business cycle", "open")
    money.clock.move(hours=24)
    assert evening.line(cycle).state == "to_reconcile"
    off = msgspec.structs.replace(evening.totals(cycle), reverse=Side())
    found = evening.compare_totals(cycle, off, "fenhe-1")
    assert (found.equal, found.fields[0]) == (False, "reverse.count")
    not_yet(r"totals .* differ \(reverse.count, reverse.total_fen, reverse.account_fen\)", "differs")

    rows = stated(evening.details(cycle))
    theirs_only = msgspec.structs.replace(rows[0], message_id=message(9000))
    other = msgspec.structs.replace(rows[1], amounts=Amounts(1_001, 1, 1_000, 0))
    found, differences = evening.compare_details(cycle, [theirs_only, other, *rows[2:]], "fenhe-1")
    assert found.differences == 3
    assert sorted(d.difference for d in differences) == ["amount", "ours_only", "theirs_only"]
    not_yet("3 differences .* are not explained", "differs")
    with pytest.raises(NotFound, match="has no difference"):
        evening.explain(
            cycle, differences[0].message_id, "amount" if differences[0].fields == () else "ours_only", "?", "li"
        )
    for n, d in enumerate(differences):
        assert evening.line(cycle).unexplained == 3 - n
        evening.explain(cycle, d.message_id, d.difference, "Their printer was out of paper.", "li")
    with pytest.raises(BadInput, match="explained already"):
        evening.explain(cycle, differences[0].message_id, differences[0].difference, "Another reason.", "wang")
    assert evening.line(cycle).state == "explained"
    assert [e.by for e in evening.explanations(cycle)] == ["li"] * 3

    closed = evening.close(cycle, "li")
    assert (closed.closed_by, closed.closed_at) == ("li", money.clock.at)
    money.clock.move(minutes=5)
    assert evening.close(cycle, "wang") == closed == evening.cycle(cycle)
    assert evening.line(cycle).state == "closed"
    assert [c.equal for c in evening.comparisons(cycle)] == [False, False, True]
    with pytest.raises(BadInput, match="is closed"):
        evening.explain(cycle, differences[0].message_id, differences[0].difference, "Late.", "li")
    with pytest.raises(CycleClosed):
        money.settle(cycle, 1, total=5)
    assert evening.check() == []


def test_details_that_are_alike_close_a_cycle(money: MoneyHouse) -> None:
    """A file like ours is equal, and nothing needs a word."""
    cycle = money.sign_in()
    money.take_back(money.settle(cycle, total=250, pooled=249), cycle)
    found, differences = money.evening.compare_details(cycle, stated(money.evening.details(cycle)), "fenhe-1")
    assert (found.equal, found.differences, differences, found.ours) == (True, 0, (), found.theirs)
    assert money.evening.line(cycle).state == "equal"
    assert money.evening.close(cycle, "fenhe-1").closed_by == "fenhe-1"


def test_the_room_asks_for_the_right_itself(money: MoneyHouse) -> None:
    """Whoever of the staff has no right to it explains, compares, closes and pays nothing, by whatever face."""
    cycle, auditor = money.sign_in(HOSPITAL), Staff("audit", Role.AUDITOR, "")
    for tried in (
        lambda: money.evening.close(cycle, auditor),
        lambda: money.evening.explain(cycle, "m", "amount", "why", auditor),
        lambda: money.evening.compare_details(cycle, [], auditor),
        lambda: money.evening.bank_file(money.clock.at.date(), auditor),
    ):
        with pytest.raises(NotAllowed):
            tried()
    assert money.evening.close(cycle, Staff("li", Role.CLERK, "w1")).closed_by == "li"


def test_an_empty_cycle_closes_by_itself(money: MoneyHouse) -> None:
    """Where nothing was settled nothing need be compared; but what the institution says that it has must be told."""
    first, second = money.sign_in(HOSPITAL), money.sign_in(PHARMACY)
    assert money.evening.close(first, "li").closed_by == "li"
    assert money.evening.check() == []
    money.evening.compare_totals(second, Totals(Side(1, 5, 0, 5, 0)), "pharmacy-1")
    with pytest.raises(NotReconciled, match=r"positive\.count"):
        money.evening.close(second, "li")


def test_there_is_no_such_cycle(money: MoneyHouse) -> None:
    """A cycle that does not exist, or is another institution's, is not found, and nothing is kept of it."""
    evening, cycle = money.evening, money.sign_in()
    for n in (0, -1, cycle + 1, 2**63, 2**70):
        for ask in (
            lambda n=n: evening.cycle(n),
            lambda n=n: evening.line(n),
            lambda n=n: evening.close(n, "li"),
            lambda n=n: evening.compare_totals(n, Totals(), "li"),
            lambda n=n: evening.compare_details(n, [], "li"),
            lambda n=n: evening.explain(n, "m", "amount", "why", "li"),
        ):
            with pytest.raises(NotFound, match="no business cycle"):
                ask()
    with pytest.raises(NotFound):
        evening.cycle(cycle, PHARMACY)
    assert evening.cycle(cycle, HOSPITAL).institution == HOSPITAL
    assert evening.comparisons(cycle) == []


@pytest.mark.parametrize("reason", ["", " ", "\n", "a\nb", "x" * 201, "\x00"])
def test_a_reason_is_in_words(money: MoneyHouse, reason: str) -> None:
    """An explanation says something, on one line."""
    with pytest.raises(BadInput, match="reason"):
        money.evening.explain(money.sign_in(), "m", "amount", reason, "li")


# What was explained, and of which amounts ----------------------------------------------------------------------------


def other_amount(rows: list[StatedDetail], fen: int) -> list[StatedDetail]:
    """Their details with another cash part of the first."""
    was = rows[0].amounts
    more = msgspec.structs.replace(was, total_fen=was.total_fen + fen, cash_fen=was.cash_fen + fen)
    return [msgspec.structs.replace(rows[0], amounts=more), *rows[1:]]


def test_an_explanation_covers_its_own_amounts_alone(money: MoneyHouse) -> None:
    """Another amount of the same message is a new difference; the amount that was explained still is."""
    evening, cycle = money.evening, money.sign_in()
    first = money.settle(cycle, total=1_000)
    rows = stated(evening.details(cycle))
    seen, _ = evening.compare_details(cycle, other_amount(rows, 1), "fenhe-1")
    evening.explain(cycle, first.request_id, "amount", "A fen was rounded.", "li")
    assert evening.line(cycle).state == "explained"
    evening.compare_details(cycle, other_amount(rows, 500_00), "fenhe-1")
    line = evening.line(cycle)
    assert (line.state, line.unexplained) == ("differs", 1)
    with pytest.raises(NotReconciled, match=f"1 differences .* the first is amount of {first.request_id}"):
        evening.close(cycle, "li")
    assert line.comparison is not None
    (earlier,) = evening.explanations(cycle, without=line.comparison.id)
    assert (earlier.ours, earlier.theirs) == (Amounts(1_000, 0, 1_000, 0), Amounts(1_001, 0, 1_000, 1))
    with pytest.raises(BadInput, match="explained already"):  # whoever still sees the first amounts speaks of these
        evening.explain(cycle, first.request_id, "amount", "Rounded.", "li", comparison=seen.id)
    assert evening.line(cycle).unexplained == 1
    evening.explain(cycle, first.request_id, "amount", "Typed 500 yuan too much.", "li")
    assert evening.line(cycle).state == "explained"
    evening.compare_details(cycle, other_amount(rows, 1), "fenhe-1")
    assert evening.close(cycle, "li").closed_by == "li"
    assert len(evening.explanations(cycle)) == 2


def test_totals_sent_again_leave_what_was_explained(money: MoneyHouse) -> None:
    """Totals that differ as the details did say nothing new; other totals do, and so does what comes in later."""
    evening, cycle = money.evening, money.sign_in()
    first = money.settle(cycle, total=1_000)
    rows = other_amount(stated(evening.details(cycle)), 5)
    evening.compare_totals(cycle, totals_of(rows), "fenhe-1")
    evening.compare_details(cycle, rows, "fenhe-1")
    evening.compare_totals(cycle, totals_of(rows), "fenhe-1")
    line = evening.line(cycle)
    assert (line.state, line.unexplained) == ("differs", 1)
    evening.explain(cycle, first.request_id, "amount", "A fen was rounded.", "li")
    assert not evening.compare_totals(cycle, totals_of(rows), "fenhe-1").equal
    assert evening.line(cycle).state == "explained"

    evening.compare_totals(cycle, totals_of(other_amount(rows, 1)), "fenhe-1")
    assert evening.line(cycle).state == "differs"
    with pytest.raises(NotReconciled, match=r"totals .* differ"):
        evening.close(cycle, "li")
    evening.compare_totals(cycle, totals_of(rows), "fenhe-1")
    money.settle(cycle, 1, total=7)
    assert evening.line(cycle).state == "open"
    evening.compare_totals(cycle, totals_of([*rows, theirs(2, 7, 0, 7, 0)]), "fenhe-1")
    assert evening.line(cycle).state == "differs"
    with pytest.raises(NotReconciled, match=r"totals .* differ"):
        evening.close(cycle, "li")


def test_totals_sent_again_do_not_hinder_the_closing(money: MoneyHouse) -> None:
    """What was explained is closed, though the totals came again after it."""
    evening, cycle = money.evening, money.sign_in()
    first = money.settle(cycle, total=1_000)
    rows = other_amount(stated(evening.details(cycle)), 5)
    evening.compare_details(cycle, rows, "fenhe-1")
    evening.explain(cycle, first.request_id, "amount", "A fen was rounded.", "li")
    evening.compare_totals(cycle, totals_of(rows), "fenhe-1")
    assert evening.close(cycle, "li").closed_by == "li"


def test_differences_that_cancel_out_are_not_hidden_by_equal_totals(money: MoneyHouse) -> None:
    """Two charges whose amounts are exchanged have equal sums; once the details were compared, these count."""
    evening, cycle = money.evening, money.sign_in()
    one, two = (money.settle(cycle, total=n).request_id for n in (10, 20))
    rows = [
        StatedDetail(2, one, "1", "11", Amounts(20, 0, 20, 0)),
        StatedDetail(3, two, "1", "11", Amounts(10, 0, 10, 0)),
    ]
    evening.compare_details(cycle, rows, "fenhe-1")
    assert evening.compare_totals(cycle, totals_of(rows), "fenhe-1").equal
    assert evening.line(cycle).state == "differs"
    with pytest.raises(NotReconciled, match=r"2 differences .* are not explained"):
        evening.close(cycle, "li")


def test_differences_come_page_by_page(money: MoneyHouse) -> None:
    """Each difference is on one page, with what was said of it; what nobody has explained comes first."""
    evening, cycle = money.evening, money.sign_in()
    compared, found = evening.compare_details(cycle, [theirs(n, 10 + n, 0, 10 + n, 0) for n in range(7)], "fenhe-1")
    for n in (0, 3):
        evening.explain(cycle, found[n].message_id, "theirs_only", f"Reason {n}.", "li")
    whole = evening.differences(compared.id)
    assert [(e.difference, e.reason) for e in whole] == [
        *((found[n], None) for n in (1, 2, 4, 5, 6)),
        (found[0], "Reason 0."),
        (found[3], "Reason 3."),
    ]
    paged: list[Any] = []
    while page := evening.differences(compared.id, limit=2, after=paged[-1].place if paged else ""):
        paged += page
    assert paged == whole
    assert (evening.line(cycle).unexplained, evening.comparisons(cycle)[0].differences) == (5, 7)
    for bad in ("x", "2-x", "0-", "0-x y"):
        with pytest.raises(BadInput, match="differences"):
            evening.differences(compared.id, after=bad)


def test_it_is_told_what_became_of_a_message_that_only_they_have(money: MoneyHouse) -> None:
    """Settled in a cycle, refused by a clause, stopped, done without money, or never come; another's is not told."""
    evening, cycle, other = money.evening, money.sign_in(), money.sign_in(PHARMACY)
    settled = money.settle(cycle, total=100)
    not_theirs = msgspec.structs.replace(money.charge(1, total=5), card=card_of(1))
    refused = money.desk.ask(money.ask(not_theirs, cycle))
    assert refused.answer.outcome == "refused"
    late = money.message_id()
    reversal = money.desk.ask(
        money.ask(ReverseMessage(id=money.message_id(), person=money.people[0], message=late), cycle)
    )
    secret = money.settle(other, 2, total=5, institution=PHARMACY)
    ids = [settled.request_id, refused.request_id, late, reversal.request_id, message(9000), secret.request_id]
    differences = differences_of([], [StatedDetail(n, i, "", "", Amounts(1)) for n, i in enumerate(ids)])
    known = evening.known(HOSPITAL, differences)
    assert [known[i] for i in ids] == [
        Known("settled", cycle=cycle),
        Known("refused", clause=refused.answer.clause),
        Known("stopped"),
        Known("decided"),
        Known("never_came"),
        Known("never_came"),
    ]
    assert evening.known(HOSPITAL, differences_of([ours(1, 5)], [])) == {}


# Closing while saves go on -------------------------------------------------------------------------------------------


@contextlib.contextmanager
def held(money: MoneyHouse, row: str) -> Iterator[psycopg.Connection[Any]]:
    """A row that nobody else can write until the block ends, and a look at who waits for what."""
    with (
        psycopg.connect(money.database.owner) as holder,
        psycopg.connect(money.database.owner, autocommit=True) as looker,
    ):
        assert holder.execute(f"select from {row} for update").rowcount == 1  # type: ignore[arg-type]
        yield looker
        holder.rollback()


def until_somebody_waits(looker: psycopg.Connection[Any], kind: str, many: int = 1) -> None:
    """Look until somebody, or so many, wait for a lock of a kind."""
    until = time.monotonic() + 30
    statement = "select count(*) >= %s from pg_locks where not granted and locktype = any(%s)"
    while looker.execute(statement, [many, kind.split()]).fetchone() == (False,):
        assert time.monotonic() < until, f"nobody waits for {kind}"


ADVISORY, ROW = "advisory", "transactionid tuple"


def test_what_was_being_saved_is_counted_before_a_cycle_closes(money: MoneyHouse) -> None:
    """A save that began first holds the close up; the close then sees it, so that nothing is closed uncounted."""
    evening, cycle = money.evening, money.sign_in()
    money.settle(cycle, 1, total=100)
    assert evening.compare_totals(cycle, evening.totals(cycle), "fenhe-1").equal
    with ThreadPoolExecutor(2) as pool:
        with held(money, "dossier where person_id = 8000001") as looker:
            saving = pool.submit(money.settle, cycle, 0, total=23)
            until_somebody_waits(looker, ROW)
            closing = pool.submit(evening.close, cycle, "li")
            until_somebody_waits(looker, ADVISORY)
            assert not saving.done()
            assert evening.totals(cycle).positive.count == 1
        assert saving.result(30).answer.outcome == "accepted"
        with pytest.raises(NotReconciled, match="came into the business cycle"):
            closing.result(30)
    assert evening.totals(cycle) == Totals(Side(2, 123, 0, 123, 0))
    assert evening.compare_totals(cycle, evening.totals(cycle), "fenhe-1").equal
    assert evening.close(cycle, "li").closed_at is not None
    assert evening.totals(cycle).positive.count == 2


def test_what_comes_while_a_cycle_closes_is_refused(money: MoneyHouse) -> None:
    """A save that comes later waits for the close and then finds the cycle closed; the message fits the next cycle."""
    evening, cycle = money.evening, money.sign_in()
    money.settle(cycle, 1, total=100)
    evening.compare_totals(cycle, evening.totals(cycle), "fenhe-1")
    late = money.charge(0, total=23)
    with ThreadPoolExecutor(2) as pool:
        with held(money, f"cycle where id = {cycle}") as looker:
            closing = pool.submit(evening.close, cycle, "li")
            until_somebody_waits(looker, ROW)
            saving = pool.submit(money.desk.ask, money.ask(late, cycle))
            until_somebody_waits(looker, ADVISORY)
            assert not closing.done()
        assert closing.result(30).closed_by == "li"
        with pytest.raises(CycleClosed, match="sign in"):
            saving.result(30)
    assert evening.totals(cycle) == Totals(Side(1, 100, 0, 100, 0))
    money.institutions.forget_cycle(HOSPITAL)
    following = money.sign_in()
    assert following != cycle
    assert money.desk.ask(money.ask(late, following)).answer.outcome == "accepted"
    assert evening.totals(following).positive.count == 1
    assert evening.check() == []


def test_two_servers_open_one_cycle(money: MoneyHouse, vault: SoftwareVault) -> None:
    """Terminals of one institution sign in at two servers at once, and are told the same cycle."""
    other_views = Views(money.database.app)
    other_views.open()
    servers = [money.institutions, Institutions(other_views, vault, money.clock)]
    terminal = money.institutions.terminal(TERMINALS[HOSPITAL])
    with ThreadPoolExecutor(2) as pool:
        # A new cycle points at its institution, so that none is through while somebody else holds that row.
        with held(money, f"institution where code = '{HOSPITAL}'") as looker:
            told = [pool.submit(server.sign_in, terminal) for server in servers]
            until_somebody_waits(looker, f"{ADVISORY} {ROW}", 2)
        assert len({t.result(30).id for t in told}) == 1
    other_views.close()
    assert len(money.evening.cycles(HOSPITAL)) == 1
    money.clock.move(hours=24)
    assert money.sign_in() not in {t.result().id for t in told}


# The bank's file -----------------------------------------------------------------------------------------------------


def reconciled(money: MoneyHouse, cycle: int) -> None:
    """Close a cycle with totals like ours."""
    money.evening.compare_totals(cycle, money.evening.totals(cycle), "terminal")
    money.evening.close(cycle, "li")


def test_the_bank_file_pays_each_closed_cycle_once(money: MoneyHouse) -> None:
    """A day's file has what was closed by then, gives the same bytes when asked again, and the next has the rest."""
    evening, first, other = money.evening, money.sign_in(HOSPITAL), money.sign_in(PHARMACY)
    money.settle(first, 0, total=10_000, pooled=6_000, cash=1_000)
    spent = money.settle(other, 1, total=500, institution=PHARMACY)
    reconciled(money, first)
    file = evening.bank_file(TODAY, "wang")
    assert file.decode().splitlines()[1:] == [
        f"pay,2013-07-01,{HOSPITAL},{first},1,0,3000,6000,9000",
        "control,2013-07-01,1,1,1,0,3000,6000,9000",
    ]
    reconciled(money, other)
    assert evening.bank_file(TODAY, "wang") == file
    assert evening.line(first).cycle.paid_on == TODAY
    assert [evening.line(c).state for c in (first, other)] == ["paid", "closed"]
    with pytest.raises(BadInput, match="before that day"):
        evening.bank_file(TODAY + dt.timedelta(days=1), "wang")
    money.clock.move(days=1)
    money.institutions.forget_cycle(PHARMACY)
    second = money.sign_in(PHARMACY)
    for n in range(2):
        refund = spent if n == 0 else money.settle(second, 2, total=50, institution=PHARMACY)
        money.take_back(refund, second, 1 if n == 0 else 2, PHARMACY)
    reconciled(money, second)
    tomorrow = TODAY + dt.timedelta(days=1)
    assert evening.bank_file(tomorrow, "wang").decode().splitlines()[1:] == [
        f"pay,2013-07-02,{PHARMACY},{other} {second},2,2,0,0,0",
        "control,2013-07-02,1,2,2,2,0,0,0",
    ]
    assert evening.bank_file(TODAY, "wang") == file
    assert evening.bank_lines(TODAY)[0].sum_fen == 9_000
    assert evening.check() == []


def test_an_institution_that_owes_is_listed_apart(money: MoneyHouse) -> None:
    """What was paid on one day and taken back on the next makes the institution owe."""
    evening, first = money.evening, money.sign_in(HOSPITAL)
    receipt = money.settle(first, 0, total=400, pooled=300)
    reconciled(money, first)
    evening.bank_file(TODAY, "wang")
    money.clock.move(days=1)
    money.institutions.forget_cycle(HOSPITAL)
    second = money.sign_in(HOSPITAL)
    money.take_back(receipt, second)
    reconciled(money, second)
    file = evening.bank_file(TODAY + dt.timedelta(days=1), "wang").decode().splitlines()
    assert file[1:] == [
        f"owes,2013-07-02,{HOSPITAL},{second},0,1,-100,-300,-400",
        "control,2013-07-02,1,1,0,1,-100,-300,-400",
    ]
    assert evening.clearing_balance(HOSPITAL) == 0


def test_who_made_the_bank_file_is_kept(money: MoneyHouse) -> None:
    """Who made a day's file first, when, its digest, lines and sum stay, whoever asks for it again."""
    evening, cycle = money.evening, money.sign_in()
    money.settle(cycle, total=400, pooled=300)
    reconciled(money, cycle)
    assert evening.made(TODAY) is None
    file = evening.bank_file(TODAY, "wang")
    made = BankFile(money.clock.at, "wang", hashlib.sha256(file).digest(), 1, 400)
    assert evening.made(TODAY) == made
    money.clock.move(minutes=5)
    assert evening.bank_file(TODAY, "li") == file
    assert evening.made(TODAY) == made


def test_a_file_without_a_line_is_a_days_file_too(money: MoneyHouse) -> None:
    """What is closed after it waits for the next day's, for the bank may have it already."""
    evening, cycle = money.evening, money.sign_in()
    empty = evening.bank_file(TODAY, "wang")
    money.settle(cycle, total=400)
    reconciled(money, cycle)
    assert evening.bank_file(TODAY, "li") == empty
    assert evening.line(cycle).state == "closed"
    made = evening.made(TODAY)
    assert made is not None
    assert (made.by, made.lines, made.sum_fen) == ("wang", 0, 0)


def test_a_file_of_before_is_the_same_and_nobodys(money: MoneyHouse) -> None:
    """A day's file that was made before it was kept by whom is given again, and nothing is invented about it."""
    evening, cycle = money.evening, money.sign_in()
    money.settle(cycle, total=400)
    reconciled(money, cycle)
    with psycopg.connect(money.database.owner) as owner:
        owner.execute("update cycle set paid_on = '2013-07-01'")
    assert evening.bank_file(TODAY, "li").decode().splitlines()[1] == f"pay,2013-07-01,{HOSPITAL},{cycle},1,0,400,0,400"
    assert evening.made(TODAY) is None


def test_two_who_ask_for_the_file_at_once_get_the_same(money: MoneyHouse) -> None:
    """Whoever is second waits for the first, and pays nothing that the first did not."""
    evening = money.evening
    first, other = money.sign_in(HOSPITAL), money.sign_in(PHARMACY)
    money.settle(first, 0, total=100)
    money.settle(other, 1, total=200, institution=PHARMACY)
    reconciled(money, first)
    with ThreadPoolExecutor(2) as pool:
        with held(money, f"cycle where id = {first}") as looker:
            one = pool.submit(evening.bank_file, TODAY, "wang")
            until_somebody_waits(looker, ROW)
            reconciled(money, other)
            two = pool.submit(evening.bank_file, TODAY, "wang")
            until_somebody_waits(looker, ADVISORY)
        assert one.result(30) == two.result(30)
    assert [evening.line(c).state for c in (first, other)] == ["paid", "closed"]


def test_days_belong_to_the_city(money: MoneyHouse) -> None:
    """A cycle is listed under the city's day on which it was opened; earlier ones that are not closed are told."""
    evening = money.evening
    money.clock.at = dt.datetime(2013, 7, 1, 15, 59, tzinfo=dt.UTC)  # a minute before midnight in the city
    first = money.sign_in(HOSPITAL)
    money.clock.move(minutes=2)
    second = money.sign_in(PHARMACY)
    tomorrow = TODAY + dt.timedelta(days=1)
    assert [line.cycle.id for line in evening.days(TODAY)] == [first]
    assert [line.cycle.id for line in evening.days(tomorrow)] == [second]
    assert [line.cycle.id for line in evening.left_open(tomorrow)] == [first]
    assert [evening.count_left_open(TODAY + dt.timedelta(days=n)) for n in range(3)] == [0, 1, 2]
    assert [(line.cycle.id, line.name) for line in evening.cycles()] == [
        (second, "南山大药房"),
        (first, "汾河湾综合医院"),
    ]
    evening.close(first, "li")
    assert evening.left_open(tomorrow) == []
    assert [line.cycle.id for line in evening.cycles(open_only=True)] == [second]
    assert [line.cycle.id for line in evening.cycles(HOSPITAL)] == [first]
    assert (evening.waiting(TODAY), evening.waiting(tomorrow)) == (0, 1)
    assert [evening.days_beside(d) for d in (TODAY, tomorrow)] == [(None, tomorrow), (TODAY, None)]
    for day in (dt.date.min, dt.date.max):
        with pytest.raises(BadInput, match="between the years"):
            evening.days(day)
    assert evening.bank_file(TODAY, "wang").decode().endswith("control,2013-07-01,0,0,0,0,0,0,0\n")
    assert (
        evening.bank_file(tomorrow, "wang")
        .decode()
        .splitlines()[1]
        .startswith(f"pay,2013-07-02,{HOSPITAL},{first},0,0")
    )


def test_cycles_are_found_by_their_index(money: MoneyHouse) -> None:
    """Among ten years of cycles, neither signing in nor the bank's file looks through every one there ever was."""
    about = {"institution": HOSPITAL, "at": AT, "on": TODAY}
    with psycopg.connect(money.database.owner) as owner:
        owner.execute(
            "insert into cycle (institution, opened_at, until_at, opened_by, closed_at, closed_by, paid_on) "
            "select %(institution)s, at, at + interval '1 day', 'wang', at + interval '1 day', 'li', at::date "
            "from generate_series(%(at)s - interval '3650 days', %(at)s, interval '1 day') as at",
            about,
        )
        owner.execute("analyze cycle")
        for statement, index in ((views.OPEN_CYCLE_OF, "open_cycle"), (sql.PAID_CYCLES, "cycle_by_payment")):
            plan = owner.execute(f"explain {statement}", about).fetchall()  # type: ignore[arg-type]
            assert any(index in row[0] for row in plan), plan
        owner.rollback()


# What does not hold is found -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (
            "insert into other_posting "
            "select person_id, 999, 1, 'personal', 'clearing:' || institution, 1, '', settled_on from settlement",
            "its entries owe it 101 fen",
        ),
        ("update cycle set paid_on = '2013-07-01'", "was paid on 2013-07-01, and is not closed"),
        ("update cycle set closed_at = now()", "closed without a comparison"),
        ("update settlement set institution = 'P14070200002'", "it is H14070200001's, and has 1 settlements of P"),
    ],
)
def test_a_check_finds_what_does_not_hold(money: MoneyHouse, damage: str, says: str) -> None:
    """Whoever writes around the program is noticed, in a sentence that names the institution or the cycle."""
    money.settle(money.sign_in(), total=100)
    assert money.evening.check() == []
    with psycopg.connect(money.database.owner) as owner:
        owner.execute(damage)  # type: ignore[arg-type]
    assert any(says in fault for fault in money.evening.check()), money.evening.check()


def test_no_statement_does_what_a_distributed_database_cannot() -> None:
    """No row is locked, nothing is deleted, one table is written at a time, and no settlement is joined to a cycle."""
    statements = {n: v for n, v in vars(sql).items() if n.isupper() and isinstance(v, str) and not n.startswith("_")}
    assert len(statements) > 15
    for name, text in statements.items():
        assert not re.search(r"\bfor (update|share)|\b(delete|truncate|drop|lock table)\b", text, re.IGNORECASE), name
        assert len(re.findall(r"\binsert into|\bupdate \w+ set", text, re.IGNORECASE)) <= 1, name
        assert not re.search(r"\b(from|join) (settlement|posting)\b", text) or not re.search(
            r"\b(from|join) (cycle|institution|comparison)\b", text
        ), name


def test_a_database_that_is_down_is_told(vault: SoftwareVault) -> None:
    """Nothing is closed or paid without the database, and the trouble says so."""
    views = Views("postgresql://nobody@localhost:1/none", wait_s=0.1)
    views.open()
    evening = Evening(views, dt.UTC)
    for ask in (lambda: evening.close(1, "li"), lambda: evening.bank_file(TODAY, "wang"), lambda: evening.totals(1)):
        with pytest.raises(StoreDown):
            ask()
    views.close()
