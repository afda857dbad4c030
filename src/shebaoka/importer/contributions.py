"""Crediting contributions from a file, a row for each person and month: read, ask the desk, account for every row.

The command line calls `credit_contributions`. A row's request id is made of month and number, so that a file that is
taken in twice credits once, and another amount for the same month is held back. Each tray is asked as a dry run first:
a row that is held back leaves no trace, and its id stays free for the corrected row.
"""

import codecs
import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from shebaoka import numbers
from shebaoka.importer.control import CONTROL_FILE, Total, differences, in_whole_fen, read_control, yuan
from shebaoka.importer.report import HELD_BACK_FILE, HeldBack, Reason, write_held_back
from shebaoka.importer.source import Line, SourceFile, only
from shebaoka.importer.values import amount_fen, fen, whole
from shebaoka.records import (
    Ask,
    BadInput,
    Broken,
    Channel,
    CreditContribution,
    Receipt,
    RequestIdUsed,
    Sender,
    Trouble,
    credit_id,
)

Unit = Literal["yuan", "fen"]
ROWS_IN_A_TRAY = 200
TO_CORRECT_FOLDER = "to_correct"
NUMBER, NAME, MONTH, AMOUNT = "身份证号", "姓名", "月份", "金额"
OTHER_NUMBER = "社会保障号码"
"""What the column of the number may be called instead."""
CREDIT_MAX_FEN = 10**9
FIRST_MONTH = "1990-01"
"""No contribution is of a month before it: there were no personal accounts yet, and the year was mistyped."""
NOT_UTF8, CREDITED_OTHERWISE, CREDIT_WAS_CORRECTED = "not_utf8", "credited_otherwise", "credit_was_corrected"
MONTH_IS_NOT_VALID, AMOUNT_IS_ZERO = "month_is_not_valid", "amount_is_zero"
"""Why a row is held back, beside the reasons of every import."""
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class Submit(Protocol):
    """The desk's `submit`: for each ask, in order, its receipt or the trouble that it alone met."""

    def __call__(self, asks: list[Ask], /, *, dry_run: bool = False) -> Sequence[Receipt | Trouble]:
        """Ask; a dry run decides and saves nothing."""


class Undone(Protocol):
    """The desk's `accounts.undone`: those of some entries, by their places, that were corrected since."""

    def __call__(self, places: Iterable[str], /) -> Collection[str]:
        """Ask for all entries of a tray at once."""


class CreditReport(msgspec.Struct, frozen=True):
    """What became of a file of contributions: every row is credited, was credited before, or is held back. Fen.

    `reconciled` holds if rows and amounts come out so, and are what `control_totals.csv` beside the file states, if
    there is one; `differences` are sentences that say where it does not hold.
    """

    digest: str
    rows_in: int
    credited: int
    already_there: int
    held_back: tuple[HeldBack, ...]
    held_back_by_reason: dict[str, int]
    in_fen: int
    credited_fen: int
    already_there_fen: int
    held_fen: int
    control_rows: int | None
    control_fen: int | None
    differences: tuple[str, ...]
    reconciled: bool


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """A sound row: whose account, for which month, how much. Fen."""

    number: str
    month: str
    amount_fen: int

    def request(self) -> CreditContribution:
        """The request of the row; its id is the same whenever the row comes."""
        request_id = credit_id(self.month, self.number)
        return CreditContribution(id=request_id, person=self.number, month=self.month, amount_fen=self.amount_fen)


