"""What became of the cards of a batch: the maker's results, the bank's answers, missing cards, arrival, the end.

A row of a file is held against the card's own row, and then recorded by a request of its own, whose save brings the
card's row along; so a file read twice changes nothing, and one that was cut off by a kill is read again. Clauses 4.2,
5.3, 6.1.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from shebaoka.desk.batchroom import FAULTS_KEPT, TRAY, BatchCard, BatchRoom, CardBatch, reason_of, request_id, some_of
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.records import (
    AnyRequest,
    BadInput,
    BankAnswer,
    CardResult,
    Made,
    Receipt,
    RecordMade,
    RecordReady,
    RecordRejected,
    ResultFault,
    RowFault,
    Spoilt,
)
from shebaoka.store import batches as sql

LAST_DIGITS = 4
AT_ONCE = 2
"""So many trays of a result file are with the desk at once: while one waits for the database, the other is decided."""
_MADE = ("made", "ready", "returned", "collected")
_GIVEN_UP = ("missing", "withdrawn", "stopped")
_Said = TypeVar("_Said", CardResult, BankAnswer)

SpendBlanks = Callable[[Staff, str, Sequence[str]], dict[str, str]]
"""Who asks, the batch, the blanks; which of them cannot be, each with where it is instead. Then none is taken out."""


class Taken(msgspec.Struct, frozen=True):
    """What a file came to: its rows, how many were new by outcome, how many were known, and those not taken.

    `faults` names the first thousand that were not taken; `not_taken` counts them all.
    """

    rows: int
    counts: dict[str, int]
    repeated: int
    not_taken: int
    faults: tuple[RowFault, ...]


class _Line(msgspec.Struct, frozen=True):
    """A card of the batch, as a file is held against it."""

    line: int
    n: int
    number: str
    card_number: str
    card_serial: str
    state: str
    blank: str
    bank: str


class _Tally:
    """Counts a file's rows as they are taken."""

    def __init__(self, *outcomes: str) -> None:
        self.rows = self.repeated = self.not_taken = 0
        self.counts = dict.fromkeys(outcomes, 0)
        self.faults: list[RowFault] = []
        self.first_row: dict[int, int] = {}
        self.used: dict[str, str] = {}

    def fault(self, row: CardResult | BankAnswer, fault: ResultFault, about: str = "") -> None:
        self.not_taken += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(RowFault(row.row, row.line, fault, about))

    def taken(self) -> Taken:
        faults = sorted(self.faults, key=lambda fault: fault.row)
        return Taken(self.rows, self.counts, self.repeated, self.not_taken, tuple(faults))


