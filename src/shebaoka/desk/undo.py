"""Entries that a request wants undone, and proposals that somebody approves, as a tray has them so far.

A settlement that was cancelled, and whose cancel was reversed, is found as the entry that stands now. Whoever asks
again about a settlement that stands no more is told so.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from shebaoka import ledger
from shebaoka.desk.journal import Entry
from shebaoka.records import (
    SERVICE_OF,
    Accepted,
    ApproveCorrection,
    Ask,
    CancelSettlement,
    CarryOverAccount,
    Decision,
    MessageReversed,
    Original,
    Proposal,
    ProposeCorrection,
    ReverseMessage,
    SettleCharge,
    UndoCarryOver,
)
from shebaoka.store import KnownEntry, KnownRequest, Load, Place

UNDOING = (CancelSettlement, ReverseMessage, ProposeCorrection, ApproveCorrection, UndoCarryOver)
SETTLING = (SettleCharge, CancelSettlement)
"""What a reversal undoes; a message of these that is sent again may have been undone meanwhile."""
STOPPED = bytes(32)
"""Stands in place of a content for the id of a message that was reversed before it came."""


class Found(msgspec.Struct, frozen=True):
    """What a second trip brought for the requests of a tray that undo: entries by place, and proposals by place."""

    entries: Mapping[Place, KnownEntry]
    proposals: Mapping[Place, Entry]


NOTHING = Found({}, {})


def stopped(request_id: str) -> MessageReversed:
    """The trouble of a message that was reversed before it came."""
    return MessageReversed(
        f"The message {request_id!r} was reversed before it came. Nothing was done; send a new message under a new id."
    )


def reversed_since(request_id: str) -> MessageReversed:
    """The trouble of a message that was reversed after it was decided."""
    return MessageReversed(
        f"The message {request_id!r} was decided, and then reversed. Nothing of it stands; send a new message under a "
        "new id."
    )


def place_of(said: str) -> Place:
    """A place such as `1001-7`."""
    person_id, _, seq = said.partition("-")
    return int(person_id), int(seq)


def named_messages(asks: Iterable[Ask]) -> list[str]:
    """The ids of messages that are to be reversed."""
    return [a.request.message for a in asks if isinstance(a.request, ReverseMessage)]


def settled_before(asks: Iterable[Ask], load: Load) -> list[str]:
    """The social security numbers of settlements that were decided before."""
    return [a.request.person for a in asks if isinstance(a.request, SETTLING) and a.request.id in load.requests]


def named_places(asks: Iterable[Ask], load: Load) -> tuple[set[Place], set[Place]]:
    """The places of entries to be undone, with those that stand in their stead, and the places of proposals."""
    entries: set[Place] = set()
    proposals: set[Place] = set()
    for ask in asks:
        request = ask.request
        if isinstance(request, SETTLING) and (known := load.requests.get(request.id)):
            entries.add((known.person_id, known.seq))
        if isinstance(request, CancelSettlement):
            entries.add(place_of(request.settlement))
        elif isinstance(request, (ProposeCorrection, ApproveCorrection, UndoCarryOver)):
            entries.add(place_of(request.entry))
            if isinstance(request, ApproveCorrection):
                proposals.add(place_of(request.proposal))
        elif isinstance(request, ReverseMessage) and (known := load.requests.get(request.message)):
            entries.add((known.person_id, known.seq))
    for place in tuple(entries):
        while (by_seq := load.undone.get(place)) is not None:
            place = (place[0], by_seq)
            entries.add(place)
    return entries, proposals


class Undoing:
    """What can be undone, as the tray has it so far."""

    def __init__(self, load: Load, found: Found) -> None:
        self._keys: dict[str, KnownRequest] = load.requests
        self._undone = dict(load.undone)
        self._entries = dict(found.entries)
        self._proposals = dict(found.proposals)
        self._noted: dict[str, Place] = {}
        self._stopped = {
            message_id: (known.person_id, known.seq)
            for message_id, known in load.requests.items()
            if known.content == STOPPED
        }

    def note(self, entry: Entry, place: Place, decision: Decision) -> None:
        """An entry of this tray, in case a later request of the tray wants it undone."""
        service = SERVICE_OF[type(entry.request)]
        self._noted[entry.request.id] = place
        if not isinstance(decision, Accepted):
            self._entries[place] = KnownEntry(service, False, None, ())
            return
        before_fen = 0
        if isinstance(entry.request, CarryOverAccount) and decision.after.account is not None:
            before_fen = decision.after.account.balance_fen - ledger.change(decision.postings)
        self._entries[place] = KnownEntry(service, True, decision.settlement, decision.postings, before_fen)
        for seq in decision.undoes:
            self._undone[place[0], seq] = place[1]
        if decision.stops:
            self._stopped[decision.stops] = place
        if isinstance(entry.request, ProposeCorrection):
            self._proposals[place] = entry

    def original(self, ask: Ask, person_id: int) -> Original | None:
        """The entry that an ask wants undone; None if there is none."""
        request = ask.request
        if isinstance(request, ReverseMessage):
            return self._of_message(request.message, person_id)
        if isinstance(request, CancelSettlement):
            return self._at(self._standing(place_of(request.settlement)), person_id)
        if isinstance(request, (ProposeCorrection, ApproveCorrection, UndoCarryOver)):
            return self._at(place_of(request.entry), person_id)
        return None

    def proposal(self, ask: Ask, person_id: int) -> Proposal | None:
        """The proposal that an ask approves; None if there is none about this person."""
        request = ask.request
        if not isinstance(request, ApproveCorrection):
            return None
        place = place_of(request.proposal)
        entry = self._proposals.get(place)
        if entry is None or place[0] != person_id or entry.answer.outcome != "accepted":
            return None
        proposed = entry.request
        if not isinstance(proposed, ProposeCorrection):
            return None
        made = place in self._undone
        return Proposal(entry.sender.by, proposed.entry, proposed.right_fen, place[1], made, proposed.reason)

    def taken_back_by(self, place: Place) -> tuple[Place, str] | None:
        """Where and by which service a settlement was last taken back; None while it stands."""
        return fate(
            place, self._undone, lambda at: (self._entries[at].service, self._entries[at].settlement is not None)
        )

    def _of_message(self, message_id: str, person_id: int) -> Original | None:
        stopped = self._stopped.get(message_id)
        if stopped is not None:
            return Original(stopped[1], stopped[0] == person_id, "reverse_message", False)
        place = self._noted.get(message_id)
        if place is None:
            known = self._keys.get(message_id)
            if known is None:
                return None
            place = (known.person_id, known.seq)
        entry = self._entries.get(place)
        if entry is not None and entry.service == SERVICE_OF[SettleCharge]:
            # A charge whose cancel was reversed stands again, and it is still this message's.
            standing = self._at(self._standing(place), person_id)
            return None if standing is None else msgspec.structs.replace(standing, service=entry.service)
        return self._at(place, person_id)

    def _cancelled_by(self, place: Place) -> int:
        """The cancel that took an entry back; 0 if none did, or it was undone itself."""
        by_seq = self._undone.get(place, 0)
        undoer = (place[0], by_seq)
        entry = self._entries.get(undoer)
        cancels = entry is not None and entry.service == SERVICE_OF[CancelSettlement]
        return by_seq if cancels and undoer not in self._undone else 0

    def _standing(self, place: Place) -> Place:
        """The entry that stands now: a cancel that was itself undone gives way to what undid it, and so on."""
        while (by_seq := self._undone.get(place)) is not None:
            undoer = (place[0], by_seq)
            again = self._undone.get(undoer)
            if again is None or self._entries[place[0], again].settlement is None:
                return place
            place = (place[0], again)
        return place

    def _at(self, place: Place, person_id: int) -> Original | None:
        entry = self._entries.get(place)
        if entry is None:
            return None
        return Original(
            seq=place[1],
            person=place[0] == person_id,
            service=entry.service,
            accepted=entry.accepted,
            undone=place in self._undone,
            cancelled_by=self._cancelled_by(place),
            settlement=entry.settlement,
            postings=entry.postings if entry.settlement is None else ledger.of_settlement(entry.settlement),
            before_fen=entry.before_fen,
        )


def fate(
    place: Place, undone: Mapping[Place, int], at: Callable[[Place], tuple[str, bool]]
) -> tuple[Place, str] | None:
    """Where and by which service a settlement was last taken back; None while it stands.

    `undone` says which entry undid another, `at` an entry's service and whether it settled anything. What undoes and
    settles nothing only keeps a cancel from being undone: it was a reversal of what that cancel had taken back.
    """
    stands, last = True, None
    while (by_seq := undone.get(place)) is not None:
        place = (place[0], by_seq)
        service, settles = at(place)
        last = place, service
        if settles:
            stands = not stands
    return None if stands else last
