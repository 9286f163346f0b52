"""Police data: a family of tables of its own.

Revision ID: 0007_police
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import append_only, protect
from stopintimidatie.core.storage.personal import keep_no_statistics

revision = "0007_police"
down_revision = "0006_requests"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
# Columns with words of people: the database keeps no samples of them.
WORDS = {
    "police_item": "content",
    "police_access": "reason",
}


def upgrade() -> None:
    """Add the tables."""
    for new in new_tables(sa.MetaData(naming_convention=NAMES)):
        new.create(op.get_bind())
        protect(op, new.name)
    append_only(op, "police_event")
    for table, columns in WORDS.items():
        keep_no_statistics(op, table, *columns.split())


def new_tables(schema: sa.MetaData) -> list[sa.Table]:
    """Declare the new tables; only the names of those they refer to are needed."""
    sa.Table("holder", schema, sa.Column("code", sa.String(9), primary_key=True))
    return [
        _police_item(schema),
        _police_access(schema),
        _police_event(schema),
    ]


def _police_item(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "police_item",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("reference", sa.String(11), nullable=True),
        sa.Column("document_kind", sa.String(20), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("article", sa.String(10), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("entered_by_id", sa.String(64), nullable=True),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("destroyed_at", MOMENT, nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("holder", "id"),
        sa.UniqueConstraint("holder", "reference"),
        sa.Index(None, "holder", "document_id"),
        sa.Index(None, "holder", "review_on"),
    )


def _police_access(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "police_access",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "subject_id", "person_id", "day"),
        sa.UniqueConstraint("holder", "id"),
    )


def _police_event(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "police_event",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=True),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.Index(None, "holder", "at"),
    )


def downgrade() -> None:
    """Refuse: there is no way back but a backup."""
    raise RuntimeError("restore a backup: the version before this one doesn't know these tables")
