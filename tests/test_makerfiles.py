"""A batch's files there and back: to a maker and a bank that are played, through the desk and the command line."""

import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.conftest import Database
from tests.makers import FORMATS
from tests.test_batches import MAKER, OTHER, applied, result
from tests.webhouse import house_on

from shebaoka.app import House
from shebaoka.cli import main
from shebaoka.desk import Choice, Desk, Role, Staff, batchroom, now
from shebaoka.maker import KeyPair, Simulated, open_package, public_text
from shebaoka.maker.keys import PairKeyring
from shebaoka.maker.sealed import Address
from shebaoka.maker.tables import open_accounts
from shebaoka.records import BadInput, NotAllowed, StoreDown


class Played:
    """A house with a maker and a bank that are played, and its clock running."""

    def __init__(self, house: House, database: Database, home: Path) -> None:
        self.house = house
        self.database = database
        self.home = home
        self.until = now().date() + dt.timedelta(days=300)
        ours = {key.use: key.public for key in house.partners.new_keys(self.until)}
        self.pairs = {code: KeyPair.drawn() for code in ("zk1", "zk2", "yh1")}
        self.partners = {}
        for code, format_ in (("zk1", "delimited"), ("zk2", "fixed"), ("yh1", "bank")):
            house.partners.add(code, code, format_)
            pair = self.pairs[code]
            house.partners.add_key(code, public_text("sign", pair.signing_public), self.until)
            house.partners.add_key(code, public_text("seal", pair.sealing_public), self.until)
            self.partners[code] = Simulated(code, pair, FORMATS[format_], format_, ours["sign"], ours["seal"])
        self.our_signing = ours["sign"]
        self.regions = iter(range(141000, 142000))

    def batch(self, n: int) -> tuple[str, list[str]]:
        """An approved batch of that many cards, and whose they are."""
        region = str(next(self.regions))
        with psycopg.connect(self.database.owner, autocommit=True) as owner:
            numbers = applied(self.house, owner, region, n, photo=None)
            for k, number in enumerate(numbers):
                image = b"\xff\xd8\xff" + bytes(number, "ascii") * 830 + bytes([k])
                owner.execute(
                    "insert into photo (person_id, format, width, height, digest, image, run, entry) "
                    "select person_id, 'JPEG', 358, 441, sha256(%s), %s, 'r', 'e' from person_key where number = %s",
                    [image, image, number],
                )
        return self.approved(f"B-{region}", Choice(region=region)), numbers

    def approved(self, batch: str, choice: Choice) -> str:
        """A batch of a choice, approved."""
        room = self.house.batches
        room.choose(MAKER, batch, choice)
        room.check(MAKER, batch)
        room.freeze(MAKER, batch)
        room.approve(OTHER, batch)
        return batch


