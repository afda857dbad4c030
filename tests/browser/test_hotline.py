"""The hotline's desk as operators work at it: with the keyboard, on a narrow screen, and without a script."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.faults import heard_of
from tests.browser.pages import a_call, a_window
from tests.browser.steps import Windows, fits, no_faults, person_in, window_of

from shebaoka.desk import Question, Role, Staff
from shebaoka.hotline.frame import LABELS

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1366, "height": 768}


def at_the_desk(browser: Windows) -> None:
    """The operator who opens the next page is on no call."""
    operator, room = Staff(browser.run.free("operator").name, Role.OPERATOR, ""), browser.run.house.calls
    if (call := room.open_of(operator)) is not None:
        room.end(operator, call, "cut_off", "")


def answers(page: Page, browser: Windows, number: str) -> None:
    """Type into each question on the page what the holder would say."""
    screen = browser.run.front.person(number)
    known = browser.run.house.calls._askable.about(screen, number).known
    for question in Question:
        field = page.locator(f"[name={question.value}]")
        if not field.count():
            for kind in known.get(question, "").split(",") if question is Question.CARDS_BEFORE else ():
                box = page.locator(f"[name=cards_before_{kind}]")
                if kind and box.count():
                    box.check()
        elif question is Question.LAST_WINDOW:
            field.select_option(known[question])
        else:
            field.fill(known[question])


@pytest.mark.parametrize(("viewport", "script"), [(PHONE, False), (DESK, True)], ids=["phone", "desk"])
def test_a_call_from_its_beginning_to_its_end(browser: Windows, viewport: dict[str, int], script: bool) -> None:
    """Taken, a number typed wrongly and told beside its field, asked, identified, read out in the caller's language,
    handed over to a window, and ended; nothing is wider than the screen.
    """
    a_window(browser.run)
    holder, t = person_in(browser, "in_use"), LABELS["en"]
    browser.run.house.telephones.keep(
        Staff("clerk-7", Role.CLERK, "w1"), holder.person_id, "13800001234", agreed=False, language="zh-Hant"
    )
    browser.run.ask("use_card", holder.number, purpose="enquiry")
    at_the_desk(browser)
    page = window_of(browser, "operator", language="en", size=viewport, java_script_enabled=script)

    def fine() -> None:
        # Nothing can be measured by axe in a page whose browser runs no script.
        assert heard_of(page.context) == []
        if script:
            no_faults(page)
        fits(page)

    page.goto("/hotline")
    fine()
    page.locator("[name=language]").select_option("zh-Hant")
    page.get_by_role("button", name=t["call_begin"]).click()
    number = page.locator("[name=number]")
    expect(number).to_be_focused()
    number.fill(holder.number[:17])
    number.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("18 characters")
    expect(number).to_have_value(holder.number[:17])
    fine()
    number.fill(holder.number)
    page.locator("[name=matter]").select_option("lock")
    number.press("Enter")
    expect(page.locator("#ask")).to_be_visible()
    expect(page.locator("form [lang=zh-Hant]").first).to_contain_text("您")
    assert holder.name not in page.locator("main").inner_text()
    fine()
    answers(page, browser, holder.number)
    page.get_by_role("button", name=t["call_check"]).click()
    expect(page.locator("#told h3").first).to_contain_text(t["matter_lock"])
    expect(page.locator("#told [lang=zh-Hant]").first).to_contain_text("您的社保卡沒有鎖定")
    fine()
    page.locator("[name=wanted]").select_option("reset_pin|social_security")
    page.get_by_role("button", name=t["hand_over_do"]).click()
    expect(page.locator("#handed-over")).to_contain_text("w1")
    fine()
    page.locator("[name=note]").fill("听不清")
    page.get_by_role("button", name=re.compile(t["call_end"])).click()
    expect(page.locator("table")).to_contain_text("听不清")
    fine()


def test_a_caller_who_cannot_be_identified(browser: Windows) -> None:
    """The second round asks others; then the page says where to send the caller, and asks no more."""
    call, t = a_call(browser, "call"), LABELS["zh-Hans"]
    page = window_of(browser, "operator")
    page.goto(f"/hotline/call/{call}")
    for _ in range(2):
        page.get_by_role("button", name=t["call_check"]).click()
    expect(page.get_by_text(t["used_up"])).to_be_visible()
    expect(page.locator("#ask")).to_have_count(0)
    expect(page.get_by_role("link", name=t["public_guide"])).to_be_visible()
    no_faults(page)
