"""What a save counts at windows: receipts that get their numbers, and blanks that cards use up. `Store.save` sends it.

Rows come by window, those of a window in the order of their decisions.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from shebaoka.store import sql
from shebaoka.store.arrays import columns, encoders_of
from shebaoka.store.wire import Prepared, Sent

_COUNT_RECEIPTS, _RECEIPTS, _COUNT_BLANKS, _TAKE_BLANKS, _USE_BLANKS = (
    (Prepared(statement), encoders_of(statement))
    for statement in (sql.COUNT_RECEIPTS, sql.FEE_RECEIPTS, sql.COUNT_BLANKS, sql.TAKE_BLANKS, sql.USE_BLANKS)
)
_SERIAL = 6


def receipts_numbered(receipts: Sequence[tuple[Any, ...]]) -> list[Sent]:
    """How many receipts each window gives, and the receipts, each with how many of its window come after it."""
    if not receipts:
        return []
    counted = Counter(receipt[:2] for receipt in receipts)
    left = dict(counted)
    rows = []
    for receipt in receipts:
        left[receipt[:2]] -= 1
        rows.append((*receipt, left[receipt[:2]]))
    counts = [(*window, n) for window, n in sorted(counted.items())]
    return _sent((_COUNT_RECEIPTS, counts), (_RECEIPTS, rows))


def blanks_taken(blanks: Sequence[tuple[Any, ...]]) -> list[Sent]:
    """What takes blanks out of their windows' stock; each next one stands behind those that the tray took before it."""
    if not blanks:
        return []
    counted = Counter(blank[:2] for blank in blanks)
    ahead: Counter[tuple[Any, ...]] = Counter()
    rows = []
    for blank in blanks:
        stock, scanned = blank[:2], blank[2]
        rows.append((*blank, 0 if scanned else ahead[stock]))
        ahead[stock] += not scanned
    counts = [(*stock, n) for stock, n in sorted(counted.items())]
    serials = [(blank[_SERIAL],) for blank in blanks]
    return _sent((_COUNT_BLANKS, counts), (_TAKE_BLANKS, rows), (_USE_BLANKS, serials))


def _sent(*parts: tuple[tuple[Prepared, Any], list[tuple[Any, ...]]]) -> list[Sent]:
    return [(statement, columns(encoders, rows)) for (statement, encoders), rows in parts]
