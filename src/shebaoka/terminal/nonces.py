"""The nonces that signed messages came with, so that none is taken twice. The terminal API's guard asks it last."""

import datetime as dt
import threading

from shebaoka.records import NonceUsed, SignatureStale, TooManyMessages
from shebaoka.signatures import WINDOW_S, Signed


class Nonces:
    """What this process remembers: each key's nonces for as long as their messages are fresh. Any thread may ask.

    It fails towards refusing: with its memory full it takes no more, and what it has begun to forget it calls stale,
    even if the clock is set back.
    """

    def __init__(self, *, window_s: int = WINDOW_S, per_key_max: int = 500_000, all_max: int = 2_000_000) -> None:
        self._window_s, self._per_key_max, self._all_max = window_s, per_key_max, all_max
        self._lock = threading.Lock()
        self._seen: dict[str, set[str]] = {}
        self._by_second: dict[int, dict[str, list[str]]] = {}
        self._count = 0
        self._floor = 0

    def __len__(self) -> int:
        return self._count

    def remember(self, signed: Signed, now: dt.datetime) -> None:
        """`NonceUsed` if the key's nonce came before; otherwise it is kept until the message is stale.

        Only after the signature and its freshness were found right: nobody else may fill this memory. Raises
        `TooManyMessages` where it is full.
        """
        with self._lock:
            self._forget_before(int(now.timestamp()) - self._window_s)
            if signed.created < self._floor:
                raise SignatureStale("The message was signed too long ago. Sign it again just before you send it.")
            seen = self._seen.setdefault(signed.keyid, set())
            if signed.nonce in seen:
                raise NonceUsed(
                    "A message with this nonce came before, and each needs a new one. "
                    "To send a request again, sign it anew under the same request id."
                )
            if len(seen) >= self._per_key_max or self._count >= self._all_max:
                raise TooManyMessages(
                    f"More messages came within {self._window_s} s than can be remembered. Nothing was done; "
                    "send it again later, signed anew."
                )
            seen.add(signed.nonce)
            self._by_second.setdefault(signed.created, {}).setdefault(signed.keyid, []).append(signed.nonce)
            self._count += 1

    def _forget_before(self, second: int) -> None:
        """Forget the nonces of messages that were created earlier and are stale by now."""
        if second <= self._floor:
            return
        self._floor = second
        for created in [c for c in self._by_second if c < second]:
            for keyid, nonces in self._by_second.pop(created).items():
                self._seen[keyid].difference_update(nonces)
                self._count -= len(nonces)
