"""A partner picks an export up, and answers; what became of each copy.

Revision ID: 0027
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.storage.policies import append_only, protect
from stopintimidatie.storage.types import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

PARTNER_KEY = "fk_export_holder_partner_id_partner_organisation"
PICKUP = ("address_id", "expires_at", "downloads", "downloads_most", "mail_nonce", "mail_made_at")


def held(name: str, *items: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *items,
        sa.ForeignKeyConstraint(["holder"], ["holder.code"], name=op.f(f"fk_{name}_holder_holder")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("holder", "id", name=op.f(f"uq_{name}_holder_id")),
    )
    protect(op, name)


def belongs(
    name: str, other: str, column: str, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["holder", column],
        [f"{other}.holder", f"{other}.id"],
        name=op.f(f"fk_{name}_holder_{column}_{other}"),
        ondelete=ondelete,
    )


def upgrade() -> None:
    none_yet = sa.text("0")
    for column in (
        sa.Column("address_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("downloads", sa.Integer(), nullable=False, server_default=none_yet),
        sa.Column("downloads_most", sa.Integer(), nullable=True),
        sa.Column("mail_nonce", sa.String(length=40), nullable=True),
        sa.Column("mail_made_at", UtcDateTime(), nullable=True),
        sa.Column("mail_tries", sa.Integer(), nullable=False, server_default=none_yet),
    ):
        op.add_column("pickup", column)
    _add_partner_key()
    held(
        "disclosure_event",
        sa.Column("disclosure_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        belongs("disclosure_event", "disclosure", "disclosure_id"),
    )
    op.create_index(
        op.f("ix_disclosure_event_holder_disclosure_id_at"),
        "disclosure_event",
        ["holder", "disclosure_id", "at"],
    )
    append_only(op, "disclosure_event")
    held(
        "disclosed_copy",
        sa.Column("disclosure_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("destroy_by", sa.Date(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("destroyed_at", UtcDateTime(), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("alarm_at", UtcDateTime(), nullable=True),
        sa.Column("corrections", sa.Integer(), nullable=False),
        belongs("disclosed_copy", "disclosure", "disclosure_id"),
        sa.UniqueConstraint(
            "holder", "disclosure_id", name=op.f("uq_disclosed_copy_holder_disclosure_id")
        ),
    )
    op.create_index(
        op.f("ix_disclosed_copy_holder_state_destroy_by"),
        "disclosed_copy",
        ["holder", "state", "destroy_by"],
    )
    held(
        "partner_answer",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("pickup_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("wants_reporter", sa.Boolean(), nullable=False),
        sa.Column("wants_about", sa.Text(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("seen_by", sa.String(length=200), nullable=True),
        belongs("partner_answer", "export", "export_id", ondelete="CASCADE"),
        belongs("partner_answer", "dossier", "dossier_id", ondelete="CASCADE"),
        belongs("partner_answer", "pickup", "pickup_id"),
    )
    for columns in (["holder", "export_id", "at"], ["holder", "seen_at", "at"]):
        op.create_index(op.f(f"ix_partner_answer_{'_'.join(columns)}"), "partner_answer", columns)
    _copies_of_before()


def _add_partner_key() -> None:
    """SQLite can't add a key to a table, and making the table anew would take the blobs along
    (their key cascades). Its own way for what doesn't touch the rows: the words of the table."""
    if op.get_bind().dialect.name != "sqlite":
        op.create_foreign_key(
            op.f(PARTNER_KEY),
            "export",
            "partner_organisation",
            ["holder", "partner_id"],
            ["holder", "id"],
        )
        return
    connection = op.get_bind()
    find = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'export'"
    words = connection.exec_driver_sql(find).scalar_one().rstrip()
    key = (
        f", CONSTRAINT {PARTNER_KEY} FOREIGN KEY(holder, partner_id)"
        " REFERENCES partner_organisation (holder, id))"
    )
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = 'export'"),
        {"sql": words.removesuffix(")") + key},
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


def _copies_of_before() -> None:
    """What was made before is taken to be given: nobody can tell any more."""
    op.execute(
        "INSERT INTO disclosed_copy"
        " (id, holder, disclosure_id, state, destroy_by, given_at, reminders, corrections)"
        " SELECT id, holder, id, 'gegeven', destroy_by, made_at, 0, 0"
        " FROM disclosure WHERE source_kind = 'dossier'"
    )


def downgrade() -> None:
    for table in ("partner_answer", "disclosed_copy", "disclosure_event"):
        op.drop_table(table)
    for name in ("mail_tries", *reversed(PICKUP)):
        op.drop_column("pickup", name)
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(PARTNER_KEY, "export", type_="foreignkey")
