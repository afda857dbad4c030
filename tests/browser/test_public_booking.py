"""Asking to be called, and saying what one thinks, in a browser: on a phone and a desktop, with and without script."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.faults import heard_of
from tests.browser.steps import DESK, Windows, fits, no_faults, nobody_at, press, types, window_of

from shebaoka.hotline.frame import LABELS as HOTLINE
from shebaoka.portal.labels import LABELS

PHONE = {"width": 360, "height": 740}
T, D = LABELS["zh-Hans"], HOTLINE["zh-Hans"]
BROWSERS: list[dict[str, Any]] = [
    {"size": PHONE, "java_script_enabled": False},
    {"size": PHONE},
    {"size": DESK},
]
TOUCHED = "main input:not([type=hidden]), main select, main textarea, main button, main .problem a"


def easy_to_touch(page: Page) -> None:
    """Nothing that a finger aims at is smaller than it must be; a small box counts with the line that it is in."""
    for one in page.locator(TOUCHED).all():
        if not one.is_visible():
            continue
        small = one.get_attribute("type") == "radio"
        box = (one.locator("xpath=..") if small else one).bounding_box()
        assert box is not None
        assert box["height"] >= 44


def heard_nothing(page: Page) -> None:
    """The page did nothing that it may not."""
    assert heard_of(page.context) == []


@pytest.mark.parametrize("size", BROWSERS, ids=["phone without script", "phone", "desktop"])
def test_somebody_asks_to_be_called(browser: Windows, size: dict[str, Any]) -> None:
    """What is wrong is told at the top, where the focus is, and beside its field; the rest is still there; then the
    booking has a number, and is withdrawn by it.
    """
    scripted = size.get("java_script_enabled", True)
    # Nothing can be measured in a page whose browser runs no script.
    sound = no_faults if scripted else heard_nothing
    page = nobody_at(browser, path="/booking", **size)
    sound(page)
    easy_to_touch(page)
    page.get_by_label(T["booking_kind"]).select_option("loss")
    page.get_by_label(T["booking_telephone"]).fill("12345")
    page.get_by_label(T["booking_day"]).select_option(index=3)
    page.get_by_role("button", name=T["booking_send"]).click()
    expect(page.get_by_role("alert")).to_contain_text(T["ask_faults"].format(2))
    if scripted:
        expect(page.get_by_role("alert")).to_be_focused()
    sound(page)
    easy_to_touch(page)
    page.get_by_role("link", name=T["ask_telephone_unfit"]).click()
    telephone = page.get_by_label(T["booking_telephone"])
    expect(telephone).to_have_value("12345")
    telephone.fill("138 0000 1234")
    expect(page.get_by_label(T["booking_kind"])).to_have_value("loss")
    page.get_by_label(T["booking_time"]).select_option("15:00")
    page.get_by_role("button", name=T["booking_send"]).click()
    expect(page.get_by_role("status")).to_contain_text(T["booking_made"])
    code = page.locator(".follow-code").inner_text()
    sound(page)
    page.get_by_role("link", name=T["follow"]).click()
    page.get_by_label(T["follow_code"]).fill(code.lower().replace("-", " "))
    page.get_by_role("button", name=T["follow_look"]).click()
    expect(page).to_have_url(f"{browser.run.url}/follow/{code}")
    page.get_by_text(T["follow_withdraw"], exact=True).click()
    easy_to_touch(page)
    page.get_by_role("button", name=T["follow_withdraw_now"]).click()
    expect(page.get_by_role("status")).to_contain_text(T["follow_withdrawn"])
    page.goto(f"/follow/{code}")
    expect(page.get_by_role("alert")).to_contain_text(T["ask_code_unknown"])


def test_feedback_goes_to_an_operator_and_back(browser: Windows) -> None:
    """Emoji, rare characters and HTML are text on every page; the answer stands where the number leads."""
    said = "窗口很好 👨‍👩‍👧‍👦 𠮷 㐂 <b>谢谢</b>\n" + "好" * 300
    page = nobody_at(browser, path="/feedback", size=PHONE)
    easy_to_touch(page)
    page.get_by_role("button", name=T["ask_send"]).click()
    expect(page.get_by_role("alert")).to_contain_text(T["ask_said_empty"])
    page.get_by_role("link", name=T["ask_kind_choose"]).click()
    page.get_by_label(T["feedback_service"], exact=True).check()
    page.get_by_role("link", name=T["ask_said_empty"]).click()
    page.get_by_label(T["feedback_said"]).fill("👍🏽" * 501)
    page.get_by_role("button", name=T["ask_send"]).click()
    expect(page.get_by_role("alert")).to_contain_text(T["ask_said_too_long"].format(has=501, most=500))
    page.get_by_label(T["feedback_said"]).fill(said)
    page.get_by_role("button", name=T["ask_send"]).click()
    expect(page.get_by_role("status")).to_contain_text(T["feedback_made"])
    no_faults(page)
    desk = window_of(browser, "operator")
    desk.goto("/hotline/feedback")
    row = desk.get_by_role("row").filter(has_text="窗口很好 👨‍👩‍👧‍👦 𠮷 㐂 <b>谢谢</b>")
    expect(row).to_contain_text(D["is_to_answer"])
    row.get_by_role("link").click()
    desk.get_by_role("button", name=D["take"]).click()
    desk.get_by_label(D["write_answer"]).fill("谢谢您的意见。")
    no_faults(desk)
    desk.get_by_role("button", name=D["send_answer"]).click()
    expect(desk.get_by_text(D["is_answered"])).to_be_visible()
    no_faults(desk)
    page.reload()
    expect(page.locator(".as-typed").first).to_have_text(said)
    expect(page.locator(".as-typed").last).to_have_text("谢谢您的意见。")
    fits(page)


def test_a_booking_is_made_by_keyboard_alone(browser: Windows) -> None:
    """From field to field, chosen by letters and arrows, sent by Enter; and called by its owner."""
    page = nobody_at(browser, path="/booking")
    page.locator("main [name=kind]").focus()
    for times in (5, 0, 2, 3):
        if times:
            press(page, "ArrowDown", times=times)
        else:
            types(page, "13900001234")
        press(page, "Tab")
    press(page, "Enter")
    expect(page.get_by_role("status")).to_contain_text(T["booking_made"])
    desk = window_of(browser, "operator")
    desk.goto("/hotline/bookings")
    expect(desk.get_by_role("table")).to_contain_text("139****1234")
    desk.get_by_role("row").filter(has_text="139****1234").get_by_role("link").click()
    desk.get_by_role("button", name=D["take"]).click()
    expect(desk.locator("main")).to_contain_text(re.compile("13900001234"))
    no_faults(desk)
    desk.get_by_role("button", name=D["was_reached"]).click()
    expect(desk.get_by_role("table")).not_to_contain_text("139****1234")
    page.reload()
    expect(page.locator("main")).to_contain_text(T["booking_is_reached"])
