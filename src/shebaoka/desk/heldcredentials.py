"""Credentials of a card that wallets hold: which there are, and their end at their holder's wish (3.3).

A telephone can be stolen while the card is not: then the card goes on, and what stands in the wallet ends. It is asked
for at the public page, or at a window; whoever asks puts the look into the journal first, and who ended one, when and
where is kept with it. The holder is told at the telephone on file, whether or not they agreed to other messages: it
may not have been they.
"""

import datetime as dt
import secrets
from collections.abc import Callable
from typing import Any

import msgspec

from shebaoka.desk.announcing import About
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right
from shebaoka.desk.screens import PersonScreen
from shebaoka.desk.staff import Staff
from shebaoka.desk.telephones import HOLDER, PORTAL_PLACE, Telephones
from shebaoka.desk.wallets import MISSES_MAX, Wallets
from shebaoka.notice import Notices, Speech
from shebaoka.records import CardKind
from shebaoka.sdjwt import INVALID, SUSPENDED, VALID
from shebaoka.store import Views
from shebaoka.store import holders as holders_sql
from shebaoka.store import wallets as sql

ENDING, EVERY = "wallet credential ended: ", "all"
"""Why the holder is looked up, as the journal says it, and behind it the beginning of the wallet's key, or `all`."""
_STATES = {VALID: "good", SUSPENDED: "suspended", INVALID: "ended"}
_SEQ_BITS = 59


class HeldCredential(msgspec.Struct, frozen=True):
    """A credential as its holder sees it. `key` is the beginning of the thumbprint of its wallet's key, empty where it
    is not known; `state` is what a list says of it: `good`, `suspended` or `ended`.
    """

    place: int
    card: CardKind
    key: str
    issued_at: dt.datetime
    until_at: dt.datetime
    state: str
    ended_at: dt.datetime | None


class Held(msgspec.Struct, frozen=True):
    """Whose time is not over, the latest first; and until when an offer can be taken that no wallet has fetched."""

    credentials: list[HeldCredential]
    offered_until: dt.datetime | None

    def that_go_on(self) -> list[HeldCredential]:
        """Those that can be ended."""
        return [held for held in self.credentials if held.state != "ended"]

    def reason(self, place: int | None) -> str:
        """Why the holder is looked up when this one is ended, or all; empty if it is none of theirs that goes on."""
        if place is None:
            return ENDING + EVERY if self.that_go_on() or self.offered_until else ""
        return next((ENDING + (held.key or str(place)) for held in self.that_go_on() if held.place == place), "")


class HeldCredentials:
    """Lists and ends credentials in wallets. Safe for many threads."""

    def __init__(
        self,
        views_: Views,
        notices: Notices,
        speech: Callable[[str, str], Speech],
        telephones: Telephones,
        wallets: Wallets,
        clock: Clock = now,
    ) -> None:
        self._views = views_
        self._notices = notices
        self._speech = speech
        self._telephones = telephones
        self._wallets = wallets
        self._clock = clock

    def of(self, screen: PersonScreen) -> Held:
        """What wallets hold of somebody's cards."""
        return self.found(screen, *self._views.rows_of_all(self.asks(screen.person_id)))

    def asks(self, person_id: int) -> list[tuple[str, dict[str, Any]]]:
        """What is asked of the database for that, for whoever asks it together with more."""
        row = {"person_id": person_id, "at": self._clock(), "misses_max": MISSES_MAX}
        return [(sql.HELD, row), (sql.OPEN_OFFERS, row)]

    def found(self, screen: PersonScreen, held: list[tuple[Any, ...]], offers: list[tuple[Any, ...]]) -> Held:
        """What these statements found."""
        kinds = {card.n: card.kind for card in screen.dossier.cards}
        at = self._clock()
        credentials = []
        for place, n, key, issued_at, until_at, ended_at in held:
            status = INVALID if ended_at is not None else self._wallets.status(screen.dossier, n, at)
            kind = kinds.get(n, CardKind.SOCIAL_SECURITY)
            credentials.append(HeldCredential(place, kind, key, issued_at, until_at, _STATES[status], ended_at))
        return Held(credentials, offers[0][0])

    def end_own(self, person_id: int, place: int | None, session: bytes = b"") -> int:
        """A holder ends one of theirs, or all, and every open offer; how many credentials it were.

        Every session of theirs ends but the one with this digest: another may be on the telephone that is gone.
        """
        return self._end(person_id, place, HOLDER, PORTAL_PLACE, session)

    def end_at_window(self, staff: Staff, person_id: int, place: int | None) -> int:
        """The same by somebody at a window, for the holder before them, who was looked up."""
        staff.must(Right.SERVE_AT_WINDOW)
        return self._end(person_id, place, staff.name, staff.place, b"")

    def _end(self, person_id: int, place: int | None, by: str, where: str, session: bytes) -> int:
        at = self._clock()
        row = {"person_id": person_id, "place": place, "by": by, "ended_place": where, "at": at}
        tells, others = self._telling(person_id, at), {"digest": session, "why": "wallet"}
        with self._views.together() as run:
            # The offers first: who is about to take one then finds none, or its credential is there to be ended.
            run(sql.END_OFFERS, row)
            run(holders_sql.END_OTHERS, row | others)
            ended = [found for (found,) in run(sql.END, row)]
            if ended and tells is not None:
                run(holders_sql.SEND, tells(len(ended)))
        self._wallets.ended(ended)
        return len(ended)

    def _telling(self, person_id: int, at: dt.datetime) -> Callable[[int], dict[str, Any]] | None:
        """What makes the message of how many were ended; None where no telephone is on file."""
        known = self._telephones.of(person_id)
        if known is None or not known.number:
            return None
        notice = self._notices.on(at.astimezone(self._notices.zone).date())
        words = self._speech(notice.id, known.language)
        about = {"person_id": person_id, "seq": secrets.randbits(_SEQ_BITS) + 1, "kind": About.CREDENTIAL_ENDED.value}
        about |= {"at": at, "receiver": known.number, "language": known.language}
        return lambda n: about | {"said": words.notification(About.CREDENTIAL_ENDED, {"n": n})}
