"""One Chromium and one house a test worker. Every test here is marked `browser`, and runs in `make test-browser`."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.browser.chrome import TIMEOUT_MS
from tests.browser.chrome import chromium as started
from tests.browser.running import Running, running
from tests.browser.steps import Windows
from tests.conftest import Database

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands in this folder needs a browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """This worker's browser; each test has windows of its own in it."""
    with started(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="session")
def run(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The house of this worker, served on a port of its own."""
    with running(shared_database, tmp_path_factory.mktemp("house")) as run:
        yield run


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where a test fails, its report names the pages that were open, and a picture of each."""
    outcome = yield
    windows = getattr(item, "funcargs", {}).get("browser")
    if call.when != "call" or call.excinfo is None or not isinstance(windows, Windows):
        return
    folder = Path(tempfile.mkdtemp(prefix="shebaoka-pages-"))
    for n, page in enumerate(page for context in windows.contexts for page in context.pages):
        picture = folder / f"{n}.png"
        page.screenshot(path=picture, timeout=TIMEOUT_MS)
        outcome.get_result().sections.append(("page", f"{page.url} ({page.title()}): {picture}"))


@pytest.fixture
def browser(chromium: Browser, run: Running) -> Iterator[Windows]:
    """Windows of this test; whatever any of their pages did wrong fails it."""
    windows = Windows(chromium, run)
    try:
        yield windows
    finally:
        faults = windows.close()
    assert not faults, "\n".join(faults)
