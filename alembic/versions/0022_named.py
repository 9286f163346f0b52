"""Who sees a person-directed dossier's reports, measures, and attachments of dossiers.

Revision ID: 0022
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = (
    "dossier_attachment",
    "dossier_measure",
    "dossier_reader",
)


def upgrade() -> None:
    op.create_table(
        "dossier_attachment",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_dossier_attachment_holder_dossier_id_dossier"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_dossier_attachment_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_attachment")),
        sa.UniqueConstraint(
            "dossier_id", "number", name=op.f("uq_dossier_attachment_dossier_id_number")
        ),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_attachment_holder_id")),
    )
    op.create_table(
        "dossier_measure",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("effect", sa.Text(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_dossier_measure_holder_dossier_id_dossier"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_dossier_measure_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_measure")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_measure_holder_id")),
    )
    op.create_index(
        op.f("ix_dossier_measure_holder_dossier_id_started_on"),
        "dossier_measure",
        ["holder", "dossier_id", "started_on"],
    )
    op.create_table(
        "dossier_reader",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("named_at", UtcDateTime(), nullable=False),
        sa.Column("named_by", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_dossier_reader_holder_dossier_id_dossier"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_dossier_reader_holder_holder")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_dossier_reader_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_reader")),
        sa.UniqueConstraint(
            "dossier_id", "user_id", name=op.f("uq_dossier_reader_dossier_id_user_id")
        ),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_reader_holder_id")),
    )
    for table in TABLES:
        protect(op, table)
    # The address of a report never tells that it is in a dossier about a person. Few rows; the
    # previous version finds the report at either address.
    op.execute(
        "UPDATE dossier_membership SET home = false WHERE dossier_id IN"
        " (SELECT id FROM dossier WHERE kind = 'persoonsgericht')"
    )
    op.execute(
        "UPDATE report SET dossier_number = NULL WHERE dossier_number IN (SELECT number FROM"
        " dossier WHERE kind = 'persoonsgericht' AND dossier.holder = report.holder)"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
