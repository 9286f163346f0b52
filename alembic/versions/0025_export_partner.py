"""An export knows which partner of the municipality it is for.

Revision ID: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("export", sa.Column("partner_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("export", "partner_id")
