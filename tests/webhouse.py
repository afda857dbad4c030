"""A house for tests of the web faces: on a test database, with a key file of its own and a first PIN."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import FIRST_PIN, Database

from shebaoka.app import House, open_house, settings_from
from shebaoka.records import Digits


@contextmanager
def house_on(database: Database, home: Path, at: dt.datetime | None = None) -> Iterator[House]:
    """A house as `serve` opens it; its clock stands at `at`, or runs."""
    settings = settings_from({"SHEBAOKA_HOME": str(home), "SHEBAOKA_DATABASE_URL": database.app})
    clock = {} if at is None else {"clock": lambda: at}
    with open_house(settings, **clock) as house:
        if not house.vault.has_first_pin():
            house.vault.set_first_pin(Digits(FIRST_PIN), length=6)
        yield house
