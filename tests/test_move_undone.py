"""What a run counts for after something of it was undone, or its staging was lost."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import Database
from tests.webhouse import house_on

from moved import moved
from old_files import LI, LI_RECORD, WANG, write
from shebaoka.app import House
from shebaoka.importer import sign, undo
from shebaoka.importer.mapping import ready_mapping
from shebaoka.moving import move_of, tools_of
from shebaoka.records import NotReconciled, RunReport

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)


@pytest.fixture
def house(shared_database: Database, tmp_path: Path) -> Iterator[House]:
    """A house with nobody on file."""
    shared_database.wipe()
    with house_on(shared_database, tmp_path / "home", AT) as opened:
        yield opened


def again(house: House, folder: Path, *, undone: bool) -> RunReport:
    """The same command once more; `undone` if what was undone shall go over again."""
    return move_of(house, folder, ready_mapping("invented"), by="test", processes=1).to("prove", again=undone)


def test_a_run_that_is_undone_stays_so(house: House, tmp_path: Path) -> None:
    """The same command leaves it undone, nobody can sign it, and when it is asked for again all is as before."""
    folder = write(tmp_path / "export", [LI, WANG], [LI_RECORD])
    before = moved(house, folder).report
    tools = tools_of(house, by="li", processes=1)
    assert undo(tools, before.run).state == "undone"
    left = again(house, folder, undone=False)
    assert (left.state, left.proof) == ("undone", None)
    with pytest.raises(NotReconciled) as told:
        sign(tools, before.run)
    assert told.value.code == "run_is_not_proved"
    after = again(house, folder, undone=True)
    assert after.state == "prove"
    assert after.proof is not None
    assert before.proof is not None
    assert after.proof.checksum == before.proof.checksum


def test_staging_that_was_lost_is_made_again(house: House, tmp_path: Path) -> None:
    """Whom the run itself carried over it does not find there already: it ends in the same proof."""
    folder = write(tmp_path / "export", [LI, WANG], [LI_RECORD])
    done = moved(house, folder)
    shutil.rmtree(done.move.place)
    after = again(house, folder, undone=False)
    assert after.state == "prove"
    assert after.proof is not None
    assert done.report.proof is not None
    assert after.proof.checksum == done.report.proof.checksum
    assert [f.carried_over for f in after.files] == [f.carried_over for f in done.report.files]


def test_another_export_finds_them_there(house: House, tmp_path: Path) -> None:
    """Files that are another run's find the accounts of the first there already."""
    moved(house, write(tmp_path / "export", [LI], [LI_RECORD]))
    second = moved(house, write(tmp_path / "second", [LI, WANG], [LI_RECORD]))
    assert (second.file("accounts.csv").already_there, second.file("accounts.csv").carried_over) == (1, 1)
