"""What the API takes and gives, besides the nouns of the house: receipts with their words, people with their states."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from shebaoka.desk import CardScreen, JournalLine, Offer, PersonScreen, Tally
from shebaoka.notice import Materials, Speech
from shebaoka.numbers import mask, mask_name
from shebaoka.records import Answer, AnyRequest, Application, BlankNumber, Facts, Receipt, Tender

PinEntry = Annotated[str, Meta(max_length=64, description="PIN digits as entered. Never stored, logged or returned.")]


class Submission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request, and the PIN entries beside it: `pin` is the card's present PIN, `new_pin` the one that is chosen.

    `tender` says how the request's fee is paid; with it the fee has a numbered receipt. `blank` is the blank card that
    was scanned for a card that is made at once; without it a window that keeps stock uses its next.
    """

    request: AnyRequest
    pin: PinEntry | None = None
    new_pin: PinEntry | None = None
    tender: Tender | None = None
    blank: BlankNumber = ""


class TrayBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """1 to 200 submissions, decided in their order as if each came alone."""

    submissions: Annotated[tuple[Submission, ...], Meta(min_length=1, max_length=200)]


class AnswerBody(msgspec.Struct, frozen=True):
    """A decision with its clause and its words in the language asked for.

    `outcome` is `accepted` or `refused`; `sentence` says on what ground; `do` what to bring or do next.
    `readings` say why a parameter that the notice leaves open is as it is, where one was used.
    """

    outcome: str
    ground: str
    clause: str
    clause_text: str
    also: tuple[str, ...]
    notice: str
    sentence: str
    do: tuple[str, ...]
    missing: tuple[str, ...]
    done: tuple[str, ...]
    readings: tuple[str, ...]
    fee_fen: int
    facts: Facts


class ReceiptBody(msgspec.Struct, frozen=True):
    """A receipt. `entry` is its place in the journal, empty for a dry run that counted no wrong PIN entry.

    `repeated` tells a request seen before.
    """

    request_id: str
    service: str
    at: dt.datetime
    answer: AnswerBody
    entry: str
    repeated: bool


class TrayItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One submission's outcome: its receipt, or the trouble that it alone met."""

    receipt: ReceiptBody | None = None
    code: str = ""
    message: str = ""


class TrayAnswer(msgspec.Struct, frozen=True):
    """Every submission's outcome, in order."""

    outcomes: tuple[TrayItem, ...]


class EntryBody(msgspec.Struct, frozen=True):
    """A journal entry: what was asked, by whom, and how it was decided."""

    entry: str
    at: dt.datetime
    service: str
    by: str
    channel: str
    answer: AnswerBody
    hash: str


class EntriesBody(msgspec.Struct, frozen=True):
    """Journal entries, newest first; `before` of the next call continues after the last one, empty at the end."""

    entries: tuple[EntryBody, ...]
    next_before: str


class PersonBody(msgspec.Struct, frozen=True):
    """A person as of `on`; number and name are masked unless asked for unmasked."""

    number: str
    name: str
    on: dt.date
    standing: str
    insured_on: dt.date
    region: str
    cards: tuple[CardScreen, ...]
    application: Application | None
    balance_fen: int
    offers: tuple[Offer, ...]
    entries: int


class BalanceBody(msgspec.Struct, frozen=True):
    """The balance at the end of a day; the number is masked."""

    number: str
    on: dt.date
    balance_fen: int


class CountsBody(msgspec.Struct, frozen=True):
    """The city in numbers as of `on`. The two sums of fen are equal, or something is wrong.

    `messages_turned_away` counts by code the messages of terminals that a trouble kept from being decided, at the door
    or behind it, since the server started.
    """

    on: dt.date
    people: dict[str, int]
    cards: dict[str, dict[str, int]]
    applications: dict[str, int]
    accounts: int
    balance_fen: int
    entries_fen: int
    messages_turned_away: dict[str, int]
    clauses: dict[str, Tally]
    services: dict[str, Tally]


class ClauseBody(msgspec.Struct, frozen=True):
    """A clause: its wording, the parameters that belong to it, and the grounds that rest on it."""

    id: str
    title: str
    text: str
    parameters: dict[str, object]
    readings: dict[str, str]
    grounds: tuple[str, ...]


class NoticeBody(msgspec.Struct, frozen=True):
    """The version of the notice that is in force on a day."""

    id: str
    city: str
    title: str
    in_force_from: dt.date
    in_force_until: dt.date | None
    source: str
    clauses: tuple[ClauseBody, ...]


class ServiceBody(msgspec.Struct, frozen=True):
    """What the notice asks for a service; `materials` is null where nothing is to be brought."""

    service: str
    label: str
    channels: tuple[str, ...]
    materials: Materials | None


class MeBody(msgspec.Struct, frozen=True):
    """Who is signed in."""

    name: str
    role: str
    place: str


class HealthBody(msgspec.Struct, frozen=True):
    """The office is open, and its database answers."""

    status: str
    on: dt.date
    notice: str


def answer_body(answer: Answer, speech: Speech, *, brief: bool = False) -> AnswerBody:
    """A decision with its words; briefly for who may not read whole accounts."""
    return AnswerBody(
        outcome=answer.outcome,
        ground=answer.ground,
        clause=answer.clause,
        clause_text=speech.clause(answer.clause),
        also=answer.also,
        notice=answer.notice,
        sentence=speech.says(answer, brief=brief),
        do=tuple(speech.do(answer, brief=brief)),
        missing=answer.missing,
        done=answer.done,
        readings=tuple(speech.readings(answer)),
        fee_fen=answer.fee_fen,
        facts=answer.facts,
    )


def receipt_body(receipt: Receipt, speech: Speech) -> ReceiptBody:
    """A receipt with its words."""
    return ReceiptBody(
        request_id=receipt.request_id,
        service=receipt.service,
        at=receipt.at,
        answer=answer_body(receipt.answer, speech),
        entry=receipt.entry,
        repeated=receipt.repeated,
    )


def entry_body(line: JournalLine, speech: Speech) -> EntryBody:
    """A journal entry with its words."""
    return EntryBody(
        entry=line.place,
        at=line.at,
        service=line.service,
        by=line.by,
        channel=line.channel,
        answer=answer_body(line.answer, speech, brief=line.brief),
        hash=line.hash,
    )


def person_body(screen: PersonScreen, number: str, *, unmasked: bool) -> PersonBody:
    """A person's screen, masked unless asked otherwise."""
    person, account = screen.dossier.person, screen.dossier.account
    name = person.name if person else ""
    return PersonBody(
        number=number if unmasked else mask(number),
        name=name if unmasked else mask_name(name),
        on=screen.on,
        standing=screen.standing,
        insured_on=person.insured_on if person else screen.on,
        region=person.region if person else "",
        cards=screen.cards,
        application=screen.application,
        balance_fen=account.balance_fen if account else 0,
        offers=screen.offers,
        entries=screen.entries,
    )
