"""Frequently asked questions and related notices: what two people signed off, published in three languages.

The questions stand on `/faq`, some on each page; a related notice has a page of its own. What was changed behind the
program's back is not here (`desk/articles.py`), and links lead to pages of ours and to allowed hosts alone.
"""

import logging
from collections.abc import Hashable, Iterator
from typing import Any

import msgspec

from shebaoka.articletext import Block, blocks_of, words_of
from shebaoka.desk import Article, ArticleKind, Published
from shebaoka.portal.finding import Findable
from shebaoka.portal.shelf import Family, PublishedPage
from shebaoka.records import SealWrong, VaultTrouble
from shebaoka.web import Front

log = logging.getLogger(__name__)
FAQ, RELATED = "/faq", "/related"
ON_A_PAGE = 20
"""So many questions stand on a page: with the longest texts it stays below 100 kB."""
LISTED_MAX = 100
"""So many related notices are listed, the newest; older ones are found by the search."""


class Shown(msgspec.Struct, frozen=True):
    """An article in the page's language."""

    id: int
    title: str
    blocks: tuple[Block, ...]
    since: str


def _published(front: Front) -> Published:
    """What may be shown: nothing where the seal of what was signed off is wrong, or cannot be looked at now."""
    try:
        return front.articles.published()
    except (SealWrong, VaultTrouble) as e:
        log.warning("no article is shown: %s", e.code)
        return Published()


def version(front: Front) -> Hashable:
    """What changes when an article does."""
    return _published(front).edition


def latest(page: PublishedPage, count: int) -> list[Shown]:
    """The newest related notices."""
    published = _published(page.front)
    return _shown(page, published.on(page.on, "related")[:count], published)


def _all(front: Front, kind: ArticleKind) -> list[Article]:
    return _published(front).on(front.screens.today(), kind)


def _shown(page: PublishedPage, found: list[Article], published: Published) -> list[Shown]:
    shown = []
    for one in found:
        text = one.texts[page.language]
        shown.append(Shown(one.id, text.title, blocks_of(text.body, published.hosts), page.said.day(one.from_on)))
    return shown


# Frequently asked questions ------------------------------------------------------------------------------------------


def _faq_address(n: int) -> str:
    """The page on which the question of this place stands."""
    return FAQ if n < ON_A_PAGE else f"{FAQ}/{n // ON_A_PAGE + 1}"


def _faq_addresses(front: Front) -> list[str]:
    return [_faq_address(n) for n in range(0, max(1, len(_all(front, "faq"))), ON_A_PAGE)]


def _faq(page: PublishedPage, path: str) -> str:
    published = _published(page.front)
    found, addresses = published.on(page.on, "faq"), _faq_addresses(page.front)
    at = addresses.index(path)
    return page.printed(
        "faq.html",
        questions=_shown(page, found[at * ON_A_PAGE : (at + 1) * ON_A_PAGE], published),
        before=addresses[at - 1] if at else "",
        after=addresses[at + 1] if at + 1 < len(addresses) else "",
    )


def _findable(front: Front, kind: ArticleKind) -> Iterator[Findable]:
    for n, one in enumerate(_all(front, kind)):
        address = f"{_faq_address(n)}#q{one.id}" if kind == "faq" else f"{RELATED}/{one.id}"
        titles = {language: text.title for language, text in one.texts.items()}
        texts = {language: words_of(text.body) for language, text in one.texts.items()}
        yield Findable("answer" if kind == "faq" else "related", address, titles, texts)


# Related notices -----------------------------------------------------------------------------------------------------


def _related_addresses(front: Front) -> list[str]:
    return [RELATED, *(f"{RELATED}/{one.id}" for one in _all(front, "related"))]


def _related(page: PublishedPage, path: str) -> str:
    published = _published(page.front)
    found = published.on(page.on, "related")
    if path == RELATED:
        listed = _shown(page, found[:LISTED_MAX], published)
        return page.printed("related.html", notices=listed, more=len(found) > LISTED_MAX)
    (one,) = _shown(page, [one for one in found if path == f"{RELATED}/{one.id}"], published)
    return page.printed("relatedone.html", one=one)


def _family(root: str, kind: ArticleKind, addresses: Any, made: Any) -> Family:
    return Family(
        root=root,
        routes=(root, f"{root}/{{number:str}}"),
        addresses=addresses,
        made=made,
        version=version,
        findable=lambda front: _findable(front, kind),
    )


FAMILIES = (_family(FAQ, "faq", _faq_addresses, _faq), _family(RELATED, "related", _related_addresses, _related))
