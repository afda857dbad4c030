"""Statements of personal accounts: sums and order by law, and what is read from the database and how it is masked."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asking import LI_NA, NOBODY, ZHOU_MING, ask
from conftest import Database, StandingClock
from shebaoka.desk import Desk
from shebaoka.desk.accounts import CARE, TAKEN_BACK, WHATS, Accounts, CarriedRecord, Move, lines_of
from shebaoka.notice import Notices
from shebaoka.numbers import mask
from shebaoka.records import BadInput, Broken, NotFound, OldRecord, Posting
from shebaoka.store import Views

DAY = dt.date(2013, 3, 1)
HOSPITAL, PHARMACY = "140702000001", "140702000002"


# Laws ----------------------------------------------------------------------------------------------------------------


@st.composite
def lives(draw: st.DrawFn) -> list[Move]:
    """An account's moves over some years, in order: postings of all kinds, and settlements that it paid nothing of."""
    days = sorted(draw(st.lists(st.dates(dt.date(2011, 1, 1), dt.date(2014, 12, 31)), max_size=25)))
    moves = []
    for seq, on in enumerate(days, 1):
        what = draw(st.sampled_from(WHATS))
        if what in (*CARE, TAKEN_BACK):
            sign = -1 if what == TAKEN_BACK else 1
            pooled, paid, cash = (sign * draw(st.integers(0, 10**7)) for _ in range(3))
            total = pooled + paid + cash + (0 if pooled or paid or cash else sign)
            kind = draw(st.sampled_from(CARE)) if what == TAKEN_BACK else what
            posting = ("account_part" if sign > 0 else "taken_back", -paid) if paid else (None, None)
            moves.append(Move(on, seq, *posting, kind, "医院", total, pooled, paid, total - pooled - paid))
        else:
            moves.append(Move(on, seq, what, draw(st.integers(-(10**7), 10**7).filter(bool))))
    return moves


@given(lives(), st.integers(2010, 2015))
def test_a_statement_adds_up(moves: list[Move], year: int) -> None:
    """Opening balance and the lines sum to the closing one, and each line's balance follows from the last."""
    until = [m for m in moves if m.on.year <= year]
    opening_fen, lines = lines_of(1001, year, until)
    assert opening_fen == sum(m.change_fen or 0 for m in moves if m.on.year < year)
    balance_fen = opening_fen
    for line in lines:
        balance_fen += line.account_fen
        assert line.balance_fen == balance_fen
        assert line.on.year == year
        if line.total_fen:
            assert line.total_fen == line.pooled_fen + line.cash_fen - line.account_fen
    assert balance_fen == sum(m.change_fen or 0 for m in until)
    assert len(lines) == sum(m.on.year == year for m in moves)


@given(lives())
def test_a_year_begins_where_the_last_one_ended(moves: list[Move]) -> None:
    """The closing balance of each year is the opening balance of the next."""
    closing_fen = 0
    for year in range(2010, 2016):
        opening_fen, lines = lines_of(1001, year, [m for m in moves if m.on.year <= year])
        assert opening_fen == closing_fen
        closing_fen = lines[-1].balance_fen if lines else opening_fen


@pytest.mark.parametrize(
    "move",
    [
        Move(DAY, 7, "account_part", -500, "outpatient", "医院", 1000, 0, 501, 499),
        Move(DAY, 7, None, None, "outpatient", "医院", 1000, 0, 500, 500),
        Move(DAY, 7, "account_part", -500),
        Move(DAY, 7, "outpatient", -500),
        Move(DAY, 7, "something_new", 500),
    ],
    ids=["another amount", "no posting", "no settlement", "a kind of care as a posting", "unknown"],
)
def test_a_statement_that_would_be_false_is_not_made(move: Move) -> None:
    """A settlement and a posting that do not fit, or a posting that nobody can explain, is a broken invariant."""
    with pytest.raises(Broken, match="Entry 1001-7"):
        lines_of(1001, 2013, [move])


def test_a_cancel_that_was_reversed_is_a_settlement_again() -> None:
    """The sign of a settlement says whether it is taken back, whatever its posting is called."""
    _, lines = lines_of(1, 2013, [Move(DAY, 9, "taken_back", -500, "pharmacy", "药房", 500, 0, 500, 0)])
    assert lines[0].what == "pharmacy"


# Reading -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The database's owner, who puts a past there; Li Na is 1001 and Zhou Ming 1002."""
    with psycopg.connect(database.owner, autocommit=True) as connection:
        for person_id, number, name in ((1001, LI_NA, "李娜"), (1002, ZHOU_MING, "周明")):
            connection.execute("insert into person_key values (%s, %s)", (number, person_id))
            connection.execute(
                "insert into person values (%s, %s, %s, 'female', '1979-12-03', '140702', '2009-04-01', 'insured')",
                (person_id, number, name),
            )
        for code, name in ((HOSPITAL, "晋中市第一人民医院"), (PHARMACY, "榆次区康宁大药房")):
            connection.execute(
                "insert into institution values (%s, %s, '{outpatient,pharmacy,inpatient}', true, now())", (code, name)
            )
        yield connection


