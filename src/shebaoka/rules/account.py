"""Carrying over the old medical card's account. Clauses 1.1, 1.2, 8.1."""

from msgspec.structs import replace

from shebaoka import ledger
from shebaoka.records import Accepted, Account, Basis, Card, CardKind, CarryOverAccount, Decision, Life, OldRecord
from shebaoka.rules.case import Case, Rules
from shebaoka.rules.state import as_of, put


def carry_over(case: Case, request: CarryOverAccount) -> Decision:
    """The old balance becomes an opening entry; of the records, those that the notice carries over come along.

    Records left behind are counted. The old card is put on file so that 1.1 can stop it, and a stay in hospital that
    was open on it is bound to the person, so that 8.1 can settle it with another card.
    """
    on = case.given.on
    carried = _carried(case, request.records)
    postings = ledger.opening(request.balance_fen)
    account = ledger.after(case.dossier.account or Account(), postings)
    dossier = replace(case.dossier, account=replace(account, carried_over_on=on))
    old = Card(
        n=len(dossier.cards) + 1,
        kind=CardKind.OLD_MEDICAL,
        number=request.old_card_number,
        serial="",
        life=Life.IN_USE,
        issued_on=case.person.insured_on,
    )
    dossier = as_of(put(dossier, old), case.notice, on)
    if request.in_hospital_since is not None:
        dossier = replace(dossier, person=replace(case.person, in_hospital_since=request.in_hospital_since))
    return Accepted(
        ground=Basis.OLD_ACCOUNT_CARRIES_OVER,
        after=dossier,
        done=("account_carried_over",),
        postings=postings,
        records=carried,
        facts={
            "balance_fen": request.balance_fen,
            "records_carried": len(carried),
            "records_left": len(request.records) - len(carried),
        },
    )


def _carried(case: Case, records: tuple[OldRecord, ...]) -> tuple[OldRecord, ...]:
    """The records that come along: all, none, or those of the year in which the old card stops, else of this year."""
    rule = case.notice.p.records_carried
    if rule == "all":
        return records
    if rule == "none":
        return ()
    return tuple(r for r in records if r.on.year == case.given.on.year)


RULES: Rules = {CarryOverAccount: carry_over}
