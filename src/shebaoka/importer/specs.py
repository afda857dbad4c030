"""What a mapping says of an old system's files: which file, in what format, which column is what. `mapping` reads it.

`files` opens a file by its `SourceSpec`; the check asks the columns what a field means.
"""

from typing import Literal

import msgspec

Kind = Literal["persons", "accounts", "records", "stays", "cards", "photos"]
Format = Literal["auto", "csv", "fixed", "excel", "dbf", "folder", "zip"]
Encoding = Literal["auto", "gb18030", "gbk", "gb2312", "utf-8"]
"""GBK and GB2312 are read as GB18030, which has all their characters and those that they lack."""
Unit = Literal["yuan", "fen"]
Dates = Literal["YYYYMMDD", "YYYY-MM-DD", "YYYY/MM/DD", "YYYY.MM.DD", "YYYY年MM月DD日", "excel-serial"]

PERSON_FIELDS = ("personal_id", "number", "name", "sex", "birth_on", "insured_on", "region")
FIELDS: dict[Kind, tuple[str, ...]] = {
    "persons": PERSON_FIELDS,
    "accounts": (*PERSON_FIELDS, "balance", "old_card_number", "hospital_status", "admitted_on", "year"),
    "records": ("personal_id", "number", "spent_on", "institution", "total", "account"),
    "stays": ("personal_id", "number", "institution", "admitted_on"),
    "cards": ("personal_id", "number", "old_card_number"),
    "photos": (),
}
"""The fields that a kind of source can have. A table has `number` or `personal_id`, or both."""
NEEDED: dict[Kind, tuple[str, ...]] = {
    "persons": ("number", "name", "region"),
    "accounts": ("balance",),
    "records": ("spent_on", "total", "account"),
    "stays": ("institution", "admitted_on"),
    "cards": ("old_card_number",),
    "photos": (),
}
NEEDED_OF_ACCOUNTS_ALONE = ("number", "name", "region")
"""What accounts must have too where no source of the kind persons has it."""
VALUES: dict[str, tuple[str, ...]] = {"sex": ("male", "female"), "hospital_status": ("in", "out")}
"""The fields whose values are words of this house, and those words: `values` must lead to them."""
AMOUNTS = ("balance", "total", "account")
DAYS = ("birth_on", "insured_on", "admitted_on", "spent_on")


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"as_": "as"}):
    """Where a field's value comes from: a column of the file, or a constant that stands for every row.

    `first`: only so many characters from the beginning. `as: year`: the value is a year, and stands for its first day.
    `values`: what a value of the file means; others cannot be read. A constant that is a day is written as the source's
    `dates` say, an amount in the source's `unit`.
    """

    column: str = ""
    constant: str | None = None
    first: int | None = None
    as_: Literal["year"] | None = None
    values: dict[str, str] | None = None


class Width(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field of a line of fixed width: its column's name, and its width in bytes of the file's encoding."""

    name: str
    width: int


class SourceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file, or the files that a glob names, of one kind. `columns` has a `Column` for each field that there is."""

    kind: Kind
    file: str
    format: Format = "auto"
    encoding: Encoding = "auto"
    delimiter: str = ","
    sheet: str | None = None
    widths: tuple[Width, ...] | None = None
    header: bool = True
    unit: Unit = "yuan"
    dates: Dates = "YYYYMMDD"
    columns: dict[str, Column] = {}

    def needs(self) -> tuple[str, ...]:
        """The columns that must stand in the file, each once."""
        return tuple(dict.fromkeys(c.column for c in self.columns.values() if c.column))


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each file of an old system is. `control` names the file with the control totals, if there is one.

    Two sources may name the same file: one table can be the accounts and a person's record of each year.
    """

    name: str
    sources: tuple[SourceSpec, ...]
    control: str | None = None
