"""A form that is sent twice, as by a second click while a slow network still brings the answer: it is done once.

Each form of the public page carries a word that was drawn for it. The same form from the same browser gets the answer
of the first sending again, also while that is under way and when the browser has its cookies already. So a second click
takes no try, sends no second code, and shows no error behind a success. What a room must know for longer, as of a
booking, it keeps by the same word.
"""

import asyncio
import collections
import datetime as dt
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, NamedTuple

from litestar import Response

from shebaoka.desk import Clock, is_once
from shebaoka.pages import Asked, browser_of, front_of, sent_form
from shebaoka.records import TooManyTries

SAME_FOR = dt.timedelta(minutes=1)
"""So long an answer is remembered."""
MOST = 1_000
"""Answers that are remembered; the oldest make room, and a form that was forgotten is a new one."""
Handler = Callable[[Asked], Awaitable[Response[bytes]]]


class _Sent(NamedTuple):
    at: dt.datetime
    answer: asyncio.Task[Response[bytes]]


class SentForms:
    """Remembers what forms were answered with. Everything happens on the server's loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: collections.OrderedDict[bytes, _Sent] = collections.OrderedDict()

    async def answered(self, form: bytes, work: Callable[[], Awaitable[Response[bytes]]]) -> Response[bytes]:
        """What `work` gives, which is done once for a form; whoever goes away keeps nobody from it."""
        at = self._clock()
        while self._sent and (len(self._sent) >= MOST or at - next(iter(self._sent.values())).at >= SAME_FOR):
            self._sent.popitem(last=False)
        sent = self._sent.get(form)
        if sent is None or sent.answer.get_loop() is not asyncio.get_running_loop():
            sent = self._sent[form] = _Sent(at, asyncio.ensure_future(_done(work)))
            sent.answer.add_done_callback(lambda answer: self._keep(form, answer))
        return await asyncio.shield(sent.answer)

    def _keep(self, form: bytes, answer: asyncio.Task[Response[bytes]]) -> None:
        """Remember what was answered, but a fault of ours, or that it was too often: that may be tried again."""
        failed = answer.cancelled() or answer.exception() is not None
        if failed or answer.result().status_code == TooManyTries.status:
            self._sent.pop(form, None)


async def _done(work: Callable[[], Awaitable[Response[bytes]]]) -> Response[bytes]:
    return await work()


def sent_once(handler: Handler) -> Handler:
    """A handler of a form that is done once, however often the same form is sent within a while."""

    @wraps(handler)
    async def answered(request: Asked) -> Response[bytes]:
        form = await sent_form(request)
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        said = dict(fields)
        held, brought = browser_of(request), said.get("mark", "")
        # The mark was held against the session when the form came first; by now the browser may have another session.
        ours = bool(held) and hmac.compare_digest(held.encode(), brought.encode())
        if not ours or not is_once(said.get("once", "")):
            return await handler(request)
        return await _room(request).answered(_digest(request.url.path, fields), lambda: handler(request))

    return answered


def _room(request: Asked) -> SentForms:
    room: SentForms | None = request.app.state.get("sent_forms")
    if room is None:
        room = request.app.state["sent_forms"] = SentForms(front_of(request).clock)
    return room


def _digest(path: str, fields: list[tuple[str, Any]]) -> bytes:
    return hashlib.sha256(repr((path, fields)).encode(errors="replace")).digest()
