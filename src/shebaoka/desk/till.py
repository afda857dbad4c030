"""The till of a window: receipts for fees, void and refund with a reason, the float, and the sheet closed by its count.

A receipt that comes along with its decision is the tray's (`desk/fees.py`); here is what happens to it afterwards, and
the receipts that are still owed. Each window numbers its receipts from 1 in every year, and none is left out. A sheet
goes from one closing to the next, whatever the calendar says. See docs/decisions/0038-receipts-with-their-decisions.md.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from shebaoka.desk.drawer import closed_sheet, closing_row, open_sheet, sheet_of, takings
from shebaoka.desk.fees import tender_fault
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right, roles_with
from shebaoka.desk.staff import Staff
from shebaoka.numbers import mask_name
from shebaoka.records import (
    BadInput,
    FeeReceipt,
    FloatMove,
    Means,
    NotAllowed,
    NotFound,
    OwedReceipt,
    ReceiptPlace,
    Tender,
    TillSheet,
    WindowDay,
)
from shebaoka.store import Views
from shebaoka.store import till as sql
from shebaoka.store.views import Run

_REASON = re.compile(r"[^\x00-\x20\x7f][^\x00-\x1f\x7f]{0,199}")
_ENTRY = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,17})")
_MOST_FEN = 10**13
_NOBODYS: dict[str, Any] = {"payer": None, "entry": None}
_OF_NOTHING: dict[str, Any] = {"of_place": None, "of_year": None, "of_number": None, "reason": ""}
_WITH_FEES = ("apply_for_card", "apply_for_temporary_card", "replace_card", "add_extended_application")
_TAKERS = list(map(str, roles_with(Right.TAKE_FEES)))


class Till:
    """Receives, voids, refunds and closes. Safe for many threads; whoever changes a till is alone at it."""

    def __init__(self, views_: Views, zone: dt.tzinfo, clock: Clock = now) -> None:
        self._views = views_
        self._zone = zone
        self._clock = clock

    # what there is

    def windows(self, staff: Staff) -> list[str]:
        """The windows whose tills somebody may see: their own, or all."""
        if staff.may(Right.SEE_TILLS):
            return [place for (place,) in self._views.rows(sql.WINDOWS, {"roles": _TAKERS})]
        staff.must(Right.TAKE_FEES)
        return [staff.place] if staff.place else []

    def sheet(self, staff: Staff, window: str, sheet: int | None = None) -> TillSheet:
        """A window's sheet; the open one, if none is named. `NotFound`."""
        self._must_see(staff, window)
        run = self._views.rows
        opened = open_sheet(run, window)
        wanted = opened if sheet is None else sheet
        if not 1 <= wanted <= opened:
            raise NotFound(f"The till {window!r} has no sheet {wanted}.")
        return sheet_of(run, window, wanted)

    def sheets(self, staff: Staff, window: str, *, limit: int = 30) -> list[TillSheet]:
        """A window's closed sheets, the latest first."""
        self._must_see(staff, window)
        return [closed_sheet(row) for row in self._views.rows(sql.SHEETS, {"place": window, "limit": limit})]

    def receipts(self, staff: Staff, window: str, sheet: int, *, limit: int | None = None) -> list[FeeReceipt]:
        """The receipts of a sheet, the latest first, void ones among them."""
        self._must_see(staff, window)
        rows = self._views.rows(sql.RECEIPTS_OF_SHEET, {"place": window, "sheet": sheet, "limit": limit})
        return [_receipt(row) for row in rows]

    def floats(self, staff: Staff, window: str, sheet: int) -> list[FloatMove]:
        """What was put into a window's drawer on a sheet, or taken out, that is no fee."""
        self._must_see(staff, window)
        rows = self._views.rows(sql.FLOATS, {"place": window, "sheet": sheet, "limit": None})
        return [FloatMove(*row) for row in rows]

    def receipt(self, staff: Staff, place: ReceiptPlace) -> FeeReceipt:
        """A receipt by its number. `NotFound`."""
        self._must_see(staff, place.window)
        return _found(self._views.rows, place)

    def receipt_of(self, staff: Staff, entry: str) -> FeeReceipt | None:
        """The receipt of a decision by its place in the journal, such as 1001-7; None where there is none."""
        staff.must(Right.TAKE_FEES)
        rows = self._views.rows(sql.RECEIPT_OF_ENTRY, _place_of(entry))
        return _receipt(rows[0]) if rows else None

    def owed(self, staff: Staff, window: str | None = None, *, limit: int | None = 200) -> list[OwedReceipt]:
        """Fees without a receipt: taken, or to go back. Of a window, or of all; the oldest first."""
        self._must_see(staff, window)
        rows = self._views.rows(sql.OWED, {**_NOBODYS, "place": window, "limit": limit})
        return [_owed(row) for row in rows]

    def day(self, staff: Staff, on: dt.date) -> list[WindowDay]:
        """What each window took on a day in the city, as receipts are dated."""
        staff.must(Right.SEE_TILLS)
        rows = self._views.rows(sql.TAKINGS_OF_DAY, {"on": on})
        return [WindowDay(window, takings(sums)) for window, *sums in rows]

    # receipts

    def receive(self, staff: Staff, entry: str, tender: Tender) -> FeeReceipt:
        """The receipt of a fee that a decision took and that has none yet, by the entry's place, at the own window.

        Asked again, it is the same receipt. `NotFound` if the entry took no fee, or the fee was taken back since.
        """
        window, about = _own_window(staff), _place_of(entry)
        with self._views.together() as run:
            self._count(run, window, 0)
            fee = self._owed_fee(run, about)
            if fee is None or not run(sql.TAKE_UP, about):
                return self._receipt_of(run, about, entry)
            if fee.amount_fen < 0:
                raise BadInput(f"The fee of {entry} goes back; pay it back instead.", code="till_goes_back")
            if unfit := tender_fault(tender, fee.amount_fen):
                raise unfit
            about |= {"service": fee.service, "clause": fee.clause, "amount_fen": fee.amount_fen}
            return self._added(run, staff, window, tender, {**about, **_OF_NOTHING})

    def give_back(self, staff: Staff, entry: str, tender: Tender) -> FeeReceipt:
        """Pay back the fee that a decision gives back, at the own window: a receipt below zero that names the first.

        `entry` is the place of that decision, a withdrawal. Asked again, it is the same receipt.
        """
        window, about = _own_window(staff), _place_of(entry)
        with self._views.together() as run:
            fees = run(sql.FEE, about)
            if not fees or fees[0][5] > 0:
                raise _no_fee(entry)
            *_, service, clause, amount_fen, application, _ = fees[0]
            paid = {"payer": about["payer"], "application": application}
            self._alone(run, window, *(row[1] for row in run(sql.PAID, paid) if row[1]))
            if self._owed_fee(run, about) is None or not run(sql.TAKE_UP, about):
                return self._receipt_of(run, about, entry)
            if unfit := tender_fault(tender, amount_fen):
                raise unfit
            of = next((ReceiptPlace(*row[1:4]) for row in run(sql.PAID, paid) if row[1]), None)
            _must_hold(run, window, tender.means, -amount_fen)
            about |= {"service": service, "clause": clause, "amount_fen": amount_fen}
            return self._added(run, staff, window, tender, {**about, **_of(of, service)})

    def refund(self, staff: Staff, place: ReceiptPlace, tender: Tender, reason: str) -> FeeReceipt:
        """Pay back a receipt by a second person's reason, where no decision gives the fee back. The decision stands.

        `NotAllowed` for whoever took the fee. Asked again by the same person, it is the same receipt.
        """
        staff.must(Right.CLOSE_TILL)
        window = _own_window(staff)
        with self._views.together() as run:
            _found(run, place)
            self._alone(run, window, place.window)
            receipt = _found(run, place)
            _must_be_anothers(staff, receipt)
            if receipt.refunded_by is not None:
                refund = _found(run, receipt.refunded_by)
                if (refund.by, refund.reason) == (staff.name, reason):
                    return refund
                raise _is_refunded(receipt)
            if receipt.is_void or receipt.amount_fen < 0:
                raise BadInput(f"The receipt {place} is void, or a refund itself; nothing goes back.", code="till_void")
            _must_be_a_reason(reason)
            if unfit := tender_fault(tender, -receipt.amount_fen):
                raise unfit
            _must_hold(run, window, tender.means, receipt.amount_fen)
            about = {"payer": _place_of(receipt.entry)["payer"], "entry": None, "amount_fen": -receipt.amount_fen}
            about |= {"service": receipt.service, "clause": receipt.clause}
            return self._added(run, staff, window, tender, {**about, **_of(place, reason)})

    def void(self, staff: Staff, place: ReceiptPlace, reason: str) -> FeeReceipt:
        """A receipt that was written wrongly counts for nothing and keeps its number; its fee is owed a receipt again.

        Only while its sheet is open, and by another than who wrote it. One that is void already stays as it is.
        """
        staff.must(Right.CLOSE_TILL)
        with self._views.together() as run:
            _found(run, place)
            *_, opened = self._count(run, place.window, 0)
            receipt = _found(run, place)
            if receipt.is_void:
                return receipt
            _must_be_anothers(staff, receipt)
            _must_be_a_reason(reason)
            if receipt.sheet != opened:
                raise BadInput(
                    f"The sheet of the receipt {place} is closed; pay it back instead.", code="till_sheet_closed"
                )
            if receipt.refunded_by is not None:
                raise _is_refunded(receipt)
            _must_hold(run, place.window, receipt.means, receipt.amount_fen)
            said = {**_named(place), "at": self._clock(), "by": staff.name, "reason": reason}
            for payer, entry in run(sql.VOID, said):
                run(sql.PUT_BACK, {"payer": payer, "entry": entry})
            return _found(run, place)

    # the drawer

    def put_in(self, staff: Staff, window: str, amount_fen: int, reason: str, *, n: int | None = None) -> TillSheet:
        """Cash put into a window's drawer that is no fee, or below zero taken out: the float, or what the bank gets.

        `n` counts those of the sheet from 1; with it, a form that comes twice does one thing.
        """
        staff.must(Right.CLOSE_TILL)
        self._must_be_a_window(window)
        _must_be_a_reason(reason)
        if not 0 < abs(amount_fen) <= _MOST_FEN:
            raise _unfit("amount", "give an amount that is not 0.")
        with self._views.together() as run:
            *_, sheet = self._count(run, window, 0)
            moved = run(sql.FLOATS, {"place": window, "sheet": sheet, "limit": None})
            if n is not None and 1 <= n <= len(moved) and moved[n - 1][1:] == (staff.name, amount_fen, reason):
                return sheet_of(run, window, sheet)
            if n is not None and n != len(moved) + 1:
                raise BadInput("The float was changed meanwhile; look at the sheet and try again.", code="till_changed")
            _must_hold(run, window, Means.CASH, -amount_fen)
            said = {"place": window, "sheet": sheet, "n": len(moved) + 1, "amount_fen": amount_fen}
            run(sql.ADD_FLOAT, {**said, "reason": reason, "by": staff.name, "at": self._clock()})
            return sheet_of(run, window, sheet)

    def close(
        self,
        staff: Staff,
        window: str,
        sheet: int,
        counted_fen: int,
        *,
        left_fen: int | None = None,
        reason: str = "",
        pieces: Mapping[int, int] | None = None,
    ) -> TillSheet:
        """Close a window's open sheet by what was counted in its drawer; what is received from then on is on the next.

        `left_fen` stays in the drawer, as a rule the float; `pieces` says how many of each note and coin there were,
        by their value in fen. A difference needs a reason, a fee without a receipt is in the way, and nobody closes a
        sheet with receipts of their own. Closed again with the same count, it stays as it is.
        """
        staff.must(Right.CLOSE_TILL)
        self._must_be_a_window(window)
        with self._views.together() as run:
            *_, opened = self._count(run, window, 0)
            if not 1 <= sheet <= opened:
                raise NotFound(f"The till {window!r} has no sheet {sheet}.")
            found = sheet_of(run, window, sheet)
            if found.closing is not None:
                if (found.closing.by, found.closing.counted_fen) == (staff.name, counted_fen):
                    return found
                raise BadInput(
                    f"The sheet {sheet} was closed by {found.closing.by} and stays as it is.", code="till_sheet_closed"
                )
            self._must_be_ready(run, staff, window, sheet)
            said = closing_row(found, counted_fen, left_fen, reason, pieces or {})
            run(sql.CLOSE, {**said, "by": staff.name, "at": self._clock()})
            run(sql.NEXT_SHEET, {"place": window, "sheet": sheet})
            return sheet_of(run, window, sheet)

    def _must_be_ready(self, run: Run, staff: Staff, window: str, sheet: int) -> None:
        if run(sql.OWN_RECEIPTS, {"place": window, "sheet": sheet, "by": staff.name})[0][0]:
            raise NotAllowed("Nobody closes a sheet with receipts of their own; somebody else counts.", code="till_own")
        owed = run(sql.OWED, {**_NOBODYS, "place": window, "limit": None})
        waiting = [f"{row[0]}-{row[1]}" for row in owed if row[5] > 0 and row[2] == window]
        if waiting:
            raise BadInput(
                f"Fees without a receipt: {', '.join(waiting[:5])}. Write their receipts first.", code="till_owed"
            )

    # checking

    def check(self) -> list[str]:
        """A sentence for whatever does not hold: numbers without gaps, one receipt a fee, closed sheets."""
        rows = self._views.rows
        faults = []
        for place, year, first, last, count, open_year, counted in rows(sql.NUMBERS):
            if (first, last) != (1, count) or year > open_year or (year == open_year and last != counted):
                faults.append(f"till {place!r}: the receipts of {year} are not numbered from 1 without a gap.")
        faults += [f"till {place!r}: the closed sheet {n} was changed." for place, n in rows(sql.SHEETS_OFF)]
        faults += [f"fee {person_id}-{seq}: its receipt is not what it says." for person_id, seq in rows(sql.FEES_OFF)]
        missing = self._views.rows(sql.FEES_MISSING, {"services": list(_WITH_FEES)})
        faults += [f"entry {person_id}-{seq}: its fee is not on file." for person_id, seq in missing]
        for what, statement in (("fee", sql.RECEIPTS_OF_NOTHING), ("receipt that it pays back", sql.REFUNDS_OFF)):
            faults += [f"receipt {ReceiptPlace(*row)}: it is not of the {what}." for row in rows(statement)]
        return faults

    # one by one

    def _count(self, run: Run, window: str, n: int) -> tuple[int, int, int]:
        """Be alone at a till until the commit, and count n receipts: its year, its last number, its open sheet."""
        year = self._clock().astimezone(self._zone).year
        ((year, number, sheet),) = run(sql.COUNT, {"place": window, "year": year, "n": n})
        return year, number, sheet

    def _alone(self, run: Run, *windows: str) -> None:
        """Be alone at several tills, in one order for all who are."""
        for window in sorted(set(windows)):
            self._count(run, window, 0)

    def _added(self, run: Run, staff: Staff, window: str, tender: Tender, about: Mapping[str, Any]) -> FeeReceipt:
        year, number, sheet = self._count(run, window, 1)
        at = self._clock()
        said = {"place": window, "year": year, "number": number, "sheet": sheet, "by": staff.name, "at": at}
        said |= {"on": at.astimezone(self._zone).date(), **about, **msgspec.structs.asdict(tender)}
        run(sql.ADD, said | {"means": str(tender.means)})
        return _found(run, ReceiptPlace(window, year, number))

    def _owed_fee(self, run: Run, about: Mapping[str, Any]) -> OwedReceipt | None:
        rows = run(sql.OWED, {**about, "place": None, "limit": 1})
        return _owed(rows[0]) if rows else None

    def _receipt_of(self, run: Run, about: Mapping[str, Any], entry: str) -> FeeReceipt:
        rows = run(sql.RECEIPT_OF_ENTRY, about)
        if not rows:
            raise _no_fee(entry)
        return _receipt(rows[0])

    def _must_see(self, staff: Staff, window: str | None) -> None:
        """`NotAllowed` unless it is the own window's till, or the role sees all; `NotFound` for no window."""
        if staff.may(Right.TAKE_FEES) and window is not None and window == staff.place != "":
            return
        staff.must(Right.SEE_TILLS)
        if window is not None:
            self._must_be_a_window(window)

    def _must_be_a_window(self, window: str) -> None:
        if (window,) not in self._views.rows(sql.WINDOWS, {"roles": _TAKERS}):
            raise NotFound(f"There is no window {window!r} at which fees are taken.")


