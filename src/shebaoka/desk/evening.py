"""The evening of money: business cycles compared with their institutions (对账), closed, and put into the bank's file.

Terminals, the command line and the office's pages call it. Amounts are fen. See docs/reconciliation.md.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from shebaoka import ledger
from shebaoka.desk.bankfile import BankLine, bank_text
from shebaoka.desk.comparing import (
    DIFFERENCES,
    Amounts,
    Comparison,
    Detail,
    Difference,
    Side,
    StatedDetail,
    Totals,
    differences_of,
    totals_of,
)
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.institutions import Cycle
from shebaoka.desk.staff import Role, Staff
from shebaoka.records import BadInput, NotAllowed, NotFound, NotReconciled
from shebaoka.store import Views, day_bounds
from shebaoka.store import evening as sql
from shebaoka.store.views import Run

RECONCILES = frozenset({Role.CLERK})
"""Roles that compare by file, explain differences and close cycles."""
PAYS = frozenset({Role.CLERK, Role.BANK})
"""Roles that make the bank's file."""
_REASON = re.compile(r"[^\x00-\x20\x7f][^\x00-\x1f\x7f]{0,199}")
_PLACE = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,17})")
_encode = msgspec.json.Encoder().encode
_totals = msgspec.json.Decoder(Totals).decode
_differences = msgspec.json.Decoder(tuple[Difference, ...]).decode


class Explanation(msgspec.Struct, frozen=True):
    """Why a message is not alike on both sides, as a person says."""

    cycle: int
    message_id: str
    difference: str
    reason: str
    by: str
    at: dt.datetime


class CycleLine(msgspec.Struct, frozen=True):
    """A cycle with its institution's name, its totals, and how far its reconciliation is.

    `state` is open, to_reconcile, differs, explained, equal, closed or paid. `unexplained` are the differences of the
    latest comparison that nobody has explained.
    """

    cycle: Cycle
    name: str
    totals: Totals
    state: str
    comparison: Comparison | None
    unexplained: tuple[Difference, ...]


def may_reconcile(staff: Staff) -> bool:
    """Whether the role may compare by file, explain and close."""
    return staff.role in RECONCILES


def may_pay(staff: Staff) -> bool:
    """Whether the role may make the bank's file."""
    return staff.role in PAYS


def must_reconcile(staff: Staff) -> None:
    """`NotAllowed` unless the role may compare by file, explain and close."""
    if not may_reconcile(staff):
        raise NotAllowed(f"The role {staff.role} may not reconcile business cycles; it takes {_either(RECONCILES)}.")


def must_pay(staff: Staff) -> None:
    """`NotAllowed` unless the role may make the bank's file."""
    if not may_pay(staff):
        raise NotAllowed(f"The role {staff.role} may not make the bank's file; it takes {_either(PAYS)}.")


def _either(roles: Collection[Role]) -> str:
    return "the role " + " or ".join(sorted(roles))


