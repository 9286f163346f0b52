"""Municipalities that join: their request, the desk's checklist, invitations, training.

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_account", sa.Column("trained_on", sa.Date(), nullable=True))
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_invitation_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
    )
    op.create_index(op.f("ix_invitation_user_id"), "invitation", ["user_id"])
    _held(
        "joining_request",
        sa.Column("municipality_code", sa.String(6), nullable=False),
        sa.Column("function", sa.String(100), nullable=False),
        sa.Column("telephone", sa.String(20), nullable=True),
        sa.Column("domain_fits", sa.Boolean(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
    )
    op.create_index(
        op.f("ix_joining_request_holder_municipality_code_asked_at"),
        "joining_request",
        ["holder", "municipality_code", "asked_at"],
    )
    _held(
        "onboarding",
        sa.Column("municipality_code", sa.String(6), nullable=False),
        sa.Column("agreement_on", sa.Date(), nullable=True),
        sa.Column("agreement_with", sa.String(200), nullable=True),
        sa.Column("legal_basis", sa.String(60), nullable=True),
        sa.Column("dpia_on", sa.Date(), nullable=True),
        sa.Column("data_protection_officer", sa.String(200), nullable=True),
        sa.Column("texts_on", sa.Date(), nullable=True),
        sa.Column("logo_on", sa.Date(), nullable=True),
        sa.Column("training_on", sa.Date(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint(
            "holder", "municipality_code", name=op.f("uq_onboarding_holder_municipality_code")
        ),
    )


def _held(table: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("holder", sa.String(9), nullable=False),
        *columns,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f(f"fk_{table}_holder_holder")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f(f"fk_{table}_municipality_code_municipality"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("holder", "id", name=op.f(f"uq_{table}_holder_id")),
    )
    protect(op, table)


def downgrade() -> None:
    op.drop_table("onboarding")
    op.drop_table("joining_request")
    op.drop_table("invitation")
    op.drop_column("user_account", "trained_on")
