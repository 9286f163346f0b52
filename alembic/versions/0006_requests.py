"""Requests of data subjects, with letters, traces and copies; restrictions and corrections.

Revision ID: 0006_requests
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import protect
from stopintimidatie.core.storage.personal import keep_no_statistics

revision = "0006_requests"
down_revision = "0005_retention"
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
    "subject_request": "decided_reason extended_reason objection_number objection_reason person"
    " question",
    "subject_request_move": "reason",
    "request_letter": "content",
    "request_trace": "reason",
    "data_restriction": "about lifted_reason",
    "data_correction": "text",
    "subject_copy": "answer",
    "subject_copy_key": "sealed",
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
    sa.Table("user_account", schema, sa.Column("id", sa.Uuid(), primary_key=True))
    return [
        _subject_request(schema),
        _subject_request_move(schema),
        _request_letter(schema),
        _request_trace(schema),
        _data_restriction(schema),
        _data_correction(schema),
        _subject_copy(schema),
        _subject_copy_key(schema),
        _subject_copy_blob(schema),
    ]


def _subject_request(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "subject_request",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("reference", sa.String(11), nullable=False),
        sa.Column("right", sa.String(20), nullable=False),
        sa.Column("capacity", sa.String(20), nullable=False),
        sa.Column("asked_by", sa.String(20), nullable=False),
        sa.Column("child", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("extended_on", sa.Date(), nullable=True),
        sa.Column("extended_reason", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("identity_how", sa.String(20), nullable=True),
        sa.Column("identity_at", MOMENT, nullable=True),
        sa.Column("identity_by", sa.String(200), nullable=True),
        sa.Column("handler_id", sa.Uuid(), sa.ForeignKey("user_account.id"), nullable=True),
        sa.Column("child_heard_on", sa.Date(), nullable=True),
        sa.Column("child_outcome", sa.String(20), nullable=True),
        sa.Column("refused_ground", sa.String(20), nullable=True),
        sa.Column("decided_reason", sa.Text(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("objection_until", sa.Date(), nullable=True),
        sa.Column("objection_on", sa.Date(), nullable=True),
        sa.Column("objection_number", sa.String(100), nullable=True),
        sa.Column("objection_due", sa.Date(), nullable=True),
        sa.Column("objection_outcome", sa.String(20), nullable=True),
        sa.Column("objection_ended_on", sa.Date(), nullable=True),
        sa.Column("objection_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("holder", "id"),
        sa.UniqueConstraint("holder", "reference"),
        sa.Index(None, "holder", "received_on"),
        sa.Index(
            "ix_subject_request_open",
            "holder",
            "due_on",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )


def _subject_request_move(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "subject_request_move",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
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
            ["holder", "request_id"],
            ["subject_request.holder", "subject_request.id"],
            ondelete="CASCADE",
        ),
        sa.Index(None, "holder", "request_id", "at"),
    )


def _request_letter(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "request_letter",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("sent_how", sa.String(20), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "request_id"],
            ["subject_request.holder", "subject_request.id"],
            ondelete="CASCADE",
        ),
        sa.Index(None, "holder", "request_id", "made_at"),
    )


def _request_trace(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "request_trace",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("document_kind", sa.String(20), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("included", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("found_by", sa.String(200), nullable=False),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "request_id", "document_kind", "document_id"),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "request_id"],
            ["subject_request.holder", "subject_request.id"],
            ondelete="CASCADE",
        ),
    )


def _data_restriction(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "data_restriction",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("document_kind", sa.String(20), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("ground", sa.String(20), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("started_by_id", sa.String(64), nullable=True),
        sa.Column("started_by", sa.String(200), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", sa.String(200), nullable=True),
        sa.Column("lifted_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "request_id"],
            ["subject_request.holder", "subject_request.id"],
            ondelete="CASCADE",
        ),
        sa.Index(None, "holder", "document_id"),
        sa.Index(
            "ix_data_restriction_in_force",
            "holder",
            "document_id",
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        ),
    )


def _data_correction(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "data_correction",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("document_kind", sa.String(20), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by_id", sa.String(64), nullable=True),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "request_id"],
            ["subject_request.holder", "subject_request.id"],
            ondelete="CASCADE",
        ),
        sa.Index(None, "holder", "document_id"),
    )


def _subject_copy(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "subject_copy",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("made_by_id", sa.String(64), nullable=True),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("checked_by_id", sa.String(64), nullable=True),
        sa.Column("checked_by", sa.String(200), nullable=True),
        sa.Column("shows_reporter", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("picked_up_at", MOMENT, nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("holder", "request_id"),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "request_id"],
            ["subject_request.holder", "subject_request.id"],
            ondelete="CASCADE",
        ),
    )


def _subject_copy_key(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "subject_copy_key",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.UniqueConstraint("holder", "request_id"),
        sa.ForeignKeyConstraint(
            ["holder", "request_id"],
            ["subject_request.holder", "subject_request.id"],
            ondelete="CASCADE",
        ),
    )


def _subject_copy_blob(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "subject_copy_blob",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "request_id", "kind"),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "request_id"],
            ["subject_request.holder", "subject_request.id"],
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Refuse: there is no way back but a backup."""
    raise RuntimeError("restore a backup: the version before this one doesn't know these tables")
