"""The desk under load: requests a second in trays of 1, 100 and 1,000, beside pgbench's TPC-B on the same server.

200,000 invented people with a card each, PostgreSQL with its default durability. Realistic mixed card services with
PIN checks and journal. `make bench-desk` runs it; the last line is JSON.
"""

import argparse
import datetime as dt
import json
import multiprocessing as mp
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from shebaoka import numbers
from shebaoka.app import APP_ROLE, load_notices, settings_from
from shebaoka.desk import Desk
from shebaoka.records import (
    AddExtendedApplication,
    Ask,
    CancelLossReport,
    CardKind,
    ChangePin,
    Channel,
    Digits,
    HandInCard,
    LookUpPerson,
    Material,
    Purpose,
    ReplaceCard,
    ReportLoss,
    Sender,
    UnlockCard,
    UseCard,
)
from shebaoka.store import REBUILD, Store, as_role, binary, embedded_server, ensure_database, migrate
from shebaoka.vault import SoftwareVault

PEOPLE = 200_000
FIRST_PERSON = 10_000_000
PIN, OTHER, WRONG = Digits("472093"), Digits("593816"), Digits("118822")
ALL = tuple(Material)


def number_of(n: int) -> str:
    """The n-th person's social security number; a valid one."""
    day = dt.date(1930, 1, 1) + dt.timedelta(days=n // 20)
    return numbers.with_check_digit(f"140702{day:%Y%m%d}{n % 20 * 7 + 100:03d}")


def fill(owner_url: str, vault: SoftwareVault) -> None:
    """Write the people straight into the tables, as a past of the desk would have left them."""
    with psycopg.connect(owner_url) as connection, connection.cursor() as cursor:

        def copy(table: str, rows: object) -> None:
            with cursor.copy(f"copy {table} from stdin") as target:
                for row in rows:
                    target.write_row(row)

        people = [(FIRST_PERSON + n, number_of(n)) for n in range(PEOPLE)]
        on = dt.date(2013, 1, 1)
        copy("dossier (person_id, version, chain, balance_fen)", ((i, 1, bytes(32), 100_000) for i, _ in people))
        copy("person_key (person_id, number)", people)
        copy(
            "person (person_id, number, name, sex, birth_on, region, insured_on, standing)",
            ((i, n, "某某", numbers.sex(n), numbers.birth_date(n), "140702", on, "insured") for i, n in people),
        )
        copy(
            "card (person_id, n, kind, number, serial, life, issued_on, loss, pin_tries, locked, unlocks, first_pin, "
            "financial, applications)",
            (
                (i, 1, "social_security", f"Z{n:08d}", f"140700{n:026x}", "in_use", on, "none", 0, False, 0, False,
                 "active", [])
                for n, (i, _) in enumerate(people)
            ),
        )  # fmt: skip
        copy("pin (person_id, card, key_id, value)", ((i, 1, *_kept(vault, i)) for i, _ in people))
        cursor.execute(REBUILD)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


def _kept(vault: SoftwareVault, person_id: int) -> tuple[str, bytes]:
    kept = vault.seal(person_id, 1, PIN)
    return kept.key_id, kept.value


TERMINAL = Sender("t-0417", Channel.TERMINAL, "hospital-12")
WINDOW = Sender("clerk-3", Channel.WINDOW, "window-7")
PHONE = Sender("operator-2", Channel.PHONE, "hotline")


class Mix:
    """Realistic requests: mostly cards used with their PIN, some wrong, and what people come to a window for."""

    def __init__(self, worker: int, seed: int, run: str) -> None:
        self._random = random.Random(seed)
        self._run = f"{run}-{worker}"
        self._n = 0

    def tray(self, size: int) -> list[Ask]:
        """That many asks about people drawn at random."""
        return [self._ask() for _ in range(size)]

    def _ask(self) -> Ask:
        draw = self._random.random()
        self._n += 1
        about = {"id": f"{self._run}-{self._n}", "person": number_of(int(self._random.random() * PEOPLE))}
        if draw < 0.50:
            return Ask(UseCard(**about), TERMINAL, PIN)
        if draw < 0.60:
            return Ask(UseCard(purpose=Purpose.ENQUIRY, **about), TERMINAL, PIN)
        if draw < 0.66:
            return Ask(UseCard(**about), TERMINAL, WRONG)
        if draw < 0.70:
            return Ask(UseCard(**about, card=CardKind.TEMPORARY), TERMINAL, PIN)
        if draw < 0.80:
            return Ask(LookUpPerson(reason="is it activated?", **about), PHONE)
        if draw < 0.85:
            return Ask(ChangePin(shows=ALL, **about), WINDOW, PIN, PIN)
        if draw < 0.89:
            return Ask(ReportLoss(shows=ALL, **about), WINDOW)
        if draw < 0.92:
            return Ask(CancelLossReport(shows=ALL, **about), WINDOW)
        if draw < 0.94:
            return Ask(ReplaceCard(shows=ALL, why="damage", paid_fen=2800, **about), WINDOW)
        if draw < 0.96:
            return Ask(AddExtendedApplication(shows=ALL, application="bus", **about), WINDOW)
        if draw < 0.98:
            return Ask(UnlockCard(shows=ALL, **about), WINDOW)
        return Ask(HandInCard(shows=(), **about), WINDOW)


def work(url: str, key_file: str, tray: int, seconds: float, worker: int, run: str, gate: object, out: object) -> None:
    """One worker process: trays until the time is up; how many requests, and how long each tray took."""
    vault = SoftwareVault.open(Path(key_file))
    notices = load_notices(settings_from().notice)
    mix = Mix(worker, seed=hash((run, worker)) & 0xFFFF, run=run)
    with Store(url) as store:
        desk = Desk(store, vault, notices)
        for _ in range(20):
            desk.submit(mix.tray(min(tray, 100)))
        gate.wait()
        until = time.perf_counter() + seconds
        took, done, began = [], 0, time.perf_counter()
        while (start := time.perf_counter()) < until:
            asks = mix.tray(tray)
            submitted = time.perf_counter()
            desk.submit(asks)
            took.append(time.perf_counter() - submitted)
            done += tray
            del start
        elapsed = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out.put((done / elapsed, took, peak_mb))


def measure(
    url: str, key_file: str, tray: int, workers: int, seconds: float, run: str
) -> tuple[float, list[float], float]:
    """Requests a second of all workers together, every tray's time in ms, and the largest worker's memory in MB."""
    context = mp.get_context("spawn")
    gate, out = context.Barrier(workers), context.Queue()
    processes = [
        context.Process(target=work, args=(url, key_file, tray, seconds, w, run, gate, out)) for w in range(workers)
    ]
    for p in processes:
        p.start()
    results = [out.get(timeout=seconds + 60) for _ in processes]
    for p in processes:
        p.join()
    return (
        sum(rate for rate, _, _ in results),
        sorted(1000 * t for _, took, _ in results for t in took),
        max(peak for _, _, peak in results),
    )


def tpcb(url: str, seconds: int) -> float:
    """Transactions a second of pgbench's TPC-B-like script with 8 clients."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    command = [str(binary("pgbench")), "-h", parts["host"], "-U", parts["user"], "-c", "8", "-j", "2", "-n"]
    printed = subprocess.run(
        [*command, "-T", str(seconds), parts["dbname"]], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"tps = ([0-9.]+) \(without", printed)
    if not found:
        sys.exit(f"pgbench printed no rate:\n{printed}")
    return float(found.group(1))


def fill_tpcb(url: str) -> None:
    """pgbench's own tables, at scale 20: more branches than clients, so that they seldom meet."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    command = [str(binary("pgbench")), "-h", parts["host"], "-U", parts["user"], "-i", "-q", "-s", "20"]
    subprocess.run([*command, parts["dbname"]], check=True, capture_output=True)


def percentile(ordered: list[float], share: float) -> float:
    """The value below which that share of an ordered list lies."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def main() -> None:
    """Fill, measure in turn, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=8)
    seconds = arguments.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="bench-desk-") as folder:
        vault = SoftwareVault.open(Path(folder, "vault.json"))
        key_file = str(Path(folder, "vault.json"))
        vault.set_first_pin(None, length=6)
        Path(folder).chmod(0o755)
        with embedded_server(Path(folder, "postgres")) as server:
            owner = ensure_database(server, "shebaoka")
            migrate(owner)
            url = as_role(owner, APP_ROLE)
            started = time.perf_counter()
            fill(owner, vault)
            yardstick = ensure_database(server, "tpcb")
            fill_tpcb(yardstick)
            print(f"filled with {PEOPLE:,} people in {time.perf_counter() - started:.0f} s; TPC-B at scale 20")
            tpcb(yardstick, 3)
            rates, table, peak = [], {}, 0.0
            for tray, workers in ((1, 1), (1, 2), (100, 1), (100, 2), (1000, 1), (1000, 2)):
                rates.append(tpcb(yardstick, int(max(seconds * 0.75, 2))))
                rate, took, mb = measure(url, key_file, tray, workers, seconds, f"b{tray}w{workers}")
                table[tray, workers] = rate, took
                peak = max(peak, mb)
            rates.append(tpcb(yardstick, int(max(seconds * 0.75, 2))))
    base = statistics.median(rates)
    print(f"\n{'tray':>6} {'workers':>8} {'requests/s':>12} {'p50 ms':>9} {'p99 ms':>9} {'x TPC-B':>9}")
    for (tray, workers), (rate, took) in table.items():
        print(
            f"{tray:>6} {workers:>8} {rate:>12,.0f} {percentile(took, 0.5):>9.2f} {percentile(took, 0.99):>9.2f}"
            f" {rate / base:>9.2f}"
        )
    print(f"TPC-B, 8 clients: {base:,.0f}/s (median of {len(rates)}, {min(rates):,.0f} to {max(rates):,.0f})")
    print(f"largest worker process: {peak:.0f} MB")
    print(
        json.dumps(
            {
                "ratio_tpcb": round(table[100, 2][0] / base, 2),
                "p99_ms_single": round(percentile(table[1, 1][1], 0.99), 2),
                "p50_ms_single": round(percentile(table[1, 1][1], 0.5), 2),
                "requests_per_s": round(table[100, 2][0]),
                "tpcb_per_s": round(base),
                "peak_mb": round(peak),
            }
        )
    )


if __name__ == "__main__":
    main()