class ContributionFile(SourceFile):
    """A file in GB18030 or UTF-8 whose number column has either of its two names."""

    def __init__(self, path: Path) -> None:
        self.encoding = "gb18030"
        super().__init__(path, (NAME, MONTH, AMOUNT))

    def _read_header(self, columns: Sequence[str]) -> list[str]:
        as_it_came = self.header
        try:
            text = as_it_came.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        if any(column in text for column in (NUMBER, OTHER_NUMBER, *columns)):
            self.encoding = "utf-8"
            self.header = text.encode("gb18030")
        text = self.header.decode("gb18030", "replace")
        named = OTHER_NUMBER if OTHER_NUMBER in text else NUMBER
        found = [NUMBER if c == OTHER_NUMBER else c for c in super()._read_header((named, *columns))]
        if found.count(NUMBER) > 1:
            raise BadInput(f"{self.path.name}, line 1: the header names both {OTHER_NUMBER} and {NUMBER}; keep one.")
        self.header = as_it_came
        return found

    def fields(self, line: Line) -> dict[str, str]:
        """A row by column. `BadInput` says why it cannot be read."""
        if self.encoding == "gb18030":
            return super().fields(line)
        try:
            return super().fields(Line(line.number, line.raw.decode("utf-8").encode("gb18030")))
        except UnicodeDecodeError as e:
            raise BadInput(
                f"Byte {e.start + 1} of the row is not UTF-8, so a character is damaged; enter the row again.",
                code=NOT_UTF8,
            ) from None

    def readable(self, held: HeldBack) -> HeldBack:
        """A row held back, with its bytes as the list for people expects them."""
        if self.encoding == "gb18030":
            return held
        return msgspec.structs.replace(held, raw=held.raw.decode("utf-8", "backslashreplace").encode("gb18030"))


def read_contribution(values: Mapping[str, str], unit: Unit, on: dt.date) -> Contribution:
    """The contribution in a row; `BadInput` with the first thing that is wrong with it."""
    number = only(values, NUMBER).upper()
    fault = numbers.fault_of(number, on)
    if fault is not None:
        raise BadInput(
            "The social security number has a wrong length, check digit or birth date; compare it with the identity "
            "card.",
            code=fault,
        )
    only(values, NAME)
    month = only(values, MONTH)
    if not _MONTH.fullmatch(month):
        raise BadInput(
            f"{MONTH} is not a month written as YYYY-MM, such as 2013-07; correct it.", code=MONTH_IS_NOT_VALID
        )
    if month < FIRST_MONTH:
        raise BadInput(f"{MONTH} is before {FIRST_MONTH}; correct it.", code=MONTH_IS_NOT_VALID)
    if month > f"{on:%Y-%m}":
        raise BadInput(f"{MONTH} is after {on:%Y-%m}; correct it.", code=Reason.DATE_IS_IN_THE_FUTURE)
    amount = amount_fen(only(values, AMOUNT), AMOUNT) if unit == "yuan" else whole(only(values, AMOUNT), AMOUNT)
    if amount == 0:
        raise BadInput(f"{AMOUNT} is zero, so there is nothing to credit; correct it.", code=AMOUNT_IS_ZERO)
    if amount > CREDIT_MAX_FEN:
        raise BadInput(f"{AMOUNT} is above {yuan(CREDIT_MAX_FEN)} yuan; correct it.", code=Reason.AMOUNT_IS_TOO_LARGE)
    return Contribution(number, month, amount)


def _amount_of(values: Mapping[str, str], unit: Unit) -> int:
    """What a row adds to the sum of the file, also below zero; nothing if that is not an amount."""
    try:
        return fen(values[AMOUNT], AMOUNT) if unit == "yuan" else whole(values[AMOUNT], AMOUNT)
    except BadInput:
        return 0


class _Survey:
    """The first reading: how much there is, and which people stand in the file more than once for a month."""

    def __init__(self, source: ContributionFile, unit: Unit) -> None:
        self.rows = self.sum_fen = 0
        self._first: dict[tuple[str, str], tuple[int, str]] = {}
        self._conflicting: dict[tuple[str, str], list[int]] = {}
        with source.path.open("rb") as file:
            self.digest = hashlib.file_digest(file, "sha256").hexdigest()
        for line in source.lines():
            self.rows += 1
            try:
                values = source.fields(line)
            except BadInput:
                continue
            amount = _amount_of(values, unit)
            self.sum_fen += amount
            key = (values[NUMBER].upper(), values[MONTH])
            content = str(amount) if amount else values[AMOUNT]
            first_line, first_content = self._first.setdefault(key, (line.number, content))
            if content != first_content:
                self._conflicting.setdefault(key, [first_line]).append(line.number)

    def must_stand_alone(self, row: Contribution, line: Line) -> None:
        """`BadInput` if the row contradicts another one of the same person and month, or only repeats it."""
        key = (row.number, row.month)
        lines = self._conflicting.get(key)
        if lines is not None:
            others = ", ".join(str(n) for n in lines if n != line.number)
            raise BadInput(
                f"The same person and month stand in {f'line {others}' if others else 'another line'} with another "
                "amount; find out which row is right, and keep that one alone.",
                code=Reason.CONFLICTING_DUPLICATE,
            )
        first_line = self._first[key][0]
        if first_line != line.number:
            raise BadInput(
                f"The row repeats line {first_line}, which stands for it; leave this one out.",
                code=Reason.DUPLICATE_ROW,
            )


