"""Moving a whole city over, from its files to the signed-off state, beside raw COPY of the same files on one server.

The yardstick is COPY into bare tables that have two indexes, as the tables that are carried into have theirs:
`ratio_copy`. A second one, told as `ratio_copy_then_indexes`, is quicker: its indexes are made when all rows are in.
The invented city is made first, which is not measured. Then all take turns, each in a new database of the same
embedded server with its default durability. `make bench-import` runs it, `SCALE=1` with 3.4 million people and 30
million records; the last line is JSON. Exit code 1 if a run came to anything but what stands in the files.
"""

import argparse
import datetime as dt
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from bench.moving import Moved, move_city
from bench.old_city import CITY_PEOPLE, Found, write_old_city
from bench.raw_copy import Raw, make_ready, raw_copy
from shebaoka.store import embedded_server, ensure_database

SEED = 20130625
ROUNDS, LARGE = 3, 0.5
"""How often both take turns; from the large scale on, once."""
ZONE = ZoneInfo("Asia/Shanghai")
DISK_GB = 48
"""At scale 1: files 3, staging 6, our database 30, its log 4, and some to spare. COPY's 7 are dropped before."""


class Round(NamedTuple):
    """Both sides, one after the other."""

    raw: Raw
    indexed: Raw
    ours: Moved


def main() -> None:
    """Make the city, measure in turn, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scale", type=float, default=0.01, help="1 is 3.4 million people, 30 million records")
    arguments.add_argument("--rounds", type=int, default=0, help="how often both take turns; 3, and once from 0.5 on")
    said = arguments.parse_args()
    rounds = said.rounds or (1 if said.scale >= LARGE else ROUNDS)
    with tempfile.TemporaryDirectory(prefix="bench-import-", ignore_cleanup_errors=True) as work:
        _must_have_room(Path(work), said.scale)
        Path(work).chmod(0o755)
        folder = Path(work, "export")
        began = time.perf_counter()
        found = write_old_city(folder, round(said.scale * CITY_PEOPLE), SEED, dt.datetime.now(ZONE).date())
        make_ready(folder, found)
        made = time.perf_counter() - began
        print(f"{found.people:,} people, {found.rows:,} + {found.record_rows:,} rows, made in {made:.0f} s", flush=True)
        with embedded_server(Path(work, "postgres")) as server:
            turns = [_round(server, Path(work), folder, found, n) for n in range(rounds)]
    _print(turns, found)
    print(json.dumps(_told(turns, found, said.scale)))
    if any(turn.ours.faults for turn in turns):
        sys.exit(1)


def _must_have_room(work: Path, scale: float) -> None:
    """Say in a line what the measurement needs of the disk and what there is; stop if it does not fit."""
    free_gb, needed_gb = shutil.disk_usage(work).free / 1e9, DISK_GB * scale + 1.5
    print(f"{work}: about {needed_gb:.1f} GB are needed for scale {scale:g}, {free_gb:.0f} GB are free", flush=True)
    if free_gb < needed_gb:
        sys.exit("That is too little: choose a smaller scale, or name a folder with more room by TMPDIR.")


def _round(server: str, work: Path, folder: Path, found: Found, n: int) -> Round:
    """Each side once, in databases that are dropped after."""
    done: list[Raw] = []
    for indexes_first in (False, True):
        done.append(raw_copy(ensure_database(server, "raw"), folder, found, indexes_first=indexes_first))
        _drop(server, "raw")
    moved = move_city(work, f"city_{n}", folder, found)
    _drop(server, f"city_{n}")
    turn = Round(done[0], done[1], moved)
    sides = f"COPY {turn.raw.seconds:.1f} s, indexed {turn.indexed.seconds:.1f} s, ours {moved.seconds:.1f} s"
    print(f"round {n + 1}: {sides}", flush=True)
    return turn


def _drop(server: str, database: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(database)))
        connection.execute("checkpoint")


def _rate(rows: int, seconds: float) -> float:
    return rows / seconds


def _rows(found: Found) -> int:
    """The rows that our side takes in."""
    return found.rows + found.record_rows


def _ratio(turns: list[Round], found: Found, which: str) -> float:
    """The median of the rounds' ratios of rows a second."""
    raws: list[Raw] = [getattr(turn, which) for turn in turns]
    pairs = zip(turns, raws, strict=True)
    rates = [_rate(_rows(found), turn.ours.seconds) / _rate(raw.rows, raw.seconds) for turn, raw in pairs]
    return statistics.median(rates)


def _print(turns: list[Round], found: Found) -> None:
    people = found.people
    middle = sorted(turns, key=lambda turn: turn.ours.seconds)[len(turns) // 2]
    print(f"\n{'':<28} {'seconds':>9} {'µs a person':>12} {'rows/s':>12} {'database':>10}")
    for name, raw in (("COPY, two indexes there", middle.indexed), ("COPY, then two indexes", middle.raw)):
        _line(name, raw.seconds, people, _rate(raw.rows, raw.seconds), raw.size)
    ours = middle.ours
    _line("shebaoka, every step", ours.seconds, people, _rate(_rows(found), ours.seconds), ours.size)
    for step, seconds in ours.steps.items():
        _line(f"  {step}", seconds, people)
    print(f"\nmemory at the height: our processes {max(t.ours.ours_mb for t in turns):.0f} MB, ", end="")
    print(f"PostgreSQL beside them {max(t.ours.server_mb for t in turns):.0f} MB")
    for fault in dict.fromkeys(fault for turn in turns for fault in turn.ours.faults):
        print(f"✗ {fault}")


def _line(name: str, seconds: float, people: int, rate: float = 0, size: int = 0) -> None:
    rate_told, size_told = f"{rate:,.0f}" if rate else "", f"{size / 2**20:,.0f} MB" if size else ""
    print(f"{name:<28} {seconds:>9.2f} {seconds / people * 1e6:>12.1f} {rate_told:>12} {size_told:>10}".rstrip())


def _told(turns: list[Round], found: Found, scale: float) -> dict[str, object]:
    seconds = statistics.median(turn.ours.seconds for turn in turns)
    return {
        "ratio_copy": round(_ratio(turns, found, "indexed"), 3),
        "ratio_copy_then_indexes": round(_ratio(turns, found, "raw"), 3),
        "rows_per_s": round(_rate(_rows(found), seconds)),
        "raw_rows_per_s": round(statistics.median(_rate(turn.indexed.rows, turn.indexed.seconds) for turn in turns)),
        "peak_mb": round(max(turn.ours.ours_mb for turn in turns)),
        "postgres_mb": round(max(turn.ours.server_mb for turn in turns)),
        "scale": scale,
        "people": found.people,
        "records": found.record_rows,
        "seconds": round(seconds, 1),
        "rounds": len(turns),
    }


if __name__ == "__main__":
    main()
