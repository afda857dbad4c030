"""What do I do? Matters, a few plain questions, and the way to go, which has an address that can be printed and sent.

Nobody is looked up: what is answered is worked out by the rules on an invented holder (`desk/guide.py`). The list of
matters is published; an answer is put together when it is asked for.
"""

from collections.abc import Iterator

from litestar import Response, get

from shebaoka.desk import GuideTold, NearTold, answers_in, fitting, matters, near_told
from shebaoka.notice import LANGUAGES
from shebaoka.pages import Asked
from shebaoka.portal.finding import Findable
from shebaoka.portal.frame import Page, in_thread
from shebaoka.portal.shelf import Family, PublishedPage
from shebaoka.records import Matter, StoreDown
from shebaoka.web import Front

ROOT = "/guide"
WINDOWS = 5
"""So many windows are named beside an answer; the page of windows has all of them, and how far they are."""


@get("/guide/{matter:str}")
async def get_guide(request: Asked) -> Response[bytes]:
    """The questions of a matter, and the way to go once all are answered. What cannot be answered is asked again."""
    page = Page(request)
    matter = str(request.path_params["matter"])
    said = answers_in(request.query_params.multi_items())
    found, near = await in_thread(request, _answer, page, matter, said)
    # Whoever comes with nothing answered is asked, and not told that something is missing.
    return await page.show("guide.html", guide=found, begun=bool(said), windows=near)


def _answer(page: Page, matter: str, said: dict[str, str]) -> tuple[GuideTold, list[NearTold]]:
    """What the guide says, and beside a way to go the windows."""
    found = page.front.guide.told(matter, fitting(matter, said), page.on, page.said.speech)
    return found, _windows(page) if found.visits else []


def _windows(page: Page) -> list[NearTold]:
    """The windows in use and whether they are open now; none while the database is away: what to do is known."""
    try:
        return [near_told(one, page.on, page.said.speech) for one in page.front.places.nearest(limit=WINDOWS)]
    except StoreDown:
        return []


def _addresses(_: Front) -> list[str]:
    return [ROOT]


def _made(page: PublishedPage, _: str) -> str:
    return page.printed("guides.html", matters=matters(page.said.speech))


def findable(front: Front) -> Iterator[Findable]:
    """Every matter, by what it is called and what it is about."""
    for matter in Matter:
        said = {language: front.words[language].guide.matters[matter] for language in LANGUAGES}
        titles = {language: one.title for language, one in said.items()}
        yield Findable("guide", f"{ROOT}/{matter}", titles, {language: one.text for language, one in said.items()})


FAMILY = Family(root=ROOT, routes=(ROOT,), addresses=_addresses, made=_made, findable=findable)
