"""Person-directed dossiers: the ground to have one, and advice of the privacy officer.

Revision ID: 0009_person_directed
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import protect
from stopintimidatie.core.storage.personal import keep_no_statistics

revision = "0009_person_directed"
down_revision = "0008_breaches"
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
    "dossier_person_ground": "postponed_reason proportionality",
    "dossier_privacy_advice": "not_followed_reason question urgent_reason words",
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
    sa.Table(
        "dossier",
        schema,
        sa.Column("holder", sa.String(9)),
        sa.Column("id", sa.Uuid()),
        sa.UniqueConstraint("holder", "id"),
    )
    sa.Table("holder", schema, sa.Column("code", sa.String(9), primary_key=True))
    return [
        _dossier_person_ground(schema),
        _dossier_privacy_advice(schema),
    ]


def _dossier_person_ground(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "dossier_person_ground",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.String(40), nullable=False),
        sa.Column("proportionality", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("informed_on", sa.Date(), nullable=True),
        sa.Column("postponed_until", sa.Date(), nullable=True),
        sa.Column("postponed_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("holder", "dossier_id"),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"], ["dossier.holder", "dossier.id"], ondelete="CASCADE"
        ),
        sa.Index(None, "holder", "review_on"),
    )


def _dossier_privacy_advice(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "dossier_privacy_advice",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("asked_by_id", sa.String(64), nullable=True),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("urgent_reason", sa.Text(), nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.Column("ground_revision", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("given_at", MOMENT, nullable=True),
        sa.Column("given_by_id", sa.String(64), nullable=True),
        sa.Column("given_by", sa.String(200), nullable=True),
        sa.Column("followed", sa.Boolean(), nullable=True),
        sa.Column("not_followed_reason", sa.Text(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", sa.String(200), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"], ["dossier.holder", "dossier.id"], ondelete="CASCADE"
        ),
        sa.Index(None, "holder", "dossier_id", "asked_at"),
    )


def downgrade() -> None:
    """Refuse: there is no way back but a backup."""
    raise RuntimeError("restore a backup: the version before this one doesn't know these tables")
