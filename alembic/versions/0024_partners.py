"""Partners: organisations, and the people to ask there.

Revision ID: 0024
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = ("partner_organisation", "partner_contact")


def upgrade() -> None:
    op.create_table(
        "partner_organisation",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("reference", sa.String(length=11), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("legal_bases", sa.JSON(), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=True),
        sa.Column("covenant_name", sa.String(length=200), nullable=True),
        sa.Column("covenant_from", sa.Date(), nullable=True),
        sa.Column("covenant_until", sa.Date(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=200), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_partner_organisation_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_organisation")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_partner_organisation_holder_id")),
        sa.UniqueConstraint(
            "holder", "reference", name=op.f("uq_partner_organisation_holder_reference")
        ),
    )
    op.create_index(
        op.f("ix_partner_organisation_holder_ended_at_name"),
        "partner_organisation",
        ["holder", "ended_at", "name"],
    )
    op.create_table(
        "partner_contact",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("function", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "organisation_id"],
            ["partner_organisation.holder", "partner_organisation.id"],
            name=op.f("fk_partner_contact_holder_organisation_id_partner_organisation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_partner_contact_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_contact")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_partner_contact_holder_id")),
    )
    op.create_index(
        op.f("ix_partner_contact_holder_organisation_id_made_at"),
        "partner_contact",
        ["holder", "organisation_id", "made_at"],
    )
    for table in TABLES:
        protect(op, table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
