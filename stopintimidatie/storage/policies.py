"""The walls that the database itself keeps, for use in migrations.

Every migration that makes a table with a holder calls `protect`; a table whose rows are never
changed gets `append_only` as well. A test reads PostgreSQL's catalogue and fails for a table that
was forgotten. SQLite has no row-level security: there the ORM's own filter stands alone.

Migrations that were released call these functions too, so what they make never changes: other
walls are other functions.
"""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.storage.roles import MAINTENANCE

POLICY: Final = "own_holder_only"
# Not set, or '' after a transaction that had set it: equal to no holder, so nothing is seen.
PRESENT_HOLDER: Final = "current_setting('stopintimidatie.holder', true)"


def protect(op: Any, table: str, *columns: str) -> None:
    """Rows of this table are there for the holder of the transaction alone.

    :param columns: what names the holder; a row with more of them belongs to each.
    """
    if op.get_bind().dialect.name != "postgresql":
        return
    mine = " OR ".join(f"{name} = {PRESENT_HOLDER}" for name in columns or ("holder",))
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    # Also for who owns the table, unless that role has BYPASSRLS.
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {POLICY} ON {table} USING ({mine}) WITH CHECK ({mine})")


def append_only(op: Any, table: str) -> None:
    """Rows of this table are added and never changed; only maintenance removes those of age."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF TG_OP = 'DELETE' AND current_user = '{MAINTENANCE}' THEN RETURN NULL; END IF;"
        f" RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
