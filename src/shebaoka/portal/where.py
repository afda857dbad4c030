"""Where is my card, is it activated? For whoever has a number and a card or a slip in hand, without signing in (5.2).

What is answered to whom is the desk's (`desk/enquiries.py`). An answer stands in the page that the form leads to, which
nobody can open again, and says neither name nor number in full. What a slip's QR code opens does not say whose it is.
"""

import datetime as dt
from functools import partial

import msgspec
from litestar import Response, get, post

from shebaoka.desk import FoundCard, NearTold, Outcome, Proof, SlipState, WhereaboutsTold, near_told, read_proof, told
from shebaoka.numbers import mask
from shebaoka.pages import Asked, Said, form_of
from shebaoka.portal.frame import Page, in_thread
from shebaoka.portal.sentforms import sent_once
from shebaoka.records import Ask, BadInput, Basis, CardKind, NotAllowed, Refusal, TooManyTries
from shebaoka.slipcode import grouped_slip_code, read_slip_code
from shebaoka.web import Front, address_of


class SlipTold(msgspec.Struct, frozen=True):
    """A slip in words: its code as it is printed, its service and days, how far it is, and what was answered."""

    code: str
    grouped: str
    service: str
    opened_on: dt.date
    answered_on: dt.date | None
    state: str
    yes: bool | None
    sentence: str
    do: str
    clause: str
    place: str


class Activation(msgspec.Struct, frozen=True):
    """Whether the card is activated, in words, with the clause, and what to do if it is not."""

    yes: bool
    sentence: str
    do: str
    clause: str


STAGES: dict[str, int] = {"applied": 0, "in_batch": 1, "rejected": 1, "made": 2, "ready": 3, "collected": 4}
"""How far on its way a card is at a stage; a stage that is not on the way is not here."""


class Answered(msgspec.Struct, frozen=True):
    """What an enquiry is told: whose number in part, where the card is, its window, activation, slip, readings.

    `way` are the stages of a card's way, and `at` which one it is at; no way for a card that is not on one.
    """

    number: str
    where: WhereaboutsTold | None
    window: NearTold | None
    activation: Activation | None
    slip: SlipTold | None
    readings: tuple[str, ...]
    way: tuple[str, ...]
    at: int


@get("/where")
async def get_where(request: Asked) -> Response[bytes]:
    """The form, or whom to ask where the notice answers nobody here."""
    return await _form(Page(request))


@post("/where")
@sent_once
async def post_where(request: Asked) -> Response[bytes]:
    """The answer; or the form once more, with what is wrong beside its field."""
    form, page = await form_of(request), Page(request)
    room, faults = page.front.enquiries, {}
    number, proof, code = form.get("number", ""), Proof(), form.get("slip_code", "")
    try:
        number = room.read_number(number)
    except BadInput:
        faults["number"] = page.labels["where_number_unfit"]
    try:
        proof = read_proof(code or form.get("proof", ""))
    except BadInput as e:
        faults["proof"] = page.labels[f"where_{e.code}"]
    if faults:
        return await _form(page, status=400, faults=faults, number=form.get("number", ""), code=code)
    try:
        found = await in_thread(request, room.ask, number, proof, address_of(request), partial(_submit, page.front))
    except NotAllowed:
        return await _form(page, status=403)
    except TooManyTries as e:
        says = page.labels["where_too_many_tries"].format(max(1, round(e.wait_s / 60)))
        response = await _form(page, status=e.status, faults={"proof": says}, number=number, code=code)
        response.headers["Retry-After"] = str(e.wait_s)
        return response
    if found is None:
        return await _form(page, status=404, unknown=True, number=number, code=code)
    return await in_thread(request, _answer, page, number, found)


