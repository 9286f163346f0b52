"""Second factors, sign-in through a municipality's provider, and how long a role counts.

Revision ID: 0002_who_may_come_in
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002_who_may_come_in"
down_revision = "0001_schema"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

COLUMNS: dict[str, tuple[sa.Column[Any], ...]] = {
    "login_session": (
        sa.Column("device", sa.String(80)),
        sa.Column("factor_at", MOMENT),
        sa.Column("provider", sa.String(9)),
        sa.Column("provider_session", sa.String(64)),
        sa.Column("ends_at", MOMENT),
        sa.Column("kept_form", sa.Text()),
    ),
    "role_assignment": (
        sa.Column("given_at", MOMENT),
        sa.Column("until", sa.Date()),
        sa.Column("by_group", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("signed_in_at", MOMENT),
        sa.Column("reviewed_on", sa.Date()),
        sa.Column("reviewed_by_id", sa.String(64)),
    ),
    "role_offer": (sa.Column("until", sa.Date()), sa.Column("mandate", sa.String(500))),
    "sign_in_unlock": (
        sa.Column("purpose", sa.String(12), nullable=False, server_default="aanmeldlink"),
    ),
}


def upgrade() -> None:
    """Add the columns and tables."""
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, column)
    op.create_index(
        op.f("ix_login_session_provider_session"), "login_session", ["provider_session"]
    )
    op.create_index(
        op.f("ix_audit_event_holder_actor_id_at"), "audit_event", ["holder", "actor_id", "at"]
    )
    # When older roles were given or used wasn't kept: their silence counts from now on.
    roles = sa.table("role_assignment", sa.column("given_at", MOMENT))
    op.execute(roles.update().values(given_at=datetime.now(UTC)))
    # Everybody signs in anew, and sets up a second factor at once.
    op.execute("DELETE FROM login_session")
    for new in new_tables(sa.MetaData(naming_convention=NAMES)):
        new.create(op.get_bind())


def new_tables(schema: sa.MetaData) -> list[sa.Table]:
    """Declare the new tables; only the names of those they refer to are needed."""
    for name, key, kind in (("user_account", "id", sa.Uuid()), ("holder", "code", sa.String(9))):
        sa.Table(name, schema, sa.Column(key, kind, primary_key=True))

    def person() -> sa.Column[object]:
        key = sa.ForeignKey("user_account.id", ondelete="CASCADE")
        return sa.Column("user_id", sa.Uuid(), key, nullable=False)

    def holder(*, primary_key: bool = False) -> sa.Column[str]:
        key = sa.ForeignKey("holder.code")
        return sa.Column("holder", sa.String(9), key, primary_key=primary_key, nullable=False)

    return [
        sa.Table(
            "blocked_colleague",
            schema,
            holder(),
            person(),
            sa.Column("blocked_at", MOMENT, nullable=False),
            sa.Column("blocked_by_id", sa.String(64)),
            sa.Column("roles", sa.JSON(), nullable=False),
            sa.PrimaryKeyConstraint("holder", "user_id"),
        ),
        sa.Table(
            "pending_sign_in",
            schema,
            sa.Column("token_hash", sa.String(64), primary_key=True),
            person(),
            sa.Column("made_at", MOMENT, nullable=False),
            sa.Column("next_path", sa.String(2000), nullable=False),
            sa.Index(None, "user_id"),
        ),
        sa.Table(
            "passkey",
            schema,
            sa.Column("id", sa.Uuid(), primary_key=True),
            person(),
            sa.Column("name", sa.String(60), nullable=False),
            sa.Column("credential_id", sa.String(1400), nullable=False),
            sa.Column("public_key", sa.Text(), nullable=False),
            sa.Column("sign_count", sa.BigInteger(), nullable=False),
            sa.Column("created_at", MOMENT, nullable=False),
            sa.Column("last_used_at", MOMENT),
            sa.UniqueConstraint("credential_id"),
            sa.Index(None, "user_id"),
        ),
        sa.Table(
            "one_time_code",
            schema,
            sa.Column("id", sa.Uuid(), primary_key=True),
            person(),
            sa.Column("secret", sa.Text(), nullable=False),
            sa.Column("last_step", sa.BigInteger(), nullable=False),
            sa.Column("created_at", MOMENT, nullable=False),
            sa.Column("last_used_at", MOMENT),
            sa.UniqueConstraint("user_id"),
        ),
        sa.Table(
            "recovery_code",
            schema,
            sa.Column("id", sa.Uuid(), primary_key=True),
            person(),
            sa.Column("code_hash", sa.String(64), nullable=False),
            sa.Column("secret_version", sa.Integer(), nullable=False),
            sa.Column("made_at", MOMENT, nullable=False),
            sa.Column("used_at", MOMENT),
            sa.Index(None, "user_id"),
        ),
        sa.Table(
            "spent_value",
            schema,
            sa.Column("value_hash", sa.String(64), primary_key=True),
            sa.Column("until", MOMENT, nullable=False),
            sa.Index(None, "until"),
        ),
        sa.Table(
            "identity_provider",
            schema,
            holder(primary_key=True),
            sa.Column("issuer", sa.String(500), nullable=False),
            sa.Column("client_id", sa.String(200), nullable=False),
            sa.Column("client_secret", sa.Text(), nullable=False),
            sa.Column("groups_claim", sa.String(100), nullable=False),
            sa.Column("enabled", sa.Boolean(), nullable=False),
            sa.Column("required", sa.Boolean(), nullable=False),
            sa.Column("session_hours", sa.Integer(), nullable=False),
            sa.Column("changed_at", MOMENT, nullable=False),
            sa.Column("proposed_at", MOMENT),
            sa.Column("proposed_by_id", sa.String(64)),
            sa.Column("proposed_by", sa.String(200)),
            sa.Column("given_by", sa.JSON(), nullable=False),
            sa.Column("confirmed_at", MOMENT),
            sa.Column("confirmed_by_id", sa.String(64)),
            sa.Column("reason", sa.String(500)),
        ),
        sa.Table(
            "provider_account",
            schema,
            holder(),
            sa.Column("subject_hash", sa.String(64)),
            person(),
            sa.Column("linked_at", MOMENT, nullable=False),
            sa.Column("last_used_at", MOMENT),
            sa.PrimaryKeyConstraint("holder", "subject_hash"),
            sa.Index(None, "user_id"),
        ),
        sa.Table(
            "group_role",
            schema,
            sa.Column("id", sa.Uuid(), primary_key=True),
            holder(),
            sa.Column("group_name", sa.String(200), nullable=False),
            sa.Column("role", sa.String(20), nullable=False),
            sa.Column("state", sa.String(12), nullable=False),
            sa.Column("by_desk", sa.Boolean(), nullable=False),
            sa.Column("proposed_at", MOMENT, nullable=False),
            sa.Column("proposed_by_id", sa.String(64)),
            sa.Column("proposed_by", sa.String(200), nullable=False),
            sa.Column("given_by", sa.JSON(), nullable=False),
            sa.Column("colleague_id", sa.String(64)),
            sa.Column("desk_id", sa.String(64)),
            sa.Column("decided_by", sa.String(200)),
            sa.Column("reason", sa.String(500)),
            sa.Column("expires_at", MOMENT, nullable=False),
            sa.UniqueConstraint("holder", "group_name", "role"),
        ),
    ]


def downgrade() -> None:
    """Refuse: there is no way back but a backup."""
    raise RuntimeError("restore a backup: the version before this one doesn't know these tables")
