"""The certificate with which a municipality signs its PDFs, and who signed an export.

Revision ID: 0033
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("export", sa.Column("signed_by", sa.String(length=200), nullable=True))
    op.create_table(
        "signing_certificate",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("certificates", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_signing_certificate_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_certificate")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_signing_certificate_holder_id")),
        sa.UniqueConstraint("holder", name=op.f("uq_signing_certificate_holder")),
    )
    protect(op, "signing_certificate")


def downgrade() -> None:
    op.drop_table("signing_certificate")
    op.drop_column("export", "signed_by")
