"""What tests stand on: the real notice, a PostgreSQL with a database per test worker, and a vault with a first PIN."""

import dataclasses
import datetime as dt
import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from shebaoka.app import APP_ROLE, load_notices, load_words
from shebaoka.desk import Desk
from shebaoka.notice import Notices, Words
from shebaoka.records import Digits, Dossier, NewPin
from shebaoka.store import (
    Store,
    Views,
    application_row,
    as_role,
    card_row,
    dossier_row,
    embedded,
    embedded_server,
    ensure_database,
    migrate,
    person_row,
    sql,
    stay_row,
)
from shebaoka.vault import SoftwareVault

ROOT = Path(__file__).resolve().parents[1]
FIRST_PIN, OTHER_PIN, RIGHT_PIN, WRONG_PIN, SIMPLE_PIN = "820417", "593816", "472093", "118822", "111111"


LONGEST = (
    *("laws/test_laws_of_the_desk.py", "test_moving.py", "test_serving.py", "test_breaking.py", "test_old_city.py"),
    *("test_albums.py", "test_killing.py", "test_bad_input.py", "laws/test_laws_of_the_journal.py"),
    *("laws/test_laws_of_moving.py", "test_api_fuzz.py", "test_all_sources.py", "test_moving_ends.py", "test_photo.py"),
    *("test_copying.py", "test_source_fuzz.py", "test_move_undone.py", "test_lost_staging.py", "test_plays.py"),
)
"""Files that take long, the longest first: else a worker begins one when the other has nothing left to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, each in its own order."""
    rank = {ROOT / "tests" / name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))
    gc.freeze()  # thousands of tests and every module stay to the end: collecting garbage need not go through them


@pytest.fixture(scope="session")
def notices() -> Notices:
    """Jinzhong's notice, all versions."""
    return load_notices(ROOT / "notices" / "jinzhong")


@pytest.fixture(scope="session")
def words() -> dict[str, Words]:
    """The house's words in every language."""
    return load_words(ROOT / "notices" / "words")


TABLES = (
    "card_order",
    *("booking", "feedback"),
    *("shown_code", "credential_key", "credential_offer", "card_credential", "used_nonce"),
    *("snapshot", "pin", "application", "card", "undone", "stay", "difference", "comparison", "explanation", "cycle"),
    *("till_sheet", "till_float", "fee_receipt", "till", "fee"),
    *("consignment_card", "consignment", "posted_card", "postal_address"),
    *("stock_count", "stock_move", "blank", "stock", "stock_place"),
    *("bank_file", "terminal", "institution", "other_posting", "carried_records", "photo", "person", "dossier"),
    *("paper", "data_key", "telephone_event", "telephone", "notification", "carrier_key"),
    *("holder_session", "holder_slip"),
    *("site_proposal", "site_signoff", "signed_text", "link_host", "article_version", "article"),
    *("draft_event", "draft", "employer_list_row", "employer_list", "handover_line", "handover_tray"),
    *("journal", "request_key", "person_key", "card_number_key", "card_serial_key", "journal_seal"),
    *(
        "staff_event",
        "staff_session",
        "staff_passkey",
        "staff_person",
        "staff",
        "import_batch",
        "import_signature",
        "import_run",
        "meta",
        "finding",
        "search_event",
    ),
    *(
        "service_window",
        "window_day",
        "configuration_event",
        "journal_verification",
        "partner_key",
        "batch_partner",
        "partner",
        "own_file_key",
    ),
    *("card_batch_event", "card_batch"),
    *("hotline_call_event", "hotline_call"),
)
"""Every table, those that point at others first. Deleting a test's few rows is far quicker than truncating."""


_WIPE = ";".join(f"delete from {table}" for table in TABLES)


@dataclasses.dataclass
class Database:
    """A database of this test worker's own, with the newest schema."""

    owner: str
    app: str
    _kept: psycopg.Connection[Any] | None = None

    @property
    def kept(self) -> psycopg.Connection[Any]:
        """The owner's connection, kept from test to test: opening one costs twenty times what a wipe does."""
        if self._kept is None or self._kept.closed:
            self._kept = psycopg.connect(self.owner, autocommit=True)
        return self._kept

    def wipe(self) -> None:
        """Nobody is in it any more."""
        try:
            self.kept.execute(_WIPE)
        except psycopg.OperationalError:  # a test before ended every connection
            self.close()
            self.kept.execute(_WIPE)

    def close(self) -> None:
        """Let the kept connection go."""
        if self._kept is not None:
            self._kept.close()


