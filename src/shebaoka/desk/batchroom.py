"""Batches of cards (制卡批次) as they stand: a batch with its counts, its cards, and what was done to it as a whole.

`desk/batches.py` puts them together and sends them, `desk/batchresults.py` takes in what became of the cards.
"""

import datetime as dt
import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import msgspec

from shebaoka.desk.batchcheck import Found
from shebaoka.desk.desk import Desk
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.papers import Papers
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.desk.windows import Windows
from shebaoka.notice import Notices
from shebaoka.records import (
    AnyRequest,
    Ask,
    BadInput,
    NotFound,
    Receipt,
    RecordRejected,
    RowFault,
    Spoilt,
    Trouble,
)
from shebaoka.store import Views
from shebaoka.store import batches as sql

TRAY = 1000
"""Cards that go to the desk together."""
FAULTS_KEPT = 1000
"""As many rows that were not taken are kept by name with a file; the others are counted."""
_T = TypeVar("_T")
_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_REASON_MAX = 200
_NOT_PUT = "no entry of the journal has put it there."
_ORDER = ("chosen", "freezing", "frozen", "approved", "sent", "closed")
_BEFORE = {state: _ORDER[:n] for n, state in enumerate(_ORDER)}
ORDERED = ("in_batch", "made", "rejected", "missing", "stopped", "withdrawn", "ready", "returned", "collected")
"""States of a card that was ordered from the maker; the others never came so far."""


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """By what the cards of a batch are chosen; what is empty does not count.

    `region` is the county that keeps the insurance; `employer` one whose list they were on; `since` and `until` the
    days between which they were applied for. `urgent` are those who have no card that works or are in hospital: cards
    that are remade, lost ones, stays.
    """

    region: str = ""
    employer: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    urgent: bool = False
    limit: int = 10_000


class CardBatch(msgspec.Struct, frozen=True):
    """A batch: by what it was chosen, how far it is and who brought it there, and its cards by state.

    `lines` is how many cards go out, from freezing on. `cards` counts by state; `unchecked` are cards that nobody has
    checked as they are now.
    """

    id: str
    state: str
    choice: Choice
    chosen_by: str
    chosen_at: dt.datetime
    frozen_by: str | None
    frozen_at: dt.datetime | None
    issued_on: dt.date | None
    issuer: str | None
    category: str | None
    spec_version: str | None
    approved_by: str | None
    approved_at: dt.datetime | None
    sent_by: str | None
    sent_at: dt.datetime | None
    closed_at: dt.datetime | None
    withdrawn_by: str | None
    withdrawn_at: dt.datetime | None
    reason: str | None
    lines: int
    cards: Mapping[str, int]
    unchecked: int
    bank_opened: int
    bank_refused: int

    @property
    def ordered(self) -> int:
        """How many cards were ordered; made, rejected, missing and the others always add up to it."""
        return sum(self.cards.get(state, 0) for state in ORDERED)

    @property
    def waiting(self) -> int:
        """How many ordered cards are not accounted for."""
        return self.cards.get("in_batch", 0)


class BatchCard(msgspec.Struct, frozen=True):
    """A card of a batch. `n` counts as they were chosen, `line` those that went out; `remade_in` is a later batch.

    `state` is chosen, held (a fault keeps it out), left, refused (by the desk), in_batch, made, rejected, missing,
    stopped (made, and not to be handed out), withdrawn, ready, returned, collected. `bank_account` has the last
    four digits.
    """

    n: int
    line: int | None
    person_id: int
    number: str
    name: str
    application: int
    state: str
    checked: bool
    faults: tuple[Found, ...]
    seen_by: str
    card_number: str | None
    card_serial: str | None
    blank: str
    reason: str
    changed_at: dt.datetime
    bank: str
    bank_account: str
    bank_reason: str
    remade_in: str | None


class BatchEvent(msgspec.Struct, frozen=True):
    """What was done to a batch as a whole: `packed`, `results`, `bank_asked`, `bank_answers`, with the file's name;
    `proofs`, with the lines that were looked at.

    `counts` says what it came to; `faults` are the rows that were not taken, at most a thousand of them.
    """

    n: int
    at: dt.datetime
    by: str
    what: str
    name: str
    counts: Mapping[str, int]
    faults: tuple[RowFault, ...]


