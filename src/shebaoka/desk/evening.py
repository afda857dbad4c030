"""The evening of money: business cycles compared with their institutions (对账), closed, and put into the bank's file.

Terminals, the command line and the office's pages call it. Amounts are fen. See docs/reconciliation.md.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from shebaoka import ledger
from shebaoka.desk.bankfile import BankFile, BankLine, bank_text
from shebaoka.desk.comparing import (
    DIFFERENCES,
    Amounts,
    Comparison,
    Detail,
    Difference,
    Known,
    StatedDetail,
    Totals,
    difference_of,
    differences_of,
    totals_of,
)
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.institutions import Cycle
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.desk.standing import amounts_of, comparison_of, must_be_reconciled, state_of, totals_by_cycle
from shebaoka.desk.undo import STOPPED
from shebaoka.records import BadInput, NotFound
from shebaoka.store import Views, day_bounds
from shebaoka.store import evening as sql
from shebaoka.store.views import Run

_REASON = re.compile(r"[^\x00-\x20\x7f][^\x00-\x1f\x7f]{0,199}")
_PLACE = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,17})")
_PLACE_OF_DIFFERENCE = re.compile(r"([01])-([!-~]{1,100})")
_encode = msgspec.json.Encoder().encode
_NEVER_CAME = Known("never_came")


class Explanation(msgspec.Struct, frozen=True):
    """Why a message is not alike on both sides, as a person says. It is of these amounts, and of no others; of none
    where it was given before amounts were kept and nothing tells them.
    """

    cycle: int
    message_id: str
    difference: str
    reason: str
    by: str
    at: dt.datetime
    ours: Amounts | None
    theirs: Amounts | None


class DifferenceLine(msgspec.Struct, frozen=True):
    """A difference, and why it is so: when it was said, by whom, and the reason."""

    difference: Difference
    reason: str | None
    by: str | None
    at: dt.datetime | None

    @property
    def place(self) -> str:
        """Where it stands in its list: what nobody has explained comes first."""
        return f"{int(self.at is not None)}-{self.difference.message_id}"


class CycleLine(msgspec.Struct, frozen=True):
    """A cycle with its institution's name, its totals, and how far its reconciliation is.

    `state` is open, to_reconcile, differs, explained, equal, closed or paid. `unexplained` is how many differences of
    the comparison that counts nobody has explained.
    """

    cycle: Cycle
    name: str
    totals: Totals
    state: str
    comparison: Comparison | None
    unexplained: int


def may_reconcile(staff: Staff) -> bool:
    """Whether the role may compare by file, explain and close."""
    return staff.may(Right.RECONCILE)


def may_pay(staff: Staff) -> bool:
    """Whether the role may make the bank's file."""
    return staff.may(Right.PAY)


def must_reconcile(staff: Staff) -> None:
    """`NotAllowed` unless the role may compare by file, explain and close."""
    staff.must(Right.RECONCILE)


def must_pay(staff: Staff) -> None:
    """`NotAllowed` unless the role may make the bank's file."""
    staff.must(Right.PAY)


def _named(by: "Staff | str", right: Right) -> str:
    """Who acts, by name. `NotAllowed` for somebody of the staff without the right.

    A terminal is named by its key: that it is its own institution's cycle was held where its message came in.
    """
    if isinstance(by, str):
        return by
    by.must(right)
    return by.name


