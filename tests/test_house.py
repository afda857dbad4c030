"""The style of the house, as tests. Each failure says where, and what to write instead."""

import ast
import functools
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

import shebaoka
from conftest import ROOT
from shebaoka.notice import LANGUAGES, Notices, Words
from shebaoka.records import Basis, Refusal, Trouble

SOURCE = ROOT / "src" / "shebaoka"
PURE = (
    "articletext",
    "records",
    "notice",
    "ledger",
    "names",
    "numbers",
    "cells",
    "chip",
    "coordinates",
    "ethnicgroups",
    "photo",
    "signatures",
    "slipcode",
    "rules",
)
LINES_MAX, FUNCTION_LINES_MAX = 450, 60
Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def tree(path: Path) -> ast.Module:
    """A file, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes(path: Path, *kinds: type[Node]) -> Iterator[Node]:
    """Every node of these kinds in a file."""
    yield from (n for n in ast.walk(tree(path)) if isinstance(n, kinds))


def where(path: Path, line: int = 0) -> str:
    """A place as it is told."""
    return f"{path.relative_to(ROOT)}:{line}" if line else str(path.relative_to(ROOT))


def told(faults: list[str]) -> str:
    """Faults, one a line."""
    return "\n".join(["", *faults])


def room(path: Path) -> str:
    """The room of the house that a file is in: its folder, or itself where it stands alone."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


SOURCES = sorted(SOURCE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PURE_SOURCES = [p for p in SOURCES if room(p) in PURE]
MIGRATIONS = SOURCE / "store" / "migrations"


# Size and shape ------------------------------------------------------------------------------------------------------


def test_every_module_says_what_it_is_about() -> None:
    """A module begins with a docstring: what matter it is about, which clauses, who calls it."""
    lacks = [where(p) for p in (*SOURCES, *TESTS) if not ast.get_docstring(tree(p))]
    assert not lacks, told([f"{p}: begin with a docstring: the matter, the clauses, who calls it" for p in lacks])


def test_no_file_is_too_long() -> None:
    """A file that outgrows 450 lines is about more than one matter."""
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in SOURCES}
    faults = [
        f"{where(p)}: {n} lines; split it by matter into several files" for p, n in lengths.items() if n > LINES_MAX
    ]
    assert not faults, told(faults)


