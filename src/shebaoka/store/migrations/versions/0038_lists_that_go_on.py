"""Indexes of the lists at the hotline's desk. The SQL stands in the file of the same name."""

from pathlib import Path

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Create and fill; a failure leaves nothing, since PostgreSQL takes schema changes in one transaction."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
