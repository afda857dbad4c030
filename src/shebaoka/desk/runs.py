"""The importer's runs as the office keeps them: what came in, what was held back and why."""

import datetime as dt

from shebaoka.desk.fresh import Clock, now
from shebaoka.store import Views, views


class Runs:
    """Keeps the report of each import run, as JSON; a run that is repeated keeps its last report."""

    def __init__(self, views_: Views, clock: Clock = now) -> None:
        self._views = views_
        self._clock = clock

    def keep(self, run: str, report: str) -> None:
        """Put a run's report on file."""
        self._views.write(views.ADD_IMPORT_RUN, {"run": run, "report": report, "at": self._clock()})

    def all(self) -> list[tuple[str, dt.datetime, str]]:
        """All runs, the latest first: id, end, report."""
        return [(run, at, report) for run, at, report in self._views.rows(views.IMPORT_RUNS)]