@pytest.fixture
def accounts(views: Views, notices: Notices, clock: StandingClock) -> Accounts:
    """The accounts at noon of 1 July 2013."""
    return Accounts(views, notices, clock)


def post(owner: psycopg.Connection[Any], on: str, seq: int, *postings: Posting, person_id: int = 1001) -> None:
    """Put an entry's postings there."""
    for line, p in enumerate(postings):
        owner.execute(
            "insert into other_posting values (%s, %s, %s, %s, %s, %s, %s, %s)",
            (person_id, seq, line, p.debit, p.credit, p.amount_fen, p.what, on),
        )


def settle(
    owner: psycopg.Connection[Any], on: str, seq: int, kind: str, pooled: int, account: int, cash: int, **more: Any
) -> None:
    """Put a settlement there; negative amounts take one back."""
    institution, undoes = more.get("institution", HOSPITAL), more.get("undoes")
    total = pooled + account + cash
    owner.execute(
        "insert into journal values (1001, %s, %s::date + time '12:00', '', 'accepted', '', '', '{}', '', sha256(''), "
        "%s, 1, %s, %s, %s, '', %s, %s, %s, %s, %s)",
        (seq, on, institution, kind, undoes, f"m{seq}", total, pooled, account, cash, on),
    )


@pytest.fixture
def past(owner: psycopg.Connection[Any]) -> None:
    """Li Na's account since November 2012; Zhou Ming has one posting, so that no reading mixes them up."""
    post(owner, "2012-11-02", 2, Posting("old_system", "personal", 50_000, "opening_balance"))
    settle(owner, "2012-12-31", 3, "pharmacy", 0, 1_234, 0, institution=PHARMACY)
    post(owner, "2013-01-01", 4, Posting("contributions", "personal", 12_000, "contribution"))
    settle(owner, "2013-02-14", 5, "outpatient", 3_000, 1_500, 500)
    settle(owner, "2013-02-15", 6, "outpatient", -3_000, -1_500, -500, undoes=5)
    settle(owner, "2013-03-01", 8, "inpatient", 80_000, 0, 20_000)
    settle(owner, "2013-03-01", 7, "pharmacy", 0, 700, 0, institution="140702999999")
    post(
        owner,
        "2013-06-30",
        9,
        Posting("personal", "contributions", 12_000, "correction"),
        Posting("contributions", "personal", 10_000, "contribution"),
    )
    post(owner, "2013-06-30", 2, Posting("contributions", "personal", 999, "contribution"), person_id=1002)
    owner.cursor().executemany(
        "insert into carried_records values (1001, 2, %s, 1, %s, %s, %s)",
        [
            (2012, 500, 300, '[["2012-10-01","晋中市第一人民医院",500,300]]'),
            (2013, 80, 80, '[["2013-01-03","旧药房",80,80]]'),
        ],
    )


@pytest.mark.usefixtures("past")
def test_a_statement_is_read_from_postings_and_settlements(accounts: Accounts) -> None:
    """Every posting of the account and every settlement is a line, in order, with its institution and its parts."""
    statement = accounts.statement(LI_NA, 2013)
    assert [
        (x.on.isoformat(), x.place, x.what, x.institution, x.total_fen, x.pooled_fen, x.cash_fen, x.account_fen)
        for x in statement.lines
    ] == [
        ("2013-01-01", "1001-4", "contribution", "", 0, 0, 0, 12_000),
        ("2013-02-14", "1001-5", "outpatient", "晋中市第一人民医院", 5_000, 3_000, 500, -1_500),
        ("2013-02-15", "1001-6", "taken_back", "晋中市第一人民医院", -5_000, -3_000, -500, 1_500),
        ("2013-03-01", "1001-7", "pharmacy", "140702999999", 700, 0, 0, -700),
        ("2013-03-01", "1001-8", "inpatient", "晋中市第一人民医院", 100_000, 80_000, 20_000, 0),
        ("2013-06-30", "1001-9", "correction", "", 0, 0, 0, -12_000),
        ("2013-06-30", "1001-9", "contribution", "", 0, 0, 0, 10_000),
    ]
    assert (statement.opening_fen, statement.closing_fen) == (48_766, 58_066)
    assert (statement.credited_fen, statement.paid_fen) == (10_000, 700)
    assert statement.lines[-1].balance_fen == statement.closing_fen
    assert statement.carried == (CarriedRecord(dt.date(2013, 1, 3), "旧药房", 80, 80),)
    assert (statement.year, statement.notice, statement.clause) == (2013, "jinzhong-2013-06-25", "1.2")


