"""Blank cards (空白卡): where they are, how they moved, what became of them, and what was counted at the day's end."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shebaoka.records.facts import CardKind

BlankNumber = Annotated[
    str,
    Meta(pattern=r"^([A-Z]{0,14}[0-9]{1,18})?$(?!\n)", description="A blank card's own number: letters, then digits"),
]


class PlaceKind(StrEnum):
    """Where blanks are kept: with a maker, in the production centre, at a window."""

    MAKER = "maker"
    CENTRE = "centre"
    WINDOW = "window"


class BlankState(StrEnum):
    """What became of a blank: in stock, used for a card, spoilt, or missing at a count."""

    IN_STOCK = "in_stock"
    USED = "used"
    SPOILT = "spoilt"
    MISSING = "missing"


class StockPlace(msgspec.Struct, frozen=True):
    """A place that keeps blanks (库存点). A window's is its code."""

    code: str
    kind: PlaceKind
    name: str


class StockLevel(msgspec.Struct, frozen=True):
    """How many blanks of a kind a place has by what is on file, the next that it would use, and its last count.

    `off` is what the last count was off by; None where nobody has counted yet. `uncounted` is how many movements came
    after it: at the day's end there is none.
    """

    place: StockPlace
    kind: CardKind
    in_stock: int
    spoilt: int
    missing: int
    next: str
    counted_at: dt.datetime | None
    off: int | None
    uncounted: int


class BlankRange(msgspec.Struct, frozen=True):
    """Blanks in stock that lie side by side (号段)."""

    first: str
    last: str
    cards: int


class Blank(msgspec.Struct, frozen=True):
    """One blank card: its kind, where it is or was last, and what became of it."""

    number: str
    kind: CardKind
    place: str
    state: BlankState


class StockMove(msgspec.Struct, frozen=True):
    """A movement of blanks, as it is kept for ever. `source` and `target` are places; empty is outside the stock.

    `entry` is the place in the journal of the decision that used the blank at a window, `card_number` its card's.
    `note` is the delivery note, the batch, or the reason.
    """

    id: int
    what: Literal["received", "moved", "used", "spoilt", "missing", "found"]
    kind: CardKind
    source: str
    target: str
    first: str
    last: str
    cards: int
    note: str
    card_number: str
    entry: str
    by: str
    at: dt.datetime


class StockCount(msgspec.Struct, frozen=True):
    """A place's blanks of a kind counted (盘点): what must be there since the count before, and what was.

    `n` counts a place's counts of a kind from 1. The parts add up to `expected`; the database holds that.
    """

    place: str
    kind: CardKind
    n: int
    opening: int
    came_in: int
    went_out: int
    used: int
    spoilt: int
    missing: int
    found: int
    expected: int
    counted: int
    reason: str
    by: str
    at: dt.datetime

    @property
    def off(self) -> int:
        """How many more were counted than must be there; below zero where some are not."""
        return self.counted - self.expected
