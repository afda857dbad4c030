"""Whether the journal is whole, whether the dossiers are what it leads to, and the seals of its closed days."""

import datetime as dt
import itertools
import operator
from collections.abc import Iterator

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.journal import (
    Beside,
    Chained,
    Row,
    decoded,
    digest_of_day,
    faults_of_chain,
    kept_of,
    replayed,
    seal_text,
)
from shebaoka.notice import Notices
from shebaoka.records import Trouble, VaultTrouble
from shebaoka.store import Store, Views, day_bounds, views
from shebaoka.vault import Kept, Vault

GRACE = dt.timedelta(minutes=10)
"""How long after midnight a day is left open, for trays that began before it."""

A_DAY = dt.timedelta(days=1)


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
        faults += [
            f"person {person_id}: the balance is {balance_fen} fen, and its entries sum to {entries_fen}."
            for person_id, balance_fen, entries_fen in self._views.rows(views.BALANCES_OFF)
        ]
        faults += [
            f"person {person_id}: card {n} is nobody's." for person_id, n in self._views.rows(views.CARDS_OF_NOBODY)
        ]
        seals = self._views.rows(views.SEALS)
        for day, entries, digest, key_id, mac in seals:
            faults += self._faults_of_seal(day, entries, digest, Kept(key_id, mac))
        for (before, *_), (after, *_) in itertools.pairwise(seals):
            if after - before != A_DAY:
                faults.append(f"day {before + A_DAY}: its seal is missing, and later days have theirs.")
        again = 0
        if store is not None:
            for fault in self._replay(store):
                again += 1
                if fault:
                    faults.append(fault)
        return Audit(self._entries, self._people, len(seals), again, tuple(faults))

    def seal(self) -> list[tuple[dt.date, int]]:
        """Seal every closed day after the last that is sealed; each with its number of entries.

        A seal that is missing before that day is not made again, for then nobody would miss it.
        """
        first = self._views.rows(views.FIRST_ENTRY)[0][0]
        if first is None:
            return []
        seals = self._views.rows(views.SEALS)
        day = seals[-1][0] + A_DAY if seals else first.astimezone(self._notices.zone).date()
        sealed = []
        while day_bounds(day, self._notices.zone)["until"] + GRACE <= self._clock():
            entries, digest = self._digest(day)
            kept = self._vault.mac(seal_text(day, entries, digest))
            row = {"day": day, "entries": entries, "digest": digest, "key_id": kept.key_id, "mac": kept.value}
            self._views.write(views.ADD_SEAL, {**row, "at": self._clock()})
            sealed.append((day, entries))
            day += A_DAY
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
        try:
            if not self._vault.check_mac(seal_text(day, entries, digest), kept):
                return [f"day {day}: its seal was not made by this vault."]
        except VaultTrouble as e:
            return [f"day {day}: its seal cannot be checked. {e}"]
        found, found_digest = self._digest(day)
        if found != entries:
            return [f"day {day}: it was sealed with {entries} entries and has {found}."]
        return [] if found_digest == digest else [f"day {day}: an entry was changed after it was sealed."]

    def _replay(self, store: Store) -> Iterator[str]:
        """For everybody: nothing if the journal leads to the dossier that the store has, else a sentence."""
        rows = self._views.stream(views.ALL_KEPT)
        for person_id, whose in itertools.groupby(rows, operator.itemgetter(0)):
            entries = [(body, kept_of(*said)) for _, body, *said in whose if body is not None]
            yield self._difference(store, person_id, entries)

    def _difference(self, store: Store, person_id: int, entries: list[tuple[str, Beside]]) -> str:
        try:
            dossier = replayed(((decoded(body), beside) for body, beside in entries), self._notices)
        except Trouble as e:
            return f"person {person_id}: {e}"
        number = dossier.person.number if dossier.person else None
        if number is None:
            return ""
        loaded = store.load([number], [], stays=True).people.get(number)
        if loaded is None:
            return f"person {person_id}: the journal registers them, the store lacks them."
        if loaded.version != len(entries):
            return ""  # written about meanwhile; the next run will see them
        if loaded.dossier != dossier:
            return f"person {person_id}: the dossier is not what the journal leads to."
        rebuilt = store.rebuilt([number]).get(number)
        if rebuilt == loaded or (rebuilt and rebuilt.version != loaded.version):
            return ""
        return f"person {person_id}: their rows are not what their snapshot says."
