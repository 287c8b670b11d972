"""The revision stands where the migrations keep it, and no longer in a table of its own."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the table that named the schema before."""
    op.execute("DROP TABLE IF EXISTS license_schema")
