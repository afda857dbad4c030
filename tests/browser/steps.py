"""What browser tests are written with. A test asks for the fixture `browser`, and opens windows with it.

    def test_a_card_is_reported_lost(browser: Windows) -> None:
        holder = person_in(browser, "in_use")
        page = window_of(browser, "clerk")
        page.goto("/persons")
        ...
        no_faults(page)

- `window_of(browser, role)` is a page on which somebody of the role has just signed in by the form, with password and
  six digits. Each call is another person and another browser, so two windows do not end each other's sessions.
- `nobody_at(browser)` is a page on which nobody has signed in.
- `person_in(browser, state)` puts a newly invented person into one of `STATES` through the desk, and says who it is.
- `no_faults(page)` holds the page as it stands against axe-core and everything that was heard of it; see `faults`.
  At a test's end what was heard on any of its pages is held against it once more, whether it asked or not.
- `browser.run` is the house: `.clock.move(days=3)`, `.house`, `.ask("report_loss", number)`, `.enrolled("clerk")`, and
  `with browser.run.database_away():` for a database that cannot be reached.
- `forgive(page, "answers 503")` takes from what was heard that which a test brought about on purpose.
- `press(page, "Tab", times=3)`, `types(page, text)`, `access_key(page, "b")` are for tests without a mouse.

The database and the server are the worker's, and shared by all its tests: count on nobody whom the test did not put
there itself, and on no day.
"""

import datetime as dt
from typing import Any

import msgspec
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.chrome import TIMEOUT_MS
from tests.browser.faults import fits, forgive, heard_of, listen, no_faults
from tests.browser.running import PINS, Person, Running

from shebaoka.desk import HOLDER_COOKIE, Role, Staff

__all__ = [
    "DESK",
    "STATES",
    "TABLET",
    "Holder",
    "Windows",
    "fits",
    "forgive",
    "holder_at",
    "no_faults",
    "nobody_at",
    "person_in",
    "window_of",
]

DESK, TABLET = {"width": 1366, "height": 768}, {"width": 820, "height": 1180}
"""The sizes that a window must work at, in pixels."""
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林", ("芳", "秀英", "建国", "明珠", "晓雨", "志强", "玉兰", "海波")
Steps = list[tuple[str, dict[str, Any]]]
_MADE: Steps = [("apply_for_card", {}), ("put_in_batch", {"batch": "B-1"}), ("record_made", {}), ("record_ready", {})]
_SEALED: Steps = [*_MADE, ("collect_card", {})]
_IN_USE: Steps = [*_SEALED, ("activate_card", {"new_pin": PINS["own"]})]
_TEMPORARY: Steps = [("apply_for_temporary_card", {"new_pin": PINS["own"]})]
_LOST: Steps = [*_IN_USE, ("report_loss", {"kind": "formal"})]
STATES: dict[str, Steps] = {
    "nobody": [],
    "registered": [],
    "applied": _MADE[:1],
    "to_be_made": [("apply_for_card", {"ethnic_group": "01"})],
    "in_batch": _MADE[:2],
    "rejected": [*_MADE[:2], ("record_rejected", {"reason": "picture"})],
    "ready": _MADE,
    "sealed": _SEALED,
    "first_pin": [*_SEALED, ("activate_card", {})],
    "in_use": _IN_USE,
    "locked": [*_IN_USE, *[("use_card", {"pin": "118822"})] * 6],
    "lost_for_now": [*_IN_USE, ("report_loss", {"kind": "temporary"})],
    "lost": _LOST,
    "being_replaced": [*_LOST, ("replace_card", {"why": "loss", "paid_fen": 2800})],
    "temporary": _TEMPORARY,
    "temporary_and_applied": [*_MADE[:1], *_TEMPORARY],
    "temporary_and_ready": [*_MADE[:1], *_TEMPORARY, *_MADE[1:]],
    "temporary_locked": [*_TEMPORARY, *[("use_card", {"card": "temporary", "pin": "118822"})] * 6],
    "temporary_lost": [*_TEMPORARY, ("report_loss", {"card": "temporary", "kind": "temporary"})],
    "temporary_lost_for_good": [*_TEMPORARY, ("report_loss", {"card": "temporary", "kind": "formal"})],
    "with_library": [*_IN_USE, ("add_extended_application", {"application": "library"})],
    "with_money": [
        ("carry_over_account", {"balance_fen": 123_45, "old_card_number": "{old}", "records": []}),
        *_IN_USE,
    ],
    "old_card": [("carry_over_account", {"balance_fen": 123_45, "old_card_number": "{old}", "records": []})],
    "left": [*_IN_USE, ("cancel_card", {"why": "leaving"})],
    "cancelled": [*_IN_USE, ("cancel_card", {"why": "request"})],
    "dead": [*_IN_USE, ("cancel_card", {"why": "death"})],
}
"""State → what the desk was asked to bring somebody there. Own PINs are `PINS["own"]`."""


class Holder(msgspec.Struct, frozen=True):
    """An invented person whom a test put on file; `person_id` is 0 of somebody who is not."""

    number: str
    name: str
    person_id: int