def credit_contributions(
    path: Path, submit: Submit, undone: Undone, *, sender_by: str, on: dt.date, unit: Unit, output: Path
) -> CreditReport:
    """Credit the contributions in a file as of the day `on`, and write what is held back into `output`.

    The amounts of the file, and of `control_totals.csv` beside it, are in `unit`. Written are `held_back.csv` for
    people, and in `to_correct` the same rows as they came: correct that file and take it in.
    `BadInput` if the file cannot be read or lacks a column; nothing was asked then. Trouble of the desk is passed on;
    what was credited before it stays, and another run goes on from there.
    """
    to_correct = output / TO_CORRECT_FOLDER / path.name
    if path.resolve() == to_correct.resolve():
        raise BadInput("The output would overwrite the file that is taken in; name another output folder.")
    source = ContributionFile(path)
    stated = _stated(path, unit)
    survey = _Survey(source, unit)
    intake = _Intake(submit, undone, Sender(by=sender_by, channel=Channel.IMPORTER, place="contributions"))
    for line in source.lines():
        amount = 0
        try:
            values = source.fields(line)
            amount = _amount_of(values, unit)
            row = read_contribution(values, unit, on)
            survey.must_stand_alone(row, line)
        except BadInput as e:
            intake.hold(line, e.code, str(e), amount)
            continue
        intake.take(line, row)
    intake.send()
    report = intake.report(survey, path.name, stated, stating=(path.parent / CONTROL_FILE).exists())
    _write_output(output, report, source)
    return report


def _stated(path: Path, unit: Unit) -> Total | None:
    """What is stated of the file, in fen. What is read as yuan is a hundred times too much where it is in fen."""
    stated = read_control(path.parent).get(path.name)
    return stated if stated is None or unit == "yuan" else in_whole_fen(stated, path.name, CONTROL_FILE)


