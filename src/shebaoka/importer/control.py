"""What the old system states of its export in `control_totals.csv`, and whether an import agrees with it.

The file names for each file its rows below the header, and a sum: 结余 for the accounts, 帐户支出 for the records,
over every row that can be read and whose amount is an amount, broken elsewhere or not. `accounts` calls it.
"""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec

from shebaoka.importer.source import SourceFile
from shebaoka.importer.values import fen, whole
from shebaoka.records import BadInput

CONTROL_FILE = "control_totals.csv"
CONTROL_COLUMNS = ("文件", "行数", "金额合计")


class Total(msgspec.Struct, frozen=True):
    """Rows below the header, and the sum of the file's amount column in fen."""

    rows: int
    sum_fen: int


def read_control(folder: Path, name: str = CONTROL_FILE) -> dict[str, Total]:
    """The stated totals by file name; none if there is no such file. `BadInput` if it cannot be read."""
    if not (folder / name).exists():
        return {}
    source = SourceFile(folder / name, CONTROL_COLUMNS)
    totals: dict[str, Total] = {}
    for line in source.lines():
        try:
            values = source.fields(line)
            totals[values["文件"]] = Total(whole(values["行数"], "行数"), fen(values["金额合计"], "金额合计"))
        except BadInput as e:
            raise BadInput(f"{name}, line {line.number}: {e}") from None
    return totals


def differences(file: str, found: Total, stated: Total | None) -> Iterator[str]:
    """Sentences about what a file holds and what the old system states of it."""
    if stated is None:
        yield (
            f"{CONTROL_FILE} does not state the totals of {file}; ask for them, for without them nobody can tell "
            f"whether the file is whole."
        )
        return
    if found.rows != stated.rows:
        yield (
            f"{file} has {found.rows} rows and the old system states {stated.rows}; the file may have been cut off or "
            f"changed. Export it again."
        )
    if found.sum_fen != stated.sum_fen:
        yield (
            f"The amounts of {file} sum to {yuan(found.sum_fen)} yuan and the old system states "
            f"{yuan(stated.sum_fen)}; the difference is {yuan(found.sum_fen - stated.sum_fen)}. Export it again."
        )


def missing(control: str, stated: Iterable[str], files: Collection[str]) -> Iterator[str]:
    """Sentences about files that the old system states totals of, and that no source of the mapping is."""
    for name in stated:
        if name not in files:
            yield (
                f"{control} states the totals of {name}, and no source of the mapping is that file; put it into the "
                f"folder, or name it in the mapping."
            )


def yuan(amount_fen: int) -> str:
    """Fen as yuan with two decimals, to be read by people."""
    return f"{'-' * (amount_fen < 0)}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"
