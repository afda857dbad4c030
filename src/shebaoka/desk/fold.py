"""Deciding a tray from what was loaded: requests about one person fold into each other, in their order.

Nothing is read here. What comes out are the answers, and the rows that one save writes.
"""

import datetime as dt
import hashlib
import operator
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from shebaoka.desk.announcing import add_notification
from shebaoka.desk.answering import Answering
from shebaoka.desk.blanks import add_blank, unfit_blank
from shebaoka.desk.bodies import carried_rows, unfit_bodies
from shebaoka.desk.cardorders import OF_BATCHES, note_order
from shebaoka.desk.fees import add_fees, unfit_tender
from shebaoka.desk.findable import new_words
from shebaoka.desk.fresh import Block, card_number, card_serial
from shebaoka.desk.journal import START, Entry, chained, encoded, stored
from shebaoka.desk.showncodes import code_check
from shebaoka.desk.undo import SETTLING, STOPPED, UNDOING, Found, Undoing, place_of, reversed_since, stopped
from shebaoka.notice import Notice
from shebaoka.records import (
    SERVICE_OF,
    Accepted,
    Answer,
    AnyRequest,
    ApplyForTemporaryCard,
    ApproveCorrection,
    Ask,
    BadInput,
    Basis,
    Broken,
    CardKind,
    CreditContribution,
    Decision,
    Dossier,
    Given,
    Life,
    NewPin,
    PinCheck,
    PutInBatch,
    Receipt,
    ReplaceCard,
    RequestIdUsed,
    ReverseMessage,
    Trouble,
    credit_id,
)
from shebaoka.rules import card_asked, decide
from shebaoka.store import (
    KeptPin,
    KnownRequest,
    Load,
    Loaded,
    Writes,
    application_row,
    card_row,
    dossier_row,
    person_row,
    settlement_row,
    snapshot_row,
    stay_row,
)
from shebaoka.vault import Kept, Vault

Outcome = Receipt | Trouble
Answers = dict[tuple[int, int], tuple[dt.datetime, Answer]]
"""First answers of requests known by id, by their place in the journal."""
_encode = msgspec.json.Encoder().encode
_PLACE = operator.itemgetter(slice(0, 2))
NOBODY = Loaded(0, 0, START, Dossier(), {})


class _Working:
    """One person while the tray is folded."""

    __slots__ = ("chain", "dossier", "loaded", "person_id", "pins", "pins_changed", "version")

    def __init__(self, loaded: Loaded, person_id: int) -> None:
        self.loaded = loaded
        self.person_id = person_id
        self.version = loaded.version
        self.chain = loaded.chain
        self.dossier = loaded.dossier
        self.pins = loaded.pins
        self.pins_changed: dict[int, KeptPin] = {}


