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


class BatchFault(StrEnum):
    """What keeps a card out of its batch, found before the batch is frozen."""

    PERSON_HAS_DIED = "person_has_died"
    PERSON_HAS_LEFT = "person_has_left"
    APPLICATION_IS_NOT_WAITING = "application_is_not_waiting"
    HOLDER_HAS_A_CARD = "holder_has_a_card"
    PHOTO_IS_MISSING = "photo_is_missing"
    PHOTO_DOES_NOT_FIT = "photo_does_not_fit"
    PHOTO_IS_OF_ANOTHER_TOO = "photo_is_of_another_too"
    NAME_IS_TOO_LONG = "name_is_too_long"
    NAME_CANNOT_BE_WRITTEN = "name_cannot_be_written"
    NAME_HAS_A_RARE_CHARACTER = "name_has_a_rare_character"
    SAME_NAME_AND_BIRTHDAY = "same_name_and_birthday"
    ETHNIC_GROUP_IS_MISSING = "ethnic_group_is_missing"
    WINDOW_IS_NOT_IN_USE = "window_is_not_in_use"


FOR_AN_EYE = frozenset({BatchFault.NAME_HAS_A_RARE_CHARACTER, BatchFault.SAME_NAME_AND_BIRTHDAY})
"""Faults that may be none: somebody looks, and lets the card through by name."""


class ResultFault(StrEnum):
    """Why a row of a result file, or of the bank's, is not taken."""

    LINE_IS_THERE_TWICE = "line_is_there_twice"
    NOBODY_ORDERED_IT = "nobody_ordered_it"
    BELONGS_TO_ANOTHER_BATCH = "belongs_to_another_batch"
    NUMBER_IS_ANOTHER = "number_is_another"
    SERIAL_IS_ANOTHER = "serial_is_another"
    SAID_OTHERWISE_BEFORE = "said_otherwise_before"
    CARD_WAS_GIVEN_UP = "card_was_given_up"
    BLANK_IS_OUT_OF_RANGE = "blank_is_out_of_range"
    BLANK_WAS_USED = "blank_was_used"
    REASON_IS_MISSING = "reason_is_missing"
    MAKING_WAS_REFUSED = "making_was_refused"


class RowFault(msgspec.Struct, frozen=True, gc=False):
    """A row that was not taken, why, and what it is about: another row, a batch, or the ground of the desk's no."""

    row: int
    line: int
    fault: ResultFault
    about: str = ""
