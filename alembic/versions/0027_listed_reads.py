"""Keep the documents that a page of several showed in the line of the log itself.

Revision ID: 0027_listed_reads
"""

import sqlalchemy as sa
from alembic import op

revision = "0027_listed_reads"
down_revision = "0026_second_notice"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a line of before has a row for each document, and keeps those."""
    op.add_column("audit_event", sa.Column("listed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Refuse: the version before this one works with the column there."""
    raise RuntimeError("put the earlier program back: it works on this database")
