"""Settlements under load: our desk and our HTTP door beside pgbench, one SQL statement and django-hordak, in one run.

Every settlement of ours goes through the real rules, PIN check, ledger, journal with its chain, and the key of its
message id, on PostgreSQL with its default durability. `make bench-settlement` runs it; the last line is JSON.
"""

import argparse
import json
import os
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg

from bench import charges, door, yardsticks
from bench.desk import fill_tpcb, percentile, tpcb
from shebaoka.store import embedded_server, ensure_database
from shebaoka.vault import SoftwareVault

SMALL, LARGE = 200_000, 3_400_000
TRAYS = ((1, 1), (1, 2), (100, 1), (100, 2), (1000, 1), (1000, 2))
ROUNDS = 3
PAIRS = 7
"""So often the desk and the one statement take turns; the ratio is the median of the pairs', since speed drifts."""
HTTP_ROUNDS = 5
HALF_LOAD_SECONDS = 35
"""Long enough for the operating system to write out what this load itself changed."""


def main() -> None:
    """Fill, measure in turn, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=6)
    arguments.add_argument("--large", type=int, default=LARGE, help="accounts of the second, large city; 0 for none")
    arguments.add_argument("--no-hordak", action="store_true")
    said = arguments.parse_args()
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="bench-settlement-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        vault = SoftwareVault.open(Path(folder, "vault.json"))
        vault.set_first_pin(None, length=6)
        server = stack.enter_context(embedded_server(Path(folder, "postgres")))
        city = charges.found_city(server, "small", vault, Path(folder, "vault.json"), SMALL)
        yardstick = ensure_database(server, "tpcb")
        fill_tpcb(yardstick)
        tpcb(yardstick, 3)
        found |= _desk(server, city, yardstick, said.seconds)
        found |= _http(city, yardstick, said.seconds)
        if not said.no_hordak:
            found |= _hordak(server, city, said.seconds)
        if said.large:
            found |= _large(server, vault, Path(folder, "vault.json"), city, said.large, said.seconds)
    print(json.dumps(found))


def _desk(server: object, city: charges.City, yardstick: str, seconds: float) -> dict[str, object]:
    """Trays of every size, then in turn the best of them and the one statement, so that both meet the same minutes."""
    table = {}
    for tray, workers in TRAYS:
        table[tray, workers] = charges.measure(city, tray, workers, seconds)
    statement = yardsticks.one_statement_ready(ensure_database(server, "one_statement"), SMALL)
    ours, theirs, tpcbs = [], [], []
    for _ in range(PAIRS):
        theirs.append(yardsticks.one_statement_rate(statement, int(seconds)))
        ours.append(charges.measure(city, 100, 2, seconds).rate)
        tpcbs.append(tpcb(yardstick, int(max(seconds * 0.5, 2))))
    print(f"\n{'tray':>6} {'workers':>8} {'settlements/s':>14} {'p50 ms':>9} {'p99 ms':>9}")
    for (tray, workers), run in table.items():
        p50, p99 = percentile(run.took, 0.5), percentile(run.took, 0.99)
        print(f"{tray:>6} {workers:>8} {run.rate:>14,.0f} {p50:>9.2f} {p99:>9.2f}")
    rate, one, base = statistics.median(ours), statistics.median(theirs), statistics.median(tpcbs)
    print(f"in turn: desk {_many(ours)}; one statement, 32 clients {_many(theirs)}; TPC-B {_many(tpcbs)}")
    print("pairs: " + ", ".join(f"{o / t:.2f}" for o, t in zip(ours, theirs, strict=True)))
    return {
        "ratio_one_statement": _paired(ours, theirs),
        "settlements_per_s": round(rate),
        "one_statement_per_s": round(one),
        "tpcb_per_s": round(base),
    }


def _paired(ours: list[float], theirs: list[float]) -> float:
    """The median of the ratios of rates that were measured one after the other."""
    return round(statistics.median(o / t for o, t in zip(ours, theirs, strict=True)), 2)


def _many(rates: list[float]) -> str:
    return ", ".join(f"{r:,.0f}" for r in rates) + "/s"


def _http(city: charges.City, yardstick: str, seconds: float) -> dict[str, object]:
    """Signed messages from 64 connections, as fast as they are answered, and each time at half that rate, by the clock.

    The half follows its whole at once, for a shared machine's speed changes within minutes.
    """
    rates, tpcbs, p99s = [], [], []
    with door.serving(city) as port:
        door.load(city, port, min(seconds, 3))
        for _ in range(HTTP_ROUNDS):
            tpcbs.append(tpcb(yardstick, int(max(seconds * 0.5, 2))))
            rates.append(door.load(city, port, seconds).rate)
            _settle_down(city)
            half = door.load(city, port, max(seconds * 2, HALF_LOAD_SECONDS), rate=rates[-1] / 2)
            p99s.append(percentile(half.took, 0.99))
            print(f"HTTP {rates[-1]:,.0f}/s; half: p50 {percentile(half.took, 0.5):.1f} ms, p99 {p99s[-1]:.1f} ms")
    print(f"HTTP, signed, 64 connections: {_many(rates)}; TPC-B beside it {_many(tpcbs)}")
    return {
        "ratio_http_tpcb": _paired(rates, tpcbs),
        "http_per_s": round(statistics.median(rates)),
        "p99_ms_half_load": round(statistics.median(p99s), 1),
    }


def _settle_down(city: charges.City) -> None:
    """What the full loads before left to be done is done now: tables vacuumed, changed pages on the disk.

    Linux writes a changed page 30 s after it was changed: 180 MB of trays of 100, all at once, and a commit that waited
    behind them took 200 ms. Autovacuum goes through a million new entries for minutes, and logs each page that it
    touches. What is measured next is to be the half load's own, which is why it lasts longer than those 30 s.
    """
    with psycopg.connect(city.owner_url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")
    os.sync()


def _hordak(server: object, city: charges.City, seconds: float) -> dict[str, object]:
    rates = yardsticks.hordak(server, seconds)
    rate = charges.measure(city, 100, 2, seconds).rate
    best = max(rates.values())
    told = ", ".join(f"{n} processes {r:,.0f}/s" for n, r in rates.items())
    print(f"django-hordak: {told}; desk {rate:,.0f}/s")
    return {"ratio_hordak": round(rate / best, 1), "hordak_per_s": round(best)}


def _large(
    server: object, vault: SoftwareVault, key_file: Path, small: charges.City, people: int, seconds: float
) -> dict[str, object]:
    """The same trays over a whole province's accounts and over the small city's, in turn."""
    large = charges.found_city(server, "large", vault, key_file, people)
    charges.measure(large, 100, 2, seconds)
    rates: dict[str, list[float]] = {"large": [], "small": []}
    for _ in range(ROUNDS):
        rates["small"].append(charges.measure(small, 100, 2, seconds).rate)
        rates["large"].append(charges.measure(large, 100, 2, seconds).rate)
    ratio = _paired(rates["large"], rates["small"])
    print(f"{people:,} accounts: {_many(rates['large'])}; {SMALL:,}: {_many(rates['small'])}")
    return {"ratio_large_small": ratio, "large_accounts": people}


if __name__ == "__main__":
    main()
