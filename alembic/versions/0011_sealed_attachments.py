"""Attachments that nobody can open: they wait for the virus scanner, or were stopped.

Revision ID: 0011_sealed_attachments
"""

import sqlalchemy as sa
from alembic import op

revision = "0011_sealed_attachments"
down_revision = "0010_read_questions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("report_attachment", sa.Column("sealed", sa.String(16), nullable=True))


def downgrade() -> None:
    """Refuse: the version before this one would open what is sealed."""
    raise RuntimeError("restore a backup: the version before this one would open sealed files")
