"""Tables for proposed roles and for the mail domains of a municipality.

A role of a user who never set a password was never used. It becomes an offer, which that person
takes with the link they have, or with a new one.

Revision ID: 0037
"""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.types import UtcDateTime

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

LASTS = timedelta(days=30)


def upgrade() -> None:
    offers = op.create_table(
        "role_offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("username", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("by_desk", sa.Boolean(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("proposed_by_id", sa.String(length=64), nullable=True),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_role_offer_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_offer")),
        sa.UniqueConstraint(
            "holder", "username", "role", name=op.f("uq_role_offer_holder_username_role")
        ),
    )
    op.create_index(op.f("ix_role_offer_username"), "role_offer", ["username"])
    op.create_table(
        "mail_domain",
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("domain", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["code"], ["municipality.code"], name=op.f("fk_mail_domain_code_municipality")
        ),
        sa.PrimaryKeyConstraint("code", "domain", name=op.f("pk_mail_domain")),
    )
    with op.batch_alter_table("invitation") as invitation:
        invitation.add_column(sa.Column("offer_id", sa.Uuid(), nullable=True))
        invitation.create_foreign_key(
            op.f("fk_invitation_offer_id_role_offer"),
            "role_offer",
            ["offer_id"],
            ["id"],
            ondelete="SET NULL",
        )
    _offer_what_was_never_used(offers)


def _offer_what_was_never_used(offers: sa.Table) -> None:
    users = sa.table(
        "user_account",
        *(sa.column(name) for name in ("id", "username", "name", "password_hash", "blocked_at")),
    )
    roles = sa.table("role_assignment", *(sa.column(n) for n in ("user_id", "holder", "role")))
    bind, now = op.get_bind(), datetime.now(UTC)
    unused = sa.and_(
        users.c.password_hash == "", users.c.blocked_at.is_(None), roles.c.holder != "landelijk"
    )
    rows = bind.execute(
        sa.select(roles.c.user_id, roles.c.holder, roles.c.role, users.c.username, users.c.name)
        .join(users, users.c.id == roles.c.user_id)
        .where(unused)
    ).all()
    for row in rows:
        bind.execute(
            offers.insert().values(
                id=uuid4(),
                holder=row.holder,
                username=row.username,
                name=row.name,
                role=row.role,
                state="aangeboden",
                by_desk=False,
                proposed_at=now,
                proposed_by="Stopintimidatie",
                expires_at=now + LASTS,
            )
        )
        mine = (roles.c.user_id == row.user_id, roles.c.holder == row.holder)
        bind.execute(sa.delete(roles).where(*mine, roles.c.role == row.role))


def downgrade() -> None:
    with op.batch_alter_table("invitation") as invitation:
        invitation.drop_constraint(op.f("fk_invitation_offer_id_role_offer"), type_="foreignkey")
        invitation.drop_column("offer_id")
    op.drop_table("mail_domain")
    op.drop_table("role_offer")
