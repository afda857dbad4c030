"""Calls to the hotline: one is a row, from its beginning to how it ended. Who calls is found out by questions.

A caller has few tries within a call; when they are used up this call answers nothing of anybody's card, and the
caller is sent to a window. Neither card nor number is locked by it: whoever calls next is asked again. When a call has
ended its row names no number. Clause 5.2. Rights are asked here. Called by the hotline's pages.
"""

import datetime as dt
import re
import secrets
import unicodedata
from collections.abc import Mapping

import msgspec

from shebaoka.desk.askable import Askable, Asking
from shebaoka.desk.callanswers import MATTERS
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.misses import Misses
from shebaoka.desk.questions import ASKED, Question, drawn, is_right, read_answer
from shebaoka.desk.rights import Right
from shebaoka.desk.screens import PersonScreen
from shebaoka.desk.staff import Staff
from shebaoka.notice import LANGUAGES, Notices
from shebaoka.numbers import with_check_digit
from shebaoka.records import BadInput, NotFound
from shebaoka.store import Views, day_bounds
from shebaoka.store import calls as sql

TRIES, CLAIMS = 2, 3
"""Rounds of questions that a caller may fail in a call, and numbers that they may give: one is soon misheard."""
MISSES_MAX = 10
"""After so many wrong rounds about a number within a day, whoever took the calls, everything that can be asked is."""
OPEN_FOR = dt.timedelta(hours=1)
"""How long a call may answer about a card; one that an operator forgot to end is no open door."""
FORGOTTEN_AFTER = dt.timedelta(hours=12)
OUTCOMES = ("answered", "public", "window", "handed_over", "reported", "callback", "cut_off")
NOTE_MAX, SHOWN = 300, 200
_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_CALL = re.compile(r"h[0-9a-f]{16}")
_DIGITS_MAX = 4
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s\-.,_/()*]+(?=\d)")


class Call(msgspec.Struct, frozen=True):
    """A call as it is on file. `number` is whom the caller says they are, while it lasts; `caller` the id of whom they
    were found to be. `asked` are the open questions, `tries` the rounds that were answered, `claims` the numbers given.
    """

    id: str
    operator: str
    place: str
    begun_at: dt.datetime
    language: str
    matter: str
    number: str | None
    claims: int
    asked: tuple[Question, ...]
    asked_before: tuple[Question, ...]
    tries: int
    identified_at: dt.datetime | None
    caller: int | None
    ended_at: dt.datetime | None
    outcome: str
    note: str

    @property
    def used_up(self) -> bool:
        """Whether this call identifies nobody any more."""
        return self.identified_at is None and (self.tries >= TRIES or (self.claims >= CLAIMS and not self.asked))


class CallEvent(msgspec.Struct, frozen=True):
    """What happened on a call; `said` is the journal's entry, or the draft, that came of it."""

    n: int
    at: dt.datetime
    what: str
    said: str


class DayOfCalls(msgspec.Struct, frozen=True):
    """Calls of a day, so many as a page has; how many there were, in how many somebody was identified, in how many
    nobody was who tried; and the id behind which `earlier` ones follow, if there are any.
    """

    calls: list[Call]
    whole: int
    identified: int
    failed: int
    earlier: str


