"""What is printed of a draft: form, slip of the answer, receipt, handover slip, as PDF. Clauses 4.2, 6.1 to 7.2.

Photo and signature on the form are sealed papers: they are opened for it, and that is journalled like any opening.
"""

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import Draft, Step, without
from shebaoka.numbers import mask, mask_name
from shebaoka.pages import HEADERS, Asked, form_of, front_of, moved_to
from shebaoka.paper import (
    AcceptanceSlip,
    ApplicationForm,
    FeeReceiptSlip,
    FormAgent,
    HandedCard,
    HandoverSlip,
    MaskedAgent,
    NextStep,
    RefusalSlip,
    Slip,
    SlipWidth,
    application_form_pdf,
    slip_pdf,
)
from shebaoka.photo import read_signature, signature_svg
from shebaoka.records import BadInput, CardKind, NotFound
from shebaoka.window.drafting import Seat, seat_of
from shebaoka.window.frame import Page
from shebaoka.window.showing import slips_for
from shebaoka.window.stepping import ON_PAPER

_FORM_REASON = "application form printed"


@get("/drafts/{draft_id:str}/slips/{slip:str}")
async def get_slip(request: Asked) -> Response[bytes]:
    """One of a draft's papers as PDF. `NotFound` for one that the draft has not come to."""
    seat, which = await seat_of(request), request.path_params["slip"]
    asked_width = request.query_params.get("width", "a4")
    if asked_width not in ("a4", "80"):
        raise BadInput("width: a4 or 80.")
    width: SlipWidth = "80mm" if asked_width == "80" else "a4"
    if which not in slips_for(seat.draft, seat.flow):
        raise NotFound("The draft has no such paper yet.")
    page = Page(request)
    pdf = await to_thread.run_sync(_printed, page, seat, which, width, _base(request, page))
    headers = HEADERS | {"Content-Disposition": f'inline; filename="{which}-{seat.draft.id}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


def _base(request: Asked, page: Page) -> str:
    """The address that the QR code leads to: the city's, where the settings name it, else this server's."""
    return page.front.passkeys.site.origin or str(request.base_url).rstrip("/")


def _printed(page: Page, seat: Seat, which: str, width: SlipWidth, base: str) -> bytes:
    speech, fonts = page.said.speech, page.front.fonts
    if which == "form":
        return application_form_pdf(_form(seat), speech, base=base, fonts=fonts)
    if which == "acceptance":
        slip: Slip = _answered(page, seat)
    else:
        slip = _receipt(seat) if which == "receipt" else _handover(seat)
    return slip_pdf(slip, speech, width=width, base=base, fonts=fonts)


def _holder(seat: Seat) -> str:
    """The holder's name, or what was chosen for somebody who is not registered yet."""
    person = seat.screen.dossier.person if seat.screen else None
    return person.name if person else (seat.draft.content.chosen or {}).get("name", "—")


def _form(seat: Seat) -> ApplicationForm:
    draft, content = seat.draft, seat.draft.content
    person = seat.screen.dossier.person if seat.screen else None
    service, _, why = draft.service.partition(".")
    return ApplicationForm(
        service=service,
        why=why if service == "replace_card" else "",
        card=CardKind(draft.card) if draft.card else CardKind.SOCIAL_SECURITY,
        name=_holder(seat),
        number=draft.number,
        region=person.region if person else (content.chosen or {}).get("region", ""),
        applied_at=draft.opened_at,
        window=draft.place,
        clerk=draft.changed_by,
        slip_code=draft.slip_code,
        agent=FormAgent(name=content.agent.name, number=content.agent.number, relation=content.agent.relation)
        if content.agent
        else None,
        materials=seat.flow.shows,
        collect_at=(content.chosen or {}).get("collect_at", ""),
        phone=_telephone(seat),
        fee_fen=seat.flow.fee_fen,
        photo=_opened(seat, content.photo) if content.photo else None,
        signature=_signature(seat, _FORM_REASON),
    )


def _telephone(seat: Seat) -> str:
    """The holder's telephone, for the form that is theirs."""
    found = seat.front.telephones.of(seat.screen.person_id) if seat.screen else None
    return found.number if found else ""


def _opened(seat: Seat, paper: str, reason: str = _FORM_REASON) -> bytes:
    """A sealed paper's content, its opening journalled."""
    submit = seat.front.counter.submit
    return seat.front.papers.open(seat.staff, paper, reason, lambda ask: submit([ask]).result()[0]).content


def _signature(seat: Seat, reason: str) -> str:
    """The signature from the screen as SVG; nothing for one on paper, or none."""
    signature = seat.draft.content.signature
    if signature in ("", ON_PAPER):
        return ""
    return signature_svg(read_signature(_opened(seat, signature, reason)))


def _entry_of(draft: Draft) -> str:
    """The place of the answer that the draft got."""
    if draft.entry is None:
        raise NotFound("The draft was not answered yet.")
    return draft.entry


def _where(seat: Seat) -> tuple[str, str]:
    """Where to come next, and when it is open: the window where the card is collected, else this one."""
    code = (seat.draft.content.chosen or {}).get("collect_at") or seat.draft.place
    found = next((w for w in seat.front.shown_windows.everybody() if w.code == code and w.ended_at is None), None)
    return (f"{found.site}（{found.name}），{found.address}", found.hours) if found else ("", "")


def _answered(page: Page, seat: Seat) -> AcceptanceSlip | RefusalSlip:
    line = seat.front.screens.line(_entry_of(seat.draft))
    said, answer = page.said_of(line.answer.notice), line.answer
    where, hours = _where(seat)
    if answer.outcome == "refused":
        return RefusalSlip(
            service=line.service,
            name=_holder(seat),
            number=seat.draft.number,
            refused_at=line.at,
            clause=answer.clause,
            sentence=said.speech.says(answer),
            steps=tuple(NextStep(says=s) for s in said.speech.do(answer)),
            window=seat.draft.place,
            clerk=line.by,
            where=where,
            hours=hours,
            slip_code=seat.draft.slip_code,
        )
    return AcceptanceSlip(
        service=line.service,
        name=_holder(seat),
        number=seat.draft.number,
        accepted_at=line.at,
        clause=answer.clause,
        sentence=said.speech.says(answer),
        slip_code=seat.draft.slip_code,
        steps=tuple(NextStep(says=s) for s in said.speech.do(answer)),
        fee_fen=answer.fee_fen or None,
        window=seat.draft.place,
        clerk=line.by,
        where=where,
        hours=hours,
    )


def _receipt(seat: Seat) -> FeeReceiptSlip:
    receipt = seat.front.till.receipt_of(seat.staff, _entry_of(seat.draft))
    if receipt is None:
        raise NotFound("No receipt was written for this.")
    return FeeReceiptSlip(
        number=receipt.number,
        window=receipt.place.window,
        at=receipt.at,
        name=receipt.payer,
        service=receipt.service,
        clause=receipt.clause,
        amount_fen=abs(receipt.amount_fen),
        means="cash" if receipt.means == "cash" else "scanned",
        clerk=receipt.by,
        handed_over_fen=receipt.handed_over_fen or None,
        change_fen=receipt.change_fen or None,
        voided=receipt.void_reason,
        slip_code=seat.draft.slip_code,
    )


def _handover(seat: Seat) -> HandoverSlip:
    draft, content = seat.draft, seat.draft.content
    line = seat.front.screens.line(_entry_of(draft))
    cards = seat.screen.dossier.cards if seat.screen else ()
    gives = CardKind.TEMPORARY if draft.card == "temporary" else CardKind.SOCIAL_SECURITY
    if draft.service == "apply_for_temporary_card":
        gives = CardKind.TEMPORARY
    live = [c for c in cards if c.kind is gives and c.ending is None]
    over = tuple(HandedCard(card=c.kind, last_digits=c.number[-4:]) for c in live[-1:])
    chosen = content.chosen or {}
    handed_in: tuple[HandedCard, ...] = ()
    if draft.service == "hand_in_card":
        over, handed_in = (), (HandedCard(card=gives),)
    elif chosen.get("hands_in_temporary_card") == "yes":
        handed_in = (HandedCard(card=CardKind.TEMPORARY),)
    elif chosen.get("hands_in_damaged_card") == "yes":
        handed_in = (HandedCard(card=CardKind.SOCIAL_SECURITY),)
    return HandoverSlip(
        name=_holder(seat),
        number=draft.number,
        at=line.at,
        window=draft.place,
        clerk=line.by,
        slip_code=draft.slip_code,
        handed_over=over,
        handed_in=handed_in,
        agent=MaskedAgent(name=mask_name(content.agent.name), number=mask(content.agent.number))
        if content.agent
        else None,
        signature=_signature(seat, "handover slip printed"),
    )


@post("/papers/{paper:str}", status_code=200)
async def post_open(request: Asked) -> Response[bytes]:
    """A sealed paper, opened for a reason, which is in the journal before anything is shown."""
    form = await form_of(request)
    front, staff = front_of(request), request.state.staff
    submit = front.counter.submit

    def opened() -> tuple[bytes, str]:
        found = front.papers.open(
            staff, request.path_params["paper"], form.get("reason", ""), lambda ask: submit([ask]).result()[0]
        )
        if found.line.kind == "signature":
            return signature_svg(read_signature(found.content)).encode(), "image/svg+xml"
        return found.content, found.media_type

    content, media_type = await to_thread.run_sync(opened)
    return Response(content, media_type=media_type, headers=HEADERS)


@post("/papers/{paper:str}/aside", status_code=200)
async def post_paper_aside(request: Asked) -> Response[bytes]:
    """A page that was scanned wrongly ceases to count; a step that rested on it is to be done again."""
    await form_of(request)
    front, staff, paper = front_of(request), request.state.staff, request.path_params["paper"]

    def set_aside() -> str:
        line = front.papers.set_aside(staff, paper)
        draft = front.drafts.get(staff, line.draft)
        for step, held in ((Step.PHOTO, draft.content.photo), (Step.SIGNATURE, draft.content.signature)):
            if held == paper:
                draft = front.drafts.change(staff, draft, step, without(draft.content, step))
        return draft.id

    return moved_to(f"/drafts/{await to_thread.run_sync(set_aside)}")
