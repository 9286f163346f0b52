"""What SQLite's planner must know of our tables: that one holder has very many rows.

Without it the planner takes an index by holder for as good as one by document, and then reads all
rows of a holder once for every row of a list. ANALYZE would find out, but only of what is there
already, not of a flood that comes an hour later. So these are numbers of a busy installation,
written with each migration; PostgreSQL gathers its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection

# Of a table, and what an index on only some rows holds of it.
_ROWS, _ROWS_OF_SOME = 1_000_000, 100_000
_HOLDERS: Final = 10
_VALUES: Final = 10
# How many rows of a table belong to one row of another.
_CHILDREN: Final = 5
_OWNERS: Final = frozenset({"holder", "giver", "receiver"})


def tell_planner(connection: Connection) -> None:
    """Write the numbers of every index of a table with a holder, in place of what was there."""
    if connection.dialect.name != "sqlite":
        return
    # Makes the table of the numbers, and measures nothing.
    connection.exec_driver_sql("ANALYZE sqlite_schema")
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    for row in list(_indexes(connection)):
        connection.exec_driver_sql(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", row
        )


def _indexes(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Table, index, and what is told of it."""
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
    """Rows of the index, then how many have the same first column, the same two, and so on.

    Of holder, state and id: 1000000 100000 10000 5.
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
