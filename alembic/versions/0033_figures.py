"""Campaigns with a name, and the figures of a quarter as they may leave the house.

Revision ID: 0033_figures
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import protect

revision = "0033_figures"
down_revision = "0032_mail_choice"
branch_labels = None
depends_on = None

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def upgrade() -> None:
    """Add both tables, empty: reports keep the codes of campaigns that nobody named yet."""
    schema = sa.MetaData(naming_convention=NAMES)
    sa.Table("holder", schema, sa.Column("code", sa.String(9), primary_key=True))
    for table in (_campaign(schema), _release(schema)):
        table.create(op.get_bind())
        protect(op, table.name)


def _campaign(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "campaign",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.UniqueConstraint("holder", "code"),
    )


def _release(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "figure_release",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("quarter", sa.String(6), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tables", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(200), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.UniqueConstraint("holder", "quarter"),
    )


def downgrade() -> None:
    """Refuse: the version before this one works with both there."""
    raise RuntimeError("put the earlier program back: it works on this database")
