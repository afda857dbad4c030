"""Statements of personal accounts, the balance of any day, what the hotline is told, and which role sees what of it.

All is worked out from postings, never from the balance that is kept beside them. Clause 1.2. Reads only. Faces ask
here, and `paper` puts statements on paper.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right
from shebaoka.desk.screens import JournalLine, PersonScreen
from shebaoka.desk.staff import Staff
from shebaoka.desk.undo import place_of
from shebaoka.ledger import CARRY_OVER_UNDONE, TAKEN_BACK
from shebaoka.notice import Notices
from shebaoka.numbers import mask, mask_name
from shebaoka.records import (
    OF_INSTITUTIONS,
    SERVICE_OF,
    BadInput,
    Basis,
    Broken,
    Channel,
    NotAllowed,
    NotFound,
    Posting,
)
from shebaoka.store import Views, views

CARE = ("outpatient", "pharmacy", "inpatient")
CHARGED = (*CARE, TAKEN_BACK)
"""What the account pays, and what comes back of it."""
WHATS = ("opening_balance", "contribution", *CHARGED, "correction", CARRY_OVER_UNDONE)
"""Everything that a line of a statement can be about."""
_OF_INSTITUTIONS = frozenset(SERVICE_OF[request] for request in OF_INSTITUTIONS)
LATEST = 10
"""Records in a brief account."""


Rows = list[tuple[Any, ...]]
Asked = tuple[str, Mapping[str, Any]]
"""A statement with its parameters."""


class Move(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One posting of a personal account with the settlement it belongs to, as it is read: either may be missing.

    `change_fen` is signed, what the account gains. The settlement's amounts are negative where it takes one back.
    """

    on: dt.date
    seq: int
    what: str | None
    change_fen: int | None
    kind: str | None = None
    institution: str | None = None
    total_fen: int | None = None
    pooled_fen: int | None = None
    account_fen: int | None = None
    cash_fen: int | None = None


class StatementLine(msgspec.Struct, frozen=True):
    """One line of a statement; `place` is the journal's, `what` one of `WHATS`. Amounts are fen, 0 where there is none.

    `account_fen` is what the account gains, below zero when it pays; `balance_fen` is the balance after the line.
    `total_fen` is `pooled_fen`, `cash_fen` and what the account paid; all are below zero on what is taken back.
    """

    on: dt.date
    place: str
    what: str
    institution: str
    total_fen: int
    pooled_fen: int
    cash_fen: int
    account_fen: int
    balance_fen: int


class CarriedRecord(msgspec.Struct, frozen=True):
    """A consumption record of the old card that was carried over (1.2). Amounts are fen."""

    on: dt.date
    institution: str
    total_fen: int
    account_fen: int


class AccountStatement(msgspec.Struct, frozen=True):
    """A person's account in one year. Amounts are fen.

    Opening balance and the lines' `account_fen` sum to the closing balance. `credited_fen` is what came in less what
    was corrected, `paid_fen` what was paid less what was taken back; either is below zero where the mirror of an
    earlier year's entry outweighs it. `carried` are the old card's records of that year; they were paid before the
    opening balance was carried over, so no sum counts them.
    """

    number: str
    name: str
    year: int
    made_at: dt.datetime
    opening_fen: int
    credited_fen: int
    paid_fen: int
    closing_fen: int
    lines: tuple[StatementLine, ...]
    carried: tuple[CarriedRecord, ...]
    notice: str
    clause: str


class AccountYear(msgspec.Struct, frozen=True):
    """A year of somebody's account: its statement, all postings of the year, and the first year with one."""

    statement: AccountStatement
    postings: tuple[tuple[dt.date, Posting], ...]
    first_year: int


class BriefRecord(msgspec.Struct, frozen=True):
    """One record of a brief account: its day, what for (one of `WHATS`), and what the account gained, in fen."""

    on: dt.date
    what: str
    account_fen: int


class BriefAccount(msgspec.Struct, frozen=True):
    """What it takes to answer somebody about their balance on the telephone, as of `on`. Number and name are masked.

    `latest` are the ten latest records, the newest first. Where somebody was treated and what that cost in all is not
    among it: whoever calls need not be the holder.
    """

    number: str
    name: str
    on: dt.date
    balance_fen: int
    latest: tuple[BriefRecord, ...]


