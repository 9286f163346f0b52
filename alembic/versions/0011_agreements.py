"""Forwarding agreements.

Revision ID: 0011
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forwarding_agreement",
        sa.Column("holder", sa.String(9), nullable=False),
        sa.Column("municipality_code", sa.String(6), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.Column("declined_reason", sa.Text(), nullable=True),
        sa.Column("people", sa.Text(), nullable=True),
        sa.Column("wants", sa.Boolean(), nullable=False),
        sa.Column("authorised_on", sa.Date(), nullable=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("agreed_by_id", sa.String(64), nullable=True),
        sa.Column("agreed_by", sa.String(200), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_forwarding_agreement_holder_holder")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f("fk_forwarding_agreement_municipality_code_municipality"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forwarding_agreement")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_forwarding_agreement_holder_id")),
    )
    op.create_index(
        op.f("ix_forwarding_agreement_holder_municipality_code_made_at"),
        "forwarding_agreement",
        ["holder", "municipality_code", "made_at"],
    )
    protect(op, "forwarding_agreement")


def downgrade() -> None:
    op.drop_table("forwarding_agreement")
