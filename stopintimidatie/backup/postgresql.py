"""A snapshot of a PostgreSQL database by pg_dump, and putting one back by pg_restore.

Rows are counted and summed up in the very snapshot that pg_dump reads, so that after a restore
every table can be compared: not just its number of rows, also what stands in them.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Final

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from stopintimidatie.backup.archive import Packer, Progress
from stopintimidatie.backup.errors import BackupError
from stopintimidatie.backup.manifest import Snapshot, TableState
from stopintimidatie.backup.programs import connection_of, find_program, running
from stopintimidatie.backup.tables import left_out
from stopintimidatie.settings import Settings
from stopintimidatie.storage.roles import INSUFFICIENT_PRIVILEGE

NAME: Final = "postgresql"
# A backup would rather fail than wait for hours behind a migration.
LOCK_WAIT: Final = 60_000
# Text of a row depends on these; here they are always the same.
PLAIN_TEXT: Final = (
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
    # Rather an error than a table that seems empty.
    "SET LOCAL row_security = off",
    f"SET LOCAL lock_timeout = {LOCK_WAIT}",
)
TABLES: Final = """
    SELECT relname FROM pg_class c
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
# A sum doesn't care in which order rows come.
STATE: Final = """
    SELECT count(*),
      coalesce(sum(('x' || substr(md5(t::text), 1, 16))::bit(64)::bigint::numeric), 0)::text
    FROM "{table}" t
"""


def engine_of(url: str) -> Engine:
    return create_engine(url, hide_parameters=True, poolclass=NullPool)


def pack(settings: Settings, packer: Packer, progress: Progress) -> Snapshot:
    """Take a snapshot and pack it; how it was."""
    with _frozen(settings.backup_url) as connection:
        major = _major(connection)
        program = find_program("pg_dump", major, settings.backup_programs)
        frozen = connection.scalar(text("SELECT pg_export_snapshot()"))
        progress("Rijen tellen…")
        snapshot = _state(connection, program.major)
        address, secret = connection_of(settings.backup_url)
        words = ["--format=custom", "--compress=0", f"--snapshot={frozen}", f"--dbname={address}"]
        words += [f"--lock-wait-timeout={LOCK_WAIT}"]
        words += [f"--exclude-table-data=public.{name}" for name in sorted(left_out())]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        with running(program, words, secret, **streams) as process:
            assert process.stdout is not None  # noqa: S101 - asked for, above
            packer.add_database(process.stdout)
    return snapshot


@contextmanager
def _frozen(url: str) -> Iterator[Connection]:
    """A transaction that sees one moment, and reads only."""
    engine = engine_of(url).execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    try:
        with engine.begin() as connection:
            for statement in PLAIN_TEXT:
                connection.execute(text(statement))
            yield connection
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
            raise
        raise BackupError(
            "Deze databaserol mag niet alle rijen lezen. Zet in database.backup_url het adres met"
            " de rol stopintimidatie_backup; ‘stopintimidatie database rollen’ maakt die rol."
        ) from None


def _major(connection: Connection) -> int:
    return int(str(connection.scalar(text("SHOW server_version_num")))) // 10_000


def _state(connection: Connection, program: int | None = None) -> Snapshot:
    names = set(connection.scalars(text(TABLES)))
    if "alembic_version" not in names:
        raise BackupError("De database is leeg. Draai eerst: stopintimidatie database migreren")
    migration = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    tables = {}
    for name in sorted(names - left_out()):
        rows, content = connection.execute(text(STATE.format(table=name))).one()
        tables[name] = TableState(rows, content)
    return Snapshot(NAME, migration, tables, program)


def state(settings: Settings, *, as_owner: bool = False) -> Snapshot:
    """How the database is now.

    :param as_owner: just after a restore nobody else has rights yet.
    """
    with _frozen(settings.owner_url if as_owner else settings.backup_url) as connection:
        return _state(connection)


def number_of_tables(settings: Settings) -> int:
    """How many tables stand in the place where a restore would go."""
    with _frozen(settings.owner_url) as connection:
        return len(connection.scalars(text(TABLES)).all())


class PostgresqlTarget:
    """Where the members of a database are written to."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            self._stream.write(chunk)


@contextmanager
def filling(settings: Settings, program: int | None) -> Iterator[PostgresqlTarget]:
    """Put a database back, as the owner of the tables, in one transaction.

    Rights aren't restored but given again by the migrations, which always end with that.
    """
    with _frozen(settings.owner_url) as connection:
        wanted = max(_major(connection), program or 0)
    found = find_program("pg_restore", wanted, settings.backup_programs)
    address, secret = connection_of(settings.owner_url)
    words = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
    words += ["--no-comments", "--format=custom", f"--dbname={address}"]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    with running(found, words, secret, **streams) as process:
        assert process.stdin is not None  # noqa: S101 - asked for, above
        yield PostgresqlTarget(process.stdin)
        process.stdin.close()
    with engine_of(settings.owner_url).connect() as connection:
        # Without it the first days would run on plans made for empty tables.
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
