"""What no page may do, whatever a test is about: be hard to use, break its own policy, or ask anybody else.

Every page of `steps` is listened to from the start. A message in the console, a script's error, a violation of the
content security policy, a request to another host and a broken answer are faults; a page that says no (4xx) is none.
axe-core holds a page against WCAG 2.2 at level AA and against what is good practice beyond it.
"""

import re
from collections import defaultdict
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"], "preload": False}
_RUN = "options => axe.run(options).then(found => found.violations)"
_HEARD: "WeakKeyDictionary[BrowserContext, list[str]]" = WeakKeyDictionary()
_EXPECTED: "WeakKeyDictionary[BrowserContext, list[str]]" = WeakKeyDictionary()
_LISTENS = """
addEventListener('securitypolicyviolation', e =>
  console.error(`policy violated: ${e.violatedDirective} by ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`))
"""
_WIDER = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return '';
  const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1);
  return `${document.documentElement.scrollWidth} of ${width} px: ` +
    out.slice(0, 4).map(e => e.outerHTML.slice(0, 120)).join(' ');
}"""


def listen(context: BrowserContext, url: str) -> None:
    """From now on, whatever a page of this context does wrong is noted. `url` is the one server that it may ask."""
    heard = _HEARD.setdefault(context, [])
    own = urlsplit(url).netloc

    def requested(request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme in ("http", "https", "ws", "wss") and asked.netloc != own:
            fault = f"asks another host: {request.method} {request.url}"
            if not any(re.search(pattern, fault) for pattern in _EXPECTED.get(context, ())):
                heard.append(fault)

    def answered(response: Response) -> None:
        if response.status >= (500 if response.request.is_navigation_request() else 400):
            heard.append(f"answers {response.status}: {response.request.method} {response.url}")

    def said(message: ConsoleMessage) -> None:
        # That a page or a picture was answered with a no is heard above, with more to it.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            heard.append(f"console: {message.text} ({message.location.get('url', '')})")

    context.add_init_script(_LISTENS)
    context.on("request", requested)
    context.on("response", answered)
    context.on("console", said)
    context.on("weberror", lambda e: heard.append(f"script: {e.error}"))


def heard_of(context: BrowserContext) -> list[str]:
    """What was noted so far."""
    return list(_HEARD.get(context, ()))


def forgive(page: Page, pattern: str) -> None:
    """Take from what was noted that which a test made happen itself; at least one must be there."""
    heard = _HEARD[page.context]
    kept = [fault for fault in heard if not re.search(pattern, fault)]
    assert len(kept) < len(heard), f"nothing like {pattern} was heard"
    heard[:] = kept


def expects(page: Page, pattern: str) -> None:
    """As `forgive`, and for as long as the page is there: what it asks so again and again is as it shall be."""
    expected = _EXPECTED.setdefault(page.context, [])
    if pattern not in expected:
        forgive(page, pattern)
        expected.append(pattern)


def hard_to_use(page: Page, *, colours: bool = True, only: str = "") -> list[str]:
    """What axe-core finds on a page as it stands, or what one rule does; a line for each element.

    The contrast of `colours` takes most of its time: it need not be held again where only words or the size changed.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    rules = {"runOnly": [only]} if only else {"rules": {"color-contrast": {"enabled": colours}}}
    found = page.evaluate(_RUN, _OPTIONS | rules)
    places = defaultdict(list)
    for violation in found:
        for node in violation["nodes"]:
            why = " ".join(node.get("failureSummary", "").split())[:300]
            places[violation["id"]].append(f"  {node['target']} {node['html'][:200]} {why}")
    return [f"axe {rule}:\n" + "\n".join(where[:5]) for rule, where in places.items()]


def no_faults(page: Page, *, colours: bool = True) -> None:
    """The page as it stands has none: axe finds nothing, nothing was heard, and it is not wider than its window."""
    faults = hard_to_use(page, colours=colours) + heard_of(page.context)
    assert not faults, "\n".join([f"{page.url} ({page.title()})", *faults])
    fits(page)


def fits(page: Page) -> None:
    """The page is not wider than its window: nobody scrolls sideways."""
    wider = page.evaluate(_WIDER)
    assert not wider, f"{page.url} is wider than its window: {wider}"
