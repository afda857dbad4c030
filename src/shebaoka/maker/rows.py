"""Rows of a data file, written and read by a partner's format.

A text is cut at its delimiter only after it was decoded: in GB18030 the byte of `|` is also the second byte of some
characters. A line feed is in none, so lines are cut as bytes.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from shebaoka.maker.formats import DATES, Cards, Field, Table
from shebaoka.maker.telling import shown
from shebaoka.names import parted
from shebaoka.records import BadInput, BankAnswer, CardOrder, CardResult, Made

FAULTS_MAX = 20
"""So many faults of a file are told; whoever corrects these will look at the others too."""
LINE_MAX = 64 * 1024
_GUESS_FROM = 24
"""Bytes beyond ASCII from which on UTF-8 is told from GB18030: so many are not valid UTF-8 by chance."""
KEPT_MAX = 4096
"""So many values of a column are kept as they were written."""
_SHARED = frozenset(
    {
        *("batch", "card_category", "spec_version", "issuer", "issued_on", "valid_until", "sex", "ethnic_group"),
        *("birth_place", "birth_on", "collect_at", "outcome"),
    }
)
"""What many cards of a batch have in common."""
_NAMES = {"gb18030": "GB18030", "utf-8": "UTF-8"}

Value = str | int | dt.date | None
Told = Mapping[str, Value]


# What is told of a card -----------------------------------------------------------------------------------------------


def told_of_order(order: CardOrder, batch: str, cards: Cards | None = None) -> dict[str, Value]:
    """What can be told of a card that is ordered, by source; of its photo if there are `cards` that name it."""
    told = msgspec.structs.asdict(order)
    told["batch"] = batch
    told["photo"] = "" if cards is None else photo_name(cards, order)
    if cards is not None and _asks(cards, "photo_digest"):
        told["photo_digest"] = hashlib.sha256(order.photo).hexdigest()
    return told


def _asks(table: Table, source: str) -> bool:
    return any(field.source == source for field in table.fields)


def photo_name(cards: Cards, order: CardOrder) -> str:
    """The name of a card's photo in the package, which the format makes of serial, number or line."""
    return cards.photo.format(card_serial=order.card_serial, card_number=order.card_number, line=order.line)


def told_of_result(result: CardResult, batch: str) -> dict[str, Value]:
    """What a row of a result file says, by source."""
    return {**msgspec.structs.asdict(result), "batch": batch, "outcome": str(result.outcome)}


def told_of_answer(answer: BankAnswer, batch: str) -> dict[str, Value]:
    """What a row of the bank's answer says, by source."""
    return {**msgspec.structs.asdict(answer), "batch": batch, "outcome": "opened" if answer.opened else "refused"}


_MADE = {str(made): made for made in Made}


def result_of(row: int, said: Mapping[str, str]) -> CardResult:
    """A row of a result file as a record."""
    return CardResult(
        row=row,
        line=int(said["line"]),
        card_number=said["card_number"],
        card_serial=said["card_serial"].lower(),
        outcome=_MADE[said["outcome"]],
        blank=said.get("blank", ""),
        reason=said.get("reason", ""),
    )


def answer_of(row: int, said: Mapping[str, str]) -> BankAnswer:
    """A row of the bank's answer as a record."""
    return BankAnswer(
        row=row,
        line=int(said["line"]),
        card_number=said["card_number"],
        opened=said["outcome"] == "opened",
        account=said.get("account", ""),
        reason=said.get("reason", ""),
    )


# Writing --------------------------------------------------------------------------------------------------------------


