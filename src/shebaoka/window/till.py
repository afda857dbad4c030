"""The till of a window: its open sheet with receipts, what is owed, void and refund, the float, closing by the count.

The till's room at the desk holds who may; a page only shows it. What was typed stands there again where it was refused.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import PIECES, Right, Staff, Till
from shebaoka.pages import HEADERS, Asked, form_of, front_of, moved_to
from shebaoka.paper import FeeReceiptSlip, grouped, slip_pdf
from shebaoka.records import (
    BadInput,
    FeeReceipt,
    Means,
    NotAllowed,
    NotFound,
    PaymentUsed,
    ReceiptPlace,
    Tender,
    Trouble,
)
from shebaoka.window.frame import Page
from shebaoka.window.tillsheet import sheet_csv

_YUAN = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?")
_COUNT = re.compile(r"[0-9]{1,6}")
_ID = re.compile(r"[1-9][0-9]{0,17}")
Form = dict[str, str]


def must_see_a_till(connection: Any, _: object) -> None:
    """A guard behind `must_be_known`: the role takes fees, or sees every till. `NotAllowed`."""
    staff: Staff = connection.state.staff
    staff.must_either(Right.TAKE_FEES, Right.SEE_TILLS)


def _faults(labels: dict[str, str]) -> dict[str, str]:
    """What is told of what cannot be, by code or by field."""
    return {
        "till_own": labels["till_own"],
        "till_sheet_closed": labels["till_sheet_closed"],
        "till_refunded": labels["till_refunded"],
        "till_void": labels["till_is_void"],
        "till_owed": labels["till_owes"],
        "till_short": labels["till_short"],
        "till_changed": labels["till_changed"],
        "till_goes_back": labels["till_goes_back"],
        "till_no_window": labels["till_no_window"],
        "till_difference": labels["till_difference"],
        "till_pieces": labels["till_pieces"],
        "payment_was_used": labels["till_payment_used"],
        "not_found": labels["till_not_found"],
        "till_reason": labels["till_reason"],
        "reason": labels["till_reason"],
        "reference": labels["till_reference"],
        "handed_over_fen": labels["till_handed_over"],
        "amount": labels["till_amount"],
        "counted": labels["till_counted"],
        "left": labels["till_left"],
        "pieces": labels["till_pieces"],
    }


def _money(labels: dict[str, str]) -> Callable[[int], str]:
    return lambda fen: labels["yuan"].format(grouped(fen))


async def _shown(
    request: Asked, *, fault: Trouble | None = None, typed: Form | None = None, window: str | None = None
) -> Response[bytes]:
    """The page of a window's sheet; of the own window's, if none is named."""
    page = Page(request)
    staff: Staff = request.state.staff
    till, typed, asked = page.front.till, typed or {}, request.query_params
    named = window if window is not None else asked.get("window", "") or staff.place
    number = asked.get("sheet", "") if fault is None else ""
    if number and not _ID.fullmatch(number):
        raise BadInput("sheet: give the number of a sheet.")

    def read() -> dict[str, Any]:
        windows = till.windows(staff)
        found: dict[str, Any] = {"windows": windows, "window": named if named in windows else "", "sheet": None}
        if staff.may(Right.SEE_TILLS):
            found["day"] = till.day(staff, page.on)
        if asked.get("window") and window is None and named not in windows:
            till.sheet(staff, named)  # says why not
        if found["window"]:
            sheet = till.sheet(staff, named, int(number) if number else None)
            found |= {
                "sheet": sheet,
                "receipts": till.receipts(staff, named, sheet.sheet),
                "floats": till.floats(staff, named, sheet.sheet),
                "owed": [] if sheet.closing else till.owed(staff, named),
                "closed": till.sheets(staff, named),
            }
        return found

    found = await to_thread.run_sync(read)
    code = "" if fault is None else fault.code if fault.code != "bad_input" else fault.field
    says = _faults(page.labels).get(code, page.labels["trouble_400"]) if fault is not None else ""
    return await page.show(
        "till.html",
        status=200 if fault is None else fault.status if isinstance(fault, (BadInput, NotFound)) else 409,
        fault=says,
        typed=typed,
        money=_money(page.labels),
        zone=page.front.notices.zone,
        takes=staff.may(Right.TAKE_FEES) and bool(staff.place),
        closes=staff.may(Right.CLOSE_TILL),
        own=staff.place,
        pieces=PIECES,
        ways={"cash": page.labels["till_cash"], "code": page.labels["till_code"]},
        **{"day": [], "receipts": [], "floats": [], "owed": [], "closed": [], **found},
    )


@get("/till")
async def get_till(request: Asked) -> Response[bytes]:
    """A window's sheet: what its drawer must hold, receipts, fees without one, and its closed sheets."""
    return await _shown(request)


