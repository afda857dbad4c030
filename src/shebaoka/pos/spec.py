"""The messages of POS terminals as data: fields of ISO 8583 (1987), what each kind of message carries, our sub-fields.

Texts are ASCII, bitmaps, PIN block and MAC binary, lengths decimal digits. docs/pos.md says it for terminals' makers.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

MESSAGE_MAX = 4096
"""The longest message, in bytes; a real one has under 500."""
MAC_SIZE = 8
CURRENCY = "156"
"""Field 49: the yuan (ISO 4217)."""


class Field(msgspec.Struct, frozen=True):
    """A field: digits of its length before it (0: fixed length), its length in bytes at most, and its form."""

    digits: int
    size: int
    form: str
    what: str
    encoding: str = "ascii"


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "3": Field(0, 6, r"[0-9]{6}", "processing code"),
        "4": Field(0, 12, r"[0-9]{12}", "amount of the transaction, fen"),
        "7": Field(0, 10, r"[0-9]{10}", "time of transmission, UTC: MMDDhhmmss"),
        "11": Field(0, 6, r"[0-9]{6}", "number of the message at its terminal, 000000 to 009999"),
        "12": Field(0, 6, r"[0-9]{6}", "the terminal's time in the city: hhmmss"),
        "13": Field(0, 4, r"[0-9]{4}", "the terminal's day in the city: MMDD"),
        "22": Field(0, 3, r"[0-9]{3}", "how card and PIN were read"),
        "25": Field(0, 2, r"[0-9]{2}", "circumstances"),
        "37": Field(0, 12, r"[A-Za-z0-9 ]{12}", "the sender's own reference"),
        "39": Field(0, 2, r"[A-Z0-9]{2}", "response code"),
        "41": Field(0, 8, r"[A-Za-z0-9._-]{1,8} *", "terminal: the id of its key"),
        "42": Field(0, 15, r"[A-Z0-9]{12} {3}", "institution: its code"),
        "48": Field(3, 999, r"[!-~]+", "sub-fields of our own"),
        "49": Field(0, 3, r"[0-9]{3}", "currency"),
        "54": Field(3, 120, r"[0-9CD]{20}", "balance of the personal account"),
        "62": Field(3, 16, r"[0-9A-F]{32}", "PIN block (ISO 9564-1 format 4)", "b"),
        "63": Field(3, 999, r"[^\x00-\x1f]+", "the decision's sentence", "gb18030"),
        "64": Field(0, MAC_SIZE, r"[0-9A-F]{16}", "MAC", "b"),
        "66": Field(0, 1, r"[0-9]", "settlement code: 1 equal, 2 not equal"),
        "70": Field(0, 3, r"[0-9]{3}", "what a network message is for"),
        "74": Field(0, 10, r"[0-9]{10}", "credits, number"),
        "75": Field(0, 10, r"[0-9]{10}", "credits taken back, number"),
        "76": Field(0, 10, r"[0-9]{10}", "debits, number"),
        "77": Field(0, 10, r"[0-9]{10}", "debits taken back, number"),
        "86": Field(0, 16, r"[0-9]{16}", "credits, fen"),
        "87": Field(0, 16, r"[0-9]{16}", "credits taken back, fen"),
        "88": Field(0, 16, r"[0-9]{16}", "debits, fen"),
        "89": Field(0, 16, r"[0-9]{16}", "debits taken back, fen"),
        "90": Field(0, 42, r"[0-9]{42}", "the original message"),
        "97": Field(0, 17, r"[CD][0-9]{16}", "net of the cycle, fen"),
        "128": Field(0, MAC_SIZE, r"[0-9A-F]{16}", "MAC", "b"),
    }
)
FORMS = {number: re.compile(field.form) for number, field in FIELDS.items()}
_TEXT: Mapping[str, Any] = {"data_enc": "ascii", "len_enc": "ascii", "len_type": 0}
SPEC: Mapping[str, Mapping[str, Any]] = {
    "h": {**_TEXT, "max_len": 0, "desc": "header"},
    "t": {**_TEXT, "max_len": 4, "desc": "message type"},
    "p": {**_TEXT, "data_enc": "b", "max_len": 8, "desc": "bitmap"},
    "1": {**_TEXT, "data_enc": "b", "max_len": 8, "desc": "second bitmap"},
    **{
        number: {**_TEXT, "data_enc": f.encoding, "len_type": f.digits, "max_len": f.size, "desc": f.what}
        for number, f in FIELDS.items()
    },
}
"""The same, as pyiso8583 takes it."""

ANSWER_OF: Mapping[str, str] = MappingProxyType(
    {
        "0200": "0210",
        "0201": "0210",
        "0400": "0410",
        "0401": "0410",
        "0420": "0430",
        "0421": "0430",
        "0500": "0510",
        "0501": "0510",
        "0800": "0810",
        "0801": "0810",
    }
)
"""The type of a message's answer. A type that ends in 1 is a repeat of what no answer came to, and taken as that."""

