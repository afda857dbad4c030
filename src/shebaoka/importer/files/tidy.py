"""Lines as they came into clean CSV: a block at once where it is regular, line by line only over what is not.

A block is regular if nothing but its separators and line ends is left of it once every other byte is taken out, and
that is the same for each line. Readers of CSV and fixed width call it.
"""

import csv
import re
from collections.abc import Iterator

from shebaoka.importer.files.encodings import CALLED, GB18030, UTF8, is_utf8_chinese
from shebaoka.importer.files.lines import LINE_BYTES_MAX, Lines
from shebaoka.importer.files.shape import Block, Odd, OddReason, csv_row, empty_row, without_tabs
from shebaoka.records import BadInput

_ROWS_LOOKED_AT_ALL, _BYTES_APART = 2_000, 50_000
_NO_ROW = b"\x1a\r\n \t"
_ED = b"\xed"
"""The byte with which surrogates begin in UTF-8: so damaged bytes are written between decoding and looking."""


class Tidy:
    """How the lines of one file become clean CSV: its number of columns, encoding and separator."""

    def __init__(self, columns: int, encoding: str, delimiter: str = ",", *, quoted: bool = True) -> None:
        self._columns = columns
        self._encoding = encoding
        self._delimiter = delimiter
        self._quoted = quoted
        separator = delimiter.encode()
        kept = set(b',\n"\r\0\x1a' + separator)
        self._deleted = bytes(b for b in range(256) if b not in kept)
        self._deleted_but_damage = bytes(b for b in range(256) if b not in kept | set(_ED))
        self._plain = separator * (columns - 1)
        self._all_quoted = separator.join([b'""'] * columns)
        self._to_comma = bytes.maketrans(separator, b",")
        self._clean = _clean_row(columns) if quoted and delimiter == "," and columns > 1 else None
        self._between = b'"' + separator + b'"'

    def block(self, first: int, lines: Lines) -> Block:
        """Lines from number `first` on as a block of clean CSV; what is odd is named."""
        block = self._block(first, lines)
        return Block(without_tabs(block.text), block.rows, block.odd) if b"\t" in block.text else block

    def _block(self, first: int, lines: Lines) -> Block:
        raw, encoding = lines.raw, self._encoding
        if self._columns == 1 or lines.cut:
            return self._by_line(first, lines)
        try:
            if self._delimiter != "," and encoding != UTF8:
                # A byte of a Chinese character can look like a separator such as |, but not like a comma.
                raw, encoding = raw.decode(encoding).encode(), UTF8
            left = raw.translate(None, self._deleted)
            rows = left.count(b"\n")
            if not self._is_regular(raw, left, rows):
                return self._by_line(first, lines)
            if encoding == GB18030 and self._has_utf8(raw, rows):
                return self._by_line(first, lines, look_for_utf8=True)
            raw = raw.replace(b"\r", b"")
            if self._delimiter != ",":
                raw = raw.translate(self._to_comma)
            text = raw.decode(encoding)
            return Block(raw if encoding == UTF8 else text.encode(), rows)
        except UnicodeError:
            return self._by_line(first, lines)

    def _is_regular(self, raw: bytes, left: bytes, rows: int) -> bool:
        """Whether each line has all its columns, and no quotation mark, or each column in quotation marks."""
        for end in (b"\r\n", b"\n"):
            if left == (self._plain + end) * rows:
                # A carriage return in the last value looks like one before the line feed.
                return end == b"\n" or raw.count(end) == rows
            if self._quoted and left == (self._all_quoted + end) * rows:
                return (
                    raw.startswith(b'"')
                    and raw.count(b'\n"') == rows - 1
                    and raw.count(b'"' + end) == rows
                    and raw.count(self._between) == rows * (self._columns - 1)
                )
        return False

    def _has_utf8(self, raw: bytes, rows: int) -> bool:
        """Whether a line is UTF-8 and looks like GB18030 by chance: all lines of a few, of many one here and there."""
        if rows <= _ROWS_LOOKED_AT_ALL:
            return any(map(is_utf8_chinese, raw.split(b"\n")))
        starts = (raw.rfind(b"\n", 0, at) + 1 for at in range(_BYTES_APART, len(raw), _BYTES_APART))
        return any(is_utf8_chinese(raw[start : raw.index(b"\n", start)]) for start in starts)

    def _by_line(self, first: int, lines: Lines, *, look_for_utf8: bool = False) -> Block:
        """The same, where some line is irregular: only those are read one by one."""
        as_it_came = lines.raw.split(b"\n")[:-1]
        damaged = lines.raw.decode(self._encoding, "surrogateescape")
        text = damaged.encode("utf-8", "surrogatepass")
        rows = text.split(b"\n")[:-1]
        left = text.translate(None, self._deleted_but_damage).split(b"\n")
        if len(rows) != len(as_it_came):
            raise BadInput("A damaged character swallowed a line end; export the file again.")
        plain, plain_crlf = (self._plain, self._plain + b"\r") if self._columns > 1 else (b"-", b"-")
        irregular = {
            n for n, row in enumerate(rows) if left[n] != plain and not (left[n] == plain_crlf and row.endswith(b"\r"))
        }
        if self._clean is not None:
            clean = self._clean.fullmatch
            irregular = {n for n in irregular if not clean(rows[n])}
        if self._encoding == GB18030 and (
            look_for_utf8 or len(rows) <= _ROWS_LOOKED_AT_ALL or any(_ED in left[n] for n in irregular)
        ):
            # Where one row is damaged, others may be in UTF-8 and look like GB18030 by chance.
            irregular |= {n for n, row in enumerate(as_it_came) if not row.isascii() and is_utf8_chinese(row)}
        if self._delimiter != ",":
            rows = [row.translate(self._to_comma) for row in rows]
        odd = []
        for n in sorted(irregular):
            row = self._row(first + n, as_it_came[n], cut=n in lines.cut)
            if isinstance(row, Odd):
                odd.append(row)
                rows[n] = empty_row(self._columns)
            else:
                rows[n] = row
        return Block(b"\n".join([*rows, b""]).replace(b"\r", b""), len(rows), tuple(odd))

    def _row(self, number: int, raw: bytes, *, cut: bool) -> bytes | Odd:
        """One line as clean CSV, or what is odd about it."""
        as_it_came = raw.rstrip(b"\r")
        if not raw.strip(_NO_ROW):
            return Odd(number, "", "The line is empty.", as_it_came)
        raw = raw.rstrip(b"\x1a\r")
        fault = _fault_of_bytes(raw, self._encoding, cut=cut)
        if fault is None:
            values = list(self._values(raw.decode(self._encoding)))
            if not values:
                fault = (
                    OddReason.QUOTATION_MARK_IS_NOT_CLOSED,
                    "A quotation mark in the row is not closed, or text follows it; a value may not go over the end "
                    "of a line. Take the quotation mark out.",
                )
            elif len(values) != self._columns:
                fault = (
                    OddReason.WRONG_NUMBER_OF_COLUMNS,
                    f"The row has {len(values)} columns and the header has {self._columns}; look for a separator too "
                    f"many or a row that was cut off.",
                )
            else:
                return csv_row(values)
        return Odd(number, fault[0].value, fault[1], as_it_came)

    def _values(self, text: str) -> Iterator[str]:
        """The values of a line; none if its quotation marks do not match."""
        if not self._quoted or '"' not in text:
            yield from text.split(self._delimiter)
            return
        try:
            yield from next(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error:
            return


def _clean_row(columns: int) -> re.Pattern[bytes]:
    """A row that is clean CSV already, some of its values in quotation marks, and without a damaged character."""
    value = rb'(?:"(?:[^"\r\0\x1a\xed]++|"")*+"|[^",\r\0\x1a\xed]*+)'
    return re.compile(value + rb"(?:," + value + rb"){%d}\r?" % (columns - 1))


def fields_of(text: str, delimiter: str) -> list[str]:
    """The fields of a header; none if its quotation marks do not match."""
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return []


def _fault_of_bytes(raw: bytes, encoding: str, *, cut: bool) -> tuple[OddReason, str] | None:
    """What is wrong with a line before it is taken apart; None if nothing is."""
    if cut:
        return (
            OddReason.ROW_IS_TOO_LONG,
            f"The row is longer than {LINE_BYTES_MAX} bytes, so line ends are missing; export the file again.",
        )
    if b"\0" in raw:
        return (
            OddReason.NUL_BYTE_IN_ROW,
            f"Byte {raw.index(0) + 1} of the row is zero, so the file was damaged on its way; copy or export it again.",
        )
    if b"\r" in raw:
        return (
            OddReason.LINE_END_IN_ROW,
            f"Byte {raw.index(13) + 1} of the row is a carriage return, so a value goes over the end of a line; take "
            "it out.",
        )
    return not_in(raw, encoding)


def not_in(raw: bytes, encoding: str) -> tuple[OddReason, str] | None:
    """Why bytes are no text in an encoding; None if they are."""
    reason = OddReason.NOT_UTF8 if encoding == UTF8 else OddReason.NOT_GB18030
    other = GB18030 if encoding == UTF8 else UTF8
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as e:
        if is_utf8_chinese(raw) if other == UTF8 else _is_gb18030_chinese(raw):
            return reason, f"The row is {CALLED[other]} and the file is {CALLED[encoding]}; save all of it in one."
        end = " at its end, so it was cut off in the middle of a character" if e.end == len(raw) else ""
        return (
            reason,
            f"Byte {e.start + 1} of the row is not {CALLED[encoding]}{end or ', so a character is damaged'}; enter "
            f"the row again.",
        )
    if encoding == GB18030 and not raw.isascii() and is_utf8_chinese(raw):
        return reason, f"The row is {CALLED[UTF8]} and the file is {CALLED[GB18030]}; save all of it in one."
    if _SURROGATE.search(text):
        return reason, f"The row has a character that {CALLED[encoding]} does not have; enter the row again."
    return None


_SURROGATE = re.compile("[\ud800-\udfff]")


def _is_gb18030_chinese(raw: bytes) -> bool:
    """Whether bytes are GB18030 in which two characters in three beyond ASCII are Chinese."""
    try:
        beyond = [c for c in raw.decode(GB18030) if not c.isascii()]
    except UnicodeDecodeError:
        return False
    return 3 * sum("\u4e00" <= c <= "\u9fff" for c in beyond) >= 2 * len(beyond) > 0
