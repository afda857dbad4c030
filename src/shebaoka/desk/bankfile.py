"""The bank's file of a day: whom it pays how much for closed cycles, who owes, and a line of control. Pure.

`evening` finds what stands in it. Its form is told in docs/reconciliation.md. Amounts are fen.
"""

import datetime as dt
from collections.abc import Iterable

import msgspec

BANK_COLUMNS = "record,paid_on,institution,cycles,positive,reverse,account_fen,pooled_fen,sum_fen"


class BankLine(msgspec.Struct, frozen=True):
    """What the bank pays an institution for cycles, or what the institution owes where the sum is below zero."""

    institution: str
    cycles: tuple[int, ...]
    positive: int
    reverse: int
    account_fen: int
    pooled_fen: int

    @property
    def sum_fen(self) -> int:
        """Both parts together."""
        return self.account_fen + self.pooled_fen


class BankFile(msgspec.Struct, frozen=True):
    """The bank's file of a day as it was made: when, by whom, its SHA-256, and its lines without the one of control."""

    made_at: dt.datetime
    by: str
    digest: bytes
    lines: int
    sum_fen: int


def bank_text(on: dt.date, lines: Iterable[BankLine]) -> bytes:
    """The bank's file: who is paid, then who owes, then a line of control. Its form is in docs/reconciliation.md."""
    ordered = sorted(lines, key=lambda line: (line.sum_fen < 0, line.institution))
    rows = [BANK_COLUMNS]
    counted = [0, 0, 0, 0, 0, 0]
    for line in ordered:
        record, cycles = "owes" if line.sum_fen < 0 else "pay", " ".join(map(str, line.cycles))
        numbers = (line.positive, line.reverse, line.account_fen, line.pooled_fen, line.sum_fen)
        rows.append(",".join([record, str(on), line.institution, cycles, *map(str, numbers)]))
        counted = [a + b for a, b in zip(counted, (len(line.cycles), *numbers), strict=True)]
    rows.append(",".join(["control", str(on), str(len(ordered)), *map(str, counted)]))
    return "".join(row + "\n" for row in rows).encode()
