"""A copy of the whole database beside it, to rehearse a move on (1.1, 1.2); `app.rehearsal` opens a house on one.

Where nobody else is connected the server copies the files itself, which takes as long as the disk does. Where people
are at work nobody has to stop: the database is dumped as of one moment and restored, some minutes for a city.
"""

import os
import subprocess
from pathlib import Path

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shebaoka.records import BadInput, NotAllowed, StoreBusy, StoreDown, Trouble
from shebaoka.store.embedded import binary, ensure_database
from shebaoka.store.trouble import told_plainly

REHEARSAL = "_rehearsal"
"""What the name of every copy ends with. Nothing else is ever dropped."""
NAME_MAX = 63
RESTORED_FROM = 170000
"""The oldest server that takes in what the package's programs restore; it sets what older ones do not know."""


def rehearsal_of(name: str) -> str:
    """The name of a database's copy."""
    return name[: NAME_MAX - len(REHEARSAL)] + REHEARSAL


def copied_database(owner_url: str, target: str) -> str:
    """Copy the database of `owner_url` into `target` on the same server, in place of an older copy; its owner's URL.

    Rows, roles' rights and schema are those of one moment. `NotAllowed` if the role may not make databases,
    `StoreBusy` if others are connected to an old server, `StoreDown` if the copy fails. Nothing is changed in the
    database itself, whatever happens.
    """
    dropped_database(owner_url, target)
    if not _copied_by_server(owner_url, target):
        try:
            _restored(owner_url, _made(owner_url, target))
        except BaseException:
            dropped_database(owner_url, target)
            raise
    return make_conninfo(owner_url, dbname=target)


def dropped_database(owner_url: str, target: str) -> None:
    """Take a copy away, whoever is connected to it. `BadInput` if the name is not that of a copy."""
    if not target.endswith(REHEARSAL) or conninfo_to_dict(owner_url).get("dbname") == target:
        raise BadInput(f"{target}: only a rehearsal's copy is taken away, and its name ends with {REHEARSAL}.")
    with told_plainly(), psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(target)))


def _copied_by_server(owner_url: str, target: str) -> bool:
    """Whether the server could copy the files, for it does so only while nobody else is connected."""
    with told_plainly(), psycopg.connect(owner_url, autocommit=True) as connection:
        others = connection.execute(
            "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
            "and backend_type = 'client backend' limit 1"
        ).fetchone()
        if others is not None:
            if connection.info.server_version < RESTORED_FROM:
                raise StoreBusy(
                    "Others are connected to the database, and a PostgreSQL before 17 is copied only while nobody is. "
                    "Stop the servers of the house, then rehearse again."
                )
            return False
        copy = sql.SQL("create database {} template {} strategy file_copy").format(
            sql.Identifier(target), sql.Identifier(connection.info.dbname)
        )
        try:
            connection.execute(copy)
        except errors.ObjectInUse:
            return False
        except errors.InsufficientPrivilege as e:
            raise _may_not() from e
    return True


def _made(owner_url: str, target: str) -> str:
    """An empty database for a copy."""
    try:
        return ensure_database(owner_url, target)
    except Trouble as e:
        if isinstance(e.__cause__, errors.InsufficientPrivilege):
            raise _may_not() from e.__cause__
        raise


def _may_not() -> NotAllowed:
    return NotAllowed(
        "The owner's role may not make a database, which a rehearsal needs. Let it by `alter role OWNER createdb`, "
        "then rehearse again."
    )


def _restored(owner_url: str, target_url: str) -> None:
    """Dump the one into the other, through a pipe. What the programs say is not passed on: it may quote rows."""
    dump = [str(binary("pg_dump")), "--format=custom", "--compress=0", "--dbname", _without_password(owner_url)]
    restore = [str(binary("pg_restore")), "--exit-on-error", "--dbname", _without_password(target_url)]
    environ = {**os.environ, **_password(owner_url)}
    silent = {"stderr": subprocess.DEVNULL, "env": environ}
    # The programs are those of the package, and what they are told are settings.
    with subprocess.Popen(dump, stdout=subprocess.PIPE, **silent) as dumping:  # type: ignore[call-overload] # noqa: S603
        restored = subprocess.run(restore, stdin=dumping.stdout, check=False, **silent)  # type: ignore[call-overload] # noqa: S603
        if restored.returncode:
            dumping.kill()
    if dumping.returncode or restored.returncode:
        raise StoreDown(
            f"The database was not copied: {Path(dump[0]).name} ended with {dumping.returncode}, "
            f"{Path(restore[0]).name} with {restored.returncode}. Look into the server's log, and whether its disk is "
            f"full or its PostgreSQL newer than 18. Nothing in the database itself was changed."
        )
    with told_plainly(), psycopg.connect(target_url, autocommit=True) as connection:
        connection.execute("analyze")


def _without_password(url: str) -> str:
    """The URL without its password, for everybody on the machine can read what a program was started with."""
    return make_conninfo("", **{name: value for name, value in conninfo_to_dict(url).items() if name != "password"})


def _password(url: str) -> dict[str, str]:
    password = conninfo_to_dict(url).get("password")
    return {"PGPASSWORD": str(password)} if password else {}
