"""Every page, in every language and at both sizes: without a fault, and right on paper too.

`pages` has the list; whoever adds a page adds a line there.
"""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.faults import hard_to_use
from tests.browser.pages import PAGES, opened, otherwise
from tests.browser.steps import DESK, TABLET, Windows, fits, forgive, no_faults, person_in, press, types, window_of

from shebaoka.notice import LANGUAGES
from shebaoka.office.frame import LABELS
from shebaoka.serving import make_app
from shebaoka.window.frame import LABELS as WINDOW_LABELS


def unfolded(page: Page) -> None:
    """Whatever the page keeps folded away is opened, so that it is looked at as well."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


NO_PAGE = re.compile(
    r"/(api|terminal|scripts|slips|credentials|\.well-known)/|^/my/ecard/|\.(css|svg|csv|pdf|html|txt|xml)$|/(statement|bank-file|table|file|photo|pin|full|telephone|entry-slip|wallets)$"
    r"|^/day/list$|^/$|^/drafts/\{[^}]+\}/"
    r"|^/hotline/call/\{[^}]+\}/|^/lists/\{[^}]+\}/|^/handing-over/\{[^}]+\}/(?!list)|^/batches/\{[^}]+\}/|^/outbox/|^/my/messages$"
)
"""No pages: programs' answers, files, pictures, and addresses of forms, which lead on to the page of the form."""


def test_no_page_is_left_out(browser: Windows) -> None:
    """Every address that answers with a page is on the list that these tests go through."""
    paths = {
        route.path
        for route in make_app(browser.run.front).routes
        if "GET" in getattr(route, "methods", ()) and not NO_PAGE.search(route.path)
    }
    listed = {re.sub(r"\{\w+\}", "1", address).partition("?")[0] for _, address, *_ in PAGES.values()}
    faults = [
        path for path in paths if not any(re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), one) for one in listed)
    ]
    assert faults == [], "add a line to PAGES"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_fault(browser: Windows, name: str) -> None:
    """In three languages, on the clerk's screen and on a tablet, axe finds nothing and nothing scrolls sideways."""
    page = opened(browser, name)
    for language in LANGUAGES:
        otherwise(page, language=language)
        expect(page.locator("html")).to_have_attribute("lang", language)
        unfolded(page)
        no_faults(page, colours=language == LANGUAGES[0])
        page.set_viewport_size(TABLET)  # type: ignore[arg-type]
        fits(page)
        if language == "en":  # whose words are the longest
            no_faults(page, colours=False)
        page.set_viewport_size(DESK)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["today", "journal", "person", "cycle", "run"])
def test_a_page_is_right_on_paper(browser: Windows, name: str) -> None:
    """On paper there is what the page says, and neither what one clicks on nor a colour behind the heading."""
    page = opened(browser, name)
    page.emulate_media(media="print")
    for hidden in ("nav.pages", ".langs", ".skip", "main form"):
        for n in range(page.locator(hidden).count()):
            expect(page.locator(hidden).nth(n)).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.top')).backgroundColor") == "rgba(0, 0, 0, 0)"
    no_faults(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_security_administrator_keeps_staff(browser: Windows, language: str) -> None:
    """Adds somebody whose code enrols, resets them, ends them; each page without a fault, each deed told after it."""
    t, run = LABELS[language], browser.run
    name = f"周 & <b>{run.next_number()}</b>"
    page = window_of(browser, "security_administrator", language=language)
    page.get_by_role("link", name=t["staff_accounts"]).click()
    page.get_by_label(t["account_name"]).fill(name)
    page.get_by_label(t["role_column"]).select_option("supervisor")
    page.get_by_label(t["place_column"]).fill("w2")
    page.get_by_role("button", name=t["add"], exact=True).click()
    code = page.get_by_role("status").locator("code").inner_text()
    run.house.sign_in.enrolling(name, code)
    no_faults(page)
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
    row.get_by_role("button", name=t["reset"]).click()
    assert page.get_by_role("status").locator("code").inner_text() != code
    row.get_by_role("button", name=t["end_account"]).click()
    expect(row).to_contain_text(t["account_ended"].format(""))
    row.get_by_role("link", name=name).click()
    for event in ("event_added", "event_reset", "event_ended"):
        expect(page.get_by_role("table").first).to_contain_text(t[event])
    no_faults(page)


def test_a_person_is_found_by_keyboard_alone(browser: Windows) -> None:
    """Tab to the field, the number, Enter: the dossier, and the number stands in no address."""
    holder = person_in(browser, "in_use")
    page = window_of(browser, "clerk")
    page.goto("/persons")
    page.locator("main [name=text]").focus()
    types(page, holder.number)
    press(page, "Enter")
    expect(page).to_have_url(f"{browser.run.url}/persons/{holder.person_id}")
    no_faults(page)


def test_a_number_that_is_none_is_told(browser: Windows) -> None:
    """A number that is malformed, and one that nobody has, each get a sentence at once."""
    page = window_of(browser, "clerk", language="en")
    nobody = person_in(browser, "nobody")
    for number, says in (("140702198001010010123", "fault_number_is_not_whole"), (nobody.number, "not_registered")):
        page.goto("/persons")
        page.locator("main [name=text]").fill(number)
        page.locator("main [name=text]").press("Enter")
        expect(page.get_by_role("alert")).to_contain_text(WINDOW_LABELS["en"][says])
        no_faults(page)


def test_a_database_that_is_away_is_told(browser: Windows) -> None:
    """Nobody is signed out by it: the page says what to do meanwhile, and serves again when it is back."""
    page = window_of(browser, "clerk", language="en")
    page.goto("/persons")
    with browser.run.database_away():
        page.goto("/clauses")
        expect(page.get_by_role("alert")).to_be_visible()
        assert hard_to_use(page) == []
    forgive(page, "answers 503")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Jinzhong")
    no_faults(page)
