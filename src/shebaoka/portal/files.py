"""What programs ask a public page for: what to read, which pages there are, whom to tell of a weakness.

Those are robots.txt (RFC 9309), sitemap.xml, where the settings say at which address the pages are, and security.txt
(RFC 9116), which names the notice's hotline.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import quoteattr

from shebaoka.notice import LANGUAGES
from shebaoka.portal.shelf import Family, PublishedPage
from shebaoka.web import Front

PRIVATE = ("/my", "/where", "/slip/", "/booking", "/feedback", "/follow", "/search", "/sign-in", "/hotline")
"""What no search engine need look at: it is each reader's own, or the staff's."""
TOLD_FOR = dt.timedelta(days=30)
_COUNTRY = "+86"


def _origin(front: Front) -> str:
    """The address at which browsers see the pages, if the settings say one that others can reach too."""
    origin = front.passkeys.site.origin
    return origin if origin.startswith("https://") else ""


def _robots(page: PublishedPage, _: str) -> str:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    if origin := _origin(page.front):
        lines += ["", f"Sitemap: {origin}/sitemap.xml"]
    return "\n".join(lines) + "\n"


def _security(page: PublishedPage, _: str) -> str:
    """The hotline, as a number of the country; the text is made anew each day, and holds for thirty more."""
    number, until = page.notice.p.hotline.replace("-", ""), page.on + TOLD_FOR
    return f"Contact: tel:{number};phone-context={_COUNTRY}\nExpires: {until}T00:00:00Z\nPreferred-Languages: zh, en\n"


def _sitemap(page: PublishedPage, families: Iterable[Family]) -> str:
    """Every page that people read, with its address in each language."""
    origin = _origin(page.front)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">',
    ]
    for family in families:
        for path in family.addresses(page.front):
            others = "".join(
                f'<xhtml:link rel="alternate" hreflang="{language}" '
                f"href={quoteattr(f'{origin}{path}?language={language}')}/>"
                for language in LANGUAGES
            )
            lines.append(f"<url><loc>{origin}{path}</loc>{others}</url>")
    return "\n".join([*lines, "</urlset>"]) + "\n"


def files(families: Sequence[Family]) -> tuple[Family, ...]:
    """The files of a public page with these families of pages."""
    robots, sitemap, security = "/robots.txt", "/sitemap.xml", "/.well-known/security.txt"
    return (
        Family("/robots.txt", (robots,), lambda _: [robots], _robots, kind="text/plain", spoken=False),
        Family(
            *(sitemap, (sitemap,), lambda front: [sitemap] if _origin(front) else []),
            made=lambda page, _: _sitemap(page, families),
            kind="application/xml",
            spoken=False,
        ),
        Family("/.well-known", (security,), lambda _: [security], _security, kind="text/plain", spoken=False),
    )
