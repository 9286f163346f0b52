"""A role and a provider are answered as every proposal is: by whom, and when.

What waits or was answered stays as it is: its state says so.

Revision ID: 0024_second_for_access
"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0024_second_for_access"
down_revision = "0023_police_switch"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add who answered and when, a number for each connection put forward, and an index."""
    for table in ("role_offer", "group_role", "identity_provider"):
        op.add_column(table, sa.Column("answered_at", MOMENT, nullable=True))
        op.add_column(table, sa.Column("answered_by_id", sa.String(64), nullable=True))
    op.add_column("identity_provider", sa.Column("answered_by", sa.String(200), nullable=True))
    op.add_column("identity_provider", sa.Column("id", sa.Uuid(), nullable=True))
    # Each proposal looks here for the people of its municipality who may confirm it.
    op.create_index("ix_role_assignment_holder_role", "role_assignment", ["holder", "role"])
    provider = sa.table(
        "identity_provider", sa.column("holder", sa.String()), sa.column("id", sa.Uuid())
    )
    connection = op.get_bind()
    for holder in connection.scalars(sa.select(provider.c.holder)).all():
        mine = sa.update(provider).where(provider.c.holder == holder)
        connection.execute(mine.values(id=uuid4()))


def downgrade() -> None:
    """Refuse: the program before this one runs on this schema, without these columns."""
    raise RuntimeError("put the earlier program back: it works on this database")
