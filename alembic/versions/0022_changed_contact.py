"""A reporter can change telephone number and mail address: what was there before, sealed.

Revision ID: 0022_changed_contact
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.personal import keep_no_statistics

revision = "0022_changed_contact"
down_revision = "0021_town_register"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; contact data that nobody changed has nothing in it."""
    op.add_column("report_contact", sa.Column("earlier", sa.Text(), nullable=True))
    keep_no_statistics(op, "report_contact", "earlier")


def downgrade() -> None:
    """Refuse: the version before this one works with the column there."""
    raise RuntimeError("put the earlier program back: it works on this database")
