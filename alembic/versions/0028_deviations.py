"""An export against the sharing preference of reporters: with ground and reason, per report.

Revision ID: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("export", sa.Column("deviations", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("export", "deviations")
