"""Keep who is told once an export is made.

Revision ID: 0031_people
"""

import sqlalchemy as sa
from alembic import op

revision = "0031_people"
down_revision = "0030_saved_view"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was asked for before is still put ready by hand."""
    op.add_column("export", sa.Column("offer_address_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Refuse: the version before this one works with the column there."""
    raise RuntimeError("put the earlier program back: it works on this database")
