"""A draft's page: a service as its steps, from beginning to receipt. What was typed stays, whatever happens.

Each step is a form that names the draft's version. A page that was overtaken is told who changed what, and shows what
is there now with what was typed. Confirming puts one request to the desk and nothing else.
"""

import asyncio
import re
from typing import Any
from urllib.parse import urlencode
from weakref import WeakValueDictionary

import msgspec
from anyio import to_thread
from litestar import Response, get, post
from markupsafe import Markup

from shebaoka.desk import (
    Draft,
    Flow,
    JournalLine,
    PersonScreen,
    Right,
    Staff,
    Step,
    Telephone,
    ask_of_draft,
    flow_of,
    made_at_once,
    next_step,
    steps_of,
    without,
)
from shebaoka.ethnicgroups import ethnic_groups
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.records import Address, Answer, BadInput, DraftChanged, NoBlank, NotFound, PaymentUsed, Receipt, Trouble
from shebaoka.web import Front, asked, journalled
from shebaoka.window.frame import Page
from shebaoka.window.showing import answer_in_words, draft_shown
from shebaoka.window.stepping import content_after, field_of, uploaded
from shebaoka.window.telephones import asks_telephone, keep_telephone

REASON = "window service"
_ID = re.compile(r"[a-z0-9]{1,40}")
UPLOAD_MAX = 64 * 1024 * 1024
"""A step's form with its files, in bytes; what one file may have is its own room's to say, in words."""
WAITS_S = 20.0
"""How long the page's question whether the holder has entered a PIN waits for its answer."""

# Refusals that say no more than that a step is still to be done.
_MATERIALS = ("materials_are_missing", "agent_must_show_identity_card", "application_materials_are_missing")
TO_COME: dict[str, tuple[Step, ...]] = {
    **dict.fromkeys(
        (*_MATERIALS, "applying_agent_must_show_identity_card", "temporary_card_materials_are_missing"),
        (Step.PRESENTER, Step.MATERIALS, Step.PHOTO),
    ),
    **dict.fromkeys(("replacement_fee_must_be_paid", "temporary_replacement_fee_must_be_paid"), (Step.FEE,)),
    **dict.fromkeys(("holder_must_set_a_pin", "pin_must_be_given"), (Step.PIN,)),
    **dict.fromkeys(("temporary_card_must_be_handed_in", "damaged_card_must_be_handed_in"), (Step.CHOICES,)),
    **dict.fromkeys(("extended_application_is_not_offered",), (Step.CHOICES,)),
    "supervisor_must_approve": (Step.APPROVAL,),
}
_OF_FEE = ("tender", "reference", "handed_over_fen")


_CONFIRMING: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
"""By draft: who clicks twice is shown the first click's answer, and not that something happened meanwhile."""


class Seat:
    """A draft before somebody: the draft, the person's screen if they are registered, and the flow of its steps."""

    def __init__(self, front: Front, staff: Staff, draft: Draft, screen: PersonScreen | None) -> None:
        self.front, self.staff, self.draft, self.screen = front, staff, draft, screen
        self.notice = front.notices.on(front.screens.today())
        pin, new_pin = front.keypad.digits(draft.id)
        self.pin, self.new_pin = pin, new_pin
        self.flow: Flow = flow_of(draft, self.notice, screen, pin=pin is not None, new_pin=new_pin is not None)


async def seat_of(request: Asked, *, serves: bool = True) -> Seat:
    """The draft that the address names, before whoever is signed in; of who only looks, nothing more is asked.

    `NotFound`, `NotAllowed`.
    """
    front, staff, draft_id = front_of(request), request.state.staff, request.path_params["draft_id"]
    if serves:
        staff.must(Right.SERVE_AT_WINDOW)

    def found() -> Seat:
        draft = front.drafts.get(staff, draft_id)
        return Seat(front, staff, draft, _screen(front, draft.number))

    return await to_thread.run_sync(found)


def _screen(front: Front, number: str) -> PersonScreen | None:
    """The person's screen; None for somebody who is not registered."""
    try:
        screen = front.person(number)
    except NotFound:
        return None
    return screen if screen.dossier.person is not None else None


