"""Commands about a batch killed while they are at work, again and again, each gone on with by somebody else."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.conftest import Database
from tests.test_batches import applied
from tests.test_makerfiles import Played
from tests.webhouse import house_on

from shebaoka.desk import Choice, Role, Staff, now

CARDS = 3500
MAKER = Staff("zhou", Role.PRODUCTION, "")


@pytest.fixture
def played(database: Database, tmp_path: Path) -> Iterator[Played]:
    """A house with a maker that is played."""
    with house_on(database, tmp_path) as house:
        yield Played(house, database, tmp_path)


class Killed:
    """Starts a command as one of two clerks in turn, and kills it once it has done some of its cards."""

    def __init__(self, played: Played, batch: str) -> None:
        self.batch = batch
        self.played = played
        self.tokens = [played.house.staff.add(name, Role.PRODUCTION) for name in ("one", "two")]
        self.kills = 0

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """The command, by the other clerk than before."""
        self.tokens.reverse()
        environ = {
            **os.environ,
            "SHEBAOKA_HOME": str(self.played.home),
            "SHEBAOKA_DATABASE_URL": self.played.database.app,
            "SHEBAOKA_TOKEN": self.tokens[0],
        }
        return subprocess.Popen(
            [sys.executable, "-m", "shebaoka", "batch", *words],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def goes_on(self, done: str, *words: str) -> None:
        """Kill the command each time some cards more are `done`, until it ends by itself before that."""
        before = self.there(done)
        while True:
            process = self.start(*words)
            while process.poll() is None and self.there(done) == before:
                time.sleep(0.01)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                self.kills += 1
            _, errors = process.communicate()
            assert process.returncode in (0, -signal.SIGKILL), errors.decode()[-500:]
            before = self.there(done)
            if process.returncode == 0:
                return

    def there(self, state: str) -> int:
        """How many cards of the batch are in a state."""
        return self.played.house.batches.get(MAKER, self.batch).cards.get(state, 0)


@pytest.mark.long
def test_no_kill_makes_a_card_twice_or_loses_one(played: Played, tmp_path: Path) -> None:
    """Numbering, results and arrival are killed after each tray: every card is done once, and the journal is whole."""
    house, region = played.house, str(next(played.regions))
    with psycopg.connect(played.database.owner, autocommit=True) as owner:
        applied(house, owner, region, CARDS)
    room, batch = house.batches, "K-1"
    room.choose(MAKER, batch, Choice(region=region))
    room.check(MAKER, batch)
    killed = Killed(played, batch)
    killed.goes_on("in_batch", "freeze", batch)
    room.approve(Staff("sun", Role.SUPERVISOR, "w1"), batch)
    house.maker_files.package(MAKER, batch, tmp_path / "p", "zk1")
    room.sent(MAKER, batch)
    played.partners["zk1"].make_cards(tmp_path / "p", tmp_path / "r", now(), rejects={7: "坏"})
    killed.goes_on("made", "results", batch, str(tmp_path / "r"))
    killed.goes_on("ready", "arrived", batch)
    assert killed.kills >= 6
    found = room.get(MAKER, batch)
    assert (found.state, found.cards) == ("closed", {"ready": CARDS - 1, "rejected": 1})
    with psycopg.connect(played.database.owner) as owner:
        asked = owner.execute(
            "select service, outcome, count(*), count(distinct person_id) from journal "
            "where service in ('put_in_batch', 'record_made', 'record_rejected', 'record_ready') "
            "group by 1, 2 order by 1, 2"
        ).fetchall()
    assert asked == [
        ("put_in_batch", "accepted", CARDS, CARDS),
        ("record_made", "accepted", CARDS - 1, CARDS - 1),
        ("record_ready", "accepted", CARDS - 1, CARDS - 1),
        ("record_rejected", "accepted", 1, 1),
    ]
    assert house.auditor.verify().faults == ()
