"""Views of the inbox under a name.

Revision ID: 0030_saved_view
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.database import protect

revision = "0030_saved_view"
down_revision = "0029_town_map"
branch_labels = None
depends_on = None

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def upgrade() -> None:
    """Add the table; nobody has a view yet."""
    schema = sa.MetaData(naming_convention=NAMES)
    for table, kind in (("holder", sa.String(9)), ("user_account", sa.Uuid())):
        key = "code" if table == "holder" else "id"
        sa.Table(table, schema, sa.Column(key, kind, primary_key=True))
    _saved_view(schema).create(op.get_bind())
    protect(op, "saved_view")


def _saved_view(schema: sa.MetaData) -> sa.Table:
    return sa.Table(
        "saved_view",
        schema,
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("person_id", sa.Uuid(), _account(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), _account(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("query", sa.String(500), nullable=False),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.UniqueConstraint("holder", "id"),
        sa.Index(None, "holder", "person_id"),
    )


def _account() -> sa.ForeignKey:
    return sa.ForeignKey("user_account.id", ondelete="CASCADE")


def downgrade() -> None:
    """Refuse: the version before this one works with the table there."""
    raise RuntimeError("put the earlier program back: it works on this database")