class RowWriter:
    """Makes the bytes of lines. A value that the format cannot bear is a fault that names line and column."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._end = table.end
        self._name_width = next((f.width for f in table.fields if f.source == "name"), 0)
        self._splits = _asks(table, "name_extension")
        self._columns: list[tuple[Field, dict[Value, bytes] | None]] = [
            (field, {} if field.source in _SHARED else None) for field in table.fields
        ]

    def head(self) -> bytes:
        """The line of names, where the format has one; a fixed form has none."""
        if self._table.form == "fixed" or not self._table.header:
            return b""
        return self._table.delimiter.join(f.name for f in self._table.fields).encode(self._table.encoding) + self._end

    def line(self, told: Told) -> bytes:
        """One line. `BadInput` with every fault of it."""
        if self._splits:
            name, extension = parted(str(told["name"]), self._name_width, self._table.encoding)
            told = {**told, "name": name, "name_extension": extension}
        faults: list[str] = []
        parts = [
            self._part(field, told.get(field.source), faults)
            if kept is None
            else kept.get(told.get(field.source)) or self._kept(field, told.get(field.source), kept, faults)
            for field, kept in self._columns
        ]
        if faults:
            raise BadInput("\n".join(f"Line {told['line']}: {fault}" for fault in faults))
        if self._table.form == "fixed":
            return b"".join(parts) + self._end
        return self._table.delimiter.encode().join(parts) + self._end

    def _kept(self, field: Field, value: Value, kept: dict[Value, bytes], faults: list[str]) -> bytes:
        """A value that many cards share; kept once it was written without a fault."""
        before = len(faults)
        data = self._part(field, value, faults)
        if len(faults) == before and len(kept) < KEPT_MAX:
            kept[value] = data
        return data

    def _part(self, field: Field, value: Value, faults: list[str]) -> bytes:
        text = _text(field, value)
        if not text:
            if field.required:
                faults.append(f"{field.name}: there is nothing to say, and the format asks for it.")
            text = field.empty
        elif self._table.form == "delimited" and self._table.delimiter in text:
            faults.append(f"{field.name}: it holds {self._table.delimiter!r}, which parts the columns of this format.")
        if "\n" in text or "\r" in text:
            faults.append(f"{field.name}: it holds a line's end.")
        try:
            data = text.encode(self._table.encoding)
        except UnicodeEncodeError as e:
            faults.append(f"{field.name}: character {e.start + 1} is none that {self._table.encoding} can write.")
            return b""
        if field.width and len(data) > field.width:
            faults.append(f"{field.name}: it takes {len(data)} bytes, and the column has {field.width}.")
        elif field.exactly and data and len(data) != field.width:
            faults.append(f"{field.name}: it takes {len(data)} bytes and must take exactly {field.width}.")
        if self._table.form == "fixed":
            return data.ljust(field.width) if field.align == "left" else data.rjust(field.width)
        return data


def _text(field: Field, value: Value) -> str:
    """A value as it stands in the file."""
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return value.strftime(field.date)
    text = str(value)
    return field.codes.get(text, text)


# Reading --------------------------------------------------------------------------------------------------------------


def lines_of(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines without their ends from blocks of bytes. `BadInput` for one that is far too long to be a row."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > LINE_MAX:
            raise BadInput("The file has a line of more than 64 KiB: it is none of this format.", code="file_rows")
        for line in lines:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest.removesuffix(b"\r")


class RowReader:
    """Reads lines by a format. What is wrong stands in `faults`, at most 20 sentences; such a row is left out.

    Rows are counted on from those `before`.
    """

    def __init__(self, table: Table, before: int = 0) -> None:
        self._table = table
        self._columns = [(field, *_reading(field)) for field in table.fields]
        self._odd: set[bytes] = set()
        self.faults: list[str] = []
        self.rows = before

    def read(self, lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows, each with its number from 1, by source. `BadInput` for names or an encoding of another format."""
        table, begun = self._table, False
        for line in lines:
            if not begun and table.form == "delimited" and table.header:
                self._must_be_named(line)
                begun = True
                continue
            begun = True
            self.rows += 1
            found = self._row(line)
            if found is not None:
                yield self.rows, found
        if table.form == "delimited" and table.header and not begun:
            self.fault("The file is empty: not even the line of names is there.")
        self._must_be_encoded()

    def must_be_clean(self) -> None:
        """`BadInput` with all faults."""
        if self.faults:
            raise BadInput("\n".join(self.faults), code="file_rows")

    def fault(self, said: str) -> None:
        """Something is wrong with a row."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(said)

    def _must_be_named(self, line: bytes) -> None:
        table = self._table
        asked = [field.name for field in table.fields]
        others = [e for e in ("utf-8-sig", "gb18030", "utf-16") if e != table.encoding]
        for encoding in (table.encoding, *others):
            try:
                names = line.decode(encoding).removeprefix("\ufeff").removesuffix("\r").split(table.delimiter)
            except UnicodeDecodeError:
                continue
            if names == asked and encoding in (table.encoding, f"{table.encoding}-sig"):
                return
            if names == asked:
                said = encoding.removesuffix("-sig").upper()
                raise BadInput(
                    f"The file is in {said}, and the format asks for {_NAMES[table.encoding]}. Have it written anew.",
                    code="file_encoding",
                )
        found = shown(line[:900].decode(table.encoding, "replace"), 200)
        raise BadInput(
            f"The columns are not those of the format. It asks for {table.delimiter.join(asked)}, and the first line "
            f"says {found}. Have it written anew, or name the partner's right format.",
            code="file_columns",
        )

    def _row(self, line: bytes) -> dict[str, str] | None:
        if not line.isascii() and len(self._odd) < FAULTS_MAX:
            self._odd.add(line)
        parts = self._parts(line)
        if parts is None:
            return None
        said: dict[str, str] = {}
        for (field, fault_of, back), text in zip(self._columns, parts, strict=True):
            fault = fault_of(text)
            if fault:
                self.fault(f"Row {self.rows}, {field.name}: {fault}")
                return None
            said[field.source] = back.get(text, text) if back else text
        return said

    def _parts(self, line: bytes) -> list[str] | None:
        """A line in its columns; None if it has not as many, or is not in the format's encoding."""
        table = self._table
        try:
            if table.form == "delimited":
                parts = line.decode(table.encoding).split(table.delimiter)
                if len(parts) != len(table.fields):
                    self.fault(f"Row {self.rows}: it has {len(parts)} columns and not {len(table.fields)}.")
                    return None
                return parts
            width = sum(field.width for field in table.fields)
            if len(line) != width:
                self.fault(f"Row {self.rows}: it has {len(line)} bytes and not {width}.")
                return None
            at, parts = 0, []
            for field in table.fields:
                text = line[at : at + field.width].decode(table.encoding)
                parts.append(text.rstrip(" ") if field.align == "left" else text.lstrip(" "))
                at += field.width
        except UnicodeDecodeError:
            self.fault(f"Row {self.rows}: the bytes are not {_NAMES[table.encoding]}; have the file written anew.")
            return None
        return parts

    def _must_be_encoded(self) -> None:
        """Whether rows beyond ASCII are UTF-8 through and through, where GB18030 should stand and no names told it."""
        beyond = sum(byte > 0x7F for line in self._odd for byte in line)
        if self._table.encoding != "gb18030" or beyond < _GUESS_FROM:
            return
        try:
            for line in self._odd:
                line.decode("utf-8")
        except UnicodeDecodeError:
            return
        raise BadInput(
            "The file is in UTF-8, and the format asks for GB18030. Have it written anew.", code="file_encoding"
        )


