"""Commands to a chip and its answers (APDU, ISO/IEC 7816-4), those that a social security card knows. Pure.

Sources: LD/T 32.5 社会保障卡规范 第5部分 命令, and ISO/IEC 7816-4 for the bytes themselves. Short commands alone: no
item of the two files is longer than 30 bytes.
"""

from enum import IntEnum

import msgspec

from shebaoka.chip.files import AID
from shebaoka.records import BadInput

BY_TAG, BY_NUMBER = 0x00, 0x04
"""The second parameter of READ RECORD and UPDATE RECORD: the first one is a record's tag, or its number in the file."""
CHALLENGE_BYTES = 8
PIN_DIGITS_MIN, PIN_DIGITS_MAX = 4, 12


class Ins(IntEnum):
    """What a command asks for."""

    VERIFY = 0x20
    CHANGE_PIN = 0x5E
    EXTERNAL_AUTHENTICATE = 0x82
    GET_CHALLENGE = 0x84
    SELECT = 0xA4
    READ_RECORD = 0xB2
    GET_RESPONSE = 0xC0
    UPDATE_RECORD = 0xDC


class Sw(IntEnum):
    """What a card says at the end of each answer; `0x63Cn` and `0x61nn`, `0x6Cnn` carry a number besides."""

    DONE = 0x9000
    MORE = 0x6100
    WRONG = 0x63C0
    WRONG_LENGTH = 0x6700
    NOT_ALLOWED_YET = 0x6982
    BLOCKED = 0x6983
    NO_CHALLENGE = 0x6984
    NO_FILE_CHOSEN = 0x6986
    WRONG_DATA = 0x6A80
    NO_SUCH_FILE = 0x6A82
    NO_SUCH_RECORD = 0x6A83
    WRONG_PARAMETERS = 0x6A86
    OTHER_LENGTH = 0x6C00
    NO_SUCH_COMMAND = 0x6D00
    NO_SUCH_CLASS = 0x6E00


class Command(msgspec.Struct, frozen=True):
    """A command. `le` is how many bytes of answer are expected at most, 256 for as many as there are; None for none."""

    ins: int
    p1: int = 0
    p2: int = 0
    data: bytes = b""
    le: int | None = None
    cla: int = 0

    def encode(self) -> bytes:
        """The command as bytes."""
        head = bytes((self.cla, self.ins, self.p1, self.p2))
        body = bytes((len(self.data),)) + self.data if self.data else b""
        return head + body + (b"" if self.le is None else bytes((self.le % 256,)))


class Answer(msgspec.Struct, frozen=True):
    """A card's answer: data, and the two bytes that say how it went."""

    data: bytes
    sw: int

    def encode(self) -> bytes:
        """The answer as bytes."""
        return self.data + self.sw.to_bytes(2)

    @property
    def tries_left(self) -> int | None:
        """How many more entries the card allows, where it counts them; 0 if it is blocked."""
        if self.sw == Sw.BLOCKED:
            return 0
        return self.sw & 0xF if self.sw & 0xFFF0 == Sw.WRONG else None


def command_from(raw: bytes) -> Command:
    """A command from its bytes. `BadInput` if they are none, as the virtual card needs to know."""
    if len(raw) < 4:
        raise BadInput("A command to a chip has four bytes at least.")
    cla, ins, p1, p2, *_ = raw
    rest = raw[4:]
    if len(rest) <= 1:
        return Command(ins, p1, p2, b"", (rest[0] or 256) if rest else None, cla)
    length = rest[0]
    data, after = rest[1 : 1 + length], rest[1 + length :]
    if len(data) != length or not length or len(after) > 1:
        raise BadInput("The command's length is not that of its data.")
    return Command(ins, p1, p2, data, (after[0] or 256) if after else None, cla)


def answer_from(raw: bytes) -> Answer:
    """An answer from its bytes. `BadInput` if there are fewer than two."""
    if len(raw) < 2:
        raise BadInput("A chip's answer ends with two bytes, and this has fewer.")
    return Answer(raw[:-2], int.from_bytes(raw[-2:]))


def select_application() -> Command:
    """SELECT by name: the environment of the social security system."""
    return Command(Ins.SELECT, 0x04, 0x00, AID)


def select_file(file: int) -> Command:
    """SELECT a file of the application by its identifier."""
    return Command(Ins.SELECT, 0x02, 0x00, file.to_bytes(2))


def read_record(tag: int) -> Command:
    """READ RECORD of the chosen file by tag."""
    return Command(Ins.READ_RECORD, tag, BY_TAG, le=256)


def update_record(tag: int, value: bytes) -> Command:
    """UPDATE RECORD of the chosen file by tag: the record whole, tag and length before the value."""
    return Command(Ins.UPDATE_RECORD, tag, BY_TAG, record_of(tag, value))


def record_of(tag: int, value: bytes) -> bytes:
    """A record as it stands in a file."""
    return bytes((tag, len(value))) + value


def value_in(tag: int, record: bytes) -> bytes:
    """The value of a record that was read. `BadInput` if it is another, or is cut."""
    if len(record) < 2 or record[0] != tag or record[1] != len(record) - 2:
        raise BadInput(
            "The chip answered with another record than was asked for; take the card out and put it in again."
        )
    return record[2:]


def pin_block(digits: str) -> bytes:
    """A PIN as VERIFY takes it: two digits a byte, F at the end of an odd number. `BadInput` without the digits."""
    if not digits.isascii() or not digits.isdigit() or not PIN_DIGITS_MIN <= len(digits) <= PIN_DIGITS_MAX:
        raise BadInput(f"A PIN for a chip has {PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} digits, and nothing else.")
    return bytes.fromhex(digits + "F" * (len(digits) % 2))


def verify(digits: str) -> Command:
    """VERIFY the holder's PIN; the card counts."""
    return Command(Ins.VERIFY, data=pin_block(digits))


def tries_left() -> Command:
    """VERIFY without a PIN: the card says how many entries are left and counts nothing (ISO/IEC 7816-4)."""
    return Command(Ins.VERIFY)


def change_pin(old: str, new: str) -> Command:
    """CHANGE PIN: the old one, FF, the new one."""
    return Command(Ins.CHANGE_PIN, 0x01, 0x00, pin_block(old) + b"\xff" + pin_block(new), cla=0x80)


def get_challenge() -> Command:
    """GET CHALLENGE: eight bytes that the card has drawn, for the next EXTERNAL AUTHENTICATE alone."""
    return Command(Ins.GET_CHALLENGE, le=CHALLENGE_BYTES)


def external_authenticate(key: int, proof: bytes) -> Command:
    """EXTERNAL AUTHENTICATE under one of the card's keys: the proof, and what it was diversified by."""
    return Command(Ins.EXTERNAL_AUTHENTICATE, 0x00, key, proof)


def get_response(length: int) -> Command:
    """GET RESPONSE: what a card over T=0 has ready."""
    return Command(Ins.GET_RESPONSE, le=length or 256)