class Evening:
    """Compares, closes and pays business cycles. Safe for many threads."""

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
        return _totals_of(self._views.rows(sql.TOTALS, {"cycles": [cycle]})).get(cycle, Totals())

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
        return [_comparison_of(row) for row in rows]

    def explanations(self, cycle: int) -> list[Explanation]:
        """What was explained of a cycle, in its order."""
        return [Explanation(*row) for row in self._views.rows(sql.EXPLANATIONS, {"cycles": [cycle]})]

    def _bounds(self, on: dt.date) -> dict[str, dt.datetime]:
        if not 1900 <= on.year <= 2999:
            raise BadInput("The day must lie between the years 1900 and 2999.")
        return day_bounds(on, self._zone)

    def _listed(self, **asked: Any) -> list[CycleLine]:
        every = {"institution": None, "open_only": False, "since": None, "until": None, "limit": None}
        return self._lines(self._views.rows(sql.CYCLES, every | asked))

    def _lines(self, rows: Sequence[tuple[Any, ...]]) -> list[CycleLine]:
        asked = {"cycles": [row[0] for row in rows]}
        totals = _totals_of(self._views.rows(sql.TOTALS, asked))
        latest = {row[0]: _comparison_of(row[1:]) for row in self._views.rows(sql.LATEST_COMPARISONS, asked)}
        explained = {row[:3] for row in self._views.rows(sql.EXPLANATIONS, asked)}
        lines = []
        for *row, name in rows:
            cycle = Cycle(*row)
            left = _unexplained(cycle.id, latest.get(cycle.id), explained)
            has = totals.get(cycle.id, Totals())
            state = _state_of(cycle, has, latest.get(cycle.id), left, self._clock())
            lines.append(CycleLine(cycle, name, has, state, latest.get(cycle.id), left))
        return lines

    # reconciling

    def compare_totals(self, cycle: int, theirs: Totals, by: str) -> Comparison:
        """Hold an institution's totals of a cycle against ours, and keep what was found. `NotFound`."""
        self.cycle(cycle)
        return self._kept(cycle, Comparison(self._clock(), by, self.totals(cycle), theirs, None))

    def compare_details(self, cycle: int, rows: Collection[StatedDetail], by: str) -> Comparison:
        """Hold an institution's details of a cycle against ours, message by message, and keep what was found.

        `BadInput` if a message stands twice in their file. `NotFound`.
        """
        self.cycle(cycle)
        ours = self.details(cycle)
        found = differences_of(ours, rows)
        return self._kept(cycle, Comparison(self._clock(), by, totals_of(ours), totals_of(rows), found))

    def _kept(self, cycle: int, comparison: Comparison) -> Comparison:
        differences = comparison.differences
        row = {
            "cycle": cycle,
            "at": comparison.at,
            "by": comparison.by,
            "ours": _encode(comparison.ours).decode(),
            "theirs": _encode(comparison.theirs).decode(),
            "differences": None if differences is None else _encode(differences).decode(),
        }
        self._views.write(sql.ADD_COMPARISON, row)
        return comparison

    def explain(self, cycle: int, message_id: str, difference: str, reason: str, by: str) -> None:
        """Say why a message of the latest comparison is not alike on both sides. It is said once, and stays.

        `NotFound` if the latest comparison has no such difference.
        """
        if difference not in DIFFERENCES:
            raise BadInput(f"difference: choose of {', '.join(DIFFERENCES)}.")
        if not _REASON.fullmatch(reason):
            raise BadInput("reason: give the reason in 1 to 200 characters, on one line.")
        line = self.line(cycle)
        if line.cycle.closed_at is not None:
            raise BadInput(f"The business cycle {cycle} is closed; nothing of it is explained any more.")
        found = line.comparison.differences or () if line.comparison else ()
        if not any((d.message_id, d.difference) == (message_id, difference) for d in found):
            raise NotFound(
                f"The latest comparison of the business cycle {cycle} has no difference {difference} of {message_id!r}."
            )
        row = {
            "cycle": cycle,
            "message_id": message_id,
            "difference": difference,
            "reason": reason,
            "by": by,
            "at": self._clock(),
        }
        if not self._views.write(sql.ADD_EXPLANATION, row):
            raise BadInput(f"message_id: {message_id} is explained already, and an explanation stays as it is.")

    def close(self, cycle: int, by: str) -> Cycle:
        """Close a cycle that is reconciled; one that is closed already stays as it is. `NotReconciled`, `NotFound`.

        Saves of settlements hold the cycle's lock together. This takes it alone: whatever was being saved is through
        before anything is counted, and whatever comes later finds the cycle closed.
        """
        if not 0 < cycle < 2**63:
            raise _no_cycle(cycle)
        with self._views.together() as run:
            run(sql.LOCK_CYCLE, {"cycle": cycle})
            found = _cycle_of(run(sql.CYCLE, {"cycle": cycle}), cycle)
            if found.closed_at is None:
                _must_be_reconciled(run, cycle)
                run(sql.CLOSE_CYCLE, {"cycle": cycle, "at": self._clock(), "by": by})
                found = _cycle_of(run(sql.CYCLE, {"cycle": cycle}), cycle)
        return found

    # paying

    def bank_file(self, on: dt.date) -> bytes:
        """The bank's file of a day: every cycle closed by then and in no earlier file; these are paid from now on.

        A day's file is made once. Asked again, the same cycles give the same bytes, whatever was closed meanwhile.
        """
        if on > self._clock().astimezone(self._zone).date():
            raise BadInput(f"The bank's file of {on} cannot be made before that day.")
        with self._views.together() as run:
            run(sql.LOCK_BANK_FILE, {})
            run(sql.PAY_CYCLES, {"on": on, "until": self._bounds(on)["until"]})
            lines = _bank_lines(run, on)
        return bank_text(on, lines)

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
    totals = _totals_of(run(sql.TOTALS, {"cycles": every}))
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


def _totals_of(rows: Iterable[tuple[Any, ...]]) -> Mapping[int, Totals]:
    found: dict[int, Totals] = {}
    for cycle, positive, *numbers in rows:
        side = {"positive" if positive else "reverse": Side(*numbers)}
        found[cycle] = msgspec.structs.replace(found.get(cycle, Totals()), **side)
    return found


def _comparison_of(row: Sequence[Any]) -> Comparison:
    at, by, ours, theirs, differences = row
    found = None if differences is None else _differences(differences)
    return Comparison(at, by, _totals(ours), _totals(theirs), found)


def _unexplained(
    cycle: int, comparison: Comparison | None, explained: Collection[tuple[Any, ...]]
) -> tuple[Difference, ...]:
    found = comparison.differences or () if comparison else ()
    return tuple(d for d in found if (cycle, d.message_id, d.difference) not in explained)


def _state_of(
    cycle: Cycle, totals: Totals, latest: Comparison | None, left: Collection[Difference], at: dt.datetime
) -> str:
    """How far a cycle is; what was compared before something else came in counts no more."""
    if cycle.paid_on is not None:
        return "paid"
    if cycle.closed_at is not None:
        return "closed"
    if latest is None or latest.ours != totals:
        return "open" if cycle.until_at > at else "to_reconcile"
    if latest.equal:
        return "equal"
    return "differs" if latest.differences is None or left else "explained"


def _must_be_reconciled(run: Run, cycle: int) -> None:
    """`NotReconciled`, saying what is missing, unless the latest comparison is of now, and equal or explained."""
    totals = _totals_of(run(sql.TOTALS, {"cycles": [cycle]})).get(cycle, Totals())
    rows = run(sql.COMPARISONS, {"cycle": cycle, "limit": 1})
    if not rows:
        if totals.count:
            raise NotReconciled(
                f"The business cycle {cycle} was not compared yet; send its totals or its details, then close it."
            )
        return
    latest = _comparison_of(rows[0])
    if latest.ours != totals:
        raise NotReconciled(
            f"Something came into the business cycle {cycle} after it was compared; compare it again, then close it."
        )
    if latest.equal:
        return
    if latest.differences is None:
        raise NotReconciled(
            f"The totals of the business cycle {cycle} differ ({', '.join(latest.fields)}); compare its details, so "
            "that each difference has a name."
        )
    left = _unexplained(cycle, latest, {row[:3] for row in run(sql.EXPLANATIONS, {"cycles": [cycle]})})
    if left:
        raise NotReconciled(
            f"{len(left)} differences of the business cycle {cycle} are not explained; the first is "
            f"{left[0].difference} of {left[0].message_id}."
        )
