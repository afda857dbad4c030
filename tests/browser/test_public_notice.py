"""The notice as people read it: on a telephone without a script, at a desk with one, on paper, and read aloud."""

import io
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from tests.browser.steps import DESK, Windows, fits, no_faults, nobody_at

from shebaoka.portal.labels import LABELS

PHONE = {"width": 360, "height": 740}
_VOICE = """
const said = [];
Object.defineProperty(window, 'SpeechSynthesisUtterance', { value: class { constructor(text) { this.text = text; } } });
Object.defineProperty(window, 'speechSynthesis', { value: {
  getVoices: () => window.VOICES.map((lang) => ({ lang, name: lang })),
  addEventListener: () => {},
  speak(one) { said.push(`${one.lang}: ${one.text}`); this.one = one; one.onstart(); },
  pause() { said.push('pause'); }, resume() { said.push('resume'); }, cancel() { said.push('cancel'); },
}});
window.said = said;
window.spoken = () => window.speechSynthesis.one.onend();
window.print = () => said.push('print');
"""
_SMALL = """() => [...document.querySelectorAll('main a, main button, main input, nav a, footer a, .langs a, .modes a')]
  .filter((e) => e.checkVisibility() && getComputedStyle(e).display !== 'inline')
  .map((e) => [e.getBoundingClientRect(), e]).filter(([r]) => r.height < 43.5 || r.width < 43.5)
  .map(([r, e]) => `${r.width}x${r.height} ${e.outerHTML.slice(0, 90)}`)"""
"""Targets below 44 px, but for those that stand in a sentence."""


def sound(page: Page, *, script: bool = True) -> None:
    """Nothing is wrong with the page, nobody scrolls sideways, and no target is too small for a thumb."""
    if script:  # axe is one itself
        no_faults(page)
    fits(page)
    assert page.evaluate(_SMALL) == []


@pytest.mark.parametrize(("size", "script"), [(PHONE, False), (DESK, True)], ids=["phone", "desk"])
def test_somebody_looks_something_up(browser: Windows, size: dict[str, int], script: bool) -> None:
    """From the first page by a search to a clause, to the whole notice, to what changed, and to the notice of a day."""
    said = LABELS["zh-Hans"]
    page = nobody_at(browser, path="/", size=size, java_script_enabled=script)
    sound(page, script=script)
    page.get_by_role("searchbox").fill("卡丢了怎么办")
    page.get_by_role("button", name=said["look_for"]).click()
    expect(page.get_by_role("searchbox")).to_have_value("卡丢了怎么办")
    sound(page, script=script)
    page.get_by_role("link", name="9.4", exact=False).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("9.4")
    sound(page, script=script)
    page.get_by_role("link", name=said["whole_notice"]).click()
    page.get_by_role("navigation", name=said["the_clauses"]).get_by_role("link", name="6.2", exact=False).click()
    expect(page.locator("#clause-6\\.2")).to_be_in_viewport()
    page.get_by_role("link", name=said["history"]).click()
    sound(page, script=script)
    page.get_by_label(said["which_day"], exact=False).fill("2010-01-01")
    page.get_by_role("button", name=said["show_day"]).click()
    field = page.get_by_label(said["which_day"], exact=False)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("2010-01-01")
    expect(page.get_by_role("alert")).to_be_focused()
    sound(page, script=script)
    page.get_by_role("alert").get_by_role("link").click()
    expect(field).to_be_focused()
    field.fill("2013-07-01")
    page.get_by_role("button", name=said["show_day"]).click()
    expect(page.get_by_role("status")).to_contain_text("2013年7月1日")


def test_the_notice_is_read_aloud(browser: Windows) -> None:
    """By the voice of the page's language, a part at a time, marked; it stops where one wants, and can be printed."""
    context = browser.context()
    context.add_init_script("window.VOICES = ['en-US', 'zh_TW', 'zh-CN'];" + _VOICE)
    page = context.new_page()
    page.goto("/notice/9.3?language=zh-Hant")
    said = LABELS["zh-Hant"]

    def press(name: str) -> None:
        page.get_by_role("button", name=said[name], exact=True).click()

    def heard() -> Any:
        return page.evaluate("window.said.splice(0)")

    press("read_aloud")
    first = page.locator("article h1").inner_text()
    assert heard() == ["cancel", f"zh_TW: {first}"]
    expect(page.locator(".spoken")).to_have_text(first)
    page.evaluate("window.spoken()")
    text = page.locator(".clause-text").inner_text()
    assert heard() == [f"zh_TW: {text}"]
    expect(page.locator(".spoken")).to_have_text(text)
    no_faults(page)
    press("read_pause")
    press("read_on")
    press("read_stop")
    assert heard() == ["pause", "resume", "cancel"]
    expect(page.locator(".spoken")).to_have_count(0)
    press("print_it")
    assert heard() == ["print"]
    press("read_aloud")
    parts = 1
    while page.locator(".spoken").count():
        page.evaluate("window.spoken()")
        parts += 1
    expect(page.get_by_role("button", name=said["read_aloud"], exact=True)).to_be_visible()
    assert parts == len(heard())
    page.evaluate("window.VOICES = ['en-US']")
    for voices, there in (("['en-US']", False), ("[]", False), ("['cmn-Hans-CN']", True)):
        page = context.new_page()
        page.add_init_script(f"window.VOICES = {voices}")
        page.goto("/notice/9.3?language=zh-Hans")
        expect(page.get_by_role("button", name=LABELS["zh-Hans"]["print_it"])).to_be_visible()
        shown = page.get_by_role("button", name=LABELS["zh-Hans"]["read_aloud"])
        expect(shown).to_be_visible() if there else expect(shown).to_have_count(0)


def test_the_notice_prints_as_one_set(browser: Windows) -> None:
    """On A4, every clause and the reason for each value, and nothing of the page around; in large type as well."""
    page = nobody_at(browser, path="/notice?type=large")
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert {(round(p.mediabox.width), round(p.mediabox.height)) for p in printed.pages} == {(595, 842)}
    assert len(printed.pages) <= 12
    page.emulate_media(media="print")
    said = LABELS["zh-Hans"]
    for clause in browser.run.house.notices.versions[0].clauses:
        expect(page.locator(f"[id='clause-{clause}']")).to_be_visible()
    for hidden in (page.get_by_role("banner"), page.get_by_role("navigation"), page.get_by_text(said["of_one_clause"])):
        for one in hidden.all():
            expect(one).to_be_hidden()