class Windows:
    """Browsers of one test at the worker's house; they are closed at its end."""

    def __init__(self, chromium: Browser, run: Running) -> None:
        self.run = run
        self.contexts: list[BrowserContext] = []
        self._chromium = chromium
        self.people: list[Person] = []

    def context(self, *, size: dict[str, int] | None = None, **more: Any) -> BrowserContext:
        """A browser of its own, without anything that another one was told. `more` is what Playwright takes."""
        context = self._chromium.new_context(
            **{"base_url": self.run.url, "viewport": size or DESK, "locale": "zh-CN"} | more
        )
        context.set_default_timeout(TIMEOUT_MS)
        context.add_init_script(_HEARS)
        listen(context, self.run.url)
        self.contexts.append(context)
        return context

    def takes(self, role: str) -> Person:
        """Somebody of a role for this test alone."""
        person = self.run.free(role)
        self.run.taken.add(person.name)
        self.people.append(person)
        return person

    def close(self) -> list[str]:
        """Everything is closed; what was heard on any page."""
        faults = [fault for context in self.contexts for fault in heard_of(context)]
        for context in self.contexts:
            context.close()
        self.run.taken -= {person.name for person in self.people}
        return faults


def nobody_at(browser: Windows, *, language: str = "", path: str = "/sign-in", **context: Any) -> Page:
    """A page on which nobody has signed in, in a browser of its own."""
    page = browser.context(**context).new_page()
    page.goto(f"{path}?language={language}" if language else path)
    return page


def window_of(browser: Windows, role: str, *, language: str = "", person: Person | None = None, **context: Any) -> Page:
    """A page on which somebody of the role has signed in by the form: whoever is free, or `person`."""
    person = person or browser.takes(role)
    page = nobody_at(browser, language=language, **context)
    signs_in(browser, page, person)
    expect(page.locator(".who")).to_contain_text(person.name)
    return page


def holder_at(browser: Windows, state: str = "with_money", **context: Any) -> tuple[Page, Holder]:
    """A page of the public's on which somebody newly invented is signed in as a holder, with a telephone on file; a
    code to another telephone is on its way.
    """
    house, holder = browser.run.house, person_in(browser, state)
    clerk = Staff("clerk-7", Role.CLERK, "w1")
    house.telephones.keep(clerk, holder.person_id, "13800001234", agreed=True, language="zh-Hans")
    made = browser.context(**context)
    for name, value in (
        (HOLDER_COOKIE, house.holders.begin(holder.person_id, "code")),
        ("shebaoka_code", house.entering.ask_telephone_code(holder.person_id, "15900005678", "zh-Hans")),
    ):
        made.add_cookies([{"name": name, "value": value, "url": browser.run.url}])
    return made.new_page(), holder


def signs_in(browser: Windows, page: Page, person: Person, **wrong: str) -> None:
    """Fill in the form on a page and send it, with something `wrong` in it where a test wants that."""
    said = {"name": person.name, "password": person.password} | wrong
    for field, value in said.items():
        page.locator(f"main form [name={field}]").fill(value)
    if "digits" not in said:
        page.locator("main form [name=digits]").fill(browser.run.digits(person))
    page.locator("main form [name=digits]").press("Enter")


_HEARS = """addEventListener("load", () => {
  const look = () => {
    const painted = performance.getEntriesByName("first-contentful-paint").length > 0;
    const placed = !document.querySelector("[autofocus]") || document.activeElement !== document.body;
    if (painted && placed) document.documentElement.dataset.hears = "";
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
});"""
"""Marks a page once it was painted and its focus set; see `hears`."""
BORN_ON = dt.date(1981, 3, 1)


def person_in(browser: Windows, state: str, *, born_on: dt.date = BORN_ON, region: str = "140702") -> Holder:
    """Somebody newly invented, put into a state of `STATES` through the desk."""
    run = browser.run
    n = run.next_number()
    number = run.new_number(region, born_on)
    name = SURNAMES[n % len(SURNAMES)] + GIVEN[n // len(SURNAMES) % len(GIVEN)]
    if state == "nobody":
        return Holder(number, name, 0)
    about = {"name": name, "region": region, "insured_on": "2005-03-01"}
    old = f"A{n:06d}"
    steps = [(s, {k: old if v == "{old}" else v for k, v in fields.items()}) for s, fields in STATES[state]]
    run.play(number, [("register_person", about), *steps])
    return Holder(number, name, run.person_id(number))


def press(page: Page, *keys: str, times: int = 1) -> None:
    """Press keys one after the other, all of it so many times, once the page hears them."""
    hears(page)
    for _ in range(times):
        for key in keys:
            page.keyboard.press(key)


def types(page: Page, text: str) -> None:
    """Type into whatever has the focus, once the page hears it."""
    hears(page)
    page.keyboard.type(text)


def hears(page: Page) -> None:
    """Wait until keys arrive where they belong. Before a page is painted they are dropped, or go to no field."""
    expect(page.locator("html[data-hears]")).to_be_attached()


def access_key(page: Page, letter: str) -> None:
    """Alt and a letter: the key that a page gives to one of its links or buttons.

    Playwright's own keyboard says nothing of the letter while Alt is held, so that Chromium would not know which.
    """
    hears(page)
    key = {"key": letter, "code": f"Key{letter.upper()}", "windowsVirtualKeyCode": ord(letter.upper()), "modifiers": 1}
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchKeyEvent", {"type": "keyDown", "unmodifiedText": letter, **key})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
    session.detach()


def focused(page: Page) -> str:
    """What has the focus: its name, or what it says."""
    hears(page)
    return str(page.evaluate("(document.activeElement.name || document.activeElement.innerText || '').trim()"))
