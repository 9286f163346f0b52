"""Who gave whom an account, kept for good: two accounts of one hand decide nothing together.

Revision ID: 0016_account_hands
"""

import sqlalchemy as sa
from alembic import op

revision = "0016_account_hands"
down_revision = "0015_known_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and fill it from the roles of now: a few rows for each account."""
    hands = op.create_table(
        "account_hand",
        sa.Column("giver_id", sa.String(64), nullable=False),
        sa.Column("receiver_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("giver_id", "receiver_id", name="pk_account_hand"),
    )
    op.create_index("ix_account_hand_receiver_id", "account_hand", ["receiver_id"])
    known = sorted(_given(op.get_bind()))
    if known:
        op.bulk_insert(hands, [{"giver_id": one, "receiver_id": other} for one, other in known])


def _given(connection: sa.Connection) -> set[tuple[str, str]]:
    """Return who gave whom a role, also one that a block keeps aside."""
    roles, blocked = _rows("role_assignment", "given_by"), _rows("blocked_colleague", "roles")
    found = [(user, given) for user, given in connection.execute(sa.select(roles))]
    for user, kept in connection.execute(sa.select(blocked)):
        found += [(user, role.get("given_by")) for role in kept]
    pairs = {(giver, str(user)) for user, given in found for giver in given or ()}
    return {(giver, receiver) for giver, receiver in pairs if giver != receiver}


def _rows(name: str, column: str) -> sa.TableClause:
    return sa.table(name, sa.column("user_id", sa.Uuid()), sa.column(column, sa.JSON()))


def downgrade() -> None:
    """Refuse: the version before this one works with the table there."""
    raise RuntimeError("put the earlier program back: it works on this database")
