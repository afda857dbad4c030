"""Moving a city over, as the database sees it: who is known, the batches of a run, what each put on file, undoing it.

The importer calls it, and its desk; everything that is decided goes through `Desk`.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType

import msgspec

from shebaoka.desk.desk import Desk
from shebaoka.desk.fold import Outcome
from shebaoka.records import Ask, NotUndone, RunIsTaken, Sender, Trouble, UndoCarryOver
from shebaoka.store import Note
from shebaoka.store import moving as sql

UNDONE_AT_ONCE = 500
LET_GO_SECONDS = 2
"""So long a run's lock is waited for, before somebody else is at work on it."""


class MoveBatch(msgspec.Struct, frozen=True):
    """A batch of a run: how many people, what became of them, in fen, and whether it was carried over or undone.

    A batch that was undone may be carried over again: that is another attempt.
    """

    n: int
    attempt: int
    people: int
    first_person_id: int | None
    carried: int | None
    refused: int | None
    carried_fen: int | None
    outcome: str | None
    is_carried: bool
    is_undone: bool

    @property
    def records_carried(self) -> int:
        """How many records the desk said that it carried over."""
        return msgspec.json.decode(self.outcome, type=BatchOutcome).records_carried if self.outcome else 0


class MovedPhoto(msgspec.Struct, frozen=True):
    """A photo on its way: whose, JPEG or PNG, pixels, SHA-256 of its bytes, the bytes, and its entry's name."""

    number: str
    format: str
    width: int
    height: int
    digest: bytes
    image: bytes
    entry: str

    def __repr__(self) -> str:
        return f"MovedPhoto(format={self.format!r}, width={self.width}, height={self.height}, image=hidden)"


class BatchOutcome(msgspec.Struct, frozen=True):
    """What a batch came to: records carried and left by the decisions, and the refused by their line and ground."""

    records_carried: int = 0
    records_left: int = 0
    refused: tuple[tuple[str, str, str], ...] = ()
    """Place of the row as `source.line`, ground, clause."""


def request_ids(run: str, batch: MoveBatch) -> str:
    """What the ids of a batch's requests begin with, before the place of the row: they stand together, by ids."""
    return f"{_prefix(run, batch.attempt, batch.n)}:"


def _prefix(run: str, attempt: int, batch: int) -> str:
    return f"import:{run}:{attempt}.{batch}"


