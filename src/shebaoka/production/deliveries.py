"""Cards on their way: consignments, one consignment with its cards, what waits at a window, and who took a card.

Production packs and sends; a window takes in what comes to it, and packs what goes back. What a scanner types is one
field and Enter. Rooms of the desk hold who may do what; numbers and names are masked.
"""

import datetime as dt
import re
import secrets
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import Outcome, Right, Staff
from shebaoka.numbers import mask, mask_name
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.production.frame import Page
from shebaoka.records import Ask, BadInput, ConsignedCard, ConsignmentKind, HandedOver, NotFound, Trouble
from shebaoka.web import Front

SHOWN = 500
"""Cards on a page; a consignment rarely has more."""
LETTERS = ("post", "delivered", "back")
_CODE = re.compile(r"[A-Za-z0-9._:-]{0,64}")
Form = dict[str, str]


class CardShown(msgspec.Struct, frozen=True):
    """A card as the page shows it: number and name masked, and why the desk refused it, where it did."""

    card: ConsignedCard
    number: str
    name: str
    says: str


class TakenShown(msgspec.Struct, frozen=True):
    """Who took a card, masked, and what they showed, in words."""

    taken: HandedOver
    holder: str
    who: str
    shows: str


def must_see_deliveries(connection: Any, _: object) -> None:
    """A guard behind `must_be_known`: the role sends cards, takes them in, or sees all places. `NotAllowed`."""
    staff: Staff = connection.state.staff
    if not (staff.may(Right.SEND_CARDS) or staff.may(Right.RECEIVE_CARDS)):
        staff.must(Right.SEE_STOCK)


def _sees_all(staff: Staff) -> bool:
    return staff.may(Right.SEND_CARDS) or staff.may(Right.SEE_STOCK)


@get("/deliveries")
async def get_deliveries(request: Asked) -> Response[bytes]:
    """Consignments, and of a window what waits there and who took cards on a day."""
    return await _all(request)


async def _all(request: Asked, *, fault: Trouble | None = None, typed: Form | None = None) -> Response[bytes]:
    page, staff, asked, typed = Page(request), request.state.staff, request.query_params, typed or {}
    sees_all = _sees_all(staff)
    window = asked.get("window", "") if sees_all else staff.place
    if not _CODE.fullmatch(window):
        raise NotFound("There is no such window.")
    day = _day(asked.get("on", ""), page.on)

    def show() -> Response[bytes]:
        room = page.front.deliveries
        reads = bool(window) or sees_all
        return page.show_at_once(
            "deliveries.html",
            status=200 if fault is None else 400,
            fault=page.fault(fault) if fault else "",
            typed=typed,
            window=window,
            windows=[(w.code, w.name) for w in page.front.windows.in_use()],
            consignments=room.latest(staff, window or None) if reads else [],
            waiting=[(c, mask(c.number), mask_name(c.name)) for c in room.waiting(staff, window)] if window else [],
            letters=_letters(page, staff) if page.notice.p.card_by_post and staff.may(Right.SEND_CARDS) else None,
            taken=[_taken(page, one) for one in room.handed_over(staff, window or None, day)] if reads else [],
            day=day,
            sends=staff.may(Right.SEND_CARDS),
            receives=staff.may(Right.RECEIVE_CARDS) and bool(staff.place) and window == staff.place,
            sees_all=sees_all,
            zone=page.front.notices.zone,
        )

    return await to_thread.run_sync(show)


def _letters(page: Page, staff: Staff) -> dict[str, Any]:
    """Cards that wait to be sent by post, and letters, masked."""
    room = page.front.letters
    waiting = [(mask_name(name), mask(number), card, where) for number, name, card, where in room.waiting(staff)]
    sent = [(one, mask_name(one.name), mask(one.number)) for one in room.latest(staff)]
    return {"waiting": waiting, "sent": sent}


def _day(text: str, today: dt.date) -> dt.date:
    """The day that an address names; today for none, and for what is no day."""
    try:
        return dt.date.fromisoformat(text) if text else today
    except ValueError:
        return today


def _taken(page: Page, taken: HandedOver) -> TakenShown:
    labels, said = page.labels, page.said
    who = labels["delivery_holder"]
    if taken.agent is not None:
        who = labels["delivery_agent"].format(
            mask_name(taken.agent.name), mask(taken.agent.number), taken.agent.relation
        )
    shows = said.words.list_separator.join(said.words.materials[m] for m in taken.shows)
    return TakenShown(taken, f"{mask_name(taken.name)} {mask(taken.number)}", who, shows)