async def draft_page(
    request: Asked,
    seat: Seat,
    *,
    fault: str = "",
    wrong: str = "",
    typed: dict[str, str] | None = None,
    at: Step | None = None,
    news: list[JournalLine] | None = None,
    status: int = 0,
    extra: dict[str, Any] | None = None,
) -> Response[bytes]:
    """A draft's page. `fault` is what went wrong just now, beside what was `typed`; `news` what others have done.

    `wrong` is the field that the fault is about: it is marked, and has the focus.
    """
    page = Page(request)
    goes_on = seat.draft.state == "open" and seat.staff.may(Right.SERVE_AT_WINDOW)
    refusal = await _refusal_so_far(seat) if goes_on else None
    open_at = _open_at(seat, at) if goes_on else None

    def show() -> Response[bytes]:
        values = draft_shown(page, seat.draft, seat.screen, seat.flow, seat.staff)
        values |= {
            "at": open_at,
            "fault": fault,
            "wrong": wrong,
            "typed": typed or {},
            "refusal": answer_in_words(page.said, refusal) if refusal else None,
            "news": page.lines(news or []),
            "telephone": _telephone(seat) if open_at is Step.CHOICES else None,
            "asks_telephone": seat.screen is not None and asks_telephone(seat.draft.service),
            "windows": [(w.code, f"{w.name} · {w.site}") for w in seat.front.windows.in_use()],
            "post_to": _post_to(seat) if open_at is Step.CHOICES else {},
            "blank_next": _blank_next(seat) if open_at is Step.CONFIRM else None,
            "ethnic_groups": ethnic_groups(page.language),
            "ethnic_group": _ethnic_group(seat),
            "told": max((line.seq for line in news or []), default=0),
        }
        code = status or (409 if news else 400 if fault else 200)
        return page.show_at_once("draft.html", status=code, **values, **_photo_checked(extra or {}))

    return await to_thread.run_sync(show)


def _post_to(seat: Seat) -> dict[str, str]:
    """Where the holder's cards are sent by post, for a city that sends them; empty where nobody said it."""
    known = None
    if seat.notice.p.card_by_post and seat.screen is not None:
        known = seat.front.letters.address(seat.staff, seat.draft.number)
    return msgspec.structs.asdict(known or Address("", "", ""))


def _blank_next(seat: Seat) -> str | None:
    """The window's next blank where a card is made at once from its stock, '' if it has none; None for all else."""
    stock, place = seat.front.stock, seat.staff.place
    return stock.next(place) if made_at_once(seat.draft.service, seat.draft.card) and stock.keeps(place) else None


def _telephone(seat: Seat) -> Telephone | None:
    """The holder's telephone, for a step that asks for it."""
    return seat.front.telephones.of(seat.screen.person_id) if seat.screen is not None else None


def _ethnic_group(seat: Seat) -> str:
    """What the latest application said, which the step proposes."""
    applications = seat.screen.dossier.applications if seat.screen else ()
    return next((a.ethnic_group for a in reversed(applications) if a.ethnic_group), "")


def _open_at(seat: Seat, at: Step | None) -> Step:
    """The step whose form is shown: the one asked for, where the draft has it and it is its turn, else the next."""
    turns = [s.step for s in steps_of(seat.flow) if s.open]
    return at if at in turns else next_step(seat.flow)


def _photo_checked(extra: dict[str, Any]) -> dict[str, Any]:
    """What a photo missed, drawn on it. The drawing is our own numbers and words; the picture was written anew."""
    checked = extra.get("photo_check")
    if checked is None:
        return {"photo_check": None, "photo_picture": ""}
    return {
        "photo_check": checked,
        "photo_picture": Markup(checked.picture.decode()),  # noqa: S704
    }


async def _refusal_so_far(seat: Seat) -> Answer | None:
    """What the desk would say no to even if every step that is still to come goes well; None if nothing."""
    try:
        ask = ask_of_draft(seat.draft, seat.flow, seat.staff)
    except BadInput:
        return None
    (outcome,) = await asked(seat.front, [ask], dry_run=True)
    if isinstance(outcome, Trouble) or outcome.answer.outcome == "accepted":
        return None
    waiting = {s.step for s in steps_of(seat.flow) if not s.done}
    if seat.pin is not None or seat.new_pin is not None:
        waiting.add(Step.PIN)  # the dry run is not told the digits
    return None if waiting.intersection(TO_COME.get(outcome.answer.ground, ())) else outcome.answer


@post("/services")
async def post_draft(request: Asked) -> Response[bytes]:
    """Begin a service for somebody, or take up what was begun. A number comes in a form, never in an address."""
    form = await form_of(request)
    front, staff = front_of(request), request.state.staff
    staff.must(Right.SERVE_AT_WINDOW)
    service, card = form.get("service", ""), form.get("card", "")
    number = form.get("number", "").strip().upper()

    def begin() -> Draft:
        if not number:
            known = form.get("person_id", "")
            if not known.isdigit() or len(known) > 18:
                raise BadInput("person_id: begin from the person's page.")
            of = front.screens.number_of(int(known))
            return front.drafts.open(staff, of, service, card, _screen(front, of))
        return front.drafts.open(staff, number, service, card, _screen(front, number))

    return moved_to(f"/drafts/{(await to_thread.run_sync(begin)).id}")


