"""Addresses that messages go to.

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_address",
        sa.Column("holder", sa.String(9), nullable=False),
        sa.Column("owner_kind", sa.String(40), nullable=False),
        sa.Column("owner_id", sa.String(40), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("code_nonce", sa.String(40), nullable=True),
        sa.Column("code_sent_at", UtcDateTime(), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.Column("bounced_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_mail_address_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_address")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_mail_address_holder_id")),
        sa.UniqueConstraint(
            "holder",
            "owner_kind",
            "owner_id",
            name=op.f("uq_mail_address_holder_owner_kind_owner_id"),
        ),
    )
    protect(op, "mail_address")


def downgrade() -> None:
    op.drop_table("mail_address")
