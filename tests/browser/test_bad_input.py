"""Bad input at a draft: each thing is told plainly at its field, and what was typed is still there."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from tests.browser.running import PINS, Running
from tests.browser.serving import AGENT, NEW_PIN, Visit, begin, chooses_photo, enters, opens_keypad, sends, serve
from tests.browser.steps import Windows, focused, no_faults, person_in, press, window_of

from shebaoka.desk import Step
from shebaoka.photo import photo_words
from shebaoka.portraits import Portrait, saved
from shebaoka.records import Agent, Material
from shebaoka.window.frame import LABELS

T, TROUBLES = LABELS["zh-Hans"], photo_words("zh-Hans").troubles
NOT_ALONE = Visit(agent=AGENT)
HOSTILE = "<img src=x onerror=alert(1)>' or 1=1; --"
"""Text that would be HTML, script or SQL, were it not shown as text."""


@pytest.fixture(scope="module")
def browser(chromium: Browser, run: Running) -> Iterator[Windows]:
    """Windows of this whole file: two clerks stay signed in."""
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


@pytest.fixture(scope="module")
def other(browser: Windows) -> Page:
    """Another clerk's window."""
    return window_of(browser, "clerk")


def who(page: Page) -> str:
    """In whose name a window is open."""
    return page.locator(".who span").first.inner_text().removeprefix(T["signed_in_as"]).partition("（")[0].strip()


def told(page: Page, sentence: str, field: str = "") -> None:
    """The page says what is wrong; the field that it is about is marked, and has the focus."""
    expect(page.locator("#problem")).to_contain_text(sentence)
    if field:
        assert focused(page) == field
        assert page.locator(f"#step [name={field}]").get_attribute("aria-invalid") == "true"
    no_faults(page, colours=False)


def two_people() -> bytes:
    """A photo of two people side by side."""
    one = Portrait(width=300, face_width=150, hair_top=60).pixels()
    return saved(np.hstack([one, one]))


def fifty_megapixels() -> bytes:
    """A whole JPEG of 50 million pixels, all white."""
    out = io.BytesIO()
    Image.new("L", (8_200, 6_100), 255).save(out, "JPEG", quality=30)
    return out.getvalue()


def test_an_agent_is_told_what_is_missing_or_wrong(browser: Windows, clerk: Page) -> None:
    """Name, number and relation, one after the other, each at its field; and an agent without a card of their own."""
    begin(clerk, person_in(browser, "in_use"), "report_loss.formal")
    clerk.locator("#step [value=agent]").check()
    for typed, sentence, field in (
        (Agent("", "14070219850312002X", ""), "fault_agent_name", "agent_name"),
        (Agent("王小芳", "140702198503120021", "女儿"), "fault_agent_number", "agent_number"),
        (Agent("王小芳", "14070219850312002X", ""), "fault_agent_relation", "agent_relation"),
    ):
        for name in ("name", "number", "relation"):
            clerk.locator(f"#step [name=agent_{name}]").fill(getattr(typed, name))
        sends(clerk)
        told(clerk, T[sentence], field)
        for name in ("name", "number", "relation"):
            expect(clerk.locator(f"#step [name=agent_{name}]")).to_have_value(getattr(typed, name))
        expect(clerk.locator("#step [value=agent]")).to_be_checked()
    serve(clerk, Visit(agent=AGENT, lacks=(Material.AGENT_IDENTITY_CARD,)))
    expect(clerk.locator(".said-no")).to_contain_text("代理人身份证原件")
    expect(clerk.locator(".said-no a[href^='/clauses/']")).to_have_attribute("href", "/clauses/7.2")


