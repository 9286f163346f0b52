"""Consultations, participants, versions of texts, and notes for few.

Revision ID: 0021
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = (
    "consultation",
    "dossier_participant",
    "dossier_text",
    "consultation_agreement",
    "consultation_blob",
    "consultation_key",
    "consultation_seat",
    "dossier_note_reader",
)


def upgrade() -> None:
    op.create_table(
        "consultation",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("planned_at", UtcDateTime(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("agenda", sa.Text(), nullable=True),
        sa.Column("decisions", sa.Text(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("tabled_at", UtcDateTime(), nullable=True),
        sa.Column("tabled_by", sa.String(length=200), nullable=True),
        sa.Column("tabled_sha256", sa.String(length=64), nullable=True),
        sa.Column("tabled_state", sa.String(length=20), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_consultation_holder_dossier_id_dossier"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_consultation_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
        sa.UniqueConstraint("dossier_id", "serial", name=op.f("uq_consultation_dossier_id_serial")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_consultation_holder_id")),
    )
    op.create_index(
        op.f("ix_consultation_holder_dossier_id_planned_at"),
        "consultation",
        ["holder", "dossier_id", "planned_at"],
    )
    op.create_index(
        op.f("ix_consultation_holder_state_planned_at"),
        "consultation",
        ["holder", "state", "planned_at"],
    )
    op.create_table(
        "dossier_participant",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("function", sa.String(length=200), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("task", sa.Text(), nullable=True),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.Column("joined_by", sa.String(length=200), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("left_by", sa.String(length=200), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_dossier_participant_holder_dossier_id_dossier"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_dossier_participant_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_participant")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_participant_holder_id")),
    )
    op.create_index(
        op.f("ix_dossier_participant_holder_dossier_id"),
        "dossier_participant",
        ["holder", "dossier_id"],
    )
    op.create_table(
        "dossier_text",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("author_id", sa.String(length=64), nullable=True),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_dossier_text_holder_dossier_id_dossier"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_dossier_text_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_text")),
        sa.UniqueConstraint(
            "dossier_id", "field", "number", name=op.f("uq_dossier_text_dossier_id_field_number")
        ),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_text_holder_id")),
    )
    op.create_table(
        "consultation_agreement",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "agreement_id"],
            ["dossier_agreement.holder", "dossier_agreement.id"],
            name=op.f("fk_consultation_agreement_holder_agreement_id_dossier_agreement"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder", "consultation_id"],
            ["consultation.holder", "consultation.id"],
            name=op.f("fk_consultation_agreement_holder_consultation_id_consultation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_consultation_agreement_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_agreement")),
        sa.UniqueConstraint("agreement_id", name=op.f("uq_consultation_agreement_agreement_id")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_consultation_agreement_holder_id")),
    )
    op.create_index(
        op.f("ix_consultation_agreement_holder_consultation_id"),
        "consultation_agreement",
        ["holder", "consultation_id"],
    )
    op.create_table(
        "consultation_blob",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "consultation_id"],
            ["consultation.holder", "consultation.id"],
            name=op.f("fk_consultation_blob_holder_consultation_id_consultation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_consultation_blob_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_blob")),
        sa.UniqueConstraint(
            "holder",
            "consultation_id",
            "kind",
            name=op.f("uq_consultation_blob_holder_consultation_id_kind"),
        ),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_consultation_blob_holder_id")),
    )
    op.create_table(
        "consultation_key",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "consultation_id"],
            ["consultation.holder", "consultation.id"],
            name=op.f("fk_consultation_key_holder_consultation_id_consultation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_consultation_key_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_key")),
        sa.UniqueConstraint(
            "holder", "consultation_id", name=op.f("uq_consultation_key_holder_consultation_id")
        ),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_consultation_key_holder_id")),
    )
    op.create_table(
        "consultation_seat",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("function", sa.String(length=200), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "consultation_id"],
            ["consultation.holder", "consultation.id"],
            name=op.f("fk_consultation_seat_holder_consultation_id_consultation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_consultation_seat_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_seat")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_consultation_seat_holder_id")),
    )
    op.create_index(
        op.f("ix_consultation_seat_holder_consultation_id"),
        "consultation_seat",
        ["holder", "consultation_id"],
    )
    op.create_table(
        "dossier_note_reader",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "note_id"],
            ["dossier_note.holder", "dossier_note.id"],
            name=op.f("fk_dossier_note_reader_holder_note_id_dossier_note"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_dossier_note_reader_holder_holder")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_dossier_note_reader_user_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_note_reader")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_note_reader_holder_id")),
        sa.UniqueConstraint(
            "note_id", "user_id", name=op.f("uq_dossier_note_reader_note_id_user_id")
        ),
    )
    op.add_column(
        "dossier_note",
        sa.Column("restricted", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    for table in TABLES:
        protect(op, table)


def downgrade() -> None:
    op.drop_column("dossier_note", "restricted")
    for table in reversed(TABLES):
        op.drop_table(table)
