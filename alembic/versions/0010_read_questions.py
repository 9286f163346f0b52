"""Questions of the FG about reads of personal data.

Revision ID: 0010_read_questions
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import protect
from stopintimidatie.core.storage.personal import keep_no_statistics

revision = "0010_read_questions"
down_revision = "0009_person_directed"
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
    "read_question": "answer judged_reason question",
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
        _read_question(schema),
    ]


def _read_question(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "read_question",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_at", MOMENT, nullable=False),
        sa.Column("task", sa.String(200), nullable=True),
        sa.Column("reader_id", sa.String(64), nullable=False),
        sa.Column("reader", sa.String(200), nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=False),
        sa.Column("period", sa.String(7), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("asked_by_id", sa.String(64), nullable=True),
        sa.Column("asked_by", sa.String(200), nullable=True),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("judged_at", MOMENT, nullable=True),
        sa.Column("judgement", sa.String(20), nullable=True),
        sa.Column("judged_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.UniqueConstraint("holder", "event_id"),
        sa.Index(None, "holder", "event_at"),
        sa.Index(
            "ix_read_question_open",
            "holder",
            "reader_id",
            sqlite_where=sa.text("answered_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL"),
        ),
    )


def downgrade() -> None:
    """Refuse: there is no way back but a backup."""
    raise RuntimeError("restore a backup: the version before this one doesn't know these tables")