@get("/drafts/{draft_id:str}")
async def get_draft(request: Asked) -> Response[bytes]:
    """A draft with its steps. Whose it is was looked up when it was begun; opening it is a look of its own."""
    seat = await seat_of(request, serves=False)
    if seat.screen is not None:
        await journalled(seat.front, seat.staff, seat.draft.number, f"{REASON} {seat.draft.id}")
    at = request.query_params.get("at", "")
    step = Step(at) if at in tuple(Step) else None
    return await draft_page(request, seat, at=step)


@get([f"/drafts/{{draft_id:str}}/{form}" for form in ("steps/{step:str}", "undo", "approval", "aside", "confirm")])
async def get_answered(request: Asked) -> Response[bytes]:
    """The answer to a form, asked for again as a page: in another language, or after signing in. The draft is shown."""
    draft_id, step = request.path_params["draft_id"], request.path_params.get("step", "")
    if not _ID.fullmatch(draft_id):
        raise NotFound("There is no such draft.")
    asked = [("at", step)] if step in tuple(Step) else []
    asked += [(k, v) for k, v in request.query_params.multi_items() if k != "at"]
    return moved_to(f"/drafts/{draft_id}?{urlencode(asked)}")


@post("/drafts/{draft_id:str}/steps/{step:str}", status_code=200, request_max_body_size=UPLOAD_MAX)
async def post_step(request: Asked) -> Response[bytes]:
    """A step is done: its form goes into the draft, or back to whoever typed it with what is wrong."""
    form, files = await uploaded(request)
    seat, name = await seat_of(request), request.path_params["step"]
    if name not in tuple(Step):
        raise NotFound("There is no such step.")
    step = Step(name)
    page = Page(request)
    if (overtaken := _overtaken(page, seat, form)) is not None:
        return await draft_page(request, seat, fault=overtaken, typed=form, at=step, status=409)
    extra: dict[str, Any] = {}

    def change() -> Draft:
        content = content_after(page, seat.staff, seat.draft, seat.flow, step, form, files, extra)
        if step is Step.CHOICES and asks_telephone(seat.draft.service) and seat.screen is not None:
            # It is the holder's whether or not they go on with the service.
            keep_telephone(seat.front, seat.staff, seat.screen.person_id, form, page.language)
        return seat.front.drafts.change(seat.staff, seat.draft, step, content)

    try:
        await to_thread.run_sync(change)
    except BadInput as e:
        wrong = e.field or field_of(e.code)
        return await draft_page(request, seat, fault=page.fault(e), wrong=wrong, typed=form, at=step, extra=extra)
    except DraftChanged:
        seat = await seat_of(request)
        return await draft_page(request, seat, fault=_changed(page, seat), typed=form, at=step, status=409)
    return moved_to(f"/drafts/{seat.draft.id}")


@post("/drafts/{draft_id:str}/undo", status_code=200)
async def post_undo(request: Asked) -> Response[bytes]:
    """A step is opened again, and with it what was done on its ground."""
    form = await form_of(request)
    seat, name = await seat_of(request), form.get("step", "")
    if name not in tuple(Step):
        raise NotFound("There is no such step.")
    page, step = Page(request), Step(name)
    if (overtaken := _overtaken(page, seat, form)) is not None:
        return await draft_page(request, seat, fault=overtaken, status=409)

    def undo() -> None:
        if step is Step.PIN:
            seat.front.keypad.forget(seat.draft.id)
        seat.front.drafts.change(seat.staff, seat.draft, step, without(seat.draft.content, step))

    await to_thread.run_sync(undo)
    return moved_to(f"/drafts/{seat.draft.id}?at={step}")


@post("/drafts/{draft_id:str}/approval", status_code=200)
async def post_approval(request: Asked) -> Response[bytes]:
    """Put the draft before a second person."""
    form = await form_of(request)
    seat, page = await seat_of(request), Page(request)
    if (overtaken := _overtaken(page, seat, form)) is not None:
        return await draft_page(request, seat, fault=overtaken, status=409)
    await to_thread.run_sync(seat.front.drafts.ask_approval, seat.staff, seat.draft)
    return moved_to(f"/drafts/{seat.draft.id}")


