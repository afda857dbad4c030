"""The electronic card in a real browser: on a phone without a script and with one, its code as a scanner sees it."""

import datetime as dt
import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from tests.browser.steps import DESK, Windows, fits, holder_at, no_faults, window_of
from tests.browser.test_pages import unfolded
from tests.browser.test_public_my import PHONE, T, looked_at
from tests.test_held_credentials import ISSUER, put_in

from shebaoka.desk import ReadCode
from shebaoka.portal import ecard

PICTURE = ".picture-of-code svg"


def scanned(page: Page) -> str:
    """What a scanner reads of the picture as it stands on the screen, from near or from far."""
    raw = np.frombuffer(page.locator(PICTURE).screenshot(), np.uint8)
    picture = cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE)
    for scale in (1, 2, 3, 1.5, 2.5):
        seen = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        for scanner in (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector()):
            if said := scanner.detectAndDecode(seen)[0]:
                return str(said)
    return ""


def read(browser: Windows, page: Page) -> ReadCode:
    """The code on the screen, read as a terminal's message would be."""
    return browser.run.house.ecards.read(scanned(page))


def test_a_code_is_shown_and_changed_without_a_script(browser: Windows) -> None:
    """On a phone, in large type and high contrast too, a scanner reads the code; the key shows another one."""
    page, holder = holder_at(browser, "in_use", size=PHONE, java_script_enabled=False)
    page.goto("/my")
    page.get_by_role("link", name=T["ecard"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(T["ecard"])
    first = read(browser, page)
    assert first.person == holder.number
    page.get_by_role("button", name=T["ecard_new"]).click()
    second = read(browser, page)
    assert (second.person, second.digest == first.digest) == (holder.number, False)
    for way in ("type=large", "contrast=high"):
        page.goto(f"/my/ecard?{way}")
        assert read(browser, page).person == holder.number
    fits(page)


def test_the_script_exchanges_the_code_for_a_while(browser: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute another code stands there; after some of them the page waits for the key, and shows no code."""
    monkeypatch.setattr(ecard, "EXCHANGES", 2)
    page, holder = holder_at(browser, "in_use", size=DESK)
    page.goto("/my/ecard")
    looked_at(page)
    no_faults(page)  # before time stands, for it waits
    opened(page)
    seen = {read(browser, page).digest}
    until = page.locator("[data-until]")
    for _ in range(2):
        said = re.findall(r"[0-9:]{8}", until.inner_text())[0]
        browser.run.clock.move(seconds=61)
        page.clock.run_for(61_000)
        expect(until).not_to_contain_text(said)
        expect(page.locator("[data-left]")).to_have_text(re.compile(T["ecard_left"].format("[0-9]+")))
        seen.add(read(browser, page).digest)
    assert len(seen) == 3
    page.clock.run_for(61_000)
    expect(page.locator("[data-left]")).to_have_text(T["ecard_over"])
    expect(page.locator(PICTURE)).not_to_be_visible()
    page.clock.resume()
    page.get_by_role("button", name=T["ecard_new"]).click()
    assert read(browser, page).person == holder.number


def opened(page: Page) -> None:
    """The card's page, on which time stands until it is moved."""
    began = dt.datetime.now(dt.UTC)
    page.clock.install(time=began)
    page.goto("/my/ecard")
    page.clock.pause_at(began + dt.timedelta(seconds=20))


def test_who_is_signed_out_meanwhile_sees_no_further_code(browser: Windows) -> None:
    """A session that ended elsewhere ends the exchange: the page leads to where one signs in."""
    page, _ = holder_at(browser, "in_use", size=PHONE)
    opened(page)
    browser.run.house.holders.end(next(c["value"] for c in page.context.cookies() if c["name"] == "shebaoka_holder"))
    page.clock.run_for(61_000)
    expect(page).to_have_url(re.compile(r"/my/sign-in"))


@pytest.mark.parametrize("script", [False, True], ids=["without_script", "with_script"])
def test_a_lost_card_is_not_shown(browser: Windows, script: bool) -> None:
    """The page says why, by clause 9.4, which it leads to."""
    page, _ = holder_at(browser, "lost", size=PHONE, java_script_enabled=script)
    page.goto("/my/ecard")
    expect(page.get_by_role("heading", level=2)).to_have_text(T["ecard_not_now"])
    expect(page.locator(PICTURE)).to_have_count(0)
    page.locator("main").get_by_role("link", name="9.4").click()
    expect(page).to_have_url(browser.run.url + "/notice/9.4")
    if script:
        no_faults(page)


def test_an_offer_for_a_wallet(browser: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the house has an address: a scanner reads the offer, and its link and digits stand beside it."""
    monkeypatch.setattr(browser.run.house.wallets, "issuer", ISSUER)
    page, _ = holder_at(browser, "in_use", size=PHONE)
    page.goto("/my/ecard")
    looked_at(page)
    page.get_by_role("button", name=T["ecard_wallet_ask"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(T["ecard_wallet"])
    link = page.get_by_role("link", name=T["ecard_wallet_link"]).get_attribute("href")
    assert scanned(page) == link
    assert str(link).startswith("openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fcard.jinzhong.example")
    looked_at(page)
    no_faults(page)


def test_what_a_stolen_telephone_holds_is_ended(browser: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a phone without a script: found from the card, confirmed, done. A clerk's page has the form, without fault."""
    monkeypatch.setattr(browser.run.house.wallets, "issuer", ISSUER)
    page, holder = holder_at(browser, "in_use", size=PHONE, java_script_enabled=False)
    keys = [put_in(browser.run.house, browser.run.front.person(holder.number)) for _ in range(2)]
    clerk = window_of(browser, "clerk")
    clerk.goto(f"/persons/{holder.person_id}")
    unfolded(clerk)
    no_faults(clerk)
    page.goto("/my")
    page.get_by_role("link", name=T["held"]).click()
    page.get_by_role("button", name=T["held_end"]).click()
    expect(page.get_by_role("alert")).to_contain_text(T["held_fault_which"])
    fits(page)
    page.get_by_role("radio", name=keys[0]).check()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=T["held_end"]).click()
    expect(page.get_by_role("status")).to_contain_text(T["held_done"])
    expect(page.get_by_role("radio", name=keys[0])).to_have_count(0)
    expect(page.get_by_role("radio", name=keys[1])).to_have_count(1)
    fits(page)
