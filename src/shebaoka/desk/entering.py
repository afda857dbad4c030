"""How a holder proves at the public page who they are: by a code to their telephone, or on paper.

Whoever asks for a code is answered the same, whether or not number and telephone are somebody's. A code is good in the
browser alone that asked for it, for minutes and a few tries: what a stranger tries elsewhere costs its holder nothing.
Where many wrong codes were tried for a number and a telephone, the next ones are longer, and nobody is locked out.
What is being tried is in the process's memory alone; after a restart one asks for another code.
"""

import collections
import datetime as dt
import hashlib
import hmac
import secrets
import threading
import unicodedata
from collections.abc import Callable
from typing import NoReturn

import msgspec

from shebaoka.desk.announcing import About
from shebaoka.desk.codes import CODE_VALID, code_of, dotted
from shebaoka.desk.fresh import Clock, draw_slip_code, now
from shebaoka.desk.misses import Misses
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.desk.telephones import Telephones, read_telephone
from shebaoka.notice import Notices, Speech
from shebaoka.numbers import fault_of, mask_telephone
from shebaoka.records import BadInput, Facts
from shebaoka.slipcode import read_slip_code
from shebaoka.store import Views
from shebaoka.store import holders as sql
from shebaoka.vault import Kept, Vault

TRIES_MAX = 5
"""So often a code may be typed wrongly; then it takes another one."""
DIGITS, MORE_DIGITS = 6, 10
WRONG_MAX = 20
"""After so many wrong codes for a number and a telephone within a day, their next codes have more digits."""
SLIP_VALID = dt.timedelta(days=7)
"""How long a code on paper is good."""
MOST = 100_000
"""Attempts that are remembered; the oldest make room."""
_SEQ_BITS = 59


class _Attempt(msgspec.Struct):
    """A code that somebody asked for: what for, whose, and what was tried; `person_id` is None where it is nobody's."""

    about: About
    person_id: int | None
    seq: int
    pair: bytes
    digits: int
    until: dt.datetime
    telephone: str = ""
    tries: int = 0
    used: bool = False


class EntrySlip(msgspec.Struct, frozen=True):
    """A code on paper, as it is shown this once, and until when it is good."""

    code: str
    until: dt.datetime


