"""The old system's `records.csv`: what each person's old card was used for, by person. `accounts` calls it.

The index holds every record while the accounts are taken in, so memory grows with the number of records; that is
accepted while one city's year fits (about 100 bytes a record).
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Container, Mapping
from pathlib import Path

from shebaoka.importer.report import HeldBack, Reason
from shebaoka.importer.source import Line, SourceFile, only
from shebaoka.importer.values import amount_fen, day, fen
from shebaoka.records import BadInput, OldRecord

RECORDS_FILE = "records.csv"
RECORD_COLUMNS = ("身份证号", "日期", "医疗机构", "总费用", "帐户支出")
_INSTITUTION = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


class OldRecords:
    """The records by person, and the rows that could not be taken in.

    A row that cannot be read, but whose person has an account, keeps that account back: a record that was left
    behind could not follow later. `rows` counts every row, `spent_fen` sums every 帐户支出 that is an amount.
    """

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.rows = 0
        self.spent_fen = 0
        self.held_back: list[HeldBack] = []
        self._of: dict[str, list[OldRecord]] = defaultdict(list)
        self._faulty: dict[str, HeldBack] = {}
        self._institutions: dict[str, str] = {}

    def read(self, known: Container[str], on: dt.date) -> None:
        """Read the whole file. `known` holds the numbers that have a row in the accounts."""
        for line in self.source.lines():
            self.rows += 1
            number = self.source.number_in(line)
            try:
                values = self.source.fields(line)
                number = values["身份证号"].upper()
                self.spent_fen += _spent_fen(values)
                record = self._record(values, on)
            except BadInput as e:
                self._hold(line, number, e.code, str(e))
                continue
            if number in known:
                self._of[number].append(record)
            else:
                sentence = "No row of accounts.csv has this 身份证号; find the person's account, or correct the number."
                self._hold(line, number, Reason.RECORD_HAS_NO_ACCOUNT, sentence)

    def _hold(self, line: Line, number: str, reason: str, sentence: str) -> None:
        """Keep a row back, and with it the account of its person."""
        held = HeldBack(line=line.number, reason=str(reason), sentence=sentence, raw=line.raw)
        self.held_back.append(held)
        self._faulty.setdefault(number, held)

    def _record(self, values: Mapping[str, str], on: dt.date) -> OldRecord:
        """The record in a row; `BadInput` with the first thing that is wrong with it."""
        spent_on = day(values["日期"], "日期")
        if spent_on > on:
            raise BadInput(f"日期 is after {on}; correct it.", code=Reason.DATE_IS_IN_THE_FUTURE)
        institution = only(values, "医疗机构")
        if not _INSTITUTION.fullmatch(institution):
            raise BadInput(
                "医疗机构 is longer than 200 characters or holds a control character; correct it.",
                code=Reason.NAME_IS_NOT_USABLE,
            )
        total_fen = amount_fen(values["总费用"], "总费用")
        account_fen = amount_fen(values["帐户支出"], "帐户支出")
        if account_fen > total_fen:
            raise BadInput("帐户支出 is above 总费用; correct it.", code=Reason.AMOUNT_IS_TOO_LARGE)
        return OldRecord(
            on=spent_on,
            institution=self._institutions.setdefault(institution, institution),
            total_fen=total_fen,
            account_fen=account_fen,
        )

    def of(self, number: str) -> tuple[OldRecord, ...]:
        """A person's records, in the order of the file; `BadInput` if one of them could not be read."""
        held = self._faulty.get(number)
        if held is not None:
            raise BadInput(
                f"Line {held.line} of {RECORDS_FILE} belongs to this account and could not be taken in: "
                f"{held.sentence} The account waits until its records can carry over with it.",
                code=Reason.OLD_RECORD_CANNOT_BE_READ,
            )
        return tuple(self._of.get(number, ()))


def open_records(folder: Path) -> OldRecords:
    """The records of an export, not read yet."""
    return OldRecords(SourceFile(folder / RECORDS_FILE, RECORD_COLUMNS))


def _spent_fen(values: Mapping[str, str]) -> int:
    """What a row adds to the sum of 帐户支出; nothing if that is not an amount."""
    try:
        return fen(values["帐户支出"], "帐户支出")
    except BadInput:
        return 0
