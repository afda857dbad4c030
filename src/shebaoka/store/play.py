"""An empty database for a play with invented people. Only the demonstration and the tour ask for one."""

import psycopg

from shebaoka.records import BadInput
from shebaoka.store.migrate import migrate
from shebaoka.store.trouble import told_plainly


def set_stage(owner_url: str, name: str) -> None:
    """Throw a former play away, and begin with nothing but the mark that everybody in here is invented.

    `BadInput` if the database holds anything else than a play; it is then left as it is.
    """
    with told_plainly(), psycopg.connect(owner_url, autocommit=True) as connection:
        used = connection.execute("select to_regclass('meta')").fetchone()
        if used is not None and used[0] is not None:
            invented = connection.execute("select 1 from meta where (key, value) = ('invented', 'true')").fetchone()
            if invented is None:
                raise BadInput("The database of the demonstration holds something else. Name another SHEBAOKA_HOME.")
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
    migrate(owner_url)
    with told_plainly(), psycopg.connect(owner_url) as connection:
        connection.execute("insert into meta values ('invented', 'true'), ('play', %s)", [name])
