"""Playing a scenario through the desk: its person on the database, everything it asks submitted, and what is kept."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Sequence

import pytest
from msgspec.structs import replace

from conftest import FIRST_PIN, NEW_PINS, RIGHT_PIN, WRONG_PIN, Database, put_dossier_by
from scenario import Asked, Turn
from scenario_form import PLACES
from shebaoka.desk import Desk
from shebaoka.notice import Notices
from shebaoka.records import Answer, Ask, CodeCheck, Digits, Dossier, PinCheck, Receipt, Sender
from shebaoka.rules import card_asked
from shebaoka.store import Store
from shebaoka.vault import SoftwareVault

_person_ids = itertools.count(9_000_000)
Play = Callable[[Asked, Notices], tuple[Answer, Dossier]]


@pytest.fixture(scope="module")
def kept_store(shared_database: Database) -> Iterator[Store]:
    """The application's connection, through which all scenarios go."""
    with Store(shared_database.app) as store:
        yield store


@pytest.fixture
def through_desk(shared_database: Database, kept_store: Store, vault: SoftwareVault) -> Play:
    """Submit what a scenario asks, one request after the other; the last answer, and the dossier afterwards."""

    def submit(asked: Asked, notices: Notices) -> tuple[Answer, Dossier]:
        shared_database.wipe()
        person_id = next(_person_ids)
        put_dossier_by(shared_database.kept, vault, person_id, asked.turns[0].dossier)
        _open_cycle(shared_database, asked.turns)
        desk = Desk(kept_store, vault, notices, lambda: asked.given.at)
        for turn in asked.turns:
            receipt = desk.ask(_ask(turn, person_id))
            assert isinstance(receipt, Receipt)
        number = asked.request.person
        loaded = kept_store.load([number], [], stays=True).people.get(number)
        return receipt.answer, loaded.dossier if loaded else Dossier()

    return submit


def _open_cycle(database: Database, turns: Sequence[Turn]) -> None:
    """The institution that asks has signed in: the cycle of its terms is open."""
    terms = next((t.given.terms for t in turns if t.given.terms is not None), None)
    if terms is None:
        return
    at = turns[0].given.at
    with database.kept.transaction():
        connection = database.kept
        connection.execute(
            "insert into institution values (%s, '汾河湾综合医院', %s, %s, %s)",
            [terms.institution, list(terms.kinds), terms.part_payment, at],
        )
        connection.execute(
            "insert into cycle (id, institution, opened_at, until_at, opened_by) overriding system value "
            "values (%s, %s, %s, %s, 'terminal')",
            [terms.cycle, terms.institution, at, at + dt.timedelta(days=1)],
        )


def _ask(turn: Turn, person_id: int) -> Ask:
    """A turn as a face would submit it, with the places that its entries have on this database."""
    request, given = turn.request, turn.given
    places = {f: f"{person_id}-{getattr(request, f).partition('-')[2]}" for f in PLACES if hasattr(request, f)}
    new_pin = Digits(NEW_PINS[given.new_pin]) if given.new_pin in NEW_PINS else None
    sender = Sender(turn.clerk, given.channel, "w1")
    return Ask(
        replace(request, **places),
        sender,
        _pin(turn),
        new_pin,
        terms=given.terms,
        approved_by=given.approved_by,
        code_at=given.at - dt.timedelta(minutes=5 if given.code is CodeCheck.PASSED else 0),
    )


def _pin(turn: Turn) -> Digits | None:
    """The digits that the vault will find right or wrong, as the scenario says."""
    given = turn.given
    if given.pin is PinCheck.NOT_GIVEN:
        return None
    card = card_asked(turn.dossier, turn.request)
    right = FIRST_PIN if card is not None and card.first_pin else RIGHT_PIN
    return Digits(right if given.pin is PinCheck.RIGHT else WRONG_PIN)
