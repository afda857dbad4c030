"""The frame of every page: language, heading, who is signed in, and the headers that keep a page to itself.

A face with pages has a `Page` of its own that names its room: its templates, and its words beside those of all pages.
"""

import hashlib
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from anyio import to_thread
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import Cookie

from shebaoka.desk import JournalLine, Right, Staff, as_seen_by
from shebaoka.pages import manner
from shebaoka.pages.labels import LABELS
from shebaoka.pages.sessions import VISITOR, Asked, form_mark, front_of
from shebaoka.pages.wording import Line, Said, line_of
from shebaoka.records import NoNotice

_POLICY = "Content-Security-Policy"
HEADERS = {
    _POLICY: (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(self), geolocation=(), microphone=(), "
        "publickey-credentials-create=(self), publickey-credentials-get=(self)"
    ),
    "Cache-Control": "no-store",
}
FIRST_PAGE = "/today"
"""Where staff begin; `/` is the public's."""
STATIC = Path(__file__).parent / "static"
STYLES = {name: (STATIC / name).read_bytes() for name in ("pages.css", "public.css")}
"""Style sheets by name: that of all pages, and what the public's have besides."""
STYLE_AT = {name: f"/{name}?v={hashlib.sha256(content).hexdigest()[:12]}" for name, content in STYLES.items()}
SCRIPTS = {
    name: (STATIC / name).read_bytes() for name in ("passkeys.js", "places.js", "window.js", "aloud.js", "ecard.js")
}
"""The pages' scripts by name. A page loads one by its address in `scripts`, which changes with its content."""
SCRIPT_AT = {name: f"/scripts/{name}?v={hashlib.sha256(content).hexdigest()[:12]}" for name, content in SCRIPTS.items()}
ICON = (STATIC / "icon.svg").read_bytes()
LOADED = {
    **{address: STYLES[name] for name, address in STYLE_AT.items()},
    **{address: SCRIPTS[name] for name, address in SCRIPT_AT.items()},
    "/icon.svg": ICON,
}
"""Every file that pages load, by its address."""


class Room(msgspec.Struct, frozen=True):
    """A face's own templates, by its package, and its own words by language."""

    package: str
    labels: dict[str, dict[str, str]]


