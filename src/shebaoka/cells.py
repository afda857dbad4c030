"""A text in a cell of a spreadsheet that opens a CSV file: how it stays the text that it is.

Pure. Whoever writes CSV for people asks here: statements on paper, and the importer's lists of rows held back.
"""

import re

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n']")
_LETTERS_OF_DATES = "年月日时分秒時"
_HAN = re.compile(f"(?![{_LETTERS_OF_DATES}])[\u4e00-\u9fff]")
"""The common case of a letter beyond ASCII, found at once."""


def as_text(text: str) -> str:
    """A text that every spreadsheet leaves a text: with an apostrophe before it where it might be taken for more.

    That is what may be a formula; and what has digits, but no letter beyond ASCII and no asterisk: the 18 characters
    of a number lose their last digits, the journal's place `2013-7` becomes July. `TRUE` and `FALSE` are values too.
    Whoever takes one apostrophe from the beginning of a text has the text again.
    """
    value = "*" not in text and not _has_words(text) and any(c.isdigit() for c in text)
    return f"'{text}" if value or _FORMULA.match(text) or text.upper() in ("TRUE", "FALSE") else text


def _has_words(text: str) -> bool:
    """Whether a letter beyond ASCII stands in a text that is not one of a date."""
    if _HAN.search(text):
        return True
    return any(c.isalpha() and not c.isascii() and c not in _LETTERS_OF_DATES for c in text)
