"""Credentials for wallets: their keys, offers, and places on status lists. The SQL stands beside it."""

from pathlib import Path

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Create and fill; a failure leaves nothing, since PostgreSQL takes schema changes in one transaction."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
