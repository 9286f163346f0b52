"""Campaigns and policies of municipalities, as the desk noted them.

Revision ID: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "local_policy",
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["code"], ["municipality.code"], name=op.f("fk_local_policy_code_municipality")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_local_policy")),
    )


def downgrade() -> None:
    op.drop_table("local_policy")
