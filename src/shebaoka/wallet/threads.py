"""Two threads in which what wallets ask is answered, so that a flood of it keeps nobody else waiting."""

from collections.abc import Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from litestar import Request

T = TypeVar("T")
THREADS = 2


async def in_thread(request: Request[Any, Any, Any], work: Callable[..., T], *args: Any) -> T:
    """What `work` gives back, done in one of them."""
    few: CapacityLimiter | None = request.app.state.get("wallet_threads")
    if few is None:
        few = request.app.state["wallet_threads"] = CapacityLimiter(THREADS)
    return await to_thread.run_sync(work, *args, limiter=few)
