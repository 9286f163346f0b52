"""What kind of file an export becomes; of one with a password, when that was shown.

Revision ID: 0029
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.types import UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "export",
        sa.Column("file_form", sa.String(length=12), nullable=False, server_default="pdfa"),
    )
    op.add_column("export", sa.Column("password_shown_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("export", "password_shown_at")
    op.drop_column("export", "file_form")
