"""Bringing a database to the schema that this program needs, and saying so when it is another one."""

from pathlib import Path

import psycopg

from shebaoka.records import StoreOld
from shebaoka.store.trouble import told_plainly

SCHEMA = "0042"
"""The revision that this program works with: the newest file in `migrations/versions`."""


def migrate(owner_url: str) -> None:
    """Run every migration that the database lacks, all or none. `owner_url` must own the schema."""
    with told_plainly(), psycopg.connect(owner_url) as connection:
        if _found(connection) == SCHEMA:
            return
        info = connection.info
        params = info.get_parameters() | ({"password": info.password} if info.password else {})
    # Alembic and SQLAlchemy are loaded here, where they are needed, for they take longer than the rest of a start.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import DBAPIError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    from sqlalchemy import URL

    config.attributes["url"] = URL.create("postgresql+psycopg", query={k: str(v) for k, v in params.items()})
    with told_plainly():
        try:
            command.upgrade(config, "head")
        except DBAPIError as e:
            raise e.orig or e from None


def check_schema(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """`StoreOld` unless the database has exactly the schema that this program works with."""
    found = _found(connection)
    if found is None:
        raise StoreOld("The database is empty. Run `shebaoka db migrate` with the owner's URL, then start again.")
    if found < SCHEMA:
        raise StoreOld(
            f"The database has schema {found}, this program needs {SCHEMA}. "
            "Run `shebaoka db migrate`, then start again."
        )
    if found > SCHEMA:
        raise StoreOld(
            f"The database has schema {found}, newer than this program's {SCHEMA}. Install the newer program."
        )


def _found(connection: psycopg.Connection[tuple[object, ...]]) -> str | None:
    """The schema that the database has; None for an empty one."""
    row = connection.execute("select to_regclass('alembic_version')").fetchone()
    if row is None or row[0] is None:
        return None
    version = connection.execute("select version_num from alembic_version").fetchone()
    return str(version[0]) if version else None
