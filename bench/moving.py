"""Our side of the benchmark: the command line moves a city into a fresh house, from file to signed-off state."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.memory import Memory
from bench.old_city import Found
from shebaoka.app import House, Settings, open_house, settings_from
from shebaoka.city import Fault
from shebaoka.desk import Role
from shebaoka.records import RunReport

MOVER, SIGNERS = "migration-chen", ("migration-li", "migration-wu")
# Which reasons the rows of which faults are held back for. A balance that is no number may also be missing.
REASONS = (
    ((Fault.WRONG_CHECK_DIGIT, Fault.SEVENTEEN_DIGITS), ("identity_number_is_not_valid",)),
    ((Fault.CONFLICTING_DUPLICATE,), ("conflicting_duplicate",)),
    ((Fault.EXACT_DUPLICATE,), ("duplicate_row",)),
    ((Fault.NEGATIVE_BALANCE,), ("amount_is_negative",)),
    ((Fault.IMPOSSIBLE_DATE,), ("date_is_not_valid",)),
    ((Fault.BIRTH_DATE_DISAGREES,), ("birth_date_differs_from_number",)),
    ((Fault.BALANCE_IS_NO_NUMBER, Fault.MISSING_NAME), ("amount_is_not_a_number", "value_is_missing")),
    ((Fault.NOT_GB18030,), ("not_gb18030",)),
    ((Fault.WRONG_COLUMN_COUNT,), ("wrong_number_of_columns",)),
    (("waiting",), ("old_record_cannot_be_read",)),
)


class Moved(NamedTuple):
    """A run: seconds of all of it, and of each step; memory in MB; the database's bytes; what is wrong with it."""

    seconds: float
    steps: dict[str, float]
    ours_mb: float
    server_mb: float
    size: int
    faults: list[str]


def move_city(home: Path, database: str, folder: Path, found: Found) -> Moved:
    """Move the city in `folder` into a house of its own on the server of `home`, and hold it against what is in it.

    The house is founded and its people are signed in before the clock starts. `SystemExit` if a command fails.
    """
    settings = msgspec.structs.replace(settings_from({}), home=home, database=database)
    with open_house(settings) as house:
        tokens = {name: house.staff.add(name, Role.MIGRATION) for name in (MOVER, *SIGNERS)}
        began = time.perf_counter()
        heights = [_shebaoka(settings, tokens[MOVER], "run", str(folder), "--mapping", "invented", "--to", "prove")]
        run = house.runs.all()[0].run
        heights += [_shebaoka(settings, tokens[name], "sign", run) for name in SIGNERS]
        seconds = time.perf_counter() - began
        report = house.runs.document(run)
        return Moved(
            seconds,
            _steps(report, seconds),
            max(ours for ours, _ in heights),
            max(server for _, server in heights),
            _size(house),
            list(_faults(report, found)),
        )


def _shebaoka(settings: Settings, token: str, *said: str) -> tuple[float, float]:
    """One command of the group `import`, in processes of its own; their memory at the height, and the server's."""
    environ = {
        **os.environ,
        "SHEBAOKA_HOME": str(settings.home),
        "SHEBAOKA_DATABASE": settings.database,
        "SHEBAOKA_TOKEN": token,
    }
    command = [sys.executable, "-m", "shebaoka", "import", *said]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    with Memory(process.pid, settings.home / "postgres") as memory:
        code = process.wait()
    if code:
        raise SystemExit(f"`shebaoka import {' '.join(said)}` ended with {code}.")
    return memory.ours_mb, memory.server_mb


def _size(house: House) -> int:
    rows = house.views.rows("select pg_database_size(current_database())")
    return int(rows[0][0])


def _steps(report: RunReport, seconds: float) -> dict[str, float]:
    """The seconds of each step, and what is left beside them: starting, signing in, reading the notice."""
    steps = {step.name: step.seconds for step in report.steps}
    return {**steps, "beside them": seconds - sum(steps.values())}


def _faults(report: RunReport, found: Found) -> list[str]:
    """Sentences about what the run says otherwise than what stands in the files."""
    files = {f.kind: f for f in report.files}
    accounts, records = files["accounts"], files["records"]
    held = {r.reason: r.rows for r in report.reasons if r.file == accounts.name}
    broken_records = sum(found.records_broken.values())
    equal = {
        "rows of accounts": (accounts.rows, found.rows),
        "their sum": (accounts.sum_fen, found.balance_fen),
        "accounts carried over": (accounts.carried_over, found.good_rows),
        "balances carried over": (accounts.carried_over_fen, found.good_balance_fen),
        "accounts held back": (accounts.held_back, found.rows - found.good_rows),
        "rows of records": (records.rows, found.record_rows),
        "what they spent": (records.sum_fen, found.record_spent_fen),
        "records carried over": (records.carried_over, found.records_carried),
        "what those spent": (records.carried_over_fen, found.records_carried_fen),
        "records left or held back": (
            records.left + records.held_back,
            found.records_left + found.records_waiting + broken_records,
        ),
        "proved": (report.proof is not None and report.proof.proved, True),
        "signed off": (report.state, "sign_off"),
        "differences": (report.differences, ()),
        "every row accounted for": (report.accounted_for, True),
        "signed by": (len(report.signatures), len(SIGNERS)),
    }
    broken = {**found.broken, "waiting": found.waiting}
    equal |= {
        " and ".join(faults): (sum(held.get(r, 0) for r in reasons), sum(broken.get(f, 0) for f in faults))
        for faults, reasons in REASONS
    }
    return [f"{what}: {is_} and should be {should}" for what, (is_, should) in equal.items() if is_ != should]
