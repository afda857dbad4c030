"""How far a business cycle is: what the store has of totals and comparisons, and whether it may be closed.

`evening` calls it.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from shebaoka.desk.comparing import Amounts, Comparison, Side, Totals, difference_of
from shebaoka.desk.institutions import Cycle
from shebaoka.records import NotReconciled
from shebaoka.store import evening as sql
from shebaoka.store.views import Run

_totals = msgspec.json.Decoder(Totals).decode


def totals_by_cycle(rows: Iterable[tuple[Any, ...]]) -> Mapping[int, Totals]:
    """Totals as the store has them, a row for each side, by their cycles."""
    found: dict[int, Totals] = {}
    for cycle, positive, *numbers in rows:
        side = {"positive" if positive else "reverse": Side(*numbers)}
        found[cycle] = msgspec.structs.replace(found.get(cycle, Totals()), **side)
    return found


def comparison_of(row: Sequence[Any]) -> Comparison:
    """A comparison as the store has it."""
    at, by, ours, theirs, differences, place = row
    return Comparison(at, by, _totals(ours), _totals(theirs), differences, place)


def amounts_of(fen: Sequence[int]) -> Amounts | None:
    """One side's amounts as the store has them; nothing where it lacks the message."""
    return Amounts(*fen) if fen else None


def state_of(cycle: Cycle, totals: Totals, counts: Comparison | None, unexplained: int, at: dt.datetime) -> str:
    """How far a cycle is; what was compared before something else came in counts no more."""
    if cycle.paid_on is not None:
        return "paid"
    if cycle.closed_at is not None:
        return "closed"
    if counts is None or counts.ours != totals:
        return "open" if cycle.until_at > at else "to_reconcile"
    if counts.equal:
        return "equal"
    return "differs" if counts.differences is None or unexplained else "explained"


def must_be_reconciled(run: Run, cycle: int) -> None:
    """`NotReconciled`, saying what is missing, unless the comparison that counts is of now, and equal or explained."""
    totals = totals_by_cycle(run(sql.TOTALS, {"cycles": [cycle]})).get(cycle, Totals())
    rows = run(sql.COUNTING_COMPARISONS, {"cycles": [cycle]})
    if not rows:
        if totals.count:
            raise NotReconciled(
                f"The business cycle {cycle} was not compared yet; send its totals or its details, then close it."
            )
        return
    counts = comparison_of(rows[0][1:])
    if counts.ours != totals:
        raise NotReconciled(
            f"Something came into the business cycle {cycle} after it was compared; compare it again, then close it."
        )
    if counts.equal:
        return
    if counts.differences is None:
        raise NotReconciled(
            f"The totals of the business cycle {cycle} differ ({', '.join(counts.fields)}); compare its details, so "
            "that each difference has a name."
        )
    left = run(sql.UNEXPLAINED, {"comparisons": [counts.id]})
    if left:
        first = {"comparison": counts.id, "explained": None, "after": None, "limit": 1}
        ((message_id, ours, theirs, *_),) = run(sql.DIFFERENCES, first)
        raise NotReconciled(
            f"{left[0][1]} differences of the business cycle {cycle} are not explained; the first is "
            f"{difference_of(message_id, amounts_of(ours), amounts_of(theirs)).difference} of {message_id}."
        )
