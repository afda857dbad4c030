"""What kind of value stands in a cell, and how it may be shown: nobody's number or name in full. `look` asks.

A kind is told by the value alone; what it is worth for a column, its share there says.
"""

import datetime as dt
import re

from shebaoka import numbers

NUMBER_18, NUMBER_18_WRONG, NUMBER_15 = "18-digit number", "18-digit number, wrong", "15-digit number"
FLOAT = "number with an exponent"
ZERO_DAY, SERIAL = "zero date", "whole number that may be a day of Excel"
AMOUNT, BELOW_ZERO, THOUSANDS, FULL_WIDTH = "amount", "amount below zero", "amount with separators", "full-width digits"
LONG_AMOUNT = "amount with more than two decimals"
WHOLE, CODE, YEAR, YES_NO, SEX = "whole number", "code", "year", "yes or no", "sex"
NAME, TEXT = "name", "text"
DAYS = {
    "YYYYMMDD": (re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII), "date YYYYMMDD"),
    "YYYY-MM-DD": (re.compile(r"(\d{4})-(\d\d)-(\d\d)(?: 00:00:00(?:\.0+)?)?", re.ASCII), "date YYYY-MM-DD"),
    "YYYY/MM/DD": (re.compile(r"(\d{4})/(\d\d?)/(\d\d?)", re.ASCII), "date YYYY/MM/DD"),
    "YYYY.MM.DD": (re.compile(r"(\d{4})\.(\d\d?)\.(\d\d?)", re.ASCII), "date YYYY.MM.DD"),
    "YYYY年MM月DD日": (re.compile(r"(\d{4})年(\d\d?)月(\d\d?)日", re.ASCII), "date YYYY年MM月DD日"),
}
AMOUNT_KINDS = {AMOUNT, BELOW_ZERO, LONG_AMOUNT, THOUSANDS, FULL_WIDTH, FLOAT, WHOLE, SERIAL, YEAR, YES_NO, ZERO_DAY}
DAY_KINDS = {kind: form for form, (_, kind) in DAYS.items()}
DAYISH = {*DAY_KINDS, SERIAL, ZERO_DAY, YEAR}
_SHAPES = (
    (FLOAT, re.compile(r"-?\d{1,18}(\.\d+)?[Ee]\+?\d+", re.ASCII)),
    (ZERO_DAY, re.compile(r"0{8}|0000[-/.]00[-/.]00( 00:00:00)?", re.ASCII)),
    (YEAR, re.compile(r"(19|20)\d\d", re.ASCII)),
    (SEX, re.compile(r"[男女]性?", re.ASCII)),
    (YES_NO, re.compile(r"[01是否有无YNTFynt]|TRUE|FALSE", re.ASCII)),
    (AMOUNT, re.compile(r"\d{1,10}\.\d{1,2}", re.ASCII)),
    (BELOW_ZERO, re.compile(r"-\d{1,10}(\.\d{1,2})?", re.ASCII)),
    (LONG_AMOUNT, re.compile(r"-?\d{1,10}\.\d{3,6}", re.ASCII)),
    (THOUSANDS, re.compile(r"[¥￥]?-?\d{1,3}([,，]\d{3}){1,3}(\.\d{1,4})?", re.ASCII)),
    (SERIAL, re.compile(r"[2-5]\d{4}", re.ASCII)),
    (WHOLE, re.compile(r"\d{1,9}", re.ASCII)),
    (CODE, re.compile(r"[A-Za-z0-9_-]+", re.ASCII)),
    (FULL_WIDTH, re.compile(r"[０-９．，－]+", re.ASCII)),
    (NAME, re.compile(r"[㐀-鿿\U00020000-\U000323af]{2,4}|[㐀-鿿]+([·•‧．・][㐀-鿿]+)+", re.ASCII)),
)
_NUMBER_18, _NUMBER_15 = re.compile(r"\d{17}[0-9Xx]", re.ASCII), re.compile(r"\d{15}", re.ASCII)
_SHOWN = {AMOUNT, BELOW_ZERO, LONG_AMOUNT, THOUSANDS, YEAR, YES_NO, SEX, ZERO_DAY, SERIAL, *DAY_KINDS}


def kind_of(value: str) -> str:
    """What kind of value it is; it is not empty."""
    if _NUMBER_18.fullmatch(value):
        sound = numbers.with_check_digit(value[:17]) == value.upper() and _is_day(
            value[6:10], value[10:12], value[12:14]
        )
        return NUMBER_18 if sound else NUMBER_18_WRONG
    if _NUMBER_15.fullmatch(value) and _is_day("19" + value[6:8], value[8:10], value[10:12]):
        return NUMBER_15
    for shape, kind in DAYS.values():
        found = shape.fullmatch(value)
        if found and _is_day(*found.groups()):
            return kind
    return next((kind for kind, shape in _SHAPES if shape.fullmatch(value)), TEXT)


def shown(value: str, kind: str, words: frozenset[str]) -> str:
    """A value as it may be shown: amounts, days and known words whole, all else in part."""
    if kind in (NUMBER_18, NUMBER_18_WRONG):
        return numbers.mask(value)
    if kind in _SHOWN or value in words or (kind == WHOLE and len(value) <= 6):
        return value
    if kind in (WHOLE, CODE, NUMBER_15, FLOAT):
        kept = 2 if len(value) >= 8 else 1
        return f"{value[:kept]}{'*' * max(1, len(value) - 2 * kept)}{value[len(value) - kept :]}"
    return numbers.mask_name(value[:12])


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        return 1850 <= dt.date(int(year), int(month), int(day)).year <= 2100
    except ValueError:
        return False
