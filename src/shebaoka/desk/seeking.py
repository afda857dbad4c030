"""Searching the journal by who asked where, when, for what and with what answer, and the state of its chains.

Who may not read whole accounts may not search by place or by who asked: that would tell where somebody was treated.
A person's chain is verified when it is looked at. The whole journal takes minutes; of it the last one is told.
"""

import datetime as dt
from typing import Any

import msgspec

from shebaoka.desk.audit import Audit
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.journal import Row, faults_of_chain
from shebaoka.desk.rights import Right
from shebaoka.desk.screens import JournalLine, line_of
from shebaoka.desk.staff import Staff
from shebaoka.notice import Notices
from shebaoka.store import Views, day_bounds
from shebaoka.store import seeking as sql

SPANS = (dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=7), dt.timedelta(days=31))
"""How far back is looked, one after the other, until there are enough entries."""
_ALWAYS = dt.datetime(1900, 1, 1, tzinfo=dt.UTC), dt.datetime(9000, 1, 1, tzinfo=dt.UTC)


class Sought(msgspec.Struct, frozen=True):
    """What is searched for; what is empty is not asked. `by` and `place` are as senders say them, whole."""

    clause: str = ""
    outcome: str = ""
    service: str = ""
    by: str = ""
    place: str = ""
    on: dt.date | None = None
    person_id: int | None = None


class ChainState(msgspec.Struct, frozen=True):
    """Of one person: how many entries there are, and every fault of their chain, a sentence each."""

    entries: int
    faults: tuple[str, ...]


class Verification(msgspec.Struct, frozen=True):
    """When the whole journal was last verified, what was looked at, and how many faults were found."""

    at: dt.datetime
    entries: int
    people: int
    days_sealed: int
    replayed: int
    faults: int


class JournalState(msgspec.Struct, frozen=True):
    """Of the whole journal: the last sealed day with its entries, and the last verification, where there are."""

    sealed: tuple[dt.date, int] | None
    verified: Verification | None


class JournalRoom:
    """Searches, and tells of chains. Safe for many threads."""

    def __init__(self, views_: Views, notices: Notices, clock: Clock = now) -> None:
        self._views = views_
        self._notices = notices
        self._clock = clock

    def search(
        self, staff: Staff, sought: Sought, *, limit: int = 50, before: JournalLine | None = None
    ) -> list[JournalLine]:
        """The latest entries that fit, newest first; `before` goes on after a line.

        By clerk or place, without a day and a person, the last 31 days are searched and no more. `NotAllowed`.
        """
        staff.must_see_people()
        if sought.by or sought.place:
            staff.must(Right.SEE_ACCOUNTS)
        values: dict[str, Any] = {
            "clause": sought.clause or None,
            "outcome": sought.outcome or None,
            "service": sought.service or None,
            "by": f'"sender":{{"by":{_quoted(sought.by)},' if sought.by else None,
            "place": f',"place":{_quoted(sought.place)}}},"given":' if sought.place else None,
            "person": sought.person_id,
            "before": before.at if before else None,
            "before_person": before.person_id if before else None,
            "before_seq": before.seq if before else None,
            "limit": limit,
        }
        statement = sql.IN_TIME if sought.person_id is None else sql.OF_PERSON
        found: list[tuple[Any, ...]] = []
        for since, until in self._stretches(sought, before):
            found = self._views.rows(statement, values | {"since": since, "until": until})
            if len(found) >= limit:
                break
        return [line_of(Row(*row)) for row in found]

    def chain_of(self, staff: Staff, person_id: int) -> ChainState:
        """Whether a person's chain is whole, verified here and now."""
        staff.must_see_people()
        rows = self._views.rows(sql.CHAIN, {"person": person_id})
        chained = [(Row(*row) if row[1] is not None else None, row[0], v, chain) for *row, v, chain in rows]
        return ChainState(sum(row is not None for row, *_ in chained), tuple(faults_of_chain(chained)))

    def state(self, staff: Staff) -> JournalState:
        """The last sealed day, and what the last verification said."""
        staff.must_see_people()
        sealed, verified = self._views.rows(sql.LAST_SEAL), self._views.rows(sql.LAST_VERIFIED)
        return JournalState(
            sealed=(sealed[0][0], sealed[0][1]) if sealed else None,
            verified=Verification(*verified[0]) if verified else None,
        )

    def verified(self, audit: Audit) -> None:
        """Keep what a verification of the whole journal said; whoever ran it calls."""
        counts = {field: getattr(audit, field) for field in ("entries", "people", "days_sealed", "replayed")}
        self._views.write(sql.VERIFIED, {**counts, "faults": len(audit.faults), "at": self._clock()})

    def _stretches(self, sought: Sought, before: JournalLine | None) -> list[tuple[dt.datetime, dt.datetime]]:
        """The stretches of time to look in, the shortest first; each ends where the search goes on."""
        if sought.on is not None:
            bounds = day_bounds(sought.on, self._notices.zone)
            return [(bounds["since"], bounds["until"])]
        if sought.person_id is not None:
            return [_ALWAYS]
        top = before.at if before else self._clock()
        until = before.at + dt.timedelta(microseconds=1) if before else _ALWAYS[1]
        spans = [(top - span, until) for span in SPANS]
        return spans if sought.by or sought.place else [*spans, (_ALWAYS[0], until)]


def _quoted(text: str) -> str:
    """A text as it stands in an entry's JSON."""
    return msgspec.json.encode(text).decode()
