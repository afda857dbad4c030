"""Cards that nobody collects go back, and the day each came. The SQL stands in the file of the same name."""

from pathlib import Path

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Create and fill; a failure leaves nothing, since PostgreSQL takes schema changes in one transaction."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
