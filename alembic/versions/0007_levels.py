"""Levels with history; what municipalities set, in versions; own questions; answers to them.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "municipality_level",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipality_level")),
        sa.ForeignKeyConstraint(
            ["code"], ["municipality.code"], name=op.f("fk_municipality_level_code_municipality")
        ),
        sa.UniqueConstraint("code", "since", name=op.f("uq_municipality_level_code_since")),
    )
    _settings()
    op.create_table(
        "municipality_question",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("owner", sa.String(length=9), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipality_question")),
        sa.ForeignKeyConstraint(
            ["owner"], ["holder.code"], name=op.f("fk_municipality_question_owner_holder")
        ),
    )
    op.create_index(op.f("ix_municipality_question_owner"), "municipality_question", ["owner"])
    op.create_table(
        "municipality_logo",
        sa.Column("owner", sa.String(length=9), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "sha256", name=op.f("pk_municipality_logo")),
        sa.ForeignKeyConstraint(
            ["owner"], ["holder.code"], name=op.f("fk_municipality_logo_owner_holder")
        ),
    )
    # What was asked and answered; per question its name and the answer.
    op.add_column("report", sa.Column("own_answers", sa.JSON(), nullable=True))


def _settings() -> None:
    op.create_table(
        "municipality_setting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(length=9), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipality_setting")),
        sa.ForeignKeyConstraint(
            ["owner"], ["holder.code"], name=op.f("fk_municipality_setting_owner_holder")
        ),
        sa.UniqueConstraint(
            "owner", "part", "number", name=op.f("uq_municipality_setting_owner_part_number")
        ),
    )
    op.create_index(
        op.f("ix_municipality_setting_owner_effective_from"),
        "municipality_setting",
        ["owner", "effective_from"],
    )


def downgrade() -> None:
    raise RuntimeError("restore a backup: what was published isn't taken back")
