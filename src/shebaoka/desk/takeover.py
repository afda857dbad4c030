"""A batch about people whom nobody has on file: what it must be, and what stands in place of a load.

The desk decides such a batch without reading anything, under ids that were reserved for it, and writes it by COPY.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from shebaoka.desk.fold import makes_card
from shebaoka.desk.fresh import Block
from shebaoka.desk.undo import UNDOING
from shebaoka.notice import Notice
from shebaoka.records import Ask, Broken, CreditContribution, Decision, Dossier, Given
from shebaoka.rules import decide
from shebaoka.store import Load

EMPTY = Load({}, {}, {}, None, None)
"""What a load finds of people whom nobody has on file."""
_NEEDS_MORE = (*UNDOING, CreditContribution)


class Numbered(Block):
    """Ids that were reserved beforehand, in a row from the first."""

    def __init__(self, first: int) -> None:
        super().__init__(1 << 62)
        self.refill(first)


def must_be_fit(asks: Sequence[Ask]) -> None:
    """`Broken` unless each ask is about another person, under another id, and needs nothing but itself."""
    if len({ask.request.person for ask in asks}) != len(asks):
        raise Broken("A batch names a person twice. Nothing was done.")
    if len({ask.request.id for ask in asks}) != len(asks):
        raise Broken("A batch names a request id twice. Nothing was done.")
    for ask in asks:
        if ask.pin or ask.new_pin or ask.terms or isinstance(ask.request, _NEEDS_MORE) or makes_card(ask):
            raise Broken("A batch holds an ask that needs more than itself. Nothing was done.")


def decided(asks: Sequence[Ask], notice: Notice, given: Given) -> list[Decision]:
    """The decision on each ask, about somebody of whom nothing is known."""
    nobody = Dossier()
    by_channel = {ask.sender.channel: replace(given, channel=ask.sender.channel) for ask in asks}
    return [decide(ask.request, nobody, notice, by_channel[ask.sender.channel]) for ask in asks]
