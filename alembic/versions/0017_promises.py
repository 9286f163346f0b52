"""What a reporter was promised outlives the end of a report, and reading it has a term.

Revision ID: 0017_promises
"""

import sqlalchemy as sa
from alembic import op

revision = "0017_promises"
down_revision = "0016_account_hands"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the term of contact nobody had yet, and the term of reading; older reports have none."""
    moment = sa.DateTime(timezone=True)
    op.add_column("report", sa.Column("contact_owed", moment, nullable=True))
    op.add_column("report", sa.Column("read_before", moment, nullable=True))


def downgrade() -> None:
    """Refuse: the version before this one works with the columns there."""
    raise RuntimeError("put the earlier program back: it works on this database")
