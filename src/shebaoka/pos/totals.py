"""The totals of a business cycle in the fields of 0500 and 0510: theirs read, ours told, equal or not.

A charge is a debit of the city's; what took one back is a debit taken back. There are no credits.
"""

from shebaoka.desk import Comparison, Side, Totals
from shebaoka.pos.codes import APPROVED, NOT_EQUAL
from shebaoka.pos.inputs import Said
from shebaoka.pos.packing import at_fault
from shebaoka.pos.spec import ACCOUNT, ACCOUNT_BACK, CASH, CASH_BACK, CYCLE, POOLED, POOLED_BACK, YEAR

Fields = dict[str, str]
EQUAL, UNEQUAL = "1", "2"
_CREDITS = {"74": 10, "75": 10, "86": 16, "87": 16}


def stated(said: Said) -> Totals:
    """The totals that a terminal states. `BadInput` for credits, and for a net that is not debits less taken back."""
    fields, sub = said.fields, said.sub
    for number in _CREDITS:
        if int(fields[number]):
            raise at_fault(number, "must be zeros: there are no credits here")
    if fields["97"] != _net(int(fields["88"]) - int(fields["89"])):
        raise at_fault("97", "must be field 88 less field 89: D and 16 digits, or C where 89 is more")
    return Totals(
        positive=Side(int(fields["76"]), int(fields["88"]), int(sub[POOLED]), int(sub[ACCOUNT]), int(sub[CASH])),
        reverse=Side(
            int(fields["77"]), int(fields["89"]), int(sub[POOLED_BACK]), int(sub[ACCOUNT_BACK]), int(sub[CASH_BACK])
        ),
    )


def compared(comparison: Comparison, cycle: int, year: str) -> tuple[Fields, Fields]:
    """Equal or not, and our own totals beside it."""
    ours, equal = comparison.ours, comparison.equal
    positive, reverse = ours.positive, ours.reverse
    fields = {number: "0" * size for number, size in _CREDITS.items()} | {
        "39": APPROVED if equal else NOT_EQUAL,
        "66": EQUAL if equal else UNEQUAL,
        "76": f"{positive.count:010d}",
        "77": f"{reverse.count:010d}",
        "88": f"{positive.total_fen:016d}",
        "89": f"{reverse.total_fen:016d}",
        "97": _net(positive.total_fen - reverse.total_fen),
    }
    sub = {
        YEAR: year,
        CYCLE: str(cycle),
        POOLED: str(positive.pooled_fen),
        ACCOUNT: str(positive.account_fen),
        CASH: str(positive.cash_fen),
        POOLED_BACK: str(reverse.pooled_fen),
        ACCOUNT_BACK: str(reverse.account_fen),
        CASH_BACK: str(reverse.cash_fen),
    }
    return fields, sub


def _net(net_fen: int) -> str:
    return f"{'D' if net_fen >= 0 else 'C'}{abs(net_fen):016d}"