class BatchRoom:
    """What is on file of batches. Safe for many threads. Rights are asked here."""

    def __init__(
        self,
        views_: Views,
        notices: Notices,
        windows: Windows,
        papers: Papers,
        make_desk: Callable[[], Desk],
        clock: Clock = now,
    ) -> None:
        self._views = views_
        self._notices = notices
        self._windows = windows
        self._papers = papers
        self._make_desk = make_desk
        self._clock = clock

    def get(self, staff: Staff, batch: str) -> CardBatch:
        """A batch with its counts. `NotFound`, `NotAllowed`."""
        staff.must(Right.SEE_BATCHES)
        rows = self._views.rows(sql.BATCH, {"batch": batch}) if _ID.fullmatch(batch) else []
        if not rows:
            raise NotFound("There is no such batch.")
        return self._counted(rows)[0]

    def latest(self, staff: Staff, limit: int = 50, *, ended_too: bool = True) -> list[CardBatch]:
        """All batches, the latest first. Without `ended_too` the cards of those that are over are not counted."""
        staff.must(Right.SEE_BATCHES)
        rows = self._views.rows(sql.BATCHES, {"limit": limit})
        return self._counted(rows, () if ended_too else ("closed", "withdrawn"))

    def cards(
        self, staff: Staff, batch: str, *, states: Sequence[str] | None = None, after: int = 0, limit: int = 100
    ) -> list[BatchCard]:
        """Cards of a batch in their order, those behind one; all, or those in some states. Whoever sees masks."""
        staff.must(Right.SEE_BATCHES)
        asked = {"batch": batch, "states": None if states is None else list(states), "after": after, "limit": limit}
        return [_card(row) for row in self._views.rows(sql.OF_BATCH, asked)]

    def events(self, staff: Staff, batch: str) -> list[BatchEvent]:
        """What was done to a batch as a whole, the latest first."""
        staff.must(Right.SEE_BATCHES)
        rows = self._views.rows(sql.EVENTS, {"batch": batch})
        return [
            BatchEvent(
                *(n, at, by, what, name),
                msgspec.json.decode(counts, type=dict[str, int]),
                msgspec.json.decode(faults, type=tuple[RowFault, ...]),
            )
            for n, at, by, what, name, counts, faults in rows
        ]

    def waiting(self, staff: Staff) -> dict[tuple[bool, str], int]:
        """How many applications wait to be chosen: by whether their card is remade, and by why it is made."""
        staff.must(Right.SEE_BATCHES)
        return {(remade, why): n for remade, why, n in self._views.rows(sql.WAITING)}

    def verify(self) -> list[str]:
        """A sentence for whatever does not hold: a card's row beside its decisions, a batch's end beside its cards."""
        faults = [
            f"batch {batch}, card {n}: " + (f"its row says {state}, its decisions {making}." if put else _NOT_PUT)
            for batch, n, state, making, put in self._views.rows(sql.CARDS_OFF)
        ]
        off = self._views.rows(sql.BATCHES_OFF)
        return faults + [f"batch {batch}: its state is not that of its cards." for (batch,) in off]

    def astray(self, staff: Staff) -> dict[str, int]:
        """How many cards under way were put into a batch by hand, by its name: no package has them, no file closes it.

        They are followed one by one (`shebaoka batch made`, `ready`), or rejected, and then chosen like everybody else.
        """
        staff.must(Right.SEE_BATCHES)
        return dict(self._views.rows(sql.ASTRAY))

    def note(
        self,
        staff: Staff,
        batch: str,
        what: str,
        name: str,
        counts: Mapping[str, int],
        faults: Sequence[RowFault] = (),
    ) -> None:
        """Put down what was done to a batch as a whole: a package made, a file read. `NotAllowed`."""
        staff.must(Right.KEEP_BATCHES)
        self._put_down(staff, batch, what, name, counts, faults)

    def looked(self, staff: Staff, batch: str, what: str, lines: str) -> None:
        """Put down that somebody looked at cards of a batch, and at which."""
        self._put_down(staff, batch, what, lines, {})

    def _put_down(
        self,
        staff: Staff,
        batch: str,
        what: str,
        name: str,
        counts: Mapping[str, int],
        faults: Sequence[RowFault] = (),
    ) -> None:
        said = {
            "batch": batch,
            "at": self._clock(),
            "by": staff.name,
            "what": what,
            "name": "".join(c for c in name if c.isprintable())[:200],
            "counts": msgspec.json.encode(dict(counts)).decode(),
            "faults": msgspec.json.encode(faults[:FAULTS_KEPT]).decode(),
        }
        with self._views.together() as run:
            run(sql.LOCK_EVENTS, said)
            run(sql.NOTE, said)

    def _counted(self, rows: Sequence[tuple[Any, ...]], uncounted: Sequence[str] = ()) -> list[CardBatch]:
        counts: dict[str, list[tuple[str, int, int, int, int]]] = {}
        for batch, *said in self._views.rows(
            sql.COUNTS, {"batches": [row[0] for row in rows if row[1] not in uncounted]}
        ):
            state, n, unchecked, opened, refused = said
            counts.setdefault(batch, []).append((state, n, unchecked, opened, refused))
        return [_batch(row, counts.get(row[0], ())) for row in rows]

    @contextmanager
    def _desk(self) -> Iterator[Desk]:
        """A desk for bulk work, whose connection is closed after the block."""
        desk = self._make_desk()
        with closing(desk.store):
            yield desk

    def _asked(self, desk: Desk, staff: Staff, requests: Sequence[AnyRequest]) -> list[Receipt]:
        """Put requests of one kind to the desk in one tray. A trouble that one of them meets is raised."""
        sender = staff.sender(*requests[:1])
        outcomes = desk.submit([Ask(request, sender) for request in requests])
        if (trouble := next((o for o in outcomes if isinstance(o, Trouble)), None)) is not None:
            raise trouble
        return [o for o in outcomes if isinstance(o, Receipt)]

    def _all_spoilt(self, staff: Staff, batch: str, spoilt: Spoilt, reason: str) -> None:
        """Record of every card that is not accounted for that it will not come."""
        after = 0
        with self._desk() as desk:
            while rows := self._views.rows(sql.IN_BATCH, {"batch": batch, "after": after, "limit": TRAY}):
                requests = [
                    RecordRejected(
                        id=request_id(staff, batch, n, str(spoilt)), person=number, reason=reason, spoilt=spoilt
                    )
                    for n, number, *_ in rows
                ]
                receipts = self._asked(desk, staff, requests)
                self._refused(batch, [n for n, *_ in rows], receipts, "stopped", "in_batch")
                after = rows[-1][0]

    def _refused(self, batch: str, ns: Sequence[int], receipts: Sequence[Receipt], state: str, was: str) -> None:
        """What the desk has said no to gets its state and the ground, unless another has brought it further."""
        refused = [(n, r.answer.ground) for n, r in zip(ns, receipts, strict=True) if r.answer.outcome == "refused"]
        if refused:
            self._views.write(
                sql.REFUSED,
                {"batch": batch, "state": state, "was": was, "at": self._clock()}
                | {"ns": [n for n, _ in refused], "reasons": [ground for _, ground in refused]},
            )

    def _must_be(self, staff: Staff, batch: str, *states: str) -> CardBatch:
        """The batch, if it is in one of these states. `BadInput` that says in which it is."""
        found = self.get(staff, batch)
        if found.state not in states:
            raise BadInput(
                f"batch: {batch} is {found.state.replace('_', ' ')}; this can be done while it is "
                f"{' or '.join(states)}.",
                code="batch_is_not_there_yet" if found.state in _BEFORE.get(states[0], ()) else "batch_is_beyond",
            )
        return found

    def _today(self) -> dt.date:
        return self._clock().astimezone(self._notices.zone).date()


