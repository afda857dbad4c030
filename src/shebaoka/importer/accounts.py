"""Taking in the old medical card system's export: read, ask the desk tray by tray, account for every row (1.2, 8.1).

The command line calls `import_old_accounts`. Whether an account carries over, and which of its records, is the
desk's answer. Taking the same file in again is safe: ids come from the file's digest and the line, so what carried
over before is there already. It must be the same operator who does it, for who asks is part of what is asked.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from shebaoka import numbers
from shebaoka.importer.control import read_control
from shebaoka.importer.old_records import RECORDS_FILE, OldRecords, open_records
from shebaoka.importer.report import (
    HELD_BACK_FILE,
    HELD_BACK_RECORDS_FILE,
    ImportReport,
    write_held_back,
)
from shebaoka.importer.rows import ACCOUNT_COLUMNS, ACCOUNTS_FILE, OldAccount, read_account
from shebaoka.importer.source import Line, SourceFile
from shebaoka.importer.survey import Survey, balance_of
from shebaoka.importer.tally import Tally
from shebaoka.records import (
    Ask,
    BadInput,
    Broken,
    Channel,
    OldRecord,
    Receipt,
    Refusal,
    RequestIdUsed,
    Sender,
    Trouble,
)

ACCOUNTS_IN_A_TRAY = 100
TO_CORRECT_FOLDER = "to_correct"
LINE_WAS_ASKED_FOR_OTHERWISE = (
    "An earlier run took this line in under another operator's name, or with other records. Repeat the import under "
    "the first name; if it is the same, compare the account at the window with the row."
)
Submit = Callable[[list[Ask]], Sequence[Receipt | Trouble]]
"""The desk's `submit`: for each ask, in order, its receipt or the trouble that it alone met."""


def import_old_accounts(folder: Path, submit: Submit, *, sender_by: str, on: dt.date, output: Path) -> ImportReport:
    """Take in the export in `folder` as of the day `on`, and write what is held back into `output`.

    Written there: `held_back.csv` and `held_back_records.csv` for people, and in `to_correct` the same rows as the
    old system wrote them, with the records of their people: correct those files and take that folder in.
    The day is the last day that a date in the files may have. Each tray holds up to 200 asks, two an account.
    Memory holds every record, one entry a row to find duplicates, and the rows held back; not the rows.
    `BadInput` if a file is missing, empty, in another encoding or without a needed column; nothing was asked then.
    Trouble of the desk is passed on; what was carried over before it stays, and another run goes on from there.
    """
    if folder.resolve() == (output / TO_CORRECT_FOLDER).resolve():
        raise BadInput("The output would overwrite the files that are taken in; name another output folder.")
    source = SourceFile(folder / ACCOUNTS_FILE, ACCOUNT_COLUMNS)
    records = open_records(folder)
    control = read_control(folder)
    survey = Survey(source)
    records.read(survey, on)
    sender = Sender(by=sender_by, channel=Channel.IMPORTER, place=f"import:{survey.digest[:12]}")
    intake = _Intake(submit, sender, survey, records, on)
    for line in source.lines():
        intake.take(source, line)
    intake.send()
    report = intake.tally.report(survey, records, control)
    _write_output(output, report, source, records.source)
    return report


class _Waiting(msgspec.Struct, frozen=True):
    """A sound row that waits for its tray."""

    line: Line
    account: OldAccount
    records: tuple[OldRecord, ...]


