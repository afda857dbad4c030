"""The guide in a browser: on a phone and a desktop, with script and without, by keyboard, and on paper."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.steps import DESK, Windows, fits, no_faults, nobody_at, press

from shebaoka.portal.labels import LABELS

PHONE = {"width": 360, "height": 740}
T = LABELS["en"]


def answer(page: Page, *said: str) -> None:
    """Choose an option of each question by its words, and send the form."""
    for words in said:
        page.get_by_label(words, exact=True).check()
    page.get_by_role("button", name=T["guide_show"]).click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desktop"])
def test_somebody_whose_card_is_lost_finds_the_way(browser: Windows, size: dict[str, int], script: bool) -> None:
    """From the first page to the steps with papers, fee and clause; its address shows the same to others."""
    page = nobody_at(browser, language="en", path="/", size=size, java_script_enabled=script)
    page.get_by_role("navigation").get_by_role("link", name=T["menu_guide"]).click()
    page.get_by_role("link", name="My card is lost").click()
    answer(page, "The social security card", "Not yet", "An agent")
    # The card's kind leads to one question more; what was answered is still there.
    expect(page.get_by_role("alert")).to_contain_text("Is a card needed")
    expect(page.get_by_label("An agent")).to_be_checked()
    answer(page, "Yes, a temporary card please")
    steps = page.locator(".way > li")
    expect(steps).to_have_count(5)
    expect(steps.nth(1)).to_contain_text("28 yuan")
    expect(steps.nth(0)).to_contain_text("the agent's original ID card")
    expect(steps.nth(1).get_by_role("link", name="Clause 6.2")).to_have_attribute("href", "/notice/6.2")
    small = page.evaluate("""() => [...document.querySelectorAll('main a, main button, main summary, main label')]
        .filter(e => e.checkVisibility() && !e.closest('.way') && e.getBoundingClientRect().height < 44)
        .map(e => e.outerHTML.slice(0, 80))""")
    assert small == []
    if script:
        no_faults(page)
    fits(page)
    other = nobody_at(browser, path="/")
    other.goto(page.url)
    expect(other.locator(".way > li")).to_have_count(5)


def test_by_keyboard_the_summary_leads_to_what_is_open(browser: Windows) -> None:
    """A form sent half empty puts the focus on what is left, and each line of it on its question."""
    page = nobody_at(browser, language="en", path="/guide/forgot_pin", size=PHONE)
    page.get_by_label("The social security card", exact=True).check()
    press(page, "Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    no_faults(page)
    press(page, "Tab", "Enter")
    expect(page.get_by_label("No", exact=True)).to_be_focused()
    press(page, "ArrowDown")
    expect(page.get_by_label("Yes", exact=True)).to_be_checked()
    answer(page, "The holder")
    expect(page.locator(".way h3")).to_contain_text(["Unlock the card", "Have the PIN reset"])


def test_on_paper_the_way_stands_without_form_and_menu(browser: Windows) -> None:
    """What is printed is the answers, what to bring and the steps, with what is read where the notice is silent."""
    page = nobody_at(browser, language="en", path="/guide/died", size=DESK)
    answer(page, "Yes")
    page.emulate_media(media="print")
    expect(page.locator(".way > li")).to_contain_text(re.compile("death certificate.*28 yuan", re.DOTALL))
    for gone in ("nav.pages", "details form", "main .tall"):
        expect(page.locator(gone).first).to_be_hidden()
    page.goto("/guide/made_wrongly?card=social_security&who=holder")
    expect(page.locator(".way details li").first).to_be_visible()
    page.emulate_media(media="screen")
    expect(page.locator(".way details li").first).to_be_hidden()
