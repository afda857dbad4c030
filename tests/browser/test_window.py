"""Services at the window, as a clerk does them: with the keyboard, from the person's page to the receipt."""

from playwright.sync_api import expect
from tests.browser.steps import Windows, no_faults, person_in, press, types, window_of


def test_a_loss_is_reported_by_keyboard(browser: Windows) -> None:
    """From the key on the person's page through papers and signature to the answer, and the dossier says so."""
    holder = person_in(browser, "in_use")
    page = window_of(browser, "clerk")
    page.goto("/persons")
    types(page, holder.number)
    press(page, "Enter")
    expect(page.locator("h1")).to_contain_text("档案")
    no_faults(page)
    press(page, "Alt+l")
    expect(page.locator("h1")).to_contain_text("挂失")
    no_faults(page)
    press(page, "Alt+s")
    expect(page.locator("#step h2")).to_contain_text("材料")
    press(page, "Space")
    press(page, "Tab")
    press(page, "Space")
    no_faults(page)
    press(page, "Alt+s")
    expect(page.locator("#step h2")).to_contain_text("签名")
    no_faults(page)
    press(page, "Alt+o")
    expect(page.locator("#step h2")).to_contain_text("确认办理")
    press(page, "Enter")
    expect(page.locator("#answer")).to_contain_text("办好了")
    no_faults(page)
    press(page, "Alt+b")
    expect(page.locator(".card .state").first).to_contain_text("已正式挂失")


def test_what_is_missing_is_told_with_its_clause(browser: Windows) -> None:
    """An agent without papers: what is missing, by which clause, and a refusal that is recorded."""
    holder = person_in(browser, "in_use")
    page = window_of(browser, "clerk")
    page.goto(f"/persons/{holder.person_id}")
    page.get_by_role("button", name="挂失（正式）").click()
    page.get_by_label("代理人", exact=True).check()
    press(page, "Alt+s")
    expect(page.locator("#problem")).to_contain_text("代理人姓名")
    page.get_by_label("代理人姓名").fill("王小芳")
    page.get_by_label("代理人身份证号码").fill("14070219850312002X")
    page.get_by_label("与持卡人的关系").fill("女儿")
    press(page, "Alt+s")
    page.get_by_label("本人身份证原件", exact=True).check()
    press(page, "Alt+s")
    expect(page.locator("#refusal")).to_contain_text("现在不能办")
    expect(page.locator(".said-no")).to_contain_text("代理人身份证原件")
    expect(page.locator(".said-no")).to_contain_text("7.2")
    no_faults(page)
    press(page, "Alt+n")
    expect(page.locator("#answer")).to_contain_text("没有办成")
    no_faults(page)
