"""Keep the inhabitants of an area, and an index that counts reports by area and month.

Revision ID: 0029_town_map
"""

import sqlalchemy as sa
from alembic import op

revision = "0029_town_map"
down_revision = "0028_landmarks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; the inhabitants come with the next load of the areas."""
    op.add_column("area_outline", sa.Column("inhabitants", sa.Integer(), nullable=True))
    op.create_index(
        "ix_report_map",
        "report",
        [
            "holder",
            "incident_start",
            "neighbourhood_code",
            "subneighbourhood_code",
            "state",
            "part_of_day",
            "time_precision",
        ],
    )


def downgrade() -> None:
    """Refuse: the version before this one works with both there."""
    raise RuntimeError("put the earlier program back: it works on this database")
