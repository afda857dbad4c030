"""`decide`: one request, one dossier, one notice, one answer. Nothing is read or written on the way.

The order of the questions is the precedence of refusals: may it come this way (7.1, 5.2), does the state allow it,
is everything brought (4.2, 4.3, 7.2), has a second person approved where the city asks for it (7.1), and then the
service's own rule: values, PIN, fee.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from shebaoka.notice import Notice
from shebaoka.records import (
    OF_INSTITUTIONS,
    REQUESTS,
    SERVICE_OF,
    Accepted,
    AnyRequest,
    Broken,
    CancelLossReport,
    Channel,
    Decision,
    Dossier,
    Given,
    LookUpPerson,
    Material,
    Refusal,
    Refused,
    ReportLoss,
    Request,
)
from shebaoka.rules import (
    account,
    activation,
    closure,
    enrolment,
    functions,
    issue,
    loss,
    making,
    pin,
    replacement,
    settlement,
    stay,
    temporary,
    use,
)
from shebaoka.rules.case import Case
from shebaoka.rules.state import lapse_events, live_card
from shebaoka.rules.table import verdict

RULES: Mapping[type[Request], Callable[..., Decision]] = {
    **enrolment.RULES,
    **account.RULES,
    **settlement.RULES,
    **stay.RULES,
    **issue.RULES,
    **making.RULES,
    **temporary.RULES,
    **activation.RULES,
    **use.RULES,
    **loss.RULES,
    **pin.RULES,
    **replacement.RULES,
    **functions.RULES,
    **closure.RULES,
}
if missing := set(REQUESTS) - set(RULES):
    raise Broken(f"No rule for {missing}.")


def decide(request: AnyRequest, dossier: Dossier, notice: Notice, given: Given) -> Decision:
    """Accepted with the dossier as it shall be, or refused with the first ground that forbids."""
    case = Case(request, dossier, notice, given)
    refusal = channel_refusal(case)
    if refusal is not None:
        return refusal
    ground, readings = verdict(case)
    if ground is not None:
        return Refused(ground=ground, readings=readings, facts=_state_facts(case))
    refusal = _materials_refusal(case)
    if refusal is not None:
        return refusal
    refusal = _approval_refusal(case)
    if refusal is not None:
        return refusal
    if case.key in notice.p.approval_needed_for:
        readings = (*readings, "approval_needed_for")
    decision = RULES[type(request)](case, request)
    if readings:
        decision = replace(decision, readings=(*readings, *decision.readings))
    done = decision.done
    if isinstance(decision, Accepted) and decision.fee_fen:
        done = (*done, "fee_taken")
    if decision.after is not None and decision.after is not dossier:
        # What the calendar has done is put on file along with the decision, and said.
        lapsed = lapse_events(dossier, case.dossier)
        if lapsed or len(set(done)) < len(done):
            done = tuple(dict.fromkeys((*done, *lapsed)))
    return decision if done is decision.done else replace(decision, done=done)


_OWN_CHANNELS = (ReportLoss, CancelLossReport, LookUpPerson)


def channels_for(case: Case) -> tuple[Channel, ...]:
    """Through which channels the case's service may come."""
    request = case.request
    if type(request) not in _OWN_CHANNELS:
        return case.notice.channels[SERVICE_OF[type(request)]]
    kinds = case.notice.p.loss_reports
    if isinstance(request, ReportLoss):
        terms = kinds.formal if request.kind == "formal" else kinds.temporary
        return terms.channels if terms else ()
    if isinstance(request, CancelLossReport):
        # A report that the caller could have made by telephone may be cancelled where its own kind says.
        card = live_card(case.dossier, case.kind)
        terms = kinds.temporary if card is not None and card.loss == "temporary" else kinds.formal
        return terms.cancel_channels or terms.channels if terms else ()
    p = case.notice.p
    # Whoever has proven that they are the holder may see what is theirs where nobody else is answered.
    return p.own_enquiry_channels if case.given.channel in p.own_enquiry_channels else p.enquiry_channels


