"""Money at the window: how a fee is paid, its numbered receipt (收据), and a till's sheet. Amounts are fen."""

import datetime as dt
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from shebaoka.records.requests import Fen

Reference = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9._:-]{0,64}$(?!\n)", description="The payment's own number, where a code was scanned"),
]


class Means(StrEnum):
    """How a fee is paid, or paid back: in cash (现金), or by a code that is scanned (扫码)."""

    CASH = "cash"
    CODE = "code"


class Tender(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How somebody pays the fee that a request names. It travels beside the request, which names the amount.

    `handed_over_fen` is the cash that was handed over, 0 where nobody typed it; `reference` is the scanned payment's.
    """

    means: Means
    reference: Reference = ""
    handed_over_fen: Fen = 0


class ReceiptPlace(msgspec.Struct, frozen=True, order=True):
    """Which receipt: its window, and its number there in a year."""

    window: str
    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.window}-{self.year}-{self.number:06d}"


class FeeReceipt(msgspec.Struct, frozen=True):
    """A receipt as it is kept, shown and printed. `amount_fen` is below zero where money went back.

    `payer` is the masked name; `entry` the place in the journal of the decision that it stands for, empty where money
    went back by somebody's reason alone. `refund_of` is the receipt that it pays back, `refunded_by` the one that paid
    this one back. A void one keeps its number and counts for nothing.
    """

    place: ReceiptPlace
    sheet: int
    on: dt.date
    at: dt.datetime
    by: str
    payer: str
    entry: str
    service: str
    clause: str
    amount_fen: int
    means: Means
    reference: str = ""
    handed_over_fen: int = 0
    reason: str = ""
    refund_of: ReceiptPlace | None = None
    refunded_by: ReceiptPlace | None = None
    voided_at: dt.datetime | None = None
    voided_by: str = ""
    void_reason: str = ""

    @property
    def number(self) -> str:
        """The number as it stands on paper: window, year, and the number there."""
        return str(self.place)

    @property
    def change_fen(self) -> int:
        """The change that was given back."""
        return max(self.handed_over_fen - self.amount_fen, 0) if self.amount_fen > 0 else 0

    @property
    def is_void(self) -> bool:
        """Whether it counts for nothing."""
        return self.voided_at is not None


class OwedReceipt(msgspec.Struct, frozen=True):
    """A fee that a decision took and for which there is no receipt; below zero, one that shall go back and has not."""

    entry: str
    window: str
    service: str
    clause: str
    amount_fen: int
    at: dt.datetime
    payer: str


class Takings(msgspec.Struct, frozen=True):
    """What some receipts come to, void ones apart: how many there are, and what came in and went out by each means."""

    fees: int = 0
    refunds: int = 0
    voids: int = 0
    cash_in_fen: int = 0
    cash_out_fen: int = 0
    code_in_fen: int = 0
    code_out_fen: int = 0

    @property
    def total_fen(self) -> int:
        """What came in less what went out."""
        return self.cash_in_fen - self.cash_out_fen + self.code_in_fen - self.code_out_fen


class Closing(msgspec.Struct, frozen=True):
    """How a sheet was closed: what was counted, what stays in the drawer, and why it is not what it should be.

    `pieces` says how many of each note and coin were counted, by their value in fen, where somebody said so.
    """

    at: dt.datetime
    by: str
    counted_fen: int
    left_fen: int
    reason: str
    pieces: dict[int, int]

    @property
    def handed_in_fen(self) -> int:
        """What was taken out of the drawer when it was counted."""
        return self.counted_fen - self.left_fen


class TillSheet(msgspec.Struct, frozen=True):
    """A window's till from one closing to the next. `opening_fen` is what the closing before left in the drawer,
    `float_fen` what was put in or taken out since that is no fee.
    """

    window: str
    sheet: int
    opening_fen: int
    float_fen: int
    takings: Takings
    since: dt.datetime | None = None
    closing: Closing | None = None

    @property
    def expected_fen(self) -> int:
        """What the drawer must hold."""
        return self.opening_fen + self.float_fen + self.takings.cash_in_fen - self.takings.cash_out_fen

    @property
    def difference_fen(self) -> int:
        """What was counted less what the drawer must hold; 0 while the sheet is open."""
        return 0 if self.closing is None else self.closing.counted_fen - self.expected_fen


class FloatMove(msgspec.Struct, frozen=True):
    """Cash put into a drawer, or, below zero, taken out of it, that is no fee."""

    at: dt.datetime
    by: str
    amount_fen: int
    reason: str


class WindowDay(msgspec.Struct, frozen=True):
    """What a window took on a day in the city, on whatever sheets."""

    window: str
    takings: Takings