class _Intake:
    """Judges row by row, and asks the desk as soon as a tray is full."""

    def __init__(self, submit: Submit, sender: Sender, survey: Survey, records: OldRecords, on: dt.date) -> None:
        self.tally = Tally()
        self._submit = submit
        self._sender = sender
        self._survey = survey
        self._records = records
        self._on = on
        self._tray: list[_Waiting] = []

    def take(self, source: SourceFile, line: Line) -> None:
        """Put a sound row into the tray, or hold it back."""
        balance_fen = 0
        try:
            values = source.fields(line)
            balance_fen = balance_of(values)
            account = read_account(values, self._on)
            self._survey.must_stand_alone(account.number, line)
            records = self._records.of(account.number)
        except BadInput as e:
            self.tally.hold(line, e.code, str(e), balance_fen)
            return
        warning = numbers.region_warning(account.number)
        if warning is not None:
            self.tally.warnings[warning] += 1
        self._tray.append(_Waiting(line, account, records))
        if len(self._tray) == ACCOUNTS_IN_A_TRAY:
            self.send()

    def send(self) -> None:
        """Ask the desk for what is in the tray, and empty it."""
        tray, self._tray = self._tray, []
        if not tray:
            return
        self._ask(tray)

    def _ask(self, tray: Sequence[_Waiting], again: str = "") -> None:
        """Ask for accounts in one tray, and count what the desk answers.

        An account that an earlier run was refused gets that answer again under its ids, so it is asked for once more
        under ids of the day: what stood in its way may be settled by now.
        """
        pairs = [w.account.requests(self._stem(w) + again, w.records) for w in tray]
        asks = [Ask(request, self._sender) for pair in pairs for request in pair]
        outcomes = self._submit(asks)
        if len(outcomes) != len(asks):
            raise Broken(f"The desk answered {len(outcomes)} of {len(asks)} requests.")
        refused_before = []
        for waiting, registered, carried in zip(tray, outcomes[::2], outcomes[1::2], strict=True):
            if isinstance(carried, Receipt) and carried.answer.outcome == "accepted":
                self._count(waiting, carried)
            elif isinstance(carried, Receipt) and carried.repeated and not again:
                refused_before.append(waiting)
            else:
                self._hold(waiting, registered, carried)
        if refused_before:
            self._ask(refused_before, f":{self._on:%Y%m%d}")

    def _stem(self, waiting: _Waiting) -> str:
        """What the ids of a row's requests begin with."""
        return f"import:{self._survey.digest[:12]}:{waiting.line.number}"

    def _count(self, waiting: _Waiting, carried: Receipt) -> None:
        """Count an account that carried over now, or in an earlier run."""
        balance_fen = waiting.account.balance_fen
        if carried.repeated:
            self.tally.repeat(balance_fen)
        else:
            self.tally.carry(balance_fen, carried.answer.facts)

    def _hold(self, waiting: _Waiting, registered: Receipt | Trouble, carried: Receipt | Trouble) -> None:
        """Hold an account back for what the desk said first. That the person was registered before is no hindrance."""
        outcome = registered if _hinders(registered) else carried
        if isinstance(outcome, Receipt):
            answer = outcome.answer
            reason = answer.ground
            sentence = (
                f"The desk refused it under clause {answer.clause}: {reason.replace('_', ' ')}. {_advice(reason)}"
            )
        else:
            reason = outcome.code
            sentence = LINE_WAS_ASKED_FOR_OTHERWISE if isinstance(outcome, RequestIdUsed) else str(outcome)
        self.tally.hold(waiting.line, reason, sentence, waiting.account.balance_fen)


def _hinders(registered: Receipt | Trouble) -> bool:
    """Whether the answer to the registration is why an account could not carry over."""
    if isinstance(registered, Trouble):
        return True
    answer = registered.answer
    return answer.outcome == "refused" and answer.ground != Refusal.PERSON_IS_ALREADY_REGISTERED


def _advice(ground: str) -> str:
    """What to do after the desk refused."""
    if ground == Refusal.ACCOUNT_WAS_ALREADY_CARRIED_OVER:
        return "Compare the account's opening balance with 结余; if they agree, nothing is left to do."
    return "Settle that at the window, then take the row in again."


def _write_output(output: Path, report: ImportReport, accounts: SourceFile, records: SourceFile) -> None:
    """Write the lists of what is held back, and the folder to correct and take in again. Others may not read them."""
    folder = output / TO_CORRECT_FOLDER
    output.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    write_held_back(output / HELD_BACK_FILE, report.held_back)
    write_held_back(output / HELD_BACK_RECORDS_FILE, report.records_held_back)
    people: set[str] = set()
    with (folder / ACCOUNTS_FILE).open("wb") as file:
        file.write(accounts.header + b"\r\n")
        for held in report.held_back:
            people.add(accounts.number_in(Line(held.line, held.raw)))
            file.write(held.raw + b"\r\n")
    faulty = {held.line for held in report.records_held_back}
    with (folder / RECORDS_FILE).open("wb") as file:
        file.write(records.header + b"\r\n")
        for line in records.lines():
            if line.number in faulty or records.number_in(line) in people:
                file.write(line.raw + b"\r\n")
