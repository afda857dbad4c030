"""The nouns: a person, their cards, applications and account, and the dossier that holds them together.

Frozen and typed, no logic. Every other room reads them. The field order of `Card`, `Application`,
`Person`, `Account`, `Stay` and `Settlement` is the column order of their tables, so that rows become records without
a copy in between.
"""

import datetime as dt
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What every stored noun has in common: frozen, and read from a row by position."""


class CardKind(StrEnum):
    """The three cards of the notice: 社保卡, 临时卡, 医保卡."""

    SOCIAL_SECURITY = "social_security"
    TEMPORARY = "temporary"
    OLD_MEDICAL = "old_medical"


class Life(StrEnum):
    """The life of a card: sealed (封存: issued, social function not yet active), in use, ended."""

    SEALED = "sealed"
    IN_USE = "in_use"
    ENDED = "ended"


class Ending(StrEnum):
    """Why a card ended. An ended card never comes back."""

    REPLACED = "replaced"
    HANDED_IN = "handed_in"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    STOPPED = "stopped"


class Loss(StrEnum):
    """The loss report standing on a card."""

    NONE = "none"
    TEMPORARY = "temporary"
    FORMAL = "formal"


class Financial(StrEnum):
    """The bank's side of a card; a loss report asks the bank to stop it, and the bank answers."""

    ABSENT = "absent"
    ACTIVE = "active"
    STOP_ASKED = "stop_asked"
    STOPPED = "stopped"


POST = "post"
"""What an application says instead of a window where its card is sent by post."""


class Making(StrEnum):
    """Where the card of an application is."""

    APPLIED = "applied"
    IN_BATCH = "in_batch"
    MADE = "made"
    REJECTED = "rejected"
    READY = "ready"
    RETURNED = "returned"
    COLLECTED = "collected"
    WITHDRAWN = "withdrawn"


class Why(StrEnum):
    """Why a card is made."""

    FIRST = "first"
    AGAIN = "again"
    LOSS = "loss"
    DAMAGE = "damage"
    MADE_WRONGLY = "made_wrongly"
    UNLOCKS_USED_UP = "unlocks_used_up"


class Standing(StrEnum):
    """A person's standing with the insurance."""

    INSURED = "insured"
    LEFT = "left"
    DEAD = "dead"


class Sex(StrEnum):
    """As the seventeenth digit of the social security number says (GB 11643)."""

    MALE = "male"
    FEMALE = "female"


class Person(Record, frozen=True):
    """An insured person (参保人).

    `region` is the six-digit code of the county that keeps the person's insurance, which need not be the first
    six digits of `number`. `in_hospital_since` is set while a stay begun on the old medical card is open (8.1).
    """

    number: str
    name: str
    sex: Sex
    birth_on: dt.date
    region: str
    insured_on: dt.date
    standing: Standing = Standing.INSURED
    in_hospital_since: dt.date | None = None


class Card(Record, frozen=True):
    """One card of a person; `n` counts the person's cards from 1 in the order they came to be.

    A card whose application is still being made is not here: a card begins when it is handed over.
    `valid_until` is the last day a temporary card may be used; the social security card has none (3.1).
    `loss_until` is the last day of a loss report that has an end.
    """

    n: int
    kind: CardKind
    number: str
    serial: str
    life: Life
    issued_on: dt.date
    valid_until: dt.date | None = None
    ending: Ending | None = None
    ended_on: dt.date | None = None
    loss: Loss = Loss.NONE
    loss_until: dt.date | None = None
    pin_tries: int = 0
    locked: bool = False
    unlocks: int = 0
    first_pin: bool = False
    financial: Financial = Financial.ABSENT
    applications: tuple[str, ...] = ()


class Application(Record, frozen=True):
    """An application for a social security card, from the window until the card is collected.

    `n` counts the person's applications from 1; `replaces` is the `n` of the card that the new one replaces.
    `card_number` and `card_serial` are given when the application goes into a batch, and drawn anew on a remake.
    `ethnic_group` is the code of 民族 (GB/T 3304), and empty where nobody said it.
    `collect_at` is a window's code, or `POST`; `ready_on` the last day on which the card came there.
    """

    n: int
    why: Why
    making: Making
    applied_on: dt.date
    fee_fen: int = 0
    replaces: int | None = None
    batch: str | None = None
    card_number: str | None = None
    card_serial: str | None = None
    remakes: int = 0
    collect_at: str = ""
    photo: str = ""
    ethnic_group: str = ""
    ready_on: dt.date | None = None


class Account(Record, frozen=True):
    """The personal account (个人账户). `balance_fen` is never below zero."""

    balance_fen: int = 0
    carried_over_on: dt.date | None = None


class OldRecord(Record, frozen=True):
    """One consumption record of the old medical card, carried over with the account (1.2)."""

    on: dt.date
    institution: Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)", max_length=200)]
    total_fen: Annotated[int, Meta(ge=0, le=10**13)]
    account_fen: Annotated[int, Meta(ge=0, le=10**13)]

    def __post_init__(self) -> None:
        if self.account_fen > self.total_fen:
            raise ValueError("the account cannot have paid more than the whole")


class RecordsOfYear(Record, frozen=True):
    """The consumption records that an old card has of one year, counted and summed in fen; their text comes beside.

    `digest` is the SHA-256, in hexadecimal, of the text: the JSON array of the year's `OldRecord`s, in order, in UTF-8
    and without blanks.
    """

    year: Annotated[int, Meta(ge=1, le=9999)]
    count: Annotated[int, Meta(ge=1, le=10**6)]
    total_fen: Annotated[int, Meta(ge=0, le=10**13)]
    account_fen: Annotated[int, Meta(ge=0, le=10**13)]
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]

    def __post_init__(self) -> None:
        if self.account_fen > self.total_fen:
            raise ValueError("the account cannot have paid more than the whole")


class StayState(StrEnum):
    """Where a stay in hospital is."""

    IN_HOSPITAL = "in_hospital"
    DISCHARGED = "discharged"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class Stay(Record, frozen=True):
    """A stay in hospital, bound to the person and the stay's own `number` at its institution, never to a card (8.1).

    `n` counts the person's stays from 1; `settlements` counts what was settled on it and not taken back, and `charged`
    tells that something ever was. `closing` are the messages that settled the discharge, or took that back.
    """

    n: int
    number: str
    institution: str
    state: StayState
    admitted_on: dt.date
    discharged_on: dt.date | None = None
    ward: str = ""
    begun_on_old_card: bool = False
    settlements: int = 0
    charged: bool = False
    closing: tuple[str, ...] = ()


class Dossier(msgspec.Struct, frozen=True, gc=False):
    """All that the rules need to know of one person. `person` is None for somebody who is not registered.

    `stays` is filled where somebody asks about a stay.
    """

    person: Person | None = None
    cards: tuple[Card, ...] = ()
    applications: tuple[Application, ...] = ()
    account: Account | None = None
    stays: tuple[Stay, ...] = ()


class Posting(Record, frozen=True):
    """Money moved from one account to another: two entries that sum to zero by their very form. Fen, above zero."""

    debit: str
    credit: str
    amount_fen: int
    what: str


class Settlement(Record, frozen=True):
    """What a charge came to: the total, and what the pooled fund, the personal account and cash paid of it. Fen.

    What takes a charge back is a settlement with negative amounts; `undoes` is the entry that it takes back.
    """

    institution: str
    cycle: int
    kind: str
    undoes: int | None
    message_id: str
    stay: str
    total_fen: int
    pooled_fen: int
    account_fen: int
    cash_fen: int
