"""Published pages, alike for whoever reads them: each made once for a language, type, contrast and day, and kept.

A room of the public page gives its published pages as a `Family`. A page is put together from the notice and, where its
family says so, from content that people write; it holds nothing of who asks: no form mark, no cookie, no address. So
the same content makes the same bytes anywhere, and a server can be held against what was signed off.
"""

import asyncio
import datetime as dt
import gzip
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

import msgspec
from anyio import CapacityLimiter, to_thread
from litestar import Request

from shebaoka.notice import LANGUAGES
from shebaoka.pages import Asked
from shebaoka.portal.finding import Findable, Index
from shebaoka.portal.frame import Page
from shebaoka.records import Trouble
from shebaoka.web import Front

T = TypeVar("T")
log = logging.getLogger(__name__)
CHECKED_EVERY_S = 1.0
"""So long content that people write is taken to be what it was, unless somebody says that it changed."""
THREADS = 2
"""So many published pages are put together at once; each is needed once a day."""


def nothing(_: Front) -> Iterable[Any]:
    """What a family has that has none: addresses, or things to find."""
    return ()


class Way(NamedTuple):
    """How somebody reads a page: language, large type or not, high contrast or not."""

    language: str = LANGUAGES[0]
    large: bool = False
    high: bool = False


class PublishedPage(Page):
    """A published page being made, for nobody in particular."""

    def __init__(self, front: Front, path: str, way: Way = Way()) -> None:  # noqa: B008 - it cannot be changed
        chosen = f"language={way.language}&type={'large' if way.large else 'usual'}"
        chosen += f"&contrast={'high' if way.high else 'usual'}"
        server = SimpleNamespace(state=SimpleNamespace(front=front))
        scope = {"type": "http", "method": "GET", "path": path, "query_string": chosen.encode(), "headers": [],
                 "app": server, "litestar_app": server, "state": {}, "scheme": "http", "server": ("", 0)}  # fmt: skip
        request: Asked = Request(scope)  # type: ignore[arg-type]
        super().__init__(request)

    def printed(self, template: str, /, **values: Any) -> str:
        """The page as text."""
        return self.body(template, "", **values)


class Family(msgspec.Struct, frozen=True):
    """The published pages of one matter: at `root`, and below it.

    `routes` are their addresses as the web framework writes them. `addresses` says which there are now; `made` puts the
    one at an address together. `version` is what changes when content that people write does; pages that come from the
    notice alone need none. `kind` is what they are, and `spoken` whether there is one in each language. `findable` says
    what the search finds of it.
    """

    root: str
    routes: tuple[str, ...]
    addresses: Callable[[Front], Iterable[str]]
    made: Callable[[PublishedPage, str], str]
    version: Callable[[Front], Hashable] | None = None
    kind: str = "text/html"
    spoken: bool = True
    findable: Callable[[Front], Iterable[Findable]] = nothing


class Leaf(msgspec.Struct, frozen=True):
    """A published page as it is kept: its bytes, the same packed, and the mark by which a browser knows it again."""

    content: bytes
    packed: bytes
    mark: str
    kind: str


class _Known(msgspec.Struct):
    """What is known of a family: which version, which addresses, and since when."""

    version: Hashable
    addresses: frozenset[str]
    at: float
    turn: int


def root_of(path: str) -> str:
    """The first part of an address, by which a family is found."""
    return "/" + path[1:].partition("/")[0]


