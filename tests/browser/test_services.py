"""Every service of the notice at the window, as a clerk does it: the yes through all its steps, the no with its clause.

`YES` has a row for every service and kind of card that the notice lets come to a window: who is served, what they say
and have with them, and the clause that the answer rests on. `NO` says by state what the person's page says no to.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.faults import heard_of
from tests.browser.running import PINS, Running
from tests.browser.serving import AGENT, Visit, begin, key_of, serve, step_at
from tests.browser.steps import Windows, no_faults, person_in, press, window_of

from shebaoka.desk import WINDOW, Step
from shebaoka.pages import Said
from shebaoka.records import CardKind, Material, Refusal
from shebaoka.window.frame import LABELS

T = LABELS["zh-Hans"]
SS, TEMPORARY = CardKind.SOCIAL_SECURITY.value, CardKind.TEMPORARY.value
OWN = PINS["own"]
PLAIN, PAPER = Visit(), Visit(on_paper=True)
NEWCOMER = {"name": "马小跳", "region": "140702", "insured_on": "2013-06-01"}

YES: list[tuple[str, str, str, Visit, str]] = [
    ("register_person", "", "nobody", Visit(chosen=NEWCOMER), "4.1"),
    ("apply_for_card", "", "registered", PLAIN, "4.1"),
    ("apply_for_card", "", "cancelled", Visit(code="wx-4200001", on_paper=True), "4.1"),
    ("apply_for_temporary_card", "", "applied", Visit(chosen={"hands_in_damaged_card": "no"}), "4.3"),
    (
        "apply_for_temporary_card",
        "",
        "being_replaced",
        Visit(chosen={"hands_in_damaged_card": "no"}, on_paper=True),
        "2.4",
    ),
    ("collect_card", "", "ready", Visit(chosen={"hands_in_temporary_card": "no"}, agent=AGENT), "2.1"),
    ("collect_card", "", "temporary_and_ready", Visit(chosen={"hands_in_temporary_card": "yes"}, on_paper=True), "2.3"),
    ("activate_card", SS, "sealed", PLAIN, "5.1"),
    ("activate_card", SS, "sealed", Visit(keeps_pin=True), "5.1"),
    ("change_pin", SS, "in_use", Visit(pins=(OWN, "583920")), "9.1"),
    ("change_pin", SS, "first_pin", Visit(pins=(PINS["first"], "583920")), "9.2"),
    ("change_pin", TEMPORARY, "temporary", Visit(pins=(OWN, "583920")), "9.1"),
    ("reset_pin", SS, "in_use", PLAIN, "9.1"),
    ("reset_pin", TEMPORARY, "temporary", PAPER, "9.1"),
    ("unlock_card", SS, "locked", PLAIN, "9.3"),
    ("unlock_card", TEMPORARY, "temporary_locked", PLAIN, "9.3"),
    ("report_loss.formal", SS, "in_use", Visit(agent=AGENT), "9.4"),
    ("report_loss.formal", TEMPORARY, "temporary", PAPER, "9.4"),
    ("report_loss.temporary", SS, "in_use", PLAIN, "9.4"),
    ("report_loss.temporary", TEMPORARY, "temporary", PLAIN, "9.4"),
    ("cancel_loss_report", SS, "lost", PLAIN, "9.4"),
    ("cancel_loss_report", TEMPORARY, "temporary_lost", PAPER, "9.4"),
    ("replace_card.loss", SS, "lost", PLAIN, "6.2"),
    ("replace_card.loss", TEMPORARY, "temporary_lost_for_good", PAPER, "6.4"),
    ("replace_card.damage", SS, "in_use", Visit(code="wx-4200002", on_paper=True), "6.2"),
    ("replace_card.damage", TEMPORARY, "temporary", PAPER, "6.4"),
    ("replace_card.made_wrongly", SS, "in_use", PAPER, "6.2"),
    ("replace_card.made_wrongly", TEMPORARY, "temporary", PAPER, "6.2"),
    ("hand_in_card", SS, "in_use", PAPER, "2.1"),
    ("hand_in_card", TEMPORARY, "temporary", PAPER, "2.1"),
    ("amend_application", "", "applied", Visit(chosen={"collect_at": ""}), "7.1"),
    ("withdraw_application", "", "applied", PAPER, "7.1"),
    ("add_extended_application", SS, "in_use", Visit(chosen={"application": "library"}), "6.1"),
    ("remove_extended_application", SS, "with_library", Visit(chosen={"application": "library"}), "3.3"),
    ("cancel_card.request", SS, "in_use", PAPER, "2.1"),
    ("cancel_card.request", TEMPORARY, "temporary", PAPER, "2.1"),
    ("cancel_card.leaving", "", "in_use", PAPER, "2.1"),
    ("cancel_card.death", "", "in_use", Visit(agent=AGENT, on_paper=True), "2.1"),
]
"""Service, kind of card where it is about one, state, what whoever came says and has, and the answer's clause."""