class Moving:
    """One run at the database; two processes may not have the same run at once. `RunIsTaken` if another has it."""

    def __init__(self, url: str, run: str, *, alone: bool = True) -> None:
        self.run = run
        self._copying = sql.Copying(url)
        if alone and not self._locked():
            self._copying.close()
            raise RunIsTaken(f"Another process is at work on run {run}; wait until it ends, or look at its progress.")

    def _locked(self) -> bool:
        """Whether the run's lock could be had; the database takes a moment to let go of a process that was killed."""
        until = time.monotonic() + LET_GO_SECONDS
        while not self._copying.locked(self.run):
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True

    def __enter__(self) -> "Moving":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._copying.close()

    def anybody(self) -> bool:
        """Whether anybody is on file."""
        return bool(self._copying.rows(sql.ANYBODY)[0][0])

    def known(self) -> Iterator[bytes]:
        """Everybody on file as CSV: number, name, whether an account was carried over, its opening, card, records."""
        return self._copying.copied(sql.KNOWN, first=f"import:{self.run}:", end=f"import:{self.run};")

    def batches(self) -> list[MoveBatch]:
        """The batches, in their order, each as its last attempt left it."""
        return [MoveBatch(*row) for row in self._copying.rows(sql.BATCHES, {"run": self.run})]

    def plan(self, desk: Desk, fresh: Sequence[int], known: Sequence[int]) -> None:
        """Put the batches on file: how many people each has, first those whom nobody knows, with ids for them."""
        have = len(self.batches())
        for n, people in enumerate((*fresh, *known), 1):
            if n > have:
                first = desk.reserve_people(people) if n <= len(fresh) else None
                self._add(n, 1, people, first)

    def again(self, batch: MoveBatch) -> None:
        """Let a batch that was undone be carried over once more. Its people are on file by now."""
        self._add(batch.n, batch.attempt + 1, batch.people, None)

    def _add(self, n: int, attempt: int, people: int, first: int | None) -> None:
        self._copying.rows(
            sql.ADD_BATCH, {"run": self.run, "attempt": attempt, "n": n, "people": people, "first_person_id": first}
        )

    def carried_by(self, batch: MoveBatch) -> bytes:
        """What a batch has put on file, lines in the order of numbers: number, opening, card, and a year's records."""
        ((text,),) = self._copying.of_batch(sql.CARRIED_BY_BATCH, self._between(batch))
        return text + b"\n" if text else b""

    def years_carried(self, batches: Iterable[MoveBatch]) -> set[int]:
        """The years of which records came along. Which years do is the same for everybody in a batch."""
        years: set[int] = set()
        for batch in batches:
            if batch.is_carried and not batch.is_undone:
                found = self._copying.of_batch(sql.YEARS_OF_BATCH, self._between(batch))
                years.update(year for (year,) in found)
        return years

    def _between(self, batch: MoveBatch) -> dict[str, str]:
        """Between which ids the requests of a batch are."""
        prefix = _prefix(self.run, batch.attempt, batch.n)
        return {"first": f"{prefix}:", "end": f"{prefix};"}

    def photos_on_file(self) -> Iterator[bytes]:
        """Every photo that counts as CSV: number, digest, whether this run brought it."""
        return self._copying.copied(sql.PHOTOS_ON_FILE, run=self.run)

    def photos_of_run(self) -> Iterator[bytes]:
        """The photos that this run brought as CSV, in the order of numbers: number, digest of the bytes on file."""
        return self._copying.copied(sql.PHOTOS_OF_RUN, run=self.run)

    def put_photos(self, photos: Sequence[MovedPhoto]) -> None:
        """Put photos of people who are on file there too. Whoever has one that counts keeps it."""
        columns = {f: [getattr(p, f) for p in photos] for f in MovedPhoto.__struct_fields__}
        self._copying.rows(sql.PUT_PHOTOS, {"run": self.run, **columns})

    def undo_photos(self, at: dt.datetime) -> None:
        """No photo of this run counts any more."""
        self._copying.rows(sql.UNDO_PHOTOS, {"run": self.run, "at": at})

    def undo(self, desk: Desk, batch: MoveBatch, sender: Sender, at: dt.datetime) -> int:
        """Take a batch back, person by person, through the desk; how many. What was taken back already is left.

        All of them are asked as a dry run first: `NotUndone`, and nothing is taken back, if one of them cannot be.
        """
        between = self._between(batch)
        entries = self._copying.rows(sql.ENTRIES_OF_BATCH, between)
        asks = [
            Ask(UndoCarryOver(id=f"undo:{person_id}-{seq}", person=number, entry=f"{person_id}-{seq}"), sender)
            for number, person_id, seq in entries
        ]
        for dry_run in (True, False):
            refusals = Counter[str]()
            for start in range(0, len(asks), UNDONE_AT_ONCE):
                for outcome in desk.submit(asks[start : start + UNDONE_AT_ONCE], dry_run=dry_run):
                    if isinstance(outcome, Trouble):
                        raise outcome
                    if outcome.answer.outcome != "accepted":
                        refusals[outcome.answer.ground] += 1
            if refusals:
                grounds = ", ".join(f"{n} {ground.replace('_', ' ')}" for ground, n in refusals.most_common())
                raise NotUndone(
                    f"Batch {batch.n} cannot be undone: {grounds}. {'Nothing' if dry_run else 'Not all'} of it was "
                    "undone; correct those accounts one by one, by `shebaoka correction propose`."
                )
        self._copying.rows(sql.UNDO_PHOTOS_OF_BATCH, {"run": self.run, "at": at, **between})
        self._copying.rows(sql.UNDONE, {"run": self.run, "attempt": batch.attempt, "n": batch.n, "at": at})
        return len(asks)


def carry_over(desk: Desk, run: str, batch: MoveBatch, asks: Sequence[Ask], lines: Sequence[str]) -> list[Outcome]:
    """Decide and save a batch with what it came to, in one transaction where nobody in it is on file.

    `lines` are the places of the rows that the asks are of, for those that are refused.
    """

    def note(outcomes: Sequence[Outcome]) -> Note:
        return Note(sql.CARRIED, _noted(run, batch, outcomes, lines, desk.clock()))

    if batch.first_person_id is not None:
        return desk.take_over(asks, batch.first_person_id, note)
    outcomes = desk.submit(asks)
    desk.store.note(note(outcomes))
    return outcomes


def _noted(
    run: str,
    batch: MoveBatch,
    outcomes: Iterable[Outcome],
    lines: Sequence[str],
    at: dt.datetime,
) -> dict[str, object]:
    """What is kept of a batch."""
    carried = carried_fen = records_carried = records_left = 0
    refused: list[tuple[str, str, str]] = []
    for outcome, line in zip(outcomes, lines, strict=True):
        if isinstance(outcome, Trouble):
            refused.append((line, outcome.code, ""))
            continue
        answer = outcome.answer
        if answer.outcome == "accepted":
            facts = answer.facts
            carried += 1
            carried_fen += int(facts["balance_fen"])
            records_carried += int(facts["records_carried"])
            records_left += int(facts["records_left"])
        else:
            refused.append((line, answer.ground, answer.clause))
    outcome_of = BatchOutcome(records_carried, records_left, tuple(refused))
    return {
        "run": run,
        "attempt": batch.attempt,
        "n": batch.n,
        "carried": carried,
        "refused": len(refused),
        "carried_fen": carried_fen,
        "outcome": msgspec.json.encode(outcome_of).decode(),
        "at": at,
    }