@post("/deliveries", status_code=200)
async def post_deliveries(request: Asked) -> Response[bytes]:
    """A new consignment, out to a window or back from the own one; or what becomes of a letter."""
    form = await form_of(request)
    staff: Staff = request.state.staff
    staff.must_either(Right.SEND_CARDS, Right.RECEIVE_CARDS)
    back = form.get("kind", "") == ConsignmentKind.BACK
    window = form.get("window", "")

    def open_() -> str:
        if (act := form.get("act", "")) in LETTERS:
            _letter_done(front_of(request), staff, act, form)
            return ""
        kind = ConsignmentKind.BACK if back else ConsignmentKind.OUT
        return "/" + front_of(request).deliveries.open(staff, f"c{secrets.token_hex(8)}", window, kind).id

    try:
        return moved_to(f"/deliveries{await to_thread.run_sync(open_)}")
    except (BadInput, NotFound) as e:
        return await _all(request, fault=e, typed=form)


def _letter_done(front: Front, staff: Staff, act: str, form: Form) -> None:
    """A card is sent by post, a letter was received, or came back."""
    room, card, proof = front.letters, form.get("card", ""), form.get("proof", "")
    if act == "post":
        room.send(staff, card, form.get("carrier", ""), form.get("tracking", ""), _submit(front))
    elif act == "delivered":
        room.delivered(staff, card, proof, _submit(front))
    else:
        room.back(staff, card, proof, _submit(front))


@get("/deliveries/{consignment:str}")
async def get_delivery(request: Asked) -> Response[bytes]:
    """A consignment: its cards, and what is to be done with it next."""
    return await _one(request)


async def _one(request: Asked, *, fault: Trouble | None = None, typed: Form | None = None) -> Response[bytes]:
    page, staff, typed = Page(request), request.state.staff, typed or {}
    consignment = str(request.path_params["consignment"])

    def show() -> Response[bytes]:
        room = page.front.deliveries
        found = room.get(staff, consignment)
        cards = room.cards(staff, consignment, limit=SHOWN)
        out = found.kind is ConsignmentKind.OUT
        own = staff.may(Right.RECEIVE_CARDS) and found.window == staff.place
        return page.show_at_once(
            "delivery.html",
            status=200 if fault is None else 400,
            fault=page.fault(fault) if fault else "",
            typed=typed,
            found=found,
            out=out,
            cards=[_card(page, card) for card in reversed(cards)],
            packs=found.state == "packing" and (staff.may(Right.SEND_CARDS) or (own and not out)),
            takes_in=found.state == "sent" and (staff.may(Right.SEND_CARDS) or (own and out)),
            shown=SHOWN,
            zone=page.front.notices.zone,
        )

    return await to_thread.run_sync(show)


def _card(page: Page, card: ConsignedCard) -> CardShown:
    says = page.said.refusal(card.ground, "") if card.ground else ""
    return CardShown(card, mask(card.number), mask_name(card.name), says)


@post("/deliveries/{consignment:str}", status_code=200)
async def post_delivery(request: Asked) -> Response[bytes]:
    """What the forms of a consignment ask for, by `act`. What cannot be is told above what was typed."""
    form = await form_of(request)
    staff: Staff = request.state.staff
    staff.must_either(Right.SEND_CARDS, Right.RECEIVE_CARDS)
    consignment = str(request.path_params["consignment"])
    try:
        await to_thread.run_sync(_done, front_of(request), staff, consignment, form)
    except BadInput as e:
        return await _one(request, fault=e, typed=form)
    done = urlencode({"done": form.get("act", "")})
    return moved_to(f"/deliveries/{consignment}?{done}")


def _submit(front: Front) -> Callable[[Sequence[Ask], bool], list[Outcome]]:
    """The server's counter, as rooms of the desk ask it."""
    return lambda asks, dry_run: front.counter.submit(asks, dry_run=dry_run).result()


def _done(front: Front, staff: Staff, consignment: str, form: Form) -> None:
    room, card, submit = front.deliveries, form.get("card", "").strip(), _submit(front)
    acts: dict[str, Callable[[], object]] = {
        "pack": lambda: room.pack(staff, consignment, card),
        "pack-all": lambda: room.pack_all(staff, consignment),
        "take-out": lambda: room.take_out(staff, consignment, card),
        "send": lambda: room.send(staff, consignment, form.get("note", ""), submit),
        "take-in": lambda: room.take_in(staff, consignment, card, submit),
        "take-in-all": lambda: room.take_in_all(staff, consignment, submit),
        "finish": lambda: room.finish(staff, consignment),
    }
    act = acts.get(form.get("act", ""))
    if act is None:
        room.get(staff, consignment)
        raise BadInput("act: send a form of the page.", code="delivery_act")
    act()