class Calls:
    """Begins, identifies and ends calls. Safe for many threads. Whoever asks has put the look to the desk before."""

    def __init__(self, views_: Views, notices: Notices, askable: Askable, clock: Clock = now) -> None:
        self._views = views_
        self._notices = notices
        self._askable = askable
        self._misses = Misses(MISSES_MAX, clock)
        self._clock = clock

    def begin(self, staff: Staff, language: str) -> Call:
        """A new call, spoken in a language; or the operator's open one, which is ended first. `BadInput`."""
        staff.must(Right.SERVE_CALLERS)
        if language not in LANGUAGES:
            raise _bad("language", f"give one of {', '.join(LANGUAGES)}.")
        place = staff.place or staff.role.value
        values = {"id": f"h{secrets.token_hex(8)}", "place": place, "language": language, **self._by(staff)}
        rows = self._views.rows(sql.ADD, values) or self._views.rows(sql.OPEN_OF, values)
        return _call_of(rows[0])

    def open_of(self, staff: Staff) -> Call | None:
        """The call that an operator is on."""
        staff.must(Right.SERVE_CALLERS)
        rows = self._views.rows(sql.OPEN_OF, self._by(staff))
        return _call_of(rows[0]) if rows else None

    def latest_of(self, staff: Staff, limit: int = 10) -> list[Call]:
        """The operator's own latest calls."""
        staff.must(Right.SERVE_CALLERS)
        return [_call_of(row) for row in self._views.rows(sql.LATEST_OF, self._by(staff) | {"limit": limit})]

    def get(self, staff: Staff, call_id: str) -> Call:
        """A call: an operator's own, or any for who oversees them. `NotFound`, `NotAllowed`."""
        staff.must_either(Right.SEE_CALLS, Right.SERVE_CALLERS)
        rows = self._views.rows(sql.CALL, {"id": call_id}) if _CALL.fullmatch(call_id) else []
        if not rows or (rows[0][1] != staff.name and not staff.may(Right.SEE_CALLS)):
            raise NotFound("There is no such call of yours.")
        return _call_of(rows[0])

    def own(self, staff: Staff, call_id: str) -> Call:
        """A call that the operator is on, to go on with. `NotFound`, `NotAllowed`."""
        staff.must(Right.SERVE_CALLERS)
        call = self.get(staff, call_id)
        if call.operator != staff.name:
            raise NotFound("There is no such call of yours.")
        return call

    def of_day(self, staff: Staff, day: dt.date, operator: str = "", before: str = "") -> DayOfCalls:
        """The calls of a day, the latest first, of one operator or of all; `before` is the id of one of them."""
        staff.must(Right.SEE_CALLS)
        values = day_bounds(day, self._notices.zone) | {"operator": operator or None}
        page = values | {"before": before or None, "limit": SHOWN + 1}
        rows, ((whole, identified, failed),) = self._views.rows_of_all([(sql.BETWEEN, page), (sql.COUNTS, values)])
        calls = [_call_of(row) for row in rows[:SHOWN]]
        return DayOfCalls(calls, whole, identified, failed, calls[-1].id if len(rows) > SHOWN else "")

    def events(self, call: Call) -> list[CallEvent]:
        """What happened on a call that was got, in order."""
        return [CallEvent(*row) for row in self._views.rows(sql.EVENTS, {"id": call.id})]

    def claim(self, staff: Staff, call: Call, number: str, matter: str, screen: PersonScreen | None) -> Call:
        """The caller says who they are: questions are drawn. `screen` is that of whoever has the number, if anybody.

        Whether anybody has it is told in no way. A call that may go on no more is given back as it is.
        """
        staff.must(Right.SERVE_CALLERS)
        read = read_claim(number, matter)
        about = self._askable.about(screen, read)
        asked = self._drawn(about, read, call)
        values = {"id": call.id, "number": read, "matter": matter, "asked": list(asked), "claims": call.claims}
        return self._went_on(staff, call, sql.CLAIM, values, "claimed")

    def answer(
        self, staff: Staff, call: Call, round_: str, answers: Mapping[str, str], screen: PersonScreen | None
    ) -> Call:
        """What the caller answered to the open questions. All right: they are who they say. Else other questions are
        drawn, while there are tries. `BadInput` names an answer that cannot be read, which is no try.
        """
        staff.must(Right.SERVE_CALLERS)
        if round_ != round_of(call) or not call.asked or call.number is None:
            return self.own(staff, call.id)
        read = {q: read_answer(q, answers.get(q.value, "")) for q in call.asked}
        about = self._askable.about(screen, call.number)
        # Each is looked at, whatever the others were: how long it takes tells nothing.
        right = [is_right(q, about.known, said) for q, said in read.items()]
        values: dict[str, object] = {"id": call.id, "tries": call.tries, "claims": call.claims}
        if screen is not None and all(right):
            return self._went_on(staff, call, sql.IDENTIFIED, values | {"caller": screen.person_id}, "identified")
        self._misses.note(call.number.encode())
        asked = self._drawn(about, call.number, call) if call.tries + 1 < TRIES else ()
        return self._went_on(staff, call, sql.WRONG, values | {"asked": list(asked)}, "wrong")

    def answers_about(self, call: Call) -> bool:
        """Whether it may be told what is on file about the caller: they were identified, and the call is not over."""
        fresh = self._clock() - call.begun_at < OPEN_FOR
        return call.identified_at is not None and call.ended_at is None and fresh

    def note(self, staff: Staff, call: Call, what: str, said: str) -> None:
        """Something came of the call: a journal's entry, or a draft. Twice the same is put down once."""
        staff.must(Right.SERVE_CALLERS)
        self._views.write(sql.NOTE, {"id": call.id, "at": self._clock(), "what": what, "said": said})

    def end(self, staff: Staff, call: Call, outcome: str, note: str) -> Call:
        """The call is over. The number is taken out of its row. `BadInput` for a note with a number in it."""
        staff.must(Right.SERVE_CALLERS)
        if outcome not in OUTCOMES:
            raise _bad("outcome", "choose how the call ended.")
        return self._went_on(
            staff, call, sql.END, {"id": call.id, "outcome": outcome, "note": read_note(note)}, "ended"
        )

    def end_forgotten(self) -> int:
        """End the calls that nobody ended by the next night, and with it what they name; how many there were."""
        at = self._clock()
        return self._views.write(sql.END_FORGOTTEN, {"at": at, "before": at - FORGOTTEN_AFTER})

    def _went_on(self, staff: Staff, call: Call, statement: str, values: Mapping[str, object], what: str) -> Call:
        said = dict(values) | {"tries_max": TRIES, "claims_max": CLAIMS} | self._by(staff)
        with self._views.together() as run:
            rows = run(statement, said)
            if rows:
                run(sql.NOTE, {"id": call.id, "at": said["at"], "what": what, "said": ""})
                return _call_of(rows[0])
        return self.own(staff, call.id)

    def _drawn(self, about: Asking, number: str, call: Call) -> tuple[Question, ...]:
        """The questions of the next round: all that there are about a number that was answered for wrongly often."""
        count = len(about.kinds) if self._misses.are_many(number.encode()) else ASKED
        return drawn(about.kinds, about.hard, call.asked_before, count)

    def _by(self, staff: Staff) -> dict[str, object]:
        return {"by": staff.name, "at": self._clock()}


