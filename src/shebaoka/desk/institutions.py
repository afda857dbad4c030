"""Institutions (定点医药机构), their terminals with keys and rights, and the business cycles that sign-in opens.

What terminals are known is looked up anew every second, so that a terminal that was ended is refused within two.
"""

import datetime as dt
import re
import threading
import time
from collections.abc import Collection, Sequence
from typing import Generic, Literal, TypeVar

import msgspec

from shebaoka.desk.configuration import ConfigurationEvent, note
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.records import (
    BadInput,
    Broken,
    Channel,
    CycleClosed,
    Digits,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Sender,
    Terms,
)
from shebaoka.store import Views, views, windows
from shebaoka.vault import Vault

CARES = ("outpatient", "pharmacy", "inpatient")
RIGHTS = ("enquire", "settle", "stay", "reconcile")
"""What a terminal may be allowed: look a holder up, settle and take back, register stays, reconcile and sign off."""
CYCLE_HOURS = 24
_KNOWN_FOR_S = 1.0
_KEY_SIZES = {"aes": 32, "sm4": 16}
_CODE = re.compile(r"[A-Z0-9]{12}")
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

T = TypeVar("T")
Algorithm = Literal["hmac-sha256", "hmac-sm3", "ed25519"]
Cipher = Literal["aes", "sm4"]
TerminalLine = tuple[str, str, str, str, list[str], dt.datetime | None]


class Institution(msgspec.Struct, frozen=True):
    """An institution: its 12-character code, what it may settle, and whether the account may pay only a part."""

    code: str
    name: str
    kinds: tuple[str, ...]
    part_payment: bool
    added_at: dt.datetime
    ended_at: dt.datetime | None


class Terminal(msgspec.Struct, frozen=True):
    """A terminal that may send messages, with its keys as the vault wrapped them, and its institution's terms."""

    key_id: str
    institution: str
    algorithm: Algorithm
    signing_key: bytes
    pin_cipher: Cipher
    pin_key: bytes
    may: tuple[str, ...]
    kinds: tuple[str, ...]
    part_payment: bool

    def __repr__(self) -> str:
        return f"Terminal({self.key_id!r})"

    def sender(self) -> Sender:
        """As whom and from where it asks."""
        return Sender(by=self.key_id, channel=Channel.TERMINAL, place=self.institution)

    def must(self, right: str) -> None:
        """`NotAllowed` unless the terminal has this right."""
        if right not in self.may:
            raise NotAllowed(f"The terminal {self.key_id} does not have the right {right!r}; ask the administrator.")


class NewTerminal(msgspec.Struct, frozen=True):
    """A terminal just added. Its keys are in it this one time, for whoever installs them."""

    key_id: str
    signing_key: bytes
    pin_key: bytes

    def __repr__(self) -> str:
        return f"NewTerminal({self.key_id!r})"


class Cycle(msgspec.Struct, frozen=True):
    """A business cycle of an institution. It takes messages until `until_at`, and is closed when reconciled."""

    id: int
    institution: str
    opened_at: dt.datetime
    until_at: dt.datetime
    opened_by: str
    closed_at: dt.datetime | None = None
    closed_by: str | None = None
    paid_on: dt.date | None = None


