"""What the papers of the window say, as plain data. Whoever prints one fills it in; codes become words when it is set.

Instants have a time zone. Where a name or number is masked on paper, it may be handed in whole or masked; only the
application form, which is the person's own and is signed by them, has them in full.
"""

import datetime as dt

import msgspec

from shebaoka.records import CardKind, Material


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What all have in common: frozen, and every field by its name."""


class FormAgent(Shape, frozen=True):
    """Who acts for the holder on the application form."""

    name: str
    number: str
    relation: str = ""


class ApplicationForm(Shape, frozen=True):
    """What somebody applies for, for their signature; A4. Clauses 4.2, 4.3 and 7.2.

    `service` and `why` are codes of the house's words; `region` is six digits; `photo` a JPEG; `signature` an SVG of
    strokes, as from a pad. Sex and birth date are those that the number says.
    """

    service: str
    card: CardKind
    name: str
    number: str
    applied_at: dt.datetime
    window: str
    clerk: str
    slip_code: str
    why: str = ""
    region: str = ""
    phone: str = ""
    agent: FormAgent | None = None
    materials: tuple[Material, ...] = ()
    collect_at: str = ""
    fee_fen: int = 0
    photo: bytes | None = None
    signature: str = ""


class NextStep(Shape, frozen=True):
    """What happens next, or what to do: a sentence in the paper's language, and its day where it is known."""

    says: str
    on: dt.date | None = None


class AcceptanceSlip(Shape, frozen=True):
    """That a request was accepted, by which clause, and what happens next and when; A4 or a roll of 80 mm.

    A `fee_fen` of 0 is said to be free; of what never costs anything it is None, and nothing is said.
    """

    service: str
    name: str
    number: str
    accepted_at: dt.datetime
    clause: str
    sentence: str
    slip_code: str
    steps: tuple[NextStep, ...] = ()
    fee_fen: int | None = None
    window: str = ""
    clerk: str = ""
    where: str = ""
    hours: str = ""


class EntrySlip(Shape, frozen=True):
    """A code to sign in with at the public page, once; A4 or a roll of 80 mm. `address` is where it is typed."""

    name: str
    number: str
    at: dt.datetime
    until: dt.datetime
    code: str
    window: str
    clerk: str
    address: str = ""


class RefusalSlip(Shape, frozen=True):
    """That a request was refused, by which clause, and what to bring or do instead; A4 or a roll of 80 mm.

    Who was refused at the desk before a draft was kept has no slip code, and the slip no QR code.
    """

    service: str
    name: str
    number: str
    refused_at: dt.datetime
    clause: str
    sentence: str
    steps: tuple[NextStep, ...] = ()
    window: str = ""
    clerk: str = ""
    where: str = ""
    hours: str = ""
    slip_code: str = ""


class FeeReceiptSlip(Shape, frozen=True):
    """That a fee was paid (6.1 to 6.4), or paid back; A4 or a roll of 80 mm.

    `means` is `cash`, with what was handed over and the change, or `scanned`, with the payment's `reference`.
    `voided` is the reason why the receipt counts no more; `refund_of` the number of the receipt whose fee is paid back
    with this one, for a `reason`. The amount is never below zero.
    """

    number: str
    window: str
    at: dt.datetime
    name: str
    service: str
    clause: str
    amount_fen: int
    means: str
    clerk: str = ""
    handed_over_fen: int | None = None
    change_fen: int | None = None
    reference: str = ""
    voided: str = ""
    refund_of: str = ""
    reason: str = ""
    slip_code: str = ""


class HandedCard(Shape, frozen=True):
    """A card that changed hands, told by its kind and the last digits of its number."""

    card: CardKind
    last_digits: str = ""


class MaskedAgent(Shape, frozen=True):
    """The agent to whom something was handed."""

    name: str
    number: str


class HandoverSlip(Shape, frozen=True):
    """Which card was handed over, which was handed in (2.3), and to whom; A4 or a roll of 80 mm."""

    name: str
    number: str
    at: dt.datetime
    window: str
    clerk: str
    slip_code: str
    handed_over: tuple[HandedCard, ...] = ()
    handed_in: tuple[HandedCard, ...] = ()
    agent: MaskedAgent | None = None
    signature: str = ""


class DayLine(Shape, frozen=True):
    """One thing that was done at a window. `outcome` is `accepted` or `refused`."""

    at: dt.datetime
    service: str
    name: str
    number: str
    outcome: str
    clause: str
    clerk: str
    fee_fen: int = 0


class DayList(Shape, frozen=True):
    """All that was done at a window on a day, with sums by service and outcome; A4."""

    window: str
    day: dt.date
    made_at: dt.datetime
    lines: tuple[DayLine, ...] = ()
