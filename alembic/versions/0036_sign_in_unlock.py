"""The table of one-time links that unlock a locked user name for one browser.

Revision ID: 0036
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.types import UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_unlock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_sign_in_unlock_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_unlock")),
    )
    op.create_index(
        op.f("ix_sign_in_unlock_name_hash_made_at"), "sign_in_unlock", ["name_hash", "made_at"]
    )
    op.create_index(op.f("ix_sign_in_unlock_user_id"), "sign_in_unlock", ["user_id"])


def downgrade() -> None:
    op.drop_table("sign_in_unlock")
