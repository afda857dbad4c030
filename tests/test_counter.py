"""The counter: many ask at once, a desk takes all who wait as one tray, and each gets their own outcome."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

import psycopg
import pytest

from asking import LI_NA, TIAN_YU, ZHOU_MING, ask, to_a_card
from conftest import RIGHT_PIN, Database, StandingClock
from shebaoka.desk import Auditor, Counter, Desk, Outcome, open_counter
from shebaoka.desk.counter import TRAY
from shebaoka.notice import Notices
from shebaoka.records import Ask, Broken, NoNotice, Receipt, RequestIdUsed, StoreDown, VaultTrouble
from shebaoka.store import REBUILD, Store, Views
from shebaoka.vault import SoftwareVault

WAIT_S = 60
"""Far longer than anything here takes: a future that is never done fails a test instead of hanging it."""


@pytest.fixture
def make_desk(database: Database, vault: SoftwareVault, notices: Notices, clock: StandingClock) -> Callable[[], Desk]:
    """A desk with a connection of its own, whenever one is asked for."""
    return lambda: Desk(Store(database.app), vault, notices, clock)


@pytest.fixture
def counter(make_desk: Callable[[], Desk]) -> Iterator[Counter]:
    """An open counter with one desk behind it."""
    with open_counter(make_desk) as counter:
        yield counter


class HeldDesk(Desk):
    """A desk that takes its first tray and then waits, so that others queue up behind it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.store, desk.vault, desk.notices, desk.clock)
        self.busy, self.free = threading.Event(), threading.Event()
        self.trays: list[tuple[int, bool]] = []

    def submit(self, asks: Sequence[Ask], *, dry_run: bool = False) -> list[Outcome]:
        """Serve, but not before the test lets it."""
        self.trays.append((len(asks), dry_run))
        self.busy.set()
        assert self.free.wait(WAIT_S)
        return super().submit(asks, dry_run=dry_run)


@pytest.fixture
def held(make_desk: Callable[[], Desk]) -> HeldDesk:
    """A desk that the test holds up."""
    return HeldDesk(make_desk())


@pytest.fixture
def queued(held: HeldDesk) -> Iterator[Counter]:
    """A counter whose desk is busy with a first request: whatever is submitted now waits in line."""
    with open_counter(lambda: held) as counter:
        first = counter.submit([ask("register_person")])
        assert held.busy.wait(WAIT_S)
        yield counter
        held.free.set()
        first.exception(WAIT_S)


def only(future: "Future[list[Outcome]]") -> Outcome:
    """The one outcome of somebody who asked one thing."""
    (outcome,) = future.result(WAIT_S)
    return outcome


