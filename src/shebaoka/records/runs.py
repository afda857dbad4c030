"""What a run comes to: every row of every file accounted for, money to the fen, and the proof beside it.

The importer's steps fill it, the database keeps it as JSON, and command line, office and the report on paper show it.
Nothing in it names a person: rows are counted, and those held back stand in a file of their own.
"""

import datetime as dt

import msgspec


class FileOutcome(msgspec.Struct, frozen=True):
    """One source file: what it is, and what became of its rows. `rows` is the sum of the five that follow it.

    `sum_fen` is the sum of its amount column over every row that has an amount, `stated_…` what the old system states
    of it in the control totals. `left` are rows of earlier years, which stay behind (1.2).
    """

    name: str
    kind: str
    digest: str
    encoding: str
    bytes: int
    rows: int = 0
    carried_over: int = 0
    already_there: int = 0
    held_back: int = 0
    left: int = 0
    waiting: int = 0
    sum_fen: int = 0
    carried_over_fen: int = 0
    already_there_fen: int = 0
    held_back_fen: int = 0
    left_fen: int = 0
    waiting_fen: int = 0
    stated_rows: int | None = None
    stated_fen: int | None = None


class County(msgspec.Struct, frozen=True):
    """The people of one county (six digits) in the run: what the old system has of them, and what is on file here."""

    code: str
    people: int
    opening_fen: int
    records: int
    records_fen: int
    proved: int = 0
    proved_opening_fen: int = 0
    proved_records: int = 0
    proved_records_fen: int = 0


class ReasonCount(msgspec.Struct, frozen=True):
    """How many rows of a file are held back for one reason, and the money in them."""

    file: str
    reason: str
    rows: int
    fen: int


class Proof(msgspec.Struct, frozen=True):
    """The old system's accounts beside ours, person by person. `differing` names the first lines that do not agree.

    `checksum` covers all that was carried over, by person and in their order: not ids and instants. `source` says what
    stood on the old side: the files themselves, read again, or what the run took in of them.
    """

    at: dt.datetime
    by: str
    source: str
    people: int
    old_opening_fen: int
    new_opening_fen: int
    old_records: int
    new_records: int
    old_records_fen: int
    new_records_fen: int
    differing: int
    differences: tuple[str, ...]
    checksum: str
    compared: tuple[str, ...]
    proved: bool


class RunStep(msgspec.Struct, frozen=True):
    """A step that was gone through: what it came to in one sentence, and the seconds that it took."""

    name: str
    at: dt.datetime
    seconds: float
    said: str


class Signature(msgspec.Struct, frozen=True):
    """Who signed the run off, when, and the checksum of the proof that they saw."""

    by: str
    at: dt.datetime
    checksum: str


class RunReport(msgspec.Struct, frozen=True):
    """The whole of a run so far. `state` is the last step gone through, or `undone`."""

    run: str
    city: str
    mapping: str
    state: str
    rehearsal: bool
    began_at: dt.datetime
    on: dt.date
    files: tuple[FileOutcome, ...] = ()
    counties: tuple[County, ...] = ()
    reasons: tuple[ReasonCount, ...] = ()
    warnings: tuple[tuple[str, int], ...] = ()
    dry_run: tuple[tuple[str, int], ...] = ()
    differences: tuple[str, ...] = ()
    steps: tuple[RunStep, ...] = ()
    batches: int = 0
    batches_carried: int = 0
    batches_undone: int = 0
    proof: Proof | None = None
    signatures: tuple[Signature, ...] = ()
    seconds: float = 0.0

    @property
    def accounted_for(self) -> bool:
        """Whether every row of every file is carried over, there already, held back or left."""
        return all(
            f.rows == f.carried_over + f.already_there + f.held_back + f.left + f.waiting for f in self.files
        ) and not any(f.waiting for f in self.files)


class Progress(msgspec.Struct, frozen=True):
    """How far the step at hand is, in its own unit (rows, or people)."""

    step: str
    done: int
    of: int
    unit: str
    rate: float
    seconds_left: float | None
    at: dt.datetime