def may_see_accounts(staff: Staff) -> bool:
    """Whether the role reads a whole account, and not only a brief one."""
    return staff.may(Right.SEE_ACCOUNTS)


def may_see_unmasked(staff: Staff) -> bool:
    """Whether the role may have number and name in full."""
    return staff.may(Right.SEE_UNMASKED)


def must_see_accounts(staff: Staff) -> None:
    """`NotAllowed` unless the role reads a whole account."""
    staff.must_see_people()
    if not may_see_accounts(staff):
        raise NotAllowed(f"The role {staff.role} sees the balance and the {LATEST} latest records, and no statement.")


def must_see_unmasked(staff: Staff) -> None:
    """`NotAllowed` unless the role may have number and name in full."""
    staff.must_see_people()
    if not may_see_unmasked(staff):
        raise NotAllowed(f"The role {staff.role} sees numbers and names masked. Ask without `unmasked`.")


def as_seen_by(staff: Staff, lines: Iterable[JournalLine]) -> list[JournalLine]:
    """Journal lines as a role may read them: who reads no whole account learns of no terminal and no charge."""
    return list(lines) if may_see_accounts(staff) else [_in_brief(line) for line in lines]


def _in_brief(line: JournalLine) -> JournalLine:
    """A line without the terminal that sent it, and without facts and steps if an institution asked."""
    if line.service in _OF_INSTITUTIONS:
        return replace(line, by="", where="", answer=replace(line.answer, facts={}, next=()), brief=True)
    return replace(line, by="", where="") if line.channel == Channel.TERMINAL else line


class Accounts:
    """Reads personal accounts for faces; safe for many threads."""

    def __init__(self, views_: Views, notices: Notices, clock: Clock = now) -> None:
        self._views = views_
        self._notices = notices
        self._clock = clock

    def statement(self, number: str, year: int, *, masked: bool = True) -> AccountStatement:
        """The statement of a person's account for a calendar year, up to now if the year is not over.

        Number and name are masked unless asked for. `NotFound` for nobody; `BadInput` for a year that has not begun.
        """
        today = self._today()
        if not 1 <= year <= today.year:
            raise BadInput(f"year: {year} has no statement; ask for {today.year} or a year before it.")
        person_id, name = self._person(number)
        shown = (mask(number), mask_name(name)) if masked else (number, name)
        carried, moves = (self._views.rows(*ask) for ask in _asks_of_statement(person_id, year))
        return self._statement(person_id, shown, year, carried, moves)

    def asks_of_year(self, screen: PersonScreen, year: int) -> list[Asked]:
        """What `year_from` is to be told of somebody who was looked up; the year has begun."""
        return [*_asks_of_statement(screen.person_id, year), (views.POSTINGS, {"person_id": screen.person_id})]

    def year_from(self, screen: PersonScreen, year: int, carried: Rows, moves: Rows, postings: Rows) -> AccountYear:
        """A year of the account of somebody who was looked up, masked."""
        years = [row[0].year for row in (*postings, *carried)]
        return AccountYear(
            statement=self._statement(screen.person_id, _masked(screen), year, carried, moves),
            postings=tuple((on, Posting(*said)) for on, _, _, *said in postings if on.year == year),
            first_year=min([screen.on.year, *years]),
        )

    def _statement(
        self, person_id: int, shown: tuple[str, str], year: int, carried: Rows, moves: Rows
    ) -> AccountStatement:
        """A year's statement with number and name as they are to be shown."""
        made_at = self._clock()
        opening_fen, lines = lines_of(person_id, year, (Move(*row) for row in moves))
        credited_fen = sum(x.account_fen for x in lines if x.what not in CHARGED)
        paid_fen = -sum(x.account_fen for x in lines if x.what in CHARGED)
        notice = self._notices.on(made_at.astimezone(self._notices.zone).date())
        return AccountStatement(
            number=shown[0],
            name=shown[1],
            year=year,
            made_at=made_at,
            opening_fen=opening_fen,
            credited_fen=credited_fen,
            paid_fen=paid_fen,
            closing_fen=opening_fen + credited_fen - paid_fen,
            lines=lines,
            carried=tuple(CarriedRecord(*row) for row in carried if row[0].year == year),
            notice=notice.id,
            clause=notice.clause_of[Basis.OLD_ACCOUNT_CARRIES_OVER],
        )

    def brief(self, number: str) -> BriefAccount:
        """The balance now and the latest records. `NotFound` for nobody."""
        person_id, name = self._person(number)
        rows = self._views.rows(views.ACCOUNT_MOVES, {"person_id": person_id, "until": self._today()})
        _, lines = lines_of(person_id, dt.MINYEAR, (Move(*row) for row in rows))
        return BriefAccount(
            number=mask(number),
            name=mask_name(name),
            on=self._today(),
            balance_fen=lines[-1].balance_fen if lines else 0,
            latest=tuple(BriefRecord(x.on, x.what, x.account_fen) for x in reversed(lines[-LATEST:])),
        )

    def balance_on(self, number: str, day: dt.date) -> int:
        """The balance in fen at the end of a day; today's so far. `NotFound` for nobody; `BadInput` for a later day."""
        today = self._today()
        if day > today:
            raise BadInput(f"day: {day} has not come yet; ask for {today} or a day before it.")
        person_id, _ = self._person(number)
        return int(self._views.rows(views.BALANCE_ON, {"person_id": person_id, "day": day})[0][0])

    def undone(self, places: Iterable[str]) -> frozenset[str]:
        """Those of some entries, named by their places such as `1001-7`, that were taken back or corrected since."""
        named = [place_of(place) for place in places]
        if not named:
            return frozenset()
        rows = self._views.rows(views.UNDONE, {"people": [p for p, _ in named], "seqs": [seq for _, seq in named]})
        return frozenset(f"{person_id}-{seq}" for person_id, seq in rows)

    def _person(self, number: str) -> tuple[int, str]:
        """Id and name. Whoever was only asked about has an id as well, but is not registered."""
        for (person_id,) in self._views.rows(views.PERSON_BY_NUMBER, {"number": number}):
            for (name,) in self._views.rows(views.NAME, {"person_id": person_id}):
                return person_id, name
        raise _nobody()

    def _today(self) -> dt.date:
        return self._clock().astimezone(self._notices.zone).date()


