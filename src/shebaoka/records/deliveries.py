"""Cards on their way: consignments to windows and back, what waits there uncollected, letters, and who took a card."""

import datetime as dt
from enum import StrEnum

import msgspec

from shebaoka.records.requests import Agent, Material


class ConsignmentKind(StrEnum):
    """Which way a consignment goes: out to a window, or back to production with what nobody collected."""

    OUT = "out"
    BACK = "back"


class Consignment(msgspec.Struct, frozen=True):
    """Made cards that go to a window together (配送单), or that come back from it.

    `state` is packing, sent or arrived; `note` what the carrier gave. The counts are of its cards by their state.
    """

    id: str
    kind: ConsignmentKind
    window: str
    state: str
    note: str
    opened_by: str
    opened_at: dt.datetime
    sent_by: str | None
    sent_at: dt.datetime | None
    arrived_by: str | None
    arrived_at: dt.datetime | None
    packed: int = 0
    arrived: int = 0
    missing: int = 0
    refused: int = 0

    @property
    def cards(self) -> int:
        """How many cards are in it, whatever became of them."""
        return self.packed + self.arrived + self.missing + self.refused


class ConsignedCard(msgspec.Struct, frozen=True):
    """A card of a consignment; `n` counts them from 1.

    `state` is packed, arrived, missing, refused (by the desk, on the `ground`), or taken_out before it was sent.
    """

    n: int
    number: str
    name: str
    card_number: str
    card_serial: str
    state: str
    ground: str
    changed_by: str
    changed_at: dt.datetime


class WaitingCard(msgspec.Struct, frozen=True):
    """A card that waits at its window: since when, the last day on which it can be collected, and if that is over."""

    number: str
    name: str
    card_number: str
    collect_at: str
    ready_on: dt.date
    last_on: dt.date
    due: bool


class HandedOver(msgspec.Struct, frozen=True):
    """Who took a card: the holder, or the agent that they showed to be, with what was shown, and who handed it over."""

    entry: str
    at: dt.datetime
    number: str
    name: str
    card_number: str
    agent: Agent | None
    shows: tuple[Material, ...]
    temporary_handed_in: bool
    by: str
    place: str


class Address(msgspec.Struct, frozen=True):
    """Where somebody's card is sent by post: to whom, at which telephone number, and the address."""

    recipient: str
    telephone: str
    address: str


class PostedCard(msgspec.Struct, frozen=True):
    """A card that was sent by post: with which carrier and tracking number, and how it ended.

    `proof` says who signed for it, or why it came back.
    """

    number: str
    name: str
    card_number: str
    card_serial: str
    address: Address
    carrier: str
    tracking: str
    sent_by: str
    sent_at: dt.datetime
    state: str
    proof: str
    ended_by: str | None
    ended_at: dt.datetime | None
