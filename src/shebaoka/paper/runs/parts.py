"""What a run's report is made of, and the questions that several of its parts ask. `view` and `sections` use it."""

import msgspec

from shebaoka.paper.runs.charts import Chart
from shebaoka.records import FileOutcome


class Table(msgspec.Struct, frozen=True):
    """A table of texts. The first `left` columns are texts, the others numbers; column `rest` takes what room is left.

    `english` are the columns that hold sentences which the house keeps in English alone. A text that begins with × is
    a fault.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sums: tuple[str, ...] = ()
    left: int = 1
    rest: int = 0
    english: tuple[int, ...] = ()


class Section(msgspec.Struct, frozen=True):
    """A part of the report: a heading, remarks, what is wrong, tables and charts."""

    key: str
    title: str
    aside: str = ""
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()


def took(seconds: float, texts: dict[str, str]) -> str:
    """A duration in words, to the tenth of a second where it is short."""
    if seconds < 60:
        return texts["seconds"].format(n=f"{seconds:.1f}")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return texts["minutes"].format(m=minutes, s=rest)
    hours, minutes = divmod(minutes, 60)
    return texts["hours"].format(h=hours, m=minutes)


def money_adds_up(f: FileOutcome) -> bool:
    """Whether a file's money is the sum of what became of it."""
    parts = (f.carried_over_fen, f.already_there_fen, f.held_back_fen, f.left_fen, f.waiting_fen)
    return f.sum_fen == sum(parts)


def rows_add_up(f: FileOutcome) -> bool:
    """Whether a file's rows are the sum of what became of them, with none that waits."""
    return f.waiting == 0 and f.rows == f.carried_over + f.already_there + f.held_back + f.left


def totals_agree(f: FileOutcome) -> bool | None:
    """Whether what the old system states of a file is what is in it. None if it states nothing."""
    if f.stated_rows is None and f.stated_fen is None:
        return None
    return f.stated_rows in (None, f.rows) and f.stated_fen in (None, f.sum_fen)
