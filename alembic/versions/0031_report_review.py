"""Free text of reports that was looked at before it may go to a recipient.

Revision ID: 0031
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_review",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.Column("looked_by_id", sa.String(length=64), nullable=True),
        sa.Column("looked_by", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "report_id"],
            ["report.holder", "report.id"],
            name=op.f("fk_report_review_holder_report_id_report"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_report_review_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_review")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_report_review_holder_id")),
        sa.UniqueConstraint(
            "holder", "report_id", "field", name=op.f("uq_report_review_holder_report_id_field")
        ),
    )
    protect(op, "report_review")


def downgrade() -> None:
    op.drop_table("report_review")
