"""Indexes for the first page and the counts of the inbox, however many reports are open.

Revision ID: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

FEW = {"ix_report_in_hand": "handler_id", "ix_report_awaiting": "waiting_until"}


def upgrade() -> None:
    order = [
        sa.text("urgent DESC"),
        sa.text("coalesce(contact_deadline, 'infinity')"),
        sa.text("received_at DESC"),
    ]
    op.create_index("ix_report_in_line", "report", ["holder", "state", *order, "id"])
    for name, column in FEW.items():
        filled = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            name,
            "report",
            ["holder", "state", column],
            sqlite_where=filled,
            postgresql_where=filled,
        )


def downgrade() -> None:
    for name in (*FEW, "ix_report_in_line"):
        op.drop_index(name, "report")
