"""What a tray says of the codes by which electronic cards are shown (3.3): good for a minute each, and for one charge.

Which codes have settled a charge is loaded with the tray, and written in the save of the decision: whoever comes second
with one is decided again, and finds it used.
"""

import datetime as dt
from collections.abc import Collection, Sequence

from shebaoka.records import Ask, CodeCheck

CODE_FOR = dt.timedelta(minutes=1)
"""How long a code is shown before the next one."""
SKEW = dt.timedelta(seconds=15)
"""How long after its minute a code is still taken: it was read in time, and its message took a while."""


def shown_codes(asks: Sequence[Ask]) -> list[str]:
    """The codes that a tray comes with."""
    return [code for ask in asks if (code := getattr(ask.request, "code", ""))]


def code_check(ask: Ask, person_id: int, used: Collection[tuple[int, str]], now: dt.datetime) -> CodeCheck:
    """What is to be said of the code that an ask comes with. One that the vault did not read counts as over."""
    if (person_id, getattr(ask.request, "code", "")) in used:
        return CodeCheck.USED
    if ask.code_at is None or not ask.code_at - SKEW <= now < ask.code_at + CODE_FOR + SKEW:
        return CodeCheck.PASSED
    return CodeCheck.GOOD
