"""A thread that does its work beside a server for as long as the server runs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def kept_beside(name: str, work: Callable[[threading.Event], None]) -> Iterator[None]:
    """While the block runs, the work is done beside it; at its end the event is set, and the work is waited for."""
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
