"""Index statistics that we write for SQLite's planner: one holder has very many rows.

Without them the planner thinks an index on holder is as selective as one on a document, and reads
all rows of a holder for every row of a list. ANALYZE would only measure the present rows, not those
of a flood an hour later. So these are the numbers of a busy installation, written with each
migration; PostgreSQL gathers its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection

# Rows of a table, and rows in an index that covers only some of them.
_ROWS, _ROWS_OF_SOME = 1_000_000, 100_000
_HOLDERS: Final = 10
_VALUES: Final = 10
# How many rows of a table refer to one row of another.
_CHILDREN: Final = 5
_OWNERS: Final = frozenset({"holder", "giver", "receiver"})


def tell_planner(connection: Connection) -> None:
    """Replace the statistics of every index of the tables that have a holder. SQLite only."""
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
    found = connection.exec_driver_sql(
        "SELECT t.name, i.name, i.\"unique\", i.partial, group_concat(coalesce(c.name, ''))"
        " FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) c"
        " WHERE t.type = 'table' GROUP BY t.name, i.name ORDER BY t.name, i.name"
    ).all()
    held = {table for table, *_, columns in found if columns.split(",")[0] in _OWNERS}
    for table, index, unique, partial, columns in found:
        if table in held:
            yield table, index, numbers(columns.split(","), unique=unique, partial=partial)


def numbers(columns: Sequence[str], *, unique: Any, partial: Any) -> str:
    """Return the rows of an index, then how many share its first column, its first two, and so on.

    For holder, state and id: ``1000000 100000 10000 5``.
    """
    rows = _ROWS_OF_SOME if partial else _ROWS
    told = [rows]
    for name in columns:
        if name.endswith("id"):
            rows = min(rows, _CHILDREN)
        else:
            rows = max(1, rows // (_HOLDERS if name in _OWNERS else _VALUES))
        told.append(rows)
    if unique:
        told[-1] = 1
    return " ".join(map(str, told))
