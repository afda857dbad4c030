"""Laws of the windows' tills: whatever is received, voided, paid back, closed: numbers have no gap, and sums agree."""

import contextlib
import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lives import ON_DATABASE

from asking import ask
from conftest import TABLES, Database, StandingClock, put_dossier
from moneyhouse import dossier_of
from shebaoka.desk import Desk, Role, Staff, Till
from shebaoka.numbers import with_check_digit
from shebaoka.records import BadInput, FeeReceipt, Means, NotAllowed, NotFound, ReceiptPlace, Tender, TillSheet
from shebaoka.store import Store, Views
from shebaoka.vault import SoftwareVault

FEE_FEN = 28_00
WINDOWS = ("w1", "w2", "w3")
CLERKS = {w: Staff(f"clerk-{w}", Role.CLERK, w) for w in WINDOWS}
CASHIERS = {w: Staff(f"cashier-{w}", Role.CASHIER, w) for w in WINDOWS}
AUDITOR = Staff("auditor", Role.AUDITOR, "")
PEOPLE = [with_check_digit(f"14070219800101{n:03d}") for n in range(1, 5)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["decide"] * 4 + ["receive", "void", "refund", "withdraw", "give_back", "float", "close", "later"]
        ),
        st.sampled_from(WINDOWS),
        st.integers(0, 50),
        st.sampled_from(Means),
    ),
    min_size=4,
    max_size=25,
)


class Play:
    """A run of the windows: people who pay, clerks and cashiers, and all that was decided meanwhile."""

    def __init__(self, owner: psycopg.Connection[Any], vault: SoftwareVault, desk: Desk, till: Till) -> None:
        self.owner, self.vault, self.desk, self.till = owner, vault, desk, till
        self.n = itertools.count(1)

    def empty(self, url: str) -> None:
        """Nobody has paid anything; everybody has a card that can be replaced."""
        self.owner.execute(";".join(f"delete from {table}" for table in TABLES))
        for n, person in enumerate(PEOPLE, 1):
            put_dossier(url, self.vault, 7_100_000 + n, dossier_of(person, 1))
        self.owner.cursor().executemany(
            "insert into staff values (%s, %s, %s, null, '2013-06-01')",
            [(s.name, s.role, s.place) for s in (*CLERKS.values(), *CASHIERS.values())],
        )
        self.entries: list[str] = []
        self.back: list[str] = []
        self.closed: list[TillSheet] = []

    def tender(self, means: Means) -> Tender:
        """A payment that was not used yet."""
        return Tender(means, f"4200-{next(self.n)}" if means is Means.CODE else "")

    def step(self, what: str, window: str, pick: int, means: Means) -> None:
        """One thing that somebody does; what may not be is refused and leaves no trace."""
        receipts = [r for w in WINDOWS for r in self.till.receipts(AUDITOR, w, self.till.sheet(AUDITOR, w).sheet)]
        chosen = receipts[pick % len(receipts)] if receipts else None
        cashier, tender = CASHIERS[window], self.tender(means)
        if what in ("decide", "withdraw"):
            self.decide(what, window, pick, tender)
        elif what == "receive" and self.entries:
            self.till.receive(CLERKS[window], self.entries[pick % len(self.entries)], tender)
        elif what == "give_back" and self.back:
            self.till.give_back(CLERKS[window], self.back[pick % len(self.back)], tender)
        elif what == "void" and chosen:
            self.till.void(cashier, chosen.place, "written wrongly")
        elif what == "refund" and chosen:
            self.till.refund(cashier, chosen.place, tender, "taken wrongly")
        elif what == "float":
            self.till.put_in(cashier, window, (pick - 10) * 100 or 1, "float")
        elif what == "close":
            sheet = self.till.sheet(AUDITOR, window)
            counted_fen = max(sheet.expected_fen + pick % 3 - 1, 0)
            self.closed.append(self.till.close(cashier, window, sheet.sheet, counted_fen, reason="counted"))

    def decide(self, what: str, window: str, pick: int, tender: Tender) -> None:
        """Somebody's card is replaced for its fee, at times without a word of how it is paid; or they withdraw."""
        person, request_id = PEOPLE[pick % len(PEOPLE)], f"r-{next(self.n)}"
        if what == "withdraw":
            receipt = self.desk.ask(ask("withdraw_application", person, request_id, place=window))
            self.back += [receipt.entry] * (receipt.answer.outcome == "accepted")
            return
        made = ask("replace_card", person, request_id, place=window, why="damage", paid_fen=FEE_FEN)
        made = msgspec.structs.replace(made, tender=None if pick % 4 == 3 else tender)
        receipt = self.desk.ask(made)
        self.entries += [receipt.entry] * (receipt.answer.outcome == "accepted")

    def all_receipts(self, window: str) -> list[FeeReceipt]:
        """Every receipt of a window, as it is numbered."""
        opened = self.till.sheet(AUDITOR, window).sheet
        found = [r for n in range(1, opened + 1) for r in self.till.receipts(AUDITOR, window, n)]
        return sorted(found, key=lambda r: r.place)