def _found(run: Run, place: ReceiptPlace) -> FeeReceipt:
    rows = run(sql.RECEIPT, _named(place)) if 0 < place.number < 2**63 and 0 < place.year < 10**4 else []
    if not rows:
        raise NotFound(f"There is no receipt {place}.")
    return _receipt(rows[0])


def _named(place: ReceiptPlace) -> dict[str, Any]:
    return {"place": place.window, "year": place.year, "number": place.number}


def _of(of: ReceiptPlace | None, reason: str) -> dict[str, Any]:
    """What a refund pays back, and why."""
    if of is None:
        return {**_OF_NOTHING, "reason": reason}
    return {"of_place": of.window, "of_year": of.year, "of_number": of.number, "reason": reason}


def _receipt(row: tuple[Any, ...]) -> FeeReceipt:
    window, year, number, sheet, on, at, by, name, payer, entry, service, clause, amount_fen, means, *rest = row
    reference, handed_over_fen, reason, *places, voided_at, voided_by, void_reason = rest
    return FeeReceipt(
        place=ReceiptPlace(window, year, number),
        sheet=sheet,
        on=on,
        at=at,
        by=by,
        payer=mask_name(name) if name else "",
        entry="" if entry is None else f"{payer}-{entry}",
        service=service,
        clause=clause,
        amount_fen=amount_fen,
        means=Means(means),
        reference=reference,
        handed_over_fen=handed_over_fen,
        reason=reason,
        refund_of=ReceiptPlace(*places[:3]) if places[0] is not None else None,
        refunded_by=ReceiptPlace(*places[3:]) if places[3] is not None else None,
        voided_at=voided_at,
        voided_by=voided_by or "",
        void_reason=void_reason or "",
    )


