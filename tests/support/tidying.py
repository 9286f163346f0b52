"""Makes a PostgreSQL database as it was, so that the next test may have it.

To clone a database for each test costs some 30 ms, and each connection to a new one begins without
having read a catalogue or planned a statement. What a test changed is seldom more than some rows.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

_TABLES: Final[LiteralString] = """
    select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
    order by relname
"""
# Whoever waits in vain for a connection that isn't ended has found a mistake of a test.
_END_OTHERS: Final[LiteralString] = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and pid <> all (%s)
"""
_RESTART_SEQUENCES: Final[LiteralString] = """
    select setval(seqrelid::regclass, seqstart, false) from pg_sequence
"""
_CATALOGUES: Final = (
    ("pg_class", "oid"),
    ("pg_attribute", "attrelid"),
    ("pg_attrdef", "oid"),
    ("pg_index", "indrelid"),
    ("pg_constraint", "oid"),
    ("pg_trigger", "oid"),
    ("pg_policy", "oid"),
    ("pg_proc", "oid"),
    ("pg_type", "oid"),
    ("pg_rewrite", "oid"),
    ("pg_namespace", "oid"),
)
# The settings of all databases stand in one catalogue; other tests change those of theirs.
_OWN_SETTINGS: Final[LiteralString] = """
    select count(*), max(s.xmin::text::bigint) from pg_db_role_setting s
    join pg_database d on d.oid = s.setdatabase where d.datname = current_database()
"""
_FIRST_OF_USERS: Final = 16384  # PostgreSQL's FirstNormalObjectId
# Whatever happens to a row of a table: it is a new version, with a higher number, or it is gone.
_VERSION: Final = (sql.SQL("count(*)"), sql.SQL("max(xmin::text::bigint)"))


class TidiedDatabase:
    """A database that is put back as it was when this was made."""

    def __init__(self, conninfo: str) -> None:
        """:param conninfo: libpq's words for the database, as its administrator."""
        self._connection = psycopg.connect(conninfo, autocommit=True, prepare_threshold=1)
        catalogues = [
            sql.SQL("select {}, {} from {} where {} >= {}").format(
                *_VERSION, sql.Identifier(catalogue), sql.Identifier(key), _FIRST_OF_USERS
            )
            for catalogue, key in _CATALOGUES
        ]
        self._shape_query = sql.SQL(" union all ").join([*catalogues, sql.SQL(_OWN_SETTINGS)])
        self._tables = [sql.Identifier(name) for (name,) in self._rows(sql.SQL(_TABLES))]
        self._filled_query = sql.SQL(" union all ").join(
            sql.SQL("select {} where exists (select from {})").format(number, table)
            for number, table in enumerate(self._tables)
        )
        self._shape = self._rows(self._shape_query)
        self._rows_at_first = {number: self._copied(number) for number in self._filled()}
        self._versions = {number: self._version(number) for number in self._rows_at_first}

    def tidy(self, ours: Collection[int]) -> bool:
        """Take out the rows that were put in, and put back those that were changed.

        :param ours: the server's processes of connections that may stay; all others are ended.
        :returns: whether it is as it was: not when more was changed than rows.
        """
        self._connection.execute(_END_OTHERS, (list(ours),))
        if self._rows(self._shape_query) != self._shape:
            return False
        with self._connection.transaction():
            # No triggers and no foreign keys: what they guard is whole again at the end.
            self._connection.execute("set local session_replication_role = replica")
            self._connection.execute("set local lock_timeout = '5s'")
            for number in self._filled():
                if number not in self._rows_at_first:
                    self._empty(number)
            for number in self._rows_at_first:
                if self._version(number) != self._versions[number]:
                    self._put_back(number)
            self._connection.execute(_RESTART_SEQUENCES)
        return True

    def close(self) -> None:
        self._connection.close()

    def _rows(self, query: sql.SQL | sql.Composed) -> list[Any]:
        return self._connection.execute(query).fetchall()

    def _filled(self) -> list[int]:
        return [number for (number,) in self._rows(self._filled_query)]

    def _version(self, number: int) -> Any:
        query = sql.SQL("select {}, {} from {}").format(*_VERSION, self._tables[number])
        return self._rows(query)

    def _copied(self, number: int) -> bytes:
        query = sql.SQL("copy {} to stdout").format(self._tables[number])
        with self._connection.cursor().copy(query) as copied:
            return b"".join(bytes(part) for part in copied)

    def _empty(self, number: int) -> None:
        self._connection.execute(sql.SQL("delete from {}").format(self._tables[number]))

    def _put_back(self, number: int) -> None:
        self._empty(number)
        query = sql.SQL("copy {} from stdin").format(self._tables[number])
        with self._connection.cursor().copy(query) as copied:
            copied.write(self._rows_at_first[number])
        self._versions[number] = self._version(number)
