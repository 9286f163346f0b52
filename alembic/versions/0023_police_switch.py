"""The compartment of police data is a switch: on where it was used before there was one.

And a dossier knows which texts of officers somebody looked at: none, at the upgrade.

Revision ID: 0023_police_switch
"""

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0023_police_switch"
down_revision = "0022_changed_contact"
branch_labels = None
depends_on = None

# Something that is kept, or somebody who may read it or will.
USED = (
    "SELECT holder FROM police_item WHERE destroyed_at IS NULL",
    "SELECT holder FROM role_assignment WHERE role = 'politiegegevens'",
    "SELECT holder FROM role_offer WHERE role = 'politiegegevens'"
    " AND state IN ('voorgesteld', 'aangeboden')",
    "SELECT holder FROM group_role WHERE role = 'politiegegevens'"
    " AND state IN ('voorgesteld', 'aangeboden')",
)


def upgrade() -> None:
    """Publish the setting for each municipality that has police data, or somebody named for it."""
    op.add_column("dossier", sa.Column("looked_at", sa.JSON(), nullable=True))
    connection = op.get_bind()
    used = sa.text(" UNION ".join(USED))
    holders = set(connection.scalars(used))
    if connection.dialect.name != "sqlite":
        # Row-level security shows its owner, too, the rows of one holder at a time.
        for code in connection.scalars(sa.text("SELECT code FROM holder")).all():
            connection.execute(sa.select(sa.func.set_config("stopintimidatie.holder", code, True)))
            holders.update(connection.scalars(used))
        connection.execute(sa.select(sa.func.set_config("stopintimidatie.holder", "", True)))
    known = "SELECT owner FROM municipality_setting WHERE part = 'politie'"
    holders.difference_update(connection.scalars(sa.text(known)))
    now = datetime.now(UTC)
    setting = sa.table(
        "municipality_setting",
        sa.column("id", sa.Uuid()),
        sa.column("owner", sa.String()),
        sa.column("part", sa.String()),
        sa.column("number", sa.Integer()),
        sa.column("content", sa.JSON()),
        sa.column("recorded_at", sa.DateTime(timezone=True)),
        sa.column("effective_from", sa.DateTime(timezone=True)),
    )
    content = {
        "stand": "aan",
        "op": now.date().isoformat(),
        "bron": "stond al aan voor versie 1.1: er lag iets, of iemand was gemachtigd",
    }
    rows = [
        {
            "id": uuid4(),
            "owner": code,
            "part": "politie",
            "number": 1,
            "content": content,
            "recorded_at": now,
            "effective_from": now,
        }
        for code in sorted(holders)
    ]
    if rows:
        op.bulk_insert(setting, rows)


def downgrade() -> None:
    """Refuse: the program before this one runs on this schema, with the setting there."""
    raise RuntimeError("put the earlier program back: it works on this database")