class BatchResults(BatchRoom):
    """Takes in what became of a batch's cards. Safe for many threads. Rights are asked here."""

    spend_blanks: SpendBlanks = staticmethod(lambda staff, batch, blanks: {})  # noqa: ARG005
    """Takes blanks that the maker has used for a batch out of its stock; see `makerfiles.spends_of_maker`."""

    def take_results(self, staff: Staff, batch: str, results: Iterable[CardResult], name: str = "") -> Taken:
        """Record what the maker says of each card, some hundred at a time; the batch closes with its last one.

        `name` is the file's. What is not taken is told row by row, and nothing is done about it. `BadInput` by state; a
        `Trouble` of the database leaves the rows before it recorded, and the same file can be read again.
        """
        staff.must(Right.KEEP_BATCHES)
        self._must_be(staff, batch, "sent", "closed")
        tally = _Tally(Made.MADE, Made.REJECTED, "stopped")
        self._take_at_once(staff, batch, some_of(results), tally)
        taken = tally.taken()
        counts = {"rows": taken.rows, **taken.counts, "repeated": taken.repeated, "not_taken": taken.not_taken}
        self.note(staff, batch, "results", name, counts, taken.faults)
        self._close(batch)
        return taken

    def _take_at_once(self, staff: Staff, batch: str, trays: Iterator[list[CardResult]], tally: _Tally) -> None:
        """Two take tray by tray. The file is read and counted by one at a time; the desk is asked by both at once.

        A card is in one tray, so that they do not meet. If one is stopped, the other begins no further tray.
        """
        turn, stopped = threading.Lock(), threading.Event()

        def take() -> None:
            with self._desk() as desk:
                while not stopped.is_set():
                    with turn:
                        if not (rows := next(trays, None)):
                            return
                        tally.rows += len(rows)
                        fit = self._spent(staff, batch, self._fit(batch, rows, tally), tally)
                    if fit:
                        requests = [self._recorded(staff, batch, row, card) for row, card in fit]
                        receipts = self._asked(desk, staff, requests)
                        with turn:
                            self._count(fit, receipts, tally)
                        self._refused(batch, [card.n for _, card in fit], receipts, "stopped", "in_batch")

        def take_or_stop() -> None:
            try:
                take()
            except BaseException:
                stopped.set()
                raise

        with ThreadPoolExecutor(AT_ONCE) as workers:
            for taking in [workers.submit(take_or_stop) for _ in range(AT_ONCE)]:
                taking.result()

    def _fit(self, batch: str, rows: Sequence[CardResult], tally: _Tally) -> list[tuple[CardResult, _Line]]:
        """The rows that say something new of a card of this batch; others are counted, and told if they are wrong."""
        blanks = [row.blank for row in rows if row.blank]
        if blanks:
            tally.used.update(self._views.rows(sql.BLANKS_USED, {"blanks": blanks}))
        fit = []
        for row, card in self._ordered(batch, rows, tally):
            if card.state != "in_batch":
                self._said_before(row, card, tally)
            elif row.outcome is Made.REJECTED and not row.reason.strip():
                tally.fault(row, ResultFault.REASON_IS_MISSING)
            elif row.blank and tally.used.setdefault(row.blank, card.card_serial) != card.card_serial:
                tally.fault(row, ResultFault.BLANK_WAS_USED, row.blank)
            else:
                fit.append((row, card))
        return fit

    def _spent(
        self, staff: Staff, batch: str, fit: list[tuple[CardResult, _Line]], tally: _Tally
    ) -> list[tuple[CardResult, _Line]]:
        """The rows whose blanks are taken out of the maker's stock by this; one that it was not given is told."""
        while blanks := [row.blank for row, _ in fit if row.blank]:
            unfit = self.spend_blanks(staff, batch, blanks)
            if not unfit:
                break
            for row, _ in fit:
                if row.blank in unfit:
                    tally.fault(row, ResultFault.BLANK_IS_OUT_OF_RANGE, f"{row.blank} ({unfit[row.blank]})")
            fit = [(row, card) for row, card in fit if row.blank not in unfit]
        return fit

    def _lines(self, batch: str, rows: Sequence[CardResult] | Sequence[BankAnswer]) -> dict[int, _Line]:
        lines = [row.line for row in rows if 0 < row.line < 1 << 31]
        found = self._views.rows(sql.BY_LINE, {"batch": batch, "lines": lines})
        return {row[0]: _Line(*row) for row in found}

    def _strays(self, batch: str, rows: Sequence[CardResult] | Sequence[BankAnswer]) -> dict[str, str]:
        """In which other batch the cards are whose numbers these rows have."""
        numbers = [row.card_number for row in rows]
        if not numbers:
            return {}
        return dict(self._views.rows(sql.BATCH_OF_NUMBER, {"batch": batch, "numbers": numbers}))

    def _ordered(self, batch: str, rows: Sequence[_Said], tally: _Tally) -> Iterator[tuple[_Said, _Line]]:
        """The rows that are about cards of this batch, each with its card; the others are told."""
        cards = self._lines(batch, rows)
        strays = self._strays(batch, [row for row in rows if row.line not in cards])
        for row in rows:
            card = cards.get(row.line)
            if self._is_ordered(row, card, strays, tally) and card is not None:
                yield row, card

    def _is_ordered(
        self, row: CardResult | BankAnswer, card: _Line | None, strays: dict[str, str], tally: _Tally
    ) -> bool:
        """Whether a row is about a card of this batch, by number and serial, and the first about it in its file."""
        if card is None and row.card_number in strays:
            tally.fault(row, ResultFault.BELONGS_TO_ANOTHER_BATCH, strays[row.card_number])
        elif card is None:
            tally.fault(row, ResultFault.NOBODY_ORDERED_IT)
        elif card.card_number != row.card_number:
            tally.fault(row, ResultFault.NUMBER_IS_ANOTHER)
        elif isinstance(row, CardResult) and card.card_serial != row.card_serial:
            tally.fault(row, ResultFault.SERIAL_IS_ANOTHER)
        elif (first := tally.first_row.setdefault(row.line, row.row)) != row.row:
            tally.fault(row, ResultFault.LINE_IS_THERE_TWICE, str(first))
        else:
            return True
        return False

    def _said_before(self, row: CardResult, card: _Line, tally: _Tally) -> None:
        """A row about a card that is accounted for: the same again, or something else."""
        if card.state in ("missing", "withdrawn"):
            tally.fault(row, ResultFault.CARD_WAS_GIVEN_UP)
        elif card.state == "stopped" or (card.state in _MADE) == (row.outcome is Made.MADE):
            tally.repeated += 1
        else:
            tally.fault(row, ResultFault.SAID_OTHERWISE_BEFORE)

    def _recorded(self, staff: Staff, batch: str, row: CardResult, card: _Line) -> AnyRequest:
        made = row.outcome is Made.MADE
        request = request_id(staff, batch, card.n, str(row.outcome))
        if made:
            return RecordMade(id=request, person=card.number, blank=row.blank)
        return RecordRejected(id=request, person=card.number, reason=row.reason.strip(), blank=row.blank)

    def _count(self, fit: Sequence[tuple[CardResult, _Line]], receipts: Sequence[Receipt], tally: _Tally) -> None:
        """Count what was recorded; of a no, whether another was faster, or the card must not be handed out."""
        for (row, _), receipt in zip(fit, receipts, strict=True):
            ground = receipt.answer.ground
            if receipt.answer.outcome == "accepted":
                tally.counts[row.outcome] += 1
            elif ground in _FASTER:
                tally.repeated += 1
            else:
                tally.counts["stopped"] += 1
                tally.fault(row, ResultFault.MAKING_WAS_REFUSED, ground)

    def missing(self, staff: Staff, batch: str, *, after: int = 0, limit: int = 100) -> list[BatchCard]:
        """The cards of a batch that was sent of which nothing has come back, in their order."""
        return self.cards(staff, batch, states=("in_batch",), after=after, limit=limit)

    def give_up(self, staff: Staff, batch: str, reason: str) -> CardBatch:
        """The missing cards will not come: each is remade free in another batch, and this one closes. `BadInput`."""
        staff.must(Right.KEEP_BATCHES)
        self._must_be(staff, batch, "sent")
        self._all_spoilt(staff, batch, Spoilt.MISSING, reason_of(reason))
        self._close(batch)
        return self.get(staff, batch)

    def reject(self, staff: Staff, batch: str, n: int, reason: str) -> CardBatch:
        """A card that came back made is found bad when it is checked: it is remade free elsewhere. `BadInput`."""
        staff.must(Right.KEEP_BATCHES)
        self._must_be(staff, batch, "sent", "closed")
        found = self.cards(staff, batch, states=("made", "in_batch"), after=n - 1, limit=1)
        if not found or found[0].n != n:
            raise BadInput(
                "card: only a card that was made, and is not at its window yet, is rejected.", code="not_made"
            )
        request = RecordRejected(
            id=request_id(staff, batch, n, "found-bad"), person=found[0].number, reason=reason_of(reason)
        )
        with self._desk() as desk:
            (receipt,) = self._asked(desk, staff, [request])
        if receipt.answer.outcome == "refused":
            raise BadInput(f"card: it cannot be rejected ({receipt.answer.ground.replace('_', ' ')}).", code="not_made")
        self._close(batch)
        return self.get(staff, batch)

    def arrived(self, staff: Staff, batch: str, serials: Iterable[str] | None = None) -> int:
        """Made cards are at their windows, all of the batch or those with these serials; how many are ready by it.

        A card whose account the bank was asked for is kept back until an answer opens it (5.3). Doing it again changes
        nothing.
        """
        staff.must(Right.KEEP_BATCHES)
        self._must_be(staff, batch, "sent", "closed")
        named = None if serials is None else list(serials)
        after = ready = 0
        with self._desk() as desk:
            while rows := self._views.rows(
                sql.TO_ARRIVE, {"batch": batch, "serials": named, "after": after, "limit": TRAY}
            ):
                requests = [
                    RecordReady(id=request_id(staff, batch, n, "ready"), person=number) for n, number, *_ in rows
                ]
                receipts = self._asked(desk, staff, requests)
                ready += sum(receipt.answer.outcome == "accepted" for receipt in receipts)
                self._refused(batch, [n for n, *_ in rows], receipts, "stopped", "made")
                after = rows[-1][0]
        return ready

    def take_bank_answers(self, staff: Staff, batch: str, answers: Iterable[BankAnswer], name: str = "") -> Taken:
        """Put down whose bank account was opened and whose was not (5.3). An account that is open stays so.

        Of the account the last four digits are kept. What is not taken is told row by row. `BadInput` by state.
        """
        staff.must(Right.KEEP_BATCHES)
        self._must_be(staff, batch, "frozen", "approved", "sent", "closed")
        tally = _Tally("opened", "refused")
        for rows in some_of(answers):
            tally.rows += len(rows)
            said = self._bank_said(batch, rows, tally)
            values = {
                "batch": batch,
                "at": self._clock(),
                "lines": [row.line for row in said],
                "banks": ["opened" if row.opened else "refused" for row in said],
                "accounts": [row.account.strip()[-LAST_DIGITS:] if row.opened else "" for row in said],
                "reasons": ["" if row.opened else row.reason.strip()[:200] for row in said],
            }
            self._views.write(sql.BANK_SAID, values)
        taken = tally.taken()
        counts = {"rows": taken.rows, **taken.counts, "repeated": taken.repeated, "not_taken": taken.not_taken}
        self.note(staff, batch, "bank_answers", name, counts, taken.faults)
        return taken

    def _bank_said(self, batch: str, rows: Sequence[BankAnswer], tally: _Tally) -> list[BankAnswer]:
        fit = []
        for row, card in self._ordered(batch, rows, tally):
            said = "opened" if row.opened else "refused"
            if card.bank == said == "opened":
                tally.repeated += 1
            elif card.bank == "opened":
                tally.fault(row, ResultFault.SAID_OTHERWISE_BEFORE)
            elif not row.opened and not row.reason.strip():
                tally.fault(row, ResultFault.REASON_IS_MISSING)
            else:
                tally.counts[said] += card.bank != said
                tally.repeated += card.bank == said
                fit.append(row)
        return fit

    def _close(self, batch: str) -> None:
        """The batch is at its end when every card is accounted for."""
        self._views.write(sql.CLOSE, {"batch": batch, "at": self._clock()})


_FASTER = frozenset({"card_is_already_made", "card_is_already_ready", "card_is_not_in_a_batch"})
"""Grounds of a no that say that another has recorded the same a moment before."""
