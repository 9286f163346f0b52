"""Areas that ended, and their successors.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "former_area",
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("municipality_code", sa.String(length=6), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("ended_in", sa.Integer(), nullable=False),
        sa.Column("successor_code", sa.String(length=10), nullable=True),
        sa.Column("share", sa.Double(), nullable=True),
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f("fk_former_area_municipality_code_municipality"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_former_area")),
    )
    op.create_index(op.f("ix_former_area_kind"), "former_area", ["kind"], unique=False)


def downgrade() -> None:
    op.drop_table("former_area")
