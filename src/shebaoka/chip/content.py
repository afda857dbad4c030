"""What a card says of its issue and its holder, as records of EF05 and EF06 and back. Makers, readers and checks
ask.
"""

import datetime as dt
import re
from typing import Any

import msgspec

from shebaoka.chip.files import EF05, EF06, EXTENSION_TAG, ChipFile, Form, Item
from shebaoka.names import EXTENSION_BYTES, NAME_BYTES, parted
from shebaoka.records import BadInput, CardOrder, Sex

Records = dict[int, bytes]
"""The values of a file's records by tag, each as wide as its item."""
_SEX_CODES = {Sex.MALE: "1", Sex.FEMALE: "2"}
"""GB/T 2261.1."""
_SEXES = {code: sex for sex, code in _SEX_CODES.items()}
_SERIAL = re.compile(r"[0-9a-f]{32}")
_CARD_NUMBER = re.compile(r"[A-Z0-9]{9}")
_DIGITS = {False: re.compile(r"[0-9]*"), True: re.compile(r"[0-9A-F]*")}
"""The digits of an item, and those of 初始化机构编号, which are hexadecimal on the cards that there are."""


class Issue(msgspec.Struct, frozen=True):
    """EF05: who issued the card, when, under which numbers. `valid_until` is None for a card without an end (3.1)."""

    card_serial: str
    card_category: str
    spec_version: str
    issuer: str
    issued_on: dt.date | None
    valid_until: dt.date | None
    card_number: str


class Holder(msgspec.Struct, frozen=True):
    """EF06: whose card it is. `ethnic_group` (GB/T 3304) and `birth_place` (GB/T 2260) are codes, empty if not said."""

    number: str
    name: str
    sex: Sex | None
    ethnic_group: str
    birth_place: str
    birth_on: dt.date | None


class ChipContent(msgspec.Struct, frozen=True):
    """What a chip says. Without `holder`, EF06 was not read, or is not written yet."""

    issue: Issue
    holder: Holder | None = None

    @property
    def is_blank(self) -> bool:
        """Whether nobody's card number is written in it: it is the last record that personalising writes."""
        return not self.issue.card_number


def name_in_bytes(name: str) -> tuple[bytes, bytes]:
    """A name as the chip bears it: item and extension, no character cut in two. `BadInput` if it does not fit.

    Source of the widths: V2.0 of the file structure, 30 bytes and 20 bytes in GB18030.
    """
    try:
        first, rest = (part.encode("gb18030") for part in parted(name, NAME_BYTES))
    except UnicodeEncodeError:
        raise BadInput("name: it holds a sign that is no character; correct the name first.") from None
    if not name or name != name.strip() or any(c < " " for c in name):
        raise BadInput(
            "name: a chip bears no empty name, none with blanks around it, and none with steering signs; "
            "correct it first."
        )
    if len(rest) > EXTENSION_BYTES:
        raise BadInput(
            f"name: it takes {len(first) + len(rest)} bytes in GB18030, and a chip has room for {NAME_BYTES} and "
            f"{EXTENSION_BYTES} more; agree with its holder on a shorter form, and have it recorded."
        )
    return first, rest


def content_of(order: CardOrder) -> ChipContent:
    """What the chip of an ordered card shall say."""
    taken = {name: getattr(order, name) for name in {*Issue.__struct_fields__, *Holder.__struct_fields__}}
    return ChipContent(
        Issue(**{name: taken[name] for name in Issue.__struct_fields__}),
        Holder(**{name: taken[name] for name in Holder.__struct_fields__}),
    )


def issue_records(issue: Issue) -> Records:
    """EF05 as records. `BadInput` names the item that does not fit."""
    if not _SERIAL.fullmatch(issue.card_serial):
        raise BadInput("card_serial: a card serial is 32 hexadecimal digits in small letters.")
    if issue.card_number and not _CARD_NUMBER.fullmatch(issue.card_number):
        raise BadInput("card_number: a card number is nine characters, capital letters and digits.")
    return _written(EF05, msgspec.structs.asdict(issue))


def holder_records(holder: Holder) -> Records:
    """EF06 as records. `BadInput` names the item that does not fit."""
    name, extension = name_in_bytes(holder.name)
    said = msgspec.structs.asdict(holder) | {"name": name, "name_extension": extension}
    said["sex"] = _SEX_CODES[holder.sex] if holder.sex else ""
    return _written(EF06, said)


def issue_from(records: Records) -> Issue:
    """What EF05 says. `BadInput` names an item that cannot be read; the numbers stay out of the sentence."""
    return Issue(**_read(EF05, records))


def holder_from(records: Records) -> Holder:
    """What EF06 says. A card of version 1.0 has no extension of the name. `BadInput` as for `issue_from`."""
    said = _read(EF06, {EXTENSION_TAG: b"", **records})
    extension = said.pop("name_extension")
    sex = said["sex"]
    if sex and sex not in _SEXES:
        raise BadInput("性别: the chip has a code that GB/T 2261.1 has not; look at the card itself.")
    return Holder(**said | {"name": said["name"] + extension, "sex": _SEXES.get(sex)})


def _written(file: ChipFile, said: dict[str, Any]) -> Records:
    return {item.tag: _value(item, said[item.field]) for item in file.items}


def _value(item: Item, said: Any) -> bytes:
    """An item's value, as wide as the item."""
    if item.form is Form.B:
        value = bytes.fromhex(said)
    elif item.form is Form.AN:
        value = said if isinstance(said, bytes) else said.encode("gb18030")
        value = value.ljust(item.width, b"\0")
    else:
        digits = "" if said is None else f"{said:%Y%m%d}" if isinstance(said, dt.date) else said
        if not _DIGITS[item.field == "issuer"].fullmatch(digits):
            raise BadInput(f"{item.field}: {item.chinese} is written in digits alone.")
        value = bytes.fromhex((digits + "F" * (len(digits) % 2)).ljust(2 * item.width, "F"))
    if len(value) != item.width:
        raise BadInput(f"{item.field}: {item.chinese} has room for {item.width} bytes, and this takes {len(value)}.")
    return value


def _read(file: ChipFile, records: Records) -> dict[str, Any]:
    return {item.field: _said(item, records) for item in file.items}


def _said(item: Item, records: Records) -> Any:
    """What an item says: a text, or for a day the day, None if it is left open."""
    value = records.get(item.tag)
    if value is None:
        raise BadInput(f"{item.chinese}: the chip has no such record; it is not a social security card of this kind.")
    if item.form is Form.B:
        return value.hex()
    if item.form is Form.AN:
        try:
            return value.rstrip(b"\0 \xff").decode("gb18030")
        except UnicodeDecodeError:
            raise BadInput(f"{item.chinese}: the chip's text is not GB18030; look at the card itself.") from None
    digits = value.hex().upper()
    if item.field != "issuer" or not digits.strip("F"):
        digits = digits.rstrip("F")
    return _day(item, digits) if item.field.endswith("_on") or item.field == "valid_until" else digits


def _day(item: Item, digits: str) -> dt.date | None:
    if not digits.strip("0"):
        return None
    try:
        return dt.datetime.strptime(digits, "%Y%m%d").replace(tzinfo=dt.UTC).date()
    except ValueError:
        raise BadInput(f"{item.chinese}: the chip names a day that the calendar lacks.") from None
