"""The command line as such: that it is whole and documented, set-up, wrong usage, trouble, and the notice."""

import json
import re
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cli_shell import FIRST_PIN, NOBODY, WRONG_PIN, Shell, open_shell
from shebaoka import app
from shebaoka.cli import layout, main, office
from shebaoka.cli.asking import COMMAND_OF, COMMANDS
from shebaoka.cli.entrance import spoken, without_numbers
from shebaoka.cli.labels import LABELS
from shebaoka.desk import Role
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import mask
from shebaoka.records import OF_INSTITUTIONS, REQUESTS, SERVICES

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    """A home of this module's own."""
    with open_shell() as shell:
        yield shell


def leaves(group: click.Group, before: str = "") -> Iterator[str]:
    """Every command by its whole name."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_every_request_has_a_command() -> None:
    """Whatever the desk takes, the command line can ask for, but for what institutions send in signed."""
    assert set(COMMANDS.values()) == set(REQUESTS) - OF_INSTITUTIONS
    assert {SERVICES[service] for service in COMMAND_OF} == set(COMMANDS.values())
    assert set(COMMANDS) <= set(leaves(main))


def test_every_command_is_documented_and_every_documented_one_exists() -> None:
    """The tables of docs/cli.md name exactly the commands that there are."""
    documented = re.findall(r"^\| `shebaoka ([a-z -]+)` \|", (ROOT / "docs" / "cli.md").read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(leaves(main))


def test_every_setting_is_documented() -> None:
    """docs/settings.md names exactly the variables that the program reads."""
    sources = [(ROOT / "src" / "shebaoka" / n).read_text() for n in ("app.py", "cli/entrance.py")]
    read = set(re.findall(r'environ\.get\("(\w+)"', "".join(sources)))
    documented = set(re.findall(r"^\| `(SHEBAOKA_\w+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert documented == read


def test_every_command_explains_itself() -> None:
    """Every command and option has a help text, and help needs no house."""
    for path in leaves(main):
        result = CliRunner().invoke(main, [*path.split(), "--help"], env={"SHEBAOKA_HOME": "/nowhere/at/all"})
        assert result.exit_code == 0, path
        command: Any = main
        for name in path.split():
            command = command.commands[name]
        assert command.help, path
        assert all(p.help for p in command.params if isinstance(p, click.Option)), path


def test_help_loads_nothing_heavy() -> None:
    """`shebaoka --help` answers at once: neither the house nor the database's driver is imported for it."""
    heavy = ["app", "desk", "store", "vault", "importer", "api", "office"]
    code = (
        "import sys, shebaoka.cli; print([m for m in sys.modules if m in "
        f"{['psycopg', 'alembic', 'litestar', 'cryptography', *(f'shebaoka.{h}' for h in heavy)]!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert done.stdout.strip() == "[]"


def test_roles_are_the_desks() -> None:
    """The roles in the help text are those that the desk knows."""
    assert set(office.ROLES) == set(Role)


def test_every_language_has_every_label() -> None:
    """No language of the command line lacks a word that another has."""
    assert set(LABELS) == set(LANGUAGES)
    assert len({frozenset(said) for said in LABELS.values()}) == 1


@pytest.mark.parametrize(
    ("locale", "language"),
    [("zh_CN.UTF-8", "zh-Hans"), ("zh_TW.UTF-8", "zh-Hant"), ("zh-HK", "zh-Hant"), ("en_GB", "en"), ("C", "en")],
)
def test_the_environment_chooses_the_language(monkeypatch: pytest.MonkeyPatch, locale: str, language: str) -> None:
    """Somebody whose terminal speaks Chinese is answered in Chinese, in their script."""
    monkeypatch.setenv("LC_ALL", locale)
    assert spoken() == language


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Mn", "Me", "Zl", "Zp")), max_size=300))
def test_a_paragraph_keeps_its_width_and_its_words(text: str) -> None:
    """Folding loses no character, and no line is too long unless it is one piece that cannot be broken."""
    folded = layout.paragraph(text, first="  ")
    assert "".join(folded.split()) == "".join(text.split())
    for line in folded.splitlines():
        assert layout.cells(line) <= layout.width() or len(layout._PIECE.findall(line.strip())) == 1


def test_setup_again_changes_nothing(shell: Shell) -> None:
    """Running setup twice is harmless, and the first PIN is neither replaced nor shown."""
    keys = (shell.home / "vault.json").read_bytes()
    said = shell.ok("setup", "--draw-first-pin")
    assert "set already" in said
    assert (shell.home / "vault.json").read_bytes() == keys
    assert not shell.home.stat().st_mode & 0o022


@pytest.mark.parametrize(
    ("typed", "options", "shown"),
    [
        (f"{FIRST_PIN}\n{WRONG_PIN}\n{FIRST_PIN}\n{FIRST_PIN}\n", [], False),
        ("\n", [], True),
        ("", ["--draw-first-pin"], True),
    ],
)
def test_the_first_pin_is_typed_twice_or_drawn(
    shell: Shell, tmp_path: Path, typed: str, options: list[str], shown: bool
) -> None:
    """Typed entries must agree and are never shown; a drawn one is shown this one time."""
    home = {"SHEBAOKA_HOME": str(tmp_path / "new"), "SHEBAOKA_DATABASE_URL": shell.owner_url}
    result = shell.run("setup", *options, stdin=typed, env=home)
    assert result.exit_code == 0, result.output
    assert bool(re.search(r"First PIN: \d{6}$", result.stdout, re.MULTILINE)) is shown
    assert FIRST_PIN not in result.output
    assert not (tmp_path / "new").stat().st_mode & 0o077


def test_a_first_pin_of_the_wrong_length_is_trouble(shell: Shell, tmp_path: Path) -> None:
    """One line says how long it must be."""
    home = {"SHEBAOKA_HOME": str(tmp_path / "new"), "SHEBAOKA_DATABASE_URL": shell.owner_url}
    result = shell.run("setup", "--first-pin-stdin", stdin="123\n", env=home)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert re.fullmatch(r"shebaoka: .*6 digits.*\[vault_trouble\]\n", result.stderr)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["apply", "123"], "seventeen digits"),
        (["apply", NOBODY, "--paid-yuan", "1.234"], "1.234"),
        (["apply", NOBODY, NOBODY], mask(NOBODY)),
        (["apply", NOBODY, "--shows", "passport"], "passport"),
        (["apply", NOBODY, "--agent-name", "王芳"], "--agent-number"),
        (["apply", NOBODY, "--id", "two words"], "--id"),
        (["person", "register", NOBODY, "--name", "x", "--region", "14", "--insured-on", "2013-01-01"], "--region"),
        (
            ["person", "register", NOBODY, "--name", "x", "--region", "140702", "--insured-on", "2013-02-30"],
            "2013-02-30",
        ),
        (["replace", NOBODY], "--why"),
        (["report-loss", NOBODY, "--kind", "verbal"], "verbal"),
        (["no-such-command"], "no-such-command"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(shell: Shell, words: list[str], says: str) -> None:
    """Exit code 2, a sentence that names the option, and no full number in it."""
    result = shell.run(*words)
    assert result.exit_code == 2
    assert says in result.stderr
    assert NOBODY not in result.output


def test_the_database_says_its_schema(shell: Shell) -> None:
    """`db status` and `db migrate` say the schema; a city's own needs its owner's URL, and no URL is shown."""
    assert "as this program needs it" in shell.ok("db", "status")
    assert "schema" in shell.ok("db", "migrate")
    own = {"SHEBAOKA_DATABASE_URL": "postgresql://shebaoka_app:secret@localhost:1/city"}
    assert "SHEBAOKA_OWNER_URL" in shell.run("db", "migrate", env=own).stderr
    for url in (own, {"SHEBAOKA_DATABASE_URL": "postgresql://a:secret@[broken/x"}):
        result = shell.run("db", "status", env=url)
        assert (result.exit_code, "secret" in result.output) == (1, False)


def test_a_sound_notice_has_a_line_per_version(shell: Shell) -> None:
    """Jinzhong's notice is sound, and its line says how much there is in it."""
    said = shell.ok("notice", "check", str(ROOT / "notices" / "jinzhong"))
    assert re.search(r"✓ jinzhong-2013-06-25: .*28\s+clauses", said)


def test_every_fault_of_a_notice_is_told(shell: Shell, tmp_path: Path) -> None:
    """A folder with two faults has two lines on stdout, and other commands tell the first and count the rest."""
    version = ROOT / "notices" / "jinzhong" / "2013-06-25"
    copy = tmp_path / "city" / "2013-06-25"
    copy.mkdir(parents=True)
    for file in version.iterdir():
        text = file.read_text()
        if file.name == "en.yaml":
            text = text.replace('  "1.1":', '  "1.7":')
        (copy / file.name).write_text(text)
    result = shell.run("notice", "check", str(copy.parent))
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 2)
    assert "en.yaml: clauses.1.1" in result.stdout
    shown = shell.run("notice", "show", env={"SHEBAOKA_NOTICE": str(copy.parent)})
    assert (shown.exit_code, shown.stderr.count("\n")) == (1, 1)
    assert "1 more" in shown.stderr


