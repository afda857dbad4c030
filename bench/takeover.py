"""People taken over a second by `Desk.take_over`, in one process and in two, and what each stage costs a person.

Invented people with a name, a balance and some nine records of two years each, in batches of 2,000; an embedded
PostgreSQL with its default durability. `python -m bench.takeover [people]` runs it.
"""

import argparse
import datetime as dt
import gc
import multiprocessing as mp
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.charges import number_of
from shebaoka.app import APP_ROLE, load_notices, settings_from
from shebaoka.desk import Desk, Note, Outcome
from shebaoka.desk.bodies import counted
from shebaoka.records import Ask, CarryOverAccount, Channel, OldRecord, Sender
from shebaoka.store import Store, as_role, embedded_server, ensure_database, migrate
from shebaoka.store.store import COPIES
from shebaoka.vault import SoftwareVault

BATCH = 2_000
ON, AT = dt.date(2013, 7, 1), dt.datetime(2013, 7, 1, 4, tzinfo=dt.UTC)
SENDER = Sender("chen", Channel.IMPORTER, "import:0123456789ab")
NAMES = ("欧阳小伟", "李娜", "王建国", "张丽")
SHOPS = ("汾河湾综合医院", "百草（平安路）药店", "东湖妇幼保健站")


def ask_of(n: int) -> Ask:
    """The n-th person's carry-over."""
    counts = {2012: 5, 2013: 4}
    years, bodies = zip(
        *(
            counted(
                year,
                [OldRecord(dt.date(year, 1 + k, 1 + n % 28), SHOPS[(n + k) % 3], 3000 + n, 2010) for k in range(many)],
            )
            for year, many in counts.items()
        ),
        strict=True,
    )
    request = CarryOverAccount(
        id=f"import:0123456789ab:1.{n // BATCH}:{n + 2}",
        person=number_of(n),
        balance_fen=n * 7919 % 900_000 + 1,
        old_card_number=f"A{n:08d}",
        name=NAMES[n % 4],
        region="140702",
        insured_on=dt.date(1998 + n % 15, 1 + n % 12, 1 + n % 28),
        years=years,
    )
    return Ask(request, SENDER, bodies=bodies)


def batches(people: int, start: int = 0) -> Iterator[list[Ask]]:
    """Batches of asks about that many people."""
    for first in range(start, start + people, BATCH):
        asks = [ask_of(n) for n in range(first, min(first + BATCH, start + people))]
        yield asks


def noted(_: list[Outcome]) -> Note:
    """A row of the size of a batch's own."""
    return Note("insert into import_run (run, finished_at, report) values (gen_random_uuid(), now(), 'batch')", {})


class Stages:
    """What each stage took, in µs a person, batch by batch: CPU in Python, the clock's time in PostgreSQL."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = {}

    @contextmanager
    def of(self, name: str, people: int) -> Iterator[None]:
        """Note how long a stage takes."""
        clock = time.perf_counter if name.startswith(("COPY", "commit")) else time.process_time
        start = clock()
        yield
        self.took.setdefault(name, []).append((clock() - start) / people * 1e6)

    def median(self, name: str) -> float:
        """The median over the batches."""
        return statistics.median(self.took[name])


def stages(url: str, vault: SoftwareVault, people: int) -> Stages:
    """The parts of a batch one after the other, each timed."""
    timed = Stages()
    with Store(url) as store:
        desk = Desk(store, vault, load_notices(settings_from().notice), lambda: AT)
        first = desk.reserve_people(people)
        for asks in batches(people):
            n = len(asks)
            with timed.of("foresee: decide alone", n):
                list(desk.foresee(asks))
            with timed.of("decide, answer, hash, rows", n):
                _, writes = desk._decided(asks, first)
            first += n
            streams = []
            for table, copied in COPIES:
                if rows := getattr(writes, table):
                    with timed.of(f"pack {table}", n):
                        streams.append((table, copied.statement, copied.packed(rows)))
            connection = store.open()
            connection.execute("begin")
            for table, statement, data in streams:
                with timed.of(f"COPY {table}", n), connection.cursor().copy(statement) as stream:
                    stream.write(data)
            with timed.of("commit", n):
                connection.execute("commit")
    return timed


def work(url: str, key_file: str, people: int, start: int, gate: object, out: object) -> None:
    """One process: so many people from one on; how long it took."""
    vault = SoftwareVault.open(Path(key_file))
    with Store(url) as store:
        desk = Desk(store, vault, load_notices(settings_from().notice), lambda: AT)
        first = desk.reserve_people(people)
        prepared = list(batches(people, start))
        gc.collect()
        gc.freeze()
        backend = store.open().info.backend_pid
        gate.wait()
        began, cpu, served = time.perf_counter(), time.process_time(), _cpu_of(backend)
        for asks in prepared:
            desk.take_over(asks, first, noted)
            first += len(asks)
        out.put((time.perf_counter() - began, time.process_time() - cpu, _cpu_of(backend) - served))


def _cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate(url: str, key_file: str, people: int, processes: int, start: int) -> tuple[float, float, float]:
    """People a second of all processes together, and µs of CPU a person: in Python, and in the backends."""
    context = mp.get_context("spawn")
    gate, out = context.Barrier(processes), context.Queue()
    share = people // processes
    workers = [
        context.Process(target=work, args=(url, key_file, share, start + w * share, gate, out))
        for w in range(processes)
    ]
    for worker in workers:
        worker.start()
    took = [out.get(timeout=600) for _ in workers]
    for worker in workers:
        worker.join()
    wall, python, backends = zip(*took, strict=True)
    done = share * processes
    return done / max(wall), sum(python) / done * 1e6, sum(backends) / done * 1e6


def main() -> None:
    """Each on a database of its own; prints a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("people", type=int, nargs="?", default=100_000)
    people = arguments.parse_args().people
    with tempfile.TemporaryDirectory(prefix="bench-takeover-") as folder:
        key_file = Path(folder, "vault.json")
        vault = SoftwareVault.open(key_file)
        with embedded_server(Path(folder, "postgres")) as server:

            def database(name: str) -> str:
                owner = ensure_database(server, name)
                migrate(owner)
                return as_role(owner, APP_ROLE)

            timed = stages(database("stages"), vault, min(people, 40_000))
            for name in timed.took:
                print(f"{name:28} {timed.median(name):6.1f} µs a person")
            for kind in ("pack", "COPY"):
                total = sum(timed.median(n) for n in timed.took if n.startswith(kind))
                print(f"{'all ' + kind:28} {total:6.1f} µs a person")
            for processes in (1, 2):
                each, python, backends = rate(database(f"by_{processes}"), str(key_file), people, processes, 1_000_000)
                print(
                    f"{processes} process(es): {each:8,.0f} people/s, {1e6 / each:5.1f} µs wall a person; CPU "
                    f"{python:5.1f} µs in Python, {backends:5.1f} µs in PostgreSQL's backends"
                )


if __name__ == "__main__":
    main()
