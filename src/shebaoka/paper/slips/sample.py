"""Proofs of the window's papers, about somebody invented: for whoever sets up a printer, and for the tests."""

import datetime as dt

from shebaoka.notice import Speech
from shebaoka.paper.slips.setting import begun
from shebaoka.paper.slips.shapes import (
    AcceptanceSlip,
    ApplicationForm,
    DayLine,
    DayList,
    FeeReceiptSlip,
    HandedCard,
    HandoverSlip,
    NextStep,
    RefusalSlip,
)
from shebaoka.records import Basis, CardKind, Material, Refusal, Step
from shebaoka.slipcode import slip_code_of

NAME, NUMBER = "李娜", "140702197912030020"
_AT = dt.datetime(2013, 7, 1, 1, 30, 15, tzinfo=dt.UTC)
_CODE = slip_code_of(0o123456701234567012)
_PEN = "M8 40 C20 8 30 8 26 30 S40 52 52 24 M58 14 L50 56 M50 32 L78 28 M72 12 C70 40 84 58 96 34 S120 20 138 44"


def _signature() -> str:
    """Some strokes."""
    drawn = f'<path d="{_PEN}" fill="none" stroke="#000" stroke-width="2.5" stroke-linecap="round"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 64">{drawn}</svg>'


def sample_form(speech: Speech) -> ApplicationForm:
    """A replacement is applied for."""
    return ApplicationForm(
        service="replace_card",
        card=CardKind.SOCIAL_SECURITY,
        why="loss",
        name=NAME,
        number=NUMBER,
        region="140702",
        phone="0354-0000000",
        materials=(Material.IDENTITY_CARD, Material.IDENTITY_COPY, Material.PHOTO),
        collect_at=f"{begun(speech.words.channels['window'])} 3",
        fee_fen=speech.notice.p.replacement_fee_fen,
        applied_at=_AT,
        window="3",
        clerk="王芳",
        slip_code=_CODE,
        signature=_signature(),
    )


def sample_acceptance(speech: Speech) -> AcceptanceSlip:
    """The replacement is accepted."""
    basis = Basis.REPLACEMENT_FEE_IS_PAID
    return AcceptanceSlip(
        service="replace_card",
        name=NAME,
        number=NUMBER,
        accepted_at=_AT,
        clause=speech.notice.clause_of[basis],
        sentence=_said(speech, speech.words.bases[basis]),
        steps=(
            NextStep(says=_said(speech, speech.words.steps[Step.WAIT_FOR_THE_CARD]), on=dt.date(2013, 7, 29)),
            NextStep(says=_said(speech, speech.words.steps[Step.ACTIVATE_THE_CARD])),
        ),
        fee_fen=speech.notice.p.replacement_fee_fen,
        window="3",
        clerk="王芳",
        where=f"{begun(speech.words.channels['window'])} 3",
        hours="8:30 – 12:00, 14:30 – 18:00",
        slip_code=_CODE,
    )


def sample_refusal(speech: Speech) -> RefusalSlip:
    """The photo and the photocopy are missing."""
    missing = [speech.words.materials[m] for m in (Material.IDENTITY_COPY, Material.PHOTO)]
    ground = Refusal.APPLICATION_MATERIALS_ARE_MISSING
    said = speech.words.refusals[ground]
    facts = {"missing": speech.words.list_separator.join(missing)}
    return RefusalSlip(
        service="apply_for_card",
        name=NAME,
        number=NUMBER,
        refused_at=_AT,
        clause=speech.notice.clause_of[ground],
        sentence=said.says.format(**facts),
        steps=(NextStep(says=said.do.format(**facts)),),
        window="3",
        clerk="王芳",
        where=f"{begun(speech.words.channels['window'])} 3",
        hours="8:30 – 12:00, 14:30 – 18:00",
        slip_code=_CODE,
    )


def sample_receipt(speech: Speech) -> FeeReceiptSlip:
    """The replacement's fee is paid in cash."""
    fee_fen = speech.notice.p.replacement_fee_fen
    return FeeReceiptSlip(
        number="3-000128",
        window="3",
        clerk="王芳",
        at=_AT,
        name=NAME,
        service="replace_card",
        clause=speech.notice.clause_of[Basis.REPLACEMENT_FEE_IS_PAID],
        amount_fen=fee_fen,
        means="cash",
        handed_over_fen=fee_fen + 2200,
        change_fen=2200,
        slip_code=_CODE,
    )


def sample_handover(speech: Speech) -> HandoverSlip:  # noqa: ARG001 - samples are made alike
    """The social security card is collected, the temporary one handed in (2.3)."""
    return HandoverSlip(
        name=NAME,
        number=NUMBER,
        at=_AT,
        window="3",
        clerk="王芳",
        slip_code=_CODE,
        handed_over=(HandedCard(card=CardKind.SOCIAL_SECURITY, last_digits="0317"),),
        handed_in=(HandedCard(card=CardKind.TEMPORARY, last_digits="0024"),),
        signature=_signature(),
    )


def sample_day(speech: Speech, lines: int = 12) -> DayList:
    """So many things were done at a window."""
    services = ("apply_for_card", "collect_card", "activate_card", "replace_card", "report_loss")
    refused, fee_fen = speech.notice.clause_of[Refusal.MATERIALS_ARE_MISSING], speech.notice.p.replacement_fee_fen
    done = []
    for n in range(lines):
        service, outcome = services[n % len(services)], "refused" if n % 7 == 6 else "accepted"
        done.append(
            DayLine(
                at=_AT + dt.timedelta(seconds=97 * n % 30_000),
                service=service,
                name=NAME,
                number=NUMBER,
                outcome=outcome,
                clause=refused if outcome == "refused" else "7.1",
                clerk="王芳",
                fee_fen=fee_fen if service == "replace_card" and outcome == "accepted" else 0,
            )
        )
    return DayList(window="3", day=_AT.date(), made_at=_AT + dt.timedelta(hours=9), lines=tuple(done))


def _said(speech: Speech, sentence: str) -> str:
    """A sentence of the house with the facts of the sample filled in."""
    fee = str(speech.notice.p.replacement_fee_fen // 100)
    return sentence.format(fee=fee, hotline=speech.notice.p.hotline)
