"""People with cards and money, institutions with open cycles, and charges made through the desk. Money tests share it.

The tables of money are emptied before and after, so that whoever comes next finds nobody.
"""

import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from tests.conftest import RIGHT_PIN, Database, StandingClock, put_dossier

from shebaoka.desk import Desk, Evening, Institutions
from shebaoka.notice import Notices
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    Account,
    Ask,
    CancelSettlement,
    Card,
    CardKind,
    Channel,
    Digits,
    Dossier,
    Life,
    Person,
    PresentedCard,
    Receipt,
    ReverseMessage,
    Sender,
    SettleCharge,
    Sex,
    Standing,
    Terms,
)
from shebaoka.store import Store, Views
from shebaoka.vault import SoftwareVault

HOSPITAL, PHARMACY = "H14070200001", "P14070200002"
TERMINALS = {HOSPITAL: "fenhe-1", PHARMACY: "pharmacy-1"}
BALANCE_FEN = 100_000
_TABLES = (
    *("undone", "settlement", "stay", "difference", "comparison", "explanation", "cycle", "bank_file", "terminal"),
    "institution",
)


def wipe_money(database: Database) -> None:
    """No institution, no cycle and no entry that settled something is on file any more."""
    with psycopg.connect(database.owner, autocommit=True) as connection:
        connection.execute(";".join(f"delete from {table}" for table in _TABLES))


class MoneyHouse:
    """Two institutions that are signed in, three people who may pay, a desk, and the evening."""

    def __init__(
        self, database: Database, vault: SoftwareVault, notices: Notices, clock: StandingClock, views: Views
    ) -> None:
        self.database = database
        self.clock = clock
        self.views = views
        self.vault = vault
        self.notices = notices
        self.evening = Evening(views, notices.zone, clock)
        self.institutions = Institutions(views, vault, clock)
        self.people = [with_check_digit(f"1407021980010{n}001") for n in (1, 2, 3)]
        self._numbers = itertools.count(1)
        for n, number in enumerate(self.people, 1):
            put_dossier(database.owner, vault, 8_000_000 + n, dossier_of(number, n))
        for code, name in ((HOSPITAL, "汾河湾综合医院"), (PHARMACY, "南山大药房")):
            self.institutions.add(code, name, ("outpatient", "pharmacy", "inpatient"), part_payment=True)
            self.institutions.add_terminal(TERMINALS[code], code)
        self.store = Store(database.app)
        self.store.open()
        self.desk = self.desk_on(self.store)

    def desk_on(self, store: Store) -> Desk:
        """A desk with a connection of somebody's choice."""
        return Desk(store, self.vault, self.notices, self.clock)

    def sign_in(self, institution: str = HOSPITAL) -> int:
        """The institution's open cycle."""
        return self.institutions.sign_in(self.institutions.terminal(TERMINALS[institution])).id

    def ask(
        self, request: SettleCharge | CancelSettlement | ReverseMessage, cycle: int, institution: str = HOSPITAL
    ) -> Ask:
        """A message of an institution as the desk takes it."""
        sender = Sender(TERMINALS[institution], Channel.TERMINAL, institution)
        terms = Terms(institution, ("outpatient", "pharmacy", "inpatient"), True, cycle)
        pin = Digits(RIGHT_PIN) if isinstance(request, SettleCharge) else None
        return Ask(request, sender, pin, terms=terms)

    def message_id(self, institution: str = HOSPITAL) -> str:
        """A message id of an institution that was not used yet."""
        return f"{institution}20130701120000{next(self._numbers):04d}"

    def charge(
        self, who: int = 0, *, total: int, pooled: int = 0, cash: int = 0, institution: str = HOSPITAL
    ) -> SettleCharge:
        """A charge whose account part is what the pooled fund and cash leave; fen."""
        return SettleCharge(
            id=self.message_id(institution),
            person=self.people[who],
            card=card_of(who + 1),
            kind="pharmacy" if institution == PHARMACY else "outpatient",
            total_fen=total,
            pooled_fen=pooled,
            account_fen=total - pooled - cash,
            cash_fen=cash,
        )

    def settle(self, cycle: int, who: int = 0, *, institution: str = HOSPITAL, **parts: int) -> Receipt:
        """A charge that was settled."""
        receipt = self.desk.ask(self.ask(self.charge(who, institution=institution, **parts), cycle, institution))
        assert receipt.answer.outcome == "accepted", receipt.answer
        return receipt

    def take_back(self, receipt: Receipt, cycle: int, who: int = 0, institution: str = HOSPITAL) -> Receipt:
        """A settlement that was taken back."""
        cancel = CancelSettlement(id=self.message_id(institution), person=self.people[who], settlement=receipt.entry)
        receipt = self.desk.ask(self.ask(cancel, cycle, institution))
        assert receipt.answer.outcome == "accepted", receipt.answer
        return receipt


def card_of(n: int) -> PresentedCard:
    """The n-th person's card."""
    return PresentedCard(f"Z{n:08d}", f"140700{n:026x}")


def dossier_of(number: str, n: int) -> Dossier:
    """Somebody whose social security card is in use, with money on the account."""
    presented = card_of(n)
    sex = Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
    person = Person(
        number=number,
        name="王芳",
        sex=sex,
        birth_on=dt.date(1980, 1, n),
        region="140702",
        insured_on=dt.date(2005, 3, 1),
        standing=Standing.INSURED,
    )
    card = Card(
        n=1,
        kind=CardKind.SOCIAL_SECURITY,
        number=presented.number,
        serial=presented.serial,
        life=Life.IN_USE,
        issued_on=dt.date(2013, 1, 1),
    )
    return Dossier(person=person, cards=(card,), account=Account(balance_fen=BALANCE_FEN))


@contextmanager
def money_house(
    database: Database, vault: SoftwareVault, notices: Notices, clock: StandingClock
) -> Iterator[MoneyHouse]:
    """The house of money on an empty database; nothing of it is left behind."""
    wipe_money(database)
    database.wipe()
    views = Views(database.app)
    views.open()
    try:
        house = MoneyHouse(database, vault, notices, clock, views)
        try:
            yield house
        finally:
            house.store.close()
    finally:
        views.close()
        wipe_money(database)
