"""The documents against the program: what they name is there, and what they say in two places agrees."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from shebaoka.cli import main
from shebaoka.records import Broken, StoreLost, Trouble

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = sorted(p for p in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
ROOMS = ("", "src/shebaoka/", "docs/", "src/shebaoka/store/")
"""Where a document's path may begin: in the checkout, or in the room that it is speaking of."""
WORDED = {
    "Services": "services",
    "Materials": "materials",
    "Channels": "channels",
    "Cards": "cards",
    "States": "states",
    "Functions": "functions",
    "Making": "makings",
    "Why a card is made": "whys",
}
"""Group of the glossary → table of the house's words."""


def document(path: Path) -> str:
    """A document's name in a test's label."""
    return str(path.relative_to(ROOT))


def blocks(text: str, kind: str = "[a-z]*") -> list[str]:
    """The fenced blocks of a kind."""
    return [body for _, body in re.findall(rf"^ *```({kind})\n(.*?)^ *```$", text, re.M | re.S)]


def spans(text: str) -> list[str]:
    """Everything that stands between single backquotes, outside of blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S))


def headings(text: str) -> list[tuple[int, str]]:
    """Level and text of each heading, outside of blocks."""
    outside = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S)
    return [(len(marks), said.strip()) for marks, said in re.findall(r"^(#+) (.*)$", outside, re.M)]


def anchor(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def commands(text: str) -> Iterator[list[str]]:
    """The words of every `shebaoka` command that a document names, without what stands before it."""
    lines = [line for block in blocks(text) for line in block.replace("\\\n", " ").splitlines()]
    for line in (*lines, *spans(text)):
        for part in re.split(r"[|;]|&&?", line):
            found = re.match(r"\s*(?:\$ )?(?:export )?(?:[A-Z_]+=\S+ +)*(?:\.venv/bin/)?shebaoka( .*|$)", part)
            if found:
                yield shlex.split(found.group(1).replace("…", " "), comments=True)


def faults_of_command(words: list[str]) -> list[str]:
    """Sentences for a command or an option that the command line does not have."""
    command: click.Command = main
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word.startswith("-"):
            options = {o: p for p in command.params for o in (*p.opts, *p.secondary_opts)}
            if word not in {*options, "--help", "-h"}:
                return [f"shebaoka {' '.join(words)}: {command.name} has no option {word}"]
            taken = options.get(word)
            at += isinstance(taken, click.Option) and not taken.is_flag
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z-]+", word):
            if word not in command.commands:
                return [f"shebaoka {' '.join(words)}: there is no {word}"]
            command = command.commands[word]
    return []


@pytest.mark.parametrize("path", DOCUMENTS, ids=document)
def test_every_command_that_is_named_exists(path: Path) -> None:
    """Whatever `shebaoka …` stands in a document, the command line has it, options included."""
    assert [f for words in commands(path.read_text()) for f in faults_of_command(words)] == []


def test_a_command_that_is_not_there_is_noticed() -> None:
    """The test above sees a wrong command, a wrong sub-command and a wrong option, in a block and in a line."""
    text = "`shebaoka fly`, `shebaoka db fly`\n\n```sh\nX=1 .venv/bin/shebaoka serve --wings | cat\n```\n"
    assert len([f for words in commands(text) for f in faults_of_command(words)]) == 3


@pytest.mark.parametrize("path", DOCUMENTS, ids=document)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    """Whatever `make …` stands in a document, the Makefile has it."""
    text = path.read_text()
    lines = [*spans(text), *(line for block in blocks(text) for line in block.splitlines())]
    named = {found.group(1) for line in lines if (found := re.match(r"\s*make ([a-z-]+)", line))}
    assert named - set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)) == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=document)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Each link to another document finds it, and the heading in it that it names."""
    faults = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if target.startswith("http"):
            continue
        file, _, named = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        if not found.is_file():
            faults.append(f"{target}: there is no such file")
        elif named and named not in {anchor(said) for _, said in headings(found.read_text())}:
            faults.append(f"{target}: there is no such heading")
    assert faults == []


def test_every_picture_is_shown_and_small() -> None:
    """Each picture stands in a document, and none is larger than 250 kB."""
    shown = "".join(p.read_text() for p in DOCUMENTS)
    pictures = sorted((ROOT / "docs" / "pictures").iterdir())
    assert [p.name for p in pictures if f"](pictures/{p.name})" not in shown] == []
    assert [p.name for p in pictures if p.stat().st_size > 250_000] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=document)
def test_every_file_that_is_named_exists(path: Path) -> None:
    """A path of the program, its tests or its data that a document names is there."""
    named = [s for s in spans(path.read_text()) if re.fullmatch(r"[\w./-]+(\.(py|yaml|sql|toml|lock)|/)", s)]
    own = [s for s in named if "/" in s and not s.startswith(("notices/example", "to_correct", "postgres", "."))]
    assert [s for s in own if not any((ROOT / room / s).exists() for room in ROOMS)] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=document)
