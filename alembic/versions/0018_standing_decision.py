"""The standing decision stays in force without a yearly look; the look gets a day of its own.

Revision ID: 0018_standing_decision
"""

import sqlalchemy as sa
from alembic import op

revision = "0018_standing_decision"
down_revision = "0017_promises"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the day of the look; a decision that lapsed is in force again, after a listed week.

    `swept_on` is empty for every holder: the first night lists what is overdue.
    """
    op.add_column("holder", sa.Column("swept_on", sa.Date(), nullable=True))
    op.add_column("holder", sa.Column("listed_until", sa.Date(), nullable=True))
    op.add_column("retention_schedule", sa.Column("look_by", sa.Date(), nullable=True))
    connection = op.get_bind()
    holder = sa.table("holder", sa.column("code"), sa.column("standing_until"))
    known = connection.scalars(sa.select(holder.c.code)).all()
    move = (
        "UPDATE retention_schedule SET look_by = standing_until, standing_until = NULL"
        " WHERE standing_until IS NOT NULL"
    )
    if connection.dialect.name == "sqlite":
        op.execute(move)
    else:
        # Row-level security shows its owner, too, the rows of one holder at a time.
        for code in [*known, ""]:
            enter = sa.func.set_config("stopintimidatie.holder", code, True)
            connection.execute(sa.select(enter))
            op.execute(move)
    op.execute(holder.update().values(standing_until=None))


def downgrade() -> None:
    """Refuse: the version before this one would destroy nothing without a day of its own."""
    raise RuntimeError("restore a backup: the version before this one needs that day")
