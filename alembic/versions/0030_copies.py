"""An export can be taken back, demanded, or urgent; who holds a copy hears what changed.

Revision ID: 0030
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by_id", sa.String(length=64), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=200), nullable=True),
        sa.Column("withdrawn_code", sa.String(length=40), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("demand_article", sa.String(length=40), nullable=True),
        sa.Column("demand_number", sa.String(length=40), nullable=True),
        sa.Column("demand_officer", sa.String(length=200), nullable=True),
        sa.Column("demand_on", sa.Date(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("urgent_reason", sa.Text(), nullable=True),
        sa.Column("approve_by", UtcDateTime(), nullable=True),
        sa.Column("overdue_at", UtcDateTime(), nullable=True),
    ):
        op.add_column("export", column)
    _covenants()
    op.create_table(
        "copy_correction",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("change", sa.String(length=20), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=200), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "export_id"],
            ["export.holder", "export.id"],
            name=op.f("fk_copy_correction_holder_export_id_export"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_copy_correction_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy_correction")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_copy_correction_holder_id")),
    )
    op.create_index(
        op.f("ix_copy_correction_holder_export_id_made_at"),
        "copy_correction",
        ["holder", "export_id", "made_at"],
    )
    protect(op, "copy_correction")


def _covenants() -> None:
    op.create_table(
        "partner_covenant",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("replaced_at", UtcDateTime(), nullable=False),
        sa.Column("replaced_by", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "organisation_id"],
            ["partner_organisation.holder", "partner_organisation.id"],
            name=op.f("fk_partner_covenant_holder_organisation_id_partner_organisation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_partner_covenant_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_covenant")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_partner_covenant_holder_id")),
    )
    op.create_index(
        op.f("ix_partner_covenant_holder_organisation_id_replaced_at"),
        "partner_covenant",
        ["holder", "organisation_id", "replaced_at"],
    )
    protect(op, "partner_covenant")


def downgrade() -> None:
    op.drop_table("partner_covenant")
    op.drop_table("copy_correction")
    for name in ("overdue_at", "approve_by", "urgent_reason", "urgent"):
        op.drop_column("export", name)
    for name in ("on", "officer", "number", "article"):
        op.drop_column("export", f"demand_{name}")
    for name in ("reason", "code", "by", "by_id", "at"):
        op.drop_column("export", f"withdrawn_{name}")
