"""Runs of moving a city over, as they are kept: how far each is, its report, its batches, and who signed it off.

The importer writes here what it does; office and command line show it. A run of before there were steps has nothing
but the report of that time.
"""

import datetime as dt

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.records import NotFound, NotReconciled, Progress, RunReport, Signature
from shebaoka.store import Views, views

DONE = frozenset({"sign_off", "undone"})
"""States in which nothing more is done with a run."""
SIGNERS = 2
"""How many different people sign a run off."""


class Batch(msgspec.Struct, frozen=True):
    """A batch of a run, as its last attempt left it. What is not known before it is carried over is None. Fen."""

    n: int
    people: int
    carried: int | None
    refused: int | None
    carried_fen: int | None
    carried_at: dt.datetime | None
    undone_at: dt.datetime | None


class RunOnFile(msgspec.Struct, frozen=True):
    """A run as it is kept. `old_report` is the JSON of a run of before there were steps, and then `document` is None.

    `unreadable` if what is on file was written by another version of the program. `going` while somebody works on it;
    `progress` without that is of a step that was stopped in the middle.
    """

    run: str
    state: str
    began_at: dt.datetime | None
    finished_at: dt.datetime | None
    old_report: str | None
    document: RunReport | None
    progress: Progress | None
    attempt: int
    going: bool
    unreadable: bool


class Runs:
    """Keeps each run, and tells of it.

    Signatures stand under a proof: if its checksum changes, or the run is taken back behind it, they count no more.
    """

    def __init__(self, views_: Views, clock: Clock = now) -> None:
        self._views = views_
        self._clock = clock

    def keep(self, run: str, report: str) -> None:
        """Put the report of a run without steps on file, as JSON."""
        self._views.write(views.ADD_IMPORT_RUN, {"run": run, "report": report, "at": self._clock()})

    def keep_document(self, run: str, report: RunReport) -> None:
        """Put a run's report on file: a step has ended, so nothing of its progress is told any more.

        The run's state is the report's. Signatures are kept by `sign` alone.
        """
        row = {
            "run": run,
            "state": report.state,
            "began_at": report.began_at,
            "finished_at": self._clock() if report.state in DONE else None,
            "document": msgspec.json.encode(msgspec.structs.replace(report, signatures=())).decode(),
        }
        self._views.write(views.KEEP_IMPORT_DOCUMENT, row)

    def note_progress(self, run: str, progress: Progress | None) -> None:
        """How far the step at hand is, until `keep_document` says that it has ended. None takes it back."""
        noted = None if progress is None else msgspec.json.encode(progress).decode()
        self._views.write(views.NOTE_IMPORT_PROGRESS, {"run": run, "at": self._clock(), "progress": noted})

    def all(self) -> list[RunOnFile]:
        """All runs, the latest first, their reports without signatures."""
        return [self._on_file(row) for row in self._views.rows(views.IMPORT_RUNS)]

    def runs(self) -> list[RunReport]:
        """The reports of all runs with steps, the latest first, with their signatures."""
        found = [run.document for run in self.all() if run.document is not None]
        return [msgspec.structs.replace(r, signatures=self.signatures(r.run)) for r in found]

    def of(self, run: str) -> RunOnFile:
        """One run, its report with the signatures. `NotFound`."""
        rows = self._views.rows(views.IMPORT_RUN, {"run": run})
        if not rows:
            raise NotFound(f"There is no import run {run!r}.")
        found = self._on_file(rows[0])
        if found.document is None:
            return found
        signed = msgspec.structs.replace(found.document, signatures=self.signatures(run))
        return msgspec.structs.replace(found, document=signed)

    def document(self, run: str) -> RunReport:
        """A run's report with its signatures. `NotFound` if there is no such run, or none with steps."""
        found = self.of(run)
        if found.document is None:
            raise NotFound(f"There is no report of steps of the import run {run!r}.")
        return found.document

    def progress(self, run: str) -> Progress | None:
        """How far the step at hand is. `NotFound`."""
        return self.of(run).progress

    def batches(self, run: str) -> list[Batch]:
        """A run's batches, in their order."""
        return [Batch(*row) for row in self._views.rows(views.IMPORT_BATCHES, {"run": run})]

    def sign(self, run: str, by: str, checksum: str) -> Signature:
        """Somebody signs the run off under the checksum of the proof that they saw; to sign again changes nothing.

        `NotReconciled` unless the run is proved under that checksum.
        """
        proof = self.document(run).proof
        if proof is None or not proof.proved:
            raise NotReconciled(f"The run {run} is not proved; nobody can sign it.", code="run_is_not_proved")
        if checksum != proof.checksum:
            raise NotReconciled(
                f"The proof of run {run} has another checksum than the one that was signed. Read the report again.",
                code="run_is_not_proved",
            )
        row = {"run": run, "by": by, "at": self._clock(), "checksum": checksum}
        self._views.write(views.SIGN_IMPORT, row)
        return next(s for s in self.signatures(run) if s.by == by)

    def signatures(self, run: str) -> tuple[Signature, ...]:
        """Who signed the run as it is proved now, in their order."""
        return tuple(Signature(*row) for row in self._views.rows(views.IMPORT_SIGNATURES, {"run": run}))

    def _on_file(self, row: tuple[object, ...]) -> RunOnFile:
        run, state, began_at, finished_at, old_report, filed, noted, attempt, going = row
        document, progress, unreadable = None, None, False
        try:
            document = msgspec.json.decode(str(filed), type=RunReport) if filed else None
            progress = msgspec.json.decode(str(noted), type=Progress) if noted else None
        except msgspec.DecodeError:
            unreadable = True
        return RunOnFile(
            run=str(run),
            state=str(state),
            began_at=began_at if isinstance(began_at, dt.datetime) else None,
            finished_at=finished_at if isinstance(finished_at, dt.datetime) else None,
            old_report=None if old_report is None else str(old_report),
            document=document,
            progress=progress,
            attempt=int(str(attempt)),
            going=bool(going),
            unreadable=unreadable,
        )
