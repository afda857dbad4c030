"""What people write into a public form, as it is kept: plain text, counted as people count, and telephone numbers.

Whatever is typed is text and nothing else. A sign is what people see as one: an extended grapheme cluster (UAX 29), so
that a family of emoji or a letter with its accents counts once.
"""

import re
import unicodedata

import regex

from shebaoka.numbers import mask_telephone, with_check_digit
from shebaoka.records import FieldFault

POINTS_MAX = 20
"""Characters of Unicode that a sign may have on average: so many accents nobody writes."""
_CLUSTER = regex.compile(r"\X")
_UNSEEN = regex.compile(r"[\p{Cc}\p{Cs}--[\n\t]]", regex.V1)
_SEEN = regex.compile(r"[\p{L}\p{N}\p{P}\p{S}]")
_APART = re.compile(r"[\s()()\-‐‑‒–—−./]+")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_AT_HOME = re.compile(r"0(?:10|2[0-9])[2-8][0-9]{7}|0[3-9][0-9]{2}[2-8][0-9]{6,7}")
_TELEPHONE_MOST = 40
_PART = "[^0-9A-Za-z\\u4e00-\\u9fff]{0,3}"
_NUMBER = re.compile(rf"(?<![0-9])(?=([1-9](?:{_PART}[0-9]){{16}}{_PART}[0-9Xx])(?![0-9]))")
_YEAR = slice(6, 8)


def signs(text: str) -> int:
    """How many signs a text has, as people count."""
    return sum(1 for _ in _CLUSTER.finditer(text))


def read_text(text: str, field: str, most: int) -> tuple[str, FieldFault | None]:
    """A text as it is kept, and what is wrong with it.

    Line ends become one kind, and control characters, which nobody sees, are left out; all else stays as it was typed.
    """
    kept = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not _SEEN.search(kept):
        return kept, FieldFault(field, "empty")
    if len(kept) > most * POINTS_MAX:
        return kept, FieldFault(field, "too_long", {"most": most, "has": f"> {most}"})
    has = signs(kept)
    return kept, FieldFault(field, "too_long", {"most": most, "has": has}) if has > most else None


def has_number(text: str) -> bool:
    """Whether a social security number stands in a text, by its check digit: nobody should leave theirs there.

    People write it in groups, too: whatever is no word may stand between its digits.
    """
    found = (one[1].upper() for one in _NUMBER.finditer(unicodedata.normalize("NFKC", text)))
    numbers = ("".join(c for c in one if c.isascii() and c.isalnum()) for one in found)
    return any(number[_YEAR] in ("19", "20") and with_check_digit(number[:-1]) == number for number in numbers)


def read_call_number(text: str, field: str = "telephone") -> tuple[str, FieldFault | None]:
    """A number that can be called, as digits alone: a mobile telephone, or one at home with its area code.

    Full-width digits, blanks, dashes and +86 are fine.
    """
    plain = unicodedata.normalize("NFKC", text[:_TELEPHONE_MOST])
    number = _APART.sub("", plain)
    for abroad in ("+86", "0086"):
        if number.startswith(abroad):
            number = number.removeprefix(abroad)
            # Said from abroad, an area code loses its nought.
            number = number if number.startswith(("0", "1")) and not number.startswith("10") else f"0{number}"
    if not number:
        return "", FieldFault(field, "empty")
    fits = len(text) <= _TELEPHONE_MOST and (_MOBILE.fullmatch(number) or _AT_HOME.fullmatch(number))
    return number, None if fits else FieldFault(field, "unfit")


def mask_call_number(number: str) -> str:
    """A number as it may be shown: a mobile one as everywhere, one at home by area code and last two digits."""
    if number.startswith("0"):
        area = 3 if number.startswith(("010", "02")) else 4
        return f"{number[:area]}{'*' * (len(number) - area - 2)}{number[-2:]}"
    return mask_telephone(number)
