"""The formats of makers and banks, as data: which columns a file has, under which names, how wide, in which encoding.

`makers/*.yaml` are read and checked whole before the first file is written. A maker with a format of its own is a
further file there. The form is told in docs/makers.md.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from shebaoka.records import BadInput
from shebaoka.yamltexts import read_texts

ORDER_SOURCES = (
    *("batch", "line", "card_serial", "card_category", "spec_version", "issuer", "issued_on", "valid_until"),
    *("card_number", "number", "name", "name_extension", "sex", "ethnic_group", "birth_place", "birth_on"),
    *("photo", "photo_digest", "collect_at"),
)
"""What can be told of a card that is ordered. `name_extension` is what of a name does not go into `name`'s width;
`photo` is the photo's file name, `photo_digest` its SHA-256."""
RESULT_SOURCES = ("batch", "line", "card_number", "card_serial", "outcome", "blank", "reason")
ANSWER_SOURCES = ("batch", "line", "card_number", "outcome", "account", "reason")
DATES = ("issued_on", "valid_until", "birth_on")
OUTCOMES = {"results": ("made", "rejected"), "answers": ("opened", "refused")}
CARDS_PER_FILE_MAX, ROWS_PER_FILE_MAX = 5_000, 250_000
_SEXES = ("male", "female")
_FILE = re.compile(r"[A-Za-z0-9_-]+(\{part\})?[A-Za-z0-9_-]*\.[a-z0-9]{1,5}")
_PHOTO = re.compile(r"[A-Za-z0-9_-]*\{(card_serial|card_number|line)\}[A-Za-z0-9_-]*\.jpg")


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column: its name in the file, what of a card stands in it, and how.

    `width` is in bytes of the file's encoding: the most, `exactly` so many, or in a fixed form the column's own. 0 is
    no bound. `date` is the form of a day; `codes` what each word of ours is called there; `empty` what stands where
    there is nothing to say; `align` which side of a fixed column the value is at.
    """

    name: str
    source: str
    width: int = 0
    exactly: bool = False
    required: bool = False
    date: str = "%Y%m%d"
    codes: dict[str, str] = {}
    empty: str = ""
    align: Literal["left", "right"] = "left"


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A data file: delimited, with or without a line of names, or in columns of fixed width.

    With more rows than `rows_per_file` there are several, numbered where `{part}` stands in the name.
    """

    file: str
    fields: tuple[Field, ...]
    form: Literal["delimited", "fixed"] = "delimited"
    encoding: Literal["gb18030", "utf-8"] = "gb18030"
    delimiter: str = "|"
    header: bool = True
    line_end: Literal["crlf", "lf"] = "crlf"
    rows_per_file: int = 200_000

    @property
    def end(self) -> bytes:
        """The bytes at a line's end."""
        return b"\r\n" if self.line_end == "crlf" else b"\n"

    def named(self, part: int) -> str:
        """The name of the data file of this number, from 1."""
        return self.file.replace("{part}", f"{part:04}")


class Cards(Table, frozen=True, forbid_unknown_fields=True):
    """The data files of a package, each with `rows_per_file` cards, and the photos behind each by the name `photo`."""

    rows_per_file: int = 1000
    photo: str = "{card_serial}.jpg"


