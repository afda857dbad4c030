"""Money: institutions, their terminals and cycles, settlements, stays. The SQL stands in the file of the same name."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create what is new; a failure leaves nothing, since PostgreSQL takes schema changes in one transaction."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
