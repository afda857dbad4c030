"""A call: the operator's desk, who calls, their answers, and what is read out to them once they are identified.

Until then nothing here tells whether anybody has the number. Every look at somebody goes through the desk first, with
the call and what was asked about as its reason (5.2).
"""

from collections import defaultdict
from functools import partial
from typing import Any

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import (
    MATTERS,
    OUTCOMES,
    TRIES,
    WINDOW,
    Call,
    JournalLine,
    PersonScreen,
    Question,
    Right,
    Staff,
    by_telephone,
    near_told,
    read_claim,
    round_of,
    spoken,
)
from shebaoka.hotline.frame import LABELS, Page
from shebaoka.numbers import mask, mask_name
from shebaoka.pages import LANGUAGE_NAMES, Asked, form_of, front_of, moved_to
from shebaoka.records import BadInput, CardKind, NotFound, TooManyTries, Trouble
from shebaoka.web import Front, journalled, looked_up

LIMIT = "caller"
"""The limit of tries at one number by one operator; a stranger who calls often locks nobody out of other operators."""
CALL_AT = "/hotline/call/{call_id:str}"


def call_at(call: Call) -> str:
    """The address of a call's page."""
    return f"/hotline/call/{call.id}"


@get("/hotline")
async def get_desk(request: Asked) -> Response[bytes]:
    """The operator's desk; whoever only oversees operators is led to their calls."""
    page, staff = Page(request), request.state.staff
    if not staff.may(Right.SERVE_CALLERS):
        return moved_to("/hotline/calls")
    return await _desk(page, staff)


async def _desk(page: Page, staff: Staff, fault: str = "") -> Response[bytes]:
    def show() -> Response[bytes]:
        room, zone = page.front.calls, page.front.notices.zone
        return page.show_at_once(
            "desk.html",
            status=400 if fault else 200,
            fault=fault,
            open_call=room.open_of(staff),
            latest=room.latest_of(staff),
            bookings=page.front.bookings.count_waiting(staff),
            feedback=page.front.feedback.count_waiting(staff),
            names=LANGUAGE_NAMES,
            zone=zone,
        )

    return await to_thread.run_sync(show)


@post("/hotline", status_code=200)
async def post_begin(request: Asked) -> Response[bytes]:
    """Take a call; the operator's open one comes first."""
    form = await form_of(request)
    front, staff, page = front_of(request), request.state.staff, Page(request)
    try:
        call = await to_thread.run_sync(front.calls.begin, staff, form.get("language", ""))
    except BadInput as e:
        return await _desk(page, staff, page.fault(e))
    return moved_to(call_at(call))


@get(CALL_AT)
async def get_call(request: Asked) -> Response[bytes]:
    """The call, as far as it has come."""
    front, staff = front_of(request), request.state.staff
    return await call_page(request, await to_thread.run_sync(front.calls.own, staff, request.path_params["call_id"]))


@get([f"{CALL_AT}/{step}" for step in ("claim", "answers", "service", "hand-over", "end")])
async def get_answered(request: Asked) -> Response[bytes]:
    """The answer to a form asked for again, as in another language: the call."""
    query = f"?{request.url.query}" if request.url.query else ""
    front, staff = front_of(request), request.state.staff
    call = await to_thread.run_sync(front.calls.own, staff, request.path_params["call_id"])
    return moved_to(f"{call_at(call)}{query}")


async def called(request: Asked) -> tuple[Page, Staff, Call, dict[str, str]]:
    """A form about a call that the operator is on. `NotFound`, `NotAllowed`."""
    form, staff = await form_of(request), request.state.staff
    staff.must(Right.SERVE_CALLERS)
    page = Page(request)
    return page, staff, await to_thread.run_sync(page.front.calls.own, staff, request.path_params["call_id"]), form


@post(f"{CALL_AT}/claim", status_code=200)
async def post_claim(request: Asked) -> Response[bytes]:
    """The caller says who they are. The look is kept, whether or not anybody has the number; questions are drawn."""
    page, staff, call, form = await called(request)
    front = page.front
    try:
        number = read_claim(form.get("number", ""), form.get("matter", ""))
        front.limits.take(LIMIT, f"{staff.name} {number}")
        await journalled(front, staff, number, f"hotline {call.id}: who calls")
        screen = await to_thread.run_sync(_screen, front, number)
        claim = partial(front.calls.claim, staff, call, number, form.get("matter", ""), screen)
        call = await to_thread.run_sync(claim)
    except (BadInput, TooManyTries) as e:
        return await call_page(request, call, fault=e, typed=form)
    return moved_to(call_at(call))


def _screen(front: Front, number: str) -> PersonScreen | None:
    try:
        return front.person(number)
    except NotFound:
        return None


