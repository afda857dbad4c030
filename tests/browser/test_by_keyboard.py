"""The ten commonest services without a mouse: from the search field to the answer, with the keys that the pages name.

Wherever a page opens, the focus stands where the next key belongs; a test that has to look for it fails.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.faults import heard_of
from tests.browser.running import PINS, Running
from tests.browser.serving import NEW_PIN, portrait, step_at
from tests.browser.steps import Windows, focused, person_in, press, types, window_of

from shebaoka.desk import Step
from shebaoka.window.frame import LABELS

T = LABELS["zh-Hans"]
COMMONEST = {
    "apply_for_card": ("registered", "a"),
    "collect_card": ("ready", "c"),
    "activate_card": ("sealed", "v"),
    "report_loss.formal": ("in_use", "l"),
    "cancel_loss_report": ("lost", "f"),
    "unlock_card": ("locked", "u"),
    "change_pin": ("in_use", "i"),
    "reset_pin": ("in_use", "r"),
    "replace_card.loss": ("lost", "n"),
    "apply_for_temporary_card": ("registered", "t"),
}
"""Service → a state that it can be asked for in, and the letter that begins it together with Alt."""


@pytest.fixture(scope="module")
def browser(chromium: Browser, run: Running) -> Iterator[Windows]:
    """Windows of this whole file: one clerk stays signed in."""
    windows = Windows(chromium, run)
    try:
        yield windows
    finally:
        faults = windows.close()
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="module")
def clerk(browser: Windows) -> Page:
    """A clerk's window."""
    return window_of(browser, "clerk")


@pytest.mark.parametrize("service", COMMONEST)
def test_a_service_is_done_by_keyboard_alone(browser: Windows, clerk: Page, service: str) -> None:
    """The number, Enter, Alt and the service's letter, and then whatever each step asks for: done, without a mouse."""
    state, letter = COMMONEST[service]
    holder = person_in(browser, state)
    clerk.goto("/persons")
    assert focused(clerk) == "text"
    types(clerk, holder.number)
    _presses(clerk, "Enter")
    expect(clerk.locator(f".key-row [accesskey={letter}]")).to_be_visible()
    _presses(clerk, f"Alt+{letter}")
    while (step := step_at(clerk)) is not None:
        _BY_KEYS[step](clerk)
    expect(clerk.locator("#answer")).to_contain_text(T["done_yes"])
    expect(clerk.locator("#answer")).to_be_focused()
    _presses(clerk, "Alt+b")
    expect(clerk).to_have_url(f"{browser.run.url}/persons/{holder.person_id}")
    assert not heard_of(clerk.context)


def _presses(page: Page, key: str) -> None:
    """A key that leads to another page."""
    with page.expect_navigation():
        press(page, key)


def _choices(page: Page) -> None:
    if focused(page).startswith("hands_in_"):
        press(page, "ArrowDown")  # the second of the two: nothing is handed in
    else:
        assert focused(page) == "collect_at"
    _presses(page, "Enter")


def _presenter(page: Page) -> None:
    assert focused(page) == "presenter"
    _presses(page, "Enter")


def _materials(page: Page) -> None:
    boxes = page.locator("#step [type=checkbox]").count()
    assert focused(page).startswith("shows_")
    while page.locator("#step [type=checkbox]:checked").count() < boxes:
        if focused(page).startswith("shows_"):
            press(page, "Space")
        press(page, "Tab")
    _presses(page, "Alt+s")


def _photo(page: Page) -> None:
    assert focused(page) == "photo"
    with page.expect_file_chooser() as chooser:
        press(page, "Space")
    chooser.value.set_files({"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": portrait()})
    _presses(page, "Alt+s")


def _fee(page: Page) -> None:
    assert focused(page) == "means"
    press(page, "Tab")
    types(page, "50")
    _presses(page, "Enter")
    expect(page.locator(".steps-list")).to_contain_text("22 元")


def _pin(page: Page) -> None:
    with page.expect_popup() as opened:
        press(page, "Enter")
    keypad = opened.value
    keypad.wait_for_load_state()
    if focused(keypad) == "pin":
        types(keypad, PINS["own"])
        press(keypad, "Tab")
    assert focused(keypad) == "new_pin"
    types(keypad, NEW_PIN)
    press(keypad, "Tab")
    types(keypad, NEW_PIN)
    _presses(keypad, "Enter")
    expect(keypad.get_by_role("status")).to_be_visible()
    keypad.close()
    expect(page.locator("#step h2")).not_to_have_text(T["step_pin"])


def _signature(page: Page) -> None:
    _presses(page, "Enter")
    expect(page.locator("#problem")).to_have_text(f"✗ {T['fault_signature_is_missing']}")
    _presses(page, "Alt+o")


def _confirm(page: Page) -> None:
    _presses(page, "Enter")


_BY_KEYS = {
    Step.CHOICES: _choices,
    Step.PRESENTER: _presenter,
    Step.MATERIALS: _materials,
    Step.PHOTO: _photo,
    Step.FEE: _fee,
    Step.PIN: _pin,
    Step.SIGNATURE: _signature,
    Step.CONFIRM: _confirm,
}
