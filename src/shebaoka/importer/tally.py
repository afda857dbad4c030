"""The count that is kept while rows are judged: carried over, there already, held back. `accounts` keeps it."""

from collections import Counter
from collections.abc import Iterator

from shebaoka.importer.control import Total, differences, yuan
from shebaoka.importer.old_records import RECORDS_FILE, OldRecords
from shebaoka.importer.report import HeldBack, ImportReport
from shebaoka.importer.rows import ACCOUNTS_FILE
from shebaoka.importer.source import Line
from shebaoka.importer.survey import Survey
from shebaoka.records import Facts


class Tally:
    """Rows and balances by what became of them."""

    def __init__(self) -> None:
        self.carried_over = self.carried_fen = 0
        self.already_there = self.there_fen = 0
        self.held_fen = 0
        self.held_back: list[HeldBack] = []
        self.records_carried = self.records_left = 0
        self.warnings: Counter[str] = Counter()

    def hold(self, line: Line, reason: str, sentence: str, balance_fen: int) -> None:
        """A row that was not taken in."""
        self.held_fen += balance_fen
        self.held_back.append(HeldBack(line=line.number, reason=str(reason), sentence=sentence, raw=line.raw))

    def carry(self, balance_fen: int, facts: Facts) -> None:
        """A row whose account carried over now; its facts tell about the records."""
        self.carried_over += 1
        self.carried_fen += balance_fen
        self.records_carried += int(facts.get("records_carried", 0))
        self.records_left += int(facts.get("records_left", 0))

    def repeat(self, balance_fen: int) -> None:
        """A row whose account carried over in an earlier run."""
        self.already_there += 1
        self.there_fen += balance_fen

    def report(self, survey: Survey, records: OldRecords, control: dict[str, Total]) -> ImportReport:
        """The outcome, compared with the first reading and with what the old system states."""
        stated = control.get(ACCOUNTS_FILE)
        found = Total(survey.rows, survey.balance_fen)
        found_records = Total(records.rows, records.spent_fen)
        not_reconciled = (
            *self._unaccounted(found),
            *differences(ACCOUNTS_FILE, found, stated),
            *differences(RECORDS_FILE, found_records, control.get(RECORDS_FILE)),
        )
        held_back = tuple(sorted(self.held_back, key=lambda held: held.line))
        return ImportReport(
            digest=survey.digest,
            rows_in=survey.rows,
            carried_over=self.carried_over,
            already_there=self.already_there,
            held_back=held_back,
            held_back_by_reason=dict(Counter(held.reason for held in held_back).most_common()),
            balance_in_fen=survey.balance_fen,
            balance_carried_fen=self.carried_fen,
            balance_already_there_fen=self.there_fen,
            balance_held_fen=self.held_fen,
            control_rows=stated.rows if stated else None,
            control_balance_fen=stated.sum_fen if stated else None,
            records_in=records.rows,
            records_carried=self.records_carried,
            records_left=self.records_left,
            records_held_back=tuple(records.held_back),
            warnings=dict(self.warnings.most_common()),
            differences=not_reconciled,
            reconciled=not not_reconciled,
        )

    def _unaccounted(self, found: Total) -> Iterator[str]:
        """Sentences if what was judged is not what was read first."""
        judged = self.carried_over + self.already_there + len(self.held_back)
        if judged != found.rows:
            yield (
                f"{found.rows} rows were read and {judged} are accounted for; {ACCOUNTS_FILE} changed while it was "
                f"taken in. Take it in again."
            )
        judged_fen = self.carried_fen + self.there_fen + self.held_fen
        if judged_fen != found.sum_fen:
            yield (
                f"{yuan(found.sum_fen)} yuan were read and {yuan(judged_fen)} are accounted for; {ACCOUNTS_FILE} "
                f"changed while it was taken in. Take it in again."
            )