def test_a_mirror_counts_against_its_own_side(accounts: Accounts, owner: psycopg.Connection[Any]) -> None:
    """100 yuan corrected to 90 are 90 credited and nothing paid; what undoes an earlier year is below zero."""
    post(owner, "2012-11-02", 2, Posting("contributions", "personal", 10_000, "contribution"))
    mirror = Posting("personal", "contributions", 10_000, "correction")
    post(owner, "2013-01-01", 3, mirror, Posting("contributions", "personal", 9_000, "contribution"))
    settle(owner, "2013-02-14", 4, "outpatient", 0, 1_500, 0)
    settle(owner, "2013-02-15", 5, "outpatient", 0, -1_500, 0, undoes=4)
    statement = accounts.statement(LI_NA, 2013)
    assert (statement.opening_fen, statement.credited_fen, statement.paid_fen) == (10_000, -1_000, 0)
    assert statement.closing_fen == 9_000


@pytest.mark.usefixtures("past")
def test_each_year_has_its_own_statement(accounts: Accounts) -> None:
    """A year takes what was posted and carried in it; a year before everything is empty."""
    first = accounts.statement(LI_NA, 2012)
    assert [x.what for x in first.lines] == ["opening_balance", "pharmacy"]
    assert (first.opening_fen, first.closing_fen) == (0, accounts.statement(LI_NA, 2013).opening_fen)
    assert [r.on.year for r in first.carried] == [2012]
    empty = accounts.statement(LI_NA, 2011)
    assert (empty.opening_fen, empty.closing_fen, empty.lines, empty.carried) == (0, 0, (), ())
    assert accounts.statement(ZHOU_MING, 2013).closing_fen == 999


@pytest.mark.usefixtures("past")
def test_number_and_name_are_masked_unless_asked_for(accounts: Accounts) -> None:
    """A statement shows region, last four and first character, and the whole only to who asks for it."""
    masked, whole = accounts.statement(LI_NA, 2013), accounts.statement(LI_NA, 2013, masked=False)
    assert (masked.number, masked.name) == (mask(LI_NA), "李*")
    assert (whole.number, whole.name) == (LI_NA, "李娜")
    assert masked.lines == whole.lines


@pytest.mark.usefixtures("past")
@pytest.mark.parametrize(
    ("day", "balance_fen"),
    [
        ("2012-11-01", 0),
        ("2012-11-02", 50_000),
        ("2012-12-31", 48_766),
        ("2013-02-14", 59_266),
        ("2013-02-15", 60_766),
        ("2013-06-29", 60_066),
        ("2013-07-01", 58_066),
    ],
)
def test_the_balance_of_any_day_is_that_of_its_end(accounts: Accounts, day: str, balance_fen: int) -> None:
    """The balance of a day counts everything posted by then, and nothing later."""
    assert accounts.balance_on(LI_NA, dt.date.fromisoformat(day)) == balance_fen


@pytest.mark.usefixtures("past")
def test_the_balance_column_is_not_asked(accounts: Accounts, owner: psycopg.Connection[Any]) -> None:
    """Whatever stands beside the postings, statement and balance are those of the postings."""
    owner.execute(
        "insert into dossier (person_id, version, chain, balance_fen) values (1001, 9, %s, 1)",
        (bytes(32),),
    )
    assert accounts.statement(LI_NA, 2013).closing_fen == 58_066
    assert accounts.balance_on(LI_NA, dt.date(2013, 7, 1)) == 58_066


@pytest.mark.usefixtures("past")
def test_what_has_not_come_has_no_statement(accounts: Accounts, clock: StandingClock) -> None:
    """A year or a day after today in the city is bad input; the city's midnight decides, not that of Greenwich."""
    for year in (2014, 0, -1):
        with pytest.raises(BadInput, match="year: "):
            accounts.statement(LI_NA, year)
    with pytest.raises(BadInput, match="day: 2013-07-02"):
        accounts.balance_on(LI_NA, dt.date(2013, 7, 2))
    clock.at = dt.datetime(2013, 12, 31, 16, 0, tzinfo=dt.UTC)
    assert accounts.statement(LI_NA, 2014).opening_fen == 58_066


def test_nobody_has_no_account(accounts: Accounts, desk: Desk) -> None:
    """Who is not registered is not found, even if somebody asked about them before."""
    desk.ask(ask("look_up_person", NOBODY))
    for number in (NOBODY, "140702198505050000"):
        with pytest.raises(NotFound):
            accounts.statement(number, 2013)
        with pytest.raises(NotFound):
            accounts.balance_on(number, DAY)


def test_a_carried_over_account_is_its_first_line(accounts: Accounts, desk: Desk) -> None:
    """What the desk carries over stands in the statement: the balance as a line, and this year's records."""
    record = OldRecord(dt.date(2013, 5, 6), "旧医院", 900, 400)
    desk.ask(ask("register_person"))
    desk.ask(ask("carry_over_account", balance_fen=10_050, old_card_number="Y140700001", records=(record,)))
    statement = accounts.statement(LI_NA, 2013)
    assert [(x.what, x.account_fen, x.balance_fen) for x in statement.lines] == [("opening_balance", 10_050, 10_050)]
    assert statement.carried == (CarriedRecord(record.on, record.institution, record.total_fen, record.account_fen),)
    assert statement.closing_fen == accounts.balance_on(LI_NA, dt.date(2013, 7, 1)) == 10_050
