"""The electronic card (3.3): codes that its holder's page shows for a minute each, and what they say to terminals.

A code holds whose card it is, which one, and when it was made, sealed by the vault under a key of the day: a picture of
it tells nothing, and nobody else can make one. The holder's page asks for codes, the faces of terminals have them read.
Whether a code is good, the desk finds out in its tray (`showncodes.py`), and the rules decide.
"""

import base64
import binascii
import datetime as dt
import hashlib
import re
import secrets
import struct

import msgspec

from shebaoka.desk.answering import Answering
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.showncodes import CODE_FOR
from shebaoka.notice import Notice, Notices
from shebaoka.records import (
    Accepted,
    Answer,
    BadInput,
    Card,
    CardKind,
    Channel,
    CodeCheck,
    Decision,
    Dossier,
    Given,
    PresentedCard,
    Purpose,
    UseCard,
    VaultTrouble,
)
from shebaoka.rules import card_shown, decide
from shebaoka.store import Views
from shebaoka.store import ecards as sql
from shebaoka.store import papers as keys_sql
from shebaoka.vault import Vault

_CODE = re.compile(r"E1[A-Z2-7]{71}")
_INSIDE = struct.Struct(">QHI")
_FIRST_DAY = dt.date(2010, 1, 1)
_BESIDE = b"shebaoka/electronic-card/1"
_FOR_SHOW = "shown-by-its-holder"


class Code(msgspec.Struct, frozen=True):
    """A code to be shown: its text, and until when; `card` is the one that it stands for."""

    text: str
    until_at: dt.datetime
    card: Card

    def __repr__(self) -> str:
        return "Code(hidden)"


class ReadCode(msgspec.Struct, frozen=True):
    """What a code says: whose card it is and which, when it was made, and the digest that it is known by."""

    person: str
    card: PresentedCard
    digest: str
    made_at: dt.datetime

    def __repr__(self) -> str:
        return f"ReadCode({self.digest!r})"


class ECards:
    """Makes codes for holders' pages and reads those that terminals send. Safe for many threads."""

    def __init__(self, views_: Views, vault: Vault, notices: Notices, clock: Clock = now) -> None:
        self._views = views_
        self._vault = vault
        self._notices = notices
        self._clock = clock
        self._keys: dict[dt.date, list[tuple[str, bytes]]] = {}

    def shown(self, person_id: int, dossier: Dossier) -> Code | Answer:
        """A code of somebody's card as it is now, or why a terminal would refuse the card itself."""
        at = self._clock()
        card, decision = shown_now(dossier, self._notice(), at, self._on(at))
        if card is None or not isinstance(decision, Accepted):
            return Answering(self._notice()).of(decision)
        return Code(self._made(person_id, card.n, at), at + CODE_FOR, card)

    def read(self, code: str) -> ReadCode:
        """What a code says, however old it is. `BadInput` for what is no code of this city's."""
        if not _CODE.fullmatch(code):
            raise _no_code()
        try:
            raw = base64.b32decode(code[2:] + "=")
        except binascii.Error:
            raise _no_code() from None
        day = _FIRST_DAY + dt.timedelta(days=int.from_bytes(raw[:2]))
        person_id, n, second = _INSIDE.unpack(self._opened(day, raw[2:]))
        rows = self._views.rows(sql.CARD_OF_CODE, {"person_id": person_id, "card": n})
        if not rows:
            raise _no_code()
        number, card_number, serial = rows[0]
        made_at = dt.datetime.fromtimestamp(second, dt.UTC)
        return ReadCode(number, PresentedCard(card_number, serial), code_digest(code), made_at)

    def sealed(self, content: bytes, beside: bytes) -> bytes:
        """A few bytes under the day's key: two that say the day, and the sealed content."""
        on = self._on(self._clock())
        key, wrapped = self._key_of(on)
        return (on - _FIRST_DAY).days.to_bytes(2) + self._vault.seal_content(key, wrapped, content, beside)

    def unsealed(self, sealed: bytes, beside: bytes) -> bytes | None:
        """What `sealed` sealed for the same thing; None for anything else."""
        for again in (False, True):
            for key, wrapped in self._keys_of(_FIRST_DAY + dt.timedelta(days=int.from_bytes(sealed[:2])), again=again):
                try:
                    return self._vault.open_content(key, wrapped, sealed[2:], beside)
                except VaultTrouble:
                    continue
        return None

    def _made(self, person_id: int, n: int, at: dt.datetime) -> str:
        sealed = self.sealed(_INSIDE.pack(person_id, n, int(at.timestamp())), _BESIDE)
        return "E1" + base64.b32encode(sealed).decode().rstrip("=")

    def _opened(self, day: dt.date, sealed: bytes) -> bytes:
        found = self.unsealed((day - _FIRST_DAY).days.to_bytes(2) + sealed, _BESIDE)
        if found is None:
            raise _no_code()
        return found

    def _key_of(self, on: dt.date) -> tuple[str, bytes]:
        """The day's key, which codes and papers share; the first of a day draws it."""
        found = self._keys_of(on)
        if not found:
            key = secrets.token_hex(16)
            row = {"id": key, "day": on, "wrapped": self._vault.draw_data_key(key), "at": self._clock()}
            self._views.write(keys_sql.ADD_KEY, row)
            found = self._keys_of(on, again=True)
        return found[0]

    def _keys_of(self, day: dt.date, *, again: bool = False) -> list[tuple[str, bytes]]:
        """The keys of a day; there may be two, where two were drawn at once. `again` looks for one that is new."""
        if again or day not in self._keys:
            found = [(key, bytes(wrapped)) for key, wrapped in self._views.rows(sql.KEYS_OF_DAY, {"day": day})]
            if not found:
                return []
            self._keys[day] = found
        return self._keys[day]

    def _notice(self) -> Notice:
        return self._notices.on(self._on(self._clock()))

    def _on(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self._notices.zone).date()


def code_digest(code: str) -> str:
    """The 32 characters that a code is known by: in requests, and in the place of the card serial in PIN blocks."""
    return hashlib.sha256(code.encode()).hexdigest()[:32]


def shown_now(dossier: Dossier, notice: Notice, at: dt.datetime, on: dt.date) -> tuple[Card | None, Decision]:
    """The card that somebody may show, and what a terminal that it is shown to would be told."""
    card = card_shown(dossier)
    request = UseCard(
        id=_FOR_SHOW,
        person=dossier.person.number if dossier.person else "",
        card=PresentedCard(card.number, card.serial) if card is not None else CardKind.SOCIAL_SECURITY,
        purpose=Purpose.ENQUIRY,
    )
    given = Given(at=at, on=on, channel=Channel.TERMINAL, code=CodeCheck.GOOD)
    return card, decide(request, dossier, notice, given)


def _no_code() -> BadInput:
    unfit = BadInput("code: this is no code of an electronic card of this city. Read it again from the holder's page.")
    unfit.field = "code"
    return unfit
