"""What became of an import: every row accounted for, money to the fen, and the rows that wait to be corrected.

`accounts` fills it; the command line shows it. A row's bytes hold a full number and a name: they go into the files
for whoever corrects them and show in no print.
"""

import csv
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import msgspec

from shebaoka.cells import as_text

HELD_BACK_FILE = "held_back.csv"
HELD_BACK_RECORDS_FILE = "held_back_records.csv"


class Reason(StrEnum):
    """Why a row is held back before the desk is asked. A refusal's ground, or a number's fault, may stand instead."""

    # the row
    NOT_GB18030 = "not_gb18030"
    WRONG_NUMBER_OF_COLUMNS = "wrong_number_of_columns"
    QUOTATION_MARK_IS_NOT_CLOSED = "quotation_mark_is_not_closed"
    DUPLICATE_ROW = "duplicate_row"
    CONFLICTING_DUPLICATE = "conflicting_duplicate"
    # a value
    VALUE_IS_MISSING = "value_is_missing"
    NAME_IS_NOT_USABLE = "name_is_not_usable"
    SEX_IS_NOT_VALID = "sex_is_not_valid"
    SEX_DIFFERS_FROM_NUMBER = "sex_differs_from_number"
    BIRTH_DATE_DIFFERS_FROM_NUMBER = "birth_date_differs_from_number"
    DATE_IS_NOT_VALID = "date_is_not_valid"
    DATE_IS_IN_THE_FUTURE = "date_is_in_the_future"
    AMOUNT_IS_NOT_A_NUMBER = "amount_is_not_a_number"
    AMOUNT_IS_NEGATIVE = "amount_is_negative"
    AMOUNT_IS_TOO_LARGE = "amount_is_too_large"
    REGION_IS_NOT_A_CODE = "region_is_not_a_code"
    CARD_NUMBER_IS_NOT_USABLE = "card_number_is_not_usable"
    HOSPITAL_STATUS_IS_NOT_VALID = "hospital_status_is_not_valid"
    # the records
    OLD_RECORD_CANNOT_BE_READ = "old_record_cannot_be_read"
    RECORD_HAS_NO_ACCOUNT = "record_has_no_account"


class HeldBack(msgspec.Struct, frozen=True):
    """A row that was not taken in: where it stands, why, what to do, and its bytes as they came."""

    line: int
    reason: str
    sentence: str
    raw: bytes

    def __repr__(self) -> str:
        return f"HeldBack(line={self.line}, reason={self.reason!r}, sentence={self.sentence!r}, raw=hidden)"


class ImportReport(msgspec.Struct, frozen=True):
    """The outcome of an import. Fen.

    `rows_in` and `balance_in_fen` are counted in a reading of their own, before a row is judged; `control_rows` and
    `control_balance_fen` are what the old system states. `reconciled` holds if every row was carried over, was
    there already or is held back, if their balances make up `balance_in_fen` to the fen, and if both files are
    what the old system states; `differences` are sentences that say where it does not hold.
    `records_carried` and `records_left` are of the accounts carried over now, as the rules decided (1.2).
    `warnings` counts what is odd and was taken in all the same, such as numbers of a retired region.
    """

    digest: str
    rows_in: int
    carried_over: int
    already_there: int
    held_back: tuple[HeldBack, ...]
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
    records_held_back: tuple[HeldBack, ...]
    warnings: dict[str, int]
    differences: tuple[str, ...]
    reconciled: bool


def write_held_back(path: Path, rows: Iterable[HeldBack]) -> None:
    """The rows held back as a list for people: UTF-8 with a BOM, so that a spreadsheet shows it as it is.

    Bytes that are no GB18030 show as `\\x..`; a row that a spreadsheet would calculate has an apostrophe before it.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("line", "reason", "sentence", "row"))
        for held in rows:
            row = held.raw.decode("gb18030", "backslashreplace")
            writer.writerow((held.line, held.reason, held.sentence, as_text(row)))
