"""The listening itself: whatever a page may not do is heard, so that silence in the other tests means something."""

import pytest
from playwright.sync_api import Page
from tests.browser.faults import forgive, hard_to_use, heard_of
from tests.browser.steps import Windows, fits, nobody_at

from shebaoka.pages import HEADERS

BODY = "<!doctype html><html lang='en'><title>x</title><main><h1>a heading</h1>{}</main></html>"
SPOILT = {
    "<p style='color:red'>x</p>": "policy violated: style-src",
    "<script>alert(1)</script>": "policy violated: script-src",
    "<img alt='x' src='http://elsewhere.test/x.png'>": "asks another host: GET http://elsewhere.test/x.png",
    "<img alt='x' src='/nothing.png'>": "answers 404: GET",
    "<form action='http://elsewhere.test/'><button id='send'>x</button></form>": "policy violated: form-action",
}
"""What stands in a page → what is heard of it."""


def shown(browser: Windows, body: str) -> Page:
    """A page of ours that says something else, under the headers of all pages."""
    page = nobody_at(browser)
    page.route(
        "**/spoilt",
        lambda route: route.fulfill(body=BODY.format(body), headers=HEADERS | {"Content-Type": "text/html"}),
    )
    page.goto("/spoilt", wait_until="load")
    return page


@pytest.mark.parametrize("body", SPOILT)
def test_what_a_page_may_not_do_is_heard(browser: Windows, body: str) -> None:
    """Styles and scripts in the page, other hosts, what is not there, and forms that lead away."""
    page = shown(browser, body)
    if page.locator("#send").count():
        page.locator("#send").click(no_wait_after=True)
    page.wait_for_function("() => true")
    assert any(SPOILT[body] in fault for fault in heard_of(page.context)), heard_of(page.context)
    forgive(page, ".")


def test_what_is_hard_to_use_is_found(browser: Windows) -> None:
    """A field without a label, words that are too pale, and a page that is too wide."""
    page = shown(browser, "<input name='x'>")
    assert any(fault.startswith("axe label:") for fault in hard_to_use(page))
    page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    assert any(fault.startswith("axe color-contrast:") for fault in hard_to_use(page))
    page.evaluate("document.querySelector('h1').style.width = '2000px'")
    with pytest.raises(AssertionError, match="wider than its window"):
        fits(page)


def test_a_scripts_error_is_heard(browser: Windows) -> None:
    """An error that a script does not catch, and what it writes to the console."""
    page = shown(browser, "<p>x</p>")
    page.evaluate("setTimeout(() => { throw new Error('spoilt') })")
    page.evaluate("console.error('said')")
    page.wait_for_function("() => true")
    assert sorted(fault.split(":")[0] for fault in heard_of(page.context)) == ["console", "script"]
    forgive(page, ".")
