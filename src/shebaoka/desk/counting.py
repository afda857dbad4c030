"""A count of blank cards held against what must be there. `desk/stock.py` asks; nothing is read or written here."""

import re
from collections.abc import Sequence

from shebaoka.records import BadInput, Broken

_REASON = re.compile(r"[^\x00-\x20\x7f][^\x00-\x1f\x7f]{0,199}")
COUNTED_MAX = 10**9


def is_reason(text: str) -> bool:
    """Whether a text is a reason or a note: 1 to 200 characters on one line, with no blank before it."""
    return _REASON.fullmatch(text) is not None


def counted_row(
    before: tuple[int, int], moved: Sequence[int], in_stock: int, counted: int, reason: str
) -> dict[str, int | str]:
    """What is written down of a count.

    `before` is its number and what the count before expected; `moved` are the sums of the moves since, and the last of
    them. `BadInput` for a count that does not hold, `Broken` where moves and blanks do not agree.
    """
    n, opening = before
    came_in, went_out, used, spoilt, missing, found, last_move = moved
    if not 0 <= counted <= COUNTED_MAX:
        raise _unfit("counted", "give how many blanks were counted, 0 or more.", "stock_counted")
    if opening + came_in + found - went_out - used - spoilt - missing != in_stock:
        raise Broken("The moves of this stock do not come to its blanks; run `shebaoka stock check`.")
    if reason and not is_reason(reason):
        raise _unfit("reason", "give the reason in 1 to 200 characters, on one line.", "stock_reason")
    if counted != in_stock and not reason:
        off = counted - in_stock
        raise _unfit("reason", f"the count is {off:+d} off; say why, as far as is known.", "stock_difference")
    parts = {"came_in": came_in, "went_out": went_out, "used": used, "spoilt": spoilt, "missing": missing}
    row: dict[str, int | str] = {"n": n, "opening": opening, **parts, "found": found, "expected": in_stock}
    return row | {"counted": counted, "reason": reason, "last_move": last_move}


def _unfit(field: str, what: str, code: str) -> BadInput:
    unfit = BadInput(f"{field}: {what}", code=code)
    unfit.field = field
    return unfit