@contextmanager
def quick_server(folder: Path) -> Iterator[str]:
    """An embedded PostgreSQL that never waits for the disk, for whatever proves nothing of a power cut."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(embedded, "_SETTINGS", f"{embedded._SETTINGS}fsync = off\nfull_page_writes = off\n")
            url = stack.enter_context(embedded_server(folder))
        yield url


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An embedded PostgreSQL for this test worker; or the one whose superuser's URL SHEBAOKA_TEST_SERVER gives."""
    if given := os.environ.get("SHEBAOKA_TEST_SERVER"):
        yield given
        return
    with quick_server(tmp_path_factory.mktemp("server") / "postgres") as url:
        yield url


@pytest.fixture(scope="session")
def shared_database(server: str) -> Iterator[Database]:
    """The worker's database, migrated once."""
    owner = ensure_database(server, "tests")
    migrate(owner)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("alter database tests set synchronous_commit to off")  # no test pulls the plug
    database = Database(owner, as_role(owner, APP_ROLE))
    yield database
    database.close()


@pytest.fixture
def database(shared_database: Database) -> Database:
    """The worker's database with nobody in it."""
    shared_database.wipe()
    return shared_database


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """A software vault whose first PIN the tests know."""
    vault = SoftwareVault.open(tmp_path_factory.mktemp("vault") / "vault.json")
    vault.set_first_pin(Digits(FIRST_PIN), length=6)
    return vault


class StandingClock:
    """A clock that stands where a test put it."""

    def __init__(self, at: dt.datetime) -> None:
        self.at = at

    def __call__(self) -> dt.datetime:
        return self.at

    def move(self, **step: float) -> None:
        """Let time pass."""
        self.at += dt.timedelta(**step)


@pytest.fixture
def clock() -> StandingClock:
    """Noon of 1 July 2013 in Jinzhong."""
    return StandingClock(dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC))


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """A connection to an empty database as the application's role."""
    with Store(database.app) as store:
        yield store


@pytest.fixture
def views(database: Database) -> Iterator[Views]:
    """Reads on the same empty database."""
    views = Views(database.app)
    views.open()
    yield views
    views.close()


@pytest.fixture
def desk(store: Store, vault: SoftwareVault, notices: Notices, clock: StandingClock) -> Desk:
    """A desk on an empty database."""
    return Desk(store, vault, notices, clock)


@pytest.fixture
def rows(database: Database) -> Callable[[], dict[str, list[tuple]]]:
    """Every row of every table, whenever it is asked."""

    def read() -> dict[str, list[tuple]]:
        with psycopg.connect(database.owner) as connection:
            return {t: sorted(connection.execute(f"select * from {t}").fetchall(), key=repr) for t in TABLES}

    return read


def put_dossier(owner_url: str, vault: SoftwareVault, person_id: int, dossier: Dossier) -> None:
    """Write a dossier to the database as if a past had led to it."""
    with psycopg.connect(owner_url) as connection:
        put_dossier_by(connection, vault, person_id, dossier)


def put_dossier_by(connection: psycopg.Connection[Any], vault: SoftwareVault, person_id: int, dossier: Dossier) -> None:
    """The same through a connection of the owner's that is open."""
    with connection.transaction():

        def write(statement: str, rows: list[tuple]) -> None:
            if rows:
                connection.execute(statement, [list(column) for column in zip(*rows, strict=True)])

        write(sql.DOSSIER, [dossier_row(person_id, 1, bytes(32), dossier.account)])
        if dossier.person is None:
            return
        write(sql.PERSON_KEY, [(dossier.person.number, person_id)])
        write(sql.PERSON, [person_row(person_id, dossier.person)])
        cards = sorted(dossier.cards, key=lambda c: c.life != "ended")
        write(sql.CARD, [card_row(person_id, c) for c in cards])
        write(sql.APPLICATION, [application_row(person_id, a) for a in dossier.applications])
        write(sql.STAY, [stay_row(person_id, s) for s in dossier.stays])
        pins = []
        for card in dossier.cards:
            if card.kind != "old_medical":
                digits = Digits(FIRST_PIN if card.first_pin else RIGHT_PIN)
                kept = vault.seal(person_id, card.n, digits)
                pins.append((person_id, card.n, kept.key_id, kept.value))
        write(sql.PIN, pins)
        connection.execute(sql.REBUILD)


NEW_PINS = {
    NewPin.FIT: OTHER_PIN,
    NewPin.WRONG_LENGTH: "12345",
    NewPin.SAME_AS_FIRST: FIRST_PIN,
    NewPin.TOO_SIMPLE: SIMPLE_PIN,
}


os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / ".hypothesis"))
# A law that needs the database is slow on a busy machine, and that is no fault. Elsewhere than at home, every run is
# the same run. `make test-long` tries many more examples.
settings.register_profile(
    "house",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("long", settings.get_profile("house"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))