def _owed(row: tuple[Any, ...]) -> OwedReceipt:
    payer, entry, window, service, clause, amount_fen, at, name = row
    return OwedReceipt(f"{payer}-{entry}", window, service, clause, amount_fen, at, mask_name(name) if name else "")


def _place_of(entry: str) -> dict[str, Any]:
    found = _ENTRY.fullmatch(entry)
    if found is None:
        raise _unfit("entry", "give the place of a decision in the journal, such as 1001-7.")
    return {"payer": int(found[1]), "entry": int(found[2])}


def _own_window(staff: Staff) -> str:
    staff.must_have_a_till()
    return staff.place


def _must_be_anothers(staff: Staff, receipt: FeeReceipt) -> None:
    if receipt.by == staff.name:
        raise NotAllowed(
            "Nobody voids or refunds a receipt of their own; somebody else with the right does.", code="till_own"
        )


def _must_be_a_reason(reason: str) -> None:
    if not _REASON.fullmatch(reason):
        raise _unfit("reason", "give the reason in 1 to 200 characters, on one line.", "till_reason")


def _must_hold(run: Run, window: str, means: Means, out_fen: int) -> None:
    """`BadInput` if so much cash cannot be in the drawer."""
    if means is Means.CASH and out_fen > 0:
        holds_fen = sheet_of(run, window, open_sheet(run, window)).expected_fen
        if holds_fen < out_fen:
            raise BadInput(
                f"By its sheet the drawer holds {holds_fen} fen, less than {out_fen}. Say first what was put in, or "
                "pay by another means.",
                code="till_short",
            )


def _is_refunded(receipt: FeeReceipt) -> BadInput:
    return BadInput(
        f"The receipt {receipt.place} was paid back by {receipt.refunded_by}. Void that one first.",
        code="till_refunded",
    )


def _no_fee(entry: str) -> NotFound:
    return NotFound(f"No fee of {entry} waits for a receipt.")


def _unfit(field: str, what: str, code: str | None = None) -> BadInput:
    unfit = BadInput(f"{field}: {what}", code=code)
    unfit.field = field
    return unfit