NO: dict[str, dict[tuple[str, str], Refusal]] = {
    "registered": {
        ("collect_card", ""): Refusal.THERE_IS_NO_APPLICATION,
        ("withdraw_application", ""): Refusal.THERE_IS_NO_APPLICATION,
        ("activate_card", SS): Refusal.HOLDER_HAS_NO_CARD,
        ("report_loss.formal", SS): Refusal.HOLDER_HAS_NO_CARD,
        ("cancel_card.request", SS): Refusal.HOLDER_HAS_NO_CARD,
        ("hand_in_card", SS): Refusal.HOLDER_HAS_NO_CARD,
    },
    "in_batch": {
        ("apply_for_card", ""): Refusal.APPLICATION_IS_ALREADY_OPEN,
        ("amend_application", ""): Refusal.CARD_IS_ALREADY_BEING_MADE,
        ("collect_card", ""): Refusal.CARD_IS_NOT_READY_YET,
    },
    "in_use": {
        ("apply_for_card", ""): Refusal.HOLDER_HAS_A_VALID_CARD,
        ("apply_for_temporary_card", ""): Refusal.HOLDER_HAS_A_SOCIAL_SECURITY_CARD,
        ("activate_card", SS): Refusal.CARD_IS_ALREADY_ACTIVATED,
        ("unlock_card", SS): Refusal.CARD_IS_NOT_LOCKED,
        ("cancel_loss_report", SS): Refusal.CARD_IS_NOT_REPORTED_LOST,
        ("replace_card.loss", SS): Refusal.LOSS_MUST_BE_REPORTED_FIRST,
        ("replace_card.unlocks_used_up", SS): Refusal.CARD_IS_NOT_LOCKED,
        ("extend_card", SS): Refusal.SOCIAL_SECURITY_CARD_HAS_NO_EXPIRY,
    },
    "locked": {
        ("change_pin", SS): Refusal.CARD_IS_LOCKED,
        ("add_extended_application", SS): Refusal.CARD_IS_LOCKED,
        ("remove_extended_application", SS): Refusal.CARD_IS_LOCKED,
        ("replace_card.unlocks_used_up", SS): Refusal.UNLOCKS_ARE_NOT_USED_UP,
    },
    "lost": {
        ("reset_pin", SS): Refusal.CARD_IS_REPORTED_LOST,
        ("report_loss.temporary", SS): Refusal.LOSS_IS_ALREADY_REPORTED,
        ("replace_card.damage", SS): Refusal.CARD_IS_REPORTED_LOST,
        ("replace_card.made_wrongly", SS): Refusal.CARD_IS_REPORTED_LOST,
    },
    "temporary": {
        ("apply_for_temporary_card", ""): Refusal.HOLDER_HAS_A_TEMPORARY_CARD,
        ("activate_card", TEMPORARY): Refusal.TEMPORARY_CARD_NEEDS_NO_ACTIVATION,
        ("unlock_card", TEMPORARY): Refusal.CARD_IS_NOT_LOCKED,
        ("cancel_loss_report", TEMPORARY): Refusal.CARD_IS_NOT_REPORTED_LOST,
        ("replace_card.loss", TEMPORARY): Refusal.LOSS_MUST_BE_REPORTED_FIRST,
    },
    "left": {("cancel_card.leaving", SS): Refusal.PERSON_HAS_LEFT},
    "dead": {
        ("cancel_card.death", SS): Refusal.PERSON_HAS_DIED,
        ("report_loss.formal", SS): Refusal.PERSON_HAS_DIED,
    },
}
"""State → service and kind of card → why the person's page says that it cannot be asked for now."""
NOT_BY_STATE = {"register_person"}
"""Who is registered is found, and is not offered to be registered again; it is refused for its papers, see below."""
NEVER_YES = {"extend_card", "replace_card.unlocks_used_up"}
"""The notice of Jinzhong knows no extension (3.2) and no limit of unlocks (9.3)."""


@pytest.fixture(scope="module")
def browser(chromium: Browser, run: Running) -> Iterator[Windows]:
    """Windows of this whole file: a clerk stays signed in. Each test asks for the faults itself."""
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
def supervisor(browser: Windows) -> Page:
    """A supervisor's window."""
    return window_of(browser, "supervisor")


