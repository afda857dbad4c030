"""Messages of terminals: the sender's id of 30 characters, what each asks for, and what became of one.

A message id is the institution's code (12), the time at the sender (14: yyyymmddhhmmss) and a sequence number (4).
"""

import datetime as dt
import re
from collections.abc import Mapping
from types import MappingProxyType

from shebaoka.desk.institutions import Terminal
from shebaoka.desk.journal import decoded
from shebaoka.desk.undo import SETTLING, STOPPED, fate, reversed_since, stopped
from shebaoka.records import (
    SERVICE_OF,
    AnyRequest,
    Ask,
    BadInput,
    CancelSettlement,
    Digits,
    NotFound,
    Receipt,
    Request,
    ReverseMessage,
    SettleCharge,
    Terms,
    UseCard,
)
from shebaoka.store import Place, Views, views

_MESSAGE_ID = re.compile(r"[A-Z0-9]{12}([0-9]{14})[0-9]{4}")
RIGHT_OF: Mapping[type[Request], str] = MappingProxyType(
    {UseCard: "enquire", **dict.fromkeys((SettleCharge, CancelSettlement, ReverseMessage), "settle")}
)
"""Which right a message needs; stays need `stay`."""


def check_message_id(message_id: str, institution: str, field: str = "msgid") -> None:
    """`BadInput` unless it is 30 characters: the institution's own code, a time that exists, and a number."""
    found = _MESSAGE_ID.fullmatch(message_id)
    if found is None or not message_id.startswith(institution):
        raise BadInput(
            f"{field}: must be 30 characters: the institution's own code ({institution}), the time as yyyymmddhhmmss, "
            "and a four-digit number."
        )
    at = found[1]
    try:
        dt.date(int(at[:4]), int(at[4:6]), int(at[6:8]))
        dt.time(int(at[8:10]), int(at[10:12]), int(at[12:]))
    except ValueError:
        raise BadInput(f"{field}: characters 13 to 26 must be a time as yyyymmddhhmmss.") from None


def ask_of(
    terminal: Terminal,
    request: AnyRequest,
    pin: Digits | None,
    terms: Terms | None,
    code_at: dt.datetime | None = None,
) -> Ask:
    """A terminal's message as the desk takes it. `BadInput` for a wrong id, `NotAllowed` without the right."""
    check_message_id(request.id, terminal.institution)
    terminal.must(RIGHT_OF.get(type(request), "stay"))
    return Ask(request, terminal.sender(), pin, terms=terms, code_at=code_at)


class Messages:
    """What became of messages whose answer never arrived. Safe for many threads."""

    def __init__(self, views_: Views) -> None:
        self._views = views_

    def receipt_of(self, message_id: str, institution: str) -> Receipt:
        """The answer that a message of this institution got; `undone_by` says that its settlement was cancelled since.

        `NotFound` if it was not decided yet, `MessageReversed` if it was reversed, before it came or after.
        """
        check_message_id(message_id, institution, "omsgid")
        rows = self._views.rows(views.ENTRY_OF_REQUEST, {"id": message_id})
        if not rows:
            raise NotFound(
                "omsgid: no message with this id was decided. It may still be on its way; "
                "reverse it (2601) to be certain."
            )
        if rows[0][0] == STOPPED:
            raise stopped(message_id)
        _, person_id, seq, body = rows[0]
        entry = decoded(body)
        since = self._taken_back_by(person_id, seq) if isinstance(entry.request, SETTLING) else None
        if since is not None and since[1] == SERVICE_OF[ReverseMessage]:
            raise reversed_since(message_id)
        return Receipt(
            request_id=message_id,
            service=SERVICE_OF[type(entry.request)],
            at=entry.given.at,
            answer=entry.answer,
            entry=f"{person_id}-{seq}",
            repeated=True,
            undone_by="" if since is None else "{}-{}".format(*since[0]),
        )

    def _taken_back_by(self, person_id: int, seq: int) -> tuple[Place, str] | None:
        rows = self._views.rows(views.UNDOERS, {"person_id": person_id})
        by = {(person_id, by_seq): (service, settles) for _, by_seq, service, settles in rows}
        return fate((person_id, seq), {(person_id, seq): by_seq for seq, by_seq, _, _ in rows}, by.__getitem__)
