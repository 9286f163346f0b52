"""An index by place: what lies near a report.

Revision ID: 0020
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_report_holder_lat_lon_id"), "report", ["holder", "lat", "lon", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_report_holder_lat_lon_id"), "report")
