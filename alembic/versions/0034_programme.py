"""What municipalities share with each other, and the link to the material of a campaign.

Revision ID: 0034_programme
"""

import sqlalchemy as sa
from alembic import op

revision = "0034_programme"
down_revision = "0033_figures"
branch_labels = None
depends_on = None

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def upgrade() -> None:
    """Add the table, empty; no campaign has a link yet.

    The table has no holder: a row is written to be read by other municipalities.
    """
    op.add_column("campaign", sa.Column("kit_token", sa.String(43), nullable=True))
    op.create_index("ix_campaign_kit_token", "campaign", ["kit_token"], unique=True)
    schema = sa.MetaData(naming_convention=NAMES)
    sa.Table("municipality", schema, sa.Column("code", sa.String(6), primary_key=True))
    sa.Table(
        "shared_practice",
        schema,
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("municipality", sa.String(6), sa.ForeignKey("municipality.code"), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("contact_email", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(200), nullable=True),
        sa.Index(None, "municipality"),
    ).create(op.get_bind())


def downgrade() -> None:
    """Refuse: the version before this one works with both there."""
    raise RuntimeError("put the earlier program back: it works on this database")
