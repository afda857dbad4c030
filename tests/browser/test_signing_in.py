"""Signing in as people do it: with the mouse or without, wrong and right, and every way in which a session ends."""

import re
from typing import Any

import cv2
import numpy as np
import pyotp
import pytest
from playwright.sync_api import Page, expect
from tests.browser.running import PASSWORD
from tests.browser.steps import Windows, focused, no_faults, nobody_at, press, signs_in, types, window_of

from shebaoka.notice import LANGUAGES
from shebaoka.office.frame import LABELS


@pytest.mark.parametrize("language", LANGUAGES)
def test_somebody_signs_in_and_out(browser: Windows, language: str) -> None:
    """The form, the first page and the form again stand without a fault, in every language."""
    t = LABELS[language]
    page = nobody_at(browser, language=language)
    no_faults(page)
    person = browser.takes("clerk")
    signs_in(browser, page, person)
    expect(page.locator(".who")).to_contain_text(f"{t['signed_in_as']} {person.name}")
    no_faults(page)
    page.get_by_role("button", name=t["sign_out"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(t["sign_in"])
    page.goto("/journal")
    expect(page.get_by_role("heading", level=1)).to_have_text(t["sign_in"])


@pytest.mark.parametrize("wrong", [{"digits": "000000"}, {"password": "a wrong sentence"}, {"name": "nobody"}])
def test_a_wrong_sign_in_is_told(browser: Windows, wrong: dict[str, str]) -> None:
    """One sentence whatever is wrong, read out at once; the name is still there, password and digits are not."""
    page = nobody_at(browser, language="en")
    signs_in(browser, page, browser.takes("clerk"), **wrong)
    expect(page.get_by_role("alert")).to_contain_text(LABELS["en"]["people_failed"])
    expect(page.locator("main [name=name]")).not_to_have_value("")
    expect(page.locator("main [name=password]")).to_have_value("")
    expect(page.locator("main [name=digits]")).to_have_value("")
    no_faults(page)


def test_digits_that_are_too_old_are_refused(browser: Windows) -> None:
    """Six digits of two minutes ago are none; the next ones are."""
    person = browser.takes("clerk")
    old = browser.run.digits(person)
    browser.run.clock.move(minutes=2)
    page = nobody_at(browser)
    signs_in(browser, page, person, digits=old)
    expect(page.get_by_role("alert")).to_be_visible()
    signs_in(browser, page, person)
    expect(page.locator(".who")).to_contain_text(person.name)


def test_somebody_signs_in_by_keyboard_alone(browser: Windows) -> None:
    """From the skip link by Tab to the form, Enter sends it, and every stop shows that it has the focus."""
    person = browser.takes("clerk")
    page = nobody_at(browser)
    press(page, "Tab")
    expect(page.locator(".skip")).to_be_focused()
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    press(page, "Enter", "Tab")
    for field, said in (
        ("name", person.name),
        ("password", PASSWORD),
        ("digits", browser.run.digits(person)),
    ):
        assert focused(page) == field
        assert outlined(page)
        types(page, said)
        press(page, "Tab")
    assert outlined(page)
    press(page, "Enter")
    expect(page.locator(".who")).to_contain_text(person.name)


def outlined(page: Page) -> bool:
    """Whether what has the focus shows it by an outline of its own."""
    style: Any = page.evaluate("getComputedStyle(document.activeElement).outline")
    return "none" not in style and not re.search(r"\b0px", style)


@pytest.mark.parametrize("language", LANGUAGES)
def test_somebody_enrols(browser: Windows, language: str) -> None:
    """With the code the QR code is shown; what a camera reads from it makes the digits that enrol and sign in."""
    t, run = LABELS[language], browser.run
    name = f"李娜 {run.next_number()}"
    code = run.house.staff.add_person(name, "clerk", "w1")
    page = nobody_at(browser, language=language)
    page.get_by_role("link", name=t["enrol"]).click()
    no_faults(page)
    page.get_by_label(t["account_name"]).fill(name)
    page.get_by_label(t["enrolment_code"]).fill(code)
    page.get_by_role("button", name=t["go_on"]).click()
    totp = scanned(page)
    no_faults(page)
    for again, digits, says in (
        ("another sentence 3", totp.at(run.clock()), "passwords_differ"),
        (PASSWORD, "000000", "wrong_digits"),
        (PASSWORD, totp.at(run.clock()), ""),
    ):
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=again]").fill(again)
        page.locator("[name=digits]").fill(digits)
        page.get_by_role("button", name=t["set_up"]).click()
        if says:
            expect(page.get_by_role("alert")).to_contain_text(t[says])
            no_faults(page)
    expect(page.get_by_role("status")).to_have_text(t["enrolled"])
    no_faults(page)
    run.clock.move(seconds=30)
    page.locator("main [name=name]").fill(name)
    page.locator("main [name=password]").fill(PASSWORD)
    page.locator("main [name=digits]").fill(totp.at(run.clock()))
    page.get_by_role("button", name=t["sign_in"]).first.click()
    expect(page.locator(".who")).to_contain_text(name)


def scanned(page: Page) -> pyotp.TOTP:
    """The authenticator, set up by the picture on the page."""
    taken = cv2.imdecode(np.frombuffer(page.locator("svg.qr").screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    said = cv2.QRCodeDetectorAruco().detectAndDecode(taken)[0]
    totp = pyotp.parse_uri(said)
    assert isinstance(totp, pyotp.TOTP)
    return totp


def test_a_sign_in_elsewhere_is_told(browser: Windows) -> None:
    """Whoever sat at the first window learns at the next page that the account signed in elsewhere."""
    first = window_of(browser, "clerk", language="en")
    (person,) = browser.people
    window_of(browser, "clerk", person=person)
    first.goto("/journal")
    expect(first.get_by_role("status")).to_contain_text(LABELS["en"]["ended_elsewhere"])
    no_faults(first)
    signs_in(browser, first, person)
    expect(first).to_have_url(re.compile("/journal$"))


@pytest.mark.parametrize(("says", "minutes"), [("ended_idle", 16), ("ended_too_long", 9 * 60 + 1)])
def test_an_old_session_is_told(browser: Windows, says: str, minutes: int) -> None:
    """A session left open for a quarter of an hour has ended, and so has one of more than nine hours."""
    page = window_of(browser, "clerk", language="en")
    for _ in range(0, minutes - 24, 12):
        browser.run.clock.move(minutes=12)
        assert page.request.get("/evening").url.endswith("/evening")
    browser.run.clock.move(minutes=16 if says == "ended_idle" else 14)
    page.goto("/today")
    expect(page.get_by_role("status")).to_contain_text(LABELS["en"][says])


def test_somebody_disabled_while_at_work_is_told(browser: Windows) -> None:
    """The account ends while its page is open: the next page says so, and the form takes it no more."""
    page = window_of(browser, "clerk", language="en")
    (person,) = browser.people
    keeper = window_of(browser, "security_administrator", language="en")
    keeper.goto("/staff")
    row = keeper.get_by_role("row").filter(has=keeper.get_by_role("rowheader", name=person.name, exact=True))
    row.get_by_role("button", name=LABELS["en"]["end_account"]).click()
    expect(row).to_contain_text(LABELS["en"]["account_ended"].format(""))
    page.goto("/journal")
    expect(page.get_by_role("status")).to_contain_text(LABELS["en"]["ended_account"])
    signs_in(browser, page, person)
    expect(page.get_by_role("alert")).to_contain_text(LABELS["en"]["people_failed"])
    browser.run.forget(person)
