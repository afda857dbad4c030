"""An office on a real PostgreSQL whose database can be emptied at will, and whose drawn numbers are counted instead.

The laws that go through the desk import the fixture `office` from here.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from charging import INSTITUTIONS
from playing import PEOPLE, Played, serial

from conftest import TABLES, Database
from shebaoka.desk import Desk, Outcome
from shebaoka.notice import Notices
from shebaoka.records import Dossier
from shebaoka.store import Store, Views
from shebaoka.vault import SoftwareVault

Kept = dict[str, list[tuple[Any, ...]]]
ADD_INSTITUTION = "insert into institution values (%(code)s, '定点', %(kinds)s, %(part)s, '2013-06-01')"
OPEN_CYCLE = (
    "insert into cycle (id, institution, opened_at, until_at, opened_by) overriding system value "
    "values (%(id)s, %(code)s, '2013-06-01', '2099-01-01', 't1')"
)


class Office:
    """An office with a store, a vault and the owner's own connection."""

    def __init__(self, database: Database, vault: SoftwareVault, store: Store, views_: Views) -> None:
        self.vault, self.store, self.views = vault, store, views_
        self.serials = itertools.count(1)
        self._owner = psycopg.connect(database.owner, autocommit=True)

    def close(self) -> None:
        """Let the owner's connection go."""
        self._owner.close()

    def empty(self) -> None:
        """Nobody is on file, counting begins again, and every institution has its business cycle open."""
        self._owner.execute(";".join(f"delete from {table}" for table in TABLES))
        for terms in INSTITUTIONS:
            said = {
                "code": terms.institution,
                "kinds": list(terms.kinds),
                "part": terms.part_payment,
                "id": terms.cycle,
            }
            self._owner.execute(ADD_INSTITUTION, said)
            self._owner.execute(OPEN_CYCLE, said)
        self.serials = itertools.count(1)

    def kept(self) -> Kept:
        """Every row of every table."""
        return {t: sorted(self._owner.execute(f"select * from {t}").fetchall(), key=repr) for t in TABLES}

    def text(self) -> bytes:
        """Every text and every byte string that the database holds, one after the other."""
        values = itertools.chain.from_iterable(itertools.chain.from_iterable(self.kept().values()))
        return b"\0".join(v if isinstance(v, bytes) else str(v).encode() for v in values)

    def live(self, played: list[Played], notices: Notices, cuts: Callable[[int], list[int]]) -> list[Outcome]:
        """A life through the desk; what was asked at one instant comes in trays of the lengths that `cuts` gives."""
        self.empty()
        at = [played[0].at]
        desk = Desk(self.store, self.vault, notices, lambda: at[0])
        desk._people.refill(1)
        desk._cards.refill(1)
        outcomes: list[Outcome] = []
        for instant, group in itertools.groupby(played, key=lambda p: p.at):
            at[0], asks, start = instant, [p.ask for p in group], 0
            for length in cuts(len(asks)):
                outcomes += desk.submit(asks[start : start + length])
                start += length
        return outcomes

    def dossiers(self) -> dict[str, Dossier]:
        """Everybody as they are on file."""
        return {number: loaded.dossier for number, loaded in self.store.load(PEOPLE, [], stays=True).people.items()}

    def fetch(self, statement: str, **said: Any) -> list[tuple[Any, ...]]:
        """What a statement finds, asked by the owner."""
        return self._owner.execute(statement, said or None).fetchall()  # type: ignore[arg-type]


@pytest.fixture
def office(
    database: Database, vault: SoftwareVault, store: Store, views: Views, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """The office, with card serials that are counted."""
    office = Office(database, vault, store, views)
    monkeypatch.setattr("shebaoka.desk.fold.card_serial", lambda region: serial(region, next(office.serials)))
    yield office
    office.close()


def alone(n: int) -> list[int]:
    """Trays of one."""
    return [1] * n


def together(n: int) -> list[int]:
    """One tray of all."""
    return [n]
