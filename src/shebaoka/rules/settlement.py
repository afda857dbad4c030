"""Charges of institutions: settling, taking back, reversing a message. Clauses 1.1, 1.2, 2.1, 5.1, 8.1, 9.2, 9.3.

The account pays its part of a charge; what takes a charge back is a record of its own with negative amounts.
"""

from msgspec.structs import replace

from shebaoka import ledger
from shebaoka.records import (
    Accepted,
    Account,
    Basis,
    CancelSettlement,
    Decision,
    Original,
    PinCheck,
    Purpose,
    Refusal,
    Refused,
    ReverseMessage,
    SettleCharge,
    Settlement,
    Stay,
    StayState,
    Step,
)
from shebaoka.rules.case import Case, Rules
from shebaoka.rules.pin import pin_refusal
from shebaoka.rules.state import put, put_stay, stay_of
from shebaoka.rules.use import code_refusal, grounds_of

INPATIENT = "inpatient"
_CLOSED_STAYS = {StayState.CANCELLED: Refusal.STAY_WAS_CANCELLED, StayState.SETTLED: Refusal.STAY_IS_SETTLED}


def settle(case: Case, request: SettleCharge) -> Decision:
    """The parts must add up, card and PIN must allow it, and the account pays its part as far as it goes.

    Where the institution allows a part payment, what the account cannot pay is cash; elsewhere a balance that is too
    small refuses the charge.
    """
    stay = stay_of(case.dossier, case.terms.institution, request.stay) if request.kind == INPATIENT else None
    refused = _unfit(case, request, stay) or code_refusal(case) or pin_refusal(case) or _first_pin(case, stay)
    if refused is not None:
        return refused
    account = case.dossier.account or Account()
    account_fen = min(request.account_fen, account.balance_fen)
    if account_fen < request.account_fen and not case.terms.part_payment:
        return case.refused(
            Refusal.BALANCE_IS_TOO_SMALL, balance_fen=account.balance_fen, account_fen=request.account_fen
        )
    cash_fen = request.total_fen - request.pooled_fen - account_fen
    postings = ledger.charge(case.terms.institution, account_fen, request.pooled_fen)
    account = ledger.after(account, postings)
    dossier = replace(case.dossier, account=account)
    card = case.held
    if card.pin_tries:
        dossier = put(dossier, replace(card, pin_tries=0))
    ground, (use, also) = Basis.ACCOUNT_PAYS_ITS_PART, grounds_of(case)
    done: tuple[str, ...] = ("charge_settled",)
    if stay is not None:
        dossier = put_stay(dossier, _settled(stay, request.id))
        if stay.begun_on_old_card:
            ground, also = Basis.DISCHARGE_IS_SETTLED_WITH_THE_NEW_CARD, (Basis.ACCOUNT_PAYS_ITS_PART, *also)
        if stay.state is StayState.DISCHARGED:
            done = (*done, "stay_settled")
    return Accepted(
        ground=ground,
        also=(use, *also, Basis.PIN_IS_RIGHT),
        after=dossier,
        done=done,
        postings=postings,
        settlement=Settlement(
            institution=case.terms.institution,
            cycle=case.terms.cycle,
            kind=request.kind,
            undoes=None,
            message_id=request.id,
            stay=request.stay,
            total_fen=request.total_fen,
            pooled_fen=request.pooled_fen,
            account_fen=account_fen,
            cash_fen=cash_fen,
        ),
        readings=("first_pin_may",) if card.first_pin else (),
        next=(Step.TAKE_THE_REST_IN_CASH,) if account_fen < request.account_fen else (),
        facts={
            "total_fen": request.total_fen,
            "pooled_fen": request.pooled_fen,
            "account_fen": account_fen,
            "cash_fen": cash_fen,
            "balance_fen": account.balance_fen,
        },
    )


def _unfit(case: Case, request: SettleCharge, stay: Stay | None) -> Refused | None:
    """A no to a charge that is wrong in itself, whoever holds the card: told before a PIN entry is counted."""
    parts_fen = request.pooled_fen + request.account_fen + request.cash_fen
    if parts_fen != request.total_fen:
        return case.refused(Refusal.PARTS_DO_NOT_ADD_UP, total_fen=request.total_fen, parts_fen=parts_fen)
    if request.kind not in case.terms.kinds:
        return case.refused(Refusal.INSTITUTION_MAY_NOT_SETTLE_THIS)
    if (request.kind == INPATIENT) != bool(request.stay):
        return case.refused(Refusal.STAY_NUMBER_GOES_WITH_INPATIENT_CARE)
    if request.kind != INPATIENT:
        return None
    if stay is None:
        return case.refused(Refusal.THERE_IS_NO_SUCH_STAY, stay=request.stay)
    return case.refused(_CLOSED_STAYS[stay.state], stay=stay.number) if stay.state in _CLOSED_STAYS else None


def _first_pin(case: Case, stay: Stay | None) -> Refused | None:
    """A no where the PIN that was right is the first one, and the notice does not let it pay (9.2)."""
    old = stay is not None and stay.begun_on_old_card
    purpose = Purpose.DISCHARGE if old else Purpose.PAYMENT
    unchanged = case.held.first_pin and case.given.pin is PinCheck.RIGHT
    if unchanged and purpose not in case.notice.p.first_pin_may:
        return case.refused(Refusal.FIRST_PIN_MUST_BE_CHANGED, "first_pin_may")
    return None


