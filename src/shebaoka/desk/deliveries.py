"""Made cards on their way (配送): packed for a window, sent, and taken in there by scanning or as a whole; and back.

A card is ready for its holder when it has arrived. What does not arrive is told, and stays made. What nobody collects
goes back by the reading `uncollected_after`, and is brought again on wish. Whoever goes on after a kill repeats
nothing: what was recorded of a card stands in the journal, and its line follows. Clauses 4.2, 5.3, 7.2.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from shebaoka.desk.fold import Outcome
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.journal import decoded
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.notice import Notices, add_term
from shebaoka.records import (
    POST,
    AnyRequest,
    Ask,
    BadInput,
    CollectCard,
    ConsignedCard,
    Consignment,
    ConsignmentKind,
    HandedOver,
    Making,
    NotFound,
    RecordReady,
    ReturnUncollectedCard,
    Trouble,
    WaitingCard,
)
from shebaoka.store import Views, day_bounds
from shebaoka.store import deliveries as sql

Submit = Callable[[Sequence[Ask], bool], list[Outcome]]
TRAY = 200
PACKED_MAX = 5000
"""The most cards that are packed together."""
_ID = re.compile(r"c[0-9a-f]{16}")
_CODE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_NOTE_MAX = 200
_DONE_BEFORE = frozenset({"card_is_already_ready", "card_was_returned"})
"""Grounds of a no that say that the same was recorded before: by another, or before a kill."""


class Deliveries:
    """Opens consignments, packs, sends, takes in. Safe for many threads. Rights are asked here.

    `submit` puts asks to the desk: the counter's of a server, or a desk's own.
    """

    def __init__(self, views_: Views, notices: Notices, clock: Clock = now) -> None:
        self._views = views_
        self._notices = notices
        self._clock = clock

    # what there is

    def latest(self, staff: Staff, window: str | None = None, *, limit: int = 50) -> list[Consignment]:
        """A window's consignments, or all, those under way first."""
        self._must_see(staff, window)
        return [_consignment(row) for row in self._views.rows(sql.CONSIGNMENTS, {"place": window, "limit": limit})]

    def get(self, staff: Staff, consignment: str) -> Consignment:
        """A consignment with its counts. `NotFound`, `NotAllowed`."""
        rows = self._views.rows(sql.CONSIGNMENT, {"id": consignment}) if _ID.fullmatch(consignment) else []
        if not rows:
            raise NotFound("There is no such consignment.")
        found = _consignment(rows[0])
        self._must_see(staff, found.window)
        return found

    def cards(
        self,
        staff: Staff,
        consignment: str,
        *,
        states: Sequence[str] | None = None,
        after: int = 0,
        limit: int = 200,
    ) -> list[ConsignedCard]:
        """Cards of a consignment in their order, those behind one; all, or those in some states. Whoever sees masks."""
        self.get(staff, consignment)
        return self._lines(consignment, states, after, limit)

    def waiting(self, staff: Staff, window: str, *, limit: int = 1000) -> list[WaitingCard]:
        """What waits at a window to be collected, the longest waiting first; what is due goes back."""
        self._must_see(staff, window)
        return [card for card, _ in self._waiting(window, limit)]

    def handed_over(self, staff: Staff, window: str | None, day: dt.date, *, limit: int = 500) -> list[HandedOver]:
        """Who took cards on a day, at a window or anywhere, the latest first. Whoever sees masks."""
        self._must_see(staff, window)
        place = None if window is None else f',"place":{msgspec.json.encode(window).decode()}}},"given":'
        values = {**day_bounds(day, self._notices.zone), "place": place, "limit": limit}
        return [_handed_over(row) for row in self._views.rows(sql.HANDED_OVER, values)]

    def taken_by(self, staff: Staff, number: str) -> list[HandedOver]:
        """Who took each of somebody's cards, the latest first. The person was looked up before."""
        staff.must_see_people()
        return [_handed_over(row) for row in self._views.rows(sql.HANDED_OVER_TO, {"number": number, "limit": 20})]

    # packing

    def open(self, staff: Staff, consignment: str, window: str, kind: ConsignmentKind) -> Consignment:
        """A new consignment, out to a window or back from it; the same id again is the one that is there."""
        if not _ID.fullmatch(consignment):
            raise BadInput("consignment: open the page again and send the form from there.", code="delivery_id")
        if not _CODE.fullmatch(window) or window == POST:
            raise _unfit("window", "choose the window by its code.", "delivery_window")
        _must_pack(staff, window, kind)
        said = {"id": consignment, "kind": kind.value, "place": window, "by": staff.name, "at": self._clock()}
        self._views.write(sql.OPEN, said)
        return self.get(staff, consignment)

    def pack(self, staff: Staff, consignment: str, text: str) -> Consignment:
        """Put a card in, by its number or serial as scanned. `BadInput` says where it is instead; twice is once."""
        found = self._packing(staff, consignment)
        rows = self._views.rows(sql.CARD, _by_text(text))
        if not rows:
            raise _unfit("card", "no card in the making has this number or serial.", "delivery_unknown")
        holder, making, collect_at, card_number, card_serial, ready_on, applied_on, *_, packed_in, kept_back = rows[0]
        if packed_in == consignment:
            return found
        fit = (Making.MADE, Making.RETURNED) if found.kind is ConsignmentKind.OUT else (Making.READY,)
        code, why = "", ""
        if packed_in:
            code, why = "packed", f"it is packed in {packed_in} already"
        elif making not in fit:
            code, why = "stage", f"it is {str(making).replace('_', ' ')}"
        elif collect_at == POST:
            code, why = "post", "it is sent by post"
        elif collect_at not in (found.window, ""):
            code, why = "other_window", f"it goes to the window {collect_at}"
        elif kept_back and found.kind is ConsignmentKind.OUT:
            code, why = "bank", "the bank has not opened its account; it is kept back until then (5.3)"
        elif found.kind is ConsignmentKind.BACK and not self._is_due(ready_on or applied_on):
            code, why = "early", "it can still be collected"
        if why:
            raise _unfit("card", f"{card_number} cannot be packed: {why}.", f"delivery_{code}")
        said = {"id": consignment, "holder": holder, "card_number": card_number, "card_serial": card_serial}
        with self._views.together() as run:
            ((state, n),) = run(sql.ALONE, said)
            _must_be(consignment, state, "packing")
            if run(sql.ADD, {**said, "n": n + 1, "by": staff.name, "at": self._clock()}):
                run(sql.GROW, {"id": consignment, "n": 1})
        return self.get(staff, consignment)

    def pack_all(self, staff: Staff, consignment: str) -> Consignment:
        """Put in all that were made for the window, or all that waited there for too long; 5,000 at a time."""
        found = self._packing(staff, consignment)
        said = {"id": consignment, "place": found.window, "limit": PACKED_MAX, "by": staff.name, "at": self._clock()}
        statement = sql.ADD_MADE
        if found.kind is ConsignmentKind.BACK:
            statement = sql.ADD_WAITING
            said["serials"] = [serial for card, serial in self._waiting(found.window, PACKED_MAX) if card.due]
        with self._views.together() as run:
            ((state, n),) = run(sql.ALONE, said)
            _must_be(consignment, state, "packing")
            ((added,),) = run(statement, {**said, "n": n})
            run(sql.GROW, {"id": consignment, "n": added})
        return self.get(staff, consignment)

    def take_out(self, staff: Staff, consignment: str, text: str) -> Consignment:
        """A card that was packed by mistake is taken out again, while the consignment is here."""
        self._packing(staff, consignment)
        line = self._line(consignment, text)
        self._said(staff, consignment, [(line.n, "taken_out", "")])
        return self.get(staff, consignment)

    def send(self, staff: Staff, consignment: str, note: str, submit: Submit) -> Consignment:
        """It leaves. What goes back is returned with that, card by card; what the desk refuses stays, and says why."""
        found = self._packing(staff, consignment)
        if len(note) > _NOTE_MAX or not note.isprintable():
            raise _unfit("note", f"give at most {_NOTE_MAX} printable characters.", "delivery_note")
        if not found.packed:
            raise BadInput("consignment: nothing is packed yet.", code="delivery_is_empty")
        if found.kind is ConsignmentKind.BACK:
            self._record(staff, found, "return", submit, accepted="packed")
        said = {"id": consignment, "note": note.strip(), "by": staff.name, "at": self._clock()}
        self._views.write(sql.SEND, said)
        return self.get(staff, consignment)

    # arriving

    def take_in(self, staff: Staff, consignment: str, text: str, submit: Submit) -> ConsignedCard:
        """A card that was scanned on arrival; its holder can collect it from now on. Twice is once. `BadInput`."""
        found = self._arriving(staff, consignment)
        line = self._line(consignment, text)
        if line.state == "packed":
            self._arrive(staff, found, [line], submit)
        return self._line(consignment, text)

    def take_in_all(self, staff: Staff, consignment: str, submit: Submit) -> Consignment:
        """All of its cards that are still on their way are there."""
        self._arrive(staff, self._arriving(staff, consignment), None, submit)
        return self.get(staff, consignment)

    def finish(self, staff: Staff, consignment: str) -> Consignment:
        """Everything that came was taken in: what is still on its way is missing, and told from now on."""
        found = self.get(staff, consignment)
        _must_take_in(staff, found)
        if found.state == "arrived":
            return found
        said = {"id": consignment, "by": staff.name, "at": self._clock()}
        with self._views.together() as run:
            ((state, _),) = run(sql.ALONE, said)
            _must_be(consignment, state, "sent")
            run(sql.REST_IS_MISSING, said)
            run(sql.ARRIVE, said)
        return self.get(staff, consignment)

    # one by one

    def _packing(self, staff: Staff, consignment: str) -> Consignment:
        found = self.get(staff, consignment)
        _must_pack(staff, found.window, found.kind)
        _must_be(consignment, found.state, "packing")
        return found

    def _arriving(self, staff: Staff, consignment: str) -> Consignment:
        found = self.get(staff, consignment)
        _must_take_in(staff, found)
        _must_be(consignment, found.state, "sent")
        return found

    def _arrive(self, staff: Staff, found: Consignment, lines: Sequence[ConsignedCard] | None, submit: Submit) -> None:
        if found.kind is ConsignmentKind.OUT:
            self._record(staff, found, "ready", submit, accepted="arrived", lines=lines)
            return
        for some in [lines] if lines is not None else self._packed(found.id):
            self._said(staff, found.id, [(line.n, "arrived", "") for line in some])

    def _record(
        self,
        staff: Staff,
        found: Consignment,
        step: str,
        submit: Submit,
        *,
        accepted: str,
        lines: Sequence[ConsignedCard] | None = None,
    ) -> None:
        """Record of each packed card that it is ready, or returned; the line follows what the desk says."""
        for some in [lines] if lines is not None else self._packed(found.id):
            requests = [_request(staff, found.id, line, step) for line in some]
            outcomes = submit([Ask(request, staff.sender(request)) for request in requests], False)
            said = []
            for line, outcome in zip(some, outcomes, strict=True):
                if isinstance(outcome, Trouble):
                    raise outcome
                ground = outcome.answer.ground
                well = outcome.answer.outcome == "accepted" or ground in _DONE_BEFORE
                said.append((line.n, accepted, "") if well else (line.n, "refused", ground))
            self._said(staff, found.id, [one for one in said if one[1] != "packed"])

    def _packed(self, consignment: str) -> Any:
        """The packed cards, some at a time, each once."""
        after = 0
        while some := self._lines(consignment, ["packed"], after, TRAY):
            yield some
            after = some[-1].n

    def _said(self, staff: Staff, consignment: str, said: Sequence[tuple[int, str, str]]) -> None:
        ns, states, grounds = [list(column) for column in zip(*said, strict=True)] if said else ([], [], [])
        values = {"id": consignment, "ns": ns, "states": states, "grounds": grounds}
        self._views.write(sql.SAID, {**values, "by": staff.name, "at": self._clock()})

    def _lines(self, consignment: str, states: Sequence[str] | None, after: int, limit: int) -> list[ConsignedCard]:
        asked = {"id": consignment, "states": None if states is None else list(states), "after": after, "limit": limit}
        return [ConsignedCard(*row) for row in self._views.rows(sql.LINES, asked)]

    def _line(self, consignment: str, text: str) -> ConsignedCard:
        rows = self._views.rows(sql.LINE, {"id": consignment, **_by_text(text)})
        if not rows:
            found = self._views.rows(sql.CARD, _by_text(text))
            where = f" It is in {found[0][9]}." if found and found[0][9] else ""
            raise _unfit("card", f"this card is not in the consignment.{where} Lay it aside.", "delivery_stranger")
        return ConsignedCard(*rows[0])

    def _waiting(self, window: str, limit: int) -> list[tuple[WaitingCard, str]]:
        rows = self._views.rows(sql.WAITING, {"place": window, "limit": limit})
        found = []
        for number, name, card_number, card_serial, collect_at, ready_on in rows:
            last_on = self._last_on(ready_on)
            card = WaitingCard(number, name, card_number, collect_at, ready_on, last_on, last_on < self._today())
            found.append((card, card_serial))
        return found

    def _is_due(self, ready_on: dt.date) -> bool:
        return self._last_on(ready_on) < self._today()

    def _last_on(self, ready_on: dt.date) -> dt.date:
        return add_term(ready_on, self._notices.on(self._today()).p.uncollected_after)

    def _today(self) -> dt.date:
        return self._clock().astimezone(self._notices.zone).date()

    def _must_see(self, staff: Staff, window: str | None) -> None:
        """`NotAllowed` unless it is the own window's, or the role sees all."""
        if staff.may(Right.SEND_CARDS):
            return
        if window is None or not (staff.may(Right.RECEIVE_CARDS) and window == staff.place != ""):
            staff.must(Right.SEE_STOCK)