class _Recent(Generic[T]):
    """What was looked up lately. When it is a second old, whoever asks next looks it up anew; meanwhile it still counts
    for the others, for one second more, so that not everybody looks it up at once. After that it counts for nobody.
    """

    def __init__(self, known_for_s: float) -> None:
        self._known_for_s = known_for_s
        self._kept: dict[str, tuple[float, T]] = {}
        self._looking: set[str] = set()

    def get(self, key: str) -> T | None:
        """What is known; None for whom it falls to look it up."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        until, value = kept
        now = time.monotonic()
        if now < until:
            return value
        if now >= until + self._known_for_s:
            self.forget(key)
            return None
        if key in self._looking:
            return value
        self._looking.add(key)
        return None

    def put(self, key: str, value: T) -> None:
        """It was looked up just now."""
        self._kept[key] = (time.monotonic() + self._known_for_s, value)
        self._looking.discard(key)

    def forget(self, key: str) -> None:
        """It is not there any more, or is to be looked up anew."""
        self._kept.pop(key, None)
        self._looking.discard(key)

    def clear(self) -> None:
        """Look everything up anew."""
        self._kept.clear()
        self._looking.clear()


class Institutions:
    """Adds and ends institutions and terminals, knows who sends a message, and opens cycles. Safe for many threads."""

    def __init__(self, views_: Views, vault: Vault, clock: Clock = now, *, known_for_s: float = _KNOWN_FOR_S) -> None:
        self._views = views_
        self._vault = vault
        self._clock = clock
        self._terminals: _Recent[Terminal] = _Recent(known_for_s)
        self._cycles: _Recent[Cycle] = _Recent(known_for_s)
        self._signing_in = threading.Lock()

    # institutions and terminals

    def add(
        self,
        code: str,
        name: str,
        kinds: Collection[str],
        *,
        part_payment: bool = False,
        by: Staff | None = None,
    ) -> None:
        """A new institution. `by` is nobody where the owner of the machine asks, here and below."""
        _must_keep(by)
        if not _CODE.fullmatch(code):
            raise BadInput(f"code: an institution's code is 12 capital letters and digits, not {code[:40]!r}.")
        if not name.strip() or len(name) > 100 or not name.isprintable():
            raise BadInput("name: give a name of 1 to 100 characters.")
        unknown = [k for k in kinds if k not in CARES]
        if unknown or not kinds:
            raise BadInput(f"kinds: choose of {', '.join(CARES)}, at least one.")
        row = {"code": code, "name": name, "kinds": list(kinds), "part_payment": part_payment, "at": self._clock()}
        said = {"name": name, "kinds": list(kinds), "part_payment": part_payment}
        with self._views.together() as run:
            if not run(views.ADD_INSTITUTION, row):
                raise BadInput(f"code: there is an institution {code} already.")
            note(run, "institution", code, "added", by, self._clock(), **said)

    def end(self, code: str, *, by: Staff | None = None) -> None:
        """The institution ends, and every terminal of it with it; what it settled stays and can be reconciled."""
        _must_keep(by)
        at = self._clock()
        with self._views.together() as run:
            if not _CODE.fullmatch(code) or not run(views.END_INSTITUTION, {"code": code, "at": at}):
                raise NotFound(f"There is no open institution {code[:40]}.")
            note(run, "institution", code, "ended", by, at)
        self._terminals.clear()

    def everybody(self, *, seen_by: Staff | None = None) -> list[Institution]:
        """All institutions, by code."""
        _must_see(seen_by)
        return [Institution(r[0], r[1], tuple(r[2]), *r[3:]) for r in self._views.rows(views.INSTITUTIONS)]

    def add_terminal(
        self,
        key_id: str,
        institution: str,
        *,
        algorithm: Algorithm = "hmac-sha256",
        pin_cipher: Cipher = "aes",
        may: Sequence[str] = RIGHTS,
        public_key: bytes = b"",
        by: Staff | None = None,
    ) -> NewTerminal:
        """A new terminal with keys drawn by the vault; an Ed25519 one brings its public key, 32 bytes."""
        _must_keep(by)
        if not _KEY_ID.fullmatch(key_id):
            raise BadInput("key_id: give 1 to 64 letters, digits, dots, dashes or underlines.")
        if algorithm not in ("hmac-sha256", "hmac-sm3", "ed25519") or pin_cipher not in _KEY_SIZES:
            raise BadInput("algorithm, pin_cipher: choose hmac-sha256, hmac-sm3 or ed25519, and aes or sm4.")
        if unknown := [m for m in may if m not in RIGHTS]:
            raise BadInput(f"may: there is no right {unknown[0]!r}; choose of {', '.join(RIGHTS)}.")
        if (algorithm == "ed25519") != (len(public_key) == 32):
            raise BadInput("public_key: an Ed25519 terminal brings its public key of 32 bytes, another brings none.")
        clear, signing_key = (b"", public_key) if public_key else self._vault.draw_key(32)
        pin_clear, pin_key = self._vault.draw_key(_KEY_SIZES[pin_cipher])
        row = {
            "key_id": key_id,
            "institution": institution,
            "algorithm": algorithm,
            "signing_key": signing_key,
            "pin_cipher": pin_cipher,
            "pin_key": pin_key,
            "may": list(may),
            "at": self._clock(),
        }
        said = {"institution": institution, "algorithm": algorithm, "pin_cipher": pin_cipher, "may": list(may)}
        with self._views.together() as run:
            if not _CODE.fullmatch(institution) or not run(views.ADD_TERMINAL, row):
                raise BadInput(
                    f"key_id, institution: {key_id} exists already, or there is no open institution of that code."
                )
            note(run, "terminal", key_id, "added", by, self._clock(), **said)
        return NewTerminal(key_id, clear, pin_clear)

    def end_terminal(self, key_id: str, *, by: Staff | None = None) -> None:
        """The terminal ends; its messages are refused from the next second on."""
        _must_keep(by)
        at = self._clock()
        with self._views.together() as run:
            if not _KEY_ID.fullmatch(key_id) or not run(views.END_TERMINAL, {"key_id": key_id, "at": at}):
                raise NotFound(f"There is no open terminal {key_id[:64]!r}.")
            note(run, "terminal", key_id, "ended", by, at)
        self._terminals.forget(key_id)

    def events(self, *, seen_by: Staff | None = None, limit: int = 50) -> list[ConfigurationEvent]:
        """What was done to institutions and terminals, the latest first."""
        _must_see(seen_by)
        rows = self._views.rows(windows.EVENTS, {"matters": ["institution", "terminal"], "limit": limit})
        return [ConfigurationEvent(*row) for row in rows]

    def terminals(self, *, seen_by: Staff | None = None) -> list[TerminalLine]:
        """All terminals: key id, institution, algorithm, PIN cipher, rights, ended at."""
        _must_see(seen_by)
        return [(r[0], r[1], r[2], r[3], r[4], r[5]) for r in self._views.rows(views.TERMINALS)]

    # who sends a message

    def known_terminal(self, key_id: str) -> Terminal | None:
        """The terminal with this key id if it was looked up just now, costs no trip. None says: ask `terminal`."""
        return self._terminals.get(key_id)

    def terminal(self, key_id: str) -> Terminal:
        """The terminal with this key id, looked up. `NotSignedIn` if there is none or it, or its institution, ended."""
        rows = self._views.rows(views.TERMINAL, {"key_id": key_id})
        if not rows:
            self._terminals.forget(key_id)
            raise NotSignedIn("The signature's keyid is not that of an open terminal.")
        id_, institution, algorithm, signing_key, pin_cipher, pin_key, may, kinds, part_payment = rows[0]
        found = Terminal(
            id_, institution, algorithm, signing_key, pin_cipher, pin_key, tuple(may), tuple(kinds), part_payment
        )
        self._terminals.put(key_id, found)
        return found

    def signed_by(self, terminal: Terminal, message: bytes, mac: bytes) -> bool:
        """Whether a MAC over a message is the terminal's; an Ed25519 signature is checked by its public key instead."""
        if terminal.algorithm == "ed25519":
            return False
        return self._vault.check_message_mac(terminal.signing_key, terminal.algorithm, message, mac)

    def sign_for(self, terminal: Terminal, message: bytes) -> bytes:
        """The MAC of an answer to the terminal, under the key that it shares with us."""
        if terminal.algorithm == "ed25519":
            raise Broken("A terminal with a key pair shares no key with us.")
        return self._vault.message_mac(terminal.signing_key, terminal.algorithm, message)

    def pin_of(self, terminal: Terminal, block: bytes, card_serial: str) -> Digits:
        """The PIN entry in an encrypted block (ISO 9564 format 4). `BadInput` if it cannot be read."""
        return self._vault.open_pin_block(terminal.pin_key, terminal.pin_cipher, block, card_serial)

    # business cycles

    def sign_in(self, terminal: Terminal) -> Cycle:
        """The institution's open cycle, or a new one of 24 hours."""
        with self._signing_in:
            found = self._open_cycle(terminal.institution)
            if found is None:
                at = self._clock()
                row = {
                    "institution": terminal.institution,
                    "at": at,
                    "until": at + dt.timedelta(hours=CYCLE_HOURS),
                    "by": terminal.key_id,
                }
                with self._views.together() as run:
                    run(views.LOCK_INSTITUTION, {"institution": terminal.institution})
                    run(views.OPEN_CYCLE, row)
                found = self._open_cycle(terminal.institution)
            if found is None:
                raise CycleClosed("The cycle was closed at once by somebody else; sign in again.")
            return found

    def known_terms(self, terminal: Terminal) -> Terms | None:
        """The terms of the terminal's messages if its cycle is known; costs no trip. None says: ask `terms`."""
        cycle = self._cycles.get(terminal.institution)
        if cycle is None or cycle.until_at <= self._clock():
            return None
        return Terms(terminal.institution, terminal.kinds, terminal.part_payment, cycle.id)

    def terms(self, terminal: Terminal) -> Terms:
        """The terms under which the terminal's messages fall now, looked up. `CycleClosed` if no cycle is open."""
        cycle = self._open_cycle(terminal.institution)
        if cycle is None:
            raise CycleClosed("The institution has no open business cycle. Sign in, then send the message again.")
        return Terms(terminal.institution, terminal.kinds, terminal.part_payment, cycle.id)

    def forget_cycle(self, institution: str) -> None:
        """Look the institution's cycle up anew with the next message."""
        self._cycles.forget(institution)

    def _open_cycle(self, institution: str) -> Cycle | None:
        rows = self._views.rows(views.OPEN_CYCLE_OF, {"institution": institution, "at": self._clock()})
        if not rows:
            self._cycles.forget(institution)
            return None
        cycle = Cycle(*rows[0])
        self._cycles.put(institution, cycle)
        return cycle


def _must_keep(by: Staff | None) -> None:
    if by is not None:
        by.must(Right.KEEP_INSTITUTIONS)


def _must_see(by: Staff | None) -> None:
    if by is not None:
        by.must(Right.SEE_CONFIGURATION)
