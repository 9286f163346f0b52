"""An index of the doubles of a report, which its page and its end look for.

Revision ID: 0004_doubles
"""

import sqlalchemy as sa
from alembic import op

revision = "0004_doubles"
down_revision = "0003_workbench"
branch_labels = None
depends_on = None

NAME = "ix_report_double"
ROWS = sa.text("duplicate_of_id IS NOT NULL")


def upgrade() -> None:
    """Add the index."""
    columns = ["holder", "duplicate_of_id"]
    op.create_index(NAME, "report", columns, sqlite_where=ROWS, postgresql_where=ROWS)


def downgrade() -> None:
    """Drop the index."""
    op.drop_index(NAME, "report")
