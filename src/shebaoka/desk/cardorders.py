"""What a decision makes of a card of a batch, as a row that is saved along with the entry: so the two never part.

`fold.py` calls it for whatever is recorded about the making of a card, wherever that was asked. A card of a batch that
was not put together by `desk/batches.py` has no row, and the save leaves it out. Clauses 4.2, 6.1.
"""

import datetime as dt
from typing import Any

from shebaoka.records import (
    AnyRequest,
    CollectCard,
    Dossier,
    Making,
    PutInBatch,
    RecordMade,
    RecordReady,
    RecordRejected,
    Request,
    ReturnUncollectedCard,
)

_STATES: dict[type[Request], str] = {
    PutInBatch: Making.IN_BATCH,
    RecordMade: Making.MADE,
    RecordReady: Making.READY,
    CollectCard: Making.COLLECTED,
    ReturnUncollectedCard: Making.RETURNED,
}
OF_BATCHES: frozenset[type[Request]] = frozenset({*_STATES, RecordRejected})
_NUMBERED = frozenset(_STATES.values()) | {Making.REJECTED}
Orders = dict[tuple[int, str], tuple[Any, ...]]
"""By person and batch, what a tray makes of the card, in the order of its statement."""


def note_order(orders: Orders, place: tuple[int, int], request: AnyRequest, after: Dossier, at: dt.datetime) -> None:
    """Note what a yes has made of the card of a person's latest application; what comes later in a tray goes before."""
    application = after.applications[-1]
    if application.batch is None or application.making not in _NUMBERED:
        return
    person_id, seq = place
    put_seq = seq if isinstance(request, PutInBatch) else None
    blank = reason = ""
    state = _STATES.get(type(request), "")
    if isinstance(request, RecordRejected):
        state, blank, reason = request.spoilt, request.blank, request.reason
    elif isinstance(request, RecordMade):
        blank = request.blank
    key = (person_id, application.batch)
    if (noted := orders.get(key)) is not None:
        put_seq, blank, reason = put_seq or noted[3], blank or noted[6], reason or noted[7]
    numbers = application.card_number, application.card_serial
    orders[key] = (person_id, application.batch, str(state), put_seq, *numbers, blank, reason, at)