# Sub-fields of field 48: two digits of the tag, two of the length, and the text.
PERSON, CARD, SERIAL, CARE = "01", "02", "03", "04"
POOLED, ACCOUNT, CASH = "05", "06", "07"
ENTRY, YEAR, YEAR_OF_ORIGINAL = "08", "09", "10"
CYCLE, CYCLE_FROM, CYCLE_UNTIL, CUTOVER, CODE = "11", "12", "13", "14", "15"
CLAUSE, GROUND, NOTICE, TRIES_LEFT, REPEATED, TROUBLE, FAULT = "20", "21", "22", "23", "24", "25", "26"
POOLED_BACK, ACCOUNT_BACK, CASH_BACK = "35", "36", "37"

SUMS = r"[0-9]{1,16}"
SUB_FIELDS: Mapping[str, re.Pattern[str]] = {
    PERSON: re.compile(r"[0-9]{17}[0-9X]"),
    CARD: re.compile(r"[A-Z0-9]{1,32}"),
    SERIAL: re.compile(r"[0-9a-f]{32}"),
    CARE: re.compile(r"11|41"),
    POOLED: re.compile(SUMS),
    ACCOUNT: re.compile(SUMS),
    CASH: re.compile(SUMS),
    ENTRY: re.compile(r"[0-9]{1,18}-[0-9]{1,18}"),
    YEAR: re.compile(r"[0-9]{4}"),
    YEAR_OF_ORIGINAL: re.compile(r"[0-9]{4}"),
    CYCLE: re.compile(r"[0-9]{1,18}"),
    CODE: re.compile(r"E1[A-Z2-7]{71}"),
    POOLED_BACK: re.compile(SUMS),
    ACCOUNT_BACK: re.compile(SUMS),
    CASH_BACK: re.compile(SUMS),
}
"""The form of each sub-field that a terminal may send."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of message: the fields and sub-fields that it must carry, and those that it may."""

    needs: frozenset[str]
    may: frozenset[str]
    sub_needs: frozenset[str]
    sub_may: frozenset[str] = frozenset()


_ALWAYS = ("11", "12", "13", "41", "42", "48")
_ANYWHERE = ("7", "37")
_AT_A_SALE = (*_ANYWHERE, "22", "25", "49")


def _kind(needs: str, may: tuple[str, ...], sub: tuple[str, ...], sub_may: tuple[str, ...] = ()) -> Kind:
    return Kind(frozenset((*_ALWAYS, *needs.split())), frozenset(may), frozenset((YEAR, *sub)), frozenset(sub_may))


SIGN_IN, SIGN_OFF, ECHO = "sign_in", "sign_off", "echo"
SETTLE, CANCEL, ENQUIRE, REVERSE, RECONCILE = "settle", "cancel", "enquire", "reverse", "reconcile"
KINDS: Mapping[str, Kind] = {
    SIGN_IN: _kind("70", _ANYWHERE, ()),
    SIGN_OFF: _kind("70", _ANYWHERE, (CYCLE,)),
    ECHO: _kind("70", _ANYWHERE, ()),
    SETTLE: _kind("3 4", (*_AT_A_SALE, "62"), (PERSON, CARD, CARE), (SERIAL, POOLED, ACCOUNT, CASH)),
    CANCEL: _kind("3", _AT_A_SALE, (PERSON, ENTRY)),
    ENQUIRE: _kind("3", (*_AT_A_SALE, "62"), (PERSON, CARD), (SERIAL,)),
    REVERSE: _kind("90", _ANYWHERE, (PERSON, YEAR_OF_ORIGINAL)),
    RECONCILE: _kind(
        "74 75 76 77 86 87 88 89 97",
        _ANYWHERE,
        (CYCLE, POOLED, ACCOUNT, CASH, POOLED_BACK, ACCOUNT_BACK, CASH_BACK),
    ),
}
NAMED = frozenset({PERSON, CARD, SERIAL})
"""What the code of an electronic card stands in the place of, in every message that names a holder."""
OF_PROCESSING_CODE: Mapping[str, str] = {"000000": SETTLE, "200000": CANCEL, "310000": ENQUIRE}
"""Field 3 of 0200."""
OF_NETWORK_CODE: Mapping[str, str] = {"001": SIGN_IN, "002": SIGN_OFF, "301": ECHO}
"""Field 70 of 0800."""
ECHOED = ("3", "4", "11", "12", "13", "37", "41", "42", "49", "70", "90")
"""What an answer says again, so that it is known which message it answers."""
