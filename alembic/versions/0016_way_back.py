"""The reporter's way back: who wrote which message, and whether it was seen.

Revision ID: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "report", sa.Column("reporter_spoke_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("report", sa.Column("reporter_verdict", sa.String(length=10), nullable=True))
    op.create_index(
        "ix_report_spoken",
        "report",
        ["holder", "reporter_spoke_at"],
        sqlite_where=sa.text("reporter_spoke_at IS NOT NULL"),
        postgresql_where=sa.text("reporter_spoke_at IS NOT NULL"),
    )
    op.add_column("reporter_message", sa.Column("actor_name", sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column("reporter_message", "actor_name")
    op.drop_index("ix_report_spoken", "report")
    op.drop_column("report", "reporter_verdict")
    op.drop_column("report", "reporter_spoke_at")
