"""A day of the city by window, clerk, service and refusal, counted from the journal. For supervisors and auditors.

One statement counts; the tables are added up from its few thousand lines. How long people waited is not known.
"""

import datetime as dt
from collections.abc import Callable, Iterable

import msgspec

from shebaoka.desk.journal import Row
from shebaoka.desk.rights import Right
from shebaoka.desk.screens import JournalLine, Tally, line_of
from shebaoka.desk.staff import Staff
from shebaoka.notice import Notices
from shebaoka.records import Channel, Sender
from shebaoka.store import Views, day_bounds
from shebaoka.store import day as sql

LOOK = "look_up_person"
"""The service that is a look at somebody; it is counted apart from what was decided."""
_sender = msgspec.json.Decoder(Sender).decode


class Line(msgspec.Struct, frozen=True):
    """How often the same sender asked for the same service and got the same answer."""

    sender: Sender
    service: str
    outcome: str
    ground: str
    clause: str
    count: int


class Counted(msgspec.Struct, frozen=True):
    """What came of a window, a clerk or a service: yes, no, and looks at people."""

    name: str
    tally: Tally
    looks: int


class RefusedBy(msgspec.Struct, frozen=True):
    """How often a ground, which rests on a clause, was why something was refused."""

    clause: str
    ground: str
    count: int


class Day(msgspec.Struct, frozen=True):
    """A day, counted: of one channel, or of all."""

    on: dt.date
    lines: list[Line]

    @property
    def total(self) -> Counted:
        """The whole day."""
        found = self._by(lambda _: "")
        return found[0] if found else Counted("", Tally(), 0)

    def by_window(self) -> list[Counted]:
        """By the place that senders ask from, the busiest first; no place is an empty one."""
        return self._by(lambda line: line.sender.place)

    def by_clerk(self) -> list[Counted]:
        """By who asked, the busiest first."""
        return self._by(lambda line: line.sender.by)

    def by_service(self) -> list[Counted]:
        """By service, the busiest first; looks at people are a service of their own here."""
        counts: dict[str, dict[str, int]] = {}
        for line in self.lines:
            of = counts.setdefault(line.service, {})
            of[line.outcome] = of.get(line.outcome, 0) + line.count
        return _sorted(Counted(service, Tally(**of), 0) for service, of in counts.items())

    def refusals(self) -> list[RefusedBy]:
        """By clause and ground, the most frequent first."""
        counts: dict[tuple[str, str], int] = {}
        for line in self.lines:
            if line.outcome == "refused":
                key = line.clause, line.ground
                counts[key] = counts.get(key, 0) + line.count
        found = [RefusedBy(clause, ground, n) for (clause, ground), n in counts.items()]
        return sorted(found, key=lambda r: (-r.count, r.clause, r.ground))

    def _by(self, key: Callable[[Line], str]) -> list[Counted]:
        counts: dict[str, dict[str, int]] = {}
        for line in self.lines:
            of = counts.setdefault(key(line), {"accepted": 0, "refused": 0, LOOK: 0})
            of[LOOK if line.service == LOOK else line.outcome] += line.count
        return _sorted(Counted(name, Tally(of["accepted"], of["refused"]), of[LOOK]) for name, of in counts.items())


class Done(msgspec.Struct, frozen=True):
    """Something that was done at a window, and about whom; name and number are empty of who is not on file."""

    line: JournalLine
    name: str
    number: str


class Days:
    """Counts days for those who oversee, and lists a window's. Safe for many threads."""

    def __init__(self, views_: Views, notices: Notices) -> None:
        self._views = views_
        self._notices = notices

    def of(self, staff: Staff, day: dt.date, channel: Channel | None = None) -> Day:
        """A day, of all channels or of one. `NotAllowed`."""
        staff.must(Right.OVERSEE)
        rows = self._views.rows(sql.BY_SENDER, day_bounds(day, self._notices.zone))
        lines = [Line(_sender(sender), *counted) for sender, *counted in rows]
        return Day(day, [line for line in lines if channel is None or line.sender.channel is channel])

    def done_at(self, staff: Staff, place: str, day: dt.date) -> list[Done]:
        """All that was asked at a window on a day, in order, looks left out: for who works there, or oversees.

        `NotAllowed`.
        """
        staff.must(Right.SERVE_AT_WINDOW if place == (staff.place or staff.role) else Right.OVERSEE)
        quoted = msgspec.json.encode(place).decode()
        values = {**day_bounds(day, self._notices.zone), "place": f',"place":{quoted}}},"given":'}
        return [
            Done(line_of(Row(*row[:10])), row[10] or "", row[11] or "") for row in self._views.rows(sql.DONE_AT, values)
        ]


def _sorted(counted: Iterable[Counted]) -> list[Counted]:
    return sorted(counted, key=lambda c: (-(c.tally.accepted + c.tally.refused), -c.looks, c.name))
