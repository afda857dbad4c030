"""The personal account: carrying it over, crediting a month, and putting either right. Clauses 1.1, 1.2, 4.1, 8.1."""

from msgspec.structs import replace

from shebaoka import ledger, numbers
from shebaoka.records import (
    SERVICE_OF,
    Accepted,
    Account,
    ApproveCorrection,
    Basis,
    Card,
    CardKind,
    CarryOverAccount,
    CreditContribution,
    Decision,
    Dossier,
    Ending,
    Life,
    OldRecord,
    Person,
    Posting,
    ProposeCorrection,
    RecordsOfYear,
    Refusal,
    Refused,
    Standing,
    StayState,
    Step,
    UndoCarryOver,
)
from shebaoka.rules.case import Case, Rules
from shebaoka.rules.enrolment import newcomer, returned
from shebaoka.rules.state import ended, lapsed, live_card, put


def carry_over(case: Case, request: CarryOverAccount) -> Decision:
    """The old balance becomes an opening entry; of the records, those that the notice carries over come along.

    Records left behind are counted. The old card is put on file so that 1.1 can stop it, and a stay in hospital that
    was open on it is bound to the person, so that 8.1 can settle it with another card. Who is not insured here yet, or
    not any more, is registered first.
    """
    holder = _holder(case, request)
    if isinstance(holder, Refused):
        return holder
    person, done = holder
    on, before = case.given.on, case.dossier
    records, years = _carried(case, request)
    postings = ledger.opening(request.balance_fen)
    account = ledger.after(before.account or Account(), postings)
    old = Card(
        n=len(before.cards) + 1,
        kind=CardKind.OLD_MEDICAL,
        number=request.old_card_number,
        serial="",
        life=Life.IN_USE,
        issued_on=person.insured_on,
    )
    if request.in_hospital_since is not None:
        person = replace(person, in_hospital_since=request.in_hospital_since)
    carried = len(records) + sum([y.count for y in years])
    return Accepted(
        ground=Basis.OLD_ACCOUNT_CARRIES_OVER,
        after=Dossier(
            person=person,
            cards=(*before.cards, lapsed(old, case.notice, on)),
            applications=before.applications,
            account=Account(account.balance_fen, on),
            stays=before.stays,
        ),
        done=done,
        postings=postings,
        records=records,
        years=years,
        facts={
            "balance_fen": request.balance_fen,
            "records_carried": carried,
            "records_left": len(request.records) + sum([y.count for y in request.years]) - carried,
        },
    )


_CARRIED = ("account_carried_over",)
_REGISTERED = ("person_registered", *_CARRIED)
_RETURNED = ("person_returned", *_CARRIED)


def _holder(case: Case, request: CarryOverAccount) -> tuple[Person, tuple[str, ...]] | Refused:
    """Whose account it is, and what is done: who is not insured here is registered as `register_person` does it."""
    known = case.dossier.person
    if known is not None and known.standing == Standing.INSURED:
        return known, _CARRIED
    name, region, insured_on = request.name, request.region, request.insured_on
    if name is None or region is None or insured_on is None:
        return case.person, _CARRIED
    fault = numbers.fault_of(request.person, case.given.on)
    if fault is not None:
        return case.refused(fault)
    if known is not None:
        return returned(known, name, region, insured_on), _RETURNED
    return newcomer(request.person, name, region, insured_on), _REGISTERED


def _carried(case: Case, request: CarryOverAccount) -> tuple[tuple[OldRecord, ...], tuple[RecordsOfYear, ...]]:
    """The records that come along, in either form: all, none, or those of the current year."""
    rule = case.notice.p.records_carried
    if rule == "all":
        return request.records, request.years
    if rule == "none":
        return (), ()
    year = case.given.on.year
    if request.years:
        return (), tuple([y for y in request.years if y.year == year])
    return tuple([r for r in request.records if r.on.year == year]), ()


def undo(case: Case, request: UndoCarryOver) -> Decision:
    """The opening entry is mirrored, and the account stands as it was before; whoever was registered stays so.

    The old card that came with it ends. Once money moved, or a stay was registered as one begun on the old card, the
    carry-over stands: what is wrong with it is corrected.
    """
    original, account = case.given.original, case.dossier.account
    carried = original is not None and original.person and original.accepted and original.service == _CARRYING
    if original is None or account is None or not carried:
        return case.refused(Refusal.THERE_IS_NO_SUCH_ENTRY)
    if original.undone:
        return case.refused(Refusal.CORRECTION_WAS_MADE)
    amount_fen = ledger.change(original.postings)
    began = any(s.begun_on_old_card and s.state is not StayState.CANCELLED for s in case.dossier.stays)
    if began or account.balance_fen != original.before_fen + amount_fen:
        return case.refused(Refusal.ACCOUNT_WAS_USED_SINCE, balance_fen=account.balance_fen)
    postings = ledger.mirror(original.postings, ledger.CARRY_OVER_UNDONE)
    dossier = replace(case.dossier, account=Account(ledger.after(account, postings).balance_fen, None))
    if case.person.in_hospital_since is not None:
        dossier = replace(dossier, person=replace(case.person, in_hospital_since=None))
    old = live_card(dossier, CardKind.OLD_MEDICAL)
    if old is not None:
        dossier = put(dossier, ended(old, Ending.CANCELLED, case.given.on))
    return Accepted(
        ground=Basis.CARRY_OVER_IS_UNDONE,
        after=dossier,
        done=("carry_over_undone",) if old is None else ("carry_over_undone", "card_cancelled"),
        postings=postings,
        undoes=(original.seq,),
        facts={"entry": request.entry, "amount_fen": amount_fen, "balance_fen": original.before_fen},
    )


