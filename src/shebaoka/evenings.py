"""The evenings of the play: institutions hold their books against the house's, cycles are closed, the bank is told.

The demonstration calls it after each day of business. On one evening one hospital's book differs; see
docs/reconciliation.md for what is then done.
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace as changed

from shebaoka.desk import Amounts, BankLine, Difference, StatedDetail, read_details, totals_of
from shebaoka.desk.comparing import HEADER
from shebaoka.paper.amounts import plain
from shebaoka.stage import Stage
from shebaoka.tills import Till

CLERK = "clerk-li"
A_FEE_FEN = 10_00
"""What the hospital whose book differs entered too much with a charge: its registration fee."""
REASONS = {
    "ours_only": "结算成功后医院网络中断，未入账；医院凭持卡人回执补记",
    "amount": "医院把挂号费10元记进了同一笔；以我方回执为准，医院更正",
}
"""Why two of the differences are as they are, as the clerk writes. The third is left open."""


class Evenings:
    """What happens after business; `folder` takes the files that institutions and the bank would send and get."""

    def __init__(self, stage: Stage, tills: Sequence[Till], folder: Path) -> None:
        self.compared = 0
        self._stage = stage
        self._tills = tills
        self._folder = folder
        self._evening = stage.house.evening
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def reconcile(self, tills: Sequence[Till]) -> None:
        """Each institution's totals are held against ours, and its cycle is closed. `NotReconciled` if they differ."""
        self.compared += sum(self._stage.threads.map(self._reconciled, tills))

    def _reconciled(self, till: Till) -> int:
        """One institution's cycle is compared, if anything was settled in it, and closed; how often it was compared."""
        terminal, stated = till.about.terminals[0], till.stated(till.cycle)
        settled = bool(stated) or self._evening.totals(till.cycle).count > 0
        if settled:
            self._evening.compare_totals(till.cycle, totals_of(stated), terminal)
        self._evening.close(till.cycle, terminal)
        return int(settled)

    def differ(self, till: Till) -> tuple[Difference, ...]:
        """A hospital whose book is not ours: its totals differ, so its details are sent, and two of three explained."""
        terminal, stated = till.about.terminals[0], _spoilt(till)
        self._evening.compare_totals(till.cycle, totals_of(stated), terminal)
        file = self._folder / f"{till.about.code}-{till.cycle}.csv"
        file.write_text(_as_sent(stated), encoding="utf-8")
        _, differences = self._evening.compare_details(till.cycle, read_details(file.read_bytes()), terminal)
        self.compared += 2
        for difference in differences:
            reason = REASONS.get(difference.difference)
            if reason is not None:
                self._evening.explain(till.cycle, difference.message_id, difference.difference, reason, CLERK)
        return differences

    def pay(self, on: dt.date) -> list[BankLine]:
        """The bank's file of a day, and who is paid by it."""
        (self._folder / f"bank-{on}.csv").write_bytes(self._evening.bank_file(on, CLERK))
        return self._evening.bank_lines(on)


def _spoilt(till: Till) -> list[StatedDetail]:
    """The till's book of its cycle with one charge missing, one more, and one entered with a fee that is not ours."""
    rows = till.stated(till.cycle)
    back = {row.amounts.total_fen for row in rows if row.amounts.total_fen < 0}
    charges = [i for i, row in enumerate(rows) if row.amounts.total_fen > 0 and -row.amounts.total_fen not in back]
    if len(charges) < 2:
        return rows
    missed = charges[0]
    wrong = max(charges[1:], key=lambda i: rows[i].amounts.account_fen)
    was = rows[wrong].amounts
    more = changed(was, total_fen=was.total_fen + A_FEE_FEN, cash_fen=was.cash_fen + A_FEE_FEN)
    rows[wrong] = changed(rows[wrong], amounts=more)
    extra = StatedDetail(0, till.message_id(), "", "outpatient", Amounts(68_50, 0, 68_50, 0))
    return [row for i, row in enumerate(rows) if i != missed] + [extra]


def _as_sent(rows: Sequence[StatedDetail]) -> str:
    """Details as an institution's file has them, in yuan."""
    lines = [",".join(HEADER)]
    for row in rows:
        a = row.amounts
        amounts = [plain(fen) for fen in (a.total_fen, a.pooled_fen, a.account_fen, a.cash_fen)]
        lines.append(",".join([row.message_id, row.settlement, row.kind, *amounts]))
    return "".join(line + "\n" for line in lines)
