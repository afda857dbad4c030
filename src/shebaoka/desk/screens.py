"""What faces show: dossiers with their states and possible services, counts, the journal, clauses. Reads only.

State words come from the same rules that decide, so a screen and a refusal never differ.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.journal import Entry, Row, decoded
from shebaoka.notice import Materials, Notice, Notices
from shebaoka.records import (
    Answer,
    Application,
    Card,
    CardKind,
    Dossier,
    Given,
    NotFound,
    OldRecord,
    Posting,
)
from shebaoka.rules import as_of, card_of, ministry_code, offers, open_application, shown_state, standing_of
from shebaoka.store import Loaded, Store, Views, day_bounds, views


class CardScreen(msgspec.Struct, frozen=True):
    """A card with the one line people read about it (`state`) and the ministry's code."""

    card: Card
    state: str
    ministry_code: str


class Offer(msgspec.Struct, frozen=True):
    """A service for a kind of card: possible now, or on what ground not; what to bring, and what it costs in fen."""

    service: str
    card: CardKind
    possible: bool
    ground: str
    clause: str
    channels: tuple[str, ...]
    materials: Materials | None
    fee_fen: int


class PersonScreen(msgspec.Struct, frozen=True):
    """Everything a window shows of one person, as of `on`."""

    person_id: int
    on: dt.date
    standing: str
    dossier: Dossier
    cards: tuple[CardScreen, ...]
    application: Application | None
    offers: tuple[Offer, ...]
    entries: int


class JournalLine(msgspec.Struct, frozen=True):
    """One journal entry for reading; `place` is how it is cited, `hash` in hexadecimal.

    `where` is the place that was asked from. `brief` is whether facts are left out for somebody who may not read whole
    accounts; see `as_seen_by`.
    """

    place: str
    person_id: int
    seq: int
    at: dt.datetime
    service: str
    by: str
    channel: str
    answer: Answer
    hash: str
    brief: bool = False
    where: str = ""


class Tally(msgspec.Struct, frozen=True):
    """How often something was answered yes and no."""

    accepted: int = 0
    refused: int = 0


class Statement(msgspec.Struct, frozen=True):
    """A person's account: the balance in fen, its postings and the old card's records carried over."""

    balance_fen: int
    carried_over_on: dt.date | None
    postings: tuple[tuple[dt.date, str, Posting], ...]
    records: tuple[OldRecord, ...]


class CitySums(msgspec.Struct, frozen=True):
    """The city's accounts: how many, their balances, and what the entries sum to; the two sums must be one. Fen."""

    accounts: int
    balance_fen: int
    entries_fen: int