def round_of(call: Call) -> str:
    """What a form about the open questions brings back, so that each round is answered once."""
    return f"{call.claims}-{call.tries}"


def read_claim(typed: str, matter: str) -> str:
    """The social security number that a caller says, who asks about one of `MATTERS`. `BadInput` names the field."""
    number = "".join(unicodedata.normalize("NFKC", typed).split()).upper()
    if not _NUMBER.fullmatch(number) or with_check_digit(number[:17]) != number:
        raise _bad("number", "18 characters, of which the last follows from the others; ask for it again.")
    if matter not in MATTERS:
        raise _bad("matter", "choose what the caller asks about.")
    return number


def read_note(typed: str) -> str:
    """What an operator noted: a few lines of text. `BadInput` if there is a number in it, or what is no text."""
    note = typed.replace("\r\n", "\n").strip()
    if len(note) > NOTE_MAX or any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in note):
        raise _bad("note", f"at most {NOTE_MAX} characters of text.")
    joined = _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", note))
    if any(len(digits) > _DIGITS_MAX for digits in re.findall(r"\d+", joined)):
        raise _bad("note", "leave numbers out: neither of a card, nor of an identity, nor of a telephone.")
    return note


def _bad(field: str, sentence: str) -> BadInput:
    bad = BadInput(f"{field}: {sentence}", code=f"call_{field}_unfit")
    bad.field = field
    return bad


def _call_of(row: tuple[object, ...]) -> Call:
    values = dict(zip(Call.__struct_fields__, row, strict=True))
    for name in ("asked", "asked_before"):
        values[name] = tuple(Question(q) for q in values[name])  # type: ignore[attr-defined]
    return Call(**values)  # type: ignore[arg-type]
