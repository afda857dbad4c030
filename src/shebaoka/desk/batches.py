"""Batches of cards put together, checked, frozen, approved by a second person, and sent to the maker. Clause 4.2.

With freezing, each card gets its number and serial by a request of its own, and its row says so in the same
transaction: whoever goes on after a kill asks only for what is not done. That request is also what a person's journal
says of who saw their photo: a card without it goes to no maker. Called by the pages and the command line.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from shebaoka.desk.batchcheck import Candidate, Checking
from shebaoka.desk.batchresults import BatchResults
from shebaoka.desk.batchroom import TRAY, CardBatch, Choice, checked_batch_id, reason_of, request_id
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.records import (
    BadInput,
    Broken,
    CardOrder,
    NotAllowed,
    NotFound,
    PutInBatch,
    Sex,
    Spoilt,
)
from shebaoka.store import batches as sql

LIMIT_MAX = 200_000
CHECKED_AT_ONCE = 2000
PHOTOS_AT_ONCE = 500
"""Cards whose photos are in memory at once."""
PROOFS_AT_ONCE = 40
"""Cards that somebody looks at in one go: ten sheets."""


class Batches(BatchResults):
    """Puts batches together and brings them to the maker and back. Safe for many threads. Rights are asked here."""

    def next_id(self, staff: Staff) -> str:
        """A name for a new batch: the day, and how many it has."""
        staff.must(Right.KEEP_BATCHES)
        day = f"{self._today():%Y%m%d}"
        ((n,),) = self._views.rows(sql.OF_DAY, {"like": f"{day}-%"})
        return f"{day}-{n + 1:02d}"

    def choose(self, staff: Staff, batch: str, choice: Choice) -> CardBatch:
        """A new batch of who waits, urgent ones first; the same again is the batch that is there. `BadInput` by code.

        Nobody is in two batches that are not frozen yet.
        """
        staff.must(Right.KEEP_BATCHES)
        checked_batch_id(batch)
        if not 0 < choice.limit <= LIMIT_MAX:
            raise BadInput(f"limit: a batch has 1 to {LIMIT_MAX} cards.", code="batch_limit")
        if choice.since is not None and choice.until is not None and choice.until < choice.since:
            raise BadInput("until: the last day is before the first.", code="batch_days")
        kept = msgspec.json.encode(choice).decode()
        values = {"batch": batch, "choice": kept, "by": staff.name, "at": self._clock()}
        with self._views.together() as run:
            said = {f: getattr(choice, f) for f in Choice.__struct_fields__}
            if run(sql.ADD, values) and not run(sql.CHOOSE, values | said):
                raise BadInput(
                    "batch: nobody who waits for a card is of this choice; choose less narrowly.",
                    code="batch_is_empty",
                )
        found = self.get(staff, batch)
        if (found.chosen_by, found.choice) != (staff.name, choice):
            raise BadInput(f"batch: there is a batch {batch} already; give another name.", code="batch_is_there")
        return found

    def check(self, staff: Staff, batch: str) -> CardBatch:
        """Hold every card against photo, name, duplicates and what is on file; who has a fault is held back.

        Checking again takes in whoever was mended. `BadInput` for a batch that is not open any more.
        """
        staff.must(Right.KEEP_BATCHES)
        self._must_be(staff, batch, "chosen")
        p = self._notices.on(self._today()).p
        windows = {w.code for w in self._windows.in_use()}
        checking, after = Checking(windows, p.photo_file_kb_min, p.photo_file_kb_max), 0
        while rows := self._views.rows(sql.TO_CHECK, {"batch": batch, "after": after, "limit": CHECKED_AT_ONCE}):
            cards = [Candidate(*row) for row in rows]
            found = [checking.faults_of(card) for card in cards]
            values = {
                "batch": batch,
                "ns": [card.n for card in cards],
                "states": ["held" if faults else "chosen" for faults in found],
                "faults": [msgspec.json.encode(faults).decode() if faults else "" for faults in found],
                "papers": [card.paper or "" for card in cards],
            }
            self._views.write(sql.CHECKED, values)
            after = cards[-1].n
        return self.get(staff, batch)

    def let_through(self, staff: Staff, batch: str, n: int) -> CardBatch:
        """Somebody has looked at a rare character or a namesake; the next check lets the card through. `BadInput`."""
        staff.must(Right.KEEP_BATCHES)
        self._must_be(staff, batch, "chosen")
        if not self._views.rows(sql.SEEN, {"batch": batch, "n": n, "by": staff.name}):
            raise BadInput("card: it is not held back; look at the batch again.", code="card_is_not_held")
        return self.check(staff, batch)

    def take_out(self, staff: Staff, batch: str, ns: Sequence[int], reason: str) -> CardBatch:
        """Cards that shall not go with this batch; they wait for another one. `BadInput` without a reason."""
        staff.must(Right.KEEP_BATCHES)
        self._must_be(staff, batch, "chosen")
        values = {"batch": batch, "ns": list(ns), "reason": reason_of(reason), "at": self._clock()}
        if not self._views.rows(sql.TAKE_OUT, values):
            raise BadInput("card: it is not in this batch any more; look at the batch again.", code="card_is_not_there")
        return self.get(staff, batch)

    def freeze(self, staff: Staff, batch: str, *, at_once: int | None = None) -> CardBatch:
        """No card comes or goes any more: each that passed the check is numbered; who was held back is left.

        With `at_once`, so many cards; call it until the batch is `frozen`. Whoever calls it after a kill goes on.
        """
        staff.must(Right.KEEP_BATCHES)
        found = self._must_be(staff, batch, "chosen", "freezing", "frozen")
        if found.state == "chosen":
            data = self._notices.on(self._today()).p.card_data
            values = {"batch": batch, "by": staff.name, "at": self._clock(), "on": self._today()}
            if not self._views.rows(sql.FREEZING, values | msgspec.structs.asdict(data)):
                raise BadInput(
                    "batch: check it first, and see that a card has passed; then freeze it.", code="batch_is_unchecked"
                )
        if found.state != "frozen" and self._all_put(staff, batch, at_once):
            values = {"batch": batch, "at": self._clock()}
            with self._views.together() as run:
                run(sql.LINES, values)
                run(sql.HELD_ARE_LEFT, values)
                run(sql.FROZEN, values)
        return self.get(staff, batch)

    def _all_put(self, staff: Staff, batch: str, at_once: int | None) -> bool:
        """Ask for the cards that have no number, tray by tray; whether none is left."""
        after, left = 0, at_once
        with self._desk() as desk:
            while left is None or left > 0:
                limit = TRAY if left is None else min(TRAY, left)
                rows = self._views.rows(sql.TO_PUT, {"batch": batch, "after": after, "limit": limit})
                if not rows:
                    return True
                requests = [
                    PutInBatch(id=request_id(staff, batch, n, "in"), person=number, batch=batch)
                    for n, number, *_ in rows
                ]
                receipts = self._asked(desk, staff, requests)
                self._refused(batch, [n for n, *_ in rows], receipts, "refused", "chosen")
                after = rows[-1][0]
                left = None if left is None else left - len(rows)
        return False

    def approve(self, staff: Staff, batch: str) -> CardBatch:
        """A second person says that it may leave. `NotAllowed` for whoever chose or froze it; `BadInput` by state."""
        staff.must(Right.APPROVE_BATCHES)
        found = self._must_be(staff, batch, "frozen")
        if staff.name in (found.chosen_by, found.frozen_by):
            raise NotAllowed("Nobody approves a batch that they chose or froze; another person does.")
        if not found.waiting:
            raise BadInput("batch: no card of it was numbered; withdraw it.", code="batch_is_empty")
        self._views.rows(sql.APPROVE, {"batch": batch, "by": staff.name, "at": self._clock()})
        return self.get(staff, batch)

    def orders(self, staff: Staff, batch: str, *, photos: bool = True) -> Iterator[CardOrder]:
        """The cards of an approved batch that are not accounted for, by line, with their photos; a stream.

        Without `photos`, as the bank is told them: none is opened, and all cards come whose account is not open, also
        those that are made, and of a batch that is closed.

        Some hundred photos are in memory at once. What is read is of one moment. `Broken` where the journal does not
        say that a person is in the batch, or the photo that was checked is not there; `BadInput` by state.
        """
        staff.must(Right.KEEP_BATCHES)
        found = self._must_be(staff, batch, "approved", "sent", *(() if photos else ("closed",)))
        return self._orders(found, sql.ORDERS if photos else sql.ORDERS_OF_BANK)

    def proofs(self, staff: Staff, batch: str, line: int = 1, cards: int = PROOFS_AT_ONCE) -> list[CardOrder]:
        """Some cards of a frozen batch from a line on, with their photos, to look at both faces before it is approved.

        That whoever may approve it looked at them is put down with the batch first. `NotAllowed`, `BadInput` by state;
        `NotFound` where no card has such a line.
        """
        staff.must(Right.APPROVE_BATCHES)
        found = self._must_be(staff, batch, "frozen", "approved", "sent")
        self.looked(staff, batch, "proofs", f"{line}–{line + cards - 1}")
        orders = list(self._orders(found, sql.PROOFS, line=line, cards=min(cards, PROOFS_AT_ONCE)))
        if not orders:
            raise NotFound("There is no card with such a line in this batch.")
        return orders

    def _orders(self, batch: CardBatch, statement: str, **some: int) -> Iterator[CardOrder]:
        issuer, category, spec = batch.issuer or "", batch.category or "", batch.spec_version or ""
        issued_on = batch.issued_on or self._today()
        for row in self._views.stream(statement, {"batch": batch.id, **some}, at_once=PHOTOS_AT_ONCE, binary=True):
            seq, line, serial, card_number, number, name, sex, birth_on, ethnic_group, collect_at, *photo = row
            if seq is None:
                raise Broken(f"Line {line} of batch {batch.id} is numbered and the journal does not say so.")
            yield CardOrder(
                line=line,
                card_serial=serial,
                card_category=category,
                spec_version=spec,
                issuer=issuer,
                issued_on=issued_on,
                valid_until=None,
                card_number=card_number,
                number=number,
                name=name,
                sex=Sex(sex),
                ethnic_group=ethnic_group,
                birth_place=number[:6],
                birth_on=birth_on,
                photo=self._photo(batch.id, line, *photo) if photo else b"",
                collect_at=collect_at,
            )

    def _photo(self, batch: str, line: int, *row: Any) -> bytes:
        """The photo that was checked, opened on the ground of the entry that put the card into the batch."""
        paper, *sealed, form, digest, image = row
        if paper is not None:
            return self._papers.unsealed(paper, *sealed)
        if image is None or form != "JPEG" or hashlib.sha256(image).digest() != bytes(digest):
            raise Broken(
                f"The photo of line {line} of batch {batch} is not the one that was checked; withdraw the batch."
            )
        return bytes(image)

    def packed(self, staff: Staff, batch: str, name: str, cards: int) -> None:
        """Put down that a package was made: its file's name, and how many cards are in it."""
        self._must_be(staff, batch, "approved", "sent")
        self.note(staff, batch, "packed", name, {"cards": cards})

    def sent(self, staff: Staff, batch: str) -> CardBatch:
        """The package is on its way to the maker. Saying it again changes nothing. `BadInput` by state."""
        staff.must(Right.KEEP_BATCHES)
        self._must_be(staff, batch, "approved", "sent", "closed")
        self._views.rows(sql.SENT, {"batch": batch, "by": staff.name, "at": self._clock()})
        return self.get(staff, batch)

    def withdraw(self, staff: Staff, batch: str, reason: str) -> CardBatch:
        """A batch that was not sent does not go: its cards wait for another one, and numbers once given are not used.

        Whoever calls it after a kill goes on. `BadInput` by state, and without a reason.
        """
        staff.must(Right.KEEP_BATCHES)
        found = self._must_be(staff, batch, "chosen", "freezing", "frozen", "approved", "withdrawing")
        said = found.reason or reason_of(reason)
        values = {"batch": batch, "by": staff.name, "at": self._clock(), "reason": said}
        self._views.rows(sql.WITHDRAWING, values)
        self._views.write(sql.HELD_ARE_LEFT, values)
        self._all_spoilt(staff, batch, Spoilt.WITHDRAWN, said)
        self._views.write(sql.WITHDRAWN, values)
        return self.get(staff, batch)
