"""My card in a real browser: on a phone without a script and on a desk with one, from signing in to signing out."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.pages import a_window
from tests.browser.steps import DESK, Windows, fits, holder_at, no_faults, person_in

from shebaoka.desk import Delivered, Outgoing, Role, Staff
from shebaoka.portal.frame import Page as PublicPage

PHONE = {"width": 360, "height": 740}
SAID, OTHER = "13800001234", "15900005678"
T = PublicPage.ROOM.labels["zh-Hans"]
SMALL = """() => [...document.querySelectorAll('main button, main input, main select, main .doors a, nav.pages a')]
  .filter(e => e.checkVisibility() && e.type !== 'hidden')
  .map(e => [e.closest('label')?.querySelector('[type=checkbox],[type=radio]') ? e.closest('label') : e, e])
  .filter(([box]) => box.getBoundingClientRect().height < 43.5).map(([, e]) => e.outerHTML.slice(0, 100))"""


class _Kept:
    """A carrier that keeps what it is handed."""

    name = "kept"

    def __init__(self) -> None:
        self.had = list[Outgoing]()

    def carry(self, outgoing: Outgoing) -> Delivered:
        """Take it."""
        self.had.append(outgoing)
        return Delivered()


def code_sent(browser: Windows, to: str) -> str:
    """The code that leaves the house for a telephone now."""
    kept = _Kept()
    browser.run.house.outbox.send_due(kept)
    (text,) = [o.text for o in kept.had if o.to == to and "code" in o.about][-1:]
    (code,) = re.findall(r"[0-9]{6,10}", text)
    return str(code)


def looked_at(page: Page) -> None:
    """A page without a fault, that nobody scrolls sideways, with nothing too small for a thumb."""
    fits(page)
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize(("size", "script"), [(PHONE, False), (DESK, True)], ids=["phone", "desk"])
def test_a_holder_comes_in_and_sees_their_card(browser: Windows, size: dict[str, int], script: bool) -> None:
    """A wrong number is told at the top, which has the focus and leads to the field; the code of the message opens the
    card; it is shown with its account; who looked is told; signing out ends it.
    """
    holder = person_in(browser, "with_money")
    clerk = Staff("clerk-7", Role.CLERK, "w1")
    browser.run.house.telephones.keep(clerk, holder.person_id, SAID, agreed=False, language="zh-Hans")
    page = browser.context(size=size, java_script_enabled=script).new_page()
    page.goto("/my")
    page.get_by_label(T["my_number"]).fill("140702")
    page.get_by_label(T["my_telephone"]).fill(SAID)
    page.get_by_role("button", name=T["my_send_code"]).click()
    if script:
        expect(page.get_by_role("alert")).to_be_focused()
        no_faults(page)
        looked_at(page)
    page.get_by_role("link", name=T["my_fault_number_unfit"]).click()
    expect(page.get_by_label(T["my_telephone"])).to_have_value(SAID)
    page.get_by_label(T["my_number"]).fill(holder.number)
    page.get_by_role("button", name=T["my_send_code"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(T["my_enter_code"])
    page.get_by_label(T["my_code"], exact=True).fill(code_sent(browser, SAID))
    page.get_by_role("button", name=T["my_sign_in"]).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(T["menu_my"])
    expect(page.locator("#account")).to_contain_text("123.45")
    expect(page.locator(".functions")).to_contain_text(T["usable"])
    expect(page.locator("body")).not_to_contain_text(holder.number)
    if script:
        no_faults(page)
        looked_at(page)
    page.get_by_role("link", name=T["my_looks"]).click()
    expect(page.locator(".looks")).to_contain_text(T["my_reason_code"])
    page.go_back()
    page.get_by_role("button", name=T["sign_out"]).click()
    expect(page.get_by_role("status")).to_contain_text(T["my_after_signed_out"])
    page.goto("/my/looks")
    expect(page).to_have_url(re.compile("/my/sign-in"))


def test_on_a_phone_with_a_script_everything_fits(browser: Windows) -> None:
    """Loss and telephone at 360 px: in Jinzhong the window is named with 7.1 and what to bring; a new telephone is kept
    by the code that it was sent.
    """
    page, holder = holder_at(browser, "in_use", size=PHONE)
    a_window(browser.run)
    page.goto("/my/loss")
    expect(page.locator(".said-no")).to_contain_text("7.1")
    expect(page.locator(".windows")).to_be_visible()
    looked_at(page)
    no_faults(page)
    page.goto("/my/telephone")
    looked_at(page)
    page.get_by_label(T["my_new_telephone"]).fill(OTHER)
    page.get_by_role("button", name=T["my_send_code"]).click()
    page.get_by_label(T["my_code"], exact=True).fill("000")
    page.get_by_role("button", name=T["my_keep_telephone"]).click()
    expect(page.get_by_role("alert")).to_contain_text(T["my_fault_code_is_wrong"])
    looked_at(page)
    page.get_by_label(T["my_code"], exact=True).fill(code_sent(browser, OTHER))
    page.get_by_role("button", name=T["my_keep_telephone"]).click()
    expect(page.get_by_role("status")).to_contain_text(T["my_done_changed"])
    kept = browser.run.house.telephones.of(holder.person_id)
    assert kept is not None
    assert kept.number == OTHER
