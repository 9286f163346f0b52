"""The other municipality near a border, and stops of public transport.

Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("report", sa.Column("near_municipality_code", sa.String(length=6), nullable=True))
    op.create_table(
        "transit_stop",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_key", sa.String(length=120), nullable=False),
        sa.Column("short_key", sa.String(length=120), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transit_stop")),
    )
    op.create_index(op.f("ix_transit_stop_name_key"), "transit_stop", ["name_key"], unique=False)
    op.create_index(op.f("ix_transit_stop_short_key"), "transit_stop", ["short_key"], unique=False)


def downgrade() -> None:
    op.drop_table("transit_stop")
    op.drop_column("report", "near_municipality_code")
