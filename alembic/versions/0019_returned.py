"""A message about what waits to be picked up came back: the desk sees it.

Revision ID: 0019
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.types import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pickup", sa.Column("returned_at", UtcDateTime(), nullable=True))
    op.create_index(
        "ix_pickup_returned",
        "pickup",
        ["holder", "returned_at"],
        sqlite_where=sa.text("returned_at IS NOT NULL"),
        postgresql_where=sa.text("returned_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_pickup_returned", "pickup")
    op.drop_column("pickup", "returned_at")
