"""A house in a folder of its own with commands run in it. The tests of the command line share it."""

import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql

from conftest import quick_server
from shebaoka import app
from shebaoka.cli import main
from shebaoka.desk import TOKEN_ROLES, Role
from shebaoka.numbers import with_check_digit
from shebaoka.store import ensure_database

FIRST_PIN, OWN_PIN, WRONG_PIN = "820417", "472093", "118822"
NOBODY = with_check_digit("14070219700101001")
_serials = iter(range(1, 999))


class Shell:
    """A home folder that was set up, and commands run in it as members of staff."""

    def __init__(self, home: Path, owner_url: str) -> None:
        self.home = home
        self.owner_url = owner_url
        self.env = {"SHEBAOKA_HOME": str(home), "LC_ALL": "C.UTF-8", "SHEBAOKA_TOKEN": ""}
        self.tokens: dict[str, str] = {}

    def run(self, *words: str, by: str = "", stdin: str = "", env: dict[str, str] | None = None) -> Result:
        """Run a command in this process, signed in as a role; trouble that the program did not tell is raised."""
        variables = {**self.env, "SHEBAOKA_TOKEN": self.tokens.get(by, ""), **(env or {})}
        return CliRunner().invoke(main, ["--traceback", *words], input=stdin, env=variables)

    def ok(self, *words: str, by: str = "clerk", stdin: str = "") -> str:
        """The output of a command that must be accepted."""
        result = self.run(*words, by=by, stdin=stdin)
        assert result.exit_code == 0, result.output + str(result.exception)
        return result.stdout

    def answer(self, *words: str, by: str = "clerk", stdin: str = "") -> dict[str, Any]:
        """The JSON document that a command prints."""
        result = self.run(*words, "--json", by=by, stdin=stdin)
        assert result.exit_code in (0, 3), result.output + str(result.exception)
        return json.loads(result.stdout)

    def somebody(self) -> str:
        """The number of somebody who was just registered."""
        number = with_check_digit(f"14070219800101{next(_serials):03d}")
        register = ["person", "register", number, "--name", "李娜", "--region", "140702", "--insured-on", "2013-01-01"]
        self.ok(*register, "--shows-all")
        return number

    def holder(self) -> str:
        """The number of somebody whose card is collected and activated, with a PIN of their own."""
        number = self.somebody()
        self.ok("apply", number, "--shows-all")
        self.ok("batch", "put-in", number, "--batch", "b1", by="production")
        self.ok("batch", "made", number, by="production")
        self.ok("batch", "ready", number, by="production")
        self.ok("collect", number, "--shows-all")
        self.ok("activate", number, "--shows-all", "--pins-stdin", stdin=f"{FIRST_PIN}\n{OWN_PIN}\n")
        return number


@contextmanager
def open_shell(server: str = "") -> Iterator[Shell]:
    """A home with an account for every role; on a database of its own of a test worker's server if one is given.

    Without one the real program sets it up in a process of its own, its server in its home, as people do.
    """
    with ExitStack() as stack:
        # Not in pytest's own folder: each run of pytest closes that one to others, and started by root the embedded
        # server is another user.
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shebaoka-cli-"))) / "home"
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        if server:
            name = f"shell_{home.parent.name[-8:]}"
            shell = Shell(home, ensure_database(server, name))
            shell.env["SHEBAOKA_DATABASE"] = name
            stack.callback(_drop, server, name)
            keep_running(patch, server)
            assert shell.run("setup", "--first-pin-stdin", stdin=FIRST_PIN + "\n").exit_code == 0
        else:
            server = stack.enter_context(quick_server(home / "postgres"))
            shell = Shell(home, ensure_database(server, "shebaoka"))
            command = [sys.executable, "-m", "shebaoka", "setup", "--first-pin-stdin"]
            env = {**os.environ, **shell.env}
            done = subprocess.run(command, input=FIRST_PIN + "\n", env=env, text=True, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr
            assert "First PIN: set." in done.stdout
            assert FIRST_PIN not in done.stdout + done.stderr
            keep_running(patch, server)
        for role in Role:
            person = [] if role in TOKEN_ROLES else ["--person"]
            shown = shell.ok("staff", "add", f"the {role}", "--role", role.value, "--place", "w1", *person, by="")
            if not person:
                shell.tokens[role] = shown.strip()
        yield shell


def keep_running(patch: pytest.MonkeyPatch, server: str) -> None:
    """The server is kept running between the commands, and the notice read once: else each costs a second."""
    patch.setattr(app, "embedded_server", lambda _: nullcontext(server))
    for load in ("load_notices", "load_words"):
        patch.setattr(app, load, functools.cache(getattr(app, load)))


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
