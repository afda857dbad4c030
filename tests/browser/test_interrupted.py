"""A service that is interrupted: session, account or database end, or are away. What was typed is still there."""

import re
import time

from playwright.sync_api import Page, expect
from tests.browser.serving import AGENT, Visit, begin, opens_keypad, sends, serve
from tests.browser.steps import TABLET, Windows, forgive, no_faults, person_in, press, signs_in, window_of

from shebaoka.desk import Step
from shebaoka.window.frame import LABELS

T = LABELS["zh-Hans"]
FIELDS = ("name", "number", "relation")


def types_an_agent(page: Page) -> None:
    """Fill in who came, and send nothing yet."""
    page.locator("#step [value=agent]").check()
    for name in FIELDS:
        page.locator(f"#step [name=agent_{name}]").fill(getattr(AGENT, name))


def is_still_there(page: Page) -> None:
    """What was typed stands in the form again."""
    expect(page.locator("#step [value=agent]")).to_be_checked()
    for name in FIELDS:
        expect(page.locator(f"#step [name=agent_{name}]")).to_have_value(getattr(AGENT, name))


def test_a_session_that_ended_while_a_form_was_open(browser: Windows) -> None:
    """It is told, the same person signs in again, and is back at the draft with everything that was typed."""
    page = window_of(browser, "clerk")
    begin(page, person_in(browser, "in_use"), "report_loss.formal")
    draft = page.url
    types_an_agent(page)
    browser.run.clock.move(minutes=16)
    sends(page)
    expect(page.get_by_role("status")).to_contain_text(T["ended_idle"])
    no_faults(page)
    signs_in(browser, page, browser.people[0])
    expect(page).to_have_url(re.compile(draft))
    is_still_there(page)
    assert serve(page, Visit(agent=AGENT, on_paper=True))[-1] is Step.CONFIRM
    expect(page.locator("#answer")).to_contain_text(T["done_yes"])


def test_an_account_that_ended_while_at_work(browser: Windows) -> None:
    """The clerk is told and is out; another takes up the draft as it was."""
    page = window_of(browser, "clerk")
    (person,) = browser.people
    begin(page, person_in(browser, "in_use"), "report_loss.formal")
    draft = page.url
    sends(page)
    browser.run.house.staff.end(person.name)
    sends(page)
    expect(page.get_by_role("status")).to_contain_text(T["ended_account"])
    browser.run.forget(person)
    other = window_of(browser, "clerk")
    other.goto(draft)
    expect(other.locator(".steps-list .is-done")).to_contain_text(T["holder_came"])
    assert serve(other, Visit(on_paper=True))[0] is Step.MATERIALS
    expect(other.locator("#answer")).to_contain_text(T["done_yes"])


def test_the_database_is_away_for_a_while(browser: Windows) -> None:
    """The page says so and leads back to the draft; there is what was typed, and it is sent again."""
    page = window_of(browser, "clerk")
    begin(page, person_in(browser, "in_use"), "report_loss.formal")
    types_an_agent(page)
    with browser.run.database_away():
        sends(page)
        expect(page.get_by_role("alert")).to_contain_text(T["trouble_503"])
        expect(page.get_by_role("link", name=T["trouble_back"])).to_be_focused()
    forgive(page, "answers 503")
    with page.expect_navigation():
        press(page, "Enter")
    is_still_there(page)
    no_faults(page)
    assert serve(page, Visit(agent=AGENT, on_paper=True))[-1] is Step.CONFIRM
    expect(page.locator("#answer")).to_contain_text(T["done_yes"])


def test_the_database_is_away_for_ten_seconds(browser: Windows) -> None:
    """All the while the clerk asks again, and is told each time; once it is back, everything typed is there."""
    page = window_of(browser, "clerk")
    begin(page, person_in(browser, "in_use"), "report_loss.formal")
    types_an_agent(page)
    with browser.run.database_away():
        gone_at, tries = time.monotonic(), 0
        sends(page)
        while time.monotonic() - gone_at < 10:
            expect(page.get_by_role("alert")).to_contain_text(T["trouble_503"])
            with page.expect_navigation():
                press(page, "Enter")
            expect(page.get_by_role("link", name=T["trouble_again"])).to_be_focused()
            tries += 1
        expect(page.get_by_role("alert")).to_contain_text(T["trouble_503"])
    forgive(page, "answers 503")
    assert tries
    with page.expect_navigation():
        press(page, "Enter")
    is_still_there(page)
    assert serve(page, Visit(agent=AGENT, on_paper=True))[-1] is Step.CONFIRM
    expect(page.locator("#answer")).to_contain_text(T["done_yes"])


