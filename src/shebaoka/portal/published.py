"""All that is published: the families of pages, and the two functions by which others look at them.

`pages` and `rendered` are what `shebaoka site` holds a server against. A room that publishes adds its family to `READ`.
"""

from collections.abc import Iterator

from shebaoka.notice import LANGUAGES
from shebaoka.portal import articles, cards, files, guide, home, notice
from shebaoka.portal.shelf import Family, Way, printed, root_of
from shebaoka.records import NotFound
from shebaoka.web import Front

READ: tuple[Family, ...] = (
    *(home.FAMILY, notice.FAMILY, cards.FAMILY),
    *(guide.FAMILY,),
    *articles.FAMILIES,
)
"""What people read."""
FAMILIES: tuple[Family, ...] = (*READ, *files.files(READ))


def pages(front: Front) -> Iterator[tuple[str, str]]:
    """Address and language of every published page there is now; of one that is in no language the first."""
    for family in FAMILIES:
        for path in family.addresses(front):
            for language in LANGUAGES if family.spoken else LANGUAGES[:1]:
                yield path, language


def rendered(front: Front, path: str, language: str, *, large: bool = False, high: bool = False) -> bytes:
    """A published page's bytes as a server sends them: the same content makes the same bytes. `NotFound`."""
    family = next((f for f in FAMILIES if f.root == root_of(path)), None)
    if family is None or path not in family.addresses(front):
        raise NotFound("There is nothing published at this address.")
    return printed(front, family, path, Way(language, large, high))