class Tray:
    """A tray being decided: asks in, outcomes and writes out."""

    def __init__(self, asks: Sequence[Ask], vault: Vault, people: Block, cards: Block) -> None:
        self.asks = asks
        self.contents = [content_of(ask, vault) for ask in asks]
        self.undoes = any(isinstance(ask.request, UNDOING) for ask in asks)
        self._vault = vault
        self._people = people
        self._cards = cards
        self._checked: tuple[int, Kept] | None = None

    def fold(
        self,
        given: Given,
        notice: Notice,
        load: Load,
        answers: Answers,
        found: Found,
        *,
        dry_run: bool,
    ) -> tuple[list[Outcome], Writes]:
        """Every ask's outcome in order, and what must be saved for them to be true.

        A dry run holds each ask alone against what is on file. Only a wrong PIN entry is counted, and saved.
        """
        self._given = given
        self._notice = notice
        self._answering = Answering(notice)
        self._load = load
        self._dry_run = dry_run
        self._undoing = Undoing(load, found) if self.undoes or load.undone else None
        self._working: dict[str, _Working] = {}
        self._left: list[_Working] = []
        self._writes = Writes()
        self._orders: dict[tuple[int, str], tuple[Any, ...]] = {}
        self._codes = set(load.codes)
        answered: dict[str, tuple[bytes, Receipt]] = {}
        outcomes: list[Outcome] = []
        for ask, content in zip(self.asks, self.contents, strict=True):
            request_id = ask.request.id
            known = load.requests.get(request_id)
            if known is not None:
                outcomes.append(self._again(ask, content, known, answers))
            elif request_id in answered:
                first_content, receipt = answered[request_id]
                same = first_content == content
                other = stopped if first_content == STOPPED else _used
                outcomes.append(self._told_again(ask, receipt) if same else other(request_id))
            elif (unfit := _unfit(ask)) is not None:
                outcomes.append(unfit)
            else:
                receipt = self._decide(ask, content)
                outcomes.append(receipt)
                if not receipt.entry:
                    continue
                answered[request_id] = (content, receipt)
                if isinstance(ask.request, ReverseMessage) and receipt.answer.ground == Basis.MESSAGE_IS_STOPPED:
                    answered[ask.request.message] = (STOPPED, receipt)
        for working in (*self._left, *self._working.values()):
            self._save(working)
        self._writes.card_order = list(self._orders.values())
        _sort(self._writes)
        return outcomes, self._writes

    def _again(self, ask: Ask, content: bytes, known: KnownRequest, answers: Answers) -> Outcome:
        """The first answer once more for the same content; a refusal of the id for other content."""
        if known.content != content:
            return stopped(ask.request.id) if known.content == STOPPED else _used(ask.request.id)
        place = (known.person_id, known.seq)
        at, answer = answers[place]
        entry = f"{place[0]}-{place[1]}"
        return self._told_again(ask, Receipt(ask.request.id, SERVICE_OF[type(ask.request)], at, answer, entry))

    def _told_again(self, ask: Ask, receipt: Receipt) -> Outcome:
        """A first answer once more. A settlement that was taken back since says so; one that was reversed is over."""
        undone_by = ""
        if self._undoing is not None and isinstance(ask.request, SETTLING):
            since = self._undoing.taken_back_by(place_of(receipt.entry))
            if since is not None and since[1] == _REVERSE:
                return reversed_since(receipt.request_id)
            undone_by = "" if since is None else f"{since[0][0]}-{since[0][1]}"
        return msgspec.structs.replace(receipt, repeated=True, undone_by=undone_by)

    def _decide(self, ask: Ask, content: bytes) -> Receipt:
        """One ask decided against its person as the tray has them so far; the entry is chained on."""
        request = ask.request
        working = self._working.get(request.person)
        if working is None:
            loaded = self._load.people.get(request.person)
            working = _Working(loaded, loaded.person_id) if loaded else _Working(NOBODY, self._people.take())
            self._working[request.person] = working
        given = self._findings(ask, working)
        decision = decide(request, working.dossier, self._notice, given)
        answer = self._answering.of(decision)
        if self._dry_run and not _is_counted(decision):
            return Receipt(request_id=request.id, service=SERVICE_OF[type(request)], at=given.at, answer=answer)
        body = encoded(entry := Entry(request, ask.sender, given, answer))
        working.version += 1
        working.chain = chained(working.chain, working.person_id, working.version, body)
        self._writes.journal.append(stored(working.person_id, working.version, body, working.chain, entry))
        self._writes.request_key.append((request.id, content, working.person_id, working.version))
        self._apply(ask, working, decision, given)
        if self._undoing is not None:
            self._undoing.note(entry, (working.person_id, working.version), decision)
        if working.dossier.person is None:
            # Nobody is registered: the entry stands alone, and the next request about the number gets one of its own.
            self._left.append(self._working.pop(request.person))
        return Receipt(
            request_id=request.id,
            service=SERVICE_OF[type(request)],
            at=given.at,
            answer=answer,
            entry=f"{working.person_id}-{working.version}",
        )

    def _findings(self, ask: Ask, working: _Working) -> Given:
        """What the rules may not find out: the vault's word on PINs, and fresh numbers where a card is made."""
        request = ask.request
        found: dict[str, Any] = {}
        self._checked = None
        if ask.pin is not None:
            card = card_asked(working.dossier, request)
            kept = working.pins.get(card.n) if card is not None and card.life is not Life.ENDED else None
            if card is not None and kept is not None:
                self._checked = card.n, Kept(kept.key_id, kept.value)
                right = self._vault.check(working.person_id, card.n, ask.pin, self._checked[1])
                found["pin"] = PinCheck.RIGHT if right else PinCheck.WRONG
        if ask.new_pin is not None:
            p = self._notice.p
            found["new_pin"] = self._vault.assess(ask.new_pin, length=p.pin_length, refuse_simple=p.simple_pins_refused)
        if makes_card(ask):
            found["card_number"] = card_number(self._cards.take())
            found["card_serial"] = card_serial(self._notice.region)
        if ask.terms is not None:
            found["terms"] = ask.terms
        if getattr(request, "code", ""):
            found["code"] = code_check(ask, working.person_id, self._codes, self._given.at)
        if ask.approved_by:
            found["approved_by"] = ask.approved_by
        if self._undoing is not None and isinstance(request, UNDOING):
            found["original"] = self._undoing.original(ask, working.person_id)
            if isinstance(request, ApproveCorrection):
                found["proposal"] = self._undoing.proposal(ask, working.person_id)
                found["by"] = ask.sender.by
        given = self._given
        return Given(at=given.at, on=given.on, channel=ask.sender.channel, **found)

    def _apply(self, ask: Ask, working: _Working, decision: Decision, given: Given) -> None:
        """What the decision changes: the dossier, the PIN values, the entries."""
        before = working.dossier
        if decision.after is not None:
            working.dossier = decision.after
        if not isinstance(decision, Accepted):
            return
        person_id, seq = working.person_id, working.version
        self._writes.finding += new_words(person_id, before, working.dossier)
        add_notification(self._writes, ask, (person_id, seq), given)
        if decision.fee_fen or decision.next:
            add_fees(self._writes, ask, (person_id, seq), before, decision, self._notice, given)
        if makes_card(ask):
            # The card's number and serial are never used for another, even if this one is spoilt within the same tray.
            self._writes.card_number_key.append((given.card_number, person_id))
            self._writes.card_serial_key.append((given.card_serial, person_id))
            add_blank(self._writes, ask, (person_id, seq), given)
        order = decision.pin
        if order is not None:
            if order.pin == "first":
                kept = self._vault.seal_first(person_id, order.card)
            elif ask.new_pin is not None and given.new_pin is NewPin.FIT:
                kept = self._vault.seal(person_id, order.card, ask.new_pin)
            else:
                raise Broken("A rule ordered a PIN that nobody chose.")
            working.pins_changed[order.card] = KeptPin(kept.key_id, kept.value)
        elif given.pin is PinCheck.RIGHT:
            self._reseal(ask, working)
        if working.pins_changed:
            working.pins = {**working.pins, **working.pins_changed}
        self._settled(ask, working, decision, given)
        if decision.postings and decision.settlement is None:
            # What a settlement moves follows from its amounts, and is not written twice.
            self._writes.other_posting += [
                (person_id, seq, line, p.debit, p.credit, p.amount_fen, p.what, given.on)
                for line, p in enumerate(decision.postings, 1)
            ]
        self._beside(ask, (person_id, seq), decision, given)

    def _beside(self, ask: Ask, place: tuple[int, int], decision: Accepted, given: Given) -> None:
        """Rows that stand beside the dossier: the old card's records, and what became of a card of a batch."""
        if decision.records or decision.years:
            self._writes.carried_records += carried_rows(*place, ask, decision)
        if type(ask.request) in OF_BATCHES:
            note_order(self._orders, place, ask.request, decision.after, given.at)

    def _settled(self, ask: Ask, working: _Working, decision: Accepted, given: Given) -> None:
        """What the decision settles, takes back and stops; the code of an electronic card is used up by it."""
        writes, person_id, seq = self._writes, working.person_id, working.version
        if decision.settlement is not None:
            writes.settlement.append(settlement_row(person_id, seq, decision.settlement, given.on))
            if code := getattr(ask.request, "code", ""):
                writes.shown_code.append((person_id, seq, code))
                self._codes.add((person_id, code))
        if decision.undoes:
            writes.undone += [(person_id, undone, seq) for undone in decision.undoes]
        if decision.stops:
            writes.request_key.append((decision.stops, STOPPED, person_id, seq))

    def _reseal(self, ask: Ask, working: _Working) -> None:
        """A PIN that was right under an older key is kept under the present one from now on."""
        if self._checked is None or ask.pin is None or self._vault.is_current(self._checked[1]):
            return
        n = self._checked[0]
        fresh = self._vault.seal(working.person_id, n, ask.pin)
        working.pins_changed[n] = KeptPin(fresh.key_id, fresh.value)

    def _save(self, working: _Working) -> None:
        """The rows of one person that differ from what was loaded."""
        writes, person_id, before, after = self._writes, working.person_id, working.loaded.dossier, working.dossier
        if working.version == working.loaded.version:
            return
        writes.dossier.append(dossier_row(person_id, working.version, working.chain, after.account))
        if after.stays is not before.stays:
            stayed = {s.n: s for s in before.stays}
            writes.stay += [stay_row(person_id, s) for s in after.stays if stayed.get(s.n) is not s]
        writes.pin += [(person_id, n, kept.key_id, kept.value) for n, kept in working.pins_changed.items()]
        person, cards, applications = after.person, after.cards, after.applications
        same = person is before.person and cards is before.cards and applications is before.applications
        if person is None or (same and not working.pins_changed):
            return
        writes.snapshot.append(snapshot_row(person_id, after, working.pins))
        if same:
            return
        if person is not before.person:
            writes.person.append(person_row(person_id, person))
            if before.person is None:
                writes.person_key.append((person.number, person_id))
        had = {c.n: c for c in before.cards}
        writes.card += [card_row(person_id, c) for c in cards if had.get(c.n) is not c]
        applied = {a.n: a for a in before.applications}
        writes.application += [application_row(person_id, a) for a in applications if applied.get(a.n) is not a]


