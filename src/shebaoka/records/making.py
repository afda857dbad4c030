"""A card as its maker is told of it, and what the maker says of it. The Chinese is the field's own (制卡数据)."""

import datetime as dt
from enum import StrEnum

import msgspec

from shebaoka.records.facts import Sex


class CardOrder(msgspec.Struct, frozen=True, gc=False):
    """A card of a batch (批次), with all that is printed on it or written into it.

    `line` counts the cards of the batch from 1. `ethnic_group` is the code of 民族 (GB/T 3304); `birth_place` is
    出生地, six digits of a county. `photo` is a JPEG. A maker's format says which of them it wants, and how.
    """

    line: int
    card_serial: str
    card_category: str
    spec_version: str
    issuer: str
    issued_on: dt.date
    valid_until: dt.date | None
    card_number: str
    number: str
    name: str
    sex: Sex
    ethnic_group: str
    birth_place: str
    birth_on: dt.date
    photo: bytes
    collect_at: str


class Made(StrEnum):
    """What the maker says of a card."""

    MADE = "made"
    REJECTED = "rejected"


class CardResult(msgspec.Struct, frozen=True, gc=False):
    """A row of a maker's result file: which card, and what became of it. `row` counts the file's rows from 1.

    `blank` is the stock number of the blank card that was used up, made or spoilt; `reason` is the maker's, where it
    rejected the card.
    """

    row: int
    line: int
    card_number: str
    card_serial: str
    outcome: Made
    blank: str = ""
    reason: str = ""


class BankAnswer(msgspec.Struct, frozen=True, gc=False):
    """A row of the bank's answer to the file that asks it to open accounts (5.3). `row` counts the file's rows from 1.

    `account` is the bank's number of the account, where it was opened; `reason` is the bank's, where it was not.
    """

    row: int
    line: int
    card_number: str
    opened: bool
    account: str = ""
    reason: str = ""
