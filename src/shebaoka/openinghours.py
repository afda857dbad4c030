"""Opening hours (开放时间) as data: read from the words in which an administrator writes them, and asked at an instant.

Pure. `周一至周五 8:30—12:00，14:30—17:30；周六 9:00—12:00` is a week; a holiday, or a Saturday that is worked instead,
is a day of its own beside it. Windows, the public page and whoever promises a call ask here whether it is open, and
until when.
"""

import datetime as dt
import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NoReturn

import msgspec

from shebaoka.records import BadInput

DAYS = 7
DAY_MINUTES = 24 * 60
LOOKED_AHEAD = 62
"""So many days ahead the next opening is looked for; whoever opens later than that is closed."""
_LIKE = "周一至周五 8:30-12:00, 14:30-17:30; 周六 9:00-12:00"
_NAMES = ("一", "二", "三", "四", "五", "六", "日")
_ENGLISH = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TOKENS = re.compile(
    r"(?P<day>(?:周|週|星期|礼拜|禮拜)[一二三四五六日天])"
    r"|(?P<english>(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\b)"
    r"|(?P<every>每天|每日|daily|every day)"
    r"|(?P<work>工作日|weekdays)"
    r"|(?P<time>[0-9]{1,2}(?::[0-9]{2}|[点點时時](?:[0-9]{1,2}分?)?))"
    r"|(?P<half>上午|早上|下午|晚上)"
    r"|(?P<to>至|到|to\b|through\b|[—–―‐‑\-~∼〜]+)"
    r"|(?P<closed>休息|不办公|不辦公|不开放|不開放|closed\b)"
    r"|(?P<next>[;。\n])"
    r"|(?P<and>[、,和及與与]|and\b)"
    r"|(?P<blank>[\s:]+)"
)  # fmt: skip


class Span(msgspec.Struct, frozen=True, order=True):
    """From when to when, in minutes after midnight."""

    opens: int
    closes: int


Day = tuple[Span, ...]
CLOSED: Day = ()


class Week(msgspec.Struct, frozen=True):
    """The spans of each day, Monday first."""

    days: tuple[Day, ...]


class Opening(msgspec.Struct, frozen=True):
    """Whether it is open, and the next change: it closes then, or it opens. `on` is None where that is not known."""

    is_open: bool
    on: dt.date | None
    minute: int


def read_week(text: str) -> Week:
    """The week that is written. Days that are not named are closed; without any day, every day is as said.

    `BadInput` names what cannot be read, and the day whose hours are missing or overlap.
    """
    return _Reader(text).week()


def read_day(text: str) -> Day:
    """The hours of one day without its name, `8:30-12:00`. `BadInput`."""
    reader = _Reader(text)
    week = reader.week()
    if reader.named:
        raise BadInput("hours: give the hours alone, such as 8:30-12:00, without a day of the week.")
    return week.days[0]


def opening_at(week: Week, special: Mapping[dt.date, Day], on: dt.date, minute: int) -> Opening:
    """Whether it is open at a minute of a day, and when that changes. `special` days are not as in the week."""
    for ahead in range(LOOKED_AHEAD):
        day = on + dt.timedelta(days=ahead)
        for span in special.get(day, week.days[day.weekday()]):
            if ahead == 0 and span.closes <= minute:
                continue
            if ahead == 0 and span.opens <= minute:
                return Opening(True, day, span.closes)
            return Opening(False, day, span.opens)
    return Opening(False, None, 0)


def alike(week: Week) -> list[tuple[tuple[int, ...], Day]]:
    """The week's days in groups of those that lie side by side and have the same hours, Monday first."""
    groups: list[tuple[tuple[int, ...], Day]] = []
    for n, day in enumerate(week.days):
        if groups and groups[-1][1] == day:
            groups[-1] = ((*groups[-1][0], n), day)
        else:
            groups.append(((n,), day))
    return groups


