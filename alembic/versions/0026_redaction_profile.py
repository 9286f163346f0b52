"""Versions of redaction profiles, made by a municipality.

Revision ID: 0026
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import append_only, protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "redaction_profile",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("proposed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by_id", sa.String(length=64), nullable=True),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_redaction_profile_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redaction_profile")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_redaction_profile_holder_id")),
        sa.UniqueConstraint(
            "holder", "name", "number", name=op.f("uq_redaction_profile_holder_name_number")
        ),
    )
    protect(op, "redaction_profile")
    append_only(op, "redaction_profile")


def downgrade() -> None:
    op.drop_table("redaction_profile")