def test_no_function_is_too_long() -> None:
    """A function that outgrows 60 lines does more than one thing."""
    faults = [
        f"{where(p, f.lineno)}: {f.name} has {length} lines; give its steps names of their own"
        for p in SOURCES
        for f in nodes(p, ast.FunctionDef, ast.AsyncFunctionDef)
        if (length := (f.end_lineno or 0) - f.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert not faults, told(faults)


def _public(body: list[ast.stmt], path: Path) -> Iterator[str]:
    """Public functions, classes and methods without a docstring."""
    for node in body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield f"{where(path, node.lineno)}: {node.name}: say in one sentence what it is or does"
        if isinstance(node, ast.ClassDef):
            yield from _public(node.body, path)


def test_whatever_is_public_says_what_it_does() -> None:
    """Each public class, function and method has a sentence; units, errors and source where they matter."""
    faults = [fault for p in SOURCES for fault in _public(tree(p).body, p)]
    assert not faults, told(faults)


def test_every_test_says_what_it_proves() -> None:
    """Each test function has a sentence that says what holds if it passes."""
    faults = [
        f"{where(p, f.lineno)}: {f.name}: say in one sentence what it proves"
        for p in TESTS
        for f in nodes(p, ast.FunctionDef, ast.AsyncFunctionDef)
        if f.name.startswith("test_") and not ast.get_docstring(f)
    ]
    assert not faults, told(faults)


def test_no_room_is_a_lumber_room() -> None:
    """No file or folder has a name under which anything fits."""
    vague = {"utils", "util", "helpers", "helper", "services", "common", "managers", "manager", "misc", "base", "core"}
    found = [p for p in (*SOURCES, *TESTS) if vague & {part.removesuffix(".py") for part in p.relative_to(ROOT).parts}]
    assert not found, told([f"{where(p)}: name it after its matter" for p in found])


# Floors --------------------------------------------------------------------------------------------------------------


def test_imports_only_go_down() -> None:
    """The floors, and the faces' way through the desk, as pyproject.toml lays them down."""
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _module(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(path: Path) -> set[str]:
    """Modules that a file names in its imports, the packages above them too."""
    named: set[str] = set()
    for node in nodes(path, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif node.module:
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return named | {".".join(name.split(".")[:n]) for name in named for n in range(1, name.count(".") + 1)}


def test_every_file_is_reached_from_the_command_line() -> None:
    """A file that nothing imports, directly or by way of others, is dead."""
    paths = {_module(p): p for p in SOURCES if MIGRATIONS not in p.parents}
    reached, left = set(), ["shebaoka", "shebaoka.__main__", "shebaoka.cli"]
    while left:
        name = left.pop()
        if name in paths and name not in reached:
            reached.add(name)
            left += _imported(paths[name])
    faults = [
        f"{where(paths[m])}: nothing imports it; call it from where it is needed, or remove it"
        for m in sorted(set(paths) - reached)
    ]
    assert not faults, told(faults)


# Purity --------------------------------------------------------------------------------------------------------------

IMPURE_MODULES = {
    *("asyncio", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib", "psycopg", "queue", "random"),
    *("secrets", "shutil", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"),
}
IMPURE_CALLS = {"now", "today", "utcnow", "open", "input", "print", "exec", "eval", "getenv"}
IN_MEMORY = (
    "from io import BytesIO",
    "Image.open(BytesIO(data), formats=('JPEG', 'PNG'))",
    "Image.open(BytesIO(data), formats=('JPEG', 'PNG', 'WEBP', 'TIFF'))",
)
"""What looks like a file and is bytes that were handed in."""


def test_pure_rooms_touch_no_clock_chance_file_or_log() -> None:
    """Records, notice, ledger, names, numbers, chip, photo and rules know only what they are handed."""
    faults = []
    for path in PURE_SOURCES:
        for node in nodes(path, ast.Import, ast.ImportFrom):
            if ast.unparse(node) in IN_MEMORY:
                continue
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            faults += [
                f"{where(path, node.lineno)}: imports {name}; take what it would say as an argument"
                for name in names
                if name.partition(".")[0] in IMPURE_MODULES
            ]
        for call in nodes(path, ast.Call):
            name = _called(call)
            if name in IMPURE_CALLS and ast.unparse(call) not in IN_MEMORY:
                faults.append(f"{where(path, call.lineno)}: calls {name}(); take its outcome as an argument (`Given`)")
    assert not faults, told(faults)


def _called(call: ast.Call) -> str:
    """The last name of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_nothing_rests_on_assert() -> None:
    """An `assert` is gone under `python -O`: an invariant raises `Broken` and rolls the tray back."""
    faults = [
        f"{where(p, n.lineno)}: assert; raise `Broken`, or `BadInput` for what came in"
        for p in SOURCES
        for n in nodes(p, ast.Assert)
    ]
    assert not faults, told(faults)


def test_only_the_command_line_prints() -> None:
    """Words for people go out through a face; anything else is a log or a value."""
    faults = [
        f"{where(p, n.lineno)}: print(); return it, or let the command line show it"
        for p in SOURCES
        if room(p) != "cli"
        for n in nodes(p, ast.Call)
        if isinstance(n.func, ast.Name) and n.func.id == "print"
    ]
    assert not faults, told(faults)


def test_no_error_becomes_a_success() -> None:
    """A bare `except` is nowhere, and `except Exception` says again what went wrong."""
    faults = []
    for path in SOURCES:
        for handler in nodes(path, ast.ExceptHandler):
            caught = handler.type.id if isinstance(handler.type, ast.Name) else ""
            if handler.type is None:
                faults.append(f"{where(path, handler.lineno)}: bare except; name the error that you expect")
            elif caught in {"Exception", "BaseException"}:
                goes_on = any(isinstance(n, ast.Raise) for n in ast.walk(handler))
                passed_on = any(
                    _called(n) in {"set_exception", "exception"} for n in ast.walk(handler) if isinstance(n, ast.Call)
                )
                if not (goes_on or passed_on):
                    faults.append(f"{where(path, handler.lineno)}: except {caught}; catch what you expect, by name")
    assert not faults, told(faults)


# SQL -----------------------------------------------------------------------------------------------------------------

SQL = re.compile(
    r"\b(select\s[\s\S]+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|create\s+table\s)", re.IGNORECASE
)


def _docstrings(path: Path) -> set[int]:
    """The string nodes that are docstrings, or stand below a name as one."""
    return {
        id(statement.value)
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        for statement in node.body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }


STAGING = {
    "accounting",
    "albums",
    "carrying",
    "checks",
    "ending",
    "held",
    "matching",
    "proving",
    "staging",
    "steps",
    "taking",
}
"""Modules of the importer that speak to a run's own staging database, which is another engine."""


def test_sql_is_in_the_store_alone() -> None:
    """Only the store speaks to the database; the importer to the staging database of a run."""
    faults = [
        f"{where(p, n.lineno)}: SQL; give it a name in store/sql.py or store/views.py"
        for p in SOURCES
        if room(p) != "store" and not (room(p) == "importer" and p.stem in STAGING)
        for n in nodes(p, ast.Constant)
        if isinstance(n.value, str) and SQL.search(n.value) and id(n) not in _docstrings(p)
    ]
    assert not faults, told(faults)


def test_sql_is_put_together_from_constants_alone() -> None:
    """An f-string in SQL names constants of its module and nothing else; values are parameters."""
    faults = []
    for path in (p for p in SOURCES if room(p) == "store"):
        constants = {
            target.id
            for node in tree(path).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and target.id.lstrip("_").isupper()
        }
        for joined in nodes(path, ast.JoinedStr):
            text = " ".join(str(v.value) for v in joined.values if isinstance(v, ast.Constant))
            inside = [v.value for v in joined.values if isinstance(v, ast.FormattedValue)]
            named = all(isinstance(v, ast.Name) and v.id in constants for v in inside)
            if re.search(r"\b(select|insert|update|delete|set|grant)\b", text) and not named:
                faults.append(f"{where(path, joined.lineno)}: a value in SQL; make it a parameter (%(name)s)")
    assert not faults, told(faults)


# The notice ----------------------------------------------------------------------------------------------------------


@functools.cache
@functools.cache
def _used(enum: str) -> set[str]:
    """The members of an enum that rules and numbers name."""
    names = {enum, "R"} if enum == "Refusal" else {enum}
    return {
        n.attr
        for p in SOURCES
        if room(p) in {"rules", "numbers"}
        for n in nodes(p, ast.Attribute)
        if isinstance(n.value, ast.Name) and n.value.id in names
    }


def test_every_ground_is_used_by_a_rule() -> None:
    """No ground of a decision is on the list without a rule, or a cell of the service table, that gives it."""
    unused = [g for enum in (Basis, Refusal) for g in enum if g.name not in _used(enum.__name__)]
    assert not unused, told(
        [f"{g}: no rule gives this ground; use it or take it from records/grounds.py" for g in unused]
    )


def test_every_clause_is_decided_by_a_rule(notices: Notices) -> None:
    """Each clause of each version of the notice is the ground of decisions that rules make."""
    used = {str(e[name]) for e in (Basis, Refusal) for name in _used(e.__name__)}
    for notice in notices.versions:
        resting = {c: [g for g, clause in notice.clause_of.items() if clause == c] for c in notice.clauses}
        empty = [c for c, grounds in resting.items() if not set(grounds) & used]
        assert not empty, told([f"{notice.id}, clause {c}: no rule decides by it" for c in empty])


def test_every_ground_is_worded_in_every_language(words: dict[str, Words], notices: Notices) -> None:
    """A refusal says what is wrong and what to do, a yes says why, and each clause has its wording, three times."""
    for language in LANGUAGES:
        said = words[language]
        assert set(said.refusals) == {str(r) for r in Refusal}
        assert set(said.bases) == {str(b) for b in Basis}
        for notice in notices.versions:
            assert set(notice.wording[language].clauses) == set(notice.clauses)
            assert set(notice.wording[language].readings) == set(notice.readings)


# Troubles ------------------------------------------------------------------------------------------------------------


def _family(trouble: type[Trouble]) -> Iterator[type[Trouble]]:
    yield trouble
    for child in trouble.__subclasses__():
        yield from _family(child)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # importing everything imports others' outdated corners too
def test_every_trouble_has_a_code_of_its_own() -> None:
    """Programs tell troubles apart by code: each class of the family has one, and no two share it."""
    for found in pkgutil.walk_packages(shebaoka.__path__, "shebaoka."):
        if "migrations" not in found.name and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    family = [t for t in _family(Trouble) if t.__module__.startswith("shebaoka.")]
    lacks = [t.__name__ for t in family if "code" not in vars(t)]
    assert not lacks, told([f"{name}: give it a code of its own" for name in lacks])
    codes = [t.code for t in family]
    assert sorted(set(codes)) == sorted(codes)
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)
    assert all(400 <= t.status < 600 for t in family)


# What is written down ------------------------------------------------------------------------------------------------

LOGS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
PRIVATE = {"number", "numbers", "person", "name", "pin", "new_pin", "digits", "token", "request", "ask", "asks", "body"}


def test_nothing_personal_is_logged() -> None:
    """No log call is handed a number, a name, a PIN, a token, or a whole request; it says ids and codes."""
    faults = []
    for path in SOURCES:
        for call in nodes(path, ast.Call):
            is_log = isinstance(call.func, ast.Attribute) and call.func.attr in LOGS
            if not is_log or getattr(call.func.value, "id", "") not in {"log", "logger", "logging"}:  # type: ignore[attr-defined]
                continue
            said = {getattr(n, "attr", getattr(n, "id", "")) for a in call.args for n in ast.walk(a)}
            faults += [
                f"{where(path, call.lineno)}: logs {name}; log the request id or the journal's place instead"
                for name in sorted(said & PRIVATE)
            ]
    assert not faults, told(faults)


def _tracked() -> list[Path]:
    """Every text file that is handed on with the house; all files where there is no version control."""
    ran = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = ran.stdout.decode().split("\0") if ran.returncode == 0 else []
    files = [ROOT / n for n in names if n] or [*SOURCES, *TESTS]
    return [p for p in files if p.is_file() and b"\0" not in p.read_bytes()[:8000]]


# Put together here, so that this file does not hold what it forbids.
FORBIDDEN = {
    r"(?<![\w.])/(" + "|".join(["home", "root", "Users", "mnt", "wo" + "rk", "tm" + "p"]) + r")/\w": (
        "a path of one machine; take it from settings, or from a test's tmp_path"
    ),
    "|".join([r"py" + r"pi\.org", r"python" + r"hosted\.org", r"npm" + r"js\.(org|com)", r"docker" + r"\.io"]): (
        "a registry's host; the package's name is enough"
    ),
    r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b": (
        "a note to oneself; do it, or write down in docs/ what is left open and why"
    ),
}


@pytest.mark.parametrize("pattern", FORBIDDEN, ids=["paths", "hosts", "notes"])
def test_nothing_is_left_lying_about(pattern: str) -> None:
    """No file that is handed on holds a path of somebody's machine, a registry's host, or a note to oneself."""
    faults = []
    for path in _tracked():
        for n, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if re.search(pattern, line):
                faults.append(f"{where(path, n)}: {FORBIDDEN[pattern]}")
    assert not faults, told(faults)
