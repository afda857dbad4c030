"""How somebody wants to see pages: language, size of type, contrast. Each is a link away, and kept in a cookie.

No script has a part in it: the address asks (`?type=large`), the answer keeps it, and every page after it is so.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Litestar
from litestar.datastructures import Cookie

from shebaoka.notice import LANGUAGES
from shebaoka.pages.labels import LANGUAGE_NAMES
from shebaoka.pages.sessions import Asked

CHOICES: dict[str, tuple[str, ...]] = {
    "language": LANGUAGES,
    "type": ("usual", "large"),
    "contrast": ("usual", "high"),
}
"""What can be chosen, each with what it is until somebody chooses."""
KEYS = {"zh-Hans": "J", "zh-Hant": "Q", "en": "Y", "type": "X", "contrast": "Z"}
"""The access keys of the frame; a page has others of its own."""
_KEPT_S = 365 * 24 * 3600
_OPENS = frozenset(("GET", "HEAD"))
_Route = tuple[re.Pattern[str], bool]


class Way(msgspec.Struct, frozen=True):
    """A link of the frame that shows this page otherwise: the code of what it leads to, its address, its key."""

    code: str
    name: str
    address: str
    key: str


def chosen(request: Asked, name: str) -> str:
    """What is chosen: as the address asks, else as it was last asked for, else as it is for everybody."""
    return chosen_in(request.query_params, request.cookies, name)


def chosen_in(query: Mapping[str, str], cookies: Mapping[str, str], name: str) -> str:
    """The same, of an address's query and of cookies."""
    for asked in (query.get(name), cookies.get(name)):
        if asked in CHOICES[name]:
            return str(asked)
    return CHOICES[name][0]


def kept(request: Asked) -> list[Cookie]:
    """The cookies that keep what this address asks for."""
    return kept_of(request.query_params)


def kept_of(query: Mapping[str, str]) -> list[Cookie]:
    """The same, of an address's query."""
    return [
        Cookie(key=name, value=asked, path="/", max_age=_KEPT_S, httponly=True, samesite="lax")
        for name, values in CHOICES.items()
        if (asked := query.get(name)) in values
    ]


def languages(request: Asked) -> list[Way]:
    """This page in each language."""
    return [Way(code, LANGUAGE_NAMES[code], _with(request, "language", code), KEYS[code]) for code in LANGUAGES]


def modes(request: Asked, labels: dict[str, str]) -> list[Way]:
    """This page with the other size of type, and with the other contrast."""
    words = {
        ("type", "usual"): labels["type_usual"],
        ("type", "large"): labels["type_large"],
        ("contrast", "usual"): labels["contrast_usual"],
        ("contrast", "high"): labels["contrast_high"],
    }
    ways = []
    for name in ("type", "contrast"):
        (other,) = set(CHOICES[name]) - {chosen(request, name)}
        ways.append(Way(other, words[name, other], _with(request, name, other), KEYS[name]))
    return ways


def _opened_at(request: Asked) -> str:
    """Where the answer to a form is opened by a link, if not at its own address: some addresses take forms alone.

    It is the nearest one above that can be opened, which is the page that the form stood on.
    """
    if request.method in _OPENS:
        return ""
    routes: list[_Route] | None = request.app.state.get("routes_in_order")
    if routes is None:
        routes = request.app.state["routes_in_order"] = _routes(request.app)
    path = request.url.path
    while path and not next((opens for asked, opens in routes if asked.fullmatch(path)), False):
        path = path.rpartition("/")[0]
    return "" if path == request.url.path else path or "/"


def _routes(app: Litestar) -> list[_Route]:
    """The addresses of the server, each with whether a link opens it; what is written out comes before what varies."""
    found = []
    for route in app.routes:
        parts = [part if isinstance(part, str) else None for part in route.path_components]
        asked = re.compile("".join(f"/{re.escape(part)}" if part else "/[^/]+" for part in parts) or "/")
        found.append(([part is None for part in parts], (asked, not _OPENS.isdisjoint(route.methods))))
    return [route for _, route in sorted(found, key=lambda one: one[0])]


def _with(request: Asked, name: str, value: str) -> str:
    """This page's address with something chosen in it, and without what was chosen before."""
    if elsewhere := _opened_at(request):
        return f"{elsewhere}?{urlencode({name: value})}"
    asked = parse_qsl(request.url.query, keep_blank_values=True)  # in its order, which the framework's own loses
    rest = [(k, v) for k, v in asked if k not in CHOICES]
    return f"?{urlencode([*rest, (name, value)])}"
