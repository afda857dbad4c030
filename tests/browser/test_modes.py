"""Pages as somebody needs them: large type, high contrast, another language, each a key away; and forced colours.

WCAG 2.2 asks 4.5 to 1 of usual pages, which `test_pages` holds; here are 7 to 1 (1.4.6), lines at least one and
a half apart (1.4.8), and nobody who scrolls sideways at twice the size (1.4.4).
"""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.faults import hard_to_use
from tests.browser.pages import PAGES, opened, otherwise
from tests.browser.steps import DESK, TABLET, Windows, access_key, fits, no_faults, nobody_at, press, window_of

from shebaoka.office.frame import LABELS

ENHANCED, TWICE = "color-contrast-enhanced", {"width": 683, "height": 384}
"""The rule of 7 to 1; the clerk's screen when everything is shown at twice its size."""
TOO_CLOSE = """() => [...document.querySelectorAll('body *')].filter(e => {
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  if (!own || e.closest('svg, option, select, kbd') || !e.checkVisibility()) return false;
  const style = getComputedStyle(e);
  return parseFloat(style.lineHeight) / parseFloat(style.fontSize) < 1.49;
}).map(e => e.outerHTML.slice(0, 120))"""


def classes(page: Page) -> set[str]:
    """What the page's root says of how it is shown."""
    return set((page.locator("html").get_attribute("class") or "").split()) - {"public"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_large_type_and_high_contrast(browser: Windows, name: str) -> None:
    """Every page: 7 to 1, lines far enough apart, and nothing wider than a screen, a tablet, or half a screen."""
    page = opened(browser, name)
    otherwise(page, language="en", type="large", contrast="high")
    assert classes(page) >= {"large", "high"}
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for size in (DESK, TABLET, TWICE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        fits(page)
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    assert hard_to_use(page, only=ENHANCED) == []
    assert page.evaluate(TOO_CLOSE) == []


def test_modes_and_languages_are_a_key_away(browser: Windows) -> None:
    """One key each, on any page and before anybody signed in; the next page is so as well, and the key leads back."""
    page = nobody_at(browser)
    no_faults(page)
    for key, asks in (("x", "type=large"), ("z", "contrast=high"), ("y", "language=en")):
        access_key(page, key)
        expect(page).to_have_url(f"{browser.run.url}/sign-in?{asks}")
    page.goto("/enrol")
    assert classes(page) == {"large", "high"}
    expect(page.get_by_role("heading", level=1)).to_have_text(LABELS["en"]["enrol"])
    no_faults(page)
    access_key(page, "x")
    expect(page).to_have_url(f"{browser.run.url}/enrol?type=usual")
    assert classes(page) == {"high"}
    for key, language in (("q", "zh-Hant"), ("j", "zh-Hans")):
        access_key(page, key)
        expect(page.get_by_role("heading", level=1)).to_have_text(LABELS[language]["enrol"])


def test_what_was_asked_for_stays(browser: Windows) -> None:
    """A mode changes how the page is shown and not what it shows: what its address asked for is still asked for."""
    page = window_of(browser, "clerk", language="en")
    page.goto("/journal?clause=9.4&outcome=refused")
    page.get_by_role("link", name=LABELS["en"]["type_large"]).click()
    expect(page).to_have_url(f"{browser.run.url}/journal?clause=9.4&outcome=refused&type=large")
    expect(page.locator("[name=clause]")).to_have_value("9.4")
    page.get_by_role("link", name=LABELS["en"]["contrast_high"]).click()
    expect(page).to_have_url(f"{browser.run.url}/journal?clause=9.4&outcome=refused&contrast=high")
    assert classes(page) == {"large", "high"}
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "11px"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 36, 40)"


@pytest.mark.parametrize("name", ["today", "person", "staff"])
def test_forced_colours_are_respected(browser: Windows, name: str) -> None:
    """Where somebody forces their colours, the page is in them, and still shows on which page one is."""
    page = opened(browser, name, forced_colors="active")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    no_faults(page, colours=False)  # which are the browser's own now
    border = "e => getComputedStyle(e).borderBottomColor"
    current, other = page.locator("nav.pages a[aria-current]"), page.locator("nav.pages a:not([aria-current])")
    assert current.count() == 0 or current.first.evaluate(border) != other.first.evaluate(border)


def test_nothing_moves(browser: Windows) -> None:
    """Nothing on a page moves by itself where somebody asked for less motion."""
    page = window_of(browser, "clerk", reduced_motion="reduce")
    page.goto("/today")
    assert page.evaluate("document.getAnimations().length") == 0
    page.locator(".skip").focus()
    press(page, "Enter")
    assert page.evaluate("document.getAnimations().length") == 0


def test_the_skip_link_leads_past_the_heading(browser: Windows) -> None:
    """The first stop of every page leads to what the page is about: the next stop is in it."""
    page = window_of(browser, "clerk")
    page.goto("/journal")
    press(page, "Tab")
    expect(page.locator(".skip")).to_be_focused()
    press(page, "Enter", "Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
