"""Keep who was mailed of which proposal, so that nobody is mailed of it twice.

And a marked police item names who confirmed it; of those confirmed before, it names nobody.

Revision ID: 0026_second_notice
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import protect

revision = "0026_second_notice"
down_revision = "0025_second_look"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and the table, empty: who may answer is mailed once after the upgrade."""
    op.create_table(
        "second_notice",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.String(9), nullable=False),
        sa.ForeignKeyConstraint(["holder"], ["holder.code"], name="fk_second_notice_holder_holder"),
        sa.PrimaryKeyConstraint("id", name="pk_second_notice"),
        sa.UniqueConstraint("holder", "id", name="uq_second_notice_holder_id"),
        sa.UniqueConstraint(
            "holder",
            "proposal_id",
            "person_id",
            name="uq_second_notice_holder_proposal_id_person_id",
        ),
    )
    protect(op, "second_notice")
    op.add_column("police_item", sa.Column("answered_by_id", sa.String(64), nullable=True))
    op.add_column("police_item", sa.Column("answered_by", sa.String(200), nullable=True))


def downgrade() -> None:
    """Refuse: the version before this one works with the table there."""
    raise RuntimeError("put the earlier program back: it works on this database")
