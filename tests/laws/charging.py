"""What institutions ask in random lives, in words such as "the last charge", and the entries that the words lead to.

`lives.py` draws the steps; `playing.py` turns words into places, message ids and cards as it plays them. What a request
wants undone is found here from a plain list of what was decided, and not as the desk finds it.
"""

import datetime as dt
from typing import Any

import msgspec

from scenario_past import before_fen
from shebaoka.records import (
    SERVICE_OF,
    Accepted,
    ApproveCorrection,
    Ask,
    CancelSettlement,
    Card,
    Decision,
    Dossier,
    Original,
    Posting,
    PresentedCard,
    Proposal,
    ProposeCorrection,
    ReverseMessage,
    Settlement,
    Terms,
    UndoCarryOver,
)

INSTITUTIONS = (
    Terms("JZHOSPITAL01", ("outpatient", "pharmacy", "inpatient"), False, 1),
    Terms("JZPHARMACY02", ("outpatient", "pharmacy"), True, 2),
    Terms("JZHOSPITAL03", ("inpatient",), True, 3),
)
"""Institutions with their terms. Each has one business cycle, which is open all the time."""
DAYS = ("admitted_on", "discharged_on")
Place = tuple[int, int]


class Known(msgspec.Struct, frozen=True):
    """An entry as it was decided: what was asked by whom, and what came of it."""

    ask: Ask
    accepted: bool
    settlement: Settlement | None
    postings: tuple[Posting, ...]
    before_fen: int = 0

    @property
    def service(self) -> str:
        """What was asked for."""
        return SERVICE_OF[type(self.ask.request)]


class Entries:
    """Everything that was decided so far, by its place in the journal."""

    def __init__(self) -> None:
        self.at: dict[Place, Known] = {}
        self.place_of: dict[str, Place] = {}
        self.undone: dict[Place, Place] = {}
        self.stopped: dict[str, Place] = {}
        self._ids: dict[str, int] = {}
        self._next_id = 1

    def person_id(self, number: str) -> int:
        """The id that an entry about this number has; whoever is not registered has another each time."""
        return self._ids.get(number, self._next_id)

    def note(self, ask: Ask, decision: Decision, after: Dossier) -> None:
        """An entry more."""
        person_id = self.person_id(ask.request.person)
        if person_id == self._next_id:
            self._next_id += 1
        if after.person is not None:
            self._ids[ask.request.person] = person_id
        place = (person_id, 1 + sum(p == person_id for p, _ in self.at))
        yes = decision if isinstance(decision, Accepted) else None
        settled, moved, before = (yes.settlement, yes.postings, before_fen(ask.request, yes)) if yes else (None, (), 0)
        self.at[place] = Known(ask, yes is not None, settled, moved, before)
        self.place_of[ask.request.id] = place
        if yes is not None:
            self.undone |= dict.fromkeys(((person_id, seq) for seq in yes.undoes), place)
            if yes.stops:
                self.stopped[yes.stops] = place

    def original(self, ask: Ask) -> Original | None:
        """What the ask wants undone, as the desk shall tell the rules."""
        request, person_id = ask.request, self.person_id(ask.request.person)
        place: Place | None = None
        service = ""
        if isinstance(request, ReverseMessage):
            if (stopped := self.stopped.get(request.message)) is not None:
                return Original(stopped[1], stopped[0] == person_id, "reverse_message", False)
            place = self.place_of.get(request.message)
            if place is not None and self.at[place].service == "settle_charge":
                place, service = self._standing(place), "settle_charge"
        elif isinstance(request, CancelSettlement):
            place = self._standing(_place(request.settlement))
        elif isinstance(request, (ProposeCorrection, ApproveCorrection, UndoCarryOver)):
            place = _place(request.entry)
        known = None if place is None else self.at.get(place)
        if place is None or known is None:
            return None
        mine, undone = place[0] == person_id, place in self.undone
        undoer = self.undone.get(place, place)
        cancelled = undone and undoer not in self.undone and self.at[undoer].service == "cancel_settlement"
        return Original(
            seq=place[1],
            person=mine,
            service=service or known.service,
            accepted=known.accepted,
            undone=undone,
            settlement=known.settlement,
            postings=known.postings,
            cancelled_by=undoer[1] if cancelled else 0,
            before_fen=known.before_fen,
        )

    def proposal(self, ask: Ask) -> Proposal | None:
        """What the ask approves, as the desk shall tell the rules."""
        if not isinstance(ask.request, ApproveCorrection):
            return None
        place = _place(ask.request.proposal)
        known = self.at.get(place)
        if known is None or not known.accepted or place[0] != self.person_id(ask.request.person):
            return None
        proposed = known.ask.request
        if not isinstance(proposed, ProposeCorrection):
            return None
        by, made = known.ask.sender.by, place in self.undone
        return Proposal(by, proposed.entry, proposed.right_fen, place[1], made, proposed.reason)

    def _standing(self, place: Place) -> Place:
        """The entry by which a charge stands now: itself, or the reversal of its last cancel."""
        undoer = self.undone.get(place)
        again = None if undoer is None else self.undone.get(undoer)
        return place if again is None or self.at[again].settlement is None else self._standing(again)

    # words

    def said(self, own: dict[str, Any], n: int, institution: str, number: str, dossier: Dossier) -> dict[str, Any]:
        """What a step says about money, with its words turned into what a terminal or a clerk would send."""
        said = dict(own)
        if isinstance(said.get("card"), tuple):
            said["card"] = _presented(dossier, said["card"][1], self)
        if "message" in said:
            said["message"] = self._message(said["message"], n, institution, number)
        if "settlement" in said:
            said["settlement"] = self._place(said["settlement"], number)
        if "proposal" in said:
            said["proposal"] = self._place(said["proposal"], number)
            known = self.at.get(_place(said["proposal"]))
            proposed = known.ask.request if known is not None else None
            if isinstance(proposed, ProposeCorrection):
                said = {"entry": proposed.entry, "right_fen": proposed.right_fen} | said
            said.setdefault("entry", ("credit", 1))
        if "entry" in said and isinstance(said["entry"], tuple):
            said["entry"] = self._place(said["entry"], number)
        return said

    def _message(self, word: tuple[str, int], n: int, institution: str, number: str) -> str:
        """`ahead`: a message that is still to come; `mine`: one about this person; else any."""
        how, back = word
        if how == "ahead":
            return f"{institution}-{n + back}"
        requests = [k.ask.request for k in self.at.values() if how == "any" or k.ask.request.person == number]
        ids = [r.id for r in requests if how == "any" or r.id.startswith(institution)]
        return ids[-back] if len(ids) >= back else f"{institution}-never"

    def _place(self, word: tuple[str, int], number: str) -> str:
        """`charge`, `credit`, `proposal`: an entry of the person of that kind, counted from the last; else any."""
        how, back = word
        places = [place for place, known in self.at.items() if _is(how, known, number)]
        person_id, seq = places[-back] if len(places) >= back else (77_777, back)
        return f"{person_id}-{seq}"


