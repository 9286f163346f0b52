"""The end of the one ledger, and parts of attachments that go along with a hand-over alone.

Revision ID: 0012_ledger_and_parts
"""

import sqlalchemy as sa
from alembic import op

revision = "0012_ledger_and_parts"
down_revision = "0011_sealed_attachments"
branch_labels = None
depends_on = None

STAYS = "NEW.giver = OLD.giver AND NEW.receiver = OLD.receiver"
# The holder of a part lets it go along with a hand-over; its receiver makes it its own.
GOES_ALONG = f"""
({STAYS}) OR (NEW.giver = OLD.receiver AND NEW.receiver = OLD.receiver)
OR (NEW.giver = OLD.giver AND OLD.giver = OLD.receiver AND EXISTS (
  SELECT 1 FROM report_transfer t
  WHERE t.giver = NEW.giver AND t.receiver = NEW.receiver AND t.received_at IS NULL
))
"""  # noqa: S608 - names of our own


def upgrade() -> None:
    """Make the row, and refuse to give these away in another way than the product does."""
    op.create_table(
        "ledger_end",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
        sa.Column("behind", sa.String(200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_end")),
    )
    # The first worker that has a ledger says how far it goes.
    op.execute("INSERT INTO ledger_end (id, number, signature) VALUES (1, 0, '')")
    _guard("attachment_part", GOES_ALONG)
    _guard("report_transfer", STAYS)


def _guard(table: str, allowed: str) -> None:
    trigger = f"CREATE TRIGGER {table}_given BEFORE UPDATE OF giver, receiver ON {table}"
    refusal = f"'{table}: no hand-over'"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"{trigger} WHEN NOT ({allowed}) BEGIN SELECT RAISE(ABORT, {refusal}); END")
        return
    op.execute(
        f"CREATE FUNCTION {table}_given() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF NOT ({allowed}) THEN RAISE EXCEPTION {refusal}; END IF; RETURN NEW; END $$"
    )
    op.execute(f"{trigger} FOR EACH ROW EXECUTE FUNCTION {table}_given()")


def downgrade() -> None:
    """Refuse: the version before this one works on this database."""
    raise RuntimeError("there is no way back: the version before works on this database")