class Shelf:
    """Keeps the published pages of a server. Everything but the making happens on the server's loop."""

    def __init__(self, front: Front, families: Sequence[Family]) -> None:
        self._front = front
        self.families = {family.root: family for family in families}
        self._day: dt.date | None = None
        self._known: dict[str, _Known] = {}
        self._leaves: dict[str, dict[tuple[str, Way], Leaf]] = {}
        self._indexes: dict[str, tuple[Hashable, Index]] = {}
        self._underway: dict[Hashable, asyncio.Future[Any]] = {}
        self._turn = 0

    def invalidate(self) -> None:
        """What people write has changed: whoever asks from now on is shown what it is now. Called from any thread."""
        self._turn += 1

    async def find(self, path: str, way: Way) -> Leaf | None:
        """The page at an address, made now if it is not there yet; None if nothing is published there."""
        family = self.families.get(root_of(path))
        if family is None:
            return None
        known = await self._fresh(family)
        if path not in known.addresses:
            return None
        key = (path, way if family.spoken else Way())
        leaf = self._leaves.setdefault(family.root, {}).get(key)
        return leaf or await self._once(
            (*key, known.version, self._day), lambda: self._make(family, key, known.version)
        )

    async def index(self, language: str) -> Index:
        """Everything that can be found, for pages of a language; of content that people write as it is now."""
        known = [await self._fresh(family) for family in self.families.values()]
        key = (self._day, language, tuple(one.version for one in known))
        held = self._indexes.get(language)
        if held is None or held[0] != key:
            held = self._indexes[language] = (key, await self._once(key, lambda: self._index(language)))
        return held[1]

    async def _index(self, language: str) -> Index:
        families = self.families.values()
        return await self._in_thread(
            lambda: Index((thing for family in families for thing in family.findable(self._front)), language)
        )

    async def _fresh(self, family: Family) -> _Known:
        """What is known of a family today, looked up where it may have changed."""
        today = self._front.screens.today()
        if today != self._day:
            self._day, self._known, self._leaves = today, {}, {}
        known = self._known.get(family.root)
        if known is None or (family.version is not None and self._is_old(known)):
            known = await self._once(("family", family.root, self._turn), lambda: self._look(family))
        return known

    def _is_old(self, known: _Known) -> bool:
        return known.turn != self._turn or time.monotonic() - known.at > CHECKED_EVERY_S

    async def _once(self, what: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives, which is done once however many wait for it; whoever goes away keeps nobody from it."""
        underway = self._underway.get(what)
        if underway is None or underway.get_loop() is not asyncio.get_running_loop():
            underway = self._underway[what] = asyncio.ensure_future(work())
            underway.add_done_callback(lambda _: self._underway.pop(what, None))
        done: T = await asyncio.shield(underway)
        return done

    async def _look(self, family: Family) -> _Known:
        """What there is of a family now. While its content cannot be read, what was known of it still holds."""
        had, version, turn = self._known.get(family.root), None, self._turn
        try:
            if family.version is not None:
                version = await self._in_thread(lambda: family.version(self._front))  # type: ignore[misc]
            if had is None or had.version != version:
                addresses = await self._in_thread(lambda: frozenset(family.addresses(self._front)))
                self._leaves.pop(family.root, None)
                had = _Known(version, addresses, 0.0, turn)
        except Trouble as e:
            if had is None:
                raise
            log.warning("%s is shown as it was: %s", family.root, e.code)
        had.at, had.turn = time.monotonic(), turn
        self._known[family.root] = had
        return had

    async def _make(self, family: Family, key: tuple[str, Way], version: Hashable) -> Leaf:
        day = self._day
        leaf = await self._in_thread(lambda: leaf_of(printed(self._front, family, *key), family.kind))
        known = self._known.get(family.root)
        if self._day == day and known is not None and known.version == version:  # else it is another's already
            self._leaves.setdefault(family.root, {})[key] = leaf
        return leaf

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._limiter())

    def _limiter(self) -> CapacityLimiter:
        """The few threads of the loop that runs now."""
        loop = asyncio.get_running_loop()
        if getattr(self, "_limited", (None, None))[0] is not loop:
            self._limited = (loop, CapacityLimiter(THREADS))
        return self._limited[1]


def printed(front: Front, family: Family, path: str, way: Way) -> bytes:
    """The bytes of a published page, put together here and now."""
    return family.made(PublishedPage(front, path, way), path).encode()


def leaf_of(content: bytes, kind: str) -> Leaf:
    """A page's content with what goes out beside it; packed the same way whenever it is."""
    mark = hashlib.sha256(content).hexdigest()[:24]
    return Leaf(content, gzip.compress(content, compresslevel=6, mtime=0), mark, kind)
