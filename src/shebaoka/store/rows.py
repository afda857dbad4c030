"""Nouns as rows: each in the order of the statement that saves it. The desk makes them, the store writes them."""

import datetime as dt
from typing import Any

import msgspec

from shebaoka.records import Account, Application, Card, Dossier, Person, Settlement, Stay
from shebaoka.store.store import KeptPin

_encode = msgspec.json.Encoder().encode


def snapshot_row(person_id: int, dossier: Dossier, pins: dict[int, KeptPin]) -> tuple[int, bytes, bytes]:
    """What a dossier says of a person and their cards, and the PIN values, in the order of its statement."""
    return (person_id, _encode((dossier.person, dossier.cards, dossier.applications)), _encode(pins) if pins else b"{}")


def card_row(person_id: int, card: Card) -> tuple[Any, ...]:
    """A card in the order of its statement."""
    *said, applications = msgspec.structs.astuple(card)
    return (person_id, *said, ",".join(applications))


def application_row(person_id: int, application: Application) -> tuple[Any, ...]:
    """An application in the order of its statement."""
    return (person_id, *msgspec.structs.astuple(application))


def person_row(person_id: int, person: Person) -> tuple[Any, ...]:
    """A person in the order of its statement."""
    return (person_id, *msgspec.structs.astuple(person))


def stay_row(person_id: int, stay: Stay) -> tuple[Any, ...]:
    """A stay in the order of its statement."""
    return (person_id, *msgspec.structs.astuple(stay)[:-1], ",".join(stay.closing))


def settlement_row(person_id: int, seq: int, settlement: Settlement, on: dt.date) -> tuple[Any, ...]:
    """What an entry settled, after the entry's place, in the order of the journal's statement."""
    return (person_id, seq, *msgspec.structs.astuple(settlement), on)


def dossier_row(
    person_id: int, version: int, chain: bytes, account: Account | None
) -> tuple[int, int, bytes, int | None, dt.date | None]:
    """The head of a person's journal, with their account if they have one, in the order of its statement."""
    if account is None:
        return (person_id, version, chain, None, None)
    return (person_id, version, chain, account.balance_fen, account.carried_over_on)