def _asks_of_statement(person_id: int, year: int) -> list[Asked]:
    """All postings come with one statement, so that opening balance and lines are of one moment; a life has a few
    thousand at most.
    """
    who = {"person_id": person_id}
    return [(views.CARRIED, who), (views.ACCOUNT_MOVES, who | {"until": dt.date(year, 12, 31)})]


def _masked(screen: PersonScreen) -> tuple[str, str]:
    """Number and name of somebody who was looked up. `NotFound` if they are not registered."""
    if screen.dossier.person is None:
        raise _nobody()
    return mask(screen.dossier.person.number), mask_name(screen.dossier.person.name)


def _nobody() -> NotFound:
    return NotFound("Nobody is registered with this social security number. Check it against the ID original.")


def lines_of(person_id: int, year: int, moves: Iterable[Move]) -> tuple[int, tuple[StatementLine, ...]]:
    """The balance in fen before a year, and the year's lines. `moves` are all up to its end, in their order.

    `Broken` if a settlement and its posting differ, or a posting is about something that no statement knows.
    """
    opening_fen = balance_fen = 0
    lines = []
    for move in moves:
        line = _line(person_id, move, balance_fen)
        balance_fen = line.balance_fen
        if move.on.year < year:
            opening_fen = balance_fen
        else:
            lines.append(line)
    return opening_fen, tuple(lines)


def _line(person_id: int, move: Move, balance_fen: int) -> StatementLine:
    """The line of a posting or settlement after a balance."""
    place, change_fen = f"{person_id}-{move.seq}", move.change_fen or 0
    what = move.what or ""
    if move.kind is not None:
        # A cancel that was itself taken back is a settlement again: the sign says which it is.
        what = TAKEN_BACK if (move.total_fen or 0) < 0 else move.kind
        if change_fen != -(move.account_fen or 0):
            raise Broken(f"Entry {place}: its settlement and its posting say different amounts of the account's part.")
    if what not in WHATS or (what in CHARGED) != (move.kind is not None):
        raise Broken(f"Entry {place}: no statement has a line for the posting {move.what!r}.")
    return StatementLine(
        on=move.on,
        place=place,
        what=what,
        institution=move.institution or "",
        total_fen=move.total_fen or 0,
        pooled_fen=move.pooled_fen or 0,
        cash_fen=move.cash_fen or 0,
        account_fen=change_fen,
        balance_fen=balance_fen + change_fen,
    )
