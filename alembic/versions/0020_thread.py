"""A forwarded report is one thread: one spoken code for a town, answers, and who speaks.

Revision ID: 0020_thread
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import protect

revision = "0020_thread"
down_revision = "0019_register_codes"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
COLUMNS = {
    "pickup": (
        sa.Column("read_at", MOMENT, nullable=True),
        sa.Column("added_at", MOMENT, nullable=True),
    ),
    "forwarding_agreement": (
        sa.Column("digest", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("code_nonce", sa.String(40), nullable=True),
        sa.Column("code_made_at", MOMENT, nullable=True),
        sa.Column("code_by", sa.String(200), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False, server_default="0"),
    ),
    "reporter_message": (sa.Column("sender", sa.String(200), nullable=True),),
}


def upgrade() -> None:
    """Add the columns and the table; offers under way stay, and their next code is the town's."""
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, column)
    schema = sa.MetaData(naming_convention=NAMES)
    sa.Table("holder", schema, sa.Column("code", sa.String(9), primary_key=True))
    sa.Table("pickup", schema, sa.Column("holder", sa.String(9)), sa.Column("id", sa.Uuid()))
    new = sa.Table(
        "pickup_answer",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("pickup_id", sa.Uuid(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.ForeignKeyConstraint(
            ["holder", "pickup_id"], ["pickup.holder", "pickup.id"], ondelete="CASCADE"
        ),
        sa.Index(None, "holder", "pickup_id", "at"),
    )
    new.create(op.get_bind())
    protect(op, new.name)


def downgrade() -> None:
    """Refuse: the version before this one works with the columns and the table there."""
    raise RuntimeError("put the earlier program back: it works on this database")