def channel_refusal(case: Case) -> Refused | None:
    """A no if the request came another way than the notice names."""
    channels = channels_for(case)
    if case.given.channel in channels:
        # What institutions ask comes in signed, with the terms of the institution, and not by a token of staff.
        signed = case.given.terms is not None or type(case.request) not in OF_INSTITUTIONS
        return None if signed else case.refused(Refusal.SERVICE_IS_NOT_FOR_THIS_CHANNEL, channels=",".join(channels))
    if not channels and isinstance(case.request, ReportLoss):
        return case.refused(Refusal.LOSS_REPORT_KIND_IS_NOT_OFFERED, "loss_reports")
    named = ",".join(channels)
    if isinstance(case.request, LookUpPerson):
        return case.refused(Refusal.ENQUIRY_IS_FOR_WINDOW_OR_HOTLINE, channels=named)
    return case.refused(Refusal.SERVICE_IS_NOT_FOR_THIS_CHANNEL, channels=named)


_MISSING = {
    "apply_for_card": (
        Refusal.APPLICATION_MATERIALS_ARE_MISSING,
        Refusal.APPLYING_AGENT_MUST_SHOW_IDENTITY_CARD,
    ),
    "apply_for_temporary_card": (
        Refusal.TEMPORARY_CARD_MATERIALS_ARE_MISSING,
        Refusal.APPLYING_AGENT_MUST_SHOW_IDENTITY_CARD,
    ),
}


def _materials_refusal(case: Case) -> Refused | None:
    """A no if what the notice asks to be brought is not all there. Only a window can be shown anything."""
    if case.given.channel is not Channel.WINDOW:
        return None
    asked = case.materials()
    if asked is None:
        return None
    request = case.request
    if request.agent is not None and not asked.agent_may_act:
        return case.refused(Refusal.AGENT_MAY_NOT_ACT)
    papers, agent_papers = _MISSING.get(
        case.key, (Refusal.MATERIALS_ARE_MISSING, Refusal.AGENT_MUST_SHOW_IDENTITY_CARD)
    )
    shown = request.shows
    missing = tuple(m for m in asked.holder if m not in shown)
    if missing:
        return Refused(ground=papers, missing=missing + _agent_missing(case))
    missing = _agent_missing(case)
    if not missing:
        return None
    if missing == (Material.AGENT_IDENTITY_CARD,):
        return Refused(ground=agent_papers, missing=missing)
    return Refused(ground=papers, missing=missing)


def _approval_refusal(case: Case) -> Refused | None:
    """A no if the city wants a second person to approve this at the window, and nobody has."""
    if case.given.channel is not Channel.WINDOW or case.key not in case.notice.p.approval_needed_for:
        return None
    if case.given.approved_by:
        return None
    return case.refused(Refusal.SUPERVISOR_MUST_APPROVE, "approval_needed_for")


def _agent_missing(case: Case) -> tuple[Material, ...]:
    """What an agent has not shown; nothing if the holder came."""
    asked = case.materials()
    if asked is None or case.request.agent is None:
        return ()
    return tuple(m for m in asked.agent_adds if m not in case.request.shows)


def _state_facts(case: Case) -> dict[str, str | int]:
    """What a refusal for the state can tell about the card it looked at."""
    facts: dict[str, str | int] = {"card": case.kind.value}
    card = case.card
    if card is not None:
        if card.valid_until is not None:
            facts["valid_until_on"] = card.valid_until.isoformat()
        if card.ended_on is not None:
            facts["ended_on"] = card.ended_on.isoformat()
        if card.loss_until is not None:
            facts["loss_until_on"] = card.loss_until.isoformat()
    if case.key == "unlock_card":
        facts["limit"] = case.notice.p.unlocks_max or 0
    return facts
