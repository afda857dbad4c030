"""The statement of a personal account as CSV for spreadsheets. Clause 1.2. The faces hand it out.

A row is one fact, and every row has the same columns. The account's changes sum to closing less opening balance; the
old card's records change nothing and have no balance.
"""

import csv
import io
from collections.abc import Iterator

from shebaoka.cells import as_text
from shebaoka.desk.accounts import AccountStatement, StatementLine
from shebaoka.notice import Speech
from shebaoka.paper.amounts import plain
from shebaoka.paper.labels import CARRIED_OVER, Labels, labels_in
from shebaoka.paper.statement import period_of


def statement_csv(statement: AccountStatement, speech: Speech) -> bytes:
    """The statement with headings in the language of `speech`: UTF-8 with its mark, CRLF, yuan with two decimals.

    A text that a spreadsheet would take for a number, a date or a formula has an apostrophe before it; see `as_text`.
    """
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerows(_rows(statement, speech))
    return sheet.getvalue().encode("utf-8-sig")


def _rows(statement: AccountStatement, speech: Speech) -> Iterator[list[str]]:
    """Headings, opening balance, the year's lines, closing balance, then the old card's records."""
    say = labels_in(speech.words.language)
    first_on, last_on = period_of(statement, speech)
    holder = [as_text(statement.number), as_text(statement.name)]
    charge = [say.total, say.pooled, say.account_part, say.cash]
    yield [say.date, say.place, say.what, say.institution, *charge, say.account, say.balance, say.number, say.name]
    none = [""] * 5
    yield [first_on.isoformat(), "", say.opening_row, "", *none, plain(statement.opening_fen), *holder]
    for line in statement.lines:
        yield [*_row(line, say), *holder]
    yield [last_on.isoformat(), "", say.closing_row, "", *none, plain(statement.closing_fen), *holder]
    for record in statement.carried:
        paid = [plain(record.total_fen), "", plain(record.account_fen), ""]
        what, where = say.whats[CARRIED_OVER], as_text(record.institution)
        yield [record.on.isoformat(), "", what, where, *paid, "", "", *holder]


def _row(line: StatementLine, say: Labels) -> list[str]:
    """A line; what is no charge has no parts of one."""
    parts = (line.total_fen, line.pooled_fen, line.total_fen - line.pooled_fen - line.cash_fen, line.cash_fen)
    return [
        line.on.isoformat(),
        as_text(line.place),
        say.whats[line.what],
        as_text(line.institution),
        *(plain(fen) if line.total_fen else "" for fen in parts),
        plain(line.account_fen),
        plain(line.balance_fen),
    ]
