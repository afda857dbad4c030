"""A clerk at a draft's page: the steps of a service walked as they come, until the desk has answered.

`serve(page, Visit(...))` does whatever step the page shows, with what whoever came has with them: choices, who came,
materials, photo, fee, PIN at the keypad's own window, signature, approval by a second person, confirming. It stops at
the answer, or where the page says that it cannot be done. `begin` opens a service from the person's page.
"""

import functools
import re
from collections.abc import Callable

import msgspec
from playwright.sync_api import Locator, Page, expect
from tests.browser.steps import Holder

from shebaoka.desk import Step
from shebaoka.portraits import Portrait
from shebaoka.records import Agent, Material
from shebaoka.window.frame import LABELS

NAMES = {LABELS[language][f"step_{step}"]: step for language in LABELS for step in Step}
NEW_PIN = "583920"
AGENT = Agent("王小芳", "14070219850312002X", "女儿")


class Visit(msgspec.Struct, frozen=True):
    """What whoever came says and has with them; `pins` are the present and the new one, `approver` is at their window.

    `chosen` are the choices of a service by field; what is not among them stays as the page proposes it.
    """

    chosen: dict[str, str] = {}
    agent: Agent | None = None
    lacks: tuple[Material, ...] = ()
    photo: bytes | None = None
    code: str = ""
    pins: tuple[str, str] = ("", NEW_PIN)
    keeps_pin: bool = False
    on_paper: bool = False
    approver: Page | None = None


@functools.cache
def portrait() -> bytes:
    """A photo that misses nothing."""
    return Portrait(grain=4).saved()


def begin(page: Page, holder: Holder, service: str, card: str = "") -> None:
    """Open a service by its key on the person's page; who is not on file is searched for and registered from there."""
    if holder.person_id == 0:
        page.goto("/persons")
        page.locator("main [name=text]").fill(holder.number)
        _goes_on(page, page.locator("main button[accesskey=s]").click)
        _goes_on(page, page.locator("main button[accesskey=r]").click)
        return
    page.goto(f"/persons/{holder.person_id}")
    _goes_on(page, key_of(page, service, card).click)


def key_of(page: Page, service: str, card: str = "") -> Locator:
    """The key of a service on the person's page; about which card does not matter where it can be one alone."""
    form = f".key-row form:has([name=service][value='{service}'])"
    return page.locator(form + (f":has([name=card][value='{card}'])" if card else "")).locator("button")


def serve(
    page: Page, visit: Visit, looks: Callable[[Page], None] | None = None, *, stops: Step | None = None
) -> list[Step]:
    """Walk the steps of the draft before us; which there were. `looks` is shown every page on the way.

    The step that it `stops` before is left for the test to do.
    """
    walked: list[Step] = []
    while (step := step_at(page)) not in (None, stops) and not page.locator("#refusal").count():
        assert step not in walked, f"{step} comes again: {page.locator('main').inner_text()}"
        walked.append(step)
        if looks is not None:
            looks(page)
        _DO[step](page, visit)
    if looks is not None:
        looks(page)
    return walked


def step_at(page: Page) -> Step | None:
    """Whose form is there: of the step that waits to be done, or of one that is done again."""
    names = page.locator("#step h2").all_inner_texts()
    return NAMES[re.split("[（(]", names[0].replace("✓", ""))[0].strip()] if names else None


def _goes_on(page: Page, act: Callable[[], object]) -> None:
    """Do something that leads to another page, and be there."""
    with page.expect_navigation():
        act()


def sends(page: Page) -> None:
    """Send the step's form."""
    _goes_on(page, page.locator("#step button[accesskey=s]").click)


def _choices(page: Page, visit: Visit) -> None:
    for name, value in visit.chosen.items():
        field = page.locator(f"#step [name={name}]")
        if name.startswith("hands_in_"):
            page.locator(f"#step [name={name}][value={value}]").check()
        elif field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    sends(page)


def _presenter(page: Page, visit: Visit) -> None:
    page.locator(f"#step [name=presenter][value={'agent' if visit.agent else 'holder'}]").check()
    if visit.agent:
        for field in ("name", "number", "relation"):
            page.locator(f"#step [name=agent_{field}]").fill(getattr(visit.agent, field))
    sends(page)


def _materials(page: Page, visit: Visit) -> None:
    for box in page.locator("#step .material [type=checkbox]").all():
        material = (box.get_attribute("name") or "").removeprefix("shows_")
        box.set_checked(material not in visit.lacks)
    sends(page)


def _photo(page: Page, visit: Visit) -> None:
    chooses_photo(page, visit.photo or portrait())
    sends(page)


def chooses_photo(page: Page, content: bytes, name: str = "photo.jpg") -> None:
    """Put a file into the photo's field."""
    page.locator("#step [name=photo]").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": content})


def _fee(page: Page, visit: Visit) -> None:
    if visit.code:
        page.locator("#step [value=code]").check()
        page.locator("#step [name=reference]").fill(visit.code)
    else:
        page.locator("#step [name=handed_over]").fill("100")
    sends(page)


def _pin(page: Page, visit: Visit) -> None:
    if visit.keeps_pin:
        sends(page)
        return
    keypad = opens_keypad(page)
    enters(keypad, *visit.pins)
    expect(keypad.get_by_role("status")).to_be_visible()
    keypad.close()
    expect(page.locator("#step h2")).not_to_have_text(LABELS["zh-Hans"]["step_pin"])


def opens_keypad(page: Page) -> Page:
    """The holder's own window."""
    with page.expect_popup() as opened:
        page.locator("#step button[accesskey=k]").click()
    opened.value.wait_for_load_state()
    return opened.value


def enters(keypad: Page, present: str, new: str, again: str = "") -> None:
    """The holder types, and presses Enter in the last field."""
    for field, digits in (("pin", present), ("new_pin", new), ("again", again or new)):
        if keypad.locator(f"[name={field}]").count():
            keypad.locator(f"[name={field}]").fill(digits)
    keypad.locator("[name=again]").press("Enter")


def _signature(page: Page, visit: Visit) -> None:
    if visit.on_paper:
        _goes_on(page, page.locator("#step button[accesskey=o]").click)
        return
    signs(page)
    sends(page)


def signs(page: Page) -> None:
    """Draw a name into the field with the mouse."""
    canvas = page.locator("#step canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    for x, y in ((0.1, 0.2), (0.4, 0.3), (0.65, 0.2)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + (x + 0.2) * box["width"], box["y"] + (y + 0.5) * box["height"], steps=6)
        page.mouse.up()


def _approval(page: Page, visit: Visit) -> None:
    sends(page)
    assert visit.approver is not None, "a second person must approve this"
    code = page.url.rpartition("/")[2]
    visit.approver.goto(f"/approvals?of={code}")
    asked = visit.approver.locator(f"form:has([name=draft][value='{code}'])")
    _goes_on(visit.approver, asked.locator("[value=given]").click)
    _goes_on(page, page.locator("#step a").click)


def _confirm(page: Page, visit: Visit) -> None:
    sends(page)


_DO: dict[Step, Callable[[Page, Visit], None]] = {
    Step.CHOICES: _choices,
    Step.PRESENTER: _presenter,
    Step.MATERIALS: _materials,
    Step.PHOTO: _photo,
    Step.FEE: _fee,
    Step.PIN: _pin,
    Step.SIGNATURE: _signature,
    Step.APPROVAL: _approval,
    Step.CONFIRM: _confirm,
}