@pytest.mark.parametrize("workers", [1, 2])
def test_many_threads_ask_at_once_and_each_gets_its_own(
    make_desk: Callable[[], Desk], workers: int, views: Views, vault: SoftwareVault, notices: Notices, store: Store
) -> None:
    """Sixteen threads ask ten times each: every outcome is of the request that was asked, and the journal is whole."""
    people = (LI_NA, ZHOU_MING, TIAN_YU)
    got: dict[str, Outcome] = {}
    start = threading.Barrier(16)

    def asks_ten_times(counter: Counter, n: int) -> None:
        start.wait(WAIT_S)
        for i in range(10):
            one = ask("look_up_person", people[(n + i) % 3], f"t{n}-{i}")
            got[one.request.id] = only(counter.submit([one]))

    with open_counter(make_desk, workers) as counter:
        counter.submit([ask("register_person", p) for p in people]).result(WAIT_S)
        threads = [threading.Thread(target=asks_ten_times, args=(counter, n)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)
    assert len(got) == 160
    for request_id, outcome in got.items():
        assert isinstance(outcome, Receipt)
        assert (outcome.request_id, outcome.answer.outcome) == (request_id, "accepted")
    assert len({o.entry for o in got.values() if isinstance(o, Receipt)}) == 160
    audit = Auditor(views, vault, notices).verify(store)
    assert (audit.faults, audit.entries) == ((), 163)


def test_all_who_wait_are_one_tray(queued: Counter, held: HeldDesk) -> None:
    """While the desk is busy askers queue up, and it takes them all at once when it is back."""
    waiting = [queued.submit([ask("look_up_person", request_id=f"r{n}")]) for n in range(5)]
    held.free.set()
    assert [only(f).request_id for f in waiting] == [f"r{n}" for n in range(5)]  # type: ignore[union-attr]
    assert held.trays == [(1, False), (5, False)]


def test_a_full_tray_leaves_the_rest_in_line(queued: Counter, held: HeldDesk) -> None:
    """No more than a tray is taken at a time; whoever is left is next."""
    waiting = [queued.submit([ask("look_up_person", request_id=f"r{n}")]) for n in range(TRAY + 1)]
    held.free.set()
    assert all(isinstance(only(f), Receipt) for f in waiting)
    assert [size for size, _ in held.trays] == [1, TRAY, 1]


def test_dry_runs_beside_real_ones(queued: Counter, held: HeldDesk, database: Database) -> None:
    """Dry runs in the same line are trays of their own: answered, without an entry, and nothing of them is kept."""
    real = queued.submit([ask("look_up_person", request_id="real")])
    dry = queued.submit([ask("look_up_person", request_id="dry")], dry_run=True)
    held.free.set()
    a, b = only(real), only(dry)
    assert isinstance(a, Receipt)
    assert isinstance(b, Receipt)
    assert a.answer == b.answer
    assert (a.entry != "", b.entry) == (True, "")
    assert held.trays == [(1, False), (1, False), (1, True)]
    with psycopg.connect(database.owner) as owner:
        assert owner.execute("select count(*) from request_key where request_id = 'dry'").fetchone() == (0,)


def test_a_broken_request_hurts_no_other(queued: Counter, held: HeldDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of those who wait breaks the tray: that one is told, all others are served."""
    monkeypatch.setattr("shebaoka.desk.fold.card_serial", lambda region: region)
    futures = [
        queued.submit([ask("look_up_person", request_id="a")]),
        queued.submit([ask("apply_for_temporary_card", new_pin=RIGHT_PIN)]),
        queued.submit([ask("look_up_person", request_id="b")]),
    ]
    held.free.set()
    with pytest.raises(Broken, match="new_cards_are_numbered"):
        only(futures[1])
    assert isinstance(only(futures[0]), Receipt)
    assert isinstance(only(futures[2]), Receipt)


def test_a_fault_of_the_program_hurts_no_other(
    queued: Counter, held: HeldDesk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error that nobody foresaw is told as `Broken`, without what caused it, to the one who met it alone."""

    def stumbles(region: str) -> str:
        raise RuntimeError("stumbled over " + region)

    monkeypatch.setattr("shebaoka.desk.fold.card_serial", stumbles)
    unlucky = queued.submit([ask("apply_for_temporary_card", new_pin=RIGHT_PIN)])
    lucky = queued.submit([ask("look_up_person")])
    held.free.set()
    with pytest.raises(Broken, match="not known") as caught:
        only(unlucky)
    assert "stumbled" not in str(caught.value)
    assert isinstance(only(lucky), Receipt)
    assert [r.message for r in caplog.records] == ["a tray broke"]
    assert RIGHT_PIN not in caplog.text
    assert LI_NA not in caplog.text


def test_a_lost_pin_key_is_one_persons_trouble(
    make_desk: Callable[[], Desk], held: HeldDesk, database: Database
) -> None:
    """A PIN value whose key the vault lacks is told to whoever entered that PIN, and to nobody beside them."""
    make_desk().submit([*to_a_card(ZHOU_MING, new_pin=RIGHT_PIN), ask("register_person")])
    with psycopg.connect(database.owner) as owner:
        owner.execute("update pin set key_id = 'ffffffff'")
        owner.execute(REBUILD)
    with open_counter(lambda: held) as counter:
        counter.submit([ask("look_up_person", request_id="first")])
        assert held.busy.wait(WAIT_S)
        lost = counter.submit([ask("use_card", ZHOU_MING, pin=RIGHT_PIN)])
        other = counter.submit([ask("look_up_person", request_id="other")])
        held.free.set()
        with pytest.raises(VaultTrouble, match="ffffffff"):
            only(lost)
        assert isinstance(only(other), Receipt)


def test_a_trouble_of_all_is_told_to_all(queued: Counter, held: HeldDesk, clock: StandingClock) -> None:
    """What keeps the whole tray from being served is told to everybody in it."""
    waiting = [queued.submit([ask("look_up_person", request_id=f"r{n}")]) for n in range(3)]
    clock.move(days=-30)
    held.free.set()
    for future in waiting:
        with pytest.raises(NoNotice):
            future.result(WAIT_S)


def test_a_used_id_is_told_in_its_place(counter: Counter) -> None:
    """A trouble of a single ask stands among the outcomes and keeps no other from being served."""
    counter.submit([ask("register_person")]).result(WAIT_S)
    used, fine = counter.submit([ask("register_person", name="王芳"), ask("look_up_person")]).result(WAIT_S)
    assert isinstance(used, RequestIdUsed)
    assert isinstance(fine, Receipt)


def test_whoever_leaves_the_line_is_not_served_and_stops_nobody(
    queued: Counter, held: HeldDesk, database: Database
) -> None:
    """An asker who hangs up while waiting is passed over, and the desk goes on serving."""
    gone = queued.submit([ask("look_up_person", request_id="gone")])
    stays = queued.submit([ask("look_up_person", request_id="stays")])
    assert gone.cancel()
    held.free.set()
    assert isinstance(only(stays), Receipt)
    assert isinstance(only(queued.submit([ask("look_up_person", request_id="later")])), Receipt)
    with psycopg.connect(database.owner) as owner:
        assert owner.execute("select count(*) from request_key where request_id = 'gone'").fetchone() == (0,)


def test_closing_serves_whoever_waits(make_desk: Callable[[], Desk], held: HeldDesk) -> None:
    """Closing takes nobody more, serves all who are in line, and then ends its desks' connections."""
    counter = Counter(lambda: held)
    counter.open()
    waiting = [counter.submit([ask("register_person")])]
    assert held.busy.wait(WAIT_S)
    waiting += [counter.submit([ask("look_up_person", request_id=f"r{n}")]) for n in range(3)]
    closing = threading.Thread(target=counter.close)
    closing.start()
    held.free.set()
    assert all(isinstance(only(f), Receipt) for f in waiting)
    closing.join(WAIT_S)
    assert not closing.is_alive()
    with pytest.raises(StoreDown, match="closing"):
        counter.submit([ask("look_up_person")])
    assert held.store._connection is None


def test_whoever_gets_in_line_as_it_closes_is_served_or_told(make_desk: Callable[[], Desk]) -> None:
    """Threads that keep asking while the counter closes all get an answer or a trouble; nobody is left waiting."""
    counter = Counter(make_desk, 2)
    counter.open()
    counter.submit([ask("register_person")]).result(WAIT_S)
    ends: list[str] = []
    start = threading.Barrier(9)

    def keeps_asking(n: int) -> None:
        start.wait(WAIT_S)
        for i in range(1000):
            try:
                future = counter.submit([ask("look_up_person", request_id=f"c{n}-{i}")])
            except StoreDown:
                ends.append("told")
                return
            future.result(WAIT_S)

    threads = [threading.Thread(target=keeps_asking, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    start.wait(WAIT_S)
    counter.close()
    for thread in threads:
        thread.join(WAIT_S)
    assert ends == ["told"] * 8
