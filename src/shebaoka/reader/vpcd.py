"""A card in the virtual reader of vsmartcard: speaks vpcd's protocol over TCP, so that PC/SC sees a card come and go.

Each message has its length before it, two bytes, the higher first. A message of one byte is the reader's: power off,
power on, reset, or a question for the answer to reset; any longer one is a command, and is answered. The card is in
the reader as long as the connection stands.
"""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO

from shebaoka.chip import ATR, Carry, VirtualCard
from shebaoka.reader.pcsc import ReaderTrouble

VPCD_PORT = 35963
"""Where Debian's vsmartcard-vpcd waits for the first of its two cards."""
_OFF, _ON, _RESET, _ATR = 0, 1, 2, 4
_PATIENCE_S = 10
_AT_ONCE: int | None = getattr(socket, "TCP_QUICKACK", None)


class InVirtualReader:
    """A card that lies in the virtual reader while the block runs, served by a thread of its own."""

    def __init__(self, card: VirtualCard, *, host: str = "127.0.0.1", port: int = VPCD_PORT) -> None:
        self._card = card
        try:
            self._line = socket.create_connection((host, port), timeout=_PATIENCE_S)
        except OSError as e:
            raise ReaderTrouble(
                f"There is no virtual reader at {host}:{port}: {e.strerror or e}. `make virtual-card` sets one up, and "
                "pcscd must run.",
                code="no_virtual_reader",
            ) from None
        self._line.settimeout(None)
        self._thread = threading.Thread(target=self._serve, name="virtual-card", daemon=True)

    def __enter__(self) -> "InVirtualReader":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.take_out()

    def take_out(self) -> None:
        """Take the card out of the reader."""
        with suppress(OSError):  # the reader may have let go first
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=_PATIENCE_S)
        self._line.close()

    def wait(self) -> None:
        """Wait until the reader lets the card go, as when pcscd ends."""
        self._thread.join()

    def _serve(self) -> None:
        with self._line.makefile("rb") as heard:
            while len(head := self._heard(heard, 2)) == 2:
                length = int.from_bytes(head)
                said = self._heard(heard, length)
                if len(said) < length:
                    return
                answer = self._answer(said)
                if answer is None:
                    continue
                try:
                    self._line.sendall(len(answer).to_bytes(2) + answer)
                except OSError:
                    return

    def _heard(self, line: BinaryIO, length: int) -> bytes:
        """So many bytes. vpcd sends a length and waits until the system has said that it came, which takes 40 ms unless
        it is told to say so at once. Fewer where the line ends, also if the driver went away without a word."""
        try:
            if _AT_ONCE is not None:
                self._line.setsockopt(socket.IPPROTO_TCP, _AT_ONCE, 1)
            return line.read(length)
        except OSError:
            return b""

    def _answer(self, said: bytes) -> bytes | None:
        if len(said) > 1:
            answer: Carry = self._card.answer
            return answer(said)
        if said[:1] in (bytes((_ON,)), bytes((_RESET,)), bytes((_OFF,))):
            self._card.reset()
        return ATR if said[:1] == bytes((_ATR,)) else None