class Screens:
    """Reads for faces; safe for many threads, but for `person`, which borrows the store of its caller."""

    def __init__(self, views_: Views, notices: Notices, clock: Clock = now) -> None:
        self._views = views_
        self._clock = clock
        self.notices = notices

    def today(self) -> dt.date:
        """The day it is in the city."""
        return self._clock().astimezone(self.notices.zone).date()

    def line(self, place: str) -> JournalLine:
        """The journal entry at a place such as `1001-7`. `NotFound`."""
        person_id, _, seq = place.partition("-")
        rows = self._views.rows(views.ENTRY_AT, {"person_id": int(person_id), "seq": int(seq)})
        if not rows:
            raise NotFound(f"The journal has no entry {place}.")
        return line_of(Row(*rows[0]))

    def person(self, store: Store, number: str, on: dt.date) -> PersonScreen:
        """The person with this social security number. `NotFound` if nobody has it."""
        screen = self.people(store, [number], on).get(number)
        if screen is None:
            raise NotFound("Nobody is registered with this social security number. Check it against the ID original.")
        return screen

    def people(self, store: Store, numbers: Sequence[str], on: dt.date) -> dict[str, PersonScreen]:
        """Several people by their numbers, in one trip; who is not on file is left out."""
        notice = self.notices.on(on)
        return {
            n: _screen(loaded, notice, on) for n, loaded in store.load(list(numbers), [], stays=True).people.items()
        }

    def number_of(self, person_id: int) -> str:
        """The social security number of a person known by id. `NotFound`."""
        rows = self._views.rows(views.PERSON_BY_ID, {"person_id": person_id})
        if not rows:
            raise NotFound(f"There is no person {person_id}.")
        return str(rows[0][0])

    def statement(self, number: str) -> Statement:
        """A person's account. `NotFound` if nobody has this number."""
        rows = self._views.rows(views.PERSON_BY_NUMBER, {"number": number})
        if not rows:
            raise NotFound("Nobody is registered with this social security number. Check it against the ID original.")
        who = {"person_id": rows[0][0]}
        account = self._views.rows(views.ACCOUNT, who)
        balance_fen, carried_over_on = account[0] if account else (0, None)
        return Statement(
            balance_fen=balance_fen,
            carried_over_on=carried_over_on,
            postings=tuple(
                (on, f"{rows[0][0]}-{seq}", Posting(debit, credit, amount_fen, what))
                for on, seq, _, debit, credit, amount_fen, what in self._views.rows(views.POSTINGS, who)
            ),
            records=tuple(OldRecord(*row) for row in self._views.rows(views.CARRIED, who)),
        )

    def people_by_standing(self) -> dict[str, int]:
        """How many people stand how with the insurance."""
        return dict(self._pairs(views.PEOPLE_BY_STANDING))

    def cards_by_state(self, on: dt.date) -> dict[str, dict[str, int]]:
        """By kind of card and state, as of a day."""
        counted: dict[str, dict[str, int]] = {}
        parameters = {"on": on, "cutover_on": self.notices.on(on).p.cutover_on}
        for kind, state, n in self._views.rows(views.CARDS_BY_STATE, parameters):
            counted.setdefault(kind, {})[state] = n
        return counted

    def applications_by_making(self) -> dict[str, int]:
        """How many applications are at which stage of making."""
        return dict(self._pairs(views.APPLICATIONS_BY_MAKING))

    def sums(self) -> CitySums:
        """The city's accounts and what their entries sum to."""
        return CitySums(*self._views.rows(views.BALANCES)[0])

    def clauses_of_day(self, day: dt.date) -> dict[str, Tally]:
        """How often each clause of the notice decided yes and no on a day; all clauses are there."""
        found = self._tallies(views.CLAUSES_BETWEEN, day)
        return {c: found.get(c, Tally()) for c in self.notices.on(day).clauses}

    def services_of_day(self, day: dt.date) -> dict[str, Tally]:
        """How often each service was answered yes and no on a day."""
        return self._tallies(views.SERVICES_BETWEEN, day)

    def journal(
        self,
        *,
        limit: int = 50,
        clause: str | None = None,
        outcome: str | None = None,
        service: str | None = None,
        before: JournalLine | None = None,
    ) -> list[JournalLine]:
        """The latest entries, newest first; `before` continues after a line."""
        rows = self._views.rows(
            views.ENTRIES,
            {
                "limit": limit,
                "clause": clause,
                "outcome": outcome,
                "service": service,
                "before": before.at if before else None,
                "person_id": before.person_id if before else None,
                "seq": before.seq if before else None,
            },
        )
        return [line_of(Row(*row)) for row in rows]

    def journal_of(self, person_id: int, *, limit: int = 100, before: int = 2**62) -> list[JournalLine]:
        """One person's entries, newest first."""
        rows = self._views.rows(views.ENTRIES_OF_PERSON, {"person_id": person_id, "limit": limit, "before": before})
        return [line_of(Row(*row)) for row in rows]

    def waiting_corrections(self) -> list[JournalLine]:
        """Proposals that wait for a second person, newest first; what each says of entry and reason is in its facts."""
        return [line_of(Row(*row)) for row in self._views.rows(views.WAITING_CORRECTIONS)]

    def meta(self) -> dict[str, str]:
        """What is on file about this database: its city, and whether its people are invented."""
        return dict(self._pairs(views.META))

    def _pairs(self, statement: str) -> list[tuple[str, Any]]:
        return [(row[0], row[1]) for row in self._views.rows(statement)]

    def _tallies(self, statement: str, day: dt.date) -> dict[str, Tally]:
        found: dict[str, dict[str, int]] = {}
        for key, outcome, n in self._views.rows(statement, day_bounds(day, self.notices.zone)):
            found.setdefault(key, {})[outcome] = n
        return {key: Tally(**counts) for key, counts in found.items()}


def _screen(loaded: Loaded, notice: Notice, on: dt.date) -> PersonScreen:
    dossier = as_of(loaded.dossier, notice, on)
    return PersonScreen(
        person_id=loaded.person_id,
        on=on,
        standing=standing_of(dossier),
        dossier=dossier,
        cards=tuple(CardScreen(c, shown_state(c), ministry_code(c)) for c in dossier.cards),
        application=open_application(dossier),
        offers=tuple(_offers(dossier, notice, on)),
        entries=loaded.version,
    )


def line_of(row: Row) -> JournalLine:
    """An entry for reading."""
    entry: Entry = decoded(row.body)
    return JournalLine(
        place=f"{row.person_id}-{row.seq}",
        person_id=row.person_id,
        seq=row.seq,
        at=row.at,
        service=row.service,
        by=entry.sender.by,
        channel=entry.sender.channel,
        answer=entry.answer,
        hash=row.hash.hex(),
        where=entry.sender.place,
    )


def _offers(dossier: Dossier, notice: Notice, on: dt.date) -> list[Offer]:
    """Each service for each kind of card that somebody could ask about at a window, in the table's order."""
    given = Given(at=dt.datetime.combine(on, dt.time.min, dt.UTC), on=on)
    shown = []
    for offer in offers(dossier, notice, given):
        if offer.kind is not CardKind.SOCIAL_SECURITY and card_of(dossier, offer.kind) is None and not offer.fits_all:
            continue
        shown.append(
            Offer(
                service=offer.key,
                card=offer.kind,
                possible=offer.refusal is None,
                ground=offer.refusal or "",
                clause=notice.clause_of[offer.refusal] if offer.refusal else "",
                channels=tuple(offer.channels),
                materials=offer.materials,
                fee_fen=offer.fee_fen,
            )
        )
    return shown
