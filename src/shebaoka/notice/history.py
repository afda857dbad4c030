"""What each version of a notice changed: clauses that came, went or were worded anew, and parameters with both values.

The public page tells it (`portal/`), so that whoever reads a clause sees since when it has been so. Pure.
"""

import msgspec

from shebaoka.notice.reading import Notices
from shebaoka.notice.schema import ClauseWords, Notice


class ParameterChange(msgspec.Struct, frozen=True):
    """A parameter with another value, or with another reason for it: a reading where it was none, or a reading's words.

    `was` and `now` are its values; `was_reading` and `now_reading` whether it was and is a reading.
    """

    name: str
    clause: str
    was: object
    now: object
    was_reading: bool
    now_reading: bool


class Version(msgspec.Struct, frozen=True):
    """A version of the notice beside the one before it; the first has none before it, and changed nothing."""

    notice: Notice
    before: Notice | None
    added: tuple[str, ...]
    removed: tuple[str, ...]
    reworded: tuple[str, ...]
    parameters: tuple[ParameterChange, ...]

    @property
    def changed(self) -> bool:
        """Whether it changed anything that people read or that decides."""
        return bool(self.added or self.removed or self.reworded or self.parameters)

    def touches(self, clause: str) -> bool:
        """Whether it changed something of a clause."""
        return clause in (*self.added, *self.removed, *self.reworded, *(p.clause for p in self.parameters))


def history_of(notices: Notices) -> tuple[Version, ...]:
    """Every version, the newest first, each with what it changed."""
    befores = (None, *notices.versions[:-1])
    return tuple(_beside(now, was) for now, was in zip(notices.versions, befores, strict=True))[::-1]


def _beside(now: Notice, was: Notice | None) -> Version:
    if was is None:
        return Version(now, None, (), (), (), ())
    return Version(
        now,
        was,
        added=tuple(c for c in now.clauses if c not in was.clauses),
        removed=tuple(c for c in was.clauses if c not in now.clauses),
        reworded=tuple(c for c in now.clauses if c in was.clauses and _texts(now, c) != _texts(was, c)),
        parameters=tuple(_changes(now, was)),
    )


def _texts(notice: Notice, clause: str) -> list[ClauseWords]:
    """A clause's wording in every language."""
    return [wording.clauses[clause] for wording in notice.wording.values()]


def _changes(now: Notice, was: Notice) -> list[ParameterChange]:
    """The parameters that are otherwise than before, in the order of their clauses."""
    place = {clause: n for n, clause in enumerate(now.clauses)}
    found = []
    for name, clause in now.clause_of_parameter.items():
        values = getattr(was.p, name), getattr(now.p, name)
        whys = [[w.readings.get(name) for w in notice.wording.values()] for notice in (was, now)]
        if values[0] != values[1] or whys[0] != whys[1]:
            found.append(ParameterChange(name, clause, *values, name in was.readings, name in now.readings))
    return sorted(found, key=lambda change: place[change.clause])
