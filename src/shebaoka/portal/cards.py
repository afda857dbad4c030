"""The three cards beside each other: the social security card, the temporary card, the old medical card (1 to 3)."""

from collections.abc import Iterator

from shebaoka.desk import BesideTold, beside_told, cards_beside
from shebaoka.notice import LANGUAGES, Notice, Speech
from shebaoka.portal.finding import Findable
from shebaoka.portal.labels import LABELS
from shebaoka.portal.shelf import Family, PublishedPage
from shebaoka.records import CardKind, NoNotice
from shebaoka.web import Front

ROOT = "/cards"
KINDS = (CardKind.SOCIAL_SECURITY, CardKind.TEMPORARY, CardKind.OLD_MEDICAL)
"""The cards in the order of the columns."""


def _made(page: PublishedPage, _: str) -> str:
    return page.printed("cards.html", kinds=KINDS, rows=_rows(page.front, page.notice, page.language))


def _rows(front: Front, notice: Notice, language: str) -> tuple[BesideTold, ...]:
    speech: Speech = front.speech(notice.id, language)
    return beside_told(cards_beside(notice, front.screens.today()), speech)


def findable(front: Front) -> Iterator[Findable]:
    """The page as a whole, by all that stands in it."""
    try:
        notice = front.notices.on(front.screens.today())
    except NoNotice:
        return
    titles = {language: LABELS[language]["home_cards"] for language in LANGUAGES}
    texts = {language: _text(front, notice, language) for language in LANGUAGES}
    yield Findable("cards", ROOT, titles, texts)


def _text(front: Front, notice: Notice, language: str) -> str:
    rows = _rows(front, notice, language)
    return " · ".join(f"{row.name} {' / '.join(cell.text for cell in row.cells)}" for row in rows)


FAMILY = Family(root=ROOT, routes=(ROOT,), addresses=lambda _: [ROOT], made=_made, findable=findable)