@post(f"{CALL_AT}/answers", status_code=200)
async def post_answers(request: Asked) -> Response[bytes]:
    """What the caller answered; the program says whether they are who they say, and never which answer was wrong."""
    page, staff, call, form = await called(request)
    front, number = page.front, call.number or ""
    kinds = [kind.value for kind in CardKind if form.get(f"cards_before_{kind.value}")]
    answers = {q.value: form.get(q.value, "") for q in Question} | {Question.CARDS_BEFORE.value: ",".join(kinds)}

    def check() -> Call:
        return front.calls.answer(staff, call, form.get("round", ""), answers, _screen(front, number))

    try:
        checked = await to_thread.run_sync(check)
    except BadInput as e:
        return await call_page(request, call, fault=e, typed=form)
    if checked.identified_at is not None and call.identified_at is None:
        front.limits.give_back(LIMIT, f"{staff.name} {number}")
    return moved_to(call_at(checked))


@post(f"{CALL_AT}/end", status_code=200)
async def post_end(request: Asked) -> Response[bytes]:
    """The call is over; back to the desk."""
    page, staff, call, form = await called(request)
    try:
        await to_thread.run_sync(page.front.calls.end, staff, call, form.get("outcome", ""), form.get("note", ""))
    except BadInput as e:
        return await call_page(request, call, fault=e, typed=form)
    return moved_to("/hotline")


async def call_page(
    request: Asked, call: Call, *, fault: Trouble | None = None, typed: dict[str, str] | None = None
) -> Response[bytes]:
    """A call's page: who calls, the questions, or what is read out. What was typed is still there beside a fault."""
    page, staff = Page(request), request.state.staff
    front = page.front
    screen = None
    if front.calls.answers_about(call) and call.number is not None:
        screen, _ = await looked_up(front, staff, call.number, f"hotline {call.id}: {call.matter}")

    def show() -> Response[bytes]:
        values: dict[str, Any] = {
            "call": call,
            "fault": page.fault(fault) if fault else "",
            "fault_field": fault.field if fault else "",
            "typed": defaultdict(str, typed or {}),
            "matters": MATTERS,
            "outcomes": OUTCOMES,
            "rounds_left": TRIES - call.tries,
            "round": round_of(call),
            "spoken_labels": LABELS[call.language],
            "card_kinds": list(CardKind),
            "windows": front.windows.in_use() if call.ended_at is None else [],
            "all_windows": front.windows.everybody() if call.asked else [],
            "about": _about(page, staff, call, screen) if screen is not None else None,
            "suggested": _outcome(call),
        }
        response = page.show_at_once("call.html", status=fault.status if fault else 200, **values)
        if isinstance(fault, TooManyTries):
            response.headers["Retry-After"] = str(fault.wait_s)
        return response

    return await to_thread.run_sync(show)


def _outcome(call: Call) -> str:
    """How the call most likely ends, for the operator to change."""
    if call.identified_at is not None:
        return "answered"
    return "window" if call.used_up else "public"


def _about(page: Page, staff: Staff, call: Call, screen: PersonScreen) -> dict[str, Any]:
    """What is known of a caller who was identified: in words to read out, masked, and what can be done for them."""
    front = page.front
    where, speech = front.whereabouts.of(screen), front.speech(page.notice.id, call.language)
    said = spoken(screen, where, page.notice, speech)
    # Not the nearest first: that would tell the county, which callers are asked for.
    windows = [near_told(near, screen.on, speech) for near in front.places.nearest()]
    person = screen.dossier.person
    events = front.calls.events(call)
    done = [front.screens.line(e.said) for e in events if e.what == "asked_for"]
    drafts = [front.drafts.get(staff, e.said) for e in events if e.what == "handed_over"]
    return {
        "name": mask_name(person.name) if person else "—",
        "number": mask(call.number or ""),
        "first": [s for s in said if s.matter == call.matter],
        "others": [s for s in said if s.matter != call.matter],
        "offers": [(o, page.said.service_of(o.service, o.card)) for o in by_telephone(screen)],
        "done": [_done(page, call, line) for line in done],
        "attempt": len(done),
        "handed_over": [(d, page.said.service_of(d.service, d.card)) for d in drafts],
        "wishes": [
            (f"{o.service}|{o.card}", page.said.service_of(o.service, o.card))
            for o in screen.offers
            if o.possible and o.service in WINDOW
        ],
        "windows": [(speech.place(w.window.site, w.window.name, w.window.address, w.hours), w) for w in windows],
        "window_clause": page.notice.clause_of["done_through_its_channel"],
    }


def _done(page: Page, call: Call, line: JournalLine) -> dict[str, Any]:
    """What was asked for on the call, and its answer in the caller's language."""
    speech = page.front.speech(line.answer.notice, call.language)
    return {
        "name": page.said.words.services[line.service],
        "yes": line.answer.outcome == "accepted",
        "sentence": speech.says(line.answer),
        "do": speech.do(line.answer),
        "clause": line.answer.clause,
        "entry": line.place,
    }
