"""A house on the test worker's database into which exports are moved. The tests of moving a city over share it."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import yaml

from asking import ask
from conftest import Database
from shebaoka.app import House, settings_from
from shebaoka.desk import Desk, Staff
from shebaoka.importer import Move, Tools, prove_again, sign, undo
from shebaoka.importer.mapping import mapping_of, ready_mapping
from shebaoka.importer.specs import Mapping
from shebaoka.importer.tools import STAGING_FILE
from shebaoka.moving import move_of, tools_of
from shebaoka.notice import Notices, Words
from shebaoka.records import FileOutcome, Receipt, RunReport
from shebaoka.vault import SoftwareVault

__all__ = ["Moves", "Staff", "ask"]
NOON = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
INVENTED = ready_mapping("invented")


class Moves:
    """A house with a clock in 2013, and what is done with runs in it, all in this one process."""

    def __init__(
        self, database: Database, vault: SoftwareVault, notices: Notices, words: dict[str, Words], home: Path
    ) -> None:
        self.database = database
        self.at = NOON
        settings = msgspec.structs.replace(settings_from({}), home=home)
        self.house = House(settings, database.app, vault, notices, words, lambda: self.at)
        self.house.views.open()

    def close(self) -> None:
        """Let the house's connections go."""
        self.house.views.close()

    def move(self, folder: Path, mapping: Mapping = INVENTED, **said: Any) -> Move:
        """A move of a folder into the house."""
        return move_of(self.house, folder, mapping, by="chen", processes=1, **said)

    def moved(self, folder: Path, to: str = "prove", mapping: Mapping = INVENTED, *, again: bool = False) -> RunReport:
        """The report of a run that went to a step, or stopped before."""
        return self.move(folder, mapping).to(to, again=again)

    def tools(self, by: str = "chen") -> Tools:
        """What the end of a run is handed."""
        return tools_of(self.house, by=by, processes=1)

    def undone(self, run: str, *batches: int) -> RunReport:
        """The report of a run, or some batches of it, taken back."""
        return undo(self.tools(), run, batches)

    def signed(self, run: str, by: str) -> RunReport:
        """The report of a run that somebody signed."""
        return sign(self.tools(by), run)

    def proved(self, run: str, folder: Path, mapping: Mapping = INVENTED, *, url: str = "") -> RunReport:
        """The report with a proof from the files, as an auditor has it made."""
        house = self.house
        return prove_again(house.runs, url or house.url, run, folder, mapping, by="auditor", at=house.clock)

    def held(self, run: str) -> Path:
        """The folder with the rows held back."""
        return self.house.settings.home / "imports" / run / "held-back"

    def staging(self, run: str) -> Path:
        """The run's staging database."""
        return self.house.settings.home / "imports" / run / STAGING_FILE

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """A desk of the house."""
        desk = self.house.desk()
        with contextlib.closing(desk.store):
            yield desk

    def asked(self, service: str, person: str, request_id: str = "", **said: Any) -> Receipt:
        """The receipt of a request that somebody makes beside the run; it must be accepted."""
        with self.desk() as desk:
            receipt = desk.ask(ask(service, person, request_id, **said))
        assert receipt.answer.outcome == "accepted", receipt.answer
        return receipt

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of the database, read as its owner."""
        with psycopg.connect(self.database.owner) as owner:
            return owner.execute(statement, values).fetchall()

    def change(self, statement: str, **values: Any) -> None:
        """Change something behind the program's back, as the database's owner."""
        with psycopg.connect(self.database.owner, autocommit=True) as owner:
            assert owner.execute(statement, values).rowcount == 1

    def journal_is_whole(self) -> None:
        """Every chain is whole, and every entry decides again as it did."""
        with self.house.store() as store:
            assert self.house.auditor.verify(store).faults == ()


def of_kind(report: RunReport, kind: str = "accounts", name: str = "") -> FileOutcome:
    """The file of a kind in a report."""
    (found,) = [f for f in report.files if f.kind == kind and (not name or f.name == name)]
    return found


def became(report: RunReport, kind: str = "accounts", name: str = "") -> tuple[int, int, int, int, int]:
    """Rows of a file: carried over, already there, held back, left, waiting."""
    f = of_kind(report, kind, name)
    return f.carried_over, f.already_there, f.held_back, f.left, f.waiting


def reasons(report: RunReport, file: str = "accounts.csv") -> dict[str, int]:
    """Why rows of a file are held back, and how many."""
    return {r.reason: r.rows for r in report.reasons if r.file == file}


def is_whole(report: RunReport) -> bool:
    """Whether every row and every fen is accounted for."""
    rows = all(f.rows == sum(became(report, f.kind, f.name)) for f in report.files)
    money = all(
        f.sum_fen == f.carried_over_fen + f.already_there_fen + f.held_back_fen + f.left_fen + f.waiting_fen
        for f in report.files
    )
    return rows and money and report.accounted_for


def mapping(*sources: dict[str, Any], control: str = "control_totals.csv") -> Mapping:
    """A mapping of such sources."""
    document = {"name": "own", "control": control, "sources": list(sources)}
    return mapping_of(yaml.safe_dump(document, allow_unicode=True).encode(), "own.yaml")
