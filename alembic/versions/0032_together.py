"""Exports that were asked for in one action.

Revision ID: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("export", sa.Column("together", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("export", "together")
