"""The slip code (查询码): what a slip's QR code carries, and what its holder types at the public page.

Pure: who needs a new one hands in what was drawn (`desk/fresh.py`). A code says nothing about anybody and cannot be
guessed: eleven characters carry 55 drawn bits. The twelfth is a check character, so that a code typed wrongly is told
as such and is never somebody else's. The desk keeps codes, paper prints them, faces read them.
"""

import re
import unicodedata

from shebaoka.records import BadInput, Broken

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""32 signs after Douglas Crockford: without I, L, O and U, which are read as others or spell words."""
SLIP_CODE_BITS = 55
LENGTH = SLIP_CODE_BITS // 5 + 1
_GROUP = 4
_READ_AS = str.maketrans("OIL", "011")
_BETWEEN = re.compile(r"[\s\-‐‑‒–—−_.·]+")
_ADDRESS_MAX = 120
_BASE = re.compile(r"https?://[!-~]+")


def slip_code_of(drawn: int) -> str:
    """The code to 55 drawn bits: twelve characters, the last one the check character."""
    if not 0 <= drawn < 1 << SLIP_CODE_BITS:
        raise Broken(f"A slip code is made of {SLIP_CODE_BITS} bits.")
    first = "".join(SIGNS[drawn >> shift & 31] for shift in range(SLIP_CODE_BITS - 5, -1, -5))
    return first + SIGNS[_folded(first)]


def read_slip_code(text: str) -> str:
    """The code that somebody typed or scanned, as it is kept: twelve capitals and digits without anything between.

    Lower case, full-width characters, blanks and hyphens are fine, O is read as 0, I and L as 1, and of an address the
    part behind `/slip/` counts. `BadInput` names what is wrong.
    """
    said = unicodedata.normalize("NFKC", text[: 4 * _ADDRESS_MAX]).rpartition("/slip/")[2]
    code = _BETWEEN.sub("", said.partition("?")[0].rstrip("/")).upper().translate(_READ_AS)
    if not code:
        raise BadInput("Slip code: it is empty; type the twelve characters below the QR code.")
    strange = next((c for c in code if c not in SIGNS), None)
    if strange is not None:
        raise BadInput(
            f"Slip code: {strange!r} is in no slip code. It is made of digits and of letters other than I, L, O and U."
        )
    if len(code) != LENGTH:
        raise BadInput(
            f"Slip code: it has {LENGTH} characters, and {len(code)} were given; type it from the slip again."
        )
    if _folded(code[:-1]) != SIGNS.index(code[-1]):
        raise BadInput("Slip code: one character at least is wrong; compare it with the slip, character by character.")
    return code


def grouped_slip_code(code: str) -> str:
    """A code as it is printed: `7K3M-9QXD-2T8V`."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def slip_address(base: str, code: str) -> str:
    """What the QR code carries: `{base}/slip/{code}`. `BadInput` if `base` is no address of a web server."""
    base = base.rstrip("/")
    if not _BASE.fullmatch(base) or len(base) > _ADDRESS_MAX:
        raise BadInput(
            f"The public page's address must begin with https:// or http://, without blanks, and have at most "
            f"{_ADDRESS_MAX} characters."
        )
    return f"{base}/slip/{code}"


def _folded(signs: str) -> int:
    """The value of the check character: the signs as a polynomial at x in GF(32), modulo x^5 + x^2 + 1.

    A wrong sign, and two signs that changed places, always give another one.
    """
    value = 0
    for sign in signs:
        value = _times_x(value ^ SIGNS.index(sign))
    return value


def _times_x(value: int) -> int:
    """One step in the field."""
    value <<= 1
    return value ^ 0b100101 if value & 32 else value