class Entering:
    """Gives codes and takes them. Safe for many threads."""

    def __init__(
        self,
        views_: Views,
        vault: Vault,
        notices: Notices,
        speech: Callable[[str, str], Speech],
        telephones: Telephones,
        clock: Clock = now,
    ) -> None:
        self._views = views_
        self._vault = vault
        self._notices = notices
        self._speech = speech
        self._telephones = telephones
        self._clock = clock
        self._lock = threading.Lock()
        self._attempts: collections.OrderedDict[bytes, _Attempt] = collections.OrderedDict()
        self._misses = Misses(WRONG_MAX, clock)

    # By a code to the telephone

    def pair(self, number: str, telephone: str) -> tuple[str, str]:
        """Number and telephone however they were typed. `BadInput` for what can be nobody's, whoever asks."""
        read = read_number(number, self._today())
        return read, read_telephone(telephone) or _unfit("telephone", "give the number of the mobile telephone.")

    def ask_code(self, number: str, telephone: str, language: str) -> str:
        """Send a code, if number and telephone are on file together; the drawn name of this attempt, whoever asks.

        `BadInput` for a number or a telephone that cannot be anybody's.
        """
        (number, telephone), at = self.pair(number, telephone), self._clock()
        attempt = self._attempt(About.SIGN_IN_CODE, None, _digest(f"{number}/{telephone}"))
        said = self._said(attempt, language)
        ((person_id,),) = self._views.rows(sql.ASKED, {"number": number})
        row = {"person_id": person_id, "telephone": telephone, "seq": attempt.seq, "at": at}
        with self._views.together() as run:
            run(sql.WITHOUT_WAITING, {})
            sent = run(sql.SEND_CODE, row | {"said": said, "language": language})
        attempt.person_id, attempt.telephone = (person_id, telephone) if sent else (None, "")
        return self._begun(attempt)

    def entered(self, name: str, code: str) -> int:
        """Whose code it is, which is used up by this. `BadInput` says whether it is wrong, used already, or over.

        It is over, too, where the telephone that it went to is not on file any more.
        """
        attempt, person_id = self._tried(name, About.SIGN_IN_CODE, code)
        known = self._telephones.of(person_id)
        if known is None or known.number != attempt.telephone:
            _unfit("code", "this code is over; ask for another one.", "code_is_over")
        return person_id

    # By a code on paper

    def give_slip(self, staff: Staff, person_id: int) -> EntrySlip:
        """A code on paper for somebody at the window who was looked up; the one before it is good no more."""
        staff.must(Right.SERVE_AT_WINDOW)
        code, at = draw_slip_code(), self._clock()
        kept, until = self._vault.mac(_slip_message(person_id, code)), at + SLIP_VALID
        row = {"person_id": person_id, "key_id": kept.key_id, "value": kept.value, "at": at, "until": until}
        given = False
        while not given:
            with self._views.together() as run:
                given = bool(run(sql.GIVE_SLIP, row | {"by": staff.name, "place": staff.place}))
        return EntrySlip(code, until)

    def entered_by_slip(self, number: str, code: str) -> int:
        """Whose slip it is, which is used up by this. `BadInput` tells the same of a wrong code and of nobody."""
        number, at = read_number(number, self._today()), self._clock()
        try:
            code = read_slip_code(code)
        except BadInput as e:
            _unfit("slip", str(e), "slip_code_unfit")
        ((person_id,),) = self._views.rows(sql.ASKED, {"number": number})
        rows = self._views.rows(sql.SLIP, {"person_id": person_id})
        message = _slip_message(person_id or 0, code)
        # A number without a slip takes as long: the vault is asked once either way.
        kept = self._vault.mac(message) if not rows else Kept(rows[0][1], rows[0][2])
        if not self._vault.check_mac(message, kept) or not rows:
            _unfit("slip", "number and code do not fit, or the window gave a newer slip.", "slip_unknown")
        n, _, _, until, used_at = rows[0]
        if used_at is not None:
            _unfit("slip", "this code was used already; ask for another slip at the window.", "slip_was_used")
        if until <= at:
            _unfit("slip", "this code is over; ask for another slip at the window.", "slip_is_over")
        with self._views.together() as run:
            used = run(sql.USE_SLIP, {"person_id": person_id, "n": n, "at": at})
        if not used:
            _unfit("slip", "this code was used already; ask for another slip at the window.", "slip_was_used")
        return int(person_id)

    # Another telephone

    def ask_telephone_code(self, person_id: int, telephone: str, language: str) -> str:
        """Send a code to another telephone of a holder who is signed in; the drawn name of this attempt. `BadInput`."""
        number = read_telephone(telephone) or _unfit("telephone", "give the number of the mobile telephone.")
        known = self._telephones.of(person_id)
        if known is not None and known.number == number:
            _unfit("telephone", "this is the number on file already.", "telephone_is_the_same")
        attempt = self._attempt(About.TELEPHONE_CODE, person_id, b"")
        attempt.telephone = number
        said = self._said(attempt, language)
        self._views.write(sql.SEND, self._row(person_id, attempt.seq, About.TELEPHONE_CODE, number, said, language))
        return self._begun(attempt)

    def change_telephone(self, person_id: int, name: str, code: str, language: str) -> None:
        """Keep the telephone that the code went to, and tell the one before. `BadInput` as for `entered`."""
        attempt, _ = self._tried(name, About.TELEPHONE_CODE, code, person_id)
        known = self._telephones.of(person_id)
        agreed, spoken = (known.agreed, known.language) if known else (False, language)
        tells = None
        if known is not None and known.number:
            facts: Facts = {"telephone": mask_telephone(attempt.telephone)}
            said = self._words(spoken).notification(About.TELEPHONE_CHANGED, facts)
            tells = self._row(person_id, attempt.seq, About.TELEPHONE_CHANGED, known.number, said, spoken)
        self._telephones.keep_of_holder(person_id, attempt.telephone, agreed=agreed, language=spoken, tells=tells)

    def waiting_for(self, name: str, person_id: int) -> str:
        """The telephone, in part, to which a holder's open attempt sent a code; nothing if there is none."""
        with self._lock:
            found = self._attempts.get(_digest(name))
            fits = found is not None and found.person_id == person_id and found.about is About.TELEPHONE_CODE
            return mask_telephone(found.telephone) if found is not None and fits else ""

    def _attempt(self, about: About, person_id: int | None, pair: bytes) -> _Attempt:
        at = self._clock()
        digits = MORE_DIGITS if self._misses.are_many(pair) else DIGITS
        return _Attempt(about, person_id, secrets.randbits(_SEQ_BITS) + 1, pair, digits, at + CODE_VALID)

    def _begun(self, attempt: _Attempt) -> str:
        name = secrets.token_urlsafe(24)
        with self._lock:
            while len(self._attempts) >= MOST:
                self._attempts.popitem(last=False)
            self._attempts[_digest(name)] = attempt
        return name

    def _tried(self, name: str, about: About, code: str, person_id: int | None = None) -> tuple[_Attempt, int]:
        """The attempt whose code this is, and whose it is. A try more, if it is not."""
        typed, at = "".join(unicodedata.normalize("NFKC", code).split()), self._clock()
        if not typed:
            _unfit("code", "type the digits of the message.", "code_is_empty")
        with self._lock:
            attempt = self._attempts.get(_digest(name))
            mine = attempt is not None and attempt.about is about and person_id in (None, attempt.person_id)
            if attempt is None or not mine:
                _unfit("code", "ask for a code first; it is good in this browser alone.", "code_is_none")
            if attempt.used:
                _unfit("code", "this code was used already; ask for another one.", "code_was_used")
            if attempt.until <= at:
                _unfit("code", "this code is over; ask for another one.", "code_is_over")
            if attempt.tries >= TRIES_MAX:
                _unfit("code", "too many wrong codes; ask for another one.", "code_tries_over")
            attempt.tries += 1
        right = code_of(self._vault, attempt.person_id or 0, attempt.seq, attempt.about, attempt.digits)
        fits = hmac.compare_digest(right.encode(), typed.encode(errors="replace"))
        with self._lock:
            if attempt.person_id is None or not fits:
                if attempt.pair:
                    self._misses.note(attempt.pair)
                _unfit("code", "this is not the code of the message.", "code_is_wrong")
            if attempt.used:
                _unfit("code", "this code was used already; ask for another one.", "code_was_used")
            attempt.used = True
            return attempt, attempt.person_id

    def _said(self, attempt: _Attempt, language: str) -> str:
        facts: Facts = {"code": dotted(attempt.digits), "minutes": int(CODE_VALID.total_seconds() // 60)}
        return self._words(language).notification(attempt.about, facts)

    def _words(self, language: str) -> Speech:
        return self._speech(self._notices.on(self._today()).id, language)

    def _row(self, person_id: int, seq: int, about: About, to: str, said: str, language: str) -> dict[str, object]:
        row = {"person_id": person_id, "seq": seq, "kind": about.value, "at": self._clock()}
        return {**row, "receiver": to, "said": said, "language": language}

    def _today(self) -> dt.date:
        return self._clock().astimezone(self._notices.zone).date()


def read_number(text: str, on: dt.date) -> str:
    """A social security number however it was typed. `BadInput` for one that can be nobody's, whoever asks."""
    number = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if fault_of(number, on) is not None:
        _unfit("number", "18 characters of the ID card: 17 digits, then a digit or X; compare it with the card.")
    return number


def _slip_message(person_id: int, code: str) -> bytes:
    """What the vault's value of a code on paper is over. Nothing else that is sealed begins so."""
    return f"shebaoka/entry-slip/1/{person_id}/{code}".encode()


def _unfit(field: str, sentence: str, code: str = "") -> NoReturn:
    bad = BadInput(f"{field}: {sentence}", code=code or f"{field}_unfit")
    bad.field = field
    raise bad


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()
