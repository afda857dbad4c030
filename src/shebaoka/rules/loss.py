"""Loss: reported, formally or for a time; found again; ended by itself; the bank's answer. Clauses 2.2, 5.3, 9.4."""

from msgspec.structs import replace

from shebaoka.notice import LossReport, add_term
from shebaoka.records import (
    Accepted,
    Basis,
    CancelLossReport,
    Card,
    CardKind,
    Decision,
    EndLossReport,
    Financial,
    Loss,
    RecordBankAnswer,
    Refusal,
    ReportLoss,
    Step,
)
from shebaoka.rules.case import Case, Rules, found_again
from shebaoka.rules.state import as_of, card_of, live_card, one_valid, put


def _terms(case: Case, loss: Loss | str) -> LossReport | None:
    kinds = case.notice.p.loss_reports
    return kinds.temporary if loss == Loss.TEMPORARY else kinds.formal


def report(case: Case, request: ReportLoss) -> Decision:
    """The social side stops at once. The bank is asked to stop its side, and its answer is recorded apart."""
    terms = _terms(case, request.kind)
    if terms is None:
        return case.refused(Refusal.LOSS_REPORT_KIND_IS_NOT_OFFERED, "loss_reports")
    card, on = case.held, case.given.on
    until = add_term(on, terms.lasts) if terms.lasts is not None else None
    tells_bank = case.notice.p.bank_told_of_loss and card.financial is Financial.ACTIVE
    reported = replace(
        card,
        loss=Loss(request.kind),
        loss_until=until,
        financial=Financial.STOP_ASKED if tells_bank else card.financial,
    )
    made_formal = card.loss is Loss.TEMPORARY
    steps = (Step.REPLACE_THE_LOST_CARD,) if request.kind == "formal" else (Step.REPORT_FORMALLY_BEFORE_IT_ENDS,)
    return Accepted(
        ground=Basis.LOSS_IS_REPORTED,
        also=(Basis.DONE_THROUGH_ITS_CHANNEL, Basis.MATERIALS_ARE_COMPLETE),
        after=put(case.dossier, reported),
        done=("loss_report_made_formal" if made_formal else "loss_reported",)
        + (("bank_asked_to_stop",) if tells_bank else ()),
        readings=("loss_reports", "bank_told_of_loss") if tells_bank else ("loss_reports",),
        next=steps + ((Step.TELL_THE_BANK,) if tells_bank else ()),
        facts={} if until is None else {"loss_until_on": until.isoformat()},
    )


def cancel(case: Case, request: CancelLossReport) -> Decision:  # noqa: ARG001 - every rule has one shape
    """Found again. A temporary card that was issued meanwhile gives way to the social security card (2.2)."""
    card = case.held
    terms = _terms(case, card.loss)
    if terms is None or not terms.cancellable:
        return case.refused(Refusal.LOSS_REPORT_CANNOT_BE_CANCELLED, "loss_reports")
    found = put(case.dossier, found_again(card))
    after = one_valid(found, case.given.on)
    gives_way = after is not found
    resumes = _asks_bank(case, card)
    return Accepted(
        ground=Basis.SOCIAL_SECURITY_CARD_TAKES_PRIORITY if gives_way else Basis.LOSS_REPORT_ENDS,
        also=(Basis.DONE_THROUGH_ITS_CHANNEL, Basis.MATERIALS_ARE_COMPLETE, Basis.ONE_CARD_IS_VALID),
        after=after,
        done=("loss_report_cancelled", *(("card_ended",) if gives_way else ()), *resumes),
        readings=("loss_reports",),
        next=(*((Step.HAND_IN_THE_TEMPORARY_CARD,) if gives_way else ()), *((Step.TELL_THE_BANK,) if resumes else ())),
    )


def end(case: Case, request: EndLossReport) -> Decision:  # noqa: ARG001 - every rule has one shape
    """A report with an end of its own has passed it: what the calendar has done already is put on file."""
    card = live_card(case.recorded, case.kind)
    until = card.loss_until if card is not None else None
    if card is None or until is None or case.given.on <= until:
        facts: dict[str, str | int] = {} if until is None else {"loss_until_on": until.isoformat()}
        return case.refused(Refusal.LOSS_REPORT_HAS_NOT_ENDED, "loss_reports", **facts)
    resumes = _asks_bank(case, card)
    return Accepted(
        ground=Basis.LOSS_REPORT_ENDS,
        after=as_of(case.recorded, case.notice, case.given.on),
        done=("loss_report_ended", *resumes),
        readings=("loss_reports",),
        next=(Step.TELL_THE_BANK,) if resumes else (),
        facts={"loss_until_on": until.isoformat()},
    )


def _asks_bank(case: Case, card: Card) -> tuple[str, ...]:
    """Whether the bank must now be asked to let its side work again."""
    asks = case.notice.p.bank_told_of_loss and card.financial in (Financial.STOP_ASKED, Financial.STOPPED)
    return ("bank_asked_to_resume",) if asks else ()


def bank_answered(case: Case, request: RecordBankAnswer) -> Decision:
    """The bank's answer is put on file beside the social side. It may stop what was asked, or resume what was found."""
    card = card_of(case.dossier, CardKind.SOCIAL_SECURITY) or case.held
    stops = request.financial == "stopped" and card.financial is Financial.STOP_ASKED
    resumes = request.financial == "active" and card.loss is Loss.NONE and card.financial is not Financial.ACTIVE
    if not (stops or resumes):
        return case.refused(Refusal.BANK_WAS_NOT_ASKED, "bank_told_of_loss")
    return Accepted(
        ground=Basis.BANK_ANSWER_IS_RECORDED,
        after=put(case.dossier, replace(card, financial=Financial(request.financial))),
        done=("bank_answer_recorded",),
        readings=("bank_told_of_loss",),
    )


RULES: Rules = {ReportLoss: report, CancelLossReport: cancel, EndLossReport: end, RecordBankAnswer: bank_answered}
