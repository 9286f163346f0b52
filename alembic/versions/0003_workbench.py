"""Decisions that can be undone, snoozing, notes, proposals, and who is away.

Revision ID: 0003_workbench
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import protect

revision = "0003_workbench"
down_revision = "0002_who_may_come_in"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

COLUMNS: dict[str, tuple[sa.Column[Any], ...]] = {
    "report": (
        sa.Column("snoozed_until", sa.Date()),
        sa.Column("next_attempt_at", MOMENT),
        sa.Column("shown_state", sa.String(30)),
        sa.Column("shown_until", MOMENT),
        sa.Column("leaves_at", MOMENT),
    ),
    "reporter_message": (sa.Column("held_until", MOMENT),),
}


def upgrade() -> None:
    """Add the columns and tables."""
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, column)
    for new in new_tables(sa.MetaData(naming_convention=NAMES)):
        new.create(op.get_bind())
        protect(op, new.name)


def new_tables(schema: sa.MetaData) -> list[sa.Table]:
    """Declare the new tables; only the names of those they refer to are needed."""
    sa.Table("user_account", schema, sa.Column("id", sa.Uuid(), primary_key=True))
    sa.Table("holder", schema, sa.Column("code", sa.String(9), primary_key=True))
    sa.Table(
        "report",
        schema,
        sa.Column("holder", sa.String(9)),
        sa.Column("id", sa.Uuid()),
        sa.UniqueConstraint("holder", "id"),
    )
    return [*_of_reports(schema), _absence(schema)]


def _held(*columns: Any) -> tuple[Any, ...]:
    key = sa.ForeignKey("holder.code")
    return (
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("holder", sa.String(9), key, nullable=False),
        *columns,
        sa.UniqueConstraint("holder", "id"),
    )


def _of_report(*columns: Any) -> tuple[Any, ...]:
    report = ["report.holder", "report.id"]
    return _held(
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.String(64), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["holder", "report_id"], report, ondelete="CASCADE"),
    )


def _of_reports(schema: sa.MetaData) -> list[sa.Table]:
    opened = sa.text("answered_at IS NULL")
    return [
        sa.Table(
            "report_decision",
            schema,
            *_of_report(
                sa.Column("steps", sa.JSON(), nullable=False),
                sa.Column("before", sa.JSON(), nullable=False),
                sa.Column("values", sa.JSON(), nullable=False),
                sa.Column("version", sa.Integer(), nullable=False),
                sa.Column("until", MOMENT, nullable=False),
                sa.Column("final", sa.String(200)),
                sa.Column("undone_at", MOMENT),
            ),
            sa.Index(None, "holder", "report_id", "at"),
            sa.Index(None, "holder", "actor_id", "at"),
        ),
        sa.Table(
            "report_proposal",
            schema,
            *_of_report(
                sa.Column("actor_name", sa.String(200), nullable=False),
                sa.Column("step", sa.String(40), nullable=False),
                sa.Column("values", sa.JSON(), nullable=False),
                sa.Column("answered_at", MOMENT),
                sa.Column("answered_by", sa.String(200)),
                sa.Column("accepted", sa.Boolean()),
                sa.Column("answer", sa.Text()),
            ),
            sa.Index(None, "holder", "report_id"),
            sa.Index(
                "ix_report_proposal_open",
                "holder",
                "report_id",
                sqlite_where=opened,
                postgresql_where=opened,
            ),
        ),
        sa.Table(
            "report_note",
            schema,
            *_of_report(
                sa.Column("actor_name", sa.String(200), nullable=False),
                sa.Column("text", sa.Text(), nullable=False),
            ),
            sa.Index(None, "holder", "report_id", "at"),
        ),
    ]


def _absence(schema: sa.MetaData) -> sa.Table:
    def person(name: str) -> sa.Column[Any]:
        key = sa.ForeignKey("user_account.id", ondelete="CASCADE")
        return sa.Column(name, sa.Uuid(), key, nullable=False)

    return sa.Table(
        "absence",
        schema,
        *_held(
            person("user_id"),
            person("substitute_id"),
            sa.Column("since", sa.Date(), nullable=False),
            sa.Column("until", sa.Date(), nullable=False),
        ),
        sa.Index(None, "holder", "user_id"),
        sa.Index(None, "holder", "until"),
    )


def downgrade() -> None:
    """Refuse: there is no way back but a backup."""
    raise RuntimeError("restore a backup: the version before this one doesn't know these tables")
