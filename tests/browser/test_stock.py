"""Blank cards and cards on their way, as they are worked with: a scanner types a number and Enter."""

from playwright.sync_api import expect
from tests.browser.pages import a_consignment, a_stock
from tests.browser.serving import Visit, begin, serve
from tests.browser.steps import Windows, no_faults, person_in, types, window_of

from shebaoka.desk import Role, Staff, Step
from shebaoka.window.frame import LABELS


def test_a_temporary_card_is_written_onto_a_blank(browser: Windows) -> None:
    """The blank is scanned when confirming; one that is not here is told, and the answer names its own."""
    window, missing = a_stock(browser.run)
    blank = browser.run.house.stock.next(window)
    person = browser.run.enrolled("clerk", place=window)
    page = window_of(browser, "clerk", person=person)
    begin(page, person_in(browser, "registered"), "apply_for_temporary_card")
    serve(page, Visit(chosen={"hands_in_damaged_card": "no"}), stops=Step.CONFIRM)
    expect(page.locator("main")).to_contain_text(blank)
    no_faults(page)
    types(page, missing)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(LABELS["zh-Hans"]["fault_no_blank_card"])
    field = page.locator("#step [name=blank]")
    expect(field).to_be_focused()
    expect(field).to_have_value(missing)
    no_faults(page)
    field.fill(blank.lower())
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".answer-box")).to_contain_text(blank)
    assert browser.run.house.stock.blank(Staff("x", Role.CLERK, window), blank)[0].state == "used"


def test_a_consignment_is_taken_in_with_a_reader_alone(browser: Windows) -> None:
    """Scan and Enter, card after card; a stranger is told, and what is left is missing when the window finishes."""
    consignment = a_consignment(browser, "sent_consignment")
    room, clerk = browser.run.house.deliveries, Staff("clerk-7", Role.CLERK, "w1")
    left = [c for c in room.cards(clerk, consignment) if c.state == "packed"]
    page = window_of(browser, "clerk", language="en")
    page.goto(f"/deliveries/{consignment}")
    for text in (left[0].card_serial, "ZZ0000000"):
        types(page, text)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("lay it aside")
    no_faults(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Finish").click()
    expect(page.locator("main")).to_contain_text("taken in")
    expect(page.locator("tbody .no")).to_have_count(1)
    assert room.get(clerk, consignment).missing == 1
    no_faults(page)
