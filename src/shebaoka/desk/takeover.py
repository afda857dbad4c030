"""A batch about people whom nobody has on file: what it must be, how it is decided, and the rows that it comes to.

The same as a tray makes of it (`fold.py`), in one pass with nothing to look up: a law in
`tests/laws/test_laws_of_the_desk.py` holds the two against each other, row for row and hash for hash.
"""

from collections.abc import Sequence

import msgspec

from shebaoka.desk.answering import Answering
from shebaoka.desk.bodies import carried_rows, unfit_bodies
from shebaoka.desk.fold import Outcome, content_without_pins
from shebaoka.desk.journal import START, as_stored, chained, put_together
from shebaoka.notice import Notice
from shebaoka.records import (
    OF_INSTITUTIONS,
    REQUESTS,
    SERVICE_OF,
    Accepted,
    ApplyForTemporaryCard,
    ApproveCorrection,
    Ask,
    Broken,
    CreditContribution,
    Decision,
    Dossier,
    Given,
    ProposeCorrection,
    PutInBatch,
    Receipt,
    ReplaceCard,
    Request,
    UndoCarryOver,
)
from shebaoka.rules import decide
from shebaoka.store import Writes, application_row, card_row, dossier_row, person_row, snapshot_row

_NEEDS_MORE: frozenset[type[Request]] = OF_INSTITUTIONS | {
    ApplyForTemporaryCard,
    ApproveCorrection,
    CreditContribution,
    ProposeCorrection,
    PutInBatch,
    ReplaceCard,
    UndoCarryOver,
}
_FIT = frozenset(REQUESTS) - _NEEDS_MORE
"""Requests that need no terms, no fresh card number, no entry from before, and no id of a certain form."""
_NOBODY = Dossier()
_encode = msgspec.json.Encoder().encode


def must_be_fit(asks: Sequence[Ask]) -> None:
    """`Broken` unless each ask is about another person, under another id, and needs nothing but itself."""
    requests = [ask.request for ask in asks]
    if len({request.person for request in requests}) != len(asks):
        raise Broken("A batch names a person twice. Nothing was done.")
    if len({request.id for request in requests}) != len(asks):
        raise Broken("A batch names a request id twice. Nothing was done.")
    more = any(ask.pin is not None or ask.new_pin is not None or ask.terms is not None for ask in asks)
    if more or not _FIT.issuperset(map(type, requests)):
        raise Broken("A batch holds an ask that needs more than itself. Nothing was done.")


class _Of:
    """What a sender's asks have in common: findings, and sender and findings as JSON."""

    __slots__ = ("given", "given_text", "sender", "sender_text")

    def __init__(self, ask: Ask, given: Given) -> None:
        self.sender = ask.sender
        self.given = msgspec.structs.replace(given, channel=ask.sender.channel)
        self.sender_text, self.given_text = _encode(self.sender), _encode(self.given)


def foreseen(asks: Sequence[Ask], notice: Notice, given: Given) -> list[Decision]:
    """The decision on each ask, about somebody of whom nothing is known."""
    decisions = []
    of: _Of | None = None
    for ask in asks:
        if of is None or ask.sender is not of.sender:
            of = _Of(ask, given)
        decisions.append(decide(ask.request, _NOBODY, notice, of.given))
    return decisions


def decided(asks: Sequence[Ask], notice: Notice, given: Given, first_person_id: int) -> tuple[list[Outcome], Writes]:
    """Every ask's outcome in order, and the rows that make it true. The n-th ask's person is `first_person_id + n`."""
    answering, writes = Answering(notice), Writes()
    outcomes: list[Outcome] = []
    of: _Of | None = None
    for person_id, ask in enumerate(asks, first_person_id):
        unfit = unfit_bodies(ask)
        if unfit is not None:
            outcomes.append(unfit)
            continue
        if of is None or ask.sender is not of.sender:
            of = _Of(ask, given)
        request = ask.request
        decision = decide(request, _NOBODY, notice, of.given)
        answer, service = answering.of(decision), SERVICE_OF[type(request)]
        asked = _encode(request)
        body = put_together(asked, of.sender_text, of.given_text, _encode(answer))
        chain = chained(START, person_id, 1, body)
        writes.journal.append(as_stored(person_id, 1, body, chain, given.at, service, answer))
        writes.request_key.append((request.id, content_without_pins(asked, of.sender_text), person_id, 1))
        after = decision.after or _NOBODY
        writes.dossier.append(dossier_row(person_id, 1, chain, after.account))
        if isinstance(decision, Accepted):
            _put(writes, person_id, ask, decision, given)
        outcomes.append(Receipt(request.id, service, given.at, answer, f"{person_id}-1"))
    # The ids of people rise as they are, and so do all rows that begin with one.
    writes.request_key.sort()
    writes.person_key.sort()
    return outcomes, writes


def _put(writes: Writes, person_id: int, ask: Ask, decision: Accepted, given: Given) -> None:
    """The rows of somebody who was nobody before."""
    after = decision.after
    person = after.person
    if decision.pin is not None or decision.settlement is not None or decision.undoes or decision.stops or after.stays:
        raise Broken("A decision on somebody whom nobody has on file does more than a batch can write.")
    if person is not None:
        writes.person_key.append((person.number, person_id))
        writes.person.append(person_row(person_id, person))
        writes.snapshot.append(snapshot_row(person_id, after, {}))
        writes.card += [card_row(person_id, card) for card in after.cards]
        if after.applications:
            writes.application += [application_row(person_id, one) for one in after.applications]
    if decision.postings:
        writes.other_posting += [
            (person_id, 1, line, p.debit, p.credit, p.amount_fen, p.what, given.on)
            for line, p in enumerate(decision.postings, 1)
        ]
    if decision.records or decision.years:
        writes.carried_records += carried_rows(person_id, 1, ask, decision)
