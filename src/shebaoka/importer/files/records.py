"""Rows whose values stand in fields of so many bytes: into clean CSV, and which field cuts a character in two.

The readers of fixed width and DBF call it; how they come by the fields is theirs.
"""

from collections.abc import Sequence

from shebaoka.importer.files.encodings import CALLED, UTF8
from shebaoka.importer.files.lines import Lines
from shebaoka.importer.files.shape import Block, Odd, OddReason
from shebaoka.importer.files.tidy import Tidy

SEPARATOR = b"\x1f"
"""Stands between the fields on their way to clean CSV; no value has it."""
_DAMAGED = (OddReason.NOT_GB18030, OddReason.NOT_UTF8)


class Records:
    """How the rows of one file become clean CSV: the names of their fields, and the encoding."""

    def __init__(self, names: Sequence[str], encoding: str) -> None:
        self._names = names
        self._encoding = encoding
        self._tidy = Tidy(len(names), encoding, SEPARATOR.decode(), quoted=False)

    def block(self, first: int, rows: Sequence[bytes | Odd], raw: Sequence[bytes]) -> Block:
        """Rows from number `first` on, each its values with `SEPARATOR` between them, or odd already.

        `raw` is what each of them shows as its bytes, should it be odd.
        """
        text = b"".join((b"" if isinstance(row, Odd) else row.replace(b"\n", b"\r")) + b"\n" for row in rows)
        block = self._tidy.block(first, Lines(text))
        odd = tuple(self._odd(o, rows[o.line - first], raw[o.line - first]) for o in block.odd)
        return Block(block.text, block.rows, odd)

    def _odd(self, odd: Odd, row: bytes | Odd, raw: bytes) -> Odd:
        """What is odd about a row, by the name of its field."""
        if isinstance(row, Odd):
            return row
        reason, sentence = odd.reason, odd.sentence
        if odd.reason in _DAMAGED:
            reason, sentence = self._damage(row, odd)
        return Odd(odd.line, reason, sentence, raw)

    def _damage(self, row: bytes, odd: Odd) -> tuple[str, str]:
        """Which field is damaged: one that ends, or begins, in the middle of a character was cut by its width."""
        for name, value in zip(self._names, row.split(SEPARATOR), strict=True):
            try:
                value.decode(self._encoding)
            except UnicodeDecodeError as e:
                if e.end == len(value) or (self._encoding == UTF8 and e.reason == "unexpected end of data"):
                    return (
                        OddReason.FIELD_CUTS_A_CHARACTER.value,
                        f"{name} ends in the middle of a character, so the field was too short for its value; enter "
                        f"the value again.",
                    )
                return (
                    odd.reason,
                    f"Byte {e.start + 1} of {name} is not {CALLED[self._encoding]}, so a character is damaged; enter "
                    f"the value again.",
                )
        return odd.reason, odd.sentence
