"""The town register of the desk, and the calls that the desk made.

Revision ID: 0021_town_register
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import protect

revision = "0021_town_register"
down_revision = "0020_thread"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def upgrade() -> None:
    """Add the tables; the register is public, calls are the desk's."""
    schema = sa.MetaData(naming_convention=NAMES)
    sa.Table("holder", schema, sa.Column("code", sa.String(9), primary_key=True))
    sa.Table("municipality", schema, sa.Column("code", sa.String(6), primary_key=True))
    sa.Table(
        "town_register",
        schema,
        _town("code", primary_key=True),
        sa.Column("telephone", sa.String(20), nullable=True),
        sa.Column("department", sa.String(120), nullable=True),
        sa.Column("mailbox", sa.String(200), nullable=True),
        sa.Column("hours", sa.String(200), nullable=True),
        sa.Column("source", sa.String(200), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("wrong", sa.JSON(), nullable=False),
    ).create(op.get_bind())
    calls = sa.Table(
        "town_call",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        _town("municipality_code", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_id", sa.String(64), nullable=True),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.Index(None, "holder", "municipality_code", "at"),
    )
    calls.create(op.get_bind())
    protect(op, calls.name)


def _town(name: str, **more: Any) -> sa.Column[str]:
    return sa.Column(name, sa.String(6), sa.ForeignKey("municipality.code"), **more)


def downgrade() -> None:
    """Refuse: the version before this one works with the tables there."""
    raise RuntimeError("put the earlier program back: it works on this database")
