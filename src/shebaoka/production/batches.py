"""Batches of cards: who waits, a new batch, and one batch from its choice until every card is accounted for.

Each step is one form on the batch's page, shown to whoever may do it while it is its turn. Freezing takes long: it goes
on by itself, a press at a time, and says how far it is. Numbers and names are masked.
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import BatchCard, BatchEvent, CardBatch, Choice, Right, Staff
from shebaoka.numbers import mask, mask_name
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.production.frame import Page
from shebaoka.records import FOR_AN_EYE, BadInput, NotAllowed, NotFound, ResultFault, RowFault
from shebaoka.web import Front

SHOWN = 100
"""Cards on a page."""
AT_ONCE = 2000
"""Cards that one press of the key numbers."""
LIMIT = 10_000
_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_N = re.compile(r"[0-9]{1,9}")
STEPS = ("check", "freeze", "approve", "sent", "withdraw", "give-up", "arrived", "let-through", "take-out", "reject")
_MADE = ("made", "ready", "returned", "collected")
_SHOWN_FIRST = ("held", "in_batch", "rejected", "stopped")


class CardShown(msgspec.Struct, frozen=True):
    """A card as the page shows it: number and name masked, its state and faults in words."""

    card: BatchCard
    number: str
    name: str
    state: str
    says: list[str]
    for_an_eye: bool


class EventShown(msgspec.Struct, frozen=True):
    """What was done to the batch as a whole, in words, with the rows that were not taken."""

    event: BatchEvent
    what: str
    counts: list[tuple[str, int]]
    faults: list[tuple[int, str]]


def must_see_batches(connection: Any, _: object) -> None:
    """A guard behind `must_be_known`: the role may see batches. `NotAllowed`."""
    staff: Staff = connection.state.staff
    staff.must(Right.SEE_BATCHES)


@get("/batches")
async def get_batches(request: Asked) -> Response[bytes]:
    """The latest batches, how many wait for one, and the form for a new one."""
    return await _batches_page(request)


async def _batches_page(request: Asked, *, fault: str = "", typed: dict[str, str] | None = None) -> Response[bytes]:
    page, staff = Page(request), request.state.staff

    def show() -> Response[bytes]:
        room, keeps = page.front.batches, staff.may(Right.KEEP_BATCHES)
        waiting = room.waiting(staff)
        return page.show_at_once(
            "batches.html",
            status=400 if fault else 200,
            batches=room.latest(staff, ended_too=False),
            waiting=_waiting(page, waiting),
            waiting_all=sum(waiting.values()),
            astray=room.astray(staff),
            keeps=keeps,
            batch_id=room.next_id(staff) if keeps else "",
            limit=LIMIT,
            zone=page.front.notices.zone,
            states=_states(page),
            fault=fault,
            typed=typed or {},
        )

    return await to_thread.run_sync(show)


def _waiting(page: Page, waiting: dict[tuple[bool, str], int]) -> list[tuple[str, int]]:
    """Who waits, by why the card is made; cards that are remade by themselves."""
    named: dict[str, int] = {}
    for (remade, why), n in waiting.items():
        name = page.labels["batch_remade"] if remade else page.said.words.whys.get(why, why)
        named[name] = named.get(name, 0) + n
    return list(named.items())


def _states(page: Page) -> Callable[[str], str]:
    return lambda state: page.labels[f"batch_state_{state}"]


@post("/batches", status_code=200)
async def post_batch(request: Asked) -> Response[bytes]:
    """A new batch, checked at once. What was typed is still there if it cannot be."""
    form = await form_of(request)
    page, front, staff = Page(request), front_of(request), request.state.staff
    staff.must(Right.KEEP_BATCHES)
    said = {name: form.get(name, "").strip() for name in ("batch", "region", "employer", "since", "until", "limit")}

    def choose() -> str:
        choice = Choice(
            region=said["region"],
            employer=said["employer"],
            since=_day("since", said["since"]),
            until=_day("until", said["until"]),
            urgent=form.get("urgent") == "yes",
            limit=int(said["limit"]) if _N.fullmatch(said["limit"]) else 0,
        )
        found = front.batches.choose(staff, said["batch"], choice)
        if found.state == "chosen":
            front.batches.check(staff, found.id)
        return found.id

    try:
        batch = await to_thread.run_sync(choose)
    except BadInput as e:
        return await _batches_page(request, fault=page.fault(e), typed=form)
    return moved_to(f"/batches/{batch}")


def _day(field: str, text: str) -> dt.date | None:
    """A day that may be left out. `BadInput` by code."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput(f"{field}: a day as 2013-07-01.", code="batch_days") from None


