"""Cards that are sent by post (邮寄), where the city's notice says so (`card_by_post`): addressed, tracked, proved.

An application that says `post` instead of a window has an address beside it, which a window takes down. Production
sends the letter, and the card is ready with that; when the carrier proves that it was received it is collected, and
when the letter comes back the card is returned. A temporary card must be handed in first, at a window (2.3).
"""

import re
from typing import Any

from shebaoka.desk.deliveries import Submit, by_asker
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.numbers import mask
from shebaoka.records import (
    POST,
    Address,
    AnyRequest,
    Ask,
    BadInput,
    CollectCard,
    Making,
    NotFound,
    PostedCard,
    RecordReady,
    ReturnUncollectedCard,
    Trouble,
)
from shebaoka.store import Views
from shebaoka.store import deliveries as sql

_TELEPHONE = re.compile(r"\+?[0-9][0-9 -]{4,19}")
_TRACKING = re.compile(r"[A-Za-z0-9-]{4,40}")
_MOST = {"recipient": 50, "address": 200}
_DONE_BEFORE = {
    RecordReady: ("card_is_already_ready",),
    CollectCard: ("there_is_no_application",),
    ReturnUncollectedCard: ("card_was_returned",),
}


class Letters:
    """Takes addresses down, sends letters, and says how each ended. Safe for many threads. Rights are asked here."""

    def __init__(self, views_: Views, clock: Clock = now) -> None:
        self._views = views_
        self._clock = clock

    def address(self, staff: Staff, number: str) -> Address | None:
        """Where somebody's card is sent; None where nobody said it. The person was looked up before."""
        staff.must_see_people()
        rows = self._views.rows(sql.ADDRESS, {"person_id": self._person(number)})
        return Address(*rows[0]) if rows else None

    def say_address(self, staff: Staff, number: str, address: Address) -> Address:
        """Take down where somebody's card is sent; the latest word counts. `BadInput` names the field."""
        staff.must(Right.SERVE_AT_WINDOW)
        said = {f: " ".join(getattr(address, f).split()) for f in Address.__struct_fields__}
        for field, most in _MOST.items():
            if not 0 < len(said[field]) <= most or not said[field].isprintable():
                raise _unfit(field, f"give 1 to {most} printable characters.")
        if not _TELEPHONE.fullmatch(said["telephone"]):
            raise _unfit("telephone", "give a telephone number: digits, with blanks or dashes between them.")
        self._views.write(
            sql.SAY_ADDRESS, {"person_id": self._person(number), **said, "by": staff.name, "at": self._clock()}
        )
        return Address(**said)

    def waiting(self, staff: Staff, *, limit: int = 500) -> list[tuple[str, str, str, Address | None]]:
        """Made cards that wait to be sent: number, name and card number of each, and the address or None."""
        staff.must(Right.SEND_CARDS)
        rows = self._views.rows(sql.TO_POST, {"limit": limit})
        return [(row[0], row[1], row[2], Address(*row[4:]) if row[4] else None) for row in rows]

    def latest(self, staff: Staff, *, limit: int = 200) -> list[PostedCard]:
        """Letters, those under way first. Whoever sees masks."""
        staff.must_either(Right.SEND_CARDS, Right.SEE_STOCK)
        return [_letter(row) for row in self._views.rows(sql.LETTERS, {"limit": limit})]

    def send(self, staff: Staff, card: str, carrier: str, tracking: str, submit: Submit) -> PostedCard:
        """Send a card, by its number or serial, with a carrier's tracking number. Its holder is told. Twice is once."""
        staff.must(Right.SEND_CARDS)
        carrier, tracking = " ".join(carrier.split()), tracking.strip().upper()
        if not 0 < len(carrier) <= 50 or not carrier.isprintable():
            raise _unfit("carrier", "give the carrier's name in 1 to 50 characters.")
        if not _TRACKING.fullmatch(tracking):
            raise _unfit("tracking", "give the tracking number: 4 to 40 letters, digits or dashes.")
        rows = self._views.rows(sql.CARD, _by_text(card))
        if not rows:
            raise _unfit("card", "no card in the making has this number or serial.")
        holder, making, collect_at, card_number, card_serial, *_, number, _name, _packed_in, kept_back = rows[0]
        sent = self._letter(card_serial)
        if sent is not None and (sent.state, sent.carrier, sent.tracking) == ("sent", carrier, tracking):
            return sent
        address = self._views.rows(sql.ADDRESS, {"person_id": holder})
        if collect_at != POST:
            raise _unfit("card", "it is not to be sent by post; it goes to a window.")
        if making not in (Making.MADE, Making.RETURNED, Making.READY) or (sent is not None and sent.state != "back"):
            raise _unfit("card", f"it is {str(making).replace('_', ' ')}, and cannot be sent now.")
        if kept_back:
            raise _unfit("card", "the bank has not opened its account; it is kept back until then (5.3).")
        if not address:
            raise _unfit("card", f"nobody has said where {mask(number)} gets letters; a window takes the address down.")
        n = self._n(card_serial) + 1
        self._asked(staff, RecordReady(id=f"letter-{card_serial}-{n}-{by_asker(staff)}", person=number), submit)
        said = dict(zip(Address.__struct_fields__, address[0], strict=True))
        said |= {"card_serial": card_serial, "card_number": card_number, "carrier": carrier, "tracking": tracking}
        with self._views.together() as run:
            run(sql.POST, {**said, "holder": holder, "by": staff.name, "at": self._clock()})
        return self._found(card_serial)

    def delivered(self, staff: Staff, letter: str, proof: str, submit: Submit) -> PostedCard:
        """The carrier proves that it was received: the card is collected with that.

        `letter` is a card or tracking number, and `proof` says who signed for it, as the carrier does. Twice is once.
        """
        return self._ended(staff, letter, "delivered", proof, submit)

    def back(self, staff: Staff, letter: str, reason: str, submit: Submit) -> PostedCard:
        """The letter came back, with the carrier's reason: the card is returned, and can be sent again."""
        return self._ended(staff, letter, "back", reason, submit)

    def _ended(self, staff: Staff, letter: str, state: str, proof: str, submit: Submit) -> PostedCard:
        staff.must(Right.SEND_CARDS)
        proof = " ".join(proof.split())
        if not 0 < len(proof) <= 200 or not proof.isprintable():
            raise _unfit("proof", "say who signed for it, or why it came back, in 1 to 200 characters.")
        rows = self._views.rows(sql.LETTER, {**_by_text(letter), "tracking": letter.strip().upper()})
        if not rows:
            raise NotFound("There is no such letter.")
        found = _letter(rows[0])
        if found.state == state:
            return found
        if found.state != "sent":
            raise _unfit("letter", f"it is {found.state} already.")
        request_id = f"letter-{found.card_serial}-{rows[0][-1]}-{state}-{by_asker(staff)}"
        made: AnyRequest = (
            CollectCard(id=request_id, person=found.number)
            if state == "delivered"
            else ReturnUncollectedCard(id=request_id, person=found.number)
        )
        self._asked(staff, made, submit)
        said = {"card_serial": found.card_serial, "state": state, "proof": proof}
        with self._views.together() as run:
            run(sql.END_LETTER, {**said, "by": staff.name, "at": self._clock()})
        return self._found(found.card_serial)

    def _asked(self, staff: Staff, request: AnyRequest, submit: Submit) -> None:
        """Put it to the desk. `BadInput` with the desk's ground if it says no, unless the same was recorded before."""
        (outcome,) = submit([Ask(request, staff.sender(request))], False)
        if isinstance(outcome, Trouble):
            raise outcome
        ground = outcome.answer.ground
        if outcome.answer.outcome == "refused" and ground not in _DONE_BEFORE[type(request)]:
            raise _unfit("card", f"the desk refuses it: {ground.replace('_', ' ')} ({outcome.answer.clause}).")

    def _person(self, number: str) -> int:
        rows = self._views.rows(sql.PERSON, {"number": number})
        if not rows:
            raise NotFound("Nobody is registered under this number.")
        return int(rows[0][0])

    def _row(self, card_serial: str) -> tuple[Any, ...] | None:
        rows = self._views.rows(sql.LETTER, {"text": "", "serial": card_serial, "tracking": ""})
        return rows[0] if rows else None

    def _letter(self, card_serial: str) -> PostedCard | None:
        row = self._row(card_serial)
        return None if row is None else _letter(row)

    def _n(self, card_serial: str) -> int:
        row = self._row(card_serial)
        return 0 if row is None else int(row[-1])

    def _found(self, card_serial: str) -> PostedCard:
        found = self._letter(card_serial)
        if found is None:
            raise NotFound("There is no such letter.")
        return found


def _by_text(text: str) -> dict[str, str]:
    plain = "".join(text.split())
    return {"text": plain.upper()[:64], "serial": plain.lower()[:64]}


def _letter(row: tuple[Any, ...]) -> PostedCard:
    number, name, card_number, card_serial, recipient, telephone, address, *said, _n = row
    return PostedCard(number, name, card_number, card_serial, Address(recipient, telephone, address), *said)


def _unfit(field: str, what: str) -> BadInput:
    unfit = BadInput(f"{field}: {what}", code=f"letter_{field}")
    unfit.field = field
    return unfit
