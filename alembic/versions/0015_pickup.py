"""What waits to be picked up.

Revision ID: 0015
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pickup",
        sa.Column("holder", sa.String(9), nullable=False),
        sa.Column("reference", sa.String(11), nullable=False),
        sa.Column("document_kind", sa.String(20), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("offered_at", UtcDateTime(), nullable=True),
        sa.Column("code_nonce", sa.String(40), nullable=True),
        sa.Column("code_made_at", UtcDateTime(), nullable=True),
        sa.Column("code_by", sa.String(200), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("picked_up_at", UtcDateTime(), nullable=True),
        sa.Column("picked_up_by", sa.Text(), nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("escalated_at", UtcDateTime(), nullable=True),
        sa.Column("destroy_on", sa.Date(), nullable=True),
        sa.Column("destroyed_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["holder"], ["holder.code"], name=op.f("fk_pickup_holder_holder")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pickup")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_pickup_holder_id")),
        sa.UniqueConstraint("holder", "reference", name=op.f("uq_pickup_holder_reference")),
    )
    op.create_index(op.f("ix_pickup_holder_document_id"), "pickup", ["holder", "document_id"])
    op.create_index(
        op.f("ix_pickup_holder_state_made_at"), "pickup", ["holder", "state", "made_at"]
    )
    protect(op, "pickup")


def downgrade() -> None:
    op.drop_table("pickup")
