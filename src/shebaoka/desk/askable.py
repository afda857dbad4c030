"""What a caller can be asked about somebody; and of a number that tells too little, what could be asked of another.

Whoever's number it is, as much is read. A stand-in is somebody of the city, who follows from the number and a secret of
the process, so that what is asked of nobody is what is asked of people here, neither more nor less. Of them nothing is
taken but the kinds of their questions. How common an answer is among all people says whether it is hard to guess:
a city that was enrolled at once shares one day. Called by `desk/calls.py`.
"""

import datetime as dt
import hashlib
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.journal import Row
from shebaoka.desk.questions import DAYS_OFF, HARD, USES, Known, Question, enough, known_of, of_nobody
from shebaoka.desk.screens import PersonScreen
from shebaoka.desk.telephones import telephone_from
from shebaoka.notice import Notices
from shebaoka.store import Views
from shebaoka.store import calls as sql
from shebaoka.store import telephones as telephones_sql
from shebaoka.store import windows as windows_sql

STAND_INS = 6
"""So many are looked at; of most people enough can be asked."""
COMMON = 0.01
"""What more of the people share is soon guessed."""
PEOPLE_LEAST = 1000
"""A city with fewer people is taken for one of so many: else everything would be common in it."""


_BORN_FIRST, _BORN_LAST = dt.date(1935, 1, 1), dt.date(2015, 1, 1)


class Asking(msgspec.Struct, frozen=True):
    """What is asked: the right answers, none where no answer shall be right; the kinds, and which of them are hard."""

    known: Known
    kinds: Sequence[Question]
    hard: frozenset[Question]


class Shares(msgspec.Struct, frozen=True):
    """How many people there are, and how many of them share the month of their insurance, and a day of applying."""

    people: int
    insured_in: Mapping[str, int]
    applied_on: Mapping[dt.date, int]

    def is_hard(self, question: Question, right: str) -> bool:
        """Whether hardly anybody guesses this answer."""
        if question is Question.INSURED_SINCE:
            return self._is_rare(self.insured_in.get(right, 0))
        if question is Question.APPLIED_ON:
            day = dt.date.fromisoformat(right)
            near = (day + dt.timedelta(days=off) for off in range(-DAYS_OFF, DAYS_OFF + 1))
            return self._is_rare(sum(self.applied_on.get(d, 0) for d in near))
        return question in HARD

    def _is_rare(self, count: int) -> bool:
        return count <= max(self.people, PEOPLE_LEAST) * COMMON


class Askable:
    """Finds out what can be asked. Safe for many threads. How common answers are is counted once a day."""

    def __init__(
        self,
        views_: Views,
        notices: Notices,
        people: Callable[[Sequence[str]], dict[str, PersonScreen]],
        clock: Clock = now,
    ) -> None:
        self._views = views_
        self._notices = notices
        self._people = people
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._shares: tuple[dt.date, Shares] | None = None
        self._counting = threading.Lock()

    def about(self, screen: PersonScreen | None, number: str) -> Asking:
        """What is asked of whoever says that this is their number; `screen` is that of who has it, if anybody."""
        shares, (others, besides) = self._counted(), self._stand_ins(number)
        asks: list[tuple[str, dict[str, object]]] = [(windows_sql.WINDOWS, {})]
        for one in (screen, *others):
            who: dict[str, object] = {"person_id": one.person_id if one is not None else 0}
            asks += [(sql.LAST_SEEN, who | {"uses": list(USES)}), (telephones_sql.OF, who)]
        windows, *found = self._views.rows_of_all(asks)
        codes = {str(row[0]) for row in windows}
        askings = []
        for one, seen, telephones in zip((screen, *others), found[::2], found[1::2], strict=True):
            rows = [Row(*row) for row in seen]
            known = known_of(one, rows, telephone_from(telephones), codes, self._notices.zone)
            hard = frozenset(q for q, right in known.items() if shares.is_hard(q, right))
            askings.append(Asking(known, [q for q in Question if q in known], hard))
        own, *of_others = askings
        if enough(own.kinds, own.hard):
            return own
        like = next((a for a in of_others if enough(a.kinds, a.hard)), None)
        if like is None:
            kinds = of_nobody(self._secret + number.encode())
            return Asking({}, kinds, HARD.intersection(kinds))
        return Asking({}, [q for q in Question if q in like.kinds or q in besides], like.hard)

    def _stand_ins(self, number: str) -> tuple[list[PersonScreen], frozenset[Question]]:
        """Some people with numbers from the same county, always the same for a number as long as the program runs; and
        what could be asked besides. Whoever had the only number from there would be insured in another one.
        """
        drawn = hashlib.shake_256(self._secret + number.encode()).digest(4 * STAND_INS)
        points = [int.from_bytes(drawn[4 * n : 4 * n + 4]) / 2**32 for n in range(STAND_INS)]
        county, days = number[:6], (_BORN_LAST - _BORN_FIRST).days
        born = [_BORN_FIRST + dt.timedelta(days=int(point * days)) for point in points]
        near = {"points": [f"{county}{day:%Y%m%d}" for day in born], "beyond": county + "9" * 12}
        rows = self._views.rows(sql.STAND_INS, near)
        besides = frozenset() if rows else frozenset({Question.COUNTY})
        rows = rows or self._views.rows(sql.STAND_INS_OF_ANYWHERE, {"points": points})
        found = self._people(list(dict.fromkeys(one for (one,) in rows)))
        return [found[one] for (one,) in rows if one in found], besides

    def _counted(self) -> Shares:
        on = self._clock().astimezone(self._notices.zone).date()
        with self._counting:
            if self._shares is None or self._shares[0] != on:
                insured, applied = self._views.rows_of_all([(sql.INSURED_ON, {}), (sql.APPLIED_ON, {})])
                months = Counter[str]()
                for day, count in insured:
                    months[f"{day:%Y-%m}"] += count
                self._shares = on, Shares(months.total(), months, dict(applied))
            return self._shares[1]
