"""Drafts from above: those that wait for a second person, who approves or denies them, and all that are open.

Whoever approves sees what was chosen, who came and what was shown, by masked numbers; the room of drafts holds who may.
"""

import datetime as dt
import re
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import (
    Draft,
    DraftEvent,
    PersonScreen,
    Right,
    Staff,
    Step,
    fields_of,
    flow_of,
    must_see_accounts,
    next_step,
)
from shebaoka.ethnicgroups import ethnic_groups
from shebaoka.numbers import mask, mask_name
from shebaoka.office.frame import Page
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.records import BadInput, DraftChanged, NotAllowed, NotFound

_DRAFT = re.compile(r"d[0-9a-f]{16}")


class Waiting(msgspec.Struct, frozen=True):
    """A draft that waits for a second person, in words. `facts` are names and values, in order."""

    draft: Draft
    service: str
    person: str
    facts: list[tuple[str, str]]
    own: bool
    reason: str = ""


class Open(msgspec.Struct, frozen=True):
    """An open draft in a list: how old it is since its last change, and which step comes next."""

    draft: Draft
    service: str
    person: str
    age: str
    step: str


def steps_in_words(labels: dict[str, str]) -> dict[str, str]:
    """What the steps of a service, and what else happens to a draft, are called."""
    return {
        Step.CHOICES: labels["step_of_choices"],
        Step.PRESENTER: labels["step_of_presenter"],
        Step.MATERIALS: labels["step_of_materials"],
        Step.PHOTO: labels["step_of_photo"],
        Step.FEE: labels["step_of_fee"],
        Step.PIN: labels["step_of_pin"],
        Step.SIGNATURE: labels["step_of_signature"],
        Step.APPROVAL: labels["step_of_approval"],
        Step.CONFIRM: labels["step_of_confirm"],
        "opened": labels["draft_opened"],
        "approval_asked": labels["draft_approval_asked"],
        "approved": labels["draft_approved"],
        "denied": labels["draft_denied"],
        "set_aside": labels["draft_set_aside"],
        "accepted": labels["draft_accepted"],
        "refused": labels["draft_refused"],
    }


def _fields_in_words(labels: dict[str, str]) -> dict[str, str]:
    """What a request's own fields are called."""
    return {
        "name": labels["field_name"],
        "region": labels["region"],
        "insured_on": labels["insured_since"],
        "collect_at": labels["field_collect_at"],
        "application": labels["field_application"],
        "ethnic_group": labels["field_ethnic_group"],
        "hands_in_damaged_card": labels["field_hands_in_damaged_card"],
        "hands_in_temporary_card": labels["field_hands_in_temporary_card"],
    }


def _chosen(page: Page, draft: Draft, windows: dict[str, str]) -> list[tuple[str, str]]:
    """What was chosen, field by field; a name stays masked."""
    labels, said, names = page.labels, page.said, _fields_in_words(page.labels)
    chosen, shown = draft.content.chosen or {}, []
    for field in fields_of(draft.service, draft.card):
        value = chosen.get(field, "")
        if field == "name":
            value = mask_name(value)
        elif field.startswith("hands_in_"):
            value = labels["is"] if value == "yes" else labels["is_not"]
        elif field == "collect_at":
            value = windows.get(value, value)
        elif field == "ethnic_group":
            value = ethnic_groups(page.language).get(value, value)
        elif field == "application":
            value = said.words.applications.get(value, value)
        shown.append((names.get(field, field), value or "—"))
    return shown


