"""The public finds a window and asks where a card is: on a telephone and at a desk, with and without script."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.steps import DESK, Windows, no_faults, nobody_at, person_in

from shebaoka.desk import Role, Staff
from shebaoka.numbers import mask

PHONE = {"width": 360, "height": 740}
SIZES = pytest.mark.parametrize(("size", "script"), [(PHONE, False), (DESK, True)], ids=["telephone", "desk"])


@pytest.fixture
def sites(browser: Windows) -> Iterator[None]:
    """Three windows: two at one site of Yuci, one in Pingyao; all closed on the day after tomorrow."""
    room = browser.run.house.windows
    hours = "周一至周五 8:30—12:00，14:30—17:30；周六 9:00—12:00"
    for code, name, site, at in (
        ("where-1", "一号窗口", "榆次区政务大厅", "37.6903, 112.7312"),
        ("where-2", "二号窗口", "榆次区政务大厅", "37.6903, 112.7312"),
        ("where-3", "综合窗口", "平遥县政务大厅", "37.2010, 112.1790"),
    ):
        room.add(code + str(browser.run.next_number()), name, site, f"{site[:3]}迎宾街 1 号", hours, at)
    yield
    for window in room.in_use():
        if window.code.startswith("where-"):
            room.end(window.code)


def order(page: Page) -> list[str]:
    """The sites as the list has them."""
    return [re.sub(r"^\d+\s*", "", text) for text in page.locator(".sites h3").all_inner_texts()]


@SIZES
def test_the_nearest_window_is_found(browser: Windows, sites: None, size: dict[str, int], script: bool) -> None:
    """From a place that is chosen the nearest site comes first, with its distance; no script is needed."""
    page = nobody_at(browser, path="/places", size=size, java_script_enabled=script)
    here = [s for s in order(page) if "政务大厅" in s]
    assert sorted(here) == ["平遥县政务大厅", "榆次区政务大厅"]
    page.get_by_label("您从哪里出发").select_option(label="平遥县")
    page.get_by_role("button", name="按远近排列").click()
    expect(page).to_have_url(re.compile("from=140728"))
    assert order(page)[0] == "平遥县政务大厅"
    first = page.locator(".sites>li").first
    expect(first).to_contain_text("直线距离约 100 米")
    expect(first).to_contain_text("周一至周五 8:30–12:00、14:30–17:30；周六 9:00–12:00；周日休息")
    expect(first.locator(".opening")).to_contain_text("开放")
    expect(page.get_by_role("img", name="窗口的位置")).to_be_visible()
    if script:
        no_faults(page)


def test_a_position_stays_in_the_page(browser: Windows, sites: None) -> None:
    """On a press the list is sorted by the browser's position, which is sent to nobody; a refusal is told."""
    near = {"latitude": 37.21, "longitude": 112.17}
    page = nobody_at(browser, path="/places", size=PHONE, geolocation=near, permissions=["geolocation"])
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.get_by_role("button", name="用我现在的位置").click()
    expect(page.get_by_role("status")).to_contain_text("没有发出去")
    assert order(page)[0] == "平遥县政务大厅"
    expect(page.locator(".sites>li").first).to_contain_text("直线距离约 1.3 公里")
    expect(page.locator("#you")).to_have_attribute("visibility", "visible")
    assert [url for url in sent if not url.endswith("/icon.svg")] == []
    no_faults(page)
    refused = nobody_at(browser, path="/places", size=PHONE)
    refused.get_by_role("button", name="用我现在的位置").click()
    expect(refused.get_by_role("status")).to_contain_text("选一个出发地")


@SIZES
def test_a_slip_leads_to_where_the_card_is(browser: Windows, size: dict[str, int], script: bool) -> None:
    """What the slip's QR code opens says how far the service is and not whose; the number alone leads to the answer."""
    holder, drafts = person_in(browser, "ready"), browser.run.house.drafts
    clerk = Staff("clerk-7", Role.CLERK, "w1")
    draft = drafts.open(clerk, holder.number, "apply_for_card", "", browser.run.front.person(holder.number))
    page = nobody_at(browser, path=f"/slip/{draft.slip_code}", size=size, java_script_enabled=script)
    expect(page.locator("main")).to_contain_text("已登记，还没有办完")
    expect(page.locator("main")).not_to_contain_text(holder.name)
    if script:
        no_faults(page)
    page.get_by_label("社会保障号码").fill(holder.number)
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_role("status")).to_contain_text("已到窗口，可以领卡")
    expect(page.locator("main")).to_contain_text(mask(holder.number))
    expect(page.locator("main")).not_to_contain_text(holder.name)
    if script:
        no_faults(page)


@SIZES
def test_a_card_tells_where_it_is_and_what_was_typed_wrongly_is_told(
    browser: Windows, size: dict[str, int], script: bool
) -> None:
    """A fault stands beside its field, and the link above leads there; number and card that do not belong together lead
    to one sentence; those that do say that the card waits for activation.
    """
    holder, other = person_in(browser, "sealed"), person_in(browser, "in_use")
    card = browser.run.front.person(holder.number).cards[-1].card.number
    page = nobody_at(browser, path="/where", size=size, java_script_enabled=script)
    fill = lambda number, proof: (  # noqa: E731
        page.get_by_label("社会保障号码").fill(number),
        page.get_by_label("卡号，或者").fill(proof),
        page.get_by_role("button", name="查询").click(),
    )
    fill(holder.number[:17] + "甲", card)
    expect(page.get_by_role("alert")).to_contain_text("有地方要改")
    if script:
        no_faults(page)
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("社会保障号码")).to_be_focused()
    fill(other.number, card)
    expect(page.get_by_role("alert")).to_contain_text("没有查到")
    fill(holder.number, card.lower())
    expect(page.locator("main")).to_contain_text("还没有启用社保功能")
    if script:
        no_faults(page)
