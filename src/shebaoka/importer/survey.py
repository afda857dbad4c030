"""The first reading of `accounts.csv`: how much there is, and which people stand in it more than once.

`accounts` calls it before any row is judged, so that of two rows that contradict each other neither is taken in,
and so that the sums of the report do not come from the counting that they shall check. It holds one entry a row.
"""

import hashlib
from collections.abc import Mapping

from shebaoka.importer.report import Reason
from shebaoka.importer.source import Line, SourceFile
from shebaoka.importer.values import fen
from shebaoka.records import BadInput


class Survey:
    """Rows, their sum, the file's digest, and the numbers that stand in more than one row."""

    def __init__(self, source: SourceFile) -> None:
        self.rows = 0
        self.balance_fen = 0
        self._first: dict[str, tuple[int, int]] = {}
        self._conflicting: dict[str, list[int]] = {}
        self._repeated: set[str] = set()
        with source.path.open("rb") as file:
            self.digest = hashlib.file_digest(file, "sha256").hexdigest()
        for line in source.lines():
            self._add(source, line)

    def _add(self, source: SourceFile, line: Line) -> None:
        """Count a row. A row that cannot be read contradicts a sound one with the same number, too."""
        self.rows += 1
        try:
            values = source.fields(line)
        except BadInput:
            number = source.number_in(line)
        else:
            self.balance_fen += balance_of(values)
            number = values["身份证号"].upper()
        if not number:
            return
        content = hash(line.raw)
        first_line, first_content = self._first.setdefault(number, (line.number, content))
        if content != first_content:
            self._conflicting.setdefault(number, [first_line]).append(line.number)
        elif line.number != first_line:
            self._repeated.add(number)

    def __contains__(self, number: object) -> bool:
        """Whether some row has this number, even a row that cannot be read."""
        return number in self._first

    def must_stand_alone(self, number: str, line: Line) -> None:
        """`BadInput` if the row contradicts another one of the same person, or only repeats it."""
        lines = self._conflicting.get(number)
        if lines is not None:
            others = ", ".join(str(n) for n in lines if n != line.number)
            also = f"line {others}" if others else "another line"
            raise BadInput(
                f"The same 身份证号 stands in {also} with other values; find out in the old system which row is right, "
                f"and keep that one alone.",
                code=Reason.CONFLICTING_DUPLICATE,
            )
        if number in self._repeated and self._first[number][0] != line.number:
            raise BadInput(
                f"The row is the same as line {self._first[number][0]}, which stands for it; leave this one out.",
                code=Reason.DUPLICATE_ROW,
            )


def balance_of(values: Mapping[str, str]) -> int:
    """What a row adds to the sum of 结余, also below zero; nothing if that is not an amount."""
    try:
        return fen(values["结余"], "结余")
    except BadInput:
        return 0
