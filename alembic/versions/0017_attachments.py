"""Attachments of the reporter, in encrypted parts; and counting senders who are never known.

Revision ID: 0017
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_attachment",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "report_id"],
            ["report.holder", "report.id"],
            name=op.f("fk_report_attachment_holder_report_id_report"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_report_attachment_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_attachment")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_report_attachment_holder_id")),
        sa.UniqueConstraint(
            "report_id", "number", name=op.f("uq_report_attachment_report_id_number")
        ),
    )
    op.create_table(
        "attachment_part",
        sa.Column("attachment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("giver", sa.String(length=9), nullable=False),
        sa.Column("receiver", sa.String(length=9), nullable=False),
        sa.ForeignKeyConstraint(
            ["giver"], ["holder.code"], name=op.f("fk_attachment_part_giver_holder")
        ),
        sa.ForeignKeyConstraint(
            ["receiver"], ["holder.code"], name=op.f("fk_attachment_part_receiver_holder")
        ),
        sa.PrimaryKeyConstraint("attachment_id", "number", name=op.f("pk_attachment_part")),
    )
    op.create_table(
        "sender_key",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_sender_key")),
    )
    op.create_table(
        "sender_hit",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender_hit")),
    )
    op.create_index(op.f("ix_sender_hit_at"), "sender_hit", ["at"])
    op.create_index(op.f("ix_sender_hit_subject_at"), "sender_hit", ["subject", "at"])
    protect(op, "report_attachment")
    protect(op, "attachment_part", "giver", "receiver")
    if op.get_bind().dialect.name == "postgresql":
        # Ciphertext doesn't get smaller: don't try.
        op.execute("ALTER TABLE attachment_part ALTER COLUMN content SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table("sender_hit")
    op.drop_table("sender_key")
    op.drop_table("attachment_part")
    op.drop_table("report_attachment")
