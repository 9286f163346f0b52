"""Keep names of streets, crossings, squares, stops and parks, and the one nearest to a report.

Revision ID: 0028_landmarks
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.personal import keep_no_statistics

revision = "0028_landmarks"
down_revision = "0027_listed_reads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, empty, and the columns: reports are named once an operator loads names."""
    op.create_table(
        "landmark_load",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("names", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_landmark_load"),
    )
    op.create_table(
        "landmark",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("load", sa.Integer(), nullable=False),
        sa.Column("cell", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_landmark"),
    )
    op.create_index("ix_landmark_load_cell", "landmark", ["load", "cell"])
    op.create_table(
        "landmark_name",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("load", sa.Integer(), nullable=False),
        sa.Column("municipality_code", sa.String(6), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("name_key", sa.String(160), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("accuracy_m", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_landmark_name"),
    )
    op.create_index(
        "ix_landmark_name_load_municipality_code", "landmark_name", ["load", "municipality_code"]
    )
    op.add_column("report", sa.Column("near_place", sa.JSON(), nullable=True))
    op.add_column("report", sa.Column("near_load", sa.Integer(), nullable=True))
    keep_no_statistics(op, "report", "near_place")


def downgrade() -> None:
    """Refuse: the version before this one works with the tables and columns there."""
    raise RuntimeError("put the earlier program back: it works on this database")