@get("/till/sheet.csv")
async def get_sheet(request: Asked) -> Response[bytes]:
    """The receipts of a sheet as CSV for a spreadsheet."""
    page, staff = Page(request), request.state.staff
    window, number = request.query_params.get("window", ""), request.query_params.get("sheet", "")
    if not _ID.fullmatch(number):
        raise BadInput("sheet: give the number of a sheet.")
    till, zone = page.front.till, page.front.notices.zone

    def read() -> bytes:
        sheet = till.sheet(staff, window, int(number))
        found = till.receipts(staff, window, sheet.sheet)
        return sheet_csv(sheet, list(reversed(found)), page.labels, page.said.service, zone)

    content = await to_thread.run_sync(read)
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="till-{int(number)}.csv"'}
    return Response(content, media_type="text/csv", headers=headers)


@get("/till/receipt.pdf")
async def get_receipt(request: Asked) -> Response[bytes]:
    """A receipt on paper: A4, or a roll of 80 mm by `?width=80mm`."""
    page, staff, asked = Page(request), request.state.staff, request.query_params
    place = _place(dict(asked))
    width = "80mm" if asked.get("width") == "80mm" else "a4"

    def read() -> bytes:
        receipt = page.front.till.receipt(staff, place)
        return slip_pdf(_slip(receipt), page.said.speech, width=width, fonts=page.front.fonts)  # type: ignore[arg-type]

    content = await to_thread.run_sync(read)
    headers = {**HEADERS, "Content-Disposition": 'inline; filename="receipt.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


def _slip(receipt: FeeReceipt) -> FeeReceiptSlip:
    handed_over = receipt.handed_over_fen
    return FeeReceiptSlip(
        number=receipt.number,
        window=receipt.place.window,
        at=receipt.at,
        name=receipt.payer,
        service=receipt.service.partition(".")[0],
        clause=receipt.clause,
        amount_fen=abs(receipt.amount_fen),
        means="cash" if receipt.means is Means.CASH else "scanned",
        clerk=receipt.by,
        handed_over_fen=handed_over or None,
        change_fen=receipt.change_fen if handed_over else None,
        voided=receipt.void_reason,
        refund_of=str(receipt.refund_of) if receipt.refund_of else "",
        reason=receipt.reason if receipt.refund_of and not receipt.entry else "",
    )


async def _done(request: Asked, right: Right, act: Callable[[Till, Staff, Form], str]) -> Response[bytes]:
    """What a form asks for; `act` gives the address that shows it. What cannot be is told above what was typed."""
    form = await form_of(request)
    staff: Staff = request.state.staff
    staff.must(right)
    try:
        return moved_to(await to_thread.run_sync(partial(act, front_of(request).till, staff, form)))
    except (BadInput, NotAllowed, NotFound, PaymentUsed) as e:
        if isinstance(e, NotAllowed) and e.code == NotAllowed.code:
            raise
        return await _shown(request, fault=e, typed=form, window=form.get("window") or staff.place)


def _at(window: str, sheet: int | None = None) -> str:
    """The address of a window's sheet."""
    return "/till?" + urlencode({"window": window} | ({"sheet": sheet} if sheet else {}))


@post("/till/receive")
async def post_receive(request: Asked) -> Response[bytes]:
    """The receipt of a fee that has none."""

    def act(till: Till, staff: Staff, form: Form) -> str:
        return _at(till.receive(staff, form.get("entry", ""), _tender(form)).place.window)

    return await _done(request, Right.TAKE_FEES, act)


@post("/till/give-back")
async def post_give_back(request: Asked) -> Response[bytes]:
    """Pay back what a decision gives back."""

    def act(till: Till, staff: Staff, form: Form) -> str:
        return _at(till.give_back(staff, form.get("entry", ""), _tender(form)).place.window)

    return await _done(request, Right.TAKE_FEES, act)


@post("/till/void")
async def post_void(request: Asked) -> Response[bytes]:
    """A receipt that was written wrongly counts no more."""

    def act(till: Till, staff: Staff, form: Form) -> str:
        return _at(till.void(staff, _place(form), form.get("reason", "").strip()).place.window)

    return await _done(request, Right.CLOSE_TILL, act)


@post("/till/refund")
async def post_refund(request: Asked) -> Response[bytes]:
    """Pay a receipt back by a reason, at the own window."""

    def act(till: Till, staff: Staff, form: Form) -> str:
        return _at(till.refund(staff, _place(form), _tender(form), form.get("reason", "").strip()).place.window)

    return await _done(request, Right.CLOSE_TILL, act)


@post("/till/float")
async def post_float(request: Asked) -> Response[bytes]:
    """Cash put into the drawer or taken out of it."""

    def act(till: Till, staff: Staff, form: Form) -> str:
        amount_fen = _fen(form.get("amount", ""), "amount") * (-1 if form.get("way") == "out" else 1)
        n = int(form["n"]) if _ID.fullmatch(form.get("n", "")) else None
        said = (form.get("window", ""), amount_fen, form.get("reason", "").strip())
        return _at(till.put_in(staff, *said, n=n).window)

    return await _done(request, Right.CLOSE_TILL, act)


@post("/till/close")
async def post_close(request: Asked) -> Response[bytes]:
    """Close the sheet by what was counted: as a sum, or note by note and coin by coin."""

    def act(till: Till, staff: Staff, form: Form) -> str:
        pieces = {face: _pieces(form.get(f"piece_{face}", "")) for face in PIECES}
        counted, left = form.get("counted", ""), form.get("left", "")
        sheet = form.get("sheet", "")
        closed = till.close(
            staff,
            form.get("window", ""),
            int(sheet) if _ID.fullmatch(sheet) else 0,
            _fen(counted, "counted") if counted or not any(pieces.values()) else _sum(pieces),
            left_fen=_fen(left, "left") if left else None,
            reason=form.get("reason", "").strip(),
            pieces=pieces,
        )
        return _at(closed.window, closed.sheet)

    return await _done(request, Right.CLOSE_TILL, act)


def _sum(pieces: dict[int, int]) -> int:
    return sum(face * n for face, n in pieces.items())


def _tender(form: Form) -> Tender:
    means = form.get("means", "")
    if means not in set(Means):
        raise _unfit("means", "choose cash or the scanned code.")
    reference = _plain(form.get("reference", ""))
    if not re.fullmatch(r"[A-Za-z0-9._:-]{0,64}", reference):
        raise _unfit("reference", "give the payment's number as the device shows it, at most 64 letters and digits.")
    handed_over = form.get("handed_over", "")
    return Tender(Means(means), reference, _fen(handed_over, "handed_over_fen") if handed_over else 0)


def _place(form: Form) -> ReceiptPlace:
    """The receipt that a form or an address names."""
    year, number = form.get("year", ""), form.get("number", "")
    if not _ID.fullmatch(year) or not _ID.fullmatch(number):
        raise BadInput("number: give window, year and number of a receipt.")
    return ReceiptPlace(form.get("of", "") or form.get("window", ""), int(year), int(number))


def _fen(typed: str, field: str) -> int:
    """Yuan as somebody types them, in fen."""
    found = _YUAN.fullmatch(_plain(typed).replace(",", ""))
    if found is None:
        raise _unfit(field, "give an amount in yuan, such as 28 or 28.50.")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _pieces(typed: str) -> int:
    text = _plain(typed)
    if text and not _COUNT.fullmatch(text):
        raise _unfit("pieces", "count notes and coins in whole numbers.")
    return int(text or 0)


def _plain(typed: str) -> str:
    """What was typed, in whatever width."""
    return unicodedata.normalize("NFKC", typed).strip()


def _unfit(field: str, what: str) -> BadInput:
    unfit = BadInput(f"{field}: {what}")
    unfit.field = field
    return unfit
