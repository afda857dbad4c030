"""What the journal does not know, and so does not keep from being done twice: signing in and off, and totals.

The same bytes get the same answer for as long as they would be taken, whoever sends them. The handler asks it.
"""

import asyncio
import collections
import datetime as dt
from collections.abc import Awaitable, Callable

from shebaoka.pos.inputs import TIME_OFF_MAX
from shebaoka.pos.packing import at_fault
from shebaoka.records import TooManyMessages

Key = tuple[str, bytes]
"""A terminal's key id, and the MAC of its message."""
_WINDOW_S = int(TIME_OFF_MAX.total_seconds())


class Once:
    """The answers of the last hour. For one event loop. With its memory full it takes no more."""

    def __init__(self, *, per_key_max: int = 1_000, all_max: int = 100_000) -> None:
        self._per_key_max, self._all_max = per_key_max, all_max
        self._answers: dict[Key, asyncio.Future[bytes]] = {}
        self._by_minute: dict[int, list[Key]] = {}
        self._of_key: collections.Counter[str] = collections.Counter()
        self._floor = 0

    async def answer(
        self, key: Key, at: dt.datetime, now: dt.datetime, make: Callable[[], Awaitable[tuple[bytes, bool]]]
    ) -> bytes:
        """The first answer to the message, which says that it was sent `at`. `TooManyMessages` if there is no room.

        `make` makes it, and says whether it is final: one that is not, or a fault, is not kept, and is made again.
        Nothing comes back to who waited for a fault. What has begun to be forgotten is too old, even if the clock is
        set back.
        """
        self._forget_before(int(now.timestamp()) - _WINDOW_S)
        if at.timestamp() < self._floor:
            raise at_fault("12", "is not near the city's time; set the terminal's clock")
        known = self._answers.get(key)
        if known is not None:
            return await asyncio.shield(known)
        if self._of_key[key[0]] >= self._per_key_max or len(self._answers) >= self._all_max:
            raise TooManyMessages("More messages came within the hour than can be remembered. Nothing was done.")
        first = self._answers[key] = asyncio.get_running_loop().create_future()
        self._of_key[key[0]] += 1
        answer, final = b"", False
        try:
            answer, final = await make()
        finally:
            first.set_result(answer)
            if final:
                self._by_minute.setdefault(int(at.timestamp()) // 60, []).append(key)
            else:
                self._forget(key)
        return answer

    def _forget(self, key: Key) -> None:
        del self._answers[key]
        self._of_key[key[0]] -= 1
        if not self._of_key[key[0]]:
            del self._of_key[key[0]]

    def _forget_before(self, second: int) -> None:
        self._floor = max(self._floor, second)
        for minute in [m for m in self._by_minute if m < second // 60]:
            for key in self._by_minute.pop(minute):
                self._forget(key)
