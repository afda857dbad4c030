"""`make test-long`: faults, killed runs, the model, the crowd at one account, the fuzzing, at full length; JSON.

Two tracks side by side, for two cores: one kills servers and stops databases, the other does all else. Each part
asserts what it counts, so a figure that is printed is one that held.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import breaking, killing
from tests.conftest import Database

from shebaoka.app import APP_ROLE
from shebaoka.store import as_role, embedded_server, ensure_database, migrate

KILLS, STOPS, SETTLEMENTS = 300, 30, 500_000
MOVES_KILLED, MOVES_SCALE = 100, 0.01
MESSAGES, CROWD = 200_000, 50_000
FUZZED = (
    *("tests/laws", "tests/test_api_fuzz.py", "tests/test_terminal_fuzz.py", "tests/test_pos_fuzz.py"),
    *("tests/test_table.py", "tests/test_every_database_call.py", "tests/test_store.py"),
    "tests/test_batches_killed.py",
)


def _faults() -> dict[str, Any]:
    return {"faults": breaking.run(KILLS, STOPS, SETTLEMENTS)}


def _killing() -> dict[str, Any]:
    return {"killing": killing.run(MOVES_KILLED, MOVES_SCALE)}


def _model() -> dict[str, Any]:
    from tests import test_against_model, test_many_terminals

    with _empty_database() as empty:
        found: dict[str, Any] = {"model": test_against_model.run(empty, MESSAGES, seed=1)}
        empty.wipe()
        found["one_person"] = test_many_terminals.run(empty, CROWD, seed=1)
    return found


@contextmanager
def _empty_database() -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="shebaoka-long-") as folder:
        Path(folder).chmod(0o755)
        with embedded_server(Path(folder, "postgres")) as server:
            owner = ensure_database(server, "long")
            migrate(owner)
            yield Database(owner, as_role(owner, APP_ROLE))


def _fuzzing() -> dict[str, Any]:
    environ = {**os.environ, "HYPOTHESIS_PROFILE": "long"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "long or not long", *FUZZED]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout[-5000:])
    return {"fuzzing_and_laws": done.stdout.strip().splitlines()[-1]}


def main() -> None:
    """Run both tracks, and print what they counted."""
    found: dict[str, Any] = {}
    faults: list[BaseException] = []

    def track(*parts: Callable[[], dict[str, Any]]) -> None:
        for part in parts:
            try:
                figures = part()
            except BaseException as e:
                faults.append(e)
                raise
            print(json.dumps(figures), flush=True)  # noqa: T201
            found.update(figures)

    threads = [threading.Thread(target=track, args=parts) for parts in ((_faults, _killing), (_model, _fuzzing))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        sys.exit(1)
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
