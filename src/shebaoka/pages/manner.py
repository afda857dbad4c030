"""How somebody wants to see pages: language, size of type, contrast. Each is a link away, and kept in a cookie.

No script has a part in it: the address asks (`?type=large`), the answer keeps it, and every page after it is so.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import msgspec
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


def _with(request: Asked, name: str, value: str) -> str:
    """This page's address with something chosen in it, and without what was chosen before."""
    asked = parse_qsl(request.url.query, keep_blank_values=True)  # in its order, which the framework's own loses
    rest = [(k, v) for k, v in asked if k not in CHOICES]
    return f"?{urlencode([*rest, (name, value)])}"