def _settled(stay: Stay, message: str) -> Stay:
    """The stay with one more settlement; one that comes after the discharge ends the matter."""
    stay = replace(stay, settlements=stay.settlements + 1, charged=True)
    if stay.state is not StayState.DISCHARGED:
        return stay
    return replace(stay, state=StayState.SETTLED, closing=(*stay.closing, message))


def cancel(case: Case, request: CancelSettlement) -> Decision:  # noqa: ARG001 - the desk found the original by it
    """A settlement is taken back whole, by the institution that made it."""
    original = case.given.original
    if original is None or original.settlement is None or not _own(case, original):
        return case.refused(Refusal.THERE_IS_NO_SUCH_SETTLEMENT)
    if original.undone or original.settlement.total_fen < 0:
        return case.refused(Refusal.SETTLEMENT_WAS_TAKEN_BACK)
    return _taken_back(case, original, original.settlement, Basis.SETTLEMENT_IS_TAKEN_BACK)


def reverse(case: Case, request: ReverseMessage) -> Decision:
    """Whatever a message did is undone; one that has not come yet is stopped; one that did nothing stays nothing."""
    original = case.given.original
    if not request.message.startswith(case.terms.institution) or request.message == request.id:
        return case.refused(Refusal.MESSAGE_CANNOT_BE_REVERSED)
    if original is None:
        return Accepted(
            ground=Basis.MESSAGE_IS_STOPPED, after=case.dossier, done=("message_stopped",), stops=request.message
        )
    if not original.accepted:
        # It was refused or stopped. About whom it was does not matter: a number that nobody is registered under
        # leads to another entry every time.
        return Accepted(ground=Basis.MESSAGE_DID_NOTHING, after=case.dossier)
    if original.settlement is None or not _own(case, original) or original.service not in _REVERSIBLE:
        return case.refused(Refusal.MESSAGE_CANNOT_BE_REVERSED)
    if original.undone:
        # A cancel that took it back stays in force, whatever becomes of that message: this reversal has its word too.
        kept = (original.cancelled_by,) if original.cancelled_by else ()
        return Accepted(ground=Basis.MESSAGE_DID_NOTHING, after=case.dossier, undoes=kept)
    return _taken_back(case, original, original.settlement, Basis.MESSAGE_IS_REVERSED)


_REVERSIBLE = ("settle_charge", "cancel_settlement")


def _own(case: Case, original: Original) -> bool:
    """Whether an entry is about this person, and of the institution that asks."""
    settlement = original.settlement
    return original.person and (settlement is None or settlement.institution == case.terms.institution)


def _taken_back(case: Case, original: Original, settlement: Settlement, ground: Basis) -> Decision:
    """The mirror of a settlement: its postings the other way round, its amounts with the other sign."""
    stay = stay_of(case.dossier, settlement.institution, settlement.stay) if settlement.stay else None
    if settlement.total_fen < 0 and stay is not None:
        closed = _closed(case, stay)
        if closed is not None:
            return case.refused(closed, stay=stay.number)
    postings = ledger.mirror(original.postings, ledger.TAKEN_BACK)
    account = case.dossier.account or Account()
    if account.balance_fen + ledger.change(postings) < 0:
        # Only the reversal of a cancel takes money from the account again.
        return case.refused(
            Refusal.BALANCE_IS_TOO_SMALL, balance_fen=account.balance_fen, account_fen=-settlement.account_fen
        )
    account = ledger.after(account, postings)
    dossier = replace(case.dossier, account=account)
    if stay is not None:
        dossier = put_stay(dossier, _reopened(stay, settlement, case.request.id))
    return Accepted(
        ground=ground,
        after=dossier,
        done=("settlement_taken_back",),
        postings=postings,
        undoes=(original.seq,),
        settlement=replace(
            settlement,
            cycle=case.terms.cycle,
            undoes=original.seq,
            message_id=case.request.id,
            total_fen=-settlement.total_fen,
            pooled_fen=-settlement.pooled_fen,
            account_fen=-settlement.account_fen,
            cash_fen=-settlement.cash_fen,
        ),
        next=(Step.RETURN_THE_CASH_PART,) if settlement.cash_fen > 0 else (),
        facts={
            "account_fen": settlement.account_fen,
            "cash_fen": settlement.cash_fen,
            "balance_fen": account.balance_fen,
        },
    )


def _closed(case: Case, stay: Stay) -> Refusal | None:
    """Why a charge may not stand again on a stay: it was taken back, or settled anew, meanwhile.

    The number of an admission that was taken back may be in use again, and the charge may be of the former.
    """
    own = [s for s in case.dossier.stays if (s.institution, s.number) == (stay.institution, stay.number)]
    if any(s.state is StayState.CANCELLED and s.charged for s in own):
        return Refusal.STAY_WAS_CANCELLED
    return _CLOSED_STAYS.get(stay.state)


def _reopened(stay: Stay, settlement: Settlement, message: str) -> Stay:
    """The stay once a settlement of it is taken back, or stands again.

    Only what settled the discharge opens the stay by being taken back, and settles it by standing again. Each entry by
    which that happens takes the place of the one before it.
    """
    more = 1 if settlement.total_fen < 0 else -1
    stay = replace(stay, settlements=stay.settlements + more)
    if settlement.message_id not in stay.closing:
        return stay
    closing = tuple(message if m == settlement.message_id else m for m in stay.closing)
    return replace(stay, state=StayState.SETTLED if more > 0 else StayState.DISCHARGED, closing=closing)


RULES: Rules = {SettleCharge: settle, CancelSettlement: cancel, ReverseMessage: reverse}
