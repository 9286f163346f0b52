"""Files that are known when they are sent again, by their keyed hash and the key of the app.

Revision ID: 0015_known_files
"""

import sqlalchemy as sa
from alembic import op

revision = "0015_known_files"
down_revision = "0014_erasure_proposals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("report_attachment", sa.Column("sent_hash", sa.String(64), nullable=True))
    op.add_column("report_attachment", sa.Column("sent_key", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Refuse: the version before this one works on this database."""
    raise RuntimeError("there is no way back: the version before works on this database")
