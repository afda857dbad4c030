"""Values of the old system's files: amounts in yuan, counts, and days as YYYYMMDD. The readers of rows call it.

What cannot be read is `BadInput` with its `Reason` as code and a sentence that names the column.
"""

import datetime as dt
import functools
import re
from decimal import Decimal

from shebaoka.importer.report import Reason
from shebaoka.records import BadInput

FEN_MAX = 10**13
_WHOLE = re.compile(r"[0-9]{1,12}")
_YUAN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,2})?")


def fen(yuan: str, column: str) -> int:
    """An amount in yuan as fen, to the fen; it may be below zero."""
    if not _YUAN.fullmatch(yuan):
        raise BadInput(
            f"{column} is not an amount in yuan with at most two decimals, such as 123.45; correct it.",
            code=Reason.AMOUNT_IS_NOT_A_NUMBER,
        )
    return int(Decimal(yuan) * 100)


def amount_fen(yuan: str, column: str) -> int:
    """An amount in yuan that is not below zero, as fen."""
    amount = fen(yuan, column)
    if amount < 0:
        raise BadInput(
            f"{column} is below zero; settle it in the old system, then correct the row.",
            code=Reason.AMOUNT_IS_NEGATIVE,
        )
    if amount > FEN_MAX:
        raise BadInput(f"{column} is above {FEN_MAX // 100} yuan; correct it.", code=Reason.AMOUNT_IS_TOO_LARGE)
    return amount


def whole(text: str, column: str) -> int:
    """A whole number that is not below zero."""
    if not _WHOLE.fullmatch(text):
        raise BadInput(f"{column} is not a whole number; correct it.", code=Reason.AMOUNT_IS_NOT_A_NUMBER)
    return int(text)


def day(text: str, column: str) -> dt.date:
    """A day written as YYYYMMDD."""
    found = _day(text)
    if found is None:
        raise BadInput(
            f"{column} is not a day of the calendar written as YYYYMMDD, such as 20130701; correct it.",
            code=Reason.DATE_IS_NOT_VALID,
        )
    return found


@functools.lru_cache(maxsize=65536)
def _day(text: str) -> dt.date | None:
    """The day, or None if there is no such day."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