class _Reader:
    """One text, read from its beginning: days, then their hours, then other days."""

    def __init__(self, text: str) -> None:
        self.text = unicodedata.normalize("NFKC", text).strip().lower()
        self.days: list[list[Span]] = [[] for _ in range(DAYS)]
        self.named = False
        self._group: list[int] = []
        self._complete = True
        self._tokens = [t for t in self._split() if t[0] != "blank"]
        self._said = ""

    def week(self) -> Week:
        """All of it."""
        if not self._tokens:
            raise BadInput(f"hours: say when it is open, such as {_LIKE}.")
        while self._tokens:
            kind = self._tokens[0][0]
            if kind in ("and", "next"):
                self._tokens.pop(0)
            elif kind in ("day", "english", "every", "work"):
                self._read_days()
            elif kind == "closed":
                self._said = self._tokens.pop(0)[1]
                self._complete = True
            else:
                self._read_span()
        self._must_be_complete()
        return Week(tuple(self._sound(n, spans) for n, spans in enumerate(self.days)))

    def _split(self) -> Iterable[tuple[str, str]]:
        at = 0
        while at < len(self.text):
            found = _TOKENS.match(self.text, at)
            if found is None:
                self._cannot_read(self.text[at : at + 12])
            yield str(found.lastgroup), found.group()
            at = found.end()

    def _read_days(self) -> None:
        """Days or a span of them; those before it have their hours."""
        if self.named and self._complete:
            self._group = []
        self.named = True
        self._complete = False
        kind, said = self._tokens.pop(0)
        self._said = said
        if kind in ("every", "work"):
            self._group += range(DAYS if kind == "every" else 5)
            return
        first = last = _day_of(kind, said)
        if len(self._tokens) > 1 and self._tokens[0][0] == "to" and self._tokens[1][0] in ("day", "english"):
            last = _day_of(*self._tokens[1])
            self._said += self._tokens[0][1] + self._tokens[1][1]
            del self._tokens[:2]
        self._group += [(first + n) % DAYS for n in range((last - first) % DAYS + 1)]

    def _read_span(self) -> None:
        """From when to when, for the days that were named last; for all days where none was."""
        opens, half = self._time("")
        if not self._tokens or self._tokens.pop(0)[0] != "to":
            raise BadInput(f"hours: after {clock_time(opens)} say until when, such as 8:30-12:00.")
        closes, _ = self._time(half)
        if opens >= closes:
            said = f"{clock_time(opens)}-{clock_time(closes)}"
            raise BadInput(f"hours: {said} ends before it begins; write 14:30 and not 2:30.")
        for n in dict.fromkeys(self._group if self.named else range(DAYS)):
            self.days[n].append(Span(opens, closes))
        self._complete = True

    def _time(self, half: str) -> tuple[int, str]:
        """A time, and whether it was said to be of the afternoon."""
        if self._tokens and self._tokens[0][0] == "half":
            half = self._tokens.pop(0)[1]
        if not self._tokens or self._tokens[0][0] != "time":
            self._cannot_read(self._tokens[0][1] if self._tokens else self.text[-12:])
        said = self._tokens.pop(0)[1]
        hours, minutes = (int(part or 0) for part in re.split(r"[:点點时時]", said.rstrip("分"), maxsplit=1))
        if half in ("下午", "晚上") and hours < 12:
            hours += 12
        if minutes > 59 or hours * 60 + minutes > DAY_MINUTES:
            raise BadInput(f"hours: there is no time {said}; a day goes from 0:00 to 24:00.")
        return hours * 60 + minutes, half

    def _must_be_complete(self) -> None:
        if not self._complete:
            raise BadInput(f"hours: for {self._said} say from when to when, such as 8:30-12:00.")

    def _sound(self, n: int, spans: list[Span]) -> Day:
        """A day's spans in their order. `BadInput` where two overlap."""
        ordered = sorted(spans)
        for before, after in itertools.pairwise(ordered):
            if after.opens <= before.closes:
                raise BadInput(
                    f"hours: on 周{_NAMES[n]} {clock_time(before.opens)}-{clock_time(before.closes)} and "
                    f"{clock_time(after.opens)}-{clock_time(after.closes)} overlap."
                )
        return tuple(ordered)

    def _cannot_read(self, what: str) -> NoReturn:
        raise BadInput(f"hours: {what!r} cannot be read; write them like {_LIKE}.")


def _day_of(kind: str, said: str) -> int:
    """Which day of the week is named, Monday being 0."""
    if kind == "english":
        return _ENGLISH.index(said[:3])
    return _NAMES.index("日" if said[-1] == "天" else said[-1])


def clock_time(minute: int) -> str:
    """Minutes after midnight as a clock shows them: `8:30`."""
    return f"{minute // 60}:{minute % 60:02d}"
