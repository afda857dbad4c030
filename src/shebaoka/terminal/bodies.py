"""Bodies of messages, taken in whole, up to a size and within a time. The door reads them once it knows the sender."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from shebaoka.records import BodyTooLarge, BodyTooSlow, Broken

BODY_MAX, DETAILS_MAX = 64 * 1024, 10 * 1024 * 1024
"""Bytes of a message; of one with a cycle's details, 3202, which carries a file."""
WHOLE_S = 15.0
"""How long a body may take; it is given up within a fifth more."""
Receive = Callable[[], Awaitable[Any]]


class Bodies:
    """Reads bodies, and gives up on those that do not come. For one event loop at a time.

    One timer looks after all of them; one for each was a third of what a message costs at the door.
    """

    def __init__(self) -> None:
        self._until: dict[asyncio.Task[Any], float] = {}
        self._watched_in: asyncio.AbstractEventLoop | None = None

    async def whole(self, scope: Any, receive: Receive) -> bytes:
        """The message's body. `BodyTooLarge`, `BodyTooSlow`."""
        most = DETAILS_MAX if scope["path"].rstrip("/").endswith("/3202") else BODY_MAX
        announced = -1
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit():
                announced = int(value)
        parts: list[bytes] = []
        size, more = 0, announced <= most
        task = self._watched()
        try:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise BodyTooSlow("The connection broke off before the body had come whole. Nothing was done.")
                part = message.get("body", b"")
                parts.append(part)
                size += len(part)
                # That there is no more the server says only when it is asked once more, a turn of its thread later.
                more = size != announced and size <= most and message.get("more_body", False)
        except asyncio.CancelledError:
            if task in self._until:
                raise
            task.uncancel()
            raise BodyTooSlow(
                f"The body did not come whole within {WHOLE_S:.0f} s. Nothing was done; sign it anew and send it again."
            ) from None
        finally:
            self._until.pop(task, None)
        if size > most or announced > most:
            raise BodyTooLarge(f"The body is larger than {most // 1024} KB, which is the most for this message.")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _watched(self) -> "asyncio.Task[Any]":
        """The task that is running, which is cancelled if it is too slow."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is None:
            raise Broken("A body is read outside of a task.")
        self._until[task] = loop.time() + WHOLE_S
        if self._watched_in is not loop:
            self._watched_in = loop
            loop.call_later(WHOLE_S / 5, self._watch, loop)
        return task

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task in [task for task, until in self._until.items() if until <= now]:
            del self._until[task]
            task.cancel()
        self._watched_in = loop if self._until else None
        if self._until:
            loop.call_later(WHOLE_S / 5, self._watch, loop)
