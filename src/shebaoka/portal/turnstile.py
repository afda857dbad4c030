"""So many pages that are made for their reader go to one address; the rest is turned away before it costs anything.

A flood that reaches the framework takes the loop and the interpreter that windows and terminals wait for. Here it is
counted by address, before anything is read, and answered with a page that is kept; that answer is held back for a
second, so that who asks again only when they were answered asks no more than once a second on each connection. Whoever
sits at the office's pages has a session's cookie, which is sealed, and is not counted; nor are programs, which sign or
have tokens.
"""

import asyncio
from collections.abc import Collection, Mapping, MutableMapping
from typing import Any

from shebaoka.pages import SESSION
from shebaoka.portal.shelf import Family, PublishedPage, Shelf, Way, root_of
from shebaoka.records import TooManyTries, VaultTrouble
from shebaoka.web import Front, address_behind

OTHERS = frozenset(("/api", "/terminal", "/scripts", "/pages.css", "/public.css", "/icon.svg"))
"""What is no page: programs' addresses, and files that a browser keeps."""
FORM = 4
"""A form of the public page counts as so many pages: it is read, checked, and looked up in the database."""
HELD_BACK_S = 1.0
HELD_BACK_MAX = 2_000
"""So many answers are held back at once; fewer than the connections that the server has, so that some are left."""
KNOWN_MAX = 1_000
"""So many cookies of sessions are remembered to be ours; more than people work at a city's windows."""
_BUSY = "/busy"


def _busy(page: PublishedPage, _: str) -> str:
    says = page.labels["trouble_429"]
    shown = {"code": TooManyTries.code, "status_shown": TooManyTries.status, "says": says, "back": "", "again": False}
    return page.printed("trouble.html", **shown)


class Turnstile:
    """Counts what comes from each address. `public` are the first parts of the public page's own addresses."""

    def __init__(self, front: Front, public: Collection[str]) -> None:
        self._front = front
        self._public = frozenset(public)
        self._held_back = 0
        self._known: set[str] = set()
        self._pages = Shelf(front, [Family(_BUSY, (), lambda _: [_BUSY], _busy)])

    def pass_through(
        self, scope: MutableMapping[str, Any], headers: Mapping[bytes, bytes], cookies: Mapping[str, str]
    ) -> None:
        """One page more for whoever asks, or one form. `TooManyTries` if their address has had too many."""
        root = root_of(scope["path"])
        public = root in self._public
        if root in OTHERS or (not public and self._is_staff(cookies.get(SESSION, ""))):
            return
        client = scope.get("client")
        forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1")
        address = address_behind(self._front, client[0] if client else "", forwarded)
        self._front.limits.take("visit", address, FORM if public and scope["method"] == "POST" else 1)

    def _is_staff(self, cookie: str) -> bool:
        """Whether a cookie is one of ours for a session: anybody can send one that they made up."""
        if not cookie or cookie in self._known:
            return bool(cookie)
        try:
            ours = self._front.sessions.was_given(cookie)
        except VaultTrouble:
            return False
        if ours:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            self._known.add(cookie)
        return ours

    async def told(self, way: Way) -> bytes:
        """The page that tells so, after a while."""
        if self._held_back < HELD_BACK_MAX:
            self._held_back += 1
            try:
                await asyncio.sleep(HELD_BACK_S)
            finally:
                self._held_back -= 1
        leaf = await self._pages.find(_BUSY, way)
        return leaf.content if leaf is not None else b""
