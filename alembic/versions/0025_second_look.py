"""Keep which account answered the proposal for a report, beside its name.

Revision ID: 0025_second_look
"""

import sqlalchemy as sa
from alembic import op

revision = "0025_second_look"
down_revision = "0024_second_for_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of answers of earlier releases it stays empty."""
    op.add_column("report_proposal", sa.Column("answered_by_id", sa.String(64), nullable=True))


def downgrade() -> None:
    """Refuse: the program before this one runs on this schema, with the column there."""
    raise RuntimeError("put the earlier program back: it works on this database")
