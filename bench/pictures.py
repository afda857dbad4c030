"""The pictures in docs/pictures: the report of a run and the office's page of it, of an invented city.

`make pictures` runs it. Chromium shows the pages and Typst the PDF; docs/moving-a-city.md shows what comes out.
"""

import argparse
import datetime as dt
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import typst
from litestar.testing import TestClient

from bench.old_city import CITY_PEOPLE, write_old_city
from shebaoka.app import House, open_house, settings_from
from shebaoka.desk import open_counter
from shebaoka.importer import sign
from shebaoka.importer.mapping import ready_mapping
from shebaoka.moving import move_of, tools_of
from shebaoka.paper import notice_of, run_report_as
from shebaoka.records import Digits, Progress, RunReport
from shebaoka.serving import front_of, make_app

SEED, LANGUAGE, WIDTH = 20130625, "zh-Hans", 1100
MOVER, SIGNERS = "li", ("li", "wang")
PPI = 110
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OFFICE = "src/shebaoka/pages/static/pages.css"


def main() -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=0.01, help="1 is 3.4 million people")
    parser.add_argument("--on", type=dt.date.fromisoformat, default=dt.datetime.now(dt.UTC).date())
    asked = parser.parse_args()
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("Chromium is missing; install it: apt-get install chromium")
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="shebaoka-") as work:
        place = Path(work)
        write_old_city(place / "export", int(CITY_PEOPLE * asked.scale), SEED, asked.on)
        settings = msgspec.structs.replace(settings_from({}), home=place / "home")
        with open_house(settings) as house:
            house.vault.set_first_pin(Digits("135790"), length=6)
            report, live = _moved(house, place / "export")
            speech = house.speech(notice_of(report, house.notices), LANGUAGE)
            page = run_report_as("html", report, speech).decode()
            (place / "report.pdf").write_bytes(run_report_as("pdf", report, speech))
        camera = _Camera(browser, place, asked.folder)
        camera.take("report", page, 1500)
        camera.take("report-charts", _sections(page, "counties", "reasons"), 1610)
        camera.take("office-run", live, 1150)
        sheet = typst.compile(
            b'#set page(width: auto, height: auto, margin: 0pt)\n#image("report.pdf", page: 1)',
            root=place, format="png", ppi=PPI,
        )  # fmt: skip
        (asked.folder / "report-sheet.png").write_bytes(sheet)
    for made in sorted(asked.folder.glob("*.png")):
        print(f"{made}: {made.stat().st_size // 1024} kB")


def _moved(house: House, export: Path) -> tuple[RunReport, str]:
    """A run up to its signatures, and the office's page of it from the middle of carrying over."""
    seen: list[str] = []
    with open_counter(house.desk) as counter:
        app = make_app(front_of(house, counter, open_to_all=True))
        with TestClient(app) as client:

            def told(progress: Progress) -> None:
                if progress.step == "carry_over" and progress.done < progress.of:
                    path = f"/imports/{house.runs.all()[0].run}"
                    seen.append(client.get(path, params={"language": LANGUAGE}).text)

            move = move_of(house, export, ready_mapping("invented"), by=MOVER, processes=1, told=told)
            report = move.to("prove")
            for signer in SIGNERS:
                report = sign(tools_of(house, by=signer, processes=1), report.run)
    if not seen:
        sys.exit("The run was over before it could be looked at; give a larger --scale.")
    style = f"<style>{Path(OFFICE).read_text(encoding='utf-8')}</style>"
    return report, re.sub(r'<link rel="stylesheet"[^>]*>', style, seen[len(seen) // 2])


def _sections(page: str, *keys: str) -> str:
    """A report's page with some of its sections alone."""
    found = {key: text for text, key in re.findall(r'(<section id="(\w+)">.*?</section>)', page, re.S)}
    return re.sub(r"<body>.*</body>", lambda _: f"<body><main>{''.join(found[k] for k in keys)}</main></body>", page,
                  flags=re.S)  # fmt: skip


class _Camera:
    """Takes pictures of pages."""

    def __init__(self, browser: str, work: Path, folder: Path) -> None:
        self._browser, self._work, self._folder = browser, work, folder

    def take(self, name: str, page: str, height: int) -> None:
        """The top of a page, so many pixels high."""
        file = self._work / f"{name}.html"
        file.write_text(re.sub(r'<meta http-equiv="refresh"[^>]*>', "", page), encoding="utf-8")
        picture = (self._folder / f"{name}.png").resolve()
        sandbox = () if not _is_root() else ("--no-sandbox",)
        subprocess.run(
            [self._browser, "--headless", *sandbox, "--disable-gpu", "--hide-scrollbars",
             f"--user-data-dir={self._work / 'browser'}", f"--window-size={WIDTH},{height}",
             f"--screenshot={picture}", file.as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip


def _is_root() -> bool:
    """Root's browser has no sandbox."""
    return os.geteuid() == 0


if __name__ == "__main__":
    main()
