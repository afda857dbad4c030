"""The first page: what people come for, each a large link; a field to search; the newest notices; the hotline."""

from shebaoka.portal import articles
from shebaoka.portal.frame import MENU
from shebaoka.portal.shelf import Family, PublishedPage
from shebaoka.web import Front

MORE = (("/cards", "home_cards"), ("/faq", "faq"), ("/related", "related_notices"), ("/notice/history", "history"))
"""What the first page names beside the menu: address and label."""
NEWS = 3
"""So many related notices are named, the newest."""


def _addresses(_: Front) -> list[str]:
    return ["/"]


def _made(page: PublishedPage, _: str) -> str:
    doors, more = ([(address, page.labels[label]) for address, label in list_] for list_ in (MENU, MORE))
    news = articles.latest(page, NEWS)
    return page.printed("home.html", doors=doors, more=more, news=news, typed="")


FAMILY = Family(root="/", routes=("/",), addresses=_addresses, made=_made, version=articles.version)
