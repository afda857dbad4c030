"""People with cards and money, and two institutions whose business cycles are open: a city for tests of many charges.

Everybody comes to their card and money through the desk, so that the journal can be decided again afterwards.
"""

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from asking import CHANNELS, ask, to_a_card
from conftest import FIRST_PIN, RIGHT_PIN, ROOT, WRONG_PIN, Database, StandingClock
from shebaoka.app import load_notices
from shebaoka.desk import Auditor, Desk
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    Ask,
    CancelSettlement,
    Channel,
    CreditContribution,
    Digits,
    PresentedCard,
    Receipt,
    ReverseMessage,
    Sender,
    SettleCharge,
    Terms,
    credit_id,
)
from shebaoka.store import Store, Views
from shebaoka.vault import SoftwareVault

HOSPITAL = Terms("H14070200001", ("outpatient", "pharmacy", "inpatient"), False, 1)
PHARMACY = Terms("P14070200002", ("outpatient", "pharmacy"), True, 2)
INSTITUTIONS = {terms.institution: terms for terms in (HOSPITAL, PHARMACY)}
MONTH = "2013-07"
PINS = {"right": RIGHT_PIN, "wrong": WRONG_PIN}
OWED = """
select account, sum(amount_fen)::bigint from (
    select substr(credit, 10) as account, amount_fen from posting where credit like 'clearing:%'
    union all select substr(debit, 10), -amount_fen from posting where debit like 'clearing:%') as p group by account"""


def number_of(n: int) -> str:
    """The social security number of the n-th person."""
    return with_check_digit(f"140702195001{n // 999 + 1:02d}{n % 999 + 1:03d}")


def supplement(person: int, n: int) -> str:
    """The id of a credit of the n-th person beside the month's own."""
    return credit_id(MONTH, number_of(person), n + 2)


class City:
    """People by number, their cards, and asks of institutions. `clock` moves as a test lets it."""

    def __init__(self, database: Database, folder: Path, people: int) -> None:
        self.database = database
        self.clock = StandingClock(dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC))
        self.notices = load_notices(ROOT / "notices" / "jinzhong")
        self.vault = SoftwareVault.open(folder / "vault.json")
        self.vault.set_first_pin(Digits(FIRST_PIN), length=6)
        self.numbers = [number_of(n) for n in range(people)]
        database.wipe()
        with psycopg.connect(database.owner) as owner:
            for terms in INSTITUTIONS.values():
                owner.execute(
                    "insert into institution values (%s, '定点', %s, %s, '2013-06-01')",
                    [terms.institution, list(terms.kinds), terms.part_payment],
                )
                owner.execute(
                    "insert into cycle (id, institution, opened_at, until_at, opened_by) overriding system value "
                    "values (%s, %s, '2013-06-01', '2099-01-01', 't1')",
                    [terms.cycle, terms.institution],
                )
        with Store(database.app) as store:
            asks = [a for number in self.numbers for a in to_a_card(number, new_pin=RIGHT_PIN)]
            for outcome in self.desk(store).submit(asks):
                assert isinstance(outcome, Receipt), outcome
                assert outcome.answer.outcome == "accepted", outcome
            people_ = store.load(self.numbers, []).people
            self.ids = {number: people_[number].person_id for number in self.numbers}
            self.cards = {
                number: PresentedCard(people_[number].dossier.cards[0].number, people_[number].dossier.cards[0].serial)
                for number in self.numbers
            }

    def desk(self, store: Store) -> Desk:
        """A desk of this city, with a connection of its own."""
        return Desk(store, self.vault, self.notices, self.clock)

    def ask(self, message: dict[str, Any], place: str = "") -> Ask:
        """A message of the reference model as a terminal, or the importer, sends it. A cancel names a `place`."""
        kind, about = message["kind"], {"id": message["id"], "person": self.numbers[message["person"]]}
        if kind == "credit":
            request = CreditContribution(**about, month=MONTH, amount_fen=message["amount"])
            return Ask(request, Sender("人社", CHANNELS["credit_contribution"]))
        terms = INSTITUTIONS[message["institution"]]
        sender = Sender(f"{terms.institution}-1", Channel.TERMINAL, terms.institution)
        if kind == "cancel":
            return Ask(CancelSettlement(**about, settlement=place), sender, terms=terms)
        if kind == "reverse":
            return Ask(ReverseMessage(**about, message=message["target"]), sender, terms=terms)
        charge = SettleCharge(
            **about,
            card=self.cards[about["person"]],
            kind="outpatient",
            **{f"{part}_fen": message[part] for part in ("total", "pooled", "account", "cash")},
        )
        digits = PINS.get(message["pin"])
        return Ask(charge, sender, None if digits is None else Digits(digits), terms=terms)

    def balances(self) -> dict[str, int]:
        """Everybody's balance as it is kept, in fen, by number."""
        with psycopg.connect(self.database.owner) as owner:
            return dict(
                owner.execute("select number, balance_fen from person join account using (person_id)").fetchall()
            )

    def owed(self) -> dict[str, int]:
        """What postings say is owed to each institution, in fen."""
        with psycopg.connect(self.database.owner) as owner:
            return dict(owner.execute(OWED).fetchall())

    def faults(self) -> tuple[str, ...]:
        """What the auditor finds after making every decision again."""
        views = Views(self.database.app)
        views.open()
        try:
            with Store(self.database.app) as store:
                return Auditor(views, self.vault, self.notices, self.clock).verify(store).faults
        finally:
            views.close()


@contextmanager
def city_of(database: Database, people: int, balance_fen: int = 0) -> Iterator[City]:
    """A city in which everybody was credited the same."""
    with tempfile.TemporaryDirectory() as folder:
        city = City(database, Path(folder), people)
        if balance_fen:
            with Store(database.app) as store:
                city.desk(store).submit([ask("credit_contribution", n, amount_fen=balance_fen) for n in city.numbers])
        yield city
