"""The blank card of a decision, as a row that is saved along with the entry: so card and stock never part.

A card that is made at once at a window uses a blank of that window: the one that was scanned, or else the next. The
save says so if there is none. A window that was never given blanks keeps no stock, and its cards name no blank.
`desk/stock.py` does the rest. Clauses 4.3, 6.4, 9.1.
"""

import re

from shebaoka.records import ApplyForTemporaryCard, Ask, BadInput, CardKind, Channel, Given, ReplaceCard
from shebaoka.store import Writes

BLANK = re.compile(r"([A-Z]{0,14})([0-9]{1,18})")


def at_once(ask: Ask) -> bool:
    """Whether a yes to this makes a card at a window, then and there."""
    request = ask.request
    made = isinstance(request, ApplyForTemporaryCard) or (
        isinstance(request, ReplaceCard) and request.card is CardKind.TEMPORARY
    )
    return made and ask.sender.channel is Channel.WINDOW


def unfit_blank(ask: Ask) -> BadInput | None:
    """The trouble of an ask whose blank cannot be as it says; None for all else."""
    if not ask.blank:
        return None
    if not BLANK.fullmatch(ask.blank):
        return _unfit("scan the number on the blank card again: letters, then digits.")
    if not at_once(ask):
        return _unfit("no card is made at once with this; leave the blank card out.")
    if not ask.sender.place:
        return _unfit("blank cards are kept at windows; a security administrator gives the account its window.")
    return None


def add_blank(writes: Writes, ask: Ask, place: tuple[int, int], given: Given) -> None:
    """The blank that a yes uses at its window, as a row beside the entry."""
    if at_once(ask) and ask.sender.place:
        stock = (ask.sender.place, str(CardKind.TEMPORARY), ask.blank)
        writes.blank.append((*stock, *place, given.card_number, given.card_serial, ask.sender.by, given.at))


def _unfit(what: str) -> BadInput:
    unfit = BadInput(f"blank: {what}", code="blank")
    unfit.field = "blank"
    return unfit
