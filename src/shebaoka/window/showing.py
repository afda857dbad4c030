"""What a draft's page is handed: its steps with what is in them, the answer that it got, and its papers."""

from typing import Any

import msgspec

from shebaoka.desk import Draft, Flow, PersonScreen, Right, Staff, Step, StepState, fields_of, made_at_once, steps_of
from shebaoka.ethnicgroups import ethnic_groups
from shebaoka.numbers import mask, mask_name
from shebaoka.pages import Said
from shebaoka.records import Answer, Material
from shebaoka.window.frame import Page
from shebaoka.window.stepping import ON_PAPER, SCANNED


class Answered(msgspec.Struct, frozen=True):
    """An answer of the desk in words: what it says, its clause with its wording, and what to do."""

    yes: bool
    sentence: str
    clause: str
    title: str
    wording: str
    do: list[str]
    missing: list[str]
    readings: list[str]


class StepShown(msgspec.Struct, frozen=True):
    """A step with its name, how it stands, and what is in it in a few words."""

    step: Step
    state: StepState
    name: str
    holds: list[str]


def draft_shown(page: Page, draft: Draft, screen: PersonScreen | None, flow: Flow, staff: Staff) -> dict[str, Any]:
    """Everything on a draft's page but what went wrong just now."""
    front, said = page.front, page.said
    person = screen.dossier.person if screen else None
    answered, line, blank = None, None, None
    if draft.entry:
        blank = front.stock.used_by(draft.entry) if made_at_once(draft.service, draft.card) else None
        line = front.screens.line(draft.entry)
        answered = answer_in_words(page.said_of(line.answer.notice), line.answer)
    papers = [p for p in front.papers.of_draft(draft.id) if p.counts]
    return {
        "draft": draft,
        "name": mask_name(person.name) if person else "—",
        "number": mask(draft.number),
        "service": said.service_of(draft.service, draft.card),
        "screen": screen,
        "flow": flow,
        "steps": [_step(page, draft, flow, state) for state in steps_of(flow)] if draft.state == "open" else [],
        "fields": fields_of(draft.service, draft.card),
        "papers": papers,
        "scanned": SCANNED,
        "photo_material": Material.PHOTO,
        "answered": answered,
        "line": line,
        "blank_used": blank.first if blank else "",
        "may_serve": staff.may(Right.SERVE_AT_WINDOW),
        "place": staff.place,
        "opened_at": draft.opened_at.astimezone(front.notices.zone),
        "changed_at": draft.changed_at.astimezone(front.notices.zone),
        "slips": slips_for(draft, flow),
    }


def slips_for(draft: Draft, flow: Flow) -> list[str]:
    """Which papers can be printed of a draft as it stands."""
    slips = ["form"] if flow.content.presenter else []
    if draft.entry:
        slips.append("acceptance")
    if draft.state == "done":
        if flow.content.paid is not None:
            slips.append("receipt")
        if draft.service in ("collect_card", "apply_for_temporary_card", "hand_in_card") or (
            draft.card == "temporary" and draft.service.startswith("replace_card")
        ):
            slips.append("handover")
    return slips


def _step(page: Page, draft: Draft, flow: Flow, state: StepState) -> StepShown:
    """A step in words."""
    holds = _holds(page, draft, flow, state.step) if state.done else []
    return StepShown(state.step, state, page.labels[f"step_{state.step}"], holds)


def _holds(page: Page, draft: Draft, flow: Flow, step: Step) -> list[str]:
    """What is in a step that is done."""
    content, said, labels = draft.content, page.said, page.labels
    if step is Step.CHOICES:
        return [
            said.named(labels[f"field_{k}"], _choice(said, labels, k, v)) for k, v in (content.chosen or {}).items()
        ]
    if step is Step.PRESENTER:
        if content.agent is None:
            return [labels["holder_came"]]
        agent = content.agent
        return [labels["agent_came"].format(mask_name(agent.name), mask(agent.number), agent.relation)]
    if step is Step.MATERIALS:
        shown = [said.words.materials[m] for m in flow.shows if m is not Material.PHOTO]
        missing = [said.words.materials[m] for m in flow.missing if m is not Material.PHOTO]
        lacks = [said.named(labels["not_shown"], said.words.list_separator.join(missing))] if missing else []
        return [said.words.list_separator.join(shown) or labels["nothing"], *lacks]
    if step is Step.FEE and content.paid is not None:
        paid = content.paid
        said_paid = [said.money(paid.amount_fen) + said.beside(labels[f"means_{paid.means}"])]
        if paid.handed_over_fen:
            change = said.money(paid.handed_over_fen - paid.amount_fen)
            said_paid.append(labels["change_due"].format(said.money(paid.handed_over_fen), change))
        return said_paid
    if step is Step.PIN:
        return [labels["pin_kept" if content.pin_waived and not flow.new_pin_given else "pin_entered"]]
    if step is Step.SIGNATURE:
        return [labels["signed_on_paper" if content.signature == ON_PAPER else "signed_on_screen"]]
    if step is Step.APPROVAL:
        return [labels["approved_by"].format(draft.approved_by or "")]
    return []


def _choice(said: Said, labels: dict[str, str], field: str, value: str) -> str:
    if field == "application":
        return said.words.applications.get(value, value)
    if field == "ethnic_group":
        return ethnic_groups(said.words.language).get(value, "—")
    return {"yes": labels["is"], "no": labels["is_not"], "": "—"}.get(value, value)


def answer_in_words(said: Said, answer: Answer) -> Answered:
    """An answer of the desk, by the words of the notice that decided it."""
    wording = said.speech.notice.wording[said.words.language].clauses.get(answer.clause)
    return Answered(
        yes=answer.outcome == "accepted",
        sentence=said.speech.says(answer),
        clause=answer.clause,
        title=said.title(answer.clause),
        wording=wording.text if wording else "",
        do=said.speech.do(answer),
        missing=[said.words.materials.get(m, m) for m in answer.missing],
        readings=said.speech.readings(answer),
    )
