"""What an officer marks as the police's is hidden, and waits for a second person.

Revision ID: 0013_marked_for_police
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.personal import keep_no_statistics

revision = "0013_marked_for_police"
down_revision = "0012_ledger_and_parts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what was marked before has none of them, and stays as it was."""
    moment = sa.DateTime(timezone=True)
    op.add_column("police_item", sa.Column("taken", sa.Text(), nullable=True))
    op.add_column("police_item", sa.Column("confirmed_at", moment, nullable=True))
    op.add_column("police_item", sa.Column("attachment_id", sa.Uuid(), nullable=True))
    keep_no_statistics(op, "police_item", "taken")


def downgrade() -> None:
    """Refuse: the version before this one would never put back what is hidden."""
    raise RuntimeError("restore a backup: the version before this one puts nothing back")
