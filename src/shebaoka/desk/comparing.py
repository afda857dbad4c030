"""A business cycle as two sides have it: totals, details, and every difference between them by name. Pure.

`evening` calls it. Amounts are fen. An institution's file of details has the national platform's field names, in yuan.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from shebaoka.records import BadInput

DifferenceKind = Literal["ours_only", "theirs_only", "amount"]
DIFFERENCES: tuple[DifferenceKind, ...] = ("ours_only", "theirs_only", "amount")
"""A message that only we have, that only they have, or that both have with other amounts."""
HEADER = ("msgid", "setl_id", "setl_type", "medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")
"""The columns of an institution's file of details, in their order."""
_YUAN = re.compile(r"-?[0-9]{1,8}(\.[0-9]{1,2})?")
_FEN_MAX = 10**9
_SHAPES = {
    "msgid": (re.compile(r"[A-Z0-9]{12}[0-9]{18}"), "must be the message's id of 30 characters"),
    "setl_id": (re.compile(r"([0-9]{1,18}-[0-9]{1,18})?"), "must be a settlement such as 1001-7, or empty"),
    "setl_type": (re.compile(r"[A-Za-z0-9_]{0,20}"), "must be at most 20 letters and digits, or empty"),
}
_AMOUNTS = dict(zip(("total_fen", "pooled_fen", "account_fen", "cash_fen"), HEADER[3:], strict=True))


class Amounts(msgspec.Struct, frozen=True):
    """What a charge came to, and what the pooled fund, the personal account and cash paid of it; below zero if taken
    back.
    """

    total_fen: int = 0
    pooled_fen: int = 0
    account_fen: int = 0
    cash_fen: int = 0


class Side(msgspec.Struct, frozen=True):
    """How many records of one direction there are, and their sums, without sign."""

    count: int = 0
    total_fen: int = 0
    pooled_fen: int = 0
    account_fen: int = 0
    cash_fen: int = 0


class Totals(msgspec.Struct, frozen=True):
    """A cycle's records by the sign of their total: charges, also those that came back, and what took charges back."""

    positive: Side = Side()
    reverse: Side = Side()

    @property
    def count(self) -> int:
        """How many records there are."""
        return self.positive.count + self.reverse.count

    @property
    def account_fen(self) -> int:
        """What the personal accounts owe the institution; below zero if it owes them."""
        return self.positive.account_fen - self.reverse.account_fen

    @property
    def pooled_fen(self) -> int:
        """What the pooled fund owes the institution; below zero if it owes the fund."""
        return self.positive.pooled_fen - self.reverse.pooled_fen

    @property
    def owed_fen(self) -> int:
        """What the institution is to be paid, or owes where it is below zero."""
        return self.account_fen + self.pooled_fen


class Detail(msgspec.Struct, frozen=True):
    """One settlement of a cycle, or what took one back. `settlement` is its entry's place in the journal."""

    message_id: str
    settlement: str
    kind: str
    amounts: Amounts
    settled_at: dt.datetime


