"""Work for whoever is not signed in, in a few threads of its own: a flood of it keeps no window waiting."""

from collections.abc import Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from shebaoka.web.front import Connection

T = TypeVar("T")
THREADS = 4
"""So many public requests read the database or put an answer together at once; the others wait for them."""


async def in_public_thread(connection: Connection, work: Callable[..., T], *args: Any) -> T:
    """What `work` gives back, done in one of the public's threads."""
    few: CapacityLimiter | None = connection.app.state.get("public_threads")
    if few is None:
        few = connection.app.state["public_threads"] = CapacityLimiter(THREADS)
    return await to_thread.run_sync(work, *args, limiter=few)
