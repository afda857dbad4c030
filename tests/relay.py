"""A relay between a client and PostgreSQL on a socket of its own: it counts their turns, and can cut the line."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

FLUSH = b"H\0\0\0\4"
"""The message by which a client asks for what is ready. At a pipeline's end it may come late, and nobody answers it."""


class Relay:
    """Passes bytes on both ways. `trips` counts how often a client spoke first or after the server had spoken."""

    def __init__(self, upstream: str, folder: Path) -> None:
        self.trips = 0
        self.cut_at_trip: int | None = None
        self._upstream = upstream
        self._closing, self._away = threading.Event(), threading.Event()
        self._lines: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Cut every line and take no more."""
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def away(self) -> Iterator[None]:
        """The server is not there until the block ends: every line is cut, and a new one at once."""
        self._away.set()
        for line in tuple(self._lines):
            with suppress(OSError):  # it may have ended by itself
                line.shutdown(socket.SHUT_RDWR)
        try:
            yield
        finally:
            self._away.clear()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._away.is_set():
                client.close()
                continue
            self._lines.add(client)
            thread = threading.Thread(target=self._pass_on, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _pass_on(self, client: socket.socket) -> None:
        """One client's line, until either side hangs up or the line is cut at the reply that it was to be cut at."""
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._upstream)
        clients_turn = True
        with client, server, selectors.DefaultSelector() as selector, self._kept(client):
            selector.register(client, selectors.EVENT_READ)
            selector.register(server, selectors.EVENT_READ)
            while not self._closing.is_set():
                for key, _ in selector.select(timeout=0.2):
                    data = key.fileobj.recv(1 << 16)  # type: ignore[union-attr]
                    if not data:
                        return
                    if key.fileobj is client:
                        if data != FLUSH:
                            self.trips += clients_turn
                            clients_turn = False
                        server.sendall(data)
                    else:
                        clients_turn = True
                        if self.trips == self.cut_at_trip:
                            self.cut_at_trip = None
                            return
                        client.sendall(data)

    @contextmanager
    def _kept(self, client: socket.socket) -> Iterator[None]:
        try:
            yield
        finally:
            self._lines.discard(client)


@contextmanager
def relay_to(url: str, folder: Path) -> Iterator[tuple[Relay, str]]:
    """A relay before the server of this URL, and the URL that leads through it."""
    with psycopg.connect(url) as connection:
        upstream = f"{connection.info.host}/.s.PGSQL.{connection.info.port}"
    relay = Relay(upstream, folder)
    try:
        yield relay, make_conninfo(url, host=str(folder))
    finally:
        relay.close()
