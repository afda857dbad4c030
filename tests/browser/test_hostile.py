"""Stored text that looks like HTML, script or SQL: every page and paper that says it shows it as text."""

import io
import re

import pypdf
from playwright.sync_api import Page, expect
from tests.browser.pages import a_window
from tests.browser.serving import Visit, begin, serve
from tests.browser.steps import Windows, no_faults, person_in, window_of

from shebaoka.desk import Step
from shebaoka.records import Agent
from shebaoka.window.frame import LABELS

T = LABELS["zh-Hans"]
MALICE = "<b onclick=alert(1)>"
SCRIPT = "</td><script>document.title='x'</script>' or 1=1 --"
CODE = "4200001234202611260001"
NAME, RELATION = f"王{MALICE}{{{{7*7}}}}", f"{MALICE}';drop table x;--"


def says(page: Page, *texts: str) -> None:
    """The page has each of them to read, and did nothing of what they say."""
    read = page.locator("main").inner_text()
    for text in texts:
        assert text in read, f"{text} is not on {page.url}: {read}"
    assert page.title() != "x"
    no_faults(page)


def paper_says(page: Page, address: str, *texts: str) -> None:
    """The paper at an address has each of them to read, without regard to where lines end."""
    answer = page.request.get(address)
    assert answer.ok, address
    pages = pypdf.PdfReader(io.BytesIO(answer.body())).pages
    read = re.sub(r"[\s\u200b]", "", "".join(one.extract_text() for one in pages))
    for text in texts:
        assert re.sub(r"\s", "", text) in read, f"{text} is not on {address}: {read}"


def test_hostile_text_is_text_on_every_page_and_paper(browser: Windows) -> None:
    """An agent's name, a relation, and a reason, from the draft to the journal, till and slips."""
    page, cashier = window_of(browser, "clerk"), window_of(browser, "cashier")
    holder = person_in(browser, "lost")
    begin(page, holder, "replace_card.loss")
    agent = Agent(NAME, "14070219850312002X", RELATION)
    visit = Visit(agent=agent, code=CODE, on_paper=True)
    serve(page, visit, stops=Step.CONFIRM)
    says(page, RELATION)
    serve(page, visit)
    expect(page.locator("#answer")).to_contain_text(T["done_yes"])
    for link in page.locator("a[href*='/slips/']").all():
        address = str(link.get_attribute("href"))
        paper_says(page, address, *((NAME, RELATION) if address.endswith("/form") else ()))
    cashier.goto("/till?window=w1")
    row = cashier.locator("tr", has_text=CODE)
    row.locator("summary", has_text=T["till_do_void"]).click()
    form = row.locator("form[action='/till/void']")
    form.locator("[name=reason]").fill(SCRIPT)
    with cashier.expect_navigation():
        form.locator("button").click()
    says(cashier, SCRIPT)
    cashier.goto("/till?window=w1")
    says(cashier, SCRIPT)
    page.goto("/till")
    says(page, SCRIPT)
    page.goto(f"/persons/{holder.person_id}/history")
    says(page)
    auditor = window_of(browser, "auditor")
    auditor.goto(f"/journal?person={holder.person_id}")
    says(auditor)


def test_hostile_words_about_a_window_are_text(browser: Windows) -> None:
    """What an administrator calls a window stands on the page of windows, in the choice of one, and nowhere runs."""
    a_window(browser.run)
    browser.run.house.windows.add("w-hostile", MALICE, SCRIPT, SCRIPT, "周一 8:30—17:30")
    try:
        administrator, clerk = window_of(browser, "system_administrator"), window_of(browser, "clerk")
        administrator.goto("/windows")
        says(administrator, MALICE, SCRIPT)
        begin(clerk, person_in(browser, "registered"), "apply_for_card")
        option = clerk.locator("#step [name=collect_at] option[value='w-hostile']")
        expect(option).to_contain_text(MALICE)
        no_faults(clerk)
    finally:
        browser.run.house.windows.end("w-hostile")


def test_what_is_searched_for_is_shown_as_text(browser: Windows) -> None:
    """A search that finds nobody says what was typed, on the page and in the field."""
    page = window_of(browser, "clerk")
    for typed in (MALICE, SCRIPT, "%' or '1'='1"):
        page.goto("/persons")
        page.locator("main [name=text]").fill(typed)
        with page.expect_navigation():
            page.locator("main button[accesskey=s]").click()
        expect(page.locator("main [name=text]")).to_have_value(typed)
        assert page.title() != "x"
        no_faults(page)
