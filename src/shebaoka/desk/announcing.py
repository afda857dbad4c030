"""What a holder is to be told of a decision, as a row that is saved along with its entry: so nobody is told of what was
not decided, and nothing that was decided goes untold.

Whether there is a telephone, and whether what the row says is still so, is seen when it is sent (`desk/outbox.py`).
"""

from enum import StrEnum

from shebaoka.records import SERVICE_OF, Ask, Given, RecordRejected, Spoilt
from shebaoka.store import Writes


class About(StrEnum):
    """What a notification is about: the card can be collected; it is made once more, and comes later; it has not been
    collected for long; it went back uncollected. And what follows no decision: a code to sign in with at the public
    page, one to a new telephone, and to the one before that it is another now; that credentials in wallets were ended.
    """

    READY = "ready"
    REMADE = "remade"
    UNCOLLECTED = "uncollected"
    RETURNED = "returned"
    SIGN_IN_CODE = "sign_in_code"
    TELEPHONE_CODE = "telephone_code"
    TELEPHONE_CHANGED = "telephone_changed"
    CREDENTIAL_ENDED = "credential_ended"


CODES = frozenset({About.SIGN_IN_CODE, About.TELEPHONE_CODE})
"""Messages with a code, which is good for minutes and stands nowhere."""
AS_IT_WAS = CODES | {About.TELEPHONE_CHANGED, About.CREDENTIAL_ENDED}
"""What follows no decision: said to a telephone at one moment, and never put into other words."""


_FOLLOWS = {
    "record_ready": About.READY,
    "record_rejected": About.REMADE,
    "return_uncollected_card": About.RETURNED,
}
"""Which services a notification follows, once they are accepted."""


def add_notification(writes: Writes, ask: Ask, place: tuple[int, int], given: Given) -> None:
    """The notification of a yes, if one follows from it; none where a batch was withdrawn before a card was made."""
    request = ask.request
    about = _FOLLOWS.get(SERVICE_OF[type(request)])
    withdrawn = isinstance(request, RecordRejected) and request.spoilt is Spoilt.WITHDRAWN
    if about is not None and not withdrawn:
        writes.notification.append((*place, about.value, given.at, given.at))
