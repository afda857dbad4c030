"""The system's own Chromium, started by Playwright without a screen. It reaches nobody but this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from noto_cjk_sans_otc import FONT_PATH
from playwright.sync_api import Browser, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_MS = 15_000
"""How long a page may take until a test gives up. A sound page takes a twentieth of a second; a machine may be busy."""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>{own}</dir><include ignore_missing="yes">/etc/fonts/fonts.conf</include><cachedir>{kept}</cachedir>
</fontconfig>
"""


class ChromiumMissingError(Exception):
    """There is no Chromium on this machine; it says how to install it."""


@contextmanager
def chromium(work: Path) -> Iterator[Browser]:
    """A browser until the block ends; `work` is a folder for what it needs. `ChromiumMissingError` if there is none.

    Chinese is set in the font that papers are set in, so that a bare machine shows letters and not boxes.
    """
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise ChromiumMissingError("Chromium is missing; install it: apt-get install chromium")
    fonts = work / "fonts.conf"
    fonts.write_text(_FONTS.format(own=Path(str(FONT_PATH)).parent, kept=work / "fonts"), encoding="utf-8")
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            # Root's browser has no sandbox.
            chromium_sandbox=os.geteuid() != 0,
            args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"],
            env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
        )
        try:
            yield browser
        finally:
            browser.close()
