"""The ledger: money moves from one account to another, so every posting sums to zero by its form.

Pure. Rules make postings, the store keeps them, statements and the day's checks read them. Amounts are fen.
"""

from collections.abc import Iterable

import msgspec

from shebaoka.records import Account, Broken, Posting, Settlement

PERSONAL = "personal"
OLD_SYSTEM = "old_system"
"""Where carried-over money comes from: a named inflow, the counter-account of every opening balance (1.2)."""
CONTRIBUTIONS = "contributions"
"""Where a month's share of the contributions comes from: a named inflow."""
POOLED_FUND = "pooled_fund"
"""What the pooled fund pays of a charge comes from here, and never touches the personal account."""
_CLEARING = "clearing:"
_INFLOWS = {OLD_SYSTEM: "opening_balance", CONTRIBUTIONS: "contribution"}
"""What money from an inflow is for."""


def clearing(institution: str) -> str:
    """The account of what is owed to an institution. Its balance is the sum of its entries; no row holds it."""
    return _CLEARING + institution


class Entry(msgspec.Struct, frozen=True):
    """One side of a posting: what an account gains (above zero) or gives (below), in fen."""

    account: str
    amount_fen: int
    what: str


def opening(balance_fen: int) -> tuple[Posting, ...]:
    """The postings that open a personal account with the old card's balance; none for an empty one."""
    if balance_fen == 0:
        return ()
    return (Posting(debit=OLD_SYSTEM, credit=PERSONAL, amount_fen=balance_fen, what=_INFLOWS[OLD_SYSTEM]),)


def contribution(amount_fen: int) -> tuple[Posting, ...]:
    """The posting that credits a month's share of the contributions."""
    return (Posting(debit=CONTRIBUTIONS, credit=PERSONAL, amount_fen=amount_fen, what=_INFLOWS[CONTRIBUTIONS]),)


def charge(institution: str, account_fen: int, pooled_fen: int) -> tuple[Posting, ...]:
    """The postings of a charge: what the personal account and the pooled fund owe the institution from now on."""
    owed = clearing(institution)
    postings: tuple[Posting, ...] = ()
    if account_fen:
        postings = (Posting(debit=PERSONAL, credit=owed, amount_fen=account_fen, what="account_part"),)
    if pooled_fen:
        postings += (Posting(debit=POOLED_FUND, credit=owed, amount_fen=pooled_fen, what="pooled_part"),)
    return postings


TAKEN_BACK = "taken_back"
"""What the postings of a settlement are for that takes another back."""


CARRY_OVER_UNDONE = "carry_over_undone"
"""What the posting is for that gives an opening balance back."""


def of_settlement(settlement: Settlement) -> tuple[Posting, ...]:
    """The postings that a settlement comes to; the view `posting` says the same in SQL."""
    parts = [(PERSONAL, settlement.account_fen, "account_part"), (POOLED_FUND, settlement.pooled_fen, "pooled_part")]
    owed, back = clearing(settlement.institution), settlement.undoes is not None
    return tuple(
        Posting(
            debit=payer if fen > 0 else owed,
            credit=owed if fen > 0 else payer,
            amount_fen=abs(fen),
            what=TAKEN_BACK if back else what,
        )
        for payer, fen, what in parts
        if fen
    )


def mirror(postings: Iterable[Posting], what: str) -> tuple[Posting, ...]:
    """The postings the other way round: how an entry is undone, for no entry is ever changed."""
    return tuple(Posting(debit=p.credit, credit=p.debit, amount_fen=p.amount_fen, what=what) for p in postings)


def entries(posting: Posting) -> tuple[Entry, Entry]:
    """The two entries of a posting; their amounts sum to zero."""
    return (
        Entry(posting.debit, -posting.amount_fen, posting.what),
        Entry(posting.credit, posting.amount_fen, posting.what),
    )


def nothing_of(mirrored: Posting) -> Posting:
    """What a mirror left of the posting that it undid: 0 from the same inflow, so that it can be corrected again."""
    inflow = mirrored.credit
    return Posting(debit=inflow, credit=PERSONAL, amount_fen=0, what=_INFLOWS[inflow])


def change(postings: Iterable[Posting], account: str = PERSONAL) -> int:
    """By how many fen the postings change an account."""
    fen = 0
    for p in postings:
        if p.credit == account:
            fen += p.amount_fen
        if p.debit == account:
            fen -= p.amount_fen
    return fen


def after(account: Account, postings: Iterable[Posting]) -> Account:
    """The personal account after the postings. `Broken` if one is not above zero or the balance falls below."""
    balance = account.balance_fen
    for p in postings:
        if p.amount_fen <= 0 or p.debit == p.credit:
            raise Broken(f"A posting must move an amount above zero between two accounts, not {p!r}.")
        if p.credit == PERSONAL:
            balance += p.amount_fen
        elif p.debit == PERSONAL:
            balance -= p.amount_fen
    if balance < 0:
        raise Broken("A personal account may not fall below zero.")
    return Account(balance_fen=balance, carried_over_on=account.carried_over_on)
