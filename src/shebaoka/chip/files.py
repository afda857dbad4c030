"""What is written in the chip of a social security card: files EF05 and EF06 of the application SSSE, item by item.

Source: 社会保障卡文件结构和数据项 (V2.0), 人社信息函〔2012〕37号, since 2015 LD/T 32.6. A record is its tag (标识),
the length, and the value, always as wide as the item. Pure: a maker, a reader and the virtual card all speak of the
same two files.
"""

from enum import StrEnum

import msgspec

from shebaoka.names import EXTENSION_BYTES, NAME_BYTES

AID = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
"""The application's name, `sx1.sh.社会保障` in GB18030: the environment of the social security system, SSSE."""


class Form(StrEnum):
    """How an item stands in its bytes; the names are the standard's."""

    AN = "an"
    """Characters in GB18030, from the left; bytes of zero fill the rest."""
    CN = "cn"
    """Digits, two a byte, from the left; F fills the rest."""
    B = "b"
    """Bytes as they are."""


class Item(msgspec.Struct, frozen=True):
    """One item of a file: its tag, what it is called in the house and in the standard, its form, and its bytes."""

    tag: int
    field: str
    chinese: str
    form: Form
    width: int


class ChipFile(msgspec.Struct, frozen=True):
    """A file of records; the order of its items is that of the record numbers, from 1."""

    id: int
    chinese: str
    items: tuple[Item, ...]

    def by_tag(self, tag: int) -> Item | None:
        """The item with that tag; None if the file has none."""
        return next((item for item in self.items if item.tag == tag), None)


EXTENSION_TAG = 0x4E
"""姓名扩展, which version 1.0 has not."""
EF05 = ChipFile(
    0xEF05,
    "发卡机构数据文件",
    (
        Item(0x01, "card_serial", "卡的识别码", Form.B, 16),
        Item(0x02, "card_category", "卡的类别", Form.AN, 1),
        Item(0x03, "spec_version", "规范版本", Form.AN, 4),
        Item(0x04, "issuer", "初始化机构编号", Form.CN, 12),
        Item(0x05, "issued_on", "发卡日期", Form.CN, 4),
        Item(0x06, "valid_until", "卡有效期", Form.CN, 4),
        Item(0x07, "card_number", "卡号", Form.AN, 9),
    ),
)
EF06 = ChipFile(
    0xEF06,
    "持卡人的基本信息文件",
    (
        Item(0x08, "number", "社会保障号码", Form.AN, 18),
        Item(0x09, "name", "姓名", Form.AN, NAME_BYTES),
        Item(EXTENSION_TAG, "name_extension", "姓名扩展", Form.AN, EXTENSION_BYTES),
        Item(0x0A, "sex", "性别", Form.AN, 1),
        Item(0x0B, "ethnic_group", "民族", Form.CN, 1),
        Item(0x0C, "birth_place", "出生地", Form.CN, 3),
        Item(0x0D, "birth_on", "出生日期", Form.CN, 4),
    ),
)
FILES = {file.id: file for file in (EF05, EF06)}