@post("/drafts/{draft_id:str}/aside", status_code=200)
async def post_aside(request: Asked) -> Response[bytes]:
    """The draft is not gone on with."""
    form = await form_of(request)
    seat, page = await seat_of(request), Page(request)
    if (overtaken := _overtaken(page, seat, form)) is not None:
        return await draft_page(request, seat, fault=overtaken, status=409)
    seat.front.keypad.forget(seat.draft.id)
    await to_thread.run_sync(seat.front.drafts.set_aside, seat.staff, seat.draft)
    return moved_to(f"/persons/{seat.draft.person_id}" if seat.draft.person_id else "/persons")


@post("/drafts/{draft_id:str}/confirm", status_code=200)
async def post_confirm(request: Asked) -> Response[bytes]:
    """Put the draft's request to the desk. Sent twice it is one request, and the second is shown the first's answer."""
    form = await form_of(request)
    async with _CONFIRMING.setdefault(request.path_params["draft_id"], asyncio.Lock()):
        return await _confirmed(request, form)


async def _confirmed(request: Asked, form: dict[str, str]) -> Response[bytes]:
    seat, page = await seat_of(request), Page(request)
    draft, front = seat.draft, seat.front
    if form.get("attempt", "") != str(draft.attempt) or draft.state != "open":
        return moved_to(f"/drafts/{draft.id}")  # it was answered already
    if (overtaken := _overtaken(page, seat, form)) is not None:
        return await draft_page(request, seat, fault=overtaken, status=409)
    if next_step(seat.flow) is not Step.CONFIRM and (form.get("refusal") != "yes" or not await _refusal_so_far(seat)):
        return await draft_page(request, seat, fault=page.labels["steps_are_left"])
    news = await to_thread.run_sync(front.drafts.news, draft)
    told = form.get("told", "0")
    if news and news[0].seq > (int(told) if told.isdigit() and len(told) < 19 else 0):
        return await draft_page(request, seat, news=news)
    blank = form.get("blank", "").strip().upper()
    try:
        ask = ask_of_draft(draft, seat.flow, seat.staff, pin=seat.pin, new_pin=seat.new_pin, blank=blank)
    except BadInput as e:
        return await draft_page(request, seat, fault=page.fault(e), at=Step.CHOICES)
    outcome: Receipt | Trouble
    try:
        (outcome,) = await asked(front, [ask])
    except (PaymentUsed, NoBlank) as e:
        outcome = e
    if isinstance(outcome, BadInput | PaymentUsed | NoBlank):
        at = Step.FEE if isinstance(outcome, PaymentUsed) or outcome.field in _OF_FEE else None
        return await draft_page(
            request, seat, fault=page.fault(outcome), wrong=field_of(outcome.code), typed=form, at=at
        )
    if isinstance(outcome, Trouble):
        raise outcome
    await to_thread.run_sync(_put_down, seat, outcome)
    return moved_to(f"/drafts/{draft.id}")


def _put_down(seat: Seat, receipt: Receipt) -> None:
    """What follows from the desk's answer. Each of it may be done again, should the plug be pulled in between."""
    front, draft = seat.front, seat.draft
    if receipt.answer.outcome == "accepted":
        front.papers.attach(draft.id, int(receipt.entry.partition("-")[0]), receipt.entry)
    front.drafts.answered(seat.staff, draft, receipt)
    front.keypad.forget(draft.id)


def _overtaken(page: Page, seat: Seat, form: dict[str, str]) -> str | None:
    """A sentence if the form was made on another version of the draft than there is now."""
    if seat.draft.state != "open" or form.get("version", "") != str(seat.draft.version):
        return _changed(page, seat)
    return None


def _changed(page: Page, seat: Seat) -> str:
    """Who changed the draft since it was shown, when, and which step."""
    draft = seat.draft
    by, changed_at, step = draft.changed_by, draft.changed_at, draft.changed_step
    if draft.approved_at is not None and draft.approved_at >= changed_at:
        by, changed_at, step = draft.approved_by or by, draft.approved_at, Step.APPROVAL
    at = changed_at.astimezone(page.front.notices.zone)
    return page.labels["draft_was_changed"].format(by, f"{at:%H:%M:%S}", page.labels.get(f"step_{step}", step))


@get("/drafts/{draft_id:str}/pin")
async def get_pin(request: Asked) -> Response[bytes]:
    """Whether the holder has entered a PIN: answered when they have, or after a while."""
    seat = await seat_of(request)
    entered = await seat.front.keypad.entered(seat.draft.id, WAITS_S)
    return Response(b"1" if entered else b"0", media_type="text/plain", headers={"Cache-Control": "no-store"})
