"""A till's sheet added up, and its closing held against the count. `desk/till.py` asks; nothing is written here."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from shebaoka.records import BadInput, Closing, Takings, TillSheet
from shebaoka.store import till as sql

Asks = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]
PIECES = (10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
"""Notes and coins of the renminbi, by their value in fen."""
_MOST_FEN = 10**13


def takings(sums: Sequence[Any]) -> Takings:
    """The sums of some receipts, in the order of their statement."""
    return Takings(*sums)


def open_sheet(run: Asks, window: str) -> int:
    """The number of a till's open sheet; 1 where nobody has used it."""
    rows = run(sql.OPEN_SHEET, {"place": window})
    return int(rows[0][0]) if rows else 1


def sheet_of(run: Asks, window: str, sheet: int) -> TillSheet:
    """A sheet as it was closed, or as it stands while it is open."""
    about = {"place": window, "sheet": sheet}
    closed = run(sql.SHEET, about)
    if closed:
        return closed_sheet(closed[0])
    left = run(sql.LEFT_BEFORE, about)
    ((moved_fen,),) = run(sql.FLOAT_OF_SHEET, about)
    ((*sums, since),) = run(sql.TAKINGS, about)
    return TillSheet(window, sheet, left[0][0] if left else 0, moved_fen, takings(sums), since)


def closed_sheet(row: tuple[Any, ...]) -> TillSheet:
    """A sheet as its closing wrote it down."""
    window, sheet, opening_fen, float_fen, *sums, at, by, counted_fen, left_fen, reason, pieces = row
    closing = Closing(at, by, counted_fen, left_fen, reason, {int(face): n for face, n in pieces.items()})
    return TillSheet(window, sheet, opening_fen, float_fen, takings(sums), None, closing)


def closing_row(
    sheet: TillSheet, counted_fen: int, left_fen: int | None, reason: str, pieces: Mapping[int, int]
) -> dict[str, Any]:
    """What is written down of a sheet that is closed. `BadInput` for a count that does not hold."""
    if not 0 <= counted_fen <= _MOST_FEN:
        raise _unfit("counted", "give what was counted in the drawer, 0 or more.")
    if left_fen is None:
        left_fen = max(min(counted_fen, sheet.opening_fen + sheet.float_fen), 0)
    if not 0 <= left_fen <= counted_fen:
        raise _unfit("left", "no more can stay in the drawer than was counted, and no less than nothing.")
    pieces = {face: n for face, n in sorted(pieces.items(), reverse=True) if n}
    if pieces:
        if not set(pieces) <= set(PIECES) or min(pieces.values()) < 0:
            raise _unfit("pieces", "count notes and coins that there are, each 0 times or more.")
        if sum(face * n for face, n in pieces.items()) != counted_fen:
            raise _unfit("pieces", "the notes and coins do not come to what was counted.", "till_pieces")
    if len(reason) > 200 or not reason.isprintable():
        raise _unfit("reason", "give the reason in 1 to 200 characters, on one line.", "till_reason")
    if counted_fen != sheet.expected_fen and not reason.strip():
        off_fen = counted_fen - sheet.expected_fen
        raise _unfit("reason", f"the count is {off_fen:+d} fen off; say why, as far as is known.", "till_difference")
    row = msgspec.structs.asdict(sheet.takings)
    row |= {"place": sheet.window, "sheet": sheet.sheet, "opening_fen": sheet.opening_fen}
    row |= {"float_fen": sheet.float_fen, "expected_fen": sheet.expected_fen, "counted_fen": counted_fen}
    said = msgspec.json.encode({str(face): n for face, n in pieces.items()}).decode()
    return row | {"left_fen": left_fen, "reason": reason.strip(), "pieces": said}


def _unfit(field: str, what: str, code: str | None = None) -> BadInput:
    unfit = BadInput(f"{field}: {what}", code=code)
    unfit.field = field
    return unfit
