"""The report of a run at the command line: its two files, in three languages, for any role; and what it says if not."""

import io
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest

from cli_shell import Shell, open_shell
from made_run import RUN, made_run
from shebaoka.app import open_house, settings_from
from shebaoka.desk import TOKEN_ROLES, Role
from shebaoka.notice import LANGUAGES


@pytest.fixture(scope="module")
def shell(server: str) -> Iterator[Shell]:
    """A home with a run in it."""
    with open_shell(server) as shell:
        with open_house(settings_from(shell.env)) as house:
            house.runs.keep_document(RUN, made_run())
        yield shell


@pytest.mark.parametrize("language", ["", *LANGUAGES])
def test_the_report_is_written(shell: Shell, tmp_path: Path, language: str) -> None:
    """Page and paper are in a folder that need not be there, in the language asked for, else in simplified Chinese."""
    folder = tmp_path / "new" / "report"
    chosen = ["--language", language] if language else []
    said = shell.ok("import", "report", RUN, "--to", str(folder), *chosen, by="auditor")
    assert "".join(said.split()) == "".join(f"{folder}/report.{form}" for form in ("html", "pdf"))
    assert f'<html lang="{language or LANGUAGES[0]}">' in (folder / "report.html").read_text(encoding="utf-8")
    paper = pypdf.PdfReader(io.BytesIO((folder / "report.pdf").read_bytes()))
    assert RUN in paper.pages[0].extract_text()
    shell.ok("import", "report", RUN, "--to", str(folder), by="auditor")
    assert sorted(f.name for f in folder.iterdir()) == ["report.html", "report.pdf"]


@pytest.mark.parametrize("role", TOKEN_ROLES)
def test_any_role_may_have_it(shell: Shell, tmp_path: Path, role: Role) -> None:
    """Nobody is named in it, so whoever has a token may; without one nothing is written."""
    shell.ok("import", "report", RUN, "--to", str(tmp_path / "a"), by=role.value)
    refused = shell.run("import", "report", RUN, "--to", str(tmp_path / "b"))
    assert (refused.exit_code, "not_signed_in" in refused.stderr, (tmp_path / "b").exists()) == (1, True, False)


def test_a_run_that_there_is_not(shell: Shell, tmp_path: Path) -> None:
    """It is told in a line, and no folder is made."""
    result = shell.run("import", "report", "none-such", "--to", str(tmp_path / "c"), by="clerk")
    assert (result.exit_code, (tmp_path / "c").exists()) == (1, False)
    assert "There is no run 'none-such'" in result.stderr