def by_asker(staff: Staff) -> str:
    """What makes a request's id the asker's own, so that whoever goes on after a kill may ask for the rest."""
    return hashlib.sha256(f"{staff.name}|{staff.place}".encode()).hexdigest()[:8]


def _request(staff: Staff, consignment: str, line: ConsignedCard, step: str) -> AnyRequest:
    request_id = f"delivery-{consignment}-{line.n}-{by_asker(staff)}"
    if step == "ready":
        return RecordReady(id=request_id, person=line.number)
    return ReturnUncollectedCard(id=request_id, person=line.number)


def _must_pack(staff: Staff, window: str, kind: ConsignmentKind) -> None:
    """`NotAllowed` unless production sends out, or the window itself sends back."""
    if kind is ConsignmentKind.BACK and staff.may(Right.RECEIVE_CARDS) and window == staff.place != "":
        return
    staff.must(Right.SEND_CARDS)


def _must_take_in(staff: Staff, found: Consignment) -> None:
    """`NotAllowed` unless the window takes in what comes to it; production may, in its place, and what comes back."""
    if found.kind is ConsignmentKind.OUT and staff.may(Right.RECEIVE_CARDS) and found.window == staff.place != "":
        return
    staff.must(Right.SEND_CARDS)


def _must_be(consignment: str, state: str, wanted: str) -> None:
    if state != wanted:
        raise BadInput(
            f"consignment: {consignment} is {state}; this can be done while it is {wanted}.", code="delivery_state"
        )


def _by_text(text: str) -> dict[str, str]:
    """What was scanned, as a card's number and as its serial."""
    plain = "".join(text.split())
    return {"text": plain.upper()[:64], "serial": plain.lower()[:64]}


def _unfit(field: str, what: str, code: str) -> BadInput:
    unfit = BadInput(f"{field}: {what}", code=code)
    unfit.field = field
    return unfit


def _consignment(row: tuple[Any, ...]) -> Consignment:
    return Consignment(row[0], ConsignmentKind(row[1]), *row[2:])


def _handed_over(row: tuple[Any, ...]) -> HandedOver:
    person_id, seq, body, number, name = row
    entry = decoded(body)
    request = entry.request
    hands_in = isinstance(request, CollectCard) and request.hands_in_temporary_card
    return HandedOver(
        entry=f"{person_id}-{seq}",
        at=entry.given.at,
        number=number,
        name=name,
        card_number=str(entry.answer.facts.get("card_number", "")),
        agent=request.agent,
        shows=request.shows,
        temporary_handed_in=hands_in,
        by=entry.sender.by,
        place=entry.sender.place,
    )
