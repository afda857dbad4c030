"""Bodies that people and programs send must come on: who holds a connection with half of one would hold it for ever.

Terminals' messages have a time of their own (`terminal/bodies.py`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from shebaoka.records import BodyTooSlow

FIRST_S = 30.0
"""How long a body may take, however short it is."""
BYTES_S = 16 * 1024
"""What must come in each second more: a slow line brings ten times that."""
Receive = Callable[[], Awaitable[Any]]


def in_time(receive: Receive) -> Receive:
    """The same body, whose parts come in time; `BodyTooSlow` where they do not."""
    until, whole = 0.0, False

    async def within() -> Any:
        nonlocal until, whole
        if whole:  # what comes now is that the connection ends, and that may take its time
            return await receive()
        until = until or asyncio.get_running_loop().time() + FIRST_S
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow("The body did not come whole in time. Nothing was done; send it again.") from None
        until += len(message.get("body", b"")) / BYTES_S
        whole = not message.get("more_body", False)
        return message

    return within
