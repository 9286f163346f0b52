"""Proposals to erase, which a second person carries out or refuses.

Revision ID: 0014_erasure_proposals
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import protect
from stopintimidatie.core.storage.personal import keep_no_statistics

revision = "0014_erasure_proposals"
down_revision = "0013_marked_for_police"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def upgrade() -> None:
    """Add the table."""
    schema = sa.MetaData(naming_convention=NAMES)
    sa.Table("holder", schema, sa.Column("code", sa.String(9), primary_key=True))
    new = sa.Table(
        "erasure_proposal",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("document_kind", sa.String(20), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("ground", sa.String(20), nullable=False),
        sa.Column("seen", sa.String(64), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by_id", sa.String(64), nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("alone_at", MOMENT, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by_id", sa.String(64), nullable=True),
        sa.Column("answered_by", sa.String(200), nullable=True),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.Index(None, "holder", "document_id", "made_at"),
    )
    new.create(op.get_bind())
    protect(op, new.name)
    keep_no_statistics(op, new.name, "reason")


def downgrade() -> None:
    """Refuse: the version before this one lets one person erase."""
    raise RuntimeError("restore a backup: the version before this one doesn't know this table")
