"""The demonstration and the tour, played on the real house: nothing in them may go otherwise than they tell."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shebaoka.app import Settings, open_house, settings_from
from shebaoka.demo import demo
from shebaoka.stage import of_play
from shebaoka.tour import tour


@pytest.fixture
def settings() -> Iterator[Settings]:
    """A home of its own."""
    with tempfile.TemporaryDirectory(prefix="shebaoka-") as folder:
        yield settings_from({"SHEBAOKA_HOME": str(Path(folder, "home"))})


def test_the_demonstration_tries_every_clause_both_ways_and_its_journal_decides_the_same_again(
    settings: Settings,
) -> None:
    """A small city: reconciled, 28 clauses with a yes and a no today, and each dossier is what its journal leads to."""
    told: list[str] = []
    assert demo(settings, people=400, serve=False, out=told.append) == 0
    text = "\n".join(told)
    assert "reconciled to the fen" in text
    assert ": equal" in text
    assert "every chain is whole" in text
    clauses = re.findall(r"^  (\d\.\d) +(\d+) +(\d+) ", text, re.MULTILINE)
    assert len(clauses) == 28
    assert [c for c, yes, no in clauses if not (int(yes) and int(no))] == []
    with open_house(of_play(settings, "demo")) as house, house.store() as store:
        audit = house.auditor.verify(store)
    assert audit.faults == ()
    assert audit.replayed == audit.people > 390


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_the_tour_tells_a_whole_life(settings: Settings, language: str) -> None:
    """From 2013 to 2041 in each language: yes and no, no fact left open, and the journal whole at the end."""
    told: list[str] = []
    assert tour(settings, language, out=told.append) == 0
    text = "\n".join(told)
    assert "2013-06-26" in text
    assert "2041-05-18" in text
    assert "✓" in text
    assert "✗" in text
    assert "{" not in text
    assert "—" not in text
