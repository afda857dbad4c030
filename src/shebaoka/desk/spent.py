"""What was used up, or whose time is over, at the public page: sessions and slips of holders, offers of credentials and
the challenges that wallets answered are deleted; of a notification that has ended, the telephone stays in part.

None of these rows is a record: the journal has each look, sign-in and issuing by itself. Each is refused by its own
time before it goes, so that what was used cannot be used again for being forgotten. Called by the thread that deletes,
and by the night's run.
"""

import datetime as dt

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.store import Views
from shebaoka.store import spent as sql

KEPT = dt.timedelta(days=7)
"""How long sessions and slips stay after their time: whoever still comes with one is told that it is over, and why. As
long a carrier can be asked about a message by its whole number."""
NONCES_KEPT = dt.timedelta(hours=1)
"""How long an answered challenge stays; many times as long as one is good, in case clocks differ or are set back."""


class Cleared(msgspec.Struct, frozen=True):
    """How many rows were deleted of each, and of how many notifications the telephone was."""

    sessions: int
    slips: int
    offers: int
    nonces: int
    telephones: int

    def __bool__(self) -> bool:
        return any(msgspec.structs.astuple(self))

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in msgspec.structs.asdict(self).items())


class Spent:
    """Deletes what is spent. Safe for many threads and processes at once."""

    def __init__(self, views_: Views, clock: Clock = now) -> None:
        self._views = views_
        self._clock = clock

    def clear(self) -> Cleared:
        """Whatever is over by now; how much there was."""
        at = self._clock()
        row = {"at": at, "before": at - KEPT}
        write = self._views.write
        write(sql.CODES, row)
        return Cleared(
            sessions=write(sql.SESSIONS, row),
            slips=write(sql.SLIPS, row),
            offers=write(sql.OFFERS, row),
            nonces=write(sql.NONCES, {"before": at - NONCES_KEPT}),
            telephones=write(sql.TELEPHONES, row),
        )
