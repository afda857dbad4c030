"""A card put into the reader of the clerk's machine opens its person's page, and serves a tray of cards.

The card is the project's own, the reader vsmartcard's, the service pcscd; the small server between
reader and page is that of `shebaoka reader serve`.
"""

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect
from tests.browser.faults import expects
from tests.browser.running import Running, served
from tests.browser.steps import Holder, Windows, no_faults, person_in, press, window_of

from shebaoka.chip import ChipContent, VirtualCard
from shebaoka.reader import Door, Watch
from test_chip import HOLDER, ISSUE, a_card
from test_reader import lying
from virtual_reader import virtual_reader


class AtReader(msgspec.Struct, frozen=True):
    """Windows of a house that has card readers, and the port of this machine's virtual one."""

    browser: Windows
    port: int

    def card_of(self, holder: Holder) -> VirtualCard:
        """The very card that somebody has on file, or that waits for them."""
        dossier = self.browser.run.front.person(holder.number).dossier
        serial = dossier.cards[-1].serial if dossier.cards else dossier.applications[-1].card_serial
        return a_card(ChipContent(msgspec.structs.replace(ISSUE, card_serial=serial), HOLDER))


@pytest.fixture
def at_reader(browser: Windows, run: Running, tmp_path: Path) -> Iterator[AtReader]:
    """The same house, served once more, with the setting that names the reader."""
    with (
        virtual_reader(tmp_path) as port,
        the_reader() as (door, address),
        served(msgspec.structs.replace(run.front, card_reader=address)) as url,
    ):
        door.origin = url
        there = copy.copy(browser)
        there.run = copy.copy(run)
        there.run.url = url
        yield AtReader(there, port)


@contextmanager
def the_reader() -> Iterator[tuple[Door, str]]:
    """What `shebaoka reader serve` runs, and its address."""
    watch = Watch()
    watch.begin()
    with Door(watch, "http://localhost", 0) as door:
        thread = threading.Thread(target=door.serve_forever)
        thread.start()
        yield door, f"http://127.0.0.1:{door.server_port}"
        watch.close()
        door.shutdown()
        thread.join(20)


def asks_the_reader(page: Page) -> None:
    """What was heard of a page is that it asks the reader, as it shall, and nothing else."""
    expects(page, r"asks another host: GET http://127\.0\.0\.1:\d+/(card)?$")
    no_faults(page)


def test_a_card_put_in_opens_its_persons_page(at_reader: AtReader) -> None:
    """Nothing is typed: the card lies in the reader, and its holder is on the screen. Gone back to the search, the card
    that still lies there does not throw the clerk back; another one does its own."""
    one, other = person_in(at_reader.browser, "in_use"), person_in(at_reader.browser, "sealed")
    page = window_of(at_reader.browser, "clerk")
    page.goto("/persons")
    expect(page.get_by_role("status")).to_have_text("读卡器可以用：放入卡片即可。")
    asks_the_reader(page)
    with lying(at_reader.card_of(one), at_reader.port):
        expect(page).to_have_url(f"{at_reader.browser.run.url}/persons/{one.person_id}")
        page.goto("/persons")
        expect(page.get_by_role("status")).to_have_text("读卡器可以用：放入卡片即可。")
    with lying(at_reader.card_of(other), at_reader.port):
        expect(page).to_have_url(f"{at_reader.browser.run.url}/persons/{other.person_id}")
    page.goto("/persons")
    strange = a_card()
    strange.answer = lambda _: b"\x6a\x82"  # type: ignore[method-assign]
    with lying(strange, at_reader.port):
        expect(page.get_by_role("status")).to_contain_text("不是社会保障卡")
    asks_the_reader(page)


def test_a_tray_is_handed_over_by_putting_cards_in(at_reader: AtReader) -> None:
    """Put in, the card is scanned; put in once more to be sure, it is handed over. No key is pressed in between."""
    ready = person_in(at_reader.browser, "ready")
    card = at_reader.card_of(ready)
    page = window_of(at_reader.browser, "clerk")
    page.goto("/handing-over")
    page.get_by_label("持卡人各自领取").check()
    for box in page.get_by_role("checkbox").all():
        box.check()
    press(page, "Alt+s")
    expect(page.get_by_label("读卡，或输入号码")).to_be_focused()
    with lying(card, at_reader.port):
        expect(page.locator("#scanned")).to_contain_text(ready.name[0])
    with lying(card, at_reader.port):
        expect(page.locator(".answer-box")).to_contain_text("✓ 已交付")
    asks_the_reader(page)
