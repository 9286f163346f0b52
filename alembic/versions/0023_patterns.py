"""Notable patterns: proposals, the reports that show them, and what a municipality set.

Revision ID: 0023
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pattern",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("neighbourhood_code", sa.String(length=9), nullable=True),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("radius_m", sa.Integer(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=True),
        sa.Column("to_minute", sa.Integer(), nullable=True),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("certainty", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=False),
        sa.Column("strength", sa.Double(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_pattern_holder_dossier_id_dossier"),
        ),
        sa.ForeignKeyConstraint(["holder"], ["holder.code"], name=op.f("fk_pattern_holder_holder")),
        sa.ForeignKeyConstraint(
            ["neighbourhood_code"],
            ["neighbourhood.code"],
            name=op.f("fk_pattern_neighbourhood_code_neighbourhood"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pattern")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_pattern_holder_id")),
        sa.UniqueConstraint("holder", "number", name=op.f("uq_pattern_holder_number")),
    )
    op.create_index(
        op.f("ix_pattern_holder_state_found_at"), "pattern", ["holder", "state", "found_at"]
    )
    op.create_table(
        "pattern_report",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("pattern_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "pattern_id"],
            ["pattern.holder", "pattern.id"],
            name=op.f("fk_pattern_report_holder_pattern_id_pattern"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder", "report_id"],
            ["report.holder", "report.id"],
            name=op.f("fk_pattern_report_holder_report_id_report"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_pattern_report_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pattern_report")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_pattern_report_holder_id")),
        sa.UniqueConstraint(
            "pattern_id", "report_id", name=op.f("uq_pattern_report_pattern_id_report_id")
        ),
    )
    op.create_index(
        op.f("ix_pattern_report_holder_report_id"), "pattern_report", ["holder", "report_id"]
    )
    op.create_table(
        "pattern_setting",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("radius_m", sa.Integer(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("certainty", sa.Integer(), nullable=False),
        sa.Column("quiet_days", sa.Integer(), nullable=False),
        sa.Column("searched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_pattern_setting_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pattern_setting")),
        sa.UniqueConstraint("holder", name=op.f("uq_pattern_setting_holder")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_pattern_setting_holder_id")),
    )
    for table in ("pattern", "pattern_report", "pattern_setting"):
        protect(op, table)


def downgrade() -> None:
    for table in ("pattern_setting", "pattern_report", "pattern"):
        op.drop_table(table)
