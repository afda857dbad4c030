"""What the rules answer, what the desk tells them beforehand, and what the asker gets back."""

import datetime as dt
from enum import StrEnum
from typing import Literal

import msgspec

from shebaoka.records.asking import Terms
from shebaoka.records.facts import Dossier, OldRecord, Posting, RecordsOfYear, Settlement
from shebaoka.records.grounds import Basis, Refusal, Step
from shebaoka.records.requests import Channel, Material

Facts = dict[str, str | int]


class PinCheck(StrEnum):
    """What the vault says of the PIN that was entered."""

    NOT_GIVEN = "not_given"
    RIGHT = "right"
    WRONG = "wrong"


class NewPin(StrEnum):
    """What the vault says of the PIN that the holder chose."""

    NOT_GIVEN = "not_given"
    FIT = "fit"
    WRONG_LENGTH = "wrong_length"
    SAME_AS_FIRST = "same_as_first"
    TOO_SIMPLE = "too_simple"


class CodeCheck(StrEnum):
    """What the desk says of the code by which an electronic card was shown."""

    NOT_SHOWN = "not_shown"
    GOOD = "good"
    PASSED = "passed"
    USED = "used"


class Original(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An earlier entry that a request wants undone: what became of it, and what it moved.

    `person` is whether it is about the same person. Of a settlement that was cancelled, and the cancel reversed, it
    is the entry that stands now. `cancelled_by` is the cancel that took a charge back, while that could be reversed.
    Of a carry-over, `before_fen` is the account's balance before it.
    """

    seq: int
    person: bool
    service: str
    accepted: bool
    undone: bool = False
    settlement: Settlement | None = None
    postings: tuple[Posting, ...] = ()
    cancelled_by: int = 0
    before_fen: int = 0


class Proposal(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A correction that was proposed: by whom, of which entry, what shall stand in its place, and why. Fen."""

    by: str
    entry: str
    right_fen: int
    seq: int
    made: bool = False
    reason: str = ""


class Given(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Facts that rules may not find out themselves: instant, day in the city, channel, PIN findings, fresh numbers.

    `terms` are those of the institution that asks; `original` is the entry that a request wants undone, and
    `proposal` and `by` say who proposed and who approves a correction. `approved_by` is the second person who approved
    what is asked at the window, as the desk found it on file. `code` is what it says of an electronic card's code.

    It is kept in the journal beside the request, so that any decision can be made again from the journal alone.
    """

    at: dt.datetime
    on: dt.date
    channel: Channel = Channel.WINDOW
    pin: PinCheck = PinCheck.NOT_GIVEN
    new_pin: NewPin = NewPin.NOT_GIVEN
    card_number: str = ""
    card_serial: str = ""
    terms: Terms | None = None
    original: Original | None = None
    proposal: Proposal | None = None
    by: str = ""
    approved_by: str = ""
    code: CodeCheck = CodeCheck.NOT_SHOWN


class PinOrder(msgspec.Struct, frozen=True, gc=False):
    """What the vault shall keep for a card: its first PIN, or the one the holder just chose."""

    card: int
    pin: Literal["first", "new"]


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """A yes. `after` is the dossier as it shall be; `also` are further grounds beside the first.

    `records` are the old card's records that come along, `years` those that the request counts by year.
    `undoes` are entries that this one takes back, `stops` the id of a message that is stopped should it still come.
    """

    ground: Basis
    after: Dossier
    also: tuple[Basis, ...] = ()
    done: tuple[str, ...] = ()
    postings: tuple[Posting, ...] = ()
    records: tuple[OldRecord, ...] = ()
    years: tuple[RecordsOfYear, ...] = ()
    settlement: Settlement | None = None
    undoes: tuple[int, ...] = ()
    stops: str = ""
    pin: PinOrder | None = None
    fee_fen: int = 0
    readings: tuple[str, ...] = ()
    next: tuple[Step, ...] = ()
    facts: Facts = {}


class Refused(msgspec.Struct, frozen=True, gc=False):
    """A no. `after` is set only where a refusal leaves a trace: a wrong PIN is counted."""

    ground: Refusal
    missing: tuple[Material, ...] = ()
    after: Dossier | None = None
    done: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    facts: Facts = {}


Decision = Accepted | Refused


class Answer(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The outcome of a request in codes, as the journal keeps it; words are added where it is shown."""

    outcome: Literal["accepted", "refused"]
    ground: str
    clause: str
    notice: str
    also: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    fee_fen: int = 0
    facts: Facts = {}


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What the asker gets (回执): the answer, and where in the journal it stands. A dry run has no place there.

    `undone_by` is the place of what took a settlement back since, where an earlier answer is told again.
    """

    request_id: str
    service: str
    at: dt.datetime
    answer: Answer
    entry: str = ""
    repeated: bool = False
    undone_by: str = ""
