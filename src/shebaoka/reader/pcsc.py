"""Card readers over PC/SC, through pyscard: which there are, what lies in them, and a card's bytes back and forth.

pyscard is an extra (`shebaoka[reader]`), for a clerk's machine needs it and a server does not: it is imported late. A
reader is waited for by PC/SC itself, which says when a card comes or goes; nobody asks again and again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from shebaoka.chip import Carry
from shebaoka.records import Trouble

WAIT_MS = 5_000
"""How long PC/SC waits for a change before the loop that watches looks whether it shall end."""
_NEW_READERS = "\\\\?PnP?\\Notification"
"""The name under which PC/SC tells that a reader was plugged in."""


class ReaderTrouble(Trouble):
    """There is no reader, no card in it, or the card was taken out; the sentence says what to do."""

    code = "card_reader_trouble"
    status = 503


class Slot(msgspec.Struct, frozen=True):
    """A reader by the name that PC/SC gives it, whether a card lies in it, and PC/SC's own word for its state."""

    reader: str
    has_card: bool
    state: int


class Readers:
    """PC/SC on this machine, as one program uses it; close it after. Each thread has one of its own."""

    def __init__(self) -> None:
        self._scard = _scard()
        self._context = self._done(self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_USER))

    def close(self) -> None:
        """Let PC/SC go."""
        self._scard.SCardReleaseContext(self._context)

    def names(self) -> list[str]:
        """The readers there are; empty if none is plugged in."""
        code, names = self._scard.SCardListReaders(self._context, [])
        if code in (self._scard.SCARD_E_NO_READERS_AVAILABLE, self._scard.SCARD_E_READER_UNAVAILABLE):
            return []
        self._done((code, names))
        return list(names)

    def slots(self, before: Sequence[Slot] | None = None) -> list[Slot]:
        """Every reader and whether a card lies in it; after `before`, as soon as something has changed since.

        It comes back unchanged after five seconds, so that whoever watches can end.
        """
        names, known = self.names(), {slot.reader: slot.state for slot in before or ()}
        states = [(name, known.get(name, self._scard.SCARD_STATE_UNAWARE)) for name in names]
        if before is not None:
            states.append((_NEW_READERS, len(names) << 16))
        code, seen = self._scard.SCardGetStatusChange(self._context, 0 if before is None else WAIT_MS, states)
        if code == self._scard.SCARD_E_TIMEOUT and before is not None:
            return list(before)
        if code not in (self._scard.SCARD_E_TIMEOUT, self._scard.SCARD_E_UNKNOWN_READER):
            self._done((code, seen))
        present, changed = self._scard.SCARD_STATE_PRESENT, self._scard.SCARD_STATE_CHANGED
        return [Slot(name, bool(state & present), state & ~changed) for name, state, _ in seen if name in names]

    def with_card(self, reader: str = "") -> str:
        """The reader that a card lies in: the named one, or the only one. `ReaderTrouble` says what is wrong."""
        slots = self.slots()
        named = [slot for slot in slots if reader in ("", slot.reader)]
        full = [slot.reader for slot in named if slot.has_card]
        if len(full) == 1:
            return full[0]
        there = "; ".join(slot.reader for slot in slots)
        if not slots:
            raise ReaderTrouble(
                "No card reader is plugged in. Plug one in, and look at its light.", code="no_card_reader"
            )
        if not named:
            raise ReaderTrouble(
                f"--reader: there is no reader of that name. There are: {there}.", code="no_card_reader"
            )
        if full:
            raise ReaderTrouble(
                f"Cards lie in several readers: {'; '.join(full)}. Name one by --reader.", code="several_cards"
            )
        raise ReaderTrouble("No card lies in the reader. Put it in, chip first.", code="no_card_in_reader")

    @contextmanager
    def card(self, reader: str) -> Iterator[Carry]:
        """Talk with the card in a reader until the block ends, while other programs wait; the card is reset then."""
        scard = self._scard
        protocols, shared = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1, scard.SCARD_SHARE_SHARED
        handle, protocol = self._done(scard.SCardConnect(self._context, reader, shared, protocols))
        manner = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0

        def carry(raw: bytes) -> bytes:
            return bytes(self._done(scard.SCardTransmit(handle, manner, list(raw))))

        try:
            begun = scard.SCardBeginTransaction(handle)
            if begun == scard.SCARD_W_RESET_CARD:  # by whoever had it before
                self._done(scard.SCardReconnect(handle, shared, protocols, scard.SCARD_LEAVE_CARD))
                begun = scard.SCardBeginTransaction(handle)
            self._done(begun)
            yield carry
        finally:
            scard.SCardEndTransaction(handle, scard.SCARD_RESET_CARD)
            scard.SCardDisconnect(handle, scard.SCARD_RESET_CARD)

    def _done(self, answer: Any) -> Any:
        """What PC/SC answered besides its code. `ReaderTrouble` if the code says that it was not done."""
        code, *values = answer if isinstance(answer, (list, tuple)) else (answer,)
        if code != self._scard.SCARD_S_SUCCESS:
            raise self._trouble(code)
        return values[0] if len(values) == 1 else values

    def _trouble(self, code: int) -> ReaderTrouble:
        scard = self._scard
        away = (
            scard.SCARD_E_NO_SERVICE,
            scard.SCARD_E_SERVICE_STOPPED,
            scard.SCARD_E_INVALID_HANDLE,
            scard.SCARD_F_COMM_ERROR,
        )
        if code in away:
            return ReaderTrouble(
                "The service of card readers does not run on this machine. Start it: `systemctl start pcscd` on Linux, "
                "the service SCardSvr on Windows.",
                code="no_card_service",
            )
        lost = (scard.SCARD_E_NO_SMARTCARD, scard.SCARD_E_NOT_TRANSACTED, scard.SCARD_E_COMM_DATA_LOST)
        if code in (scard.SCARD_W_REMOVED_CARD, scard.SCARD_W_RESET_CARD, *lost):
            return ReaderTrouble(
                "The card was taken out of the reader, or lost its contact. Put it in again, and begin anew.",
                code="card_was_taken_out",
            )
        if code in (scard.SCARD_W_UNRESPONSIVE_CARD, scard.SCARD_W_UNPOWERED_CARD, scard.SCARD_E_PROTO_MISMATCH):
            return ReaderTrouble(
                "The card does not answer. Look whether it lies the right way round, and wipe its chip.",
                code="card_does_not_answer",
            )
        if code == scard.SCARD_E_SHARING_VIOLATION:
            return ReaderTrouble(
                "Another program is talking with the card at the moment. Close it, or wait.", code="card_is_taken"
            )
        return ReaderTrouble(f"The card reader failed: {scard.SCardGetErrorMessage(code)} Plug it in again.")


def needs_pyscard() -> None:
    """`ReaderTrouble` where pyscard is not installed."""
    _scard()


def _scard() -> Any:
    """pyscard's own door to PC/SC. `ReaderTrouble` where it is not installed."""
    try:
        from smartcard import scard
    except ImportError:
        raise ReaderTrouble(
            "pyscard is not installed on this machine. Install it with the extra `reader` of this program; on Debian "
            "it needs libpcsclite-dev, swig and gcc. `make virtual-card` does all of it in a checkout.",
            code="no_pyscard",
        ) from None
    return scard
