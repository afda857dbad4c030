"""Text for a terminal: paragraphs and tables in which a Chinese character takes two cells, and JSON with stable names.

Everything that the command line prints goes through here.
"""

import datetime as dt
import re
import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

import click
import msgspec

WIDTH_MAX = 80
_WIDTH_MIN = 40
_WIDE = (
    "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
    "\U00020000-\U0003fffd"
)
# What is never broken: a word or one wide character, with the brackets before it and the punctuation after it.
_PIECE = re.compile(rf"[（《「『【]*(?:[^\s{_WIDE}]+|[{_WIDE}])[，。；：、！？）》」』】”’…]*|\s+")


def width() -> int:
    """How many cells a line may have: the terminal's, at most 80."""
    return max(_WIDTH_MIN, min(WIDTH_MAX, shutil.get_terminal_size((WIDTH_MAX, 24)).columns))


def cells(text: str) -> int:
    """How many cells a text takes in a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def paragraph(text: str, *, first: str = "", rest: str | None = None) -> str:
    """A text folded to the terminal; `first` stands before its first line, `rest` (else blanks) before others."""
    rest = " " * cells(first) if rest is None else rest
    lines, line, begun = [], first, False
    for piece in _PIECE.findall(text):
        if piece.isspace():
            piece = " "
            if not begun:
                continue
        if begun and cells(line) + cells(piece.rstrip()) > width():
            lines.append(line.rstrip())
            line, begun = rest, False
            if piece == " ":
                continue
        line, begun = line + piece, True
    return "\n".join([*lines, line.rstrip()])


def say(text: str = "", *, first: str = "", rest: str | None = None) -> None:
    """Print a paragraph; each line of the text begins a new one, as far in as it is."""
    for n, line in enumerate(text.splitlines() or [""]):
        after = " " * cells(first) if rest is None else rest
        plain = line.lstrip(" ")
        inset = " " * (len(line) - len(plain))
        click.echo(paragraph(plain, first=(first if n == 0 else after) + inset, rest=after + inset))


def table(rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns. The last column is folded where the line would become too long."""
    texts = [[str(v) for v in row] for row in rows]
    if not texts:
        return
    widths = [max(cells(row[n]) for row in texts) for n in range(len(texts[0]) - 1)]
    for row in texts:
        left = "".join(f"{text}{' ' * (widths[n] - cells(text))}  " for n, text in enumerate(row[:-1]))
        say(row[-1], first=left, rest=" " * min(cells(left), width() // 2))


def named(value: Any) -> Any:
    """A value as JSON by names: records as objects with their fields, days and instants as ISO 8601."""
    if isinstance(value, msgspec.Struct):
        return {f: named(getattr(value, f)) for f in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(named(k)): named(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [named(v) for v in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return value


def say_json(document: Any) -> None:
    """Print one JSON document, readable and in UTF-8."""
    click.echo(msgspec.json.format(msgspec.json.encode(named(document)), indent=2).decode())