def test_photos_that_cannot_be_taken_are_told(browser: Windows, clerk: Page) -> None:
    """Two people, 50 megapixels, a page that calls itself a photo, half a photo, 12 MB; then one that a crop mends."""
    begin(clerk, person_in(browser, "registered"), "apply_for_card")
    for step in (Step.CHOICES, Step.PRESENTER):
        assert clerk.locator("#step h2").inner_text() == T[f"step_{step}"]
        sends(clerk)
    for box in clerk.locator("#step [type=checkbox]").all():
        box.check()
    sends(clerk)
    fits = Portrait(grain=4).saved()
    for content, code in (
        (b"<svg onload=alert(1)><script>alert(1)</script></svg>", "photo_no_picture"),
        (fits[: len(fits) // 2], "photo_damaged"),
        (fifty_megapixels(), "photo_has_too_many_pixels"),
        (fits + bytes(12 << 20), "photo_too_large"),
    ):
        chooses_photo(clerk, content)
        sends(clerk)
        told(clerk, TROUBLES[code], "photo")
    chooses_photo(clerk, two_people())
    sends(clerk)
    told(clerk, T["fault_photo_does_not_fit"], "photo")
    expect(clerk.locator(".photo-check li").filter(has_text="2 张人脸")).to_have_count(1)
    expect(clerk.locator(".photo-check svg")).to_be_visible()
    for offered in (False, True):
        chooses_photo(clerk, Portrait(hair_top=60, height=500, width=400, face_width=180).saved())
        assert clerk.locator("#step [name=crop]").is_checked() is offered
        sends(clerk)
    assert serve(clerk, Visit())[-1] is Step.CONFIRM
    expect(clerk.locator("#answer")).to_contain_text(T["done_yes"])


def test_a_scan_that_is_none_keeps_nothing(browser: Windows, clerk: Page) -> None:
    """One page that can be read and one that is a program: told at its field, and neither is kept."""
    begin(clerk, person_in(browser, "in_use"), "report_loss.formal")
    sends(clerk)
    page_of_paper = saved(np.full((1_400, 1_000, 3), 250, np.uint8), "PNG")
    copies = clerk.locator(f"#step [name=scan_{Material.IDENTITY_COPY}]")
    copies.set_input_files(
        [
            {"name": "copy.png", "mimeType": "image/png", "buffer": page_of_paper},
            {"name": "copy.jpg", "mimeType": "image/jpeg", "buffer": b"MZ" + bytes(2_000)},
        ]
    )
    clerk.locator(f"#step [name=shows_{Material.IDENTITY_CARD}]").check()
    sends(clerk)
    told(clerk, TROUBLES["page_no_picture"], f"scan_{Material.IDENTITY_COPY}")
    expect(clerk.locator(f"#step [name=shows_{Material.IDENTITY_CARD}]")).to_be_checked()
    expect(clerk.locator(".papers li")).to_have_count(0)
    copies.set_input_files([{"name": "copy.png", "mimeType": "image/png", "buffer": page_of_paper}])
    sends(clerk)
    expect(clerk.locator(".papers li")).to_have_count(1)
    no_faults(clerk)


def test_two_clerks_at_one_draft(browser: Windows, clerk: Page, other: Page) -> None:
    """The second is told who changed it and which step, and sends what they typed again, which is all still there."""
    begin(clerk, person_in(browser, "in_use"), "report_loss.formal")
    other.goto(clerk.url)
    sends(other)
    clerk.locator("#step [value=agent]").check()
    for name in ("name", "number", "relation"):
        clerk.locator(f"#step [name=agent_{name}]").fill(getattr(AGENT, name))
    sends(clerk)
    told(clerk, f"{who(other)} 在")
    expect(clerk.locator("#problem")).to_contain_text(T["step_presenter"])
    for name in ("name", "number", "relation"):
        expect(clerk.locator(f"#step [name=agent_{name}]")).to_have_value(getattr(AGENT, name))
    sends(clerk)
    expect(clerk.locator(".steps-list .is-done").first).to_contain_text(AGENT.relation)
    other.locator("#step [type=checkbox]").first.check()
    sends(other)
    told(other, f"{who(clerk)} 在")
    expect(other.locator("#step [type=checkbox]").first).to_be_checked()


def test_another_service_was_done_meanwhile(browser: Windows, clerk: Page) -> None:
    """What happened since is shown before it is confirmed, and no key pressed twice goes past it unseen."""
    holder = person_in(browser, "in_use")
    begin(clerk, holder, "report_loss.formal")
    browser.run.ask("report_loss", holder.number, kind="temporary")
    walked = serve(clerk, Visit(on_paper=True), stops=Step.CONFIRM)
    assert Step.SIGNATURE in walked
    sends(clerk)
    expect(clerk.locator("#news")).to_have_text(T["news_title"])
    expect(clerk.locator("[aria-labelledby=news] tbody tr")).to_have_count(1)
    expect(clerk.locator("#step button.confirm")).to_have_text(T["confirm_all_the_same"])
    no_faults(clerk)
    press(clerk, "Enter")
    expect(clerk.locator("#news")).to_be_focused()
    press(clerk, "Alt+s")
    expect(clerk.locator("#answer")).to_contain_text(T["done_yes"])


def test_a_double_click_does_one_thing(browser: Windows, clerk: Page) -> None:
    """Confirmed twice at once, with a script that holds the second click and without: one entry, and its answer."""
    for hold in (True, False):
        holder = person_in(browser, "in_use")
        begin(clerk, holder, "report_loss.temporary")
        serve(clerk, Visit(), stops=Step.CONFIRM)
        if hold:
            clerk.locator("#step button.confirm").dblclick()
        else:
            clerk.evaluate("const f = document.querySelector('#step form'); f.submit(); f.submit(); f.submit()")
        expect(clerk.locator("#answer")).to_contain_text(T["done_yes"])
        lines = browser.run.front.screens.journal_of(holder.person_id)
        assert [line.service for line in lines].count("report_loss") == 1


def test_a_wrong_pin_leaves_tries(browser: Windows, clerk: Page) -> None:
    """The answer says how many are left; the keypad is opened again, and with the right one it is done."""
    begin(clerk, person_in(browser, "in_use"), "change_pin")
    serve(clerk, Visit(pins=("118822", NEW_PIN)), stops=Step.CONFIRM)
    sends(clerk)
    expect(clerk.locator("#answer")).to_be_focused()
    expect(clerk.locator(".said-no")).to_contain_text("5")
    expect(clerk.locator(".said-no a[href^='/clauses/']")).to_have_attribute("href", "/clauses/9.3")
    no_faults(clerk)
    assert serve(clerk, Visit(pins=(PINS["own"], NEW_PIN))) == [Step.PIN, Step.CONFIRM]
    expect(clerk.locator("#answer")).to_contain_text(T["done_yes"])


def test_a_pin_that_is_no_good_is_told_at_the_keypad(browser: Windows, clerk: Page) -> None:
    """Too simple, too short, the first one, not twice the same: told to the holder; then by the digits shown."""
    begin(clerk, person_in(browser, "in_use"), "reset_pin")
    serve(clerk, Visit(), stops=Step.PIN)
    keypad = opens_keypad(clerk)
    no_faults(keypad)
    for new, again, says in (
        ("123456", "", "keypad_simple"),
        ("5839", "", "keypad_length"),
        (PINS["first"], "", "keypad_as_first"),
        (NEW_PIN, "583921", "keypad_differs"),
    ):
        with keypad.expect_navigation():
            enters(keypad, "", new, again)
        expect(keypad.locator("#problem")).to_contain_text(T[says].format(6))
        assert focused(keypad) == "new_pin"
        expect(keypad.locator("[name=new_pin]")).to_have_value("")
        no_faults(keypad, colours=False)
    for digit in (*NEW_PIN, "back", NEW_PIN[-1], *NEW_PIN):
        keypad.locator(f"[data-digit='{digit}']").click()
    keypad.locator(".digits button:not([data-digit])").click()
    expect(keypad.get_by_role("status")).to_be_visible()
    no_faults(keypad)
    keypad.reload()
    expect(keypad.get_by_role("alert")).to_contain_text(T["keypad_closed"])
    no_faults(keypad)
    keypad.close()
    expect(clerk.locator("#step h2")).to_have_text(T["step_signature"])


def test_an_approval_that_is_denied_is_told(browser: Windows, clerk: Page) -> None:
    """The reason of the second person stands at the step, and the clerk can ask again once it is mended."""
    begin(clerk, person_in(browser, "in_use"), "replace_card.made_wrongly")
    serve(clerk, Visit(on_paper=True), stops=Step.APPROVAL)
    sends(clerk)
    expect(clerk.locator("#step")).to_contain_text(T["approval_waits"])
    second = window_of(browser, "supervisor")
    code = clerk.url.rpartition("/")[2]
    second.goto(f"/approvals?of={code}")
    form = second.locator(f"form:has([name=draft][value='{code}'])")
    with second.expect_navigation():
        form.locator("[value=denied]").click()
    expect(second.get_by_role("alert")).to_be_visible()
    form.locator("[name=reason]").fill("卡面没有错")
    with second.expect_navigation():
        form.locator("[value=denied]").click()
    clerk.reload()
    expect(clerk.locator("#step .problem")).to_contain_text("卡面没有错")
    expect(clerk.locator("#step button")).to_be_focused()
    no_faults(clerk)
    assert serve(clerk, Visit(approver=second))[-1] is Step.CONFIRM
    expect(clerk.locator("#answer")).to_contain_text(T["done_yes"])


def test_a_payment_that_was_used_is_told_at_the_fee(browser: Windows, clerk: Page) -> None:
    """The number of a scanned payment is good once: told where it was typed, and nothing was done."""
    paid = Visit(code="wx-77000001", on_paper=True)
    for again in (False, True):
        begin(clerk, person_in(browser, "lost"), "replace_card.loss")
        serve(clerk, paid, stops=Step.CONFIRM)
        sends(clerk)
        if again:
            told(clerk, T["fault_payment_was_used"], "reference")
    assert serve(clerk, Visit(code="wx-77000002", on_paper=True)) == [Step.FEE, Step.CONFIRM]
    expect(clerk.locator("#answer")).to_contain_text(T["done_yes"])


def test_text_that_looks_like_html_is_text(browser: Windows, clerk: Page, other: Page) -> None:
    """A name and a relation made of HTML, script and SQL: on every page they are what they are, and slips print."""
    nobody = person_in(browser, "nobody")
    begin(clerk, nobody, "register_person")
    relation = Visit(
        chosen={"name": HOSTILE, "region": "140702", "insured_on": "2013-06-01"},
        agent=Agent(HOSTILE, AGENT.number, HOSTILE),
        on_paper=True,
    )
    serve(clerk, relation, stops=Step.CONFIRM)
    expect(clerk.locator(".steps-list")).to_contain_text(HOSTILE)
    sends(clerk)
    expect(clerk.locator("#answer")).to_contain_text(T["done_yes"])
    for slip in clerk.locator(".slips a").all():
        answer = clerk.request.get(f"{browser.run.url}{slip.get_attribute('href')}")
        assert answer.ok
        assert answer.body().startswith(b"%PDF")
    press(clerk, "Alt+b")
    clerk.get_by_role("button", name=T["show_in_full"]).click()
    expect(clerk.get_by_role("status")).to_contain_text(HOSTILE)
    for path in (clerk.url.removesuffix("/full"), "/journal", "/drafts", "/approvals"):
        other.goto(path)
        assert not other.locator("img[src=x]").count()
    assert not clerk.locator("img[src=x]").count()
    clerk.goto("/persons")
    clerk.locator("main [name=text]").fill(f"{HOSTILE} of nobody")
    press(clerk, "Enter")
    expect(clerk.locator("#problem")).to_be_visible()
    expect(clerk.locator("main [name=text]")).to_have_value(f"{HOSTILE} of nobody")
    no_faults(clerk)