class Evening:
    """Compares, closes and pays business cycles. Safe for many threads. Of the staff a right is asked here."""

    def __init__(self, views_: Views, zone: dt.tzinfo, clock: Clock = now) -> None:
        self._views = views_
        self._zone = zone
        self._clock = clock

    # what there is

    def cycle(self, cycle: int, institution: str = "") -> Cycle:
        """A cycle; of this institution, if one is named. `NotFound`."""
        rows = self._views.rows(sql.CYCLE, {"cycle": cycle}) if 0 < cycle < 2**63 else []
        found = _cycle_of(rows, cycle)
        if institution and found.institution != institution:
            raise _no_cycle(cycle)
        return found

    def totals(self, cycle: int) -> Totals:
        """What a cycle comes to now, charges and what took charges back apart."""
        return totals_by_cycle(self._views.rows(sql.TOTALS, {"cycles": [cycle]})).get(cycle, Totals())

    def details(self, cycle: int, *, after: str = "", limit: int | None = None) -> list[Detail]:
        """A cycle's settlements in the order in which they were made, from the one after a place such as `1001-7`."""
        who: dict[str, Any] = {"person_id": None, "seq": None}
        settled_at = None
        if after:
            found = _PLACE.fullmatch(after)
            if found is None:
                raise BadInput("after: give the place of a settlement, such as 1001-7.")
            who = {"person_id": int(found[1]), "seq": int(found[2])}
            rows = self._views.rows(sql.SETTLED_AT, {"cycle": cycle, **who})
            if not rows:
                raise NotFound(f"The business cycle {cycle} has no settlement {after}.")
            settled_at = rows[0][0]
        parameters = {"cycle": cycle, "after": settled_at, "limit": limit, **who}
        return [
            Detail(message_id, f"{person_id}-{seq}", kind, Amounts(*amounts), at)
            for message_id, person_id, seq, kind, *amounts, at in self._views.rows(sql.DETAILS, parameters)
        ]

    def cycles(self, institution: str | None = None, *, open_only: bool = False, limit: int = 100) -> list[CycleLine]:
        """The latest cycles, newest first; of an institution, or only those that are not closed."""
        return self._listed(institution=institution, open_only=open_only, limit=limit)

    def days(self, on: dt.date) -> list[CycleLine]:
        """The cycles that were opened on a day in the city, by institution."""
        found = self._listed(**self._bounds(on))
        return sorted(found, key=lambda line: (line.cycle.institution, line.cycle.id))

    def left_open(self, before: dt.date, *, limit: int = 100) -> list[CycleLine]:
        """Cycles of earlier days that are not closed yet, newest first."""
        return self._listed(open_only=True, until=self._bounds(before)["since"], limit=limit)

    def count_left_open(self, before: dt.date) -> int:
        """How many cycles of earlier days are not closed yet."""
        return int(self._views.rows(sql.LEFT_OPEN, self._bounds(before))[0][0])

    def days_beside(self, on: dt.date) -> tuple[dt.date | None, dt.date | None]:
        """The last day before, and the first day after, on which a cycle was opened."""
        ((before, after),) = self._views.rows(sql.DAYS_BESIDE, self._bounds(on))
        return tuple(at.astimezone(self._zone).date() if at else None for at in (before, after))  # type: ignore[return-value]

    def line(self, cycle: int) -> CycleLine:
        """One cycle with how far it is. `NotFound`."""
        rows = self._views.rows(sql.CYCLE, {"cycle": cycle}) if 0 < cycle < 2**63 else []
        _cycle_of(rows, cycle)
        return self._lines(rows)[0]

    def comparisons(self, cycle: int, *, limit: int = 50) -> list[Comparison]:
        """What was compared of a cycle, the latest first."""
        rows = self._views.rows(sql.COMPARISONS, {"cycle": cycle, "limit": limit})
        return [comparison_of(row) for row in rows]

    def differences(self, comparison: int, *, after: str = "", limit: int | None = None) -> list[DifferenceLine]:
        """What a comparison found, each with its explanation; unexplained ones first, from the one after a place."""
        found = _PLACE_OF_DIFFERENCE.fullmatch(after)
        if after and found is None:
            raise BadInput("differences: give the place of a difference, as the page's link has it.")
        place = {"explained": found[1] == "1", "after": found[2]} if found else {"explained": None, "after": None}
        rows = self._views.rows(sql.DIFFERENCES, {"comparison": comparison, "limit": limit, **place})
        return [
            DifferenceLine(difference_of(message_id, amounts_of(ours), amounts_of(theirs), settlement), *said)
            for message_id, ours, theirs, settlement, *said in rows
        ]

    def explanations(self, cycle: int, *, without: int = 0, limit: int | None = None) -> list[Explanation]:
        """What was explained of a cycle, the latest first; but for what covers a difference of a comparison."""
        rows = self._views.rows(sql.EXPLANATIONS, {"cycle": cycle, "without": without, "limit": limit})
        return [Explanation(*row[:6], *map(amounts_of, row[6:])) for row in rows]

    def known(self, institution: str, differences: Iterable[Difference]) -> dict[str, Known]:
        """What became of the messages that only the institution has, by their ids. Another's ids are not looked up."""
        ids = [d.message_id for d in differences if d.difference == "theirs_only"]
        own = [message_id for message_id in ids if message_id.startswith(institution)]
        rows = self._views.rows(sql.BECAME_OF, {"ids": own}) if own else []
        return dict.fromkeys(ids, _NEVER_CAME) | {message_id: _known(*row) for message_id, *row in rows}

    def _bounds(self, on: dt.date) -> dict[str, dt.datetime]:
        if not 1900 <= on.year <= 2999:
            raise BadInput("The day must lie between the years 1900 and 2999.")
        return day_bounds(on, self._zone)

    def _listed(self, **asked: Any) -> list[CycleLine]:
        every = {"institution": None, "open_only": False, "since": None, "until": None, "limit": None}
        return self._lines(self._views.rows(sql.CYCLES, every | asked))

    def _lines(self, rows: Sequence[tuple[Any, ...]]) -> list[CycleLine]:
        asked = {"cycles": [row[0] for row in rows]}
        totals = totals_by_cycle(self._views.rows(sql.TOTALS, asked))
        counts = {row[0]: comparison_of(row[1:]) for row in self._views.rows(sql.COUNTING_COMPARISONS, asked)}
        differ = [c.id for c in counts.values() if c.differences]
        left = dict(self._views.rows(sql.UNEXPLAINED, {"comparisons": differ})) if differ else {}
        lines = []
        for *row, name in rows:
            cycle = Cycle(*row)
            has, compared = totals.get(cycle.id, Totals()), counts.get(cycle.id)
            unexplained = left.get(compared.id, 0) if compared else 0
            state = state_of(cycle, has, compared, unexplained, self._clock())
            lines.append(CycleLine(cycle, name, has, state, compared, unexplained))
        return lines

    # reconciling

    def compare_totals(self, cycle: int, theirs: Totals, by: str) -> Comparison:
        """Hold an institution's totals of a cycle against ours, and keep what was found. `NotFound`."""
        self.cycle(cycle)
        return self._kept(cycle, Comparison(self._clock(), by, self.totals(cycle), theirs, None))

    def compare_details(
        self, cycle: int, rows: Collection[StatedDetail], by: Staff | str
    ) -> tuple[Comparison, tuple[Difference, ...]]:
        """Hold an institution's details of a cycle against ours, message by message, and keep what was found.

        `BadInput` if a message stands twice in their file. `NotFound`.
        """
        name = _named(by, Right.RECONCILE)
        self.cycle(cycle)
        ours = self.details(cycle)
        found = differences_of(ours, rows)
        comparison = Comparison(self._clock(), name, totals_of(ours), totals_of(rows), len(found))
        return self._kept(cycle, comparison, found), found

    def _kept(self, cycle: int, comparison: Comparison, differences: Iterable[Difference] = ()) -> Comparison:
        row = {
            "cycle": cycle,
            "at": comparison.at,
            "by": comparison.by,
            "ours": _encode(comparison.ours).decode(),
            "theirs": _encode(comparison.theirs).decode(),
            "differences": comparison.differences,
        }
        found = [
            {"message_id": d.message_id, "ours": _fen(d.ours), "theirs": _fen(d.theirs), "settlement": d.settlement}
            for d in differences
        ]
        with self._views.together() as run:
            ((place,),) = run(sql.ADD_COMPARISON, row)
            if found:
                run(sql.ADD_DIFFERENCES, {"comparison": place, "differences": _encode(found).decode()})
        return msgspec.structs.replace(comparison, id=place)

    def explain(
        self,
        cycle: int,
        message_id: str,
        difference: str,
        reason: str,
        by: Staff | str,
        *,
        comparison: int | None = None,
    ) -> None:
        """Say why a message of a comparison, else of the one that counts, is not alike on both sides.

        It is said once of the amounts that it has there, and stays. `NotFound` if there is no such difference.
        """
        name = _named(by, Right.RECONCILE)
        if difference not in DIFFERENCES:
            raise BadInput(f"difference: choose of {', '.join(DIFFERENCES)}.")
        if not _REASON.fullmatch(reason):
            raise BadInput("reason: give the reason in 1 to 200 characters, on one line.")
        line = self.line(cycle)
        if line.cycle.closed_at is not None:
            raise BadInput(f"The business cycle {cycle} is closed; nothing of it is explained any more.")
        of = comparison or (line.comparison.id if line.comparison else 0)
        sides = self._views.rows(sql.DIFFERENCE, {"cycle": cycle, "comparison": of, "message_id": message_id})
        ours, theirs = sides[0] if sides else ((), ())
        if not sides or difference_of(message_id, amounts_of(ours), amounts_of(theirs)).difference != difference:
            raise NotFound(
                f"The latest comparison of the business cycle {cycle} has no difference {difference} of {message_id!r}."
            )
        row = {
            "cycle": cycle,
            "message_id": message_id,
            "difference": difference,
            "ours": ours,
            "theirs": theirs,
            "reason": reason,
            "by": name,
            "at": self._clock(),
        }
        if not self._views.write(sql.ADD_EXPLANATION, row):
            raise BadInput(f"message_id: {message_id} is explained already, and an explanation stays as it is.")

    def close(self, cycle: int, by: Staff | str) -> Cycle:
        """Close a cycle that is reconciled; one that is closed already stays as it is. `NotReconciled`, `NotFound`.

        Saves of settlements hold the cycle's lock together. This takes it alone: whatever was being saved is through
        before anything is counted, and whatever comes later finds the cycle closed.
        """
        name = _named(by, Right.RECONCILE)
        if not 0 < cycle < 2**63:
            raise _no_cycle(cycle)
        with self._views.together() as run:
            run(sql.LOCK_CYCLE, {"cycle": cycle})
            found = _cycle_of(run(sql.CYCLE, {"cycle": cycle}), cycle)
            if found.closed_at is None:
                must_be_reconciled(run, cycle)
                run(sql.CLOSE_CYCLE, {"cycle": cycle, "at": self._clock(), "by": name})
                found = _cycle_of(run(sql.CYCLE, {"cycle": cycle}), cycle)
        return found

    # paying

    def bank_file(self, on: dt.date, by: Staff | str) -> bytes:
        """The bank's file of a day: every cycle closed by then and in no earlier file; these are paid from now on.

        A day's file is made once, and who made it is kept. Asked again, the same cycles give the same bytes, whatever
        was closed meanwhile.
        """
        name, at, asked = _named(by, Right.PAY), self._clock(), {"on": on}
        if on > at.astimezone(self._zone).date():
            raise BadInput(f"The bank's file of {on} cannot be made before that day.")
        with self._views.together() as run:
            run(sql.LOCK_BANK_FILE, {})
            made = run(sql.BANK_FILE, asked) or run(sql.PAID_CYCLES, asked)
            if not made:
                run(sql.PAY_CYCLES, asked | self._bounds(on))
            lines = _bank_lines(run, on)
            text = bank_text(on, lines)
            if not made:
                owed_fen = sum(line.sum_fen for line in lines)
                row = BankFile(at, name, hashlib.sha256(text).digest(), len(lines), owed_fen)
                run(sql.ADD_BANK_FILE, asked | msgspec.structs.asdict(row))
        return text

    def made(self, on: dt.date) -> BankFile | None:
        """Who made the bank's file of a day, and when; None if none was made, or before this was kept."""
        rows = self._views.rows(sql.BANK_FILE, {"on": on})
        return BankFile(*rows[0]) if rows else None

    def bank_lines(self, on: dt.date) -> list[BankLine]:
        """What stands in the bank's file of a day; nothing if none was made. Pays nothing."""
        with self._views.together() as run:
            return _bank_lines(run, on)

    def waiting(self, on: dt.date) -> int:
        """How many cycles were closed by the end of a day and are not paid yet."""
        return int(self._views.rows(sql.WAITING, self._bounds(on))[0][0])

    # checking

    def clearing_balance(self, institution: str) -> int:
        """What all postings owe an institution, in fen; below zero if it owes."""
        rows = self._views.rows(sql.CLEARING, {"account": ledger.clearing(institution)})
        return int(rows[0][0])

    def check(self) -> list[str]:
        """A sentence for whatever does not hold: institutions' entries are their settlements, cycles are in order."""
        faults = [
            f"institution {code}: its entries owe it {entries_fen} fen, and its settlements come to {settled_fen}."
            for code, entries_fen, settled_fen in self._views.rows(sql.CLEARING_OFF)
        ]
        compared = {row[0] for row in self._views.rows(sql.COMPARED_CYCLES)}
        known = {row[0]: row[1:] for row in self._views.rows(sql.ALL_CYCLES)}
        for cycle, (_, closed, paid_on) in known.items():
            if paid_on is not None and not closed:
                faults.append(f"cycle {cycle}: it was paid on {paid_on}, and is not closed.")
        for cycle, institution, count in self._views.rows(sql.SETTLED_BY_CYCLE):
            owner, closed, _ = known.get(cycle, ("nobody", False, None))
            if owner != institution:
                faults.append(f"cycle {cycle}: it is {owner}'s, and has {count} settlements of {institution}.")
            if closed and cycle not in compared:
                faults.append(f"cycle {cycle}: it has {count} settlements and was closed without a comparison.")
        return faults


