"""The house: people, cards, applications, accounts, the journal. The SQL stands in the file of the same name."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything; a failure leaves nothing, since PostgreSQL takes schema changes in one transaction."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
