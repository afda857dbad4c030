"""What holds for every public page: a phone of 360 px, with script and without, light, large enough, from us alone.

That axe finds nothing, in three languages and in every mode, is held by `test_pages` and `test_modes` for all pages.
"""

import pytest
from playwright.sync_api import expect
from tests.browser.pages import PAGES, opened, otherwise
from tests.browser.steps import Windows, fits, no_faults, nobody_at

PHONE, PAGE_MAX = {"width": 360, "height": 740}, 100_000
"""A phone, in pixels; the most that a page with all that belongs to it may weigh on the wire, in bytes."""
PUBLIC = [
    name for name, (role, *_) in PAGES.items() if role in ("", "holder") and name not in ("sign_in", "enrol", "keypad")
]
WEIGHT = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
TOO_SMALL = """() => [
    ...document.querySelectorAll('nav a, .doors a, button, select, textarea, input:not([type=hidden])')]
  .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest('.skip, p, table, .hidden-text'))
  .filter(e => { const label = e.closest('label'); const box = (label || e).getBoundingClientRect();
                 return box.height && box.height < 43.5; })
  .map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_page_on_a_phone(browser: Windows, name: str) -> None:
    """Nothing scrolls sideways, what is pressed is 44 px high, and all of it together weighs less than 100 kB. Nor does
    anything with the longest words in large type, at 320 px, as which a page counts that is magnified four times.
    """
    page = opened(browser, name, size=PHONE)
    fits(page)
    page.set_viewport_size({**PHONE, "width": 320})
    otherwise(page, language="en", type="large")
    fits(page)
    page.set_viewport_size({**PHONE, "width": PHONE["width"]})
    otherwise(page, language="zh-Hans", type="usual")
    assert page.evaluate(TOO_SMALL) == []
    assert 0 < page.evaluate(WEIGHT) < PAGE_MAX
    no_faults(page, colours=False)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_page_without_script(browser: Windows, name: str) -> None:
    """It has its heading, and each form on it its button; nothing that only a script could do is offered."""
    page = opened(browser, name, size=PHONE, java_script_enabled=False)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    folded = page.locator("main details:not([open]) > summary")
    while folded.count():
        folded.first.click()
    for form in page.locator("main form").all():
        expect(form.get_by_role("button").first).to_be_visible()
    for only in page.locator("[data-needs-script]").all():
        expect(only).to_be_hidden()


def test_nobody_is_followed(browser: Windows) -> None:
    """Whoever only reads is given no cookie but those of the language and the type that they chose."""
    page = nobody_at(browser, path="/")
    page.goto("/notice?type=large")
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert names <= {"language", "type", "contrast"}