def test_the_notice_is_shown(shell: Shell) -> None:
    """Clauses, values and readings, in any language or as JSON; an unknown clause or day is trouble."""
    said = shell.ok("notice", "show", "--clause", "9.3", "--language", "zh-Hans")
    assert "本市解读" in said
    assert max(map(layout.cells, shell.ok("notice", "show").splitlines())) <= 80
    document = json.loads(shell.ok("notice", "show", "--json"))
    assert (len(document["clauses"]), document["notice"]) == (28, "jinzhong-2013-06-25")
    fee = next(p for p in document["parameters"] if p["name"] == "replacement_fee_fen")
    assert (fee["value"], fee["clause"], fee["reading"]) == (2800, "6.2", None)
    assert shell.run("notice", "show", "--clause", "10.1").stderr.endswith("[not_found]\n")
    assert shell.run("notice", "show", "--on", "2013-06-24").stderr.endswith("[no_notice_in_force]\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_of_services_names_every_command(shell: Shell, language: str) -> None:
    """Each service says its command, where it is done and what it costs, whatever the language."""
    said = shell.ok("services", "--language", language)
    assert all(f"shebaoka {command}\n" in said for command in COMMANDS)
    listed = json.loads(shell.ok("services", "--json"))["services"]
    assert {s["service"] for s in listed} == set(SERVICES)
    assert {SERVICES[s["service"]] for s in listed if s["command"] is None} == OF_INSTITUTIONS
    assert next(s for s in listed if s["service"] == "replace_card")["fees"]["replacement_fee_fen"] == 2800


@pytest.mark.parametrize(
    ("error", "code"),
    [(RuntimeError(f"about {NOBODY}"), "invariant_broken"), (PermissionError(13, "Permission denied"), "file_trouble")],
)
def test_a_fault_of_the_program_is_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception, code: str) -> None:
    """No traceback unless it is asked for, and nothing of what the fault was about."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(app, "settings_from", fail)
    result = CliRunner().invoke(main, ["staff", "list"])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.endswith(f"[{code}]\n")
    assert NOBODY not in result.output
    assert without_numbers(f"a {NOBODY}, b") == f"a {mask(NOBODY)}, b"


@pytest.mark.parametrize(
    ("module", "words", "passed"),
    [
        ("demo", ["--people", "9", "--no-serve"], {"people": 9, "host": "127.0.0.1", "port": 8000, "serve": False}),
        ("tour", ["--language", "zh-Hant"], {}),
        ("serving", ["--port", "8001"], {"pos_port": None, "workers": 2, "carrier": None}),
    ],
)
def test_thin_commands_pass_on_what_they_were_given(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, module: str, words: list[str], passed: dict[str, object]
) -> None:
    """demo, tour and serve hand their options to the rooms that do the work, and pass the exit code back."""
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def work(*args: object, **named: object) -> int:
        calls.append((args, named))
        return 7

    stand_in: Any = types.ModuleType(f"shebaoka.{module}")
    command = {"serving": "serve"}.get(module, module)
    setattr(stand_in, command, work)
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
    result = shell.run(command, *words)
    ((args, named),) = calls
    assert {k: v for k, v in named.items() if not isinstance(v, Callable)} == passed
    assert result.exit_code == (0 if module == "serving" else 7)
    assert args[1:] == {"demo": (), "tour": ("zh-Hant",), "serving": ("127.0.0.1", 8001)}[module]
