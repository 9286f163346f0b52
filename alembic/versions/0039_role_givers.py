"""Columns for who gave a role, and for the two people who confirm a proposed one.

Revision ID: 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLES = ("role_assignment", "role_offer")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(
            table, sa.Column("given_by", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
        )
    for name in ("colleague_id", "desk_id"):
        op.add_column("role_offer", sa.Column(name, sa.String(length=64), nullable=True))


def downgrade() -> None:
    for name in ("desk_id", "colleague_id"):
        op.drop_column("role_offer", name)
    for table in TABLES:
        op.drop_column(table, "given_by")
