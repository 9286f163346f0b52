"""Terms, holds, destruction lists with their lines, statements, and tombstones.

Revision ID: 0005_retention
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import append_only, protect
from stopintimidatie.core.storage.personal import keep_no_statistics

revision = "0005_retention"
down_revision = "0004_doubles"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
NEVER_CHANGED = ("destruction_statement",)
# Columns with words of people: the database keeps no samples of them.
WORDS = {
    "consultation": "agenda decisions place",
    "consultation_key": "sealed",
    "consultation_seat": "function organisation",
    "copy_correction": "note",
    "dossier": (
        "assessment closed_note effect feedback goal privacy_advice purpose "
        "responsible_body summary taken_over_by title"
    ),
    "dossier_agreement": "result what who",
    "dossier_attachment": "about key",
    "dossier_measure": "effect what who",
    "dossier_membership": "joined_reason left_reason",
    "dossier_move": "reason",
    "dossier_note": "text",
    "dossier_participant": "function organisation task",
    "dossier_text": "text",
    "export": (
        "assumptions covenant decided_reason demand_officer facts feedback minors_ground "
        "owner_phone perceptions purpose question recipient urgent_reason "
        "withdrawn_reason"
    ),
    "export_key": "sealed",
    "forwarding_agreement": "certificate declined_reason people",
    "hold": "case_reference lifted_reason note",
    "joining_request": "function telephone",
    "mail_address": "address",
    "mail_message": "kept",
    "partner_answer": "answered_by text wants_about",
    "partner_contact": "function name phone",
    "pattern": "reason",
    "pickup": "picked_up_by",
    "report": "description location_text offender_appearance suspected_offence_reason",
    "report_attachment": "key",
    "report_contact": "contact_when email email_index name phone phone_index",
    "report_decision": "final",
    "report_move": "reason",
    "report_note": "text",
    "report_proposal": "answer",
    "report_review": "digest",
    "report_transfer": "answer content offer reason",
    "reporter_message": "text",
    "role_offer": "mandate name reason username",
    "search_document": "words",
}


def upgrade() -> None:
    """Add the tables, and the columns of the gate."""
    for new in new_tables(sa.MetaData(naming_convention=NAMES)):
        new.create(op.get_bind())
        protect(op, new.name)
    for name in NEVER_CHANGED:
        append_only(op, name)
    for table, columns in WORDS.items():
        keep_no_statistics(op, table, *columns.split())
    # Made to answer a request under the Woo: no other dossier becomes public.
    no = sa.false()
    op.add_column(
        "dossier", sa.Column("answers_woo", sa.Boolean(), nullable=False, server_default=no)
    )
    # Since when a holder has approved terms. Readiness reads it without entering a holder.
    op.add_column("holder", sa.Column("terms_from", MOMENT, nullable=True))
    op.add_column("holder", sa.Column("standing_until", sa.Date(), nullable=True))
    # The dates that a holder still lacks, and since when its municipality gets no new reports.
    op.add_column("holder", sa.Column("gate_lacks", sa.String(100), nullable=True))
    op.add_column("municipality_profile", sa.Column("refused_from", MOMENT, nullable=True))


def new_tables(schema: sa.MetaData) -> list[sa.Table]:
    """Declare the new tables; only the name of the holders is needed."""
    sa.Table("holder", schema, sa.Column("code", sa.String(9), primary_key=True))
    return [
        _schedule(schema),
        _extension(schema),
        _hold(schema),
        _list(schema),
        _line(schema),
        _statement(schema),
        _tombstone(schema),
        _transfer(schema),
        _part(schema),
    ]


def _held(*columns: Any) -> tuple[Any, ...]:
    key = sa.ForeignKey("holder.code")
    return (
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("holder", sa.String(9), key, nullable=False),
        *columns,
        sa.UniqueConstraint("holder", "id"),
    )


def _text(name: str, length: int, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=null)


def _day(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=null)


def _moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, MOMENT, nullable=null)


def _some(where: str) -> dict[str, Any]:
    rows = sa.text(where)
    return {"sqlite_where": rows, "postgresql_where": rows}


def _by(act: str, *, null: bool = True) -> tuple[sa.Column[Any], ...]:
    """Return the columns of who did something, and when."""
    return (
        _moment(f"{act}_at", null=null),
        _text(f"{act}_by_id", 64, null=True),
        _text(f"{act}_by", 200, null=null),
    )


def _document() -> tuple[sa.Column[Any], ...]:
    return (
        _text("document_kind", 20),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        _text("reference", 20),
    )


def _schedule(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "retention_schedule",
        schema,
        *_held(
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("content", sa.JSON(), nullable=False),
            sa.Column("note", sa.Text()),
            *_by("proposed", null=False),
            *_by("answered"),
            sa.Column("approved", sa.Boolean()),
            sa.Column("refusal", sa.Text()),
            _moment("effective_from"),
            _day("standing_until", null=True),
        ),
        sa.UniqueConstraint("holder", "number"),
        sa.Index(None, "holder", "effective_from"),
    )


def _extension(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "retention_extension",
        schema,
        *_held(
            *_document(),
            _day("wanted_until"),
            sa.Column("reason", sa.Text(), nullable=False),
            *_by("asked", null=False),
            *_advice("archivist"),
            *_advice("fg"),
            _text("outcome", 20, null=True),
            _text("decided_body", 20, null=True),
            _text("decided_number", 100, null=True),
            _day("decided_on", null=True),
            _day("until", null=True),
            *_by("entered"),
            sa.Column("version", sa.Integer(), nullable=False),
        ),
        sa.Index(None, "holder", "document_id"),
        sa.Index(
            "ix_retention_extension_open",
            "holder",
            "document_id",
            unique=True,
            **_some("outcome IS NULL"),
        ),
    )


def _advice(role: str) -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column(f"{role}_agrees", sa.Boolean()),
        sa.Column(f"{role}_words", sa.Text()),
        *_by(role),
    )


def _hold(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "hold",
        schema,
        *_held(
            *_document(),
            _text("reason", 20),
            _text("case_reference", 100, null=True),
            sa.Column("answers", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("note", sa.Text()),
            _day("review_on"),
            *_by("placed", null=False),
            *_by("lifted"),
            sa.Column("lifted_reason", sa.Text()),
        ),
        sa.Index(None, "holder", "document_id"),
        sa.Index("ix_hold_in_force", "holder", "review_on", **_some("lifted_at IS NULL")),
    )


def _list(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "destruction_list",
        schema,
        *_held(
            _text("number", 10),
            _day("period_from"),
            _day("period_until"),
            _text("state", 20),
            _moment("made_at"),
            _text("hash", 64, null=True),
            sa.Column("version", sa.Integer(), nullable=False),
        ),
        sa.UniqueConstraint("holder", "number"),
    )


def _line(schema: sa.MetaData) -> sa.Table:
    to_do = _some("authorised_at IS NOT NULL AND gone_at IS NULL")
    lists = ["destruction_list.holder", "destruction_list.id"]
    return sa.Table(
        "destruction_line",
        schema,
        *_held(
            sa.Column("list_id", sa.Uuid(), nullable=False),
            *_document(),
            _text("retention_class", 40),
            _text("category", 100),
            _text("outcome", 20),
            _day("received_on"),
            _day("ended_on", null=True),
            _day("starts_on"),
            _day("due_on"),
            sa.Column("at_maximum", sa.Boolean(), nullable=False),
            _text("decision", 20, null=True),
            _day("postponed_until", null=True),
            sa.Column("reason", sa.Text()),
            *_by("decided"),
            *_by("assessed"),
            *_by("checked"),
            *_by("authorised"),
            _text("waits_for", 40, null=True),
            _moment("gone_at", null=True),
            sa.Column("statement_id", sa.Uuid()),
            sa.Column("version", sa.Integer(), nullable=False),
            sa.ForeignKeyConstraint(["holder", "list_id"], lists),
        ),
        sa.UniqueConstraint("list_id", "document_id"),
        sa.Index(None, "holder", "list_id", "due_on"),
        sa.Index(None, "holder", "document_id"),
        sa.Index("ix_destruction_line_to_do", "holder", "due_on", **to_do),
    )


def _statement(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "destruction_statement",
        schema,
        *_held(
            _text("number", 20),
            sa.Column("list_id", sa.Uuid()),
            _moment("made_at"),
            sa.Column("content", sa.JSON(), nullable=False),
            sa.Column("pdf", sa.LargeBinary(), nullable=False),
            _text("sha256", 64),
        ),
        sa.UniqueConstraint("holder", "number"),
        sa.Index(None, "holder", "made_at"),
    )


def _tombstone(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "tombstone",
        schema,
        *_held(
            *_document(),
            _day("received_on"),
            _day("ended_on", null=True),
            _day("gone_on"),
            _text("outcome", 20),
            _text("retention_class", 40),
            _text("category", 100),
            _text("list_number", 10, null=True),
            sa.Column("statement_id", sa.Uuid()),
        ),
        sa.UniqueConstraint("holder", "document_id"),
        sa.Index(None, "holder", "reference"),
        sa.Index(None, "holder", "gone_on"),
    )


def _transfer(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "archive_transfer",
        schema,
        *_held(
            sa.Column("dossier_id", sa.Uuid(), nullable=False),
            _text("reference", 20),
            _text("state", 30),
            *_by("requested", null=False),
            _text("recipient", 100, null=True),
            sa.Column("progress", sa.Integer(), nullable=False),
            _text("step", 80),
            _text("failure", 500, null=True),
            _moment("made_at", null=True),
            _text("sha256", 64, null=True),
            sa.Column("size", sa.Integer()),
            _text("rows_sha256", 64, null=True),
            sa.Column("reports", sa.JSON(), nullable=False),
            _text("receipt_number", 100, null=True),
            _day("receipt_on", null=True),
            _text("receipt_from", 200, null=True),
            *_by("received"),
            sa.Column("version", sa.Integer(), nullable=False),
        ),
        sa.UniqueConstraint("holder", "dossier_id"),
        sa.Index(None, "holder", "state", "requested_at"),
    )


def _part(schema: sa.MetaData) -> sa.Table:
    transfers = ["archive_transfer.holder", "archive_transfer.id"]
    return sa.Table(
        "archive_part",
        schema,
        *_held(
            sa.Column("transfer_id", sa.Uuid(), nullable=False),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("data", sa.LargeBinary(), nullable=False),
            sa.ForeignKeyConstraint(["holder", "transfer_id"], transfers, ondelete="CASCADE"),
        ),
        sa.UniqueConstraint("holder", "transfer_id", "number"),
    )


def downgrade() -> None:
    """Refuse: there is no way back but a backup."""
    raise RuntimeError("restore a backup: the version before this one doesn't know these tables")