HELD: set[tuple[str, Step | None]] = set()
"""Pages that axe has looked at: the steps of each service are the same for either card, and whatever the state was."""


def held_once(page: Page, service: str) -> None:
    """Each step of each service is held against axe once; what is heard of a page fails the test each time."""
    if (service, step := step_at(page)) not in HELD:
        HELD.add((service, step))
        no_faults(page, colours=False)
    assert not heard_of(page.context)


def said_of(browser: Windows) -> Said:
    """The words of the notice in force."""
    front = browser.run.front
    return Said(front.speech(front.notices.on(front.screens.today()).id, "zh-Hans"), T)


def test_every_service_has_its_yes_and_its_no() -> None:
    """A service that is added to the window is added here; what this notice never answers with a yes is named."""
    assert {service for service, *_ in YES} == set(WINDOW) - NEVER_YES
    assert {service for row in NO.values() for service, _ in row} == set(WINDOW) - NOT_BY_STATE


@pytest.mark.parametrize(
    ("service", "card", "state", "visit", "clause"), YES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_service_is_done(
    browser: Windows, clerk: Page, supervisor: Page, service: str, card: str, state: str, visit: Visit, clause: str
) -> None:
    """From its key on the person's page through every step to the answer with its clause; no page has a fault."""
    holder = person_in(browser, state)
    begin(clerk, holder, service, card)
    visit = Visit(**{f: getattr(visit, f) for f in visit.__struct_fields__} | {"approver": supervisor})
    walked = serve(clerk, visit, lambda page: held_once(page, service))
    assert walked[-1] is Step.CONFIRM
    answer = clerk.locator(".answer-box")
    expect(answer.locator("h2")).to_contain_text(T["done_yes"])
    expect(answer.locator("a[href^='/clauses/']")).to_have_attribute("href", f"/clauses/{clause}")


@pytest.mark.parametrize("state", NO)
def test_what_cannot_be_asked_for_is_shown_with_its_reason(browser: Windows, clerk: Page, state: str) -> None:
    """The person's page lists it with why not and by which clause, and has no key for it."""
    holder = person_in(browser, state)
    clerk.goto(f"/persons/{holder.person_id}")
    clerk.locator("details:has(.reasons-not) summary").first.click()
    said = said_of(browser)
    for (service, card), why in NO[state].items():
        name = said.service_of(service, card)
        row = clerk.locator(".reasons-not li").filter(has=clerk.get_by_text(name, exact=True))
        clause = said.speech.notice.clause_of[why]
        expect(row.get_by_role("link")).to_have_text(clause)
        expect(row).to_contain_text(max(said.refusal(why, clause).split("…"), key=len))
        assert not key_of(clerk, service, card).count()
    no_faults(clerk, colours=False)


@pytest.mark.parametrize(
    ("service", "state", "visit", "clause"),
    [
        ("register_person", "nobody", Visit(chosen=NEWCOMER, lacks=(Material.INSURANCE_PROOF,)), "7.2"),
        ("apply_for_card", "registered", Visit(lacks=(Material.IDENTITY_COPY,)), "4.2"),
        (
            "apply_for_temporary_card",
            "registered",
            Visit(chosen={"hands_in_damaged_card": "no"}, lacks=(Material.IDENTITY_CARD,)),
            "4.3",
        ),
        ("reset_pin", "in_use", Visit(lacks=(Material.CARD,)), "7.2"),
        ("cancel_card.death", "in_use", Visit(agent=AGENT, lacks=(Material.RELATIONSHIP_PROOF,)), "7.2"),
    ],
)  # fmt: skip
def test_papers_that_are_missing_are_told(
    browser: Windows, clerk: Page, service: str, state: str, visit: Visit, clause: str
) -> None:
    """As soon as the papers were gone through: what is missing, by which clause, and a refusal to be printed."""
    begin(clerk, person_in(browser, state), service)
    assert Step.CONFIRM not in serve(clerk, visit)
    refusal = clerk.locator(".said-no")
    expect(refusal.locator("a[href^='/clauses/']")).to_have_attribute("href", f"/clauses/{clause}")
    expect(refusal).to_contain_text(said_of(browser).words.materials[visit.lacks[0]])
    no_faults(clerk, colours=False)
    press(clerk, "Alt+n")
    expect(clerk.locator("#answer")).to_contain_text(T["done_no"])
    no_faults(clerk, colours=False)
