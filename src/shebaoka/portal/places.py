"""Windows for the public: where they are, whether they are open now, how far they are, and a map. Clauses 5.2, 7.1.

No script has a part in it. With one, the browser's own position can be asked for on a press; it never leaves the page.
"""

import datetime as dt
from collections.abc import Sequence
from functools import partial

import msgspec
from litestar import Response, get

from shebaoka.coordinates import Point
from shebaoka.desk import NearTold, near_told
from shebaoka.notice.speech import WEEKDAYS
from shebaoka.pages import Asked
from shebaoka.portal.citymap import CityMap, city_map
from shebaoka.portal.frame import Page, in_thread

_CLOSED_TO = "geolocation=()"
_OPEN_TO = "geolocation=(self)"
SHOWN_NEAR = 5
"""With a place to begin from, the map shows so many sites that are nearest."""


class SiteTold(msgspec.Struct, frozen=True):
    """A site: its number in list and map, one of its windows in words for all, and the names of its windows."""

    number: int
    told: NearTold
    windows: tuple[str, ...]
    at: Point | None


class WindowsPage(Page):
    """The page of windows, which alone may ask a browser where it is."""

    def _headers(self) -> dict[str, str]:
        headers = super()._headers()
        policy = headers["Permissions-Policy"].replace(_CLOSED_TO, _OPEN_TO)
        return headers | {"Permissions-Policy": policy}


@get("/places")
async def get_places(request: Asked) -> Response[bytes]:
    """All windows, nearest first if a place is named, beside a map."""
    return await in_thread(request, partial(_shown, WindowsPage(request)))


def _shown(page: Page) -> Response[bytes]:
    room = page.front.places
    place = room.place(page.request.query_params.get("from", "")[:40])
    found = [near_told(n, page.on, page.said.speech) for n in room.nearest(place)]
    sites = sites_of(found)
    at = page.front.clock().astimezone(page.front.notices.zone)
    return page.show_at_once(
        "places.html",
        sites=sites,
        places=[(p.code, p.name[page.language]) for p in room.places],
        start=place.code if place else "",
        start_name=place.name[page.language] if place else "",
        map=_map_of(page, sites, Point(*place.at) if place else None),
        distances=page.said.words.windows,
        now=f"{at:%H:%M}",
        weekday=_weekday(page, at),
    )


def _weekday(page: Page, at: dt.datetime) -> str:
    return page.said.words.windows[WEEKDAYS[at.weekday()]]


def sites_of(found: Sequence[NearTold]) -> list[SiteTold]:
    """Windows by the site that they are in, in the order of the nearest; those with other hours are apart."""
    sites: dict[tuple[object, ...], list[NearTold]] = {}
    for told in found:
        w = told.window
        sites.setdefault((w.site, w.address, w.latitude, w.longitude, w.hours, told.days), []).append(told)
    return [
        SiteTold(number, told[0], tuple(t.window.name for t in told), told[0].window.at)
        for number, told in enumerate(sites.values(), 1)
    ]


def _map_of(page: Page, sites: Sequence[SiteTold], start: Point | None) -> CityMap | None:
    windows = [(site.number, site.at) for site in sites if site.at is not None]
    places = [(p.name[page.language], Point(*p.at)) for p in page.front.places.places]
    return city_map(windows[: SHOWN_NEAR if start else None], places, start)