_CARRYING = SERVICE_OF[CarryOverAccount]


def credit(case: Case, request: CreditContribution) -> Decision:
    """A month's share of the contributions is credited."""
    postings = ledger.contribution(request.amount_fen)
    account = ledger.after(case.dossier.account or Account(), postings)
    return Accepted(
        ground=Basis.CONTRIBUTION_IS_CREDITED,
        after=replace(case.dossier, account=account),
        done=("contribution_credited",),
        postings=postings,
        facts={"amount_fen": request.amount_fen, "month": request.month, "balance_fen": account.balance_fen},
    )


def propose(case: Case, request: ProposeCorrection) -> Decision:
    """A correction is proposed with its reason; nothing moves until a second person approves it."""
    old = _correctable(case, request.right_fen)
    if isinstance(old, Refused):
        return old
    return Accepted(
        ground=Basis.CORRECTION_IS_PROPOSED,
        after=case.dossier,
        done=("correction_proposed",),
        next=(Step.LET_A_SECOND_PERSON_APPROVE,),
        facts={
            "entry": request.entry,
            "amount_fen": old.amount_fen,
            "right_fen": request.right_fen,
            "reason": request.reason,
        },
    )


def approve(case: Case, request: ApproveCorrection) -> Decision:
    """The entry is mirrored, and the right amount entered in its place, if a second person says the same."""
    proposal, by = case.given.proposal, case.given.by
    if proposal is None or (proposal.entry, proposal.right_fen) != (request.entry, request.right_fen):
        return case.refused(Refusal.THERE_IS_NO_SUCH_PROPOSAL)
    if proposal.by == by:
        return case.refused(Refusal.CORRECTION_NEEDS_A_SECOND_PERSON)
    if proposal.made:
        return case.refused(Refusal.CORRECTION_WAS_MADE)
    old, original = _correctable(case, request.right_fen), case.given.original
    if isinstance(old, Refused) or original is None:
        return old if isinstance(old, Refused) else case.refused(Refusal.THERE_IS_NO_SUCH_ENTRY)
    postings = ledger.mirror((old,), "correction") if old.amount_fen else ()
    if request.right_fen:
        postings += (replace(old, amount_fen=request.right_fen),)
    account = case.dossier.account or Account()
    if account.balance_fen + ledger.change(postings) < 0:
        needed_fen = -ledger.change(postings)
        return case.refused(Refusal.BALANCE_IS_TOO_SMALL, balance_fen=account.balance_fen, account_fen=needed_fen)
    account = ledger.after(account, postings)
    return Accepted(
        ground=Basis.CORRECTION_IS_MADE,
        after=replace(case.dossier, account=account),
        done=("correction_made",),
        postings=postings,
        undoes=(original.seq, proposal.seq),
        facts={
            "entry": request.entry,
            "amount_fen": old.amount_fen,
            "right_fen": request.right_fen,
            "reason": proposal.reason,
            "balance_fen": account.balance_fen,
        },
    )


def _correctable(case: Case, right_fen: int) -> Posting | Refused:
    """The posting to be corrected: the one that credited the account. A settlement its institution takes back itself.

    Of a correction it is the amount that was entered as the right one: 0 where the right one was nothing.
    """
    original = case.given.original
    if original is None or not original.person or not original.accepted:
        return case.refused(Refusal.THERE_IS_NO_SUCH_ENTRY)
    if original.undone:
        return case.refused(Refusal.CORRECTION_WAS_MADE)
    credited = [p for p in original.postings if p.credit == ledger.PERSONAL]
    if right_fen and not credited and original.service == SERVICE_OF[ApproveCorrection]:
        credited = [ledger.nothing_of(p) for p in original.postings]
    if original.settlement is not None or len(credited) != 1:
        return case.refused(Refusal.ENTRY_CANNOT_BE_CORRECTED)
    return credited[0]


RULES: Rules = {
    CarryOverAccount: carry_over,
    UndoCarryOver: undo,
    CreditContribution: credit,
    ProposeCorrection: propose,
    ApproveCorrection: approve,
}
