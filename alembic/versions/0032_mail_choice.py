"""Let people choose when they are mailed of work.

Revision ID: 0032_mail_choice
"""

import sqlalchemy as sa
from alembic import op

revision = "0032_mail_choice"
down_revision = "0031_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; everybody is mailed at once, as before."""
    at_once = sa.Column("mail", sa.String(10), nullable=False, server_default="meteen")
    op.add_column("user_account", at_once)


def downgrade() -> None:
    """Refuse: the version before this one works with the column there."""
    raise RuntimeError("put the earlier program back: it works on this database")