class StatedDetail(msgspec.Struct, frozen=True):
    """One row of an institution's file, and the line where it stands. Only its amounts are compared."""

    line: int
    message_id: str
    settlement: str
    kind: str
    amounts: Amounts


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message that both sides do not have alike. `fields` are the amounts that differ, `settlement` is our entry."""

    message_id: str
    difference: DifferenceKind
    fields: tuple[str, ...] = ()
    ours: Amounts | None = None
    theirs: Amounts | None = None
    settlement: str = ""


class Known(msgspec.Struct, frozen=True):
    """What became of a message that only they have: `settled` in a cycle, `refused` by a clause, `stopped`, `decided`
    without moving money, or `never_came`.
    """

    state: Literal["settled", "refused", "stopped", "decided", "never_came"]
    cycle: int = 0
    clause: str = ""


class Comparison(msgspec.Struct, frozen=True):
    """What both sides had of a cycle at an instant, and how many messages differ: None where totals alone were
    compared. `id` is its place on file.
    """

    at: dt.datetime
    by: str
    ours: Totals
    theirs: Totals
    differences: int | None
    id: int = 0

    @property
    def equal(self) -> bool:
        """Whether both sides had the same."""
        return self.ours == self.theirs if self.differences is None else not self.differences

    @property
    def fields(self) -> tuple[str, ...]:
        """The totals that differ, as `positive.count`."""
        return tuple(
            f"{side}.{name}"
            for side in Totals.__struct_fields__
            for name in Side.__struct_fields__
            if getattr(getattr(self.ours, side), name) != getattr(getattr(self.theirs, side), name)
        )


def totals_of(details: Iterable[Detail | StatedDetail]) -> Totals:
    """The totals that details come to. A row without an amount counts as a charge."""
    sides: dict[bool, list[Amounts]] = {True: [], False: []}
    for detail in details:
        sides[detail.amounts.total_fen >= 0].append(detail.amounts)
    return Totals(positive=_side(sides[True]), reverse=_side(sides[False]))


def _side(amounts: Sequence[Amounts]) -> Side:
    sums = {name: sum(getattr(a, name) for a in amounts) for name in Amounts.__struct_fields__}
    return Side(count=len(amounts), **{name: abs(fen) for name, fen in sums.items()})


def differences_of(ours: Iterable[Detail], theirs: Iterable[StatedDetail]) -> tuple[Difference, ...]:
    """Every message that is not alike on both sides, by its id. `BadInput` if one stands twice in their file."""
    mine = {d.message_id: d for d in ours}
    stated = _by_message(theirs)
    found = []
    for message_id in sorted(mine.keys() | stated.keys()):
        our, their = mine.get(message_id), stated.get(message_id)
        our_amounts, their_amounts = our.amounts if our else None, their.amounts if their else None
        if our_amounts != their_amounts:
            found.append(difference_of(message_id, our_amounts, their_amounts, our.settlement if our else ""))
    return tuple(found)


def difference_of(message_id: str, ours: Amounts | None, theirs: Amounts | None, settlement: str = "") -> Difference:
    """The difference between what both sides have of a message, by its name."""
    if theirs is None:
        return Difference(message_id, "ours_only", ours=ours, settlement=settlement)
    if ours is None:
        return Difference(message_id, "theirs_only", theirs=theirs)
    off = tuple(n for n in _AMOUNTS if getattr(ours, n) != getattr(theirs, n))
    return Difference(message_id, "amount", off, ours, theirs, settlement)


def _by_message(rows: Iterable[StatedDetail]) -> dict[str, StatedDetail]:
    found: dict[str, StatedDetail] = {}
    for row in rows:
        first = found.setdefault(row.message_id, row)
        if first is not row:
            raise _fault(row.line, "msgid", f"stands in line {first.line} already; a message may stand once")
    return found


def read_details(text: str | bytes) -> list[StatedDetail]:
    """An institution's file of details, in UTF-8 or GB18030. `BadInput` names the line and the field that is wrong."""
    reader = csv.reader(io.StringIO(_decoded(text), newline=""), strict=True)
    rows: list[StatedDetail] = []
    try:
        header = next(reader, [])
        if tuple(c.strip() for c in header) != HEADER:
            raise BadInput(f"Line 1 of the file must be its header: {','.join(HEADER)}. Correct it and send it again.")
        rows.extend(_row(reader.line_num, values) for values in reader if any(v.strip() for v in values))
    except csv.Error as e:
        raise BadInput(
            f"Line {reader.line_num} of the file cannot be read as CSV: {e}. Correct it and send it again."
        ) from None
    _by_message(rows)
    return rows


def _decoded(text: str | bytes) -> str:
    """The text without a mark of its encoding."""
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return text.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise BadInput("The file is neither UTF-8 nor GB18030; save it as one of the two.")


def _row(line: int, values: Sequence[str]) -> StatedDetail:
    if len(values) != len(HEADER):
        raise BadInput(
            f"Line {line} of the file has {len(values)} values and the header has {len(HEADER)}. Correct it and send "
            "it again."
        )
    said = dict(zip(HEADER, (v.strip() for v in values), strict=True))
    for name, (shape, says) in _SHAPES.items():
        if not shape.fullmatch(said[name]):
            raise _fault(line, name, says)
    amounts = Amounts(**{ours: _fen(line, theirs, said[theirs]) for ours, theirs in _AMOUNTS.items()})
    return StatedDetail(line, said["msgid"], said["setl_id"], said["setl_type"], amounts)


def _fen(line: int, name: str, yuan: str) -> int:
    fen = int(Decimal(yuan) * 100) if _YUAN.fullmatch(yuan) else _FEN_MAX + 1
    if abs(fen) > _FEN_MAX:
        raise _fault(line, name, "must be yuan with two decimals, such as 12.30, below zero for what was taken back")
    return fen


def _fault(line: int, name: str, fault: str) -> BadInput:
    return BadInput(f"Line {line} of the file, {name}: {fault}. Correct it and send it again.")
