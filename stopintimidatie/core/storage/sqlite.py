"""SQLite's own ways: connections, log of writes, triggers against deleting, planner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from pyramid_retry import mark_error_retryable
from sqlalchemy import Connection, Engine, ExceptionContext, event

from stopintimidatie.core.clock import AMSTERDAM

READ_ONLY_OPTION: Final = "stopintimidatie_read_only"
WAIT_OPTION: Final = "stopintimidatie_longest_wait"
BUSY_MILLISECONDS: Final = 15_000
# Emptying the log of writes would rather be left for later than keep readers and writers waiting.
CHECKPOINT_MILLISECONDS: Final = 1_000


def prepare(engine: Engine) -> None:
    """Set up each connection and each transaction of an engine."""

    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: Any) -> None:
        # The driver's own transactions lose rows around savepoints: BEGIN is ours, below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: a 201 must survive a power cut.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # Deleted rows are overwritten: nobody reads them in the free pages of the file.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()
        connection.create_function("local_hour", 1, local_hour, deterministic=True)
        connection.create_function("local_weekday", 1, local_weekday, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        wait = options.get(WAIT_OPTION, BUSY_MILLISECONDS)
        reads = options.get(READ_ONLY_OPTION, False)
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(wait)}")
        connection.exec_driver_sql(f"PRAGMA query_only = {int(reads)}")
        connection.exec_driver_sql(f"BEGIN {'DEFERRED' if reads else 'IMMEDIATE'}")

    @event.listens_for(engine, "handle_error")
    def another_writer_was_first(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if error is not None and "database is locked" in str(context.original_exception):
            mark_error_retryable(error)


def local_hour(moment: str | None) -> int | None:
    """Return the hour in the Netherlands of a moment as SQLite keeps it: text, in UTC."""
    if moment is None:
        return None
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(AMSTERDAM).hour


def local_weekday(moment: str) -> int:
    """Return the day of the week in the Netherlands of such a moment; Monday is 0."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(AMSTERDAM).weekday()


def empty_wal(engine: Engine) -> bool:
    """Write the log of writes (WAL) into the database and empty its file.

    Deleted rows stay readable in that file until then. Does nothing on PostgreSQL. False: somebody
    was reading, so that it must be done later.
    """
    if engine.dialect.name != "sqlite":
        return True
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {CHECKPOINT_MILLISECONDS}")
        cursor.execute("PRAGMA query_only = 0")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


@contextmanager
def deletable(connection: Connection, *tables: str) -> Iterator[None]:
    """Take away, during the block, the triggers that keep rows of these tables from being deleted.

    In the transaction at hand: it commits with the triggers back in their place, or not at all.
    PostgreSQL asks for the role of maintenance instead, so there is nothing to take away.
    """
    triggers: list[Any] = []
    if connection.dialect.name == "sqlite":
        for table in tables:
            written = "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?"
            triggers += connection.exec_driver_sql(written, (f"{table}_no_delete",)).scalars()
            connection.exec_driver_sql(f"DROP TRIGGER {table}_no_delete")
    yield
    for statement in triggers:
        connection.exec_driver_sql(statement)


# Statistics for SQLite's planner, of a busy installation: rows of a table, and in an index that
# covers only some of them.
_ROWS, _ROWS_OF_SOME = 1_000_000, 100_000
_HOLDERS: Final = 10
_VALUES: Final = 10
# The number of rows of a table that refer to one row of another.
_CHILDREN: Final = 5
_OWNERS: Final = frozenset({"holder", "giver", "receiver"})


def tell_planner(connection: Connection) -> None:
    """Replace the statistics of every index of the tables that have a holder. SQLite only.

    Without them the planner thinks an index on holder is as selective as one on a document, and
    reads all rows of a holder for every row of a list. ANALYZE would measure the present rows, not
    those of a flood an hour later.
    """
    if connection.dialect.name != "sqlite":
        return
    # This creates the table sqlite_stat1 and measures nothing.
    connection.exec_driver_sql("ANALYZE sqlite_schema")
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    for row in list(_indexes(connection)):
        connection.exec_driver_sql(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", row
        )


def _indexes(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Yield for each index: its table, its name, and its statistics as sqlite_stat1 holds them."""
    indexes = connection.exec_driver_sql(
        "SELECT t.name, i.name, i.\"unique\", i.partial, group_concat(coalesce(c.name, ''))"
        " FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) c"
        " WHERE t.type = 'table' GROUP BY t.name, i.name ORDER BY t.name, i.name"
    ).all()
    held = {table for table, *_, columns in indexes if columns.split(",")[0] in _OWNERS}
    for table, index, unique, partial, columns in indexes:
        if table in held:
            yield table, index, numbers(columns.split(","), unique=unique, partial=partial)


def numbers(columns: Sequence[str], *, unique: Any, partial: Any) -> str:
    """Return the rows of an index, then how many share its first column, its first two, and so on.

    For holder, state and id: ``1000000 100000 10000 5``.
    """
    rows = _ROWS_OF_SOME if partial else _ROWS
    counts = [rows]
    for name in columns:
        if name.endswith(("id", "reference")):
            rows = min(rows, _CHILDREN)
        else:
            rows = max(1, rows // (_HOLDERS if name in _OWNERS else _VALUES))
        counts.append(rows)
    if unique:
        counts[-1] = 1
    return " ".join(map(str, counts))