def _facts(page: Page, draft: Draft, windows: dict[str, str]) -> list[tuple[str, str]]:
    """What whoever approves is told of a draft."""
    labels, said, content = page.labels, page.said, draft.content
    facts = _chosen(page, draft, windows)
    if content.agent is not None and content.presenter == "agent":
        agent = content.agent
        came = f"{mask_name(agent.name)} {mask(agent.number)}" + (said.beside(agent.relation) if agent.relation else "")
        facts.append((labels["came_agent"], came))
    elif content.presenter:
        facts.append((labels["who_came"], labels["came_holder"]))
    shown = [*content.shows, *(("photo",) if content.photo and "photo" not in content.shows else ())]
    facts.append((labels["was_shown"], said.speech.names(shown, said.words.materials) or labels["nothing"]))
    if content.paid is None:
        fee = labels["nothing_paid"]
    else:
        means = labels["paid_in_cash"] if content.paid.means == "cash" else labels["paid_by_code"]
        fee = said.money(content.paid.amount_fen) + said.beside(means)
    facts.append((labels["fee"], fee))
    if content.signature:
        facts.append((labels["step_of_signature"], labels["is"]))
    return facts


def _waiting(page: Page, staff: Staff, draft: Draft, windows: dict[str, str], reason: str = "") -> Waiting:
    own = staff.name in (draft.opened_by, draft.changed_by)
    return Waiting(
        draft,
        page.said.service_of(draft.service, draft.card),
        mask(draft.number),
        _facts(page, draft, windows),
        own,
        reason,
    )


def _local(page: Page, at: dt.datetime) -> str:
    return at.astimezone(page.front.notices.zone).strftime("%Y-%m-%d %H:%M:%S")


async def _approvals(
    request: Asked, *, status: int = 200, fault: str = "", of: str = "", reason: str = ""
) -> Response[bytes]:
    page, staff = Page(request), request.state.staff
    must_see_accounts(staff)

    def read() -> tuple[list[Draft], dict[str, str]]:
        windows = {w.code: f"{w.code} {w.site} {w.name}" for w in page.front.windows.everybody()}
        return page.front.drafts.waiting(staff), windows

    found, windows = await to_thread.run_sync(read)
    there = any(draft.id == of for draft in found)
    return await page.show(
        "approvals.html",
        status=status,
        waiting=[_waiting(page, staff, d, windows, reason if d.id == of else "") for d in found],
        fault=fault,
        lost_reason="" if there else reason,
        approves=page.may(Right.APPROVE_DRAFTS),
        at=lambda at: _local(page, at),
        age=lambda at: _age(page, at),
        done=request.query_params.get("done", "") if status == 200 else "",
    )


@get("/approvals")
async def get_approvals(request: Asked) -> Response[bytes]:
    """Drafts that wait for a second person, the longest first."""
    return await _approvals(request)


@post("/approvals")
async def post_approval(request: Asked) -> Response[bytes]:
    """Approve a draft as the page showed it, or deny it with a reason; whoever is overtaken keeps what they typed."""
    form, front = await form_of(request), front_of(request)
    staff: Staff = request.state.staff
    staff.must(Right.APPROVE_DRAFTS)
    of, version, reason = form.get("draft", ""), form.get("version", ""), form.get("reason", "")
    given = form.get("verdict") == "given"
    page = Page(request)
    labels = page.labels

    def decide() -> None:
        draft = front.drafts.as_shown(staff, _known(page, staff, of).id, version)
        front.drafts.approve(staff, draft, given=given, reason=reason)

    if form.get("verdict") not in ("given", "denied"):
        raise BadInput("verdict: approve or deny.")
    kept = {"of": of, "reason": reason}
    try:
        await to_thread.run_sync(decide)
    except DraftChanged:
        there = await to_thread.run_sync(front.drafts.get, staff, of)
        return await _approvals(request, status=409, fault=changed_in_words(Page(request), there), **kept)
    except BadInput:
        fault = labels["approval_needs_a_reason"] if not reason.strip() else labels["approval_reason_too_long"]
        return await _approvals(request, status=400, fault=fault, **kept)
    except NotAllowed:
        return await _approvals(request, status=409, fault=labels["approval_not_of_ones_own"], **kept)
    return moved_to(f"/approvals?done={'given' if given else 'denied'}")


def changed_in_words(page: Page, draft: Draft) -> str:
    """Who was faster, when and with what."""
    says, at = page.labels["draft_was_changed"], _local(page, draft.changed_at)
    by, step = draft.changed_by, steps_in_words(page.labels).get(draft.changed_step, draft.changed_step)
    if draft.approved_at is not None and draft.approved_by:
        by, at = draft.approved_by, _local(page, draft.approved_at)
        step = page.labels["draft_approved"] if draft.approval == "given" else page.labels["draft_denied"]
    return says.format(by, at, step)


