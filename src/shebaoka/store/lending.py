"""Stores that are kept and lent to whoever looks at somebody, so that a look need not wait for a new connection."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shebaoka.store.store import Store

KEPT_MAX = 8
"""Stores that wait for whoever looks next; those that more threads at once have needed are closed."""


class Stores:
    """Lends a store to one thread at a time. Safe for many threads."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._kept: list[Store] = []
        self._door = threading.Lock()
        self._closed = False

    @contextmanager
    def lent(self) -> Iterator[Store]:
        """A store for the block; where the database has ended its connection meanwhile, it makes a new one."""
        with self._door:
            store = self._kept.pop() if self._kept else Store(self._url)
        try:
            store.let_go_if_ended()
            yield store
        finally:
            self._back(store)

    def _back(self, store: Store) -> None:
        with self._door:
            if not self._closed and len(self._kept) < KEPT_MAX:
                self._kept.append(store)
                return
        store.close()

    def close(self) -> None:
        """Let all connections go, and those that are lent out when they come back."""
        with self._door:
            kept, self._kept, self._closed = self._kept, [], True
        for store in kept:
            store.close()