def _bank_lines(run: Run, on: dt.date) -> list[BankLine]:
    cycles_of: dict[str, list[int]] = {}
    for institution, cycle in run(sql.PAID_CYCLES, {"on": on}):
        cycles_of.setdefault(institution, []).append(cycle)
    every = [cycle for cycles in cycles_of.values() for cycle in cycles]
    totals = totals_by_cycle(run(sql.TOTALS, {"cycles": every}))
    lines = []
    for institution, cycles in cycles_of.items():
        has = [totals.get(cycle, Totals()) for cycle in cycles]
        lines.append(
            BankLine(
                institution=institution,
                cycles=tuple(cycles),
                positive=sum(t.positive.count for t in has),
                reverse=sum(t.reverse.count for t in has),
                account_fen=sum(t.account_fen for t in has),
                pooled_fen=sum(t.pooled_fen for t in has),
            )
        )
    return lines


def _no_cycle(cycle: int) -> NotFound:
    return NotFound(f"There is no business cycle {cycle}.")


def _cycle_of(rows: Sequence[tuple[Any, ...]], cycle: int) -> Cycle:
    if not rows:
        raise _no_cycle(cycle)
    return Cycle(*rows[0][:-1])


def _fen(amounts: Amounts | None) -> tuple[int, ...]:
    return msgspec.structs.astuple(amounts) if amounts else ()


def _known(content: bytes, outcome: str, clause: str, cycle: int | None) -> Known:
    if content == STOPPED:
        return Known("stopped")
    if outcome == "refused":
        return Known("refused", clause=clause)
    return Known("settled", cycle=cycle) if cycle is not None else Known("decided")
