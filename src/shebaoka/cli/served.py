"""What a server sends of the public page, held byte for byte against what the content here makes. `site verify` asks.

It finds what files and database cannot show: a server that runs other code, a proxy that changes pages on their way.
"""

import http.client
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec

from shebaoka.records import BadInput

if TYPE_CHECKING:
    from shebaoka.app import House

_PATIENCE_S = 15
_PAGE_MAX = 4 * 1024 * 1024
_ELSEWHERE = ("Refresh", "Link")
"""Headers by which a browser goes or loads from elsewhere, whatever the page says."""


def connection_to(url: str) -> http.client.HTTPConnection:
    """A connection to the server at an address like `https://card.example.gov.cn`. `BadInput`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    kinds: dict[str, type[http.client.HTTPConnection]] = {
        "http": http.client.HTTPConnection,
        "https": http.client.HTTPSConnection,
    }
    if parts.scheme not in kinds or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise BadInput("--url: give the server's address alone, such as http://127.0.0.1:8000.")
    return kinds[parts.scheme](parts.hostname, port, timeout=_PATIENCE_S)


class Compared(msgspec.Struct, frozen=True):
    """A published page in a language, and what is wrong with it as the server sends it; empty for nothing.

    Of a file that pages load the language is empty.
    """

    path: str
    language: str
    fault: str


def told(served: Iterable[Compared]) -> list[str]:
    """A sentence for each page with a fault, and the languages in which it has it."""
    of: dict[tuple[str, str], list[str]] = {}
    for one in served:
        if one.fault:
            of.setdefault((one.path, one.fault), []).append(one.language)
    spoken = {key: f" ({', '.join(languages)})" if any(languages) else "" for key, languages in of.items()}
    return [f"{path}{spoken[path, fault]}: {fault}" for path, fault in of]


def compared(house: "House", connection: http.client.HTTPConnection) -> Iterator[Compared]:
    """Every published page in each language, and every file that pages load, held against what the server sends."""
    from shebaoka.desk import open_counter
    from shebaoka.pages import LOADED
    from shebaoka.portal.published import pages, rendered
    from shebaoka.serving import front_of

    with open_counter(house.desk, 1) as counter:
        front = front_of(house, counter)
        # A demonstration says on each page that its people are invented.
        fronts = [front, *([msgspec.structs.replace(front, open_to_all=True)] if _is_invented(house) else [])]
        for path, language in pages(front):
            address = f"{path}?{urlencode({'language': language})}"
            yield Compared(path, language, _fault(connection, address, [rendered(f, path, language) for f in fronts]))
    for address, content in LOADED.items():
        yield Compared(address.partition("?")[0], "", _fault(connection, address, [content]))


def _is_invented(house: "House") -> bool:
    return house.screens.meta().get("invented") == "true"


def _fault(connection: http.client.HTTPConnection, address: str, contents: list[bytes]) -> str:
    from shebaoka.pages import HEADERS

    try:
        connection.request("GET", address)
        answer = connection.getresponse()
        body = answer.read(_PAGE_MAX)
    except (OSError, http.client.HTTPException) as e:
        raise BadInput(f"--url: {connection.host} does not answer ({type(e).__name__}); is the server running?") from e
    if answer.status != 200:
        return f"the server answers {answer.status}."
    if body not in contents:
        return "the server sends another page than the content here makes."
    if any(answer.getheader(name) for name in _ELSEWHERE):
        return "the server sends it with a header that leads elsewhere."
    policy = "Content-Security-Policy"
    if answer.getheader(policy, "") != HEADERS[policy]:
        return "the server sends it without the policy that keeps foreign content out."
    return ""
