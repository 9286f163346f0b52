"""Indexes that keep lists and counts quick when there are a million reports.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_audit_event_holder_action_at"), "audit_event", ["holder", "action", "at"]
    )
    op.create_index(op.f("ix_reference_holder"), "reference", ["holder"])
    op.create_index(
        "ix_report_waiting",
        "report",
        ["holder", "urgent", "received_at", "id"],
        sqlite_where=sa.text("delivery IS NOT NULL"),
        postgresql_where=sa.text("delivery IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_report_waiting", "report")
    op.drop_index(op.f("ix_reference_holder"), "reference")
    op.drop_index(op.f("ix_audit_event_holder_action_at"), "audit_event")