_REVERSE = SERVICE_OF[ReverseMessage]
_MAKING = frozenset({PutInBatch, ApplyForTemporaryCard})


def _is_counted(decision: Decision) -> bool:
    """Whether it is a no that leaves a trace: a wrong PIN entry."""
    return not isinstance(decision, Accepted) and decision.after is not None


def makes_card(ask: Ask) -> bool:
    """Whether a yes to this request would need a fresh card number and serial."""
    request = ask.request
    if type(request) in _MAKING:
        return True
    return isinstance(request, ReplaceCard) and request.card is CardKind.TEMPORARY


def about_a_stay(ask: Ask) -> bool:
    """Whether the stays of the person must be known to answer this."""
    return bool(getattr(ask.request, "stay", ""))


def content_of(ask: Ask, vault: Vault) -> bytes:
    """The digest by which a request sent again is known: what is asked, by whom, how its fee is paid, and a keyed mark
    of its PINs. Which blank was scanned is not asked: sent again with another, it has the first answer and its blank.

    Of a credit it is the amount: month and person are in its id, and who took the file in does not matter.
    """
    request = ask.request
    if isinstance(request, CreditContribution):
        return hashlib.sha256(_encode((request.id, request.amount_fen))).digest()
    mark = vault.mark(request.id, ask.pin, ask.new_pin)
    if ask.tender is not None:
        mark += _encode(ask.tender)
    return hashlib.sha256(_encode((request, ask.sender)) + mark).digest()