@get("/slip/{code:str}")
async def get_slip(request: Asked) -> Response[bytes]:
    """What the slip's QR code opens: its service and how far it is; for more, the number is asked for."""
    page = Page(request)
    page.front.limits.take("slip", address_of(request))
    try:
        code = read_slip_code(str(request.path_params["code"]))
    except BadInput:
        return await page.show("slip.html", status=400, slip=None, fault=page.labels["where_slip_code_unfit"])
    state = await in_thread(request, page.front.enquiries.slip, code)
    if state is None:
        return await page.show("slip.html", status=404, slip=None, fault=page.labels["slip_unknown_public"])
    asks = page.front.enquiries.are_answered()
    return await page.show("slip.html", slip=_slip_told(page, code, state), fault="", asks=asks, number="")


def _submit(front: Front, ask: Ask) -> Outcome:
    """Put the look-up to the desk, and wait for it in one of the public's threads."""
    (outcome,) = front.counter.submit([ask]).result()
    return outcome


async def _form(
    page: Page,
    *,
    status: int = 200,
    faults: dict[str, str] | None = None,
    unknown: bool = False,
    number: str = "",
    code: str = "",
) -> Response[bytes]:
    return await page.show(
        "where.html",
        status=status,
        asks=page.front.enquiries.are_answered(),
        faults=faults or {},
        unknown=unknown,
        number=number[:100],
        code=code[:100],
        clause=page.notice.clause_of[Refusal.ENQUIRY_IS_FOR_WINDOW_OR_HOTLINE],
    )


def _answer(page: Page, number: str, found: FoundCard) -> Response[bytes]:
    where = told(found.where, page.said_of(found.where.notice).speech) if found.where else None
    code, stage = (found.where.collect_at, found.where.stage) if found.where else ("", "")
    near = page.front.places.nearest() if code else []
    answered = Answered(
        number=mask(number),
        where=where,
        window=next((near_told(n, page.on, page.said.speech) for n in near if n.window.code == code), None),
        activation=None if found.activated is None else _activation(page.said, yes=found.activated),
        slip=_slip_told(page, "", found.slip) if found.slip else None,
        readings=(*(where.readings if where else ()), *page.said.speech.readings(found.looked_up)),
        way=tuple(page.labels[f"where_way_{n}"] for n in range(5)) if stage in STAGES else (),
        at=STAGES.get(stage, 0),
    )
    return page.show_at_once("answer.html", answered=answered)


def _activation(said: Said, *, yes: bool) -> Activation:
    notice, words = said.speech.notice, said.words
    if yes:
        basis = Basis.SOCIAL_FUNCTION_IS_ACTIVATED
        return Activation(True, words.bases[basis], "", notice.clause_of[basis])
    ground = Refusal.SOCIAL_FUNCTION_IS_NOT_ACTIVATED
    clause = notice.clause_of[ground]
    kind = CardKind.SOCIAL_SECURITY
    return Activation(False, said.refusal(ground, clause, kind), said.refusal_do(ground, kind), clause)


def _slip_told(page: Page, code: str, slip: SlipState) -> SlipTold:
    """A slip in words. Of an answer only what holds for everybody is said: no fact of the case."""
    answer, labels = slip.answer, page.labels
    said = page.said_of(answer.notice) if answer else page.said
    refused = answer is not None and answer.outcome == "refused"
    window = next((w for w in page.front.shown_windows.everybody() if w.code == slip.place), None)
    return SlipTold(
        code=code,
        grouped=grouped_slip_code(code),
        service=said.service_of(slip.service, slip.card),
        opened_on=slip.opened_on,
        answered_on=slip.answered_on,
        state=labels[f"slip_{slip.state}_refused" if refused and slip.state == "open" else f"slip_{slip.state}"],
        yes={"done": True, "open": False if refused else None}.get(slip.state),
        sentence=said.refusal(answer.ground, answer.clause, slip.card) if answer and refused else "",
        do=said.refusal_do(answer.ground, slip.card) if answer and refused else "",
        clause=answer.clause if answer else "",
        place=f"{window.site} {window.name}" if window else "",
    )