def test_another_language_keeps_what_was_typed(browser: Windows) -> None:
    """A form half filled in, and one that was sent back: in the other language all of it is there."""
    page = window_of(browser, "clerk")
    begin(page, person_in(browser, "in_use"), "report_loss.formal")
    types_an_agent(page)
    with page.expect_navigation():
        press(page, "Alt+y")
    expect(page.locator("#step h2")).to_have_text(LABELS["en"]["step_presenter"])
    is_still_there(page)
    page.locator("#step [name=agent_relation]").fill("")
    sends(page)
    expect(page.locator("#problem")).to_contain_text(LABELS["en"]["fault_agent_relation"])
    page.locator("#step [name=agent_relation]").fill(AGENT.relation)
    with page.expect_navigation():
        press(page, "Alt+q")
    expect(page.locator("#step h2")).to_have_text(LABELS["zh-Hant"]["step_presenter"])
    is_still_there(page)
    no_faults(page)


def test_steps_in_large_type_and_high_contrast_on_a_tablet(browser: Windows) -> None:
    """Every step, the keypad and the answer fit a tablet's window, and a finger signs; nothing is hard to use."""
    page = window_of(browser, "clerk", size=TABLET, has_touch=True)
    page.goto("/persons?type=large&contrast=high")
    begin(page, person_in(browser, "registered"), "apply_for_temporary_card")
    visit = Visit(chosen={"hands_in_damaged_card": "no"}, agent=AGENT)
    serve(page, visit, no_faults, stops=Step.PIN)
    keypad = opens_keypad(page)
    no_faults(keypad)
    keypad.close()
    serve(page, visit, no_faults, stops=Step.SIGNATURE)
    signs_with_a_finger(page)
    sends(page)
    expect(page.locator(".papers li").filter(has_text=T["signature"])).to_have_count(1)
    serve(page, visit, no_faults)
    expect(page.locator("#answer")).to_contain_text(T["done_yes"])


def signs_with_a_finger(page: Page) -> None:
    """Draw a line over the field by touch."""
    canvas = page.locator("#step canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    for n in range(9):
        place = {"x": box["x"] + box["width"] * (0.1 + n / 10), "y": box["y"] + box["height"] * (0.3 + n % 3 / 5)}
        kind = "touchMove" if n else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def test_who_may_only_look_sees_no_form(browser: Windows) -> None:
    """A draft before somebody who serves at no window: how far it is, and nothing to press or to open."""
    clerk = window_of(browser, "clerk")
    begin(clerk, person_in(browser, "in_use"), "reset_pin")
    serve(clerk, Visit(), stops=Step.CONFIRM)
    looks = window_of(browser, "auditor")
    looks.goto(clerk.url)
    expect(looks.locator(".steps-list .is-done")).to_have_count(4)
    expect(looks.locator(".papers li")).to_have_count(1)
    assert not looks.locator("main form").count()
    no_faults(looks)
    for link in looks.locator("main a").all():
        assert looks.request.get(f"{browser.run.url}{link.get_attribute('href')}").ok


def test_an_expired_temporary_card(browser: Windows) -> None:
    """A year and a day later the person's page says so, and each service of the card its clause 3.2."""
    holder = person_in(browser, "temporary")
    browser.run.clock.move(days=367)
    page = window_of(browser, "clerk")
    page.goto(f"/persons/{holder.person_id}")
    expect(page.locator(".card .state")).to_contain_text("已过期")
    page.locator("details:has(.reasons-not) summary").first.click()
    row = page.locator(".reasons-not li").filter(has_text="改密码").filter(has_text="临时卡")
    expect(row.get_by_role("link")).to_have_text("3.2")
    no_faults(page)