# All that are open ---------------------------------------------------------------------------------------------------


def _age(page: Page, since: dt.datetime) -> str:
    """How long ago something was, in its largest unit."""
    minutes = max(0, int((page.front.clock() - since).total_seconds() // 60))
    if minutes < 60:
        return page.labels["age_minutes"].format(minutes)
    if minutes < 60 * 24:
        return page.labels["age_hours"].format(minutes // 60)
    return page.labels["age_days"].format(minutes // 60 // 24)


def _opens(page: Page, drafts: list[Draft]) -> list[Open]:
    """Each open draft with its next step, by the notice and dossier of now; the dossiers come in one trip."""
    people: dict[str, PersonScreen] = page.front.people([d.number for d in drafts]) if drafts else {}
    words, shown = steps_in_words(page.labels), []
    for draft in drafts:
        pin, new_pin = page.front.keypad.digits(draft.id)
        screen = people.get(draft.number)
        flow = flow_of(draft, page.notice, screen, pin=pin is not None, new_pin=new_pin is not None)
        step = words[next_step(flow)]
        if draft.approval in ("asked", "denied"):
            step = page.labels["waits_for_approval"] if draft.approval == "asked" else page.labels["draft_denied"]
        age = _age(page, draft.changed_at)
        shown.append(Open(draft, page.said.service_of(draft.service, draft.card), mask(draft.number), age, step))
    return shown


async def _drafts(request: Asked, *, status: int = 200, fault: str = "") -> Response[bytes]:
    page, staff = Page(request), request.state.staff
    asked = request.query_params if status == 200 else {}
    of, aside = asked.get("of", ""), asked.get("aside", "")

    def read() -> dict[str, Any]:
        room, events = page.front.drafts, list[DraftEvent]()
        chosen = _known(page, staff, of) if of else None
        if chosen is not None:
            events = room.events(chosen.id)
        return {
            "drafts": _opens(page, room.all_open(staff)),
            "chosen": chosen,
            "events": events,
            "aside": _known(page, staff, aside) if aside and staff.may(Right.SERVE_AT_WINDOW) else None,
        }

    found = await to_thread.run_sync(read)
    return await page.show(
        "drafts.html",
        status=status,
        fault=fault,
        at=lambda at: _local(page, at),
        words=steps_in_words(page.labels),
        service=lambda draft: page.said.service_of(draft.service, draft.card),
        masked=mask,
        may_serve=staff.may(Right.SERVE_AT_WINDOW),
        **found,
    )


def _known(page: Page, staff: Staff, draft_id: str) -> Draft:
    """The draft that an address or a form names. `NotFound`."""
    if not _DRAFT.fullmatch(draft_id):
        raise NotFound("There is no such draft.")
    return page.front.drafts.get(staff, draft_id)


@get("/drafts")
async def get_drafts(request: Asked) -> Response[bytes]:
    """All open drafts with age and next step; the history of one (`of`), and the question before one is set aside."""
    return await _drafts(request)


@post("/drafts/set-aside")
async def post_set_aside(request: Asked) -> Response[bytes]:
    """The draft is not gone on with, after the question whether it shall be; what happened stays on file."""
    form, front, staff = await form_of(request), front_of(request), request.state.staff
    staff.must(Right.SERVE_AT_WINDOW)
    page = Page(request)

    def set_aside() -> None:
        draft = _known(page, staff, form.get("draft", ""))
        front.drafts.set_aside(staff, front.drafts.as_shown(staff, draft.id, form.get("version", "")))

    try:
        await to_thread.run_sync(set_aside)
    except DraftChanged:
        there = await to_thread.run_sync(front.drafts.get, staff, form["draft"])
        return await _drafts(request, status=409, fault=changed_in_words(page, there))
    return moved_to(f"/drafts?of={form['draft']}")