def checked_batch_id(batch: str) -> str:
    """A batch's name as it is kept. `BadInput`."""
    if not _ID.fullmatch(batch):
        raise BadInput("batch: give 1 to 32 letters, digits or . _ -", code="batch_id")
    return batch


def request_id(staff: Staff, batch: str, n: int, step: str) -> str:
    """The id of what is recorded of a card: by batch, card, step and who asks.

    What was recorded stands on the card's row in the same transaction, and is not asked again by whoever goes on after
    a kill; the asker is in the id so that they may ask for the rest.
    """
    by = hashlib.sha256(f"{staff.name}|{staff.place}".encode()).hexdigest()[:8]
    return f"batch:{batch}:{n}:{step}:{by}"


def _batch(row: tuple[Any, ...], counts: Sequence[tuple[str, int, int, int, int]]) -> CardBatch:
    values = dict(zip(CardBatch.__struct_fields__, row, strict=False))
    values["choice"] = msgspec.json.decode(values["choice"], type=Choice)
    values["cards"] = {state: n for state, n, *_ in counts}
    values["unchecked"] = sum(unchecked for state, _, unchecked, *_ in counts if state in ("chosen", "held"))
    values["bank_opened"] = sum(opened for *_, opened, _ in counts)
    values["bank_refused"] = sum(refused for *_, refused in counts)
    return CardBatch(**values)


def _card(row: tuple[Any, ...]) -> BatchCard:
    values = dict(zip(BatchCard.__struct_fields__, row, strict=True))
    said = values["faults"]
    values["faults"] = msgspec.json.decode(said, type=tuple[Found, ...]) if said else ()
    return BatchCard(**values)


def reason_of(reason: str) -> str:
    """A reason as it is kept. `BadInput` for none."""
    plain = " ".join(reason.split())
    if not plain or len(plain) > _REASON_MAX or not plain.isprintable():
        raise BadInput(f"reason: say why, in 1 to {_REASON_MAX} characters.", code="reason_is_missing")
    return plain


def some_of(things: Iterable[_T], most: int = TRAY) -> Iterator[list[_T]]:
    """A stream cut into lists of at most so many."""
    left = iter(things)
    while some := list(itertools.islice(left, most)):
        yield some
