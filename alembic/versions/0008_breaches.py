"""The register of data breaches.

Revision ID: 0008_breaches
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import protect
from stopintimidatie.core.storage.personal import keep_no_statistics

revision = "0008_breaches"
down_revision = "0007_police"
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
    "breach": "consequences description late_reason measures risk_reason",
    "breach_notice": "english number text",
    "breach_move": "reason",
}


def upgrade() -> None:
    """Add the tables."""
    for new in new_tables(sa.MetaData(naming_convention=NAMES)):
        new.create(op.get_bind())
        protect(op, new.name)
    for table, columns in WORDS.items():
        keep_no_statistics(op, table, *columns.split())


def new_tables(schema: sa.MetaData) -> list[sa.Table]:
    """Declare the new tables; only the names of those they refer to are needed."""
    sa.Table("holder", schema, sa.Column("code", sa.String(9), primary_key=True))
    return [
        _breach(schema),
        _breach_notice(schema),
        _breach_document(schema),
        _breach_move(schema),
    ]


def _breach(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "breach",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("reference", sa.String(11), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("aware_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("happened_from", MOMENT, nullable=True),
        sa.Column("happened_until", MOMENT, nullable=True),
        sa.Column("reported_by_id", sa.String(64), nullable=True),
        sa.Column("reported_by", sa.String(200), nullable=False),
        sa.Column("origin_kind", sa.String(20), nullable=True),
        sa.Column("origin_id", sa.Uuid(), nullable=True),
        sa.Column("origin_reference", sa.String(20), nullable=True),
        sa.Column("shared_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(40), nullable=True),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("consequences", sa.Text(), nullable=True),
        sa.Column("measures", sa.Text(), nullable=True),
        sa.Column("risk", sa.String(20), nullable=True),
        sa.Column("risk_reason", sa.Text(), nullable=True),
        sa.Column("late_reason", sa.Text(), nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("towns", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("holder", "id"),
        sa.UniqueConstraint("holder", "reference"),
        sa.UniqueConstraint("holder", "shared_id"),
        sa.Index(None, "holder", "aware_at"),
        sa.Index(None, "holder", "origin_id"),
        sa.Index(
            "ix_breach_open",
            "holder",
            "due_at",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
        sa.Index(
            "uq_breach_lost_open",
            "holder",
            "origin_id",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )


def _breach_notice(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "breach_notice",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("breach_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("sent_by", sa.String(200), nullable=False),
        sa.Column("number", sa.String(100), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("english", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "breach_id"], ["breach.holder", "breach.id"], ondelete="CASCADE"
        ),
        sa.Index(None, "holder", "breach_id", "sent_at"),
    )


def _breach_document(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "breach_document",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("breach_id", sa.Uuid(), nullable=False),
        sa.Column("document_kind", sa.String(20), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("obstacle", sa.String(20), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "breach_id", "document_id"),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "breach_id"], ["breach.holder", "breach.id"], ondelete="CASCADE"
        ),
        sa.Index(None, "holder", "document_id"),
    )


def _breach_move(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "breach_move",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("breach_id", sa.Uuid(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_kind", sa.String(20), nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=True),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("from_state", sa.String(30), nullable=True),
        sa.Column("to_state", sa.String(30), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "breach_id"], ["breach.holder", "breach.id"], ondelete="CASCADE"
        ),
        sa.Index(None, "holder", "breach_id", "at"),
    )


def downgrade() -> None:
    """Refuse: there is no way back but a backup."""
    raise RuntimeError("restore a backup: the version before this one doesn't know these tables")
