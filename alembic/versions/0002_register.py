"""The register: municipalities, neighbourhoods, subneighbourhoods, outlines and loads.

Revision ID: 0002_register
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_register"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "area_load",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_area_load")),
    )
    op.create_table(
        "municipality",
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=110), nullable=False),
        sa.Column("province", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_municipality")),
        sa.UniqueConstraint("slug", name=op.f("uq_municipality_slug")),
    )
    op.create_table(
        "area_outline",
        sa.Column("area_code", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("municipality_code", sa.String(length=6), nullable=False),
        sa.Column("parent_code", sa.String(length=9), nullable=True),
        sa.Column("water", sa.Boolean(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f("fk_area_outline_municipality_code_municipality"),
        ),
        sa.PrimaryKeyConstraint("area_code", name=op.f("pk_area_outline")),
    )
    op.create_index(op.f("ix_area_outline_kind"), "area_outline", ["kind"], unique=False)
    op.create_index(
        op.f("ix_area_outline_municipality_code"),
        "area_outline",
        ["municipality_code"],
        unique=False,
    )
    op.create_table(
        "neighbourhood",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("municipality_code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("official_name", sa.String(length=120), nullable=False),
        sa.Column("slug", sa.String(length=140), nullable=False),
        sa.Column("kind", sa.String(length=13), nullable=False),
        sa.Column("water", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f("fk_neighbourhood_municipality_code_municipality"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_neighbourhood")),
        sa.UniqueConstraint(
            "municipality_code", "slug", name=op.f("uq_neighbourhood_municipality_code_slug")
        ),
    )
    op.create_table(
        "subneighbourhood",
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("neighbourhood_code", sa.String(length=9), nullable=False),
        sa.Column("municipality_code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f("fk_subneighbourhood_municipality_code_municipality"),
        ),
        sa.ForeignKeyConstraint(
            ["neighbourhood_code"],
            ["neighbourhood.code"],
            name=op.f("fk_subneighbourhood_neighbourhood_code_neighbourhood"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_subneighbourhood")),
    )
    op.create_index(
        op.f("ix_subneighbourhood_municipality_code"),
        "subneighbourhood",
        ["municipality_code"],
        unique=False,
    )
    op.create_index(
        op.f("ix_subneighbourhood_neighbourhood_code"),
        "subneighbourhood",
        ["neighbourhood_code"],
        unique=False,
    )


def downgrade() -> None:
    for table in (
        "area_load",
        "area_outline",
        "subneighbourhood",
        "neighbourhood",
        "municipality",
    ):
        op.drop_table(table)
