"""A level that begins later counts from its moment on.

Revision ID: 0018
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.types import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("municipality_profile", sa.Column("next_level", sa.String(20), nullable=True))
    op.add_column(
        "municipality_profile", sa.Column("next_level_from", UtcDateTime(), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("municipality_profile", "next_level_from")
    op.drop_column("municipality_profile", "next_level")