class Format(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All files of one partner: a maker's package and results, or a bank's accounts to open and its answers."""

    title: str
    cards: Cards | None = None
    results: Table | None = None
    accounts: Table | None = None
    answers: Table | None = None

    @property
    def partner(self) -> Literal["maker", "bank"]:
        """Whose format it is."""
        return "maker" if self.cards is not None else "bank"


def formats_of(files: Mapping[str, bytes]) -> dict[str, Format]:
    """Formats by name from the files of a folder, name to bytes. `BadInput` lists every fault of every file."""
    found: dict[str, Format] = {}
    faults: list[str] = []
    for file, raw in sorted(files.items()):
        try:
            found[file.removesuffix(".yaml")] = _format_of(file, raw)
        except BadInput as e:
            faults.append(str(e))
    if faults:
        raise BadInput("\n".join(faults), code="bad_format")
    return found


def _format_of(file: str, raw: bytes) -> Format:
    format_ = read_texts(file, raw, Format, "See docs/makers.md.")
    faults = [f"{file}, {fault}" for fault in _faults(format_)]
    if faults:
        raise BadInput("\n".join(faults))
    return format_


def _faults(format_: Format) -> Iterator[str]:
    """What a format that can be read still gets wrong, each with its key and what to do."""
    has = {name for name in ("cards", "results", "accounts", "answers") if getattr(format_, name) is not None}
    if has not in ({"cards", "results"}, {"accounts", "answers"}):
        yield "at the top: a maker's format has cards and results, a bank's has accounts and answers."
    if format_.cards is not None:
        yield from _faults_of_table("cards", format_.cards, ORDER_SOURCES, ("line", "card_serial", "card_number"))
        if format_.cards.rows_per_file > CARDS_PER_FILE_MAX:
            yield f"cards.rows_per_file: give 1 to {CARDS_PER_FILE_MAX}; so many cards are in memory at once."
        if "{part}" not in format_.cards.file:
            yield "cards.file: put {part} where the number of the data file stands, such as cards-{part}.txt."
        if not _PHOTO.fullmatch(format_.cards.photo):
            yield "cards.photo: name it by {card_serial}, {card_number} or {line}, such as {card_serial}.jpg."
    if format_.results is not None:
        keys = ("line", "card_number", "card_serial", "outcome")
        yield from _faults_of_table("results", format_.results, RESULT_SOURCES, keys)
    if format_.accounts is not None:
        yield from _faults_of_table("accounts", format_.accounts, ORDER_SOURCES, ("line", "card_number", "number"))
    if format_.answers is not None:
        yield from _faults_of_table("answers", format_.answers, ANSWER_SOURCES, ("line", "card_number", "outcome"))


def _faults_of_table(at: str, table: Table, known: tuple[str, ...], needed: tuple[str, ...]) -> Iterator[str]:
    if not _FILE.fullmatch(table.file):
        yield f"{at}.file: give a plain name such as {at}.txt."
    if not 1 <= table.rows_per_file <= ROWS_PER_FILE_MAX:
        yield f"{at}.rows_per_file: give 1 to {ROWS_PER_FILE_MAX}."
    if len(table.delimiter) != 1 or not table.delimiter.isascii() or table.delimiter in "\r\n\0":
        yield f'{at}.delimiter: give one ASCII character, such as "|".'
    yield from _faults_of_fields(at, table, known, needed)


def _faults_of_fields(at: str, table: Table, known: tuple[str, ...], needed: tuple[str, ...]) -> Iterator[str]:
    sources = [field.source for field in table.fields]
    for source in needed:
        if source not in sources:
            yield f"{at}.fields: none has the source {source}, and without it nobody knows which card a row is about."
    names = [field.name for field in table.fields]
    for n, field in enumerate(table.fields):
        where = f"{at}.fields[{n}]"
        if field.source not in known:
            yield f"{where}.source: there is no {field.source}; choose of {', '.join(known)}."
        if sources.index(field.source) != n and at in OUTCOMES:
            yield f"{where}.source: {field.source} stands in two columns; a row that is read says it once."
        if not field.name or names.index(field.name) != n or table.delimiter in field.name or "\n" in field.name:
            yield f"{where}.name: give each column a name of its own, without the delimiter."
        if table.form == "fixed" and field.width < 1:
            yield f"{where}.width: a fixed form needs the width of each column in bytes."
        if field.width < 0 or (field.exactly and not field.width):
            yield f"{where}.width: give a number of bytes, at least 1."
        yield from (f"{where}.{fault}" for fault in _faults_of_field(at, field))
    if "name_extension" in sources and not any(f.source == "name" and f.width for f in table.fields):
        yield f"{at}.fields: name_extension is what does not fit into name; give name a width."


def _faults_of_field(at: str, field: Field) -> Iterator[str]:
    if field.source in DATES and not _is_date_form(field.date):
        yield "date: give a form that says a day, such as %Y%m%d."
    if field.source == "sex" and sorted(field.codes) != sorted(_SEXES):
        yield f"codes: say what {' and '.join(_SEXES)} are called."
    if field.source == "outcome" and sorted(field.codes) != sorted(OUTCOMES[at]):
        yield f"codes: say what {' and '.join(OUTCOMES[at])} are called."
    if len(set(field.codes.values())) != len(field.codes):
        yield "codes: two words have one code."


def _is_date_form(form: str) -> bool:
    day = dt.date(2013, 6, 25)
    try:
        return dt.datetime.strptime(day.strftime(form), form).date() == day  # noqa: DTZ007 - a day, not an instant
    except ValueError:
        return False
