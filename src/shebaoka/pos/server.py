"""The TCP side: two bytes of length, then a message; one after the other on each connection, many connections.

It runs in the web server's event loop. Who sends nonsense, too much, or too slowly loses the connection. A connection
belongs to a stranger until a message with a right MAC came over it; strangers take no terminal's place.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from shebaoka.pos.handling import Handler
from shebaoka.pos.spec import MESSAGE_MAX
from shebaoka.records import BadInput, Broken, TooManyMessages
from shebaoka.web import Front

IDLE_S = 300.0
"""How long a connection may stay silent between messages, once one came that was rightly signed."""
WHOLE_S = 10.0
"""How long a message may take from its first byte to its last, an answer to be taken, and a stranger be silent."""
CONNECTIONS_MAX = 1000
"""Of terminals; strangers are counted apart."""
STRANGERS_MAX, STRANGERS_OF_ADDRESS_MAX = 200, 50
HEADER_SIZE = 2


class PosServer:
    """Listens to terminals until it is closed."""

    def __init__(
        self,
        front: Front,
        *,
        idle_s: float = IDLE_S,
        whole_s: float = WHOLE_S,
        connections_max: int = CONNECTIONS_MAX,
        strangers_max: int = STRANGERS_MAX,
        strangers_of_address_max: int = STRANGERS_OF_ADDRESS_MAX,
    ) -> None:
        self._handler = Handler(front)
        self._idle_s = idle_s
        self._whole_s = whole_s
        self._connections_max = connections_max
        self._strangers_max = strangers_max
        self._strangers_of_address_max = strangers_of_address_max
        self._connections: set[asyncio.Task[None]] = set()
        self._strangers: dict[asyncio.Task[None], str] = {}
        """Each with its address, in the order in which they came."""
        self._waiting: set[asyncio.Task[None]] = set()
        self._closing = False
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self, host: str, port: int) -> None:
        """Begin to listen; with port 0 on a free one, which `port` then says. `BadInput` if that cannot be."""
        try:
            self._server = await asyncio.start_server(
                self._connected, host, port, limit=2 * MESSAGE_MAX, backlog=CONNECTIONS_MAX
            )
        except OSError as e:
            raise BadInput(f"pos_port: cannot listen on {host}:{port} ({e.strerror}); choose another.") from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more; who is being served gets the answer first."""
        self._closing = True
        if self._server is not None:
            self._server.close()
        for task in tuple(self._waiting):
            task.cancel()
        if self._connections:
            await asyncio.wait(tuple(self._connections), timeout=self._whole_s)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        address = str((writer.get_extra_info("peername") or ("",))[0])
        if task is None or self._closing or not self._has_room_for(address):
            self._handler.turn_away(TooManyMessages.code)
            writer.close()
            return
        self._connections.add(task)
        self._strangers[task] = address
        try:
            await self._served(reader, writer, task)
        except (ConnectionError, TimeoutError):
            pass  # the other end is gone, or takes no answer; what was decided stands, and is answered again if asked
        except Broken as e:
            self._handler.turn_away(e.code)
        except asyncio.CancelledError:
            if not self._closing:
                raise
        finally:
            self._connections.discard(task)
            self._strangers.pop(task, None)
            self._waiting.discard(task)
            writer.close()

    def _has_room_for(self, address: str) -> bool:
        """Whether one more may come from there. Where strangers are too many, the first of them who only waits goes."""
        if len(self._connections) - len(self._strangers) >= self._connections_max:
            return False
        neighbours = [task for task, of in self._strangers.items() if of == address]
        if len(neighbours) >= self._strangers_of_address_max:
            among = neighbours
        elif len(self._strangers) >= self._strangers_max:
            among = list(self._strangers)
        else:
            return True
        first = next((task for task in among if task in self._waiting), None)
        if first is None:
            return False
        self._handler.turn_away(TooManyMessages.code)
        self._waiting.discard(first)
        del self._strangers[first]
        first.cancel()
        return True

    async def _served(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[None]
    ) -> None:
        silent_s = self._whole_s
        while not self._closing:
            self._waiting.add(task)
            message = await self._next(reader, silent_s)
            self._waiting.discard(task)
            if message is None:
                return
            reply = await self._handler.answer(message)
            if reply.keep:
                self._strangers.pop(task, None)
            if reply.message:
                writer.write(len(reply.message).to_bytes(HEADER_SIZE) + reply.message)
                async with asyncio.timeout(self._whole_s):
                    await writer.drain()
            if not reply.keep:
                return
            silent_s = self._idle_s

    async def _next(self, reader: asyncio.StreamReader, silent_s: float) -> bytes | None:
        """The next message; None if there is none to come, or what came was no message, which is counted."""
        try:
            async with asyncio.timeout(silent_s):
                begun = await reader.read(1)
        except TimeoutError:
            return None
        if not begun:
            return None
        try:
            async with asyncio.timeout(self._whole_s):
                size = int.from_bytes(begun + await reader.readexactly(HEADER_SIZE - 1))
                if 0 < size <= MESSAGE_MAX:
                    return await reader.readexactly(size)
        except (TimeoutError, asyncio.IncompleteReadError):
            pass
        self._handler.turn_away(BadInput.code)
        return None


@contextlib.asynccontextmanager
async def open_pos(front: Front, host: str, port: int) -> AsyncIterator[PosServer]:
    """A server for POS terminals while the block runs."""
    server = PosServer(front)
    await server.open(host, port)
    try:
        yield server
    finally:
        await server.close()
