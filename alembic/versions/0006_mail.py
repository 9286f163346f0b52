"""Messages.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_message",
        sa.Column("holder", sa.String(9), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("template", sa.String(40), nullable=False),
        sa.Column("recipient_kind", sa.String(40), nullable=False),
        sa.Column("recipient_id", sa.String(40), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(100), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("problem", sa.String(40), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("kept", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_mail_message_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_message")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_mail_message_holder_id")),
        sa.UniqueConstraint("holder", "key", name=op.f("uq_mail_message_holder_key")),
    )
    for column in ("created_at", "about_id"):
        op.create_index(
            op.f(f"ix_mail_message_holder_{column}"), "mail_message", ["holder", column]
        )
    protect(op, "mail_message")


def downgrade() -> None:
    op.drop_table("mail_message")
