"""Passkeys in a real browser with a virtual authenticator: adding one, signing in with it, and what stops that."""

from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect
from tests.browser.faults import forgive
from tests.browser.running import PASSWORD, Person
from tests.browser.steps import Windows, no_faults, nobody_at, press, signs_in

from shebaoka.notice import LANGUAGES
from shebaoka.office.frame import LABELS


def security_key(page: Page, *, verifies: bool = True) -> tuple[CDPSession, str]:
    """A security key that its holder touches at once; whether it also finds that it is them."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    kind: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    return session, str(session.send("WebAuthn.addVirtualAuthenticator", {"options": kind})["authenticatorId"])


def fills(page: Page, **fields: str) -> None:
    """Type into fields of the page's own forms."""
    for field, said in fields.items():
        page.locator(f"main form [name={field}]").fill(said)


def adds(page: Page, t: dict[str, str], *, again: str = PASSWORD) -> None:
    """Fill in the form for a passkey, and send it."""
    page.goto("/passkeys")
    fills(page, called="蓝色安全钥匙", again=again)
    page.get_by_role("button", name=t["add_passkey"]).click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_somebody_adds_a_passkey_and_signs_in_with_it(browser: Windows, language: str) -> None:
    """It stands in the list, signs in beside name and password without digits, and is good no more once it ended."""
    t, person = LABELS[language], browser.takes("clerk")
    page = nobody_at(browser, language=language)
    security_key(page)
    signs_in(browser, page, person)
    page.get_by_role("link", name=t["passkeys"]).click()
    no_faults(page)
    adds(page, t)
    expect(page.get_by_role("row", name="蓝色安全钥匙")).to_contain_text(t["never"])
    no_faults(page)
    page.get_by_role("button", name=t["sign_out"]).click()
    with_passkey(page, t, person)
    expect(page.locator(".who")).to_contain_text(person.name)
    page.goto("/passkeys")
    row = page.get_by_role("row", name="蓝色安全钥匙")
    expect(row).not_to_contain_text(t["never"])
    row.get_by_role("button").click()
    expect(page.get_by_text(t["passkey_was_ended"])).to_be_visible()
    page.get_by_role("button", name=t["sign_out"]).click()
    with_passkey(page, t, person)
    expect(page.get_by_role("alert")).to_contain_text(t["people_failed"])
    no_faults(page)


def with_passkey(page: Page, t: dict[str, str], person: Person) -> None:
    """Sign in by name, password and passkey; by keyboard."""
    fills(page, name=person.name, password=PASSWORD)
    page.get_by_role("button", name=t["with_passkey"]).focus()
    press(page, "Enter")


def test_a_key_that_does_not_know_its_holder_adds_nothing(browser: Windows) -> None:
    """The browser says that it was not done, the page says what to do, and what was typed is still there."""
    t, person = LABELS["en"], browser.takes("clerk")
    page = nobody_at(browser, language="en")
    session, key = security_key(page, verifies=False)
    signs_in(browser, page, person)
    adds(page, t, again="a wrong sentence")
    expect(page.locator("[data-says]")).to_have_text(t["not_proved"])
    forgive(page, "answers 400: POST .*/passkeys/challenge")
    adds(page, t)
    expect(page.locator("[data-says]")).to_have_text(t["passkey_cancelled"])
    expect(page.locator("main [name=called]")).to_have_value("蓝色安全钥匙")
    no_faults(page)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    page.get_by_role("button", name=t["add_passkey"]).click()
    expect(page.get_by_role("row", name="蓝色安全钥匙")).to_be_visible()
    adds(page, t)
    expect(page.locator("[data-says]")).to_have_text(t["passkey_known"])


def test_without_a_passkey_the_digits_are_there(browser: Windows) -> None:
    """A browser with no fitting key says so and to use the digits; so does one that runs no scripts."""
    t, person = LABELS["en"], browser.takes("clerk")
    page = nobody_at(browser, language="en")
    security_key(page)
    with_passkey(page, t, person)
    expect(page.locator("[data-says]")).to_have_text(t["passkey_cancelled"])
    signs_in(browser, page, person)
    expect(page.locator(".who")).to_contain_text(person.name)
    bare = nobody_at(browser, language="en", java_script_enabled=False)
    expect(bare.get_by_text(t["passkey_needs_script"])).to_be_visible()
    expect(bare.get_by_role("button", name=t["with_passkey"])).to_be_hidden()
    signs_in(browser, bare, person)
    expect(bare.locator(".who")).to_contain_text(person.name)


def test_a_page_at_another_address_says_where_passkeys_are_good(browser: Windows) -> None:
    """A browser binds no key to a bare address; the page names the one to open."""
    t, person = LABELS["en"], browser.takes("clerk")
    page = nobody_at(browser, language="en", base_url=browser.run.url.replace("localhost", "127.0.0.1"))
    with_passkey(page, t, person)
    expect(page.locator("[data-says]")).to_have_text(t["passkey_elsewhere"].format("http://localhost"))
    forgive(page, "asks another host: .* http://127.0.0.1:")