def _is(how: str, known: Known, number: str) -> bool:
    """Whether an entry is what a word means."""
    of_kind = {
        "any": True,
        "charge": known.settlement is not None,
        "credit": bool(known.postings) and known.settlement is None,
        "proposal": known.service == "propose_correction",
        "carry_over": known.service == "carry_over_account" and known.accepted,
    }
    return of_kind[how] and (how == "any" or known.ask.request.person == number)


def _place(said: str) -> Place:
    person_id, _, seq = said.partition("-")
    return int(person_id), int(seq)


def _presented(dossier: Dossier, how: str, entries: Entries) -> dict[str, str]:
    """A card as a terminal reads it: alive, of a kind, ended, mixed up of two, somebody else's, or made up."""
    cards: list[Card] = list(dossier.cards)
    if how == "live":
        cards = [c for c in cards if c.life != "ended" and c.kind != "old_medical"] or cards
    elif how in ("temporary", "old_medical"):
        cards = [c for c in cards if c.kind == how] or cards
    elif how == "ended":
        cards = [c for c in cards if c.life == "ended"] or cards
    elif how == "mixed" and len(cards) > 1:
        return {"number": cards[-1].number, "serial": cards[-2].serial}
    elif how == "foreign":
        presented = [getattr(k.ask.request, "card", None) for k in entries.at.values()]
        others = [p for p in presented if isinstance(p, PresentedCard) and p.number not in {c.number for c in cards}]
        if others:
            return {"number": others[-1].number, "serial": others[-1].serial}
    if how == "made_up" or not cards:
        return {"number": "Z99999999", "serial": "f" * 32}
    return {"number": cards[-1].number, "serial": cards[-1].serial}


def days_of(own: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Days that a step counts back from today, as days."""
    return {k: on - dt.timedelta(days=v) if k in DAYS and isinstance(v, int) else v for k, v in own.items()}