@pytest.fixture
def play(
    database: Database, vault: SoftwareVault, desk: Desk, store: Store, views: Views, clock: StandingClock
) -> Iterator[Play]:
    """The windows of one city."""
    with psycopg.connect(database.owner, autocommit=True) as owner:
        yield Play(owner, vault, desk, Till(views, desk.notices.zone, clock))


@settings(max_examples=8 * ON_DATABASE)
@given(steps=STEPS)
def test_numbers_have_no_gap_and_sums_agree(
    play: Play, database: Database, clock: StandingClock, steps: list[tuple[str, str, int, Means]]
) -> None:
    """Receipts are numbered 1, 2, 3 at each window; the drawer's sum is what came in less what went out; a closed sheet
    stays as it was; and each fee that was accepted has one receipt that counts, or is said to be owed one.
    """
    clock.at = dt.datetime(2013, 7, 1, 1, 0, tzinfo=dt.UTC)
    play.empty(database.owner)
    for what, window, pick, means in steps:
        if what == "later":
            clock.move(hours=pick)
            continue
        with contextlib.suppress(BadInput, NotAllowed, NotFound):
            play.step(what, window, pick, means)
    till = play.till
    assert till.check() == []
    owed = {o.entry: o.amount_fen for o in till.owed(AUDITOR)}
    receipts = [r for window in WINDOWS for r in play.all_receipts(window)]
    for window in WINDOWS:
        own = [r for r in receipts if r.place.window == window]
        assert [r.place for r in own] == [ReceiptPlace(window, 2013, n) for n in range(1, len(own) + 1)]
        sheets = [till.sheet(AUDITOR, window, n) for n in range(1, till.sheet(AUDITOR, window).sheet + 1)]
        counting = [r for r in own if not r.is_void]
        assert sum(s.takings.total_fen for s in sheets) == sum(r.amount_fen for r in counting)
        assert sum(s.takings.voids for s in sheets) == len(own) - len(counting)
        for before, after in itertools.pairwise(sheets):
            assert before.closing is not None
            assert after.opening_fen == before.closing.left_fen
        assert all(s.expected_fen >= 0 for s in sheets)
        assert [s for s in play.closed if s.window == window] == [s for s in sheets if s.closing]
    standing = {r.entry: r for r in receipts if r.entry and not r.is_void}
    assert len(standing) == len([r for r in receipts if r.entry and not r.is_void])
    taken_back = {e for e in play.entries if e not in standing and e not in owed}
    assert (
        set(play.entries)
        == {e for e, r in standing.items() if r.amount_fen > 0} | {e for e, fen in owed.items() if fen > 0} | taken_back
    )
    refunded = {r.refund_of for r in receipts if r.refund_of and not r.is_void}
    assert len(refunded) == len([r for r in receipts if r.amount_fen < 0 and not r.is_void])
    assert len(taken_back) <= len(play.back)
