"""Many at once, as a clerk does it: an employer's list by file, and a tray of cards with nothing but a card reader."""

import csv
import io

from playwright.sync_api import expect
from tests.browser.steps import Windows, no_faults, person_in, press, types, window_of

from shebaoka.numbers import with_check_digit

AGENT = (
    ("代理人姓名", "王小芳"),
    ("代理人身份证号码", with_check_digit("14070219850312002")),
    ("与持卡人的关系", "人事专员"),
)


def test_a_list_is_uploaded_and_each_bad_row_told(browser: Windows) -> None:
    """The check stands row by row with its clause before anything counts; the result can be taken along."""
    known, held = person_in(browser, "registered"), person_in(browser, "in_use")
    rows = io.StringIO()
    csv.writer(rows).writerows(
        [["社会保障号码", "姓名"], [known.number, known.name], [held.number, "王芳芳"], ["", "李娜"]]
    )
    page = window_of(browser, "clerk")
    page.goto("/persons")
    press(page, "Alt+e")
    page.get_by_label("单位名称").fill("晋中纺织厂")
    for label, value in AGENT:
        page.get_by_label(label).fill(value)
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_label("名单文件").set_input_files(
        {"name": "名单.csv", "mimeType": "text/csv", "buffer": rows.getvalue().encode("gb18030")}
    )
    press(page, "Alt+s")
    expect(page.locator("h1")).to_contain_text("晋中纺织厂")
    told = page.locator("tbody tr")
    expect(told).to_have_count(3)
    expect(told.nth(0)).to_contain_text("相片")
    expect(told.nth(0)).to_contain_text("4.2")
    expect(told.nth(1)).to_contain_text("姓名与登记的不同")
    expect(told.nth(2)).to_contain_text("没有社会保障号码")
    no_faults(page)


def test_a_tray_is_handed_over_with_a_reader_alone(browser: Windows) -> None:
    """Scan and Enter, Enter: the card is handed over; the next one is told at once that it was collected before."""
    ready, had = person_in(browser, "ready"), person_in(browser, "in_use")
    card = browser.run.front.person(ready.number).dossier.applications[-1].card_number
    page = window_of(browser, "clerk")
    page.goto("/persons")
    press(page, "Alt+h")
    for label, value in AGENT:
        page.get_by_label(label).fill(value)
    for box in page.get_by_role("checkbox").all():
        box.check()
    press(page, "Alt+s")
    expect(page.get_by_label("读卡，或输入号码")).to_be_focused()
    types(page, str(card))
    press(page, "Enter")
    expect(page.locator("#scanned")).to_be_visible()
    no_faults(page)
    press(page, "Enter")
    expect(page.get_by_role("status")).to_contain_text("✓ 已交付")
    expect(page.get_by_label("读卡，或输入号码")).to_be_focused()
    types(page, had.number)
    press(page, "Enter")
    expect(page.get_by_role("status")).to_contain_text("✗ 没有交付")
    expect(page.locator("tbody tr")).to_have_count(2)
    no_faults(page)
    press(page, "Alt+p")
    expect(page.locator("tbody tr")).to_have_count(1)
    no_faults(page)