class _Intake:
    """Asks the desk as soon as a tray is full, and counts what became of each row."""

    def __init__(self, submit: Submit, undone: Undone, sender: Sender) -> None:
        self._submit = submit
        self._undone = undone
        self._sender = sender
        self._tray: list[tuple[Line, Contribution]] = []
        self._held: list[HeldBack] = []
        self._rows: Counter[str] = Counter()
        self._fen: Counter[str] = Counter()

    def hold(self, line: Line, reason: str, sentence: str, amount: int) -> None:
        """A row that is not credited."""
        self._fen["held"] += amount
        self._held.append(HeldBack(line=line.number, reason=str(reason), sentence=sentence, raw=line.raw))

    def take(self, line: Line, row: Contribution) -> None:
        """Put a sound row into the tray."""
        self._tray.append((line, row))
        if len(self._tray) == ROWS_IN_A_TRAY:
            self.send()

    def send(self) -> None:
        """Ask the desk for what is in the tray, and empty it; first as a dry run, then for what it would credit."""
        tray, self._tray = self._tray, []
        sound = [row for row, outcome in self._asked(tray, dry_run=True) if self._fits(row, outcome)]
        answered = list(self._asked(sound, dry_run=False))
        undone = self._undone(o.entry for _, o in answered if isinstance(o, Receipt) and o.repeated)
        for (line, row), outcome in answered:
            if not self._fits((line, row), outcome) or not isinstance(outcome, Receipt):
                continue
            if outcome.entry in undone:
                sentence = (
                    f"{row.month} was credited, and that entry was corrected since: the account's statement says what "
                    "stands. Leave the row out; if what stands is wrong, correct the entry of the correction."
                )
                self.hold(line, CREDIT_WAS_CORRECTED, sentence, row.amount_fen)
            else:
                what = "already_there" if outcome.repeated else "credited"
                self._rows[what] += 1
                self._fen[what] += row.amount_fen

    def _asked(
        self, tray: list[tuple[Line, Contribution]], *, dry_run: bool
    ) -> Iterator[tuple[tuple[Line, Contribution], Receipt | Trouble]]:
        if not tray:
            return
        asks = [Ask(row.request(), self._sender) for _, row in tray]
        outcomes = self._submit(asks, dry_run=dry_run)
        if len(outcomes) != len(asks):
            raise Broken(f"The desk answered {len(outcomes)} of {len(asks)} requests.")
        yield from zip(tray, outcomes, strict=True)

    def _fits(self, waiting: tuple[Line, Contribution], outcome: Receipt | Trouble) -> bool:
        """Whether the desk says yes; if not, the row is held back for what it says."""
        line, row = waiting
        if isinstance(outcome, Receipt) and outcome.answer.outcome == "accepted":
            return True
        if isinstance(outcome, Receipt):
            reason = outcome.answer.ground
            do = (
                "That answer stands; credit the month by `shebaoka account credit --supplement 2` once it is settled."
                if outcome.repeated
                else "Settle that at the window, then take the row in again."
            )
            sentence = f"The desk refused it under clause {outcome.answer.clause}: {reason.replace('_', ' ')}. {do}"
        elif isinstance(outcome, RequestIdUsed):
            reason = CREDITED_OTHERWISE
            sentence = (
                f"{row.month} was credited already, with another amount. If that amount was wrong, propose a "
                "correction of its entry; else leave the row out."
            )
        else:
            reason, sentence = outcome.code, str(outcome)
        self.hold(line, reason, sentence, row.amount_fen)
        return False

    def report(self, survey: _Survey, file: str, stated: Total | None, *, stating: bool) -> CreditReport:
        """The outcome, compared with the first reading and with what is stated, where something is stated."""
        held_back = tuple(sorted(self._held, key=lambda held: held.line))
        judged = Total(self._rows.total() + len(held_back), self._fen.total())
        off = [] if judged == Total(survey.rows, survey.sum_fen) else [_changed(survey, judged, file)]
        if stating:
            off += differences(file, Total(survey.rows, survey.sum_fen), stated)
        return CreditReport(
            digest=survey.digest,
            rows_in=survey.rows,
            credited=self._rows["credited"],
            already_there=self._rows["already_there"],
            held_back=held_back,
            held_back_by_reason=dict(Counter(held.reason for held in held_back).most_common()),
            in_fen=survey.sum_fen,
            credited_fen=self._fen["credited"],
            already_there_fen=self._fen["already_there"],
            held_fen=self._fen["held"],
            control_rows=stated.rows if stated else None,
            control_fen=stated.sum_fen if stated else None,
            differences=tuple(off),
            reconciled=not off,
        )


def _changed(survey: _Survey, judged: Total, file: str) -> str:
    return (
        f"{survey.rows} rows with {yuan(survey.sum_fen)} yuan were read, and {judged.rows} with "
        f"{yuan(judged.sum_fen or 0)} are accounted for; {file} changed while it was taken in. Take it in again."
    )


def _write_output(output: Path, report: CreditReport, source: ContributionFile) -> None:
    """Write the list of what is held back, and the file to correct and take in again. Others may not read them."""
    folder = output / TO_CORRECT_FOLDER
    output.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    write_held_back(output / HELD_BACK_FILE, map(source.readable, report.held_back))
    rows = [source.header, *(held.raw for held in report.held_back)]
    (folder / source.path.name).write_bytes(b"".join(row + b"\r\n" for row in rows))
