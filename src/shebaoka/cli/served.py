"""What a server sends of the public page, held byte for byte against what the content here makes. `site verify` asks.

It finds what files and database cannot show: a server that runs other code, a proxy that changes pages on their way.
"""

import errno
import http.client
import ipaddress
import itertools
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
MODES = {
    (False, False): "usual type",
    (True, False): "large type",
    (False, True): "high contrast",
    (True, True): "large type and high contrast",
}
"""How a page is looked at in each language, large or not and in high contrast or not, and what that is called."""


def connection_to(url: str, source: str = "") -> http.client.HTTPConnection:
    """A connection to the server at an address like `https://card.example.gov.cn`, from a `source` of this machine.

    `BadInput`. Whoever changes pages may change them for some networks alone.
    """
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
    try:
        asks_from = (str(ipaddress.ip_address(source)), 0) if source else None
    except ValueError:
        raise BadInput("--from: give an address of this machine, such as 192.0.2.7.") from None
    return kinds[parts.scheme](parts.hostname, port, timeout=_PATIENCE_S, source_address=asks_from)


class Compared(msgspec.Struct, frozen=True):
    """A published page in a language and a mode, and what is wrong with it as the server sends it; empty for nothing.

    Of a file that pages load language and mode are empty.
    """

    path: str
    language: str
    mode: str
    fault: str


def told(served: Iterable[Compared]) -> list[str]:
    """A sentence for each page with a fault, the languages in which it has it, and the modes where it is not all."""
    of: dict[tuple[str, str], dict[str, list[str]]] = {}
    for one in served:
        if one.fault:
            of.setdefault((one.path, one.fault), {}).setdefault(one.language, []).append(one.mode)
    return [f"{path}{_ways(seen)}: {fault}" for (path, fault), seen in of.items()]


def _ways(seen: dict[str, list[str]]) -> str:
    every = set(MODES.values())
    said = [
        language if set(modes) == every else f"{language} in {' or '.join(modes)}"
        for language, modes in seen.items()
        if language
    ]
    return f" ({', '.join(said)})" if said else ""


def compared(house: "House", connection: http.client.HTTPConnection) -> Iterator[Compared]:
    """Every published page in each language and mode, and every file that pages load, held against what is sent."""
    from shebaoka.desk import open_counter
    from shebaoka.pages import LOADED
    from shebaoka.portal.published import pages, rendered
    from shebaoka.serving import front_of

    with open_counter(house.desk, 1) as counter:
        front = front_of(house, counter)
        # A demonstration says on each page that its people are invented.
        fronts = [front, *([msgspec.structs.replace(front, open_to_all=True)] if _is_invented(house) else [])]
        for (path, language), ((large, high), mode) in itertools.product(pages(front), MODES.items()):
            size, contrast = "large" if large else "usual", "high" if high else "usual"
            address = f"{path}?{urlencode({'language': language, 'type': size, 'contrast': contrast})}"
            contents = [rendered(f, path, language, large=large, high=high) for f in fronts]
            yield Compared(path, language, mode, _fault(connection, address, contents))
    for address, content in LOADED.items():
        yield Compared(address.partition("?")[0], "", "", _fault(connection, address, [content]))


def _is_invented(house: "House") -> bool:
    return house.screens.meta().get("invented") == "true"


def _fault(connection: http.client.HTTPConnection, address: str, contents: list[bytes]) -> str:
    from shebaoka.pages import HEADERS

    try:
        connection.request("GET", address)
        answer = connection.getresponse()
        body = answer.read(_PAGE_MAX)
    except (OSError, http.client.HTTPException) as e:
        if isinstance(e, OSError) and e.errno == errno.EADDRNOTAVAIL:
            raise BadInput("--from: this machine has no such address to ask from.") from e
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