def batch_of(request: Asked) -> str:
    """The batch that an address names. `NotFound` for what cannot be one."""
    batch = str(request.path_params["batch"])
    if not _ID.fullmatch(batch):
        raise NotFound("There is no such batch.")
    return batch


@get("/batches/{batch:str}")
async def get_batch(request: Asked) -> Response[bytes]:
    """A batch: how far it is, what is to be done next, its cards, and the files that were read."""
    return await batch_page(request)


async def batch_page(
    request: Asked, *, status: int = 200, fault: str = "", typed: dict[str, str] | None = None
) -> Response[bytes]:
    """A batch's page, with what could not be done."""
    page, staff, batch = Page(request), request.state.staff, batch_of(request)
    after, state = request.query_params.get("after", "0"), request.query_params.get("state", "")
    if not _N.fullmatch(after):
        raise BadInput("after: give the number of a card.")

    def show() -> Response[bytes]:
        room = page.front.batches
        found = room.get(staff, batch)
        shown = state if state in found.cards else next((s for s in _SHOWN_FIRST if found.cards.get(s)), "")
        shown = "" if state == "all" else shown
        cards = room.cards(staff, batch, states=[shown] if shown else None, after=int(after), limit=SHOWN + 1)
        return page.show_at_once(
            "batch.html",
            status=status,
            batch=found,
            state=page.labels[f"batch_state_{found.state}"],
            counts=[(s, page.labels[f"card_state_{s}"], n) for s, n in found.cards.items()],
            facts=_facts(page, found),
            steps=_done(page, found),
            cards=[_card(page, card) for card in cards[:SHOWN]],
            more=cards[SHOWN - 1].n if len(cards) > SHOWN else 0,
            shown=shown,
            shown_name=page.labels[f"card_state_{shown}"] if shown else page.labels["all"],
            events=[_event(page, event) for event in room.events(staff, batch)],
            keeps=staff.may(Right.KEEP_BATCHES),
            approves=staff.may(Right.APPROVE_BATCHES),
            own=staff.name in (found.chosen_by, found.frozen_by),
            going=request.query_params.get("going", "") == "1",
            made=sum(found.cards.get(s, 0) for s in _MADE),
            zone=page.front.notices.zone,
            at_once=AT_ONCE,
            fault=fault,
            typed=typed or {},
        )

    return await to_thread.run_sync(show)


def _facts(page: Page, batch: CardBatch) -> list[tuple[str, str]]:
    """By what the batch was chosen."""
    labels, said, choice = page.labels, page.said, batch.choice
    facts = [
        (labels["region"], choice.region),
        (labels["batch_employer"], choice.employer),
        (labels["batch_since"], said.day(choice.since) if choice.since else ""),
        (labels["batch_until"], said.day(choice.until) if choice.until else ""),
        (labels["batch_urgent"], labels["is"] if choice.urgent else ""),
        (labels["batch_limit"], f"{choice.limit:,}"),
        (labels["batch_issued_on"], said.day(batch.issued_on) if batch.issued_on else ""),
        (labels["reason"], batch.reason or ""),
    ]
    return [(name, value) for name, value in facts if value]


def _done(page: Page, batch: CardBatch) -> list[tuple[str, str, str]]:
    """The steps that were done: what, when, by whom."""
    labels, zone = page.labels, page.front.notices.zone
    steps = [
        (labels["batch_state_chosen"], batch.chosen_at, batch.chosen_by),
        (labels["batch_state_frozen"], batch.frozen_at, batch.frozen_by),
        (labels["batch_state_approved"], batch.approved_at, batch.approved_by),
        (labels["batch_state_sent"], batch.sent_at, batch.sent_by),
        (labels["batch_state_closed"], batch.closed_at, ""),
        (labels["batch_state_withdrawn"], batch.withdrawn_at, batch.withdrawn_by),
    ]
    return [(what, at.astimezone(zone).strftime("%Y-%m-%d %H:%M"), by or "") for what, at, by in steps if at]