@pytest.fixture(scope="module")
def played(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A house with its partners."""
    shared_database.wipe()
    home = tmp_path_factory.mktemp("makerfiles")
    with house_on(shared_database, home) as house:
        yield Played(house, shared_database, home)


def test_a_batch_goes_to_its_maker_and_back(played: Played, tmp_path: Path) -> None:
    """Every card arrives with its own photo, three come back rejected, one not at all; read twice, nothing changes."""
    house, files = played.house, played.house.maker_files
    batch, numbers = played.batch(8)
    package, answer = tmp_path / "p", tmp_path / "r"
    written = files.package(MAKER, batch, package, "zk1")
    assert (written.partner, written.manifest.rows, written.manifest.photos) == ("zk1", 8, 8)
    with package.open("rb") as file:
        ring = PairKeyring(played.pairs["zk1"], house.partners.us, played.our_signing)
        address = Address("cards", batch, house.partners.us, "zk1", now())
        cards = list(open_package(file, FORMATS["delimited"].cards, address, ring).cards())  # type: ignore[arg-type]
    assert {card.said["number"] for card in cards} == set(numbers)
    assert all(bytes(card.said["number"], "ascii") in card.photo for card in cards)
    house.batches.sent(MAKER, batch)

    rejects = dict.fromkeys((2, 4, 6), "芯片不良")
    played.partners["zk1"].make_cards(
        package, answer, now(), rejects=rejects, missing=[5], blank=lambda n: f"{batch}-{n}"
    )
    manifest, taken = files.results(MAKER, batch, answer)
    assert (manifest.sender, taken.rows, taken.not_taken) == ("zk1", 7, 0)
    assert (taken.counts["made"], taken.counts["rejected"]) == (4, 3)
    _, again = files.results(MAKER, batch, answer)
    assert (again.repeated, sum(again.counts.values())) == (7, 0)
    found = house.batches.get(MAKER, batch)
    assert (found.waiting, found.state) == (1, "sent")
    assert [event.what for event in house.batches.events(MAKER, batch)] == ["results", "results", "packed"]
    assert house.batches.give_up(MAKER, batch, "没有收到").state == "closed"

    remade = played.approved(f"{batch}-R", found.choice)
    assert files.package(MAKER, remade, tmp_path / "again", "zk2").manifest.rows == 4
    played.partners["zk2"].make_cards(tmp_path / "again", tmp_path / "again.r", now())
    house.batches.sent(MAKER, remade)
    assert files.results(MAKER, remade, tmp_path / "again.r")[1].counts["made"] == 4
    assert house.batches.get(MAKER, remade).state == "closed"


def test_the_bank_is_sent_no_photo(played: Played, tmp_path: Path) -> None:
    """The accounts of a batch go out without a photo being opened, also once all cards are made, and again for whom
    none was opened; who has an account is put down, and until then no card is ready (5.3).
    """
    files = played.house.maker_files
    batch, numbers = played.batch(3)
    with psycopg.connect(played.database.owner, autocommit=True) as owner:
        owner.execute(
            "update photo set image = 'x' where person_id in (select person_id from card_order where batch = %s)",
            [batch],
        )
    room = played.house.batches
    orders = list(room.orders(MAKER, batch, photos=False))
    room.sent(MAKER, batch)
    room.take_results(MAKER, batch, [result(order) for order in orders])
    assert room.get(MAKER, batch).state == "closed"
    written = files.accounts(MAKER, batch, tmp_path / "a")
    assert (written.partner, written.manifest.rows, written.manifest.photos) == ("yh1", 3, 0)
    assert room.arrived(MAKER, batch) == 0
    with (tmp_path / "a").open("rb") as file:
        ring = PairKeyring(played.pairs["yh1"], played.house.partners.us, played.our_signing)
        address = Address("accounts", batch, played.house.partners.us, "yh1", now())
        asked = list(open_accounts(file, FORMATS["bank"].accounts, address, ring))  # type: ignore[arg-type]
    assert {said["number"] for said in asked} == set(numbers)
    played.partners["yh1"].open_accounts(tmp_path / "a", tmp_path / "b", now(), refused={2: "证件过期"})
    _, taken = files.answers(MAKER, batch, tmp_path / "b")
    assert taken.counts == {"opened": 2, "refused": 1}
    assert (room.get(MAKER, batch).bank_opened, room.arrived(MAKER, batch)) == (2, 2)
    assert files.accounts(MAKER, batch, tmp_path / "again").manifest.rows == 1
    played.partners["yh1"].open_accounts(tmp_path / "again", tmp_path / "c", now())
    assert files.answers(MAKER, batch, tmp_path / "c")[1].counts == {"opened": 1, "refused": 0}
    assert room.arrived(MAKER, batch) == 1


def test_a_batch_goes_to_one_maker(played: Played, tmp_path: Path) -> None:
    """No second maker is sent its cards, nobody else's word is taken, and only who may keep batches does any of it."""
    files = played.house.maker_files
    batch, _ = played.batch(2)
    with pytest.raises(BadInput, match="name one of zk1, zk2"):
        files.package(MAKER, batch, tmp_path / "p")
    with pytest.raises(BadInput, match="yh1 is a bank"):
        files.package(MAKER, batch, tmp_path / "p", "yh1")
    with pytest.raises(BadInput, match="went to no maker"):
        files.results(MAKER, batch, tmp_path / "none")
    files.package(MAKER, batch, tmp_path / "p", "zk1")
    with pytest.raises(BadInput, match="went to zk1 already"):
        files.package(MAKER, batch, tmp_path / "q", "zk2")
    with pytest.raises(BadInput, match="such a file already"):
        files.package(MAKER, batch, tmp_path / "p")
    assert files.package(MAKER, batch, tmp_path / "q").manifest.rows == 2
    played.house.batches.sent(MAKER, batch)

    other, _ = played.batch(1)
    files.package(MAKER, other, tmp_path / "o", "zk2")
    played.partners["zk2"].make_cards(tmp_path / "o", tmp_path / "r", now())
    with pytest.raises(BadInput, match=f"of the batch {other}") as trouble:
        files.results(MAKER, batch, tmp_path / "r")
    assert trouble.value.code == "file_of_another_batch"
    clerk = Staff("li", Role.CLERK, "w1")
    for act in (
        lambda: files.package(clerk, batch, tmp_path / "x"),
        lambda: files.accounts(clerk, batch, tmp_path / "x"),
        lambda: files.results(clerk, batch, tmp_path / "none"),
        lambda: files.answers(clerk, batch, tmp_path / "none"),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert played.house.batches.get(MAKER, batch).waiting == 2


def test_files_of_a_batch_at_the_command_line(played: Played, tmp_path: Path) -> None:
    """Package, results, the bank's file and answers by commands; a row that is not taken is told, with exit code 1."""
    batch, _ = played.batch(3)
    env: dict[str, Any] = {
        "SHEBAOKA_HOME": str(played.home),
        "SHEBAOKA_DATABASE_URL": played.database.app,
        "SHEBAOKA_TOKEN": played.house.staff.add("zhou", Role.PRODUCTION),
        "LC_ALL": "C.UTF-8",
    }

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["--traceback", "batch", *words], env=env)

    package, accounts, answer = (str(tmp_path / name) for name in ("p", "a", "r"))
    told = run("package", batch, "--maker", "zk1", "--out", package)
    assert (told.exit_code, "3 cards, 3 photos" in " ".join(told.output.split())) == (0, True), told.output
    assert json.loads(run("bank-file", batch, "--out", accounts, "--json").stdout)["photos"] == 0
    run("sent", batch)
    played.partners["zk1"].make_cards(
        Path(package), Path(answer), now(), rejects={1: "坏"}, blank=lambda _: f"{batch}-1"
    )
    told = run("results", batch, answer)
    assert (told.exit_code, told.output.count("row ")) == (1, 2), told.output
    assert json.loads(run("results", batch, answer, "--json").stdout)["taken"]["repeated"] == 1
    played.partners["yh1"].open_accounts(Path(accounts), tmp_path / "b", now())
    told = run("bank-answer", batch, str(tmp_path / "b"))
    assert (told.exit_code, "3 opened" in " ".join(told.output.split())) == (0, True), told.output
    assert "file_of_another_batch" in run("results", "B-none", answer).output


def test_two_at_once_stopped_anywhere_record_nothing_twice(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results taken by two at once, stopped in any tray, before or after its commit, are whole after the last try."""
    batch, _ = played.batch(24)
    files, answer = played.house.maker_files, tmp_path / "r"
    files.package(MAKER, batch, tmp_path / "p", "zk1")
    played.house.batches.sent(MAKER, batch)
    played.partners["zk1"].make_cards(tmp_path / "p", answer, now(), rejects={3: "坏"})
    submit, chance = Desk.submit, random.Random(5)  # noqa: S311 - a test's places

    def stopping(self: Desk, asks: Any, **said: Any) -> Any:
        before, after = chance.random() < 0.15, chance.random() < 0.15
        if before:
            raise StoreDown("stopped")
        done = submit(self, asks, **said)
        if after:
            raise StoreDown("stopped")
        return done

    monkeypatch.setattr(batchroom.some_of, "__defaults__", (2,))
    monkeypatch.setattr(Desk, "submit", stopping)
    stops = 0
    while played.house.batches.get(MAKER, batch).state != "closed":
        try:
            files.results(MAKER, batch, answer)
        except StoreDown:
            stops += 1
    assert stops > 0
    assert played.house.batches.get(MAKER, batch).cards == {"made": 23, "rejected": 1}
    with psycopg.connect(played.database.owner) as owner:
        counted = owner.execute(
            "select count(*), count(distinct person_id) from journal join card_order o using (person_id) "
            "where o.batch = %s and service in ('record_made', 'record_rejected')",
            [batch],
        ).fetchone()
    assert counted == (24, 24)