def content_without_pins(request: bytes, sender: bytes) -> bytes:
    """The same of a request and its sender, each as JSON already, if no PIN came beside it."""
    return hashlib.sha256(b"[%b,%b]" % (request, sender)).digest()


_SUPPLEMENT = re.compile(r"(\.([2-9]|[1-9][0-9]+))?")


def _unfit(ask: Ask) -> BadInput | None:
    """The trouble of an ask whose id, bodies, tender or blank cannot be as it says; None for all else."""
    return _unfit_id(ask.request) or unfit_bodies(ask) or unfit_tender(ask) or unfit_blank(ask)


def _unfit_id(request: AnyRequest) -> BadInput | None:
    """The trouble of a credit under an id that does not follow from its month and person; None for all else."""
    if not isinstance(request, CreditContribution):
        return None
    usual = credit_id(request.month, request.person)
    if request.id.startswith(usual) and _SUPPLEMENT.fullmatch(request.id, len(usual)):
        return None
    unfit = BadInput(
        "request.id: a month's contribution is credited under the id credit-MONTH-NUMBER, and a further one of the "
        "same month under that with .2, .3 and so on behind it. Correct it and send it again."
    )
    unfit.field = "request.id"
    return unfit


def _used(request_id: str) -> RequestIdUsed:
    return RequestIdUsed(
        f"The request id {request_id!r} was used before with other content. Nothing was done; "
        "send a new request under a new id."
    )


def _sort(writes: Writes) -> None:
    """Rows in the order in which a save takes its locks. Ended cards of a person come first: they make room."""
    for table in writes.__struct_fields__:
        rows: list[tuple[Any, ...]] = getattr(writes, table)
        if table == "card":
            rows.sort(key=lambda r: (r[0], r[5] != Life.ENDED, r[1]))
        else:
            rows.sort(key=_PLACE)