def _card(page: Page, card: BatchCard) -> CardShown:
    """A card in words."""
    labels, words = page.labels, page.said.words
    says = []
    for found in card.faults:
        said = words.batch_faults[found.fault]
        says += [said.says.format(about=found.about), said.do]
    if card.reason:
        refusal = words.refusals.get(card.reason)
        says.append(page.said.refusal(card.reason, "") if refusal else card.reason)
    if card.bank:
        says.append(labels[f"bank_{card.bank}"].format(card.bank_account or card.bank_reason))
    if card.remade_in:
        says.append(labels["card_remade_in"].format(card.remade_in))
    if card.seen_by and card.state in ("chosen", "held"):
        says.append(labels["card_seen_by"].format(card.seen_by))
    eye = bool(card.faults) and all(found.fault in FOR_AN_EYE for found in card.faults)
    return CardShown(card, mask(card.number), mask_name(card.name), labels[f"card_state_{card.state}"], says, eye)


def _event(page: Page, event: BatchEvent) -> EventShown:
    labels = page.labels
    counts = [(labels.get(f"batch_count_{name}", name), n) for name, n in event.counts.items()]
    faults = [(fault.row, fault_in_words(page, fault)) for fault in event.faults[:SHOWN]]
    return EventShown(event, labels.get(f"batch_did_{event.what}", event.what), counts, faults)


def fault_in_words(page: Page, fault: RowFault) -> str:
    """Why a row of a file was not taken, and what to do."""
    said = page.said.words.result_faults[fault.fault]
    about = fault.about
    if fault.fault is ResultFault.MAKING_WAS_REFUSED:
        about = page.said.refusal(about, "")
    return f"{said.says.format(about=about)} {said.do.format(about=about)}"


def _step(front: Front, staff: Staff, batch: str, step: str, form: dict[str, str]) -> str:
    """Do a step; what comes behind the batch's address. `BadInput` by code."""
    room, reason, n = front.batches, form.get("reason", ""), form.get("n", "")
    if step in ("let-through", "take-out", "reject") and not _N.fullmatch(n):
        raise BadInput("card: choose one on the batch's page.", code="card_is_not_there")
    if step == "freeze":
        return "?going=1" if room.freeze(staff, batch, at_once=AT_ONCE).state == "freezing" else ""
    acts: dict[str, Callable[[], object]] = {
        "check": lambda: room.check(staff, batch),
        "approve": lambda: room.approve(staff, batch),
        "sent": lambda: room.sent(staff, batch),
        "withdraw": lambda: room.withdraw(staff, batch, reason),
        "give-up": lambda: room.give_up(staff, batch, reason),
        "arrived": lambda: room.arrived(staff, batch),
        "let-through": lambda: room.let_through(staff, batch, int(n)),
        "take-out": lambda: room.take_out(staff, batch, [int(n)], reason),
        "reject": lambda: room.reject(staff, batch, int(n), reason),
    }
    acts[step]()
    return ""


@post([f"/batches/{{batch:str}}/{step}" for step in STEPS], status_code=200)
async def post_step(request: Asked) -> Response[bytes]:
    """One step of a batch. What cannot be done is told on its page, and what was typed is still there."""
    form = await form_of(request)
    page, front, staff = Page(request), front_of(request), request.state.staff
    batch, step = batch_of(request), request.url.path.rpartition("/")[2]
    staff.must(Right.APPROVE_BATCHES if step == "approve" else Right.KEEP_BATCHES)
    try:
        behind = await to_thread.run_sync(_step, front, staff, batch, step, form)
    except BadInput as e:
        return await batch_page(request, status=400, fault=page.fault(e), typed=form)
    except NotAllowed:
        return await batch_page(request, status=409, fault=page.labels["fault_batch_is_ones_own"])
    return moved_to(f"/batches/{batch}{behind}")


@get([f"/batches/{{batch:str}}/{step}" for step in STEPS])
async def get_answered(request: Asked) -> Response[bytes]:
    """The answer to a form, asked for again as a page: in another language, or after signing in. The batch is shown."""
    return moved_to(f"/batches/{batch_of(request)}")
