"""The public finds a window and asks where a card is: on a telephone and at a desk, with and without script."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.steps import DESK, Windows, no_faults, nobody_at

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
