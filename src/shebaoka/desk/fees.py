"""The fee of a decision and its receipt, as rows that are saved along with the entry: so money and decision never part.

A fee that is taken at the window is put on file with its clause, and with a numbered receipt where the ask says how it
is paid. One that goes back is put on file from wherever that was decided. `desk/till.py` does the rest. Clauses 6.1 to
6.4 say what is due; the rules have seen to it that exactly that is paid.
"""

import datetime as dt
from typing import Any

from shebaoka.notice import Notice
from shebaoka.records import Accepted, Ask, BadInput, Basis, Channel, Dossier, Given, Means, Tender
from shebaoka.rules import open_application, service_key
from shebaoka.store import Writes

_OF_FEES = (Basis.REPLACEMENT_FEE_IS_PAID, Basis.TEMPORARY_REPLACEMENT_FEE_IS_PAID, Basis.EXTENSION_IS_FREE)
"""Grounds whose clause says what a fee is."""
FEE_BACK = "fee_refunded"
"""What a decision says it has done where a fee shall go back."""


def unfit_tender(ask: Ask) -> BadInput | None:
    """The trouble of an ask whose fee cannot be paid as it says; None for all else."""
    tender, due_fen = ask.tender, ask.request.paid_fen
    if tender is None:
        return None
    if not due_fen:
        return _unfit("tender", "no fee is paid with this request; leave out how it is paid.")
    if ask.sender.channel is not Channel.WINDOW or not ask.sender.place:
        return _unfit("tender", "fees are taken at a window; a security administrator gives the account its window.")
    return tender_fault(tender, due_fen)


def tender_fault(tender: Tender, due_fen: int) -> BadInput | None:
    """The trouble of a fee, or of a refund where the amount is below zero, that cannot be paid so."""
    if tender.means is Means.CODE:
        if not tender.reference:
            return _unfit("reference", "give the number of the payment that was scanned, as the device shows it.")
        if tender.handed_over_fen:
            return _unfit("handed_over_fen", "no cash is handed over where a code is scanned; leave it out.")
        return None
    if tender.reference:
        return _unfit("reference", "cash has no payment number; leave it out, or choose the scanned code.")
    if tender.handed_over_fen and tender.handed_over_fen < max(due_fen, 0):
        return _unfit("handed_over_fen", "this is less than the fee; nothing was done. Take the rest, or leave it out.")
    if tender.handed_over_fen and due_fen < 0:
        return _unfit("handed_over_fen", "money goes back here and none is handed over; leave it out.")
    return None


def add_fees(
    writes: Writes, ask: Ask, place: tuple[int, int], before: Dossier, decision: Accepted, notice: Notice, given: Given
) -> None:
    """The fee that a yes takes or gives back, and its receipt, as rows beside the entry."""
    person_id, seq = place
    at_window = given.channel is Channel.WINDOW
    if decision.fee_fen and at_window:
        made = decision.after.applications[len(before.applications) :]
        _add(writes, ask, place, made[-1].n if made else None, decision, notice, given)
    elif FEE_BACK in decision.done and (application := open_application(before)) is not None:
        service, clause = service_key(ask.request), notice.clause_of[decision.ground]
        writes.fee.append(
            (person_id, seq, _window(ask, given), service, clause, -application.fee_fen, application.n, given.at, False)
        )


def _add(
    writes: Writes,
    ask: Ask,
    place: tuple[int, int],
    application: int | None,
    decision: Accepted,
    notice: Notice,
    given: Given,
) -> None:
    person_id, seq = place
    service = service_key(ask.request)
    ground = next((g for g in (decision.ground, *decision.also) if g in _OF_FEES), decision.ground)
    clause, amount_fen, tender = notice.clause_of[ground], decision.fee_fen, ask.tender
    window = _window(ask, given)
    writes.fee.append((person_id, seq, window, service, clause, amount_fen, application, given.at, tender is not None))
    if tender is not None:
        about = (person_id, seq, service, clause, amount_fen)
        writes.fee_receipt.append(receipt_row(window, given.on, given.at, about, tender, ask.sender.by))


def receipt_row(
    window: str, on: dt.date, at: dt.datetime, about: tuple[Any, ...], tender: Tender, by: str
) -> tuple[Any, ...]:
    """A fee's receipt in the order of its statement, without its number, which the save counts."""
    return (window, on.year, *about, str(tender.means), tender.reference, tender.handed_over_fen, by, at, on)


def _window(ask: Ask, given: Given) -> str:
    """Where a fee is paid; what was decided elsewhere is paid back at any window."""
    return ask.sender.place if given.channel is Channel.WINDOW else ""


def _unfit(field: str, what: str) -> BadInput:
    unfit = BadInput(f"{field}: {what}")
    unfit.field = field
    return unfit