def test_every_test_that_is_named_exists(path: Path) -> None:
    """A test that a document cites as evidence is there under that name."""
    tests = "".join(p.read_text() for p in (ROOT / "tests").rglob("*.py"))
    assert [s for s in spans(path.read_text()) if s.startswith("test_") and f"def {s}(" not in tests] == []


def test_the_readmes_have_the_same_shape() -> None:
    """The Chinese README has the English one's headings in number and level, the same blocks and the same links."""
    english, chinese = ((ROOT / name).read_text() for name in READMES)
    assert [level for level, _ in headings(chinese)] == [level for level, _ in headings(english)]
    assert len(blocks(chinese)) == len(blocks(english))
    assert blocks(chinese, "yaml") == blocks(english, "yaml")
    links = [set(re.findall(r"\]\(((?!README)[^)]+)\)", text)) for text in (english, chinese)]
    assert links[0] == links[1]


@pytest.mark.parametrize("name", READMES)
def test_the_readmes_quote_what_is_there(name: str) -> None:
    """The excerpt of the notice and the scenario stand in their files as the README quotes them."""
    parameter, scenario = (yaml.safe_load(block) for block in blocks((ROOT / name).read_text(), "yaml"))
    notice = yaml.safe_load((ROOT / "notices/jinzhong/2013-06-25/notice.yaml").read_text())
    scenarios = [s for p in (ROOT / "tests/scenarios").glob("*.yaml") for s in yaml.safe_load(p.read_text())]
    assert parameter.items() <= notice["parameters"].items()
    assert scenario[0] in scenarios


def glossary() -> dict[str, list[list[str]]]:
    """The rows of each group of the glossary: English, code, simplified, traditional, meaning."""
    groups: dict[str, list[list[str]]] = {}
    for part in (ROOT / "docs" / "glossary.md").read_text().split("\n## ")[1:]:
        title, *lines = part.splitlines()
        rows = [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines if "| `" in line]
        groups[title] = rows
    return groups


def words(language: str) -> dict[str, dict[str, str]]:
    """The house's words in a language."""
    loaded: dict[str, dict[str, str]] = yaml.safe_load((ROOT / f"notices/words/{language}.yaml").read_text())
    return loaded


@pytest.mark.parametrize(("group", "table"), WORDED.items(), ids=list(WORDED))
def test_the_glossary_speaks_as_the_house_does(group: str, table: str) -> None:
    """Each code of the group is in the glossary once, under the words that people read in all three languages."""
    rows = glossary()[group]
    for column, language in ((0, "en"), (2, "zh-Hans"), (3, "zh-Hant")):
        said = words(language)[table]
        assert [(row[1], row[column]) for row in rows] == list(said.items())


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_endings_and_loss_reports_are_called_as_in_the_states(language: str) -> None:
    """The word for an ending stands in the state's brackets, and that for a loss report in its state."""
    column = {"zh-Hans": 2, "zh-Hant": 3}[language]
    states = words(language)["states"]
    for row in glossary()["Endings"]:
        assert f"（{row[column]}）" in states[f"ended_{row[1]}"]
    for row in glossary()["Kinds of loss report"]:
        assert row[column] in states[f"lost_{row[1]}"]


def test_decisions_have_one_form() -> None:
    """Every decision has the same four headings, a number without gaps, and a line in ARCHITECTURE.md."""
    index = (ROOT / "ARCHITECTURE.md").read_text()
    for number, path in enumerate(DECISIONS, 1):
        (top, title), *rest = headings(path.read_text())
        assert (path.name[:4], top, title[:4]) == (f"{number:04d}", 1, f"{number:04d}")
        assert rest == [(2, h) for h in ("Context", "Decision", "Measured or seen", "Consequences")]
        assert f"](docs/decisions/{path.name})" in index


def test_the_floor_plan_is_the_contract() -> None:
    """The floors in ARCHITECTURE.md are those that import-linter holds, in their order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    plan = next(b for b in blocks((ROOT / "ARCHITECTURE.md").read_text()) if b.startswith("__main__"))
    assert [re.split(r" {2,}", line)[0] for line in plan.splitlines()] == layers


def test_operations_say_what_to_do_for_each_trouble() -> None:
    """Every trouble's code stands in the table of docs/operations.md with its status."""
    table = (ROOT / "docs" / "operations.md").read_text()
    family = {Trouble, *Trouble.__subclasses__(), StoreLost}
    assert Broken in family
    assert [t.code for t in family if f"| `{t.code}` | {t.status} |" not in table] == []
