"""The outbox: what holders are told by message, sent by a carrier with retries, each notification as one row.

The row is written with the decision that it follows from (`desk/announcing.py`). An attempt takes the row for itself
for a while, sets number and text down before anything leaves the house, and puts down what came of it. Whoever dies in
between has sent it perhaps; the next attempt has the same key, by which a carrier knows it again. What a carrier does
not take, and what failed too often, is given up, and sent again only by somebody's hand.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from shebaoka.desk.announcing import AS_IT_WAS, CODES, About
from shebaoka.desk.codes import CODE_VALID, with_code
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right
from shebaoka.desk.screens import PersonScreen
from shebaoka.desk.staff import Staff
from shebaoka.desk.telephones import Telephones
from shebaoka.desk.whereabouts import WhereaboutsRoom, facts_of, spoken_stage
from shebaoka.notice import POSTED, Notices, Speech, add_term
from shebaoka.numbers import mask_name, mask_telephone
from shebaoka.records import BadInput, Making, NoNotice, NotFound
from shebaoka.store import Views, day_bounds, views
from shebaoka.store import outbox as sql
from shebaoka.vault import Vault

ATTEMPTS_MAX = 16
"""After as many attempts, which take about a day and a half, a notification is given up."""
FIRST_WAIT_S, LONGEST_WAIT_S = 30, 6 * 3600
"""How long the second attempt waits, and any at the most; each waits twice as long as the one before, and up to half
of that more, so that what failed together does not come back together."""
ASKED_WAIT_MAX_S = 24 * 3600
"""As long as a carrier may ask us to wait."""
TAKEN_FOR = dt.timedelta(minutes=2)
"""How long an attempt has a notification for itself; longer than any carrier takes to answer."""
AT_ONCE = 100
"""Notifications that are read at once."""
LISTED = 100
KEY_SIZE = 32
_KEY_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
STATES = ("waiting", "sent", "given_up", "untold", "overtaken")
_OPEN = frozenset({"waiting", "given_up", "untold"})
"""What somebody may still have to see to."""

_TRUE_IN: dict[str, frozenset[str]] = {
    About.READY: frozenset({Making.READY, POSTED}),
    About.UNCOLLECTED: frozenset({Making.READY}),
    About.REMADE: frozenset({Making.REJECTED, Making.IN_BATCH, Making.MADE}),
    About.RETURNED: frozenset({Making.RETURNED}),
}
"""In which stages of making a notification still says what is so."""


class Outgoing(msgspec.Struct, frozen=True):
    """What a carrier is handed: the number, the text, and the key by which it knows a notification that comes again."""

    key: str
    to: str
    text: str
    about: str
    language: str


class Delivered(msgspec.Struct, frozen=True):
    """The carrier has it; `reference` is its own number for it."""

    reference: str = ""


class Later(msgspec.Struct, frozen=True):
    """Not now: `fault` says why, `after_s` how long the carrier asks us to wait; `down` is that it answers nobody."""

    fault: str
    after_s: float = 0
    down: bool = False


class NotTaken(msgspec.Struct, frozen=True):
    """Never: the carrier does not take this one, however often it comes."""

    fault: str


class Carrier(Protocol):
    """Who takes notifications to telephones."""

    @property
    def name(self) -> str:
        """How it is called in the outbox."""

    def carry(self, outgoing: Outgoing) -> Delivered | Later | NotTaken:
        """Take a notification; whatever goes wrong on the way is an answer and no exception."""


class Notification(msgspec.Struct, frozen=True):
    """A notification as it stands; the number in part. `place` names it: `1001-7-ready`."""

    person_id: int
    seq: int
    about: str
    caused_at: dt.datetime
    state: str
    due_at: dt.datetime
    attempts: int
    again: int
    again_by: str
    receiver: str
    said: str
    language: str
    carrier: str
    reference: str
    fault: str
    ended_at: dt.datetime | None

    @property
    def place(self) -> str:
        """How it is cited."""
        return f"{self.person_id}-{self.seq}-{self.about}"

    @property
    def key(self) -> str:
        """The key of its attempts; another one once somebody sends it again."""
        return f"{self.place}.{self.again}"


class Round(msgspec.Struct):
    """What a round of sending came to; `down` is that it ended because the carrier answered nobody."""

    sent: int = 0
    later: int = 0
    given_up: int = 0
    untold: int = 0
    overtaken: int = 0
    down: bool = False

    @property
    def tried(self) -> int:
        """How many notifications it was about."""
        return self.sent + self.later + self.given_up + self.untold + self.overtaken


class Outbox:
    """Sends what waits, lists it, and sends again what was given up. Safe for many threads and processes at once."""

    def __init__(
        self,
        views_: Views,
        notices: Notices,
        person: Callable[[str], PersonScreen],
        speech: Callable[[str, str], Speech],
        vault: Vault,
        whereabouts: WhereaboutsRoom,
        clock: Clock = now,
    ) -> None:
        self._views = views_
        self._notices = notices
        self._person = person
        self._speech = speech
        self._vault = vault
        self._clock = clock
        self._telephones = Telephones(views_, clock)
        self._whereabouts = whereabouts

    def send_due(self, carrier: Carrier, ended: Callable[[], bool] = lambda: False) -> Round:
        """Send whatever is due, the longest due first, until nothing is, the carrier is down, or it is `ended`."""
        round_ = Round()
        while not ended() and not round_.down:
            rows = self._views.rows(sql.DUE, {"at": self._clock(), "limit": AT_ONCE})
            tried = round_.tried
            for row in rows:
                self._attempt(Notification(*row), carrier, round_)
                if round_.down or ended():
                    break
            if round_.tried == tried:
                break
        return round_

    def remind(self) -> int:
        """Put in a notification for everybody whose card has not been collected for so long; how many."""
        at = self._clock()
        today = at.astimezone(self._notices.zone).date()
        term = self._notices.on(today).p.reminded_after
        if term is None:
            return 0
        # The first day whose term is not over yet, from one on that is early enough.
        day = today - dt.timedelta(days=term.years * 366 + term.months * 31 + term.days)
        while add_term(day, term) < today:
            day += dt.timedelta(days=1)
        before = day_bounds(day, self._notices.zone)["since"]
        with self._views.together() as run:
            return len(run(sql.REMIND, {"at": at, "before": before}))

    def listed(self, staff: Staff, *states: str, limit: int = LISTED) -> list[Notification]:
        """The latest notifications in these states, or in all of them, those that wait first; the number in part."""
        staff.must(Right.SEE_OUTBOX)
        if unknown := set(states) - set(STATES):
            raise BadInput(f"state: {min(unknown)} is none of {', '.join(STATES)}.")
        wanted = set(states or STATES)
        asks = [
            (sql.LATEST_OPEN, {"states": list(wanted & _OPEN), "limit": limit}),
            (sql.LATEST_ENDED, {"states": list(wanted - _OPEN), "limit": limit}),
        ]
        found = [notification_of(row) for rows in self._views.rows_of_all(asks) for row in rows]
        found.sort(key=lambda n: (n.ended_at is None, n.due_at), reverse=True)
        return found[:limit]

    def of_person(self, staff: Staff, person_id: int) -> list[Notification]:
        """What somebody who was looked up was told, or is to be told, the latest first."""
        staff.must_see_people()
        return [notification_of(row) for row in self._views.rows(sql.OF_PERSON, {"person_id": person_id})]

    def counts(self, staff: Staff) -> dict[str, int]:
        """How many wait, were given up, cannot be told, and were sent today."""
        staff.must(Right.SEE_OUTBOX)
        today = self._clock().astimezone(self._notices.zone).date()
        since = day_bounds(today, self._notices.zone)["since"]
        found: dict[str, int] = dict(self._views.rows(sql.COUNTS, {"since": since}))
        return {state: found.get(state, 0) for state in ("waiting", "given_up", "untold", "sent")}

    def again(self, staff: Staff, places: list[str]) -> int:
        """Send again what was given up or could not be told, now and with number and text as they are now; how many.

        What follows no decision goes out as it was said. `BadInput` for what is no place; one that is in another state,
        or whose number is kept in part by now, is left as it is.
        """
        staff.must(Right.KEEP_OUTBOX)
        named = [_place(place) for place in places]
        at = self._clock()
        done = 0
        with self._views.together() as run:
            for person_id, seq, about in named:
                which = {"person_id": person_id, "seq": seq, "kind": about}
                said = which | {"at": at, "by": staff.name, "as_it_was": [about.value for about in AS_IT_WAS]}
                done += len(run(sql.AGAIN, said)) + len(run(sql.AGAIN_AS_IT_WAS, said))
        return done

    def add_key(self, key_id: str) -> bytes:
        """Draw a key under which calls to a carrier are signed; its bytes, for the carrier's owner to see this once.

        `BadInput` for a key id that was used before, or is none.
        """
        if not _KEY_ID.fullmatch(key_id):
            raise BadInput("key_id: give 1 to 64 letters, digits, dots, colons, dashes or underlines.")
        key, wrapped = self._vault.draw_key(KEY_SIZE)
        with self._views.together() as run:
            if not run(sql.ADD_KEY, {"key_id": key_id, "wrapped": wrapped, "at": self._clock()}):
                raise BadInput(f"key_id: there is a key {key_id} already; choose another id.")
        return key

    def signing(self, key_id: str) -> Callable[[bytes], bytes]:
        """What signs under a key by HMAC-SHA256. `BadInput` if there is no such key."""
        rows = self._views.rows(sql.KEY, {"key_id": key_id})
        if not rows:
            raise BadInput(f"SHEBAOKA_CARRIER_KEY: there is no key {key_id!r}; draw one by `shebaoka outbox key`.")
        wrapped = bytes(rows[0][0])
        return lambda base: self._vault.message_mac(wrapped, "hmac-sha256", base)

    def _attempt(self, found: Notification, carrier: Carrier, round_: Round) -> None:
        """One notification taken, composed, carried and put down; nothing if somebody else took it."""
        at = self._clock()
        attempts = found.attempts + 1
        which: dict[str, Any] = {"person_id": found.person_id, "seq": found.seq, "kind": found.about}
        which["again"] = found.again
        with self._views.together() as run:
            taken = run(sql.CLAIM, which | {"at": at, "until": at + TAKEN_FOR, "attempts": found.attempts})
        if not taken:
            return
        which["attempts"] = attempts
        outgoing = self._composed(found, which)
        if isinstance(outgoing, str):
            self._put_down(which, outgoing, at)
            setattr(round_, outgoing, getattr(round_, outgoing) + 1)
            return
        came = outgoing if isinstance(outgoing, Later) else carrier.carry(outgoing)
        if isinstance(came, Delivered):
            self._put_down(which, "sent", at, carrier=carrier.name, reference=came.reference)
            round_.sent += 1
        elif isinstance(came, NotTaken) or attempts >= ATTEMPTS_MAX:
            self._put_down(which, "given_up", at, carrier=carrier.name, fault=came.fault)
            round_.given_up += 1
        else:
            due_at = self._clock() + dt.timedelta(seconds=wait_s(found.key, attempts, came.after_s))
            self._put_down(which, "waiting", None, due_at=due_at, carrier=carrier.name, fault=came.fault)
            round_.later += 1
            round_.down = came.down

    def _composed(self, found: Notification, which: dict[str, Any]) -> Outgoing | Later | str:
        """What is to be carried, as it was set down at the first attempt or now; else the state that it ends in.

        What cannot be put into words is tried later, for the notice of that day may have been mended by then.
        """
        if found.about in CODES:
            if self._clock() >= found.caused_at + CODE_VALID:
                return "overtaken"
            text = with_code(self._vault, found.person_id, found.seq, found.about, found.said)
            return Outgoing(found.key, found.receiver, text, found.about, found.language)
        if found.said:
            return Outgoing(found.key, found.receiver, found.said, found.about, found.language)
        try:
            number = str(self._views.rows(views.PERSON_BY_ID, {"person_id": found.person_id})[0][0])
            screen = self._person(number)
            where = self._whereabouts.of(screen)
        except (NoNotice, NotFound) as e:
            return Later(e.code)
        stage = spoken_stage(where)
        if stage not in _TRUE_IN[found.about]:
            return "overtaken"
        telephone = self._telephones.of(found.person_id)
        if telephone is None or not telephone.agreed:
            return "untold"
        speech = self._speech(where.notice, telephone.language)
        facts = facts_of(where, speech)
        facts["name"] = mask_name(screen.dossier.person.name) if screen.dossier.person else ""
        if stage == Making.READY and where.since_on is not None:
            facts["until_on"] = add_term(where.since_on, speech.notice.p.uncollected_after).isoformat()
        said = speech.notification(POSTED if stage == POSTED else found.about, facts)
        values = which | {"receiver": telephone.number, "said": said, "language": telephone.language}
        with self._views.together() as run:
            run(sql.COMPOSED, values)
        return Outgoing(found.key, telephone.number, said, found.about, telephone.language)

    def _put_down(
        self,
        which: dict[str, Any],
        state: str,
        ended_at: dt.datetime | None,
        *,
        due_at: dt.datetime | None = None,
        carrier: str = "",
        reference: str = "",
        fault: str = "",
    ) -> None:
        values = which | {"state": state, "ended_at": ended_at, "due_at": due_at or self._clock()}
        with self._views.together() as run:
            run(sql.PUT_DOWN, values | {"carrier": carrier, "reference": reference[:200], "fault": fault[:500]})


def wait_s(key: str, attempts: int, asked_s: float = 0) -> float:
    """How many seconds to wait after so many attempts; at least as long as the carrier asks, within reason.

    What is added to spread them follows from key and attempt, so that it is the same whoever works it out.
    """
    wait = min(FIRST_WAIT_S * 2.0 ** (attempts - 1), LONGEST_WAIT_S)
    drawn = int.from_bytes(hashlib.sha256(f"{key}:{attempts}".encode()).digest()[:4]) / 2**32
    return max(wait * (1 + drawn / 2), min(asked_s, ASKED_WAIT_MAX_S))


def notification_of(row: tuple[Any, ...]) -> Notification:
    """A row of the statements that list as a notification, its number in part."""
    found = Notification(*row)
    return msgspec.structs.replace(found, receiver=mask_telephone(found.receiver))


def _place(text: str) -> tuple[int, int, str]:
    """The key of a notification from how it is cited. `BadInput`."""
    person_id, _, rest = text.partition("-")
    seq, _, about = rest.partition("-")
    fits = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (person_id, seq))
    if not fits or about not in tuple(About):
        raise BadInput(f"place: {text[:40]!r} is no notification; give one such as 1001-7-ready.")
    return int(person_id), int(seq), about
