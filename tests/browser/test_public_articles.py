"""Questions and related notices as people read them, and what whoever got into a page could do there: nothing."""

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.pages import an_article
from tests.browser.steps import Windows, fits, forgive, no_faults, nobody_at, window_of

from shebaoka.office.frame import LABELS

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1366, "height": 768}
SPAM = """
<script>window.ran = 1</script><script src="https://evil.test/x.js"></script>
<script src="data:text/javascript,window.ran=1"></script>
<img src="https://evil.test/x.png" onerror="window.ran = 1" alt=""><img src="x" onerror="window.ran = 1" alt="">
<link rel="stylesheet" href="https://evil.test/x.css"><style>body{display:none}</style>
<iframe src="https://evil.test/"></iframe><object data="https://evil.test/x"></object><embed src="https://evil.test/y">
<video src="https://evil.test/v"></video><base href="https://evil.test/">
<a id="run" href="javascript:window.ran = 1">x</a>
<form id="sent" action="https://evil.test/f" method="post"><input name="a" value="b" aria-label="a"></form>
"""


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_question_is_found_and_read(browser: Windows, size: dict[str, int], script: bool) -> None:
    """From the first page to the question, to the window it speaks of, and to a notice; found by the search as well."""
    number = an_article(browser.run)
    page = nobody_at(browser, size=size, java_script_enabled=script)
    page.goto("/")
    page.get_by_role("link", name="常见问题").click()
    page.get_by_role("navigation", name="问题目录").get_by_role("link", name="卡要不要启用？").first.click()
    expect(page).to_have_url(f"{browser.run.url}/faq#q{number}")
    expect(page.locator(f"#q{number}").get_by_role("link", name="窗口")).to_have_attribute("href", "/places")
    outside = page.locator(f"#q{number}").get_by_role("link", name="www.gov.cn")
    expect(outside).to_have_attribute("rel", "external noopener noreferrer")
    page.get_by_role("link", name="下一页问题").click()
    expect(page).to_have_url(f"{browser.run.url}/faq/2")
    page.goto("/related")
    page.get_by_role("main").get_by_role("link", name="卡要不要启用？").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("卡要不要启用？")
    if script:
        no_faults(page)
        fits(page)
    page.goto("/search?q=启用")
    expect(page.locator(f'.found a[href="/faq#q{number}"]')).to_be_visible()


def test_nothing_foreign_runs_or_loads(browser: Windows) -> None:
    """Everything that strangers put into a page in every way stays dead: nothing runs, is loaded, or is sent there."""
    page, asked = nobody_at(browser), list[str]()

    def defaced(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("<main", f"{SPAM}<main", 1))

    def foreign(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=200, body="window.ran = 1", content_type="text/javascript")

    page.route("https://evil.test/**", foreign)
    page.route("**/faq", defaced)
    page.goto("/faq")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.locator("#run").click()
    assert page.evaluate("new URL('/x', document.baseURI).host") == page.evaluate("location.host")
    assert page.evaluate("window.ran") is None
    with page.expect_console_message(lambda message: "Sending form data" in message.text):
        page.evaluate("document.querySelector('#sent').submit()")
    assert asked == []
    forgive(page, "Content Security Policy|policy violated|answers 404|evil.test")


def test_an_article_is_written_and_approved(browser: Windows) -> None:
    """One previews it and is told of a wrong link beside its field, another approves, readers see it; then it goes."""
    t = LABELS["en"]
    writer = window_of(browser, "system_administrator", language="en")
    writer.goto("/articles/new/related")
    _fill(writer, f"Help {browser.run.next_number()}", "- one\n- [two](https://evil.test/)")
    writer.get_by_role("button", name=t["article_keep"]).click()
    alert = writer.get_by_role("alert")
    expect(alert).to_contain_text("evil.test")
    alert.get_by_role("link").click()
    expect(writer.locator("[name=body-zh-Hans]")).to_be_focused()
    no_faults(writer)
    title = writer.locator("[name=title-en]").input_value()
    _fill(writer, title, "- one\n- [two](/notice/7.1)")
    writer.get_by_role("button", name=t["article_preview"]).click()
    expect(writer.get_by_role("status").get_by_role("link", name="two").first).to_be_visible()
    no_faults(writer)
    writer.get_by_role("button", name=t["article_keep"]).click()
    expect(writer.get_by_text(t["not_ones_own"])).to_be_visible()
    other, reader = window_of(browser, "supervisor", language="en"), nobody_at(browser, language="en")
    other.goto(writer.url)
    other.get_by_role("button", name=t["approve"], exact=True).click()
    expect(other.get_by_text(t["article_shown"])).to_be_visible()
    no_faults(other)
    reader.goto("/related?language=en")
    reader.get_by_role("link", name=title).click()
    expect(reader.get_by_role("link", name="two")).to_have_attribute("href", "/notice/7.1")
    writer.reload()
    writer.get_by_text(t["withdraw_article"], exact=True).click()
    writer.get_by_role("button", name=t["withdraw_for_good"]).click()
    expect(writer.get_by_text(t["article_not_shown"])).to_be_visible()
    reader.goto("/related")
    expect(reader.get_by_role("link", name=title)).to_have_count(0)


def _fill(page: Page, title: str, body: str) -> None:
    for language in ("zh-Hans", "zh-Hant", "en"):
        page.locator(f"[name=title-{language}]").fill(title)
        page.locator(f"[name=body-{language}]").fill(body)
