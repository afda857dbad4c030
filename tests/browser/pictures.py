"""`make screenshots`: the main pages for the documents, as a clerk's screen or a telephone shows them.

They are taken of a house with invented people by the browser of the tests, signed in by the form. `SHOTS` is the list;
whoever adds a page that somebody should see adds a line, and shows the file in a document. With names after the folder
only those are taken.
"""

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from PIL import Image
from playwright.sync_api import Page
from tests.browser.chrome import chromium
from tests.browser.pages import addressed
from tests.browser.running import running
from tests.browser.steps import STATES, Holder, Windows, holder_at, nobody_at, person_in, window_of
from tests.conftest import Database

from shebaoka.app import APP_ROLE
from shebaoka.store import as_role, embedded_server, ensure_database, migrate

PHONE = {"width": 360, "height": 740}
COLOURS = 128
"""So many are enough for a page's, and a file of them is a third as large."""


class Shot(msgspec.Struct, frozen=True):
    """A page to be taken: its file, the role that opens it, its address as in `pages`, and what is done on it then.

    Nobody is signed in where no role is named; `phone` is that it is taken as a telephone shows it. `ready` is what
    must be seen before it is taken.
    """

    file: str
    role: str
    address: str
    do: Callable[[Page, Windows], None] | None = None
    ready: str = "main h1"
    phone: bool = False


SHOTS = (
    Shot("office-sign-in", "", "/sign-in"),
    Shot("office-today", "supervisor", "/today"),
    Shot("office-approvals", "supervisor", "/approvals?of={draft}"),
    Shot("office-day", "supervisor", "/day?channel=all"),
    Shot("office-cycle", "clerk", "/evening/{cycle}"),
    Shot("office-staff", "security_administrator", "/staff"),
    Shot("office-high-contrast", "clerk", "/journal?type=large&contrast=high"),
    Shot("window-search", "clerk", "/persons"),
    Shot("window-person", "clerk", "/persons/{in_use}"),
    Shot("window-draft", "clerk", "/drafts/{draft}"),
    Shot("window-keypad", "", "/keypad/{keypad}"),
    Shot("window-till", "clerk", "/till"),
    Shot("production-batch", "production", "/batches/{batch}"),
    Shot("production-stock", "production", "/stock?blank={blank}"),
    Shot("production-deliveries", "production", "/deliveries?window={delivered}"),
    Shot("public-home", "", "/", phone=True),
    Shot("public-guide", "", "/guide/lost?card=social_security&reported=no&meanwhile=yes&who=agent", phone=True),
    Shot("public-my", "holder", "/my", phone=True),
    Shot("public-ecard", "holder", "/my/ecard", phone=True),
    Shot("public-places", "", "/places?from=140725"),
    Shot("public-notice", "", "/notice/9.4"),
    Shot("hotline-call", "operator", "/hotline/call/{call_of_somebody}"),
)


def main() -> None:
    """Take all of them, or those that are named."""
    folder, names = Path(sys.argv[1]), set(sys.argv[2:])
    folder.mkdir(parents=True, exist_ok=True)
    if unknown := names - {shot.file for shot in SHOTS}:
        sys.exit(f"There is no picture {', '.join(sorted(unknown))}; SHOTS has them all.")
    with tempfile.TemporaryDirectory(prefix="shebaoka-") as made:
        work = Path(made)
        work.chmod(0o755)
        with embedded_server(work / "postgres") as server:
            owner = ensure_database(server, "pictures")
            migrate(owner)
            database = Database(owner, as_role(owner, APP_ROLE))
            with running(database, work / "home") as run, chromium(work) as browser:
                windows = Windows(browser, run)
                _lives(windows)
                for shot in SHOTS:
                    if not names or shot.file in names:
                        _take(shot, windows, folder)
                if faults := windows.close():
                    sys.exit("\n".join(faults))


def _lives(browser: Windows) -> list[Holder]:
    """People in every state, so that the first page has something to count."""
    for role in ("auditor", "cashier", "operator"):
        browser.run.free(role)
    return [person_in(browser, state) for n, state in enumerate(STATES) for _ in range(1 + n * 5 % 4)]


def _take(shot: Shot, browser: Windows, folder: Path) -> None:
    address = addressed(browser, shot.address)
    context: dict[str, Any] = {"size": PHONE, "device_scale_factor": 2} if shot.phone else {}
    if shot.role == "holder":
        page, _ = holder_at(browser, **context)
    else:
        page = window_of(browser, shot.role, **context) if shot.role else nobody_at(browser, **context)
    page.goto(address)
    if shot.do is not None:
        shot.do(page, browser)
    page.locator(shot.ready).first.wait_for()
    taken = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    file = folder / f"{shot.file}.png"
    taken.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    page.context.close()
    sys.stdout.write(f"{file}: {file.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