def _reading(field: Field) -> tuple[Callable[[str], str], dict[str, str]]:
    """What tells the fault of a value in this column, empty for none; and what each code there is called here."""
    back = {code: ours for ours, code in field.codes.items()}
    if field.empty:
        back[field.empty] = ""
    needed = field.required or field.source in _NEVER_EMPTY

    def plain(text: str) -> str:
        if not text and needed:
            return "it is empty, and the format asks for it."
        return "" if text.isprintable() else "it holds a character that cannot be printed."

    def line(text: str) -> str:
        fits = text.isascii() and text.isdigit() and len(text) <= LINE_DIGITS_MAX
        return plain(text) or ("" if fits else f"{text[:20]!r} is no line of the batch.")

    def outcome(text: str) -> str:
        return plain(text) or ("" if text in back else f"{text[:20]!r} is none of the codes {', '.join(back)}.")

    def day(text: str) -> str:
        if not text or text == field.empty or text in days:
            return plain(text)
        try:
            dt.datetime.strptime(text, field.date)  # noqa: DTZ007 - a day, not an instant
        except ValueError:
            return f"{text[:20]!r} is no day in the form {field.date}."
        if len(days) < KEPT_MAX:
            days.add(text)
        return ""

    days: set[str] = set()
    if field.source in DATES:
        return day, back
    return {"line": line, "outcome": outcome}.get(field.source, plain), back


LINE_DIGITS_MAX = 9
_NEVER_EMPTY = ("line", "card_number", "card_serial", "outcome")
