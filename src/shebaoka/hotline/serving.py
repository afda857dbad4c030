"""What is done for a caller who was identified: a service that the notice lets the telephone do, or a draft at
a window.

A temporary loss report by telephone is off where the notice names the window alone (7.1).
"""

import msgspec
from anyio import to_thread
from litestar import Response, post

from shebaoka.desk import Call, PersonScreen, Staff, by_telephone
from shebaoka.hotline.calls import CALL_AT, call_at, call_page, called
from shebaoka.hotline.frame import Page
from shebaoka.pages import Asked, moved_to
from shebaoka.records import SERVICES, AnyRequest, Ask, BadInput, NotAllowed, Trouble
from shebaoka.web import asked, looked_up


@post(f"{CALL_AT}/service", status_code=200)
async def post_service(request: Asked) -> Response[bytes]:
    """Ask for a service for the caller, once however often the key is pressed; its answer stands on the call's page."""
    page, staff, call, form = await called(request)
    events = await to_thread.run_sync(page.front.calls.events, call)
    attempt = sum(e.what == "asked_for" for e in events)
    if form.get("attempt", "") != str(attempt):
        return moved_to(f"{call_at(call)}#done")
    try:
        screen = await _caller(page, staff, call, "service")
        ask = _ask_of(call, staff, screen, form, attempt)
    except BadInput as e:
        return await call_page(request, call, fault=e, typed=form)
    (outcome,) = await asked(page.front, [ask])
    if isinstance(outcome, Trouble):
        raise outcome
    await to_thread.run_sync(page.front.calls.note, staff, call, "asked_for", outcome.entry)
    return moved_to(f"{call_at(call)}#done")


def _ask_of(call: Call, staff: Staff, screen: PersonScreen, form: dict[str, str], attempt: int) -> Ask:
    """The request that a form asks for. `BadInput` for what the telephone does not do now.

    Its id follows from the call and from how often something was asked for on it, so that a double click is one.
    """
    wanted = form.get("service", "")
    offer = next((o for o in by_telephone(screen) if f"{o.service}|{o.card}" == wanted), None)
    if offer is None:
        raise _bad("service", "this cannot be done by telephone now.")
    if form.get("wish", "") != "yes":
        raise _bad("wish", "the caller asks for it, and heard what follows.")
    service, _, variant = offer.service.partition(".")
    said = {"id": f"{call.id}-{service}-{attempt}", "person": call.number, "card": offer.card.value}
    said |= {"kind": variant} if variant else {}
    made: AnyRequest = msgspec.convert(said, SERVICES[service])  # type: ignore[assignment]
    return Ask(made, staff.sender(made))


@post(f"{CALL_AT}/hand-over", status_code=200)
async def post_hand_over(request: Asked) -> Response[bytes]:
    """Begin a service as a draft for the window of the caller's wish."""
    page, staff, call, form = await called(request)
    front = page.front
    try:
        screen = await _caller(page, staff, call, "hand over")
        service, _, card = form.get("wanted", "").partition("|")
        window = form.get("window", "")
        offered = any(o.service == service and o.card == card and o.possible for o in screen.offers)

        def hand_over() -> None:
            if not offered or window not in {w.code for w in front.windows.in_use()}:
                raise _bad("window", "choose a service that is possible now, and a window in use.")
            draft = front.drafts.hand_over(staff, call.number or "", service, card, screen, window)
            front.calls.note(staff, call, "handed_over", draft.id)

        await to_thread.run_sync(hand_over)
    except BadInput as e:
        return await call_page(request, call, fault=e, typed=form)
    return moved_to(f"{call_at(call)}#handed-over")


async def _caller(page: Page, staff: Staff, call: Call, reason: str) -> PersonScreen:
    """The caller, after a look for this reason. `NotAllowed` unless they were identified and the call is not over."""
    if not page.front.calls.answers_about(call) or call.number is None:
        raise NotAllowed("This caller is not identified, or the call is over.")
    screen, _ = await looked_up(page.front, staff, call.number, f"hotline {call.id}: {reason}")
    return screen


def _bad(field: str, sentence: str) -> BadInput:
    bad = BadInput(f"{field}: {sentence}", code=f"call_{field}_unfit")
    bad.field = field
    return bad
