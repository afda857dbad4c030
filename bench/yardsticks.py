"""What settlement at the desk is measured against: the best single SQL statement, and django-hordak, on one server.

`bench/settlement.py` calls both; `python -m bench.yardsticks` prints them alone, the last line as JSON. `--forms` adds
the forms of the statement that were not kept: docs/decisions/0017-yardsticks-of-settlement.md.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psycopg

from shebaoka.store import binary, embedded_server, ensure_database

ROOT = Path(__file__).resolve().parents[1]
HORDAK_VENV = ROOT / ".bench" / "hordak-venv"
HORDAK_PACKAGES = "django-hordak==2.0.0\ndjango==5.2.19\npsycopg[binary]==3.3.9\n"
PEOPLE = 200_000
WARM_UP_SECONDS = 2


class UnmeasuredError(Exception):
    """A yardstick that could not be measured, or that did not do its work; the sentence says which and why."""


class Form(NamedTuple):
    """One way to settle a charge in one statement: what it needs besides `account`, and the statement."""

    tables: str
    statement: str


# Person and amount at random. The message id is 30 characters: the client's institution, then a time and a number that
# grow with each message. pgbench sends the two as text, so that the server only joins them.
DRAWN = r"""
\set person random(1, :people)
\set amount random(1, 5000)
\set institution 140700000000 + :client_id
\set moment :moment + 1
"""
MESSAGE_ID = "(:institution::text || :moment::text)"
ACCOUNT = """
create table account (
    person_id   bigint primary key,
    balance_fen bigint not null check (balance_fen >= 0),
    seq         bigint not null
) with (fillfactor = 70);
"""
POSTING = """
create table posting (
    person_id   bigint,
    seq         bigint,
    institution text not null,
    amount_fen  bigint not null check (amount_fen > 0),
    settled_at  timestamptz not null,
    primary key (person_id, seq)
);
"""
MESSAGE = """
create table message (id text collate "C" primary key, person_id bigint not null, seq bigint not null);
"""
CHARGE = """
    update account set balance_fen = balance_fen - :amount, seq = seq + 1
    where person_id = :person and balance_fen >= :amount"""
POST = "insert into posting select person_id, seq, :institution::text, :amount, now()"

# A repeat meets the unique message id, and the whole statement is undone; with `key_first` it finds nothing to do.
FORMS = {
    "key_in_posting": Form(
        POSTING + 'alter table posting add message_id text collate "C" not null unique;',
        f"with charged as ({CHARGE} returning person_id, seq) {POST}, {MESSAGE_ID} from charged;",
    ),
    "key_last": Form(
        POSTING + MESSAGE,
        f"with charged as ({CHARGE} returning person_id, seq), "
        f"message as (insert into message select {MESSAGE_ID}, person_id, seq from charged) {POST} from charged;",
    ),
    "key_first": Form(
        POSTING + MESSAGE,
        f"with message as (insert into message values ({MESSAGE_ID}, :person, 0) on conflict do nothing returning 1), "
        f"charged as ({CHARGE} and exists (select from message) returning person_id, seq) {POST} from charged;",
    ),
    "function": Form(
        POSTING
        + MESSAGE
        + """
        create function settle(person bigint, amount bigint, institution text, message_id text) returns bigint
        language plpgsql as $$
        declare
            n bigint;
        begin
            update account set balance_fen = balance_fen - amount, seq = seq + 1
                where person_id = person and balance_fen >= amount returning seq into n;
            if found then
                insert into message values (message_id, person, n);
                insert into posting values (person, n, institution, amount, now());
            end if;
            return n;
        end
        $$;
        """,
        f"select settle(:person, :amount, :institution::text, {MESSAGE_ID});",
    ),
}
KEPT = "key_in_posting"
OPENING_FEN = 1_000_000_000


class Statement(NamedTuple):
    """A form of the one statement in a filled database, proved and warmed up."""

    owner_url: str
    people: int
    form: str
    script: str


def one_statement(owner_url: str, people: int, seconds: float, form: str = KEPT) -> float:
    """Charges settled a second by one statement in an empty database: made ready and measured once."""
    return one_statement_rate(one_statement_ready(owner_url, people, form), seconds)


def one_statement_ready(owner_url: str, people: int, form: str = KEPT) -> Statement:
    """Make and fill the statement's tables in an empty database of the embedded server, and see that it does its work.

    `UnmeasuredError` if it settles what it must refuse, or the same message twice.
    """
    script = DRAWN + " ".join(FORMS[form].statement.split()) + "\n"
    with psycopg.connect(owner_url) as connection:
        connection.execute(ACCOUNT + FORMS[form].tables)
    _prove(owner_url, script)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("insert into account select n, %s, 0 from generate_series(2, %s) n", [OPENING_FEN, people])
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")
    statement = Statement(owner_url, people, form, script)
    one_statement_rate(statement, WARM_UP_SECONDS)
    return statement


def one_statement_rate(statement: Statement, seconds: float) -> float:
    """Charges settled a second: prepared, 32 clients, PostgreSQL's default durability.

    `UnmeasuredError` if not every charge was settled, or the money does not add up after it.
    """
    options = ["-c", "32", "-j", "2", "-D", f"people={statement.people}", "-T", str(max(round(seconds), 1))]
    before = _settled(statement.owner_url)
    printed = _pgbench(statement.owner_url, statement.script, *options)
    found = re.search(r"actually processed: (\d+).*tps = ([0-9.]+) \(without", printed, re.DOTALL)
    if not found:
        raise UnmeasuredError(f"pgbench printed no rate:\n{printed}")
    if _settled(statement.owner_url) - before != int(found[1]):
        raise UnmeasuredError(f"Of {found[1]} charges of the form {statement.form} not all were settled.")
    return float(found[2])


def _prove(url: str, script: str) -> None:
    """The statement refuses what the balance does not cover, settles what it covers, and does nothing on a repeat."""

    def once(n: int, settled: int, may_fail: bool = False) -> None:
        number = ["-D", "people=1", "-D", f"moment={10**17 + n}"]
        _pgbench(url, script, "-c", "1", "-t", "1", *number, may_fail=may_fail)
        if _settled(url) != settled:
            raise UnmeasuredError(f"{_settled(url)} charges were settled, and {settled} should have been:\n{script}")

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("insert into account values (1, 0, 0)")
        once(1, settled=0)
        connection.execute("update account set balance_fen = %s", [OPENING_FEN])
        once(2, settled=1)
        once(2, settled=1, may_fail=True)


def _settled(url: str) -> int:
    """How many charges are posted; what is posted must be what the accounts have lost."""
    with psycopg.connect(url) as connection:
        charges, posted_fen, taken_fen = connection.execute(
            "select count(*), coalesce(sum(amount_fen), 0), "
            "(select coalesce(sum(%s - balance_fen), 0) from account where seq > 0) from posting",
            [OPENING_FEN],
        ).fetchone()
    if posted_fen != taken_fen:
        raise UnmeasuredError(f"{posted_fen} fen were posted and {taken_fen} fen taken from accounts.")
    return charges


def _pgbench(url: str, script: str, *options: str, may_fail: bool = False) -> str:
    """What pgbench prints; the message ids of this call go on from the present second."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    moment = ["-D", f"moment={time.strftime('%Y%m%d%H%M%S')}0000"]
    command = [str(binary("pgbench")), "-h", parts["host"], "-U", parts["user"], "-n", "-M", "prepared", *moment]
    done = subprocess.run(
        [*command, "-f", "/dev/stdin", *options, parts["dbname"]],
        input=script,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode and not may_fail:
        raise UnmeasuredError(f"pgbench failed:\n{done.stderr}")
    return done.stdout


def hordak(server_url: str, seconds: float, processes: tuple[int, ...] = (1, 4), way: str = "legs") -> dict[int, float]:
    """Charges settled a second by django-hordak, for each number of processes; 1,000 people, which favours it.

    It keeps a database of its own on the embedded server. `UnmeasuredError` if it cannot be installed, or fails.
    """
    python = hordak_python()
    parts = psycopg.conninfo.conninfo_to_dict(ensure_database(server_url, "hordak"))
    where = {"HORDAK_HOST": parts["host"], "HORDAK_USER": parts["user"], "HORDAK_DATABASE": parts["dbname"]}
    command = [str(python), "-m", "bench.hordak_yardstick"]
    with ExitStack() as stack:

        def start(*options: str) -> subprocess.Popen:
            worker = stack.enter_context(
                subprocess.Popen(
                    [*command, *options],
                    cwd=ROOT,
                    env={**os.environ, **where},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(worker.kill)
            return worker

        if start("fill").wait():
            raise UnmeasuredError("django-hordak could not make its tables; what it said is above.")
        rates = {}
        for count in processes:
            workers = [start("work", f"--worker={n}", f"--seconds={seconds}", f"--way={way}") for n in range(count)]
            rates[count] = _settled_by(workers)
    return rates


def _settled_by(workers: list[subprocess.Popen]) -> float:
    """Charges a second of all workers together, let go at once when the last of them is ready."""
    if any(worker.stdout.readline() != "ready\n" for worker in workers):
        raise UnmeasuredError("django-hordak did not start; what it said is above.")
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    told = [worker.stdout.readline() for worker in workers]
    ended = [worker.wait() for worker in workers]
    if any(ended):
        raise UnmeasuredError("django-hordak stopped; what it said is above.")
    return sum(result["settled"] / result["seconds"] for result in map(json.loads, told))


def hordak_python() -> Path:
    """The Python that has django-hordak; its virtual environment is made on first use and kept under `.bench`."""
    python, stamp = HORDAK_VENV / "bin" / "python", HORDAK_VENV / "made-with.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == HORDAK_PACKAGES:
        return python
    quiet = ["--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(HORDAK_VENV)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", *quiet, *HORDAK_PACKAGES.split()], check=True)
    except subprocess.CalledProcessError as e:
        raise UnmeasuredError(
            "django-hordak could not be installed: its first measurement needs a package index. What pip said is above."
        ) from e
    stamp.write_text(HORDAK_PACKAGES, encoding="utf-8")
    return python


def measure(server_url: str, seconds: float, rounds: int, forms: list[str]) -> dict[str, list[float]]:
    """Every yardstick's rates, by its name; they take turns, since a shared machine's speed changes."""
    statements = [one_statement_ready(ensure_database(server_url, form), PEOPLE, form) for form in forms]
    rates: dict[str, list[float]] = {}
    for n in range(rounds):
        # Each round begins elsewhere in the row, so that no form always follows the same one.
        turn = n % len(statements)
        for statement in statements[turn:] + statements[:turn]:
            rates.setdefault(statement.form, []).append(one_statement_rate(statement, seconds))
        for count, rate in hordak(server_url, seconds).items():
            rates.setdefault(f"hordak_{count}", []).append(rate)
    return rates


def main() -> None:
    """Measure in turn, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=5)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--forms", action="store_true", help="every form of the statement that was tried")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-yardsticks-") as folder:
        Path(folder).chmod(0o755)
        with embedded_server(Path(folder, "postgres")) as server:
            try:
                rates = measure(server, given.seconds, given.rounds, list(FORMS) if given.forms else [KEPT])
            except UnmeasuredError as e:
                sys.exit(str(e))
    print(f"{'yardstick':<18} {'settled/s':>10} {'least':>8} {'most':>8}   median of {given.rounds}")
    medians = {name: statistics.median(each) for name, each in rates.items()}
    for name, each in rates.items():
        print(f"{name:<18} {medians[name]:>10,.0f} {min(each):>8,.0f} {max(each):>8,.0f}")
    print(
        json.dumps(
            {
                "one_statement_per_s": round(medians[KEPT]),
                "hordak_1_per_s": round(medians["hordak_1"]),
                "hordak_4_per_s": round(medians["hordak_4"]),
            }
        )
    )


if __name__ == "__main__":
    main()
