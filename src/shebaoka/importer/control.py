"""What the old system states of its export in `control_totals.csv`, and whether an import agrees with it.

The file names for each file its rows below the header, and a sum: 结余 for the accounts, 帐户支出 for the records,
over every row that can be read and whose amount is an amount, broken elsewhere or not. `accounts` calls it.
"""

import csv
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec

from shebaoka.importer.files import open_source
from shebaoka.importer.specs import Column, SourceSpec
from shebaoka.importer.values import fen, whole
from shebaoka.records import BadInput

CONTROL_FILE = "control_totals.csv"
CONTROL_COLUMNS = ("文件", "行数", "金额合计")


class Total(msgspec.Struct, frozen=True):
    """Rows below the header, and the sum of the file's amount column in fen; None if no sum is stated."""

    rows: int
    sum_fen: int | None


def read_control(folder: Path, name: str = CONTROL_FILE) -> dict[str, Total]:
    """The stated totals by file name; none if there is no such file. `BadInput` if it cannot be read."""
    if not (folder / name).exists():
        return {}
    totals: dict[str, Total] = {}
    for line, (file, rows, amount) in _lines(folder / name):
        try:
            total = Total(whole(rows, "行数"), fen(amount, "金额合计") if amount else None)
        except BadInput as e:
            raise BadInput(f"{name}, line {line}: {e}") from None
        if totals.setdefault(file, total) != total:
            raise BadInput(f"{name}, line {line}: {file} stands twice, with other totals; find out which are right.")
    return totals


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each line of the file with its number: file, rows and sum, without blanks around them."""
    spec = SourceSpec(kind="cards", file=path.name, columns={c: Column(column=c) for c in CONTROL_COLUMNS})
    source = open_source(path, spec)
    at = [source.columns.index(c) for c in CONTROL_COLUMNS]
    line = source.first_line
    for block in source.blocks():
        odd = {o.line: o for o in block.odd}
        for values in csv.reader(block.text.decode().splitlines()):
            if line not in odd:
                yield line, [values[n].strip() for n in at]
            elif odd[line].reason:
                raise BadInput(f"{path.name}, line {line}: {odd[line].sentence}")
            line += 1


def in_whole_fen(stated: Total, file: str, control: str) -> Total:
    """The totals of a file whose amounts are in fen: their sum is in fen too, and was read as yuan."""
    if stated.sum_fen is None:
        return stated
    if stated.sum_fen % 100:
        raise BadInput(f"{control}: the sum of {file} must be whole fen, as the amounts of the file are.")
    return Total(stated.rows, stated.sum_fen // 100)


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
    if stated.sum_fen is not None and found.sum_fen is not None and found.sum_fen != stated.sum_fen:
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
