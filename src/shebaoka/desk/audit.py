"""Whether the journal is whole, whether the dossiers are what it leads to, and the seals of its closed days."""

import datetime as dt
from collections.abc import Iterator

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.journal import (
    Chained,
    Entry,
    Row,
    decoded,
    digest_of_day,
    faults_of_chain,
    replayed,
    seal_text,
)
from shebaoka.notice import Notices
from shebaoka.records import Trouble
from shebaoka.store import Store, Views, day_bounds, views
from shebaoka.vault import Kept, Vault

GRACE = dt.timedelta(minutes=10)
"""How long after midnight a day is left open, for trays that began before it."""


class Audit(msgspec.Struct, frozen=True):
    """What a verification looked at, and every fault that it found, a sentence each."""

    entries: int
    people: int
    days_sealed: int
    replayed: int
    faults: tuple[str, ...]


class Auditor:
    """Verifies and seals the journal."""

    def __init__(self, views_: Views, vault: Vault, notices: Notices, clock: Clock = now) -> None:
        self._views = views_
        self._vault = vault
        self._notices = notices
        self._clock = clock

    def verify(self, store: Store | None = None) -> Audit:
        """Check every chain and every seal; with a store, also make every decision again and compare the dossiers."""
        self._entries = self._people = 0
        faults = list(faults_of_chain(self._chains()))
        seals = self._views.rows(views.SEALS)
        for day, entries, digest, key_id, mac in seals:
            faults += self._faults_of_seal(day, entries, digest, Kept(key_id, mac))
        again = 0
        if store is not None:
            for fault in self._replay(store):
                again += 1
                if fault:
                    faults.append(fault)
        return Audit(self._entries, self._people, len(seals), again, tuple(faults))

    def seal(self) -> list[tuple[dt.date, int]]:
        """Seal every closed day that is not sealed yet; each with its number of entries."""
        first = self._views.rows(views.FIRST_ENTRY)[0][0]
        if first is None:
            return []
        done = {row[0] for row in self._views.rows(views.SEALS)}
        day = first.astimezone(self._notices.zone).date()
        sealed = []
        while day_bounds(day, self._notices.zone)["until"] + GRACE <= self._clock():
            if day not in done:
                entries, digest = self._digest(day)
                kept = self._vault.mac(seal_text(day, entries, digest))
                row = {"day": day, "entries": entries, "digest": digest, "key_id": kept.key_id, "mac": kept.value}
                self._views.write(views.ADD_SEAL, {**row, "at": self._clock()})
                sealed.append((day, entries))
            day += dt.timedelta(days=1)
        return sealed

    def _chains(self) -> Iterator[Chained]:
        person_id = None
        for *row, version, chain in self._views.stream(views.ALL_ENTRIES):
            if row[0] != person_id:
                person_id = row[0]
                self._people += 1
            if row[1] is None:
                yield None, row[0], version, chain
            else:
                self._entries += 1
                yield Row(*row), row[0], version, chain

    def _digest(self, day: dt.date) -> tuple[int, bytes]:
        bounds = day_bounds(day, self._notices.zone)
        return digest_of_day(row[0] for row in self._views.stream(views.HASHES_OF_DAY, bounds))

    def _faults_of_seal(self, day: dt.date, entries: int, digest: bytes, kept: Kept) -> list[str]:
        if not self._vault.check_mac(seal_text(day, entries, digest), kept):
            return [f"day {day}: its seal was not made by this vault."]
        found, found_digest = self._digest(day)
        if found != entries:
            return [f"day {day}: it was sealed with {entries} entries and has {found}."]
        return [] if found_digest == digest else [f"day {day}: an entry was changed after it was sealed."]

    def _replay(self, store: Store) -> Iterator[str]:
        """For everybody: nothing if the journal leads to the dossier that the store has, else a sentence."""
        person_id: int | None = None
        entries: list[Entry] = []
        for row in self._views.stream(views.ALL_ENTRIES):
            if row[0] != person_id:
                if person_id is not None:
                    yield self._difference(store, person_id, entries)
                person_id, entries = row[0], []
            if row[7] is not None:
                entries.append(decoded(row[7]))
        if person_id is not None:
            yield self._difference(store, person_id, entries)

    def _difference(self, store: Store, person_id: int, entries: list[Entry]) -> str:
        try:
            dossier = replayed(entries, self._notices)
        except Trouble as e:
            return f"person {person_id}: {e}"
        number = dossier.person.number if dossier.person else None
        loaded = store.load([number], []).people.get(number) if number else None
        if loaded is None:
            return "" if number is None else f"person {person_id}: the journal registers them, the store lacks them."
        if loaded.version != len(entries):
            return ""  # written about meanwhile; the next run will see them
        return "" if loaded.dossier == dossier else f"person {person_id}: the dossier is not what the journal leads to."
