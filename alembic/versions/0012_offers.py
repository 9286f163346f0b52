"""A hand-over that must be accepted first.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "report_transfer",
        sa.Column("state", sa.String(length=12), server_default="gegeven", nullable=False),
    )
    op.add_column("report_transfer", sa.Column("offer", sa.Text(), nullable=True))
    op.add_column(
        "report_transfer", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("report_transfer", sa.Column("answered_by", sa.String(length=200), nullable=True))
    op.add_column("report_transfer", sa.Column("answer", sa.Text(), nullable=True))


def downgrade() -> None:
    for column in ("answer", "answered_by", "answered_at", "offer", "state"):
        op.drop_column("report_transfer", column)
