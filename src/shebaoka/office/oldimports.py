"""The report of an import of before there were steps, as it was kept then. `imports` shows it."""

import msgspec

from shebaoka.desk import RunOnFile


class Held(msgspec.Struct, frozen=True):
    """A row that is held back. Its bytes are not read here: they hold a number and a name."""

    line: int
    reason: str
    sentence: str


class OldReport(msgspec.Struct, frozen=True):
    """What the office shows of such a report. Fen."""

    digest: str
    rows_in: int
    carried_over: int
    already_there: int
    held_back: tuple[Held, ...]
    held_back_by_reason: dict[str, int]
    balance_in_fen: int
    balance_carried_fen: int
    balance_already_there_fen: int
    balance_held_fen: int
    control_rows: int | None
    control_balance_fen: int | None
    records_in: int
    records_carried: int
    records_left: int
    records_held_back: tuple[Held, ...]
    warnings: dict[str, int]
    differences: tuple[str, ...]
    reconciled: bool


def old_report_of(found: RunOnFile) -> OldReport | None:
    """The report, or None where what is on file cannot be read: it is of another version, and the page says so."""
    try:
        return msgspec.json.decode(found.old_report or "", type=OldReport)
    except msgspec.DecodeError:
        return None