@cache
def _templates(package: str) -> Environment:
    """A face's own templates, and those of all pages."""
    places = dict.fromkeys((package, "shebaoka.pages"))
    return Environment(
        loader=ChoiceLoader([PackageLoader(place) for place in places]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Page:
    """One page being made: the request, who looks at it, and its language."""

    ROOM: ClassVar[Room] = Room("shebaoka.pages", LABELS)

    def __init__(self, request: Asked) -> None:
        front = front_of(request)
        self.front = front
        self.request = request
        self.staff: Staff | None = request.state.get("staff")
        self.sees_people = self.may(Right.OPEN_DOSSIERS)
        self.sees_accounts = self.may(Right.SEE_ACCOUNTS)
        self.sees_staff = self.may(Right.SEE_STAFF)
        self.sees_tills = self.may(Right.TAKE_FEES) or self.may(Right.SEE_TILLS)
        self.waiting = 0
        self.language = manner.chosen(request, "language")
        self.on = front.screens.today()
        try:
            self.notice = front.notices.on(self.on)
        except NoNotice:  # even the page that says so has a frame
            self.notice = front.notices.versions[-1]
        self.labels = self.ROOM.labels[self.language]
        self.said = self.said_of(self.notice.id)

    def may(self, right: Right) -> bool:
        """Whether somebody is signed in whose role has a right."""
        return self.staff is not None and self.staff.may(right)

    def said_of(self, notice_id: str) -> Said:
        """The words of one version of the notice."""
        return Said(self.front.speech(notice_id, self.language), self.labels)

    def lines(self, found: Iterable[JournalLine]) -> list[Line]:
        """Journal entries in words, each by the notice that decided it, as whoever looks may read them."""
        seen = as_seen_by(self.staff, found) if self.staff is not None else []
        return [line_of(line, self.said_of(line.answer.notice), self.front.notices.zone) for line in seen]

    async def show(self, template: str, /, *, status: int = 200, **values: Any) -> Response[bytes]:
        """The page as a response. It is put together in a thread, for terminals are served by the same loop."""
        return await to_thread.run_sync(partial(self._counted, template, status=status, **values))

    def _counted(self, template: str, /, *, status: int, **values: Any) -> Response[bytes]:
        """The page with the number of approvals that wait beside the menu; a page about a trouble asks for none."""
        if self.staff is not None and self.may(Right.APPROVE_DRAFTS):
            self.waiting = self.front.drafts.count_waiting(self.staff)
        return self.show_at_once(template, status=status, **values)

    def show_at_once(self, template: str, /, *, status: int = 200, **values: Any) -> Response[bytes]:
        """The page as a response, put together here and now."""
        mark, form_cookie = form_mark(self.request)
        body = self.body(template, mark, **values).encode()
        cookies = [form_cookie, *manner.kept(self.request)]
        return Response(body, status_code=status, media_type="text/html", headers=self._headers(), cookies=cookies)

    def body(self, template: str, mark: str, /, **values: Any) -> str:
        """The page as text, its forms with a mark."""
        return _templates(self.ROOM.package).get_template(template).render(values | self._frame(mark))

    def _headers(self) -> dict[str, str]:
        """The headers of a page; where the city has set one up, it may ask the reader of the machine it is shown on."""
        if not self.front.card_reader:
            return HEADERS
        policy = HEADERS[_POLICY].replace("connect-src 'self'", f"connect-src 'self' {self.front.card_reader}")
        return HEADERS | {_POLICY: policy}

    def _frame(self, mark: str) -> dict[str, Any]:
        return {
            "language": self.language,
            "languages": manner.languages(self.request),
            "modes": manner.modes(self.request, self.labels),
            "large": manner.chosen(self.request, "type") == "large",
            "high": manner.chosen(self.request, "contrast") == "high",
            "t": self.labels,
            "said": self.said,
            "notice": self.notice,
            "wording": self.notice.wording[self.language],
            "on": self.on,
            "path": self.request.url.path,
            "first_page": FIRST_PAGE,
            "staff": self.staff,
            "sees_people": self.sees_people,
            "sees_accounts": self.sees_accounts,
            "sees_staff": self.sees_staff,
            "open_to_all": self.front.open_to_all,
            "visitor": self.staff is VISITOR,
            "menu": self._menu(),
            "approvals_count": self.waiting,
            "mark": mark,
            "styles": STYLE_AT,
            "scripts": SCRIPT_AT,
            "card_reader": self.front.card_reader,
        }

    def _menu(self) -> list[tuple[str, str, bool]]:
        """The pages that the menu names: address, label, and whether whoever looks has something to see there."""
        labels, people = self.labels, self.sees_people
        accounts = self.sees_accounts
        return [
            (FIRST_PAGE, labels["today"], True),
            ("/day", labels["menu_day"], self.may(Right.OVERSEE)),
            ("/journal", labels["journal"], people),
            ("/persons", labels["people"], people),
            ("/approvals", labels["menu_approvals"], accounts),
            ("/drafts", labels["menu_drafts"], people),
            ("/corrections", labels["corrections"], accounts),
            ("/batches", labels["menu_batches"], self.may(Right.SEE_BATCHES)),
            ("/stock", labels["menu_stock"], self.may(Right.USE_STOCK) or self.may(Right.SEE_STOCK)),
            ("/deliveries", labels["menu_deliveries"], self.may(Right.RECEIVE_CARDS) or self.may(Right.SEE_STOCK)),
            ("/outbox", labels["menu_outbox"], self.may(Right.SEE_OUTBOX)),
            ("/hotline", labels["menu_hotline"], self.may(Right.SERVE_CALLERS) or self.may(Right.SEE_CALLS)),
            ("/till", labels["till"], self.sees_tills),
            ("/evening", labels["evening"], True),
            ("/clauses", labels["clauses"], True),
            ("/windows", labels["menu_windows"], True),
            ("/institutions", labels["menu_institutions"], self.may(Right.SEE_CONFIGURATION)),
            ("/partners", labels["menu_partners"], self.may(Right.SEE_CONFIGURATION)),
            (
                "/articles",
                labels["menu_articles"],
                self.may(Right.APPROVE_ARTICLES) or self.may(Right.SEE_CONFIGURATION),
            ),
            ("/site", labels["menu_site"], self.may(Right.APPROVE_ARTICLES) or self.may(Right.SEE_CONFIGURATION)),
            ("/staff", labels["staff_accounts"], self.sees_staff),
        ]


def moved_to(path: str, *cookies: Cookie) -> Response[bytes]:
    """To another page after a form."""
    return Response(
        b"", status_code=303, media_type="text/html", headers={**HEADERS, "Location": path}, cookies=list(cookies)
    )
