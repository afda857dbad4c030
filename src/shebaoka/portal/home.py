"""The first page: what people come for, each a large link; a field to search; the newest notices; the hotline.

What people do on pages that are made for each of them is found by the search, too.
"""

from collections.abc import Iterator

from shebaoka.notice import LANGUAGES
from shebaoka.portal import articles
from shebaoka.portal.finding import Findable
from shebaoka.portal.frame import MENU
from shebaoka.portal.labels import LABELS
from shebaoka.portal.shelf import Family, PublishedPage
from shebaoka.records import NoNotice
from shebaoka.web import Front

MORE = (("/cards", "home_cards"), ("/faq", "faq"), ("/related", "related_notices"), ("/notice/history", "history"))
"""What the first page names beside the menu: address and label."""
DONE_AT = (
    ("/places", "places_title", "places_has"),
    ("/where", "where_title", "where_says"),
    ("/my", "menu_my", "my_lead"),
    ("/booking", "menu_booking", "booking_lead"),
    ("/feedback", "menu_feedback", "feedback_lead"),
    ("/follow", "follow", "follow_lead"),
)
"""Pages on which people do something: address, and the labels of their titles and of what they are for."""
NEWS = 3
"""So many related notices are named, the newest."""


def _addresses(_: Front) -> list[str]:
    return ["/"]


def _made(page: PublishedPage, _: str) -> str:
    doors, more = ([(address, page.labels[label]) for address, label in list_] for list_ in (MENU, MORE))
    news = articles.latest(page, NEWS)
    return page.printed("home.html", doors=doors, more=more, news=news, typed="")


def findable(front: Front) -> Iterator[Findable]:
    """Every page on which people do something, by its title and what it is for."""
    try:
        hotline = front.notices.on(front.screens.today()).p.hotline
    except NoNotice:
        return
    for address, title, text in DONE_AT:
        said = [(language, LABELS[language]) for language in LANGUAGES]
        texts = {language: labels[text].format(hotline) for language, labels in said}
        yield Findable("page", address, {language: labels[title] for language, labels in said}, texts)


FAMILY = Family(root="/", routes=("/",), addresses=_addresses, made=_made, version=articles.version, findable=findable)
