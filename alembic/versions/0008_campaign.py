"""The campaign that led a reporter to the public page.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("report", sa.Column("campaign", sa.String(40), nullable=True))


def downgrade() -> None:
    op.drop_column("report", "campaign")
