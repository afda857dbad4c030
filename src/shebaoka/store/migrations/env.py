"""Alembic's entry: migrations written in SQL, run over one connection in one transaction."""

import sqlalchemy
from alembic import context

engine = sqlalchemy.create_engine(context.config.attributes["url"], poolclass=sqlalchemy.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        # Two installers at once: the second waits here, and then finds the work done.
        connection.exec_driver_sql("select pg_advisory_xact_lock(2013062501)")
        context.run_migrations()
        connection.exec_driver_sql("grant select on alembic_version to shebaoka_app, shebaoka_auditor")
