"""Blank cards: every place's stock, one place with its ranges and counts, and what is done to them.

One address shows and takes all of it: without a place, all places; with one, that place. A clerk sees the own window.
Rooms of the desk hold who may do what; what was typed stands there again where it was refused.
"""

import re
from typing import Any
from urllib.parse import urlencode

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import KINDS, Right, Staff, Stock
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.production.frame import Page
from shebaoka.records import BadInput, CardKind, NotFound, PlaceKind, Trouble

_COUNT = re.compile(r"[0-9]{1,7}")
Form = dict[str, str]


def must_see_stock(connection: Any, _: object) -> None:
    """A guard behind `must_be_known`: the role sees stock, or uses that of the own window. `NotAllowed`."""
    staff: Staff = connection.state.staff
    staff.must_either(Right.USE_STOCK, Right.SEE_STOCK)


@get("/stock")
async def get_stock(request: Asked) -> Response[bytes]:
    """Where blanks are, and what was done to them; of one place by `place`, and of one blank by `blank`."""
    return await _shown(request)


async def _shown(request: Asked, *, fault: Trouble | None = None, typed: Form | None = None) -> Response[bytes]:
    page, staff, asked, typed = Page(request), request.state.staff, request.query_params, typed or {}
    sees_all = staff.may(Right.SEE_STOCK)
    place = typed.get("at", "") or asked.get("place", "") or ("" if sees_all else staff.place)

    def show() -> Response[bytes]:
        room = page.front.stock
        searched: Any = None
        if (number := asked.get("blank", "").strip()) and fault is None:
            searched = _found(room, staff, number)
        levels = room.levels(staff, place or None) if place or sees_all else []
        counts = room.counts(staff, place) if place else []
        return page.show_at_once(
            "stock.html",
            status=200 if fault is None else 400,
            fault=page.fault(fault) if fault else "",
            typed=typed,
            place=place,
            levels=levels,
            ranges={kind: room.ranges(staff, place, kind) for kind in KINDS} if place else {},
            counts=counts,
            next_counts={kind: max((c.n for c in counts if c.kind is kind), default=0) + 1 for kind in KINDS},
            moves=room.moves(staff, place or None) if place or sees_all else [],
            places=room.places(staff) if staff.may(Right.KEEP_STOCK) else [],
            windows=[w.code for w in page.front.windows.in_use()] if staff.may(Right.KEEP_STOCK) else [],
            kinds=KINDS,
            place_kinds=(PlaceKind.CENTRE, PlaceKind.MAKER),
            keeps=staff.may(Right.KEEP_STOCK),
            uses=bool(place) and (staff.may(Right.KEEP_STOCK) or (staff.may(Right.USE_STOCK) and place == staff.place)),
            sees_all=sees_all,
            searched=searched,
            asked=number,
            zone=page.front.notices.zone,
        )

    return await to_thread.run_sync(show)


def _found(room: Stock, staff: Staff, number: str) -> Any:
    """A blank with its movements; None for one that nobody received."""
    try:
        return room.blank(staff, number)
    except (BadInput, NotFound):
        return None


@post("/stock", status_code=200)
async def post_stock(request: Asked) -> Response[bytes]:
    """What the page's forms ask for, by `act`."""
    form = await form_of(request)
    staff: Staff = request.state.staff
    staff.must_either(Right.KEEP_STOCK, Right.USE_STOCK)
    try:
        place = await to_thread.run_sync(_done, front_of(request).stock, staff, form)
    except (BadInput, NotFound) as e:
        return await _shown(request, fault=e, typed=form)
    return moved_to(f"/stock?{urlencode({'place': place})}" if place else "/stock")


def _done(room: Stock, staff: Staff, form: Form) -> str:
    """Do what a form says; the place to look at after it. `BadInput` names the field."""
    said = {name: form.get(name, "").strip() for name in ("act", "at", "first", "last", "note", "number", "reason")}
    act, at, first, last = said["act"], said["at"], said["first"], said["last"]
    if act == "receive":
        room.receive(staff, form.get("target", ""), _kind(form), first, last, said["note"])
    elif act == "move":
        source, target = form.get("source", ""), form.get("target", "") or form.get("window", "")
        room.move(staff, source, target, _kind(form), first, last, said["note"])
    elif act == "place":
        kind = form.get("place_kind", "")
        if kind not in (PlaceKind.CENTRE, PlaceKind.MAKER):
            raise BadInput("kind: choose what the place is.", code="stock_kind")
        room.add_place(staff, form.get("code", ""), PlaceKind(kind), form.get("name", ""))
    elif act == "spoil":
        room.spoil(staff, said["number"], said["reason"])
    elif act == "found":
        room.find(staff, said["number"], said["reason"])
    elif act == "count":
        counted, n = form.get("counted", "").strip(), form.get("n", "")
        if not _COUNT.fullmatch(counted) or not _COUNT.fullmatch(n):
            raise BadInput("counted: give how many blanks were counted.", code="stock_counted")
        missing = re.split(r"[\s,，、;；]+", form.get("missing", "").strip())
        named = [number for number in missing if number]
        room.count(staff, at, _kind(form), int(counted), missing=named, reason=said["reason"], n=int(n))
    else:
        raise BadInput("act: send the form of the page.", code="stock_act")
    return at


def _kind(form: Form) -> CardKind:
    kind = form.get("kind", "")
    if kind not in KINDS:
        raise BadInput("kind: choose the kind of card.", code="stock_kind")
    return CardKind(kind)
